/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chronyd's state, asked through chronyc -c (chronyc(1)): its output is comma-separated, and what it means is
 * fixed by position. Everything asked here but selectdata works for unprivileged users.
 */
#ifndef CHRONY_CHRONYC_H
#define CHRONY_CHRONYC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHRONYC_TIMEOUT_MS 5000

struct chrony_version {
	int major;		/* 0: unknown */
	int minor;
};

/* "4.3", from the output of chronyd --version or from an option. False if it is neither. */
bool chrony_version_parse(const char *text, struct chrony_version *v);
/* Of the chronyd that is installed; false with the reason in why. */
bool chrony_version_installed(struct chrony_version *v, char *why, size_t len);
bool chrony_at_least(const struct chrony_version *v, int major, int minor);

struct chrony_source {
	char mode;		/* '^' server, '=' peer, '#' refclock */
	char state;		/* '*' selected, '+' combined, '-' not combined, '?' unusable, 'x' falseticker, '~' too variable */
	char name[256];		/* address, or the refclock's refid */
	int stratum;
	int poll;		/* log2 of seconds */
	unsigned int reach;	/* the last eight polls, a bit each (chronyc prints it in octal) */
	double last_rx;		/* seconds since the last sample; NAN if there is none */
	/* seconds; NAN if there is no sample */
	double offset;		/* source - system, adjusted for changes of the clock since; positive: we are behind */
	double measured;	/* as it was measured */
	double error;		/* margin */
};

struct chrony_tracking {
	char refid[16];		/* eight hexadecimal digits */
	char name[256];
	int stratum;
	double ref_time;	/* seconds of the epoch */
	double system;		/* seconds, NTP time - the system's; positive: the clock is behind */
	double last_offset;
	double rms_offset;
	double frequency;	/* ppm */
	double residual;	/* ppm */
	double skew;		/* ppm */
	double root_delay;	/* seconds */
	double root_dispersion;
	double update_interval;
	char leap[32];
};

struct chrony_selectdata {
	char state;		/* as in chronyc(1) selectdata: '*', 'N' noselect, … */
	char name[256];
	char auth;
	char configured[8];	/* options: N noselect, P prefer, T trust, R require */
	char effective[8];
	double last_rx;
	double score;
	double low, high;	/* seconds, the interval of its offset */
	char leap;
};

/*
 * Parsers of chronyc's output: at most max records go to list, the number found is returned, or -1 with the
 * offending line in why. Lines of unknown width, numbers out of range and overlong names are errors; an
 * empty text is 0 records.
 */
int chronyc_parse_sources(const char *text, struct chrony_source *list, int max, char *why, size_t len);
int chronyc_parse_tracking(const char *text, struct chrony_tracking *t, char *why, size_t len);
int chronyc_parse_selectdata(const char *text, struct chrony_selectdata *list, int max, char *why, size_t len);

/* The same, asked of chronyd now. -1 and the reason, chronyc's absence and silence included. */
int chronyc_sources(struct chrony_source *list, int max, char *why, size_t len);
int chronyc_tracking(struct chrony_tracking *t, char *why, size_t len);
int chronyc_selectdata(struct chrony_selectdata *list, int max, char *why, size_t len);

/* The one that chronyd follows, NULL if it follows none. */
const struct chrony_source *chrony_selected(const struct chrony_source *list, int n);

/*
 * The refclock of that name; without a name (NULL or "") the one that is called as setup calls it, KVM, or else the only one that
 * has chrony's own name of a PHC: a GPS receiver is none of ours. NULL if there is none.
 */
const struct chrony_source *chrony_source_named(const struct chrony_source *list, int n, const char *refid);

/* A command that changes something ("makestep", "reset sources"), as root. False with the reason. */
bool chronyc_command(char *why, size_t len, const char *const words[]);

#endif
