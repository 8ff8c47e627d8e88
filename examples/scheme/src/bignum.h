// Integers that do not fit in a `long`. Magnitudes are arrays of digits in base 10^9, least first, without leading zeros.
#ifndef SCHEME_BIGNUM_H
#define SCHEME_BIGNUM_H
#include "value.h"
prefix Bignum {
open Bignum {

open Value;

extern bignum of_long(long n);
// The value: an Int if a `long` holds it.
extern value normal(bool negative, int digits[]);

extern value add(bignum a, bignum b);
extern value subtract(bignum a, bignum b);
extern value multiply(bignum a, bignum b);
// Truncated quotient and remainder; b is not 0.
extern *(value, value) divide(bignum a, bignum b);
extern bignum negate(bignum a);
extern int compare(bignum a, bignum b);

extern double to_double(bignum a);
// Of a whole number.
extern value of_double(double x);
extern string to_string(bignum a);
// Decimal digits only.
extern value of_digits(bool negative, string digits);

}}
#endif
