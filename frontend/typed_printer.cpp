#include "frontend/typed_printer.h"

#include <charconv>

#include "frontend/ast_printer.h"

namespace frontend::typed {

namespace {

std::string_view op_text(BinaryOp op) {
  static constexpr std::string_view kText[] = {"+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>", ">>>", "==", "!=", "<", ">", "<=", ">="};
  return kText[static_cast<size_t>(op)];
}

class Printer {
 public:
  Printer(const TypedModule& module, const Body& body, std::vector<Name> type_params)
      : module_(module), types_(*module.types), body_(body), type_params_(std::move(type_params)) {}

  std::string type(TypeId id) { return types_.print(id, type_params_); }

  std::string local(LocalId id) {
    const Name name = body_.local(id).name;
    return (name.empty() ? "" : name.str()) + "$" + std::to_string(id.value);
  }

  std::string symbol(SymbolId id) { return module_.symbol(id).name.str(); }

  std::string expr(ExprId id) {
    if (!id.is_valid()) return "";
    const Expr& e = body_.expr(id);
    return std::visit([&](const auto& node) { return (*this)(node, e.type); }, e.node);
  }

  std::string stmt(StmtId id, unsigned indent) {
    const Stmt& s = body_.stmt(id);
    const unsigned saved = indent_;
    indent_ = indent;
    std::string text = std::visit([&](const auto& node) { return (*this)(node); }, s.node);
    indent_ = saved;
    return text;
  }

  // ---- expressions
  std::string operator()(const IntLiteral& n, TypeId t) {
    if (t == kBoolType) return n.value ? "true" : "false";
    if (t == kCharType) return ast::quote_char(static_cast<uint8_t>(n.value));
    std::string text = std::to_string(n.value);
    if (types_.is_signed(t)) {
      const unsigned bits = 8 * types_.byte_size(t);
      const bool negative = bits != 0 && bits <= 64 && (n.value >> (bits - 1)) & 1;
      if (negative) text = std::to_string(static_cast<int64_t>(bits == 64 ? n.value : n.value | (~uint64_t{0} << bits)));
    }
    return t == kIntType ? text : text + ":" + type(t);
  }
  std::string operator()(const FloatLiteral& n, TypeId t) {
    char buffer[64];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, n.value).ptr;
    return std::string(buffer, end) + ":" + type(t);
  }
  std::string operator()(const StringLiteral& n, TypeId) { return ast::quote_string(module_.strings[n.text.value]); }
  std::string operator()(const NullLiteral&, TypeId t) { return "null:" + type(t); }
  std::string operator()(const LocalRef& n, TypeId) { return local(n.local); }
  std::string operator()(const GlobalRef& n, TypeId) { return symbol(n.symbol); }
  std::string instance(const std::string& function, List<TypeId> type_args) {
    std::string args;
    for (TypeId arg : body_.list(type_args)) args += (args.empty() ? "" : ",") + type(arg);
    return args.empty() ? function : function + "@<" + args + ">";
  }
  std::string operator()(const FunctionRef& n, TypeId) { return instance(symbol(n.symbol), n.type_args); }
  std::string operator()(const Instantiate& n, TypeId) { return instance(expr(n.function), n.type_args); }
  std::string operator()(const ExceptionRef& n, TypeId) { return symbol(n.symbol); }
  std::string operator()(const Unary& n, TypeId) {
    const char* op = n.op == UnaryOp::Neg ? "-" : n.op == UnaryOp::BitNot ? "~" : "!";
    return op + expr(n.operand);
  }
  std::string operator()(const Binary& n, TypeId) { return "(" + expr(n.left) + " " + std::string(op_text(n.op)) + " " + expr(n.right) + ")"; }
  std::string operator()(const Logical& n, TypeId) { return "(" + expr(n.left) + (n.is_and ? " && " : " || ") + expr(n.right) + ")"; }
  std::string operator()(const Conditional& n, TypeId) {
    return "(" + expr(n.condition) + " ? " + expr(n.if_true) + " : " + expr(n.if_false) + ")";
  }
  std::string operator()(const Comma& n, TypeId) { return "(" + expr(n.first) + ", " + expr(n.second) + ")"; }
  std::string operator()(const Assign& n, TypeId) { return "(" + expr(n.target) + " = " + expr(n.value) + ")"; }
  std::string operator()(const CompoundAssign& n, TypeId t) {
    const std::string in = n.compute_type == t ? "" : " in " + type(n.compute_type);
    return std::string(n.yields_old ? "old(" : "(") + expr(n.target) + " " + std::string(op_text(n.op)) + "= " + expr(n.value) + in + ")";
  }
  std::string operator()(const Call& n, TypeId) { return expr(n.callee) + "(" + list(n.args) + ")"; }
  std::string operator()(const Convert& n, TypeId t) {
    const TypeId from = body_.expr(n.operand).type;
    return "(" + type(t) + (n.truncate ? " <-trunc- " : " <- ") + type(from) + ")" + expr(n.operand);
  }
  std::string operator()(const Coerce& n, TypeId t) { return "(" + type(t) + ")" + expr(n.operand); }
  std::string operator()(const FieldGet& n, TypeId) {
    const TypeDecl& decl = types_.decl_of(body_.expr(n.object).type);
    return expr(n.object) + "." + decl.fields[n.field].name.str();
  }
  std::string operator()(const Component& n, TypeId) { return expr(n.object) + "." + std::to_string(n.index + 1); }
  std::string operator()(const Index& n, TypeId) { return expr(n.array) + "[" + expr(n.index) + "]"; }
  std::string operator()(const Size& n, TypeId) { return "size(" + expr(n.operand) + ")"; }
  std::string operator()(const ArrayLiteral& n, TypeId t) { return "{" + list(n.elements) + "}:" + type(t); }
  std::string operator()(const ArrayRepeat& n, TypeId) { return "{" + std::to_string(n.count) + " times " + expr(n.element) + "}"; }
  std::string operator()(const NewArray& n, TypeId) { return "new_array(" + expr(n.length) + ", " + expr(n.init) + ")"; }
  std::string operator()(const NewStruct& n, TypeId t) {
    const auto fields = body_.list(n.fields);
    const auto args = body_.list(n.args);
    std::string text;
    for (size_t i = 0; i < args.size(); ++i) {
      text += text.empty() ? "" : ", ";
      if (!fields.empty()) text += types_.decl_of(t).fields[fields[i]].name.str() + " = ";
      text += expr(args[i]);
    }
    return "^" + type(t) + (fields.empty() ? "(" + text + ")" : "{" + text + "}");
  }
  std::string operator()(const NewTuple& n, TypeId) { return "^(" + list(n.components) + ")"; }
  std::string operator()(const NewExn& n, TypeId) { return "^" + expr(n.name) + "(" + expr(n.payload) + ")"; }
  std::string operator()(const NewUnion& n, TypeId t) { return "^" + type(t) + "." + std::to_string(n.variant) + "(" + expr(n.payload) + ")"; }
  std::string operator()(const NewAbstype& n, TypeId t) { return "^" + type(t) + "(" + expr(n.representation) + ")"; }
  std::string operator()(const Raise& n, TypeId) { return "raise(" + expr(n.exn) + ")"; }
  std::string operator()(const AddressOf& n, TypeId) { return "&" + expr(n.place); }
  std::string operator()(const RepTerm& n, TypeId) { return "repterm@<" + type(n.of) + ">"; }
  std::string operator()(const Rdtsc&, TypeId) { return "rdtsc"; }

  // ---- statements
  std::string operator()(const ExprStmt& n) { return line(expr(n.expr)); }
  std::string operator()(const Block& n) {
    std::string text = line("{");
    for (StmtId id : body_.list(n.stmts)) text += stmt(id, indent_ + 1);
    return text + line("}");
  }
  std::string operator()(const Declare& n) {
    const std::string init = n.init.is_valid() ? expr(n.init) : "";
    return line("let " + local(n.local) + ": " + type(body_.local(n.local).type) + (init.empty() ? "" : " = " + init));
  }
  std::string operator()(const If& n) {
    std::string text = line("if " + expr(n.condition)) + stmt(n.if_true, indent_ + 1);
    if (n.if_false.is_valid()) text += line("else") + stmt(n.if_false, indent_ + 1);
    return text;
  }
  std::string operator()(const While& n) { return line(target(n.target) + "while " + expr(n.condition)) + stmt(n.body, indent_ + 1); }
  std::string operator()(const DoWhile& n) {
    std::string text = line(target(n.target) + "do") + stmt(n.body, indent_ + 1);
    return text + line("while " + expr(n.condition));
  }
  std::string operator()(const For& n) {
    std::string text = line(target(n.target) + "for");
    if (n.init.is_valid()) text += stmt(n.init, indent_ + 2);
    text += line("  while " + (n.condition.is_valid() ? expr(n.condition) : "true"));
    text += stmt(n.body, indent_ + 1);
    if (n.step.is_valid()) text += line("  step " + expr(n.step));
    return text;
  }
  std::string operator()(const Labelled& n) { return line(target(n.target) + "labelled") + stmt(n.body, indent_ + 1); }
  std::string operator()(const Return& n) { return line(n.value.is_valid() ? "return " + expr(n.value) : "return"); }
  std::string operator()(const Break& n) { return line("break L" + std::to_string(n.target.value)); }
  std::string operator()(const Continue& n) { return line("continue L" + std::to_string(n.target.value)); }
  std::string operator()(const Switch& n) {
    std::string text = line("switch " + expr(n.subject));
    const TypeId t = body_.expr(n.subject).type;
    for (const SwitchCase& item : n.cases) {
      std::string values;
      for (uint64_t value : item.values) values += (values.empty() ? "" : ", ") + (*this)(IntLiteral{value}, t);
      text += line("case " + values) + stmt(item.body, indent_ + 1);
    }
    return text + default_case(n.default_body);
  }
  std::string operator()(const ExnSwitch& n) {
    std::string text = line("switch " + expr(n.subject));
    for (const ExnCase& item : n.cases) {
      std::string names;
      for (ExprId name : item.names) names += (names.empty() ? "" : ", ") + expr(name);
      if (item.payload.is_valid()) names += "(" + local(item.payload) + ")";
      text += line("case " + names) + stmt(item.body, indent_ + 1);
    }
    return text + default_case(n.default_body);
  }
  std::string operator()(const UnionSwitch& n) {
    std::string text = line("switch " + expr(n.subject));
    for (const UnionCase& item : n.cases) {
      std::string names;
      for (uint32_t v : item.variants) names += (names.empty() ? "" : ", ") + std::to_string(v);
      if (item.payload.is_valid()) names += "(" + local(item.payload) + ")";
      text += line("case " + names) + stmt(item.body, indent_ + 1);
    }
    return text + default_case(n.default_body);
  }
  std::string operator()(const Try& n) {
    std::string text = line("try") + stmt(n.body, indent_ + 1);
    return text + line("handle " + local(n.exn)) + stmt(n.handler, indent_ + 1);
  }
  std::string operator()(const Finally& n) { return line("try") + stmt(n.body, indent_ + 1) + line("finally") + stmt(n.cleanup, indent_ + 1); }
  std::string operator()(const With& n) { return line("with " + local(n.local) + " = " + expr(n.package)) + stmt(n.body, indent_ + 1); }

 private:
  std::string line(const std::string& text) const { return std::string(2 * indent_, ' ') + text + "\n"; }
  static std::string target(TargetId id) { return "L" + std::to_string(id.value) + ": "; }
  std::string default_case(StmtId body) { return body.is_valid() ? line("default") + stmt(body, indent_ + 1) : ""; }
  std::string list(List<ExprId> ids) {
    std::string text;
    for (ExprId id : body_.list(ids)) text += (text.empty() ? "" : ", ") + expr(id);
    return text;
  }

  const TypedModule& module_;
  const TypeStore& types_;
  const Body& body_;
  std::vector<Name> type_params_;
  unsigned indent_ = 0;
};

std::string_view scope_text(Scope scope) {
  switch (scope) {
    case Scope::Public: return "public";
    case Scope::Static: return "static";
    case Scope::Abstract: return "abstract";
    case Scope::Extern: return "extern";
  }
  return "";
}

std::string type_decl_text(const TypeStore& types, const TypeDecl& decl) {
  std::string text = std::string(scope_text(decl.scope)) + " " + (decl.nullable ? "?" : "");
  text += decl.kind == TypeDeclKind::Struct ? "struct " : decl.kind == TypeDeclKind::Union ? "union " : decl.kind == TypeDeclKind::Abstype ? "abstype " : "abstract ";
  if (!decl.params.empty()) {
    std::string names;
    for (Name name : decl.params) names += (names.empty() ? "" : ",") + name.str();
    text += "<" + names + ">";
  }
  text += decl.name.str();
  if (decl.kind == TypeDeclKind::Abstract) return text + "\n";
  text += " {";
  for (const Field& field : decl.fields) {
    text += std::string(" ") + (field.is_const ? "const " : "") + field.name.str() + ": " + types.print(field.type, decl.params) + ";";
  }
  return text + " }\n";
}

}  // namespace

std::string print(const TypedModule& module, const Function& function) {
  Printer printer(module, function.body, function.type_params);
  std::string params;
  for (LocalId id : function.params) params += (params.empty() ? "" : ", ") + printer.local(id) + ": " + printer.type(function.body.local(id).type);
  std::string text = "function " + module.symbol(function.symbol).name.str();
  if (!function.type_params.empty()) {
    std::string names;
    for (Name name : function.type_params) names += (names.empty() ? "" : ",") + name.str();
    text += "<" + names + ">";
  }
  return text + "(" + params + ") -> " + printer.type(function.result) + "\n" + printer.stmt(function.block, 0);
}

std::string print(const TypedModule& module, const Global& global) {
  Printer printer(module, global.body, {});
  const Symbol& symbol = module.symbol(global.symbol);
  return "variable " + symbol.name.str() + ": " + printer.type(symbol.type) + " = " + printer.expr(global.init) + "\n";
}

std::string print(const TypedModule& module) {
  std::string text = "module " + module.name + "\n";
  for (TypeDeclId id : module.type_decls) text += type_decl_text(*module.types, module.types->decl(id));
  for (const Symbol& symbol : module.symbols) {
    if (symbol.kind == SymbolKind::Exception && !symbol.is_builtin) {
      text += std::string(scope_text(symbol.scope)) + " exception " + symbol.name.str();
      text += (symbol.type == kVoidType ? "" : "(" + module.types->print(symbol.type) + ")") + "\n";
    } else if (symbol.scope == Scope::Extern && symbol.is_referenced && !symbol.is_builtin) {
      text += "extern " + symbol.name.str() + ": " + module.types->print(symbol.type) + "\n";
    }
  }
  for (const Global& global : module.globals) text += std::string(scope_text(module.symbol(global.symbol).scope)) + " " + print(module, global);
  for (const Function& function : module.functions) text += std::string(scope_text(module.symbol(function.symbol).scope)) + " " + print(module, function);
  return text;
}

}  // namespace frontend::typed
