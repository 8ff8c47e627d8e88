// Reads data from files, from strings and from a terminal.
#ifndef SCHEME_READER_H
#define SCHEME_READER_H
#include "value.h"
#include "lexer.h"
prefix Reader {
open Reader {

open Value;

// An input and how much of it has been read.
extern source;

// Reads from a file descriptor, and never more than there is, so that a person can type it.
extern source from_descriptor(int fd, string name);
extern source from_file(FILE f, string name);
extern source from_string(string text, string name);

// The next datum, or null at the end. Raises Thrown with a condition if what stands there is none.
extern <value>Core::Opt read(source s);
// Is there something to read, maybe the end, within so many milliseconds? Blanks do not count.
extern bool is_ready(source s, int milliseconds);
// Forgets the places of what has been read.
extern void forget();
// Drops what is left of the current line: after an error in what somebody typed.
extern void skip_line(source s);

// Where a list began that was read last; null for others.
extern place place_of(pair p);
extern void set_place(pair p, place where);

// For the grammar.
extern <value>Core::Opt result;
extern value placed(Lexer::mark m, value car, value cdr);
extern void complain(string message);
extern int next_token();

}}
#endif
