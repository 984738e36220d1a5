/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a program ends. */
#ifndef BASE_DIE_H
#define BASE_DIE_H

#include <stddef.h>

/* What every verb may exit with, beside what a program adds from 3 on; documented in its man page. */
enum {
	EXIT_GOOD = 0,
	EXIT_WARNINGS = 1,	/* works, but not as it should */
	EXIT_BROKEN = 2,	/* does not work */
	EXIT_MISUSE = 2,	/* of the command line */
};

extern const char *progname;
extern const char *progverb;	/* that is run; NULL: none yet, or this program has none */

/* Say what is wrong on standard error, behind what was printed before, as tame() has it. */
void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Say what is wrong on standard error and exit 2. */
void die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
/* Misuse: the same, with a hint at --help, the verb's if there is one. */
void misuse(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

void *xcalloc(size_t n, size_t size);

/* The last words of main: a result that could not be written is a failure. */
int finish(int code);

#endif
