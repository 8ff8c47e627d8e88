#include "tal/write/link_object.h"

#include "tal/descriptor.h"
#include "tal/write/byte_writer.h"
#include "tal/write/elf_writer.h"
#include "tal/write/write.h"

#include <cctype>
#include <set>

namespace tal {
namespace {

constexpr uint64_t text_flags = elf::shf_alloc | elf::shf_execinstr;
constexpr uint64_t data_flags = elf::shf_alloc | elf::shf_write;

// Writes the fresh object of one module.
class ModuleWriter {
public:
  ModuleWriter(std::span<const VerifiedObject* const> modules, const LinkResult& links, const NativeInterface* natives, uint32_t index)
      : modules_(modules), links_(links), natives_(natives), index_(index), interface_(modules[index]->interface()), image_(modules[index]->image()) {}

  bool write(Bytes& out, std::string& problem) {
    add_sections();
    if (!add_descriptors(problem))
      return false;
    add_symbols();
    add_relocations(Section::Text, image_.text_relocs);
    add_relocations(Section::Data, image_.data_relocs);
    add_relocations(Section::RelRo, image_.relro_relocs);
    add_debug();
    out = elf_.write();
    return true;
  }

private:
  void add_section(Section section, const char* name, uint64_t flags, uint64_t align, const Bytes& bytes) {
    if (bytes.empty())
      return;
    present_[static_cast<size_t>(section)] = true;
    sections_[static_cast<size_t>(section)] = elf_.add_section(name, flags, align, bytes);
  }

  void add_sections() {
    // The first module's text starts the pages of verified text; all others follow without a gap, because the length of each is
    // a multiple of the alignment.
    Bytes text = image_.text;
    text.resize(padded_text_size(text.size()), 0xCC);
    add_section(Section::Text, "tal_text", text_flags, index_ == 0 ? 4096 : 16, text);
    add_section(Section::RoData, "tal_rodata", elf::shf_alloc, 16, image_.rodata);
    add_section(Section::Data, "tal_data", data_flags, 16, image_.data);
    add_section(Section::RelRo, ".data.rel.ro.tal", data_flags, 16, image_.relro);
    if (image_.bss_size != 0) {
      present_[static_cast<size_t>(Section::Bss)] = true;
      sections_[static_cast<size_t>(Section::Bss)] = elf_.add_zeroed_section("tal_bss", data_flags, 16, image_.bss_size);
    }
    for (size_t s = 1; s < std::size(present_); s++)
      if (present_[s])
        elf_.add_hidden(module_section_symbol(index_, static_cast<Section>(s)), sections_[s], 0, 0, elf::stt_notype);
  }

  bool add_descriptors(std::string& problem) {
    if (!make_descriptors(interface_, table_, problem)) {
      problem = "module " + interface_.module + ": " + problem;
      return false;
    }
    const Bytes& table = table_.bytes;
    if (!table.empty()) {
      descriptors_ = elf_.add_section("tal_descriptors", elf::shf_alloc, 8, table);
      elf_.add_hidden(module_descriptors_symbol(index_), descriptors_, 0, table.size(), elf::stt_object);
    }
    return true;
  }

  // Names of what the module defines: for debuggers and profilers if static, for other modules if public.
  void add_symbols() {
    for (const InterfaceSymbol& symbol : interface_.symbols) {
      if (symbol.section == Section::None || symbol.name.empty())
        continue;
      const uint8_t type = symbol.kind == SymbolKind::Function ? elf::stt_func : elf::stt_object;
      const ElfWriter::SectionId section = sections_[static_cast<size_t>(symbol.section)];
      if (symbol.scope == Scope::Public)
        elf_.add_hidden(link_symbol(symbol.name), section, symbol.offset, symbol.size, type);
      else
        elf_.add_local(link_symbol(symbol.name), section, symbol.offset, symbol.size, type);
    }
  }

  struct Target {
    ElfWriter::SymbolId symbol;
    uint64_t offset = 0;
  };

  // Own definitions through their section, others through the name that the link check has bound.
  Target target_of(uint32_t index) {
    const Binding binding = links_.bindings[index_][index];
    if (binding.module == Binding::desc)
      return {elf_.section_symbol(descriptors_), table_.offset[index]};
    if (binding.module == Binding::native)
      return {elf_.add_undefined(native_symbol(interface_.symbols[index].name, natives_)), 0};
    const InterfaceSymbol& definition = modules_[binding.module]->interface().symbols[binding.symbol];
    if (binding.module == index_)
      return {elf_.section_symbol(sections_[static_cast<size_t>(definition.section)]), definition.offset};
    return {elf_.add_undefined(link_symbol(definition.name)), 0};
  }

  void add_relocations(Section section, const std::vector<Reloc>& relocs) {
    for (const Reloc& reloc : relocs) {
      const Target target = target_of(reloc.symbol);
      const uint32_t type = reloc.kind == RelocKind::Pc32 ? elf::r_x86_64_pc32 : elf::r_x86_64_64;
      elf_.add_relocation(sections_[static_cast<size_t>(section)], reloc.offset, type, target.symbol,
                          reloc.addend + static_cast<int64_t>(target.offset));
    }
  }

  // Debug sections are copied as they are: debuggers read them, nothing loads them.
  void add_debug() {
    std::vector<ElfWriter::SectionId> copies;
    for (const DebugSection& section : image_.debug)
      copies.push_back(elf_.add_section(section.name, 0, 1, section.bytes));
    for (size_t i = 0; i < copies.size(); i++)
      for (const DebugReloc& reloc : image_.debug[i].relocs) {
        if (reloc.size > section_room(i, reloc.offset))
          continue;
        Target target;
        if (reloc.to_debug && reloc.target < copies.size())
          target.symbol = elf_.section_symbol(copies[reloc.target]);
        else if (!reloc.to_debug && reloc.target < interface_.symbols.size() &&
                 interface_.symbols[reloc.target].section != Section::None)
          target = target_of(reloc.target);
        else
          continue;
        elf_.add_relocation(copies[i], reloc.offset, reloc.size == 4 ? elf::r_x86_64_32 : elf::r_x86_64_64, target.symbol,
                            reloc.addend + static_cast<int64_t>(target.offset));
      }
  }
  size_t section_room(size_t debug_section, uint32_t offset) const {
    const size_t size = image_.debug[debug_section].bytes.size();
    return offset <= size ? size - offset : 0;
  }

public:
  static std::string module_section_symbol(uint32_t module, Section section) {
    static const char* const names[] = {"none", "text", "rodata", "data", "relro", "bss"};
    return "pop$" + std::to_string(module) + "$" + names[static_cast<size_t>(section)];
  }
  static std::string module_descriptors_symbol(uint32_t module) { return "pop$" + std::to_string(module) + "$descriptors"; }

private:
  std::span<const VerifiedObject* const> modules_;
  const LinkResult& links_;
  const NativeInterface* natives_;
  uint32_t index_;
  const Interface& interface_;
  const ObjectImage& image_;
  ElfWriter elf_;
  ElfWriter::SectionId sections_[6] = {};
  bool present_[6] = {};
  ElfWriter::SectionId descriptors_;
  DescriptorTable table_;
};

// Writes the object with the module table. Tables without addresses go to tal_tables, the rest to .data.rel.ro.tal.
class TableWriter {
public:
  TableWriter(std::span<const VerifiedObject* const> modules, const LinkResult& links, const ProgramOptions& options)
      : modules_(modules), links_(links), options_(options) {}

  Bytes write() {
    tables_ = elf_.add_section("tal_tables", elf::shf_alloc, 16, {});
    pointers_ = elf_.add_section(".data.rel.ro.tal", data_flags, 16, {});
    close_text();
    std::vector<tal_module> rows(modules_.size());
    std::vector<std::vector<Pointer>> pointers(modules_.size());
    for (uint32_t i = 0; i < modules_.size(); i++)
      fill_module(i, rows[i], pointers[i]);
    const uint64_t modules_at = place(rows.data(), rows.size() * sizeof(tal_module));
    for (uint32_t i = 0; i < modules_.size(); i++)
      relocate(modules_at + i * sizeof(tal_module), pointers[i]);
    write_program(modules_at);
    keep_originals();
    return elf_.write();
  }

private:
  struct Pointer {
    uint64_t field;                  // offset in the structure
    ElfWriter::SymbolId symbol;
    uint64_t offset = 0;
  };

  // A page of traps behind the last function; before it, more traps up to the end of the page.
  void close_text() {
    constexpr uint64_t page = 4096;
    uint64_t size = 0;
    for (const VerifiedObject* module : modules_)
      size += padded_text_size(module->text().size());
    elf_.add_section("tal_text", text_flags, 16, Bytes(page + (page - size % page) % page, 0xCC));
  }

  template <typename T> static std::span<const uint8_t> bytes_of(const std::vector<T>& items) {
    return {reinterpret_cast<const uint8_t*>(items.data()), items.size() * sizeof(T)};
  }
  uint64_t place_table(std::span<const uint8_t> bytes) {
    elf_.append(tables_, bytes);
    return elf_.size(tables_) - bytes.size();
  }
  uint64_t place(const void* bytes, size_t size) {
    elf_.append(pointers_, {static_cast<const uint8_t*>(bytes), size});
    return elf_.size(pointers_) - size;
  }
  uint64_t place_text(std::string_view text) {
    Bytes bytes(text.begin(), text.end());
    bytes.push_back(0);
    return place_table(bytes);
  }
  Pointer to_table(uint64_t field, uint64_t offset) { return {field, elf_.section_symbol(tables_), offset}; }
  void relocate(uint64_t base, const std::vector<Pointer>& pointers) {
    for (const Pointer& p : pointers)
      elf_.add_relocation(pointers_, base + p.field, elf::r_x86_64_64, p.symbol, static_cast<int64_t>(p.offset));
  }

  void fill_module(uint32_t index, tal_module& row, std::vector<Pointer>& pointers) {
    const VerifiedObject& module = *modules_[index];
    const Interface& interface = module.interface();
    auto section = [&](Section s, uint64_t field, uint64_t& size_field, uint64_t size) {
      size_field = size;
      if (size != 0 || s == Section::Text)
        pointers.push_back({field, elf_.add_undefined(ModuleWriter::module_section_symbol(index, s))});
    };
    section(Section::Text, offsetof(tal_module, text), row.text_size, module.text().size());
    section(Section::RoData, offsetof(tal_module, rodata), row.rodata_size, module.rodata().size());
    section(Section::Data, offsetof(tal_module, data), row.data_size, module.data().size());
    section(Section::Bss, offsetof(tal_module, bss), row.bss_size, module.bss_size());
    section(Section::RelRo, offsetof(tal_module, relro), row.relro_size, module.relro().size());
    DescriptorTable descriptors;
    std::string problem; // ModuleWriter reports it
    row.descriptors_size = make_descriptors(interface, descriptors, problem) ? descriptors.bytes.size() : 0;
    if (row.descriptors_size != 0)
      pointers.push_back({offsetof(tal_module, descriptors), elf_.add_undefined(ModuleWriter::module_descriptors_symbol(index))});
    pointers.push_back(to_table(offsetof(tal_module, name), place_text(interface.module)));
    fill_unwind(interface, row, pointers);
    fill_exceptions(index, row, pointers);
    if (!options_.updateable)
      return;
    const Bytes serialised = serialise(interface);
    row.interface_size = serialised.size();
    pointers.push_back(to_table(offsetof(tal_module, interface), place_table(serialised)));
    row.dsu_size = module.dsu().size();
    pointers.push_back(to_table(offsetof(tal_module, dsu), place_table(module.dsu())));
  }

  void fill_unwind(const Interface& interface, tal_module& row, std::vector<Pointer>& pointers) {
    auto table = [&](uint64_t field, std::span<const uint8_t> bytes) {
      pointers.push_back(to_table(offsetof(tal_module, unwind) + field, place_table(bytes)));
    };
    table(offsetof(tal_unwind_table, records), bytes_of(interface.records));
    table(offsetof(tal_unwind_table, functions), bytes_of(interface.functions));
    table(offsetof(tal_unwind_table, lines), bytes_of(interface.lines));
    table(offsetof(tal_unwind_table, strings),   // with the zero behind it
          {reinterpret_cast<const uint8_t*>(interface.strings.c_str()), interface.strings.size() + 1});
    const tal_unwind_table counts = interface.unwind_table();
    row.unwind.record_count = counts.record_count;
    row.unwind.function_count = counts.function_count;
    row.unwind.line_count = counts.line_count;
    row.unwind.string_size = counts.string_size;
  }

  void fill_exceptions(uint32_t index, tal_module& row, std::vector<Pointer>& pointers) {
    const Interface& interface = modules_[index]->interface();
    std::vector<tal_exception_name> rows;
    std::vector<Pointer> inner;
    for (const InterfaceSymbol& symbol : interface.symbols) {
      if (symbol.kind != SymbolKind::ExnName || symbol.section == Section::None)
        continue;
      const uint64_t at = rows.size() * sizeof(tal_exception_name);
      inner.push_back({at + offsetof(tal_exception_name, address),
                       elf_.add_undefined(ModuleWriter::module_section_symbol(index, symbol.section)), symbol.offset});
      inner.push_back(to_table(at + offsetof(tal_exception_name, name), place_text(symbol.name)));
      rows.push_back({nullptr, nullptr, static_cast<uint64_t>(payload_kind(interface.types, symbol.type))});
    }
    if (rows.empty())
      return;
    const uint64_t rows_at = place(rows.data(), rows.size() * sizeof(tal_exception_name));
    relocate(rows_at, inner);
    row.exception_count = rows.size();
    pointers.push_back({offsetof(tal_module, exceptions), elf_.section_symbol(pointers_), rows_at});
  }

  // What the modules use, in order.
  std::vector<std::string> native_names() const {
    std::set<std::string> names;
    for (uint32_t m = 0; m < modules_.size(); m++)
      for (uint32_t s = 0; s < links_.bindings[m].size(); s++)
        if (links_.bindings[m][s].module == Binding::native)
          names.insert(modules_[m]->interface().symbols[s].name);
    if (options_.updateable && options_.natives != nullptr)  // patches may use any
      for (const auto& [name, native] : options_.natives->natives)
        if (native.user)
          names.insert(name);
    return {names.begin(), names.end()};
  }

  std::string_view user_natives() const {
    return options_.updateable && options_.natives != nullptr ? std::string_view(options_.natives->user_text) : std::string_view{};
  }

  void write_program(uint64_t modules_at) {
    std::vector<tal_native> natives;
    std::vector<Pointer> inner;
    for (const std::string& name : native_names()) {
      const uint64_t at = natives.size() * sizeof(tal_native);
      inner.push_back(to_table(at + offsetof(tal_native, name), place_text(name)));
      inner.push_back({at + offsetof(tal_native, address), elf_.add_undefined(native_symbol(name, options_.natives))});
      natives.push_back({});
    }
    const uint64_t natives_at = place(natives.data(), natives.size() * sizeof(tal_native));
    relocate(natives_at, inner);

    tal_program program{};
    program.module_count = modules_.size();
    program.native_count = natives.size();
    program.entry_kind = options_.entry_kind;
    program.updateable = options_.updateable;
    program.user_natives_size = user_natives().size();
    const InterfaceSymbol& entry = modules_[options_.entry.module]->interface().symbols[options_.entry.symbol];
    const ElfWriter::SymbolId here = elf_.section_symbol(pointers_);
    const uint64_t program_at = place(&program, sizeof program);
    relocate(program_at,
             {{offsetof(tal_program, modules), here, modules_at},
              {offsetof(tal_program, natives), here, natives_at},
              {offsetof(tal_program, entry), elf_.add_undefined(ModuleWriter::module_section_symbol(options_.entry.module, Section::Text)),
               entry.offset},
              to_table(offsetof(tal_program, version), place_text(options_.version))});
    if (!options_.update_key.empty())
      relocate(program_at, {to_table(offsetof(tal_program, update_key), place_table(options_.update_key))});
    if (const uint64_t size = user_natives().size(); size != 0)
      relocate(program_at, {to_table(offsetof(tal_program, user_natives), place_text(user_natives()))});
    elf_.add_hidden("__tal_program", pointers_, program_at, sizeof program, elf::stt_object);

    tal_anchor anchor{};
    std::memcpy(anchor.magic, TAL_ANCHOR_MAGIC, sizeof anchor.magic);
    const auto* bytes = reinterpret_cast<const uint8_t*>(&anchor);
    const ElfWriter::SectionId section = elf_.add_section("tal_anchor", elf::shf_alloc, 8, Bytes(bytes, bytes + sizeof anchor));
    elf_.add_relocation(section, offsetof(tal_anchor, program), elf::r_x86_64_pc64, here, static_cast<int64_t>(program_at));
  }

  // u32 count, then u64 size and bytes of each.
  void keep_originals() {
    if (options_.originals.empty())
      return;
    ByteWriter out;
    out.u32(static_cast<uint32_t>(options_.originals.size()));
    for (std::span<const uint8_t> original : options_.originals) {
      out.u64(original.size());
      out.raw(original);
    }
    elf_.add_section(".tal.objects", 0, 1, out.take());
  }

  std::span<const VerifiedObject* const> modules_;
  const LinkResult& links_;
  const ProgramOptions& options_;
  ElfWriter elf_;
  ElfWriter::SectionId tables_, pointers_;
};

} // namespace

std::string link_symbol(std::string_view name) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out = "pop.";
  for (size_t i = 0; i < name.size(); i++) {
    const auto c = static_cast<unsigned char>(name[i]);
    if (c == ':' && i + 1 < name.size() && name[i + 1] == ':') {
      out += '.';
      i++;
    } else if (c < 128 && (std::isalnum(c) != 0 || c == '_')) {
      out += static_cast<char>(c);
    } else {
      out += '$';
      out += digits[c >> 4];
      out += digits[c & 15];
    }
  }
  return out;
}

bool write_program_objects(std::span<const VerifiedObject* const> modules, const LinkResult& links, const ProgramOptions& options,
                           ProgramObjects& objects, std::string& problem) {
  objects.modules.resize(modules.size());
  for (uint32_t i = 0; i < modules.size(); i++)
    if (!ModuleWriter(modules, links, options.natives, i).write(objects.modules[i], problem))
      return false;
  objects.table = TableWriter(modules, links, options).write();
  return true;
}

} // namespace tal
