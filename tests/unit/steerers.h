/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of facts that a test made: who steers the clock. */
#ifndef STEERERS_H
#define STEERERS_H

#include <string.h>

#include "facts/facts.h"

static inline void host_add_steerer(struct check_facts *f, const char *name, int pid, const char *unit,
				    const char *from)
{
	struct steerer *s = &f->steerers[f->n_steerers];

	if (f->n_steerers == STEERERS_MAX)
		return;
	f->n_steerers++;
	*s = (struct steerer){ .pid = pid };
	strcpy(s->name, name);
	strcpy(s->unit, unit);
	strcpy(s->from, from);
}

/* Who steers by these command lines, as steering_find() has it; those of other names stay. */
static inline void host_steerers(struct check_facts *f)
{
	static struct steerer others[STEERERS_MAX];
	int n = f->n_steerers;

	memcpy(others, f->steerers, sizeof(others));
	f->n_steerers = 0;
	for (int i = 0; i < f->n_ptp4l; i++)
		if (ptp4l_may_steer(&f->ptp4l[i].process))
			host_add_steerer(f, "ptp4l", f->ptp4l[i].process.pid, f->ptp4l[i].process.unit,
					 "software timestamps of eno1");
	for (int i = 0; i < f->n_phc2sys; i++)
		if (f->phc2sys[i].process.steers)
			host_add_steerer(f, "phc2sys", f->phc2sys[i].process.pid, f->phc2sys[i].unit,
					 f->phc2sys[i].process.automatic ? "the PHC of ptp4l's slave port" :
					 f->phc2sys[i].process.source);
	for (int i = 0; i < n; i++)
		if (strcmp(others[i].name, "ptp4l") && strcmp(others[i].name, "phc2sys") &&
		    strcmp(others[i].name, "chronyd") && f->n_steerers < STEERERS_MAX)
			f->steerers[f->n_steerers++] = others[i];
	if (f->chrony.pid && !f->chrony.watches_only)
		host_add_steerer(f, "chronyd", f->chrony.pid, f->chrony.unit, "");
}

#endif
