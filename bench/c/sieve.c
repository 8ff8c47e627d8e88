#include "bench.h"
DEFARR(u8, bytes)
static u64 bench(void) {
  const i32 n = 1000000; bytes *f = bytes_new(n + 1); u64 sum = 0;
  for (int rep = 0; rep < rounds(400); rep++) {
    for (i32 i = 0; i <= n; i++) f->d[i] = 1;
    for (i32 i = 2; i * i <= n; i++)
      if (f->d[i]) for (i32 j = i * i; j <= n; j += i) f->d[j] = 0;
    i32 c = 0;
    for (i32 i = 2; i <= n; i++) if (f->d[i]) c++;
    sum += c + rep;
  }
  return sum;
}
