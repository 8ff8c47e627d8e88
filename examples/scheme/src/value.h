// Values of Scheme programs, and what procedures are made of.
#ifndef SCHEME_VALUE_H
#define SCHEME_VALUE_H
#include "core.h"
#include "list.h"
#include "hashtable.h"
prefix Value {
open Value {

// Where something stands in a source file; null when nobody knows.
extern ?struct place {
  const string file;
  const int line;
  const int column;
}

// A symbol is also the global variable of its name. There is one of each name.
extern struct symbol {
  const string name;
  const <symbol>Core::Opt original;  // of a name that a macro put in: what it was in the macro
  value global;     // Undefined before its definition
  int inlined;      // the instruction that stands for calls of this primitive, or 0
  macro expander;   // what (name ...) means if a define-syntax said so
}

// A syntax-rules macro.
extern ?struct macro {
  const symbol ellipsis;
  const <symbol>List::list literals;
  const <*(value, value)>List::list rules;
}

extern struct pair {
  value car;
  value cdr;
}

// A variable that is assigned after its creation lives in a box.
extern struct box { value content; }

// A magnitude in base 10^9, least digit first, without leading zeros. Only for what a `long` does not hold.
extern struct bignum {
  const bool negative;
  const int digits[];
}

// Instructions of one lambda expression, see opcode.h.
extern struct code {
  const string name;
  const int required;   // how many arguments have to be there
  const bool rest;      // further ones become a list
  int ops[];
  value constants[];
  symbol globals[];
  code inner[];
  int place_at[];       // instruction place_at[i] and what follows it comes from places[i]
  place places[];
  int frame;            // how many words of stack a call needs
}

extern struct closure {
  const code body;
  const value captured[];
}

extern union routine {
  value None();
  value One(value);
  value Two(value, value);
  value Three(value, value, value);
  value Many(value[]);
  int Control;          // what only the machine can do, see opcode.h
}

extern struct primitive {
  const string name;
  const int least;
  const int most;       // -1: any number of arguments
  const routine run;
}

// Who gets what is raised: the innermost one that was installed.
extern ?struct handler {
  const int frames;
  const int height;
  const value procedure;
  const handler outer;
}

// A copy of the machine's stacks.
extern struct continuation {
  const value stack[];
  const int counters[];
  const int bases[];
  const closure closures[];
  const handler handlers;
}

extern struct promise {
  bool done;
  value content;        // the value or a procedure that computes it
}

extern struct condition {
  const string message;
  const value irritants;
  place where;
}

extern struct port {
  FILE file;
  const bool input;
}

extern union value {
  void Nil;
  void False;
  void True;
  void Unspecified;
  void Undefined;
  void Eof;
  long Int;
  bignum Big;
  double Real;
  char Char;
  symbol Symbol;
  string String;
  pair Pair;
  value Vector[];
  closure Closure;
  primitive Primitive;
  continuation Continuation;
  value Multiple[];
  promise Promise;
  condition Condition;
  <value, value>Hashtable::table Table;
  port Port;
  box Box;
}

// What a Scheme program raised; the errors that the interpreter finds are conditions.
extern exception Thrown(value);

// Conditions to raise: a message with values behind it; a wrong argument; a number that is out of range.
extern exn failure(string message, value irritant);
extern exn failures(string message, value irritants);
extern exn wrong(string procedure, string wanted, value got);
extern exn out_of_range(string procedure, value got);

// The symbol of a name; a new one that stands for another, which no other symbol is the same as.
extern symbol intern(string name);
extern symbol alias(symbol original);
// What a name is but for macros.
extern symbol root(symbol s);
extern void each_symbol(void f(symbol));

extern value integer(long n);
extern value boolean(bool b);
extern value cons(value car, value cdr);
extern value symbol_value(string name);
extern bool truth(value v);

// Parts of lists that syntax and primitives take apart; raise `what` with the form when it is not so.
extern bool is_pair(value v);
extern value car(value v);
extern value cdr(value v);
// The number of elements; -1 if it is no list.
extern int list_length(value v);
extern value list_of(value items[]);
extern value array_of(value list)[];
extern value reverse(value list);
extern value append_reversed(value reversed, value tail);

// The first n elements of a list that is in the opposite order.
extern a reversed_array<a>(<a>List::list reversed, int n, a filler)[];

extern bool eqv(value a, value b);
extern bool equal(value a, value b);
// The same number for values that are equal.
extern int hash_equal(value v);
// 0 for values that are equal: what Hashtable wants.
extern int compare_equal(value a, value b);

}}
#endif
