/* the frame of the C programs: bench() returns a checksum, main prints it */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#ifdef USE_GC
#include <gc.h>
#define malloc(n) GC_MALLOC(n)
#define MALLOC_ATOMIC(n) GC_MALLOC_ATOMIC(n)
#define free(p) ((void)0)
#else
#define MALLOC_ATOMIC(n) malloc(n)
#endif
#if defined(__clang__)
#define COUNTED(n) __attribute__((counted_by(n)))
#else
#define COUNTED(n)
#endif
#ifdef OPAQUE  /* hide allocation and length from the optimizer, as separate compilation would */
#define HIDE(n) __asm__ volatile("" : "+r"(n))
#define NOINL __attribute__((noinline))
#else
#define HIDE(n) ((void)0)
#define NOINL
#endif
/* length-carrying arrays: the Popcorn/TAL layout (length word, then data) */
#define DEFARR(T, N) \
  typedef struct N { uint32_t len; T d[] COUNTED(len); } N; \
  static NOINL N *N##_new(uint32_t n) { HIDE(n); N *p = MALLOC_ATOMIC(sizeof(N) + sizeof(T) * n); \
    p->len = n; memset(p->d, 0, sizeof(T) * n); return p; }
typedef uint8_t u8; typedef uint32_t u32; typedef uint64_t u64; typedef int32_t i32;
static u32 rng_s = 42;
static inline u32 rng(void) { rng_s = rng_s * 1664525u + 1013904223u; return rng_s >> 8; }
static u64 bench(void);
/* the first argument of the program, instead of the program's own amount of work */
static int rounds_arg = -1;
static int rounds(int standard) { return rounds_arg >= 0 ? rounds_arg : standard; }
#include <stdio.h>
int main(int argc, char **argv) {
#ifdef USE_GC
  GC_INIT();
#endif
  if (argc > 1) rounds_arg = atoi(argv[1]);
  printf("%llu\n", (unsigned long long)bench()); return 0; }
