#include "frontend/lexgen/writer.h"

#include <algorithm>

namespace frontend::lexgen {
namespace {

class Writer {
public:
  Writer(std::string_view source, std::string_view output) : source_(source), output_(output) {}
  void line(std::string_view text);
  // Code of the user, whose lines are those of the specification.
  void code(const CodeText& code);
  void array(const std::vector<int>& values, std::string_view after);
  std::string take() { return std::move(text_); }

private:
  void directive(size_t line, std::string_view file);

  std::string_view source_, output_;
  std::string text_;
  size_t lines_ = 0; // written so far
};

void Writer::line(std::string_view text) {
  text_.append(text) += '\n';
  ++lines_;
}

void Writer::directive(size_t number, std::string_view file) {
  std::string quoted;
  for (const char c : file)
    quoted.append(c == '"' || c == '\\' ? 1 : 0, '\\') += c;
  line("#line " + std::to_string(number) + " \"" + quoted + '"');
}

void Writer::code(const CodeText& code) {
  if (code.line == 0)
    return;
  directive(code.line, source_);
  line(code.text);
  lines_ += static_cast<size_t>(std::count(code.text.begin(), code.text.end(), '\n'));
  directive(lines_ + 2, output_);
}

void Writer::array(const std::vector<int>& values, std::string_view after) {
  std::string row = "  {";
  for (size_t i = 0; i < values.size(); ++i) {
    row += std::to_string(values[i]);
    if (i + 1 < values.size())
      row += ',';
    if (row.size() > 120) {
      line(row);
      row = "   ";
    }
  }
  line(row.append("}").append(after));
}

} // namespace

std::string write_lexer(const LexerSpec& spec, const Automaton& automaton, std::string_view source, std::string_view output) {
  Writer out(source, output);
  // Before the header, which may end in a `prefix` that goes on to the end of the file.
  out.line("#include \"lexing.h\"");
  out.code(spec.header);
  out.line("open Lexing {");
  out.line("");
  const LexerTables tables = compress(automaton);
  out.line("static lex_tables lex_tables = ^lex_tables(");
  out.array(tables.base, ",");
  out.array(tables.backtrack, ",");
  out.array(tables.standard, ",");
  out.array(tables.trans, ",");
  out.array(tables.check, ");");
  int action = 0;
  for (size_t r = 0; r < spec.rules.size(); ++r) {
    const LexerRule& rule = spec.rules[r];
    const std::string name(rule.name);
    out.line("");
    out.line("int " + name + "_rec<a>(<a>lexbuf lexbuf, int lexstate) {");
    out.line("  int lexaction = lex_engine(lex_tables, lexstate, lexbuf);");
    out.line("  while (lexaction < 0) {");
    out.line("    lexbuf.refill_buff(lexbuf);");
    out.line("    lexaction = lex_engine(lex_tables, lexaction, lexbuf);");
    out.line("  }");
    out.line("  switch (lexaction) {");
    for (const LexerClause& clause : rule.clauses) {
      out.line("  case " + std::to_string(action++) + ": {");
      out.code(clause.action);
      out.line("  }");
    }
    out.line("  default: ;");
    out.line("  }");
    out.line("  raise Error(\"an action of the rule '" + name + "' did not return\");");
    out.line("}");
    out.line("");
    out.line("int " + name + "<a>(<a>lexbuf lexbuf) { return " + name + "_rec(lexbuf, " + std::to_string(automaton.starts[r]) + "); }");
  }
  out.line("");
  out.line("}");
  out.code(spec.trailer);
  return out.take();
}

} // namespace frontend::lexgen
