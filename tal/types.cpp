// Type constructors and observers: interning, well-formedness (rules T1..T6), limits.
//
// A node's key is its complete content as bytes, children as ids; equal keys are one node. Each node carries the size of
// its tree, its depth and the kinds of its free variables, so that no later step has to walk a type to know them: an
// attack with a type that is small as a graph and huge as a tree stops at the constructor.
#include "tal/type_bytes.h"

#include <sodium.h>

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
  nodes_.reserve(64);
  for (auto [tag, kind] : builtin)
    nodes_.push_back({.tag = tag, .kind = kind});
}

uint64_t KeyedHash::point() {
  static const uint64_t random = uint64_t{randombytes_random()} << 28 ^ randombytes_random();
  return random;
}

static uint32_t hash_of(const auto& node, const auto& list) {
  KeyedHash hash;
  hash.add(static_cast<unsigned>(node.tag) | (node.nullable ? 1u : 0u) << 8 | static_cast<unsigned>(node.mutability) << 9 |
           static_cast<unsigned>(node.kind) << 10 | uint64_t{node.a} << 16);
  auto part = [&](TypeId type) { hash.add(type.value); };
  if constexpr (requires { list.args; })
    put_signature(hash, list, part);
  else if constexpr (requires { list[0].offset; })
    put_fields(hash, list, part);
  else
    std::ranges::for_each(list, part);
  return hash.value();
}

void TypeTable::grow_index() {
  interned_.assign(std::bit_ceil(std::max(4 * nodes_.size(), size_t{128})), {});
  for (uint32_t id = 1; id < nodes_.size(); id++) {
    const Node& node = nodes_[id];
    const uint32_t hash = node.tag == TypeTag::Sig      ? hash_of(node, sig(TypeId{id}))
                          : node.tag == TypeTag::Struct ? hash_of(node, fields(TypeId{id}))
                                                        : hash_of(node, args(TypeId{id}));
    find_slot(hash, [](uint32_t) { return false; }) = {hash, id};
  }
}

template <typename Same> TypeTable::Slot& TypeTable::find_slot(uint32_t hash, Same same) {
  const size_t mask = interned_.size() - 1;
  size_t at = hash & mask;
  while (interned_[at].node != 0 && !(interned_[at].hash == hash && same(interned_[at].node)))
    at = (at + 1) & mask;
  return interned_[at];
}

// `add` gives a new node its list.
template <typename List, typename Add> TypeId TypeTable::intern_list(Node node, const List& list, size_t parts, Add add) {
  if (interned_.size() <= 2 * nodes_.size())
    grow_index();
  const uint32_t hash = hash_of(node, list);
  Slot& slot = find_slot(hash, [&](uint32_t id) {
    const Node& n = nodes_[id];
    return n.tag == node.tag && n.nullable == node.nullable && n.mutability == node.mutability && n.kind == node.kind && n.a == node.a && has_list(TypeId{id}, list);
  });
  if (slot.node != 0)
    return TypeId{slot.node};
  if (nodes_.size() >= max_type_nodes || parts > max_type_parts - parts_)
    return no_type;
  parts_ += parts;
  slot = {hash, static_cast<uint32_t>(nodes_.size())};
  nodes_.push_back(node);
  add();
  return TypeId{slot.node};
}

TypeId TypeTable::intern(Node node) { return intern_list(node, std::span<const TypeId>(), 0, [] {}); }

TypeId TypeTable::intern_types(Node node, std::span<const TypeId> list) {
  for (TypeId part : list)
    if (!add_child(node, part) || !is_word(part))
      return no_type;
  node.list = static_cast<uint32_t>(lists_.size());
  return intern_list(node, list, list.size(), [&] { lists_.emplace_back(list.begin(), list.end()); });
}

bool TypeTable::add_child(Node& node, TypeId child) const {
  if (!child || child.value >= nodes_.size())
    return false;
  const Node& c = nodes_[child.value];
  node.depth = std::max<uint8_t>(node.depth, c.depth + 1);
  node.size += c.size;
  return node.depth <= max_type_depth && node.size < max_type_size && merge_vars(node.vars, c.vars);
}

TypeId TypeTable::var(uint32_t index, Kind kind) {
  if (index >= max_type_vars || kind == Kind::None)
    return no_type;
  const uint64_t vars = (uint64_t{1} + static_cast<unsigned>(kind)) << 4 * index;
  return intern({.tag = TypeTag::Var, .kind = kind, .a = index, .vars = vars});
}

TypeId TypeTable::with_nullable(TypeId type, bool nullable) {
  if (!type || type.value >= size() || is_nullable(type) == nullable || !has_null_form(tag(type)))
    return type;
  Node node = nodes_[type.value];
  node.nullable = nullable;
  node.expanded = no_type;
  return node.tag == TypeTag::Exn && !nullable ? exn() : intern(node);
}

TypeId TypeTable::with_part(TypeTag tag, TypeId part, bool nullable, Mutability mutability) {
  const bool is_word_type = is_word(part);
  bool fits = false;
  switch (tag) {
  case TypeTag::Ptr:
  case TypeTag::Union: fits = is_memory(part); break;
  case TypeTag::Arr: // T4: an element has a known width
    fits = is_word_type && (is_number(this->tag(part)) || (kind(part) != Kind::None && kind(part) != Kind::W));
    break;
  case TypeTag::Fn: fits = part && part.value < size() && this->tag(part) == TypeTag::Sig; break;
  case TypeTag::ExnName: fits = is_word_type || !part; break;
  case TypeTag::Rep: fits = is_word_type; break;
  default: break;
  }
  Node node{.tag = tag, .nullable = nullable && has_null_form(tag), .mutability = tag == TypeTag::Arr ? mutability : Mutability::ReadOnly, .kind = Kind::P, .a = part.value};
  return fits && (!part || add_child(node, part)) ? intern(node) : no_type;
}

// Of kind D, the definition of a named type, the width is that of the instance.
bool TypeTable::has_unknown_width(TypeId word) const {
  return tag(word) == TypeTag::Named || (tag(word) == TypeTag::Var && kind(word) == Kind::W);
}

TypeId TypeTable::layout_of(std::span<Field> fields) {
  if (fields.size() > max_fields)
    return no_type;
  Node node{.tag = TypeTag::Struct, .list = static_cast<uint32_t>(field_lists_.size())};
  uint64_t end = 0;
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
  return intern_list(node, std::span<const Field>(fields), fields.size(), [&] { field_lists_.emplace_back(fields.begin(), fields.end()); });
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
  Node node{.tag = TypeTag::Sig, .list = static_cast<uint32_t>(sigs_.size())};
  for (TypeId arg : s.args)
    if (!is_word(arg) || !add_child(node, arg))
      return no_type;
  if (s.result && (!is_word(s.result) || !add_child(node, s.result) || s.noret))
    return no_type;
  if (!facts_fit(*this, s.pre, s.args) || !facts_fit(*this, s.post, {&s.result, 1}))
    return no_type;
  // T6: the quantified variables occur at their declared kinds; the others are those of the context.
  for (Kind k : s.vars) {
    const uint64_t written = node.vars & 15;
    if (k == Kind::None || k == Kind::D || (written != 0 && written != 1u + static_cast<unsigned>(k)))
      return no_type;
    node.vars >>= 4;
  }
  return intern_list(node, s, s.args.size() + s.pre.size() + s.post.size(), [&] { sigs_.push_back(std::move(s)); });
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
  return tag(id) == TypeTag::Struct ? std::span<const Field>(field_lists_[nodes_[id.value].list]) : std::span<const Field>();
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
