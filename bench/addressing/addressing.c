// What would addresses that run through arrays gain over scaled indices? Cycles of the time-stamp counter for a round of each loop in
// loops.S, the least of 6000 measurements of some microseconds, so other load on the machine hardly matters.
//
//   cc -O2 -o /tmp/addressing bench/addressing/addressing.c bench/addressing/loops.S && /tmp/addressing
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <x86intrin.h>

typedef void Loop(void* a, void* b, long n);
#define LOOPS(X) X(count, 7, 3072, 1) X(dot, 0, 1536, 1) X(spectral, 5, 1536, 1) X(lz, 1, 3072, 1) X(pair, 0, 1536, 2) \
  X(triple, 0, 1536, 3) X(fill, 0, 1536, 1) X(copy, 0, 1536, 1) X(inc, 0, 1536, 1) X(sieve, 3, 4608, 3) X(sum4, 0, 1536, 4) X(stencil, 0, 1536, 1)
#define DECLARE(name, argument, n, step) Loop name##_i, name##_p;
LOOPS(DECLARE)

static _Alignas(64) char first[65536], second[65536];

static double cycles(Loop* loop, void* argument, long n, long rounds) {
  uint64_t least = UINT64_MAX;
  memset(first, 0, sizeof first);
  for (int run = 0; run < 6000; run++) {
    _mm_lfence();
    const uint64_t start = __rdtsc();
    _mm_lfence();
    loop(first, argument, n);
    _mm_lfence();
    const uint64_t time = __rdtsc() - start;
    if (time < least) least = time;
  }
  return (double)least / rounds;
}

int main(void) {
#define MEASURE(name, argument, n, step)                                                                            \
  printf("%-9s index %6.3f  address %6.3f\n", #name, cycles(name##_i, argument ? (void*)argument : second, n, n / step), \
         cycles(name##_p, argument ? (void*)argument : second, n, n / step));
  LOOPS(MEASURE)
}
