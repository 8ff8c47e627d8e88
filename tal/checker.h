// The checker: bytes of an object in, a VerifiedObject or the first reason for refusal out.
//
// It is a function of its arguments: no globals, no clock, no allocation failure handling beyond limits (R52). The input
// is copied first and only the copy is read (R22). What it checks, in order: the ELF container and its closed list of
// sections, the type table, symbols, static objects word by word, relocations, then each function in one linear pass that
// decodes and types every byte; finally it derives unwind records and the Interface.
// What it does not check: termination, stack depth beyond the frame limit, debug sections, line tables, .tal.dsu.
#pragma once

#include "tal/interface.h"
#include "tal/rules.h"

#include <memory>
#include <variant>

namespace tal {

struct VerifyError {
  std::string rule;          // number in docs/tal.md: "C12"
  std::string title;         // the rule's short title
  std::string function;      // source name, if inside one
  Section section = Section::None;
  uint32_t offset = 0;       // in that section; for text: of the instruction
  std::string instruction;   // its Intel text, if inside code
  std::string expected, found;
};
std::string to_string(const VerifyError& error, std::string_view file);
// Fills the error in; false, for the reader that returns it.
bool refuse(VerifyError& error, CheckRule rule, std::string expected, std::string found, Section section = Section::None, uint32_t offset = 0);

struct VerifyStatistics {
  uint32_t functions = 0, instructions = 0, labels = 0, edges = 0;
  std::vector<std::pair<std::string, uint64_t>> section_sizes;   // alloc and .tal.* sections
};

// Only the checker makes one. Owns private copies of everything.
class VerifiedObject {
public:
  const Interface& interface() const { return interface_; }
  std::span<const uint8_t> text() const { return image_.text; }
  std::span<const uint8_t> rodata() const { return image_.rodata; }
  std::span<const uint8_t> data() const { return image_.data; }
  std::span<const uint8_t> relro() const { return image_.relro; }
  uint32_t bss_size() const { return image_.bss_size; }
  const ObjectImage& image() const { return image_; }          // with relocations; symbols by index into interface()
  const Bytes& dsu() const { return dsu_; }                    // .tal.dsu, as it was
  const VerifyStatistics& statistics() const { return statistics_; }

private:
  friend class Verifier;
  VerifiedObject() = default;
  Interface interface_;
  ObjectImage image_;
  Bytes dsu_;
  VerifyStatistics statistics_;
};

// Is shown what is known before each instruction that a path reaches (tal/state.h), in address order. For tools that explain; it decides
// nothing.
class State;
class Observer {
public:
  virtual void before(uint32_t offset, const State& state, const TypeTable& types) = 0;

protected:
  ~Observer() = default;
};

using VerifyResult = std::variant<std::unique_ptr<VerifiedObject>, VerifyError>;
[[nodiscard]] VerifyResult verify(std::span<const uint8_t> object, const NativeInterface& natives, Observer* observer = nullptr);

} // namespace tal
