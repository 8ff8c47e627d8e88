// Linked programs that no linker writes, against the comparison of a program with its verified modules. The refusal has an accepted
// twin.
#include "object_builder.h"

#include "tal/elf.h"
#include "tal/link/image_check.h"

using namespace tal;
using namespace tal::test;

namespace {

struct ProgramHeader {
  uint32_t type, flags;
  uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

// A program of one module: tables in the first page, text in the second, closed by a page of traps, data in the fourth. Addresses are
// offsets of the file.
class SmallProgram {
public:
  static constexpr uint64_t module_at = 0x880, text = 0x1000, data = 0x3000, relocations = 0xB00;

  SmallProgram() {
    builder_.image.data.assign(4, 0); // no objects, and no whole word
    builder_.function("pop_main", builder_.sig({}), {0xC3});
    VerifyResult result = builder_.check();
    if (auto* object = std::get_if<std::unique_ptr<VerifiedObject>>(&result))
      module_ = std::move(*object);
  }
  bool verified() const { return module_ != nullptr; }

  // Accepts the program, of which a dynamic relocation changes the word at `changed`, if that is not 0.
  bool accepted(uint64_t changed, const Bytes& wanted_key = {}, uint32_t strings = 0) {
    const VerifiedObject* modules[] = {module_.get()};
    const Interface* interfaces[] = {&module_->interface()};
    NativeInterface natives;
    LinkResult links = link_check(interfaces, natives);
    ProgramOptions options;
    if (!find_entry(modules, options.entry, options.entry_kind, problem))
      return false;
    options.has_symbols = false;
    options.update_key = wanted_key;
    write(options, changed);
    const uint32_t size = static_cast<uint32_t>(module_->interface().strings.size()) + strings;
    put(module_at + offsetof(tal_module, unwind) + offsetof(tal_unwind_table, string_size), size);
    return check_image(file_, modules, links, options, problem);
  }
  std::string problem;

private:
  template <typename T> void put(uint64_t at, const T& value) { std::memcpy(&file_[at], &value, sizeof value); }
  template <typename T> static T* pointer(uint64_t address) { return reinterpret_cast<T*>(static_cast<uintptr_t>(address)); }

  void write(const ProgramOptions& options, uint64_t changed) {
    constexpr uint64_t program_at = 0x800, anchor_at = 0xA00, name_at = 0xA80, dynamic_at = 0xB40, names_at = 0xC00,
                       functions_at = 0xC80, strings_at = 0xD00;
    file_.assign(0x4000, 0);
    elf::Header header{};
    std::memcpy(header.ident, elf::ident, sizeof header.ident);
    header.type = 3;
    header.machine = elf::em_x86_64;
    header.phoff = 0x40;
    header.phnum = 5;
    header.shoff = 0x400;
    header.shnum = 2;
    put(0, header);
    const ProgramHeader segments[] = {{1, 4, 0, 0, 0, 0x1000, 0x1000, 0x1000},
                                      {1, 5, text, text, text, 0x2000, 0x2000, 0x1000},
                                      {1, 6, data, data, data, 0x1000, 0x1000, 0x1000},
                                      {2, 4, dynamic_at, dynamic_at, dynamic_at, 48, 48, 8},
                                      {0x6474e551, 6, 0, 0, 0, 0, 0, 16}};
    put(header.phoff, segments);
    const char names[] = ".shstrtab\0tal_anchor";
    put(names_at, names);
    elf::SectionHeader sections[2] = {};
    sections[0].offset = names_at;
    sections[1].name = 10;
    sections[1].type = elf::sht_progbits;
    sections[1].addr = sections[1].offset = anchor_at;
    sections[1].size = sizeof(tal_anchor);
    put(header.shoff, sections);
    const int64_t dynamic[] = {7, relocations, 8, changed == 0 ? 0 : static_cast<int64_t>(sizeof(elf::Rela)), 0, 0};
    put(dynamic_at, dynamic);
    put(relocations, elf::Rela{changed, 8, 0});
    tal_anchor anchor{};
    std::memcpy(anchor.magic, TAL_ANCHOR_MAGIC, sizeof anchor.magic);
    anchor.program = static_cast<int64_t>(program_at) - static_cast<int64_t>(anchor_at + offsetof(tal_anchor, program));
    put(anchor_at, anchor);

    const Interface& interface = module_->interface();
    tal_program program{};
    program.module_count = 1;
    program.modules = pointer<tal_module>(module_at);
    program.entry = pointer<uint8_t>(text + interface.symbols[0].offset);
    program.entry_kind = static_cast<uint64_t>(options.entry_kind);
    put(program_at, program);
    tal_module row{};
    row.name = pointer<char>(name_at);
    row.text = pointer<uint8_t>(text);
    row.text_size = module_->text().size();
    row.data = pointer<uint8_t>(data);
    row.data_size = module_->data().size();
    row.unwind.function_count = 1;
    row.unwind.functions = pointer<tal_function>(functions_at);
    row.unwind.strings = pointer<char>(strings_at);
    put(module_at, row);
    put(functions_at, interface.functions[0]);
    std::memcpy(&file_[strings_at], interface.strings.data(), interface.strings.size());
    std::memcpy(&file_[name_at], interface.module.c_str(), interface.module.size() + 1);
    std::memset(&file_[text], 0xCC, 0x2000);
    std::memcpy(&file_[text], module_->text().data(), module_->text().size());
  }

  ObjectBuilder builder_;
  std::unique_ptr<VerifiedObject> module_;
  Bytes file_;
};

TEST(HostileImage, RelocationWiderThanItsSection) {
  SmallProgram program;
  ASSERT_TRUE(program.verified());
  EXPECT_TRUE(program.accepted(0)) << program.problem;
  EXPECT_TRUE(program.accepted(SmallProgram::data + 0x800)) << program.problem; // of somebody else
  EXPECT_FALSE(program.accepted(SmallProgram::data)); // eight bytes into a copy of four
  EXPECT_EQ(program.problem, "module Test: .data has a dynamic relocation of another kind");
}

TEST(HostileImage, RelocationOfText) {
  SmallProgram program;
  ASSERT_TRUE(program.verified());
  EXPECT_FALSE(program.accepted(SmallProgram::text + 8));
  EXPECT_EQ(program.problem, "module Test: .text would be changed at start-up");
}

// What the writer of link objects says of a program must be what was asked of it.
TEST(HostileImage, OtherKeyOrTexts) {
  SmallProgram program;
  ASSERT_TRUE(program.verified());
  EXPECT_TRUE(program.accepted(0)) << program.problem;
  EXPECT_FALSE(program.accepted(0, Bytes(32, 7)));
  EXPECT_EQ(program.problem, "the program takes patches with another key");
  EXPECT_FALSE(program.accepted(0, {}, 1)); // texts that end behind their table
  EXPECT_EQ(program.problem, "module Test: unwind records differ from those of the checker");
}

} // namespace
