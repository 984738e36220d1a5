/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of our own below file_root, all of them or none, and taken away again. Nobody else's file is replaced or
 * removed. One of ours that was edited stays while what is wanted in its place is what we wrote last; else it is
 * saved beside, under its name and INSTALL_SAVED (and a number, if that is taken).
 */
#ifndef SYSTEM_INSTALL_H
#define SYSTEM_INSTALL_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define INSTALL_SAVED ".ptpkvm-save"

enum install_what {
	INSTALL_SAME,		/* there already */
	INSTALL_KEEP,		/* edited, and nothing else is wanted than what was edited */
	INSTALL_WRITE,
	INSTALL_SAVE,		/* edited: goes beside before the new one is written, if there is one */
	INSTALL_REMOVE,
	INSTALL_LEAVE,		/* not ours, any more */
	INSTALL_GONE,		/* somebody took it away already */
};

struct install_file {
	char *path;
	const char *text;	/* wanted; NULL: it goes */
	size_t len;
	enum install_what what;
	bool has_was, has_next;
	uint64_t was, next;	/* the journal's hashes: of what we wrote last, and were about to */
	char *before;		/* what is there now; NULL: nothing, or no readable file */
	size_t before_len;
	mode_t before_mode;
	char *saved;		/* the name to save it under; NULL: it isn't */
	bool saved_already;	/* by a run that a power cut ended */
	bool anew;		/* written even if it was edited and nothing else is wanted */
	bool done, failed;
};

struct install {
	const char *journal;		/* its path */
	const char *marker;		/* the beginning of each of our files */
	const char *const *places;	/* patterns of glob(7), ended by NULL, where alone files may be: all below /etc */
	const volatile sig_atomic_t *stop;	/* set: install_do() ends; may be NULL */
	/* Lines of the journal's that are its owner's own: each is shown (false: it is none), and as they shall be */
	bool (*note)(void *arg, const char *line);	/* may be NULL */
	void *arg;
	const char *notes;			/* "" or NULL: none */
	struct install_file *files;
	int n, n_wanted;
	char **dirs;			/* that were not there, parents first */
	int n_dirs, old_dirs;		/* all, and those that the journal had */
	bool whole;			/* the journal was there, and not damaged */
	bool begun;			/* it says what is about to be done */
	char *old;			/* the journal as it was, NULL if there was none */
	size_t old_len;
};

/*
 * A file that is wanted, in one of the places; text begins with the marker and has to live as long as in. anew: even
 * if it was edited and nothing else is wanted.
 */
void install_want(struct install *in, const char *path, const char *text, size_t len, bool anew);

/*
 * Compares what is wanted, nothing for taking all away, with the journal and what is there. False with the reason
 * and the remedy where something is in the way: somebody else's file, a journal that is damaged. What is to be
 * taken away is never in the way; where the journal is gone or damaged, each file's first line tells.
 */
bool install_plan(struct install *in, char *why, size_t len);

/* The file of that path, NULL if there is none in the plan */
const struct install_file *install_planned(const struct install *in, const char *path);

/* All that is wanted is there, and nothing is to go. */
bool install_idle(const struct install *in);

/* "write", "keep edited", …, for people */
const char *install_verb(enum install_what what);

/*
 * The files, after the journal; 0644, as those of /etc are. False with the reason at the first that fails. Where all
 * goes, one that can't be removed does not keep the others: it is said, has failed set, and stays on record.
 */
bool install_do(struct install *in, char *why, size_t len);

/* The end of it: the journal says what is installed, with its notes, or goes. */
bool install_done(struct install *in, char *why, size_t len);

/* The files as they were, and then the journal, for an owner who has other things to undo in between. */
bool install_undo(struct install *in, char *why, size_t len);
bool install_undone(struct install *in, char *why, size_t len);

/*
 * install_do() and install_done() where there is anything to do. False with the reason, and everything is as it was;
 * unless *undone is false, then with a second reason.
 */
bool install_carry_out(struct install *in, bool *undone, char *why, size_t len);

void install_free(struct install *in);

#endif
