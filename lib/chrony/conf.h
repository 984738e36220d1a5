/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chrony's configuration as chronyd reads it (chrony.conf(5)): the main file, and what include, confdir and
 * sourcedir bring in, in that order, below file_root.
 */
#ifndef CHRONY_CONF_H
#define CHRONY_CONF_H

#include <stdbool.h>
#include <stddef.h>

struct chrony_directive {
	const char *file;	/* without file_root */
	int line;
	size_t at;		/* where in the file that line begins, in bytes */
	const char *text;	/* normalised as chronyd does: one space between words, no comment */
	const char *name;	/* the first word, in lower case */
	const char *args;	/* the rest, "" if none */
};

/*
 * Where this distribution keeps it: Debian's layout or RHEL's, found by what exists below file_root; of both files the one
 * whose unit is there.
 */
struct chrony_layout {
	const char *name;		/* "debian", "rhel" */
	const char *conf;		/* "/etc/chrony/chrony.conf", "/etc/chrony.conf" */
	const char *service;		/* "chrony.service", "chronyd.service" */
	const char *options;		/* the unit's variable of options: "DAEMON_OPTS", "OPTIONS" */
};

/* NULL if there is no chrony.conf anywhere. */
const struct chrony_layout *chrony_layout(void);

/*
 * Calls see() for every directive but include, confdir and sourcedir, which are followed (at most ten deep,
 * as chronyd, and at most 1000 files). 0; or -1 with file, line and reason in why: a file that can't be read, or that is named by
 * an include and not there. see() stops the walk by returning non-zero, which is then returned.
 */
int chrony_conf_walk(const char *conf, int (*see)(const struct chrony_directive *d, void *arg), void *arg,
		     char *why, size_t len);

/* "name value" or a bare word in a directive's arguments: "poll" in "PHC /dev/ptp0 poll 3". NULL if absent. */
bool chrony_option(const char *args, const char *name, char *value, size_t len);

#endif
