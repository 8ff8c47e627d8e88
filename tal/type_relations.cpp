// Substitution, unrolling of named types, subtyping (rules T5, T7, T8).
//
// Everything works on ids and is memoised: the cost is the number of distinct nodes, never the size of the tree (R52).
#include "tal/types.h"

#include <algorithm>

namespace tal {

TypeId TypeTable::substitute(TypeId type, std::span<const TypeId> args) {
  if (!type || is_closed(type))
    return type;
  Substitution by{args};
  return substitute_in(type, by, 0);
}

bool TypeTable::map_parts(Signature& s, const PartMap& map, uint32_t vars) {
  for (TypeId& arg : s.args)
    if (!(arg = map(arg, vars)))
      return false;
  return !s.result || (s.result = map(s.result, vars));
}

bool TypeTable::substitute_parts(Signature& s, Substitution& by) {
  return map_parts(s, [&](TypeId part, uint32_t) { return substitute_in(part, by, 0); }, 0);
}

// An argument that comes to stand under quantifiers keeps its variables, whose numbers are higher there (T6).
TypeId TypeTable::substitute_var(const Node& variable, const Substitution& by, uint32_t inside) {
  const uint32_t index = variable.a - inside;
  if (index >= by.args.size())
    return var(variable.a - static_cast<uint32_t>(by.args.size()) + by.kept, variable.kind);
  const TypeId arg = by.args[index];
  if (!kind_at_most(kind(arg), variable.kind))
    return no_type;
  Substitution shift{{}, inside};
  return substitute_in(arg, shift, 0);
}

// The node with each part as `map` says; no_type if that makes a part impossible: it is never left out.
TypeId TypeTable::rebuild(const TypeTable& from, const Node& node, const PartMap& map) {
  switch (node.tag) {
  case TypeTag::Var: return var(node.a, node.kind);
  case TypeTag::Exn: return with_nullable(exn(), node.nullable);
  case TypeTag::Struct: {
    // R18: offsets and widths were fixed before; a slot stays a slot.
    const std::span<const Field> fields = from.field_lists_[node.list];
    std::vector<Field> list(fields.begin(), fields.end());
    for (Field& f : list)
      f.type = map(f.type, 0);
    return layout_of(list);
  }
  case TypeTag::Named:
  case TypeTag::Cases: {
    const std::span<const TypeId> parts = from.lists_[node.list];
    std::vector<TypeId> list(parts.begin(), parts.end());
    for (TypeId& part : list)
      part = map(part, 0);
    return node.tag == TypeTag::Named ? named(NamedId{node.a}, list) : cases(node.a & 1, node.a >> 1, list);
  }
  case TypeTag::Sig: {
    Signature s = from.sigs_[node.list];
    return map_parts(s, map, static_cast<uint32_t>(s.vars.size())) ? signature(std::move(s)) : no_type;
  }
  default:
    const TypeId part = node.a != 0 ? map(TypeId{node.a}, 0) : no_type;
    return static_cast<bool>(part) == (node.a != 0) ? with_part(node.tag, part, node.nullable, node.mutability) : no_type;
  }
}

// `inside`: the quantified variables around this part of the type, which are not touched. The recursion is as deep as the type, at
// most max_type_depth. A large type may be asked for at many arguments, and be what it was before: who asks has not paid for it (R52).
TypeId TypeTable::substitute_in(TypeId type, Substitution& by, uint32_t inside) {
  if (substituted_++ >= max_substituted)
    return no_type;
  if (!type || inside >= max_type_vars || nodes_[type.value].vars >> 4 * inside == 0)
    return type;
  const uint64_t key = uint64_t{type.value} << 8 | inside;
  if (auto known = by.known.find(key); known != by.known.end())
    return known->second;
  const Node node = nodes_[type.value];
  const TypeId result = node.tag == TypeTag::Var ? substitute_var(node, by, inside) : rebuild(*this, node, [&](TypeId part, uint32_t vars) {
    return substitute_in(part, by, inside + vars);
  });
  by.known[key] = result;
  return result;
}

TypeId TypeTable::expand_to(TypeId memory, TypeTag wanted) {
  if (!memory)
    return no_type;
  if (tag(memory) == wanted)
    return memory;
  if (tag(memory) != TypeTag::Named)
    return no_type;
  const NamedType& type = named_[nodes_[memory.value].a];
  if (!type.body || tag(type.body) != wanted)
    return no_type;
  if (TypeId known = nodes_[memory.value].expanded; known || nodes_[memory.value].does_not_expand)
    return known;
  std::vector<TypeId> list(args(memory).begin(), args(memory).end());
  TypeId layout = substitute(type.body, list);
  nodes_[memory.value].expanded = layout;
  nodes_[memory.value].does_not_expand = !layout;
  return layout;
}

TypeId TypeTable::open(TypeId package, std::span<const TypeId> hidden) {
  const NamedType& type = named_[nodes_[package.value].a];
  if (!is_package(package) || !args_fit(hidden, type.hidden))
    return no_type;
  std::vector<TypeId> list(args(package).begin(), args(package).end());
  list.insert(list.end(), hidden.begin(), hidden.end());
  return substitute(type.body, list);
}

// The variables that are left, if any, are quantified again, before those of the context.
TypeId TypeTable::instantiate(TypeId signature_id, std::span<const TypeId> args) {
  if (!signature_id || tag(signature_id) != TypeTag::Sig)
    return no_type;
  Signature s = sig(signature_id);
  if (args.size() > s.vars.size() || !args_fit(args, std::span(s.vars).first(args.size())))
    return no_type;
  s.vars.erase(s.vars.begin(), s.vars.begin() + static_cast<std::ptrdiff_t>(args.size()));
  const auto left = static_cast<uint32_t>(s.vars.size());
  Substitution shift{{}, left};
  std::vector<TypeId> all;
  for (TypeId arg : args)
    all.push_back(substitute_in(arg, shift, 0));
  for (uint32_t i = 0; i < left; i++)
    all.push_back(var(i, s.vars[i]));
  Substitution by{all, left};
  return substitute_parts(s, by) ? signature(std::move(s)) : no_type;
}

bool TypeTable::subtype(TypeId a, TypeId b, int depth) {
  if (!is_word(a) || !is_word(b))
    return false;
  if (a == b)
    return true;
  // Any word may be forgotten to be anything but 64 bits; narrower integers are intervals of wider ones.
  if (b == i64())
    return kind(a) != Kind::None;
  if (is_integer(a) && is_integer(b))
    return a.value < b.value;
  const Node &x = nodes_[a.value], &y = nodes_[b.value];
  if (x.tag != y.tag || (x.nullable && !y.nullable))
    return false;
  if (x.a == y.a && x.mutability == y.mutability && x.list == y.list && has_null_form(x.tag))
    return true;
  if (x.tag == TypeTag::Ptr)
    return is_read_only_view(TypeId{x.a}, TypeId{y.a});
  return x.tag == TypeTag::Fn && depth > 0 && signature_at_most(TypeId{x.a}, TypeId{y.a}, depth - 1);
}

// The same fields, of which b may only read some that a may write. Sound: a field holds values of exactly its type
// whoever writes it, and nothing is concluded from a field being read-only.
bool TypeTable::is_read_only_view(TypeId a, TypeId b) const {
  if (tag(a) != TypeTag::Struct || tag(b) != TypeTag::Struct)
    return false;
  std::span<const Field> x = fields(a), y = fields(b);
  return std::equal(x.begin(), x.end(), y.begin(), y.end(), [](const Field& f, const Field& g) {
    bool writable_too = g.mutability == Mutability::ReadOnly || f.mutability == Mutability::ReadWrite;
    return f.offset == g.offset && f.type == g.type && f.slot == g.slot && writable_too;
  });
}

// Signature a with the kinds that b declares for as many variables, where a's are the same or greater: what holds for all types of a
// kind holds for all of a lesser one. Otherwise a.
TypeId TypeTable::at_kinds_of(TypeId a, TypeId b) {
  if (!a || !b || tag(a) != TypeTag::Sig || tag(b) != TypeTag::Sig || sig(a).vars == sig(b).vars || sig(a).vars.size() != sig(b).vars.size())
    return a;
  const std::vector<Kind> kinds = sig(b).vars;
  std::vector<TypeId> vars;
  for (uint32_t i = 0; i < kinds.size(); i++)
    vars.push_back(var(i, kinds[i]));
  if (!args_fit(vars, sig(a).vars))
    return a;
  Signature s = sig(a);
  s.vars = kinds;
  Substitution by{vars, static_cast<uint32_t>(kinds.size())};
  const TypeId result = substitute_parts(s, by) ? signature(std::move(s)) : no_type;
  return result ? result : a;
}

bool entails(std::span<const SigFact> given, std::span<const SigFact> wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const SigFact& w) {
    return std::any_of(given.begin(), given.end(), [&](SigFact g) { return g.c <= w.c && (g.c = w.c, g == w); });
  });
}

bool TypeTable::signature_at_most(TypeId a, TypeId b, int depth) {
  a = at_kinds_of(a, b);
  if (!a || !b || tag(a) != TypeTag::Sig || tag(b) != TypeTag::Sig)
    return false;
  if (a == b)
    return true;
  const Signature &x = sig(a), &y = sig(b);
  if (x.vars != y.vars || x.args.size() != y.args.size() || (x.throws && !y.throws))
    return false;
  // Arguments travel the other way. Floats have no subtypes, so register classes agree as well.
  for (size_t i = 0; i < x.args.size(); i++)
    if (!subtype(y.args[i], x.args[i], depth))
      return false;
  if (!entails(y.pre, x.pre))
    return false;
  if (x.noret)
    return true; // never returns: below every result
  if (y.noret || !entails(x.post, y.post))
    return false;
  return !y.result || (x.result && subtype(x.result, y.result, depth));
}

} // namespace tal
