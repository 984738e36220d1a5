// SPDX-License-Identifier: GPL-2.0-or-later
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/die.h"
#include "base/numbers.h"
#include "cli/options.h"
#include "output/text.h"

uint64_t opt_u64(const char *opt, const char *s, uint64_t min, uint64_t max)
{
	uint64_t v;

	if (!parse_u64(s, min, max, &v))
		misuse("%s: '%s' is not a whole number from %llu to %llu", opt, s,
		       (unsigned long long)min, (unsigned long long)max);
	return v;
}

int64_t opt_s64(const char *opt, const char *s, int64_t min, int64_t max)
{
	int64_t v;

	if (!parse_s64(s, min, max, &v))
		misuse("%s: '%s' is not a whole number from %lld to %lld", opt, s,
		       (long long)min, (long long)max);
	return v;
}

double opt_decimal(const char *opt, const char *s, double min, double max)
{
	double v;

	if (!parse_decimal(s, min, max, &v))
		misuse("%s: '%s' is not a number from %g to %g", opt, s, min, max);
	return v;
}

void opt_help(const char *usage)
{
	text_lines(stdout, "", usage);
	exit(finish(EXIT_GOOD));
}

void opt_no_arguments(int argc, char **argv)
{
	if (optind < argc)
		misuse("unexpected argument '%s'", argv[optind]);
}
