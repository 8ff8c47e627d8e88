// printf, fprintf and sprintf: the format is taken apart at compile time and becomes calls of library functions.
//
// As in the original the functions are found by name in the scope of use, so a program needs `core.h` (and `string.h` for sprintf). A plain
// directive calls the function of its type; one with flags, width or precision, or of type long, calls a runtime function that every
// program has and that is declared here on demand.

#include "frontend/check/body_checker.h"

namespace frontend {

using support::Diag;

namespace {

struct Conversion {
  char letter;
  TypeId type;                  // of the argument, without `l`
  std::string_view print;       // fprintf: f(FILE, type)
  std::string_view to_string;   // sprintf: string f(type); empty: the argument itself
};

constexpr Conversion kConversions[] = {
    {'d', kIntType, "fprint_int", "Core::string_of_int"},
    {'u', kUIntType, "fprint_uint", "Core::string_of_uint"},
    {'x', kUIntType, "Core::fprint_hex", "Core::hex_string_of_uint"},
    {'c', kCharType, "fprint_char", "Core::string_of_char"},
    {'s', kStringType, "fprint_string", ""},
    {'f', kFloatType, "fprint_float", "Core::string_of_float"},
    {'g', kDoubleType, "fprint_double", "Core::string_of_double"},
    // Only with a runtime function.
    {'o', kUIntType, "", ""},
    {'X', kUIntType, "", ""},
    {'i', kIntType, "fprint_int", "Core::string_of_int"},
    {'e', kDoubleType, "", ""},
    {'E', kDoubleType, "", ""},
    {'G', kDoubleType, "", ""},
};

const Conversion* find_conversion(char letter) {
  for (const Conversion& c : kConversions) {
    if (c.letter == letter) return &c;
  }
  return nullptr;
}

unsigned flag_bit(char c) {
  switch (c) {
    case '-': return 1;
    case '0': return 2;
    case '+': return 4;
    case ' ': return 8;
    case '#': return 16;
    default: return 0;
  }
}

// Reads digits; large numbers stop growing at a size that no field has.
int read_number(std::string_view text, size_t& at) {
  int value = 0;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
    if (value < 100000) value = value * 10 + (text[at] - '0');
  }
  return value;
}

// The runtime functions behind directives that the library has no function for.
struct RuntimeFunction {
  std::string_view name;
  bool takes_file;
  TypeId value;
  TypeId result;
  bool takes_letter;
  bool takes_layout;  // flags, width, precision
};

constexpr RuntimeFunction kRuntimeFunctions[] = {
    {"Core::fprint_integer_directive", true, kLongType, kVoidType, true, true},
    {"Core::format_integer_directive", false, kLongType, kStringType, true, true},
    {"Core::fprint_float_directive", true, kDoubleType, kVoidType, true, true},
    {"Core::format_float_directive", false, kDoubleType, kStringType, true, true},
    {"Core::fprint_string_directive", true, kStringType, kVoidType, false, true},
    {"Core::format_string_directive", false, kStringType, kStringType, false, true},
};

}  // namespace

std::optional<std::vector<BodyChecker::Directive>> BodyChecker::parse_format(std::string_view format, SourceLoc loc) {
  std::vector<Directive> out;
  auto literal = [&out](std::string_view text) {
    if (out.empty() || out.back().conversion != 0) out.emplace_back();
    out.back().literal += text;
  };
  for (size_t i = 0; i < format.size();) {
    if (format[i] != '%' || i + 1 == format.size()) {
      literal(format.substr(i++, 1));
      continue;
    }
    if (format[i + 1] == '%') {
      literal("%");
      i += 2;
      continue;
    }
    Directive d;
    size_t at = i + 1;
    while (at < format.size() && flag_bit(format[at]) != 0) d.flags |= flag_bit(format[at++]);
    d.width = read_number(format, at);
    if (at < format.size() && format[at] == '.') d.precision = read_number(format, ++at);
    while (at < format.size() && format[at] == 'l') d.is_long = true, ++at;
    d.conversion = at < format.size() ? format[at] : '\0';
    d.text = std::string(format.substr(i, at + 1 - i));
    const Conversion* conversion = find_conversion(d.conversion);
    const bool takes_long = conversion && types_.is_numeric(conversion->type) && conversion->type != kCharType;
    if (!conversion || (d.is_long && !takes_long)) {
      diagnostics_.report<Diag::BadFormat>(loc, d.text);
      return std::nullopt;
    }
    if (d.conversion == 'i') d.conversion = 'd';
    out.push_back(std::move(d));
    i = at + 1;
  }
  return out;
}

bool BodyChecker::check_format_count(const std::vector<Directive>& directives, size_t args, SourceLoc loc) {
  size_t expected = 0;
  for (const Directive& d : directives) expected += d.conversion != 0 ? 1 : 0;
  if (expected == args) return true;
  diagnostics_.report<Diag::FormatCount>(loc, support::counted(expected, "argument"), std::to_string(args));
  return false;
}

// ---------------------------------------------------------------- library functions by name

std::optional<typed::ExprId> BodyChecker::library_function(std::string_view name, SourceLoc loc) {
  const Environment::Value* value = env_.find_value(env_.session().names.get(name), opens_);
  const bool is_function = value && value->kind == Environment::Value::Symbol &&
                           env_.module().symbols[value->symbol.value].kind == typed::SymbolKind::Function;
  if (is_function) return instantiated(function_ref(value->symbol, {}, loc));
  const std::string_view header = name.starts_with("String::") ? "string.h" : name.starts_with("List::") ? "list.h" : "core.h";
  diagnostics_.report<Diag::FormatNeedsLibrary>(loc, name, header);
  return std::nullopt;
}

std::optional<typed::ExprId> BodyChecker::library_call(std::string_view name, std::vector<ExprId> args, SourceLoc loc) {
  const auto function = library_function(name, loc);
  if (!function || is_error(*function)) return std::nullopt;
  const Type& type = types_.get(type_of(*function));
  bool fits = type.args.size() == args.size();
  for (size_t i = 0; fits && i < args.size(); ++i) fits = convert(args[i], type.args[i]);
  if (!fits) {
    diagnostics_.report<Diag::FormatFunctionType>(loc, name, show(type_of(*function)));
    return std::nullopt;
  }
  return add(loc, type.element, typed::Call{*function, list(args)});
}

typed::ExprId BodyChecker::runtime_call(std::string_view name, const Directive& d, std::optional<ExprId> file, ExprId value, SourceLoc loc) {
  const RuntimeFunction* function = nullptr;
  for (const RuntimeFunction& f : kRuntimeFunctions) {
    if (f.name == name) function = &f;
  }
  std::vector<ExprId> args;
  std::vector<TypeId> params;
  if (function->takes_file) args.push_back(*file);
  args.push_back(value);
  if (function->takes_letter) args.push_back(add(loc, kCharType, typed::IntLiteral{static_cast<uint64_t>(d.conversion)}));
  for (const int number : {static_cast<int>(d.flags), d.width, d.precision}) args.push_back(int_literal(number, kIntType, loc));
  for (const ExprId arg : args) params.push_back(type_of(arg));
  const SymbolId symbol = env_.runtime_function(name, types_.function(params, function->result));
  return add(loc, function->result, typed::Call{function_ref(symbol, {}, loc), list(args)});
}

// ---------------------------------------------------------------- directives

std::optional<typed::ExprId> BodyChecker::format_argument(const Directive& d, const ast::Expr& arg) {
  TypeId type = find_conversion(d.conversion)->type;
  // With flags, width or precision, or an `l`, floating-point directives are those of C.
  if (types_.is_floating(type) && (d.is_long || !d.is_plain())) type = kDoubleType;
  if (d.is_long && type != kDoubleType) type = type == kIntType ? kLongType : kULongType;
  ExprId value = check(arg, type);
  if (is_error(value)) return std::nullopt;
  const TypeId got = type_of(value);
  const bool loses_bits = !d.is_long && types_.is_integer(type) && types_.is_integer(got) && types_.byte_size(got) > 4;
  if (loses_bits || !convert(value, type)) {
    diagnostics_.report<Diag::FormatArgument>(arg.loc, d.text, show(type), show(got));
    return std::nullopt;
  }
  return value;
}

// Has the library no function for this directive as it stands?
static bool needs_runtime(bool is_plain, bool is_long, char conversion) { return !is_plain || is_long || std::string_view("oXeEG").find(conversion) != std::string_view::npos; }

std::optional<typed::ExprId> BodyChecker::print_directive(const Directive& d, ExprId file, const ast::Expr* arg, SourceLoc loc) {
  if (d.conversion == 0) return library_call("fprint_string", {file, string_literal(d.literal, loc)}, loc);
  auto value = format_argument(d, *arg);
  if (!value) return std::nullopt;
  if (!needs_runtime(d.is_plain(), d.is_long, d.conversion)) return library_call(find_conversion(d.conversion)->print, {file, *value}, arg->loc);
  if (d.conversion == 'c') value = library_call("Core::string_of_char", {*value}, arg->loc);
  if (!value) return std::nullopt;
  if (type_of(*value) == kStringType) return runtime_call("Core::fprint_string_directive", d, file, *value, arg->loc);
  if (type_of(*value) == kDoubleType) return runtime_call("Core::fprint_float_directive", d, file, *value, arg->loc);
  return runtime_call("Core::fprint_integer_directive", d, file, convert_number(*value, kLongType), arg->loc);
}

std::optional<typed::ExprId> BodyChecker::directive_text(const Directive& d, const ast::Expr* arg, SourceLoc loc) {
  if (d.conversion == 0) return string_literal(d.literal, loc);
  auto value = format_argument(d, *arg);
  if (!value) return std::nullopt;
  if (!needs_runtime(d.is_plain(), d.is_long, d.conversion)) {
    return d.conversion == 's' ? value : library_call(find_conversion(d.conversion)->to_string, {*value}, arg->loc);
  }
  if (d.conversion == 'c') value = library_call("Core::string_of_char", {*value}, arg->loc);
  if (!value) return std::nullopt;
  if (type_of(*value) == kStringType) return runtime_call("Core::format_string_directive", d, std::nullopt, *value, arg->loc);
  if (type_of(*value) == kDoubleType) return runtime_call("Core::format_float_directive", d, std::nullopt, *value, arg->loc);
  return runtime_call("Core::format_integer_directive", d, std::nullopt, convert_number(*value, kLongType), arg->loc);
}

// ---------------------------------------------------------------- statement and expression

void BodyChecker::stmt(const ast::PrintfStmt& n, SourceLoc loc, std::vector<StmtId>& out) {
  const auto directives = parse_format(n.format, n.format_loc);
  if (!directives || !check_format_count(*directives, n.args.size(), loc)) return;
  const Name file_name = n.file.empty() ? env_.session().names.get("tal_stdout") : n.file;
  const SourceLoc file_loc = n.file.empty() ? loc : n.file_loc;
  size_t next = 0;
  for (const Directive& d : *directives) {
    const ExprId file = expr(ast::NameExpr{file_name}, file_loc, kNoHint);
    if (is_error(file)) return;
    const ast::Expr* arg = d.conversion != 0 ? n.args[next++] : nullptr;
    if (const auto call = print_directive(d, file, arg, loc)) out.push_back(add_stmt(loc_of(*call), typed::ExprStmt{*call}));
  }
}

// String::strconcat_l(List::cons(p1, List::cons(p2, .. null))); without arguments the format itself, `%%` and all.
typed::ExprId BodyChecker::expr(const ast::Sprintf& n, SourceLoc loc, TypeId) {
  if (n.args.empty()) return string_literal(std::string(n.format), n.format_loc);
  const auto directives = parse_format(n.format, n.format_loc);
  if (!directives || !check_format_count(*directives, n.args.size(), loc)) return error_expr(loc);
  std::vector<ExprId> pieces;
  size_t next = 0;
  for (const Directive& d : *directives) {
    const auto piece = directive_text(d, d.conversion != 0 ? n.args[next++] : nullptr, loc);
    if (!piece) return error_expr(loc);
    pieces.push_back(*piece);
  }
  ExprId rest = add(loc, unifier_.fresh(Unifier::Class::Option), typed::NullLiteral{});
  for (size_t i = pieces.size(); i-- > 0;) {
    const auto cell = library_call("List::cons", {pieces[i], rest}, loc);
    if (!cell) return error_expr(loc);
    rest = *cell;
  }
  return library_call("String::strconcat_l", {rest}, loc).value_or(error_expr(loc));
}

}  // namespace frontend
