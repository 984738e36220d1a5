/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of leap seconds: leap-seconds.list, which chrony (leapseclist) and ptp4l (leapfile) read too. */
#ifndef FACTS_LEAP_H
#define FACTS_LEAP_H

#include <stdint.h>

struct leap_file {
	char path[200];
	char whose[24];			/* "ptp4l", "chronyd"; empty: nobody's in particular */
	int error;			/* errno */
	int64_t expires;		/* s since 1970, 0 if it doesn't say */
	int tai_utc;			/* s, now; 0 if it doesn't say */
};

/* now: s since 1970 */
void leap_list_parse(struct leap_file *leap, const char *text, int64_t now);

#endif
