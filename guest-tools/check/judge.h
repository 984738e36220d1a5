/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two halves of the judgement: no input and no output in either. */
#ifndef CHECK_JUDGE_H
#define CHECK_JUDGE_H

#include "facts/facts.h"
#include "output/judge.h"

struct check_report {
	struct findings said;
	/* What the judgement rests on, for programs */
	int chrony_method;		/* enum phc_method that chronyd takes, -1 if none works */
	bool has_offset;
	int64_t offset_ns, uncertainty_ns;	/* device − system now, by the best that works */
	const struct chrony_source *source;	/* of this clock, NULL if chronyd has none */
};

/* r: zeroed, or judged before */
void check_judge(const struct check_facts *f, struct check_report *r);

/* Where warnings and failures begin */
enum { WARN_OFFSET, FAIL_OFFSET, WARN_UNCERTAINTY, WARN_HOST_ERROR, FAIL_LOST_POLLS };
extern struct limit check_limits[];

extern const char *const check_links[];	/* in order, NULL at the end */
extern const struct finding_kind check_kinds[];

/* One of EXIT_*, by what counts. */
int check_exit_status(const struct check_facts *f, const struct check_report *r);

struct judge {
	const struct check_facts *f;
	struct check_report *r;
};

/* Of chronyd, after what was said: nothing for --root */
void judge_remedy_restart(struct judge *j);
/*
 * Setup, which takes over r if that is a line of the admin's (NULL: none); or, where it can't be done or would not help,
 * what can be done instead.
 */
void judge_remedy_setup(struct judge *j, const struct refclock_fact *r);
/* Of the refclock that ptpkvm setup wrote: a sed command, which REFCLOCK_SED() makes. Another one is taken over. */
#define REFCLOCK_SED(command) "sudo sed -i -E '/^[[:space:]]*refclock[[:space:]]/I" command "' %s"
void judge_remedy_line(struct judge *j, const struct refclock_fact *r, const char *sed);

/* chrony's unit here, without its suffix */
const char *judge_service(const struct check_facts *f);
/* How the host answers: an errno, 0 if it does, -1 if that can't be known. */
int judge_host_error(const struct check_facts *f);
/* The clock is there, and no host serves it: as soon as one does it answers. */
bool judge_clock_waits(const struct check_facts *f);
/* chronyd's source of this clock, or NULL. Where its configuration can't be read: the only refclock. */
const struct chrony_source *judge_find_source(const struct chrony_facts *c);

/* False if chronyd can't be asked. */
bool judge_chronyd(struct judge *j);
void judge_refclock(struct judge *j);
void judge_source(struct judge *j);
/* Does it set the clock beside the one that should? */
bool judge_is_rival(const struct check_facts *f, const struct steerer *s);
void judge_rivals(struct judge *j);
void judge_config(struct judge *j);
void judge_boot(struct judge *j);
/* Instead of chronyd and what hangs on it, where another daemon keeps this clock's time */
void judge_keeper(struct judge *j, const struct steerer *s);
void judge_keeper_config(struct judge *j, const struct steerer *s);

#endif
