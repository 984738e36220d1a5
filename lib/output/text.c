// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "output/text.h"

const char *ns_text(char buf[static NS_TEXT_LEN], int64_t ns)
{
	double a = fabs((double)ns);

	if (a < 1e3)
		snprintf(buf, NS_TEXT_LEN, "%" PRId64 " ns", ns);
	else if (a < 1e6 - 50)
		snprintf(buf, NS_TEXT_LEN, "%.1f µs", ns / 1e3);
	else if (a < 1e9 - 5e4)
		snprintf(buf, NS_TEXT_LEN, "%.1f ms", ns / 1e6);
	else
		snprintf(buf, NS_TEXT_LEN, "%.1f s", ns / 1e9);
	return buf;
}
