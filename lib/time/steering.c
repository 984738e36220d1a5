// SPDX-License-Identifier: GPL-2.0-or-later
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/array.h"
#include "base/text.h"
#include "chrony/service.h"
#include "linuxptp/phc2sys.h"
#include "linuxptp/ptp4l.h"
#include "system/tree.h"
#include "time/steering.h"

#define COMM_LEN 15		/* what the kernel keeps of a program's name */

/* --- what a command line says --- */

/* main.c of chrony 4; -Q prints only, -p too */
static bool chronyd_steers(struct cmdline *c, const struct process *p, struct steerer *s)
{
	struct cmdline_option o;

	(void)p, (void)s;
	c->long_with = "";
	while (cmdline_next(c, CHRONYD_WITH_ARGUMENT, &o))
		if (o.letter && strchr("xQp", o.letter))
			return false;
	return true;
}

/* Busybox's programs are called by its first word, or by links to it. -w: only asks */
static bool busybox_steers(struct cmdline *c, const struct process *p, struct steerer *s)
{
	const char *applet = cmdline_word(c);
	struct cmdline_option o;

	(void)p, (void)s;
	if (!applet || strcmp(applet, "ntpd"))
		return false;
	while (cmdline_next(c, "pSkI", &o))
		if (o.letter == 'w')
			return false;
	return true;
}

/* The value of "OPTION VALUE…" or "OPTION = VALUE" in a file has that word. */
static bool conf_has(const struct process *p, const char *file, const char *option, const char *word)
{
	char path[PATH_MAX], *text, *rest, *line;
	size_t n = strlen(option);
	bool found = false;

	text = rest = process_path(p, file, path, sizeof(path)) ? file_read(path, NULL) : NULL;
	while ((line = strsep(&rest, "\n"))) {
		line += strspn(line, " \t");
		if (strncmp(line, option, n) || !strchr(" \t=", line[n]) || !line[n])
			continue;
		line += n;
		line += strspn(line, " \t=");
		line[strcspn(line, "#;\r")] = 0;
		for (char *c = line; *c; c++)
			if (*c == '\t')
				*c = ' ';
		found |= has_word(line, word);
	}
	free(text);
	return found;
}

/* Its default configuration leaves the system's clock to chronyd. */
static bool sfptpd_steers(struct cmdline *c, const struct process *p, struct steerer *s)
{
	const char *conf = NULL;
	struct cmdline_option o;

	(void)s;
	c->long_with = "config-file interface ptp-domain user cpu";
	while (cmdline_next(c, "fiDu", &o))
		if (o.letter == 'f' || !strcmp(o.name, "config-file"))
			conf = o.value;
	return !conf || !(conf_has(p, conf, "clock_readonly", "system") ||
			  conf_has(p, conf, "clock_control", "no-adjust"));
}

/* Options of ptpd 2.3; no_adjust: in a file and, with its section, as an option, y or 1 */
static bool ptpd_steers(struct cmdline *c, const struct process *p, struct steerer *s)
{
	static const char *const words[] = { "y", "Y", "1", "yes", "Yes", "true", "t", "T" };
	const char *conf = NULL;
	struct cmdline_option o;

	(void)s;
	c->long_with = "";	/* they stand behind an equals sign */
	while (cmdline_next(c, "cbiduSfrteYRl", &o)) {
		if (o.letter && strchr("nMG", o.letter))
			return false;
		if (!strcmp(o.name, "noadjust") || !strcmp(o.name, "masteronly"))
			return false;
		if (!strcmp(o.name, "clock:no_adjust"))
			return !o.value || !strchr("yY1tT", o.value[0]);
		if (o.letter == 'c')
			conf = o.value;
	}
	for (size_t i = 0; conf && i < ARRAY_SIZE(words); i++)
		if (conf_has(p, conf, "clock:no_adjust", words[i]) || conf_has(p, conf, "no_adjust", words[i]))
			return false;
	return !conf || !conf_has(p, conf, "ptpengine:preset", "masteronly");
}

static bool statime_steers(struct cmdline *c, const struct process *p, struct steerer *s)
{
	const char *conf = "/etc/statime/statime.toml";
	struct cmdline_option o;

	(void)s;
	c->long_with = "config";
	while (cmdline_next(c, "c", &o))
		if (o.value && (o.letter == 'c' || !strcmp(o.name, "config")))
			conf = o.value;
	return !conf_has(p, conf, "virtual-system-clock", "true");
}

static bool phc2sys_steers(struct cmdline *c, const struct process *p, struct steerer *s)
{
	struct phc2sys phc2sys;

	phc2sys_of(&phc2sys, c, p);
	snprintf(s->from, sizeof(s->from), "%s%s", phc2sys.automatic ? "the PHC of ptp4l's slave port" :
		 phc2sys.source[0] ? phc2sys.source : "a PPS", phc2sys.unread ? " (its configuration cannot be read)" : "");
	return phc2sys.steers;
}

static bool ptp4l_steers(struct cmdline *c, const struct process *p, struct steerer *s)
{
	struct ptp4l ptp4l;

	ptp4l_of(&ptp4l, c, p);
	snprintf(s->from, sizeof(s->from), "software timestamps of %s",
		 ptp4l.n_interfaces ? ptp4l.interfaces[0] : "its port");
	return ptp4l_may_steer(&ptp4l) && (p || ptp4l.client_only);
}

/* --- the list --- */

static const struct time_daemon {
	const char *name, *comm;	/* a program's name; the kernel keeps 15 characters */
	const char *units;		/* those that start it by a script, which says nothing */
	const char *from;
	bool (*steers)(struct cmdline *c, const struct process *p, struct steerer *s);	/* NULL: always */
} daemons[] = {
	{ "chronyd", "chronyd", "chrony.service chronyd.service", "", chronyd_steers },
	{ "systemd-timesyncd", "systemd-timesyncd", "systemd-timesyncd.service", "NTP", NULL },
	{ "openntpd", "openntpd", "openntpd.service", "NTP", NULL },	/* its process is called ntpd, too */
	{ "ntpd", "ntpd", "ntp.service ntpd.service ntpsec.service", "NTP", NULL },
	{ "ntpd-rs", "ntp-daemon", "ntpd-rs.service", "NTP", NULL },
	{ "busybox ntpd", "busybox", "", "NTP", busybox_steers },
	{ "ntpclient", "ntpclient", "", "NTP", NULL },
	{ "connmand", "connmand", "", "NTP", NULL },
	{ "htpdate", "htpdate", "", "HTTP", NULL },
	{ "tlsdated", "tlsdated", "", "TLS", NULL },
	{ "timemaster", NULL, "timemaster.service", "PTP", NULL },	/* by the chronyd or ntpd that it starts */
	{ "ptpd", "ptpd", "ptpd.service", "PTP", ptpd_steers },
	{ "ptpd", "ptpd2", "ptpd2.service", "PTP", ptpd_steers },
	{ "sfptpd", "sfptpd", "sfptpd.service", "PTP", sfptpd_steers },
	{ "timekeeper", "timekeeper", "timekeeper.service", "PTP", NULL },
	{ "timebeat", "timebeat", "timebeat.service", "PTP", NULL },
	{ "statime", "statime", "statime.service", "PTP", statime_steers },
	{ "exanic-clock-sync", "exanic-clock-sync", "", "", NULL },
	{ "phc2sys", "phc2sys", "phc2sys.service", "", phc2sys_steers },
	{ "ptp4l", "ptp4l", "", "", ptp4l_steers },
};

bool steering_unit(int i, char unit[static UNIT_NAME_LEN])
{
	for (size_t k = 0; k < ARRAY_SIZE(daemons); k++) {
		const char *units = daemons[k].units;
		size_t n;

		if (has_word("chronyd timemaster phc2sys ptp4l", daemons[k].name))
			continue;
		for (; *units; units += n + (units[n] == ' ')) {
			n = strcspn(units, " ");
			if (i--)
				continue;
			snprintf(unit, UNIT_NAME_LEN, "%.*s", (int)n, units);
			return true;
		}
	}
	return false;
}

void steering_processes(struct processes *p)
{
	const char *names[ARRAY_SIZE(daemons) + 1];
	int n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(daemons); i++)
		if (daemons[i].comm)
			names[n++] = daemons[i].comm;
	names[n] = NULL;
	processes_read(p, names);
}

static const struct time_daemon *daemon_called(const char *program)
{
	for (size_t i = 0; i < ARRAY_SIZE(daemons); i++)
		if (daemons[i].comm && !strncmp(program, daemons[i].comm, COMM_LEN))
			return &daemons[i];
	return NULL;
}

static bool asked(const struct time_daemon *d, struct cmdline *c, const struct process *p, struct steerer *s)
{
	memset(s, 0, sizeof(*s));
	snprintf(s->name, sizeof(s->name), "%s", d->name);
	snprintf(s->from, sizeof(s->from), "%s", d->from);
	return !d->steers || d->steers(c, p, s);
}

/* --- now --- */

/* A daemon's helpers have its name: those that it started itself are no others. */
static bool is_helper(const struct processes *all, const struct process *p)
{
	for (int i = 0; i < all->n; i++)
		if (all->list[i].pid == p->parent && !strcmp(all->list[i].name, p->name))
			return true;
	return false;
}

static int add_process(struct steerer list[STEERERS_MAX], int n, const struct processes *all, const struct process *p)
{
	const struct time_daemon *d = daemon_called(p->name);
	struct steerer s;
	struct cmdline c;

	if (n == STEERERS_MAX || !d || !p->may_set_clock || is_helper(all, p))
		return n;
	if (cmdline_read(&c, p->pid) && asked(d, &c, p, &s)) {
		s.pid = p->pid;
		s.elsewhere = p->elsewhere;
		strcpy(s.unit, p->unit);
		list[n++] = s;
	}
	cmdline_free(&c);
	return n;
}

/* sfptpd has an ntpd beside it leave the clock alone, whatever the command lines say. */
static int without_ntpd(struct steerer list[STEERERS_MAX], int n)
{
	bool sfptpd = false;
	int kept = 0;

	for (int i = 0; i < n; i++)
		sfptpd |= !strcmp(list[i].name, "sfptpd");
	for (int i = 0; i < n; i++)
		if (!sfptpd || strcmp(list[i].name, "ntpd"))
			list[kept++] = list[i];
	return kept;
}

const struct process *steering_chronyd(const struct processes *p)
{
	const struct process *found = NULL;

	for (int i = 0; i < p->n; i++) {
		const struct process *q = &p->list[i];

		if (strcmp(q->name, "chronyd") || is_helper(p, q) || q->elsewhere == YES)
			continue;
		if (!found || (q->unit[0] && !found->unit[0]))
			found = q;
	}
	return found;
}

/* --- from the next boot on --- */

/* Where its program is among its words: behind those that only start another one, with what priority or where. */
static size_t program_of_unit(const struct unit *u)
{
	static const char starters[] = "taskset chrt nice ionice numactl env ip setpriv stdbuf";

	if (!has_word(starters, base_name(u->exec)))
		return 0;
	for (size_t at = 0; at < u->exec_len; at += strlen(u->exec + at) + 1)
		if (daemon_called(base_name(u->exec + at)))
			return at;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

/*
 * Which of these units are on systemd's lists of what timedatectl(1) may start: each package of such a daemon adds its
 * own. names: sorted
 */
static void find_listed(char names[][UNIT_NAME_LEN], int n, bool listed[])
{
	static const char *const lists[] = { "/etc/systemd/ntp-units.d/*.list", "/usr/lib/systemd/ntp-units.d/*.list",
					     "/lib/systemd/ntp-units.d/*.list" };
	char **files, *text, *rest, *line, (*found)[UNIT_NAME_LEN];

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		int m = file_glob(lists[i], &files);

		for (int k = 0; k < m; k++) {
			text = rest = file_read(files[k], NULL);
			while ((line = strsep(&rest, "\n"))) {
				found = bsearch(line, names, n, sizeof(names[0]), by_name);
				if (found)
					listed[found - names] = true;
			}
			free(text);
		}
		file_glob_free(files, m);
	}
}

static const struct time_daemon *daemon_of_unit(const struct unit *u, const char *program, bool listed, bool *by_script)
{
	static const struct time_daemon other = { "an NTP daemon", NULL, "", "NTP", NULL };
	const struct time_daemon *d = program ? daemon_called(base_name(program)) : NULL;

	*by_script = !d;
	for (size_t i = 0; i < ARRAY_SIZE(daemons) && !d; i++)
		if (has_word(daemons[i].units, u->name))
			d = &daemons[i];
	return !d && listed ? &other : d;
}

/* What runs already is judged by its processes. */
static int add_unit(struct steerer list[STEERERS_MAX], int n, const struct processes *all, const char *name,
		    bool listed)
{
	const struct time_daemon *d;
	struct unit u;
	struct steerer s;
	struct cmdline c;
	bool by_script, steers;
	size_t at;

	for (int i = 0; i < n; i++)
		list[i].at_boot |= !strcmp(list[i].unit, name);
	for (int i = 0; i < all->n; i++)
		if (!strcmp(all->list[i].unit, name))
			return n;
	unit_read(&u, name);
	at = u.exec ? program_of_unit(&u) : 0;
	d = daemon_of_unit(&u, u.exec ? u.exec + at : NULL, listed, &by_script);
	if (d && n < STEERERS_MAX) {
		cmdline_of(&c, u.exec ? u.exec + at : NULL, u.exec_len - at);
		steers = asked(d, &c, NULL, &s) || by_script;
		if (by_script)
			snprintf(s.from, sizeof(s.from), "%s", d->from);
		snprintf(s.unit, sizeof(s.unit), "%.127s", name);
		s.at_boot = true;
		if (steers)
			list[n++] = s;
	}
	unit_free(&u);
	return n;
}

int steering_find(struct steerer list[STEERERS_MAX], const struct processes *p)
{
	char names[UNITS_MAX][UNIT_NAME_LEN];
	bool systemd = file_root[0] || file_exists("/run/systemd/system");
	int enabled = systemd ? units_enabled("*.service", names, UNITS_MAX) : 0, n = 0;
	bool listed[UNITS_MAX] = { false };

	if (enabled)
		find_listed(names, enabled, listed);
	for (int i = 0; i < p->n; i++)
		n = add_process(list, n, p, &p->list[i]);
	for (int i = 0; i < enabled; i++)
		n = add_unit(list, n, p, names[i], listed[i]);
	return without_ntpd(list, n);
}
