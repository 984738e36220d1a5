/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The processes that could set a clock, and command lines, taken apart as getopt_long(3) does. Below file_root. */
#ifndef SYSTEM_PROCESSES_H
#define SYSTEM_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/answer.h"
#include "system/units.h"

struct process {
	int pid, parent;
	char name[16];		/* of /proc/PID/comm; anybody can call himself so */
	bool may_set_clock;	/* CAP_SYS_TIME is effective, and it is in the first user namespace */
	enum answer elsewhere;	/* in another root or network namespace; MAYBE: only root can tell */
	char unit[UNIT_NAME_LEN];	/* "ptp4l@eth0.service", of system.slice; empty if it has none */
};

struct processes {
	struct process *list;	/* by number */
	int n;
	bool hidden;		/* those of others may not be seen here: hidepid, or a container */
};

/*
 * Those with one of these names (a NULL at their end; the kernel keeps 15 characters) that may set the clock, or run
 * in a unit of their name: others' are no daemons, whatever they are called. To be freed in any case.
 */
void processes_read(struct processes *p, const char *const names[]);
void processes_free(struct processes *p);

/* "ntpsec.service", the systemd unit of a process; empty if it has none in system.slice, as a user's own. */
void process_unit(int pid, char *unit, size_t len);

/*
 * A path of its command line, as it is found from here: below its root if that is another one, relative ones from where
 * it runs. p may be NULL, for a command line of a unit. False if it does not fit.
 */
bool process_path(const struct process *p, const char *path, char *found, size_t len);

struct cmdline {
	char *words;		/* of /proc/PID/cmdline, a NUL after each */
	const char *at, *end;
	const char *more;	/* the rest of a word of several letters */
	bool only_words;	/* after "--" */
	const char *long_with;	/* the long options that take an argument, with a space between them; NULL: all */
};

struct cmdline_option {
	char letter;		/* 0: a long one, or a word that is no option */
	char name[40];		/* of a long one; empty otherwise */
	const char *value;	/* its argument, or the word; NULL if there is none */
};

/* False if it can't be read. To be freed either way. */
bool cmdline_read(struct cmdline *c, int pid);
/* Of words that the caller has, with a NUL after each; they are freed by cmdline_free(). */
void cmdline_of(struct cmdline *c, char *words, size_t len);
/* To the first word after the program's name */
void cmdline_rewind(struct cmdline *c);
void cmdline_free(struct cmdline *c);

/*
 * The next option or word after the program's name, false at the end. with: the letters that take an
 * argument. A long one's is behind its equals sign, or the word that follows it.
 */
bool cmdline_next(struct cmdline *c, const char *with, struct cmdline_option *o);

/* The next word as it is, for programs with options of another kind; NULL at the end. Not between options. */
const char *cmdline_word(struct cmdline *c);

#endif
