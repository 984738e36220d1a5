/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What setup has done beside its files: on record in the journal of system/install.h, for remove. */
#ifndef SETUP_JOURNAL_H
#define SETUP_JOURNAL_H

#include <stdbool.h>

#include "facts/ours.h"
#include "setup/units.h"
#include "system/install.h"

#define SETUP_ADOPTED_MAX 16
#define SETUP_ADOPTED_LEN 2048		/* as chronyd's longest line */

/* A line of somebody else's file that is commented out */
struct setup_adopted {
	char file[512], text[SETUP_ADOPTED_LEN];	/* without the line's end */
};

struct setup_record {
	struct setup_unit units[SETUP_UNITS_MAX];	/* as they were before */
	int n_units;
	struct setup_adopted adopted[SETUP_ADOPTED_MAX];
	int n_adopted;
	bool module;				/* it was setup that loaded the module */
};

/* An installer of setup's files; what its journal says of the rest goes to record, once it is planned. */
struct install setup_install(struct setup_record *record);

/* That record as lines of the journal, to be freed */
char *setup_record_text(const struct setup_record *record);

void setup_record_unit(struct setup_record *record, const struct setup_unit *u);
/* One that is on record already is not added. False: there is no room. */
bool setup_record_adopted(struct setup_record *record, const struct setup_adopted *line);

/* Units back to what they were; each failure is said on standard error. False if there was one. */
bool setup_restore_units(const struct setup_record *record);

#endif
