/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of this clock that stand in chrony's configuration already: setup takes them over, remove puts them back. */
#ifndef SETUP_ADOPT_H
#define SETUP_ADOPT_H

#include "chrony/conf.h"
#include "setup/journal.h"

#define ADOPT_MARK "#ptpkvm: "	/* before a line that was taken over: a comment to chronyd */

struct adoption {
	const char *device;		/* the clock, "" if it is not known; of a tree that does not run: offline */
	bool offline, wanted;
	struct setup_adopted lines[SETUP_ADOPTED_MAX];
	int at[SETUP_ADOPTED_MAX];	/* where each stands, a line's number */
	int n, done;			/* so many there are, and are commented out */
};

/*
 * To be shown each directive: true if it is no refclock of this clock, or, where that is wanted, one that can be
 * taken over, which is then in lines[]. False with the reason and what to do.
 */
bool adopt_see(struct adoption *a, const struct chrony_directive *d, char *why, size_t len);

/* Comment them out; false with the reason at the first that can't be. */
bool adopt_do(struct adoption *a, char *why, size_t len);

/*
 * Put back a line: all of its file but its mark stays as it is by now. Their number, 0 if there is no such line any
 * more, -1 and the reason; try: count only.
 */
int adopt_undo(const struct setup_adopted *line, bool try, char *why, size_t len);

/* For want of a journal: marked lines in the files where distributions have chrony's configuration */
void adopt_find(struct setup_record *record);

#endif
