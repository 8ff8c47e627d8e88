// Guesses at which types something polymorphic is used. They decide nothing: the checker instantiates with what is guessed and looks
// whether that fits.
#include "tal/types.h"

#include <algorithm>

namespace tal {

std::vector<TypeId> TypeTable::guess_hidden(TypeId package, TypeId inside) {
  const NamedType& type = named_[nodes_[package.value].a];
  std::vector<TypeId> bound(args(package).begin(), args(package).end());
  bound.resize(type.params.size() + type.hidden.size());
  unsigned budget = 1024; // what a compiler writes is far smaller (R52)
  match(type.body, inside, bound, budget, 0);
  bound.erase(bound.begin(), bound.begin() + static_cast<std::ptrdiff_t>(type.params.size()));
  for (TypeId& t : bound)
    t = t ? t : i64();
  return bound;
}

// Walks both types side by side, as far as they have one shape, and notes what stands where the pattern has variables; never a variable
// that is quantified on the way there.
void TypeTable::match(TypeId pattern, TypeId type, std::vector<TypeId>& bound, unsigned& budget, size_t bound_inside) const {
  if (!pattern || !type || is_closed(pattern) || budget == 0)
    return;
  budget--;
  const Node &p = nodes_[pattern.value], &t = nodes_[type.value];
  if (p.tag == TypeTag::Var && p.a >= bound_inside && p.a - bound_inside < bound.size() && !bound[p.a - bound_inside] && is_closed(type))
    bound[p.a - bound_inside] = type;
  if (p.tag != t.tag || p.tag == TypeTag::Var)
    return;
  match_parts(pattern, type, bound, budget, bound_inside + sig(pattern).vars.size());
}

void TypeTable::match_parts(TypeId pattern, TypeId type, std::vector<TypeId>& bound, unsigned& budget, size_t bound_inside) const {
  std::vector<TypeId> x, y;
  each_part(nodes_[pattern.value], [&](TypeId part) { x.push_back(part); });
  each_part(nodes_[type.value], [&](TypeId part) { y.push_back(part); });
  for (size_t i = 0; i < std::min(x.size(), y.size()); i++)
    match(x[i], y[i], bound, budget, bound_inside);
}

std::vector<TypeId> TypeTable::guess_arguments(TypeId s, TypeId wanted) const {
  const Signature &x = sig(s), &y = sig(wanted);
  std::vector<TypeId> bound(x.vars.size() - std::min(x.vars.size(), y.vars.size()));
  unsigned budget = 1024;
  match_parts(s, wanted, bound, budget, 0);
  for (TypeId& t : bound)
    t = t ? t : i64();
  return bound;
}

} // namespace tal
