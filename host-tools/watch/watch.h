/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The chain tick by tick: read in watch.c, shown in show.c. Signs are those of ptp/hop.h. */
#ifndef WATCH_WATCH_H
#define WATCH_WATCH_H

#include "check/judge.h"
#include "chrony/chronyc.h"
#include "cli/watch.h"
#include "facts/guests.h"
#include "ptp/hop.h"
#include "time/kernel_clock.h"

/* ptp4l's clock to the grandmaster's, the system's to the PHC, the system's to chronyd's source */
enum { WATCH_GM, WATCH_SYSTEM, WATCH_CHRONY, WATCH_SERIES };

struct watch_tick {
	unsigned int nth;		/* from 1 on */
	int64_t when_ns;		/* CLOCK_REALTIME */
	bool late;			/* it was the next one's turn already: nothing was read */
	bool has_ptp4l;			/* it answered: */
	char ports[160];		/* "eno1 SLAVE, eno2 MASTER" */
	bool follows;			/* a master, whose offset is that of WATCH_GM */
	struct pmc_data ptp4l;
	struct chain_hop hop;		/* known: WATCH_SYSTEM */
	bool has_tracking;		/* chronyd follows a source: WATCH_CHRONY */
	struct chrony_tracking tracking;
	struct kernel_clock kernel;
	int guests;			/* -1: not known */
	bool has_served;
	uint64_t served;		/* clock pairings since the tick before */
};

struct watch {
	struct watch_run run;
	struct series series[WATCH_SERIES];
	const struct check_report *report;	/* who steers, when it began */
};

/* Before the first tick, at each one, after the last one */
void watch_show_head(const struct watch *w);
void watch_show_tick(const struct watch *w, const struct watch_tick *t);
void watch_show_summary(const struct watch *w);

#endif
