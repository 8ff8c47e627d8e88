#include "bench.h"
typedef struct str { u32 len; u8 d[] COUNTED(len); } str;
static NOINL str *snew(i32 n) { HIDE(n); str *s = MALLOC_ATOMIC(sizeof(str) + n + 1); s->len = n; return s; }
static str *cat(str *a, str *b) { str *r = snew(a->len + b->len); i32 n = a->len, m = b->len; for (i32 i = 0; i < n; i++) r->d[i] = a->d[i]; for (i32 i = 0; i < m; i++) r->d[n + i] = b->d[i]; return r; }
static str *sub(str *a, i32 s, i32 e) { str *r = snew(e - s); for (i32 i = s; i < e; i++) r->d[i - s] = a->d[i]; return r; }
static i32 cmp(str *a, str *b) { i32 n = a->len < b->len ? a->len : b->len; for (i32 i = 0; i < n; i++) if (a->d[i] != b->d[i]) return a->d[i] - b->d[i]; return (i32)a->len - (i32)b->len; }
static i32 find(str *a, str *p) { i32 n = a->len, m = p->len; for (i32 i = 0; i + m <= n; i++) { i32 j = 0; while (j < m && a->d[i + j] == p->d[j]) j++; if (j == m) return i; } return -1; }
static u32 hsh(str *a) { u32 h = 5381; for (u32 i = 0; i < a->len; i++) h = h * 33 + a->d[i]; return h; }
static str *upper(str *a) { str *r = snew(a->len); for (u32 i = 0; i < a->len; i++) { u8 c = a->d[i]; r->d[i] = c >= 'a' && c <= 'z' ? c - 32 : c; } return r; }
static u64 bench(void) {
  i32 n = 20000; str *text = snew(n); u64 s = 0;
  for (i32 i = 0; i < n; i++) { u32 k = rng() % 30; text->d[i] = k < 26 ? 97 + k : 32; }
  str *pat = snew(4); pat->d[0] = 'z'; pat->d[1] = 'q'; pat->d[2] = '!'; pat->d[3] = 'x'; str *sep = snew(1); sep->d[0] = '-';
  for (int r = 0; r < rounds(3000); r++) {
    i32 i = 0; str *prev = sub(text, 0, 3);
    while (i < n) {
      while (i < n && text->d[i] == 32) i++;
      i32 b = i; while (i < n && text->d[i] != 32) i++;
      str *w = sub(text, b, i), *u = upper(w), *c1 = cat(u, sep), *c = cat(c1, w);
      s = s * 3 + hsh(c); if (cmp(prev, w) < 0) s++;
      free(prev); free(u); free(c1); free(c); prev = w;
    }
    free(prev); s += (u32)find(text, pat); text->d[(r * 37) % n] = 97 + r % 26;
  }
  return s;
}
