/* SPDX-License-Identifier: GPL-2.0-or-later */
/* chrony's refclock directive (chrony.conf(5)) for this clock: fields, which chrony knows them, text. */
#ifndef REFCLOCK_H
#define REFCLOCK_H

#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "chronyc.h"
#include "host_clock.h"

#define REFCLOCK_LINK "/dev/ptp_kvm"	/* by systemd's udev rule */
#define REFCLOCK_MAKESTEP "makestep 0.001 -1"
#define REFCLOCK_UNSET INT_MIN
#define REFCLOCK_LINE_MAX 1024

struct refclock {
	char device[300];
	bool nocrossts;			/* ":nocrossts" after the device: no PTP_SYS_OFFSET_PRECISE */
	char refid[5];
	int poll, dpoll;		/* log2 of seconds */
	int filter, minsamples, maxsamples, maxunreach, stratum;	/* or REFCLOCK_UNSET */
	char offset[32], delay[32], precision[32],
		maxdispersion[32]; /* seconds, as they were given; "" unset */
	bool local, prefer, trust, require, noselect, optional;
	bool classic;			/* the defaults are the guides' */
	bool delay_auto, stratum_auto;	/* from the host's quality, see refclock_auto() */
};

/* Nothing set; then options; then refclock_defaults() for what was not given. */
void refclock_init(struct refclock *r);
void refclock_defaults(struct refclock *r, const struct chrony_version *v);

/* The command line's part: entries for getopt_long(), a line of help each. */
enum { REFCLOCK_OPT_FIRST = 1000 };
extern const struct option refclock_options[];
extern const char refclock_help[];
#define REFCLOCK_OPTIONS_MAX 24

/* own's entries and the refclock's, ended by an empty one. */
void refclock_add_options(struct option *all, size_t max, const struct option *own);

/* False if opt is none of the refclock's; a bad argument is misuse. given (may be NULL) becomes true. */
bool refclock_option(struct refclock *r, int opt, const char *arg, bool *given);

/*
 * delay and stratum from what the host tells of its clock: delay twice its bound on its own error, since
 * chrony takes half of a delay for possible error; stratum 1, that of a host which is itself synchronized to
 * a reference, as nobody tells how far that is. False with the reason where the host does not tell.
 */
bool refclock_auto(struct refclock *r, const struct host_clock *hc, char *why, size_t len);

/* Would chronyd of that version take it, and for this clock? False with the reason and a remedy. */
bool refclock_valid(const struct refclock *r, const struct chrony_version *v, char *why, size_t len);

/* The directive, without a newline. */
void refclock_render(const struct refclock *r, char line[static REFCLOCK_LINE_MAX]);

#endif
