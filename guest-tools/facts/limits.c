// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include "facts/limits.h"

static void set(struct chrony_limit *limit, const struct chrony_directive *d)
{
	snprintf(limit->file, sizeof(limit->file), "%.127s", d->file);
	snprintf(limit->text, sizeof(limit->text), "%.95s", d->text);
	limit->line = d->line;
}

bool limits_is_source(const struct chrony_directive *d)
{
	return !strcmp(d->name, "server") || !strcmp(d->name, "pool") || !strcmp(d->name, "peer");
}

/* The first NTP source that has an option; the word before those is its name. */
static void see_option(struct chrony_limit *limit, const struct chrony_directive *d, const char *name)
{
	if (!limit->line && chrony_option(d->args + strcspn(d->args, " "), name, NULL, 0))
		set(limit, d);
}

void limits_see(struct limits *l, const struct chrony_directive *d)
{
	if (!strcmp(d->name, "makestep"))
		set(&l->makestep, d);
	else if (!strcmp(d->name, "maxchange"))
		set(&l->maxchange, d);
	else if (!strcmp(d->name, "minsources"))
		set(&l->minsources, d);
	else if (!strcmp(d->name, "leapsecmode"))
		set(&l->leapsecmode, d);
	if (limits_is_source(d)) {
		see_option(&l->require, d, "require");
		see_option(&l->prefer, d, "prefer");
	}
}

bool limits_slews_leap(const struct limits *l)
{
	char mode[8];

	return sscanf(l->leapsecmode.text, "%*s %7s", mode) == 1 && (!strcasecmp(mode, "slew") || !strcasecmp(mode, "ignore"));
}

bool limits_steps(const struct limits *l)
{
	int updates;

	return sscanf(l->makestep.text, "%*s %*f %d", &updates) == 1 && updates < 0;
}

const char *limits_maxchange(const struct limits *l)
{
	int start, ignore;

	if (sscanf(l->maxchange.text, "%*s %*f %d %d", &start, &ignore) != 2 || start < 0)
		return NULL;
	return ignore < 0 ? "never follows a larger step of the host's clock" :
	       "ends, for good, after a larger step of the host's clock, or a migration";
}

int limits_minsources(const struct limits *l)
{
	int n;

	return sscanf(l->minsources.text, "%*s %d", &n) == 1 && n > 1 ? n : 1;
}
