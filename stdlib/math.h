// Math: functions and constants of floating-point numbers.
//
// Angles are in radians. What has no value is NaN.
#ifndef MATH_H
#define MATH_H
prefix Math {
open Math {

// Half the way round the circle of radius 1, and the two infinities.
extern double pi;
extern double pos_inf;
extern double neg_inf;
// Logarithms: base 2 of e and of 10, natural of 2, base 10 of 2.
extern double log2_e;
extern double log2_10;
extern double loge_2;
extern double log10_2;

// Of an angle.
extern double cos(double x);
extern double sin(double x);
extern double tan(double x);
// The angle of the point (x, y), from -pi to pi; its tangent is y / x.
extern double atan(double y, double x);
// The root that is not negative; powers of e, and logarithms to the bases e, 2 and 10.
extern double sqrt(double x);
extern double exp(double x);
extern double log(double x);
extern double log2(double x);
extern double log10(double x);
// y * log2(x), and y * log2(x + 1).
extern double fyl2x(double x, double y);
extern double fyl2xp1(double x, double y);
// 2 to the x, minus 1.
extern double f2xm1(double x);
extern double fabs(double x);
// What remains of x after division by y a whole number of times; it has the sign of x.
extern double frem(double x, double y);
// The nearest whole number, the even one of two.
extern double fround(double x);
// The largest whole number that is not above x; the least that is not below; the nearest towards zero.
extern double floor(double x);
extern double ceil(double x);
extern double trunc(double x);
// x - trunc(x).
extern double frac(double x);
extern bool is_nan(double x);
// Neither infinite nor NaN.
extern bool is_finite(double x);
extern double fmin(double x, double y);
extern double fmax(double x, double y);

}}
#endif
