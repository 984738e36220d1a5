// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "rivals.h"
#include "util.h"

/* phc2sys writes CLOCK_REALTIME unless another clock is named by -c, or all are left to -a without -r. */
static bool phc2sys_steers_system(const char *words, size_t len)
{
	const char *end = words + len, *word = words;
	bool automatic = false, real = false, named = false;

	for (word += strlen(word) + 1; word < end; word += strlen(word) + 1) {
		if (!strncmp(word, "-c", 2)) {
			const char *clock = word[2] ? word + 2 : word + 3;

			named = true;
			if (clock < end && !strcmp(clock, "CLOCK_REALTIME"))
				return true;
		}
		if (word[0] == '-' && word[1] != '-') {
			automatic |= strchr(word, 'a') != NULL;
			real |= strchr(word, 'r') != NULL;
		}
	}
	return automatic ? real : !named;
}

static bool is_rival(int pid, const char *comm, const char **name)
{
	static const struct {
		const char *comm, *name;	/* the kernel keeps 15 characters */
	} rivals[] = {
		{ "systemd-timesyn", "systemd-timesyncd" }, { "ntpd", "ntpd" }, { "openntpd", "openntpd" },
		{ "ptpd", "ptpd" }, { "ptpd2", "ptpd" }, { "phc2sys", "phc2sys" },
	};
	char path[64], *words;
	size_t len;
	bool steers;

	for (size_t i = 0; i < ARRAY_SIZE(rivals); i++) {
		if (strcmp(comm, rivals[i].comm))
			continue;
		*name = rivals[i].name;
		if (strcmp(comm, "phc2sys"))
			return true;
		snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
		words = file_read(path, &len);
		steers = words && phc2sys_steers_system(words, len);
		free(words);
		return steers;
	}
	return false;
}

/* "ntpsec.service" of "0::/system.slice/ntpsec.service", or of the line of systemd's own hierarchy */
static void unit_of(int pid, char *unit, size_t len)
{
	char path[64], *text, *end, *slash;

	unit[0] = 0;
	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	text = file_read(path, NULL);
	end = text ? strstr(text, ".service\n") : NULL;
	if (end) {
		end[strlen(".service")] = 0;
		slash = strrchr(text, '/');
		if (slash && strlen(slash + 1) < len)
			strcpy(unit, slash + 1);
	}
	free(text);
}

/* A daemon has several processes of one name: the first stands for it. */
static int add_rival(struct rival list[RIVALS_MAX], int n, const char *name, int pid)
{
	for (int i = 0; i < n; i++)
		if (!strcmp(list[i].name, name))
			return n;
	if (n == RIVALS_MAX)
		return n;
	snprintf(list[n].name, sizeof(list[n].name), "%s", name);
	list[n].pid = pid;
	unit_of(pid, list[n].unit, sizeof(list[n].unit));
	return n + 1;
}

int rivals_find(struct rival list[RIVALS_MAX], int *chronyd)
{
	char path[FILE_PATH_MAX], file[64], comm[32];
	DIR *proc = opendir(file_path(path, "/proc"));
	const struct dirent *d;
	const char *name;
	uint64_t pid;
	int n = 0;

	*chronyd = 0;
	while (proc && (d = readdir(proc))) {
		if (!parse_u64(d->d_name, 1, 1 << 22, &pid))
			continue;
		snprintf(file, sizeof(file), "/proc/%u/comm", (unsigned int)pid);
		if (!file_read_line(file, comm, sizeof(comm)))
			continue;
		if (!strcmp(comm, "chronyd") && (!*chronyd || (int)pid < *chronyd))
			*chronyd = pid;
		else if (is_rival(pid, comm, &name))
			n = add_rival(list, n, name, pid);
	}
	if (proc)
		closedir(proc);
	return n;
}
