/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How wrong the host's clock can be, and in which state it is, by what its daemons say: no input and no output. The
 * formula's text is in Documentation/host-record.rst.
 */
#ifndef SERVE_BOUND_H
#define SERVE_BOUND_H

#include <stdbool.h>
#include <stdint.h>

#include "chrony/chronyc.h"
#include "facts/facts.h"
#include "ptp/hop.h"
#include "time/host_record.h"
#include "time/kernel_clock.h"

/* On the clock's error, ns; NAN: none is known */
struct bound {
	double max;		/* to UTC */
	double ref;		/* to what it follows, or followed last */
};

struct bound_options {
	double drift_ppm;
	double holdover_limit_ns;
	double gm_accuracy_ns;	/* of a grandmaster that tells none; NAN: not known */
};

/* What the daemons said */
struct heard {
	int64_t boot_ns;		/* CLOCK_BOOTTIME when they were asked; 0: they were not yet */
	enum host_clock_source source;	/* who steers the clock; NONE: nobody does */
	/* PTP4L */
	struct ptp4l_fact ptp4l;	/* the one that follows a master, else the first; its offset is NAN where Sync ceased */
	double offset_ns;		/* the largest of the last few, without its sign */
	struct chain_hop hop;		/* not read */
	/* CHRONY */
	bool answers;
	struct chrony_tracking tracking;
	double update_age;		/* s, since chronyd set the clock right */
	bool unheard;			/* nothing came of its source in the last polls */
	bool leap_list;			/* it knows leap seconds itself, and has the clock step in them */
};

/* The largest of the last few, NAN where one of them is */
#define RECENT 16
struct recent {
	double val[RECENT];
	unsigned int n;			/* that ever came */
};
double recent_max(struct recent *r, double val);

/* A step, after which older measurements say nothing */
struct stepped {
	int64_t boot_ns;		/* when; 0: none was */
	double real_s;			/* the same by the clock that was set */
	double update;			/* of what was heard last before it: heard_update() */
};

/* When the daemon last measured, as it tells it; NAN where it doesn't */
double heard_update(const struct heard *h);

/* What is measured now; hop_ns: the largest |PHC − system| of the last few; NAN: not known */
struct bound bound_measure(const struct heard *h, double hop_ns, const struct kernel_clock *k,
			   const struct bound_options *o);
/* Its daemon says that the clock is synchronized, at a time that counts. */
bool bound_synchronized(const struct heard *h, const struct kernel_clock *k, const struct stepped *s, int64_t boot_ns);

/* The last bound while the clock was synchronized */
struct holdover {
	bool was;
	struct bound bound;
	int64_t boot_ns;
	enum host_clock_source source;
};

/* What is told: bound and source come out as of what was last known, where the clock is not synchronized now. */
enum host_status bound_hold(struct holdover *h, struct bound *b, enum host_clock_source *source, bool synchronized,
			    int64_t boot_ns, const struct bound_options *o);
/* After a step, which may have been a false one */
void bound_step(struct holdover *h, int64_t by_ns);

/* Has the kernel been told a bound? One that was set to 0 has only grown since. */
struct kernel_told {
	bool looked, told;
	double last_ns;
};
bool kernel_told(struct kernel_told *t, double max_error_ns);

/* Leap, smear and TAI − UTC of a record */
void bound_scale(struct host_record *r, const struct heard *h, const struct kernel_clock *k);

#endif
