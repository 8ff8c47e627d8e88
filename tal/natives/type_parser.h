// Types in text form, as TypeTable::print writes them:
//
//   type   = i8 | i16 | i32 | i64 | f32 | f64 | exn[?] | ptr[?] memory | arr[?] [ro] type | fn[?] [ signature ]
//          | exnname (type | void) | $n[:kind] | v                v: a variable named by the quantifier
//          | N[<types>]                                           an abstract type or a package
//   memory = { field; ... } | (type, ...) | N[<types>]            a layout, a tuple, a named type
//   field  = offset: type [ro] [slot]
//   signature = [<v:kind, ...>] (types) [-> (type | void | noret)] [nothrow] [pre fact, ...] [post fact, ...]
//   fact   = operand [- operand] <= n         operand: 0, a0, a1, ... (the arguments) or result, len(one of these)
//   kind   = W | W1 | W2 | W4 | W8 | P
#pragma once

#include "tal/natives/text_lexer.h"
#include "tal/types.h"

namespace tal {

class TypeParser {
public:
  // `facts`: signatures may have some.
  explicit TypeParser(TypeTable& types, bool facts = true) : types_(types), facts_(facts) {}

  // Results are valid if !in.failed().
  TypeId type(TokenStream& in);
  TypeId memory(TokenStream& in);
  TypeId signature(TokenStream& in);

  // `type N[<v:kind, ...>] = body`, `= abstract [kind]` or `= package kind [v:kind, ...] type`, after the word `type`. First all
  // declarations, then all bodies: named types may refer to each other in any order.
  bool declare(TokenStream& in);
  bool define(TokenStream& in);
  // The quantified variables in scope: of the function whose types are read next; none at the start.
  void set_vars(const std::vector<Kind>& kinds) {
    vars_.clear();
    for (Kind k : kinds)
      vars_.emplace_back("", k);
  }

  // Named types that were declared elsewhere (an importing compiler's table) can be made known here.
  void add_named(std::string name, NamedId id) { named_.emplace_back(std::move(name), id); }

private:
  TypeId signature_here(TokenStream& in);
  std::vector<SigFact> facts(TokenStream& in, bool of_result); // tal/text/fact_text.cpp
  bool kind(TokenStream& in, Kind& k);
  bool quantifier(TokenStream& in, std::vector<Kind>& kinds);
  bool variables(TokenStream& in, std::vector<Kind>& kinds, std::string_view close);
  bool package(TokenStream& in, Kind& k, std::vector<Kind>& hidden);
  std::vector<TypeId> list(TokenStream& in, std::string_view close);
  TypeId named(TokenStream& in, const std::string& name);
  TypeId cases(TokenStream& in);
  TypeId checked(TokenStream& in, TypeId type, const char* what);

  TypeTable& types_;
  bool facts_;
  std::vector<std::pair<std::string, NamedId>> named_;
  std::vector<std::pair<std::string, Kind>> vars_;   // of the quantifier being parsed
  int depth_ = 0;
};

// A struct of these components, as the syntax `(t, ..)` and tuples of the language have it: each is a slot, so that substitution
// never moves one. One of a single component is the field alone: what `&x` gives.
TypeId tuple(TypeTable& types, std::span<const TypeId> components, Mutability mutability = Mutability::ReadWrite);

} // namespace tal
