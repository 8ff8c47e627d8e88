#include "frontend/lexer.h"

#include <charconv>
#include <cstdlib>

namespace frontend {

using support::Diag;

namespace {

using Tok = Parser::token;

// Expressions, types and blocks may nest this deep; the parser and everything behind it recurse over the tree.
constexpr size_t kMaxBrackets = 400;

bool opens(TokenKind kind) {
  return kind == Tok::LPAREN || kind == Tok::LBRACKET || kind == Tok::LBRACE || kind == Tok::ARRAY_BRACE || kind == Tok::LBRACE_BAR ||
         kind == Tok::LBRACKET_BAR;
}

bool closes(TokenKind kind) {
  return kind == Tok::RPAREN || kind == Tok::RBRACKET || kind == Tok::RBRACE || kind == Tok::BAR_RBRACE || kind == Tok::BAR_RBRACKET;
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
  if (token.kind != Tok::END) read_ahead();
  if (token.kind == Tok::ID) resolve_soft_keyword(token, before_, ahead_.kind);
  before_ = token.kind;
  return token;
}

void Lexer::read_ahead() {
  for (is_new_ = false; !is_new_;) {
    if (scan()) continue;
    token_ = cursor_;
    add(Tok::END);
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
    brackets_.push_back({0, kind == Tok::ARRAY_BRACE || kind == Tok::LBRACE_BAR});
    if (brackets_.size() > kMaxBrackets && !reported_depth_) {
      reported_depth_ = true;
      report<Diag::NestingTooDeep>(token.loc, std::to_string(kMaxBrackets));
      cursor_ = text_.data() + text_.size();  // what follows would only repeat it
    }
  } else if (closes(kind)) {
    if (!brackets_.empty()) brackets_.pop_back();
  } else if (kind == Tok::QUESTION && !brackets_.empty()) {
    ++brackets_.back().questions;
  } else if (kind == Tok::SEMICOLON && !brackets_.empty()) {
    brackets_.back().questions = 0;
  }
}

bool Lexer::ends_operand() const {
  switch (last_) {
    case Tok::ID: case Tok::RPAREN: case Tok::RBRACKET: case Tok::RBRACE: case Tok::BAR_RBRACKET: case Tok::BAR_RBRACE:
    case Tok::STRING: case Tok::OFFSET: case Tok::NULL_: case Tok::INTEGER:
      return true;
    default:
      return false;
  }
}

// A block never follows an operator, an opening parenthesis, a comma or `return`; an array literal only follows those. After `:` it
// depends on whether the colon belongs to a `?`.
bool Lexer::expects_operand() const {
  switch (last_) {
    case Tok::ASSIGN: case Tok::LPAREN: case Tok::COMMA: case Tok::LBRACKET: case Tok::RETURN: case Tok::QUESTION: case Tok::EQUAL:
    case Tok::NOT_EQUAL: case Tok::ARRAY_BRACE: case Tok::LBRACE_BAR: case Tok::AND_AND: case Tok::OR_OR:
      return true;
    case Tok::LBRACE:
      return !brackets_.empty() && brackets_.back().is_array;
    case Tok::COLON:
      return !brackets_.empty() && brackets_.back().questions != 0;
    default:
      return false;
  }
}

void Lexer::add_identifier() {
  Token& token = add(Tok::ID);
  token.name = session_.names.get({token_, token.length});
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
  while ((*cursor_ >= '0' && *cursor_ <= '9') || (*cursor_ >= 'a' && *cursor_ <= 'z') || (*cursor_ >= 'A' && *cursor_ <= 'Z')) ++cursor_;
  const bool has_rest = cursor_ != digits.data() + digits.size();
  Token& token = add(Tok::INTEGER);
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
  Token& token = add(Tok::FLOATING);
  const bool is_long = spelling.ends_with("lf");
  token.number_type = !is_long && (spelling.back() == 'f' || spelling.back() == 'F') ? TypeKind::Float : TypeKind::Double;
  token.real = std::strtod(std::string(spelling).c_str(), nullptr);
  if (token.number_type == TypeKind::Float) token.real = static_cast<float>(token.real);
}

void Lexer::add_character(uint64_t value) {
  add(Tok::CHARACTER).number = value;
}

// `.5` selects a tuple component behind an operand and is a number elsewhere.
void Lexer::add_offset() {
  if (ends_operand()) {
    Token& token = add(Tok::OFFSET);
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
  last_ = ahead_.kind = Tok::STRING;
  ahead_.loc = start;
  ahead_.offset = static_cast<uint32_t>(quote - text_.data());
  ahead_.length = static_cast<uint32_t>(cursor_ - quote);
  ahead_.text = value;
}

namespace {

bool starts_type(TokenKind kind) {
  switch (kind) {
    case Tok::ID: case Tok::VOID: case Tok::BOOL: case Tok::CHAR: case Tok::STRING_TYPE: case Tok::FLOAT: case Tok::DOUBLE: case Tok::EXN:
    case Tok::INT: case Tok::SHORT: case Tok::BYTE: case Tok::SIGNED: case Tok::UNSIGNED: case Tok::LESS: case Tok::SHL: case Tok::STAR:
    case Tok::PERCENT: case Tok::STRUCT:
      return true;
    default:
      return false;
  }
}

bool starts_declaration(TokenKind before) {
  switch (before) {
    case Tok::END: case Tok::SEMICOLON: case Tok::LBRACE: case Tok::RBRACE: case Tok::STATIC: case Tok::EXTERN: case Tok::PUBLIC: case Tok::CONST:
      return true;
    default:
      return false;
  }
}

bool is_in_type_list(TokenKind before, TokenKind after) {
  const bool left = before == Tok::LPAREN || before == Tok::COMMA || before == Tok::LESS || before == Tok::SHL || before == Tok::COLON;
  const bool right = after == Tok::RPAREN || after == Tok::COMMA || after == Tok::GREATER || after == Tok::LBRACKET || after == Tok::LPAREN;
  const bool is_empty_array = before == Tok::COLON && after == Tok::RBRACE; // {: long}
  return (left && right) || is_empty_array;
}

}  // namespace

void Lexer::resolve_soft_keyword(Token& token, TokenKind before, TokenKind after) {
  if (token.name == word_long_) {
    const bool certain = after == Tok::ID || after == Tok::INT || after == Tok::DOUBLE || before == Tok::SIGNED || before == Tok::UNSIGNED || before == Tok::LONG;
    if (certain || (!long_is_a_name_ && is_in_type_list(before, after))) {
      token.kind = Tok::LONG;
    } else {
      long_is_a_name_ = true;
    }
  } else if (token.name == word_typedef_ && starts_declaration(before) && starts_type(after)) {
    token.kind = Tok::TYPEDEF;
  } else if (token.name == word_enum_ && (after == Tok::ID || after == Tok::LBRACE) &&
             (starts_declaration(before) || before == Tok::LPAREN || before == Tok::COMMA || before == Tok::LESS || before == Tok::TYPEDEF)) {
    token.kind = Tok::ENUM;
  }
}

}  // namespace frontend
