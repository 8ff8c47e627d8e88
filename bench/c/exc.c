#include "bench.h"
#include <setjmp.h>
typedef struct frame { jmp_buf jb; struct frame *up; i32 val; } frame;
static frame *top;
static void thr(i32 v) { frame *f = top; top = f->up; f->val = v; longjmp(f->jb, 1); }
static i32 work(i32 i, i32 d) { if (d == 0) { u32 h = (u32)i * 2654435761u >> 16; if ((h & 3) == 0) thr((i32)(h & 255)); return (i32)(h & 15); } return work(i ^ d, d - 1) + d; }
static i32 attempt(i32 i) {
  frame f; f.up = top; top = &f;
  if (!_setjmp(f.jb)) { i32 r = work(i, 6); top = f.up; return r; }
  return -f.val;
}
static u64 bench(void) { u64 s = 0; i32 n = rounds(40000000); for (i32 i = 0; i < n; i++) s = s * 3 + (u32)attempt(i); return s; }
