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

Lexer::Lexer(Session& session, const SourceText& source)
    : session_(session),
      text_(source.text),
      cursor_(source.text.c_str()),
      token_(source.text.c_str()),
      locations_(session.sources, text_, session.sources.file(source.path)) {
  list_.tokens.reserve(text_.size() / 4 + 16);
}

TokenList Lexer::run() {
  while (next()) {
  }
  token_ = cursor_;
  add(Tok::END);
  resolve_soft_keywords(session_, list_);
  return std::move(list_);
}

SourceLoc Lexer::loc() { return locations_.locate(token_, cursor_); }

void Lexer::newline(const char* line_start) { locations_.newline(line_start); }

void Lexer::add(TokenKind kind) {
  Token& token = list_.tokens.emplace_back();
  token.kind = kind;
  token.loc = loc();
  token.offset = static_cast<uint32_t>(token_ - text_.data());
  token.length = static_cast<uint32_t>(cursor_ - token_);
  note_bracket(kind);
}

void Lexer::note_bracket(TokenKind kind) {
  if (opens(kind)) {
    brackets_.push_back({0, kind == Tok::ARRAY_BRACE || kind == Tok::LBRACE_BAR});
    if (brackets_.size() > kMaxBrackets && !reported_depth_) {
      reported_depth_ = true;
      session_.diagnostics.report<Diag::NestingTooDeep>(list_.tokens.back().loc, std::to_string(kMaxBrackets));
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
  if (list_.tokens.empty()) return false;
  switch (list_.tokens.back().kind) {
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
  if (list_.tokens.empty()) return false;
  switch (list_.tokens.back().kind) {
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
  add(Tok::ID);
  Token& token = list_.tokens.back();
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
  add(Tok::INTEGER);
  Token& token = list_.tokens.back();
  const std::string spelling(token_, token.length);
  if (end == 0 || has_rest) {
    session_.diagnostics.report<Diag::BadNumber>(token.loc, spelling);
  } else if (!fits) {
    session_.diagnostics.report<Diag::IntegerTooLarge>(token.loc, spelling, is_long ? "64" : "32");
  }
  token.number = fits ? value : 0;
  token.number_type = is_long ? (is_unsigned ? TypeKind::ULong : TypeKind::Long) : (is_unsigned ? TypeKind::UInt : TypeKind::Int);
}

void Lexer::add_floating(std::string_view spelling) {
  add(Tok::FLOATING);
  Token& token = list_.tokens.back();
  const bool is_long = spelling.ends_with("lf");
  token.number_type = !is_long && (spelling.back() == 'f' || spelling.back() == 'F') ? TypeKind::Float : TypeKind::Double;
  token.real = std::strtod(std::string(spelling).c_str(), nullptr);
  if (token.number_type == TypeKind::Float) token.real = static_cast<float>(token.real);
}

void Lexer::add_character(uint64_t value) {
  add(Tok::CHARACTER);
  list_.tokens.back().number = value;
}

// `.5` selects a tuple component behind an operand and is a number elsewhere.
void Lexer::add_offset() {
  if (ends_operand()) {
    add(Tok::OFFSET);
    const auto [stop, error] = std::from_chars(token_ + 1, cursor_, list_.tokens.back().number);
    (void)stop;
    if (error != std::errc()) list_.tokens.back().number = UINT32_MAX;
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
      session_.diagnostics.report<Diag::UnterminatedComment>(start);
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
  std::string value;
  const char* quote = token_;
  const SourceLoc start = locations_.locate(token_, cursor_);
  const char* bad = nullptr;
  for (;; ++cursor_) {
    const char c = *cursor_;
    if (c == '"') break;
    if (c == 0 && cursor_ >= text_.data() + text_.size()) {
      session_.diagnostics.report<Diag::UnterminatedString>(start);
      return;
    }
    if (c == '\r' || c == '\n') {
      if (c == '\r' && cursor_[1] == '\n') ++cursor_;
      newline(cursor_ + 1);
      value += '\n';
    } else if (c == '\\') {
      ++cursor_;
      switch (*cursor_) {
        case 'n': value += '\n'; break;
        case 't': value += '\t'; break;
        case 'r': value += '\r'; break;
        case '"': value += '"'; break;
        case '\\': value += '\\'; break;
        case ' ': case '\t': break;
        case '\r': if (cursor_[1] == '\n') ++cursor_; newline(cursor_ + 1); break;
        case '\n': newline(cursor_ + 1); break;
        default: value += '\\'; --cursor_; break;  // any other backslash stands for itself
      }
    } else {
      if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) bad = bad ? bad : cursor_;
      value += c;
    }
  }
  ++cursor_;
  if (bad) session_.diagnostics.report<Diag::BadStringCharacter>(start);
  Token& token = list_.tokens.emplace_back();
  token.kind = Tok::STRING;
  token.loc = start;
  token.offset = static_cast<uint32_t>(quote - text_.data());
  token.length = static_cast<uint32_t>(cursor_ - quote);
  token.number = list_.strings.size();
  list_.strings.push_back(std::move(value));
}

TokenList lex(Session& session, const SourceText& source) { return Lexer(session, source).run(); }

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

void resolve_soft_keywords(Session& session, TokenList& list) {
  const Name word_long = session.names.get("long"), word_typedef = session.names.get("typedef"), word_enum = session.names.get("enum");
  bool long_is_a_name = false;
  for (size_t i = 0; i + 1 < list.tokens.size(); ++i) {
    Token& token = list.tokens[i];
    if (token.kind != Tok::ID) continue;
    const TokenKind before = i > 0 ? list.tokens[i - 1].kind : Tok::END;
    const TokenKind after = list.tokens[i + 1].kind;
    if (token.name == word_long) {
      const bool certain = after == Tok::ID || after == Tok::INT || after == Tok::DOUBLE || before == Tok::SIGNED || before == Tok::UNSIGNED || before == Tok::LONG;
      if (certain || (!long_is_a_name && is_in_type_list(before, after))) {
        token.kind = Tok::LONG;
      } else {
        long_is_a_name = true;
      }
    } else if (token.name == word_typedef && starts_declaration(before) && starts_type(after)) {
      token.kind = Tok::TYPEDEF;
    } else if (token.name == word_enum && (after == Tok::ID || after == Tok::LBRACE) &&
               (starts_declaration(before) || before == Tok::LPAREN || before == Tok::COMMA || before == Tok::LESS || before == Tok::TYPEDEF)) {
      token.kind = Tok::ENUM;
    }
  }
}

}  // namespace frontend
