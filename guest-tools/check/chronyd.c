// SPDX-License-Identifier: GPL-2.0-or-later
/* What the facts mean, link by link, and what to type: chronyd, and who fights it. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/numbers.h"
#include "base/text.h"
#include "check/judge.h"
#include "chrony/refclock.h"
#include "facts/ours.h"
#include "output/text.h"
#include "system/tree.h"

void judge_remedy_restart(struct judge *j)
{
	const struct check_facts *f = j->f;

	if (f->offline)
		return;
	if (f->container[0])
		judge_advise(j, "restart chronyd where it was started: in the container, or in the guest itself");
	else if (f->init)
		judge_advise(j, "restart chronyd");
	else
		judge_run(j, RUN_LIVE, "sudo systemctl restart %s", judge_service(f));
}

static void judge_absent_chronyd(struct judge *j)
{
	const struct check_facts *f = j->f;

	if (f->container[0]) {
		judge_skip(j, "chronyd", "it may run outside of the container");
		return;
	}
	judge_find(j, "chronyd-absent", "%s", f->chrony.installed_why);
	judge_run(j, RUN_LIVE, f->debian ? "sudo apt install chrony" : "sudo dnf install chrony");
}

bool judge_chronyd(struct judge *j)
{
	const struct check_facts *f = j->f;
	const struct chrony_facts *c = &f->chrony;
	char version[40] = "version unknown";

	if (f->offline && !c->next.unit[0] && !c->conf[0] && !f->n_steerers) {
		judge_find(j, "chronyd-absent", "neither chrony nor another daemon that keeps the time is there");
		judge_run(j, 0, "sudo chroot %s %s install chrony", "/", f->debian ? "apt" : "dnf");
		return false;
	}
	if (f->offline && c->measures_only) {
		judge_find(j, "chronyd-measures", "it will be started with -x: it leaves the system's clock alone");
		judge_advise(j, "take -x out of chronyd's options there");
		return false;
	}
	if (f->offline) {
		judge_skip(j, "chronyd", "--root");
		return false;
	}
	if (c->installed)
		snprintf(version, sizeof(version), "chrony %d.%d", c->version.major, c->version.minor);
	if (c->answers && c->installed && !chrony_at_least(&c->version, 4, 0)) {
		judge_find(j, "chronyd-old", "%s: older than 4.0, which is the oldest known to work", version);
		judge_run(j, RUN_LIVE, f->debian ? "sudo apt install chrony" : "sudo dnf upgrade chrony");
	} else if (c->answers && c->measures_only && !f->container[0]) {
		judge_find(j, "chronyd-measures", "%s, started with -x: it leaves the system's clock "
			   "alone", version);
		judge_advise(j, "take -x out of chronyd's options, and restart it");
	} else if (c->answers) {
		judge_say(j, LEVEL_PASS, "chronyd", "chronyd", "%s, running", version);
	} else if (!c->installed && !c->process) {
		judge_absent_chronyd(j);
	} else if (!c->process && f->container[0]) {
		judge_skip(j, "chronyd", "it may run outside of the container");
	} else if (!c->process) {
		judge_find(j, "chronyd-stopped", "%s, not running", version);
		if (f->init)
			judge_advise(j, "start chronyd; if it ends at once, its log says why");
		else
			judge_run(j, RUN_LIVE, "sudo systemctl start %s || sudo journalctl -u %s -n 20",
				  judge_service(f), judge_service(f));
	} else {
		judge_find(j, "chronyd-silent", "%s, running, but it cannot be asked: %s", version, c->answers_why);
		if (f->root)
			judge_remedy_restart(j);
		else
			judge_run(j, RUN_LIVE, "sudo ptpkvm check");
	}
	return c->answers;
}

/* Where setup can't add to chrony's configuration: the lines to put there */
static void remedy_elsewhere(struct judge *j, const struct refclock_fact *r)
{
	const struct chrony_facts *c = &j->f->chrony;
	char line[REFCLOCK_LINE_MAX];
	struct refclock ours;

	refclock_init(&ours);
	refclock_defaults(&ours, &c->version);
	refclock_render(&ours, line);
	if (r)
		judge_advise(j, "in place of %s:%d, or in what makes that file: '%s' and '" REFCLOCK_MAKESTEP "'", r->file,
			     r->line, line);
	else
		judge_advise(j, "in %s, or in what makes that file: '%s' and '" REFCLOCK_MAKESTEP "'",
			     c->conf[0] ? c->conf : "chrony's configuration", line);
}

/* The same where no unit of systemd's starts chronyd */
static void remedy_by_hand(struct judge *j, const struct refclock_fact *r)
{
	const struct check_facts *f = j->f;
	const char *lines = f->offline ? "ptpkvm chrony --makestep --no-check" : "sudo ptpkvm chrony --makestep";

	if (r && !r->generated)
		judge_advise(j, "by hand, since there is no systemd: in place of %s:%d what '%s' prints", r->file, r->line, lines);
	else if (!f->chrony.conf[0])
		judge_advise(j, "by hand, since there is no systemd: into chrony's configuration what '%s' prints", lines);
	else if (f->offline)
		judge_run(j, 0, "ptpkvm chrony --makestep --no-check | sudo tee -a %s", f->chrony.conf);
	else
		judge_run(j, RUN_OUTSIDE, "sudo ptpkvm chrony --makestep | sudo tee -a %s", f->chrony.conf);
	judge_remedy_restart(j);
}

#define RIVALS_NAMED 3

/* The units that setup refuses to add one more to; "" beyond the last. Their number. */
static int rivals_of_setup(const struct check_facts *f, const char *units[static RIVALS_NAMED])
{
	int n = 0;

	for (int i = 0; i < f->n_steerers && n < RIVALS_NAMED; i++)
		if (f->steerers[i].unit[0] && f->steerers[i].elsewhere != YES && judge_is_rival(f, &f->steerers[i]))
			units[n++] = f->steerers[i].unit;
	for (int i = n; i < RIVALS_NAMED; i++)
		units[i] = "";
	return n;
}

void judge_remedy_setup(struct judge *j, const struct refclock_fact *r)
{
	const struct check_facts *f = j->f;
	const char *units[RIVALS_NAMED];
	int rivals = rivals_of_setup(f, units);
	bool theirs = r && !r->generated;

	if (!f->container[0] && (f->chrony.elsewhere || (theirs && !strncmp(r->file, "/run/", 5)))) {
		remedy_elsewhere(j, r);
		return;
	}
	if (!f->container[0] && f->init) {
		remedy_by_hand(j, r);
		return;
	}
	/* In an image it changes no unit. */
	if (f->offline && rivals)
		judge_run(j, RUN_ROOT, "sudo systemctl disable %s %s %s", units[0], units[1], units[2]);
	if (f->offline && f->chrony.next.masked)
		judge_run(j, RUN_ROOT, "sudo systemctl unmask %s", judge_service(f));
	if (f->no_ptpkvm)
		judge_run(j, 0, "sudo install -D \"$(command -v ptpkvm)\" %s", "/usr/bin/ptpkvm");
	judge_run(j, RUN_OUTSIDE | RUN_ROOT, "sudo ptpkvm setup %s %s %s", theirs ? "--adopt" : "",
		  f->chrony.next.only ? "--only" : "", rivals && !f->offline ? "--disable-competitors" : "");
}

/* What setup wrote is added, and somebody took the line out of it: setup would keep that as it was edited. */
static bool is_edited_away(const struct chrony_facts *c)
{
	const struct chrony_addition *ours = c->next.ours;

	return ours && (c->process ? !strcmp(c->conf, ours->made) : c->next.adds);
}

/* Why what is about the refclock cannot be judged */
static const char *no_refclock(const struct chrony_facts *c)
{
	return c->conf_read ? "there is no refclock for this clock"
			    : "chronyd's configuration cannot be known";
}

static void place(const struct refclock_fact *r, char *buf, size_t len)
{
	snprintf(buf, len, "%s:%d", r->file, r->line);
}

/* A directive commented out, or an option taken from NTP sources, in the file of l; name is a plain word. */
static void remedy_take_out(struct judge *j, const struct chrony_limit *l, const char *name)
{
	bool directive = !strncasecmp(l->text, name, strlen(name));

	if (j->f->chrony.elsewhere || !strncmp(l->file, "/run/", 5) || strlen(l->file) == sizeof(l->file) - 1) {
		judge_advise(j, "take %s out there, or out of what makes that file", name);
		return;
	}
	judge_run(j, 0, directive ? "sudo sed -i -E 's/^[[:space:]]*%s[[:space:]]/# &/I' %s" :
		  "sudo sed -i -E 's/^([[:space:]]*(server|pool|peer)[[:space:]]+[^[:space:]]+.*)[[:space:]]%s([[:space:]]|$)/"
		  "\\1\\3/I' %s", name, l->file);
	judge_remedy_restart(j);
}

static void judge_no_refclock(struct judge *j)
{
	const struct check_facts *f = j->f;
	const struct chrony_facts *c = &f->chrony;
	const struct refclock_fact *other = c->n_refclocks ? &c->refclocks[0] : NULL;
	char where[160];

	if (!c->conf_read && !c->conf[0] && f->offline && c->next.takes && !c->by_hand) {
		judge_find(j, "conf-unreadable", "neither /etc/chrony/chrony.conf nor /etc/chrony.conf is there");
		judge_advise(j, "chrony's package brings it; apt leaves away what was removed, but for "
			     "-o Dpkg::Options::=--force-confmiss");
	} else if (!c->conf_read && !c->conf[0]) {
		judge_skip(j, "refclock", c->conf_why);
	} else if (!c->conf_read && !f->root && j->r->source) {
		judge_skip(j, "refclock", c->conf_why);
		judge_run(j, RUN_LIVE, "sudo ptpkvm check");
	} else if (!c->conf_read) {
		judge_find(j, "conf-unreadable", "%s", c->conf_why);
		if (!f->root)
			judge_run(j, RUN_ROOT, "sudo ptpkvm check");
		else
			judge_run(j, RUN_LIVE, "sudo chronyd -p -f %s", c->conf);
	} else if (f->hold[0]) {
		judge_find(j, "refclock-held", "taken out by ptpkvm guard: %s", f->hold);
		judge_run(j, RUN_ON_HOST, "chronyc tracking");
	} else if (f->set_up && f->left_out[0]) {
		judge_find(j, "refclock-left-out", "chronyd was started without it: %s", f->left_out);
		judge_remedy_restart(j);
	} else if (other) {
		place(other, where, sizeof(where));
		judge_find(j, "refclock-other", "%s has PHC %s, which is %s%s",
			   where, other->device, other->clock_name[0] ? "another clock, " : "not there",
			   other->clock_name);
		judge_remedy_setup(j, other->by_number && !other->clock_name[0] ? other : NULL);
	} else {
		judge_find(j, "refclock-none", "chronyd's configuration has none for this clock");
		if (is_edited_away(c))
			judge_run(j, RUN_OUTSIDE, "sudo rm %s", SETUP_DIRECTIVES);
		judge_remedy_setup(j, NULL);
	}
}

void judge_refclock(struct judge *j)
{
	const struct refclock_fact *r = check_refclock(&j->f->chrony);
	char where[160];

	if (!r) {
		judge_no_refclock(j);
		return;
	}
	place(r, where, sizeof(where));
	if (r->noselect || j->f->chrony.noselect) {
		judge_find(j, "refclock-noselect",
			   "PHC %s refid %s (%s) is kept from being selected: %s", r->device, r->refid, where,
			   r->noselect ? "noselect" : "chronyc selectopts, perhaps by ptpkvm guard");
		if (r->noselect)
			judge_remedy_line(j, r, REFCLOCK_SED("s/[[:space:]]noselect\\b//I"));
		else
			judge_run(j, RUN_LIVE, "sudo chronyc selectopts %s -noselect", r->refid);
		return;
	}
	judge_say(j, LEVEL_PASS, "refclock", "refclock", "PHC %s refid %s (%s)", r->device, r->refid, where);
}

const struct chrony_source *judge_find_source(const struct chrony_facts *c)
{
	const struct refclock_fact *r = check_refclock(c);

	return r || !c->conf_read ? chrony_source_named(c->sources, c->n_sources, r ? r->refid : NULL) : NULL;
}

/* It had samples, and the last polls brought none. */
static bool lost(const struct chrony_source *s)
{
	unsigned int last = (1 << check_limits[FAIL_LOST_POLLS].value) - 1;

	return !isnan(s->last_rx) && !(s->reach & last);
}

static void judge_lost(struct judge *j, const struct chrony_source *s)
{
	const struct check_facts *f = j->f;

	if (judge_host_error(f) > 0) {
		judge_find(j, "source-lost",
			   "%s: no reading for %.0f s, as the host does not answer", s->name, s->last_rx);
		return;
	}
	judge_find(j, "source-stuck",
		   "%s: no reading for %.0f s%s: chronyd holds on to a call that has ceased to work", s->name,
		   s->last_rx, s->state == '*' ? ", though selected" : "");
	judge_remedy_restart(j);
}

static void judge_unselected(struct judge *j, const struct chrony_source *s)
{
	const struct chrony_facts *c = &j->f->chrony;
	const struct chrony_source *other = chrony_selected(c->sources, c->n_sources);
	char where[180] = "";

	switch (s->state) {
	case 'x':
		judge_find(j, "source-falseticker",
			   "%s is outvoted: the other sources disagree with the host's clock", s->name);
		judge_run(j, RUN_LIVE, "chronyc sources");
		judge_run(j, RUN_ON_HOST, "chronyc tracking");
		break;
	case '~':
		judge_find(j, "source-variable", "%s varies too much for chronyd", s->name);
		judge_run(j, RUN_LIVE, "sudo ptpkvm watch");
		break;
	case '?':
		if (judge_clock_waits(j->f)) {
			judge_find(j, "source-unserved", "%s waits for a host that serves the clock", s->name);
			judge_advise(j, "then chronyd selects it within seconds, without a restart");
			break;
		}
		judge_find(j, "source-waiting", "%s is not selected yet (reach %o)", s->name, s->reach);
		judge_run(j, RUN_LIVE, "sudo ptpkvm watch");
		break;
	default:
		if (c->limits.prefer.line)
			snprintf(where, sizeof(where), ": see prefer in %s:%d", c->limits.prefer.file, c->limits.prefer.line);
		judge_find(j, "source-other", "%s is not selected, but %s%s", s->name, other ? other->name : "nothing", where);
		judge_run(j, RUN_LIVE, "sudo chronyc selectdata");
	}
}

void judge_source(struct judge *j)
{
	const struct check_facts *f = j->f;
	const struct chrony_source *s = j->r->source;
	char offset[OFFSET_TEXT_LEN], error[NS_TEXT_LEN];

	if (!s) {
		if (!check_refclock(&f->chrony)) {
			judge_skip(j, "source", no_refclock(&f->chrony));
			return;
		}
		judge_find(j, "source-missing",
			   "the running chronyd does not have the refclock: started before it was configured");
		judge_remedy_restart(j);
	} else if (f->chrony.noselect) {
		judge_skip(j, "source", "it is kept from being selected");
	} else if (lost(s)) {
		judge_lost(j, s);
	} else if (s->state == '*') {
		judge_say(j, LEVEL_PASS, "source", "source",
			  "%s is selected, reach %o, the system was last %s it ± %s", s->name, s->reach,
			  offset_text(offset, rint(s->measured * 1e9)), text_ns(error, rint(s->error * 1e9), false));
	} else {
		judge_unselected(j, s);
	}
}

/* --- rivals --- */

bool judge_is_rival(const struct check_facts *f, const struct steerer *s)
{
	const struct steerer *keeper = check_keeper(f);

	if (!s->pid && f->container[0])
		return false;		/* it is the guest itself that boots */
	if (keeper)
		return s != keeper;
	if (strcmp(s->name, "chronyd"))
		return true;
	/* Where only a container has one, and it answers, that is the one that is judged. */
	if (s->elsewhere == YES)
		return f->chrony.process || !f->chrony.answers;
	if (s->pid)
		return f->chrony.pid && s->pid != f->chrony.pid;
	return f->chrony.next.unit[0] && strcmp(s->unit, f->chrony.next.unit);
}

static void judge_rival(struct judge *j, const struct steerer *s)
{
	const struct chrony_facts *c = &j->f->chrony;
	const struct steerer *keeper = check_keeper(j->f);
	bool both = keeper || c->process || c->answers;

	if (!s->pid) {
		judge_find(j, "rival-enabled",
			  "%s is enabled: from the next boot on it sets the clock%s", s->unit, j->f->offline ? "" : ", too");
		judge_run(j, RUN_ROOT, "sudo systemctl disable %s", s->unit);
		return;
	}
	judge_find_at(j, both ? LEVEL_FAIL : LEVEL_WARN, "rival-daemon",
		      "%s (process %d%s) steers the clock%s%s", s->name, s->pid,
		      s->elsewhere == YES ? ", in a container" : "", both ? ", and so does " : "",
		      keeper ? keeper->name : both ? "chronyd" : "");
	if (s->unit[0])
		judge_run(j, RUN_LIVE, "sudo systemctl disable --now %s", s->unit);
	else
		judge_run(j, RUN_LIVE, "sudo kill %d", s->pid);
}

static void judge_other_refclocks(struct judge *j)
{
	const struct chrony_facts *c = &j->f->chrony;
	char where[160];

	for (int i = 0; i < c->n_refclocks; i++) {
		const struct refclock_fact *r = &c->refclocks[i];

		if (r->ours || r->noselect || !check_refclock(c))
			continue;
		place(r, where, sizeof(where));
		judge_find(j, "rival-phc", "another PHC beside this one, %s%s%s (%s)%s", r->device,
			   r->clock_name[0] ? ", " : "", r->clock_name, where,
			   r->prefer ? ", and it is preferred" : "");
		judge_run(j, RUN_LIVE, "chronyc sources");
		judge_advise(j, "add noselect to the one that is only to be watched");
	}
}

static void judge_servers(struct judge *j)
{
	const struct refclock_fact *r = check_refclock(&j->f->chrony);
	const struct server_facts *s = &j->f->chrony.servers;
	const struct limits *l = &j->f->chrony.limits;
	bool is_selected = j->r->source && j->r->source->state == '*';

	if (!r)
		return;
	if (l->prefer.line && !r->prefer) {
		judge_find(j, "rival-prefer", "an NTP source is preferred (%s:%d), this clock is not", l->prefer.file,
			   l->prefer.line);
		remedy_take_out(j, &l->prefer, "prefer");
	}
	if (s->dhcp && !is_selected && j->f->chrony.answers) {
		judge_find(j, "rival-dhcp", "%d NTP %s from DHCP (%s), and this clock is not selected", s->dhcp,
			   s->dhcp == 1 ? "server" : "servers", s->dhcp_file);
		judge_run(j, RUN_LIVE, "sudo chronyc selectdata");
	}
}

static void judge_hidden(struct judge *j)
{
	judge_skip(j, "rivals", "other users' processes are hidden here");
	if (!j->f->root)
		judge_run(j, RUN_LIVE, "sudo ptpkvm check");
}

void judge_rivals(struct judge *j)
{
	const struct server_facts *s = &j->f->chrony.servers;
	int before = j->r->said.n;

	for (int i = 0; i < j->f->n_steerers; i++)
		if (judge_is_rival(j->f, &j->f->steerers[i]))
			judge_rival(j, &j->f->steerers[i]);
	judge_other_refclocks(j);
	judge_servers(j);
	if (j->r->said.n > before)
		return;
	if (j->f->container[0])
		judge_skip(j, "rivals", "they would be outside of the container");
	else if (j->f->processes_hidden && !j->f->offline)
		judge_hidden(j);
	else if (s->count)
		judge_say(j, LEVEL_PASS, "rivals", "rivals",
			  "nothing else steers the clock; %d NTP %s (%d from DHCP) in reserve", s->count,
			  s->count == 1 ? "source" : "sources", s->dhcp);
	else
		judge_say(j, LEVEL_PASS, "rivals", "rivals",
			  j->f->offline ? "no other daemon that steers the clock is enabled" :
			  "nothing else steers the clock");
}

/* --- kept without chronyd --- */

void judge_keeper(struct judge *j, const struct steerer *s)
{
	const struct phc2sys *p = &j->f->phc2sys;

	if (p->feeds)
		judge_say(j, LEVEL_PASS, "chronyd", "kept",
			  "%s (process %d) keeps the time instead: phc2sys (process %d) hands it %s", s->name, s->pid, p->pid, p->source);
	else
		judge_say(j, LEVEL_PASS, "chronyd", "kept",
			  "%s (process %d) keeps the time instead, from %s", s->name, s->pid, p->source);
	judge_skip(j, "refclock", "chronyd does not keep the time");
	judge_skip(j, "source", "chronyd does not keep the time");
}

static void remedy_modules(struct judge *j)
{
	if (j->f->init)
		judge_advise(j, "have the init here load ptp_kvm");
	else if (j->f->offline)
		judge_run(j, 0, "sudo mkdir -p %s && echo ptp_kvm | sudo tee %s", "/etc/modules-load.d", SETUP_MODULES);
	else
		judge_run(j, 0, "echo ptp_kvm | sudo tee %s", SETUP_MODULES);
}

/* True if it is right. */
static bool judge_phc2sys(struct judge *j, const struct phc2sys *p)
{
	double offset = 0;
	bool number = !p->offset[0] || parse_decimal(p->offset + (p->offset[0] == '-'), 0, 1e9, &offset);

	if (number && offset == 0 && (p->offset[0] || !p->waits))
		return true;
	judge_find(j, "config-offset", "phc2sys (process %d) is not told that the clock is the host's UTC, not TAI (%s%s)",
		   p->pid, p->offset[0] ? "-O " : "-w", p->offset);
	judge_advise(j, "start phc2sys with -O 0, and without -w");
	return false;
}

void judge_keeper_config(struct judge *j, const struct steerer *s)
{
	const struct check_facts *f = j->f;

	if (judge_phc2sys(j, &f->phc2sys))
		judge_say(j, LEVEL_PASS, "config", "config", "no known mistake");
	if (f->container[0]) {
		judge_skip(j, "boot", "that is the business of the guest outside of the container");
	} else if (!s->at_boot) {
		judge_find(j, "boot-no-unit", "nothing starts %s at boot", s->name);
		if (s->unit[0])
			judge_run(j, RUN_ROOT, "sudo systemctl enable %s", s->unit);
		else
			judge_advise(j, "make a unit that starts %s, and enable it", s->name);
	} else if (!f->loaded_at_boot && f->driver != DRIVER_BUILT_IN) {
		judge_find(j, "boot-no-driver", "nothing loads ptp_kvm at boot");
		remedy_modules(j);
	} else {
		judge_say(j, LEVEL_PASS, "boot", "boot", "the driver is loaded at boot, and %s started", s->unit);
	}
}

/* --- config, boot --- */

void judge_remedy_line(struct judge *j, const struct refclock_fact *r, const char *sed)
{
	if (!r->generated) {
		judge_remedy_setup(j, r);
		return;
	}
	judge_run(j, RUN_OUTSIDE, sed, SETUP_DIRECTIVES);
	judge_remedy_restart(j);
}

static void judge_makestep(struct judge *j, const struct refclock_fact *r)
{
	const struct limits *l = &j->f->chrony.limits;

	if (limits_steps(l))
		return;
	judge_find(j, "config-makestep",
		   "%s: chronyd will not follow when the host's clock is set, nor after a migration",
		   l->makestep.line ? l->makestep.text : "no makestep");
	if (!r->generated) {
		judge_remedy_setup(j, r);
		return;
	}
	judge_run(j, RUN_OUTSIDE, "sudo sed -i '$a " REFCLOCK_MAKESTEP "' %s", SETUP_DIRECTIVES);
	judge_remedy_restart(j);
	if (!j->f->offline)
		judge_advise(j, "or, to step for this clock only: sudo systemctl enable --now ptpkvm-guard");
}

/* What makes chronyd end, or follow this clock no more */
static void judge_limits(struct judge *j, const struct refclock_fact *r)
{
	const struct limits *l = &j->f->chrony.limits;
	const char *ends = limits_maxchange(l);

	if (ends) {
		judge_find(j, "config-maxchange", "%s:%d: %s: chronyd %s",
			   l->maxchange.file, l->maxchange.line, l->maxchange.text, ends);
		remedy_take_out(j, &l->maxchange, "maxchange");
	}
	if (limits_minsources(l) > 1) {
		judge_find(j, "config-minsources",
			   "%s:%d: %s: this clock is not followed while fewer sources are there, and agree",
			   l->minsources.file, l->minsources.line, l->minsources.text);
		remedy_take_out(j, &l->minsources, "minsources");
	}
	if (l->require.line && !r->require) {
		judge_find(j, "config-require",
			   "%s:%d: %s: this clock is not followed while that NTP source cannot be reached",
			   l->require.file, l->require.line, l->require.text);
		remedy_take_out(j, &l->require, "require");
	}
}

void judge_config(struct judge *j)
{
	const struct chrony_facts *c = &j->f->chrony;
	const struct refclock_fact *r = check_refclock(c);
	int before = j->r->said.n;
	char where[160];

	if (!r) {
		judge_skip(j, "config", no_refclock(c));
		return;
	}
	place(r, where, sizeof(where));
	if (r->handed)
		judge_phc2sys(j, &j->f->hands);
	if (r->tai) {
		judge_find(j, "config-tai", "%s: tai: the clock is the host's UTC, not TAI", where);
		judge_remedy_line(j, r, REFCLOCK_SED("s/[[:space:]]tai\\b//I"));
	}
	if (fabs(r->offset) >= 1) {
		judge_find(j, "config-offset",
			   "%s: offset %g: the clock is the host's UTC, not TAI", where, r->offset);
		judge_remedy_line(j, r, REFCLOCK_SED("s/[[:space:]]offset[[:space:]]+[^[:space:]]+//I"));
	}
	if (r->by_number) {
		judge_find(j, "config-number",
			   "%s: %s is this clock today; with another network card it may be another", where,
			   r->device);
		judge_remedy_line(j, r, REFCLOCK_SED("s|/dev/ptp[0-9]+|/dev/ptp_kvm|"));
	}
	if (limits_slews_leap(&c->limits)) {
		judge_find(j, "config-leap", "%s:%d: %s: after a leap second this machine and its host are up to 1 s apart",
			   c->limits.leapsecmode.file, c->limits.leapsecmode.line, c->limits.leapsecmode.text);
		remedy_take_out(j, &c->limits.leapsecmode, "leapsecmode");
		judge_advise(j, "unless the host does the same");
	}
	judge_makestep(j, r);
	judge_limits(j, r);
	if (j->r->said.n == before)
		judge_say(j, LEVEL_PASS, "config", "config", "no known mistake");
}

void judge_boot(struct judge *j)
{
	const struct check_facts *f = j->f;
	const struct chrony_facts *c = &f->chrony;
	const struct refclock_fact *r = check_refclock(c);
	bool race = r && !r->generated && !r->optional;
	char where[160];

	if (f->container[0]) {
		judge_skip(j, "boot", "that is the business of the guest outside of the container");
		return;
	}
	if (f->set_up && f->init) {
		judge_find(j, "boot-init",
			   "what 'ptpkvm setup' wrote is for systemd, and that is not the init here%s%s",
			   f->init[0] ? ", but " : "", f->init);
		judge_run(j, RUN_ROOT, "sudo ptpkvm remove");
		judge_run(j, RUN_ROOT, "sudo ptpkvm setup");
		judge_advise(j, "the second says what to do by hand");
		return;
	}
	if (f->set_up && c->elsewhere) {
		judge_find(j, "boot-not-taken",
			   "set up by ptpkvm, but chronyd will be started without it: %s", c->takes_why);
		remedy_elsewhere(j, NULL);
		return;
	}
	if (c->by_hand && !c->next.by_directives) {
		judge_find(j, "boot-by-hand", "%s: that is gone with the next boot", c->conf_why);
		judge_remedy_setup(j, NULL);
		return;
	}
	if (c->not_started && c->conf[0]) {
		judge_find(j, "boot-no-unit", "nothing starts chronyd at boot: %s is %s",
			   c->next.unit[0] ? c->next.unit : "its unit", c->next.masked ? "masked" :
			   c->next.unit_file[0] ? "not enabled" : "not there");
		if (!c->next.unit_file[0] && !c->next.masked)
			judge_run(j, 0, "sudo chroot %s %s install chrony", "/", f->debian ? "apt" : "dnf");
		else
			judge_run(j, RUN_ROOT, "sudo systemctl %s %s", c->next.masked ? "unmask" : "enable", judge_service(f));
		return;
	}
	if (f->set_up && !race && !c->by_hand) {
		judge_say(j, LEVEL_PASS, "boot", "boot-set-up", "set up by ptpkvm for every boot");
		return;
	}
	if (!r && f->init && c->conf_read) {
		judge_skip(j, "boot", "there is no refclock, and 'ptpkvm setup' is for systemd, not for the init here");
		return;
	}
	if (!r) {
		judge_skip(j, "boot", no_refclock(c));
		return;
	}
	place(r, where, sizeof(where));
	if (r->handed && !f->hands_at_boot) {
		judge_find(j, "boot-no-unit", "nothing starts phc2sys (process %d) at boot, which hands chronyd this clock",
			   f->hands.pid);
		judge_advise(j, "make a unit that starts phc2sys, and enable it");
	} else if (race) {
		judge_find(j, "boot-race",
			   "%s: chronyd will not start at all if the clock is not there yet", where);
		if (f->init)
			judge_advise(j, "have the init here load ptp_kvm before chronyd ('ptpkvm setup' is for systemd)");
		else
			judge_remedy_setup(j, r);
	} else if (!f->loaded_at_boot && f->driver != DRIVER_BUILT_IN) {
		judge_find(j, "boot-no-driver", "nothing loads ptp_kvm at boot");
		remedy_modules(j);
	} else {
		judge_say(j, LEVEL_PASS, "boot", "boot",
			  "the driver is loaded at boot, and chronyd can do without the clock");
	}
}
