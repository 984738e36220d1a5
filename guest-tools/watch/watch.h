/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A series of readings, tick by tick: taken in watch.c and chrony.c, shown in show.c. */
#ifndef WATCH_WATCH_H
#define WATCH_WATCH_H

#include "cli/watch.h"
#include "clock/open.h"

struct watch_tick {
	unsigned int nth;		/* from 1 on */
	int64_t when_ns;		/* CLOCK_REALTIME */
	bool late;			/* it was the next one's turn already: nothing was read */
	int error;			/* errno of reading the PHC; where it is 0 phc holds */
	struct phc_reading phc;
	bool has_source;		/* chronyd has a source for the PHC, and answered */
	struct chrony_source source;
};

enum { WATCH_PHC, WATCH_CHRONY, WATCH_SERIES };

struct watch {
	struct phc phc;
	char refid[8];			/* that chrony's configuration gives to the PHC, empty if none */
	struct watch_run run;
	struct series series[WATCH_SERIES];
};

struct watch_answer {
	bool has_source;		/* of the PHC */
	struct chrony_source source;
	char why[300];			/* there is none */
};

/* From now on questions are answered; refid: of the PHC's source, see chrony_source_named(). It must stay where it is. */
void watch_chrony_start(const char *refid);
/*
 * chronyd's view now, or what an earlier question got that took too long. False if there is no answer at the
 * deadline on CLOCK_MONOTONIC: it will be the next one's.
 */
bool watch_chrony_ask(struct watch_answer *a, int64_t deadline);

/* Before the first tick, at each one, after the last one */
void watch_show_head(const struct watch *w);
void watch_show_tick(const struct watch *w, const struct watch_tick *t);
void watch_show_summary(const struct watch *w);

#endif
