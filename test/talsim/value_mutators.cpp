// Mutators of jump tables (C36), trap sites (C37), type arguments of values (C33, C35) and addresses inside objects (C34): shapes that
// changes of single bytes and instructions hardly ever make.
#include "mutators.h"

#include <algorithm>
#include <cstring>

namespace talsim {
namespace {

using namespace tal;

class ValueAttacker {
public:
  ValueAttacker(const Seed& seed, Random& random, ObjectFile& o, Mutant& mutant)
      : seed_(seed), random_(random), o_(o), a_(o.annotations), mutant_(mutant) {}

  bool run(Mutator how) {
    switch (how) {
    case Mutator::TableEntry: return change_entry();
    case Mutator::TableShape: return change_table();
    case Mutator::RangeGrow: return a_.eh.empty() || coin() ? add_range() : grow_range();
    case Mutator::ArgumentsAdd: return add_arguments();
    case Mutator::LoadOrAddress: return load_or_address();
    case Mutator::NullTest: return remove_null_test();
    default: return false;
    }
  }

private:
  size_t below(size_t n) { return static_cast<size_t>(random_.below(n)); }
  bool coin(unsigned n = 2) { return random_.one_in(n); }

  template <typename F> const CodePlace* pick(F test) {
    std::vector<const CodePlace*> found;
    for (const CodePlace& c : seed_.code)
      if (test(c))
        found.push_back(&c);
    const CodePlace* chosen = found.empty() ? nullptr : found[below(found.size())];
    if (chosen != nullptr)
      mutant_.touched = chosen->at;
    return chosen;
  }
  const Reloc* reloc_of(const CodePlace& c) const {
    for (const Reloc& r : o_.image.text_relocs)
      if (r.offset >= c.at && r.offset < c.at + c.inst.length)
        return &r;
    return nullptr;
  }
  uint8_t& opcode(const CodePlace& c) { return o_.image.text[c.at + c.prefix_bytes + (c.inst.row().map == 1 ? 0 : 1)]; }

  // ---- jump tables

  Symbol* some_table() {
    std::vector<Symbol*> tables;
    for (Symbol& s : a_.symbols)
      if (s.section == Section::RoData && s.type && a_.types.tag(s.type) == TypeTag::Arr && a_.types.target(s.type) == a_.types.i32() && s.size > 8)
        tables.push_back(&s);
    return tables.empty() ? nullptr : tables[below(tables.size())];
  }

  // An entry leads to another instruction of the function, or to its inside.
  bool change_entry() {
    const Symbol* table = some_table();
    const CodePlace* user = table == nullptr ? nullptr : pick([&](const CodePlace& c) {
      const Reloc* r = reloc_of(c);
      return r != nullptr && &a_.symbols[r->symbol] == table;
    });
    if (user == nullptr)
      return false;
    uint32_t from = a_.symbols[user->symbol].offset;
    if (const CodePlace* base = pick([&](const CodePlace& c) {
          return c.symbol == user->symbol && c.inst.row().rule == Rule::Lea && c.inst.base == rip && reloc_of(c) == nullptr;
        }))
      from = base->at + base->inst.length + static_cast<uint32_t>(base->inst.disp);
    const CodePlace* to = pick([&](const CodePlace& c) { return c.symbol == user->symbol; });
    uint32_t distance = to->at - from + (coin(6) ? 1u : 0u);
    uint8_t* entries = &o_.image.rodata[table->offset + 8];
    const size_t n = (table->size - 8) / 4, i = below(n);
    if (coin(4))
      std::memcpy(&distance, entries + 4 * below(n), 4);
    std::memcpy(entries + 4 * i, &distance, 4);
    return true;
  }

  bool change_table() {
    Symbol* table = some_table();
    if (table == nullptr)
      return false;
    uint8_t* length = &o_.image.rodata[table->offset];
    switch (below(6)) {
    case 0: *length = static_cast<uint8_t>(*length + 1); break;
    case 1: *length = static_cast<uint8_t>(*length - 1); break;
    case 2:
      *length = static_cast<uint8_t>(*length / 2);
      table->size = (8 + *length * 4u + 7) & ~7u;
      std::fill(length + 8 + *length * 4u, &o_.image.rodata[table->offset] + table->size, uint8_t{0});
      break;
    case 3: table->type = a_.types.arr(tal::TypeId{1 + static_cast<uint32_t>(below(4))}, coin() ? Mutability::ReadOnly : Mutability::ReadWrite); break;
    case 4: table->scope = table->scope == Scope::Static ? Scope::Public : Scope::Static; break;
    default: { // two functions with one table
      const Symbol* other = some_table();
      for (Reloc& r : o_.image.text_relocs)
        if (&a_.symbols[r.symbol] == other)
          r.symbol = static_cast<uint32_t>(table - a_.symbols.data());
    }
    }
    return true;
  }

  // ---- exception ranges around trap sites

  const LabelRecord* some_label(uint32_t symbol) {
    const Symbol& s = a_.symbols[symbol];
    std::vector<const LabelRecord*> labels;
    for (const LabelRecord& l : a_.labels)
      if (l.offset >= s.offset && l.offset < s.offset + s.size)
        labels.push_back(&l);
    return labels.empty() ? nullptr : labels[below(labels.size())];
  }

  bool add_range() {
    const CodePlace* c = pick([](const CodePlace& x) { return x.inst.memory && x.inst.base != rsp && x.inst.base != rip; });
    const LabelRecord* pad = c == nullptr ? nullptr : some_label(c->symbol);
    if (pad == nullptr)
      return false;
    const EhRange range{c->at, c->at + c->inst.length, pad->offset};
    auto next = std::lower_bound(a_.eh.begin(), a_.eh.end(), range.start, [](const EhRange& r, uint32_t at) { return r.start < at; });
    if ((next != a_.eh.end() && next->start < range.end) || (next != a_.eh.begin() && (next - 1)->end > range.start))
      return false;
    a_.eh.insert(next, range);
    return true;
  }

  bool grow_range() {
    const size_t i = below(a_.eh.size());
    EhRange& r = a_.eh[i];
    const CodePlace* c = pick([&](const CodePlace& x) { return x.at + 40 > r.start && x.at < r.end + 40; });
    if (c == nullptr)
      return false;
    const uint32_t least = i == 0 ? 0 : a_.eh[i - 1].end, most = i + 1 == a_.eh.size() ? UINT32_MAX : a_.eh[i + 1].start;
    r.start = std::max(least, std::min(r.start, c->at));
    r.end = std::min(most, std::max(r.end, c->at + c->inst.length));
    return true;
  }

  // ---- type arguments where there are none

  bool add_arguments() {
    const CodePlace* c = pick([&](const CodePlace& x) {
      const Row& row = x.inst.row();
      const bool is_move = row.rule == Rule::Mov && row.form == Form::RG && row.size == 8;
      return is_move || row.rule == Rule::Call || row.rule == Rule::CallInd || (row.rule == Rule::Lea && x.inst.base == rip);
    });
    if (c == nullptr || seed_.words.empty())
      return false;
    auto place = std::lower_bound(a_.insts.begin(), a_.insts.end(), c->at, [](const Instantiation& i, uint32_t at) { return i.offset < at; });
    if (place != a_.insts.end() && place->offset == c->at)
      return false;
    Instantiation added{c->at, {}};
    if (c->inst.row().rule == Rule::Mov) { // of a function value or a package
      std::vector<TypeId> first;
      for (TypeId t : seed_.words)
        if (a_.types.tag(t) == TypeTag::Fn || a_.types.is_package(t))
          first.push_back(t);
      if (first.empty())
        return false;
      added.args.push_back(first[below(first.size())]);
    }
    for (size_t n = 1 + below(2); n != 0; n--)
      added.args.push_back(coin(3) ? a_.types.var(static_cast<uint32_t>(below(4)), static_cast<Kind>(1 + below(6))) : seed_.words[below(seed_.words.size())]);
    a_.insts.insert(place, std::move(added));
    return true;
  }

  // ---- addresses inside objects, tests for null

  bool load_or_address() {
    const CodePlace* c = pick([](const CodePlace& x) {
      const Row& row = x.inst.row();
      return x.inst.memory && x.inst.base != rsp && row.size == 8 && row.form == Form::GM && (row.rule == Rule::Mov || row.rule == Rule::Lea);
    });
    if (c == nullptr)
      return false;
    opcode(*c) ^= 0x8B ^ 0x8D;
    return true;
  }

  // What `test r, r; jcc` kept from null is now accessed all the same.
  bool remove_null_test() {
    const CodePlace* c = pick([&](const CodePlace& x) {
      if (&x == seed_.code.data() || x.inst.row().rule != Rule::Jcc)
        return false;
      const CodePlace& before = *(&x - 1);
      const Row& row = before.inst.row();
      return before.symbol == x.symbol && row.rule == Rule::Test && row.form == Form::RG && row.size == 8 && before.inst.rm == before.inst.reg;
    });
    if (c == nullptr)
      return false;
    std::fill_n(o_.image.text.begin() + c->at, c->inst.length, uint8_t{0x90});
    return true;
  }

  const Seed& seed_;
  Random& random_;
  ObjectFile& o_;
  ObjectAnnotations& a_;
  Mutant& mutant_;
};

} // namespace

bool change_values(Mutator how, const Seed& seed, Random& random, tal::ObjectFile& object, Mutant& mutant) {
  return ValueAttacker(seed, random, object, mutant).run(how);
}

} // namespace talsim
