%{
// The notation of data. Lists are built from left to right, so that long ones need little stack.
#include "core.h"
#include "string.h"
#include "value.h"
#include "lexer.h"
#include "reader.h"

open Value;

extern int yylex();

static value quoted(string name, Lexer::mark m, value datum) {
  return Reader::placed(m, Value::symbol_value(name), cons(datum, ^.Nil));
}

static value marked(Lexer::mark m, value list) {
  switch list { case Pair(p): return Reader::placed(m, p.car, p.cdr); default: return list; }
}

void yyerror(string message) { Reader::complain(message); }
%}
%define parse.error verbose
%union { int None; Value::value Datum; Lexer::mark Place; }
%token END 0 "end of input"
%token <Datum> ATOM "datum"
%token <Place> OPEN "(" VECTOR "#("
%token <Place> QUOTE "'" QUASIQUOTE "`" UNQUOTE "," SPLICING ",@" SKIP "#;"
%token CLOSE ")" DOT "."
%type <Datum> datum items tail
%%
input: datum                   { Reader::result = ^Core::Opt($1); YYACCEPT; }
     | END                     { Reader::result = null; YYACCEPT; }
     | SKIP datum input
     ;
datum: ATOM
     | OPEN items tail CLOSE   { $$ = ^$(marked($1, append_reversed($2, $3))); }
     | VECTOR items CLOSE      { $$ = ^$(^value.Vector(array_of(reverse($2)))); }
     | QUOTE datum             { $$ = ^$(quoted("quote", $1, $2)); }
     | QUASIQUOTE datum        { $$ = ^$(quoted("quasiquote", $1, $2)); }
     | UNQUOTE datum           { $$ = ^$(quoted("unquote", $1, $2)); }
     | SPLICING datum          { $$ = ^$(quoted("unquote-splicing", $1, $2)); }
     ;
items: /* none */              { $$ = ^$(^value.Nil); }
     | items datum             { $$ = ^$(cons($2, $1)); }
     | items SKIP datum        { $$ = $!1; }
     ;
tail: /* none */               { $$ = ^$(^value.Nil); }
    | DOT datum                { $$ = $!2; }
    ;
%%
