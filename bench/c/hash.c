#include "bench.h"
typedef struct ent { i32 key, val; struct ent *next; } ent;
typedef struct tab { i32 n; u32 len; ent *d[] COUNTED(len); } tab;
static NOINL tab *tnew(u32 n) { tab *t = malloc(sizeof(tab) + sizeof(ent *) * n); t->n = 0; t->len = n; for (u32 i = 0; i < n; i++) t->d[i] = 0; return t; }
static u32 hsh(i32 k) { u32 x = (u32)k; x ^= x >> 15; x *= 0x2c1b3c6du; x ^= x >> 12; return x; }
static tab *add(tab *t, i32 k, i32 v) {
  u32 i = hsh(k) & (t->len - 1);
  for (ent *e = t->d[i]; e; e = e->next) if (e->key == k) { e->val += v; return t; }
  ent *e = malloc(sizeof(ent)); e->key = k; e->val = v; e->next = t->d[i]; t->d[i] = e;
  if (++t->n > (i32)t->len) {
    tab *q = tnew(t->len * 2); q->n = t->n;
    for (u32 j = 0; j < t->len; j++) { ent *c = t->d[j]; while (c) { ent *nx = c->next; u32 b = hsh(c->key) & (q->len - 1); c->next = q->d[b]; q->d[b] = c; c = nx; } }
    free(t); t = q;
  }
  return t;
}
static i32 get(tab *t, i32 k) { for (ent *e = t->d[hsh(k) & (t->len - 1)]; e; e = e->next) if (e->key == k) return e->val; return -1; }
static u64 bench(void) {
  u64 s = 0;
  for (int r = 0; r < rounds(40); r++) {
    tab *t = tnew(16);
    for (i32 i = 0; i < 60000; i++) t = add(t, (i32)(rng() % 40000), i & 7);
    for (i32 i = 0; i < 400000; i++) s += (u32)get(t, (i32)(rng() % 60000)) & 0xff;
    s = s * 7 + t->n;
#ifndef USE_GC
    for (u32 j = 0; j < t->len; j++) { ent *c = t->d[j]; while (c) { ent *n = c->next; free(c); c = n; } } free(t);
#endif
  }
  return s;
}
