// The second opinion: the rules of docs/tal.md for one function, written once more.
//
// Written from docs/tal.md and the design's rules, not from the checker, to disagree with it where one of the two is wrong. It shares
// with the checker the instruction table with its decoder and the object reader with the tables that this fills; types are those of
// talsim, whose substitution, layouts and subtyping are its own. It judges code (C1..C37). Symbols, static data and the file as a
// whole (O1..O8) are not its business.
//
// It walks along paths: from the entry and from each label record until the path ends or meets a record. There it is compared with
// the record and ends. No order of addresses, no limit of names, no budget.
#pragma once

#include "path.h"

#include "tal/decoder.h"
#include "tal/natives.h"
#include "tal/object_reader.h"

#include <string>

namespace second {

struct Verdict {
  enum class What : uint8_t { Accepted, Refused, NoOpinion } what = What::Accepted;
  uint32_t at = 0;     // offset in .text
  std::string reason;
  bool leftover = false; // type arguments that nothing took: the checker misses them where the next are due
  bool doubtful = false; // refused or accepted with more names in inequalities than the checker keeps
};

// A place that an operand in memory names.
struct Place {
  enum class What : uint8_t { Slot, Field, Length, Tag, Exception } what = What::Field;
  TypeRef type = 0, cases = 0;    // cases: of the union, for a tag
  unsigned bytes = 8, part = 0;   // of the place; where in it the access begins
  bool writable = false, slot = false;
  bool word = false;              // of a length, tag or exception name: read in any part, as a number
  int32_t number = 0;             // of a stack slot
  uint32_t table = 0;             // of an element: the table and the index, as About has them
  Value at;
  uint8_t index = tal::no_reg;    // the register that counts elements
  Name object = 0;                // what holds the field
  uint32_t offset = 0;            // of the field in it
};

class Judge {
public:
  Judge(const tal::ObjectFile& file, const tal::NativeInterface& natives);
  Verdict function(uint32_t symbol);

private:
  // Both give false, so that they can be returned.
  bool refuse(std::string reason);
  bool no_opinion(std::string reason);
  bool leftover();

  // ---- the walk (judge.cpp)
  bool read_code();
  bool entry_window();
  void enter();
  void start_at(const tal::LabelRecord& label);
  bool walk(uint32_t at, Path path);
  bool arrive(uint32_t from, uint32_t to, Path path);
  bool edge(const Path& path, const tal::LabelRecord& label);
  bool rest_is_padding();
  bool branch(Path& path, bool& goes_on);
  const tal::LabelRecord* label_at(uint32_t at) const;
  const tal::Reloc* reloc_at(uint32_t field) const;
  const tal::Reloc* reloc_in(uint32_t from, uint32_t to) const;
  const tal::Instantiation* instantiation() const;
  const tal::EhRange* handler() const;

  // ---- data instructions (arithmetic.cpp)
  bool step(Path& path, bool& goes_on);
  bool move(Path& path);
  bool alu(Path& path);
  bool compute(Path& path, Value a, Value b, Value& result);
  bool shift(Path& path);
  bool multiply(Path& path);
  bool divide(Path& path);
  bool address(Path& path);
  bool conditional_move(Path& path);
  bool exchange(Path& path);
  bool floating(Path& path);
  bool stack_pointer(Path& path);
  bool get(const Path& path, uint8_t reg, Value& v);
  bool set(Path& path, uint8_t reg, unsigned bytes, Value v);
  bool operand(Path& path, bool destination, Value& v);
  bool put(Path& path, unsigned bytes, Value v);
  Value image(Path& path, const Value& v, unsigned bytes) const;
  Value number(Path& path, const Value& v) const;
  bool refine(Path& path, unsigned condition) const;
  bool teach_comparison(Path& path, unsigned condition) const;
  bool teach_sign(Path& path, bool negative) const;
  void teach_exception(Path& path, const Value& a, const Value& b) const;
  Value sign_extended(Path& path, const Value& v) const;

  // ---- memory (access.cpp)
  bool find(Path& path, unsigned bytes, Place& place);
  bool find_slot(Path& path, int64_t offset, unsigned bytes, Place& place);
  bool trap_site(Path& path, const Value& base, bool is_near);
  bool find_behind(Path& path, const Value& base, int64_t offset, unsigned bytes, Place& place);
  bool find_element(Path& path, const Value& base, TypeRef array, int64_t offset, unsigned bytes, Place& place);
  bool find_in_union(Path& path, const Value& base, int64_t offset, unsigned bytes, Place& place);
  bool symbol_operand(Path& path, Value& v, int64_t& offset);
  bool is_in_scope(TypeRef type, uint32_t quantified = 0) const;
  bool length_or_tag(Path& path, Value& v);
  bool load(Path& path, unsigned bytes, Value& v);
  bool load_slot(Path& path, const Place& place, unsigned bytes, Value& v);
  bool store(Path& path, unsigned bytes, const Value& v);
  bool store_slot(Path& path, const Place& place, unsigned bytes, const Value& v);
  bool initialise(Path& path, const Place& place, unsigned bytes, const Value& v);
  Value of_type(Path& path, TypeRef type);
  bool is_of_type(const Path& path, const Value& v, TypeRef type) const;
  bool under_construction(const Path& path, const Value& v) const;
  bool not_null(const Path& path, const Value& v) const;

  // ---- calls (calls.cpp)
  bool call(Path& path, bool& goes_on);
  bool special(Path& path, tal::Special which, bool& goes_on);
  bool make_object(Path& path, Value& result);
  bool make_array(Path& path, Value& result);
  bool callee(Path& path, TypeRef& signature, tal::Special& which);
  bool declared(const tal::Symbol& symbol, TypeRef& signature);
  bool instance(TypeRef& signature, bool whole);
  bool jump_table(Path& path);
  bool conditions(Path& path, const std::vector<tal::SigFact>& facts, const std::vector<Value>& values, bool learns);
  bool arguments(const Path& path, const talsim::Type& s, bool tail);
  bool landing_pad();
  bool may_throw(Path path);
  bool after_call(Path& path, TypeRef result);
  bool return_(Path& path);
  bool tail_call(Path& path);
  bool leaves(const Path& path);
  bool package(Path& path);
  bool mentions(TypeRef type, uint32_t var) const;
  bool written_types(const tal::Instantiation& record, std::vector<TypeRef>& types);
  bool open(Path& path, TypeRef package, TypeRef inside, const std::vector<TypeRef>& hidden);

  const tal::ObjectFile& file_;
  const tal::NativeInterface& natives_;
  mutable talsim::Types types_; // grows with every question
  const tal::Symbol* function_ = nullptr;
  const tal::Signature* signature_ = nullptr;
  uint32_t start_ = 0, end_ = 0;
  std::map<uint32_t, const tal::LabelRecord*> labels_;
  std::map<uint32_t, const tal::Reloc*> relocs_;
  std::map<uint32_t, const tal::Instantiation*> insts_;
  std::map<uint32_t, tal::Inst> code_;       // instructions by offset
  std::set<uint32_t> walked_, arrived_, excluded_targets_, excluded_falls_;
  uint32_t at_ = 0;
  tal::Inst inst_;
  Verdict verdict_;
};

} // namespace second
