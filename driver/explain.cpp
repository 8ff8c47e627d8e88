#include "driver/explain.h"

#include "tal/decoder.h"
#include "tal/object_reader.h"
#include "tal/state.h"
#include "tal/text/text.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <optional>

namespace driver {
namespace {

using tal::Form;
using tal::Inst;
using tal::Rule;
using tal::State;
using tal::Value;

constexpr uint8_t callee_saved[] = {tal::rbx, tal::rbp, tal::r12, tal::r13, tal::r14, tal::r15};

std::string number(int64_t v) { return v == tal::int64_min ? "min" : v == tal::int64_max ? "max" : std::to_string(v); }

std::string value_text(const State& s, const tal::TypeTable& types, const Value& v) {
  switch (v.tag) {
  case Value::Tag::Junk: return "";
  case Value::Tag::Saved: return "saved " + std::string(tal::register_name(v.aux, 8));
  case Value::Tag::ExnId: return "the name of an exception";
  case Value::Tag::Desc: return "desc " + types.print(v.type);
  case Value::Tag::CodeBase: return "an address of code";
  case Value::Tag::JumpDest: return "an entry of a jump table";
  case Value::Tag::Word: break;
  }
  if (v.is_constant())
    return std::to_string(v.c);
  const tal::NameFacts& facts = s.facts(v.name);
  const tal::Interval i = s.interval(v);
  const std::string range = i.lo == tal::int64_min && i.hi == tal::int64_max ? "" : "[" + number(i.lo) + ", " + number(i.hi) + "]";
  if (v.is_int())
    return (range.empty() ? "int" : range) + (v.aux == 4 ? " in 4 bytes" : "") + (v.c == 0 && facts.nonzero && i.contains(0) ? " not 0" : "") +
           (v.c == 0 && facts.sign_bytes != 0 ? " a sign" : "");
  std::string text = types.print(v.type);
  if (facts.under_construction)
    text += " under construction";
  if (facts.nonnull && types.is_nullable(v.type))
    text += " not null";
  if (facts.exception)
    text += " of " + types.print(facts.exception);
  if (types.tag(v.type) == tal::TypeTag::Union && !range.empty())
    text += " " + range;
  return text;
}

// Locations that hold something, by name, in the order of registers and slots.
std::vector<std::pair<std::string, Value>> locations(const State& s) {
  std::vector<std::pair<std::string, Value>> out;
  for (uint8_t r = 0; r < 16; r++) {
    const bool in_place = std::find(std::begin(callee_saved), std::end(callee_saved), r) != std::end(callee_saved) && s.reg[r].is_saved(r);
    if (s.reg[r].tag != Value::Tag::Junk && !in_place)
      out.emplace_back(tal::register_name(r, 8), s.reg[r]);
  }
  for (size_t i = s.slots.size(); i-- > 0;)
    if (s.slots[i].tag != Value::Tag::Junk)
      out.emplace_back("slot -" + std::to_string(i + 1), s.slots[i]);
  for (size_t i = 0; i < s.incoming.size(); i++)
    if (s.incoming[i].tag != Value::Tag::Junk)
      out.emplace_back("slot " + std::to_string(i + 1), s.incoming[i]);
  return out;
}

// What a state says, as text by key, so that two states can be compared.
std::map<std::string, std::string> describe(const State& s, const tal::TypeTable& types) {
  std::map<std::string, std::string> out;
  std::vector<std::pair<std::string, Value>> numbers; // of which differences are kept
  std::map<std::pair<tal::NameId, int64_t>, std::string> first;
  for (const auto& [where, v] : locations(s)) {
    std::string text = value_text(s, types, v);
    if (v.tag == Value::Tag::Word && v.name != tal::zero_name) {
      const auto [same, fresh] = first.try_emplace({v.name, v.c}, where);
      if (!fresh)
        text += " = " + same->second;
      else if (v.is_int())
        numbers.emplace_back(where, v);
      else if (types.tag(v.type) == tal::TypeTag::Arr && s.facts(v.name).derived != 0)
        numbers.emplace_back("len(" + where + ")", State::named_int(s.facts(v.name).derived, 0));
    }
    out[where] = text;
  }
  for (const auto& [x, a] : numbers)
    for (const auto& [y, b] : numbers) {
      const int64_t c = a.name == b.name ? tal::Constraints::none : s.bound(a, b);
      const tal::Interval i = s.interval(a), j = s.interval(b);
      if (c != tal::Constraints::none && (i.hi == tal::int64_max || j.lo == tal::int64_min || c < tal::saturating_sub(i.hi, j.lo)))
        out[x + " - " + y] = "<= " + std::to_string(c);
    }
  return out;
}

// What an instruction is asked for, with the rule of docs/tal.md.
std::string obligations(const Inst& inst, bool has_symbol, bool has_types) {
  const Rule rule = inst.row().rule;
  const Form form = inst.row().form;
  std::vector<const char*> out;
  const bool accesses = inst.memory && rule != Rule::Lea && rule != Rule::Nop;
  const bool stores = form == Form::MG || form == Form::MI || form == Form::M || form == Form::MX;
  if (accesses && inst.base == tal::rsp)
    out.push_back("one slot of the frame (C11)");
  else if (accesses) {
    out.push_back(inst.base == tal::rip ? "a symbol (C28)" : "a pointer (C12), not null (C13, C37)");
    out.push_back(inst.index != tal::no_reg ? "an element (C14), index inside (C15)" : "a field (C14)");
    if (stores && rule != Rule::Cmp && rule != Rule::Test && rule != Rule::Push)
      out.push_back("writable (C16), of its type (C17)");
  }
  switch (rule) {
  case Rule::Call:
  case Rule::CallInd:
    out.push_back(rule == Rule::Call ? "a function (C19)" : "a function value, not null (C19)");
    out.push_back("arguments (C18, C39), alignment (C20), exceptions (C23, C24), saved registers (C9)");
    if (has_types)
      out.push_back("type arguments (C21)");
    break;
  case Rule::Ret: out.push_back("no frame (C10), saved registers (C9), the result (C22, C39)"); break;
  case Rule::Jmp: out.push_back(has_symbol ? "leaves as a return does (C32)" : "a target (C4), its state (C5..C8)"); break;
  case Rule::Jcc: out.push_back("a target (C4), its state (C5..C8)"); break;
  case Rule::JmpTable: out.push_back("an entry of a table (C36), targets (C4), their states (C5..C8)"); break;
  case Rule::Div: out.push_back("divisor not zero, rdx zero (C26)"); break;
  case Rule::Idiv: out.push_back("divisor not zero, sign in rdx, no overflow (C26)"); break;
  case Rule::Push:
  case Rule::Pop: out.push_back("the frame (C10), a slot of it (C11)"); break;
  case Rule::Lea:
    if (inst.base == tal::rip)
      out.push_back(has_symbol ? "a symbol (C28)" : "a place of this function (C36)");
    else if (inst.base == tal::rsp || inst.reg == tal::rsp)
      out.push_back("the frame (C10)");
    break;
  case Rule::Mov:
    if (has_types)
      out.push_back("a package or a function value and its types (C33, C35)");
    break;
  default: break;
  }
  if ((rule == Rule::Add || rule == Rule::Sub) && inst.rm == tal::rsp)
    out.push_back("the frame (C10)");
  const bool reads = rule != Rule::Mov && rule != Rule::Push && rule != Rule::Pop && rule != Rule::Lea && form != Form::None && form != Form::T &&
                     form != Form::XY && rule != Rule::Nop && rule != Rule::Set && rule != Rule::JmpTable && rule != Rule::CallInd &&
                     !(rule == Rule::Xor && form == Form::RG && inst.reg == inst.rm);
  if (reads)
    out.push_back("values as operands (C27)");
  std::string text;
  for (const char* o : out)
    text += (text.empty() ? "" : ", ") + std::string(o);
  return text;
}

class Listing final : public tal::Observer {
public:
  // `only`: where the state is of interest, if not everywhere.
  explicit Listing(std::span<const uint8_t> object, std::optional<uint32_t> only = {}) : only_(only) {
    tal::VerifyError unread;
    ok_ = read_object(object, file_, unread);
    for (const tal::Reloc& r : file_.image.text_relocs)
      relocs_[r.offset] = &r;
    for (const tal::LabelRecord& l : file_.annotations.labels)
      labels_[l.offset] = &l;
    for (const tal::Instantiation& i : file_.annotations.insts)
      types_[i.offset] = &i;
  }
  void before(uint32_t offset, const State& state, const tal::TypeTable& types) override {
    if (only_ && *only_ != offset)
      return;
    Known& k = known_[offset];
    k.depth = state.depth;
    k.facts = describe(state, types);
  }
  bool ok() const { return ok_; }

  void print_all(std::ostream& out) const {
    const auto& symbols = file_.annotations.symbols;
    std::vector<uint32_t> functions;
    for (uint32_t i = 0; i < symbols.size(); i++)
      if (symbols[i].section == tal::Section::Text && symbols[i].size != 0)
        functions.push_back(i);
    std::sort(functions.begin(), functions.end(), [&](uint32_t a, uint32_t b) { return symbols[a].offset < symbols[b].offset; });
    for (uint32_t f : functions) {
      const tal::Symbol& s = symbols[f];
      out << "\n" << s.name << " : " << file_.annotations.types.print(s.type) << "\n";
      const Known* last = nullptr;
      for (uint32_t at = s.offset; at < s.offset + s.size;) {
        if (last == nullptr || labels_.count(at) != 0)
          last = nullptr; // all of the state
        out << line(at, s.offset + s.size, last, "  ");
        last = known_.count(at) != 0 ? &known_.at(at) : last;
        const uint32_t length = length_at(at, s.offset + s.size);
        if (length == 0)
          break;
        at += length;
      }
    }
  }

  // Up to `context` instructions before and behind `offset`.
  std::string around(uint32_t offset, unsigned context, std::string_view mark, std::string_view plain) const {
    const tal::Symbol* function = nullptr;
    for (const tal::Symbol& s : file_.annotations.symbols)
      if (s.section == tal::Section::Text && offset >= s.offset && offset < s.offset + s.size)
        function = &s;
    if (function == nullptr)
      return "";
    const uint32_t end = function->offset + function->size;
    std::vector<uint32_t> places;
    for (uint32_t at = function->offset; at < end;) {
      places.push_back(at);
      const uint32_t length = length_at(at, end);
      if (length == 0)
        break;
      at += length;
    }
    const auto found = std::find(places.begin(), places.end(), offset);
    if (found == places.end())
      return "";
    const size_t here = static_cast<size_t>(found - places.begin());
    std::string out = "\n";
    for (size_t i = here < context ? 0 : here - context; i < std::min(places.size(), here + context + 1); i++) {
      if (i != here) {
        out += instruction(places[i], end, "    ");
        continue;
      }
      if (known_.count(offset) != 0)
        out += state(known_.at(offset), nullptr, "    ");
      out += std::string(mark) + instruction(places[i], end, "  > ");
      out.insert(out.size() - 1, plain);
    }
    return out;
  }

private:
  struct Known {
    uint32_t depth = 0;
    std::map<std::string, std::string> facts;
  };

  uint32_t length_at(uint32_t at, uint32_t end) const {
    Inst inst;
    end = std::min<uint32_t>(end, static_cast<uint32_t>(file_.image.text.size()));
    return at < end && decode({file_.image.text.data() + at, end - at}, inst) ? inst.length : 0;
  }

  std::string instruction(uint32_t at, uint32_t end, std::string_view indent) const {
    Inst inst;
    char place[32];
    std::snprintf(place, sizeof place, "%5x  ", at);
    std::string out = std::string(indent) + place;
    if (length_at(at, end) == 0)
      return out + "(no instruction of the table)\n";
    (void)decode({file_.image.text.data() + at, end - at}, inst);
    const auto reloc = inst.field == 0 ? relocs_.end() : relocs_.find(at + inst.field);
    const bool has_symbol = reloc != relocs_.end();
    char target[24] = "";
    if (inst.row().form == Form::T)
      std::snprintf(target, sizeof target, "0x%llx", static_cast<unsigned long long>(at + inst.length + inst.imm));
    std::string text = print(inst, at, has_symbol ? std::string_view(file_.annotations.symbols[reloc->second->symbol].name) : target);
    const auto record = types_.find(at);
    if (record != types_.end())
      for (size_t i = 0; i < record->second->args.size(); i++)
        text += (i == 0 ? " <" : ", ") + file_.annotations.types.print(record->second->args[i]) + (i + 1 == record->second->args.size() ? ">" : "");
    const std::string asked = obligations(inst, has_symbol, record != types_.end());
    if (asked.empty())
      return out + text + "\n";
    text.resize(std::max<size_t>(text.size(), 40), ' ');
    return out + text + "  ; " + asked + "\n";
  }

  // All of a state, or what differs from the one before.
  static std::string state(const Known& k, const Known* before, std::string_view indent) {
    std::string out;
    const auto add = [&](const std::string& text) { out += (out.empty() ? "" : "; ") + text; };
    if (before == nullptr || before->depth != k.depth)
      add("depth " + std::to_string(k.depth));
    for (const auto& [where, text] : k.facts)
      if (before == nullptr || before->facts.count(where) == 0 || before->facts.at(where) != text)
        add(where + (text.starts_with("<=") ? " " : ": ") + text);
    if (before != nullptr)
      for (const auto& [where, text] : before->facts)
        if (k.facts.count(where) == 0 && !text.starts_with("<="))
          add(where + ": junk");
    return out.empty() ? "" : std::string(indent) + "       { " + out + " }\n";
  }

  std::string line(uint32_t at, uint32_t end, const Known* before, std::string_view indent) const {
    std::string out;
    if (labels_.count(at) != 0)
      out += std::string(indent) + "label\n";
    if (known_.count(at) != 0)
      out += state(known_.at(at), before, indent);
    return out + instruction(at, end, indent);
  }

  std::optional<uint32_t> only_;
  tal::ObjectFile file_;
  bool ok_ = false;
  std::map<uint32_t, const tal::Reloc*> relocs_;
  std::map<uint32_t, const tal::LabelRecord*> labels_;
  std::map<uint32_t, const tal::Instantiation*> types_;
  std::map<uint32_t, Known> known_;
};

} // namespace

void explain(std::span<const uint8_t> object, const tal::NativeInterface& natives, std::ostream& out) {
  Listing listing(object);
  if (!listing.ok())
    return;
  (void)verify(object, natives, &listing);
  listing.print_all(out);
}

std::string listing_around(std::span<const uint8_t> object, const tal::NativeInterface& natives, const tal::VerifyError& error,
                           std::string_view mark, std::string_view plain) {
  if (error.function.empty() || error.section != tal::Section::Text)
    return "";
  Listing listing(object, error.offset);
  if (!listing.ok())
    return "";
  (void)verify(object, natives, &listing);
  return listing.around(error.offset, 4, mark, plain);
}

} // namespace driver
