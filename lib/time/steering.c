// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/numbers.h"
#include "linuxptp/phc2sys.h"
#include "system/processes.h"
#include "system/tree.h"
#include "time/steering.h"

static bool is_rival(int pid, const char *comm, const char **name)
{
	static const struct {
		const char *comm, *name;	/* the kernel keeps 15 characters */
	} rivals[] = {
		{ "systemd-timesyn", "systemd-timesyncd" }, { "ntpd", "ntpd" }, { "openntpd", "openntpd" },
		{ "ptpd", "ptpd" }, { "ptpd2", "ptpd" }, { "phc2sys", "phc2sys" },
	};
	struct phc2sys phc2sys;

	for (size_t i = 0; i < ARRAY_SIZE(rivals); i++) {
		if (strcmp(comm, rivals[i].comm))
			continue;
		*name = rivals[i].name;
		return strcmp(comm, "phc2sys") || (phc2sys_read(&phc2sys, pid) && phc2sys.steers);
	}
	return false;
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
	process_unit(pid, list[n].unit, sizeof(list[n].unit));
	return n + 1;
}

int rivals_find(struct rival list[RIVALS_MAX], int *chronyd)
{
	char file[64], comm[32];
	DIR *proc = file_dir("/proc");
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
