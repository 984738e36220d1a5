// SPDX-License-Identifier: GPL-2.0-or-later
/* What ptp4l says, and what to type: its ports, and their offset. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "check/judge.h"
#include "output/text.h"
#include "ptp/ports.h"

/* --- ptp4l --- */

static void judge_no_ptp4l(struct judge *j)
{
	const struct check_facts *f = j->f;
	const char *linuxptp = f->linuxptp || f->offline || f->container[0] ? "" : " (linuxptp is not installed)";

	if (judge_unseen(f)) {
		judge_skip(j, "ptp4l", judge_unseen(f));
		return;
	}
	for (int i = 0; i < f->n_phc2sys; i++) {
		const struct phc2sys *p = &f->phc2sys[i].process;

		if (!p->waits && (!p->steers || !strncmp(p->source, "/dev/", 5)))
			continue;	/* a clock that others keep, such as a guest's /dev/ptp_kvm */
		judge_find(j, "ptp4l-missing", "phc2sys runs (process %d), but no ptp4l", p->pid);
		if (f->debian && !nic_find(&f->nics, p->source))
			judge_advise(j, "start ptp4l on the interface that has PTP");
		else
			judge_run(j, RUN_LIVE, f->debian ? "sudo systemctl start ptp4l@%s" : "sudo systemctl start ptp4l",
				  p->source);
		return;
	}
	if (f->offline)
		judge_skip(j, "ptp4l", "--root: nothing runs there");
	else if (j->r->n_steerers)
		judge_say(j, LEVEL_UNKNOWN, "ptp4l", "no-ptp", "no PTP here%s: NTP through %s", linuxptp,
			  j->r->steerers[0].name);
	else
		judge_say(j, LEVEL_UNKNOWN, "ptp4l", "no-ptp", "no PTP here%s", linuxptp);
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
		judge_run(j, RUN_LIVE, "sudo journalctl -u %s -n 20", p->unit);
	else
		judge_run(j, RUN_LIVE, "sudo journalctl _PID=%d -n 20", p->pid);
}

static void judge_unanswered(struct judge *j, const struct ptp4l_fact *p)
{
	const char *why = p->why;
	char name[120];

	ptp4l_text(&p->process, name, sizeof(name));
	if (j->f->offline) {
		judge_skip(j, "ptp4l", "--root");
	} else if (p->process.elsewhere == YES) {
		snprintf(name, sizeof(name), "process %d is %s: %.80s", p->process.pid,
			 j->f->container[0] ? "outside of the container" : "in a container", why);
		judge_skip(j, "ptp4l", name);
		if (!j->f->root)
			judge_run(j, RUN_LIVE, "sudo ptpkvm-host check");
	} else if (p->result == PMC_ABSENT) {
		judge_find(j, "pmc-absent", "%s runs, but cannot be asked: %s", name, why);
		judge_run(j, RUN_LIVE, j->f->debian ? "sudo apt install linuxptp" : "sudo dnf install linuxptp");
	} else if (p->result == PMC_GARBLED) {
		judge_find(j, "pmc-garbled", "%s: %.150s", name, why);
		judge_run(j, RUN_LIVE, "sudo pmc -u -b 0 'GET PORT_DATA_SET'");
	} else if (!j->f->root) {
		/* Its answer may not have found the way: with PrivateTmp= it doesn't see pmc's own socket. */
		judge_find(j, "ptp4l-denied", "%s runs, but only root can ask it: %.150s", name,
			   p->denied ? "its socket is root's" : why);
		judge_run(j, RUN_LIVE, "sudo ptpkvm-host check");
	} else {
		judge_find_at(j, p->process.conf_error ? LEVEL_WARN : LEVEL_FAIL, "ptp4l-silent",
			      "%s runs, but cannot be asked: %.150s", name, why);
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

/* Of an answer without it nothing follows. */
static void say_untold(struct judge *j, const char *what, const char *text, const char *data_set)
{
	judge_find(j, "ptp4l-untold", "%s: it does not tell %s", text, what);
	judge_run(j, RUN_LIVE, "sudo pmc -u -b 0 'GET %s'", data_set);
}

static void judge_slave(struct judge *j, const struct ptp4l_fact *p, const struct pmc_port *port)
{
	const struct pmc_data *d = &p->data;
	const char *bad = bad_class(d->gm_class);
	bool measures = ptp4l_measures_only(&p->process) && !isnan(check_offset(d));
	char ports[160], text[300];

	check_ports_text(p, ports, sizeof(ports));
	snprintf(text, sizeof(text), "%s; grandmaster %s, ", ports, d->grandmaster[0] ? d->grandmaster : "unknown");
	if (d->gm_class != UNKNOWN)
		add_text(text, sizeof(text), "class %d, ", d->gm_class);
	if (d->steps != UNKNOWN)
		add_text(text, sizeof(text), "%d step%s, ", d->steps, d->steps == 1 ? "" : "s");
	add_text(text, sizeof(text), "%s timestamps", check_hardware(p) ? "hardware" : "software");
	if (!strcmp(port->state, "UNCALIBRATED") && !measures) {
		judge_find(j, "ptp4l-uncalibrated", "%s: not locked to it (yet)", text);
		remedy_log(j, &p->process);
	} else if (bad) {
		judge_find(j, "gm-class", "%s: %s", text, bad);
		judge_run(j, RUN_ON_MASTER, "sudo pmc -u -b 0 'GET GRANDMASTER_SETTINGS_NP'");
	} else if (d->gm_class == UNKNOWN || !d->grandmaster[0]) {
		say_untold(j, "the grandmaster and its class", text, "PARENT_DATA_SET");
	} else {
		judge_say(j, LEVEL_PASS, "ptp4l", "slave", "%s", text);
	}
}

/* Of all of its ports it told the state. */
static bool has_ports(const struct ptp4l_fact *p)
{
	const struct pmc_data *d = &p->data;

	for (int i = 0; i < d->n_ports; i++)
		if (!d->ports[i].state[0])
			return false;
	return d->n_ports && d->n_ports >= (d->number_ports < PMC_PORTS_MAX ? d->number_ports : PMC_PORTS_MAX);
}

/* It is meant to be one: told so, or given a class that says that it has a reference. */
static bool meant_as_grandmaster(const struct ptp4l_fact *p)
{
	return p->process.server_only || (p->data.clock_class != UNKNOWN && p->data.clock_class < 128);
}

/* Chronyd keeps a source that is silent selected until another is better: what counts is what it hears. */
static bool chronyd_hears(const struct chrony_facts *c)
{
	for (int i = 0; c->answers && i < c->n_sources; i++)
		if (c->sources[i].reach && !strchr("?x", c->sources[i].state))
			return true;
	return false;
}

bool judge_no_master(const struct check_facts *f)
{
	for (int i = 0; i < f->n_ptp4l; i++) {
		const struct ptp4l_fact *p = &f->ptp4l[i];

		if (!p->asked || p->result != PMC_ANSWERED || check_slave_port(&p->data) || !has_ports(p) ||
		    meant_as_grandmaster(p))
			return false;
	}
	return f->n_ptp4l;
}

static void judge_no_slave(struct judge *j, const struct ptp4l_fact *p)
{
	bool backup = chronyd_hears(&j->f->chrony);
	char ports[160], class[24] = "";

	check_ports_text(p, ports, sizeof(ports));
	if (p->data.clock_class != UNKNOWN)
		snprintf(class, sizeof(class), ", class %d", p->data.clock_class);
	if (!port_in_state(&p->data, "MASTER") && !port_in_state(&p->data, "GRAND_MASTER")) {
		judge_find_at(j, backup ? LEVEL_WARN : LEVEL_FAIL, "ptp4l-listening",
			      "%s: no grandmaster is heard%s", ports, backup ? "; chronyd has another source" : "");
		judge_run(j, RUN_LIVE, "sudo tcpdump -c 5 -ni %s 'ether proto 0x88f7 or udp port 319 or udp port 320'",
			  p->process.n_interfaces ? p->process.interfaces[0] : "any");
	} else if (meant_as_grandmaster(p)) {
		judge_say(j, LEVEL_PASS, "ptp4l", "grandmaster",
			  "%s: this host is the grandmaster%s", ports, class);
	} else {
		judge_find(j, "ptp4l-master",
			   "%s: it hears no better clock, and is grandmaster itself%s", ports, class);
		remedy_log(j, &p->process);
	}
}

/* Debian's ptp4l@IF, two of them: the second takes the first one's socket. */
static const struct ptp4l *shares_socket(const struct check_facts *f, int i)
{
	const char *socket = f->ptp4l[i].process.socket;

	for (int k = 0; k < i && socket[0]; k++)
		if (!strcmp(f->ptp4l[k].process.socket, socket) && f->ptp4l[k].process.elsewhere != YES &&
		    f->ptp4l[i].process.elsewhere != YES)
			return &f->ptp4l[k].process;
	return NULL;
}

/* ptp4l takes a global option in [global] only, which the first line opens again. */
static void remedy_socket(struct judge *j, const struct ptp4l *other, const struct ptp4l *p, int i)
{
	if (!p->conf[0] || !strcmp(p->conf, other->conf)) {
		judge_advise(j, "give one of them a socket of its own: --uds_address in its command line, or "
			     "uds_address in [global] of "
			     "a configuration of its own");
		return;
	}
	judge_run(j, 0, "sudo sed -i -e '/^[[:space:]]*uds_address[[:space:]]/d' "
		  "-e '1i [global]\\nuds_address /var/run/ptp4l.%d' %s",
		  i, p->conf);
	if (p->unit[0])
		judge_run(j, RUN_LIVE, "sudo systemctl restart %s", p->unit);
}

static void judge_one_ptp4l(struct judge *j, int i)
{
	const struct ptp4l_fact *p = &j->f->ptp4l[i];
	const struct ptp4l *other = shares_socket(j->f, i);
	const struct pmc_port *port = check_slave_port(&p->data), *faulty = port_in_state(&p->data, "FAULTY");
	char ports[160];

	if (other) {
		judge_find(j, "ptp4l-shared-socket",
			   "processes %d and %d have one socket, %s: only one of them can be asked", other->pid,
			   p->process.pid, p->process.socket);
		remedy_socket(j, other, &p->process, i);
	} else if (p->result != PMC_ANSWERED || !p->asked) {
		judge_unanswered(j, p);
	} else if (faulty) {
		check_ports_text(p, ports, sizeof(ports));
		judge_find(j, "ptp4l-faulty", "%s: a port has failed", ports);
		remedy_log(j, &p->process);
	} else if (port) {
		judge_slave(j, p, port);
	} else if (!has_ports(p)) {
		ptp4l_text(&p->process, ports, sizeof(ports));
		say_untold(j, "the states of its ports", ports, "PORT_DATA_SET");
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

/* UDP's port 319 has Sync and what the path delay is measured by, 320 Announce: one may be open, the other not. */
static void say_unmeasured(struct judge *j, const struct ptp4l_fact *p)
{
	const char *lacks = p->sync_ceased ? "Sync of the master has ceased to come" : p->data.ingress_ns == 0 ? "no Sync of the master has come" :
			    p->data.ingress_ns > 0 ? "Sync comes, but no answer by which to measure the path delay" :
			    "ptp4l does not tell one";

	judge_find(j, "offset-unmeasured", "no measurement: %s", lacks);
	judge_run(j, RUN_LIVE, "sudo tcpdump -c 5 -ni %s 'ether proto 0x88f7 or udp port 319'",
		  p->process.n_interfaces ? p->process.interfaces[0] : "any");
}

static void judge_one_offset(struct judge *j, const struct ptp4l_fact *p)
{
	bool hardware = check_hardware(p);
	double offset = check_offset(&p->data), delay = check_path_delay(&p->data);
	double warn = check_limits[hardware ? WARN_OFFSET : WARN_SOFTWARE_OFFSET].value;
	double fail = check_limits[FAIL_OFFSET].value;
	char ns[OFFSET_TEXT_LEN], delay_ns[NS_TEXT_LEN], text[120];

	snprintf(text, sizeof(text), "%s the master, path delay %s (%s timestamps)", offset_text(ns, offset),
		 text_ns(delay_ns, rint(delay), false), hardware ? "hardware" : "software");
	if (isnan(offset)) {
		say_unmeasured(j, p);
	} else if (fabs(offset) > fmin(warn, fail)) {
		judge_find_at(j, fabs(offset) > fail ? LEVEL_FAIL : LEVEL_WARN, "offset-large", "%s", text);
		remedy_log(j, &p->process);
	} else if (isnan(delay)) {
		judge_find(j, "offset-unmeasured", "%s", text);
		judge_run(j, RUN_LIVE, "sudo pmc -u -b 0 'GET CURRENT_DATA_SET'");
	} else if (delay < 0 || delay > check_limits[WARN_PATH_DELAY].value) {
		judge_find(j, "path-delay", "%s: %s", text,
			   delay < 0 ? "a path delay below zero: its two ways differ, or are timestamped wrongly"
			   : "a long way, by switches that don't know of PTP");
		remedy_log(j, &p->process);
	} else {
		judge_say(j, LEVEL_PASS, "offset", "offset", "%s", text);
	}
}

void judge_offset(struct judge *j)
{
	bool untold = false;
	int judged = 0;

	for (int i = 0; i < j->f->n_ptp4l; i++) {
		const struct ptp4l_fact *p = &j->f->ptp4l[i];

		untold |= p->result != PMC_ANSWERED || !p->asked || !has_ports(p);
		if (p->result != PMC_ANSWERED || !p->asked || !check_slave_port(&p->data) ||
		    shares_socket(j->f, i))
			continue;
		judge_one_offset(j, p);
		judged++;
	}
	if (!judged)
		judge_skip(j, "offset", !j->f->n_ptp4l ? judge_unseen(j->f) ? "no ptp4l is seen" : "there is no ptp4l" :
			   untold ? "ptp4l does not tell" : "no ptp4l here follows a master");
}
