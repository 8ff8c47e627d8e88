// The checker's frame: reads, checks symbols and data, runs the function checker over .text, and makes the Interface.
#include "tal/checker.h"

#include "tal/function_checker.h"
#include "tal/object_reader.h"
#include "tal/static_data.h"

#include <algorithm>
#include <set>

namespace tal {
namespace {

constexpr uint32_t max_function_size = 4u << 20;
constexpr uint32_t entry_padding = 5;   // room for the redirect jump before each entry (C3)
constexpr uint8_t int3 = 0xCC;

} // namespace

class Verifier {
public:
  Verifier(std::span<const uint8_t> bytes, const NativeInterface& natives, Observer* observer)
      : bytes_(bytes), natives_(natives), module_{.types = types(), .annotations = file_.annotations, .image = file_.image, .observer = observer} {}

  VerifyResult run() {
    const bool ok = read_object(bytes_, file_, error_) && check_names() && bind_natives() && check_symbols() &&
                    check_static_data(file_, module_.static_length, error_) && check_code() && make_interface();
    if (!ok)
      return error_;
    return std::move(result_);
  }

private:
  bool fail(CheckRule rule, std::string expected, std::string found, Section section = Section::None, uint32_t offset = 0) {
    return refuse(error_, rule, std::move(expected), std::move(found), section, offset);
  }
  bool bad_symbol(const Symbol& s, std::string expected, std::string found) {
    return fail(CheckRule::O7, std::move(expected) + " for `" + s.name + "`", std::move(found), s.section, s.offset);
  }

  // ---- symbols -------------------------------------------------------------------------------------------------------

  bool bind_natives() {
    TypeImporter importer(natives_.types, types());
    for (Symbol& s : symbols()) {
      module_.specials.push_back(Special::None);
      if (s.scope != Scope::Native)
        continue;
      if (s.type || s.section != Section::None || s.kind == SymbolKind::Desc)
        return bad_symbol(s, "a native function, variable or exception without type or section", "another");
      if (s.kind == SymbolKind::Function && special_entry(s.name) != Special::None) {
        module_.specials.back() = special_entry(s.name);
        continue;
      }
      auto native = natives_.natives.find(s.name);
      bool found = native != natives_.natives.end() && native->second.what == s.kind;
      if (!found)
        return bad_symbol(s, "a name of the native interface", "an unknown one");
      s.type = importer.import(native->second.type);
      if (!s.type)
        return fail(CheckRule::O8, "types within the limits", "no room for the type of " + s.name);
    }
    return true;
  }

  // Names go into messages, tables of C strings and look-ups (R23): no blanks, control characters or NUL.
  static bool is_printable(std::string_view name) {
    return name.size() <= 4096 && std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c != 0x7F; });
  }

  bool check_names() {
    if (!is_printable(file_.annotations.module))
      return fail(CheckRule::O7, "a printable module name of at most 4096 bytes", "another");
    for (uint32_t i = 0; i < types().named_count(); i++)
      if (!is_printable(types().named_type(NamedId{i}).name))
        return fail(CheckRule::O7, "a printable name of at most 4096 bytes for type " + std::to_string(i), "another");
    return true;
  }

  bool check_symbols() {
    std::set<std::pair<std::string, bool>> names;
    for (const Symbol& s : symbols()) {
      if (!check_name(s) || !check_kind(s))
        return false;
      bool literal = s.kind == SymbolKind::Data && s.scope == Scope::Static && s.name.empty();
      if (!literal && s.kind != SymbolKind::Desc && !names.insert({s.name, s.scope == Scope::Native}).second)
        return bad_symbol(s, "each name once", "a second record");
    }
    return true;
  }

  bool check_name(const Symbol& s) {
    bool may_be_empty = s.kind == SymbolKind::Desc || (s.kind == SymbolKind::Data && s.scope == Scope::Static);
    if ((s.name.empty() && !may_be_empty) || !is_printable(s.name))
      return bad_symbol(s, "a printable name of at most 4096 bytes", "another");
    bool defines = s.section != Section::None && !s.name.empty();
    if (defines && (s.name.starts_with("__") || natives_.natives.count(s.name) != 0))
      return bad_symbol(s, "a name that is not reserved for the runtime", "a definition");
    return true;
  }

  bool check_kind(const Symbol& s) {
    bool defined = s.section != Section::None;
    bool may_define = (s.scope == Scope::Static || s.scope == Scope::Public) && s.kind != SymbolKind::Desc;
    if (defined != may_define)
      return bad_symbol(s, may_define ? "a definition" : "no definition", defined ? "a definition" : "none");
    if (s.scope == Scope::Native)
      return true; // bind_natives
    if (!s.type || s.type.value >= types().size())
      return bad_symbol(s, "a type", "none");
    TypeTag tag = types().tag(s.type);
    bool open_allowed = s.kind == SymbolKind::Desc && tag != TypeTag::Rep; // checked against the function that names it
    if (!open_allowed && !types().is_closed(s.type))
      return bad_symbol(s, "a closed type", types().print(s.type));
    bool ok = false;
    switch (s.kind) {
    case SymbolKind::Function: ok = tag == TypeTag::Sig && (!defined || s.section == Section::Text); break;
    case SymbolKind::Data:
      ok = (tag == TypeTag::Ptr || tag == TypeTag::Arr || ((tag == TypeTag::Union || tag == TypeTag::Exn) && s.scope == Scope::Static)) &&
           !types().is_nullable(s.type) && s.section != Section::Text;
      break;
    case SymbolKind::ExnName: ok = tag == TypeTag::ExnName && (!defined || s.section == Section::Data || s.section == Section::Bss); break;
    case SymbolKind::Desc:
      ok = (tag == TypeTag::Ptr || tag == TypeTag::Arr || tag == TypeTag::Union || tag == TypeTag::Rep || s.type == types().exn()) &&
           !types().is_nullable(s.type);
      break;
    }
    if (!ok)
      return bad_symbol(s, "a type and section for its kind", types().print(s.type) + " in " + std::string(section_name(s.section)));
    return true;
  }

  // ---- data and code -------------------------------------------------------------------------------------------------

  bool check_code() {
    std::vector<uint32_t> order;
    for (uint32_t i = 0; i < symbols().size(); i++)
      if (symbols()[i].section == Section::Text)
        order.push_back(i);
    std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return symbols()[a].offset < symbols()[b].offset; });
    module_.entry_budget += file_.image.text.size() * 4;
    module_.pending_budget = std::min(module_.pending_budget + file_.image.text.size() * 32, uint64_t{1} << 22);
    module_.work_budget += file_.image.text.size() * 64;
    FunctionChecker functions(module_);
    uint64_t end = 0;
    for (uint32_t index = 0; index < order.size(); index++) {
      const Symbol& s = symbols()[order[index]];
      if (!check_placement(s, end))
        return false;
      end = uint64_t{s.offset} + s.size;
      if (!functions.check(order[index], index)) {
        error_ = functions.error();
        return false;
      }
    }
    function_order_ = std::move(order);
    return padding(end, file_.image.text.size()) && leftovers();
  }

  bool check_placement(const Symbol& s, uint64_t end) {
    uint64_t stop = uint64_t{s.offset} + s.size;
    if (s.offset % 16 != 0 || s.size == 0 || s.size > max_function_size || s.offset < end || stop > file_.image.text.size())
      return fail(CheckRule::C2, "functions aligned to 16, not empty, disjoint, inside .text, at most 4 MiB",
                  "`" + s.name + "`", Section::Text, s.offset);
    if (s.offset - end < entry_padding)
      return fail(CheckRule::C3, "at least 5 bytes of int3 before an entry", std::to_string(s.offset - end), Section::Text, s.offset);
    return padding(end, s.offset);
  }

  bool padding(uint64_t from, uint64_t to) {
    for (uint64_t i = from; i < to; i++)
      if (file_.image.text[i] != int3)
        return fail(CheckRule::C2, "int3 between functions", "byte " + std::to_string(file_.image.text[i]), Section::Text,
                    static_cast<uint32_t>(i));
    return true;
  }

  // Every record was used: an annotation that means nothing is refused, it may be a mistake about what was checked.
  bool leftovers() {
    const ObjectAnnotations& a = file_.annotations;
    if (module_.next_reloc != file_.image.text_relocs.size())
      return fail(CheckRule::O4, "a relocation only where an operand names a symbol", "one elsewhere", Section::Text,
                  file_.image.text_relocs[module_.next_reloc].offset);
    if (module_.next_inst != a.insts.size())
      return fail(CheckRule::O5, "type arguments inside functions", "some outside", Section::Text, a.insts[module_.next_inst].offset);
    if (module_.statistics.labels != a.labels.size())
      return fail(CheckRule::O5, "label records inside functions", "one outside");
    return true;
  }

  // ---- result --------------------------------------------------------------------------------------------------------

  bool make_interface() {
    result_.reset(new VerifiedObject());
    Interface& interface = result_->interface_;
    const ObjectAnnotations& a = file_.annotations;
    interface.module = a.module;
    interface.version = a.version;
    std::vector<TypeId> used;
    for (const Symbol& s : symbols())
      used.push_back(s.type);
    types().keep_only(used);
    interface.types = std::move(types());
    for (const Symbol& s : symbols())
      interface.symbols.push_back({s.name, s.kind, s.scope, s.section, s.offset, s.size, used[interface.symbols.size()]});
    data_sites();
    std::sort(module_.sites.begin(), module_.sites.end(), [](const Site& x, const Site& y) {
      return std::pair(x.section, x.offset) < std::pair(y.section, y.offset);
    });
    interface.sites = std::move(module_.sites);
    const ObjectImage& image = file_.image;
    uint64_t sizes[] = {0, image.text.size(), image.rodata.size(), image.data.size(), image.relro.size(), image.bss_size};
    for (size_t i = 0; i < 6; i++)
      interface.section_size[i] = static_cast<uint32_t>(sizes[i]);
    unwind_tables(interface);
    result_->statistics_ = module_.statistics;
    result_->statistics_.section_sizes = std::move(file_.section_sizes);
    result_->dsu_ = std::move(file_.annotations.dsu);
    result_->image_ = std::move(file_.image);
    return true;
  }

  void data_sites() {
    for (auto [section, relocs] : {std::pair(Section::Data, &file_.image.data_relocs), std::pair(Section::RelRo, &file_.image.relro_relocs)})
      for (const Reloc& r : *relocs)
        module_.sites.push_back({section, Site::Kind::Pointer, r.offset, r.symbol, 0});
  }

  void unwind_tables(Interface& interface) {
    auto text = [&](const std::string& s) {
      auto at = static_cast<uint32_t>(interface.strings.size());
      interface.strings.append(s.c_str()); // up to a NUL that a file name might contain
      interface.strings.push_back('\0');
      return at;
    };
    for (uint32_t i : function_order_)
      interface.functions.push_back({symbols()[i].offset, symbols()[i].size, text(symbols()[i].name)});
    interface.records = std::move(module_.records);
    std::vector<uint32_t> files;
    for (const std::string& f : file_.annotations.files)
      files.push_back(text(f));
    for (const LineEntry& l : file_.annotations.lines)
      interface.lines.push_back({l.offset, files[l.file], l.line});
  }

  TypeTable& types() { return file_.annotations.types; }
  std::vector<Symbol>& symbols() { return file_.annotations.symbols; }

  std::span<const uint8_t> bytes_;
  const NativeInterface& natives_;
  ObjectFile file_;
  ModuleContext module_;
  std::vector<uint32_t> function_order_;
  VerifyError error_;
  std::unique_ptr<VerifiedObject> result_;
};

bool refuse(VerifyError& error, CheckRule rule, std::string expected, std::string found, Section section, uint32_t offset) {
  error.rule = rule_id(rule);
  error.title = rule_title(rule);
  error.section = section;
  error.offset = offset;
  error.expected = std::move(expected);
  error.found = std::move(found);
  return false;
}

VerifyResult verify(std::span<const uint8_t> object, const NativeInterface& natives, Observer* observer) {
  // A private copy: the caller's bytes may be a file that changes while we look (R22).
  Bytes copy(object.begin(), object.end());
  return Verifier(copy, natives, observer).run();
}

} // namespace tal
