// Instructions of the machine. It has an accumulator and a stack; operands are words behind the instruction.
#ifndef SCHEME_OPCODE_H
#define SCHEME_OPCODE_H
prefix Opcode {
open Opcode {

enum opcode {
  HALT,
  CONSTANT,        // k: acc = constants[k]
  PUSH_CONSTANT,   // k: push constants[k]
  LOCAL,           // i: acc = stack[base + i]
  PUSH_LOCAL,      // i: push stack[base + i]
  LOCAL_BOX,       // i: acc = what is in the box in stack[base + i]
  FREE,            // i: acc = captured[i]
  PUSH_FREE,       // i
  FREE_BOX,        // i
  GLOBAL,          // k: acc = the value of globals[k]
  PUSH_GLOBAL,     // k
  PUSH,            // push acc
  PUSH_BOX,        // push a new box of acc
  BOX_LOCAL,       // i: stack[base + i] = a new box of it
  SET_LOCAL,       // i: stack[base + i] = acc
  SET_LOCAL_BOX,   // i
  SET_FREE_BOX,    // i
  SET_GLOBAL,      // k; the variable is defined
  DEFINE,          // k: defines globals[k], acc = its name
  DROP,            // n: pop n words
  JUMP,            // pc
  JUMP_FALSE,      // pc: if acc is #f
  JUMP_TRUE,       // pc: if acc is not #f
  CLOSURE,         // k n x1 .. xn: acc = a closure of inner[k]; xi >= 0 captures stack[base + xi], else captured[-1 - xi]
  PATCH,           // i c j: captured[c] of the closure in stack[base + i] = stack[base + j]
  CALL,            // n: acc = acc(the n topmost words), which are popped
  TAIL_CALL,       // n: the same, in place of the frame
  RETURN,
  UNHANDLE,        // removes the innermost handler

  // Calls of primitives: the last argument is in acc, the one before it on top of the stack. Operand k: the primitive's name, globals[k].
  ADD, SUBTRACT, MULTIPLY, SAME, LESS, GREATER, NOT_GREATER, NOT_LESS,
  CONS, EQ, VECTOR_REF,
  CAR, CDR, CADR, CDDR, IS_NULL, IS_PAIR, NOT, IS_ZERO
};

// The first one of two arguments, and of one.
#define FIRST_INLINED Opcode::ADD
#define FIRST_UNARY Opcode::CAR

// Primitives that only the machine can do.
enum control { APPLY, CALL_CC, VALUES, RECEIVE, TRY, EVAL };

}}
#endif
