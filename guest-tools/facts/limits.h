/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What makes chronyd end, or follow a good clock no more, by its configuration (chrony.conf(5)). */
#ifndef FACTS_LIMITS_H
#define FACTS_LIMITS_H

#include <stdbool.h>

#include "chrony/conf.h"

struct chrony_limit {
	char file[128], text[96];	/* the directive: "maxchange 5 1 0" */
	int line;			/* 0: there is none */
};

struct limits {
	struct chrony_limit makestep, maxchange, minsources, leapsecmode;	/* the last of each, which counts */
	struct chrony_limit require, prefer;	/* the first NTP source that has this option */
};

/* One that names an NTP source, with options */
bool limits_is_source(const struct chrony_directive *d);
/* To be shown each directive, in order */
void limits_see(struct limits *l, const struct chrony_directive *d);

/* Does chronyd step its clock whenever it is far off, not only after its start? */
bool limits_steps(const struct limits *l);
/* What it does, by maxchange, if the clock is stepped: "ends …"; NULL: nothing but follow. */
const char *limits_maxchange(const struct limits *l);
/* Is it up to a second off after a leap second, for as long as it slews it or for ever? */
bool limits_slews_leap(const struct limits *l);
/* How many sources are to agree before the clock is followed; 1 where nothing is said */
int limits_minsources(const struct limits *l);

#endif
