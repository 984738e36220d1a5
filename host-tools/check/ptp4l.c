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
	const char *linuxptp = f->linuxptp || f->offline ? "" : " (linuxptp is not installed)";

	for (int i = 0; i < f->n_phc2sys; i++) {
		const struct phc2sys *p = &f->phc2sys[i].process;

		if (!p->waits && (!p->steers || !strncmp(p->source, "/dev/", 5)))
			continue;	/* a clock that others keep, such as a guest's /dev/ptp_kvm */
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
	} else if (p->process.elsewhere == YES) {
		snprintf(name, sizeof(name), "process %d is in a container: %.80s", p->process.pid, why);
		judge_skip(j, "ptp4l", name);
		if (!j->f->root)
			judge_remedy(j, "sudo ptpkvm-host check");
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
		if (!strcmp(f->ptp4l[k].process.socket, socket) && f->ptp4l[k].process.elsewhere != YES &&
		    f->ptp4l[i].process.elsewhere != YES)
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
