#include <gtest/gtest.h>

#include "frontend/ast_printer.h"
#include "frontend/frontend.h"
#include "frontend/lexer.h"
#include "support/diagnostic_printer.h"

using namespace frontend;

namespace {

struct Source {
  explicit Source(const std::string& text) : source(*source_from_text(session, "t.pop", text)) {}
  Session session;
  SourceText source;
  support::Arena strings;
};

std::vector<Token> tokens(Source& s) {
  std::vector<Token> list;
  Lexer lexer(s.session, s.source, s.strings);
  do list.push_back(lexer.next());
  while (list.back().kind != TOK_END);
  return list;
}

std::vector<std::string> spellings(const std::string& text) {
  Source s(text);
  std::vector<std::string> list;
  for (const Token& token : tokens(s)) list.push_back(s.source.text.substr(token.offset, token.length));
  list.pop_back();
  return list;
}

std::string printed_expr(const std::string& text) {
  Source s("int x = " + text + ";");
  const auto module = parse(s.session, s.source);
  if (!module) return support::print_text(s.session.diagnostics, s.session.sources, {});
  return print(*std::get<ast::ValueDecl>(module->decls[0]->node).init);
}

TEST(Lexer, LongestMatch) {
  EXPECT_EQ(spellings("a>>>=b<<c"), (std::vector<std::string>{"a", ">>>=", "b", "<<", "c"}));
  EXPECT_EQ(spellings("t.1.2 1.5 x.y"), (std::vector<std::string>{"t", ".1", ".2", "1.5", "x", ".", "y"}));
  EXPECT_EQ(spellings("_foo"), (std::vector<std::string>{"_", "foo"}));
}

TEST(Lexer, SoftKeywords) {
  Source s("long x; int long; typedef long t; f(long, 1);");
  const std::vector<Token> list = tokens(s);
  EXPECT_EQ(list[0].kind, TOK_LONG);
  EXPECT_EQ(list[4].kind, TOK_ID);
  EXPECT_EQ(list[6].kind, TOK_TYPEDEF);
  EXPECT_EQ(list[7].kind, TOK_LONG);
  EXPECT_EQ(list[12].kind, TOK_ID);  // the variable declared above
}

TEST(Lexer, LineMarkers) {
  Source s("# 7 \"other.h\"\nx\n#pragma anything\ny");
  const std::vector<Token> list = tokens(s);
  EXPECT_EQ(list[0].loc.line, 7u);
  EXPECT_EQ(s.session.sources.name(list[0].loc.file), "other.h");
  EXPECT_EQ(list[1].loc.line, 9u);
}

TEST(Lexer, StringEscapes) {
  Source s("\"a\\n\\q\\033\\\n b\\ c\"");
  const std::vector<Token> list = tokens(s);
  EXPECT_EQ(std::string(list.at(0).text.begin(), list.at(0).text.end()), "a\n\\q\\033 bc");
}

TEST(Parser, Precedence) {
  EXPECT_EQ(printed_expr("a + b * c - d"), "a + b * c - d");
  EXPECT_EQ(printed_expr("(a + b) * (c - d)"), "(a + b) * (c - d)");
  EXPECT_EQ(printed_expr("a - (b - c)"), "a - (b - c)");
  EXPECT_EQ(printed_expr("(a = b) + 1"), "(a = b) + 1");
  EXPECT_EQ(printed_expr("(:int)-a * 2"), "(:int)-a * 2");
  EXPECT_EQ(printed_expr("(:int)(a * 2)"), "(:int)(a * 2)");
  EXPECT_EQ(printed_expr("a == b & c ^ d | e"), "a == b & c ^ d | e");
  EXPECT_EQ(printed_expr("(a, b)"), "a, b");
  EXPECT_EQ(printed_expr("f((a, b), c)"), "f((a, b), c)");
  EXPECT_EQ(printed_expr("a ? b : c ? d : e"), "a ? b : c ? d : e");
  EXPECT_EQ(printed_expr("(a ? b : c) ? d : e"), "(a ? b : c) ? d : e");
  EXPECT_EQ(printed_expr("-(-a)"), "-(-a)");
  EXPECT_EQ(printed_expr("(^P(1)).x"), "(^P(1)).x");
}

TEST(Printer, Diagnostics) {
  Source s("int x = 1;\n\tint y = $;\n");
  (void)tokens(s);
  EXPECT_EQ(support::print_text(s.session.diagnostics, s.session.sources, {}), "t.pop:2:10: error: unexpected character `$`\n    \tint y = $;\n    \t        ^\n");
  EXPECT_EQ(support::print_text(s.session.diagnostics, s.session.sources, {.color = false, .show_ids = true}).substr(0, 63),
            "t.pop:2:10: error: unexpected character `$` [BadCharacter]\n    ");
  EXPECT_NE(support::print_text(s.session.diagnostics, s.session.sources, {.color = true}).find("\033[1;31merror: "), std::string::npos);
}

}  // namespace
