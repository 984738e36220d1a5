/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The system clock, put on the PTP clock in one go (adjtimex(2)), without a daemon. */
#ifndef CLOCK_ADJUST_H
#define CLOCK_ADJUST_H

#include <stdbool.h>
#include <stdint.h>

#include "time/phc.h"

/* One reading of the PHC against the system's clocks, in ns */
struct adjust_reading {
	enum phc_method method;
	int64_t device;
	int64_t raw;		/* CLOCK_MONOTONIC_RAW then … */
	int64_t raw_window;	/* … which was read twice, so far apart; 0: at that instant */
	int64_t offset;		/* device - system */
	int64_t uncertainty;	/* of offset: half the window */
};

/* By the best way that works, the narrowest of a few. 0 or an errno. */
int adjust_read(int fd, struct adjust_reading *r);

#define ADJUST_PPM_MAX 500.0	/* as far as any clock that is followed runs off another */

struct adjust_rate {
	double ppm;		/* how much faster the PHC runs than CLOCK_MONOTONIC_RAW */
	double uncertainty;	/* ppm */
};

/*
 * Measure that over so many ns. 0 or an errno: EAGAIN if the PHC did not run evenly (its clock was set, or is being slewed),
 * ERANGE beyond ADJUST_PPM_MAX.
 */
int adjust_measure(int fd, int64_t ns, struct adjust_rate *rate);

/* Have CLOCK_REALTIME run so much faster than CLOCK_MONOTONIC_RAW. 0 or an errno. */
int adjust_rate(double ppm);

/*
 * Step CLOCK_REALTIME until it is within within_ns of the PHC, or within what a reading can tell: a few times at
 * most, since it runs on meanwhile. was and now: before and after; the same where there was nothing to do, and steps is 0.
 * 0 or an errno; 0 does not say that it worked, now does.
 */
int adjust_to_phc(int fd, int64_t within_ns, struct adjust_reading *was, struct adjust_reading *now, int *steps);

#endif
