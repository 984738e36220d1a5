// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/numbers.h"
#include "facts/leap.h"

#define NTP_TO_UNIX 2208988800LL	/* from 1900 to 1970, s */

/* "#@	3991766400" and "3692217600	37	# 1 Jan 2017": s since 1900 */
static void take_leap_line(struct leap_file *leap, char *line, int64_t now)
{
	bool expiry = !strncmp(line, "#@", 2);
	char *save, *first = strtok_r(line + (expiry ? 2 : 0), " \t\r", &save);
	char *second = strtok_r(NULL, " \t\r", &save);
	uint64_t when, seconds;

	if (!first || !parse_u64(first, NTP_TO_UNIX, 1ULL << 40, &when))
		return;
	if (expiry)
		leap->expires = when - NTP_TO_UNIX;
	else if (second && (int64_t)when - NTP_TO_UNIX <= now && parse_u64(second, 1, 1000, &seconds))
		leap->tai_utc = seconds;
}

void leap_list_parse(struct leap_file *leap, const char *text, int64_t now)
{
	char line[200];
	size_t width;

	for (; *text; text += width + (text[width] == '\n')) {
		width = strcspn(text, "\n");
		snprintf(line, sizeof(line), "%.*s", (int)(width < sizeof(line) ? width : sizeof(line)), text);
		take_leap_line(leap, line, now);
	}
}
