// Named types: recursive groups, canonical bytes, fingerprints, and import between tables (rules T9, L2).
//
// A group is a strongly connected component of "the body of N mentions M". Its members are sorted by name, so the bytes do
// not depend on the order of declaration. References inside the group are relative, references out of it are
// fingerprints; hence bytes change whenever anything reachable changes (R30). Where two tables meet, a hash only finds
// the candidate: identity is decided by comparing the bytes again with every outer reference as the id that it already
// has in the target table.
#include "tal/type_bytes.h"

#include <sodium.h>

#include <algorithm>
#include <numeric>

namespace tal {
namespace {

constexpr uint32_t max_group_members = 1u << 12;
constexpr size_t close_budget = size_t{1} << 24; // node visits of one table's close()

Fingerprint hash(std::string_view bytes) {
  Fingerprint result;
  crypto_generichash(result.data(), result.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                     nullptr, 0);
  return result;
}

} // namespace

static bool refuse(std::string* problem, std::string text) {
  if (problem != nullptr)
    *problem = std::move(text);
  return false;
}

NamedId TypeTable::declare(std::string name, std::vector<Kind> params, NamedSort sort, Kind abstract_kind,
                           std::vector<Kind> hidden) {
  named_.push_back({.name = std::move(name), .sort = sort, .params = std::move(params), .abstract_kind = abstract_kind, .hidden = std::move(hidden)});
  return NamedId{static_cast<uint32_t>(named_.size() - 1)};
}

bool TypeTable::define(NamedId id, TypeId body) {
  if (id.value >= named_.size() || !body || body.value >= size())
    return false;
  NamedType& type = named_[id.value];
  std::vector<Kind> vars = type.params;
  vars.insert(vars.end(), type.hidden.begin(), type.hidden.end());
  if (type.body || type.sort == NamedSort::Abstract || !vars_fit(body, vars))
    return false;
  // T11: any word may be packed. Package values are eight bytes; only of addresses the kind says so.
  const bool fits = type.sort == NamedSort::Package
                        ? is_word(body) && kind(body) != Kind::None && (type.abstract_kind != Kind::P || kind(body) == Kind::P)
                        : tag(body) == (type.sort == NamedSort::Union ? TypeTag::Cases : TypeTag::Struct);
  if (fits)
    type.body = body;
  return fits;
}

// The named types that a type mentions directly, each once per occurrence path not yet `seen`.
void TypeTable::collect_named(TypeId type, std::vector<uint32_t>& out, NodeSet& seen) const {
  if (!type || seen.insert(type.value) != seen.fresh)
    return;
  const Node& node = nodes_[type.value];
  if (node.tag == TypeTag::Named)
    out.push_back(node.a);
  each_part(node, [&](TypeId part) { collect_named(part, out, seen); });
}

// And those that their definitions mention, and so on.
void TypeTable::collect_reached(TypeId type, std::vector<uint32_t>& out, NodeSet& seen) const {
  size_t next = out.size();
  for (collect_named(type, out, seen); next < out.size(); next++)
    collect_named(named_[out[next]].body, out, seen);
}

// Tarjan's algorithm with its own stack: a chain of declarations may be as long as the object.
bool TypeTable::close_groups(std::string* problem) {
  struct Frame {
    uint32_t node, number;
    std::vector<uint32_t> next;
  };
  constexpr uint32_t done = UINT32_MAX;
  const size_t first = closed_named_;
  size_t budget = close_budget;
  std::vector<uint32_t> low(named_.size() - first, 0), stack; // 0: not met yet
  std::vector<Frame> frames;
  uint32_t counter = 0;
  auto enter = [&](uint32_t v) {
    low[v] = ++counter;
    stack.push_back(v);
    frames.push_back({v, counter, {}});
    met_.clear();
    collect_named(named_[first + v].body, frames.back().next, met_);
    budget -= std::min<size_t>(budget, met_.asked());
  };
  for (uint32_t root = 0; root < low.size() && budget != 0; root++) {
    if (low[root] == 0)
      enter(root);
    while (!frames.empty() && budget != 0) {
      auto& [v, number, next] = frames.back();
      if (!next.empty()) {
        const size_t w = next.back() - first; // of types that are closed already, which cannot reach us: far beyond
        next.pop_back();
        if (w < low.size() && low[w] == 0)
          enter(static_cast<uint32_t>(w));
        else if (w < low.size())
          low[v] = std::min(low[v], low[w]);
        continue;
      }
      if (low[v] == number) {
        const auto begin = std::find(stack.rbegin(), stack.rend(), v).base() - 1;
        std::vector<uint32_t> members(begin, stack.end());
        stack.erase(begin, stack.end());
        for (uint32_t& member : members) {
          low[member] = done;
          member += static_cast<uint32_t>(first);
        }
        if (!canonicalise_group(std::move(members), problem)) // providers came before, so their fingerprints are known
          return false;
      }
      const uint32_t reached = low[v];
      frames.pop_back();
      if (!frames.empty())
        low[frames.back().node] = std::min(low[frames.back().node], reached);
    }
  }
  if (budget == 0)
    return refuse(problem, "the type table is too large");
  closed_named_ = named_.size();
  return true;
}

// The type as a DAG: a node met again is a reference to its number in this text. The recursion is as deep as the type.
void TypeTable::write_canonical(std::string& out, TypeId type, std::span<const uint32_t> group, const NamedMap* outer,
                                NodeSet& seen) const {
  if (!type)
    return put(out, 0, 1);
  if (const uint32_t order = seen.insert(type.value); order != seen.fresh) {
    put(out, 1, 1);
    return put(out, order);
  }
  const Node& node = nodes_[type.value];
  put(out, 2, 1);
  put(out, static_cast<unsigned>(node.tag), 1);
  put(out, (node.nullable ? 1u : 0u) | static_cast<unsigned>(node.mutability) << 1, 1);
  auto part = [&](TypeId t) { write_canonical(out, t, group, outer, seen); };
  switch (node.tag) {
  case TypeTag::Var:
    put(out, node.a);
    return put(out, static_cast<unsigned>(node.kind), 1);
  case TypeTag::Struct:
    put(out, field_lists_[node.list].size());
    return put_fields(out, field_lists_[node.list], part);
  case TypeTag::Sig: return put_signature(out, sigs_[node.list], part);
  case TypeTag::Named: write_reference(out, node.a, group, outer); break;
  case TypeTag::Cases: put(out, node.a); break;
  default: return part(TypeId{node.a});
  }
  put(out, lists_[node.list].size());
  each_part(node, part);
}

void TypeTable::write_reference(std::string& out, uint32_t named, std::span<const uint32_t> group, const NamedMap* outer) const {
  if (auto member = std::find(group.begin(), group.end(), named); member != group.end()) {
    put(out, 0, 1);
    put(out, static_cast<uint32_t>(member - group.begin()));
  } else if (outer != nullptr) {
    put(out, 1, 1);
    put(out, (*outer)[named]);
  } else {
    put(out, 2, 1);
    const Fingerprint& f = named_[named].fingerprint;
    out.append(reinterpret_cast<const char*>(f.data()), f.size());
  }
}

void TypeTable::write_declaration(std::string& out, const NamedType& type) const {
  put(out, type.name.size());
  out += type.name;
  put(out, static_cast<unsigned>(type.sort), 1);
  put(out, static_cast<unsigned>(type.abstract_kind), 1);
  put_kinds(out, type.params);
  if (type.sort == NamedSort::Package)
    put_kinds(out, type.hidden);
}

std::string TypeTable::write_group(std::span<const uint32_t> members, const NamedMap* outer, NodeSet& seen) const {
  std::string out;
  seen.clear();
  put(out, members.size());
  for (uint32_t m : members) {
    write_declaration(out, named_[m]);
    write_canonical(out, named_[m].body, members, outer, seen);
    if (out.size() > max_group_bytes)
      break; // the caller refuses it
  }
  return out;
}

bool TypeTable::canonicalise_group(std::vector<uint32_t> members, std::string* problem) {
  if (members.size() > max_group_members)
    return refuse(problem, "a recursive group of more than 4096 types");
  std::sort(members.begin(), members.end(), [&](uint32_t a, uint32_t b) { return named_[a].name < named_[b].name; });
  for (size_t i = 1; i < members.size(); i++)
    if (named_[members[i - 1]].name == named_[members[i]].name)
      return refuse(problem, "two types named `" + named_[members[i]].name + "` in one recursive group");
  Group group;
  group.bytes = write_group(members, nullptr, met_);
  if (group.bytes.size() > max_group_bytes)
    return refuse(problem, "the type `" + named_[members[0]].name + "` is larger than 64 KiB");
  // Many names may share one large layout: four bytes count as one part of a type, so that all groups have at most 16 MiB.
  const size_t parts = group.bytes.size() / 4;
  if (parts > max_type_parts - parts_)
    return refuse(problem, "the type table is too large");
  parts_ += parts;
  auto number = static_cast<uint32_t>(groups_.size());
  for (size_t i = 0; i < members.size(); i++) {
    put(group.bytes, i);
    NamedType& type = named_[members[i]];
    type.group = number;
    type.fingerprint = hash(group.bytes);
    group.bytes.resize(group.bytes.size() - 4);
  }
  if (!group_ids_.try_emplace(named_[members[0]].fingerprint, number).second)
    return refuse(problem, "the type `" + named_[members[0]].name + "` is declared twice");
  group.members = std::move(members);
  groups_.push_back(std::move(group));
  return true;
}

bool TypeTable::close(std::string* problem) {
  for (size_t i = closed_named_; i < named_.size(); i++) {
    const NamedType& type = named_[i];
    bool kinds_ok = type.abstract_kind != Kind::D && type.params.size() + type.hidden.size() <= max_type_vars &&
                    std::find(type.params.begin(), type.params.end(), Kind::None) == type.params.end() &&
                    std::none_of(type.hidden.begin(), type.hidden.end(),
                                 [](Kind k) { return k == Kind::None || k == Kind::D; }); // opened, they are variables of code
    if (type.name.empty() || !kinds_ok || (type.sort != NamedSort::Abstract && !type.body))
      return refuse(problem, "the type `" + type.name + "` has no definition");
  }
  return close_groups(problem);
}

// Starts from all being equal and tells apart what is seen to differ, with the classes of the round before, until nothing
// changes: what is left together is equal however it is unrolled.
std::vector<NamedId> TypeTable::find_equal_named() const {
  size_t budget = size_t{1} << 26, classes = 0;
  NamedMap now(named_.size()), next = now;
  NodeSet seen;
  for (;;) {
    std::unordered_map<std::string, uint32_t> first;
    for (uint32_t i = 0; i < named_.size(); i++) {
      std::string text;
      seen.clear();
      write_declaration(text, named_[i]);
      write_canonical(text, named_[i].body, {}, &now, seen);
      if (text.size() > budget)
        return {};
      budget -= text.size();
      next[i] = first.try_emplace(std::move(text), i).first->second;
    }
    if (first.size() == classes)
      break;
    classes = first.size();
    now = next;
  }
  std::vector<NamedId> result(named_.size());
  for (uint32_t i = 0; i < result.size(); i++)
    result[i] = NamedId{next[i]};
  return result;
}

std::string TypeTable::canonical(TypeId type) {
  std::string out;
  met_.clear();
  write_canonical(out, type, {}, nullptr, met_);
  return out;
}

void TypeTable::keep_only(std::span<TypeId> roots) {
  std::vector<uint32_t> reached, ids(nodes_.size());
  met_.clear();
  for (TypeId root : roots)
    collect_reached(root, reached, met_);
  NamedMap names(named_.size(), unknown);
  for (uint32_t named : reached)
    names[named] = 0;
  uint32_t left = 0;
  for (uint32_t& name : names)
    name = name != unknown ? left++ : unknown;
  for (uint32_t i = 0; i < names.size(); i++)
    if (names[i] < i) // another place, that of one that is kept or gone
      named_[names[i]] = std::move(named_[i]);
  named_.resize(closed_named_ = left);
  auto renumber = [&](TypeId& type) { type.value = ids[type.value]; };
  left = 0;
  for (uint32_t i = 0; i < nodes_.size(); i++) { // parts come before what they are parts of
    Node& node = nodes_[i];
    if (i >= 8 && !met_.contains(i)) { // the first are the same in every table
      if (node.tag == TypeTag::Struct)
        std::vector<Field>().swap(field_lists_[node.list]);
      else if (node.tag == TypeTag::Named || node.tag == TypeTag::Cases)
        std::vector<TypeId>().swap(lists_[node.list]);
      else if (node.tag == TypeTag::Sig)
        sigs_[node.list] = {};
      continue;
    }
    visit_parts(*this, node, renumber);
    node.a = node.tag == TypeTag::Named ? names[node.a] : node.a;
    node.expanded = no_type; // is found again where it is asked for
    node.does_not_expand = false;
    ids[i] = left;
    nodes_[left++] = node;
  }
  nodes_.resize(left);
  interned_.clear();
  for (NamedType& type : named_)
    renumber(type.body);
  std::ranges::for_each(roots, renumber);
  std::erase_if(groups_, [&](const Group& g) { return names[g.members[0]] == unknown; }); // all of a group is reached, or nothing
  group_ids_.clear();
  for (uint32_t i = 0; i < groups_.size(); i++) {
    for (uint32_t& member : groups_[i].members)
      named_[member = names[member]].group = i;
    group_ids_[named_[groups_[i].members[0]].fingerprint] = i;
  }
}

// ---- import --------------------------------------------------------------------------------------------------------

TypeId TypeImporter::import(TypeId type) {
  // Parts of types that were imported before are not searched again: many symbols may share one large type (R52).
  std::vector<uint32_t> reached, groups;
  from_.collect_reached(type, reached, searched_);
  named_.resize(from_.named_count(), TypeTable::unknown);
  for (uint32_t named : reached)
    if (named_[named] == TypeTable::unknown)
      groups.push_back(from_.named_[named].group);
  std::sort(groups.begin(), groups.end()); // close_groups numbers providers before users
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  for (uint32_t group : groups)
    if (!import_group(group))
      return no_type;
  return copy(type);
}

bool TypeImporter::import_group(uint32_t number) {
  const TypeTable::Group& group = from_.groups_[number];
  if (auto candidate = to_.group_ids_.find(from_.named_[group.members[0]].fingerprint); candidate != to_.group_ids_.end()) {
    // Now without trusting hashes: the bytes, and the ids that outer references have in the target, must agree too.
    const TypeTable::Group& other = to_.groups_[candidate->second];
    TypeTable::NamedMap identity(to_.named_count());
    std::iota(identity.begin(), identity.end(), 0);
    if (group.bytes != other.bytes || from_.write_group(group.members, &named_, met_) != to_.write_group(other.members, &identity, to_.met_))
      return false;
    for (size_t i = 0; i < group.members.size(); i++)
      named_[group.members[i]] = other.members[i];
    return true;
  }
  for (uint32_t member : group.members) {
    const NamedType& type = from_.named_[member];
    named_[member] = to_.declare(type.name, type.params, type.sort, type.abstract_kind, type.hidden).value;
    to_.named_[named_[member]].provided = type.provided;
  }
  for (uint32_t member : group.members) {
    TypeId body = from_.named_[member].body;
    if (body && !to_.define(NamedId{named_[member]}, copy(body)))
      return false;
  }
  return to_.close();
}

bool TypeImporter::import_definition(NamedId id) {
  const NamedType& type = from_.named_[id.value];
  return type.sort == NamedSort::Abstract || to_.define(NamedId{named_[id.value]}, copy(type.body));
}

bool TypeImporter::is_bound_abstract(TypeId type) const {
  if (!linking_ || from_.tag(type) != TypeTag::Named || from_.named_type(from_.named_id(type)).sort != NamedSort::Abstract)
    return false;
  const uint32_t target = named_[from_.named_id(type).value];
  return target != TypeTable::unknown && to_.named_type(NamedId{target}).sort != NamedSort::Abstract;
}

// L10: the word that an importer's abstract type stands for: a pointer, a union or a package. It has the width that the importer
// took it to have; and `ptr A` means an address that is not null, which other words need not be.
TypeId TypeImporter::copy_abstract(TypeId type, bool is_pointer, bool nullable) {
  const std::vector<TypeId> args = copy_args(type);
  const NamedId target{named_[from_.named_id(type).value]};
  const NamedSort sort = to_.named_type(target).sort;
  const TypeId named = to_.named(target, args);
  TypeId word;
  if (sort == NamedSort::Struct)
    word = to_.ptr(named, nullable);
  else if (sort == NamedSort::Union && is_pointer == nullable)
    word = to_.union_word(named, nullable);
  else if (sort == NamedSort::Package && !is_pointer)
    word = named;
  return word && kind_at_most(to_.kind(word), from_.named_type(from_.named_id(type)).abstract_kind) ? word : no_type;
}

std::vector<TypeId> TypeImporter::copy_args(TypeId type) {
  std::vector<TypeId> args(from_.args(type).begin(), from_.args(type).end());
  for (TypeId& arg : args)
    arg = copy(arg);
  return args;
}

TypeId TypeImporter::copy(TypeId type) {
  if (!type || type.value < 8) // built-in types have the same ids in every table
    return type;
  if (type.value >= types_.size())
    types_.resize(from_.size(), TypeTable::unknown);
  if (types_[type.value] != TypeTable::unknown)
    return TypeId{types_[type.value]};
  const TypeTable::Node& node = from_.nodes_[type.value];
  TypeId result;
  if (is_bound_abstract(type)) {
    result = copy_abstract(type, false, false);
  } else if (node.tag == TypeTag::Ptr && is_bound_abstract(TypeId{node.a})) {
    result = copy_abstract(TypeId{node.a}, true, node.nullable);
  } else if (node.tag == TypeTag::Named) {
    result = to_.named(NamedId{named_[node.a]}, copy_args(type)); // of what is not known there is none
  } else if (linking_ && node.tag == TypeTag::Struct) {
    std::vector<Field> fields(from_.fields(type).begin(), from_.fields(type).end());
    for (Field& f : fields) {
      f.type = copy(f.type);
      if (f.type && to_.word_size(f.type) == 8 && to_.tag(f.type) != TypeTag::Var && to_.tag(f.type) != TypeTag::Named)
        f.slot = false; // 8 bytes either way
    }
    result = to_.layout_of(fields);
  } else {
    result = to_.rebuild(from_, node, [this](TypeId part, uint32_t) { return copy(part); });
  }
  types_[type.value] = result.value;
  return result;
}

} // namespace tal
