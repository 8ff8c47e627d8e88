#include "frontend/lexer.h"

#include <charconv>
#include <cstdlib>

namespace frontend {

using support::Diag;

namespace {

// Expressions, types and blocks may nest this deep; the parser and everything behind it recurse over the tree.
constexpr size_t kMaxBrackets = 400;
constexpr uint32_t kMaxName = 1000;

bool opens(TokenKind kind) {
  return kind == TOK_LPAREN || kind == TOK_LBRACKET || kind == TOK_LBRACE || kind == TOK_ARRAY_BRACE || kind == TOK_LBRACE_BAR ||
         kind == TOK_LBRACKET_BAR;
}

bool closes(TokenKind kind) {
  return kind == TOK_RPAREN || kind == TOK_RBRACKET || kind == TOK_RBRACE || kind == TOK_BAR_RBRACE || kind == TOK_BAR_RBRACKET;
}

}  // namespace

Lexer::Lexer(Session& session, const SourceText& source, support::Arena& arena)
    : session_(session),
      arena_(arena),
      text_(source.text),
      cursor_(source.text.c_str()),
      token_(source.text.c_str()),
      locations_(session.sources, text_, session.sources.file(source.path)),
      word_long_(session.names.get("long")),
      word_typedef_(session.names.get("typedef")),
      word_enum_(session.names.get("enum")) {
  read_ahead();
}

// The kind of the token behind an identifier decides whether that is a soft keyword.
Token Lexer::next() {
  Token token = ahead_;
  if (token.kind != TOK_END) read_ahead();
  if (token.kind == TOK_ID) resolve_soft_keyword(token, before_, ahead_.kind);
  before_ = token.kind;
  return token;
}

void Lexer::read_ahead() {
  for (is_new_ = false; !is_new_;) {
    if (scan()) continue;
    token_ = cursor_;
    add(TOK_END);
  }
}

SourceLoc Lexer::loc() { return locations_.locate(token_, cursor_); }

void Lexer::newline(const char* line_start) { locations_.newline(line_start); }

Token& Lexer::add(TokenKind kind) {
  is_new_ = true;
  last_ = kind;
  ahead_.kind = kind;
  ahead_.loc = loc();
  ahead_.offset = static_cast<uint32_t>(token_ - text_.data());
  ahead_.length = static_cast<uint32_t>(cursor_ - token_);
  note_bracket(ahead_);
  return ahead_;
}

void Lexer::note_bracket(const Token& token) {
  const TokenKind kind = token.kind;
  if (opens(kind)) {
    brackets_.push_back({0, kind == TOK_ARRAY_BRACE || kind == TOK_LBRACE_BAR});
    if (brackets_.size() > kMaxBrackets && !reported_depth_) {
      reported_depth_ = true;
      report<Diag::NestingTooDeep>(token.loc, std::to_string(kMaxBrackets));
      cursor_ = text_.data() + text_.size();  // what follows would only repeat it
    }
  } else if (closes(kind)) {
    if (!brackets_.empty()) brackets_.pop_back();
  } else if (kind == TOK_QUESTION && !brackets_.empty()) {
    ++brackets_.back().questions;
  } else if (kind == TOK_SEMICOLON && !brackets_.empty()) {
    brackets_.back().questions = 0;
  }
}

bool Lexer::ends_operand() const {
  switch (last_) {
    case TOK_ID: case TOK_RPAREN: case TOK_RBRACKET: case TOK_RBRACE: case TOK_BAR_RBRACKET: case TOK_BAR_RBRACE:
    case TOK_STRING: case TOK_OFFSET: case TOK_NULL_: case TOK_INTEGER:
      return true;
    default:
      return false;
  }
}

// A block never follows an operator, an opening parenthesis, a comma or `return`; an array literal only follows those. After `:` it
// depends on whether the colon belongs to a `?`.
bool Lexer::expects_operand() const {
  switch (last_) {
    case TOK_ASSIGN: case TOK_LPAREN: case TOK_COMMA: case TOK_LBRACKET: case TOK_RETURN: case TOK_QUESTION: case TOK_EQUAL:
    case TOK_NOT_EQUAL: case TOK_ARRAY_BRACE: case TOK_LBRACE_BAR: case TOK_AND_AND: case TOK_OR_OR:
      return true;
    case TOK_LBRACE:
      return !brackets_.empty() && brackets_.back().is_array;
    case TOK_COLON:
      return !brackets_.empty() && brackets_.back().questions != 0;
    default:
      return false;
  }
}

void Lexer::add_identifier() {
  Token& token = add(TOK_ID);
  if (token.length > kMaxName) {
    report<Diag::NameTooLong>(token.loc, std::to_string(token.length), std::to_string(kMaxName));
    token.length = 1;  // the text of it is of no use to anybody
  }
  token.name = session_.names.get({token_, token.length});
}

// What is written against a number without blanks belongs to it, if only as a mistake.
void Lexer::skip_word() {
  while ((*cursor_ >= '0' && *cursor_ <= '9') || (*cursor_ >= 'a' && *cursor_ <= 'z') || (*cursor_ >= 'A' && *cursor_ <= 'Z')) ++cursor_;
}

void Lexer::add_integer(std::string_view digits, unsigned base) {
  size_t end = digits.size();
  bool is_unsigned = false, is_long = false;
  while (end > 0 && (digits[end - 1] == 'u' || digits[end - 1] == 'U' || digits[end - 1] == 'l' || digits[end - 1] == 'L')) {
    ((digits[end - 1] | 0x20) == 'u' ? is_unsigned : is_long) = true;
    --end;
  }
  uint64_t value = 0;
  const auto [stop, error] = std::from_chars(digits.data(), digits.data() + end, value, static_cast<int>(base));
  (void)stop;
  const bool fits = error == std::errc() && (is_long || value <= UINT32_MAX);
  skip_word();
  const bool has_rest = cursor_ != digits.data() + digits.size();
  Token& token = add(TOK_INTEGER);
  const std::string_view spelling(token_, token.length);
  if (end == 0 || has_rest) {
    report<Diag::BadNumber>(token.loc, spelling);
  } else if (!fits) {
    report<Diag::IntegerTooLarge>(token.loc, spelling, is_long ? "64" : "32");
  }
  token.number = fits ? value : 0;
  token.number_type = is_long ? (is_unsigned ? TypeKind::ULong : TypeKind::Long) : (is_unsigned ? TypeKind::UInt : TypeKind::Int);
}

void Lexer::add_floating(std::string_view spelling) {
  if (last_ == TOK_DOT) {  // `t . 1.2`: components of tuples, however far the dots are from them
    const std::string_view digits = spelling.substr(0, spelling.find_first_not_of("0123456789"));
    cursor_ = digits.data() + digits.size();
    return add_integer(digits, 10);
  }
  skip_word();
  Token& token = add(TOK_FLOATING);
  if (token.length != spelling.size()) {
    report<Diag::BadNumber>(token.loc, std::string_view(token_, token.length));
    return;
  }
  const bool is_long = spelling.ends_with("lf");
  token.number_type = !is_long && (spelling.back() == 'f' || spelling.back() == 'F') ? TypeKind::Float : TypeKind::Double;
  token.real = std::strtod(std::string(spelling).c_str(), nullptr);
  if (token.number_type == TypeKind::Float) token.real = static_cast<float>(token.real);
}

void Lexer::add_character(uint64_t value) {
  add(TOK_CHARACTER).number = value;
}

// `.5` selects a tuple component behind an operand and is a number elsewhere.
void Lexer::add_offset() {
  if (ends_operand()) {
    Token& token = add(TOK_OFFSET);
    const auto [stop, error] = std::from_chars(token_ + 1, cursor_, token.number);
    (void)stop;
    if (error != std::errc()) token.number = UINT32_MAX;
    return;
  }
  if ((*cursor_ | 0x20) == 'e') {
    const char* p = cursor_ + 1;
    if (*p == '+' || *p == '-') ++p;
    if (*p >= '0' && *p <= '9') {
      while (*p >= '0' && *p <= '9') ++p;
      cursor_ = p;
    }
  }
  if (cursor_[0] == 'l' && cursor_[1] == 'f') ++cursor_;
  if ((*cursor_ | 0x20) == 'f') ++cursor_;
  add_floating({token_, cursor_});
}

void Lexer::lex_comment() {
  const SourceLoc start = loc();
  for (;; ++cursor_) {
    if (cursor_[0] == '*' && cursor_[1] == '/') break;
    if (cursor_[0] == 0 && cursor_ >= text_.data() + text_.size()) {
      report<Diag::UnterminatedComment>(start);
      return;
    }
    if (cursor_[0] == '\n' || (cursor_[0] == '\r' && cursor_[1] != '\n')) newline(cursor_ + 1);
  }
  cursor_ += 2;
}

// `# 12 "file.h" 1` and `#line 12 "file.h"`; any other line beginning with # means nothing here.
void Lexer::lex_line_marker() {
  const char* p = cursor_;
  auto skip_blanks = [&p] { while (*p == ' ' || *p == '\t') ++p; };
  skip_blanks();
  if (std::string_view(p, static_cast<size_t>(text_.data() + text_.size() - p)).starts_with("line")) p += 4;
  skip_blanks();
  uint32_t line = 0;
  const auto [digits_end, error] = std::from_chars(p, text_.data() + text_.size(), line);
  while (*cursor_ != '\n' && *cursor_ != '\r' && *cursor_ != 0) ++cursor_;
  if (error != std::errc() || line == 0) return;
  p = digits_end;
  skip_blanks();
  if (*p != '"') return;
  std::string name;
  for (++p; p < cursor_ && *p != '"'; ++p) {
    if (*p == '\\' && p + 1 < cursor_) ++p;
    name += *p;
  }
  locations_.set_next_line(session_.sources.file(name), line);
}

void Lexer::lex_string() {
  ast::List<char> value;
  auto put = [&](char c) { value.append(arena_, c); };
  const char* quote = token_;
  const SourceLoc start = locations_.locate(token_, cursor_);
  const char* bad = nullptr;
  for (;; ++cursor_) {
    const char c = *cursor_;
    if (c == '"') break;
    if (c == 0 && cursor_ >= text_.data() + text_.size()) {
      report<Diag::UnterminatedString>(start);
      return;
    }
    if (c == '\r' || c == '\n') {
      if (c == '\r' && cursor_[1] == '\n') ++cursor_;
      newline(cursor_ + 1);
      put('\n');
    } else if (c == '\\') {
      ++cursor_;
      switch (*cursor_) {
        case 'n': put('\n'); break;
        case 't': put('\t'); break;
        case 'r': put('\r'); break;
        case '"': put('"'); break;
        case '\\': put('\\'); break;
        case ' ': case '\t': break;
        case '\r': if (cursor_[1] == '\n') ++cursor_; newline(cursor_ + 1); break;
        case '\n': newline(cursor_ + 1); break;
        default: put('\\'); --cursor_; break;  // any other backslash stands for itself
      }
    } else {
      if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) bad = bad ? bad : cursor_;
      put(c);
    }
  }
  ++cursor_;
  if (bad) report<Diag::BadStringCharacter>(start);
  is_new_ = true;
  last_ = ahead_.kind = TOK_STRING;
  ahead_.loc = start;
  ahead_.offset = static_cast<uint32_t>(quote - text_.data());
  ahead_.length = static_cast<uint32_t>(cursor_ - quote);
  ahead_.text = value;
}

namespace {

bool starts_type(TokenKind kind) {
  switch (kind) {
    case TOK_ID: case TOK_VOID: case TOK_BOOL: case TOK_CHAR: case TOK_STRING_TYPE: case TOK_FLOAT: case TOK_DOUBLE: case TOK_EXN:
    case TOK_INT: case TOK_SHORT: case TOK_BYTE: case TOK_SIGNED: case TOK_UNSIGNED: case TOK_LESS: case TOK_SHL: case TOK_STAR:
    case TOK_PERCENT: case TOK_STRUCT:
      return true;
    default:
      return false;
  }
}

bool starts_declaration(TokenKind before) {
  switch (before) {
    case TOK_END: case TOK_SEMICOLON: case TOK_LBRACE: case TOK_RBRACE: case TOK_STATIC: case TOK_EXTERN: case TOK_PUBLIC: case TOK_CONST:
      return true;
    default:
      return false;
  }
}

bool is_in_type_list(TokenKind before, TokenKind after) {
  const bool left = before == TOK_LPAREN || before == TOK_COMMA || before == TOK_LESS || before == TOK_SHL || before == TOK_COLON;
  const bool right = after == TOK_RPAREN || after == TOK_COMMA || after == TOK_GREATER || after == TOK_LBRACKET || after == TOK_LPAREN;
  const bool is_empty_array = before == TOK_COLON && after == TOK_RBRACE; // {: long}
  return (left && right) || is_empty_array;
}

}  // namespace

void Lexer::resolve_soft_keyword(Token& token, TokenKind before, TokenKind after) {
  if (token.name == word_long_) {
    const bool certain = after == TOK_ID || after == TOK_INT || after == TOK_DOUBLE || before == TOK_SIGNED || before == TOK_UNSIGNED || before == TOK_LONG;
    if (certain || (!long_is_a_name_ && is_in_type_list(before, after))) {
      token.kind = TOK_LONG;
    } else {
      long_is_a_name_ = true;
    }
  } else if (token.name == word_typedef_ && starts_declaration(before) && starts_type(after)) {
    token.kind = TOK_TYPEDEF;
  } else if (token.name == word_enum_ && (after == TOK_ID || after == TOK_LBRACE) &&
             (starts_declaration(before) || before == TOK_LPAREN || before == TOK_COMMA || before == TOK_LESS || before == TOK_TYPEDEF)) {
    token.kind = TOK_ENUM;
  }
}

}  // namespace frontend
