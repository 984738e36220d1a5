// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "base/die.h"
#include "base/numbers.h"
#include "cli/limits.h"

static void limit_take(void *to, char *arg)
{
	struct limit *l = to;

	if (!parse_s64(arg, l->min, l->max, &l->value))
		misuse("--%s: '%s' is not a whole number from %lld to %lld", l->option, arg, (long long)l->min,
		       (long long)l->max);
}

void limit_rows(struct option_row to[static LIMIT_ROWS], struct limit *limits)
{
	memset(to, 0, LIMIT_ROWS * sizeof(to[0]));
	to->help = "Where warnings and failures begin; NS is from 0 to 1000000000000:";
	for (to++; limits->option; limits++)
		*to++ = (struct option_row){ 0, limits->option, limits->max > 8 ? "NS" : "N", limits->help,
					     TAKE_BY(limit_take, limits) };
}
