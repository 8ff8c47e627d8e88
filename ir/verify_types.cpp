// The type rules of the verifier: what the operand and result columns of ir.def say, then each operation's own rule.
#include <algorithm>
#include <string>

#include "ir/builder.h"
#include "ir/printer.h"
#include "ir/verifier_impl.h"

namespace ir::verifying {
namespace {

// A constant array as one that may be null.
bool widens_const_array(const frontend::Type& from, const frontend::Type& to) {
  return from.kind == to.kind && from.element == to.element && from.index == to.index && (to.nullable || !from.nullable);
}

using frontend::TypeId;
using frontend::TypeKind;
using frontend::TypeStore;

class Types {
 public:
  Types(const Module& module, const Function& function, Report& report)
      : module_(module), function_(function), types_(*module.types), report_(report) {}

  void check() {
    for (BlockId id : function_.order)
      block(id);
  }

 private:
  void block(BlockId id) {
    const Block& block = function_.block(id);
    report_.at(id, {});
    for (ValueId param : block.params)
      well_formed(type(param));
    if (block.has_unwind())
      edge_args(block.unwind, 1);
    for (InstId inst_id : block.insts) {
      report_.at(id, inst_id);
      const Inst& inst = function_.inst(inst_id);
      if (inst.result.is_valid())
        well_formed(type(inst.result));
      if (!operands(inst))
        continue;
      result(inst);
      own_rule(inst);
      for (const Edge& e : inst.targets)
        edge_args(e, 0);
    }
  }

  Type type(ValueId v) const { return function_.value(v).type; }
  std::string text(Type t) const { return print_type(types_, t); }

  void well_formed(Type t) {
    switch (types_.kind(t.id)) {
    case TypeKind::Error:
    case TypeKind::Void:
    case TypeKind::Infer: report_.error("T6", "value of type " + text(t)); return;
    default: break;
    }
    if (t.nonnull && !types_.is_nullable(t.id))
      report_.error("T3", text(t) + ": only nullable types can be flagged nonnull");
  }

  void expect(Type got, Type wanted, const char* what) {
    if (!fits(got, wanted))
      report_.error("T2", std::string(what) + ": expected " + text(wanted) + ", got " + text(got));
  }
  void expect_result(const Inst& inst, Type wanted) {
    if (type(inst.result) != wanted)
      report_.error("T1", "the result must be " + text(wanted) + ", not " + text(type(inst.result)));
  }

  void edge_args(const Edge& e, size_t implicit) {
    const std::vector<ValueId>& params = function_.block(e.target).params;
    for (size_t i = 0; i < e.args.size(); ++i)
      expect(type(e.args[i]), type(params[i + implicit]), "edge argument");
  }

  // ---- the operand column ----

  bool is_object(Type t) const {
    if (types_.kind(t.id) == TypeKind::Tuple)
      return true;
    if (types_.kind(t.id) != TypeKind::Named || types_.decl_of(t.id).kind != frontend::TypeDeclKind::Struct)
      return false;
    return t.nonnull || !types_.is_nullable(t.id);
  }

  bool matches(char pattern, Type t, Type first) const {
    TypeKind kind = types_.kind(t.id);
    switch (pattern) {
    case 'i': return types_.is_integer(t.id);
    case 'u': return types_.is_union(t.id);
    case 'k': return types_.is_integer(t.id) || types_.is_union(t.id);
    case 'I': return types_.is_integer(t.id) || kind == TypeKind::Bool;
    case '=': return t.id == first.id;
    case 'd': return types_.is_floating(t.id);
    case 'b': return kind == TypeKind::Bool;
    case 'n': return is_object(t);
    case 'q': return types_.is_nullable(t.id);
    case 'a': return kind == TypeKind::Array || kind == TypeKind::String || (kind == TypeKind::ConstArray && (t.nonnull || !types_.is_nullable(t.id)));
    case 'e': return kind == TypeKind::Exn;
    case 'c': return kind == TypeKind::Exncon;
    case 'f': return kind == TypeKind::Function;
    case 'r': return !types_.is_floating(t.id);
    case 'x': return true;
    }
    return true;
  }

  bool operands(const Inst& inst) {
    std::string_view pattern = info(inst.op).operands;
    bool ok = true;
    for (size_t i = 0; i < inst.operands.size() && i < pattern.size() && pattern[i] != '*' && pattern[i] != '?'; ++i) {
      if (matches(pattern[i], type(inst.operands[i]), type(inst.operands[0])))
        continue;
      report_.error("T1", "operand " + std::to_string(i) + " of type " + text(type(inst.operands[i])) + " does not fit `" + pattern[i] + "`");
      ok = false;
    }
    return ok;
  }

  void result(const Inst& inst) {
    switch (info(inst.op).result) {
    case ResultRule::Same: return expect_result(inst, type(inst.operands[0]));
    case ResultRule::Bool: return expect_result(inst, {frontend::kBoolType});
    case ResultRule::NonNull: return expect_result(inst, {type(inst.operands[0]).id, true});
    case ResultRule::None:
    case ResultRule::Stated:
    case ResultRule::StatedOrNone: return;
    }
  }

  // ---- the operations' own rules ----

  void own_rule(const Inst& inst) {
    switch (inst.op) {
    case Op::IConst: return iconst(inst);
    case Op::FConst: return fconst(inst);
    case Op::Null:
      if (!types_.is_nullable(type(inst.result).id) || type(inst.result).nonnull)
        report_.error("T1", "null of type " + text(type(inst.result)));
      return;
    case Op::DataAddr: return same_id(inst, module_.data_object(inst.data()).type);
    case Op::FuncAddr: return same_id(inst, instantiate(module_.function(inst.func()).type, inst));
    case Op::GlobalAddr: return same_id(inst, types_.tuple(std::vector{module_.global(inst.global()).type}));
    case Op::ExceptionAddr: return same_id(inst, types_.exncon(module_.exception(inst.exception()).payload));
    case Op::RepAddr: return rep(inst);
    case Op::FieldAddr: return field_access(inst);
    case Op::SDiv:
    case Op::UDiv:
    case Op::SRem:
    case Op::URem: return divisor(inst);
    case Op::Trunc:
    case Op::ZExt:
    case Op::SExt:
    case Op::Retype: return conversion(inst);
    case Op::IToF:
    case Op::FToINear:
    case Op::FToIZero:
    case Op::FResize: return float_conversion(inst);
    case Op::Instantiate: return expect_result(inst, {instantiate(type(inst.operands[0]).id, inst)});
    case Op::Pack: return package(type(inst.result).id, type(inst.operands[0]), inst.type_args);
    case Op::Open: return open(inst);
    case Op::CheckBounds:
    case Op::AssumeLimit:
    case Op::AssumeBounds: return expect_result(inst, type(inst.operands[1]));
    case Op::LoadField: return field_access(inst);
    case Op::StoreField: return field_access(inst);
    case Op::LoadElem:
    case Op::StoreElem:
    case Op::ElemAddr: return element_access(inst);
    case Op::ArrayLength: return expect_result(inst, {frontend::kIntType});
    case Op::LoadGlobal: return expect_result(inst, {module_.global(inst.global()).type});
    case Op::StoreGlobal: return expect(type(inst.operands[0]), {module_.global(inst.global()).type}, "stored value");
    case Op::NewObject: return new_object(inst);
    case Op::NewExn: return new_exn(inst, module_.exception(inst.exception()).payload, 0);
    case Op::NewExnOf: return new_exn(inst, types_.get(type(inst.operands[0]).id).element, 1);
    case Op::NewArray: return new_array(inst);
    case Op::ArrayOf: return array_of(inst);
    case Op::ExnPayload: return expect_result(inst, {module_.exception(inst.exception()).payload});
    case Op::ExnValue: return expect_result(inst, {types_.get(type(inst.operands[1]).id).element});
    case Op::Rdtsc: return expect_result(inst, {frontend::kULongType});
    case Op::Call: return call(inst, module_.function(inst.func()).type, 0);
    case Op::CallIndirect: return call(inst, type(inst.operands[0]).id, 1);
    case Op::Ret: return ret(inst);
    case Op::UnionConst:
    case Op::NewUnion:
    case Op::CheckCase:
    case Op::UnionPayload: return union_case(inst);
    case Op::Undef:
    case Op::Add: case Op::Sub: case Op::Mul: case Op::And: case Op::Or: case Op::Xor:
    case Op::Shl: case Op::LShr: case Op::AShr:
    case Op::Eq: case Op::Ne:
    case Op::SLt: case Op::SLe: case Op::SGt: case Op::SGe:
    case Op::ULt: case Op::ULe: case Op::UGt: case Op::UGe:
    case Op::FAdd: case Op::FSub: case Op::FMul: case Op::FDiv: case Op::FNeg:
    case Op::FEq: case Op::FNe: case Op::FLt: case Op::FLe: case Op::FGt: case Op::FGe:
    case Op::CheckNull: case Op::AssumeNonNull: case Op::CheckDiv:
    case Op::ExnMatches: case Op::ExnIs:
    case Op::Br: case Op::BrIf: case Op::Switch: case Op::Raise: case Op::Unreachable:
      return; // the table says it all
    }
  }

  void same_id(const Inst& inst, TypeId wanted) {
    if (type(inst.result).id != wanted)
      report_.error("T1", "the result must be " + text({wanted}) + ", not " + text(type(inst.result)));
  }

  void rep(const Inst& inst) {
    if (inst.type_args.size() != 1 || types_.get(inst.type_args[0]).free_depth != 0)
      return report_.error("T1", "rep_addr takes one type without type variables");
    same_id(inst, types_.rep(inst.type_args[0]));
  }

  void iconst(const Inst& inst) {
    TypeId id = type(inst.result).id;
    if (!types_.is_integer(id) && id != frontend::kBoolType)
      return report_.error("T1", "integer constant of type " + text({id}));
    int64_t value = normalize_integer(types_, id, static_cast<uint64_t>(inst.imm));
    if (value != inst.imm || (id == frontend::kBoolType && (inst.imm & ~int64_t{1}) != 0))
      report_.error("T1", std::to_string(inst.imm) + " is not a value of type " + text({id}));
  }

  void fconst(const Inst& inst) {
    TypeId id = type(inst.result).id;
    if (!types_.is_floating(id))
      return report_.error("T1", "floating-point constant of type " + text({id}));
    double value = real_value(inst.imm);
    if (id == frontend::kFloatType && real_imm(static_cast<float>(value)) != inst.imm)
      report_.error("T1", real_text(inst.imm) + " is not a value of type float");
  }

  // Integers in conversions are those of a register's two widths.
  void float_conversion(const Inst& inst) {
    TypeId from = type(inst.operands[0]).id, to = type(inst.result).id;
    auto is_wide_integer = [&](TypeId id) { return types_.is_integer(id) && bit_width(types_, id) >= 32; };
    bool ok = inst.op == Op::IToF      ? is_wide_integer(from) && types_.is_floating(to)
              : inst.op == Op::FResize ? types_.is_floating(to) && from != to
                                       : is_wide_integer(to);
    if (!ok)
      report_.error("T1", std::string(info(inst.op).text) + " from " + text({from}) + " to " + text({to}));
  }

  const Inst* definition(ValueId v) const {
    InstId def = function_.value(v).def;
    return def.is_valid() ? &function_.inst(def) : nullptr;
  }

  void divisor(const Inst& inst) {
    const Inst* def = definition(inst.operands[1]);
    if (!def || (def->op != Op::CheckDiv && (def->op != Op::IConst || def->imm == 0)))
      report_.error("T4", "the divisor is neither a non-zero constant nor the result of check_div");
  }

  void conversion(const Inst& inst) {
    Type from = type(inst.operands[0]), to = type(inst.result);
    if (inst.op == Op::Retype ? retypes(from, to) : resizes(inst.op, from.id, to.id))
      return;
    report_.error("T1", std::string(info(inst.op).text) + " from " + text(from) + " to " + text(to));
  }
  // What is in a package of this type whose hidden types are `hidden`.
  void package(TypeId package, Type inside, std::span<const TypeId> hidden) {
    const frontend::Type& t = types_.get(package);
    if (t.kind != TypeKind::Named || types_.decl(t.decl).kind != frontend::TypeDeclKind::Abstype ||
        hidden.size() != types_.decl(t.decl).hidden_params.size())
      return report_.error("T1", text({package}) + " is no package with " + std::to_string(hidden.size()) + " hidden types");
    std::vector<TypeId> all(t.args.begin(), t.args.end());
    all.insert(all.end(), hidden.begin(), hidden.end());
    expect(inside, {types_.substitute(types_.decl(t.decl).representation, all)}, "what is packed");
  }
  void open(const Inst& inst) {
    TypeId of = type(inst.operands[0]).id;
    std::vector<TypeId> hidden;
    if (types_.kind(of) == TypeKind::Named)
      for (size_t i = 0; i < types_.decl_of(of).hidden_params.size(); ++i)
        hidden.push_back(types_.var(0, static_cast<uint32_t>(static_cast<size_t>(inst.imm) + i)));
    package(of, type(inst.result), hidden);
    if (static_cast<size_t>(inst.imm) < function_.type_params.size())
      report_.error("T1", "a type variable of the function for a hidden type");
  }
  bool resizes(Op op, TypeId from, TypeId to) const {
    unsigned from_width = bit_width(types_, from), to_width = bit_width(types_, to);
    return types_.is_integer(to) && (op == Op::Trunc ? to_width < from_width : to_width > from_width);
  }
  bool retypes(Type from, Type to) const {
    if (fits(from, to))
      return true;
    if (types_.is_integer(from.id) && types_.is_integer(to.id))
      return bit_width(types_, from.id) == bit_width(types_, to.id);
    if (from.id == frontend::kBoolType)
      return to.id == frontend::kCharType;
    const frontend::Type &f = types_.get(from.id), &t = types_.get(to.id);
    if (f.kind == TypeKind::ConstArray)
      return widens_const_array(f, t);
    return f.kind == TypeKind::Tuple && t.kind == TypeKind::Tuple && t.read_only && std::equal(f.args.begin(), f.args.end(), t.args.begin(), t.args.end());
  }

  size_t field_count(TypeId object) const {
    return types_.kind(object) == TypeKind::Tuple ? types_.get(object).args.size() : types_.decl_of(object).fields.size();
  }
  TypeId field_type(TypeId object, uint32_t index) {
    return types_.kind(object) == TypeKind::Tuple ? types_.get(object).args[index] : types_.field_type(object, index);
  }
  TypeId element_type(TypeId array) const {
    return types_.kind(array) == TypeKind::String ? frontend::kCharType : types_.get(array).element;
  }

  void field_access(const Inst& inst) {
    TypeId object = type(inst.operands[0]).id;
    if (static_cast<uint64_t>(inst.imm) >= field_count(object))
      return report_.error("T1", text({object}) + " has no field " + std::to_string(inst.imm));
    Type field{field_type(object, static_cast<uint32_t>(inst.imm))};
    if (inst.op == Op::LoadField)
      return expect_result(inst, field);
    if (types_.get(object).read_only)
      report_.error("T1", "store to a read-only tuple");
    if (inst.op == Op::FieldAddr)
      return field_address(inst, object, field.id);
    expect(type(inst.operands[1]), field, "stored value");
  }

  void field_address(const Inst& inst, TypeId object, TypeId field) {
    bool is_const = types_.kind(object) == TypeKind::Named && types_.decl_of(object).fields[static_cast<size_t>(inst.imm)].is_const;
    if (is_const)
      report_.error("T1", "the address of a const field");
    same_id(inst, types_.tuple(std::vector{field}));
  }

  void element_access(const Inst& inst) {
    Type element{element_type(type(inst.operands[0]).id)};
    if (inst.op == Op::LoadElem)
      expect_result(inst, element);
    else if (inst.op == Op::ElemAddr)
      same_id(inst, types_.tuple(std::vector{element.id}));
    else
      expect(type(inst.operands[2]), element, "stored value");
    const Inst* def = definition(inst.operands[1]);
    if (!def || (def->op != Op::IConst && ((def->op != Op::CheckBounds && def->op != Op::AssumeBounds) || def->operands[0] != inst.operands[0])))
      report_.error("T5", "the index is neither a constant nor the result of check_bounds or assume_bounds for this array");
  }

  void new_object(const Inst& inst) {
    Type object = type(inst.result);
    if (!is_object(object))
      return report_.error("T1", "new_object of type " + text(object));
    if (inst.operands.size() != field_count(object.id))
      return report_.error("T1", text(object) + " has " + std::to_string(field_count(object.id)) + " fields");
    for (uint32_t i = 0; i < inst.operands.size(); ++i)
      expect(type(inst.operands[i]), {field_type(object.id, i)}, "field");
  }

  void new_exn(const Inst& inst, TypeId payload, size_t first) {
    same_id(inst, frontend::kExnType);
    if ((inst.operands.size() == first) != (payload == frontend::kVoidType))
      return report_.error("T1", "payload missing or not expected");
    if (inst.operands.size() > first)
      expect(type(inst.operands[first]), {payload}, "payload");
  }

  void union_case(const Inst& inst) {
    bool makes = inst.op == Op::UnionConst || inst.op == Op::NewUnion;
    TypeId id = type(makes ? inst.result : inst.operands[0]).id;
    if (!types_.is_union(id) || static_cast<uint64_t>(inst.imm) >= types_.decl_of(id).fields.size())
      return report_.error("T1", text({id}) + " has no case " + std::to_string(inst.imm));
    TypeId payload = types_.field_type(id, static_cast<uint32_t>(inst.imm));
    if ((payload == frontend::kVoidType) != (inst.op == Op::UnionConst))
      return report_.error("T1", "case " + std::to_string(inst.imm) + " of " + text({id}) + (inst.op == Op::UnionConst ? " has a payload" : " has no payload"));
    if (inst.op == Op::NewUnion)
      expect(type(inst.operands[0]), {payload}, "payload");
    if (inst.op == Op::UnionPayload)
      expect_result(inst, {payload});
  }

  bool is_array(const Inst& inst) {
    TypeKind kind = types_.kind(type(inst.result).id);
    if (kind == TypeKind::Array || kind == TypeKind::String || kind == TypeKind::ConstArray)
      return true;
    report_.error("T1", std::string(info(inst.op).text) + " of type " + text(type(inst.result)));
    return false;
  }
  void new_array(const Inst& inst) {
    expect(type(inst.operands[0]), {frontend::kIntType}, "length");
    if (is_array(inst))
      expect(type(inst.operands[1]), {element_type(type(inst.result).id)}, "initial element");
  }
  void array_of(const Inst& inst) {
    if (!is_array(inst))
      return;
    for (ValueId v : inst.operands)
      expect(type(v), {element_type(type(inst.result).id)}, "element");
  }

  TypeId instantiate(TypeId function, const Inst& inst) {
    uint32_t params = types_.get(function).type_params;
    if (inst.type_args.empty())
      return function;
    if (inst.type_args.size() <= params)
      return types_.instantiate(function, inst.type_args);
    report_.error("T1", std::to_string(inst.type_args.size()) + " type arguments for " + std::to_string(params) + " type variables");
    return function;
  }

  void call(const Inst& inst, TypeId callee, size_t first) {
    if (inst.type_args.size() != types_.get(callee).type_params)
      return report_.error("T1", "wrong number of type arguments");
    TypeId instance = instantiate(callee, inst);
    const frontend::Type& t = types_.get(instance);
    if (inst.operands.size() - first != t.args.size())
      return report_.error("T2", "wrong number of arguments");
    for (size_t i = 0; i < t.args.size(); ++i)
      expect(type(inst.operands[first + i]), {t.args[i]}, "argument");
    if (inst.result.is_valid() != (t.element != frontend::kVoidType))
      return report_.error("T1", "result missing or not expected");
    if (inst.result.is_valid())
      expect_result(inst, {t.element});
  }

  void ret(const Inst& inst) {
    if (inst.operands.empty() != (function_.return_type == frontend::kVoidType))
      return report_.error("T2", "returned value missing or not expected");
    if (!inst.operands.empty())
      expect(type(inst.operands[0]), {function_.return_type}, "returned value");
  }

  const Module& module_;
  const Function& function_;
  TypeStore& types_;
  Report& report_;
};

class Constants {
 public:
  Constants(const Module& module, std::vector<VerifyError>& errors) : module_(module), types_(*module.types), errors_(errors) {}

  void check() {
    for (uint32_t i = 0; i < module_.data.size(); ++i)
      object(i);
    for (const Global& global : module_.globals)
      if (global.linkage != Linkage::Import && !is_constant_of(global.init, global.type, UINT32_MAX))
        error("global " + global.name + ": the initializer does not have type " + print_type(types_, global.type));
  }

 private:
  void error(std::string text) { errors_.push_back({"M2", {}, {}, {}, std::move(text)}); }

  void object(uint32_t index) {
    const DataObject& object = module_.data[index];
    std::string name = "data d" + std::to_string(index);
    std::vector<TypeId> expected;
    if (!element_types(object, expected))
      return error(name + " is not well-formed for type " + print_type(types_, object.type));
    for (size_t i = 0; i < object.elements.size(); ++i)
      if (!is_constant_of(object.elements[i], expected[expected.size() == 1 ? 0 : i], index))
        error(name + ": element " + std::to_string(i) + " has the wrong type or refers forwards");
  }

  // The types of the object's elements (one for all in an array); false if kind, type and number disagree.
  bool element_types(const DataObject& object, std::vector<TypeId>& out) {
    const frontend::Type type = types_.get(object.type); // a copy: interning moves the table
    switch (object.kind) {
    case DataObject::Kind::String: return type.kind == TypeKind::String && object.elements.empty();
    case DataObject::Kind::Array:
      out = {type.element};
      return (type.kind == TypeKind::Array || type.kind == TypeKind::ConstArray) && object.length >= object.elements.size() && (object.length == 0 || !object.elements.empty());
    case DataObject::Kind::Object:
      if (type.kind == TypeKind::Tuple)
        out.assign(type.args.begin(), type.args.end());
      else if (type.kind == TypeKind::Named && types_.decl(type.decl).kind == frontend::TypeDeclKind::Struct)
        for (uint32_t i = 0; i < types_.decl(type.decl).fields.size(); ++i)
          out.push_back(types_.field_type(object.type, i));
      else
        return false;
      return out.size() == object.elements.size();
    case DataObject::Kind::Variant: {
      if (!types_.is_union(object.type) || object.variant >= types_.decl_of(object.type).fields.size())
        return false;
      out = {types_.field_type(object.type, object.variant)};
      return !(out[0] == frontend::kVoidType) && object.elements.size() == 1;
    }
    case DataObject::Kind::Exn: {
      if (object.exception.value >= module_.exceptions.size())
        return false;
      TypeId payload = module_.exception(object.exception).payload;
      if (payload != frontend::kVoidType)
        out = {payload};
      return type.kind == TypeKind::Exn && out.size() == object.elements.size();
    }
    }
    return false;
  }

  bool is_constant_of(const Constant& c, TypeId type, uint32_t limit) {
    // A package says nothing of what is in it; the checker of objects looks whether that fits.
    if (types_.kind(type) == TypeKind::Named && types_.decl_of(type).kind == frontend::TypeDeclKind::Abstype)
      return c.kind != Constant::Kind::Data || (c.symbol < module_.data.size() && c.symbol < limit);
    switch (c.kind) {
    case Constant::Kind::Int:
      return (types_.is_integer(type) || type == frontend::kBoolType) && normalize_integer(types_, type, static_cast<uint64_t>(c.imm)) == c.imm;
    case Constant::Kind::Real:
      return type == frontend::kDoubleType || (type == frontend::kFloatType && real_imm(static_cast<float>(real_value(c.imm))) == c.imm);
    case Constant::Kind::Null: return types_.is_nullable(type);
    case Constant::Kind::Case:
      return types_.is_union(type) && static_cast<uint64_t>(c.imm) < types_.decl_of(type).fields.size() &&
             types_.decl_of(type).fields[static_cast<size_t>(c.imm)].type == frontend::kVoidType;
    case Constant::Kind::Data:
      return c.symbol < module_.data.size() && c.symbol < limit && fits_constant(module_.data[c.symbol].type, type);
    case Constant::Kind::Func: return c.symbol < module_.functions.size() && is_instance(module_.functions[c.symbol].type, c, type);
    case Constant::Kind::GlobalAddr:
      return c.symbol < module_.globals.size() && types_.tuple(std::vector{module_.globals[c.symbol].type}) == type;
    case Constant::Kind::Exception: return c.symbol < module_.exceptions.size() && types_.exncon(module_.exceptions[c.symbol].payload) == type;
    case Constant::Kind::Rep: return c.type_args.size() == 1 && types_.get(c.type_args[0]).free_depth == 0 && types_.rep(c.type_args[0]) == type;
    }
    return false;
  }

  // A read-write tuple object may stand for a read-only one.
  bool fits_constant(TypeId from, TypeId to) const {
    const frontend::Type &f = types_.get(from), &t = types_.get(to);
    if (f.kind == TypeKind::ConstArray && t.kind == f.kind)
      return widens_const_array(f, t);
    return from == to || (f.kind == TypeKind::Tuple && t.kind == TypeKind::Tuple && t.read_only && std::equal(f.args.begin(), f.args.end(), t.args.begin(), t.args.end()));
  }

  bool is_instance(TypeId function, const Constant& c, TypeId type) {
    if (c.type_args.empty())
      return function == type;
    return c.type_args.size() <= types_.get(function).type_params && types_.instantiate(function, c.type_args) == type;
  }

  const Module& module_;
  TypeStore& types_;
  std::vector<VerifyError>& errors_;
};

} // namespace

void verify_types(const Module& module, const Function& function, Report& report) { Types(module, function, report).check(); }
void verify_constants(const Module& module, std::vector<VerifyError>& errors) { Constants(module, errors).check(); }

} // namespace ir::verifying
