// Fn: closures, functions together with a value that they are called with.
#ifndef FN_H
#define FN_H
#include "list.h"
prefix Fn {
open Fn {

// A function from a to b; what it closes over is hidden.
extern abstype <a,b>fn[c] = *(b f(c,a), c);

// The closure of a function and the value that it gets first.
extern <a,b>Fn::fn make_fn<a,b,c>(b f(c,a), c env);
// The closure of a function that needs none.
extern <a,b>Fn::fn fp2fn<a,b>(b f(a));
// Calls a closure.
extern b apply<a,b>(<a,b>Fn::fn f, a x);
// First g, then f.
extern <a,c>Fn::fn compose<a,b,c>(<a,b>Fn::fn g, <b,c>Fn::fn f);
// From a function of pairs to one that takes the components one after the other, and back.
extern <a,<b,c>Fn::fn>Fn::fn curry<a,b,c>(<*(a,b),c>Fn::fn f);
extern <*(a,b),c>Fn::fn uncurry<a,b,c>(<a,<b,c>Fn::fn>Fn::fn f);
// f of each element, in order.
extern <b>List::list map_fn<a,b>(<a,b>Fn::fn f, <a>List::list x);

}}
#endif
