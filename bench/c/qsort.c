#include "bench.h"
DEFARR(i32, ints)
static void qs(ints *a, i32 lo, i32 hi) {
  while (hi - lo > 12) {
    i32 p = a->d[lo + (hi - lo) / 2], i = lo, j = hi;
    while (i <= j) {
      while (a->d[i] < p) i++;
      while (a->d[j] > p) j--;
      if (i <= j) { i32 t = a->d[i]; a->d[i] = a->d[j]; a->d[j] = t; i++; j--; }
    }
    if (j - lo < hi - i) { qs(a, lo, j); lo = i; } else { qs(a, i, hi); hi = j; }
  }
  for (i32 i = lo + 1; i <= hi; i++) {
    i32 x = a->d[i], j = i - 1;
    while (j >= lo && a->d[j] > x) { a->d[j + 1] = a->d[j]; j--; }
    a->d[j + 1] = x;
  }
}
static u64 bench(void) {
  i32 n = 1000000; ints *a = ints_new(n); u64 s = 0;
  for (int r = 0; r < rounds(9); r++) {
    for (i32 i = 0; i < n; i++) a->d[i] = (i32)rng();
    qs(a, 0, n - 1);
    for (i32 i = 0; i < n; i += 1009) s = s * 31 + (u32)a->d[i];
  }
  return s;
}
