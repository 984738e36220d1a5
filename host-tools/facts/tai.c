// SPDX-License-Identifier: GPL-2.0-or-later
/* What knows of TAI − UTC: constants that people wrote, and leap second lists. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/numbers.h"
#include "chrony/conf.h"
#include "facts/facts.h"
#include "system/processes.h"
#include "system/tree.h"

#define SYSTEM_LEAP_LIST "/usr/share/zoneinfo/leap-seconds.list"

/* What can be TAI − UTC and hardly anything else: it was 32 s in 1999. */
#define CONSTANT_MIN 30
#define CONSTANT_MAX 45

/* --- constants --- */

/* value: "-36". file: empty for a command line, which place names then */
static void add_constant(struct check_facts *f, const char *value, const char *file, int line,
			 const char *place)
{
	struct constant_fact *c = &f->constants[f->n_constants];
	double seconds;

	if (f->n_constants == CHECK_CONSTANTS_MAX || strlen(value) >= sizeof(c->text) ||
	    strlen(file) >= sizeof(c->file) ||
	    !parse_decimal(value + (value[0] == '-'), CONSTANT_MIN, CONSTANT_MAX, &seconds))
		return;
	c->seconds = seconds;
	c->line = line;
	strcpy(c->text, value);
	strcpy(c->file, file);
	if (file[0])
		snprintf(c->place, sizeof(c->place), "%s:%d", file, line);
	else
		snprintf(c->place, sizeof(c->place), "%s", place);
	f->n_constants++;
}

/* phc2sys's -O, ptp4l's utc_offset, and the offset of chrony's refclocks, wherever they stand in a line */
static void scan_line(struct check_facts *f, char *line, const char *file, int number)
{
	static const char between[] = " \t\r\"'=";
	char *save, *word = strtok_r(line, between, &save);
	const char *value;

	if (!word || strchr("#;!%", word[0]))
		return;
	for (; word; word = strtok_r(NULL, between, &save)) {
		if (!strcmp(word, "-O") || !strcmp(word, "utc_offset") || !strcmp(word, "--utc_offset") ||
		    !strcmp(word, "offset"))
			value = strtok_r(NULL, between, &save);
		else
			value = strncmp(word, "-O", 2) ? NULL : word + 2;
		if (value)
			add_constant(f, value, file, number, "");
	}
}

static void scan_file(struct check_facts *f, const char *file)
{
	char *text = file_read(file, NULL), *rest = text, *line;

	for (int number = 1; (line = strsep(&rest, "\n")); number++)
		scan_line(f, line, file, number);
	free(text);
}

static void scan_files(struct check_facts *f)
{
	static const char *const patterns[] = {
		"/etc/linuxptp/*.conf", "/etc/ptp4l*.conf", "/etc/phc2sys*.conf", "/etc/timemaster.conf",
		"/etc/ptpkvm/ptp4l.conf", "/etc/ptpkvm/timemaster.conf",
		"/etc/sysconfig/ptp4l*", "/etc/sysconfig/phc2sys*", "/etc/default/ptp4l*",
		"/etc/default/phc2sys*", "/etc/systemd/system/ptp4l*.service",
		"/etc/systemd/system/phc2sys*.service", "/etc/systemd/system/ptp4l*.service.d/*.conf",
		"/etc/systemd/system/phc2sys*.service.d/*.conf",
	};
	char **paths;

	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		int n = file_glob(patterns[i], &paths);

		for (int k = 0; k < n; k++)
			scan_file(f, paths[k]);
		file_glob_free(paths, n);
	}
}

static int see(const struct chrony_directive *d, void *arg)
{
	char value[32];

	if (!strcmp(d->name, "refclock") && chrony_option(d->args, "offset", value, sizeof(value)))
		add_constant(arg, value, d->file, d->line, "");
	return 0;
}

/* with: the program's options that take an argument */
static void scan_process(struct check_facts *f, const char *program, int pid, const char *with)
{
	struct cmdline_option o;
	struct cmdline c;
	char place[64];

	snprintf(place, sizeof(place), "%s, process %d", program, pid);
	if (cmdline_read(&c, pid))
		while (cmdline_next(&c, with, &o))
			if (o.value && (o.letter == 'O' || !strcmp(linuxptp_option(o.name), "utc_offset")))
				add_constant(f, o.value, "", 0, place);
	cmdline_free(&c);
}

static void gather_constants(struct check_facts *f)
{
	char why[300];

	for (int i = 0; i < f->n_phc2sys; i++)
		scan_process(f, "phc2sys", f->phc2sys[i].process.pid, PHC2SYS_WITH_ARGUMENT);
	for (int i = 0; i < f->n_ptp4l; i++)
		scan_process(f, "ptp4l", f->ptp4l[i].process.pid, PTP4L_WITH_ARGUMENT);
	scan_files(f);
	if (f->chrony.conf[0])
		chrony_conf_walk(f->chrony.conf, see, f, why, sizeof(why));
}

/* --- leap second lists --- */

static void add_leap_list(struct check_facts *f, const char *path, const char *whose)
{
	struct leap_file *leap = &f->leap_files[f->n_leap_files];
	char *text;

	for (int i = 0; i < f->n_leap_files; i++)
		if (!strcmp(f->leap_files[i].path, path))
			return;
	if (!path[0] || f->n_leap_files == CHECK_LEAP_FILES_MAX)
		return;
	text = file_read(path, NULL);
	if (!text && !whose[0] && errno == ENOENT)
		return;
	f->n_leap_files++;
	leap->error = text ? 0 : errno;
	snprintf(leap->path, sizeof(leap->path), "%s", path);
	snprintf(leap->whose, sizeof(leap->whose), "%s", whose);
	if (text)
		leap_list_parse(leap, text, f->now);
	free(text);
}

/* chrony's leapsectz: a time zone that counts leap seconds; not there in Debian 13 without tzdata-legacy */
static void add_leap_zone(struct check_facts *f, const char *zone)
{
	struct leap_file *leap = &f->leap_files[f->n_leap_files];

	if (!zone[0] || f->n_leap_files == CHECK_LEAP_FILES_MAX)
		return;
	f->n_leap_files++;
	snprintf(leap->path, sizeof(leap->path), "/usr/share/zoneinfo/%s", zone);
	strcpy(leap->whose, "chronyd");
	leap->error = file_exists(leap->path) ? 0 : errno;
}

void check_gather_tai(struct check_facts *f)
{
	for (int i = 0; i < f->n_ptp4l; i++)
		add_leap_list(f, f->ptp4l[i].process.leapfile, "ptp4l");
	add_leap_list(f, f->chrony.leapseclist, "chronyd");
	add_leap_zone(f, f->chrony.leapsectz);
	add_leap_list(f, SYSTEM_LEAP_LIST, "");
	gather_constants(f);
}
