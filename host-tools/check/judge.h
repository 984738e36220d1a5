/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the judgement: no input and no output in any. */
#ifndef CHECK_JUDGE_H
#define CHECK_JUDGE_H

#include "facts/facts.h"
#include "output/judge.h"
#include "time/kernel_clock.h"

struct check_report {
	struct findings said;
	struct steerer steerers[STEERERS_MAX];	/* those that steer now */
	int n_steerers;
	bool unseen;			/* none of them, but processes are hidden here: there may be one */
	int tai_utc;			/* s, that is right today */
};

/* Where warnings and failures begin */
enum { WARN_OFFSET, WARN_SOFTWARE_OFFSET, FAIL_OFFSET, WARN_PATH_DELAY, WARN_KERNEL_ERROR };
extern struct limit check_limits[];

extern const char *const check_links[];	/* in order, NULL at the end */
extern const struct finding_kind check_kinds[];

/* r: zeroed, or judged before */
void check_judge(const struct check_facts *f, struct check_report *r);

/* One of EXIT_*, by what counts. */
int check_exit_status(const struct check_facts *f, const struct check_report *r);

/*
 * The kernel's bound on its clock's error and its estimate, ns, as k has them; both NAN beside one that steers without
 * telling the kernel a bound: what it has then is counted from 0. NAN, too, where one may steer that is not seen.
 */
struct kernel_clock check_kernel(const struct check_report *r, const struct kernel_clock *k);
/* "at most MAX_ERROR off UTC", which is the bound of check_kernel() in words of the caller's; or that there is none */
#define CHECK_BOUND_LEN 100
const char *check_bound(char buf[static CHECK_BOUND_LEN], const struct check_report *r, const struct kernel_clock *k,
			const char *max_error);

struct judge {
	const struct check_facts *f;
	struct check_report *r;
};

/* Why what is not seen may be there all the same; NULL where all processes are seen */
const char *judge_unseen(const struct check_facts *f);

/* chrony's unit here, without its suffix */
const char *judge_chrony_service(const struct check_facts *f);

void judge_nics(struct judge *j);

/* Who steers the clock, for the report */
void judge_find_steerers(struct judge *j);
void judge_ptp4l(struct judge *j);
/* Each ptp4l tells that it follows no master, and none is meant to be a grandmaster. */
bool judge_no_master(const struct check_facts *f);
void judge_offset(struct judge *j);
void judge_steering(struct judge *j);

/* What TAI − UTC is today */
int judge_tai_utc(const struct check_facts *f);
void judge_tai(struct judge *j);
void judge_leap(struct judge *j);

void judge_serve(struct judge *j);

#endif
