// The writes of a commit into running code: rel32 fields of calls, read-only pointers to functions, and the jumps at old entries.
//
// Protocol: add every write, prepare() and prefault() on the helper thread, then commit() on the program's thread at an
// update point. commit() makes exactly the pages it writes writable and not executable, all of them before the first byte
// changes, so that a refusal by the system leaves the program as it was; then it writes, makes the pages what they were and
// executes a serialising instruction. It allocates nothing. The writing code itself must not lie in one of those pages:
// verified text has pages of its own (R51).
//
// Redirect of a function (R45): at least five bytes of padding stand before each entry. They get `jmp rel32` to the new
// function, then one aligned two-byte store puts `jmp $-5` at the entry. A jump is written before the entry leads to it,
// and a return address never points into the two bytes, since no function starts with a call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace dsu {

class CodeWriter {
public:
  // `target` within reach; false otherwise.
  [[nodiscard]] bool add_rel32(uintptr_t field, uintptr_t target, int32_t addend);
  // `field` is eight aligned bytes in a page that is read-only between commits.
  [[nodiscard]] bool add_pointer(uintptr_t field, uintptr_t target);
  [[nodiscard]] bool add_redirect(uintptr_t entry, uintptr_t target);

  // Those of another, after the own ones.
  void append(const CodeWriter& other) { writes_.insert(writes_.end(), other.writes_.begin(), other.writes_.end()); }

  // Computes the page ranges; nothing may be added afterwards.
  void prepare();
  // Gives the process its own copy of each page before commit needs it, by writing what is there already. Only saves time.
  void prefault() const;

  // False: nothing was changed. The process ends if it can no longer make its code executable.
  [[nodiscard]] bool commit();

  size_t size() const { return writes_.size(); }

private:
  struct Write {
    uintptr_t address;
    uint32_t size;  // 2, 4 or 5 in code; 8: a pointer
    uint8_t bytes[8];
  };
  struct Range {
    uintptr_t start, end;  // whole pages
    int protection;        // outside a commit
  };
  std::vector<Range> pages() const;

  std::vector<Write> writes_;
  std::vector<Range> ranges_;
  bool prepared_ = false;
};

// The five bytes before an entry must be padding (0xCC, or the jump of an earlier redirect) for a redirect to be written.
bool has_redirect_room(uintptr_t entry);

}  // namespace dsu
