#include "frontend/ast_printer.h"

#include <charconv>
#include <cmath>

namespace frontend::ast {

namespace {

// Binding strength, the greater the tighter, in the order of the grammar.
enum Level { kComma = 1, kAssign, kConditional, kBinary, kCast = 20, kUnary, kPostfix, kAlloc, kPrimary };

struct OpInfo {
  std::string_view text;
  int level;
};

OpInfo op_info(BinaryOp op) {
  switch (op) {
    case BinaryOp::LogicalOr: return {"||", kBinary};
    case BinaryOp::LogicalAnd: return {"&&", kBinary + 1};
    case BinaryOp::Or: return {"|", kBinary + 2};
    case BinaryOp::Xor: return {"^", kBinary + 3};
    case BinaryOp::And: return {"&", kBinary + 4};
    case BinaryOp::Eq: return {"==", kBinary + 5};
    case BinaryOp::Ne: return {"!=", kBinary + 5};
    case BinaryOp::Lt: return {"<", kBinary + 6};
    case BinaryOp::Gt: return {">", kBinary + 6};
    case BinaryOp::Le: return {"<=", kBinary + 6};
    case BinaryOp::Ge: return {">=", kBinary + 6};
    case BinaryOp::Shl: return {"<<", kBinary + 7};
    case BinaryOp::Shr: return {">>", kBinary + 7};
    case BinaryOp::UShr: return {">>>", kBinary + 7};
    case BinaryOp::Add: return {"+", kBinary + 8};
    case BinaryOp::Sub: return {"-", kBinary + 8};
    case BinaryOp::Mul: return {"*", kBinary + 9};
    case BinaryOp::Div: return {"/", kBinary + 9};
    case BinaryOp::Rem: return {"%", kBinary + 9};
  }
  return {"", 0};
}

constexpr std::string_view kBasicSpelling[] = {
#define BASIC_TYPE(Kind, spelling, bytes, is_signed, cls) spelling,
#include "frontend/types.def"
#undef BASIC_TYPE
};

std::string_view scope_word(Scope scope) {
  switch (scope) {
    case Scope::Public: return "";
    case Scope::Static: return "static ";
    case Scope::Abstract: return "abstract ";
    case Scope::Extern: return "extern ";
  }
  return "";
}

std::string names_list(const List<Name>& names) {
  std::string out;
  for (Name name : names) out += (out.empty() ? "" : ",") + name.str();
  return out;
}

std::string type_params(const List<Name>& names) { return names.empty() ? "" : "<" + names_list(names) + ">"; }

std::string pad(unsigned indent) { return std::string(2 * indent, ' '); }

// Popcorn has no notation for infinities and NaN; finite values print so that they read back the same.
std::string floating(double value, TypeKind kind) {
  char buffer[64];
  const auto result = kind == TypeKind::Float ? std::to_chars(buffer, buffer + sizeof buffer, static_cast<float>(value))
                                              : std::to_chars(buffer, buffer + sizeof buffer, value);
  std::string text(buffer, result.ptr);
  if (!std::isfinite(value)) return text;
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return kind == TypeKind::Float ? text + "f" : text;
}

// ---------------------------------------------------------------- types

std::string params_list(const List<Param>& params) {
  std::string out;
  for (const Param& param : params) out += (out.empty() ? "" : ", ") + print(*param.type, param.name.view());
  return out;
}

// Peels constructors off: `suffix` collects what stands behind the name.
const Type& peel(const Type& type, std::string& suffix) {
  if (const auto* array = std::get_if<ArrayType>(&type.node)) {
    suffix += "[" + (array->size ? print(*array->size) : "") + "]";
    return peel(*array->element, suffix);
  }
  if (const auto* array = std::get_if<ConstArrayType>(&type.node)) {
    suffix += (array->nullable ? "?[|" : "[|") + std::to_string(array->length) + "|]";
    return peel(*array->element, suffix);
  }
  if (const auto* function = std::get_if<FunctionType>(&type.node)) {
    if (function->convention == Convention::Stdcall) suffix += " __stdcall";
    suffix += type_params(function->type_params) + "(" + params_list(function->params) + ")";
    return peel(*function->result, suffix);
  }
  return type;
}

std::string arguments(const List<Type*>& args) {
  std::string out;
  for (const Type* arg : args) out += (out.empty() ? "" : ",") + print(*arg);
  return out;
}

// `< ` before another `<`: `<<` is a token of its own.
std::string applied(const std::string& args, std::string_view constructor) {
  return (args.starts_with("<") ? "< " : "<") + args + ">" + std::string(constructor);
}

struct BaseTypePrinter {
  std::string operator()(const BasicType& n) const { return std::string(kBasicSpelling[static_cast<size_t>(n.kind)]); }
  std::string operator()(const NamedType& n) const { return n.args.empty() ? n.name.str() : applied(arguments(n.args), n.name.view()); }
  std::string operator()(const TupleType& n) const { return (n.read_only ? "%(" : "*(") + params_list(n.components) + ")"; }
  std::string operator()(const RepType& n) const { return applied(print(*n.of), "rep"); }
  std::string operator()(const ExnconType& n) const { return applied(print(*n.payload), "exncon"); }
  std::string operator()(const InferredType&) const { return "_"; }
  std::string operator()(const ArrayType&) const { return ""; }
  std::string operator()(const ConstArrayType&) const { return ""; }
  std::string operator()(const FunctionType&) const { return ""; }
};

// ---------------------------------------------------------------- expressions

class ExprPrinter {
 public:
  struct Result {
    std::string text;
    int level;
  };

  Result operator()(const IntLit& n) const {
    std::string text = std::to_string(n.value);
    if (n.kind == TypeKind::UInt) text += "u";
    if (n.kind == TypeKind::Long) text += "l";
    if (n.kind == TypeKind::ULong) text += "ul";
    return {text, kPrimary};
  }
  Result operator()(const FloatLit& n) const { return {floating(n.value, n.kind), kPrimary}; }
  Result operator()(const CharLit& n) const { return {quote_char(n.value), kPrimary}; }
  Result operator()(const StringLit& n) const { return {quote_string(n.value), kPrimary}; }
  Result operator()(const BoolLit& n) const { return {n.value ? "true" : "false", kPrimary}; }
  Result operator()(const NullLit&) const { return {"null", kPrimary}; }
  Result operator()(const NameExpr& n) const { return {n.name.str(), kPrimary}; }
  Result operator()(const ArrayLit& n) const {
    return {n.empty_of ? "{: " + print(*n.empty_of) + "}" : "{" + list(n.elements) + "}", kPrimary};
  }
  Result operator()(const ConstArrayLit& n) const { return {"{|" + list(n.elements) + "|}", kPrimary}; }
  Result operator()(const Unary& n) const {
    const char* op = n.op == UnaryOp::Neg ? "-" : n.op == UnaryOp::BitNot ? "~" : "!";
    std::string operand = at(n.operand, kUnary);
    // `--x` is another operator, and so is `-` before what a postfix operator follows.
    const bool apart = n.op == UnaryOp::Neg && (operand.starts_with("-") || std::holds_alternative<IncDec>(n.operand->node));
    return {op + (apart ? "(" + operand + ")" : operand), kUnary};
  }
  Result operator()(const IncDec& n) const {
    const std::string op = n.is_increment ? "++" : "--";
    if (n.is_prefix) return {op + at(n.target, kUnary), kUnary};
    return {at(n.target, kPostfix) + op, kPostfix};
  }
  Result operator()(const Binary& n) const {
    const OpInfo op = op_info(n.op);
    return {at(n.left, op.level) + " " + std::string(op.text) + " " + at(n.right, op.level + 1), op.level};
  }
  Result operator()(const Conditional& n) const {
    return {at(n.condition, kBinary) + " ? " + at(n.if_true, kComma) + " : " + at(n.if_false, kConditional), kConditional};
  }
  Result operator()(const Comma& n) const { return {at(n.first, kComma) + ", " + at(n.second, kAssign), kComma}; }
  Result operator()(const Assign& n) const { return {at(n.target, kConditional) + " = " + at(n.value, kAssign), kAssign}; }
  Result operator()(const CompoundAssign& n) const {
    return {at(n.target, kConditional) + " " + std::string(op_info(n.op).text) + "= " + at(n.value, kAssign), kAssign};
  }
  Result operator()(const Call& n) const { return {at(n.callee, kPrimary) + "(" + list(n.args) + ")", kPrimary}; }
  Result operator()(const Instantiate& n) const {
    const std::string args = arguments(n.args);
    return {at(n.function, kPrimary) + (args.starts_with("<") ? "@< " : "@<") + args + ">", kPrimary};
  }
  Result operator()(const Subscript& n) const { return {at(n.array, kPrimary) + "[" + print(*n.index) + "]", kPrimary}; }
  Result operator()(const ConstSubscript& n) const { return {at(n.array, kPrimary) + "[|" + print(*n.index) + "|]", kPrimary}; }
  Result operator()(const Member& n) const { return {at(n.object, kPrimary) + "." + n.name.str(), kPrimary}; }
  Result operator()(const TupleMember& n) const { return {at(n.object, kPrimary) + "." + std::to_string(n.number), kPrimary}; }
  Result operator()(const BuiltinCall& n) const {
    const char* word = n.builtin == Builtin::Size ? "size(" : n.builtin == Builtin::Ord ? "ord(" : "chr(";
    return {word + print(*n.operand) + ")", kPrimary};
  }
  Result operator()(const RaiseNew& n) const {
    return {"raise " + n.exception.str() + "(" + (n.payload ? print(*n.payload) : "") + ")", kPrimary};
  }
  Result operator()(const Raise& n) const { return {"raise(" + print(*n.exn) + ")", kPrimary}; }
  Result operator()(const FunExpr& n) const { return {"fun " + function(*n.function), kPrimary}; }
  Result operator()(const Sprintf& n) const {
    return {"sprintf(" + quote_string(n.format) + (n.args.empty() ? "" : ", ") + list(n.args) + ")", kPrimary};
  }
  Result operator()(const NewNamed& n) const { return {"^" + n.name.str() + "(" + list(n.args) + ")", kAlloc}; }
  Result operator()(const NewLabelled& n) const {
    std::string text;
    for (const Label& label : n.fields) text += (text.empty() ? "" : ", ") + label.name.str() + " = " + at(label.value, kAssign);
    return {"^" + n.name.str() + "{" + text + "}", kAlloc};
  }
  Result operator()(const NewUnion& n) const {
    return {"^" + n.union_name.str() + "." + n.variant.str() + (n.payload ? "(" + print(*n.payload) + ")" : ""), kAlloc};
  }
  Result operator()(const NewTuple& n) const { return {"^(" + list(n.components) + ")", kAlloc}; }
  Result operator()(const Cast& n) const {
    if (n.c_style) return {"(" + print(*n.type) + ")" + at(n.operand, kUnary), kUnary};
    return {"(:" + print(*n.type) + ")" + at(n.operand, kCast), kCast};
  }
  Result operator()(const AddressOf& n) const { return {"&" + at(n.place, kAlloc), kUnary}; }
  Result operator()(const RepTerm&) const { return {"repterm", kPrimary}; }
  Result operator()(const Codegen& n) const { return {"codegen(" + function(*n.function) + ")", kPrimary}; }
  Result operator()(const Fill& n) const { return {"fill(" + print(*n.value) + ")", kPrimary}; }

  std::string at(const Expr* expr, int level) const {
    const Result result = std::visit(*this, expr->node);
    return result.level < level ? "(" + result.text + ")" : result.text;
  }

 private:
  std::string list(const List<Expr*>& exprs) const {
    std::string text;
    for (const Expr* expr : exprs) text += (text.empty() ? "" : ", ") + at(expr, kAssign);
    return text;
  }
  static std::string function(const FunctionDecl& function) {
    return print(*function.type, function.name.empty() ? "_" : function.name.view()) + " " + print(*function.body);
  }
};

// ---------------------------------------------------------------- statements

class StmtPrinter {
 public:
  explicit StmtPrinter(unsigned indent) : indent_(indent) {}

  std::string operator()(const EmptyStmt&) const { return ";"; }
  std::string operator()(const ExprStmt& n) const { return print(*n.expr) + ";"; }
  std::string operator()(const BlockStmt& n) const { return "{\n" + lines(n.stmts) + pad(indent_) + "}"; }
  std::string operator()(const ReturnStmt& n) const { return n.value ? "return " + print(*n.value) + ";" : "return;"; }
  std::string operator()(const BreakStmt& n) const { return n.label.empty() ? "break;" : "break " + n.label.str() + ";"; }
  std::string operator()(const ContinueStmt& n) const { return n.label.empty() ? "continue;" : "continue " + n.label.str() + ";"; }
  std::string operator()(const IfStmt& n) const {
    // Braces keep an inner `if` without `else` from taking this one's.
    std::string text = "if (" + print(*n.condition) + ") " + (n.if_false ? braced(n.if_true) : nested(n.if_true));
    return n.if_false ? text + " else " + nested(n.if_false) : text;
  }
  std::string operator()(const WhileStmt& n) const { return "while (" + print(*n.condition) + ") " + nested(n.body); }
  std::string operator()(const DoStmt& n) const { return "do " + braced(n.body) + " while (" + print(*n.condition) + ");"; }
  std::string operator()(const ForStmt& n) const {
    // Folded declarators have no common base type any more: they become declarations of their own, in a block around the loop.
    const auto* declared = n.init ? std::get_if<DeclStmt>(&n.init->node) : nullptr;
    if (!declared || declared->declarators.size() == 1) return loop(n, n.init ? nested(n.init) : ";");
    const StmtPrinter inner(indent_ + 1);
    return "{\n" + pad(indent_ + 1) + inner(*declared) + "\n" + pad(indent_ + 1) + inner.loop(n, ";") + "\n" + pad(indent_) + "}";
  }
  std::string operator()(const SwitchStmt& n) const { return "switch (" + print(*n.subject) + ") " + clauses(n.clauses); }
  std::string operator()(const HandleStmt& n) const {
    return "try " + braced(n.body) + " handle " + n.exn.str() + " " + braced(n.handler);
  }
  std::string operator()(const CatchStmt& n) const {
    return "try " + braced(n.body) + (n.has_catch ? " catch " + clauses(n.clauses) : "") + (n.finally ? " finally " + braced(n.finally) : "");
  }
  std::string operator()(const WithStmt& n) const {
    return "with " + n.name.str() + "[" + names_list(n.hidden) + "] = " + print(*n.package) + " do " + braced(n.body);
  }
  std::string operator()(const PrintfStmt& n) const {
    std::string text = n.file.empty() ? "printf(" : "fprintf(" + n.file.str() + ", ";
    text += quote_string(n.format);
    for (const Expr* arg : n.args) text += ", " + ExprPrinter().at(arg, kAssign);
    return text + ");";
  }
  std::string operator()(const RdtscStmt& n) const { return "rdtsc " + print(*n.high) + " : " + print(*n.low) + ";"; }
  std::string operator()(const CutStmt& n) const { return "cut " + braced(n.body); }
  std::string operator()(const SpliceStmt& n) const { return "splice " + braced(n.body); }
  std::string operator()(const DeclStmt& n) const {
    std::string text;
    for (const Declarator& d : n.declarators) {
      text += text.empty() ? "" : "\n" + pad(indent_);
      text += (n.is_const ? "const " : "") + print(d.function ? *d.function->type : *d.type, d.name.view());
      if (d.init) text += " = " + ExprPrinter().at(d.init, kAssign);
      if (d.function) text += " " + nested(d.function->body);
      text += ";";
    }
    return text;
  }
  std::string operator()(const LabelStmt& n) const { return n.label.str() + ":\n" + lines(n.stmts, indent_); }
  std::string operator()(const TypeAliasStmt& n) const { return print(*n.decl, indent_); }

 private:
  std::string loop(const ForStmt& n, const std::string& init) const {
    return "for (" + init + " " + optional(n.condition) + "; " + optional(n.step) + ") " + nested(n.body);
  }
  std::string nested(const Stmt* stmt) const { return print(*stmt, indent_); }
  std::string braced(const Stmt* stmt) const {
    if (std::holds_alternative<BlockStmt>(stmt->node)) return nested(stmt);
    return "{\n" + pad(indent_ + 1) + print(*stmt, indent_ + 1) + "\n" + pad(indent_) + "}";
  }
  static std::string optional(const Expr* expr) { return expr ? print(*expr) : ""; }
  std::string lines(const List<Stmt*>& stmts) const { return lines(stmts, indent_ + 1); }
  static std::string lines(const List<Stmt*>& stmts, unsigned indent) {
    std::string text;
    for (const Stmt* stmt : stmts) {
      text += pad(indent) + print(*stmt, indent);
      if (text.back() != '\n') text += "\n";
    }
    return text;
  }

  static std::string pattern(const Pattern& pattern) {
    std::string names;
    for (Name name : pattern.names) names += (names.empty() ? "" : ", ") + (name.empty() ? "_" : name.str());
    switch (pattern.kind) {
      case Pattern::None: return "";
      case Pattern::Whole: return "(" + names + ")";
      case Pattern::Tuple: return " *(" + names + ")";
    }
    return "";
  }
  static std::string case_label(const CaseLabel& label) {
    switch (label.kind) {
      case CaseLabel::Int: return std::to_string(static_cast<int64_t>(label.value));
      case CaseLabel::Char: return quote_char(static_cast<uint8_t>(label.value));
      case CaseLabel::Named: return label.name.str() + pattern(label.pattern);
    }
    return "";
  }
  std::string clauses(const List<Clause>& list) const {
    std::string text = "{\n";
    for (const Clause& clause : list) {
      for (const CaseLabel& label : clause.labels) text += pad(indent_) + "case " + case_label(label) + ":\n";
      if (clause.is_default) text += pad(indent_) + "default:\n";
      text += lines(std::get<BlockStmt>(clause.body->node).stmts, indent_ + 1);
    }
    return text + pad(indent_) + "}";
  }

  unsigned indent_;
};

// ---------------------------------------------------------------- declarations

class DeclPrinter {
 public:
  DeclPrinter(const Decl& decl, unsigned indent) : indent_(indent), scope_(scope_word(decl.scope)) {}

  std::string operator()(const FunctionDecl& n) const { return scope_ + print(*n.type, n.name.view()) + " " + print(*n.body, indent_); }
  std::string operator()(const AggregateDecl& n) const {
    std::string text = scope_ + (n.nullable ? "?" : "") + (n.kind == TypeDeclKind::Struct ? "struct " : "union ") + type_params(n.type_params) + n.name.str() + " {\n";
    for (const FieldDecl& field : n.fields) {
      text += pad(indent_ + 1) + (field.is_const ? "const " : "") + print(*field.type, field.name.view()) + ";\n";
    }
    return text + pad(indent_) + "}";
  }
  std::string operator()(const AbstypeDecl& n) const {
    return scope_ + "abstype " + type_params(n.type_params) + n.name.str() + "[" + names_list(n.hidden) + "] = " + print(*n.representation) + ";";
  }
  std::string operator()(const AbstractDecl& n) const { return "extern " + n.name.str() + (n.nullable ? "?" : "") + type_params(n.type_params) + ";"; }
  std::string operator()(const ExceptionDecl& n) const {
    return scope_ + "exception " + n.name.str() + (n.payload ? "(" + print(*n.payload) + ")" : "") + ";";
  }
  std::string operator()(const ValueDecl& n) const {
    return (n.is_static_promise ? "static " : scope_) + (n.is_const ? "const " : "") + print(*n.type, n.name.view()) + (n.init ? " = " + ExprPrinter().at(n.init, kAssign) : "") + ";";
  }
  std::string operator()(const TypedefDecl& n) const { return "typedef " + print(*n.type, n.name.view()) + ";"; }
  std::string operator()(const EnumDecl& n) const {
    std::string text;
    for (const Enumerator& e : n.enumerators) {
      text += (text.empty() ? "" : ", ") + e.name.str() + (e.value ? " = " + print(*e.value) : "");
    }
    return "enum " + n.name.str() + (n.name.empty() ? "{" : " {") + text + "};";
  }
  std::string operator()(const PrefixDecl& n) const { return group("prefix ", n.prefix, n.members); }
  std::string operator()(const OpenDecl& n) const { return group("open ", n.prefix, n.members); }

 private:
  std::string group(const char* word, Name prefix, const List<Decl*>& members) const {
    std::string text = word + prefix.str() + " {\n";
    for (const Decl* member : members) text += pad(indent_ + 1) + print(*member, indent_ + 1) + "\n";
    return text + pad(indent_) + "}";
  }

  unsigned indent_;
  std::string scope_;
};

}  // namespace

std::string print(const Type& type, std::string_view name) {
  std::string suffix;
  const Type& base = peel(type, suffix);
  std::string text = std::visit(BaseTypePrinter(), base.node);
  if (!name.empty()) return text + " " + std::string(name) + suffix;
  return suffix.empty() || suffix.front() == '[' ? text + suffix : text + " " + suffix;
}

std::string print(const Expr& expr) { return std::visit(ExprPrinter(), expr.node).text; }

std::string print(const Stmt& stmt, unsigned indent) { return std::visit(StmtPrinter(indent), stmt.node); }

std::string print(const Decl& decl, unsigned indent) { return std::visit(DeclPrinter(decl, indent), decl.node); }

std::string print(const Module& module) {
  std::string text;
  for (const Decl* decl : module.decls) text += print(*decl) + "\n";
  return text;
}

std::string quote_string(std::string_view value) {
  std::string text = "\"";
  for (char c : value) {
    switch (c) {
      case '\n': text += "\\n"; break;
      case '\t': text += "\\t"; break;
      case '\r': text += "\\r"; break;
      case '"': text += "\\\""; break;
      case '\\': text += "\\\\"; break;
      default: text += c;
    }
  }
  return text + "\"";
}

std::string quote_char(uint8_t value) {
  if (value == '\\' || value == '\'') return std::string("'\\") + static_cast<char>(value) + "'";
  if (value >= 0x20 && value < 0x7f) return std::string("'") + static_cast<char>(value) + "'";
  std::string digits = std::to_string(value);
  return "'\\" + std::string(3 - digits.size(), '0') + digits + "'";
}

}  // namespace frontend::ast
