// Numbers: exact integers of any size and inexact ones of double precision.
#ifndef SCHEME_NUMBER_H
#define SCHEME_NUMBER_H
#include "value.h"
prefix Number {
open Number {

open Value;

extern bool is_number(value v);
extern bool is_exact(value v);
// An integer, exact or not.
extern bool is_integer(value v);

extern value add(value a, value b);
extern value subtract(value a, value b);
extern value multiply(value a, value b);
// Exact if there is an exact integer quotient.
extern value divide(value a, value b);
extern value negate(value a);
// Integer division: truncated; its remainder; the remainder that has the sign of the divisor.
extern value quotient(value a, value b);
extern value remainder(value a, value b);
extern value modulo(value a, value b);
extern value gcd(value a, value b);
extern value expt(value base, value exponent);
extern value square_root(value a);

// Negative, 0 or positive. With a NaN it is 2, which is none of what a comparison asks for.
extern int compare(value a, value b);
extern bool less(value a, value b);
extern bool same(value a, value b);
extern int sign(value a);
extern bool is_even(value a);

extern double to_double(string procedure, value a);
extern value to_inexact(value a);
extern value to_exact(value a);
// An exact integer in a range; raises a condition for `procedure`.
extern int to_index(string procedure, value a, int limit);
extern value map_double(string procedure, double f(double), value a);

extern string to_string(value a, int radix);
// Null if the text is no number.
extern <value>Core::Opt parse(string text, int radix);

}}
#endif
