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

struct unit {
	char name[UNIT_NAME_LEN];	/* its own, where it was asked for by an alias */
	char file[PATH_MAX];		/* that it begins with; empty: there is none */
	bool masked;
	char *exec;			/* the words of its first ExecStart=, a NUL after each; NULL if it has none */
	size_t exec_len;
};

/*
 * The file and its drop-ins, as systemd merges them; variables of Environment= and EnvironmentFile= are put in, and the
 * specifiers %i %I %n %N %p %t. What else systemd would put in stays as it stands. To be freed in any case.
 */
void unit_read(struct unit *u, const char *name);
void unit_free(struct unit *u);

/*
 * The units that a pattern of glob(7) matches, such as "phc2sys*.service", and that another one wants or requires:
 * what the next boot starts, with their own names, sorted. Their number, at most max.
 */
int units_enabled(const char *pattern, char names[][UNIT_NAME_LEN], int max);

#endif
