// .tal.types: the type table as bytes.
//
//   table   = count named* count node* body*
//   named   = name:string sort+8*provided+16*abstract_kind:u8 kinds [kinds]      the last of a package: hidden types
//   kinds   = count:u8 (kind+16*kind):u8*                      two in a byte
//   node    = code + 32*flags:u8 (type_tags.def) then by code
//             ptr arr fn exnname union rep   child               flags: 1 nullable, 2 read-write
//             exn                                                (only the nullable form has a node)
//             var                        index + 16*kind:u8
//             struct                     count (4*offset-delta+flags type)*       flags: 1 read-write, 2 slot
//             named                      id type*                as many as it has parameters
//             cases                      first:u8 constants count type*
//             sig                        variables+16*arguments:u8 [kinds] [count] type* result
//                                        flags: 1 noret 2 throws 4 facts, which follow: those of the arguments, those of the result; 15 variables: not as many of kind W, but `kinds`; 15 arguments: `count`
//   facts   = count (x_of+16*y_of:u8 x:u8 y:u8 c:sleb)*        0 the number zero, 1 a word, 2 the length of an array
//   body    = type                       one per named type that is not abstract
//
// Node i has id i+8 (the built-in types are 1..7); children have smaller ids. There is one spelling: a node that is
// already in the table, or a number that is not minimal, is refused.
#include "tal/bytes.h"
#include "tal/types.h"

#include <algorithm>

namespace tal {
namespace {

constexpr uint32_t first_id = 8;
constexpr uint32_t max_written_nodes = 1u << 18; // an update has four tables with the types of its objects (R52)
constexpr size_t many = 15; // variables or arguments of a signature: as a number of its own

Kind kind_of(unsigned k, ByteReader& in) {
  if (k > static_cast<unsigned>(Kind::D))
    in.fail();
  return in.bad() ? Kind::None : static_cast<Kind>(k);
}

std::vector<Kind> read_kinds(ByteReader& in) {
  const unsigned n = in.u8();
  std::vector<Kind> kinds;
  for (unsigned i = 0; i < n && !in.bad(); i += 2) {
    const unsigned two = in.u8();
    kinds.push_back(kind_of(two & 15, in));
    if (i + 1 < n)
      kinds.push_back(kind_of(two >> 4, in));
    else if (two >> 4 != 0)
      in.fail();
  }
  return kinds;
}

std::vector<SigFact> read_facts(ByteReader& in) {
  std::vector<SigFact> facts(in.count(4));
  for (SigFact& f : facts) {
    uint8_t of = in.u8();
    if ((of & 15) > 2 || of >> 4 > 2)
      in.fail();
    f.x_of = static_cast<SigFact::Of>(of & 3);
    f.y_of = static_cast<SigFact::Of>(of >> 4 & 3);
    f.x = in.u8();
    f.y = in.u8();
    f.c = in.sleb64();
  }
  return facts;
}

Signature read_signature(ByteReader& in, unsigned flags) {
  Signature s;
  s.noret = flags & 1;
  s.throws = flags & 2;
  const size_t counts = in.u8(), vars = counts & 15, args = counts >> 4;
  s.vars = vars == many ? read_kinds(in) : std::vector<Kind>(vars, Kind::W);
  if (vars == many && s.vars.size() < many && std::all_of(s.vars.begin(), s.vars.end(), [](Kind k) { return k == Kind::W; }))
    in.fail(); // has a shorter spelling
  const uint32_t arguments = args == many ? in.count(1) : static_cast<uint32_t>(args);
  if (args == many && arguments < many)
    in.fail();
  for (uint32_t n = in.bad() ? 0 : arguments; n != 0; n--)
    s.args.push_back(TypeId{in.uleb32()});
  s.result = TypeId{in.uleb32()};
  if (flags & 4) {
    s.pre = read_facts(in);
    s.post = read_facts(in);
    if (s.pre.empty() && s.post.empty())
      in.fail();
  }
  return s;
}

unsigned allowed_flags(TypeTag code) {
  return code == TypeTag::Sig ? 7 : code == TypeTag::Arr ? 3 : has_null_form(code) ? 1 : 0;
}

TypeId read_node(ByteReader& in, TypeTable& t) {
  const unsigned byte = in.u8(), flags = byte >> 5;
  const auto code = static_cast<TypeTag>(byte & 31);
  if (flags > allowed_flags(code))
    return no_type;
  switch (code) {
  case TypeTag::Exn: return flags == 1 ? t.with_nullable(t.exn(), true) : no_type;
  case TypeTag::Var: {
    const unsigned variable = in.u8();
    return t.var(variable & 15, kind_of(variable >> 4, in));
  }
  case TypeTag::Struct: {
    std::vector<Field> fields(in.count(2));
    uint64_t offset = 0;
    for (Field& f : fields) {
      const uint32_t place = in.uleb32();
      offset += place / 4;
      f.offset = static_cast<uint32_t>(offset);
      f.mutability = place & 1 ? Mutability::ReadWrite : Mutability::ReadOnly;
      f.slot = place & 2;
      f.type = TypeId{in.uleb32()};
      if (offset > UINT32_MAX / 2)
        in.fail();
    }
    return in.bad() ? no_type : t.struct_layout(std::move(fields));
  }
  case TypeTag::Named: {
    NamedId id{in.uleb32()};
    if (id.value >= t.named_count())
      return no_type;
    std::vector<TypeId> args(t.named_type(id).params.size());
    for (TypeId& arg : args)
      arg = TypeId{in.uleb32()};
    return in.bad() ? no_type : t.named(id, args);
  }
  case TypeTag::Cases: {
    const unsigned first = in.u8();
    if (first > 1)
      return no_type;
    uint32_t constants = in.uleb32();
    std::vector<TypeId> payloads(in.count(1));
    for (TypeId& payload : payloads)
      payload = TypeId{in.uleb32()};
    return in.bad() ? no_type : t.cases(first, constants, payloads);
  }
  case TypeTag::Sig: {
    Signature s = read_signature(in, flags);
    return in.bad() ? no_type : t.signature(std::move(s));
  }
  default: return t.with_part(code, TypeId{in.uleb32()}, flags & 1, flags & 2 ? Mutability::ReadWrite : Mutability::ReadOnly);
  }
}

bool read_named(ByteReader& in, TypeTable& t) {
  uint32_t n = in.count(4);
  for (uint32_t i = 0; i < n && !in.bad(); i++) {
    std::string name = in.string();
    const unsigned code = in.u8();
    const auto sort = static_cast<NamedSort>(code & 7);
    const bool provided = code & 8;
    const Kind abstract_kind = kind_of(code >> 4, in);
    std::vector<Kind> params = read_kinds(in), hidden;
    const bool is_package = sort == NamedSort::Package, is_abstract = sort == NamedSort::Abstract;
    if (sort > NamedSort::Package || (provided && is_abstract) || (is_package && abstract_kind != Kind::P && abstract_kind != Kind::W8) ||
        (!is_package && !is_abstract && abstract_kind != Kind::None))
      return false;
    if (is_package)
      hidden = read_kinds(in);
    NamedId id = t.declare(std::move(name), std::move(params), sort, abstract_kind, std::move(hidden));
    if (provided)
      t.provide(id);
  }
  return !in.bad();
}

} // namespace

bool read_types(ByteReader& in, TypeTable& t, std::string& problem) {
  auto fail = [&](std::string text) {
    problem = std::move(text);
    return false;
  };
  if (!read_named(in, t))
    return fail("bad declaration of a named type");
  uint32_t nodes = in.count(1);
  if (nodes > max_written_nodes)
    return fail("more than " + std::to_string(max_written_nodes) + " types");
  for (uint32_t i = 0; i < nodes; i++)
    if (TypeId id = read_node(in, t); in.bad() || id.value != first_id + i)
      return fail("type " + std::to_string(first_id + i) + (id ? " is written twice" : " is ill-formed"));
  for (uint32_t i = 0; i < t.named_count(); i++) {
    if (t.named_type(NamedId{i}).sort == NamedSort::Abstract)
      continue;
    if (TypeId body{in.uleb32()}; in.bad() || !t.define(NamedId{i}, body))
      return fail("the body of `" + t.named_type(NamedId{i}).name + "` is ill-formed");
  }
  return in.bad() ? fail("the type table is cut short") : t.close(&problem);
}

} // namespace tal
