#include "bench.h"
#include <math.h>
DEFARR(double, vec)
/* the largest singular value of an infinite matrix, by the power method */
static double element(i32 i, i32 j) { return 1.0 / ((i + j) * (i + j + 1) / 2 + i + 1); }
static NOINL void multiply(vec *v, vec *out) {
  for (i32 i = 0; i < (i32)v->len; i++) {
    double sum = 0;
    for (i32 j = 0; j < (i32)v->len; j++) sum += element(i, j) * v->d[j];
    out->d[i] = sum;
  }
}
static NOINL void multiply_transposed(vec *v, vec *out) {
  for (i32 i = 0; i < (i32)v->len; i++) {
    double sum = 0;
    for (i32 j = 0; j < (i32)v->len; j++) sum += element(j, i) * v->d[j];
    out->d[i] = sum;
  }
}
static u64 bench(void) {
  i32 n = rounds(1500);
  vec *u = vec_new(n), *v = vec_new(n), *t = vec_new(n);
  for (i32 i = 0; i < n; i++) u->d[i] = 1;
  for (i32 k = 0; k < 10; k++) {
    multiply(u, t); multiply_transposed(t, v);
    multiply(v, t); multiply_transposed(t, u);
  }
  double uv = 0, vv = 0;
  for (i32 i = 0; i < n; i++) { uv += u->d[i] * v->d[i]; vv += v->d[i] * v->d[i]; }
  return (u64)(sqrt(uv / vv) * 1e9);
}
