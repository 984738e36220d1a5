// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/numbers.h"

bool parse_u64(const char *s, uint64_t min, uint64_t max, uint64_t *val)
{
	unsigned long long v;
	char *end;

	if (!isdigit((unsigned char)*s))
		return false;
	errno = 0;
	v = strtoull(s, &end, 10);
	if (errno || *end || v < min || v > max)
		return false;
	*val = v;
	return true;
}

bool parse_s64(const char *s, int64_t min, int64_t max, int64_t *val)
{
	long long v;
	char *end;

	if (!isdigit((unsigned char)s[*s == '-']))
		return false;
	errno = 0;
	v = strtoll(s, &end, 10);
	if (errno || *end || v < min || v > max)
		return false;
	*val = v;
	return true;
}

/* Digits with at most one point: neither hexadecimal, nor exponents, nor nan. */
bool parse_decimal(const char *s, double min, double max, double *val)
{
	double v;
	char *end;

	if (!isdigit((unsigned char)*s) || s[strspn(s, "0123456789.")])
		return false;
	errno = 0;
	v = strtod(s, &end);
	if (errno || *end || v < min || v > max)
		return false;
	*val = v;
	return true;
}
