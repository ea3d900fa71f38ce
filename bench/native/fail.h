/* Ends the program with a sentence: a load that goes on after a fault measures nothing. */
#pragma once
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void fail(const char *format, ...) {
  va_list args;
  va_start(args, format);
  fprintf(stderr, "load: ");
  vfprintf(stderr, format, args);
  fprintf(stderr, "\n");
  va_end(args);
  exit(1);
}

static void *allocate(size_t count, size_t size) {
  void *at = calloc(count, size);
  if (at == NULL) fail("no memory for %zu × %zu bytes", count, size);
  return at;
}
