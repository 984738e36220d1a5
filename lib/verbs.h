/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program of verbs: one table drives dispatch and help alike. */
#ifndef VERBS_H
#define VERBS_H

#include <stddef.h>

/* What every verb may exit with, beside what a program adds from 3 on; documented in its man page. */
enum {
	EXIT_GOOD = 0,
	EXIT_WARNINGS = 1,	/* works, but not as it should */
	EXIT_BROKEN = 2,	/* does not work, or misuse of the command line */
};

struct verb {
	const char *name;
	int (*run)(int argc, char **argv);	/* argv[0] is the verb; the exit code */
	const char *summary;
};

/*
 * Runs the verb that argv names; without one, or with only options, the first of the n. Those have
 * progname, --help and --version here; statuses says what the program's exit statuses are, for --help.
 */
int verbs_main(const struct verb *verbs, size_t n, const char *statuses, int argc, char **argv);

#endif
