/* Latencies in buckets of 3 %. */
#pragma once
#include <stdint.h>
#include <string.h>

enum { STEPS = 32, STEP_BITS = 5, BUCKETS = 64 * STEPS };
static uint64_t histogram[BUCKETS], slowest;

static void record(uint64_t ns) {
  if (ns > slowest) slowest = ns;
  if (ns < STEPS) {
    histogram[ns]++;
    return;
  }
  const unsigned shift = 63 - STEP_BITS - (unsigned)__builtin_clzll(ns);
  histogram[(shift + 1) * STEPS + ((ns >> shift) & (STEPS - 1))]++;
}

static double quantile_us(double share) {
  uint64_t all = 0, seen = 0;
  for (int i = 0; i < BUCKETS; i++) all += histogram[i];
  for (int i = 0; i < BUCKETS; i++) {
    seen += histogram[i];
    if (histogram[i] == 0 || (double)seen < (double)all * share) continue;
    if (i < STEPS) return i / 1e3;
    return (double)((uint64_t)(STEPS + i % STEPS) << (i / STEPS - 1)) / 1e3;
  }
  return 0;
}

static void forget_latencies(void) {
  memset(histogram, 0, sizeof histogram);
  slowest = 0;
}
