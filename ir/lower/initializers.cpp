// Constant initializers of globals: a tree of static objects.
#include <utility>

#include "ir/builder.h"
#include "ir/lower/module_lowering.h"

namespace ir::lowering {
namespace {

class Initializer {
 public:
  Initializer(ModuleLowering& context, const typed::Body& body) : context_(context), body_(body) {}

  Constant lower(typed::ExprId id) {
    const typed::Expr& expr = body_.expr(id);
    return std::visit([&](const auto& node) { return lower(expr, node); }, expr.node);
  }

 private:
  template <typename Node> Constant lower(const typed::Expr& expr, const Node&) {
    context_.unsupported(expr.loc, "this expression in the initializer of a global variable");
    return {};
  }
  Constant lower(const typed::Expr& expr, const typed::IntLiteral& node) {
    return {Constant::Kind::Int, normalize_integer(context_.types(), expr.type, node.value), UINT32_MAX, {}};
  }
  Constant lower(const typed::Expr&, const typed::FloatLiteral& node) { return {Constant::Kind::Real, real_imm(node.value), UINT32_MAX, {}}; }
  Constant lower(const typed::Expr&, const typed::NullLiteral&) { return {Constant::Kind::Null, 0, UINT32_MAX, {}}; }
  Constant lower(const typed::Expr&, const typed::StringLiteral& node) { return data(context_.string_literal(node.text)); }
  Constant lower(const typed::Expr&, const typed::FunctionRef& node) {
    auto args = body_.list(node.type_args);
    return {Constant::Kind::Func, 0, context_.function(node.symbol, args).value, {args.begin(), args.end()}};
  }
  Constant lower(const typed::Expr&, const typed::ExceptionRef& node) {
    return {Constant::Kind::Exception, 0, context_.exception(node.symbol).value, {}};
  }
  Constant lower(const typed::Expr&, const typed::RepTerm& node) { return {Constant::Kind::Rep, 0, UINT32_MAX, {node.of}}; }
  Constant lower(const typed::Expr& expr, const typed::AddressOf& node) {
    const auto* variable = std::get_if<typed::GlobalRef>(&body_.expr(node.place).node);
    if (!variable) // the front end has refused it
      return lower(expr, node.place);
    return {Constant::Kind::GlobalAddr, 0, context_.global(variable->symbol).value, {}};
  }
  Constant lower(const typed::Expr&, const typed::Coerce& node) { return lower(node.operand); }
  Constant lower(const typed::Expr& expr, const typed::ArrayLiteral& node) {
    DataObject object = make(DataObject::Kind::Array, expr.type);
    for (typed::ExprId element : body_.list(node.elements))
      object.elements.push_back(lower(element));
    object.length = object.elements.size();
    return add(std::move(object));
  }
  // Aggregate elements are different objects, scalars are repeated by the length.
  Constant lower(const typed::Expr& expr, const typed::ArrayRepeat& node) {
    DataObject object = make(DataObject::Kind::Array, expr.type);
    object.length = node.count;
    if (node.count != 0)
      object.elements.push_back(lower(node.element));
    if (!object.elements.empty() && makes_object(node.element))
      while (object.elements.size() < node.count)
        object.elements.push_back(lower(node.element));
    return add(std::move(object));
  }
  Constant lower(const typed::Expr& expr, const typed::NewTuple& node) {
    DataObject object = make(DataObject::Kind::Object, expr.type);
    for (typed::ExprId component : body_.list(node.components))
      object.elements.push_back(lower(component));
    return add(std::move(object));
  }
  Constant lower(const typed::Expr& expr, const typed::NewStruct& node) {
    DataObject object = make(DataObject::Kind::Object, expr.type);
    auto args = body_.list(node.args);
    auto fields = body_.list(node.fields);
    object.elements.resize(args.size());
    for (size_t i = 0; i < args.size(); ++i)
      object.elements[fields.empty() ? i : fields[i]] = lower(args[i]);
    return add(std::move(object));
  }
  Constant lower(const typed::Expr& expr, const typed::NewUnion& node) {
    if (!node.payload.is_valid())
      return {Constant::Kind::Case, node.variant, UINT32_MAX, {}};
    DataObject object = make(DataObject::Kind::Variant, expr.type);
    object.variant = node.variant;
    object.elements.push_back(lower(node.payload));
    return add(std::move(object));
  }
  Constant lower(const typed::Expr& expr, const typed::NewExn& node) {
    DataObject object = make(DataObject::Kind::Exn, expr.type);
    object.exception = context_.exception(std::get<typed::ExceptionRef>(body_.expr(node.name).node).symbol);
    if (node.payload.is_valid())
      object.elements.push_back(lower(node.payload));
    return add(std::move(object));
  }

  // A packed number has a word of its own and stands there as in a register.
  Constant lower(const typed::Expr&, const typed::NewAbstype& node) {
    Constant inside = lower(node.representation);
    if (inside.kind == Constant::Kind::Int)
      if (unsigned width = bit_width(context_.types(), body_.expr(node.representation).type); width < 64)
        inside.imm &= (int64_t{1} << width) - 1;
    return inside;
  }

  bool makes_object(typed::ExprId id) const {
    const typed::ExprNode& node = body_.expr(id).node;
    if (const auto* coerce = std::get_if<typed::Coerce>(&node))
      return makes_object(coerce->operand);
    if (const auto* package = std::get_if<typed::NewAbstype>(&node))
      return makes_object(package->representation);
    return std::holds_alternative<typed::ArrayLiteral>(node) || std::holds_alternative<typed::ArrayRepeat>(node) ||
           std::holds_alternative<typed::NewTuple>(node) || std::holds_alternative<typed::NewStruct>(node) ||
           std::holds_alternative<typed::NewExn>(node) || std::holds_alternative<typed::NewUnion>(node);
  }

  static DataObject make(DataObject::Kind kind, frontend::TypeId type) {
    DataObject object;
    object.kind = kind;
    object.type = type;
    return object;
  }
  static Constant data(DataId id) { return {Constant::Kind::Data, 0, id.value, {}}; }
  // Children are complete before their parent is entered: data references always point backwards.
  Constant add(DataObject object) {
    context_.module().data.push_back(std::move(object));
    return data({static_cast<uint32_t>(context_.module().data.size() - 1)});
  }

  ModuleLowering& context_;
  const typed::Body& body_;
};

} // namespace

Constant lower_initializer(ModuleLowering& context, const typed::Global& global) {
  return Initializer(context, global.body).lower(global.init);
}

} // namespace ir::lowering
