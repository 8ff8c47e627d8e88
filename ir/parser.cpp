#include "ir/parser.h"

#include <algorithm>
#include <charconv>
#include <unordered_map>
#include <utility>

#include "ir/builder.h"
#include "ir/string_text.h"
#include "ir/text_lexer.h"

namespace ir {
namespace {

using frontend::TypeId;
using frontend::TypeKind;
using Kind = TextToken::Kind;

const std::unordered_map<std::string_view, Op>& ops_by_text() {
  static const auto* map = [] {
    auto* m = new std::unordered_map<std::string_view, Op>();
    for (size_t i = 0; i < op_count(); ++i)
      m->emplace(info(static_cast<Op>(i)).text, static_cast<Op>(i));
    return m;
  }();
  return *map;
}

// Recursive descent. After the first error every function returns quickly: failed_ is set and no token matches any more.
class Parser {
 public:
  Parser(std::string_view text, frontend::TypeStore& types, support::NameTable& names)
      : tokens_(tokenize(text)), types_(types), names_(names) {
    module_.types = &types;
  }

  ParseResult run() {
    declare_all();
    module();
    ParseResult result;
    if (failed_)
      result.error = std::move(error_);
    else
      result.module = std::move(module_);
    return result;
  }

 private:
  // ---- tokens ----
  const TextToken& peek(size_t ahead = 0) const { return tokens_[std::min(pos_ + ahead, tokens_.size() - 1)]; }
  bool next_is(std::string_view text) const { return !failed_ && peek().is(text); }
  bool accept(std::string_view text) {
    if (!next_is(text))
      return false;
    ++pos_;
    return true;
  }
  void expect(std::string_view text) {
    if (!accept(text))
      fail("expected `" + std::string(text) + "`");
  }
  void fail(std::string text) {
    if (failed_)
      return;
    failed_ = true;
    const TextToken& token = peek();
    if (token.kind == Kind::End)
      text += ", got the end of the text";
    else
      text += ", got `" + std::string(token.text) + "`";
    error_ = {token.line, token.column, std::move(text)};
  }
  std::string_view name(const char* what) {
    if (failed_ || peek().kind != Kind::Name) {
      fail(std::string("expected ") + what);
      return {};
    }
    return tokens_[pos_++].text;
  }
  int64_t integer() {
    int64_t value = 0;
    if (!failed_ && peek().kind == Kind::Integer) {
      std::string_view text = peek().text;
      uint64_t wide = 0;
      auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
      if (parsed.ec == std::errc() || std::from_chars(text.data(), text.data() + text.size(), wide).ec == std::errc()) {
        ++pos_;
        return parsed.ec == std::errc() ? value : static_cast<int64_t>(wide);
      }
    }
    fail("expected an integer");
    return 0;
  }
  // Between quotes, so that no other text has to care about numbers with a point.
  int64_t real() {
    double value = 0;
    if (!failed_ && peek().kind == Kind::String) {
      std::string_view text = peek().text;
      auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
      if (parsed.ec == std::errc() && parsed.ptr == text.data() + text.size()) {
        ++pos_;
        return real_imm(value);
      }
    }
    fail("expected a floating-point number between quotes");
    return 0;
  }
  uint32_t index() {
    int64_t value = integer();
    if (value < 0 || value > INT32_MAX)
      fail("number out of range before this");
    return static_cast<uint32_t>(value);
  }
  std::string string() {
    std::optional<std::string> bytes;
    if (!failed_ && peek().kind == Kind::String)
      bytes = unquote(peek().text);
    if (!bytes) {
      fail("expected a string");
      return {};
    }
    ++pos_;
    return *bytes;
  }
  // `v12`, `b3`, `d0`: the number.
  bool is_numbered(const TextToken& token, char letter) const {
    return token.kind == Kind::Name && token.text.size() > 1 && token.text.size() < 10 && token.text[0] == letter &&
           token.text.find_first_not_of("0123456789", 1) == std::string_view::npos;
  }
  uint32_t numbered(char letter, const char* what) {
    uint32_t value = 0;
    if (failed_ || !is_numbered(peek(), letter)) {
      fail(std::string("expected ") + what);
      return 0;
    }
    std::string_view text = tokens_[pos_++].text;
    std::from_chars(text.data() + 1, text.data() + text.size(), value);
    return value;
  }

  // Calls item() for a comma-separated list up to `close`, which is consumed.
  template <typename Item> void list(std::string_view close, Item item) {
    if (accept(close))
      return;
    do
      item();
    while (accept(","));
    expect(close);
  }

  // ---- declarations before bodies, so that order does not matter ----
  using Index = std::unordered_map<std::string_view, uint32_t>;

  void declare_all() {
    for (size_t i = 0; i + 2 < tokens_.size(); ++i) {
      if (!tokens_[i].starts_line || tokens_[i].kind != Kind::Name)
        continue;
      std::string_view word = tokens_[i].text, entry = tokens_[i + 2].text;
      if (word == "type" && i + 3 < tokens_.size() && tokens_[i + 3].kind == Kind::Name)
        declare_type(i + 3);
      else if (word == "func" && is_linkage(tokens_[i + 1]))
        functions_.emplace(entry, functions_.size());
      else if (word == "global" && is_linkage(tokens_[i + 1]))
        globals_.emplace(entry, globals_.size());
      else if (word == "exception" && is_linkage(tokens_[i + 1]))
        exceptions_.emplace(entry, exceptions_.size());
    }
  }
  static bool is_linkage(const TextToken& token) { return token.is("public") || token.is("static") || token.is("import"); }

  // Of values that are declared twice the verifier tells (M1).
  void declare_type(size_t token) {
    const std::string_view name = tokens_[token].text;
    frontend::TypeDecl decl;
    decl.name = names_.get(name);
    if (type_names_.emplace(name, types_.add_decl(std::move(decl))).second || failed_)
      return;
    pos_ = token;
    fail("declared twice");
  }

  uint32_t lookup(const Index& table, const char* what) {
    auto found = table.find(!failed_ && peek().kind == Kind::Name ? peek().text : std::string_view());
    if (found == table.end()) {
      fail(std::string("expected the name of ") + what);
      return 0;
    }
    ++pos_;
    return found->second;
  }

  // ---- module level ----
  void module() {
    expect("module");
    module_.name = string();
    while (!failed_ && peek().kind != Kind::End) {
      if (accept("type"))
        type_decl();
      else if (accept("exception"))
        exception();
      else if (accept("global"))
        global();
      else if (accept("data"))
        data();
      else if (accept("func"))
        function();
      else
        fail("expected a declaration");
    }
  }

  Linkage linkage() {
    if (accept("static"))
      return Linkage::Static;
    if (accept("import"))
      return Linkage::Import;
    expect("public");
    return Linkage::Public;
  }

  SourceLoc location() {
    SourceLoc loc;
    if (!accept("@"))
      return loc;
    loc.line = index();
    if (accept("/")) {
      loc.file.value = static_cast<uint16_t>(loc.line);
      loc.line = index();
    }
    expect(":");
    loc.column = static_cast<uint16_t>(index());
    return loc;
  }

  frontend::Scope scope() {
    if (accept("static"))
      return frontend::Scope::Static;
    if (accept("abstract"))
      return frontend::Scope::Abstract;
    if (accept("import"))
      return frontend::Scope::Extern;
    expect("public");
    return frontend::Scope::Public;
  }
  frontend::TypeDeclKind decl_kind() {
    if (accept("union"))
      return frontend::TypeDeclKind::Union;
    if (accept("abstype"))
      return frontend::TypeDeclKind::Abstype;
    if (accept("opaque"))
      return frontend::TypeDeclKind::Abstract;
    expect("struct");
    return frontend::TypeDeclKind::Struct;
  }

  void type_decl() {
    frontend::Scope type_scope = scope();
    frontend::TypeDeclKind kind = decl_kind();
    auto found = type_names_.find(name("the name of a type"));
    if (found == type_names_.end())
      return fail("malformed type declaration");
    std::vector<support::Name> params;
    if (accept("<"))
      list(">", [&] { params.push_back(names_.get(name("a type variable"))); });
    bool nullable = accept("nullable");
    std::vector<support::Name> hidden;
    frontend::TypeId representation;
    if (kind == frontend::TypeDeclKind::Abstype) {
      expect("[");
      list("]", [&] { hidden.push_back(names_.get(name("a hidden type variable"))); });
      representation = type_id();
    }
    std::vector<frontend::Field> fields;
    if (accept("{"))
      list("}", [&] {
        frontend::Field field;
        field.is_const = accept("const");
        field.name = names_.get(name("a field name"));
        expect(":");
        field.type = type_id();
        fields.push_back(std::move(field));
      });
    frontend::TypeDecl& decl = types_.decl(found->second);
    decl.kind = kind;
    decl.scope = type_scope;
    decl.params = std::move(params);
    decl.nullable = nullable;
    decl.fields = std::move(fields);
    decl.hidden_params = std::move(hidden);
    decl.representation = representation;
    decl.loc = location();
  }

  void exception() {
    Exception e;
    e.linkage = linkage();
    e.name = name("the name of an exception");
    if (accept("(")) {
      e.payload = type_id();
      expect(")");
    }
    e.loc = location();
    module_.exceptions.push_back(std::move(e));
  }

  void global() {
    Global g;
    g.linkage = linkage();
    g.name = name("the name of a global variable");
    expect(":");
    g.type = type_id();
    if (accept("="))
      g.init = constant();
    g.loc = location();
    module_.globals.push_back(std::move(g));
  }

  Constant constant() {
    Constant c;
    if (accept("null")) {
      c.kind = Constant::Kind::Null;
    } else if (accept(".")) {
      c.kind = Constant::Kind::Case;
      c.imm = index();
    } else if (accept("data")) {
      c.kind = Constant::Kind::Data;
      c.symbol = numbered('d', "a data object");
    } else if (accept("func")) {
      c.kind = Constant::Kind::Func;
      c.symbol = lookup(functions_, "a function");
      c.type_args = type_args();
    } else if (accept("global")) {
      c.kind = Constant::Kind::GlobalAddr;
      c.symbol = lookup(globals_, "a global variable");
    } else if (!failed_ && peek().kind == Kind::String) {
      c.kind = Constant::Kind::Real;
      c.imm = real();
    } else if (accept("exception")) {
      c.kind = Constant::Kind::Exception;
      c.symbol = lookup(exceptions_, "an exception");
    } else if (accept("rep")) {
      c.kind = Constant::Kind::Rep;
      c.type_args = type_args();
    } else {
      c.imm = integer();
    }
    return c;
  }

  void data() {
    if (numbered('d', "the number of the data object") != module_.data.size())
      return fail("data objects are numbered from d0 in order");
    DataObject object;
    expect(":");
    object.type = type_id();
    expect("=");
    auto element = [&] { object.elements.push_back(constant()); };
    if (!failed_ && peek().kind == Kind::String) {
      object.bytes = string();
      object.length = object.bytes.size();
    } else if (accept("[")) {
      object.kind = DataObject::Kind::Array;
      list("]", element);
      object.length = object.elements.size();
      if (accept("length"))
        object.length = static_cast<uint64_t>(integer());
    } else if (accept("{")) {
      object.kind = DataObject::Kind::Object;
      list("}", element);
    } else if (accept(".")) {
      object.kind = DataObject::Kind::Variant;
      object.variant = index();
      expect("(");
      list(")", element);
    } else {
      object.kind = DataObject::Kind::Exn;
      object.exception = {lookup(exceptions_, "an exception")};
      expect("(");
      list(")", element);
    }
    module_.data.push_back(std::move(object));
  }

  // ---- types ----
  TypeId type_id() {
    if (failed_)
      return {};
    const TextToken& token = peek();
    if (accept("["))
      return array_type();
    if (accept("$"))
      return accept("rep") ? types_.rep(type_argument()) : type_variable();
    if (accept("exncon"))
      return types_.exncon(type_argument());
    if (accept("%")) {
      expect("(");
      return types_.tuple(type_list(), true);
    }
    if (token.is("(") || token.is("<") || token.is("__stdcall"))
      return tuple_or_function();
    return named_type();
  }

  TypeId array_type() {
    bool is_constant = !failed_ && peek().kind == Kind::Integer;
    uint32_t length = is_constant ? index() : 0;
    bool nullable = is_constant && accept("?");
    TypeId element = type_id();
    expect("]");
    return is_constant ? types_.const_array(element, length, nullable) : types_.array(element);
  }
  TypeId type_argument() {
    expect("<");
    TypeId type = type_id();
    expect(">");
    return type;
  }

  TypeId type_variable() {
    uint32_t number = index();
    uint32_t depth = 0;
    if (accept(".")) {
      depth = number;
      number = index();
    }
    return types_.var(depth, number, accept(":") ? width() : 0);
  }

  // `w4`
  uint8_t width() {
    std::string_view text = name("a width");
    for (uint8_t bytes : {1, 2, 4, 8})
      if (text == "w" + std::to_string(bytes))
        return bytes;
    fail("unknown width before this; expected w1, w2, w4 or w8");
    return 0;
  }

  std::vector<TypeId> type_list() {
    std::vector<TypeId> types;
    list(")", [&] { types.push_back(type_id()); });
    return types;
  }

  TypeId tuple_or_function() {
    frontend::Convention convention = accept("__stdcall") ? frontend::Convention::Stdcall : frontend::Convention::Cdecl;
    uint32_t type_params = 0;
    bool binder = accept("<");
    if (binder) {
      type_params = index();
      expect(">");
    }
    expect("(");
    std::vector<TypeId> types = type_list();
    if (binder || convention == frontend::Convention::Stdcall || next_is("->")) {
      expect("->");
      TypeId result = type_id();
      return types_.function(types, result, type_params, convention);
    }
    return types_.tuple(types);
  }

  TypeId named_type() {
    std::string spelling(name("a type"));
    if (spelling == "unsigned")
      spelling += " " + std::string(name("an integer type"));
#define BASIC_TYPE(Kind, text, bytes, is_signed, cls)                                                                  \
  if (spelling == text)                                                                                                \
    return frontend::basic_type(TypeKind::Kind);
#include "frontend/types.def"
#undef BASIC_TYPE
    auto found = type_names_.find(spelling);
    if (found == type_names_.end()) {
      fail("unknown type `" + spelling + "` before this");
      return {};
    }
    return types_.named(found->second, type_args());
  }

  std::vector<TypeId> type_args() {
    std::vector<TypeId> args;
    if (accept("<"))
      list(">", [&] { args.push_back(type_id()); });
    return args;
  }

  Type type() {
    TypeId id = type_id();
    return {id, accept("!")};
  }

  // ---- functions ----
  void function() {
    Function f;
    f.linkage = linkage();
    f.name = name("the name of a function");
    if (accept("<"))
      list(">", [&] {
        f.type_params.emplace_back(name("a type variable"));
        f.widths.push_back(accept(":") ? width() : 0);
      });
    if (std::ranges::all_of(f.widths, [](uint8_t bytes) { return bytes == 0; }))
      f.widths.clear();
    expect("(");
    list(")", [&] {
      bool is_named = peek().kind == Kind::Name && peek(1).is(":");
      f.param_names.emplace_back(is_named ? name("a parameter") : std::string_view());
      if (is_named)
        expect(":");
      f.param_types.push_back(type_id());
    });
    expect("->");
    f.return_type = type_id();
    f.loc = location();
    f.type = types_.function(f.param_types, f.return_type, static_cast<uint32_t>(f.type_params.size()));
    if (accept("{"))
      body(f);
    module_.functions.push_back(std::move(f));
  }

  void body(Function& f) {
    function_ = &f;
    values_.clear();
    blocks_.clear();
    while (!failed_ && !accept("}"))
      block();
    for (const auto& [number, id] : values_)
      if (!failed_ && f.value(id).type == Type{frontend::kErrorType})
        fail("v" + std::to_string(number) + " of function " + f.name + " is not defined");
    for (const auto& [number, id] : blocks_)
      if (!failed_ && f.block(id).insts.empty())
        fail("b" + std::to_string(number) + " of function " + f.name + " is not defined or empty");
  }

  ValueId value_id(uint32_t number) {
    auto [found, is_new] = values_.try_emplace(number, ValueId{static_cast<uint32_t>(function_->values.size())});
    if (is_new)
      function_->values.push_back({{frontend::kErrorType}, {}, {}, 0});
    return found->second;
  }
  ValueId value() { return value_id(numbered('v', "a value")); }
  BlockId block_id() {
    uint32_t number = numbered('b', "a block");
    auto [found, is_new] = blocks_.try_emplace(number, BlockId{static_cast<uint32_t>(function_->blocks.size())});
    if (is_new)
      function_->blocks.emplace_back();
    return found->second;
  }

  // `v1: int`, which is the definition.
  ValueId definition(InstId inst, BlockId block, uint32_t param_index) {
    ValueId id = value();
    expect(":");
    if (failed_)
      return id;
    if (function_->value(id).type != Type{frontend::kErrorType})
      fail("the value before this is defined twice");
    function_->value(id) = {type(), inst, block, param_index};
    return id;
  }

  void block() {
    BlockId id = block_id();
    if (failed_)
      return;
    if (!function_->block(id).insts.empty())
      return fail("the block before this is defined twice");
    function_->order.push_back(id);
    if (accept("("))
      list(")", [&] {
        ValueId param = definition({}, id, static_cast<uint32_t>(function_->block(id).params.size()));
        function_->block(id).params.push_back(param);
      });
    if (accept("unwind")) {
      Edge unwind = edge();
      function_->block(id).unwind = std::move(unwind);
    }
    expect(":");
    bool ended = false;
    while (!failed_ && !ended)
      ended = inst(id);
  }

  Edge edge() {
    Edge e;
    e.target = block_id();
    if (accept("("))
      list(")", [&] { e.args.push_back(value()); });
    return e;
  }

  // True if it was a terminator.
  bool inst(BlockId block) {
    InstId id{static_cast<uint32_t>(function_->insts.size())};
    function_->insts.emplace_back();
    Inst inst;
    inst.block = block;
    if (is_numbered(peek(), 'v')) {
      inst.result = definition(id, block, 0);
      expect("=");
    }
    auto op = ops_by_text().find(!failed_ && peek().kind == Kind::Name ? peek().text : std::string_view());
    if (op == ops_by_text().end()) {
      fail("expected an operation");
      return true;
    }
    ++pos_;
    inst.op = op->second;
    attribute(inst);
    operands(inst);
    inst.loc = location();
    bool ended = is_terminator(inst.op);
    function_->inst(id) = std::move(inst);
    function_->block(block).insts.push_back(id);
    return ended;
  }

  void attribute(Inst& inst) {
    switch (info(inst.op).attribute) {
    case Attribute::NoAttr:
    case Attribute::Targets: return;
    case Attribute::Int: inst.imm = integer(); return;
    case Attribute::Real: inst.imm = real(); return;
    case Attribute::Field:
      expect(".");
      inst.imm = index();
      return;
    case Attribute::Func:
    case Attribute::FuncTypeArgs:
      inst.symbol = lookup(functions_, "a function");
      inst.type_args = type_args();
      return;
    case Attribute::TypeArgs: inst.type_args = type_args(); return;
    case Attribute::Global: inst.symbol = lookup(globals_, "a global variable"); return;
    case Attribute::Data: inst.symbol = numbered('d', "a data object"); return;
    case Attribute::Exception: inst.symbol = lookup(exceptions_, "an exception"); return;
    }
  }

  void operands(Inst& inst) {
    bool has_targets = info(inst.op).attribute == Attribute::Targets;
    bool more = has_targets || starts_operand();
    while (more && !failed_) {
      if (is_numbered(peek(), 'v')) {
        inst.operands.push_back(value());
      } else if (inst.op == Op::Switch) {
        if (!accept("default"))
          inst.keys.push_back(integer());
        expect(":");
        inst.targets.push_back(edge());
      } else if (has_targets) {
        inst.targets.push_back(edge());
      } else {
        fail("expected a value");
      }
      more = accept(",");
    }
  }
  // A value on the next line is not an operand.
  bool starts_operand() const { return is_numbered(peek(), 'v') && !peek().starts_line; }

  std::vector<TextToken> tokens_;
  size_t pos_ = 0;
  bool failed_ = false;
  ParseError error_;
  frontend::TypeStore& types_;
  support::NameTable& names_;
  Module module_;
  Index functions_, globals_, exceptions_;
  std::unordered_map<std::string_view, frontend::TypeDeclId> type_names_;
  Function* function_ = nullptr;
  std::unordered_map<uint32_t, ValueId> values_;
  std::unordered_map<uint32_t, BlockId> blocks_;
};

} // namespace

ParseResult parse_module(std::string_view text, frontend::TypeStore& types, support::NameTable& names) {
  return Parser(text, types, names).run();
}

} // namespace ir
