// SPDX-License-Identifier: GPL-2.0-or-later
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/now.h"
#include "check/judge.h"
#include "ptp/ports.h"
#include "serve/ask.h"
#include "status/gather.h"

/* Who runs, and how it was started: looked at so often; and where one doesn't answer as before */
#define SURVEY_NS (60 * NSEC_PER_SEC)
#define SURVEY_TROUBLE_NS (5 * NSEC_PER_SEC)

/* chronyd's sources: so many questions of its state to one of theirs */
#define SOURCES_EACH 4

/* Of what came of a source in its last eight polls, a bit each: none of the last three */
#define LAST_POLLS 07

static struct {
	struct check_facts facts;
	struct check_report report;
	int64_t surveyed;		/* CLOCK_MONOTONIC; 0: never */
	bool trouble;
	int pid;			/* of the ptp4l that is asked */
	struct recent offsets;
	struct last_sync last_sync;
	unsigned int asked;		/* of chronyd's sources, how often not */
	bool unheard;
} now;

static void survey(void)
{
	free(now.facts.ptp4l);
	free(now.facts.phc2sys);
	check_gather(&now.facts);
	check_judge(&now.facts, &now.report);
	now.surveyed = now_ns(CLOCK_MONOTONIC);
	now.asked = 0;
}

static void survey_if_due(void)
{
	int64_t ago = now_ns(CLOCK_MONOTONIC) - now.surveyed;

	if (!now.surveyed || ago > SURVEY_NS || (now.trouble && ago > SURVEY_TROUBLE_NS))
		survey();
}

/* --- who steers --- */

/* What chronyd has from a PHC, SHM or socket is PTP's where a ptp4l runs that is no grandmaster. */
static bool is_ptp(const struct check_facts *f)
{
	const struct chrony_source *s = chrony_selected(f->chrony.sources, f->chrony.n_sources);

	if (!s || s->mode != '#')
		return false;
	for (int i = 0; i < f->n_ptp4l; i++)
		if (!f->ptp4l[i].asked || f->ptp4l[i].result != PMC_ANSWERED || check_slave_port(&f->ptp4l[i].data))
			return true;
	return judge_no_master(f);
}

static enum host_clock_source find_source(const struct check_facts *f, const struct check_report *r)
{
	enum host_clock_source found = HOST_CLOCK_SOURCE_NONE;

	for (int i = 0; i < r->n_steerers; i++) {
		if (!strcmp(r->steerers[i].name, "phc2sys") || !strcmp(r->steerers[i].name, "ptp4l"))
			return HOST_CLOCK_SOURCE_PTP4L;
		if (r->steerers[i].pid == f->chrony.pid)
			found = is_ptp(f) ? HOST_CLOCK_SOURCE_PTP4L : HOST_CLOCK_SOURCE_CHRONY;
		else if (found == HOST_CLOCK_SOURCE_NONE)
			found = HOST_CLOCK_SOURCE_KERNEL;
	}
	return found;
}

/* The first that follows a master; or where none does, the first one */
static struct ptp4l_fact *find_ptp4l(const struct check_facts *f)
{
	for (int i = 0; i < f->n_ptp4l; i++)
		if (f->ptp4l[i].asked && f->ptp4l[i].result == PMC_ANSWERED && check_slave_port(&f->ptp4l[i].data))
			return &f->ptp4l[i];
	return f->n_ptp4l ? &f->ptp4l[0] : NULL;
}

/* --- what they say --- */

static void ask_ptp4l(struct heard *h)
{
	struct ptp4l_fact *p = find_ptp4l(&now.facts);

	if (!p) {
		now.trouble = true;
		return;
	}
	if (p->process.pid != now.pid) {
		now.pid = p->process.pid;
		now.offsets = (struct recent){ .n = 0 };
		now.last_sync = (struct last_sync){ .since = 0 };
	}
	check_ask_ptp4l(&now.facts, p);
	if (p->result == PMC_ANSWERED)
		check_drop_old_offset(&now.last_sync, &p->data, now_ns(CLOCK_MONOTONIC));
	h->ptp4l = *p;
	chain_find(&now.facts, p, &h->hop);
	if (isnan(check_offset(&p->data))) {
		now.trouble = true;
		now.offsets = (struct recent){ .n = 0 };
	} else {
		h->offset_ns = recent_max(&now.offsets, fabs(check_offset(&p->data)));
	}
}

static void ask_sources(void)
{
	struct check_facts *f = &now.facts;
	const struct chrony_source *s;
	int n;

	if (now.asked++ % SOURCES_EACH)
		return;
	n = chronyc_sources(f->chrony.sources, CHECK_SOURCES_MAX, f->chrony.answers_why, sizeof(f->chrony.answers_why));
	f->chrony.n_sources = n > 0 ? n : 0;
	s = chrony_selected(f->chrony.sources, f->chrony.n_sources);
	now.unheard = !s || !(s->reach & LAST_POLLS);
}

static void ask_chrony(struct heard *h)
{
	const struct chrony_facts *c = &now.facts.chrony;
	char why[300];

	h->answers = !chronyc_tracking(&h->tracking, why, sizeof(why));
	h->update_age = now_ns(CLOCK_REALTIME) * 1e-9 - h->tracking.ref_time;
	ask_sources();
	h->unheard = now.unheard;
	h->leap_list = (c->leapsectz[0] || c->leapseclist[0]) &&
		       (!c->leapsecmode[0] || !strcmp(c->leapsecmode, "system") || !strcmp(c->leapsecmode, "step"));
	now.trouble = !h->answers || now.unheard;
}

void serve_ask(void *heard, void *unused)
{
	struct heard *h = heard;

	(void)unused;
	survey_if_due();
	memset(h, 0, sizeof(*h));
	pmc_unknown(&h->ptp4l.data);
	h->offset_ns = NAN;
	h->boot_ns = now_ns(CLOCK_BOOTTIME);
	h->source = find_source(&now.facts, &now.report);
	now.trouble = h->source == HOST_CLOCK_SOURCE_NONE;
	if (h->source == HOST_CLOCK_SOURCE_PTP4L)
		ask_ptp4l(h);
	else if (h->source == HOST_CLOCK_SOURCE_CHRONY)
		ask_chrony(h);
}
