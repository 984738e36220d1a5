/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files put in the place of others below file_root, all of them or none, so that they can be taken away again
 * to the byte: a file that was there before is kept beside its place, and a journal says what was done.
 */
#ifndef SYSTEM_INSTALL_H
#define SYSTEM_INSTALL_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define INSTALL_JOURNAL "/etc/ptpkvm/host-state"
#define INSTALL_SAVED ".ptpkvm-save"	/* after the name of the file that was there before */
#define INSTALL_FILES_MAX 32

enum install_what {
	INSTALL_SAME,		/* there already */
	INSTALL_NEW,
	INSTALL_REWRITE,	/* ours, with another content */
	INSTALL_REPLACE,	/* somebody else's, which is kept */
	INSTALL_REMOVE,		/* ours, not wanted any more */
	INSTALL_RESTORE,	/* the same, and what was there before comes back */
	INSTALL_FORGET,		/* somebody took it away already */
};

struct install_step {
	char path[300];
	const char *text;	/* NULL where it goes */
	size_t len;
	enum install_what what;
	char *before;		/* what is there now, NULL if nothing */
	size_t before_len;
	mode_t before_mode;
	bool kept;		/* it has its second name already */
	bool done;
};

struct install {
	struct install_step steps[INSTALL_FILES_MAX];
	int n;
	struct install_journal *was, *will;	/* as it is, and as it is going to be */
	const volatile sig_atomic_t *stop;	/* set: end, and undo; may be NULL */
};

/* A file that is wanted; text has to live as long as in. path is a constant, or one of ours. */
void install_want(struct install *in, const char *path, const char *text, size_t len);

/*
 * Compares what is wanted, nothing for taking all away, with what is there. False with the reason where
 * something is in the way: a file that was edited since, a journal that is damaged.
 */
bool install_plan(struct install *in, char *why, size_t len);

/* There is nothing to do. */
bool install_idle(const struct install *in);

/*
 * Does it; 0644, as files of /etc are. False with the reason, and everything is as it was; unless *undone is
 * false, then with a second reason.
 */
bool install_carry_out(struct install *in, bool *undone, char *why, size_t len);

/* "write", "replace", …, for people */
const char *install_verb(enum install_what what);

void install_free(struct install *in);

#endif
