#include "mutators.h"

#include "tal/elf.h"
#include "tal/write/write.h"

#include <algorithm>
#include <cstring>

namespace talsim {
namespace {

using namespace tal;

struct Info {
  const char* name;
  unsigned weight;
};
constexpr Info infos[] = {
#define MUTATOR(id, name, weight) {name, weight},
#include "mutators.def"
};

class Attacker {
public:
  Attacker(const Seed& seed, const std::vector<Seed>& others, Random& random, Mutant& mutant)
      : seed_(seed), others_(others), random_(random), mutant_(mutant) {}

  bool run(Mutator how) {
    switch (how) {
    case Mutator::ByteText: return bytes_of({".text"});
    case Mutator::ByteTypes: return bytes_of({".tal.types"});
    case Mutator::ByteSigs: return bytes_of({".tal.sigs"});
    case Mutator::ByteBlocks: return bytes_of({".tal.blocks"});
    case Mutator::ByteData: return bytes_of({".data", ".rodata", ".data.rel.ro"});
    case Mutator::ByteRela: return bytes_of({".rela.text", ".rela.data", ".rela.data.rel.ro"});
    case Mutator::ByteSymbols: return bytes_of({".symtab", ".strtab"});
    case Mutator::ByteHeaders: return bytes_of({"header"});
    case Mutator::ByteOther: return bytes_of({".tal.eh", ".tal.inst", ".tal.note", ".shstrtab"});
    case Mutator::InstCondition:
    case Mutator::InstRegister:
    case Mutator::InstDisplacement:
    case Mutator::InstImmediate:
    case Mutator::InstWidth:
    case Mutator::InstOpcode:
    case Mutator::BranchTarget: return instruction(how);
    case Mutator::InstDelete: return delete_instruction();
    case Mutator::InstCopy: return copy_instruction();
    case Mutator::InstSwap: return swap_instructions();
    default: return annotations(how);
    }
  }

private:
  size_t below(size_t n) { return static_cast<size_t>(random_.below(n)); }
  bool coin(unsigned n = 2) { return random_.one_in(n); }

  // ---- bytes of the file

  bool bytes_of(std::initializer_list<std::string_view> names) {
    std::vector<const Seed::Region*> regions;
    for (const Seed::Region& r : seed_.regions)
      if (std::find(names.begin(), names.end(), r.name) != names.end() && r.size != 0)
        regions.push_back(&r);
    if (regions.empty())
      return false;
    mutant_.bytes = seed_.bytes;
    const Seed::Region& r = *regions[below(regions.size())];
    for (size_t n = coin(4) ? 1 + below(4) : 1; n != 0; n--)
      change_byte(r);
    if (r.name == ".text")
      mutant_.touched = touched_;
    return true;
  }
  void change_byte(const Seed::Region& r) {
    Bytes& b = mutant_.bytes;
    size_t at = r.start + below(r.size);
    touched_ = static_cast<uint32_t>(at - r.start);
    switch (below(7)) {
    case 0: b[at] = static_cast<uint8_t>(random_.next()); break;
    case 1: b[at]++; break;
    case 2: b[at]--; break;
    case 3: b[at] = b[r.start + below(r.size)]; break;
    case 4: {
      static constexpr uint8_t interesting[] = {0x00, 0x01, 0x7F, 0x80, 0xFF, 0x90, 0xC3, 0x48, 0xEB, 0x66};
      b[at] = interesting[below(std::size(interesting))];
      break;
    }
    case 5: {
      size_t from = r.start + below(r.size), n = 1 + below(8), end = r.start + r.size;
      for (size_t i = 0; i < n && at + i < end && from + i < end; i++)
        b[at + i] = seed_.bytes[from + i];
      break;
    }
    default: b[at] ^= static_cast<uint8_t>(1u << below(8));
    }
  }

  // ---- instructions

  uint8_t* text() { return mutant_.bytes.data() + seed_.text; }

  // A random instruction for which the test holds.
  template <typename F> const CodePlace* pick(F test) {
    for (int i = 0; i < 50 && !seed_.code.empty(); i++) {
      const CodePlace& candidate = seed_.code[below(seed_.code.size())];
      if (test(candidate))
        return &candidate;
    }
    return nullptr;
  }
  static bool conditional(const Inst& i) {
    return i.row().rule == Rule::Jcc || i.row().rule == Rule::Set || i.row().rule == Rule::Cmov;
  }
  static unsigned immediate_bytes(const Inst& i) {
    switch (i.row().imm) {
    case 'b': return 1;
    case 'w': return 2;
    case 'd': return 4;
    case 'q': return 8;
    default: return 0;
    }
  }

  bool instruction(Mutator how) {
    mutant_.bytes = seed_.bytes;
    const CodePlace* i = pick([&](const CodePlace& c) {
      const Row& row = c.inst.row();
      switch (how) {
      case Mutator::InstCondition: return conditional(c.inst);
      case Mutator::InstDisplacement: return c.inst.memory && (c.inst.base != rip || c.inst.disp != 0) && (c.inst.disp != 0 || opcode_at(c) + 1 < c.inst.length - immediate_bytes(c.inst));
      case Mutator::InstImmediate: return immediate_bytes(c.inst) != 0;
      case Mutator::BranchTarget: return row.form == Form::T && row.rule != Rule::Call;
      default: return row.rule != Rule::Jcc && row.rule != Rule::Jmp;
      }
    });
    if (i == nullptr)
      return false;
    mutant_.touched = i->at;
    switch (how) {
    case Mutator::InstCondition: {
      uint8_t& b = text()[i->at + opcode_at(*i)];
      b = static_cast<uint8_t>((b & 0xF0) | below(16));
      return true;
    }
    case Mutator::InstRegister: return change_register(*i);
    case Mutator::InstDisplacement: return change_displacement(*i);
    case Mutator::InstImmediate: {
      unsigned n = immediate_bytes(i->inst);
      change_number(text() + i->at + i->inst.length - n, n);
      return true;
    }
    case Mutator::InstWidth: return change_width(*i);
    case Mutator::InstOpcode: {
      uint8_t& b = text()[i->at + opcode_at(*i)];
      b = static_cast<uint8_t>(coin() ? b ^ 1u << below(6) : b ^ 8u * (1 + below(7)));
      return true;
    }
    default: return retarget(*i);
    }
  }

  // Where the opcode byte proper stands.
  static unsigned opcode_at(const CodePlace& c) {
    const Row& row = c.inst.row();
    unsigned prefixes = c.prefix_bytes;
    return prefixes + (row.map == 1 ? 0 : 1);
  }

  bool change_register(const CodePlace& i) {
    uint8_t* p = text() + i.at;
    if (i.inst.row().digit == -2) { // in the opcode
      p[opcode_at(i)] = static_cast<uint8_t>((p[opcode_at(i)] & 0xF8) | below(8));
      return true;
    }
    uint8_t& modrm = p[opcode_at(i) + 1];
    bool has_rex = i.rex;
    switch (below(has_rex ? 4 : 3)) {
    case 0: modrm = static_cast<uint8_t>((modrm & 0xC7) | below(8) << 3); break;
    case 1:
      if ((modrm & 7) == 4 && modrm < 0xC0)
        p[opcode_at(i) + 2] = static_cast<uint8_t>((p[opcode_at(i) + 2] & 0xF8) | below(8));
      else
        modrm = static_cast<uint8_t>((modrm & 0xF8) | below(8));
      break;
    case 2:
      if ((modrm & 7) == 4 && modrm < 0xC0)
        p[opcode_at(i) + 2] = static_cast<uint8_t>((p[opcode_at(i) + 2] & 0xC7) | below(8) << 3);
      else
        modrm = static_cast<uint8_t>((modrm & 0xC0) | below(64));
      break;
    default: p[i.prefix_bytes - 1] ^= static_cast<uint8_t>(1u << below(3));
    }
    return true;
  }

  void change_number(uint8_t* p, unsigned n) {
    uint64_t v = 0;
    for (unsigned k = 0; k < n; k++)
      v |= uint64_t{p[k]} << 8 * k;
    static constexpr uint64_t steps[] = {1, 2, 4, 8, 16};
    switch (below(5)) {
    case 0: v += steps[below(5)]; break;
    case 1: v -= steps[below(5)]; break;
    case 2: v = random_.next(); break;
    case 3: v = below(2) == 0 ? 0 : ~uint64_t{0}; break;
    default: v ^= uint64_t{1} << below(8 * n);
    }
    for (unsigned k = 0; k < n; k++)
      p[k] = static_cast<uint8_t>(v >> 8 * k);
  }

  bool change_displacement(const CodePlace& i) {
    uint8_t* p = text() + i.at;
    unsigned at = opcode_at(i) + 1;
    uint8_t modrm = p[at];
    unsigned n = modrm >> 6 == 1 ? 1 : modrm >> 6 == 2 ? 4 : 0;
    at += (modrm & 7) == 4 ? 2 : 1;
    if (n == 0)
      return false;
    change_number(p + at, n);
    return true;
  }

  bool change_width(const CodePlace& i) {
    uint8_t* p = text() + i.at;
    if (i.rex && coin()) {
      p[i.prefix_bytes - 1] ^= 8;
      return true;
    }
    if (i.inst.row().map == 2 && (i.inst.row().rule == Rule::Movzx || i.inst.row().rule == Rule::Movsx)) {
      p[opcode_at(i)] ^= static_cast<uint8_t>(coin() ? 1 : 8);
      return true;
    }
    p[opcode_at(i)] ^= 1;
    return true;
  }

  bool retarget(const CodePlace& i) {
    const CodePlace* to = pick([&](const CodePlace& c) { return c.symbol == i.symbol; });
    if (to == nullptr)
      return false;
    int64_t distance = static_cast<int64_t>(to->at) - (i.at + i.inst.length);
    uint8_t* p = text() + i.at;
    if (i.inst.row().imm == 'a') {
      if (distance != static_cast<int8_t>(distance))
        return false;
      p[i.inst.length - 1] = static_cast<uint8_t>(distance);
    } else {
      auto d = static_cast<int32_t>(distance);
      std::memcpy(p + i.inst.length - 4, &d, 4);
    }
    return true;
  }

  // The text changes and relocations go with it: written from the parts.
  void write(ObjectFile& o) { mutant_.bytes = write_object(o.image, o.annotations); }
  static void drop_relocs(ObjectFile& o, uint32_t from, uint32_t to) {
    std::erase_if(o.image.text_relocs, [&](const Reloc& r) { return r.offset >= from && r.offset < to; });
  }
  static void fill_nops(Bytes& text, uint32_t from, uint32_t to) {
    for (uint32_t at = from; at < to; at++)
      text[at] = 0x90;
  }

  bool delete_instruction() {
    const CodePlace* i = pick([](const CodePlace&) { return true; });
    if (i == nullptr)
      return false;
    ObjectFile o = seed_.object;
    uint32_t end = i->at + i->inst.length;
    if (coin(4)) // and the next one
      for (const CodePlace& c : seed_.code)
        if (c.at == end && c.symbol == i->symbol) {
          end += c.inst.length;
          break;
        }
    fill_nops(o.image.text, i->at, end);
    drop_relocs(o, i->at, end);
    std::erase_if(o.annotations.insts, [&](const Instantiation& x) { return x.offset >= i->at && x.offset < end; });
    mutant_.touched = i->at;
    write(o);
    return true;
  }

  bool copy_instruction() {
    const CodePlace* from = pick([](const CodePlace& c) { return c.inst.row().form != Form::T; });
    if (from == nullptr)
      return false;
    const CodePlace* to = pick([&](const CodePlace& c) { return c.inst.length >= from->inst.length && &c != from; });
    if (to == nullptr)
      return false;
    ObjectFile o = seed_.object;
    uint32_t end = to->at + to->inst.length;
    drop_relocs(o, to->at, end);
    fill_nops(o.image.text, to->at, end);
    std::memcpy(&o.image.text[to->at], &seed_.object.image.text[from->at], from->inst.length);
    for (const Reloc& r : seed_.object.image.text_relocs)
      if (r.offset >= from->at && r.offset < from->at + from->inst.length) {
        Reloc copy = r;
        copy.offset = to->at + (r.offset - from->at);
        auto place = std::lower_bound(o.image.text_relocs.begin(), o.image.text_relocs.end(), copy.offset,
                                      [](const Reloc& x, uint32_t at) { return x.offset < at; });
        o.image.text_relocs.insert(place, copy);
      }
    std::erase_if(o.annotations.insts, [&](const Instantiation& x) { return x.offset == to->at; });
    mutant_.touched = to->at;
    write(o);
    return true;
  }

  bool swap_instructions() {
    const CodePlace* a = pick([](const CodePlace& c) { return c.inst.row().form != Form::T; });
    if (a == nullptr || a == &seed_.code.back())
      return false;
    const CodePlace* b = a + 1;
    if (b->symbol != a->symbol || b->at != a->at + a->inst.length || b->inst.row().form == Form::T)
      return false;
    ObjectFile o = seed_.object;
    const Bytes& old = seed_.object.image.text;
    std::memcpy(&o.image.text[a->at], &old[b->at], b->inst.length);
    std::memcpy(&o.image.text[a->at + b->inst.length], &old[a->at], a->inst.length);
    for (Reloc& r : o.image.text_relocs) {
      if (r.offset >= a->at && r.offset < b->at)
        r.offset += b->inst.length;
      else if (r.offset >= b->at && r.offset < b->at + b->inst.length)
        r.offset -= a->inst.length;
    }
    std::sort(o.image.text_relocs.begin(), o.image.text_relocs.end(), [](const Reloc& x, const Reloc& y) { return x.offset < y.offset; });
    for (Instantiation& x : o.annotations.insts)
      if (x.offset == a->at)
        x.offset = a->at + b->inst.length;
      else if (x.offset == b->at)
        x.offset = a->at;
    std::sort(o.annotations.insts.begin(), o.annotations.insts.end(), [](const Instantiation& x, const Instantiation& y) { return x.offset < y.offset; });
    mutant_.touched = a->at;
    write(o);
    return true;
  }

  // ---- annotations

  TypeId word(TypeTable& types) {
    TypeId t = seed_.words.empty() ? types.i32() : seed_.words[below(seed_.words.size())];
    return coin(3) ? variation(types, t) : t;
  }
  // A type that is nearly the same.
  TypeId variation(TypeTable& types, TypeId t) {
    TypeId v = no_type;
    if (types.tag(t) == TypeTag::Fn && coin(3)) {
      Signature s = types.sig(types.target(t));
      change_facts(s);
      const TypeId changed = types.fn(types.signature(std::move(s)), types.is_nullable(t));
      return changed ? changed : t;
    }
    if (types.tag(t) == TypeTag::Fn && coin())
      return changed_quantifier(types, t);
    switch (below(5)) {
    case 0: v = types.with_nullable(t, !types.is_nullable(t)); break;
    case 1: v = tal::TypeId{1 + static_cast<uint32_t>(below(4))}; break;
    case 2:
      if (types.tag(t) == TypeTag::Arr)
        v = types.arr(types.target(t), coin() ? Mutability::ReadOnly : Mutability::ReadWrite, types.is_nullable(t));
      break;
    case 3:
      if (types.tag(t) == TypeTag::Arr)
        v = types.arr(tal::TypeId{1 + static_cast<uint32_t>(below(4))});
      break;
    default:
      if (types.tag(t) == TypeTag::Ptr)
        if (TypeId layout = changed_layout(types, types.target(t)))
          v = types.ptr(layout, types.is_nullable(t));
    }
    return v ? v : t;
  }
  // Another number or kind of quantified variables, of which what was there before makes others.
  TypeId changed_quantifier(TypeTable& types, TypeId fn) {
    Signature s = types.sig(types.target(fn));
    const auto some_kind = [&] { return coin() ? Kind::W : static_cast<Kind>(1 + below(6)); };
    switch (below(5)) {
    case 0: s.vars.push_back(some_kind()); break;
    case 1: s.vars.insert(s.vars.begin(), some_kind()); break;
    case 2:
      if (!s.vars.empty())
        s.vars.erase(s.vars.begin() + static_cast<std::ptrdiff_t>(below(s.vars.size())));
      break;
    case 3:
      if (!s.vars.empty())
        s.vars[below(s.vars.size())] = some_kind();
      break;
    default:
      if (!s.args.empty() && !s.vars.empty()) {
        const auto index = static_cast<uint32_t>(below(s.vars.size() + 1));
        s.args[below(s.args.size())] = types.var(index, index < s.vars.size() ? s.vars[index] : Kind::W);
      }
    }
    const TypeId changed = types.fn(types.signature(std::move(s)), types.is_nullable(fn));
    return changed ? changed : fn;
  }
  TypeId changed_layout(TypeTable& types, TypeId memory) {
    if (types.tag(memory) != TypeTag::Struct)
      return no_type;
    std::vector<Field> fields(types.fields(memory).begin(), types.fields(memory).end());
    if (fields.empty())
      return no_type;
    Field& f = fields[below(fields.size())];
    switch (below(5)) {
    case 0: f.mutability = f.mutability == Mutability::ReadOnly ? Mutability::ReadWrite : Mutability::ReadOnly; break;
    case 1: f.type = seed_.words.empty() ? f.type : seed_.words[below(seed_.words.size())]; break;
    case 2: f.offset += coin() ? 8 : 4; break;
    case 3: f.slot = !f.slot; break;
    default: fields.erase(fields.begin() + (&f - fields.data()));
    }
    return types.struct_layout(std::move(fields));
  }

  bool annotations(Mutator how) {
    ObjectFile o = seed_.object;
    if (!change(how, o))
      return false;
    // Types that were made on the way are closed by the writer.
    std::string problem;
    if (!o.annotations.types.close(&problem))
      return false;
    write(o);
    return true;
  }

  bool change(Mutator how, ObjectFile& o) {
    ObjectAnnotations& a = o.annotations;
    switch (how) {
    case Mutator::LabelType:
    case Mutator::LabelRemove:
    case Mutator::LabelAdd:
    case Mutator::LabelSame:
    case Mutator::LabelFact:
    case Mutator::LabelPlace:
    case Mutator::LabelCopy: return !a.labels.empty() && change_label(how, a);
    case Mutator::SigArgument:
    case Mutator::SigFacts:
    case Mutator::SigEffect: return change_signature(how, a);
    case Mutator::SymbolPlace: return change_symbol(a.symbols[below(a.symbols.size())]);
    case Mutator::SymbolType: {
      Symbol& s = a.symbols[below(a.symbols.size())];
      const Symbol& other = a.symbols[below(a.symbols.size())];
      s.type = coin() && s.type ? variation(a.types, s.type) : other.type;
      return true;
    }
    case Mutator::TypeEverywhere:
    case Mutator::TypeField: return replace_type(how, a);
    case Mutator::InstArguments: return change_arguments(a);
    case Mutator::EhRanges: return change_ranges(a);
    case Mutator::RelocSymbol:
    case Mutator::RelocPlace: return change_reloc(how, o);
    case Mutator::DataWord: return change_data(o.image);
    case Mutator::SpliceFunction: return splice(o);
    case Mutator::SwapFunctions: return swap_functions(a);
    case Mutator::Lines:
      if (a.lines.empty())
        return false;
      a.lines[below(a.lines.size())].line += 1;
      return true;
    default: return change_values(how, seed_, random_, o, mutant_);
    }
  }

  bool change_label(Mutator how, ObjectAnnotations& a) {
    LabelRecord& l = a.labels[below(a.labels.size())];
    mutant_.touched = l.offset;
    auto live = [&]() -> LiveLocation& { return l.live[below(l.live.size())]; };
    switch (how) {
    case Mutator::LabelType: {
      if (l.live.empty())
        return false;
      LiveLocation& x = live();
      if (x.type.what == LocationType::What::Type && coin())
        x.type.type = variation(a.types, x.type.type);
      else if (coin(3))
        x.type = live().type;
      else
        x.type = {LocationType::What::Type, word(a.types), 0};
      return true;
    }
    case Mutator::LabelRemove: {
      if (l.live.empty())
        return false;
      size_t n = below(l.live.size());
      l.live.erase(l.live.begin() + static_cast<std::ptrdiff_t>(n));
      auto moved = [&](uint16_t& at) {
        bool gone = at == n;
        at = static_cast<uint16_t>(at - (at > n ? 1 : 0));
        return gone;
      };
      std::erase_if(l.same, [&](auto& s) { bool x = moved(s.first), y = moved(s.second); return x || y; });
      std::erase_if(l.facts, [&](Fact& f) {
        bool x = f.x.what != FactOperand::What::Zero && moved(f.x.at), y = f.y.what != FactOperand::What::Zero && moved(f.y.at);
        return x || y;
      });
      return true;
    }
    case Mutator::LabelAdd: {
      int32_t where = coin() ? static_cast<int32_t>(below(16)) : slot_location(-static_cast<int32_t>(1 + below(l.depth / 8 + 1)));
      LiveLocation x{where, {LocationType::What::Type, word(a.types), 0}};
      auto at = std::lower_bound(l.live.begin(), l.live.end(), where, [](const LiveLocation& y, int32_t w) { return y.location < w; });
      if (at != l.live.end() && at->location == where)
        return false;
      auto n = static_cast<size_t>(at - l.live.begin());
      l.live.insert(at, x);
      auto move = [&](uint16_t& i) { i = static_cast<uint16_t>(i + (i >= n ? 1 : 0)); };
      for (auto& [p, q] : l.same) {
        move(p);
        move(q);
      }
      for (Fact& f : l.facts) {
        move(f.x.at);
        move(f.y.at);
      }
      return true;
    }
    case Mutator::LabelSame: {
      if (!l.same.empty() && coin()) {
        l.same.erase(l.same.begin() + static_cast<std::ptrdiff_t>(below(l.same.size())));
        return true;
      }
      if (l.live.size() < 2)
        return false;
      size_t p = below(l.live.size()), q = below(l.live.size());
      if (p == q)
        return false;
      l.same.push_back({static_cast<uint16_t>(std::min(p, q)), static_cast<uint16_t>(std::max(p, q))});
      return true;
    }
    case Mutator::LabelFact: {
      if (l.live.empty())
        return false;
      if (l.facts.empty() || coin(3)) {
        auto operand = [&] {
          FactOperand f;
          f.what = static_cast<FactOperand::What>(below(3));
          f.at = f.what == FactOperand::What::Zero ? uint16_t{0} : static_cast<uint16_t>(below(l.live.size()));
          return f;
        };
        l.facts.push_back({operand(), operand(), static_cast<int64_t>(below(6)) - 3});
        return true;
      }
      Fact& f = l.facts[below(l.facts.size())];
      switch (below(4)) {
      case 0: f.c += 1 - 2 * static_cast<int64_t>(below(2)); break;
      case 1: std::swap(f.x, f.y); break;
      case 2: f.c = -f.c; break;
      default: f = l.facts[below(l.facts.size())]; f.c -= static_cast<int64_t>(below(3));
      }
      return true;
    }
    case Mutator::LabelPlace:
      switch (below(4)) {
      case 0: l.depth += coin() ? 8 : -8; break;
      case 1: l.saved_in_place = !l.saved_in_place; break;
      case 2: {
        auto n = static_cast<size_t>(&l - a.labels.data());
        uint32_t above = n == 0 ? 0 : a.labels[n - 1].offset, below_ = n + 1 == a.labels.size() ? UINT32_MAX : a.labels[n + 1].offset;
        const CodePlace* to = pick([&](const CodePlace& c) { return c.at > above && c.at < below_; });
        if (to == nullptr)
          return false;
        l.offset = to->at;
        break;
      }
      default: a.labels.erase(a.labels.begin() + (&l - a.labels.data()));
      }
      return true;
    default: {
      uint32_t offset = l.offset;
      l = a.labels[below(a.labels.size())];
      l.offset = offset;
      return true;
    }
    }
  }

  // A fact more, one less, or another bound; of arguments and results of any type, which few types are fit for.
  void change_facts(Signature& s) {
    std::vector<SigFact>& facts = s.result && coin() ? s.post : s.pre;
    const size_t words = &facts == &s.post ? 1 : s.args.size();
    const auto operand = [&](SigFact::Of& of, uint8_t& number) {
      of = words == 0 ? SigFact::Of::Zero : static_cast<SigFact::Of>(below(3));
      number = of == SigFact::Of::Zero ? 0 : static_cast<uint8_t>(below(words));
    };
    const size_t which = below(facts.size() + 1);
    if (which == facts.size()) {
      SigFact& f = facts.emplace_back();
      operand(f.x_of, f.x);
      operand(f.y_of, f.y);
      f.c = static_cast<int64_t>(below(12)) - 4;
    } else if (coin(3)) {
      facts.erase(facts.begin() + static_cast<std::ptrdiff_t>(which));
    } else {
      facts[which].c += static_cast<int64_t>(below(5)) - 2;
    }
    std::sort(facts.begin(), facts.end());
  }

  bool change_signature(Mutator how, ObjectAnnotations& a) {
    std::vector<Symbol*> functions;
    for (Symbol& s : a.symbols)
      if (s.kind == SymbolKind::Function && s.type && a.types.tag(s.type) == TypeTag::Sig)
        functions.push_back(&s);
    if (functions.empty())
      return false;
    Symbol& s = *functions[below(functions.size())];
    Signature sig = a.types.sig(s.type);
    if (how == Mutator::SigFacts) {
      change_facts(sig);
    } else if (how == Mutator::SigEffect) {
      switch (below(3)) {
      case 0: sig.throws = !sig.throws; break;
      case 1:
        sig.noret = !sig.noret;
        sig.result = no_type;
        break;
      default:
        if (sig.vars.empty())
          return false;
        sig.vars[below(sig.vars.size())] = static_cast<Kind>(1 + below(6));
      }
    } else {
      switch (below(5)) {
      case 0:
        if (!sig.args.empty())
          sig.args.pop_back();
        break;
      case 1: sig.args.push_back(word(a.types)); break;
      case 2: sig.result = coin(4) ? no_type : word(a.types); break;
      case 3:
        if (sig.result)
          sig.result = variation(a.types, sig.result);
        break;
      default:
        if (!sig.args.empty()) {
          TypeId& t = sig.args[below(sig.args.size())];
          t = coin() ? variation(a.types, t) : word(a.types);
        }
      }
    }
    TypeId type = a.types.signature(sig);
    if (!type)
      return false;
    if (s.section == Section::Text)
      mutant_.touched = s.offset;
    s.type = type;
    return true;
  }

  bool change_symbol(Symbol& s) {
    switch (below(5)) {
    case 0: s.kind = static_cast<SymbolKind>(below(4)); break;
    case 1: s.scope = static_cast<Scope>(below(4)); break;
    case 2: s.section = static_cast<Section>(below(6)); break;
    case 3: s.offset += coin() ? 16 : -16; break;
    default: s.size += coin() ? 1 : -1;
    }
    return true;
  }

  bool replace_type(Mutator how, ObjectAnnotations& a) {
    if (seed_.words.empty())
      return false;
    TypeId from = seed_.words[below(seed_.words.size())];
    TypeId to = how == Mutator::TypeField ? no_type : word(a.types);
    if (how == Mutator::TypeField) {
      TypeId layout = a.types.tag(from) == TypeTag::Ptr ? changed_layout(a.types, a.types.target(from)) : no_type;
      if (!layout)
        return false;
      to = a.types.ptr(layout, a.types.is_nullable(from));
    }
    if (!to || to == from)
      return false;
    bool partly = coin(4);
    auto map = [&](TypeId& t) {
      if (t == from && !(partly && coin()))
        t = to;
    };
    for (LabelRecord& l : a.labels)
      for (LiveLocation& live : l.live)
        map(live.type.type);
    for (Instantiation& i : a.insts)
      for (TypeId& t : i.args)
        map(t);
    for (Symbol& s : a.symbols) {
      map(s.type);
      if (s.type && a.types.tag(s.type) == TypeTag::Sig) {
        Signature sig = a.types.sig(s.type);
        for (TypeId& t : sig.args)
          map(t);
        map(sig.result);
        if (TypeId changed = a.types.signature(sig))
          s.type = changed;
      }
    }
    return true;
  }

  bool change_arguments(ObjectAnnotations& a) {
    if (a.insts.empty())
      return false;
    Instantiation& i = a.insts[below(a.insts.size())];
    mutant_.touched = i.offset;
    switch (below(6)) {
    case 0: i.args = a.insts[below(a.insts.size())].args; break;
    case 1: a.insts.erase(a.insts.begin() + (&i - a.insts.data())); break;
    case 3:
      if (i.args.size() > 1)
        i.args.pop_back();
      break;
    case 2: i.args.push_back(word(a.types)); break;
    default: {
      TypeId& t = i.args[below(i.args.size())];
      t = coin() ? variation(a.types, t) : word(a.types);
    }
    }
    return true;
  }

  bool change_ranges(ObjectAnnotations& a) {
    if (a.eh.empty())
      return false;
    EhRange& r = a.eh[below(a.eh.size())];
    mutant_.touched = r.start;
    switch (below(5)) {
    case 0: a.eh.erase(a.eh.begin() + (&r - a.eh.data())); break;
    case 1: r.pad = a.labels.empty() ? 0 : a.labels[below(a.labels.size())].offset; break;
    case 2: r.end = r.start + 1 + static_cast<uint32_t>(below(r.end - r.start)); break;
    case 3: r.start += static_cast<uint32_t>(below(r.end - r.start)); break;
    default: r.pad = a.eh[below(a.eh.size())].pad;
    }
    return true;
  }

  bool change_reloc(Mutator how, ObjectFile& o) {
    std::vector<Reloc>* lists[] = {&o.image.text_relocs, &o.image.text_relocs, &o.image.data_relocs, &o.image.relro_relocs};
    std::vector<Reloc>& list = *lists[below(4)];
    if (list.empty())
      return false;
    Reloc& r = list[below(list.size())];
    if (&list == &o.image.text_relocs)
      mutant_.touched = r.offset;
    if (how == Mutator::RelocPlace) {
      if (coin())
        list.erase(list.begin() + (&r - list.data()));
      else
        r.offset += coin() ? 4 : -4;
      return true;
    }
    if (coin(4))
      r.addend += coin() ? 8 : -4;
    else
      r.symbol = static_cast<uint32_t>(below(o.annotations.symbols.size()));
    return true;
  }

  bool change_data(ObjectImage& image) {
    Bytes* sections[] = {&image.data, &image.rodata, &image.relro};
    Bytes& b = *sections[below(3)];
    if (b.size() < 8)
      return false;
    size_t at = below(b.size() / 8) * 8;
    change_number(&b[at], coin() ? 8 : 1);
    return true;
  }

  // The code of a function of this or another object in the place of one of ours, with its labels as far as types go over.
  bool splice(ObjectFile& o) {
    const Seed& other = others_[below(others_.size())];
    const ObjectAnnotations& b = other.object.annotations;
    std::vector<const Symbol*> theirs;
    std::vector<const Symbol*> ours;
    for (const Symbol& s : b.symbols)
      if (s.section == Section::Text)
        theirs.push_back(&s);
    for (const Symbol& s : o.annotations.symbols)
      if (s.section == Section::Text)
        ours.push_back(&s);
    if (theirs.empty() || ours.empty())
      return false;
    const Symbol f = *theirs[below(theirs.size())], g = *ours[below(ours.size())];
    if (f.size > g.size)
      return false;
    Bytes& text = o.image.text;
    std::fill(text.begin() + g.offset, text.begin() + g.offset + g.size, uint8_t{0xCC});
    std::copy_n(other.object.image.text.begin() + f.offset, f.size, text.begin() + g.offset);
    drop_relocs(o, g.offset, g.offset + g.size);
    auto inside = [&](uint32_t at) { return at >= g.offset && at < g.offset + g.size; };
    auto from_other = [&](uint32_t at) { return at >= f.offset && at < f.offset + f.size; };
    ObjectAnnotations& a = o.annotations;
    std::erase_if(a.labels, [&](const LabelRecord& l) { return inside(l.offset); });
    std::erase_if(a.eh, [&](const EhRange& r) { return inside(r.start); });
    std::erase_if(a.insts, [&](const Instantiation& i) { return inside(i.offset); });
    std::erase_if(a.lines, [&](const LineEntry& l) { return inside(l.offset - 1); });
    TypeImporter import(b.types, a.types);
    auto moved = [&](uint32_t at) { return at - f.offset + g.offset; };
    for (Reloc r : other.object.image.text_relocs)
      if (from_other(r.offset)) {
        Symbol s = b.symbols[r.symbol];
        auto known = std::find_if(a.symbols.begin(), a.symbols.end(), [&](const Symbol& x) { return x.name == s.name && x.kind == s.kind; });
        if (known == a.symbols.end() || s.name.empty()) {
          s.type = import.import(s.type);
          if (s.scope != Scope::Native) {
            s.scope = Scope::Import;
            s.section = Section::None;
            s.offset = s.size = 0;
            if (s.name.empty())
              s.name = "spliced" + std::to_string(a.symbols.size());
          }
          a.symbols.push_back(s);
          known = a.symbols.end() - 1;
        }
        r.symbol = static_cast<uint32_t>(known - a.symbols.begin());
        r.offset = moved(r.offset);
        o.image.text_relocs.push_back(r);
      }
    for (LabelRecord l : b.labels)
      if (from_other(l.offset)) {
        l.offset = moved(l.offset);
        for (LiveLocation& live : l.live)
          live.type.type = import.import(live.type.type);
        a.labels.push_back(l);
      }
    for (EhRange r : b.eh)
      if (from_other(r.start)) {
        a.eh.push_back({moved(r.start), moved(r.end), moved(r.pad)});
      }
    for (Instantiation i : b.insts)
      if (from_other(i.offset)) {
        i.offset = moved(i.offset);
        for (TypeId& t : i.args)
          t = import.import(t);
        a.insts.push_back(i);
      }
    auto by_offset = [](const auto& x, const auto& y) { return x.offset < y.offset; };
    std::sort(o.image.text_relocs.begin(), o.image.text_relocs.end(), by_offset);
    std::sort(a.labels.begin(), a.labels.end(), by_offset);
    std::sort(a.insts.begin(), a.insts.end(), by_offset);
    std::sort(a.eh.begin(), a.eh.end(), [](const EhRange& x, const EhRange& y) { return x.start < y.start; });
    for (Symbol& s : a.symbols)
      if (s.section == Section::Text && s.offset == g.offset) {
        s.size = f.size;
        if (!coin(3))
          s.type = import.import(f.type);
      }
    mutant_.touched = g.offset;
    return true;
  }

  bool swap_functions(ObjectAnnotations& a) {
    std::vector<Symbol*> functions;
    for (Symbol& s : a.symbols)
      if (s.section == Section::Text)
        functions.push_back(&s);
    if (functions.size() < 2)
      return false;
    Symbol &x = *functions[below(functions.size())], &y = *functions[below(functions.size())];
    std::swap(x.offset, y.offset);
    std::swap(x.size, y.size);
    mutant_.touched = x.offset;
    return true;
  }

  const Seed& seed_;
  const std::vector<Seed>& others_;
  Random& random_;
  Mutant& mutant_;
  uint32_t touched_ = 0;
};

} // namespace

const char* mutator_name(Mutator m) { return infos[static_cast<size_t>(m)].name; }

Mutator random_mutator(Random& random) {
  unsigned sum = 0;
  for (const Info& i : infos)
    sum += i.weight;
  auto at = static_cast<unsigned>(random.below(sum));
  for (size_t i = 0; i < std::size(infos); i++) {
    if (at < infos[i].weight)
      return static_cast<Mutator>(i);
    at -= infos[i].weight;
  }
  return Mutator::ByteText;
}

bool read_seed(const std::string& file, tal::Bytes bytes, Seed& seed) {
  seed.file = file;
  seed.bytes = std::move(bytes);
  tal::VerifyError error;
  if (!tal::read_object(seed.bytes, seed.object, error))
    return false;
  elf::Header header;
  std::memcpy(&header, seed.bytes.data(), sizeof header);
  std::vector<elf::SectionHeader> sections(header.shnum);
  std::memcpy(sections.data(), seed.bytes.data() + header.shoff, sections.size() * sizeof(elf::SectionHeader));
  seed.regions = {{"header", 0, sizeof header}, {"header", header.shoff, sections.size() * sizeof(elf::SectionHeader)}};
  for (const elf::SectionHeader& s : sections)
    if (s.type != elf::sht_null && s.type != elf::sht_nobits && s.size != 0) {
      seed.regions.push_back({reinterpret_cast<const char*>(seed.bytes.data() + sections[header.shstrndx].offset + s.name), s.offset, s.size});
      if (seed.regions.back().name == ".text")
        seed.text = s.offset;
    }
  const ObjectAnnotations& a = seed.object.annotations;
  const Bytes& text = seed.object.image.text;
  for (uint32_t i = 0; i < a.symbols.size(); i++)
    if (a.symbols[i].section == Section::Text)
      for (uint32_t at = a.symbols[i].offset; at < a.symbols[i].offset + a.symbols[i].size;) {
        CodePlace c{at, i, {}, 0, false};
        if (!tal::decode(std::span(text).subspan(at), c.inst))
          break;
        while (text[at + c.prefix_bytes] == 0x66 || text[at + c.prefix_bytes] == 0xF2 || text[at + c.prefix_bytes] == 0xF3)
          c.prefix_bytes++;
        if (text[at + c.prefix_bytes] >> 4 == 4) {
          c.rex = true;
          c.prefix_bytes++;
        }
        seed.code.push_back(c);
        at += c.inst.length;
      }
  for (uint32_t t = 1; t < a.types.size(); t++)
    if (a.types.is_word(TypeId{t}))
      seed.words.push_back(TypeId{t});
  return true;
}

bool mutate(Mutator how, const Seed& seed, const std::vector<Seed>& others, Random& random, Mutant& mutant) {
  return Attacker(seed, others, random, mutant).run(how);
}

} // namespace talsim
