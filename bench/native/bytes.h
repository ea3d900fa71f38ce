/* Bytes that are sent and looked for, and the numbers in them. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "fail.h"

enum {
  DIGITS = 10, /* of a publication's number */
  TOPIC_DIGITS = 4,
  MAX_PLACES = 8, /* where a publication has its number, or its topic's */
};

struct bytes {
  uint8_t *at;
  size_t length;
};

static void write_digits(uint8_t *at, int digits, uint64_t number) {
  for (int i = digits - 1; i >= 0; i--, number /= 10) at[i] = (uint8_t)('0' + number % 10);
}

static bool read_number(const uint8_t *at, uint64_t *number) {
  uint64_t sum = 0;
  for (int i = 0; i < DIGITS; i++) {
    unsigned digit = at[i] - (unsigned)'0';
    if (digit > 9) return false;
    sum = sum * 10 + digit;
  }
  *number = sum;
  return true;
}

/* Where a run of a placeholder begins, in order. */
static int find_places(struct bytes in, char sign, int length, size_t *places) {
  int found = 0;
  for (size_t i = 0; i + (size_t)length <= in.length && found < MAX_PLACES; i++) {
    int run = 0;
    while (run < length && in.at[i + (size_t)run] == (uint8_t)sign) run++;
    if (run < length) continue;
    places[found++] = i;
    i += (size_t)length - 1;
  }
  return found;
}

/* The bytes that a text of the input stands for. */
static struct bytes unescape(const char *text) {
  struct bytes bytes = {.at = allocate(strlen(text) + 1, 1)};
  for (; *text != 0; text++) {
    uint8_t byte = (uint8_t)*text;
    if (byte == '\\') {
      text++;
      unsigned hex = 0;
      if (*text == 'n') byte = '\n';
      else if (*text == 'r') byte = '\r';
      else if (*text == '\\') byte = '\\';
      else if (*text == 'x' && sscanf(text + 1, "%2x", &hex) == 1) {
        byte = (uint8_t)hex;
        text += 2;
      } else fail("a backslash is followed by \"%.3s\"", text);
    }
    bytes.at[bytes.length++] = byte;
  }
  return bytes;
}
