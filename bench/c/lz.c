#include "bench.h"
DEFARR(u8, bytes)
DEFARR(i32, ints)
/* LZ77, 3-byte hash heads; tokens: 0 len lits | 1 len dist16 */
static i32 comp(bytes *in, i32 n, bytes *out, ints *head) {
  i32 o = 0, i = 0, lit = 0;
  for (i32 k = 0; k < 4096; k++) head->d[k] = -1;
  while (i < n) {
    i32 best = 0, dist = 0;
    if (i + 3 < n) {
      u32 h = ((in->d[i] << 8) ^ (in->d[i + 1] << 4) ^ in->d[i + 2]) & 4095;
      i32 c = head->d[h]; head->d[h] = i;
      if (c >= 0 && i - c < 65535) {
        i32 l = 0;
        while (l < 255 && i + l < n && in->d[c + l] == in->d[i + l]) l++;
        if (l >= 4) { best = l; dist = i - c; }
      }
    }
    if (best || i - lit == 255) {
      if (i > lit) { out->d[o++] = 0; out->d[o++] = (u8)(i - lit); for (; lit < i; lit++) out->d[o++] = in->d[lit]; }
    }
    if (best) { out->d[o++] = 1; out->d[o++] = (u8)best; out->d[o++] = (u8)dist; out->d[o++] = (u8)(dist >> 8); i += best; lit = i; }
    else i++;
  }
  if (n > lit) { out->d[o++] = 0; out->d[o++] = (u8)(n - lit); for (; lit < n; lit++) out->d[o++] = in->d[lit]; }
  return o;
}
static i32 decomp(bytes *in, i32 n, bytes *out) {
  i32 o = 0, i = 0;
  while (i < n) {
    i32 t = in->d[i], l = in->d[i + 1]; i += 2;
    if (t == 0) { for (i32 k = 0; k < l; k++) out->d[o++] = in->d[i++]; }
    else { i32 dist = in->d[i] | in->d[i + 1] << 8; i += 2; for (i32 k = 0; k < l; k++) { out->d[o] = out->d[o - dist]; o++; } }
  }
  return o;
}
static u64 bench(void) {
  i32 n = 1 << 20; bytes *src = bytes_new(n), *z = bytes_new(n + n / 8), *back = bytes_new(n); ints *head = ints_new(4096);
  i32 p = 0;
  while (p < n) { u32 w = rng() % 211; i32 l = 2 + w % 7; for (i32 k = 0; k < l && p < n; k++) { src->d[p++] = (u8)(97 + (w * (k + 3)) % 26); } if (p < n) src->d[p++] = 32; }
  u64 s = 0;
  for (int r = 0; r < rounds(45); r++) {
    i32 zl = comp(src, n, z, head), bl = decomp(z, zl, back);
    for (i32 k = 0; k < n; k += 4099) if (back->d[k] != src->d[k]) return 0;
    s = s * 31 + zl + bl; src->d[(r * 7919) % n] = 65;
  }
  return s;
}
