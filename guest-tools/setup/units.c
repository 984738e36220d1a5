// SPDX-License-Identifier: GPL-2.0-or-later
/* What setup, remove and prestart ask other programs: systemctl, above all. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/die.h"
#include "setup/journal.h"
#include "setup/units.h"
#include "system/run.h"
#include "system/tree.h"

bool setup_run(unsigned int timeout_ms, char *why, size_t len, const char *const argv[])
{
	struct run_result res;
	char name[200];
	bool good = run(&res, timeout_ms, argv);
	size_t used = 0;

	for (name[0] = 0; *argv && used < sizeof(name); argv++)
		used += snprintf(name + used, sizeof(name) - used, "%s%s", used ? " " : "", *argv);
	if (!good)
		run_explain(&res, name, timeout_ms, why, len);
	run_free(&res);
	return good;
}

bool setup_chronyd_reads(const char *conf, char *why, size_t len)
{
	char full[FILE_PATH_MAX];
	const char *const argv[] = { "chronyd", "-p", "-f", file_path(full, conf), NULL };
	struct run_result res;
	bool good = run(&res, SETUP_CHRONYD_MS, argv) || strstr(res.err, "option --") ||
		    strstr(res.err, "superuser");

	if (!good)
		run_explain(&res, "chronyd -p", SETUP_CHRONYD_MS, why, len);
	run_free(&res);
	return good;
}

/* phc2sys steers the system's clock unless -c names another and -r doesn't add it. args: words, NUL-ended. */
static bool phc2sys_steers(const char *args)
{
	char words[1024], *save, *word;
	bool other = false, value = false;

	snprintf(words, sizeof(words), "%s", args);
	for (word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		if (value)
			other = strcmp(word, "CLOCK_REALTIME");
		value = !strcmp(word, "-c");
		if (!value && !strncmp(word, "-c", 2))
			other = strcmp(word + 2, "CLOCK_REALTIME");
		if (word[0] == '-' && word[1] == 'r')
			return true;
	}
	return !other;
}

static void unit_property(struct setup_unit *u, const char *line, bool *steers)
{
	const char *val = strchr(line, '=');
	const char *argv;

	if (!val)
		return;
	val++;
	if (!strncmp(line, "Id=", 3)) {
		snprintf(u->name, sizeof(u->name), "%s", val);
	} else if (!strncmp(line, "LoadState=", 10)) {
		u->known = strcmp(val, "not-found") != 0;
		u->masked = !strcmp(val, "masked");
	} else if (!strncmp(line, "ActiveState=", 12)) {
		u->active = !strcmp(val, "active") || !strcmp(val, "activating") || !strcmp(val, "reloading");
	} else if (!strncmp(line, "UnitFileState=", 14)) {
		u->enabled = !strcmp(val, "enabled") || !strcmp(val, "enabled-runtime");
	} else if (!strncmp(line, "ExecStart=", 10)) {
		argv = strstr(val, "argv[]=");
		if (argv && strstr(val, "phc2sys"))
			*steers = phc2sys_steers(argv + 7);
	}
}

/* systemctl show: a block of properties for each unit, an empty line between them. */
static int parse_units(char *text, struct setup_unit *list, int max, bool rivals)
{
	struct setup_unit u = { .known = false };
	char *line, *next;
	bool steers = true;
	int n = 0;

	for (line = text; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = 0;
		unit_property(&u, line, &steers);
		if (line[0] && next)
			continue;
		for (int i = 0; i < n; i++)
			if (!strcmp(list[i].name, u.name))
				u.name[0] = 0;		/* an alias of one that we have */
		if (u.name[0] && n < max && (!rivals || (u.known && steers && (u.active || u.enabled))))
			list[n++] = u;
		memset(&u, 0, sizeof(u));
		steers = true;
	}
	return n;
}

static int show_units(const char *const names[], struct setup_unit *list, int max, bool rivals, char *why,
		      size_t len)
{
	const char *argv[20] = { "systemctl", "show", "--no-pager",
				 "--property=Id,LoadState,ActiveState,UnitFileState,ExecStart" };
	struct run_result res;
	int n = 4;

	while (*names && n < (int)ARRAY_SIZE(argv) - 1)
		argv[n++] = *names++;
	if (run(&res, SETUP_SYSTEMCTL_MS, argv)) {
		n = parse_units(res.out, list, max, rivals);
	} else {
		run_explain(&res, "systemctl show", SETUP_SYSTEMCTL_MS, why, len);
		n = -1;
	}
	run_free(&res);
	return n;
}

bool setup_unit_state(struct setup_unit *u, const char *name, char *why, size_t len)
{
	const char *const names[] = { name, NULL };
	int n = show_units(names, u, 1, false, why, len);

	if (!n)
		snprintf(why, len, "systemctl show: nothing about %s", name);
	return n == 1;
}

/* Daemons that nobody made a unit of. */
static int add_process(struct setup_unit list[SETUP_UNITS_MAX], int n, const char *pid)
{
	static const char *const programs[] = { "ntpd", "openntpd", "systemd-timesyn", "phc2sys",
						"timemaster" };
	char path[64], comm[64];
	char *args;
	size_t len;

	snprintf(path, sizeof(path), "/proc/%.20s/comm", pid);
	if (!file_read_line(path, comm, sizeof(comm)))
		return n;
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		if (strcmp(comm, programs[i]) || n == SETUP_UNITS_MAX)
			continue;
		snprintf(path, sizeof(path), "/proc/%.20s/cmdline", pid);
		args = file_read(path, &len);
		for (size_t j = 0; args && j + 1 < len; j++)
			if (!args[j])
				args[j] = ' ';
		if (strcmp(comm, "phc2sys") || !args || phc2sys_steers(args)) {
			memset(&list[n], 0, sizeof(list[n]));
			snprintf(list[n].name, sizeof(list[n].name), "%s (process %.20s)", comm, pid);
			list[n++].active = true;
		}
		free(args);
	}
	return n;
}

int setup_rivals(struct setup_unit list[SETUP_UNITS_MAX], char *why, size_t len)
{
	static const char *const names[] = {
		"systemd-timesyncd.service", "ntp.service", "ntpd.service", "ntpsec.service",
		"openntpd.service", "timemaster.service", "phc2sys*.service", NULL,
	};
	int n = show_units(names, list, SETUP_UNITS_MAX, true, why, len);
	struct dirent *e;
	DIR *d;

	if (n < 0)
		return n;
	for (int i = 0; i < n; i++)
		if (list[i].active)
			return n;	/* a process that is found now may be that unit's */
	d = file_dir("/proc");
	while (d && (e = readdir(d)))
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9')
			n = add_process(list, n, e->d_name);
	if (d)
		closedir(d);
	return n;
}

static bool systemctl(const char *verb, const char *option, const char *unit)
{
	char why[700];

	if (setup_run(SETUP_SYSTEMCTL_MS, why, sizeof(why),
		      (const char *const[]){ "systemctl", verb, option, unit, NULL }))
		return true;
	complain("%s", why);
	return false;
}

bool setup_restore_units(const struct setup_state *st)
{
	bool good = true;

	for (int i = 0; i < st->n_units; i++) {
		const struct setup_unit *u = &st->units[i];

		good &= systemctl(u->enabled ? "enable" : "disable", "--quiet", u->name);
		good &= systemctl(u->active ? "start" : "stop", "--quiet", u->name);
	}
	return good;
}
