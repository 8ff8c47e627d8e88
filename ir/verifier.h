// The IR verifier: run after lowering, after reading text, and after every pass with --verify-each.
//
// Structure of a function with a body
//   S1  the layout names each block once; block, value and instruction ids are in range
//   S2  a block has at least one instruction; its last one is a terminator and no other is
//   S3  an instruction is in one block only, and says which; a result says which instruction makes it; parameters likewise
//   S4  operand counts, attributes (symbol in range, field index), number of targets and keys fit the operation
//   S5  an edge has as many arguments as its target has parameters (unwind edge: one less); no edge enters the entry block
//   S6  the entry block's parameters are the function's parameters, by number and type
//   S7  in a block with an unwind edge only the last instruction before the terminator may throw, and one does;
//       its terminator is not `raise`; the target's first parameter is an exn
//   S8  switch keys are distinct and in the range of the subject's type
// Values
//   V1  every use is dominated by its definition; an unwind argument is defined before the throwing instruction. The result of
//       a throwing instruction in a block with an unwind edge may be used only in blocks dominated by a successor that has no
//       other predecessor (and in the terminator)
//   V2  no `undef` in a reachable block
//   V3  every block is reachable
// Types (rules in verify_types.cpp)
//   T1  operands and results have the types that the row of ir.def asks for, and the operation's own rule
//   T2  edge arguments, call arguments, stored values and returned values have the type of their destination
//       (a nonnull value may go where a nullable one is expected)
//   T3  `nonnull` is set on nullable named types only
//   T4  a divisor is a non-zero constant or the result of check_div
//   T5  the index of an element access is the result of check_bounds for the same array, or a constant
//   T6  no error, inference or unsupported type occurs
// Module
//   M1  names of functions, globals and exceptions are unique within their table and not empty
//   M2  constants have the type of their place; data references point to earlier objects
//
// Not checked: that sdiv's operands are not MIN and -1; that exn_payload is under its exn_matches and assume_nonnull under its
// comparison; that a constant index is inside the array. These are facts about values; lowering and each pass must keep
// them, and the checker of machine code refuses the result if they do not.
#pragma once

#include <string>
#include <vector>

#include "ir/ir.h"

namespace ir {

struct VerifyError {
  const char* rule; // "S2"
  FuncId function;  // none: module
  BlockId block;    // none: function
  InstId inst;      // none: block head
  std::string text;
};

// All violations, in layout order. Later groups are skipped for a function whose structure is broken.
[[nodiscard]] std::vector<VerifyError> verify(const Module& module);
[[nodiscard]] std::vector<VerifyError> verify_function(const Module& module, FuncId function);
// The listing of the functions concerned with each error under the line it is about.
std::string render(const Module& module, const std::vector<VerifyError>& errors);

} // namespace ir
