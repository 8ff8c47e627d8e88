// Arg: options of the command line.
#ifndef ARG_H
#define ARG_H
#include "core.h"
#include "list.h"
prefix Arg {
open Arg {

// For programs that tell of an error of their own.
extern exception Error;
// A function raises it for an argument that it does not take; the string says why. parse reports it.
extern exception Bad(string);

// A cell that an option sets.
extern struct bool_ref { bool v; }

// What an option does.
extern union spec {
  void Unit();
  Arg::bool_ref Set;
  Arg::bool_ref Clear;
  void String(string);
  void Int(int);
  void Rest(string);
}

// Prints a message and the options, each with its explanation, to the standard error stream. An option is its name, what it does and the
// explanation.
extern void usage(<*(string,Arg::spec,string)>List::list options, string message);
// The number of the argument that is being looked at.
extern int current;
// Does what the arguments of the program say, in order: those that are no options are given to `other`. -help and --help print the
// usage and end the program; an unknown option, one that lacks its argument, or Bad, ends it with an error and status 2.
extern void parse(<*(string,Arg::spec,string)>List::list options, void other(string), string message);

}}
#endif
