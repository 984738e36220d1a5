// SPDX-License-Identifier: GPL-2.0-or-later
/* What the interfaces are fit for. Only those that ptp4l uses, or that somebody asks about, can be wrong. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "check/judge.h"
#include "nic/fit.h"

/* More than fit a screen say nothing. */
#define SHOWN_MAX 40
#define AWAY_SHOWN_MAX 8

enum user { NOBODY, PTP4L, PTP4L_SOFTWARE, PERSON };

/* Whom it matters to. Where ptp4l is on a bond or a VLAN, that is what it is on. */
static enum user user_of(const struct check_facts *f, const struct nic *n)
{
	enum user user = NOBODY;

	for (int i = 0; i < f->n_named; i++)
		if (!strcmp(f->named[i], n->name))
			return PERSON;
	for (int i = 0; i < f->n_ptp4l; i++) {
		const struct ptp4l *p = &f->ptp4l[i].process;

		for (int k = 0; k < p->n_interfaces; k++)
			if (!strcmp(p->interfaces[k], n->name) && user != PTP4L)
				user = p->software ? PTP4L_SOFTWARE : PTP4L;
	}
	return user;
}

static bool is_enough(enum nic_fit fit, enum user user)
{
	return fit == NIC_HARDWARE || (fit == NIC_SOFTWARE && user == PTP4L_SOFTWARE);
}

static bool is_down(const struct nic *n)
{
	return !strcmp(n->operstate, "down") || !strcmp(n->operstate, "lowerlayerdown") ||
	       !strcmp(n->operstate, "notpresent");
}

/* "eno1 (igb, 1000 Mb/s, down)" */
static void name_text(const struct nic *n, char *buf, size_t len)
{
	snprintf(buf, len, "%s (%s", n->name, n->driver[0] ? n->driver : "driver unknown");
	if (n->speed)
		add_text(buf, len, ", %d Mb/s", n->speed);
	add_text(buf, len, "%s)", is_down(n) ? ", down" : "");
}

static void roles_text(const struct check_facts *f, const struct nic *n, char *buf, size_t len)
{
	char sharers[80];

	buf[0] = 0;
	nic_sharers(&f->nics, n, sharers, sizeof(sharers));
	if (sharers[0])
		add_text(buf, len, "; the same PHC as %s", sharers);
	if (n->vf && n->pf[0])
		add_text(buf, len, "; a VF of %s", n->pf);
	if (n->vfs)
		add_text(buf, len, "; a PF with %d VF%s", n->vfs, n->vfs == 1 ? "" : "s");
	if (n->vfs_away)
		add_text(buf, len, ", %d of them given away", n->vfs_away);
}

static void say_unfit(struct judge *j, const struct nic *n, enum nic_fit fit, const char *text)
{
	if (n->vf) {
		judge_find_at(j, fit == NIC_SOFTWARE ? LEVEL_WARN : LEVEL_FAIL, "nic-vf", "%s", text);
		if (n->pf[0])
			judge_run(j, RUN_ROOT, "sudo ptpkvm-host check %s", n->pf);
	} else {
		judge_find(j, fit == NIC_SOFTWARE ? "nic-software" : "nic-unfit", "%s", text);
		judge_run(j, RUN_LIVE, "ethtool -T %s", n->name);
	}
}

static void judge_physical(struct judge *j, const struct nic *n)
{
	enum user user = user_of(j->f, n);
	char why[130], name[80], roles[140], text[360];
	enum nic_fit fit = nic_fit(n, why, sizeof(why));

	name_text(n, name, sizeof(name));
	roles_text(j->f, n, roles, sizeof(roles));
	snprintf(text, sizeof(text), "%s: %s%s", name, why, roles);
	if (fit == NIC_UNKNOWN || (user == NOBODY && fit == NIC_UNFIT)) {
		judge_say(j, LEVEL_UNKNOWN, "nic", nic_fit_name(fit), "%s", text);
	} else if (user != NOBODY && !is_enough(fit, user)) {
		say_unfit(j, n, fit, text);
	} else if (user != NOBODY && is_down(n)) {
		judge_find(j, "nic-down", "%s", text);
		judge_run(j, RUN_LIVE, "sudo ip link set %s up; ip -br link show %s", n->name, n->name);
	} else {
		judge_say(j, LEVEL_PASS, "nic", nic_fit_name(fit), "%s", text);
	}
}

/* "eno1 (hardware), eno2 (software)": the worst of them */
static enum nic_fit real_text(const struct nic *real[], int n, char *buf, size_t len)
{
	enum nic_fit worst = NIC_HARDWARE, fit;
	char why[150];

	buf[0] = 0;
	for (int i = 0; i < n; i++) {
		fit = nic_fit(real[i], why, sizeof(why));
		if (fit < worst)
			worst = fit;
		add_text(buf, len, "%s%s (%s%s%s)", i ? ", " : "", real[i]->name, real[i]->vf ? "VF, " : "",
			 nic_fit_name(fit), is_down(real[i]) ? ", down" : "");
	}
	return worst;
}

static void judge_virtual(struct judge *j, const struct nic *n)
{
	const char *kind = nic_kind_name(n->kind), *driver = n->driver[0] ? n->driver : "driver unknown";
	char why[130];
	enum nic_fit fit = nic_fit(n, why, sizeof(why));

	if (fit == NIC_UNKNOWN || is_enough(fit, user_of(j->f, n))) {
		judge_say(j, fit == NIC_UNKNOWN ? LEVEL_UNKNOWN : LEVEL_PASS, "nic", nic_fit_name(fit),
			  "%s (%s, %s): no card is below it; %s", n->name, kind, driver, why);
		return;
	}
	judge_find(j, "nic-virtual", "%s (%s, %s): no card is below it; %s", n->name, kind, driver, why);
	judge_run(j, RUN_ROOT, "sudo ptpkvm-host check");
	judge_advise(j, "lists the cards");
}

static void judge_stacked(struct judge *j, const struct nic *n)
{
	const struct nic *real[NIC_LOWER_MAX];
	int count = nic_real(&j->f->nics, n, real);
	const char *kind = nic_kind_name(n->kind);
	char names[200];
	enum nic_fit fit = real_text(real, count, names, sizeof(names));

	if (!count) {
		judge_virtual(j, n);
		return;
	}
	if (n->kind == NIC_BRIDGE) {
		judge_find(j, "nic-bridge",
			   "%s is a bridge over %s: PTP belongs on the port, not on the bridge", n->name, names);
		judge_run(j, RUN_ROOT, "sudo ptpkvm-host check %s", real[0]->name);
	} else if (is_enough(fit, user_of(j->f, n))) {
		judge_say(j, LEVEL_PASS, "nic", nic_fit_name(fit), "%s is a %s over %s", n->name, kind, names);
	} else if (fit == NIC_UNKNOWN) {
		judge_say(j, LEVEL_UNKNOWN, "nic", "unknown", "%s is a %s over %s", n->name, kind, names);
	} else {
		judge_find_at(j, fit == NIC_UNFIT ? LEVEL_FAIL : LEVEL_WARN, "nic-stacked",
			      "%s is a %s over %s: not all of them have hardware timestamps", n->name, kind, names);
		judge_run(j, RUN_ROOT, "sudo ptpkvm-host check %s %s", real[0]->name, count > 1 ? real[1]->name : "");
	}
}

/* Without names: the cards, and what ptp4l is on. VFs are counted by their PF. */
static bool is_shown(const struct check_facts *f, const struct nic *n)
{
	enum user user = user_of(f, n);

	if (f->n_named)
		return user == PERSON;
	return user != NOBODY || (n->kind == NIC_PHYSICAL && !n->vf);
}

static void judge_away(struct judge *j)
{
	const struct nics *all = &j->f->nics;
	int shown = 0, vfs = 0;

	for (int i = 0; i < all->n_away; i++) {
		const struct nic_away *a = &all->away[i];

		if (a->vf) {
			vfs++;
		} else if (shown++ < AWAY_SHOWN_MAX) {
			judge_say(j, LEVEL_UNKNOWN, "nic", "given-away",
				  "%s is bound to %s (a guest's, or DPDK's): the host has no PTP from it",
				  a->pci, a->driver);
		}
	}
	if (shown > AWAY_SHOWN_MAX)
		judge_say(j, LEVEL_UNKNOWN, "nic", "given-away", "and %d more cards are given away",
			  shown - AWAY_SHOWN_MAX);
	if (vfs)
		judge_say(j, LEVEL_UNKNOWN, "nic", "given-away",
			  "%d VF%s given away (a guest's, or DPDK's): the host has no PTP from %s", vfs,
			  vfs == 1 ? " is" : "s are", vfs == 1 ? "it" : "them");
}

void judge_nics(struct judge *j)
{
	const struct nics *all = &j->f->nics;
	int shown = 0;

	for (int i = 0; i < all->n; i++) {
		const struct nic *n = &all->list[i];

		if (!is_shown(j->f, n) || shown++ >= SHOWN_MAX)
			continue;
		if (n->kind == NIC_PHYSICAL)
			judge_physical(j, n);
		else
			judge_stacked(j, n);
	}
	if (shown > SHOWN_MAX || all->left_out)
		judge_say(j, LEVEL_UNKNOWN, "nic", "not-looked-at", "not looked at: %d more",
			  (shown > SHOWN_MAX ? shown - SHOWN_MAX : 0) + all->left_out);
	if (!j->f->n_named)
		judge_away(j);
	if (!shown && !all->n_away)
		judge_skip(j, "nic", j->f->container[0] ? "the container has no network card" :
			   "there is no network card in /sys");
}
