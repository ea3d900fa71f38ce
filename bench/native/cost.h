/* What servers and machine have used, as the kernel counts it. */
#pragma once
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const uint64_t SECOND = 1000000000, MILLISECOND = 1000000;

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
}

struct cost {
  uint64_t cpu_ns, user_ticks, system_ticks, resident_kb;
};

/* What processes have used so far, together. */
static struct cost cost_of(const int *pids, int pid_count) {
  struct cost sum = {0};
  for (int i = 0; i < pid_count; i++) {
    char path[64], text[2048];
    clockid_t clock;
    struct timespec time;
    if (clock_getcpuclockid(pids[i], &clock) == 0 && clock_gettime(clock, &time) == 0) {
      sum.cpu_ns += (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
    }
    snprintf(path, sizeof path, "/proc/%d/stat", pids[i]);
    FILE *file = fopen(path, "r");
    if (file == NULL) continue;
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    /* The name in brackets may hold anything; behind it stand the state and ten numbers, then the times. */
    char *behind = strrchr(text, ')');
    uint64_t user = 0, system = 0;
    int64_t pages = 0;
    if (behind != NULL &&
        sscanf(behind + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d %*d %*d %*d %*d %*u %*u %ld", &user,
               &system, &pages) == 3) {
      sum.user_ticks += user;
      sum.system_ticks += system;
      sum.resident_kb += (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
    }
  }
  return sum;
}

static uint64_t own_cpu_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
}

/* What all processes of the machine have used, in ticks; idle time and waiting for disks left out. */
static uint64_t machine_ticks(void) {
  uint64_t user = 0, nice = 0, system = 0, interrupts = 0, soft_interrupts = 0;
  FILE *file = fopen("/proc/stat", "r");
  if (file == NULL) return 0;
  if (fscanf(file, "cpu %lu %lu %lu %*u %*u %lu %lu", &user, &nice, &system, &interrupts, &soft_interrupts) != 5) user = 0;
  fclose(file);
  return user + nice + system + interrupts + soft_interrupts;
}
