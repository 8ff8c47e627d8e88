// What the lexer offers besides its rules.
#ifndef SCHEME_LEXER_H
#define SCHEME_LEXER_H
#include "core.h"
#include "lexing.h"
prefix Lexer {
open Lexer {

// Where a token begins.
extern struct mark {
  const int line;
  const int column;
}

// Where a lexer has come to; null at the start of an input.
extern ?struct state {
  const int line;
  const int line_start;
}

// What is wrong with a token, and where; a token or list that begins there and does not end.
extern exception Problem(*(string, mark));
extern exception Incomplete(mark);

// A Problem with the current token.
extern exn problem(string message);

// The next token's number, see the grammar.
extern int next<a>(<a>Lexing::lexbuf buffer);
extern mark current();
extern void restart(state s);
extern state suspend();

}}
#endif
