/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel knows of its clock (adjtimex(2)). */
#ifndef TIME_KERNEL_CLOCK_H
#define TIME_KERNEL_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct kernel_clock {
	bool known;
	int status;			/* STA_* */
	int64_t maxerror_us, esterror_us;
	int tai_utc;			/* s; 0: never set */
};

void kernel_clock_read(struct kernel_clock *k);

#endif
