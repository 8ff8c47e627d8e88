#include "bench.h"
#include <math.h>
/* five bodies that attract each other; an array of pointers to records, as in the Popcorn version */
typedef struct body { double x, y, z, vx, vy, vz, mass; } body;
typedef struct bodies { uint32_t len; body *d[]; } bodies;
static body *new_body(double x, double y, double z, double vx, double vy, double vz, double mass) {
  body *b = malloc(sizeof *b);
  *b = (body){x, y, z, vx, vy, vz, mass};
  return b;
}
static NOINL void advance(bodies *s, double dt) {
  for (uint32_t i = 0; i < s->len; i++) {
    body *a = s->d[i];
    for (uint32_t j = i + 1; j < s->len; j++) {
      body *b = s->d[j];
      double dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z;
      double d2 = dx * dx + dy * dy + dz * dz;
      double mag = dt / (d2 * sqrt(d2));
      a->vx -= dx * b->mass * mag; a->vy -= dy * b->mass * mag; a->vz -= dz * b->mass * mag;
      b->vx += dx * a->mass * mag; b->vy += dy * a->mass * mag; b->vz += dz * a->mass * mag;
    }
  }
  for (uint32_t i = 0; i < s->len; i++) {
    body *a = s->d[i];
    a->x += dt * a->vx; a->y += dt * a->vy; a->z += dt * a->vz;
  }
}
static double energy(bodies *s) {
  double e = 0;
  for (uint32_t i = 0; i < s->len; i++) {
    body *a = s->d[i];
    e += 0.5 * a->mass * (a->vx * a->vx + a->vy * a->vy + a->vz * a->vz);
    for (uint32_t j = i + 1; j < s->len; j++) {
      body *b = s->d[j];
      double dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z;
      e -= a->mass * b->mass / sqrt(dx * dx + dy * dy + dz * dz);
    }
  }
  return e;
}
static u64 bench(void) {
  bodies *s = malloc(sizeof *s + 5 * sizeof(body *));
  s->len = 5;
  for (uint32_t i = 0; i < 5; i++) {
    double k = i + 1;
    s->d[i] = new_body(k * 1.5, -k * 0.75 + 2, k * k * 0.25, 0.1 * k, 0.2 - 0.05 * k, 0.01 * k, i == 0 ? 39.0 : 0.01 / k);
  }
  for (int n = rounds(6000000); n > 0; n--) advance(s, 0.001);
  return (u64)(int64_t)(energy(s) * 1e9);
}
