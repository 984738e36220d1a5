// SPDX-License-Identifier: GPL-2.0-or-later
/* Who steers the system's clock, and what that means. */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "check/judge.h"
#include "output/text.h"
#include "ptp/ports.h"

/* One that follows a master, by whatever timestamps */
static const struct ptp4l_fact *slave(const struct check_facts *f)
{
	for (int i = 0; i < f->n_ptp4l; i++)
		if (f->ptp4l[i].result == PMC_ANSWERED && check_slave_port(&f->ptp4l[i].data))
			return &f->ptp4l[i];
	return NULL;
}

/* --- who steers --- */

static const struct refclock_fact *refclock_of(const struct chrony_facts *c, const char *refid)
{
	for (int i = 0; i < c->n_refclocks; i++)
		if (!strcmp(c->refclocks[i].refid, refid))
			return &c->refclocks[i];
	return NULL;
}

static void chronyd_from(const struct chrony_facts *c, char *buf, size_t len)
{
	const struct chrony_source *s = chrony_selected(c->sources, c->n_sources);
	const struct refclock_fact *r = s ? refclock_of(c, s->name) : NULL;

	if (!s)
		return;
	if (s->mode != '#')
		snprintf(buf, len, "NTP server %.140s", s->name);
	else if (r)
		snprintf(buf, len, "refclock %s (%s %.120s)", r->refid, r->driver, r->device);
	else
		snprintf(buf, len, "refclock %.140s", s->name);
}

/* With software timestamps ptp4l's own servo steers, once it is a slave. */
static bool ptp4l_steers(const struct check_facts *f, int pid)
{
	for (int i = 0; i < f->n_ptp4l; i++) {
		const struct ptp4l_fact *p = &f->ptp4l[i];

		if (p->process.pid == pid)
			return p->result != PMC_ANSWERED || !p->asked || p->process.client_only ||
			       check_slave_port(&p->data);
	}
	return true;
}

/* Is it the one that phc2sys asks? Where that says nothing, it is the default one, which any may be. */
static bool asks(const struct phc2sys *p, const struct ptp4l *q)
{
	return !p->ptp4l[0] || !q->socket[0] || !strcmp(p->ptp4l, q->socket);
}

/* -a -r: while ptp4l has a slave port. A grandmaster's has none, and by -r -r the system's clock is then the source. */
static bool phc2sys_steers(const struct check_facts *f, const struct phc2sys *p)
{
	bool found = false;

	for (int i = 0; i < f->n_ptp4l && p->automatic; i++) {
		const struct ptp4l_fact *q = &f->ptp4l[i];

		if (!asks(p, &q->process))
			continue;
		found = true;
		if (q->result != PMC_ANSWERED || !q->asked || q->process.client_only || check_slave_port(&q->data))
			return p->steers;
	}
	return p->steers && !found;
}

static bool steers_now(const struct check_facts *f, const struct steerer *s)
{
	if (!s->pid)
		return false;
	if (!strcmp(s->name, "ptp4l"))
		return ptp4l_steers(f, s->pid);
	for (int i = 0; i < f->n_phc2sys; i++)
		if (f->phc2sys[i].process.pid == s->pid)
			return phc2sys_steers(f, &f->phc2sys[i].process);
	return true;
}

void judge_find_steerers(struct judge *j)
{
	const struct check_facts *f = j->f;
	struct steerer *s;

	for (int i = 0; i < f->n_steerers; i++) {
		if (!steers_now(f, &f->steerers[i]))
			continue;
		s = &j->r->steerers[j->r->n_steerers++];
		*s = f->steerers[i];
		if (s->pid == f->chrony.pid)
			chronyd_from(&f->chrony, s->from, sizeof(s->from));
	}
	j->r->unseen = !j->r->n_steerers && f->processes_hidden;
}

/* --- steering --- */

/* One that is seen is well only where no other can be. */
static enum finding_level well(const struct check_facts *f)
{
	return f->processes_hidden ? LEVEL_UNKNOWN : LEVEL_PASS;
}

static void remedy_stop(struct judge *j, const struct steerer *s)
{
	if (s->unit[0])
		judge_run(j, RUN_LIVE, "sudo systemctl disable --now %s", s->unit);
	else
		judge_run(j, RUN_LIVE, "sudo kill %d", s->pid);
	if (!s->unit[0])
		judge_advise(j, "and see to what starts it");
}

/* Of those that fight the one to go: where PTP comes in, none that brings it on; else none but chronyd stays. */
static const struct steerer *weakest(const struct check_report *r, bool ptp)
{
	static const char *const order[2][5] = {
		{ "ptpd", "sfptpd", "phc2sys", "ptp4l", "chronyd" }, { "ptpd", "sfptpd", "chronyd", "ptp4l", "phc2sys" },
	};
	const struct steerer *found = &r->steerers[0];
	int lowest = INT_MAX;

	for (int i = 0; i < r->n_steerers; i++) {
		int rank = -1;

		for (size_t k = 0; k < ARRAY_SIZE(order[ptp]); k++)
			if (!strcmp(r->steerers[i].name, order[ptp][k]))
				rank = k;
		if (rank < lowest) {
			lowest = rank;
			found = &r->steerers[i];
		}
	}
	return found;
}

static void judge_fight(struct judge *j)
{
	const struct check_report *r = j->r;
	char names[200] = "";

	for (int i = 0; i < r->n_steerers && i < 5; i++)
		add_text(names, sizeof(names), "%s%s (process %d)", i ? ", " : "", r->steerers[i].name,
			 r->steerers[i].pid);
	judge_find(j, "steering-fight", "they fight over the system's clock, which only one may steer: %s", names);
	remedy_stop(j, weakest(r, slave(j->f)));
}

static void judge_chronyd(struct judge *j, const struct steerer *s)
{
	const struct chrony_facts *c = &j->f->chrony;
	const struct chrony_source *source = chrony_selected(c->sources, c->n_sources);
	const struct ptp4l_fact *ptp = slave(j->f);
	char off[OFFSET_TEXT_LEN], since[40] = "";

	if (j->f->offline) {
		judge_skip(j, "steering", "--root");
	} else if (!c->answers) {
		judge_find(j, "steering-silent", "chronyd runs, but cannot be asked: %.150s", c->answers_why);
		judge_run(j, RUN_LIVE, "sudo systemctl restart %s", judge_chrony_service(j->f));
	} else if (!source) {
		judge_find(j, "steering-no-source", "chronyd runs, but has no source (of %d)", c->n_sources);
		judge_run(j, RUN_LIVE, "chronyc -n sources -v");
	} else if (!source->reach) {
		if (!isnan(source->last_rx))
			snprintf(since, sizeof(since), " for %.0f s", source->last_rx);
		judge_find(j, "steering-unheard", "chronyd goes on by %s, of which it has heard nothing%s", s->from, since);
		judge_run(j, RUN_LIVE, "chronyc -n sources -v");
	} else if (ptp && source->mode != '#') {
		judge_find(j, "steering-ptp-unused",
			   "chronyd follows %s, not what ptp4l has from grandmaster %s", s->from,
			   ptp->data.grandmaster);
		judge_run(j, RUN_LIVE, c->n_refclocks ? "chronyc -n sources -v" : "ptpkvm-host config --help");
	} else {
		judge_say(j, well(j->f), "steering", "chronyd", "chronyd, from %s, last %s it", s->from,
			  offset_text(off, rint(source->offset * 1e9)));
	}
}

/* What the next boot brings beside it; none can be told where nothing steers yet, and it is the host that boots. */
static void judge_enabled(struct judge *j)
{
	if (j->f->container[0])
		return;
	for (int i = 0; i < j->f->n_steerers; i++) {
		const struct steerer *s = &j->f->steerers[i];

		if (s->pid || j->r->n_steerers != 1)
			continue;
		judge_find(j, "steering-enabled",
			   "%s is enabled: from the next boot on it sets the clock beside %s", s->unit,
			   j->r->steerers[0].name);
		judge_run(j, RUN_ROOT, "sudo systemctl disable %s", s->unit);
	}
}

static void judge_nobody(struct judge *j)
{
	const struct check_facts *f = j->f;

	if (f->offline) {
		judge_skip(j, "steering", "--root: nothing runs there");
	} else if (judge_unseen(f)) {
		judge_skip(j, "steering", judge_unseen(f));
		if (!f->root)
			judge_run(j, RUN_LIVE, "sudo ptpkvm-host check");
	} else {
		judge_find(j, "steering-none", "nothing steers the system's clock: it drifts");
		if (f->n_ptp4l)
			judge_run(j, RUN_LIVE, "ptpkvm-host config --help");
		else if (!f->container[0])
			judge_run(j, RUN_LIVE, "sudo %s install chrony && sudo systemctl enable --now %s",
				  f->debian ? "apt" : "dnf", judge_chrony_service(f));
	}
}

void judge_steering(struct judge *j)
{
	const struct check_report *r = j->r;

	if (r->n_steerers > 1) {
		judge_fight(j);
	} else if (!r->n_steerers) {
		judge_nobody(j);
	} else if (r->steerers[0].pid == j->f->chrony.pid) {
		judge_chronyd(j, &r->steerers[0]);
	} else {
		judge_say(j, well(j->f), "steering", r->steerers[0].name, "%s%s%s", r->steerers[0].name,
			  r->steerers[0].from[0] ? ", from " : "", r->steerers[0].from);
	}
	judge_enabled(j);
}
