// The native interface: what the runtime offers to verified code, as a text file (stdlib/runtime/natives.tali).
//
//   # comment
//   abstract Core::file                              an opaque layout: values are `ptr Core::file`
//   type pair<a:W,b:W> = { 0: a slot; 8: b slot }    a layout that natives share with Popcorn (as in `.tal` text)
//   Core::putc : (i8, ptr Core::file) -> i32
//   Core::exit : (i32) -> noret
//   Core::strlen : (arr i8) -> i32 nothrow
//   List::nth : <a:W>(ptr List::list<a>, i32) -> a
//   data tal_stdout : ptr? FILE                      a variable of the runtime (rw); its symbol has type `ptr {t rw @0}`
//   exception NullPointer                            a builtin exception name, `exception Fail of arr i8` with payload
//
// Types are written as in `.tal` files (tal/text/text.h): i8 i16 i32 i64, `ptr T`, `ptr? T`, `arr t`, `arr t ro`, exn, exn?,
// `fn (i32) -> i32`, `exnname t`, named types with arguments, variables of the quantifier. A signature without
// `nothrow` throws; `blocking` behind it all marks functions that wait for something outside the program, for tools that place
// update points.
#pragma once

#include "tal/object.h"

#include <map>
#include <string>

namespace tal {

struct Native {
  using What = SymbolKind; // not Desc
  What what = What::Function;
  bool blocking = false;  // a function that waits for something outside the program
  bool user = false;      // declared by the user, who vouches for it, not by the runtime
  TypeId type;    // signature, exnname type, or type of the variable's address; in NativeInterface::types
};

struct NativeInterface {
  TypeTable types;
  std::map<std::string, Native> natives;
  std::string user_text;  // the declarations of the user as they were given: what an updateable program carries
};

// The runtime's declarations, and those of a user who binds C functions (docs/interop.md): these may use the runtime's types but
// not its names, nor reserved ones. False with "line N: message", of the user's text if `text` is right.
[[nodiscard]] bool parse_natives(std::string_view text, NativeInterface& natives, std::string& problem, std::string_view user = {});

// The text of stdlib/runtime/natives.tali as it was when the tools were built (library pop_natives).
std::string_view builtin_natives_text();

// The runtime entry points with typing rules of their own. Symbols of kind Function and scope Native, type no_type.
enum class Special : uint8_t {
  None,
  New,         // __tal_new(desc T in rdi) -> new T
  NewArray,    // __tal_newarray(desc (arr t) in rdi, n: i64 in rsi, init: t in rdx) -> arr t in rax
  Raise,       // __tal_raise(exn in rdi) noret
  RaiseNull,   // __tal_raise_null() noret, and so on
  RaiseBounds,
  RaiseDiv,
  RaiseVariant,
  Update,      // __tal_update() : an update point
};
Special special_entry(std::string_view name);

} // namespace tal
