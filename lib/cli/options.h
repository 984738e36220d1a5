/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command lines of verbs: one table each, by which they are read and from which --help is made. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct option_row {
	char letter;			/* 0: none */
	const char *name;		/* NULL: no option, but a line of help above those that follow */
	const char *argument;		/* how --help calls it: "N"; NULL: there is none */
	const char *help;		/* NULL: it is not shown; for what is refused with a reason */
	enum { FLAG, TEXT, WHOLE, DECIMAL, ROOT, TAKE } kind;
	void *to;
	double min, max;
	void (*take)(void *to, char *arg);
};

/* The rest of a row: where the argument goes. All of it, since gcc 10 warns of what is left to be 0. */
#define FLAG_TO(p) FLAG, (bool *){ p }, 0, 0, NULL
#define TEXT_TO(p) TEXT, (const char **){ p }, 0, 0, NULL			/* not empty */
#define WHOLE_TO(p, least, most) WHOLE, (int *){ p }, least, most, NULL
#define DECIMAL_TO(p, least, most) DECIMAL, (double *){ p }, least, most, NULL
/* --root: it becomes file_root; the bool is whether that is another than this system, NULL: nobody asks */
#define ROOT_TO(p) ROOT, (bool *){ p }, 0, 0, NULL
/* What else there is. arg is NULL if the row has no argument; what is wrong is misuse(). */
#define TAKE_BY(function, p) TAKE, p, 0, 0, function

struct command {
	const char *about;		/* lines are paragraphs */
	const char *operands;		/* "[IF]...", for --help */
	const struct option_row *rows, *more;	/* a zero one at the end of each; more may be NULL */
	const char *notes;		/* paragraphs below the options, or NULL */
	const char *statuses;		/* "0 good, 2 misuse" */
	void (*operand)(void *arg, char *word);	/* NULL: one is misuse. In order with the options. */
	void *arg;
};

/*
 * argv[0] is the verb. Options are "--name ARG", "--name=ARG", "-nARG", "-n ARG"; names may be shortened; behind "--"
 * there are operands only. --help prints, and ends the program. Misuse ends it with 2, one line that names what is
 * wrong, and a hint at --help.
 */
void options_parse(const struct command *c, int argc, char **argv);

/* The argument of an option: a bad one is misuse. */
uint64_t opt_u64(const char *opt, const char *s, uint64_t min, uint64_t max);
int64_t opt_s64(const char *opt, const char *s, int64_t min, int64_t max);
double opt_decimal(const char *opt, const char *s, double min, double max);

#endif
