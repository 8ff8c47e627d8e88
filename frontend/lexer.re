// Lexical rules (re2c). Generated code; see lexer.h for the class around it.

#include "frontend/lexer.h"

namespace frontend {

using support::Diag;

#define EMIT(kind) \
  do {             \
    add(TOK_##kind); \
    return true;   \
  } while (false)

bool Lexer::scan() {
  token_ = cursor_;
  /*!re2c
    re2c:define:YYCTYPE = "unsigned char";
    re2c:yyfill:enable = 0;
    re2c:flags:input = custom;
    re2c:api:style = free-form;
    re2c:define:YYPEEK = "static_cast<unsigned char>(*cursor_)";
    re2c:define:YYSKIP = "++cursor_;";
    re2c:define:YYBACKUP = "marker_ = cursor_;";
    re2c:define:YYRESTORE = "cursor_ = marker_;";

    newline  = "\r\n" | "\n" | "\r";
    blank    = [ \t\v\f];
    digit    = [0-9];
    word     = [A-Za-z0-9_];
    exponent = [eE] [+-]? digit+;
    suffix   = [uU] [lL]? [lL]? | [lL] [lL]? [uU]?;

    "\x00"        { if (cursor_ > text_.data() + text_.size()) { --cursor_; return false; }
                    report<Diag::BadCharacter>(loc(), "\\x00"); return true; }
    newline       { newline(cursor_); return true; }
    blank+        { return true; }
    "\\" newline  { newline(cursor_); return true; }
    "//" [^\r\n\x00]*  { return true; }
    "/*"          { lex_comment(); return true; }
    "#"           { lex_line_marker(); return true; }

    "abstract"  { EMIT(ABSTRACT); }   "abstype"   { EMIT(ABSTYPE); }    "array"     { EMIT(ARRAY); }
    "bool"      { EMIT(BOOL); }       "break"     { EMIT(BREAK); }      "byte"      { EMIT(BYTE); }
    "case"      { EMIT(CASE); }       "catch"     { EMIT(CATCH); }      "char"      { EMIT(CHAR); }
    "chr"       { EMIT(CHR); }        "codegen"   { EMIT(CODEGEN); }    "const"     { EMIT(CONST); }
    "continue"  { EMIT(CONTINUE); }   "cut"       { EMIT(CUT); }        "default"   { EMIT(DEFAULT); }
    "do"        { EMIT(DO); }         "double"    { EMIT(DOUBLE); }     "else"      { EMIT(ELSE); }
    "exception" { EMIT(EXCEPTION); }  "exn"       { EMIT(EXN); }        "exncon"    { EMIT(EXNCON); }
    "extern"    { EMIT(EXTERN); }     "false"     { EMIT(FALSE); }      "fill"      { EMIT(FILL); }
    "finally"   { EMIT(FINALLY); }    "float"     { EMIT(FLOAT); }      "for"       { EMIT(FOR); }
    "fprintf"   { EMIT(FPRINTF); }    "fun"       { EMIT(FUN); }        "handle"    { EMIT(HANDLE); }
    "if"        { EMIT(IF); }         "int"       { EMIT(INT); }        "new"       { EMIT(NEW); }
    "null"      { EMIT(NULL_); }      "open"      { EMIT(OPEN); }       "ord"       { EMIT(ORD); }
    "prefix"    { EMIT(PREFIX); }     "printf"    { EMIT(PRINTF); }     "private"   { EMIT(PRIVATE); }
    "public"    { EMIT(PUBLIC); }     "raise"     { EMIT(RAISE); }      "rdtsc"     { EMIT(RDTSC); }
    "repterm"   { EMIT(REPTERM); }    "return"    { EMIT(RETURN); }     "short"     { EMIT(SHORT); }
    "signed"    { EMIT(SIGNED); }     "size"      { EMIT(SIZE); }       "splice"    { EMIT(SPLICE); }
    "sprintf"   { EMIT(SPRINTF); }    "static"    { EMIT(STATIC); }     "string"    { EMIT(STRING_TYPE); }
    "struct"    { EMIT(STRUCT); }     "switch"    { EMIT(SWITCH); }     "true"      { EMIT(TRUE); }
    "try"       { EMIT(TRY); }        "union"     { EMIT(UNION); }      "unsigned"  { EMIT(UNSIGNED); }
    "void"      { EMIT(VOID); }       "while"     { EMIT(WHILE); }      "with"      { EMIT(WITH); }
    "__cdecl"   { EMIT(CDECL); }      "__stdcall" { EMIT(STDCALL); }

    [A-Za-z] word*  { add_identifier(); return true; }
    "_"             { EMIT(UNDERSCORE); }

    "0x" [0-9a-fA-F]* suffix?  { add_integer({token_ + 2, cursor_}, 16); return true; }
    "0o" [0-7]* suffix?        { add_integer({token_ + 2, cursor_}, 8); return true; }
    "0b" [01]* suffix?         { add_integer({token_ + 2, cursor_}, 2); return true; }
    digit+ suffix?             { add_integer({token_, cursor_}, 10); return true; }
    digit+ "." digit+ exponent? ("lf" | [fF])?   { add_floating({token_, cursor_}); return true; }
    digit+ ("." digit*)? exponent ("lf" | [fF])? { add_floating({token_, cursor_}); return true; }
    digit+ "." ("lf" | [fF])?                    { add_floating({token_, cursor_}); return true; }
    "." digit+                                   { add_offset(); return true; }

    "'" [^\\'\r\n\x00] "'"          { add_character(static_cast<unsigned char>(token_[1])); return true; }
    "'\\" [\\'"] "'"               { add_character(static_cast<unsigned char>(token_[2])); return true; }
    "'\\n'"  { add_character('\n'); return true; }
    "'\\t'"  { add_character('\t'); return true; }
    "'\\b'"  { add_character('\b'); return true; }
    "'\\r'"  { add_character('\r'); return true; }
    "'\\0'"  { add_character(0); return true; }
    // Decimal, not octal.
    "'\\" digit{3} "'" { add_character(static_cast<uint64_t>((token_[2] - '0') * 100 + (token_[3] - '0') * 10 + (token_[4] - '0')) & 255); return true; }
    "'\\x" [0-9a-fA-F]{2} "'" { add_character(std::stoul(std::string(token_ + 3, 2), nullptr, 16)); return true; }
    "'"      { while (*cursor_ != '\'' && *cursor_ != '\n' && *cursor_ != '\r' && *cursor_ != 0 && cursor_ - token_ < 8) ++cursor_;
               if (*cursor_ == '\'') ++cursor_; else cursor_ = token_ + 1;
               report<Diag::BadCharLiteral>(loc());
               add_character(0); return true; }
    "\""     { lex_string(); return true; }

    "("  { EMIT(LPAREN); }    ")"  { EMIT(RPAREN); }   "["  { EMIT(LBRACKET); }  "]"  { EMIT(RBRACKET); }
    "{"  { if (expects_operand()) EMIT(ARRAY_BRACE); else EMIT(LBRACE); }
    "}"  { EMIT(RBRACE); }
    "{|" { EMIT(LBRACE_BAR); }  "|}" { EMIT(BAR_RBRACE); }  "[|" { EMIT(LBRACKET_BAR); }  "|]" { EMIT(BAR_RBRACKET); }
    ";"  { EMIT(SEMICOLON); } ","  { EMIT(COMMA); }    "."  { EMIT(DOT); }       ":"  { EMIT(COLON); }
    "::" { EMIT(COLON_COLON); }  "?" { EMIT(QUESTION); }  "@" { EMIT(AT); }
    "+"  { EMIT(PLUS); }      "-"  { EMIT(MINUS); }    "*"  { EMIT(STAR); }      "/"  { EMIT(SLASH); }   "%" { EMIT(PERCENT); }
    "++" { EMIT(PLUS_PLUS); } "--" { EMIT(MINUS_MINUS); }
    "="  { EMIT(ASSIGN); }    "+=" { EMIT(PLUS_ASSIGN); }  "-=" { EMIT(MINUS_ASSIGN); }  "*=" { EMIT(STAR_ASSIGN); }
    "/=" { EMIT(SLASH_ASSIGN); }  "%=" { EMIT(PERCENT_ASSIGN); }  "|=" { EMIT(BAR_ASSIGN); }  "^=" { EMIT(CARET_ASSIGN); }
    "&=" { EMIT(AMP_ASSIGN); }  "<<=" { EMIT(SHL_ASSIGN); }  ">>=" { EMIT(SHR_ASSIGN); }  ">>>=" { EMIT(USHR_ASSIGN); }
    "==" { EMIT(EQUAL); }     "!=" { EMIT(NOT_EQUAL); }  "<" { EMIT(LESS); }  ">" { EMIT(GREATER); }
    "<=" { EMIT(LESS_EQUAL); }  ">=" { EMIT(GREATER_EQUAL); }  "&&" { EMIT(AND_AND); }  "||" { EMIT(OR_OR); }
    "!"  { EMIT(NOT); }       "~"  { EMIT(TILDE); }    "&"  { EMIT(AMP); }       "|"  { EMIT(BAR); }     "^" { EMIT(CARET); }
    "<<" { EMIT(SHL); }       ">>" { EMIT(SHR); }      ">>>" { EMIT(USHR); }

    *    { report<Diag::BadCharacter>(loc(), std::string(token_, cursor_)); return true; }
  */
}

#undef EMIT

}  // namespace frontend
