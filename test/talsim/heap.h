// The object store: objects with their types, typed access to their bytes, collection.
//
// An object is laid out as verified code expects it: fields at their offsets, arrays as a length and dense elements, exception
// packets as a name and a payload. Beside the bytes stands what each eight of them are. An access says no with a reason.
#pragma once

#include "types.h"
#include "word.h"

#include <deque>

namespace talsim {

struct Object {
  enum class Shape : uint8_t { Struct, Array, Packet, Variant, Name, Opaque } shape = Shape::Opaque;
  TypeRef type = 0;    // memory type of a struct or a union, `arr` type, `exnname` type, or the abstract type
  TypeRef layout = 0;  // of a struct; cases of a union
  uint64_t address = 0;
  bool is_static = false, dead = false, marked = false, scanned = true, frozen = false;
  uint32_t name = 0;                // of a packet whose name is known: the object that is its exception name
  std::vector<uint32_t> missing;    // offsets of what must be written before anybody else may see the object
  std::vector<uint8_t> bytes;
  std::vector<Word> words;          // tags of each eight bytes (bits unused); empty where nothing can hold an address
  std::string title;                // of static ones, for messages

  bool complete() const { return missing.empty(); }
  uint64_t length() const {
    uint64_t n = 0;
    for (unsigned i = 0; i < 8; i++)
      n |= uint64_t{bytes[i]} << 8 * i;
    return n;
  }
};

// A value whose type hides some types: what is in it and at which types.
struct Package {
  TypeRef type = 0;
  std::vector<TypeRef> hidden;
  Word content;
};

class Heap {
public:
  explicit Heap(Types& types) : types_(types) {}

  Object& operator[](uint32_t id) { return objects_[id]; }
  size_t size() const { return objects_.size(); }

  uint32_t new_struct(TypeRef memory);                   // zero, with everything missing that must be written
  uint32_t new_array(TypeRef arr, uint64_t length);      // elements zero: to be filled at once
  uint32_t new_packet();
  uint32_t new_variant(TypeRef memory);
  uint32_t new_name(TypeRef exn_name);
  uint32_t new_opaque(TypeRef type);
  Word pointer(uint32_t id, uint64_t offset = 0) const { return {objects_[id].address + offset, id, Tag::Pointer, 0}; }

  Word pack(TypeRef type, std::vector<TypeRef> hidden, const Word& content);
  const Package& package(uint32_t id) const { return packages_[id]; }

  // Where an access of some bytes at an offset of an object goes.
  struct Place {
    uint32_t object = 0;
    uint64_t offset = 0;            // of the access
    uint64_t start = 0;             // of the field or element
    unsigned bytes = 8, part = 0;   // of the field; of the access within it
    TypeRef type = 0;
    bool writable = false, slot = false, length = false, name = false, tag = false;
  };
  // Empty, or what is wrong.
  std::string find(const Word& pointer, uint64_t offset, unsigned bytes, Place& place);
  std::string load(const Place& place, unsigned bytes, Word& w);
  std::string store(const Place& place, unsigned bytes, const Word& w);

  // Is this so far behind a pointer the start of a field or element that may be written, of a complete object? Elements are found from
  // the address of their array only, or from their own.
  bool points_at_place(const Word& pointer, uint64_t distance, bool has_index) const;

  // Is the word a value of this type? Empty, or why not.
  std::string inhabits(const Word& w, TypeRef type);
  // The value as somebody sees it who knows no more than the type: integers lose what they were.
  Word seen_as(const Word& w, TypeRef type) const;
  // The signature that a code word's function has, from whoever knows closures.
  void set_code_types(const std::vector<TypeRef>* signatures) { code_types_ = signatures; }

  void write_raw(Object& o, uint64_t offset, unsigned bytes, const Word& w);
  Word read_raw(const Object& o, uint64_t offset, unsigned bytes) const;

  void begin_collection();
  void mark(const Word& w);
  size_t finish_collection();        // objects freed
  uint64_t allocated_bytes() const { return next_address_ - first_address; }

private:
  static constexpr uint64_t first_address = 0x200000000000;
  Object& add(Object::Shape shape, TypeRef type, uint64_t size, bool scanned);
  void mark_object(uint32_t id);
  bool is_place_alone(const Object& o, uint64_t at, TypeRef memory);
  bool is_element(const Object& o, uint64_t at) const;

  Types& types_;
  std::deque<Object> objects_{1}; // 0 is none
  std::deque<Package> packages_{1};
  uint64_t next_address_ = first_address;
  std::vector<uint32_t> work_;
  const std::vector<TypeRef>* code_types_ = nullptr;
};

} // namespace talsim
