#include "dsu/runtime/announce.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

#include "tal/elf.h"

// The names and layouts are those of gdb, which stops in the function and reads the list.
extern "C" {
struct jit_code_entry {
  jit_code_entry* next_entry;
  jit_code_entry* prev_entry;
  const char* symfile_addr;
  uint64_t symfile_size;
};
struct jit_descriptor {
  uint32_t version;
  uint32_t action_flag; // 1: relevant_entry was added
  jit_code_entry* relevant_entry;
  jit_code_entry* first_entry;
};
jit_descriptor __jit_debug_descriptor = {1, 0, nullptr, nullptr};
[[gnu::noinline]] void __jit_debug_register_code();
void __jit_debug_register_code() { asm volatile("" ::: "memory"); }
}

namespace dsu {
namespace {

namespace elf = tal::elf;

// Writes the addresses of the sections into the object's headers. Everything that is read was verified before, but for the debugger's
// sake alone a mistake is not worth a crash: false if the headers are not where they say.
bool place_sections(const LoadedModule& module, char* object, size_t size) {
  elf::Header header;
  if (size < sizeof header)
    return false;
  std::memcpy(&header, object, sizeof header);
  const uint64_t table = uint64_t{header.shnum} * sizeof(elf::SectionHeader);
  if (header.shstrndx >= header.shnum || header.shoff > size || table > size - header.shoff)
    return false;
  auto at = [&](size_t i) { return object + header.shoff + i * sizeof(elf::SectionHeader); };
  elf::SectionHeader names;
  std::memcpy(&names, at(header.shstrndx), sizeof names);
  if (names.size == 0 || names.offset > size || names.size > size - names.offset || object[names.offset + names.size - 1] != '\0')
    return false;
  for (size_t i = 0; i < header.shnum; ++i) {
    elf::SectionHeader section;
    std::memcpy(&section, at(i), sizeof section);
    if ((section.flags & elf::shf_alloc) == 0 || section.name >= names.size)
      continue;
    for (unsigned s = 0; s < std::size(module.section); ++s)
      if (module.section[s] != nullptr && tal::section_name(static_cast<tal::Section>(s)) == std::string_view(object + names.offset + section.name))
        section.addr = reinterpret_cast<uint64_t>(module.section[s]);
    std::memcpy(at(i), &section, sizeof section);
  }
  return true;
}

Announcement make_entry(const LoadedModule& module, std::span<const uint8_t> object) {
  auto* entry = static_cast<jit_code_entry*>(std::calloc(1, sizeof(jit_code_entry)));
  auto* copy = static_cast<char*>(std::malloc(object.size()));
  if (entry != nullptr && copy != nullptr) {
    std::memcpy(copy, object.data(), object.size());
    if (place_sections(module, copy, object.size())) {
      entry->symfile_addr = copy;
      entry->symfile_size = object.size();
      return Announcement(entry);
    }
  }
  std::free(entry);
  std::free(copy);
  return nullptr;
}

void tell_perf(const LoadedModule& module) {
  static const bool is_wanted = std::getenv("POPCORN_PERF_MAP") != nullptr;
  if (!is_wanted)
    return;
  char path[64];
  std::snprintf(path, sizeof path, "/tmp/perf-%d.map", ::getpid());
  const int file = ::open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (file < 0)
    return;
  std::string lines;
  for (uint32_t s = 0; s < module.interface.symbols.size(); ++s) {
    const tal::InterfaceSymbol& symbol = module.interface.symbols[s];
    if (symbol.kind != tal::SymbolKind::Function || symbol.section != tal::Section::Text)
      continue;
    char numbers[64];
    std::snprintf(numbers, sizeof numbers, "%llx %x ", static_cast<unsigned long long>(module.address_of(s)), symbol.size);
    lines += numbers + symbol.name + (module.version.empty() ? "\n" : " [" + module.version + "]\n");
  }
  if (::write(file, lines.data(), lines.size()) != static_cast<ssize_t>(lines.size()))
    ::unlink(path); // a part of a line would name the wrong code
  ::close(file);
}

} // namespace

void FreeAnnouncement::operator()(jit_code_entry* entry) const {
  std::free(const_cast<char*>(entry->symfile_addr));
  std::free(entry);
}

Announcement prepare_announcement(const LoadedModule& module, std::span<const uint8_t> object) {
  tell_perf(module);
  return make_entry(module, object);
}

void announce(Announcement announcement) {
  jit_code_entry* entry = announcement.release();
  if (entry == nullptr)
    return;
  entry->next_entry = __jit_debug_descriptor.first_entry;
  if (entry->next_entry != nullptr)
    entry->next_entry->prev_entry = entry;
  __jit_debug_descriptor.first_entry = __jit_debug_descriptor.relevant_entry = entry;
  __jit_debug_descriptor.action_flag = 1;
  __jit_debug_register_code();
}

} // namespace dsu
