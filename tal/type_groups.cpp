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

size_t TypeTable::KeyedHash::operator()(const std::string& bytes) const {
  static const auto key = [] {
    std::array<uint8_t, crypto_shorthash_KEYBYTES> random;
    randombytes_buf(random.data(), random.size());
    return random;
  }();
  size_t result;
  static_assert(sizeof result == crypto_shorthash_BYTES);
  crypto_shorthash(reinterpret_cast<unsigned char*>(&result), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), key.data());
  return result;
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
void TypeTable::collect_named(TypeId type, std::vector<uint32_t>& out,
                              std::unordered_map<uint32_t, uint32_t>& seen) const {
  if (!type || !seen.try_emplace(type.value, 0).second)
    return;
  const Node& node = nodes_[type.value];
  if (node.tag == TypeTag::Named)
    out.push_back(node.a);
  each_part(node, [&](TypeId part) { collect_named(part, out, seen); });
}

// Tarjan's algorithm with its own stack: a chain of declarations may be as long as the object.
std::vector<std::vector<uint32_t>> TypeTable::find_groups(size_t first, size_t& budget) const {
  struct Frame {
    uint32_t node, number;
    std::vector<uint32_t> next;
  };
  constexpr uint32_t done = UINT32_MAX;
  std::vector<uint32_t> low(named_.size() - first, 0), stack; // 0: not met yet
  std::vector<Frame> frames;
  std::vector<std::vector<uint32_t>> groups;
  uint32_t counter = 0;
  auto enter = [&](uint32_t v) {
    low[v] = ++counter;
    stack.push_back(v);
    frames.push_back({v, counter, {}});
    std::unordered_map<uint32_t, uint32_t> seen;
    collect_named(named_[first + v].body, frames.back().next, seen);
    budget -= std::min(budget, seen.size());
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
        const auto members = std::find(stack.rbegin(), stack.rend(), v).base() - 1;
        groups.emplace_back();
        for (auto member = members; member != stack.end(); ++member) {
          low[*member] = done;
          groups.back().push_back(*member + static_cast<uint32_t>(first));
        }
        stack.erase(members, stack.end());
      }
      const uint32_t reached = low[v];
      frames.pop_back();
      if (!frames.empty())
        low[frames.back().node] = std::min(low[frames.back().node], reached);
    }
  }
  return groups;
}

// The type as a DAG: a node met again is a reference to its number in this text. The recursion is as deep as the type.
void TypeTable::write_canonical(std::string& out, TypeId type, std::span<const uint32_t> group, const NamedMap* outer,
                                std::unordered_map<uint32_t, uint32_t>& seen) const {
  if (!type)
    return put(out, 0, 1);
  auto [entry, fresh] = seen.try_emplace(type.value, static_cast<uint32_t>(seen.size()));
  if (!fresh) {
    put(out, 1, 1);
    return put(out, entry->second);
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
    auto mapped = outer->find(named);
    put(out, 1, 1);
    put(out, mapped == outer->end() ? UINT32_MAX : mapped->second.value);
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

std::string TypeTable::write_group(std::span<const uint32_t> members, const NamedMap* outer) const {
  std::string out;
  std::unordered_map<uint32_t, uint32_t> seen;
  put(out, members.size());
  for (uint32_t m : members) {
    write_declaration(out, named_[m]);
    write_canonical(out, named_[m].body, members, outer, seen);
    if (out.size() > max_group_bytes)
      break; // the caller refuses it
  }
  return out;
}

static bool refuse(std::string* problem, std::string text) {
  if (problem != nullptr)
    *problem = std::move(text);
  return false;
}

bool TypeTable::canonicalise_group(std::vector<uint32_t> members, std::string* problem) {
  auto fail = [&](std::string text) { return refuse(problem, std::move(text)); };
  if (members.size() > max_group_members)
    return fail("a recursive group of more than 4096 types");
  std::sort(members.begin(), members.end(), [&](uint32_t a, uint32_t b) { return named_[a].name < named_[b].name; });
  for (size_t i = 1; i < members.size(); i++)
    if (named_[members[i - 1]].name == named_[members[i]].name)
      return fail("two types named `" + named_[members[i]].name + "` in one recursive group");
  Group group;
  group.bytes = write_group(members, nullptr);
  if (group.bytes.size() > max_group_bytes)
    return fail("the type `" + named_[members[0]].name + "` is larger than 64 KiB");
  // Many names may share one large layout: four bytes count as one part of a type, so that all groups have at most 16 MiB.
  const size_t parts = group.bytes.size() / 4;
  if (parts > max_type_parts - parts_)
    return fail("the type table is too large");
  parts_ += parts;
  auto number = static_cast<uint32_t>(groups_.size());
  if (!group_ids_.try_emplace(group.bytes, number).second)
    return fail("the type `" + named_[members[0]].name + "` is declared twice");
  for (size_t i = 0; i < members.size(); i++) {
    std::string text = group.bytes;
    put(text, i);
    NamedType& type = named_[members[i]];
    type.group = number;
    type.fingerprint = hash(text);
  }
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
  size_t budget = close_budget;
  auto groups = find_groups(closed_named_, budget);
  if (budget == 0)
    return refuse(problem, "the type table is too large");
  for (auto& group : groups) // providers come first, so their fingerprints are known
    if (!canonicalise_group(std::move(group), problem))
      return false;
  closed_named_ = named_.size();
  return true;
}

// Starts from all being equal and tells apart what is seen to differ, with the classes of the round before, until nothing
// changes: what is left together is equal however it is unrolled.
std::vector<NamedId> TypeTable::find_equal_named() const {
  size_t budget = size_t{1} << 26, classes = 0;
  NamedMap now, next;
  for (uint32_t i = 0; i < named_.size(); i++)
    now[i] = NamedId{0};
  for (;;) {
    std::unordered_map<std::string, uint32_t> first;
    for (uint32_t i = 0; i < named_.size(); i++) {
      std::string text;
      std::unordered_map<uint32_t, uint32_t> seen;
      write_declaration(text, named_[i]);
      write_canonical(text, named_[i].body, {}, &now, seen);
      if (text.size() > budget)
        return {};
      budget -= text.size();
      next[i] = NamedId{first.try_emplace(std::move(text), i).first->second};
    }
    if (first.size() == classes)
      break;
    classes = first.size();
    now = next;
  }
  std::vector<NamedId> result(named_.size());
  for (uint32_t i = 0; i < result.size(); i++)
    result[i] = next[i];
  return result;
}

std::string TypeTable::canonical(TypeId type) const {
  std::string out;
  std::unordered_map<uint32_t, uint32_t> seen;
  write_canonical(out, type, {}, nullptr, seen);
  return out;
}

// ---- import --------------------------------------------------------------------------------------------------------

TypeId TypeImporter::import(TypeId type) {
  if (!type)
    return no_type;
  // Parts of types that were imported before are not searched again: many symbols may share one large type (R52).
  std::vector<uint32_t> mentioned;
  from_.collect_named(type, mentioned, searched_);
  for (uint32_t id : mentioned)
    if (!import_named(NamedId{id}))
      return no_type;
  return copy(type);
}

// Imports the group of `id` and everything it reaches, providers first.
bool TypeImporter::import_named(NamedId id) {
  if (named_.count(id.value) != 0)
    return true;
  std::vector<uint32_t> work{from_.named_[id.value].group}, needed;
  std::unordered_map<uint32_t, uint32_t> groups_seen;
  groups_seen.try_emplace(work[0], 0);
  while (!work.empty()) {
    uint32_t group = work.back();
    work.pop_back();
    if (named_.count(from_.groups_[group].members[0]) != 0)
      continue;
    needed.push_back(group);
    std::vector<uint32_t> mentioned;
    std::unordered_map<uint32_t, uint32_t> seen;
    for (uint32_t member : from_.groups_[group].members)
      from_.collect_named(from_.named_[member].body, mentioned, seen);
    for (uint32_t m : mentioned)
      if (groups_seen.try_emplace(from_.named_[m].group, 0).second)
        work.push_back(from_.named_[m].group);
  }
  std::sort(needed.begin(), needed.end()); // find_groups numbers providers before users
  for (uint32_t group : needed)
    if (!import_group(group))
      return false;
  return true;
}

bool TypeImporter::import_group(uint32_t number) {
  const TypeTable::Group& group = from_.groups_[number];
  if (auto candidate = to_.group_ids_.find(group.bytes); candidate != to_.group_ids_.end()) {
    // Same bytes; now without trusting the hashes of outer references: their ids in the target must agree too.
    const TypeTable::Group& other = to_.groups_[candidate->second];
    TypeTable::NamedMap identity;
    std::vector<uint32_t> mentioned;
    std::unordered_map<uint32_t, uint32_t> seen;
    for (uint32_t member : other.members)
      to_.collect_named(to_.named_[member].body, mentioned, seen);
    for (uint32_t m : mentioned)
      identity.try_emplace(m, NamedId{m});
    if (from_.write_group(group.members, &named_) != to_.write_group(other.members, &identity))
      return false;
    for (size_t i = 0; i < group.members.size(); i++)
      named_[group.members[i]] = NamedId{other.members[i]};
    return true;
  }
  for (uint32_t member : group.members) {
    const NamedType& type = from_.named_[member];
    named_[member] = to_.declare(type.name, type.params, type.sort, type.abstract_kind, type.hidden);
    to_.named_[named_[member].value].provided = type.provided;
  }
  for (uint32_t member : group.members) {
    TypeId body = from_.named_[member].body;
    if (body && !to_.define(named_[member], copy(body)))
      return false;
  }
  return to_.close();
}

bool TypeImporter::import_definition(NamedId id) {
  const NamedType& type = from_.named_[id.value];
  return type.sort == NamedSort::Abstract || to_.define(named_[id.value], copy(type.body));
}

bool TypeImporter::is_bound_abstract(TypeId type) const {
  if (!linking_ || from_.tag(type) != TypeTag::Named || from_.named_type(from_.named_id(type)).sort != NamedSort::Abstract)
    return false;
  auto target = named_.find(from_.named_id(type).value);
  return target != named_.end() && to_.named_type(target->second).sort != NamedSort::Abstract;
}

// L10: the word that an importer's abstract type stands for: a pointer, a union or a package. It has the width that the importer
// took it to have; and `ptr A` means an address that is not null, which other words need not be.
TypeId TypeImporter::copy_abstract(TypeId type, bool is_pointer, bool nullable) {
  const std::vector<TypeId> args = copy_args(type);
  const NamedId target = named_.find(from_.named_id(type).value)->second;
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
  if (auto known = types_.find(type.value); known != types_.end())
    return known->second;
  const TypeTable::Node& node = from_.nodes_[type.value];
  TypeId result;
  if (is_bound_abstract(type)) {
    result = copy_abstract(type, false, false);
  } else if (node.tag == TypeTag::Ptr && is_bound_abstract(TypeId{node.a})) {
    result = copy_abstract(TypeId{node.a}, true, node.nullable);
  } else if (node.tag == TypeTag::Named) {
    auto target = named_.find(node.a);
    result = target == named_.end() ? no_type : to_.named(target->second, copy_args(type));
  } else if (linking_ && node.tag == TypeTag::Struct) {
    std::vector<Field> fields = from_.field_lists_[node.list];
    for (Field& f : fields) {
      f.type = copy(f.type);
      if (f.type && to_.word_size(f.type) == 8 && to_.tag(f.type) != TypeTag::Var && to_.tag(f.type) != TypeTag::Named)
        f.slot = false; // 8 bytes either way
    }
    result = to_.struct_layout(std::move(fields));
  } else {
    result = to_.rebuild(from_, node, [this](TypeId part, uint32_t) { return copy(part); });
  }
  types_[type.value] = result;
  return result;
}

} // namespace tal
