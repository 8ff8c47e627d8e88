// The type language of TAL-64: one interned table per object, program or native interface.
//
// A TypeId names a node of one table. Equal types of one table have equal ids, so type equality is integer equality.
// Three families share the id space:
//   word types    what a register, a stack slot, a field or an array element holds (i8..i64, ptr, arr, fn, exn, ...);
//   memory types  what a pointer points at (a struct layout, or a named type applied to arguments);
//   signatures    what a function is.
// Recursion goes through named types only: a named type is declared first, defined later, and its body is a layout,
// so unrolling always makes progress. The identity of a named type is (name, fingerprint of all that it reaches).
//
// Constructors never assert: an ill-formed type gives `no_type`, which a reader of untrusted bytes reports and a
// compiler treats as its own bug. Rules T1..T13 of docs/tal.md.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tal {

struct TypeId {
  uint32_t value = 0;
  explicit operator bool() const { return value != 0; }
  friend bool operator==(TypeId, TypeId) = default;
};
inline constexpr TypeId no_type{};

struct NamedId {
  uint32_t value = 0;
  friend bool operator==(NamedId, NamedId) = default;
};

// W1, W2, W4, W8, P <= D <= W and P <= W8; no other order. D, "some known width", is the kind of a parameter of a named type
// that has arrays of it; no code is ever typed under a variable of kind D. `None`: floats and memory types instantiate no
// variable.
enum class Kind : uint8_t { None, W, W1, W2, W4, W8, P, D };
bool kind_at_most(Kind a, Kind b);
std::string_view kind_name(Kind kind);

enum class TypeTag : uint8_t {
#define TAL_TYPE_TAG(id, code, text) id = code,
#include "tal/type_tags.def"
};
inline bool is_number(TypeTag tag) { return tag >= TypeTag::I8 && tag <= TypeTag::F64; }
inline bool has_null_form(TypeTag tag) {
  return tag == TypeTag::Ptr || tag == TypeTag::Arr || tag == TypeTag::Fn || tag == TypeTag::Union || tag == TypeTag::Exn;
}

enum class Mutability : uint8_t { ReadOnly, ReadWrite };

// One field of a struct layout. `slot`: the field occupies an 8-byte slot whatever its type (it was declared at a type
// variable or an abstract type, or it is a tuple component) and holds a canonical value.
struct Field {
  uint32_t offset = 0;
  TypeId type;
  Mutability mutability = Mutability::ReadWrite;
  bool slot = false;
  friend bool operator==(const Field&, const Field&) = default;
};

// x - y <= c, in Z, of words read as signed numbers of 64 bits: what a function asks of its arguments (`pre`), or says of its result
// (`post`). `x` and `y` number the arguments; the result is 0. Length: that of an array (T13).
struct SigFact {
  enum class Of : uint8_t { Zero, Value, Length };
  Of x_of = Of::Zero;
  uint8_t x = 0;
  Of y_of = Of::Zero;
  uint8_t y = 0;
  int64_t c = 0;
  friend auto operator<=>(const SigFact&, const SigFact&) = default;
};
// Each of `wanted` follows from one of `given`.
bool entails(std::span<const SigFact> given, std::span<const SigFact> wanted);
std::string print_fact(const SigFact& fact, bool of_result);

// Variables are de Bruijn indices: inside a signature with k quantified variables those are 0 .. k-1, and what is variable n outside is
// variable n + k there. So types that differ in the names of bound variables are one type, and one node (T6).
struct Signature {
  std::vector<Kind> vars = {}; // quantified variables, none of kind D
  std::vector<TypeId> args = {};   // word types
  TypeId result = {};              // no_type: no result
  bool noret = false;
  bool throws = true;
  std::vector<SigFact> pre = {}, post = {}; // ascending, each pair of operands once
  friend bool operator==(const Signature&, const Signature&) = default;
};

enum class NamedSort : uint8_t { Struct, Union, Abstract, Package };

using Fingerprint = std::array<uint8_t, 32>;

struct NamedType {
  std::string name = {};            // source-level qualified name
  NamedSort sort = NamedSort::Struct;
  std::vector<Kind> params = {};
  TypeId body = {};                 // Struct node (Union node), no_type until defined; abstract types have none
  Kind abstract_kind = Kind::None;  // of an abstract type or a package: they are word types too
  std::vector<Kind> hidden = {};    // Package: variables params.size().. of the body, a word type
  bool provided = false;            // defined here for modules that know the name as an abstract type (L10); no part of the identity
  // Filled by close():
  uint32_t group = 0;
  Fingerprint fingerprint{};        // of the group's canonical bytes and the index in it
};

// Limits (R52); a constructor that would exceed one gives no_type.
inline constexpr uint32_t max_type_nodes = 1u << 20;
inline constexpr uint32_t max_type_depth = 64;
inline constexpr uint32_t max_type_size = 1u << 16;    // nodes of the type written as a tree
inline constexpr uint32_t max_type_vars = 16;
inline constexpr uint32_t max_fields = 1u << 12;        // and boxed variants of a union
inline constexpr uint32_t max_constants = 1u << 12;     // addresses are not below: page 0 is never mapped
inline constexpr uint32_t max_sig_facts = 16;           // of the arguments, and as many of the result
inline constexpr uint32_t max_group_bytes = 1u << 16;
inline constexpr size_t max_type_parts = size_t{1} << 22;   // fields, arguments and type arguments of all nodes together
inline constexpr size_t max_substituted = size_t{1} << 22;  // parts that all substitutions of a table look at

// A hash of numbers below 2^61: the polynomial of these coefficients at a random point, modulo 2^61 - 1. Whoever writes an object
// chooses the numbers, but does not know the point: he cannot make all fall together (R52).
class KeyedHash {
public:
  void add(uint64_t number) {
    __extension__ using Product = unsigned __int128;
    const Product product = static_cast<Product>(value_ + number) * point();
    value_ = static_cast<uint64_t>(product & prime) + static_cast<uint64_t>(product >> 61);
    value_ = value_ >= prime ? value_ - prime : value_;
  }
  uint32_t value() const { return static_cast<uint32_t>(value_ ^ value_ >> 32); }

private:
  static constexpr uint64_t prime = (uint64_t{1} << 61) - 1;
  static uint64_t point();
  uint64_t value_ = 1;
};

struct HashOfNumber {
  size_t operator()(uint64_t number) const { KeyedHash hash; hash.add(number); return hash.value(); }
};

// Nodes of a table that were met, in which order. Starting again costs nothing.
class NodeSet {
public:
  static constexpr uint32_t fresh = UINT32_MAX;
  // How many were met before it, or that it is new.
  uint32_t insert(uint32_t node) {
    asked_++;
    if (node >= seen_.size())
      seen_.resize(node + 1);
    if (contains(node))
      return seen_[node].order;
    seen_[node] = {round_, count_++};
    return fresh;
  }
  bool contains(uint32_t node) const { return node < seen_.size() && seen_[node].round == round_; }
  uint32_t asked() const { return asked_; } // how often something was inserted, new or not
  void clear() { round_++, count_ = asked_ = 0; }

private:
  struct Seen { uint32_t round = 0, order = 0; };
  std::vector<Seen> seen_;
  uint32_t round_ = 1, count_ = 0, asked_ = 0;
};

class TypeTable {
public:
  TypeTable();

  // Word types. Nullable forms exist for ptr, arr, fn, exn and union.
  TypeId i8() const { return TypeId{1}; }
  TypeId i16() const { return TypeId{2}; }
  TypeId i32() const { return TypeId{3}; }
  TypeId i64() const { return TypeId{4}; }
  TypeId f32() const { return TypeId{5}; }
  TypeId f64() const { return TypeId{6}; }
  TypeId exn() const { return TypeId{7}; }
  TypeId ptr(TypeId memory, bool nullable = false) { return with_part(TypeTag::Ptr, memory, nullable); }
  TypeId arr(TypeId element, Mutability m = Mutability::ReadWrite, bool nullable = false) { return with_part(TypeTag::Arr, element, nullable, m); }
  TypeId string(bool nullable = false) { return arr(i8(), Mutability::ReadWrite, nullable); }
  TypeId fn(TypeId signature, bool nullable = false) { return with_part(TypeTag::Fn, signature, nullable); }
  TypeId exn_name(TypeId payload) { return with_part(TypeTag::ExnName, payload); } // payload no_type: an exception without value
  TypeId rep(TypeId of) { return with_part(TypeTag::Rep, of); } // the representation of a type as a value
  TypeId var(uint32_t index, Kind kind);
  TypeId union_word(TypeId memory, bool nullable = false) { return with_part(TypeTag::Union, memory, nullable); }
  TypeId with_nullable(TypeId type, bool nullable);       // same type, other nullness; itself where there is none
  // The type of this tag with one part, if it is made so: ptr arr fn exnname rep union.
  TypeId with_part(TypeTag tag, TypeId part, bool nullable = false, Mutability mutability = Mutability::ReadOnly);

  // Memory types. A struct's fields are ascending, aligned and disjoint. A field at a type variable (or abstract type)
  // must have `slot` set; where it makes no difference it is dropped.
  TypeId struct_layout(std::vector<Field> fields) { return layout_of(fields); }
  TypeId layout_of(std::span<Field> fields); // which may be changed by that
  TypeId single(TypeId type, Mutability mutability = Mutability::ReadWrite); // { 0: type }: a global variable
  TypeId named(NamedId id, std::span<const TypeId> args = {});
  // The variants of a union: `constants` small integers from `first` (0 or 1) on, and boxed variants, objects
  // { i64 tag ro @0; payload ro slot @8 } whose tag is the index in `payloads` (T10).
  TypeId cases(uint32_t first, uint32_t constants, std::span<const TypeId> payloads);

  TypeId signature(Signature signature);

  // Named types: declare, define, then close() once all bodies are there. close() finds the recursive groups, makes
  // their canonical bytes and fingerprints; false (with a message) if a type is undefined, two are equal, a limit breaks.
  // It may be called again after more declarations.
  NamedId declare(std::string name, std::vector<Kind> params, NamedSort sort = NamedSort::Struct,
                  Kind abstract_kind = Kind::None, std::vector<Kind> hidden = {});
  bool define(NamedId id, TypeId body);
  void provide(NamedId id) { named_[id.value].provided = true; }
  [[nodiscard]] bool close(std::string* problem = nullptr);
  // Forgets the types that `roots` do not reach. The others get other ids, as `roots` do. Closed it must be, and closed it is.
  void keep_only(std::span<TypeId> roots);

  // Observers. The id must belong to this table.
  size_t size() const { return nodes_.size(); }           // ids are 1 .. size()-1
  size_t named_count() const { return named_.size(); }
  const NamedType& named_type(NamedId id) const { return named_[id.value]; }
  TypeTag tag(TypeId id) const { return nodes_[id.value].tag; }
  bool is_nullable(TypeId id) const { return nodes_[id.value].nullable; }
  Mutability mutability(TypeId id) const { return nodes_[id.value].mutability; }
  Kind kind(TypeId id) const { return nodes_[id.value].kind; }
  bool is_word(TypeId id) const;
  bool is_memory(TypeId id) const;
  static bool is_integer(TypeId id) { return id.value - 1 < 4; }
  static unsigned integer_size(TypeId id) { return 1u << (id.value - 1); }       // of i8 to i64
  bool is_closed(TypeId id) const { return nodes_[id.value].vars == 0; }
  // The free variables are among these, or (`more`) follow them: the types that a function body opened.
  bool vars_fit(TypeId id, std::span<const Kind> kinds, bool more = false) const;
  bool mentions(TypeId id, TypeId var) const { return (nodes_[id.value].vars >> 4 * var_index(var) & 15) != 0; }
  bool is_package(TypeId id) const { return tag(id) == TypeTag::Named && named_[nodes_[id.value].a].sort == NamedSort::Package; }
  TypeId target(TypeId id) const { return TypeId{nodes_[id.value].a}; }          // pointee, element, sig, payload, body
  uint32_t tree_size(TypeId id) const { return nodes_[id.value].size; }          // what comparing or substituting costs at most
  uint32_t var_index(TypeId id) const { return nodes_[id.value].a; }
  NamedId named_id(TypeId id) const { return NamedId{nodes_[id.value].a}; }
  std::span<const TypeId> args(TypeId id) const;                                 // of a named application; payloads of cases
  uint32_t first_constant(TypeId cases) const { return nodes_[cases.value].a & 1; }
  uint32_t end_of_constants(TypeId cases) const { return (nodes_[cases.value].a & 1) + (nodes_[cases.value].a >> 1); }
  std::span<const Field> fields(TypeId id) const;                                // of a struct layout
  const Signature& sig(TypeId id) const;
  unsigned word_size(TypeId id) const;                                           // 1 2 4 8; variables and abstract: 8
  unsigned field_size(const Field& field) const { return field.slot ? 8 : word_size(field.type); }
  uint32_t layout_size(TypeId memory);                                           // bytes, rounded up to 8
  bool zero_is_legal(TypeId word) const;                                         // ints, floats, nullable types, unions with a constant 0
  bool is_constant_of(TypeId word, int64_t lo, int64_t hi) const;                // a union whose constants include lo..hi

  // The struct layout of a memory type, with the arguments of a named application substituted (memoised).
  // no_type for abstract types and where a limit breaks.
  TypeId expand(TypeId memory) { return expand_to(memory, TypeTag::Struct); }
  // The same for the cases of a union.
  TypeId expand_cases(TypeId memory) { return expand_to(memory, TypeTag::Cases); }
  // Its cases before substitution, enough to know its constants.
  TypeId generic_cases(TypeId memory) const;
  TypeId substitute(TypeId type, std::span<const TypeId> args);
  // T11: what is in a package whose hidden types are these; no_type if their number or kinds do not fit.
  TypeId open(TypeId package, std::span<const TypeId> hidden);
  // Hidden types at which `inside` may be what is in the package. A guess: the caller checks it with open().
  std::vector<TypeId> guess_hidden(TypeId package, TypeId inside);
  // Type arguments at which a function of signature `s` may be one of signature `wanted`: a guess as well, for instantiate().
  std::vector<TypeId> guess_arguments(TypeId s, TypeId wanted) const;
  // S[args/vars], the leading variables if there are fewer arguments; no_type if the kinds do not fit.
  TypeId instantiate(TypeId signature, std::span<const TypeId> args);

  // T7: i8<=i16<=i32<=i64, every word of a kind <= i64, non-null <= nullable, fn by T8; else equality.
  bool is_subtype(TypeId a, TypeId b) { return subtype(a, b, 2); }
  // T8: a function of signature a may stand where one of b is assumed.
  bool sig_at_most(TypeId a, TypeId b) { return signature_at_most(a, b, 2); }

  // Canonical bytes: equal exactly for equal types, also across tables; named types occur by fingerprint.
  std::string canonical(TypeId type);
  // T9 for a table that is not closed: for each named type the first one that is equal to it. Empty if that is too much work.
  std::vector<NamedId> find_equal_named() const;

  std::string print(TypeId type) const;       // the text form of docs/tal.md, for messages and `.tal` files

private:
  friend class TypeImporter;
  struct Node {
    TypeTag tag = TypeTag::None;
    bool nullable = false;
    Mutability mutability = Mutability::ReadOnly;
    Kind kind = Kind::None;
    uint8_t depth = 1;
    uint32_t a = 0;           // see target(), var_index(), named_id(), first_constant()
    uint32_t list = 0;        // index into lists_, field_lists_ or sigs_
    uint32_t size = 1;        // as a tree
    uint64_t vars = 0;        // free variables: 4 bits each, 0 or 1 + kind
    TypeId expanded = {};     // memo of expand()
    bool does_not_expand = false; // it failed, as it always will
  };
  struct Slot { uint32_t hash = 0, node = 0; }; // node 0: free
  struct Group {
    std::string bytes;                // canonical, references out of the group by fingerprint
    std::vector<uint32_t> members;    // sorted by name
  };
  // What a type becomes where the variables 0 .. args.size()-1 are replaced and the others renumbered to follow `kept` new ones.
  struct Substitution {
    std::span<const TypeId> args;
    uint32_t kept = 0;
    std::unordered_map<uint64_t, TypeId, HashOfNumber> known = {}; // by type and number of quantifiers around it
  };
  using NamedMap = std::vector<uint32_t>; // named types as those of another table, or `unknown`
  static constexpr uint32_t unknown = UINT32_MAX;

  // What a type becomes part by part; `vars` variables are quantified around the part.
  using PartMap = std::function<TypeId(TypeId part, uint32_t vars)>;

  TypeId intern(Node node);
  template <typename List, typename Add> TypeId intern_list(Node node, const List& list, size_t parts, Add add);
  TypeId intern_types(Node node, std::span<const TypeId> list);
  bool has_list(TypeId id, std::span<const TypeId> list) const { return std::ranges::equal(args(id), list); }
  bool has_list(TypeId id, std::span<const Field> list) const { return std::ranges::equal(fields(id), list); }
  bool has_list(TypeId id, const Signature& s) const { return sig(id) == s; }
  template <typename Same> Slot& find_slot(uint32_t hash, Same same);
  void grow_index();
  TypeId rebuild(const TypeTable& from, const Node& node, const PartMap& map);
  template <typename F> void each_part(const Node& node, F f) const { visit_parts(*this, node, f); }
  static void visit_parts(auto& table, auto& node, auto f);
  bool add_child(Node& node, TypeId child) const;
  bool has_unknown_width(TypeId word) const;
  TypeId expand_to(TypeId memory, TypeTag wanted);
  TypeId at_kinds_of(TypeId a, TypeId b);
  bool args_fit(std::span<const TypeId> args, std::span<const Kind> kinds) const;
  void match(TypeId pattern, TypeId type, std::vector<TypeId>& bound, unsigned& budget, size_t bound_inside) const;
  void match_parts(TypeId pattern, TypeId type, std::vector<TypeId>& bound, unsigned& budget, size_t bound_inside) const;
  TypeId substitute_in(TypeId type, Substitution& by, uint32_t inside);
  TypeId substitute_var(const Node& var, const Substitution& by, uint32_t inside);
  static bool map_parts(Signature& s, const PartMap& map, uint32_t vars);
  bool substitute_parts(Signature& s, Substitution& by);
  bool subtype(TypeId a, TypeId b, int depth);
  bool is_read_only_view(TypeId a, TypeId b) const;
  bool signature_at_most(TypeId a, TypeId b, int depth);
  void collect_named(TypeId type, std::vector<uint32_t>& out, NodeSet& seen) const;
  void collect_reached(TypeId type, std::vector<uint32_t>& out, NodeSet& seen) const;
  bool close_groups(std::string* problem);
  bool canonicalise_group(std::vector<uint32_t> members, std::string* problem);
  // Group bytes; references out of the group as fingerprints, or as ids of another table where `outer` is given.
  std::string write_group(std::span<const uint32_t> members, const NamedMap* outer, NodeSet& seen) const;
  void write_declaration(std::string& out, const NamedType& type) const;
  void write_reference(std::string& out, uint32_t named, std::span<const uint32_t> group, const NamedMap* outer) const;
  void write_canonical(std::string& out, TypeId type, std::span<const uint32_t> group, const NamedMap* outer, NodeSet& seen) const;
  void print_to(std::string& out, TypeId type) const;
  void print_signature(std::string& out, const Signature& s) const;

  std::vector<Node> nodes_;
  std::vector<std::vector<TypeId>> lists_;
  std::vector<std::vector<Field>> field_lists_;
  std::deque<Signature> sigs_; // references stay valid while the table grows
  std::vector<NamedType> named_;
  size_t closed_named_ = 0;
  std::vector<Group> groups_;
  size_t parts_ = 0, substituted_ = 0;   // see max_type_parts and max_substituted
  std::vector<Slot> interned_;                // nodes by the hash of their content, at its place or at the next that was free; half are free
  std::map<Fingerprint, uint32_t> group_ids_; // by that of the first member
  NodeSet met_;                               // what close() meets
};

// The parts of a node, in order: fields, arguments, payloads; of a signature the arguments, then the result or no_type.
// If the table is not const, `f` may change them.
void TypeTable::visit_parts(auto& table, auto& node, auto f) {
  if (node.tag == TypeTag::Struct) {
    for (auto& field : table.field_lists_[node.list])
      f(field.type);
  } else if (node.tag == TypeTag::Named || node.tag == TypeTag::Cases) {
    for (auto& part : table.lists_[node.list])
      f(part);
  } else if (node.tag == TypeTag::Sig) {
    for (auto& arg : table.sigs_[node.list].args)
      f(arg);
    f(table.sigs_[node.list].result);
  } else if (node.tag != TypeTag::Var) {
    TypeId part{node.a};
    f(part);
    if constexpr (!std::is_const_v<std::remove_reference_t<decltype(node)>>)
      node.a = part.value;
  }
}

// Copies types of one table into another: named types that are the same (name and canonical bytes) keep one identity.
class TypeImporter {
public:
  // `linking`: abstract types are bound to their definitions, and fields that differ in being slots only are the same.
  TypeImporter(const TypeTable& from, TypeTable& to, bool linking = false)
      : from_(from), to_(to), linking_(linking), named_(from.named_count(), TypeTable::unknown) {}
  // no_type if the target table is full. `from` must be closed; `to` is closed afterwards.
  TypeId import(TypeId type);
  // For tables that are not closed: what a named type is in the target, and then its definition, if it has one.
  void bind(NamedId id, NamedId target) { named_[id.value] = target.value; }
  bool import_definition(NamedId id);

private:
  TypeId copy(TypeId type);
  std::vector<TypeId> copy_args(TypeId type);
  TypeId copy_abstract(TypeId type, bool is_pointer, bool nullable);
  bool is_bound_abstract(TypeId type) const;
  bool import_group(uint32_t group);
  const TypeTable& from_;
  TypeTable& to_;
  bool linking_;
  std::vector<uint32_t> types_;   // the copies, no_type where there is none
  TypeTable::NamedMap named_;
  NodeSet searched_;              // nodes whose named types have been imported
  NodeSet met_;
};

// The bytes of .tal.types: named declarations, nodes (children before parents), bodies. The ids of a table that is
// written (tal/write/write.h) and read again are unchanged. False with a message on anything that is not exactly that form.
class ByteReader;
[[nodiscard]] bool read_types(ByteReader& in, TypeTable& table, std::string& problem);

} // namespace tal
