// SPDX-License-Identifier: GPL-2.0-or-later
/* What the facts mean, link by link, and what to type: from the grandmaster to the system's clock. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "check_judge.h"
#include "util.h"

/* --- what others need too --- */

const struct pmc_port *check_slave_port(const struct pmc_data *d)
{
	for (int i = 0; i < d->n_ports; i++)
		if (!strcmp(d->ports[i].state, "SLAVE") || !strcmp(d->ports[i].state, "UNCALIBRATED"))
			return &d->ports[i];
	return NULL;
}

bool check_hardware(const struct ptp4l_fact *p)
{
	const struct pmc_port *port = check_slave_port(&p->data);

	if (port && port->timestamping[0])
		return strcmp(port->timestamping, "SOFTWARE") != 0;
	return !p->process.software;
}

int64_t check_offset(const struct pmc_data *d)
{
	return d->has_status ? d->master_offset_ns : llrint(d->offset_ns);
}

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

/* --- ptp4l --- */

static void judge_no_ptp4l(struct judge *j)
{
	const struct check_facts *f = j->f;
	const char *linuxptp = f->linuxptp || f->offline ? "" : " (linuxptp is not installed)";

	for (int i = 0; i < f->n_phc2sys; i++) {
		const struct phc2sys *p = &f->phc2sys[i].process;

		if (!p->waits && !p->steers)
			continue;
		judge_say(j, VERDICT_FAIL, "ptp4l", "ptp4l-missing", "phc2sys runs (process %d), but no ptp4l",
			  p->pid);
		if (f->debian)
			judge_remedy(j, "sudo systemctl start ptp4l@%s", p->source[0] ? p->source : "IF");
		else
			judge_remedy(j, "sudo systemctl start ptp4l");
		return;
	}
	if (f->offline)
		judge_skip(j, "ptp4l", "--root: nothing runs there");
	else if (j->r->n_steerers)
		judge_say(j, VERDICT_UNKNOWN, "ptp4l", "no-ptp", "no PTP here%s: NTP through %s", linuxptp,
			  j->r->steerers[0].name);
	else
		judge_say(j, VERDICT_UNKNOWN, "ptp4l", "no-ptp", "no PTP here%s", linuxptp);
}

/* "ptp4l of eno1" */
static void ptp4l_text(const struct ptp4l *p, char *buf, size_t len)
{
	snprintf(buf, len, "ptp4l");
	for (int i = 0; i < p->n_interfaces && i < 4; i++)
		add_text(buf, len, "%s%s", i ? ", " : " of ", p->interfaces[i]);
	if (!p->n_interfaces)
		add_text(buf, len, ", process %d", p->pid);
}

static void remedy_log(struct judge *j, const struct ptp4l *p)
{
	if (p->unit[0])
		judge_remedy(j, "sudo journalctl -u %s -n 20", p->unit);
	else
		judge_remedy(j, "sudo journalctl _PID=%d -n 20", p->pid);
}

static void judge_unanswered(struct judge *j, const struct ptp4l_fact *p)
{
	const char *why = p->why;
	char name[120];

	ptp4l_text(&p->process, name, sizeof(name));
	if (j->f->offline) {
		judge_skip(j, "ptp4l", "--root");
	} else if (p->denied || (p->result == PMC_SILENT && !j->f->root && !p->process.socket_read_only[0])) {
		judge_say(j, VERDICT_WARN, "ptp4l", "ptp4l-denied", "%s runs, but this user may not ask it",
			  name);
		judge_remedy(j, "sudo ptpkvm-host check");
	} else if (p->result == PMC_ABSENT) {
		judge_say(j, VERDICT_WARN, "ptp4l", "pmc-absent", "%s runs, but cannot be asked: %s", name,
			  why);
		judge_remedy(j, j->f->debian ? "sudo apt install linuxptp" : "sudo dnf install linuxptp");
	} else if (p->result == PMC_GARBLED) {
		judge_say(j, VERDICT_WARN, "ptp4l", "pmc-garbled", "%s: %.150s", name, why);
		judge_remedy(j, "sudo pmc -u -b 0 'GET PORT_DATA_SET'");
	} else {
		judge_say(j, VERDICT_FAIL, "ptp4l", "ptp4l-silent", "%s runs, but cannot be asked: %.150s",
			  name, why);
		remedy_log(j, &p->process);
	}
}

static const struct pmc_port *port_in_state(const struct pmc_data *d, const char *state)
{
	for (int i = 0; i < d->n_ports; i++)
		if (!strcmp(d->ports[i].state, state))
			return &d->ports[i];
	return NULL;
}

const char *check_port_name(const struct ptp4l_fact *p, int i)
{
	if (p->data.ports[i].interface[0])
		return p->data.ports[i].interface;
	return p->process.n_interfaces == p->data.n_ports ? p->process.interfaces[i] : "port";
}

void check_ports_text(const struct ptp4l_fact *p, char *buf, size_t len)
{
	const struct pmc_data *d = &p->data;

	buf[0] = 0;
	for (int i = 0; i < d->n_ports && i < 4; i++)
		add_text(buf, len, "%s%s %s", i ? ", " : "", check_port_name(p, i), d->ports[i].state);
	if (d->n_ports > 4)
		add_text(buf, len, " and %d more", d->n_ports - 4);
}

/* clockClass in IEEE 1588, table 4, and G.8275.1: what a warning is due for; NULL if none is */
static const char *bad_class(int class)
{
	switch (class) {
	case 7: case 14: case 135: case 140: case 150: case 160:
		return "in holdover: it has lost its reference";
	case 52: case 58: case 187: case 193: case 165:
		return "degraded: its holdover is out of specification";
	case 248: case 255:
		return "tied to no reference";
	default:
		return NULL;
	}
}

static void judge_slave(struct judge *j, const struct ptp4l_fact *p, const struct pmc_port *port)
{
	const struct pmc_data *d = &p->data;
	const char *bad = bad_class(d->gm_class);
	char ports[160], text[300];

	check_ports_text(p, ports, sizeof(ports));
	snprintf(text, sizeof(text), "%s; grandmaster %s, class %d, %d step%s, %s timestamps", ports,
		 d->grandmaster, d->gm_class, d->steps, d->steps == 1 ? "" : "s",
		 check_hardware(p) ? "hardware" : "software");
	if (!strcmp(port->state, "UNCALIBRATED") && !ptp4l_measures_only(&p->process)) {
		judge_say(j, VERDICT_WARN, "ptp4l", "ptp4l-uncalibrated", "%s: not locked to it (yet)", text);
		remedy_log(j, &p->process);
	} else if (bad) {
		judge_say(j, VERDICT_WARN, "ptp4l", "gm-class", "%s: %s", text, bad);
		judge_remedy(j, "on the grandmaster: sudo pmc -u -b 0 'GET GRANDMASTER_SETTINGS_NP'");
	} else {
		judge_say(j, VERDICT_PASS, "ptp4l", "slave", "%s", text);
	}
}

/* It is meant to be one: told so, or given a class that says that it has a reference. */
static bool meant_as_grandmaster(const struct ptp4l_fact *p)
{
	return p->process.server_only || (p->data.has_default && p->data.clock_class < 128);
}

/* Chronyd keeps a source that is silent selected until another is better: what counts is what it hears. */
static bool chronyd_hears(const struct chrony_facts *c)
{
	for (int i = 0; c->answers && i < c->n_sources; i++)
		if (c->sources[i].reach && !strchr("?x", c->sources[i].state))
			return true;
	return false;
}

static void judge_no_slave(struct judge *j, const struct ptp4l_fact *p)
{
	bool backup = chronyd_hears(&j->f->chrony);
	char ports[160], name[120];

	check_ports_text(p, ports, sizeof(ports));
	ptp4l_text(&p->process, name, sizeof(name));
	if (!port_in_state(&p->data, "MASTER") && !port_in_state(&p->data, "GRAND_MASTER")) {
		judge_say(j, backup ? VERDICT_WARN : VERDICT_FAIL, "ptp4l", "ptp4l-listening",
			  "%s: no grandmaster is heard%s", ports[0] ? ports : name,
			  backup ? "; chronyd has another source" : "");
		judge_remedy(j, "sudo tcpdump -c 5 -ni %s 'ether proto 0x88f7 or udp port 319 or udp port 320'",
			     p->process.n_interfaces ? p->process.interfaces[0] : "any");
	} else if (meant_as_grandmaster(p)) {
		judge_say(j, VERDICT_PASS, "ptp4l", "grandmaster",
			  "%s: this host is the grandmaster, class %d", ports, p->data.clock_class);
	} else {
		judge_say(j, VERDICT_WARN, "ptp4l", "ptp4l-master",
			  "%s: it hears no better clock, and is grandmaster itself (class %d)", ports,
			  p->data.clock_class);
		remedy_log(j, &p->process);
	}
}

/* Debian's ptp4l@IF, two of them: the second takes the first one's socket. */
static const struct ptp4l *shares_socket(const struct check_facts *f, int i)
{
	const char *socket = f->ptp4l[i].process.socket;

	for (int k = 0; k < i && socket[0]; k++)
		if (!strcmp(f->ptp4l[k].process.socket, socket))
			return &f->ptp4l[k].process;
	return NULL;
}

static void judge_one_ptp4l(struct judge *j, int i)
{
	const struct ptp4l_fact *p = &j->f->ptp4l[i];
	const struct ptp4l *other = shares_socket(j->f, i);
	const struct pmc_port *port = check_slave_port(&p->data), *faulty = port_in_state(&p->data, "FAULTY");
	char ports[160];

	if (other) {
		judge_say(j, VERDICT_WARN, "ptp4l", "ptp4l-shared-socket",
			  "processes %d and %d have one socket, %s: only one of them can be asked", other->pid,
			  p->process.pid, p->process.socket);
		judge_remedy(j,
			     "echo 'uds_address /var/run/ptp4l.%d' | sudo tee -a %s	# in [global], one each",
			     i, p->process.conf[0] ? p->process.conf : "/etc/linuxptp/ptp4l.conf");
	} else if (p->result != PMC_ANSWERED || !p->asked) {
		judge_unanswered(j, p);
	} else if (faulty) {
		check_ports_text(p, ports, sizeof(ports));
		judge_say(j, VERDICT_FAIL, "ptp4l", "ptp4l-faulty", "%s: a port has failed", ports);
		remedy_log(j, &p->process);
	} else if (port) {
		judge_slave(j, p, port);
	} else {
		judge_no_slave(j, p);
	}
}

void judge_ptp4l(struct judge *j)
{
	if (!j->f->n_ptp4l)
		judge_no_ptp4l(j);
	for (int i = 0; i < j->f->n_ptp4l; i++)
		judge_one_ptp4l(j, i);
}

/* --- offset --- */

static void judge_one_offset(struct judge *j, const struct ptp4l_fact *p)
{
	bool hardware = check_hardware(p);
	int64_t offset = check_offset(&p->data), away = offset < 0 ? -offset : offset;
	int64_t bound = hardware ? CHECK_HARDWARE_OFFSET_WARN_NS : CHECK_SOFTWARE_OFFSET_WARN_NS;
	int64_t delay = llrint(p->data.path_delay_ns);
	char ns[NS_TEXT_LEN], delay_ns[NS_TEXT_LEN], text[120];

	snprintf(text, sizeof(text), "%s%s to the master, path delay %s (%s timestamps)", offset > 0 ? "+" : "",
		 ns_text(ns, offset), ns_text(delay_ns, delay), hardware ? "hardware" : "software");
	if (away > bound) {
		judge_say(j, away > CHECK_OFFSET_FAIL_NS ? VERDICT_FAIL : VERDICT_WARN, "offset",
			  "offset-large", "%s", text);
		remedy_log(j, &p->process);
	} else if (delay < 0 || delay > CHECK_PATH_DELAY_WARN_NS) {
		judge_say(j, VERDICT_WARN, "offset", "path-delay", "%s: %s", text,
			  delay < 0 ? "a path delay below zero: its two ways differ, or are timestamped wrongly"
				    : "a long way, by switches that don't know of PTP");
		remedy_log(j, &p->process);
	} else {
		judge_say(j, VERDICT_PASS, "offset", "offset", "%s", text);
	}
}

void judge_offset(struct judge *j)
{
	int judged = 0;

	for (int i = 0; i < j->f->n_ptp4l; i++) {
		const struct ptp4l_fact *p = &j->f->ptp4l[i];

		if (p->result != PMC_ANSWERED || !p->asked || !check_slave_port(&p->data) ||
		    shares_socket(j->f, i))
			continue;
		judge_one_offset(j, p);
		judged++;
	}
	if (!judged)
		judge_skip(j, "offset", j->f->n_ptp4l ? "no ptp4l here follows a master" : "there is no ptp4l");
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
	char off[NS_TEXT_LEN];

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
		judge_say(j, VERDICT_PASS, "steering", "chronyd", "chronyd, from %s, last offset %s", s->from,
			  ns_text(off, llrint(source->offset * NSEC_PER_SEC)));
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
