/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * systemd's units as their files say, below file_root: also of an image, where no systemd can be asked. Generated and
 * transient ones are not among them.
 */
#ifndef SYSTEM_UNITS_H
#define SYSTEM_UNITS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#define UNIT_NAME_LEN 128
#define UNIT_WORD_MAX 4096
#define UNITS_MAX 512	/* that are enabled, and looked at */

struct unit {
	char name[UNIT_NAME_LEN];	/* its own, where it was asked for by an alias */
	char file[PATH_MAX];		/* that it begins with; empty: there is none */
	bool masked;
	char *exec;			/* the words of its first ExecStart=, a NUL after each; NULL if it has none */
	size_t exec_len;
	char variable[UNIT_NAME_LEN];	/* the last word of it that is $NAME as a whole; empty: there is none */
	char value[UNIT_WORD_MAX];	/* of that */
	size_t value_end;		/* where in exec the words of that value end */
};

struct unit_how {
	const char *without;	/* a file of EnvironmentFile= that is passed over; NULL: none */
	const char *instead;	/* NAME=value, taken to be what that file says; NULL: nothing */
	bool inside;		/* run by the unit: this process's own variables go before */
};

/*
 * The file and its drop-ins, also those of the name it is asked for, as systemd merges them; variables of Environment=
 * and of at most 64 files of EnvironmentFile= are put in, and the
 * specifiers %i %I %n %N %p %t %E %S %C %L %h. What else systemd would put in stays as it stands. To be freed in any case.
 */
void unit_read(struct unit *u, const char *name);
void unit_read_as(struct unit *u, const char *name, const struct unit_how *how);
void unit_free(struct unit *u);

/* There is a file of that name, or of its template, masked or not. */
bool unit_exists(const char *name);
/* The next boot starts it, as far as units_enabled() goes; name: its own. */
bool unit_enabled(const char *name);

/* The next word of a value of such a variable, without its quotes; false at the end, and for one that is too long. */
bool unit_word(const char **text, char word[static UNIT_WORD_MAX]);

/*
 * The units that a pattern of glob(7) matches, such as "phc2sys*.service", and that another one wants or requires:
 * what the next boot starts, with their own names, sorted. Their number, at most max.
 */
int units_enabled(const char *pattern, char names[][UNIT_NAME_LEN], int max);

#endif
