#include "dsu/pass/canonical.h"

#include <bit>

namespace dsu {

using namespace frontend::typed;
using frontend::TypeDeclId;
using frontend::TypeId;
using frontend::TypeKind;

namespace {

Hash hash_of(const std::string& text) { return sha256({reinterpret_cast<const uint8_t*>(text.data()), text.size()}); }

void put(std::string& out, uint64_t number) { out += std::to_string(number) + ","; }
void put(std::string& out, std::string_view text) {
  put(out, text.size());
  out += text;
}
void put(std::string& out, const Hash& hash) { out.append(reinterpret_cast<const char*>(hash.data()), hash.size()); }

// Writes one body. Every node starts with the index of its alternative, which is followed by a fixed or counted number of
// parts, so that different trees have different texts.
class BodyForm {
public:
  BodyForm(const TypedModule& module, const Body& body, TypeForms& types, std::set<std::string>& uses, std::string& out)
      : module_(module), body_(body), types_(types), uses_(uses), out_(out) {}

  void local_type(LocalId id) { type(body_.local(id).type); }
  void expr(ExprId id) {
    if (!id.is_valid()) {
      out_ += "-";
      return;
    }
    const Expr& e = body_.expr(id);
    open('e', e.node.index());
    type(e.type);
    std::visit([this](const auto& node) { this->node(node); }, e.node);
    out_ += ")";
  }
  void stmt(StmtId id) {
    if (!id.is_valid()) {
      out_ += "-";
      return;
    }
    const Stmt& s = body_.stmt(id);
    open('s', s.node.index());
    std::visit([this](const auto& node) { this->node(node); }, s.node);
    out_ += ")";
  }

private:
  void open(char kind, size_t index) {
    out_ += "(";
    out_ += kind;
    put(out_, index);
  }
  void type(TypeId id) { put(out_, types_.of(id)); }
  void number(uint64_t n) { put(out_, n); }
  void local(LocalId id) { put(out_, id.value); }  // numbered by the front end in order of declaration
  void target(TargetId id) { put(out_, id.value); }
  void symbol(SymbolId id) {
    const Symbol& s = module_.symbol(id);
    uses_.insert(s.name.str());
    put(out_, s.name.view());
    put(out_, static_cast<uint64_t>(s.kind));
    type(s.type);
  }
  void exprs(List<ExprId> list) {
    put(out_, list.count);
    for (ExprId id : body_.list(list))
      expr(id);
  }
  void types(List<TypeId> list) {
    put(out_, list.count);
    for (TypeId id : body_.list(list))
      type(id);
  }
  void numbers(List<uint32_t> list) {
    put(out_, list.count);
    for (uint32_t n : body_.list(list))
      put(out_, n);
  }

  void node(const IntLiteral& n) { number(n.value); }
  void node(const FloatLiteral& n) { number(std::bit_cast<uint64_t>(n.value)); }
  void node(const StringLiteral& n) { put(out_, module_.strings[n.text.value]); }
  void node(const NullLiteral&) {}
  void node(const LocalRef& n) { local(n.local); }
  void node(const GlobalRef& n) { symbol(n.symbol); }
  void node(const FunctionRef& n) { symbol(n.symbol); types(n.type_args); }
  void node(const Instantiate& n) { expr(n.function); types(n.type_args); }
  void node(const ExceptionRef& n) { symbol(n.symbol); }
  void node(const Unary& n) { number(static_cast<uint64_t>(n.op)); expr(n.operand); }
  void node(const Binary& n) { number(static_cast<uint64_t>(n.op)); expr(n.left); expr(n.right); }
  void node(const Logical& n) { number(n.is_and); expr(n.left); expr(n.right); }
  void node(const Conditional& n) { expr(n.condition); expr(n.if_true); expr(n.if_false); }
  void node(const Comma& n) { expr(n.first); expr(n.second); }
  void node(const Assign& n) { expr(n.target); expr(n.value); }
  void node(const CompoundAssign& n) {
    number(static_cast<uint64_t>(n.op) * 2 + n.yields_old);
    type(n.compute_type);
    expr(n.target);
    expr(n.value);
  }
  void node(const Call& n) { expr(n.callee); exprs(n.args); }
  void node(const Convert& n) { number(n.truncate); expr(n.operand); }
  void node(const Coerce& n) { expr(n.operand); }
  void node(const FieldGet& n) { expr(n.object); number(n.field); }
  void node(const Component& n) { expr(n.object); number(n.index); }
  void node(const Index& n) { expr(n.array); expr(n.index); }
  void node(const Size& n) { expr(n.operand); }
  void node(const ArrayLiteral& n) { exprs(n.elements); }
  void node(const ArrayRepeat& n) { number(n.count); expr(n.element); }
  void node(const NewArray& n) { expr(n.length); expr(n.init); }
  void node(const NewStruct& n) { exprs(n.args); numbers(n.fields); }
  void node(const NewTuple& n) { exprs(n.components); }
  void node(const NewExn& n) { expr(n.name); expr(n.payload); }
  void node(const NewUnion& n) { number(n.variant); expr(n.payload); }
  void node(const NewAbstype& n) { expr(n.representation); types(n.hidden); }
  void node(const Raise& n) { expr(n.exn); }
  void node(const AddressOf& n) { expr(n.place); }
  void node(const RepTerm& n) { type(n.of); }
  void node(const Rdtsc&) {}

  void node(const ExprStmt& n) { expr(n.expr); }
  void node(const Block& n) {
    put(out_, n.stmts.count);
    for (StmtId id : body_.list(n.stmts))
      stmt(id);
  }
  void node(const Declare& n) { local(n.local); local_type(n.local); expr(n.init); }
  void node(const If& n) { expr(n.condition); stmt(n.if_true); stmt(n.if_false); }
  void node(const While& n) { target(n.target); expr(n.condition); stmt(n.body); }
  void node(const DoWhile& n) { target(n.target); stmt(n.body); expr(n.condition); }
  void node(const For& n) { target(n.target); stmt(n.init); expr(n.condition); expr(n.step); stmt(n.body); }
  void node(const Labelled& n) { target(n.target); stmt(n.body); }
  void node(const Return& n) { expr(n.value); }
  void node(const Break& n) { target(n.target); }
  void node(const Continue& n) { target(n.target); }
  void node(const Switch& n) {
    expr(n.subject);
    put(out_, n.cases.size());
    for (const SwitchCase& c : n.cases) {
      put(out_, c.values.size());
      for (uint64_t value : c.values)
        number(value);
      stmt(c.body);
    }
    stmt(n.default_body);
  }
  void node(const ExnSwitch& n) {
    expr(n.subject);
    put(out_, n.cases.size());
    for (const ExnCase& c : n.cases) {
      put(out_, c.names.size());
      for (ExprId name : c.names)
        expr(name);
      local(c.payload);
      stmt(c.body);
    }
    stmt(n.default_body);
  }
  void node(const UnionSwitch& n) {
    expr(n.subject);
    put(out_, n.cases.size());
    for (const UnionCase& c : n.cases) {
      put(out_, c.variants.size());
      for (uint32_t variant : c.variants)
        number(variant);
      local(c.payload);
      stmt(c.body);
    }
    stmt(n.default_body);
  }
  void node(const Try& n) { stmt(n.body); local(n.exn); stmt(n.handler); }
  void node(const Finally& n) { stmt(n.body); stmt(n.cleanup); }
  void node(const With& n) {
    local(n.local);
    number(n.first_hidden);
    number(n.hidden_count);
    expr(n.package);
    stmt(n.body);
  }

  const TypedModule& module_;
  const Body& body_;
  TypeForms& types_;
  std::set<std::string>& uses_;
  std::string& out_;
};

}  // namespace

std::string TypeForms::of(TypeId type) {
  std::string out;
  write(out, type, nullptr);
  return out;
}

const Hash& TypeForms::of(TypeDeclId decl) {
  auto known = hashes_.find(decl.value);
  if (known != hashes_.end())
    return known->second;
  std::string out;
  Order order;
  write_declaration(out, decl, order);
  return hashes_.emplace(decl.value, hash_of(out)).first->second;
}

// Inside a declaration (`order` given) named types are written out the first time and by number afterwards, which ends at
// recursive types; elsewhere they are written by name and hash.
void TypeForms::write(std::string& out, TypeId id, Order* order) {
  const frontend::Type& type = types_.get(id);
  put(out, static_cast<uint64_t>(type.kind));
  switch (type.kind) {
    case TypeKind::Array:
    case TypeKind::Rep:
    case TypeKind::Exncon: write(out, type.element, order); return;
    case TypeKind::ConstArray:
      put(out, type.index);
      put(out, type.nullable);
      write(out, type.element, order);
      return;
    case TypeKind::Function:
      put(out, type.type_params);
      put(out, static_cast<uint64_t>(type.convention));
      write(out, type.element, order);
      break;
    case TypeKind::Tuple: put(out, type.read_only); break;
    case TypeKind::Var:
      put(out, type.depth);
      put(out, type.index);
      return;
    case TypeKind::Named:
      put(out, types_.decl(type.decl).name.view());
      if (order)
        write_declaration(out, type.decl, *order);
      else
        put(out, of(type.decl));
      break;
    default: return;
  }
  put(out, type.args.size());
  for (TypeId arg : type.args)
    write(out, arg, order);
}

void TypeForms::write_declaration(std::string& out, TypeDeclId id, Order& order) {
  auto [place, is_new] = order.emplace(id.value, static_cast<uint32_t>(order.size()));
  put(out, place->second);
  if (!is_new)
    return;
  const frontend::TypeDecl& decl = types_.decl(id);
  put(out, decl.name.view());
  put(out, static_cast<uint64_t>(decl.kind));
  put(out, decl.nullable);
  put(out, decl.params.size());
  put(out, decl.fields.size());
  for (const frontend::Field& field : decl.fields) {
    put(out, field.name.view());
    put(out, field.is_const);
    write(out, field.type, &order);
  }
  if (decl.kind == frontend::TypeDeclKind::Abstype) {
    put(out, decl.hidden_params.size());
    write(out, decl.representation, &order);
  }
}

Hash fingerprint(const TypedModule& module, const Function& function, TypeForms& types, std::set<std::string>& uses) {
  std::string out = "function";
  const Symbol& symbol = module.symbol(function.symbol);
  put(out, symbol.name.view());
  put(out, types.of(symbol.type));
  BodyForm form(module, function.body, types, uses, out);
  for (LocalId parameter : function.params)
    form.local_type(parameter);
  form.stmt(function.block);
  return hash_of(out);
}

Hash fingerprint(const TypedModule& module, const Global& global, TypeForms& types, std::set<std::string>& uses) {
  std::string out = "variable";
  const Symbol& symbol = module.symbol(global.symbol);
  put(out, symbol.name.view());
  put(out, types.of(symbol.type));
  BodyForm(module, global.body, types, uses, out).expr(global.init);
  return hash_of(out);
}

Hash fingerprint_exception(const TypedModule& module, SymbolId exception, TypeForms& types) {
  std::string out = "exception";
  const Symbol& symbol = module.symbol(exception);
  put(out, symbol.name.view());
  put(out, types.of(symbol.type));
  return hash_of(out);
}

}  // namespace dsu
