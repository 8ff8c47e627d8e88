// Type constructors and observers: interning, well-formedness (rules T1..T6), limits.
//
// A node's key is its complete content as bytes, children as ids; equal keys are one node. Each node carries the size of
// its tree, its depth and the kinds of its free variables, so that no later step has to walk a type to know them: an
// attack with a type that is small as a graph and huge as a tree stops at the constructor.
#include "tal/type_bytes.h"

#include <algorithm>

namespace tal {
namespace {

// Free variables of two parts, or false if they disagree on the kind of one.
bool merge_vars(uint64_t& into, uint64_t from) {
  for (unsigned shift = 0; shift < 64 && from >> shift != 0; shift += 4) {
    const uint64_t mine = into >> shift & 15, theirs = from >> shift & 15;
    if (mine != 0 && theirs != 0 && mine != theirs)
      return false;
    into |= theirs << shift;
  }
  return true;
}

} // namespace

bool kind_at_most(Kind a, Kind b) {
  const bool below = a == b || b == Kind::W || (a == Kind::P && b == Kind::W8) || (b == Kind::D && a != Kind::W);
  return below && a != Kind::None && b != Kind::None;
}

TypeTable::TypeTable() {
  constexpr std::pair<TypeTag, Kind> builtin[] = {
      {TypeTag::None, Kind::None}, {TypeTag::I8, Kind::W1},    {TypeTag::I16, Kind::W2},   {TypeTag::I32, Kind::W4},
      {TypeTag::I64, Kind::W8},    {TypeTag::F32, Kind::None}, {TypeTag::F64, Kind::None}, {TypeTag::Exn, Kind::P}};
  for (auto [tag, kind] : builtin)
    nodes_.push_back({.tag = tag, .kind = kind});
}

TypeId TypeTable::intern(Node node, std::string key, size_t parts) {
  key.push_back(static_cast<char>(node.tag));
  key.push_back(static_cast<char>(node.nullable | static_cast<int>(node.mutability) << 1 | static_cast<int>(node.kind) << 2));
  put(key, node.a);
  auto [entry, fresh] = interned_.try_emplace(std::move(key), static_cast<uint32_t>(nodes_.size()));
  if (!fresh)
    return TypeId{entry->second};
  if (nodes_.size() >= max_type_nodes || parts > max_type_parts - parts_) {
    interned_.erase(entry);
    return no_type;
  }
  parts_ += parts;
  nodes_.push_back(node);
  return TypeId{entry->second};
}

// Of nodes whose content is a list besides: `list` becomes the node's if the node is new. A reference, because callers ask the same list
// for its size: by value it might be moved away first.
template <typename Lists, typename List> TypeId TypeTable::intern_list(Node node, std::string key, size_t parts, Lists& lists, List&& list) {
  node.list = static_cast<uint32_t>(lists.size());
  const size_t before = nodes_.size();
  const TypeId id = intern(node, std::move(key), parts);
  if (nodes_.size() != before)
    lists.push_back(std::move(list));
  return id;
}

TypeId TypeTable::intern_types(Node node, std::span<const TypeId> list) {
  std::string key;
  for (TypeId part : list) {
    if (!add_child(node, part) || !is_word(part))
      return no_type;
    put(key, part.value);
  }
  return intern_list(node, std::move(key), list.size(), lists_, std::vector<TypeId>(list.begin(), list.end()));
}

bool TypeTable::add_child(Node& node, TypeId child) const {
  if (!child || child.value >= nodes_.size())
    return false;
  const Node& c = nodes_[child.value];
  node.depth = std::max<uint8_t>(node.depth, c.depth + 1);
  node.size += c.size;
  return node.depth <= max_type_depth && node.size < max_type_size && merge_vars(node.vars, c.vars);
}

TypeId TypeTable::unary(TypeTag tag, TypeId child, bool nullable, Mutability mutability) {
  Node node{.tag = tag, .nullable = nullable, .mutability = mutability, .kind = Kind::P, .a = child.value};
  return add_child(node, child) ? intern(node, "") : no_type;
}

TypeId TypeTable::ptr(TypeId memory, bool nullable) {
  return is_memory(memory) ? unary(TypeTag::Ptr, memory, nullable) : no_type;
}

TypeId TypeTable::arr(TypeId element, Mutability mutability, bool nullable) {
  // T4: an element has a known width.
  if (!is_word(element))
    return no_type;
  bool is_float = tag(element) == TypeTag::F32 || tag(element) == TypeTag::F64;
  if (!is_float && (kind(element) == Kind::None || kind(element) == Kind::W))
    return no_type;
  return unary(TypeTag::Arr, element, nullable, mutability);
}

TypeId TypeTable::fn(TypeId signature, bool nullable) {
  if (!signature || signature.value >= size() || tag(signature) != TypeTag::Sig)
    return no_type;
  return unary(TypeTag::Fn, signature, nullable);
}

TypeId TypeTable::exn_name(TypeId payload) {
  if (payload)
    return is_word(payload) ? unary(TypeTag::ExnName, payload) : no_type;
  return intern({.tag = TypeTag::ExnName, .kind = Kind::P}, "");
}

TypeId TypeTable::rep(TypeId of) {
  return is_word(of) ? unary(TypeTag::Rep, of) : no_type;
}

TypeId TypeTable::var(uint32_t index, Kind kind) {
  if (index >= max_type_vars || kind == Kind::None)
    return no_type;
  const uint64_t vars = (uint64_t{1} + static_cast<unsigned>(kind)) << 4 * index;
  return intern({.tag = TypeTag::Var, .kind = kind, .a = index, .vars = vars}, "");
}

TypeId TypeTable::union_word(TypeId memory, bool nullable) {
  return is_memory(memory) ? unary(TypeTag::Union, memory, nullable) : no_type;
}

TypeId TypeTable::with_nullable(TypeId type, bool nullable) {
  if (!type || type.value >= size() || is_nullable(type) == nullable || !has_null_form(tag(type)))
    return type;
  Node node = nodes_[type.value];
  node.nullable = nullable;
  node.expanded = no_type;
  return node.tag == TypeTag::Exn && !nullable ? exn() : intern(node, "");
}

TypeId TypeTable::with_part(TypeTag tag, TypeId part, bool nullable, Mutability mutability) {
  switch (tag) {
  case TypeTag::Ptr: return ptr(part, nullable);
  case TypeTag::Arr: return arr(part, mutability, nullable);
  case TypeTag::Fn: return fn(part, nullable);
  case TypeTag::ExnName: return exn_name(part);
  case TypeTag::Rep: return rep(part);
  case TypeTag::Union: return union_word(part, nullable);
  default: return no_type;
  }
}

// Of kind D, the definition of a named type, the width is that of the instance.
bool TypeTable::has_unknown_width(TypeId word) const {
  return tag(word) == TypeTag::Named || (tag(word) == TypeTag::Var && kind(word) == Kind::W);
}

TypeId TypeTable::struct_layout(std::vector<Field> fields) {
  if (fields.size() > max_fields)
    return no_type;
  Node node{.tag = TypeTag::Struct};
  uint64_t end = 0;
  std::string key;
  for (Field& f : fields) {
    // T3: word types, aligned, ascending, disjoint; a type of unknown width only in a slot.
    if (!add_child(node, f.type) || !is_word(f.type))
      return no_type;
    bool unknown_width = has_unknown_width(f.type);
    if (unknown_width && !f.slot)
      return no_type;
    f.slot = f.slot && (unknown_width || kind(f.type) == Kind::D || word_size(f.type) < 8);
    unsigned bytes = field_size(f);
    if (f.offset % bytes != 0 || f.offset < end || f.offset > (1u << 31) - 8)
      return no_type;
    end = uint64_t{f.offset} + bytes;
  }
  put_fields(key, fields, [&](TypeId part) { put(key, part.value); });
  return intern_list(node, std::move(key), fields.size(), field_lists_, std::move(fields));
}

TypeId TypeTable::single(TypeId type, Mutability mutability) {
  if (!is_word(type))
    return no_type;
  return struct_layout({{0, type, mutability, has_unknown_width(type)}});
}

TypeId TypeTable::named(NamedId id, std::span<const TypeId> args) {
  if (id.value >= named_.size() || !args_fit(args, named_[id.value].params))
    return no_type;
  return intern_types({.tag = TypeTag::Named, .kind = named_[id.value].abstract_kind, .a = id.value}, args);
}

TypeId TypeTable::cases(uint32_t first, uint32_t constants, std::span<const TypeId> payloads) {
  if (first > 1 || constants > max_constants - first || payloads.size() > max_fields || constants + payloads.size() == 0)
    return no_type;
  return intern_types({.tag = TypeTag::Cases, .a = first | constants << 1}, payloads);
}

TypeId TypeTable::generic_cases(TypeId memory) const {
  if (tag(memory) == TypeTag::Named)
    memory = named_[nodes_[memory.value].a].body;
  return tag(memory) == TypeTag::Cases ? memory : no_type;
}

bool TypeTable::args_fit(std::span<const TypeId> args, std::span<const Kind> kinds) const {
  if (args.size() != kinds.size())
    return false;
  for (size_t i = 0; i < args.size(); i++)
    if (!is_word(args[i]) || !kind_at_most(kind(args[i]), kinds[i]))
      return false;
  return true;
}

// T13: facts about these words in their one order, at most one for each pair of operands.
static bool facts_fit(const TypeTable& types, std::span<const SigFact> facts, std::span<const TypeId> words) {
  auto fits = [&](SigFact::Of of, size_t i) {
    if (of == SigFact::Of::Zero)
      return i == 0;
    if (i >= words.size() || !words[i])
      return false;
    return of == SigFact::Of::Length ? types.tag(words[i]) == TypeTag::Arr && !types.is_nullable(words[i])
                                     : types.is_integer(words[i]) || types.tag(words[i]) == TypeTag::Union;
  };
  SigFact before{SigFact::Of::Zero, 0, SigFact::Of::Zero, 0, int64_t{0}};
  for (const SigFact& f : facts) {
    before.c = INT64_MAX;
    if (!fits(f.x_of, f.x) || !fits(f.y_of, f.y) || (f.x_of == f.y_of && f.x == f.y) || f <= before)
      return false;
    before = f;
  }
  return facts.size() <= max_sig_facts;
}

TypeId TypeTable::signature(Signature s) {
  if (s.vars.size() > max_type_vars || s.args.size() > 255)
    return no_type;
  Node node{.tag = TypeTag::Sig};
  for (TypeId arg : s.args)
    if (!is_word(arg) || !add_child(node, arg))
      return no_type;
  if (s.result && (!is_word(s.result) || !add_child(node, s.result) || s.noret))
    return no_type;
  if (!facts_fit(*this, s.pre, s.args) || !facts_fit(*this, s.post, {&s.result, 1}))
    return no_type;
  std::string key;
  put_signature(key, s, [&](TypeId part) { put(key, part.value); });
  // T6: the quantified variables occur at their declared kinds; the others are those of the context.
  for (Kind k : s.vars) {
    const uint64_t written = node.vars & 15;
    if (k == Kind::None || k == Kind::D || (written != 0 && written != 1u + static_cast<unsigned>(k)))
      return no_type;
    node.vars >>= 4;
  }
  return intern_list(node, std::move(key), s.args.size() + s.pre.size() + s.post.size(), sigs_, std::move(s));
}

bool TypeTable::vars_fit(TypeId id, std::span<const Kind> kinds, bool more) const {
  uint64_t vars = nodes_[id.value].vars;
  for (size_t index = 0; vars != 0; index++, vars >>= 4) {
    const unsigned written = vars & 15; // the kind and 1
    if (written != 0 && (index < kinds.size() ? written != 1u + static_cast<unsigned>(kinds[index])
                                              : !more || written == 1u + static_cast<unsigned>(Kind::D))) // T2: never of code
      return false;
  }
  return true;
}

// ---- observers -----------------------------------------------------------------------------------------------------

bool TypeTable::is_word(TypeId id) const {
  if (!id || id.value >= nodes_.size())
    return false;
  const Node& node = nodes_[id.value];
  return node.tag < TypeTag::Struct || (node.tag == TypeTag::Named && node.kind != Kind::None);
}

bool TypeTable::is_memory(TypeId id) const {
  if (!id || id.value >= nodes_.size())
    return false;
  TypeTag t = tag(id);
  return t == TypeTag::Struct || (t == TypeTag::Named && !is_package(id)) || t == TypeTag::Cases;
}

std::span<const TypeId> TypeTable::args(TypeId id) const {
  return tag(id) == TypeTag::Named || tag(id) == TypeTag::Cases ? std::span<const TypeId>(lists_[nodes_[id.value].list]) : std::span<const TypeId>();
}

std::span<const Field> TypeTable::fields(TypeId id) const {
  return tag(id) == TypeTag::Struct ? std::span<const Field>(field_lists_[nodes_[id.value].list])
                                    : std::span<const Field>();
}

const Signature& TypeTable::sig(TypeId id) const {
  static const Signature none;
  return tag(id) == TypeTag::Sig ? sigs_[nodes_[id.value].list] : none;
}

// Inside arrays a variable of a dense kind is stored at its width; fields of such types are slots.
unsigned TypeTable::word_size(TypeId id) const {
  if (tag(id) == TypeTag::F32)
    return 4;
  switch (kind(id)) {
  case Kind::W1: return 1;
  case Kind::W2: return 2;
  case Kind::W4: return 4;
  default: return 8;
  }
}

uint32_t TypeTable::layout_size(TypeId memory) {
  TypeId layout = expand(memory);
  if (!layout)
    return 0;
  auto list = fields(layout);
  return list.empty() ? 8 : (list.back().offset + field_size(list.back()) + 7) & ~7u;
}

bool TypeTable::zero_is_legal(TypeId word) const {
  return is_number(tag(word)) || is_nullable(word) || is_constant_of(word, 0, 0);
}

bool TypeTable::is_constant_of(TypeId word, int64_t lo, int64_t hi) const {
  TypeId body = tag(word) == TypeTag::Union ? generic_cases(target(word)) : no_type;
  return body && lo >= (is_nullable(word) ? 0 : first_constant(body)) && lo <= hi && hi < end_of_constants(body);
}

} // namespace tal
