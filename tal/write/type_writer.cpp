// Writes .tal.types as tal/type_codec.cpp, which has the grammar, reads it.
#include "tal/types.h"
#include "tal/write/byte_writer.h"
#include "tal/write/write.h"

#include <algorithm>

namespace tal {
namespace {

constexpr uint32_t first_id = 8;
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

} // namespace tal
