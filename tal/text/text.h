// The text form of objects: `.tal` files. Printed and parsed; print(parse(x)) == x for what print makes. Not part of the trusted base.
//
// One line each, `#` starts a comment. Names are source names (List::map) or quoted ("a b"). Types: tal/natives/type_parser.h.
//
//   module NAME [version "TEXT"]
//   type NAME[<v:kind, ...>] = { offset: type [ro] [slot]; ... }      or  = abstract [kind]
//   type NAME[<v:kind, ...>] = package kind [v:kind, ...] type        values of the type with the variables in [] hidden
//   import NAME : signature                      a function of another module
//   import data NAME : type                      type of its address
//   import exception NAME [of type]
//   native NAME      native data NAME      native exception NAME      runtime; the type comes from the native interface
//   desc NAME : type                             a descriptor; NAME is local to the file
//   exception [public|static] NAME [of type]     defined here
//   data [public|static] NAME : type [in rodata|data|relro|bss]       then its content, ended by `end`:
//     i8 N ...   i16 N ...   i32 N ...   i64 N ...   ascii "TEXT"   zero N   addr NAME
//     entry FUNCTION LABEL                       i32, in rodata, before the function: the label's distance from the function's start
//   func [public|static] NAME : signature        then its code, ended by `end`:
//     LABEL:                                     a name for branches, starting with a dot
//     LABEL: { item; item; ... }                 with a label record
//       depth N           D; 0 if absent
//       lost              callee-saved registers that are not listed are junk
//       LOC: type         a live location: a register (64-bit name) or `slot N` (N = -1 is the first word pushed)
//       LOC: saved REG    the entry value of REG
//       same LOC LOC      both hold one value
//       fact X - Y <= N   X, Y: 0, LOC or len(LOC); also X <= N and 0 - Y <= N
//     try LABEL                                  calls from here to `endtry` unwind to LABEL
//     endtry
//     INSTRUCTION [<type, ...>]                  Intel syntax; type arguments of a polymorphic call or address; of a
//                                                `mov REG, REG` that packs or opens: the package, then the hidden types
//     .byte N ...                                raw bytes
//   end
//
// Branches (jcc, jmp, call) to names take the 4-byte form, `jcc short LABEL` the 1-byte form. `[rip + NAME]` makes a
// relocation, `[rip + NAME + N]` one with an offset, `[rip + LABEL]` none. Other instructions go to the encoder.
#pragma once

#include "tal/object.h"

#include <functional>

namespace tal {

// Machine code of one instruction in Intel syntax; RIP operands come as `[rip]`. False with a message.
using EncodeInstruction = std::function<bool(std::string_view text, Bytes& code, std::string& problem)>;

struct TextProblem {
  uint32_t line = 0;
  std::string message;
};

// Builds the object that the text describes; write_object makes the file of it. Nothing is checked but the syntax and that
// names exist: objects that no compiler would emit are what the text form is for.
[[nodiscard]] bool assemble(std::string_view text, const EncodeInstruction& encode, ObjectImage& image,
                            ObjectAnnotations& annotations, std::vector<TextProblem>& problems);

// The text of an object. Bytes that are no instruction of the table are printed as `.byte`.
std::string print_object(const ObjectImage& image, const ObjectAnnotations& annotations);

// One label record as text, `{ ... }`.
std::string print_label(const TypeTable& types, const LabelRecord& label);

} // namespace tal
