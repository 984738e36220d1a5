/* SPDX-License-Identifier: GPL-2.0-or-later */
/* chrony's refclock directive (chrony.conf(5)) for this clock: fields, which chrony knows them, text. */
#ifndef CHRONY_REFCLOCK_H
#define CHRONY_REFCLOCK_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "chrony/chronyc.h"
#include "chrony/conf.h"

#define REFCLOCK_LINK "/dev/ptp_kvm"	/* by systemd's udev rule */
#define REFCLOCK_MAKESTEP "makestep 0.001 -1"
#define REFCLOCK_UNSET INT_MIN
#define REFCLOCK_LINE_MAX 1024

struct refclock {
	char driver[8];			/* of a line that was read: "PHC", "SHM" */
	char device[300];
	bool nocrossts;			/* ":nocrossts" after the device: no PTP_SYS_OFFSET_PRECISE */
	char refid[5];
	int poll, dpoll;		/* log2 of seconds */
	int filter, minsamples, maxsamples, maxunreach, stratum;	/* or REFCLOCK_UNSET */
	char offset[32], delay[32], precision[32],
		maxdispersion[32]; /* seconds, as they were given; "" unset */
	bool local, prefer, trust, require, noselect, optional, tai;
	bool classic;			/* the defaults are the guides' */
	bool delay_auto, stratum_auto;	/* from the host's quality, see refclock_auto() */
};

/* Nothing set; then options; then refclock_defaults() for what was not given. */
void refclock_init(struct refclock *r);
void refclock_defaults(struct refclock *r, const struct chrony_version *v);

/* Would chronyd of that version take it, and for this clock? False with the reason and a remedy. */
bool refclock_valid(const struct refclock *r, const struct chrony_version *v, char *why, size_t len);

/* A line of a configuration, as chronyd takes it apart. False if it is none, or if its words do not fit. */
bool refclock_read(struct refclock *r, const struct chrony_directive *d);

/* Without a refid: chronyd's own name for it, by its place among all refclocks, from 0 on. */
void refclock_name(struct refclock *r, int index);

/* The directive, without a newline. */
void refclock_render(const struct refclock *r, char line[static REFCLOCK_LINE_MAX]);

#endif
