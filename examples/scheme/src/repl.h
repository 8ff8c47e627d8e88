// Sessions: forms are read, evaluated and answered one after the other; and programs in files.
#ifndef SCHEME_REPL_H
#define SCHEME_REPL_H
#include "value.h"
#include "reader.h"
prefix Repl {
open Repl {

open Value;

extern struct session {
  const Reader::source input;
  const string prompt;
  bool prompted;      // the prompt has been written for the form that comes next
  int forms;
  int errors;
}

// A session on the standard input.
extern session start(string prompt);
// Waits a moment for input and evaluates a form if there is one; false at the end.
extern bool round(session s);
// How the session went, when it is over.
extern void finish(session s);

// Evaluates all forms of a file or a text. False if one of them raised something, which is then reported.
extern bool run_file(string name);
extern bool run_text(string text, string name, bool print);

}}
#endif
