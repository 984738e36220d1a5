/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `ptpkvm guard` decides, apart from how it sees and acts: an observation goes in, what to do and what
 * to say comes out. Times are nanoseconds.
 */
#ifndef GUARD_DECIDE_H
#define GUARD_DECIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "chrony/chronyc.h"
#include "time/host_clock.h"
#include "time/phc.h"

#define GUARD_SOURCES 32
#define GUARD_LINES 8
#define GUARD_SETTLED_NS 1000		/* off by less is on the host's time; beside what readings themselves are apart */

struct guard_config {
	int64_t interval;	/* between two observations */
	int64_t jump;		/* what is no longer drift, but a step */
	uint64_t max_error;	/* of the host's clock that is still followed; 0: any */
	bool selectopts;	/* chronyc can take a source out of selection; else that takes a restart of chronyd */
	bool sets;		/* the system's clock can be set beside this chronyd; else chronyd alone steps it */
	const char *device;	/* the PTP clock; NULL: the KVM one */
	const char *refid;	/* of the refclock; NULL: KVM, or else the only PHC */
};

/* What chronyd says of itself */
enum guard_chronyd {
	GUARD_NOT_ASKED,
	GUARD_SILENT,		/* it isn't there, or says nothing: why has the reason */
	GUARD_NO_REFCLOCK,	/* it has none for this PHC */
	GUARD_REFCLOCK,
};

struct guard_input {
	int64_t now;			/* CLOCK_MONOTONIC */
	int phc_error;			/* errno of the last way of reading that was tried; 0: one of them works */
	enum phc_method method;		/* the one that works */
	int precise_error;		/* why it isn't PRECISE, an errno */
	int64_t offset;			/* the PHC's time - the system's */
	int64_t raw;			/* the PHC's time - CLOCK_MONOTONIC_RAW */
	int64_t set;			/* the system's time - CLOCK_BOOTTIME: changes only when it is set */
	int64_t window;			/* how far apart these readings can have been */
	char phc_why[256];		/* if it can't be read */
	struct host_clock host;
	bool reachable;			/* by vsock: what the host does not tell now it may soon */
	bool failed;			/* some of what was to be done last time */
	bool recorded;			/* a file in /run says that guard took the PHC out */
	enum guard_chronyd chronyd;
	char why[256];
	struct chrony_source source[GUARD_SOURCES];
	int n;
	int phc;			/* which of them is the PHC */
	bool noselect;			/* chronyd leaves the PHC out of selection */
};

enum guard_action {
	GUARD_TAKE_OUT = 1,	/* out of selection, on record */
	GUARD_PUT_BACK = 2,
	GUARD_BURST = 4,	/* have NTP servers asked now */
	GUARD_RESET = 8,	/* have all measurements forgotten */
	GUARD_MAKESTEP = 16,
	GUARD_RESTART = 32,	/* of chronyd */
	GUARD_SET = 64,		/* the system's clock on the PTP clock, and all measurements forgotten */
};

struct guard_output {
	unsigned int actions;		/* to be done in the order of their values */
	const char *reason;		/* for the record of GUARD_TAKE_OUT */
	bool ask;			/* the next observation is to have chronyd's word … */
	bool brief;			/* … but for noselect: each question takes a while */
	int64_t wait;			/* until it */
	int lines;
	struct guard_line {
		int level;		/* of syslog(3) */
		char text[320];
	} line[GUARD_LINES];
};

enum guard_stage {
	GUARD_CALM,
	GUARD_DISRUPTED,	/* chronyd is to be asked what it makes of it */
	GUARD_ASKING,		/* NTP servers are being asked who is right */
	GUARD_SETTING,		/* the system's clock has been set, and is to be the PHC's */
	GUARD_WAITING,		/* until chronyd has selected the PHC again */
	GUARD_STEPPED,		/* until the system's time is the PHC's */
};

struct guard {
	const struct guard_config *config;

	/* The last reading, if it says anything about the next */
	bool read;
	int64_t now, offset, raw, set, window;
	bool has_marker;
	uint64_t marker;		/* the driver's */
	bool told;			/* over vsock, since guard began; kept while nobody answers there: … */
	uint64_t told_marker;
	char told_by[sizeof(((struct host_clock *)0)->host_id)];	/* … it may be another host that does next */
	int failures;			/* in a row */
	bool unreadable;		/* that has been said */

	/* chronyd */
	enum guard_chronyd chronyd;
	int silent;			/* how often in a row */
	int64_t asked;			/* when; 0: at once again */
	int64_t poll;			/* how often it polls the PHC */
	bool noselect;
	bool followed;			/* in calm: it has selected the PHC, or nothing at all */

	/* Quality */
	bool tells;			/* the host tells of its clock */
	int64_t untold_since;		/* 0: it does */
	bool out;			/* the PHC is not to be selected: what is wanted, not always what is */
	int64_t good_since, bad_since;	/* 0: it isn't */
	char reason[160];
	bool held;			/* chronyd was restarted for it */
	bool useless;			/* and that did not help */

	/* Disruption */
	enum guard_stage stage;
	int64_t disrupted, since, stepped;
	int64_t late;			/* so much later chronyd may poll, since the clock that its timers run on was set back */
	int servers;			/* NTP servers that answered chronyd when it was asked last */
	struct {
		char name[sizeof(((struct chrony_source *)0)->name)];
		double measured;
	} before[GUARD_SOURCES];

	/* A chronyd that gets nothing out of the PHC */
	int64_t deaf_since;		/* 0: it isn't */
	bool deaf_said;

	/* Restarts, for whatever reason */
	int64_t restarted, pause;
};

void guard_init(struct guard *g, const struct guard_config *config, bool recorded);
void guard_step(struct guard *g, const struct guard_input *in, struct guard_output *out);
/* Why the PHC isn't to be followed, in a buffer of the caller; false if there is no reason. */
bool guard_bad_host(const struct host_clock *host, uint64_t max_error, char *reason, size_t len);

/* --- guard.c, for its tests --- */

/* Fills in what chronyd says. */
void guard_ask(struct guard_input *in, const struct guard_config *config, bool brief);
/* Does what out says. name: the refclock's; service: chronyd's unit. False if one of it failed; that is said. */
bool guard_act(const struct guard_output *out, const struct guard_config *config, const char *name,
	       const char *service);
/*
 * Nothing that guard took out stays out: what its record says is undone, and the record removed. stopping: guard's
 * own unit is, so that a restart of chronyd only can be asked for.
 */
bool guard_release(const char *service, bool stopping);
bool guard_recorded(void);

#endif
