/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The journal of setup. */
#ifndef SETUP_JOURNAL_H
#define SETUP_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "facts/ours.h"
#include "setup/units.h"

/*
 * Written before anything else is, so that remove knows after a power cut at any moment what may have been
 * done, and what was there before. A file may have several hashes: of each content that setup gave it.
 */

#define SETUP_ADOPTED_MAX 16
#define SETUP_ADOPTED_LEN 2048		/* as chronyd's longest line */

/* A line of somebody else's file that is commented out */
struct setup_adopted {
	char file[512], text[SETUP_ADOPTED_LEN];	/* without the line's end */
};

struct setup_state {
	bool present;
	struct {
		uint64_t hash[8];
		int n;
	} files[SETUP_FILES];
	bool made[8];				/* the directories that were not there, by setup_dirs[] */
	struct setup_unit units[SETUP_UNITS_MAX];	/* as they were before */
	int n_units;
	struct setup_adopted adopted[SETUP_ADOPTED_MAX];
	int n_adopted;
	bool module;				/* it was setup that loaded the module */
};

int setup_file_index(const char *path);

/* False with the reason if it is there but damaged; without one state.present is false. */
bool setup_state_read(struct setup_state *st, char *why, size_t len);
bool setup_state_write(const struct setup_state *st, char *why, size_t len);
void setup_state_add_hash(struct setup_state *st, int file, uint64_t hash);
bool setup_state_has_hash(const struct setup_state *st, int file, uint64_t hash);
void setup_state_add_unit(struct setup_state *st, const struct setup_unit *u);
/* One that is on record already is not added. False: there is no room. */
bool setup_state_add_adopted(struct setup_state *st, const struct setup_adopted *line);

/* Remove the directories that setup made, where nothing is in them. */
void setup_remove_dirs(const struct setup_state *st);

/* Units back to what they were; each failure is said on standard error. False if there was one. */
bool setup_restore_units(const struct setup_state *st);

#endif
