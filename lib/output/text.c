// SPDX-License-Identifier: GPL-2.0-or-later
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "output/text.h"

const char *ns_text(char buf[static NS_TEXT_LEN], double ns)
{
	double a = fabs(ns);

	if (isnan(ns))
		strcpy(buf, "no measurement");
	else if (a < 999.5)
		snprintf(buf, NS_TEXT_LEN, "%.0f ns", rint(ns) + 0.0);	/* no "-0" */
	else if (a < 1e6 - 50)
		snprintf(buf, NS_TEXT_LEN, "%.1f µs", ns / 1e3);
	else if (a < 1e9 - 5e4)
		snprintf(buf, NS_TEXT_LEN, "%.1f ms", ns / 1e6);
	else
		snprintf(buf, NS_TEXT_LEN, "%.1f s", ns / 1e9);
	return buf;
}

const char *offset_text(char buf[static OFFSET_TEXT_LEN], double ns)
{
	ns_text(buf, fabs(ns));
	strcat(buf, isnan(ns) ? " to" : ns < 0 ? " ahead of" : " behind");
	return buf;
}
