// Scheme's syntax: from data to expressions whose variables are resolved.
#ifndef SCHEME_SYNTAX_H
#define SCHEME_SYNTAX_H
#include "value.h"
prefix Syntax {
open Syntax {

open Value;

// A local variable. Where it lives is the generator's business.
extern struct variable {
  const symbol name;
  bool assigned;      // by set!, or used before its definition is through: it lives in a box
  int home;           // number of the function that binds it
  int slot;           // where in that function's frame
}

extern struct lambda {
  const string name;
  const variable parameters[];
  const bool rest;
  const expr body;
}

extern struct call {
  const expr operator;
  const expr operands[];
  const place where;
}

extern union expr {
  value Constant;
  *(variable, place) Local;
  *(symbol, place) Global;
  *(expr, expr, expr) If;
  *(expr, expr) Or;
  *(variable, expr) Assign;
  *(symbol, expr, place) AssignGlobal;
  *(symbol, expr) Define;
  lambda Lambda;
  expr Sequence[];
  *(variable[], expr[], expr) Let;
  *(variable[], expr[], expr) Letrec;    // evaluated in order
  call Call;
}

// The names that are known at some place, from the innermost outwards.
extern union binding {
  variable Variable;
  macro Macro;
}
extern ?struct scope {
  const symbol name;
  const binding meaning;
  const scope outer;
}

// Analyses a form that stands at the top level.
extern expr analyse(value form);

// For special forms and macros.
extern expr expression(value form, scope s);
extern <binding>Core::Opt lookup(symbol name, scope s);
// A condition about a form.
extern exn bad(string message, value form);
// Is it a symbol of this name?
extern bool is_word(value v, string name);
// Without the marks that macros leave on names.
extern value stripped(value datum);

}}
#endif
