// Memory: which field, element or slot an operand names, and what may be read and written there.
#include "judge.h"

#include <algorithm>

namespace second {

using tal::Rule;
using What = Value::What;
using talsim::Sort;
using talsim::Type;

namespace {

constexpr Wide first_address = 4096;

// A float is moved as a whole, in a slot with the bytes above it.
bool whole_float(const Place& place, unsigned width, unsigned bytes) { return place.part == 0 && bytes == (place.slot ? 8 : width); }

} // namespace

bool Judge::under_construction(const Path& path, const Value& v) const {
  return v.is_word() && path.about(v.name).under_construction;
}

bool Judge::not_null(const Path& path, const Value& v) const {
  return v.is_word() && !types_.is_integer(v.type) && (!types_[v.type].nullable || path.excludes_zero(v));
}

// A new value of a type, with what the type says of it (T1, T10).
Value Judge::of_type(Path& path, TypeRef type) {
  const Type& t = types_[type];
  if (types_.is_integer(type))
    return path.word(4, path.fresh(type == 4 ? Wide{INT64_MIN} : Wide{0}, type == 4 ? Wide{INT64_MAX} : (Wide{1} << 8 * types_.width(type)) - 1));
  if (t.sort == Sort::Union) {
    const auto [first, end] = types_.constants_of(type);
    const TypeRef cases = types_.layout(t.target);
    const Wide most = cases != 0 && types_[cases].sort == Sort::Cases && types_[cases].list.empty() ? static_cast<Wide>(end) - 1 : Wide{INT64_MAX};
    return path.word(type, path.fresh(t.nullable ? 0 : first == end ? first_address : static_cast<Wide>(first), most));
  }
  return path.word(type, path.fresh()); // that it is not null its type says
}

// T7, with the facts: intervals, not null, constants of unions.
bool Judge::is_of_type(const Path& path, const Value& v, TypeRef type) const {
  if (!v.is_word() || under_construction(path, v) || types_.kind_of(type) == tal::Kind::None)
    return false;
  const Interval i = path.interval(v);
  if (types_.is_integer(type)) {
    if (type == 4)
      return types_.kind_of(v.type) != tal::Kind::None;
    return types_.is_integer(v.type) && i.inside(0, (Wide{1} << 8 * types_.width(type)) - 1);
  }
  const Type& t = types_[type];
  if (v.is_constant() && v.c == 0 && t.nullable)
    return true;
  if (t.sort == Sort::Union && types_.is_integer(v.type) && i.least >= 0 && i.most < 4096) {
    bool all = true;
    for (Wide n = i.least; n <= i.most; n++)
      all = all && types_.is_constant_of(type, static_cast<uint64_t>(n));
    if (all)
      return true;
  }
  if (v.c != 0)
    return false;
  if (types_.at_most(v.type, type))
    return true;
  return types_[v.type].nullable && path.excludes_zero(v) && types_.at_most(types_.nonnull(v.type), type);
}

// T2: variables are those of the signature at their kinds, or such as packages are opened to.
bool Judge::is_in_scope(TypeRef type, uint32_t quantified) const {
  const Type& t = types_[type];
  if (t.sort == Sort::Var && t.number >= quantified) {
    const uint32_t n = t.number - quantified;
    return n < signature_->vars.size() ? t.kind == signature_->vars[n] : t.kind != tal::Kind::D && n < 16;
  }
  if (type == 0 || t.sort == Sort::Var)
    return true;
  quantified += static_cast<uint32_t>(t.vars.size());
  bool all = is_in_scope(t.target, quantified) && is_in_scope(t.result, quantified);
  for (TypeRef x : t.list)
    all = all && is_in_scope(x, quantified);
  for (const talsim::FieldType& f : t.fields)
    all = all && is_in_scope(f.type, quantified);
  return all;
}

// C28: the symbol, and how far behind its address the operand is.
bool Judge::symbol_operand(Path& path, Value& v, int64_t& offset) {
  const tal::Reloc* r = reloc_at(at_ + inst_.field);
  if (inst_.field == 0 || r == nullptr)
    return refuse("an address without relocation");
  const tal::Symbol& s = file_.annotations.symbols[r->symbol];
  offset = r->addend + inst_.length - inst_.field;
  const auto native = s.scope == tal::Scope::Native ? natives_.natives.find(s.name) : natives_.natives.end();
  const bool is_native = s.scope == tal::Scope::Native;
  if (is_native && native == natives_.natives.end())
    return no_opinion("an unknown native");
  const TypeRef type = is_native ? types_.of(natives_.types, native->second.type) : types_.of(file_.annotations.types, s.type);
  if (s.kind != tal::SymbolKind::Function && instantiation() != nullptr)
    return leftover();
  switch (s.kind) {
  case tal::SymbolKind::Function: {
    TypeRef signature = 0;
    if (!declared(s, signature) || !instance(signature, false))
      return false;
    v = path.word(types_.function(signature), path.fresh());
    break;
  }
  case tal::SymbolKind::Desc:
    if (!is_in_scope(type))
      return refuse("a descriptor with the variables of something else");
    if (types_[type].sort == Sort::Rep) {
      v = path.word(type, path.fresh());
      break;
    }
    v = Value{};
    v.what = What::Descriptor;
    v.type = type;
    v.name = path.fresh();
    break;
  default: v = of_type(path, type); break;
  }
  if (types_[type].sort == Sort::Union)
    path.about(v.name).least = first_address;
  const tal::Bytes* bytes = s.section == tal::Section::RoData  ? &file_.image.rodata
                            : s.section == tal::Section::Data  ? &file_.image.data
                            : s.section == tal::Section::RelRo ? &file_.image.relro
                                                               : nullptr;
  if (s.kind == tal::SymbolKind::Data && types_[type].sort == Sort::Arr && s.section != tal::Section::None) { // its length stands there
    uint64_t length = 0;
    for (unsigned i = 0; bytes != nullptr && i < 8 && s.offset + i < bytes->size(); i++)
      length |= uint64_t{(*bytes)[s.offset + i]} << 8 * i;
    About& about = path.about(path.length_of(v.name));
    about.least = about.most = static_cast<Wide>(length);
    if (s.section == tal::Section::RoData && types_[type].target == types_.integer(4))
      path.about(v.name).table = r->symbol + 1;
  }
  return true;
}

bool Judge::find(Path& path, unsigned bytes, Place& place) {
  if (inst_.base == tal::rsp) {
    if (inst_.index != tal::no_reg)
      return refuse("an index into the frame");
    return find_slot(path, inst_.disp, bytes, place);
  }
  Value base;
  int64_t offset = inst_.disp;
  if (inst_.base == tal::rip) {
    if (!symbol_operand(path, base, offset))
      return false;
  } else if (inst_.base == tal::no_reg) {
    return refuse("an absolute address");
  } else if (!get(path, inst_.base, base)) {
    return false;
  }
  place.index = inst_.index;
  if (Value other; place.index != tal::no_reg && inst_.scale == 1 && base.is_word() && types_.is_integer(base.type)) { // the two may be exchanged
    if (!get(path, inst_.index, other))
      return false;
    base = other;
    place.index = inst_.base;
  }
  return find_behind(path, base, offset, bytes, place);
}

// C11.
bool Judge::find_slot(Path& path, int64_t offset, unsigned bytes, Place& place) {
  const int64_t at = offset - path.depth; // from the entry value of rsp
  const int64_t number = at >= 0 ? at / 8 : -((-at + 7) / 8);
  place.what = Place::What::Slot;
  place.number = static_cast<int32_t>(number);
  place.part = static_cast<unsigned>(at - number * 8);
  if (place.part + bytes > 8)
    return refuse("more than one slot");
  if (number == 0)
    return refuse("the return address");
  int32_t arguments = 0;
  size_t general = 0, floats = 0;
  for (tal::TypeId id : signature_->args) {
    const TypeRef t = types_.of(file_.annotations.types, id);
    const bool is_float = t == 5 || t == 6;
    if (is_float ? ++floats > 8 : ++general > 6)
      arguments++;
  }
  if (at < -static_cast<int64_t>(path.depth) || number > arguments)
    return refuse("outside the frame");
  return true;
}

// C37: the access is the test for null.
bool Judge::trap_site(Path& path, const Value& base, bool is_near) {
  const Sort sort = types_[base.type].sort;
  const Rule rule = inst_.row().rule;
  if (!is_near || (sort != Sort::Ptr && sort != Sort::Arr) || rule == Rule::CallInd || rule == Rule::Push || rule == Rule::Pop ||
      (handler() == nullptr && !signature_->throws))
    return refuse("the address may be null");
  if (!landing_pad() || !may_throw(path))
    return false;
  path.about(base.name).not_zero = true;
  return true;
}

bool Judge::find_behind(Path& path, const Value& base, int64_t offset, unsigned bytes, Place& place) {
  if (!base.is_word() || base.c != 0)
    return refuse("an address that is a number");
  const Type t = types_[base.type]; // a copy: the table grows
  place.object = base.name;
  place.offset = static_cast<uint32_t>(offset);
  if (t.sort == Sort::Union)
    return find_in_union(path, base, offset, bytes, place);
  if (t.sort != Sort::Ptr && t.sort != Sort::Arr && t.sort != Sort::Exn)
    return refuse("an address of unknown layout");
  if (!not_null(path, base) && !trap_site(path, base, place.index == tal::no_reg && offset >= 0 && offset + bytes <= first_address))
    return false;
  if (t.sort == Sort::Arr)
    return find_element(path, base, base.type, offset, bytes, place);
  if (place.index != tal::no_reg)
    return refuse("an index into an object");
  if (t.sort == Sort::Exn) {
    if (offset == 0 && bytes == 8) {
      place.what = Place::What::Exception;
      return true;
    }
    if (offset >= 0 && offset + bytes <= 8) { // half a name is a number
      place.type = 4;
      place.word = true;
      place.part = static_cast<unsigned>(offset);
      return true;
    }
    const About& about = path.about(base.name);
    const TypeRef known = about.under_construction ? about.payload : types_[about.payload_of].target;
    if (known == 0)
      return refuse("the payload of an unknown exception");
    place.type = known;
    place.slot = true;
    place.part = static_cast<unsigned>(offset - 8);
    place.offset = 8;
    return (offset >= 8 && offset + bytes <= 16) || refuse("outside the packet");
  }
  const TypeRef layout = types_.layout(t.target);
  if (layout == 0 || types_[layout].sort != Sort::Struct)
    return refuse("an address of unknown layout");
  for (const talsim::FieldType& f : types_[layout].fields)
    if (offset >= f.offset && offset + bytes <= f.offset + f.bytes) {
      place.type = f.type;
      place.bytes = f.bytes;
      place.slot = f.slot;
      place.writable = f.writable;
      place.part = static_cast<unsigned>(offset - f.offset);
      place.offset = f.offset;
      return true;
    }
  return refuse("no field");
}

// C15. The element's number is (offset - 8 + scale * index) / size.
bool Judge::find_element(Path& path, const Value& base, TypeRef array, int64_t offset, unsigned bytes, Place& place) {
  const Type& t = types_[array];
  const int64_t size = types_.width(t.target);
  if (place.index == tal::no_reg && offset == 0 && (bytes == 4 || bytes == 8)) {
    place.what = Place::What::Length;
    return true;
  }
  if (place.index == tal::no_reg && offset >= 0 && offset + bytes <= 8) { // a part of the length is some number
    place.type = 4;
    place.word = true;
    place.part = static_cast<unsigned>(offset);
    return true;
  }
  Value index = path.constant(0);
  if (place.index != tal::no_reg) {
    if (!get(path, place.index, index))
      return false;
    if (inst_.scale != size)
      return refuse("the scale is not the size of an element");
    if (!types_.is_integer(index.type) && types_[index.type].sort != Sort::Union)
      return refuse("an index that is no number");
  }
  const int64_t from = offset - 8;
  const int64_t part = ((from % size) + size) % size, extra = (from - part) / size;
  Value length = path.word(4, path.length_of(base.name));
  index.c += extra;
  if (part != 0 || bytes != size)
    return refuse("something else than an element");
  if (!path.at_most(path.constant(0), index, 0))
    return refuse("the index may be negative");
  if (!path.at_most(index, length, -1))
    return refuse("the index may be too large");
  place.type = t.target;
  place.bytes = static_cast<unsigned>(size);
  place.part = static_cast<unsigned>(part);
  place.writable = t.writable;
  place.table = path.about(base.name).table;
  place.at = index;
  place.object = zero;
  return true;
}

// T10, C30.
bool Judge::find_in_union(Path& path, const Value& base, int64_t offset, unsigned bytes, Place& place) {
  if (place.index != tal::no_reg)
    return refuse("an index into a variant");
  place.cases = types_.layout(types_[base.type].target);
  const Type& cases = types_[place.cases];
  if (cases.sort != Sort::Cases)
    return refuse("a union without definition");
  const About& about = path.about(base.name);
  const Interval word = path.interval(base);
  if (!about.under_construction && (word.least < static_cast<Wide>(cases.end) || !path.excludes_zero(base)))
    return refuse("the word may be a constant");
  if (cases.list.empty())
    return refuse("a union without boxed variants");
  if (offset >= 0 && offset + bytes <= 8) {
    place.what = offset == 0 && bytes >= 4 ? Place::What::Tag : Place::What::Field;
    place.type = 4;
    place.word = true;
    place.part = static_cast<unsigned>(offset);
    place.offset = 0;
    return true;
  }
  TypeRef payload = about.payload != 0 || cases.list.size() != 1 ? about.payload : cases.list[0];
  if (!about.under_construction) {
    const Interval tag = path.interval(path.word(4, path.tag_of(base.name, cases.list.size())));
    if (tag.least != tag.most)
      return refuse("the variant is not known");
    payload = cases.list[static_cast<size_t>(tag.least)];
  }
  if (payload == 0 || offset < 8 || offset + bytes > 16)
    return refuse("no payload there");
  place.type = payload;
  place.slot = true;
  place.part = static_cast<unsigned>(offset - 8);
  place.offset = 8;
  return true;
}

// The length of an array or the tag of a variant, as facts of label records speak of it.
bool Judge::length_or_tag(Path& path, Value& v) {
  const Type& t = types_[v.type];
  if (v.c != 0 || (t.sort != Sort::Arr && t.sort != Sort::Union))
    return refuse("the length of something else than an array");
  const Type& cases = types_[t.sort == Sort::Union ? types_.layout(t.target) : 0];
  v = path.word(4, t.sort == Sort::Arr ? path.length_of(v.name) : path.tag_of(v.name, cases.list.size()));
  return true;
}

// What an access of so many bytes reads, without sign.
bool Judge::load(Path& path, unsigned bytes, Value& v) {
  Place place;
  if (!find(path, bytes, place))
    return false;
  if (place.what == Place::What::Slot)
    return load_slot(path, place, bytes, v);
  if (place.object != zero && path.about(place.object).under_construction)
    return refuse("an object under construction is read");
  switch (place.what) {
  case Place::What::Length: v = path.word(4, path.length_of(place.object)); return true;
  case Place::What::Exception: v = path.word(4, path.exception_of(place.object)); return true;
  case Place::What::Tag: {
    const Type& cases = types_[place.cases];
    v = path.word(4, path.tag_of(place.object, cases.list.size()));
    return true;
  }
  default: break;
  }
  const Type& t = types_[place.type];
  const unsigned width = types_.width(place.type);
  const bool number = types_.is_integer(place.type) || t.sort == Sort::F32 || t.sort == Sort::F64;
  if (number) {
    if ((place.part % bytes != 0 && !place.word) || (!types_.is_integer(place.type) && !whole_float(place, width, bytes)))
      return refuse("a part that is not aligned, or of a float");
    Wide most = bytes == 8 ? Wide{INT64_MAX} : (Wide{1} << 8 * bytes) - 1;
    if (place.slot && width < 8 && types_.is_integer(place.type) && place.part == 0)
      most = std::min(most, (Wide{1} << 8 * width) - 1);
    v = path.integer(bytes == 8 && most == INT64_MAX ? Wide{INT64_MIN} : Wide{0}, most);
    if (place.table != 0) {
      About& element = path.about(v.name);
      element.table = place.table;
      element.index = place.at.name;
      element.index_c = place.at.c;
    }
    return true;
  }
  const unsigned whole = place.slot ? 8 : width;
  if (place.part != 0 || bytes != whole)
    return refuse("a part of a field that is no number");
  v = of_type(path, place.type);
  const Rule rule = inst_.row().rule;
  if (t.sort == Sort::Var && whole < 8) {
    const bool canonical = rule == Rule::Movzx || (rule == Rule::Mov && bytes == 4);
    if (!canonical)
      v = path.integer(0, (Wide{1} << 8 * bytes) - 1);
  }
  return true;
}

bool Judge::load_slot(Path& path, const Place& place, unsigned bytes, Value& v) {
  auto slot = path.slots.find(place.number);
  v = slot == path.slots.end() ? Value{} : slot->second;
  const Rule rule = inst_.row().rule;
  const bool narrow = path.narrow.count(place.number) != 0;
  const bool moves = (rule == Rule::Mov || rule == Rule::Push || rule == Rule::Pop) && bytes == 8;
  if (moves && !narrow)
    return true;
  if (!v.is_word())
    return refuse("a slot that holds no value");
  const Interval all{bytes == 8 ? Wide{INT64_MIN} : Wide{0}, bytes == 8 ? Wide{INT64_MAX} : (Wide{1} << 8 * bytes) - 1};
  if (place.part % bytes != 0 && place.part != 0)
    v = path.integer(all.least, all.most);
  else if (place.part != 0 || (narrow && bytes == 8))
    v = path.integer(all.least, all.most);
  else if (bytes < 8)
    v = image(path, number(path, v), bytes);
  return true;
}

// C16, C17.
bool Judge::store(Path& path, unsigned bytes, const Value& v) {
  Place place;
  if (!find(path, bytes, place))
    return false;
  if (place.what == Place::What::Slot)
    return store_slot(path, place, bytes, v);
  if (!v.is_word())
    return refuse("something that is no value is stored");
  if (under_construction(path, v))
    return refuse("an object under construction is stored");
  if (place.object != zero && path.about(place.object).under_construction)
    return initialise(path, place, bytes, v);
  if (place.what != Place::What::Field || !place.writable)
    return refuse("a place that is not written to");
  const Type& t = types_[place.type];
  const unsigned width = types_.width(place.type);
  const bool is_float = t.sort == Sort::F32 || t.sort == Sort::F64;
  if (types_.is_integer(place.type) || is_float) {
    if (place.part % bytes != 0 || (is_float && !whole_float(place, width, bytes)))
      return refuse("a part that is not aligned, or of a float");
    if (!place.slot || width == 8 || is_float)
      return true;
    if (place.part == 0 && bytes == 8)
      return is_of_type(path, v, place.type) || refuse("a number that is not canonical");
    return (place.part == 0 && bytes == width) || refuse("a part of a slot");
  }
  if (place.part != 0 || bytes != (place.slot ? 8 : width))
    return refuse("a part of a field that is no number");
  return is_of_type(path, v, place.type) || refuse("another type than that of the field");
}

bool Judge::store_slot(Path& path, const Place& place, unsigned bytes, const Value& v) {
  path.narrow.erase(place.number);
  if (bytes == 8) {
    path.slots[place.number] = v;
    return true;
  }
  if (!v.is_word())
    return refuse("something that is no value is stored");
  if (bytes == 4 && place.part == 0 && path.interval(v).inside(0, UINT32_MAX)) {
    path.slots[place.number] = v;
    path.narrow.insert(place.number);
    return true;
  }
  path.slots[place.number] = path.integer(INT64_MIN, INT64_MAX);
  return true;
}

// C25, C29: a store into an object under construction.
bool Judge::initialise(Path& path, const Place& place, unsigned bytes, const Value& v) {
  About& about = path.about(place.object);
  const bool misses = about.missing.count(place.offset) != 0;
  if (place.what == Place::What::Exception) {
    if (!misses || types_[v.type].sort != Sort::ExnName || v.c != 0)
      return refuse("the name of an exception has to be stored, once");
    about.payload = types_[v.type].target;
    if (about.payload == 0)
      about.missing.erase(8);
  } else if (place.what == Place::What::Tag) {
    const Type& cases = types_[place.cases];
    const Interval tag = path.interval(v);
    if (!misses || bytes != 8 || tag.least != tag.most || tag.least < 0 || tag.least >= static_cast<Wide>(cases.list.size()))
      return refuse("the tag of a variant has to be stored, once");
    about.payload = cases.list[static_cast<size_t>(tag.least)];
    About& known = path.about(path.tag_of(place.object, cases.list.size()));
    known.least = known.most = tag.least;
  } else {
    if (!misses && !place.writable)
      return refuse("a read-only field is stored again");
    const Type& t = types_[place.type];
    const unsigned width = types_.width(place.type);
    const bool number = types_.is_integer(place.type) || t.sort == Sort::F32 || t.sort == Sort::F64;
    const bool whole = place.part == 0 && (bytes == width || (bytes == 8 && place.slot));
    if (!whole)
      return refuse("a part of a field of an object under construction");
    if (number ? place.slot && bytes > width && types_.is_integer(place.type) && !is_of_type(path, v, place.type)
               : place.part != 0 || bytes != (place.slot ? 8 : width) || !is_of_type(path, v, place.type))
      return refuse("another type than that of the field");
  }
  about.missing.erase(place.offset);
  if (about.missing.empty())
    about.under_construction = false;
  return true;
}

} // namespace second
