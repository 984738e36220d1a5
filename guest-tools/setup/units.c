// SPDX-License-Identifier: GPL-2.0-or-later
/* What setup, remove and prestart ask other programs: systemctl, above all. */
#include <stdio.h>
#include <string.h>

#include "base/die.h"
#include "base/text.h"
#include "setup/journal.h"
#include "setup/units.h"
#include "system/run.h"
#include "system/tree.h"
#include "time/steering.h"

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

/* Has the module that modprobe would take that parameter? The in-tree one doesn't. */
static bool module_knows(const char *parameter)
{
	struct run_result res;
	size_t n = strlen(parameter);
	bool good = run(&res, SETUP_MODPROBE_MS, (const char *const[]){ "modinfo", "-F", "parm", "ptp_kvm", NULL });
	const char *line = good ? res.out : NULL;

	while (line && (strncmp(line, parameter, n) || line[n] != ':'))
		line = (line = strchr(line, '\n')) ? line + 1 : NULL;
	run_free(&res);
	return line;
}

/*
 * With wait=1 for this time, and not in modprobe.d: from there the in-tree driver would get it, too, and complain in the
 * kernel's log. Nor is it needed there: loaded by anybody else, and without, it is there only if a host serves it.
 */
bool setup_load_module(char *why, size_t len)
{
	const char *const argv[] = { "modprobe", "ptp_kvm", module_knows("wait") ? "wait=1" : NULL, NULL };

	return setup_run(SETUP_MODPROBE_MS, why, len, argv);
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

static void unit_property(struct setup_unit *u, const char *line)
{
	const char *val = strchr(line, '=');

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
	}
}

bool setup_unit_state(struct setup_unit *u, const char *name, char *why, size_t len)
{
	const char *const argv[] = { "systemctl", "show", "--no-pager",
				     "--property=Id,LoadState,ActiveState,UnitFileState", "--", name, NULL };
	struct run_result res;
	char *line, *rest;
	bool good = run(&res, SETUP_SYSTEMCTL_MS, argv);

	memset(u, 0, sizeof(*u));
	if (!good)
		run_explain(&res, "systemctl show", SETUP_SYSTEMCTL_MS, why, len);
	for (rest = res.out; good && (line = strsep(&rest, "\n"));)
		unit_property(u, line);
	run_free(&res);
	return good && (u->name[0] || refuse(why, len, "systemctl show: nothing about %s", name));
}

/* chrony's own unit is what is set up; a chronyd of any other, such as timemaster's, is not. */
static bool is_ours(const struct steerer *s)
{
	return !strcmp(s->name, "chronyd") && s->elsewhere != YES && !strncmp(s->unit, "chrony", strlen("chrony"));
}

/* Its number among them, or -1 and the reason */
static int add_rival(struct setup_unit list[SETUP_UNITS_MAX], int n, const struct steerer *s, bool offline, char *why,
		     size_t len)
{
	struct setup_unit u = { .active = !offline, .known = offline, .enabled = offline };

	if (offline)
		strcpy(u.name, s->unit);
	else if (s->unit[0] && !setup_unit_state(&u, s->unit, why, len))
		return -1;
	if (!u.known && !s->pid)
		return n;
	if (!u.known)
		snprintf(u.name, sizeof(u.name), "%s (process %d)", s->name, s->pid);
	for (int i = 0; i < n; i++)
		if (!strcmp(list[i].name, u.name))
			return n;
	if (n < SETUP_UNITS_MAX)
		list[n++] = u;
	return n;
}

int setup_rivals(struct setup_unit list[SETUP_UNITS_MAX], bool offline, char *why, size_t len)
{
	struct steerer steerers[STEERERS_MAX];
	struct processes all;
	int found, n = 0;

	steering_processes(&all);
	found = steering_find(steerers, &all);
	processes_free(&all);
	for (int i = 0; i < found && n >= 0; i++)
		if (!is_ours(&steerers[i]))
			n = add_rival(list, n, &steerers[i], offline, why, len);
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

bool setup_restore_units(const struct setup_record *record)
{
	bool good = true;

	for (int i = 0; i < record->n_units; i++) {
		const struct setup_unit *u = &record->units[i];

		good &= systemctl(u->enabled ? "enable" : "disable", "--quiet", u->name);
		good &= systemctl(u->active ? "start" : "stop", "--quiet", u->name);
	}
	return good;
}
