// SPDX-License-Identifier: GPL-2.0-or-later
/* What setup, remove and prestart share. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chronyc.h"
#include "file.h"
#include "run.h"
#include "setup.h"
#include "util.h"

#define UNITS "/etc/systemd/system"
#define DROP_IN_DEBIAN UNITS "/chrony.service.d"
#define DROP_IN_RHEL UNITS "/chronyd.service.d"

const char *const setup_files[SETUP_FILES] = {
	SETUP_MODULES, SETUP_DIRECTIVES, DROP_IN_DEBIAN "/ptpkvm.conf", DROP_IN_RHEL "/ptpkvm.conf",
};

const char *const setup_dirs[] = {
	SETUP_DIR, "/etc/modules-load.d", "/etc/systemd", UNITS, DROP_IN_DEBIAN, DROP_IN_RHEL,
};
const size_t setup_dirs_count = ARRAY_SIZE(setup_dirs);

static bool is_debian(const struct chrony_layout *layout)
{
	return !strcmp(layout->service, "chrony.service");
}

const char *setup_drop_in(const struct chrony_layout *layout)
{
	return setup_files[is_debian(layout) ? 2 : 3];
}

const char *setup_generated(const struct chrony_layout *layout)
{
	return is_debian(layout) ? "/run/chrony-dhcp/ptpkvm.conf" : SETUP_RUN_DIR "/chrony.conf";
}

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

/* --- units --- */

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
	char path[FILE_PATH_MAX];
	struct dirent *e;
	DIR *d;

	if (n < 0)
		return n;
	for (int i = 0; i < n; i++)
		if (list[i].active)
			return n;	/* a process that is found now may be that unit's */
	d = opendir(file_path(path, "/proc"));
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
	fprintf(stderr, "%s: %s\n", progname, why);
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

/* --- the journal --- */

static int index_of(const char *const list[], size_t n, const char *path)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(list[i], path))
			return i;
	return -1;
}

int setup_file_index(const char *path)
{
	return index_of(setup_files, SETUP_FILES, path);
}

bool setup_state_has_hash(const struct setup_state *st, int file, uint64_t hash)
{
	for (int i = 0; i < st->files[file].n; i++)
		if (st->files[file].hash[i] == hash)
			return true;
	return false;
}

/* The latest are kept. */
void setup_state_add_hash(struct setup_state *st, int file, uint64_t hash)
{
	int max = ARRAY_SIZE(st->files[file].hash), *n = &st->files[file].n;

	if (setup_state_has_hash(st, file, hash))
		return;
	if (*n == max)
		memmove(st->files[file].hash, st->files[file].hash + 1, --*n * sizeof(hash));
	st->files[file].hash[(*n)++] = hash;
}

/* How it was before the first setup is what counts. */
void setup_state_add_unit(struct setup_state *st, const struct setup_unit *u)
{
	for (int i = 0; i < st->n_units; i++)
		if (!strcmp(st->units[i].name, u->name))
			return;
	if (st->n_units < SETUP_UNITS_MAX)
		st->units[st->n_units++] = *u;
}

static bool parse_state_line(struct setup_state *st, char *line)
{
	struct setup_unit unit = { .known = true };
	char a[200], b[32], c[32], end;
	uint64_t hash;
	int i;

	if (sscanf(line, "file %16" SCNx64 " %199s %c", &hash, a, &end) == 2) {
		i = setup_file_index(a);
		if (i >= 0)
			setup_state_add_hash(st, i, hash);
		return i >= 0;
	}
	if (sscanf(line, "directory %199s %c", a, &end) == 1) {
		i = index_of(setup_dirs, setup_dirs_count, a);
		if (i >= 0)
			st->made[i] = true;
		return i >= 0;
	}
	if (sscanf(line, "unit %127s %31s %31s %c", unit.name, b, c, &end) == 3) {
		unit.enabled = !strcmp(b, "enabled");
		unit.active = !strcmp(c, "active");
		setup_state_add_unit(st, &unit);
		return unit.name[0] != '-' && (unit.enabled || !strcmp(b, "disabled")) &&
		       (unit.active || !strcmp(c, "inactive"));
	}
	if (!strcmp(line, "module"))
		st->module = true;
	else if (line[0] != '#' && strcmp(line, "version 1"))
		return false;
	return true;
}

bool setup_state_read(struct setup_state *st, char *why, size_t len)
{
	char *text = file_read(SETUP_STATE, NULL), *line, *next;
	int number = 0;

	memset(st, 0, sizeof(*st));
	if (!text && (errno == ENOENT || errno == ENOTDIR))
		return true;
	if (!text) {
		snprintf(why, len, "cannot read " SETUP_STATE ": %s", strerror(errno));
		return false;
	}
	st->present = true;
	for (line = text; *line; line = next) {
		number++;
		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = 0;
		if (!parse_state_line(st, line)) {
			snprintf(why, len, SETUP_STATE ":%d is damaged: '%.60s'", number, line);
			free(text);
			return false;
		}
	}
	free(text);
	return true;
}

bool setup_state_write(const struct setup_state *st, char *why, size_t len)
{
	char *text;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	int err;

	if (!f)
		die("out of memory");
	fputs(SETUP_MARKER ": what it did, for 'ptpkvm remove'. Not to be edited.\nversion 1\n", f);
	for (size_t i = 0; i < setup_dirs_count; i++)
		if (st->made[i])
			fprintf(f, "directory %s\n", setup_dirs[i]);
	for (int i = 0; i < SETUP_FILES; i++)
		for (int j = 0; j < st->files[i].n; j++)
			fprintf(f, "file %016" PRIx64 " %s\n", st->files[i].hash[j], setup_files[i]);
	for (int i = 0; i < st->n_units; i++)
		fprintf(f, "unit %s %s %s\n", st->units[i].name,
			st->units[i].enabled ? "enabled" : "disabled",
			st->units[i].active ? "active" : "inactive");
	if (st->module)
		fputs("module\n", f);
	if (fclose(f))
		die("out of memory");
	err = file_write(SETUP_STATE, text, size, 0644, why, len);
	free(text);
	return !err;
}

void setup_remove_dirs(const struct setup_state *st)
{
	char path[FILE_PATH_MAX];

	for (size_t i = setup_dirs_count; i--;)
		if (st->made[i])
			rmdir(file_path(path, setup_dirs[i]));
}
