/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One look at the whole chain: what check gathers, each hop's offset, and the guests. */
#ifndef STATUS_GATHER_H
#define STATUS_GATHER_H

#include "check/judge.h"
#include "facts/facts.h"
#include "facts/guests.h"
#include "ptp/hop.h"

struct status {
	struct check_facts facts;
	struct check_report report;		/* all that check says */
	struct chain_hop *hop;			/* for each ptp4l */
	bool has_tracking;
	struct chrony_tracking tracking;
	struct kvm_guests guests;
	struct findings off;			/* warnings and failures of check in those links, and of guests */
};

extern const char *const status_links[];	/* NULL at the end */

/* Once in a program: what it finds is not freed. */
void status_gather(struct status *s);

/* chronyd follows a source: it is neither unsynchronized nor a reference of its own ("local stratum"). */
bool status_follows(const struct chrony_tracking *t);
/* chronyd's bound on the clock's error to its source's reference, s */
double status_root_distance(const struct chrony_tracking *t);

#endif
