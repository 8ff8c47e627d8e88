#include "bench.h"
DEFARR(u8, bytes)
DEFARR(u32, words)
static words *K, *crct;
static u32 ror(u32 x, i32 n) { return x >> n | x << (32 - n); }
static void block(words *h, bytes *m, i32 off, words *w) {
  for (i32 t = 0; t < 16; t++) w->d[t] = (u32)m->d[off + 4 * t] << 24 | (u32)m->d[off + 4 * t + 1] << 16 | (u32)m->d[off + 4 * t + 2] << 8 | m->d[off + 4 * t + 3];
  for (i32 t = 16; t < 64; t++) {
    u32 a = w->d[t - 15], b = w->d[t - 2];
    w->d[t] = w->d[t - 16] + w->d[t - 7] + (ror(a, 7) ^ ror(a, 18) ^ a >> 3) + (ror(b, 17) ^ ror(b, 19) ^ b >> 10);
  }
  u32 a = h->d[0], b = h->d[1], c = h->d[2], d = h->d[3], e = h->d[4], f = h->d[5], g = h->d[6], hh = h->d[7];
  for (i32 t = 0; t < 64; t++) {
    u32 t1 = hh + (ror(e, 6) ^ ror(e, 11) ^ ror(e, 25)) + ((e & f) ^ (~e & g)) + K->d[t] + w->d[t];
    u32 t2 = (ror(a, 2) ^ ror(a, 13) ^ ror(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    hh = g; g = f; f = e; e = d + t1; d = c; c = b; b = a; a = t1 + t2;
  }
  h->d[0] += a; h->d[1] += b; h->d[2] += c; h->d[3] += d; h->d[4] += e; h->d[5] += f; h->d[6] += g; h->d[7] += hh;
}
static u64 bench(void) {
  i32 n = 1 << 20; bytes *m = bytes_new(n); words *h = words_new(8), *w = words_new(64); K = words_new(64); crct = words_new(256);
  for (i32 i = 0; i < 64; i++) K->d[i] = rng() * 2654435761u;   /* stand-in constants: same work */
  for (i32 i = 0; i < 256; i++) { u32 c = i; for (int k = 0; k < 8; k++) c = c & 1 ? 0xEDB88320u ^ c >> 1 : c >> 1; crct->d[i] = c; }
  for (i32 i = 0; i < n; i++) m->d[i] = (u8)rng();
  for (i32 i = 0; i < 8; i++) h->d[i] = 0x6a09e667u + i * 77;
  u32 crc = ~0u;
  for (int r = 0; r < rounds(60); r++) {
    for (i32 o = 0; o + 64 <= n; o += 64) block(h, m, o, w);
    for (i32 i = 0; i < n; i++) crc = crct->d[(crc ^ m->d[i]) & 255] ^ crc >> 8;
  }
  return (u64)h->d[0] << 32 | (h->d[7] ^ crc);
}
