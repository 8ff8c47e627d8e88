// Linked programs that no linker writes, against the comparison of a program with its verified modules. The refusal has an accepted
// twin.
#include "object_builder.h"

#include "tal/elf.h"
#include "tal/link/image_check.h"
#include "tal/write/elf_writer.h"

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
    options.has_symbols = !table_symbols.empty();
    options.update_key = wanted_key;
    write(options, changed);
    const uint32_t size = static_cast<uint32_t>(module_->interface().strings.size()) + strings;
    put(module_at + offsetof(tal_module, unwind) + offsetof(tal_unwind_table, string_size), size);
    return check_image(file_, modules, links, options, problem);
  }
  std::string problem;
  std::vector<uint64_t> table_symbols; // what the symbol table says of __tal_program, if there is one

private:
  template <typename T> void put(uint64_t at, const T& value) { std::memcpy(&file_[at], &value, sizeof value); }
  template <typename T> static T* pointer(uint64_t address) { return reinterpret_cast<T*>(static_cast<uintptr_t>(address)); }

  void write(const ProgramOptions& options, uint64_t changed) {
    constexpr uint64_t program_at = 0x800, anchor_at = 0xA00, name_at = 0xA80, dynamic_at = 0xB40, names_at = 0xC00,
                       functions_at = 0xC80, strings_at = 0xD00, symbols_at = 0xE00, names_of_symbols_at = 0xF00;
    file_.assign(0x4000, 0);
    elf::Header header{};
    std::memcpy(header.ident, elf::ident, sizeof header.ident);
    header.type = 3;
    header.machine = elf::em_x86_64;
    header.phoff = 0x40;
    header.phnum = 5;
    header.shoff = 0x400;
    header.shnum = 4;
    put(0, header);
    const ProgramHeader segments[] = {{1, 4, 0, 0, 0, 0x1000, 0x1000, 0x1000},
                                      {1, 5, text, text, text, 0x2000, 0x2000, 0x1000},
                                      {1, 6, data, data, data, 0x1000, 0x1000, 0x1000},
                                      {2, 4, dynamic_at, dynamic_at, dynamic_at, 48, 48, 8},
                                      {0x6474e551, 6, 0, 0, 0, 0, 0, 16}};
    put(header.phoff, segments);
    const char names[] = ".shstrtab\0tal_anchor\0.symtab\0.strtab";
    put(names_at, names);
    elf::SectionHeader sections[4] = {};
    sections[2] = {21, elf::sht_symtab, 0, 0, symbols_at, table_symbols.size() * sizeof(elf::Symbol), 3, 0, 8, sizeof(elf::Symbol)};
    sections[3] = {29, elf::sht_strtab, 0, 0, names_of_symbols_at, 15, 0, 0, 1, 0};
    put(names_of_symbols_at, "\0__tal_program");
    for (size_t i = 0; i < table_symbols.size(); i++)
      put(symbols_at + i * sizeof(elf::Symbol), elf::Symbol{1, 0, 0, 1, table_symbols[i], 0});
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

// Readers of the file find the module table by the anchor, the runtime by its name.
TEST(HostileImage, TheRuntimeReadsAnotherTable) {
  SmallProgram program;
  ASSERT_TRUE(program.verified());
  program.table_symbols = {0x800};
  EXPECT_TRUE(program.accepted(0)) << program.problem;
  for (const std::vector<uint64_t>& symbols : {std::vector<uint64_t>{0x808}, {0x800, 0x808}}) {
    program.table_symbols = symbols;
    EXPECT_FALSE(program.accepted(0));
    EXPECT_EQ(program.problem, "the module table is not the one that the runtime reads");
  }
}

// What the system linker is given adds nothing beside the modules and their tables.
TEST(LinkInput, HasSectionsAndNamesOfModulesOnly) {
  static constexpr uint64_t data = elf::shf_alloc | elf::shf_write;
  auto accepted = [](auto add) {
    ElfWriter elf;
    const ElfWriter::SectionId own = elf.add_section("tal_data", data, 16, Bytes(8));
    elf.add_hidden("pop.list", own, 0, 8, elf::stt_object);
    elf.add_relocation(own, 0, elf::r_x86_64_64, elf.add_undefined("poprt_Core__exit"), 0);
    add(elf, own);
    std::string problem;
    return check_link_input(elf.write(), problem) ? "" : problem;
  };
  EXPECT_EQ(accepted([](ElfWriter&, ElfWriter::SectionId) {}), "");
  EXPECT_EQ(accepted([](ElfWriter& elf, ElfWriter::SectionId) { elf.add_section(".init_array", data, 8, Bytes(8)); }),
            "the section .init_array is not one of a module");
  EXPECT_EQ(accepted([](ElfWriter& elf, ElfWriter::SectionId) { elf.add_section(".text", elf::shf_alloc | elf::shf_execinstr, 16, Bytes(8)); }),
            "the section .text is not one of a module");
  EXPECT_EQ(accepted([](ElfWriter& elf, ElfWriter::SectionId) { elf.add_section("tal_tables", data | elf::shf_execinstr, 16, Bytes(8)); }),
            "the section tal_tables is not one of a module");
  EXPECT_EQ(accepted([](ElfWriter& elf, ElfWriter::SectionId own) { elf.add_hidden("poprt_Core__exit", own, 0, 8, elf::stt_func); }),
            "the symbol poprt_Core__exit is not one of a module");
  std::string problem;
  ElfWriter elf;
  elf.add_section("tal_data", data, 16, Bytes(8));
  const Bytes whole = elf.write();
  for (size_t size = 0; size < whole.size(); size++) // never past the end
    (void)check_link_input(std::span(whole).first(size), problem);
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
