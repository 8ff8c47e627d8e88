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
//                                        flags: 1 noret 2 throws 4 facts; 15 variables: not as many of kind W, but `kinds`; 15 arguments: `count`
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

void write_facts(const std::vector<SigFact>& facts, ByteWriter& out) {
  out.uleb(facts.size());
  for (const SigFact& f : facts) {
    out.u8(static_cast<uint8_t>(static_cast<unsigned>(f.x_of) | static_cast<unsigned>(f.y_of) << 4));
    out.u8(f.x);
    out.u8(f.y);
    out.sleb(f.c);
  }
}

void write_code(TypeTag tag, unsigned flags, ByteWriter& out) { out.u8(static_cast<uint8_t>(static_cast<unsigned>(tag) | flags << 5)); }

void write_kinds(const std::vector<Kind>& kinds, ByteWriter& out) {
  out.u8(static_cast<uint8_t>(kinds.size()));
  for (size_t i = 0; i < kinds.size(); i += 2)
    out.u8(static_cast<uint8_t>(static_cast<unsigned>(kinds[i]) | (i + 1 < kinds.size() ? static_cast<unsigned>(kinds[i + 1]) << 4 : 0u)));
}

void write_signature(const Signature& s, ByteWriter& out) {
  bool facts = !s.pre.empty() || !s.post.empty();
  write_code(TypeTag::Sig, (s.noret ? 1u : 0u) | (s.throws ? 2u : 0u) | (facts ? 4u : 0u), out);
  const bool plain = s.vars.size() < many && std::all_of(s.vars.begin(), s.vars.end(), [](Kind k) { return k == Kind::W; });
  const size_t args = std::min(s.args.size(), many);
  out.u8(static_cast<uint8_t>((plain ? s.vars.size() : many) | args << 4));
  if (!plain)
    write_kinds(s.vars, out);
  if (args == many)
    out.uleb(s.args.size());
  for (TypeId arg : s.args)
    out.uleb(arg.value);
  out.uleb(s.result.value);
  if (facts) {
    write_facts(s.pre, out);
    write_facts(s.post, out);
  }
}

void write_node(const TypeTable& t, TypeId id, ByteWriter& out) {
  if (t.tag(id) == TypeTag::Sig)
    return write_signature(t.sig(id), out);
  write_code(t.tag(id), (t.is_nullable(id) ? 1u : 0u) | (t.mutability(id) == Mutability::ReadWrite ? 2u : 0u), out);
  switch (t.tag(id)) {
  case TypeTag::Exn: break;
  case TypeTag::Var:
    out.u8(static_cast<uint8_t>(t.var_index(id) | static_cast<unsigned>(t.kind(id)) << 4));
    break;
  case TypeTag::Struct: {
    out.uleb(t.fields(id).size());
    uint32_t previous = 0;
    for (const Field& f : t.fields(id)) {
      out.uleb(uint64_t{4} * (f.offset - previous) + (f.mutability == Mutability::ReadWrite ? 1 : 0) + (f.slot ? 2 : 0));
      out.uleb(f.type.value);
      previous = f.offset;
    }
    break;
  }
  case TypeTag::Named:
    out.uleb(t.named_id(id).value);
    for (TypeId arg : t.args(id))
      out.uleb(arg.value);
    break;
  case TypeTag::Cases:
    out.u8(static_cast<uint8_t>(t.first_constant(id)));
    out.uleb(t.end_of_constants(id) - t.first_constant(id));
    out.uleb(t.args(id).size());
    for (TypeId payload : t.args(id))
      out.uleb(payload.value);
    break;
  default:
    out.uleb(t.target(id).value);
  }
}

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
    if ((of & 15) > 4 || of >> 4 > 4)
      in.fail();
    f.x_of = static_cast<SigFact::Of>(of & 7);
    f.y_of = static_cast<SigFact::Of>(of >> 4 & 7);
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
  switch (code) {
  case TypeTag::Sig: return 7;
  case TypeTag::Arr: return 3;
  case TypeTag::Ptr:
  case TypeTag::Fn:
  case TypeTag::Union:
  case TypeTag::Exn: return 1;
  default: return 0;
  }
}

TypeId read_node(ByteReader& in, TypeTable& t) {
  const unsigned byte = in.u8(), flags = byte >> 5;
  const auto code = static_cast<TypeTag>(byte & 31);
  if (flags > allowed_flags(code))
    return no_type;
  switch (code) {
  case TypeTag::Ptr: return t.ptr(TypeId{in.uleb32()}, flags & 1);
  case TypeTag::Arr: return t.arr(TypeId{in.uleb32()}, flags & 2 ? Mutability::ReadWrite : Mutability::ReadOnly, flags & 1);
  case TypeTag::Fn: return t.fn(TypeId{in.uleb32()}, flags & 1);
  case TypeTag::Union: return t.union_word(TypeId{in.uleb32()}, flags & 1);
  case TypeTag::ExnName: return t.exn_name(TypeId{in.uleb32()});
  case TypeTag::Rep: return t.rep(TypeId{in.uleb32()});
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
  case TypeTag::None:
  case TypeTag::I8:
  case TypeTag::I16:
  case TypeTag::I32:
  case TypeTag::I64:
  case TypeTag::F32:
  case TypeTag::F64:
    return no_type;
  }
  return no_type;
}

bool read_named(ByteReader& in, TypeTable& t) {
  uint32_t n = in.count(4);
  for (uint32_t i = 0; i < n && !in.bad(); i++) {
    std::string name = in.string();
    const unsigned code = in.u8(), sort = code & 7;
    const bool provided = code & 8;
    const Kind abstract_kind = kind_of(code >> 4, in);
    std::vector<Kind> params = read_kinds(in), hidden;
    switch (static_cast<NamedSort>(sort)) {
    case NamedSort::Struct:
    case NamedSort::Union:
      if (abstract_kind != Kind::None)
        return false;
      break;
    case NamedSort::Abstract: break;
    case NamedSort::Package:
      if (abstract_kind != Kind::P && abstract_kind != Kind::W8)
        return false;
      hidden = read_kinds(in);
      break;
    default: return false;
    }
    if (provided && static_cast<NamedSort>(sort) == NamedSort::Abstract)
      return false;
    NamedId id = t.declare(std::move(name), std::move(params), static_cast<NamedSort>(sort), abstract_kind, std::move(hidden));
    if (provided)
      t.provide(id);
  }
  return !in.bad();
}

} // namespace

void write_types(const TypeTable& t, ByteWriter& out) {
  out.uleb(t.named_count());
  for (uint32_t i = 0; i < t.named_count(); i++) {
    const NamedType& type = t.named_type(NamedId{i});
    out.string(type.name);
    out.u8(static_cast<uint8_t>(static_cast<unsigned>(type.sort) | (type.provided ? 8u : 0u) | static_cast<unsigned>(type.abstract_kind) << 4));
    write_kinds(type.params, out);
    if (type.sort == NamedSort::Package)
      write_kinds(type.hidden, out);
  }
  out.uleb(t.size() - first_id);
  for (uint32_t id = first_id; id < t.size(); id++)
    write_node(t, TypeId{id}, out);
  for (uint32_t i = 0; i < t.named_count(); i++)
    if (t.named_type(NamedId{i}).sort != NamedSort::Abstract)
      out.uleb(t.named_type(NamedId{i}).body.value);
}

bool read_types(ByteReader& in, TypeTable& t, std::string& problem) {
  if (!read_named(in, t)) {
    problem = "bad declaration of a named type";
    return false;
  }
  uint32_t nodes = in.count(1);
  if (nodes > max_written_nodes) {
    problem = "more than " + std::to_string(max_written_nodes) + " types";
    return false;
  }
  for (uint32_t i = 0; i < nodes; i++) {
    TypeId id = read_node(in, t);
    if (in.bad() || id.value != first_id + i) {
      problem = "type " + std::to_string(first_id + i) + (id ? " is written twice" : " is ill-formed");
      return false;
    }
  }
  for (uint32_t i = 0; i < t.named_count(); i++) {
    if (t.named_type(NamedId{i}).sort == NamedSort::Abstract)
      continue;
    if (TypeId body{in.uleb32()}; in.bad() || !t.define(NamedId{i}, body)) {
      problem = "the body of `" + t.named_type(NamedId{i}).name + "` is ill-formed";
      return false;
    }
  }
  if (in.bad()) {
    problem = "the type table is cut short";
    return false;
  }
  return t.close(&problem);
}

} // namespace tal
