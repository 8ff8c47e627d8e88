// String: joining, cutting and comparing strings.
#ifndef STRING_H
#define STRING_H
#include "list.h"
prefix String {
open String {

// A range that does not lie in its string; the string is the one. A negative length or position.
extern exception Substring(string);
extern exception Strncmp;

// The strings of a list one after the other.
extern string strconcat_l(<string>List::list l);
// The strings of a list with a separator between any two.
extern string str_sepstr(<string>List::list l, string separator);
// n bytes from position start on; raises Substring.
extern string substring(string s, int start, int n);
// s with `new` in place of its ending `old`; raises Core::InvalidArg if it ends in anything else.
extern string replace_suffix(string s, string old_suffix, string new_suffix);

// -1, 0 or 1; at most n bytes count, a negative n raises Strncmp.
extern int strncmp(string s1, string s2, int n);
// The same from given positions on.
extern int strncmp_subs(string s1, int o1, string s2, int o2, int n);
// The same without regard to letter case.
extern int strncasecmp_subs(string s1, int o1, string s2, int o2, int n);

// The bytes of a string as a list, and back.
extern <char>List::list explode(string s);
extern string implode(<char>List::list l);

}}
#endif
