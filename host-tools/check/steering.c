// SPDX-License-Identifier: GPL-2.0-or-later
/* Who steers the system's clock, and what that means. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "check/judge.h"
#include "output/text.h"
#include "ptp/ports.h"

const struct chrony_source *judge_selected(const struct chrony_facts *c)
{
	for (int i = 0; i < c->n_sources; i++)
		if (c->sources[i].state == '*')
			return &c->sources[i];
	return NULL;
}

/* One that follows a master, by whatever timestamps */
static const struct ptp4l_fact *slave(const struct check_facts *f)
{
	for (int i = 0; i < f->n_ptp4l; i++)
		if (f->ptp4l[i].result == PMC_ANSWERED && check_slave_port(&f->ptp4l[i].data))
			return &f->ptp4l[i];
	return NULL;
}

/* --- who steers --- */

static struct steerer *add_steerer(struct judge *j, const char *name, int pid, const char *unit)
{
	struct steerer *s = &j->r->steerers[j->r->n_steerers++];

	snprintf(s->name, sizeof(s->name), "%s", name);
	s->pid = pid;
	snprintf(s->unit, sizeof(s->unit), "%s", unit);
	return s;
}

static const struct refclock_fact *refclock_of(const struct chrony_facts *c, const char *refid)
{
	for (int i = 0; i < c->n_refclocks; i++)
		if (!strcmp(c->refclocks[i].refid, refid))
			return &c->refclocks[i];
	return NULL;
}

static void chronyd_from(const struct chrony_facts *c, char *buf, size_t len)
{
	const struct chrony_source *s = judge_selected(c);
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
static bool ptp4l_steers(const struct ptp4l_fact *p)
{
	if (!p->process.software || ptp4l_measures_only(&p->process) || p->process.server_only)
		return false;
	return p->result != PMC_ANSWERED || !p->asked || p->process.client_only || check_slave_port(&p->data);
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

void judge_find_steerers(struct judge *j)
{
	const struct check_facts *f = j->f;
	struct steerer *s;

	for (int i = 0; i < f->n_ptp4l; i++) {
		const struct ptp4l *p = &f->ptp4l[i].process;

		if (!ptp4l_steers(&f->ptp4l[i]))
			continue;
		s = add_steerer(j, "ptp4l", p->pid, p->unit);
		snprintf(s->from, sizeof(s->from), "software timestamps of %s",
			 p->n_interfaces ? p->interfaces[0] : "its port");
	}
	for (int i = 0; i < f->n_phc2sys; i++) {
		const struct phc2sys *p = &f->phc2sys[i].process;

		if (!phc2sys_steers(f, p))
			continue;
		s = add_steerer(j, "phc2sys", p->pid, f->phc2sys[i].unit);
		snprintf(s->from, sizeof(s->from), "%s", p->automatic ? "the PHC of ptp4l's slave port" :
			 p->source[0] ? p->source : "a PPS");
	}
	for (int i = 0; i < f->n_rivals; i++)	/* several phc2sys are one there */
		if (strcmp(f->rivals[i].name, "phc2sys"))
			add_steerer(j, f->rivals[i].name, f->rivals[i].pid, f->rivals[i].unit);
	if (f->chrony.pid && !f->chrony.watches_only) {
		s = add_steerer(j, "chronyd", f->chrony.pid, f->chrony.unit);
		chronyd_from(&f->chrony, s->from, sizeof(s->from));
	}
}

/* --- steering --- */

static void remedy_stop(struct judge *j, const struct steerer *s)
{
	if (s->unit[0])
		judge_remedy(j, "sudo systemctl disable --now %s", s->unit);
	else
		judge_remedy(j, "sudo kill %d	# and whatever starts it", s->pid);
}

/* Of those that fight the one to go: where PTP comes in, none that brings it on; else none but chronyd stays. */
static const struct steerer *weakest(const struct check_report *r, bool ptp)
{
	static const char *const order[2][7] = {
		{ "systemd-timesyncd", "openntpd", "ntpd", "ptpd", "phc2sys", "ptp4l", "chronyd" },
		{ "systemd-timesyncd", "openntpd", "ntpd", "ptpd", "chronyd", "ptp4l", "phc2sys" },
	};

	for (size_t k = 0; k < ARRAY_SIZE(order[ptp]); k++)
		for (int i = 0; i < r->n_steerers; i++)
			if (!strcmp(r->steerers[i].name, order[ptp][k]))
				return &r->steerers[i];
	return &r->steerers[0];
}

static void judge_fight(struct judge *j)
{
	const struct check_report *r = j->r;
	char names[200] = "";

	for (int i = 0; i < r->n_steerers && i < 5; i++)
		add_text(names, sizeof(names), "%s%s (process %d)", i ? ", " : "", r->steerers[i].name,
			 r->steerers[i].pid);
	judge_say(j, VERDICT_FAIL, "steering", "steering-fight",
		  "they fight over the system's clock, which only one may steer: %s", names);
	remedy_stop(j, weakest(r, slave(j->f)));
}

static void judge_chronyd(struct judge *j, const struct steerer *s)
{
	const struct chrony_facts *c = &j->f->chrony;
	const struct chrony_source *source = judge_selected(c);
	const struct ptp4l_fact *ptp = slave(j->f);
	char off[OFFSET_TEXT_LEN];

	if (j->f->offline) {
		judge_skip(j, "steering", "--root");
	} else if (!c->answers) {
		judge_say(j, VERDICT_WARN, "steering", "steering-silent",
			  "chronyd runs, but cannot be asked: %.150s", c->answers_why);
		judge_remedy(j, "sudo systemctl restart %s", judge_chrony_service(j->f));
	} else if (!source) {
		judge_say(j, VERDICT_WARN, "steering", "steering-no-source",
			  "chronyd runs, but has no source (of %d)", c->n_sources);
		judge_remedy(j, "chronyc -n sources -v");
	} else if (!source->reach) {
		judge_say(j, VERDICT_WARN, "steering", "steering-unheard",
			  "chronyd goes on by %s, of which it has heard nothing for %.0f s", s->from,
			  isnan(source->last_rx) ? 0 : source->last_rx);
		judge_remedy(j, "chronyc -n sources -v");
	} else if (ptp && source->mode != '#') {
		judge_say(j, VERDICT_WARN, "steering", "steering-ptp-unused",
			  "chronyd follows %s, not what ptp4l has from grandmaster %s", s->from,
			  ptp->data.grandmaster);
		judge_remedy(j, c->n_refclocks ? "chronyc -n sources -v" : "sudo ptpkvm-host config --help");
	} else {
		judge_say(j, VERDICT_PASS, "steering", "chronyd", "chronyd, from %s, last %s it", s->from,
			  offset_text(off, rint(source->offset * 1e9)));
	}
}

void judge_steering(struct judge *j)
{
	const struct check_report *r = j->r;

	if (r->n_steerers > 1) {
		judge_fight(j);
	} else if (!r->n_steerers && j->f->offline) {
		judge_skip(j, "steering", "--root: nothing runs there");
	} else if (!r->n_steerers) {
		judge_say(j, VERDICT_WARN, "steering", "steering-none",
			  "nothing steers the system's clock: it drifts");
		if (j->f->n_ptp4l)
			judge_remedy(j, "sudo ptpkvm-host config --help");
		else
			judge_remedy(j, "sudo %s install chrony && sudo systemctl enable --now %s",
				     j->f->debian ? "apt" : "dnf", judge_chrony_service(j->f));
	} else if (!strcmp(r->steerers[0].name, "chronyd")) {
		judge_chronyd(j, &r->steerers[0]);
	} else {
		judge_say(j, VERDICT_PASS, "steering", r->steerers[0].name, "%s%s%s", r->steerers[0].name,
			  r->steerers[0].from[0] ? ", from " : ", by NTP", r->steerers[0].from);
	}
}
