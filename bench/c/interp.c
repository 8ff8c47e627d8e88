#include "bench.h"
DEFARR(i32, ints)
enum { PUSH, LOAD, STORE, ADD, SUB, MUL, AND, LT, JZ, JMP, HALT };
static i32 exec(ints *code, ints *var, ints *stk) {
  i32 pc = 0, sp = 0;
  for (;;) {
    i32 op = code->d[pc++];
    switch (op) {
    case PUSH: stk->d[sp++] = code->d[pc++]; break;
    case LOAD: stk->d[sp++] = var->d[code->d[pc++]]; break;
    case STORE: var->d[code->d[pc++]] = stk->d[--sp]; break;
    case ADD: sp--; stk->d[sp - 1] = (i32)((u32)stk->d[sp - 1] + (u32)stk->d[sp]); break;
    case SUB: sp--; stk->d[sp - 1] = (i32)((u32)stk->d[sp - 1] - (u32)stk->d[sp]); break;
    case MUL: sp--; stk->d[sp - 1] = (i32)((u32)stk->d[sp - 1] * (u32)stk->d[sp]); break;
    case AND: sp--; stk->d[sp - 1] &= stk->d[sp]; break;
    case LT: sp--; stk->d[sp - 1] = stk->d[sp - 1] < stk->d[sp]; break;
    case JZ: if (stk->d[--sp] == 0) pc = code->d[pc]; else pc++; break;
    case JMP: pc = code->d[pc]; break;
    case HALT: return var->d[1];
    }
  }
}
static u64 bench(void) {
  /* v0=i v1=acc v2=limit: while (i<limit) { acc = acc*3+i; if (acc&1) acc = acc-i; i=i+1; } */
  static const i32 prog[] = { LOAD, 0, LOAD, 2, LT, JZ, 38, LOAD, 1, PUSH, 3, MUL, LOAD, 0, ADD, STORE, 1,
    LOAD, 1, PUSH, 1, AND, JZ, 31, LOAD, 1, LOAD, 0, SUB, STORE, 1, LOAD, 0, PUSH, 1, ADD, JMP, 39, HALT, STORE, 0, JMP, 0 };
  i32 n = sizeof prog / sizeof prog[0]; ints *code = ints_new(n), *var = ints_new(4), *stk = ints_new(32);
  for (i32 i = 0; i < n; i++) code->d[i] = prog[i];
  var->d[2] = rounds(12000000);
  return (u32)exec(code, var, stk);
}
