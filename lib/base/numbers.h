/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Strict readers of numbers. */
#ifndef BASE_NUMBERS_H
#define BASE_NUMBERS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

/* An int, or a bit in one, that is not known */
#define UNKNOWN INT_MIN

/* Decimal, all of the string, within the range. */
bool parse_u64(const char *s, uint64_t min, uint64_t max, uint64_t *val);
bool parse_s64(const char *s, int64_t min, int64_t max, int64_t *val);
bool parse_decimal(const char *s, double min, double max, double *val);

#endif
