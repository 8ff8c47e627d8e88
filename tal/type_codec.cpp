// .tal.types: the type table as bytes.
//
//   table   = count named* count node* body*
//   named   = name:string (sort | 0x80 if provided):u8 abstract_kind:u8 count kind:u8* [count kind:u8*]      the last of a package: hidden types
//   node    = code:u8 (type_tags.def) then by code
//             ptr arr fn exnname union   flags:u8 child          flags: 1 nullable, 2 read-write
//             exn                        flags:u8                (only the nullable form has a node)
//             var                        index kind:u8
//             struct                     count (offset-delta flags:u8 type)*      flags: 2 read-write, 4 slot
//             named                      id count type*
//             cases                      first:u8 constants count type*
//             sig                        flags:u8 count kind:u8* count type* result     flags: 1 noret 2 throws 4 facts
//   body    = type                       one per named type that is not abstract
//
// Node i has id i+8 (the built-in types are 1..7); children have smaller ids. There is one spelling: a node that is
// already in the table, or a number that is not minimal, is refused.
#include "tal/bytes.h"
#include "tal/types.h"

namespace tal {
namespace {

constexpr uint32_t first_id = 8;

void write_facts(const std::vector<SigFact>& facts, ByteWriter& out) {
  out.uleb(facts.size());
  for (const SigFact& f : facts) {
    out.u8(static_cast<uint8_t>(static_cast<unsigned>(f.x_of) | static_cast<unsigned>(f.y_of) << 4));
    out.u8(f.x);
    out.u8(f.y);
    out.sleb(f.c);
  }
}

void write_signature(const Signature& s, ByteWriter& out) {
  bool facts = !s.pre.empty() || !s.post.empty();
  out.u8(static_cast<uint8_t>((s.noret ? 1 : 0) | (s.throws ? 2 : 0) | (facts ? 4 : 0)));
  out.uleb(s.vars.size());
  for (Kind k : s.vars)
    out.u8(static_cast<uint8_t>(k));
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
  out.u8(static_cast<uint8_t>(t.tag(id)));
  auto flags = static_cast<uint8_t>((t.is_nullable(id) ? 1 : 0) | (t.mutability(id) == Mutability::ReadWrite ? 2 : 0));
  switch (t.tag(id)) {
  case TypeTag::Exn:
    out.u8(flags);
    break;
  case TypeTag::Var:
    out.uleb(t.var_index(id));
    out.u8(static_cast<uint8_t>(t.kind(id)));
    break;
  case TypeTag::Struct: {
    out.uleb(t.fields(id).size());
    uint32_t previous = 0;
    for (const Field& f : t.fields(id)) {
      out.uleb(f.offset - previous);
      out.u8(static_cast<uint8_t>((f.mutability == Mutability::ReadWrite ? 2 : 0) | (f.slot ? 4 : 0)));
      out.uleb(f.type.value);
      previous = f.offset;
    }
    break;
  }
  case TypeTag::Named:
    out.uleb(t.named_id(id).value);
    out.uleb(t.args(id).size());
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
  case TypeTag::Sig:
    write_signature(t.sig(id), out);
    break;
  default:
    out.u8(flags);
    out.uleb(t.target(id).value);
  }
}

Kind read_kind(ByteReader& in) {
  uint8_t k = in.u8();
  if (k > static_cast<uint8_t>(Kind::D))
    in.fail();
  return in.bad() ? Kind::None : static_cast<Kind>(k);
}

uint8_t read_flags(ByteReader& in, uint8_t allowed) {
  uint8_t flags = in.u8();
  if (flags & ~allowed)
    in.fail();
  return flags;
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

Signature read_signature(ByteReader& in) {
  Signature s;
  uint8_t flags = read_flags(in, 7);
  s.noret = flags & 1;
  s.throws = flags & 2;
  for (uint32_t n = in.count(1); n != 0; n--)
    s.vars.push_back(read_kind(in));
  for (uint32_t n = in.count(1); n != 0; n--)
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

TypeId read_node(ByteReader& in, TypeTable& t) {
  auto code = static_cast<TypeTag>(in.u8());
  switch (code) {
  case TypeTag::Ptr: {
    uint8_t flags = read_flags(in, 1);
    return t.ptr(TypeId{in.uleb32()}, flags & 1);
  }
  case TypeTag::Arr: {
    uint8_t flags = read_flags(in, 3);
    return t.arr(TypeId{in.uleb32()}, flags & 2 ? Mutability::ReadWrite : Mutability::ReadOnly, flags & 1);
  }
  case TypeTag::Fn: {
    uint8_t flags = read_flags(in, 1);
    return t.fn(TypeId{in.uleb32()}, flags & 1);
  }
  case TypeTag::Union: {
    uint8_t flags = read_flags(in, 1);
    return t.union_word(TypeId{in.uleb32()}, flags & 1);
  }
  case TypeTag::ExnName: {
    read_flags(in, 0);
    return t.exn_name(TypeId{in.uleb32()});
  }
  case TypeTag::Rep: {
    read_flags(in, 0);
    return t.rep(TypeId{in.uleb32()});
  }
  case TypeTag::Exn:
    return read_flags(in, 1) == 1 ? t.with_nullable(t.exn(), true) : no_type;
  case TypeTag::Var: {
    uint32_t index = in.uleb32();
    return t.var(index, read_kind(in));
  }
  case TypeTag::Struct: {
    std::vector<Field> fields(in.count(3));
    uint64_t offset = 0;
    for (Field& f : fields) {
      offset += in.uleb32();
      uint8_t flags = read_flags(in, 6);
      f.offset = static_cast<uint32_t>(offset);
      f.mutability = flags & 2 ? Mutability::ReadWrite : Mutability::ReadOnly;
      f.slot = flags & 4;
      f.type = TypeId{in.uleb32()};
      if (offset > UINT32_MAX / 2)
        in.fail();
    }
    return in.bad() ? no_type : t.struct_layout(std::move(fields));
  }
  case TypeTag::Named: {
    NamedId id{in.uleb32()};
    std::vector<TypeId> args(in.count(1));
    for (TypeId& arg : args)
      arg = TypeId{in.uleb32()};
    return in.bad() ? no_type : t.named(id, args);
  }
  case TypeTag::Cases: {
    uint8_t first = read_flags(in, 1);
    uint32_t constants = in.uleb32();
    std::vector<TypeId> payloads(in.count(1));
    for (TypeId& payload : payloads)
      payload = TypeId{in.uleb32()};
    return in.bad() ? no_type : t.cases(first, constants, payloads);
  }
  case TypeTag::Sig: {
    Signature s = read_signature(in);
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

std::vector<Kind> read_kinds(ByteReader& in) {
  std::vector<Kind> kinds(in.count(1));
  for (Kind& k : kinds)
    k = read_kind(in);
  return kinds;
}

bool read_named(ByteReader& in, TypeTable& t) {
  uint32_t n = in.count(4);
  for (uint32_t i = 0; i < n && !in.bad(); i++) {
    std::string name = in.string();
    uint8_t code = in.u8(), sort = code & 0x7F;
    const bool provided = code & 0x80;
    Kind abstract_kind = read_kind(in);
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
    out.u8(static_cast<uint8_t>(static_cast<unsigned>(type.sort) | (type.provided ? 0x80u : 0u)));
    out.u8(static_cast<uint8_t>(type.abstract_kind));
    out.uleb(type.params.size());
    for (Kind k : type.params)
      out.u8(static_cast<uint8_t>(k));
    if (type.sort == NamedSort::Package)
      out.uleb(type.hidden.size());
    for (Kind k : type.hidden)
      out.u8(static_cast<uint8_t>(k));
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
  uint32_t nodes = in.count(2);
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
