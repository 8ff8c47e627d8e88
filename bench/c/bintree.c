#include "bench.h"
typedef struct node { struct node *l, *r; } node;
static node *mk(i32 d) { node *n = malloc(sizeof(node)); if (d > 0) { n->l = mk(d - 1); n->r = mk(d - 1); } else { n->l = 0; n->r = 0; } return n; }
static i32 cnt(node *n) { return n->l ? 1 + cnt(n->l) + cnt(n->r) : 1; }
static void del(node *n) { if (n->l) { del(n->l); del(n->r); } free(n); }
static u64 bench(void) {
  i32 max = rounds(16); u64 s = 0; node *keep = mk(max);
  for (i32 d = 4; d <= max; d += 4) {
    i32 it = 1 << (max - d + 6);
    for (i32 i = 0; i < it; i++) { node *t = mk(d); s += cnt(t);
#ifndef USE_GC
      del(t);
#endif
    }
  }
  return s * 3 + cnt(keep);
}
