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

static void remedy_restart(struct judge *j)
{
	const struct check_facts *f = j->f;

	if (f->container[0])
		judge_remedy(j, "restart chronyd where it was started: in the container, or on the guest itself");
	else
		judge_remedy(j, "sudo systemctl restart %s", judge_service(f));
}

static void judge_absent_chronyd(struct judge *j)
{
	const struct check_facts *f = j->f;

	if (f->container[0]) {
		judge_skip(j, "chronyd", "it may run outside of the container");
		return;
	}
	judge_say(j, VERDICT_FAIL, "chronyd", "chronyd-absent", "%s", f->chrony.installed_why);
	judge_remedy(j, f->debian ? "sudo apt install chrony" : "sudo dnf install chrony");
}

bool judge_chronyd(struct judge *j)
{
	const struct check_facts *f = j->f;
	const struct chrony_facts *c = &f->chrony;
	char version[40] = "version unknown";

	if (f->offline && !c->next.unit[0] && !c->conf[0] && !f->n_steerers) {
		judge_say(j, VERDICT_FAIL, "chronyd", "chronyd-absent",
			  "neither chrony nor another daemon that keeps the time is there");
		judge_remedy(j, "sudo chroot %s %s install chrony", shell_word(file_root), f->debian ? "apt" : "dnf");
		return false;
	}
	if (f->offline && c->measures_only) {
		judge_say(j, VERDICT_WARN, "chronyd", "chronyd-measures",
			  "it will be started with -x: it leaves the system's clock alone");
		judge_remedy(j, "take -x out of chronyd's options there");
		return false;
	}
	if (f->offline) {
		judge_skip(j, "chronyd", "--root");
		return false;
	}
	if (c->installed)
		snprintf(version, sizeof(version), "chrony %d.%d", c->version.major, c->version.minor);
	if (c->answers && c->installed && !chrony_at_least(&c->version, 4, 0)) {
		judge_say(j, VERDICT_WARN, "chronyd", "chronyd-old",
			  "%s: older than 4.0, which is the oldest known to work", version);
		judge_remedy(j, f->debian ? "sudo apt install chrony" : "sudo dnf upgrade chrony");
	} else if (c->answers && c->measures_only && !f->container[0]) {
		judge_say(j, VERDICT_WARN, "chronyd", "chronyd-measures", "%s, started with -x: it leaves the system's clock "
			  "alone", version);
		judge_remedy(j, "take -x out of chronyd's options, and restart it");
	} else if (c->answers) {
		judge_say(j, VERDICT_PASS, "chronyd", "chronyd", "%s, running", version);
	} else if (!c->installed && !c->process) {
		judge_absent_chronyd(j);
	} else if (!c->process && f->container[0]) {
		judge_skip(j, "chronyd", "it may run outside of the container");
	} else if (!c->process) {
		judge_say(j, VERDICT_FAIL, "chronyd", "chronyd-stopped", "%s, not running", version);
		judge_remedy(j, "sudo systemctl start %s || journalctl -u %s -n 20", judge_service(f),
			     judge_service(f));
	} else {
		judge_say(j, VERDICT_FAIL, "chronyd", "chronyd-silent",
			  "%s, running, but it cannot be asked: %s", version, c->answers_why);
		if (f->root)
			remedy_restart(j);
		else
			judge_remedy(j, "sudo ptpkvm check");
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
		judge_remedy(j, "in place of %s:%d, or in what makes that file: '%s' and '" REFCLOCK_MAKESTEP "'", r->file,
			     r->line, line);
	else
		judge_remedy(j, "in %s, or in what makes that file: '%s' and '" REFCLOCK_MAKESTEP "'",
			     c->conf[0] ? c->conf : "chrony's configuration", line);
}

void judge_remedy_setup(struct judge *j, const struct refclock_fact *r)
{
	const struct check_facts *f = j->f;
	bool theirs = r && !r->generated;

	if (f->container[0])
		judge_remedy(j, "on the guest itself: sudo ptpkvm setup%s", theirs ? " --adopt" : "");
	else if (f->chrony.elsewhere || (theirs && !strncmp(r->file, "/run/", 5)))
		remedy_elsewhere(j, r);
	else if (!f->init)
		judge_remedy(j, "sudo ptpkvm setup%s%s%s", theirs ? " --adopt" : "", f->offline ? " --root " : "",
			     f->offline ? shell_word(file_root) : "");
	else if (theirs)
		judge_remedy(j, "by hand, for want of systemd: in place of %s:%d what 'sudo ptpkvm chrony --makestep' "
			     "says", r->file, r->line);
	else
		judge_remedy(j, "sudo ptpkvm chrony --makestep | sudo tee -a %s	# and restart chronyd",
			     shell_word(f->chrony.conf));
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

static void judge_no_refclock(struct judge *j)
{
	const struct check_facts *f = j->f;
	const struct chrony_facts *c = &f->chrony;
	const struct refclock_fact *other = c->n_refclocks ? &c->refclocks[0] : NULL;
	char where[160];

	if (!c->conf_read && !c->conf[0]) {
		judge_skip(j, "refclock", c->conf_why);
	} else if (!c->conf_read && !f->root && j->r->source) {
		judge_skip(j, "refclock", c->conf_why);
		judge_remedy(j, "sudo ptpkvm check");
	} else if (!c->conf_read) {
		judge_say(j, VERDICT_FAIL, "refclock", "conf-unreadable", "%s", c->conf_why);
		if (!f->root)
			judge_remedy(j, "sudo ptpkvm check");
		else
			judge_remedy(j, "sudo chronyd -p -f %s", shell_word(c->conf));
	} else if (f->hold[0]) {
		judge_say(j, VERDICT_WARN, "refclock", "refclock-held", "taken out by ptpkvm guard: %s",
			  f->hold);
		judge_remedy(j, "on the host: chronyc tracking");
	} else if (f->set_up && f->left_out[0]) {
		judge_say(j, VERDICT_FAIL, "refclock", "refclock-left-out",
			  "chronyd was started without it: %s", f->left_out);
		remedy_restart(j);
	} else if (other) {
		place(other, where, sizeof(where));
		judge_say(j, VERDICT_FAIL, "refclock", "refclock-other", "%s has PHC %s, which is %s%s",
			  where, other->device, other->clock_name[0] ? "another clock, " : "not there",
			  other->clock_name);
		judge_remedy_setup(j, other->by_number && !other->clock_name[0] ? other : NULL);
	} else {
		judge_say(j, VERDICT_FAIL, "refclock", "refclock-none",
			  "chronyd's configuration has none for this clock");
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
		judge_say(j, VERDICT_WARN, "refclock", "refclock-noselect",
			  "PHC %s refid %s (%s) is kept from being selected: %s", r->device, r->refid, where,
			  r->noselect ? "noselect" : "chronyc selectopts, perhaps by ptpkvm guard");
		if (r->noselect)
			judge_remedy_setup(j, r);
		else
			judge_remedy(j, "sudo chronyc selectopts %s -noselect", shell_word(r->refid));
		return;
	}
	judge_say(j, VERDICT_PASS, "refclock", "refclock", "PHC %s refid %s (%s)", r->device, r->refid,
		  where);
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
		judge_say(j, VERDICT_FAIL, "source", "source-lost",
			  "%s: no reading for %.0f s, as the host does not answer", s->name, s->last_rx);
		return;
	}
	judge_say(j, VERDICT_FAIL, "source", "source-stuck",
		  "%s: no reading for %.0f s%s: chronyd holds on to a call that has ceased to work", s->name,
		  s->last_rx, s->state == '*' ? ", though selected" : "");
	remedy_restart(j);
}

static void judge_unselected(struct judge *j, const struct chrony_source *s)
{
	const struct chrony_facts *c = &j->f->chrony;
	const struct chrony_source *other = chrony_selected(c->sources, c->n_sources);

	switch (s->state) {
	case 'x':
		judge_say(j, VERDICT_FAIL, "source", "source-falseticker",
			  "%s is outvoted: the other sources disagree with the host's clock", s->name);
		judge_remedy(j, "chronyc sources; on the host: chronyc tracking");
		break;
	case '~':
		judge_say(j, VERDICT_WARN, "source", "source-variable", "%s varies too much for chronyd",
			  s->name);
		judge_remedy(j, "sudo ptpkvm watch");
		break;
	case '?':
		judge_say(j, VERDICT_WARN, "source", "source-waiting", "%s is not selected yet (reach %o)",
			  s->name, s->reach);
		judge_remedy(j, "sudo ptpkvm watch");
		break;
	default:
		judge_say(j, VERDICT_WARN, "source", "source-other", "%s is not selected, but %s%s%s",
			  s->name, other ? other->name : "nothing",
			  c->servers.prefer[0] ? ": see prefer in " : "", c->servers.prefer);
		judge_remedy(j, "chronyc selectdata");
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
		judge_say(j, VERDICT_WARN, "source", "source-missing",
			  "the running chronyd does not have the refclock: started before it was configured");
		remedy_restart(j);
	} else if (f->chrony.noselect) {
		judge_skip(j, "source", "it is kept from being selected");
	} else if (lost(s)) {
		judge_lost(j, s);
	} else if (s->state == '*') {
		judge_say(j, VERDICT_PASS, "source", "source",
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
		judge_say(j, VERDICT_WARN, "rivals", "rival-enabled",
			  "%s is enabled: from the next boot on it sets the clock%s", s->unit, j->f->offline ? "" : ", too");
		if (j->f->offline)
			judge_remedy(j, "sudo systemctl --root=%s disable %s", shell_word(file_root), shell_word(s->unit));
		else
			judge_remedy(j, "sudo systemctl disable %s", shell_word(s->unit));
		return;
	}
	judge_say(j, both ? VERDICT_FAIL : VERDICT_WARN, "rivals", "rival-daemon",
		  "%s (process %d%s) steers the clock%s%s", s->name, s->pid,
		  s->elsewhere == YES ? ", in a container" : "", both ? ", and so does " : "",
		  keeper ? keeper->name : both ? "chronyd" : "");
	if (s->unit[0])
		judge_remedy(j, "sudo systemctl disable --now %s", shell_word(s->unit));
	else
		judge_remedy(j, "sudo kill %d", s->pid);
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
		judge_say(j, VERDICT_WARN, "rivals", "rival-phc",
			  "another PHC beside this one, %s%s%s (%s)%s", r->device,
			  r->clock_name[0] ? ", " : "", r->clock_name, where,
			  r->prefer ? ", and it is preferred" : "");
		judge_remedy(
			j, "chronyc sources	# and add noselect to the one that is only to be watched");
	}
}

static void judge_servers(struct judge *j)
{
	const struct refclock_fact *r = check_refclock(&j->f->chrony);
	const struct server_facts *s = &j->f->chrony.servers;
	char file[PATH_MAX];
	bool is_selected = j->r->source && j->r->source->state == '*';

	if (!r)
		return;
	if (s->prefer[0] && !r->prefer) {
		judge_say(j, VERDICT_WARN, "rivals", "rival-prefer",
			  "an NTP source is preferred (%s), this clock is not", s->prefer);
		snprintf(file, sizeof(file), "%s%.*s", j->f->offline ? file_root : "", (int)strcspn(s->prefer, ":"), s->prefer);
		judge_remedy(j, "sudo sed -i 's/ prefer\\b//' %s%s%s", shell_word(file),
			     j->f->offline ? "" : " && sudo systemctl restart ", j->f->offline ? "" : judge_service(j->f));
	}
	if (s->dhcp && !is_selected && j->f->chrony.answers) {
		judge_say(j, VERDICT_WARN, "rivals", "rival-dhcp",
			  "%d NTP %s from DHCP (%s), and this clock is not selected", s->dhcp,
			  s->dhcp == 1 ? "server" : "servers", s->dhcp_file);
		judge_remedy(j, "chronyc selectdata");
	}
}

static void judge_hidden(struct judge *j)
{
	judge_skip(j, "rivals", "other users' processes are hidden here");
	if (!j->f->root)
		judge_remedy(j, "sudo ptpkvm check");
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
		judge_say(j, VERDICT_PASS, "rivals", "rivals",
			  "nothing else steers the clock; %d NTP %s (%d from DHCP) in reserve", s->count,
			  s->count == 1 ? "source" : "sources", s->dhcp);
	else
		judge_say(j, VERDICT_PASS, "rivals", "rivals",
			  j->f->offline ? "no other daemon that steers the clock is enabled" :
			  "nothing else steers the clock");
}

/* --- kept without chronyd --- */

void judge_keeper(struct judge *j, const struct steerer *s)
{
	const struct phc2sys *p = &j->f->phc2sys;

	if (p->feeds)
		judge_say(j, VERDICT_PASS, "chronyd", "kept",
			  "%s (process %d) keeps the time instead: phc2sys (process %d) hands it %s", s->name, s->pid, p->pid, p->source);
	else
		judge_say(j, VERDICT_PASS, "chronyd", "kept",
			  "%s (process %d) keeps the time instead, from %s", s->name, s->pid, p->source);
	judge_skip(j, "refclock", "chronyd does not keep the time");
	judge_skip(j, "source", "chronyd does not keep the time");
}

/* True if it is right. */
static bool judge_phc2sys(struct judge *j, const struct phc2sys *p)
{
	double offset = 0;
	bool number = !p->offset[0] || parse_decimal(p->offset + (p->offset[0] == '-'), 0, 1e9, &offset);

	if (number && offset == 0 && (p->offset[0] || !p->waits))
		return true;
	judge_say(j, VERDICT_FAIL, "config", "config-offset",
		  "phc2sys (process %d) is not told that the clock is the host's UTC, not TAI (%s%s)", p->pid,
		  p->offset[0] ? "-O " : "-w", p->offset);
	judge_remedy(j, "start phc2sys with -O 0, and without -w");
	return false;
}

void judge_keeper_config(struct judge *j, const struct steerer *s)
{
	const struct check_facts *f = j->f;

	if (judge_phc2sys(j, &f->phc2sys))
		judge_say(j, VERDICT_PASS, "config", "config", "no known mistake");
	if (f->container[0]) {
		judge_skip(j, "boot", "that is the business of the guest outside of the container");
	} else if (!s->at_boot) {
		judge_say(j, VERDICT_WARN, "boot", "boot-no-unit", "nothing starts %s at boot", s->name);
		if (s->unit[0])
			judge_remedy(j, "sudo systemctl enable %s", shell_word(s->unit));
		else
			judge_remedy(j, "make a unit that starts %s, and enable it", s->name);
	} else if (!f->loaded_at_boot && f->driver != DRIVER_BUILT_IN) {
		judge_say(j, VERDICT_WARN, "boot", "boot-no-driver", "nothing loads ptp_kvm at boot");
		judge_remedy(j, "echo ptp_kvm | sudo tee " SETUP_MODULES);
	} else {
		judge_say(j, VERDICT_PASS, "boot", "boot", "the driver is loaded at boot, and %s started", s->unit);
	}
}

/* --- config, boot --- */

void judge_remedy_line(struct judge *j, const struct refclock_fact *r, const char *command)
{
	if (r->generated && j->f->offline)
		judge_remedy(j, "sudo sed -i '/^refclock/%s' %s" SETUP_DIRECTIVES, command, shell_word(file_root));
	else if (r->generated)
		judge_remedy(j,
			     "sudo sed -i '/^refclock/%s' " SETUP_DIRECTIVES " && sudo systemctl restart %s",
			     command, judge_service(j->f));
	else
		judge_remedy_setup(j, r);
}

static void judge_makestep(struct judge *j, const struct refclock_fact *r)
{
	const struct limits *l = &j->f->chrony.limits;

	if (limits_steps(l))
		return;
	judge_say(j, VERDICT_WARN, "config", "config-makestep",
		  "%s: chronyd will not follow when the host's clock is set, nor after a migration",
		  l->makestep.line ? l->makestep.text : "no makestep");
	if (j->f->set_up && r->generated && !j->f->chrony.elsewhere && !j->f->offline && !j->f->container[0])
		judge_remedy(j, "sudo ptpkvm setup	# or, to step for this clock only: "
			     "sudo systemctl enable --now ptpkvm-guard");
	else
		judge_remedy_setup(j, r);
}

/* What makes chronyd end, or follow this clock no more */
static void judge_limits(struct judge *j, const struct refclock_fact *r)
{
	static const char where[] = "grep -rnw %s %s/etc/chrony* %s" SETUP_DIR "	# and take %s";
	const char *root = j->f->offline ? shell_word(file_root) : "";
	const struct limits *l = &j->f->chrony.limits;
	const char *ends = limits_maxchange(l);

	if (ends) {
		judge_say(j, VERDICT_WARN, "config", "config-maxchange", "%s:%d: %s: chronyd %s",
			  l->maxchange.file, l->maxchange.line, l->maxchange.text, ends);
		judge_remedy(j, where, "maxchange", root, root, "it away");
	}
	if (limits_minsources(l) > 1) {
		judge_say(j, VERDICT_WARN, "config", "config-minsources",
			  "%s:%d: %s: this clock is not followed while fewer sources are there, and agree",
			  l->minsources.file, l->minsources.line, l->minsources.text);
		judge_remedy(j, where, "minsources", root, root, "it away");
	}
	if (l->require.line && !r->require) {
		judge_say(j, VERDICT_WARN, "config", "config-require",
			  "%s:%d: %s: this clock is not followed while that NTP source cannot be reached",
			  l->require.file, l->require.line, l->require.text);
		judge_remedy(j, where, "require", root, root, "that option away");
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
		judge_say(j, VERDICT_FAIL, "config", "config-tai",
			  "%s: tai: the clock is the host's UTC, not TAI", where);
		judge_remedy_line(j, r, "s/ tai\\b//");
	}
	if (fabs(r->offset) >= 1) {
		judge_say(j, VERDICT_FAIL, "config", "config-offset",
			  "%s: offset %g: the clock is the host's UTC, not TAI", where, r->offset);
		judge_remedy_line(j, r, "s/ offset [^ ]*/ offset 0/");
	}
	if (r->by_number) {
		judge_say(j, VERDICT_WARN, "config", "config-number",
			  "%s: %s is this clock today; with another network card it may be another", where,
			  r->device);
		judge_remedy_line(j, r, "s|/dev/ptp[0-9]*|/dev/ptp_kvm|");
	}
	if (!strcasecmp(c->leapsecmode, "slew") || !strcasecmp(c->leapsecmode, "ignore")) {
		judge_say(j, VERDICT_WARN, "config", "config-leap",
			  "leapsecmode %s: after a leap second this machine and its host are up to 1 s apart",
			  c->leapsecmode);
		judge_remedy(
			j,
			"grep -rn leapsecmode /etc/chrony*	# and take it away, unless the host does the same");
	}
	judge_makestep(j, r);
	judge_limits(j, r);
	if (j->r->said.n == before)
		judge_say(j, VERDICT_PASS, "config", "config", "no known mistake");
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
		judge_say(j, VERDICT_WARN, "boot", "boot-init",
			  "what 'ptpkvm setup' wrote is for systemd, and that is not the init here%s%s",
			  f->init[0] ? ", but " : "", f->init);
		judge_remedy(j, "sudo ptpkvm remove; sudo ptpkvm setup	# which then says what to do by hand");
		return;
	}
	if (f->set_up && c->elsewhere) {
		judge_say(j, VERDICT_WARN, "boot", "boot-not-taken",
			  "set up by ptpkvm, but chronyd will be started without it: %s", c->takes_why);
		remedy_elsewhere(j, NULL);
		return;
	}
	if (c->by_hand && !c->next.by_directives) {
		judge_say(j, VERDICT_WARN, "boot", "boot-by-hand", "%s: that is gone with the next boot", c->conf_why);
		judge_remedy_setup(j, NULL);
		return;
	}
	if (c->not_started && c->conf[0]) {
		judge_say(j, VERDICT_WARN, "boot", "boot-no-unit", "nothing starts chronyd at boot: %s is %s",
			  c->next.unit[0] ? c->next.unit : "its unit", c->next.masked ? "masked" :
			  c->next.unit_file[0] ? "not enabled" : "not there");
		if (!c->next.unit_file[0] && !c->next.masked)
			judge_remedy(j, "sudo chroot %s %s install chrony", shell_word(file_root), f->debian ? "apt" : "dnf");
		else
			judge_remedy(j, "sudo systemctl%s%s %s %s", f->offline ? " --root=" : "",
				     f->offline ? shell_word(file_root) : "", c->next.masked ? "unmask" : "enable", judge_service(f));
		return;
	}
	if (f->set_up && !race && !c->by_hand) {
		judge_say(j, VERDICT_PASS, "boot", "boot-set-up", "set up by ptpkvm for every boot");
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
		judge_say(j, VERDICT_WARN, "boot", "boot-no-unit", "nothing starts phc2sys (process %d) at boot, which hands "
			  "chronyd this clock", f->hands.pid);
		judge_remedy(j, "make a unit that starts phc2sys, and enable it");
	} else if (race) {
		judge_say(j, VERDICT_WARN, "boot", "boot-race",
			  "%s: chronyd will not start at all if the clock is not there yet", where);
		if (f->init)
			judge_remedy(j, "have the init here load ptp_kvm before chronyd ('ptpkvm setup' is for "
				     "systemd)");
		else
			judge_remedy_setup(j, r);
	} else if (!f->loaded_at_boot && f->driver != DRIVER_BUILT_IN) {
		judge_say(j, VERDICT_WARN, "boot", "boot-no-driver", "nothing loads ptp_kvm at boot");
		judge_remedy(j, "echo ptp_kvm | sudo tee " SETUP_MODULES);
	} else {
		judge_say(j, VERDICT_PASS, "boot", "boot",
			  "the driver is loaded at boot, and chronyd can do without the clock");
	}
}
