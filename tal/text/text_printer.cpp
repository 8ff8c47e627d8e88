// Prints an object as `.tal` text; the grammar is in text.h. Not part of the trusted base. Symbols are printed in an order that the parser accepts, each
// name once; literals get names of the form data.N, descriptors desc.N.
#include "tal/decoder.h"
#include "tal/text/text.h"

#include <algorithm>
#include <set>

namespace tal {
namespace {

bool plain_name(std::string_view name) {
  auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  if (name.empty() || !letter(name[0]))
    return false;
  for (size_t i = 0; i < name.size(); i++) {
    if (name.substr(i).starts_with("::") && i + 2 < name.size() && letter(name[i + 2]))
      i++;
    else if (!letter(name[i]) && !(name[i] >= '0' && name[i] <= '9') && name[i] != '.' && name[i] != '@')
      return false;
  }
  return true;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      (out += '\\') += c;
    } else if (byte < ' ' || byte >= 0x7F || c == '#') {
      char hex[8];
      snprintf(hex, sizeof hex, "\\x%02x", byte);
      out += hex;
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string shown(std::string_view name) { return plain_name(name) ? std::string(name) : quoted(name); }

std::string location_text(int32_t where) {
  return is_slot(where) ? "slot " + std::to_string(where - slot_base)
                        : std::string(register_name(static_cast<uint8_t>(where), 8));
}

class Printer {
public:
  Printer(const ObjectImage& image, const ObjectAnnotations& a) : image_(image), a_(a), types_(a.types) {}

  std::string run() {
    out_ = "module " + shown(a_.module) + (a_.version.empty() ? "" : " version " + quoted(a_.version)) + "\n";
    name_symbols();
    find_tables();
    types();
    for (size_t i = 0; i < a_.symbols.size(); i++)
      if (a_.symbols[i].section == Section::None)
        declaration(i);
    for (size_t i = 0; i < a_.symbols.size(); i++)
      if (a_.symbols[i].section != Section::None && a_.symbols[i].section != Section::Text)
        data(a_.symbols[i], names_[i]);
    std::vector<size_t> functions;
    for (size_t i = 0; i < a_.symbols.size(); i++)
      if (a_.symbols[i].section == Section::Text)
        functions.push_back(i);
    std::sort(functions.begin(), functions.end(),
              [&](size_t x, size_t y) { return a_.symbols[x].offset < a_.symbols[y].offset; });
    for (size_t i : functions)
      function(a_.symbols[i], names_[i]);
    return std::move(out_);
  }

private:
  void name_symbols() {
    size_t descriptors = 0, literals = 0; // invented names do not depend on what else there is: text is stable
    for (const Symbol& s : a_.symbols) {
      if (s.kind == SymbolKind::Desc)
        names_.push_back("desc." + std::to_string(descriptors++));
      else
        names_.push_back(s.name.empty() ? "data." + std::to_string(literals++) : shown(s.name));
    }
  }

  void types() {
    for (uint32_t i = 0; i < types_.named_count(); i++) {
      const NamedType& t = types_.named_type(NamedId{i});
      out_ += "type " + shown(t.name);
      for (size_t k = 0; k < t.params.size(); k++)
        out_ += (k ? ", $" : "<$") + std::to_string(k) + ":" + std::string(kind_name(t.params[k]));
      out_ += t.params.empty() ? " = " : "> = ";
      if (t.sort == NamedSort::Abstract)
        out_ += "abstract " + std::string(kind_name(t.abstract_kind)) + "\n";
      else if (t.sort == NamedSort::Package)
        out_ += package(t) + types_.print(t.body) + "\n";
      else
        out_ += types_.print(t.body) + "\n";
    }
  }

  static std::string package(const NamedType& t) {
    std::string text = "package " + std::string(kind_name(t.abstract_kind)) + " [";
    for (size_t k = 0; k < t.hidden.size(); k++)
      text += (k ? ", $" : "$") + std::to_string(t.params.size() + k) + ":" + std::string(kind_name(t.hidden[k]));
    return text + "] ";
  }

  std::string payload(TypeId name_type) const {
    TypeId p = name_type ? types_.target(name_type) : no_type;
    return p ? " of " + types_.print(p) : "";
  }

  void declaration(size_t i) {
    const Symbol& s = a_.symbols[i];
    const char* kind = s.kind == SymbolKind::Data ? "data " : s.kind == SymbolKind::ExnName ? "exception " : "";
    if (s.kind == SymbolKind::Desc)
      out_ += "desc " + names_[i] + " : " + types_.print(s.type) + "\n";
    else if (s.scope == Scope::Native)
      out_ += std::string("native ") + kind + names_[i] + "\n";
    else if (s.kind == SymbolKind::ExnName)
      out_ += "import exception " + names_[i] + payload(s.type) + "\n";
    else
      out_ += std::string("import ") + kind + names_[i] + " : " + types_.print(s.type) + "\n";
  }

  uint32_t number_at(uint32_t offset) const {
    uint32_t v = 0;
    std::memcpy(&v, image_.rodata.data() + offset, 4);
    return v;
  }
  // Whether the array `table` can be a jump table of the function, by its entries.
  bool serves(const Symbol& table, const Symbol& function) const {
    if (table.section != Section::RoData || types_.tag(table.type) != TypeTag::Arr || types_.target(table.type) != types_.i32() ||
        uint64_t{table.offset} + table.size > image_.rodata.size() || table.size < 8)
      return false;
    const uint32_t n = number_at(table.offset);
    if (n == 0 || number_at(table.offset + 4) != 0 || 8 + uint64_t{4} * n > table.size)
      return false;
    for (uint32_t i = 0; i < n; i++)
      if (number_at(table.offset + 8 + 4 * i) >= function.size)
        return false;
    return true;
  }
  void find_tables() {
    table_of_.resize(a_.symbols.size());
    for (const Symbol& s : a_.symbols) {
      if (s.section != Section::Text || s.offset + uint64_t{s.size} > image_.text.size())
        continue;
      bool jumps = false;
      for (uint32_t at = s.offset; at < s.offset + s.size && !jumps;) {
        Inst inst;
        bool is_inst = decode({image_.text.data() + at, s.offset + s.size - at}, inst);
        jumps = is_inst && inst.row().rule == Rule::JmpTable;
        at += is_inst ? inst.length : 1;
      }
      for (const Reloc& r : image_.text_relocs)
        if (jumps && r.offset >= s.offset && r.offset < s.offset + s.size && serves(a_.symbols[r.symbol], s))
          table_of_[r.symbol] = &s;
    }
  }

  static const char* scope_text(const Symbol& s) { return s.scope == Scope::Static ? "static " : "public "; }

  void data(const Symbol& s, const std::string& name) {
    if (s.kind == SymbolKind::ExnName) {
      out_ += std::string("exception ") + scope_text(s) + name + payload(s.type) + "\n";
      return;
    }
    static constexpr const char* places[] = {"", "", " in rodata", "", " in relro", " in bss"};
    out_ += std::string("data ") + scope_text(s) + name + " : " + types_.print(s.type) +
            places[static_cast<size_t>(s.section)] + "\n";
    const Bytes* bytes = s.section == Section::RoData ? &image_.rodata : s.section == Section::RelRo ? &image_.relro : &image_.data;
    const auto& relocs = s.section == Section::RelRo ? image_.relro_relocs : image_.data_relocs;
    if (s.section == Section::Bss) {
      out_ += "  zero " + std::to_string(s.size) + "\nend\n";
      return;
    }
    if (const Symbol* f = table_of_[static_cast<size_t>(&s - a_.symbols.data())]) {
      const uint32_t n = number_at(s.offset);
      out_ += "  i64 " + std::to_string(n) + "\n";
      for (uint32_t i = 0; i < n; i++)
        out_ += "  entry " + names_[static_cast<size_t>(f - a_.symbols.data())] + " " + label_name(*f, f->offset + number_at(s.offset + 8 + 4 * i)) + "\n";
      out_ += "end\n";
      return;
    }
    const size_t end = std::min<size_t>(s.offset + s.size, bytes->size());
    size_t at = s.offset;
    for (; at + 8 <= end; at += 8) {
      auto reloc = std::lower_bound(relocs.begin(), relocs.end(), at, [](const Reloc& r, size_t a) { return r.offset < a; });
      bool has = s.section != Section::RoData && reloc != relocs.end() && reloc->offset == at;
      out_ += has ? "  addr " + names_[reloc->symbol] + "\n" : word(*bytes, at);
    }
    if (at < end) // the last elements of an array of narrow ones
      out_ += ascii(*bytes, at, end - at);
    out_ += "end\n";
  }

  static std::string ascii(const Bytes& bytes, size_t at, size_t size) {
    return "  ascii " + quoted({reinterpret_cast<const char*>(bytes.data() + at), size}) + "\n";
  }

  static std::string word(const Bytes& bytes, size_t at) {
    uint64_t v = 0;
    std::memcpy(&v, bytes.data() + at, 8);
    if (v < (1u << 20))
      return "  i64 " + std::to_string(v) + "\n";
    return ascii(bytes, at, 8);
  }

  // ---- code ----------------------------------------------------------------------------------------------------------

  void function(const Symbol& s, const std::string& name) {
    out_ += std::string("func ") + scope_text(s) + name + " : " + types_.print(s.type) + "\n";
    uint32_t end = s.offset + s.size;
    std::set<uint32_t> targets = branch_targets(s.offset, end);
    for (size_t i = 0; i < table_of_.size(); i++)
      for (uint32_t k = 0; table_of_[i] == &s && k < number_at(a_.symbols[i].offset); k++)
        targets.insert(s.offset + number_at(a_.symbols[i].offset + 8 + 4 * k));
    for (uint32_t at = s.offset; at < end && at < image_.text.size();) {
      label(s, at, targets.count(at) != 0);
      at += instruction(s, at, end);
    }
    try_edges(s, end);
    out_ += "end\n";
  }

  std::set<uint32_t> branch_targets(uint32_t start, uint32_t end) const {
    std::set<uint32_t> targets;
    for (uint32_t at = start; at < end;) {
      Inst inst;
      if (!decode({image_.text.data() + at, end - at}, inst)) {
        at++;
        continue;
      }
      at += inst.length;
      if (inst.row().form == Form::T && inst.row().rule != Rule::Call)
        targets.insert(static_cast<uint32_t>(at + inst.imm));
      if (code_place(inst, at))
        targets.insert(static_cast<uint32_t>(at + inst.disp));
    }
    for (const EhRange& r : a_.eh)
      if (r.start >= start && r.start < end)
        targets.insert(r.pad);
    return targets;
  }

  // `lea r, [rip + a place in this function]`, `end` being that of the instruction.
  bool code_place(const Inst& inst, uint32_t end) const {
    return inst.memory && inst.base == rip && inst.row().rule == Rule::Lea && reloc_in(end - inst.length, end) == nullptr;
  }

  static std::string label_name(const Symbol& s, uint32_t at) { return ".L" + std::to_string(at - s.offset); }

  void try_edges(const Symbol& s, uint32_t at) {
    for (const EhRange& r : a_.eh) {
      if (r.end == at && r.start >= s.offset)
        out_ += "  endtry\n";
    }
  }

  void label(const Symbol& s, uint32_t at, bool is_target) {
    try_edges(s, at);
    auto record = std::lower_bound(a_.labels.begin(), a_.labels.end(), at,
                                   [](const LabelRecord& l, uint32_t o) { return l.offset < o; });
    bool has = record != a_.labels.end() && record->offset == at;
    if (has || is_target)
      out_ += label_name(s, at) + ":" + (has ? " " + print_label(types_, *record) : "") + "\n";
    for (const EhRange& r : a_.eh)
      if (r.start == at)
        out_ += "  try " + label_name(s, r.pad) + "\n";
  }

  const Reloc* reloc_in(uint32_t from, uint32_t to) const {
    auto r = std::lower_bound(image_.text_relocs.begin(), image_.text_relocs.end(), from,
                              [](const Reloc& x, uint32_t o) { return x.offset < o; });
    return r != image_.text_relocs.end() && r->offset < to ? &*r : nullptr;
  }

  uint32_t instruction(const Symbol& s, uint32_t at, uint32_t end) {
    Inst inst;
    if (!decode({image_.text.data() + at, std::min<size_t>(end, image_.text.size()) - at}, inst)) {
      out_ += "  .byte " + std::to_string(image_.text[at]) + "\n";
      return 1;
    }
    if (inst.row().rule == Rule::Nop && inst.length > 1) { // of the forms of one length an assembler takes its own
      out_ += "  .byte";
      for (uint32_t i = 0; i < inst.length; i++)
        out_ += " " + std::to_string(image_.text[at + i]);
      out_ += "\n";
      return inst.length;
    }
    std::string target;
    if (const Reloc* r = reloc_in(at, at + inst.length)) {
      target = names_[r->symbol];
      if (int64_t extra = r->addend + (inst.length - inst.field); extra != 0)
        target += " + " + std::to_string(extra);
    } else if (code_place(inst, at + inst.length)) {
      target = label_name(s, static_cast<uint32_t>(at + inst.length + inst.disp));
      inst.disp = 0; // the label says it
    } else if (inst.row().form == Form::T) {
      target = label_name(s, static_cast<uint32_t>(at + inst.length + inst.imm));
      if (inst.row().imm == 'a')
        target = "short " + target;
    }
    out_ += "  " + print(inst, at, target);
    for (const Instantiation& i : a_.insts)
      if (i.offset == at)
        for (size_t k = 0; k < i.args.size(); k++)
          out_ += (k ? ", " : " <") + types_.print(i.args[k]) + (k + 1 == i.args.size() ? ">" : "");
    out_ += "\n";
    return inst.length;
  }

  const ObjectImage& image_;
  const ObjectAnnotations& a_;
  const TypeTable& types_;
  std::vector<std::string> names_;
  std::vector<const Symbol*> table_of_;   // by symbol: of a jump table, its function
  std::string out_;
};

std::string operand_text(const LabelRecord& label, const FactOperand& o) {
  if (o.what == FactOperand::What::Zero || o.at >= label.live.size())
    return "0";
  std::string where = location_text(label.live[o.at].location);
  return o.what == FactOperand::What::Length ? "len(" + where + ")" : where;
}

} // namespace

std::string print_label(const TypeTable& types, const LabelRecord& label) {
  std::string out = "{ depth " + std::to_string(label.depth);
  if (!label.saved_in_place)
    out += "; lost";
  for (const LiveLocation& live : label.live) {
    out += "; " + location_text(live.location) + ": ";
    if (live.type.what == LocationType::What::Saved)
      out += "saved " + std::string(register_name(live.type.saved, 8));
    else
      out += types.print(live.type.type);
  }
  for (auto [a, b] : label.same)
    out += "; same " + location_text(label.live[a].location) + " " + location_text(label.live[b].location);
  for (const Fact& f : label.facts)
    out += "; fact " + operand_text(label, f.x) + " - " + operand_text(label, f.y) + " <= " + std::to_string(f.c);
  return out + " }";
}

std::string print_object(const ObjectImage& image, const ObjectAnnotations& annotations) {
  return Printer(image, annotations).run();
}

} // namespace tal
