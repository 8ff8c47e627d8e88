// The frame of the measured programs, as ../c/bench.h is of their C versions.
#ifndef BENCH_H
#define BENCH_H
#include "core.h"

static unsigned int rng_state = 42;

// 24 pseudo-random bits.
static unsigned int rng() {
  rng_state = rng_state * 1664525 + 1013904223;
  return rng_state >>> 8;
}

// The program's first argument, or else the amount of work that is usual for it.
static int rounds(string args[], int standard) {
  return size(args) > 1 ? Core::int_of_string(args[1]) : standard;
}

#endif
