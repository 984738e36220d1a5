/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel knows of its clock (adjtimex(2)). */
#ifndef TIME_KERNEL_CLOCK_H
#define TIME_KERNEL_CLOCK_H

#include <stdbool.h>

struct kernel_clock {
	bool known;
	int status;			/* STA_* */
	int state;			/* TIME_*: of a leap second */
	double max_error_ns, est_error_ns;	/* its bound and estimate; NAN: not known */
	int tai_utc;			/* s; 0: never set */
};

/*
 * A bound of 0 is none: phc2sys and others set it at each update, without one of their own. Nor is 16 s, at which the
 * kernel begins and where it stops to count.
 */
void kernel_clock_read(struct kernel_clock *k);

#endif
