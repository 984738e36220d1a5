/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes: their units, and their command lines, taken apart as getopt_long(3) does. */
#ifndef SYSTEM_PROCESSES_H
#define SYSTEM_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>

struct cmdline {
	char *words;		/* of /proc/PID/cmdline, a NUL after each */
	const char *at, *end;
	const char *more;	/* the rest of a word of several letters */
	bool only_words;	/* after "--" */
};

struct cmdline_option {
	char letter;		/* 0: a long one, or a word that is no option */
	char name[40];		/* of a long one; empty otherwise */
	const char *value;	/* its argument, or the word; NULL if there is none */
};

/* False if it can't be read. To be freed either way. */
bool cmdline_read(struct cmdline *c, int pid);
void cmdline_free(struct cmdline *c);

/*
 * The next option or word after the program's name, false at the end. with: the letters that take an
 * argument. A long one takes one always: the word that follows it, or what is behind its equals sign.
 */
bool cmdline_next(struct cmdline *c, const char *with, struct cmdline_option *o);

/* The next word as it is, for programs with options of another kind; NULL at the end. Not between options. */
const char *cmdline_word(struct cmdline *c);

/* "ntpsec.service", the systemd unit of a process; empty if it has none. */
void process_unit(int pid, char *unit, size_t len);

#endif
