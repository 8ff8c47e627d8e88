// Typed memory access (rules C11..C17, C25, C30): finds what an operand [base + index*scale + disp] denotes, then loads or
// stores it. There are five sorts of place: a stack slot, the length word and the elements of an array, a field of a
// struct, and the two words of an exception packet or of a boxed variant of a union.
#include "tal/function_checker.h"

#include <algorithm>

namespace tal {

namespace {
constexpr int64_t lowest_page = 4096; // never mapped (C37)

// The last field that begins at this offset or before.
const Field* last_field(std::span<const Field> fields, int64_t offset) {
  auto next = std::upper_bound(fields.begin(), fields.end(), offset, [](int64_t at, const Field& f) { return at < int64_t{f.offset}; });
  return next == fields.begin() ? nullptr : &*(next - 1);
}
}

// ---- what is there -------------------------------------------------------------------------------------------------

bool FunctionChecker::resolve(unsigned bytes, Access& a) {
  if (inst_.base == rip) {
    uint32_t symbol;
    int64_t offset;
    Value v;
    return rip_symbol(symbol, offset) && symbol_value(symbol, v) && resolve_typed(v, nullptr, 1, offset, bytes, a);
  }
  if (inst_.base == rsp) {
    if (inst_.index != no_reg)
      return fail(CheckRule::C11, "a stack slot at a constant offset", "an index register");
    return resolve_slot(bytes, a);
  }
  if (inst_.base == no_reg)
    return fail(CheckRule::C12, "a base register", "none");
  const Value& base = state_.reg[inst_.base];
  if (inst_.index == no_reg)
    return resolve_typed(base, nullptr, 1, inst_.disp, bytes, a);
  const Value& index = state_.reg[inst_.index];
  // With scale 1 the two registers are interchangeable: the array may be in the index position.
  bool swapped = inst_.scale == 1 && index.tag == Value::Tag::Word && types_.tag(index.type) == TypeTag::Arr;
  return swapped ? resolve_typed(index, &base, 1, inst_.disp, bytes, a)
                 : resolve_typed(base, &index, inst_.scale, inst_.disp, bytes, a);
}

bool FunctionChecker::resolve_slot(unsigned bytes, Access& a) {
  int64_t offset = int64_t{inst_.disp} - state_.depth; // from the entry value of rsp
  int64_t granule = offset >= 0 ? offset / 8 : -((-offset + 7) / 8);
  a.kind = Access::Kind::Slot;
  a.part = static_cast<unsigned>(offset - granule * 8);
  a.slot = granule < -8192 || granule > 8192 ? 0 : static_cast<int32_t>(granule);
  if (a.slot == 0 || slot_at(a.slot) == nullptr)
    return fail(CheckRule::C11, "a slot of the frame (" + std::to_string(state_.depth) + " bytes) or a stack argument",
                offset >= 0 && offset < 8 ? "the return address" : "entry rsp " + std::to_string(offset));
  if (a.part + bytes > 8)
    return fail(CheckRule::C11, "an access inside one 8-byte slot", "bytes across two slots");
  return true;
}

bool FunctionChecker::resolve_typed(const Value& base, const Value* index, unsigned scale, int64_t disp, unsigned bytes,
                                    Access& a) {
  if (base.tag != Value::Tag::Word)
    return fail(CheckRule::C12, "a pointer as base", describe(state_, base));
  TypeTag tag = types_.tag(base.type);
  if (tag != TypeTag::Ptr && tag != TypeTag::Arr && tag != TypeTag::Exn && tag != TypeTag::Union)
    return fail(CheckRule::C12, "a pointer as base", describe(state_, base));
  if (!is_nonnull(state_, base) && !trap_site(base, index == nullptr && disp >= 0 && disp + bytes <= lowest_page))
    return false;
  a.base = base;
  if (tag == TypeTag::Arr)
    return resolve_element(index, scale, disp, bytes, a);
  if (index != nullptr)
    return fail(CheckRule::C12, "a field at a constant offset", "an index register");
  if (tag == TypeTag::Ptr)
    return resolve_field(disp, bytes, a);
  TypeId payload;
  if (tag == TypeTag::Exn) {
    a.kind = Access::Kind::ExnName;
    TypeId exception = state_.facts(base.name).exception;
    payload = exception ? types_.target(exception) : no_type;
  } else {
    TypeId cases = types_.expand_cases(types_.target(base.type));
    // Above its constants (and null) the word is the address of a boxed variant, whose tag tells which.
    if (!cases || state_.interval(base).lo < std::max<int64_t>(types_.end_of_constants(cases), 1))
      return fail(CheckRule::C30, "a union known not to be a constant", describe(state_, base));
    a.kind = Access::Kind::Tag;
    Interval tag_range = state_.interval(state_.tag_of(base, types_.args(cases).size()));
    if (tag_range.lo == tag_range.hi)
      payload = types_.args(cases)[static_cast<size_t>(tag_range.lo)];
  }
  return resolve_packet(disp, bytes, payload, a);
}

bool FunctionChecker::resolve_field(int64_t disp, unsigned bytes, Access& a) {
  TypeId layout = types_.expand(types_.target(a.base.type));
  if (!layout)
    return fail(CheckRule::C12, "a pointer to a known layout", types_.print(a.base.type));
  auto fields = types_.fields(layout);
  const Field* f = last_field(fields, disp);
  if (f == nullptr || disp + bytes > int64_t{f->offset} + types_.field_size(*f))
    return fail(CheckRule::C14, "exactly one field of " + types_.print(types_.target(a.base.type)),
                std::to_string(bytes) + " bytes at offset " + std::to_string(disp));
  a.kind = Access::Kind::Field;
  a.type = f->type;
  a.size = types_.field_size(*f);
  a.part = static_cast<unsigned>(disp - f->offset);
  a.writable = f->mutability == Mutability::ReadWrite;
  a.canonical_slot = f->slot && types_.is_integer(f->type) && types_.word_size(f->type) < 8;
  if (state_.facts(a.base.name).under_construction) {
    unsigned bit = 0;
    for (const Field& g : fields) {
      if (&g == f) {
        a.missing_bit = must_init(g) && bit < 64 ? uint64_t{1} << bit : 0;
        a.once = g.mutability == Mutability::ReadOnly;
        break;
      }
      bit += must_init(g);
    }
  }
  return true;
}

// C34, C38: the type of the address of a field or element that may be written, of a complete object: a pointer to that place alone. The
// narrow view of an integer in a slot keeps the slot canonical, for it writes the low bytes only (C17).
TypeId FunctionChecker::place_pointer(const Value& base, const Value* index) {
  if (!is_nonnull(state_, base) || !is_complete(state_, base))
    return no_type;
  if (types_.tag(base.type) == TypeTag::Arr) {
    Access a;
    a.base = base;
    return find_element(index, inst_.scale, inst_.disp, a) == nullptr && a.writable ? types_.ptr(types_.single(a.type)) : no_type;
  }
  TypeId layout = types_.tag(base.type) == TypeTag::Ptr && index == nullptr ? types_.expand(types_.target(base.type)) : no_type;
  const Field* f = layout ? last_field(types_.fields(layout), inst_.disp) : nullptr;
  if (f == nullptr || int64_t{f->offset} != inst_.disp || f->mutability != Mutability::ReadWrite)
    return no_type;
  unsigned size = types_.field_size(*f);
  TypeId alone = types_.single(f->type);
  return alone && types_.field_size(types_.fields(alone)[0]) <= size ? types_.ptr(alone) : no_type;
}

bool FunctionChecker::resolve_element(const Value* index, unsigned scale, int64_t disp, unsigned bytes, Access& a) {
  if (index == nullptr && disp >= 0 && disp < 8) {
    a.kind = Access::Kind::Length;
    a.type = types_.i64();
    a.part = static_cast<unsigned>(disp);
    if (a.part + bytes > 8)
      return fail(CheckRule::C14, "the length word", "bytes across it");
    return true;
  }
  const char* missing = find_element(index, scale, disp, a);
  if (bytes != a.size)
    return fail(CheckRule::C14, "an access of " + std::to_string(a.size) + " bytes to an element of " + types_.print(a.base.type),
                std::to_string(bytes) + " bytes");
  return missing == nullptr || fail(CheckRule::C15, missing, "offset " + std::to_string(disp) + (index == nullptr ? "" : " and scale " + std::to_string(scale) + " with " + describe(state_, *index)));
}

// Is 8 + size*i, i = name + c, the address of an element? What is missing; null if 0 <= i and i - length <= -1 are proved (C15).
const char* FunctionChecker::find_element(const Value* index, unsigned scale, int64_t disp, Access& a) {
  a.kind = Access::Kind::Element;
  a.type = types_.target(a.base.type);
  a.size = types_.word_size(a.type);
  a.writable = types_.mutability(a.base.type) == Mutability::ReadWrite;
  a.index = index == nullptr ? State::constant(0) : *index;
  if (a.index.tag == Value::Tag::Word && types_.tag(a.index.type) == TypeTag::Union)
    a.index = State::named_int(index->name, 0);
  const int64_t size = a.size, first = disp - 8; // bytes from element 0 when the index is zero
  if (!a.index.is_int())
    return "an integer as index";
  if (first % size != 0 || (index != nullptr && int64_t{scale} != size))
    return "an address of 8 + size * index";
  if (__builtin_add_overflow(a.index.c, first / size, &a.index.c))
    return "an index inside the array";
  if (!state_.at_most(State::constant(0), a.index, 0))
    return "an index that is not negative";
  return state_.at_most(a.index, state_.length_of(a.base), -1) ? nullptr : "an index below the length of this array";
}

// An exception packet or a boxed variant: a word that tells what it is, and the payload if that is known.
bool FunctionChecker::resolve_packet(int64_t disp, unsigned bytes, TypeId payload, Access& a) {
  bool is_new = static_cast<bool>(state_.facts(a.base.name).under_construction);
  if (disp < 0 || disp + bytes > 16 || (disp < 8 && disp + bytes > 8))
    return fail(CheckRule::C14, "the first word or the payload", "offset " + std::to_string(disp));
  a.part = static_cast<unsigned>(disp % 8);
  a.once = true;
  if (disp < 8) {
    a.missing_bit = is_new ? 1 : 0;
    return true;
  }
  a.kind = Access::Kind::Payload;
  a.missing_bit = is_new ? 2 : 0;
  if (!payload)
    return fail(CheckRule::C30, is_new ? "the exception's name or the tag stored before the payload" : "an exception or a variant that was tested, with payload",
                describe(state_, a.base));
  a.type = payload;
  a.canonical_slot = types_.is_integer(payload) && types_.word_size(payload) < 8;
  return true;
}

// ---- loads ---------------------------------------------------------------------------------------------------------

bool FunctionChecker::load(unsigned bytes, Value& v) {
  Access a;
  return resolve(bytes, a) && load_from(a, bytes, v) && require_value(v, "the memory operand");
}

bool FunctionChecker::load_any(Value& v) {
  Access a;
  return resolve(8, a) && load_from(a, 8, v);
}

bool FunctionChecker::load_slot(const Access& a, unsigned bytes, Value& v) {
  const Value s = *slot_at(a.slot);
  bool low_half_only = s.tag == Value::Tag::Word && s.aux == 4; // a 4-byte store: the upper half is unknown (R35)
  if (bytes == 8) {
    v = low_half_only ? state_.integer() : s;
    return true;
  }
  if (!require_value(s, "the stack slot"))
    return false;
  if (bytes == 4 && a.part == 0 && s.is_int()) {
    v = s;
    v.aux = 0;
    v = truncated(v, 4);
  } else {
    v = state_.unsigned_int(bytes);
  }
  return true;
}

bool FunctionChecker::load_from(const Access& a, unsigned bytes, Value& v) {
  if (a.kind == Access::Kind::Slot)
    return load_slot(a, bytes, v);
  if (state_.facts(a.base.name).under_construction)
    return fail(CheckRule::C25, "a complete object", describe(state_, a.base));
  switch (a.kind) {
  case Access::Kind::Length:
    v = bytes >= 4 && a.part == 0 ? state_.length_of(a.base) : state_.unsigned_int(bytes);
    return true;
  case Access::Kind::ExnName:
    v = bytes == 8 ? Value{Value::Tag::ExnId, 0, no_type, a.base.name, 0} : state_.unsigned_int(bytes);
    return true;
  case Access::Kind::Tag:
    v = bytes >= 4 && a.part == 0 ? State::named_int(state_.facts(a.base.name).derived, 0) : state_.unsigned_int(bytes);
    return true;
  default: break; // an element, a field or a payload
  }
  bool whole = bytes == a.size && a.part == 0;
  if (types_.is_integer(a.type)) {
    if (a.part % bytes != 0)
      return fail(CheckRule::C14, "an aligned part of the field", "byte " + std::to_string(a.part));
    unsigned known = a.canonical_slot && a.part == 0 ? std::min(bytes, types_.word_size(a.type)) : bytes;
    v = state_.unsigned_int(known);
    if (uint32_t table = state_.facts(a.base.name).table; table != 0 && a.kind == Access::Kind::Element) { // C36
      NameFacts& entry = state_.facts(v.name);
      entry.table = table;
      entry.derived = a.index.name;
      entry.index = a.index.c;
    }
    return true;
  }
  if (!whole)
    return fail(CheckRule::C14, "all of the field " + types_.print(a.type), std::to_string(bytes) + " bytes of it");
  bool is_float = types_.kind(a.type) == Kind::None;
  v = is_float ? state_.unsigned_int(bytes) : state_.word(types_, a.type);
  return true;
}

// ---- stores --------------------------------------------------------------------------------------------------------

bool FunctionChecker::store(unsigned bytes, const Value& v) {
  Access a;
  return resolve(bytes, a) && store_to(a, bytes, v);
}

bool FunctionChecker::store_to(const Access& a, unsigned bytes, const Value& v) {
  if (a.kind == Access::Kind::Slot)
    return store_slot(a, bytes, v);
  if (state_.facts(a.base.name).under_construction)
    return store_new(a, bytes, v);
  if (a.kind == Access::Kind::Length || !a.writable)
    return fail(CheckRule::C16, "a writable field", a.kind == Access::Kind::Length ? "the length of an array"
                                                    : a.kind == Access::Kind::Field || a.kind == Access::Kind::Element
                                                        ? "a read-only one"
                                                        : "a word of an exception or of a union's variant");
  return require_content(a, bytes, v);
}

// C17: the bytes stored are a value of the type that is there.
bool FunctionChecker::require_content(const Access& a, unsigned bytes, const Value& v) {
  TypeId type = a.type;
  if (types_.is_integer(type)) {
    if (a.part % bytes != 0)
      return fail(CheckRule::C14, "an aligned part of the field", "byte " + std::to_string(a.part));
    // R18: of a slot eight canonical bytes, or the low bytes of the type over a slot that is canonical already.
    const bool whole = a.canonical_slot && a.part == 0 && bytes == 8;
    if (a.canonical_slot && !whole && (a.part != 0 || bytes != types_.word_size(type)))
      return fail(CheckRule::C17, "8 bytes or the low " + std::to_string(types_.word_size(type)) + " of a slot",
                  std::to_string(bytes) + " bytes at byte " + std::to_string(a.part));
    type = whole ? type : types_.i64(); // any bits, but of a real value
  } else if (bytes != a.size || a.part != 0) {
    return fail(CheckRule::C14, "all of the field " + types_.print(type), std::to_string(bytes) + " bytes of it");
  } else if (types_.kind(type) == Kind::None) {
    type = types_.i64(); // a float: any bits
  }
  return require_type(CheckRule::C17, state_, v, type, "the stored value");
}

bool FunctionChecker::store_slot(const Access& a, unsigned bytes, const Value& v) {
  Value& s = *slot_at(a.slot);
  if (bytes == 8) {
    s = v;
    return true;
  }
  if (!require_value(v, "the stored operand"))
    return false;
  bool keeps_low = bytes == 4 && a.part == 0 && v.is_int() && state_.interval(v).within(0, unsigned_range(4).hi);
  s = keeps_low ? v : state_.integer();
  s.aux = keeps_low ? 4 : 0;
  return true;
}

// A store into an object that only one name reaches: it may initialise read-only fields, each once (R7).
bool FunctionChecker::store_new(const Access& a, unsigned bytes, const Value& v) {
  NameFacts& facts = state_.facts(a.base.name);
  if (a.once && !(facts.missing & a.missing_bit))
    return fail(CheckRule::C16, "the only store to this field", "a second one");
  if (a.part != 0)
    return fail(CheckRule::C14, "the start of a field", "byte " + std::to_string(a.part) + " of it");
  uint64_t done = a.missing_bit;
  if (a.kind == Access::Kind::ExnName) {
    if (bytes != 8 || v.tag != Value::Tag::Word || types_.tag(v.type) != TypeTag::ExnName)
      return fail(CheckRule::C17, "the address of an exception name", describe(state_, v));
    facts.exception = v.type;
    if (!types_.target(v.type))
      done |= 2; // no payload to wait for
  } else if (a.kind == Access::Kind::Tag) {
    // Only a variant of the union: the range of the tag's name says how many there are.
    if (bytes != 8 || !v.is_constant() || !state_.interval(State::named_int(facts.derived, 0)).contains(v.c))
      return fail(CheckRule::C17, "the constant tag of a boxed variant", describe(state_, v));
    NameId tag = state_.fresh({v.c, v.c});
    state_.facts(a.base.name).derived = tag;
  } else if (bytes != a.size && !(a.canonical_slot && bytes == types_.word_size(a.type))) {
    return fail(CheckRule::C14, "all of the field", std::to_string(bytes) + " bytes of it");
  } else if (!require_content(a, bytes, v)) {
    return false;
  }
  NameFacts& after = state_.facts(a.base.name);
  after.missing &= ~done;
  if (after.missing == 0) {
    after.under_construction = no_type; // from here on an ordinary object, under every name that it has
    after.exception = no_type;
  }
  return true;
}

// ---- symbols -------------------------------------------------------------------------------------------------------

bool FunctionChecker::take_reloc(uint32_t field, const Reloc*& reloc) {
  reloc = nullptr;
  if (has_reloc()) {
    reloc = &m_.image.text_relocs[m_.next_reloc++];
    look_ahead();
    if (reloc->offset != field)
      return fail(CheckRule::O4, "a relocation on the operand's field at " + std::to_string(field),
                  "one at " + std::to_string(reloc->offset));
    if (std::any_of(m_.image.text.begin() + field, m_.image.text.begin() + field + 4, [](uint8_t b) { return b != 0; }))
      return fail(CheckRule::O4, "zero bytes under a relocation", "other bytes");
  }
  return true;
}

bool FunctionChecker::rip_symbol(uint32_t& symbol, int64_t& offset) {
  const Reloc* reloc;
  if (!take_reloc(at_ + inst_.field, reloc))
    return false;
  if (reloc == nullptr)
    return fail(CheckRule::C28, "a relocation on the RIP operand", "none");
  symbol = reloc->symbol;
  offset = reloc->addend + (inst_.length - inst_.field); // the processor adds the distance to the instruction's end
  if (offset < 0 || offset > INT32_MAX)
    return fail(CheckRule::O4, "an address inside the symbol", "offset " + std::to_string(offset));
  m_.sites.push_back({Section::Text, Site::Kind::Address, reloc->offset, symbol, static_cast<int32_t>(reloc->addend)});
  return true;
}

bool FunctionChecker::symbol_value(uint32_t symbol, Value& v) {
  const Symbol& s = m_.annotations.symbols[symbol];
  switch (s.kind) {
  case SymbolKind::Data:
    v = state_.word(types_, s.type);
    if (types_.tag(s.type) == TypeTag::Union) // an object: no constant
      state_.facts(v.name).lo = max_constants;
    if (int64_t length = m_.static_length[symbol]; length >= 0) {
      NameId name = state_.fresh({length, length});
      state_.facts(v.name).derived = name;
    }
    if (s.section == Section::RoData && types_.tag(s.type) == TypeTag::Arr && types_.target(s.type) == types_.i32())
      state_.facts(v.name).table = symbol + 1;
    return true;
  case SymbolKind::ExnName: v = state_.word(types_, s.type); return true;
  case SymbolKind::Desc:
    if (types_.tag(s.type) == TypeTag::Rep) {
      v = state_.word(types_, s.type);
      return true;
    }
    if (!in_scope(s.type))
      return fail(CheckRule::C29, "a descriptor with the type variables of this function", types_.print(s.type));
    v = {Value::Tag::Desc, 0, s.type, zero_name, 0};
    return true;
  case SymbolKind::Function: {
    if (m_.specials[symbol] != Special::None)
      return fail(CheckRule::C19, "a function that can be a value", "the runtime entry point " + s.name);
    TypeId signature;
    if (!instance(s.type, signature))
      return false;
    TypeId type = types_.fn(signature);
    if (!type)
      return fail(CheckRule::O8, "a type within the limits", "the type of " + s.name);
    v = state_.word(types_, type);
    return true;
  }
  }
  return false;
}

} // namespace tal
