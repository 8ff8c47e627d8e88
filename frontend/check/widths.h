// Which type variables must have a known width.
//
// Arrays are dense: the elements of an `int[]` take four bytes, those of a `char[]` one. Code that makes or indexes an `a[]` therefore has
// to know how many bytes an `a` takes there; all other polymorphic code moves `a`s as 8-byte words and exists once. The front end finds
// the least solution of
//
// An array below is also a tuple of one component, which may be a variable or a field seen through `&`.
//
//   * a parameter of a type declaration needs its width if an array of it occurs in the declaration, or if it is handed to such a parameter
//     of another type. Of an abstract type of another module nothing is known: all its parameters are taken to need it;
//   * a type variable of a function needs its width if a type in its signature or body has an array of it or hands it to such a parameter
//     of a type, or if its body hands it to such a variable of a function.
//
// Results: TypeDecl::width_params and Symbol::width_params. A function with such variables is compiled once for each width.
#pragma once

#include "frontend/frontend.h"
#include "frontend/typed_ast.h"

namespace frontend {

// Of how many variables of one function the width may have to be known: it exists 4^n times.
inline constexpr unsigned kMaxWidthParams = 4;

void infer_widths(Session& session, typed::TypedModule& module);

}  // namespace frontend
