#include "bench.h"
DEFARR(u8, bytes)
typedef struct st { bytes *b; i32 p, n; u64 sum; i32 depth; } st;
static void put(bytes *b, i32 *p, const char *s) { while (*s) b->d[(*p)++] = (u8)*s++; }
static void gen(bytes *b, i32 *p, i32 depth) {
  u32 k = rng() % (depth > 5 ? 3 : 6);
  if (k == 0) { u32 v = rng() % 100000; char t[12]; int l = 0; do { t[l++] = '0' + v % 10; v /= 10; } while (v); while (l) b->d[(*p)++] = (u8)t[--l]; }
  else if (k == 1) { put(b, p, "\""); for (i32 l = rng() % 20; l > 0; l--) b->d[(*p)++] = (u8)(97 + rng() % 26); put(b, p, "\""); }
  else if (k == 2) put(b, p, rng() & 1 ? "true" : "null");
  else if (k == 3) { put(b, p, "["); for (i32 l = rng() % 6; l >= 0; l--) { gen(b, p, depth + 1); if (l) put(b, p, ", "); } put(b, p, "]"); }
  else { put(b, p, "{"); for (i32 l = rng() % 6; l >= 0; l--) { put(b, p, "\"key"); b->d[(*p)++] = (u8)(65 + l); put(b, p, "\": "); gen(b, p, depth + 1); if (l) put(b, p, ", "); } put(b, p, "}"); }
}
static void ws(st *s) { while (s->p < s->n) { u8 c = s->b->d[s->p]; if (c != 32 && c != 10 && c != 9 && c != 13) break; s->p++; } }
static int lit(st *s, const char *w) { while (*w) { if (s->p >= s->n || s->b->d[s->p] != (u8)*w) return 0; s->p++; w++; } return 1; }
static int str(st *s) {
  s->p++; u32 h = 5381;
  for (;;) {
    if (s->p >= s->n) return 0;
    u8 c = s->b->d[s->p++];
    if (c == '"') break;
    if (c == '\\') { if (s->p >= s->n) return 0; c = s->b->d[s->p++]; }
    h = h * 33 + c;
  }
  s->sum += h; return 1;
}
static int val(st *s) {
  ws(s); if (s->p >= s->n) return 0;
  u8 c = s->b->d[s->p];
  switch (c) {
  case '{':
    s->p++; ws(s);
    if (s->p < s->n && s->b->d[s->p] == '}') { s->p++; return 1; }
    for (;;) {
      ws(s); if (s->p >= s->n || s->b->d[s->p] != '"' || !str(s)) return 0;
      ws(s); if (s->p >= s->n || s->b->d[s->p] != ':') return 0;
      s->p++; if (!val(s)) return 0;
      ws(s); if (s->p >= s->n) return 0;
      c = s->b->d[s->p++]; if (c == '}') return 1; if (c != ',') return 0;
    }
  case '[':
    s->p++; ws(s);
    if (s->p < s->n && s->b->d[s->p] == ']') { s->p++; return 1; }
    for (;;) {
      if (!val(s)) return 0;
      ws(s); if (s->p >= s->n) return 0;
      c = s->b->d[s->p++]; if (c == ']') return 1; if (c != ',') return 0;
    }
  case '"': return str(s);
  case 't': s->sum += 1; return lit(s, "true");
  case 'f': return lit(s, "false");
  case 'n': s->sum += 3; return lit(s, "null");
  default: {
    if (c < '0' || c > '9') return 0;
    i32 v = 0;
    while (s->p < s->n && (c = s->b->d[s->p]) >= '0' && c <= '9') { v = v * 10 + (c - '0'); s->p++; }
    s->sum += v; return 1; }
  }
}
static u64 bench(void) {
  bytes *b = bytes_new(1 << 20); i32 p = 0; u64 tot = 0;
  put(b, &p, "[0"); while (p < 500000) { put(b, &p, ", "); gen(b, &p, 0); } put(b, &p, "]");
  for (int r = 0; r < rounds(500); r++) { st s; s.b = b; s.p = 0; s.n = p; s.sum = 0; if (!val(&s)) return 0; tot = tot * 3 + s.sum; b->d[1] = (u8)('0' + r % 10); }
  return tot;
}
