#include "path.h"

namespace second {

Name Path::fresh(Wide least, Wide most) {
  About a;
  a.least = least;
  a.most = most;
  names_[next_] = a;
  return next_++;
}

Value Path::word(TypeRef type, Name name, int64_t c) const {
  Value v;
  v.what = Value::What::Word;
  v.type = type;
  v.name = name;
  v.c = c;
  return v;
}

Value Path::integer(Wide least, Wide most) {
  return least == most ? constant(static_cast<int64_t>(least)) : word(4, fresh(least, most));
}

// Bellman and Ford over the names that inequalities connect, with zero and the two in question. x - y <= c is a way from y to x.
std::optional<Wide> Path::difference(Name x, Name y) const {
  if (x == y)
    return 0;
  std::map<Name, std::optional<Wide>> distance{{zero, {}}, {x, {}}};
  for (const Edge& e : edges_) {
    distance[e.x];
    distance[e.y];
  }
  distance[y] = 0;
  const auto shorten = [](std::optional<Wide>& to, const std::optional<Wide>& from, Wide length) {
    if (!from || (to && *to <= *from + length))
      return false;
    to = *from + length;
    return true;
  };
  for (size_t round = 0, changed = 1; changed != 0 && round <= distance.size(); round++) {
    changed = 0;
    for (const Edge& e : edges_)
      changed += shorten(distance[e.x], distance[e.y], e.c);
    for (auto& [name, d] : distance)
      if (name != zero) {
        const About& a = names_.at(name);
        changed += shorten(d, distance[zero], a.most);
        changed += shorten(distance[zero], d, -a.least);
      }
  }
  return distance[x];
}

Interval Path::interval(const Value& v) const {
  if (!v.is_word())
    return {INT64_MIN, INT64_MAX};
  const About& a = names_.at(v.name);
  Interval i{a.least, a.most};
  bool connected = false;
  for (const Edge& e : edges_)
    connected |= e.x == v.name || e.y == v.name;
  if (connected && v.name != zero) {
    if (auto most = difference(v.name, zero); most && *most < i.most)
      i.most = *most;
    if (auto least = difference(zero, v.name); least && -*least > i.least)
      i.least = -*least;
  }
  return {i.least + v.c, i.most + v.c};
}

bool Path::at_most(const Value& a, const Value& b, Wide c) const {
  std::optional<Wide> d = difference(a.name, b.name);
  return d && *d + a.c - b.c <= c;
}

bool Path::assume(const Value& a, const Value& b, Wide c) {
  c += Wide{b.c} - a.c; // of the names
  if (a.name == b.name)
    return c >= 0;
  std::optional<Wide> other = difference(b.name, a.name);
  if (other && *other + c < 0)
    return false;
  if (b.name == zero)
    names_[a.name].most = std::min(names_[a.name].most, c);
  else if (a.name == zero)
    names_[b.name].least = std::max(names_[b.name].least, -c);
  else
    edges_.push_back({a.name, b.name, c});
  return true;
}

bool Path::excludes_zero(const Value& v) const {
  const Interval i = interval(v);
  return v.is_word() && (i.least > 0 || i.most < 0 || (v.c == 0 && names_.at(v.name).not_zero));
}

// A bound that was known to hold becomes strict.
bool Path::assume_unequal(const Value& a, const Value& b) {
  if (b.is_constant() && b.c == -1 && a.c == 0 && a.name != zero)
    names_[a.name].not_minus_one = true;
  if (at_most(a, b, 0) && !assume(a, b, -1))
    return false;
  return !at_most(b, a, 0) || assume(b, a, -1);
}

bool Path::is_related(Name name) const {
  for (const Edge& e : edges_)
    if (e.x == name || e.y == name)
      return true;
  return false;
}

size_t Path::related() const {
  std::set<Name> names{zero};
  for (const Edge& e : edges_)
    names.insert({e.x, e.y});
  return names.size();
}

Name Path::length_of(Name array) {
  if (names_[array].length == 0) {
    Name n = fresh(0, 0x7FFFFFFF);
    names_[array].length = n;
  }
  return names_[array].length;
}

Name Path::tag_of(Name object, size_t variants) {
  if (names_[object].tag == 0) {
    Name n = fresh(0, static_cast<Wide>(variants) - 1);
    names_[object].tag = n;
  }
  return names_[object].tag;
}

Name Path::exception_of(Name packet) {
  if (names_[packet].exception == 0) {
    Name n = fresh();
    names_[n].packet = packet;
    names_[packet].exception = n;
  }
  return names_[packet].exception;
}

} // namespace second
