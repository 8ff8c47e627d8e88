#include "tal/link/image_check.h"

#include "tal/descriptor.h"
#include "tal/link/program_file.h"
#include "tal/relocate.h"

#include <algorithm>

namespace tal {
namespace {

// With the same ids, so that what else is said of them means the same.
bool same_types(const TypeTable& a, const TypeTable& b) {
  auto same_named = [&](NamedId i) {
    const NamedType &x = a.named_type(i), &y = b.named_type(i);
    return x.name == y.name && x.sort == y.sort && x.params == y.params && x.body == y.body && x.abstract_kind == y.abstract_kind &&
           x.hidden == y.hidden && x.provided == y.provided && x.fingerprint == y.fingerprint;
  };
  auto same_type = [&](TypeId t) {
    return a.tag(t) == b.tag(t) && a.is_nullable(t) == b.is_nullable(t) && a.mutability(t) == b.mutability(t) && a.kind(t) == b.kind(t) &&
           a.target(t) == b.target(t) && std::ranges::equal(a.args(t), b.args(t)) && std::ranges::equal(a.fields(t), b.fields(t)) && a.sig(t) == b.sig(t);
  };
  bool same = a.size() == b.size() && a.named_count() == b.named_count();
  for (uint32_t i = 0; same && i < a.named_count(); i++)
    same = same_named(NamedId{i});
  for (uint32_t t = 1; same && t < a.size(); t++)
    same = same_type(TypeId{t});
  return same;
}

using Access = ProgramFile::Access;

struct Range {
  uint64_t address = 0, size = 0;
};

class ImageCheck {
public:
  ImageCheck(const ProgramFile& file, std::span<const VerifiedObject* const> modules, const LinkResult& links,
             const ProgramOptions& options, std::string& problem)
      : file_(file), modules_(modules), links_(links), options_(options), problem_(problem) {}

  bool run() {
    if (!read_program() || !read_natives())
      return false;
    for (uint32_t i = 0; i < modules_.size(); i++)
      if (!read_module(i))
        return false;
    if (!ranges_are_disjoint() || !check_entry() || !check_traps())
      return false;
    for (uint32_t i = 0; i < modules_.size(); i++)
      if (!check_sections(i) || !check_tables(i))
        return false;
    return true;
  }

private:
  bool fail(std::string message) {
    problem_ = std::move(message);
    return false;
  }
  bool fail_in(uint32_t module, const std::string& message) {
    return fail("module " + modules_[module]->interface().module + ": " + message);
  }

  // A structure of tal/link/image.h, with its pointers relocated to addresses at base 0.
  template <typename T> bool read_struct(uint64_t address, T& out) const {
    static_assert(sizeof(T) % 8 == 0);
    uint64_t words[sizeof(T) / 8];
    for (size_t i = 0; i < std::size(words); i++)
      if (!file_.word(address + 8 * i, words[i]))
        return false;
    std::memcpy(static_cast<void*>(&out), words, sizeof out);
    return true;
  }
  static uint64_t address_of(const void* pointer) { return reinterpret_cast<uint64_t>(pointer); }

  bool read_string(uint64_t address, std::string& out) const {
    out.clear();
    for (;; address++) {
      const std::span<const uint8_t> byte = file_.bytes(address, 1);
      if (byte.empty() || out.size() > 4096)
        return false;
      if (byte[0] == 0)
        return true;
      out += static_cast<char>(byte[0]);
    }
  }

  bool read_program() {
    const std::span<const uint8_t> section = file_.section("tal_anchor");
    tal_anchor anchor;
    if (section.size() != sizeof anchor)
      return fail("no module table: not a Popcorn program");
    std::memcpy(&anchor, section.data(), sizeof anchor);
    if (std::memcmp(anchor.magic, TAL_ANCHOR_MAGIC, sizeof anchor.magic) != 0)
      return fail("no module table: not a Popcorn program");
    const uint64_t at = file_.section_address("tal_anchor") + offsetof(tal_anchor, program) + static_cast<uint64_t>(anchor.program);
    if (!read_struct(at, program_))
      return fail("the module table cannot be read");
    if (program_.module_count != modules_.size())
      return fail("the program has another number of modules");
    if ((program_.updateable != 0) != options_.updateable)
      return fail("the program is linked in another mode");
    if (!is_at("__tal_program", at))
      return fail("the module table is not the one that the runtime reads");
    const bool has_key = program_.update_key != nullptr;
    if (has_key == options_.update_key.empty() || (has_key && !same(program_.update_key, options_.update_key.data(), options_.update_key.size())))
      return fail("the program takes patches with another key");
    if (std::string version; program_.version != nullptr && !read_string(address_of(program_.version), version))
      return fail("the program's version is not a text");
    return true;
  }

  // The linker has bound the runtime's own references, and says under the names what it has bound them to.
  bool is_at(const std::string& symbol, uint64_t address) const {
    uint64_t value;
    return !options_.has_symbols || (file_.symbol(symbol, value) && value == address);
  }

  bool read_natives() {
    for (uint64_t i = 0; i < program_.native_count; i++) {
      tal_native row;
      std::string name;
      if (!read_struct(address_of(program_.natives) + i * sizeof row, row) || !read_string(address_of(row.name), name))
        return fail("the table of natives cannot be read");
      if (!is_at(native_symbol(name, options_.natives), address_of(row.address)))
        return fail("the native " + name + " is another function or variable of the program");
      natives_[name] = address_of(row.address);
    }
    // Patches will be checked against these declarations.
    const std::string_view expected =
        options_.updateable && options_.natives != nullptr ? std::string_view(options_.natives->user_text) : std::string_view{};
    const std::span<const uint8_t> carried = file_.bytes(address_of(program_.user_natives), program_.user_natives_size);
    if (program_.user_natives_size != expected.size() || (!expected.empty() && (carried.size() != expected.size() ||
        std::memcmp(carried.data(), expected.data(), expected.size()) != 0)))
      return fail("the program carries other declarations of natives than those given");
    return true;
  }

  bool read_module(uint32_t index) {
    tal_module row;
    std::string name;
    if (!read_struct(address_of(program_.modules) + index * sizeof row, row) || !read_string(address_of(row.name), name))
      return fail("the module table cannot be read");
    const VerifiedObject& module = *modules_[index];
    if (name != module.interface().module)
      return fail_in(index, "the program has " + name + " in its place");
    rows_.push_back(row);
    if (!make_descriptors(module.interface(), descriptors_.emplace_back(), name))
      return fail_in(index, name);
    Range* ranges = ranges_.emplace_back().sections;
    ranges[static_cast<size_t>(Section::Text)] = {address_of(row.text), row.text_size};
    ranges[static_cast<size_t>(Section::RoData)] = {address_of(row.rodata), row.rodata_size};
    ranges[static_cast<size_t>(Section::Data)] = {address_of(row.data), row.data_size};
    ranges[static_cast<size_t>(Section::RelRo)] = {address_of(row.relro), row.relro_size};
    ranges[static_cast<size_t>(Section::Bss)] = {address_of(row.bss), row.bss_size};
    const uint64_t sizes[] = {0, module.text().size(), module.rodata().size(), module.data().size(), module.relro().size(), module.bss_size()};
    for (size_t s = 1; s < std::size(sizes); s++)
      if (ranges[s].size != sizes[s])
        return fail_in(index, "a section has another size");
    if (row.text == nullptr || ranges[static_cast<size_t>(Section::Text)].address % 16 != 0)
      return fail_in(index, "text is not aligned");
    return true;
  }

  // No section of a module overlaps another one, or a native; each native that a module names is in the table.
  bool ranges_are_disjoint() {
    std::vector<Range> all;
    for (const ModuleRanges& module : ranges_)
      for (const Range& r : module.sections)
        if (r.size != 0)
          all.push_back(r);
    std::sort(all.begin(), all.end(), [](const Range& a, const Range& b) { return a.address < b.address; });
    for (size_t i = 1; i < all.size(); i++)
      if (all[i - 1].address + all[i - 1].size > all[i].address)
        return fail("sections of modules overlap");
    for (const auto& [name, address] : natives_) {
      auto next = std::upper_bound(all.begin(), all.end(), address, [](uint64_t a, const Range& r) { return a < r.address; });
      if (next != all.begin() && address < (next - 1)->address + (next - 1)->size)
        return fail("the native " + name + " lies inside a module");
      if (file_.access(address, 1) == Access::None)
        return fail("the native " + name + " is not in the program");
    }
    for (uint32_t m = 0; m < modules_.size(); m++)
      for (uint32_t s = 0; s < links_.bindings[m].size(); s++)
        if (links_.bindings[m][s].module == Binding::native && !natives_.contains(modules_[m]->interface().symbols[s].name))
          return fail_in(m, "the native " + modules_[m]->interface().symbols[s].name + " is not in the table of natives");
    return true;
  }

  bool check_entry() {
    const InterfaceSymbol& entry = modules_[options_.entry.module]->interface().symbols[options_.entry.symbol];
    const uint64_t expected = ranges_[options_.entry.module].sections[static_cast<size_t>(Section::Text)].address + entry.offset;
    if (address_of(program_.entry) != expected || program_.entry_kind != static_cast<uint64_t>(options_.entry_kind))
      return fail("the program does not start at " + entry.name);
    return true;
  }

  // Behind each module: traps, up to the next one; behind the last one to the end of its page, and one page more.
  bool check_traps() {
    uint64_t first = UINT64_MAX, end = 0, total = 0;
    for (const ModuleRanges& module : ranges_) {
      const Range& text = module.sections[static_cast<size_t>(Section::Text)];
      const uint64_t padded = padded_text_size(text.size);
      if (!is_filled(text.address + text.size, padded - text.size))
        return fail("verified text is not followed by traps");
      first = std::min(first, text.address);
      end = std::max(end, text.address + padded);
      total += padded;
    }
    if (first % 4096 != 0 || end - first != total)
      return fail("verified text is not alone in its pages");
    constexpr uint64_t page = 4096;
    if (!is_filled(end, page + (page - total % page) % page))
      return fail("verified text is not closed by a page of traps");
    return true;
  }
  bool is_filled(uint64_t address, uint64_t size) const {
    const std::span<const uint8_t> bytes = file_.bytes(address, size);
    return bytes.size() == size && std::all_of(bytes.begin(), bytes.end(), [](uint8_t b) { return b == 0xCC; });
  }

  uint64_t symbol_address(uint32_t module, uint32_t symbol) const {
    const Binding binding = links_.bindings[module][symbol];
    const Interface& interface = modules_[module]->interface();
    if (binding.module == Binding::native) {
      const auto found = natives_.find(interface.symbols[symbol].name);
      return found == natives_.end() ? 0 : found->second;
    }
    if (binding.module == Binding::desc)
      return address_of(rows_[module].descriptors) + descriptors_[module].offset[symbol];
    const InterfaceSymbol& definition = modules_[binding.module]->interface().symbols[binding.symbol];
    return ranges_[binding.module].sections[static_cast<size_t>(definition.section)].address + definition.offset;
  }

  bool check_section(uint32_t module, Section section, std::span<const uint8_t> verified, std::span<const Reloc> relocs, Access access) {
    const Range& range = ranges_[module].sections[static_cast<size_t>(section)];
    if (range.size == 0)
      return true;
    const std::string name(section_name(section));
    if (file_.access(range.address, range.size) != access)
      return fail_in(module, name + " is in a segment with other permissions");
    Bytes expected(verified.begin(), verified.end());
    if (!apply_relocations(expected, range.address, relocs, [&](uint32_t s) { return symbol_address(module, s); }, problem_))
      return fail_in(module, problem_);
    const bool words = access == Access::ReadWrite;   // holds pointers that the loader relocates
    if (!words && !file_.relocations(range.address, range.size).empty())
      return fail_in(module, name + " would be changed at start-up");
    std::span<const uint8_t> found = file_.bytes(range.address, range.size);
    if (found.size() != range.size)
      return fail_in(module, name + " is not in the file");
    Bytes patched;
    if (words) {
      patched.assign(found.begin(), found.end());
      if (!apply_dynamic(range, patched))
        return fail_in(module, name + " has a dynamic relocation of another kind");
      found = patched;
    }
    const auto difference = std::mismatch(expected.begin(), expected.end(), found.begin());
    if (difference.first != expected.end())
      return fail_in(module, name + " differs from what was verified at offset " + std::to_string(difference.first - expected.begin()));
    return true;
  }

  bool apply_dynamic(const Range& range, Bytes& bytes) const {
    for (const ProgramFile::DynamicRelocation& r : file_.relocations(range.address, range.size)) {
      uint64_t value;
      if (range.size < 8 || r.address < range.address || r.address - range.address > range.size - 8 || !file_.word(r.address, value))
        return false;
      std::memcpy(&bytes[r.address - range.address], &value, 8);
    }
    return true;
  }

  bool check_sections(uint32_t index) {
    const ObjectImage& image = modules_[index]->image();
    const Range& bss = ranges_[index].sections[static_cast<size_t>(Section::Bss)];
    if (bss.size != 0 && (file_.access(bss.address, bss.size) != Access::ReadWrite || !file_.relocations(bss.address, bss.size).empty() ||
                          !is_zero(bss)))
      return fail_in(index, ".bss is not zero");
    return check_section(index, Section::Text, image.text, image.text_relocs, Access::ReadExecute) &&
           check_section(index, Section::RoData, image.rodata, {}, Access::Read) &&
           check_section(index, Section::Data, image.data, image.data_relocs, Access::ReadWrite) &&
           check_section(index, Section::RelRo, image.relro, image.relro_relocs, Access::ReadWrite);
  }
  bool is_zero(const Range& range) const {
    for (uint64_t i = 0; i < range.size; i++)
      for (uint8_t byte : file_.bytes(range.address + i, 1))
        if (byte != 0)
          return false;
    return true;
  }

  bool same(const void* pointer, const void* expected, uint64_t size) const {
    if (size == 0)
      return true;
    const std::span<const uint8_t> found = file_.bytes(address_of(pointer), size);
    return found.size() == size && file_.relocations(address_of(pointer), size).empty() &&
           file_.access(address_of(pointer), size) == Access::Read && std::memcmp(found.data(), expected, size) == 0;
  }

  bool check_tables(uint32_t index) {
    const Interface& interface = modules_[index]->interface();
    const tal_module& row = rows_[index];
    const tal_unwind_table expected = interface.unwind_table();
    if (row.unwind.record_count != expected.record_count || row.unwind.function_count != expected.function_count ||
        row.unwind.line_count != expected.line_count || row.unwind.string_size != expected.string_size ||
        !same(row.unwind.lines, expected.lines, expected.line_count * sizeof(tal_line)) ||
        !same(row.unwind.strings, interface.strings.c_str(), interface.strings.size() + 1) ||
        !same(row.unwind.records, expected.records, expected.record_count * sizeof(tal_record)) ||
        !same(row.unwind.functions, expected.functions, expected.function_count * sizeof(tal_function)))
      return fail_in(index, "unwind records differ from those of the checker");
    const Bytes& descriptors = descriptors_[index].bytes;
    if (row.descriptors_size != descriptors.size() || !same(row.descriptors, descriptors.data(), descriptors.size()))
      return fail_in(index, "allocation descriptors differ");
    if (!check_exceptions(index))
      return fail_in(index, "exception names differ");
    if (!options_.updateable)
      return true;
    const Bytes& dsu = modules_[index]->dsu();
    if (row.dsu_size != dsu.size() || !same(row.dsu, dsu.data(), dsu.size()))
      return fail_in(index, "the update manifest differs");
    return carries(row, interface) || fail_in(index, "the interface differs from that of the checker");
  }

  // Read as the loader of patches will read it, so that whoever wrote it need not be believed.
  bool carries(const tal_module& row, const Interface& expected) const {
    const std::span<const uint8_t> bytes = file_.bytes(address_of(row.interface), row.interface_size);
    Interface found;
    std::string why;
    return same(row.interface, bytes.data(), bytes.size()) && parse_interface(bytes, found, why) && found.module == expected.module &&
           found.version == expected.version && same_types(found.types, expected.types) && found.symbols == expected.symbols &&
           found.sites == expected.sites && std::ranges::equal(found.section_size, expected.section_size);
  }

  // The message of an uncaught exception follows the payload as the table says.
  bool check_exceptions(uint32_t index) const {
    const Interface& interface = modules_[index]->interface();
    uint64_t at = address_of(rows_[index].exceptions), count = 0;
    for (const InterfaceSymbol& symbol : interface.symbols) {
      if (symbol.kind != SymbolKind::ExnName || symbol.section == Section::None)
        continue;
      tal_exception_name row;
      std::string name;
      if (!read_struct(at, row) || !read_string(address_of(row.name), name) || name != symbol.name ||
          row.payload != static_cast<uint64_t>(payload_kind(interface.types, symbol.type)) ||
          address_of(row.address) != ranges_[index].sections[static_cast<size_t>(symbol.section)].address + symbol.offset)
        return false;
      at += sizeof row;
      count++;
    }
    return count == rows_[index].exception_count;
  }

  struct ModuleRanges {
    Range sections[6];
  };
  const ProgramFile& file_;
  std::span<const VerifiedObject* const> modules_;
  const LinkResult& links_;
  const ProgramOptions& options_;
  std::string& problem_;
  tal_program program_{};
  std::map<std::string, uint64_t> natives_;
  std::vector<tal_module> rows_;
  std::vector<DescriptorTable> descriptors_;
  std::vector<ModuleRanges> ranges_;
};

} // namespace

bool check_image(std::span<const uint8_t> file, std::span<const VerifiedObject* const> modules, const LinkResult& links,
                 const ProgramOptions& options, std::string& problem) {
  ProgramFile program;
  return program.open(file, problem) && ImageCheck(program, modules, links, options, problem).run();
}

namespace {

// What the module table says of the link: check_image compares the rest with it.
void read_options(const ProgramFile& program, ProgramOptions& options) {
  tal_anchor anchor{};
  const std::span<const uint8_t> section = program.section("tal_anchor");
  options.has_symbols = !program.section(".symtab").empty();
  if (section.size() != sizeof anchor)
    return;
  std::memcpy(&anchor, section.data(), sizeof anchor);
  const uint64_t at = program.section_address("tal_anchor") + offsetof(tal_anchor, program) + static_cast<uint64_t>(anchor.program);
  uint64_t value = 0;
  options.updateable = program.word(at + offsetof(tal_program, updateable), value) && value != 0;
  if (program.word(at + offsetof(tal_program, update_key), value) && value != 0) {
    const std::span<const uint8_t> key = program.bytes(value, 32);
    options.update_key.assign(key.begin(), key.end());
  }
}

// The objects that a program carries (link_object.cpp, keep_originals).
bool read_originals(const ProgramFile& program, std::vector<std::span<const uint8_t>>& objects) {
  ByteReader in(program.section(".tal.objects"));
  const uint32_t count = in.u32();
  for (uint32_t i = 0; i < count && !in.bad(); i++) {
    const uint64_t size = in.u64();
    objects.push_back(in.raw(size));
  }
  return !in.bad() && in.at_end() && !objects.empty();
}

} // namespace

bool check_program(std::span<const uint8_t> file, const NativeInterface& natives, ProgramReport& report, std::string& problem) {
  report = {};
  ProgramFile program;
  if (!program.open(file, problem))
    return false;
  if (!read_originals(program, report.files)) {
    problem = "the program does not carry its objects, so it cannot be verified from its file alone";
    return false;
  }
  std::vector<const VerifiedObject*> modules;
  std::vector<const Interface*> interfaces;
  for (std::span<const uint8_t> original : report.files) {
    VerifyResult result = verify(original, natives);
    if (const auto* error = std::get_if<VerifyError>(&result)) {
      problem = to_string(*error, "object " + std::to_string(report.objects.size()));
      return false;
    }
    report.objects.push_back(std::move(std::get<std::unique_ptr<VerifiedObject>>(result)));
    modules.push_back(report.objects.back().get());
    interfaces.push_back(&modules.back()->interface());
  }
  const LinkResult links = link_check(interfaces, natives);
  if (!links.ok()) {
    problem = links.problems.front().message;
    return false;
  }
  ProgramOptions options;
  if (!find_entry(modules, options.entry, options.entry_kind, problem))
    return false;
  options.natives = &natives;
  read_options(program, options);
  report.updateable = options.updateable;
  return check_image(file, modules, links, options, problem);
}

} // namespace tal
