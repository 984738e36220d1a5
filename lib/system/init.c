// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/text.h"
#include "system/init.h"
#include "system/tree.h"

static bool is_systemd(bool running)
{
	char target[256];
	ssize_t n = file_readlink("/sbin/init", target, sizeof(target) - 1);
	struct stat st;

	if (running)
		return file_exists("/run/systemd/system");
	if (n < 0 && file_lstat("/sbin/init", &st))
		return file_exists("/usr/lib/systemd/systemd") || file_exists("/lib/systemd/systemd");
	target[n > 0 ? n : 0] = 0;
	return !strcmp(base_name(target), "systemd");
}

const char *init_other(bool running)
{
	static const struct {
		const char *path, *name;
	} marks[] = {
		{ "/sbin/openrc", "OpenRC" }, { "/sbin/runit-init", "runit" }, { "/sbin/dinit", "dinit" },
		{ "/sbin/s6-svscan", "s6" }, { "/etc/inittab", "SysV init" },
	};

	if (is_systemd(running))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
		if (file_exists(marks[i].path))
			return marks[i].name;
	return "";
}
