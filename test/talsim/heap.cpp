#include "heap.h"

#include <algorithm>

namespace talsim {

Object& Heap::add(Object::Shape shape, TypeRef type, uint64_t size, bool scanned) {
  Object& o = objects_.emplace_back();
  o.shape = shape;
  o.type = type;
  o.scanned = scanned;
  o.address = next_address_;
  o.bytes.assign(size, 0);
  if (scanned)
    o.words.assign(size / 8, number(0));
  next_address_ += ((size + 15) & ~uint64_t{15}) + 16;
  return o;
}

uint32_t Heap::new_struct(TypeRef memory) {
  TypeRef layout = types_.layout(memory);
  bool scanned = false;
  for (const FieldType& f : types_[layout].fields)
    scanned |= types_.may_hold_address(f.type);
  Object& o = add(Object::Shape::Struct, memory, types_.object_size(layout), scanned);
  o.layout = layout;
  for (const FieldType& f : types_[layout].fields)
    if (!f.writable || !types_.zero_is_legal(f.type))
      o.missing.push_back(f.offset);
  return static_cast<uint32_t>(objects_.size() - 1);
}

uint32_t Heap::new_array(TypeRef arr, uint64_t length) {
  TypeRef element = types_[arr].target;
  uint64_t size = (8 + length * types_.width(element) + 7) & ~uint64_t{7};
  Object& o = add(Object::Shape::Array, arr, size, types_.may_hold_address(element));
  write_raw(o, 0, 8, number(length));
  return static_cast<uint32_t>(objects_.size() - 1);
}

uint32_t Heap::new_packet() {
  Object& o = add(Object::Shape::Packet, types_.exn(), 16, true);
  o.missing = {0, 8};
  return static_cast<uint32_t>(objects_.size() - 1);
}

uint32_t Heap::new_variant(TypeRef memory) {
  TypeRef cases = types_.layout(memory);
  bool scanned = false;
  for (TypeRef payload : types_[cases].list)
    scanned |= types_.may_hold_address(payload);
  Object& o = add(Object::Shape::Variant, memory, 16, scanned);
  o.layout = cases;
  o.missing = {0, 8};
  return static_cast<uint32_t>(objects_.size() - 1);
}

uint32_t Heap::new_name(TypeRef exn_name) {
  add(Object::Shape::Name, exn_name, 8, false).is_static = true;
  return static_cast<uint32_t>(objects_.size() - 1);
}

uint32_t Heap::new_opaque(TypeRef type) {
  add(Object::Shape::Opaque, type, 8, false);
  return static_cast<uint32_t>(objects_.size() - 1);
}

Word Heap::pack(TypeRef type, std::vector<TypeRef> hidden, const Word& content) {
  packages_.push_back({type, std::move(hidden), content});
  return {content.bits, static_cast<uint32_t>(packages_.size() - 1), Tag::Package, 0};
}

// ---- access --------------------------------------------------------------------------------------------------------

std::string Heap::find(const Word& pointer, uint64_t offset, unsigned bytes, Place& place) {
  if (pointer.tag != Tag::Pointer)
    return "memory reached through " + describe(pointer);
  Object& o = objects_[pointer.id];
  if (o.dead)
    return "memory reached through a pointer to an object that was collected";
  uint64_t at = pointer.bits - o.address + offset;
  if (at >= o.bytes.size() || bytes > o.bytes.size() - at)
    return "access outside an object: byte " + std::to_string(static_cast<int64_t>(at)) + " of " + std::to_string(o.bytes.size()) +
           " of " + types_.name(o.type);
  place = {pointer.id, at, 0, 8, 0, 0, false, false, false, false, false};
  switch (o.shape) {
  case Object::Shape::Struct: {
    const auto& fields = types_[o.layout].fields;
    const FieldType* f = nullptr;
    for (const FieldType& candidate : fields)
      if (candidate.offset <= at)
        f = &candidate;
    if (f == nullptr || at + bytes > uint64_t{f->offset} + f->bytes)
      return "access to more or less than one field of " + types_.name(o.type);
    place.start = f->offset;
    place.bytes = f->bytes;
    place.type = f->type;
    place.writable = f->writable;
    place.slot = f->slot;
    break;
  }
  case Object::Shape::Array: {
    if (at < 8) {
      place.length = true;
      place.type = types_.integer(8);
      if (at + bytes > 8)
        return "access across the length of an array";
      break;
    }
    place.type = types_[o.type].target;
    place.bytes = types_.width(place.type);
    uint64_t index = (at - 8) / place.bytes;
    place.start = 8 + index * place.bytes;
    if (index >= o.length() || at + bytes > place.start + place.bytes)
      return "access outside an array: element " + std::to_string(index) + " of " + std::to_string(o.length());
    place.writable = types_[o.type].writable;
    if (pointer.bits != o.address && offset + bytes > place.bytes)
      return "access beyond the element that is pointed at";
    break;
  }
  case Object::Shape::Packet:
    place.start = at & ~uint64_t{7};
    if (at + bytes > place.start + 8)
      return "access across the words of an exception";
    place.name = at < 8;
    if (!place.name) {
      if (o.name == 0)
        return "the payload of an exception without name";
      place.type = types_[objects_[o.name].type].target;
      place.slot = true;
      if (place.type == 0)
        return "the payload of an exception that has none";
    }
    break;
  case Object::Shape::Variant:
    place.start = at & ~uint64_t{7};
    if (at + bytes > place.start + 8)
      return "access across the words of a variant";
    place.tag = at < 8;
    place.type = types_.integer(8);
    if (!place.tag) {
      bool has_tag = o.missing.empty() || o.missing.front() != 0;
      if (!has_tag && types_[o.layout].list.size() != 1)
        return "the payload of a variant without tag";
      place.type = types_[o.layout].list[o.length()];
      place.slot = true;
    }
    break;
  case Object::Shape::Name: return "access to an exception name";
  case Object::Shape::Opaque: return "access to an opaque object";
  }
  place.part = static_cast<unsigned>(at - place.start);
  return "";
}

Word Heap::read_raw(const Object& o, uint64_t offset, unsigned bytes) const {
  uint64_t bits = 0;
  for (unsigned i = 0; i < bytes; i++)
    bits |= uint64_t{o.bytes[offset + i]} << 8 * i;
  Word w = number(bits);
  if (bytes == 8 && offset % 8 == 0 && !o.words.empty()) {
    w = o.words[offset / 8];
    w.bits = bits;
  }
  return w;
}

void Heap::write_raw(Object& o, uint64_t offset, unsigned bytes, const Word& w) {
  for (unsigned i = 0; i < bytes; i++)
    o.bytes[offset + i] = static_cast<uint8_t>(w.bits >> 8 * i);
  if (!o.words.empty())
    o.words[offset / 8] = bytes == 8 && offset % 8 == 0 ? w : number(0);
}

std::string Heap::load(const Place& p, unsigned bytes, Word& w) {
  const Object& o = objects_[p.object];
  if (std::find(o.missing.begin(), o.missing.end(), p.start) != o.missing.end())
    return "load of a field that has not been initialised";
  w = read_raw(o, p.offset, bytes);
  const Type& t = types_[p.type];
  if (p.name || (t.sort >= Sort::I8 && t.sort <= Sort::F64)) {
    if (w.tag == Tag::Pointer && !p.name)
      return "a pointer in an integer field"; // cannot be: stores forget
    return "";
  }
  if (bytes != 8 || p.part != 0)
    return "load of a part of a field of type " + types_.name(p.type);
  if (std::string why = inhabits(w, p.type); !why.empty())
    return "a field of type " + types_.name(p.type) + " holds something else: " + why;
  return "";
}

std::string Heap::store(const Place& p, unsigned bytes, const Word& w) {
  Object& o = objects_[p.object];
  if (!w.is_value())
    return "store of " + describe(w);
  auto missing = std::find(o.missing.begin(), o.missing.end(), static_cast<uint32_t>(p.start));
  bool is_missing = missing != o.missing.end();
  if (o.frozen || p.length || (!p.writable && !is_missing))
    return p.length ? "store to the length of an array" : "store to a read-only place";
  if (p.name) {
    if (bytes != 8 || w.tag != Tag::Pointer || objects_[w.id].shape != Object::Shape::Name || w.bits != objects_[w.id].address)
      return "store of " + describe(w) + " as the name of an exception";
    o.name = w.id;
    write_raw(o, 0, 8, w);
    o.missing.erase(missing);
    if (types_[objects_[w.id].type].target == 0)
      o.missing.clear();
    return "";
  }
  if (p.tag && (bytes != 8 || w.tag != Tag::Int || w.bits >= types_[o.layout].list.size()))
    return "store of " + describe(w) + " as the tag of a variant of " + types_.name(o.type);
  bool whole = bytes == p.bytes && p.part == 0;
  Word stored = seen_as(w, p.type);
  const Type& t = types_[p.type];
  if (t.sort >= Sort::I8 && t.sort <= Sort::F64) {
    unsigned natural = types_.width(p.type);
    if (p.slot && natural < 8) {
      if (p.part != 0 || (bytes != 8 && bytes != natural))
        return "store to a part of a slot";
      if (std::string why = bytes == 8 ? inhabits(w, p.type) : ""; !why.empty())
        return "store to a slot of type " + types_.name(p.type) + ": " + why;
    }
    whole = whole || (p.slot && p.part == 0 && bytes == natural);
  } else {
    if (!whole)
      return "store to a part of a field of type " + types_.name(p.type);
    if (std::string why = inhabits(w, p.type); !why.empty())
      return "store to a field of type " + types_.name(p.type) + ": " + why;
  }
  write_raw(o, p.offset, bytes, stored);
  if (is_missing) {
    if (!whole)
      return "a field is initialised in parts";
    o.missing.erase(missing);
  }
  return "";
}

// ---- types of values -----------------------------------------------------------------------------------------------

Word Heap::seen_as(const Word& w, TypeRef type) const {
  Sort s = types_[type].sort;
  return s >= Sort::I8 && s <= Sort::F64 ? number(w.bits) : w;
}

// Of an array that may be written.
bool Heap::is_element(const Object& o, uint64_t at) const {
  const unsigned width = types_.width(types_[o.type].target);
  return types_[o.type].writable && at >= 8 && (at - 8) % width == 0 && (at - 8) / width < o.length();
}

bool Heap::points_at_place(const Word& pointer, uint64_t distance, bool has_index) const {
  if (pointer.tag != Tag::Pointer)
    return false;
  const Object& o = objects_[pointer.id];
  uint64_t at = pointer.bits - o.address + distance;
  if (!o.dead && o.shape == Object::Shape::Array && is_element(o, at))
    return pointer.bits == o.address || (distance == 0 && !has_index);
  if (o.dead || o.shape != Object::Shape::Struct || !o.complete() || has_index)
    return false;
  const auto& fields = types_[o.layout].fields;
  return std::any_of(fields.begin(), fields.end(), [at](const FieldType& f) { return f.offset == at && f.writable; });
}

// The field or element at this place may be seen as an object of a memory type: that has one field of its type, and is no wider.
bool Heap::is_place_alone(const Object& o, uint64_t at, TypeRef memory) {
  const Type& alone = types_[memory]; // not a named type: those are nothing but themselves
  if (alone.sort != Sort::Struct || alone.fields.size() != 1)
    return false;
  const FieldType seen = alone.fields[0];
  if (o.shape == Object::Shape::Array)
    return is_element(o, at) && seen.offset == 0 && seen.type == types_[o.type].target && seen.bytes == types_.width(seen.type);
  if (o.shape != Object::Shape::Struct)
    return false;
  const auto& fields = types_[o.layout].fields;
  return std::any_of(fields.begin(), fields.end(), [&](const FieldType& f) {
    return f.offset == at && seen.offset == 0 && f.type == seen.type && f.writable && seen.bytes <= f.bytes;
  });
}

std::string Heap::inhabits(const Word& w, TypeRef type) {
  const Type& t = types_[type];
  if (!w.is_value())
    return describe(w);
  if (t.sort == Sort::F32 || t.sort == Sort::F64 || t.sort == Sort::Unknown)
    return ""; // any bits; a type that talsim does not know yet
  if (types_.is_integer(type)) {
    unsigned bytes = types_.width(type);
    if (bytes < 8 && w.bits >> 8 * bytes != 0)
      return "the number " + std::to_string(static_cast<int64_t>(w.bits)) + " is not canonical";
    return "";
  }
  if (types_.is_package(type))
    return w.tag == Tag::Package && packages_[w.id].type == type ? "" : describe(w);
  if (t.sort == Sort::Named && types_.kind_of(type) != tal::Kind::P)
    return ""; // abstract, perhaps a number: who knows what it is made it
  if (t.sort == Sort::Union && w.tag == Tag::Int)
    return types_.is_constant_of(type, w.bits) ? "" : describe(w) + ", which is no constant of it";
  if (w.is_null())
    return t.nullable ? "" : "null";
  if (t.sort == Sort::Fn) {
    if (w.tag != Tag::Code)
      return describe(w);
    return types_.signature_at_most((*code_types_)[w.id], t.target) ? "" : "a function of type " + types_.name((*code_types_)[w.id]);
  }
  if (w.tag != Tag::Pointer)
    return describe(w);
  const Object& o = objects_[w.id];
  if (o.dead)
    return "a pointer to an object that was collected";
  bool is_field = t.sort == Sort::Ptr && o.complete() && is_place_alone(o, w.bits - o.address, t.target);
  if (is_field)
    return "";
  if (w.bits != o.address)
    return "a pointer into the middle of " + types_.name(o.type);
  if (!o.complete())
    return "an object under construction";
  bool fits = false;
  switch (t.sort) {
  case Sort::Ptr:
    fits = (o.shape == Object::Shape::Struct || o.shape == Object::Shape::Opaque) && types_.is_object_of(o.type, t.target);
    break;
  case Sort::Arr: {
    const Type& a = types_[o.type];
    fits = o.shape == Object::Shape::Array && a.target == t.target && a.writable == t.writable;
    break;
  }
  case Sort::Union: fits = o.shape == Object::Shape::Variant && o.type == t.target; break;
  case Sort::Exn: fits = o.shape == Object::Shape::Packet; break;
  case Sort::ExnName: fits = o.shape == Object::Shape::Name && types_[o.type].target == t.target; break;
  case Sort::Rep:
  case Sort::Named: fits = o.shape == Object::Shape::Opaque && o.type == type; break;
  default: break;
  }
  return fits ? "" : "a pointer to " + types_.name(o.type);
}

// ---- collection ----------------------------------------------------------------------------------------------------

void Heap::begin_collection() {
  for (uint32_t i = 1; i < objects_.size(); i++)
    objects_[i].marked = false;
  for (uint32_t i = 1; i < objects_.size(); i++)
    if (objects_[i].is_static)
      mark_object(i);
}

void Heap::mark_object(uint32_t id) {
  if (objects_[id].marked || objects_[id].dead)
    return;
  objects_[id].marked = true;
  work_.push_back(id);
}

void Heap::mark(const Word& root) {
  auto mark_word = [&](Word w) {
    while (w.tag == Tag::Package)
      w = packages_[w.id].content;
    if (w.tag == Tag::Pointer)
      mark_object(w.id);
  };
  mark_word(root);
  while (!work_.empty()) {
    const Object& o = objects_[work_.back()];
    work_.pop_back();
    for (const Word& inside : o.words) // an object that is not scanned has none
      mark_word(inside);
  }
}

size_t Heap::finish_collection() {
  mark(number(0));
  size_t freed = 0;
  for (uint32_t i = 1; i < objects_.size(); i++) {
    Object& o = objects_[i];
    if (o.marked || o.dead)
      continue;
    o.dead = true;
    o.bytes.clear();
    o.words.clear();
    o.missing.clear();
    freed++;
  }
  return freed;
}

} // namespace talsim
