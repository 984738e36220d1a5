/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program of verbs: one table drives dispatch and help alike. */
#ifndef CLI_VERBS_H
#define CLI_VERBS_H

#include <stddef.h>

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
