// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/die.h"
#include "check/judge.h"
#include "status/gather.h"

const char *const status_links[] = { "host", "ptp4l", "offset", "steering", "kernel", "guests", NULL };

static bool is_link(const char *link)
{
	for (size_t i = 0; status_links[i]; i++)
		if (!strcmp(status_links[i], link))
			return true;
	return false;
}

/* Those that have asked, and never got an answer */
static void judge_guests(struct status *s)
{
	const struct kvm_guest *first = NULL;
	int n = 0;

	for (int i = 0; i < s->guests.n; i++) {
		const struct kvm_guest *g = &s->guests.list[i];

		if (!g->refused.known || !g->refused.n || g->pairings.n)
			continue;
		if (!n++)
			first = g;
	}
	if (!n)
		return;
	finding_add(&s->off, "guests-refused",
		    "%d VM%s asked for the time and got no answer: %s (process %d) %" PRIu64 " times", n,
		    n == 1 ? "" : "s", first->name[0] ? first->name : first->program, first->pid,
		    first->refused.n);
	remedy_run(&s->off, 0, "sudo ptpkvm-host probe");
}

static void judge(struct status *s)
{
	const struct findings *all = &s->report.said;

	findings_begin(&s->off, check_kinds);
	for (int i = 0; i < all->n; i++)
		if ((all->list[i].level == LEVEL_WARN || all->list[i].level == LEVEL_FAIL) &&
		    is_link(all->list[i].link))
			*finding_new(&s->off) = all->list[i];
	judge_guests(s);
}

void status_gather(struct status *s)
{
	char why[300];

	check_gather(&s->facts);
	check_judge(&s->facts, &s->report);
	s->hop = xcalloc(s->facts.n_ptp4l, sizeof(*s->hop));
	for (int i = 0; i < s->facts.n_ptp4l; i++)
		if (chain_find(&s->facts, &s->facts.ptp4l[i], &s->hop[i]))
			chain_read(&s->hop[i]);
	s->has_tracking = s->facts.chrony.answers && !chronyc_tracking(&s->tracking, why, sizeof(why));
	kvm_guests_find(&s->guests);
	judge(s);
}

bool status_follows(const struct chrony_tracking *t)
{
	return t->stratum && t->name[0];
}

double status_root_distance(const struct chrony_tracking *t)
{
	return t->root_delay / 2 + t->root_dispersion + fabs(t->system);
}
