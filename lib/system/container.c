// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "system/container.h"
#include "system/tree.h"

/* systemd's files, the variable that container managers give to process 1, Docker's and Podman's marks */
bool container_kind(char kind[static CONTAINER_NAME_LEN])
{
	static const char variable[] = "container=";
	size_t len;
	char *env;

	if (file_read_line("/run/systemd/container", kind, CONTAINER_NAME_LEN) ||
	    file_read_line("/run/host/container-manager", kind, CONTAINER_NAME_LEN))
		return true;
	env = file_read("/proc/1/environ", &len);
	for (const char *p = env; p && p < env + len; p += strlen(p) + 1)
		if (!strncmp(p, variable, strlen(variable)))
			snprintf(kind, CONTAINER_NAME_LEN, "%.31s", p + strlen(variable));
	free(env);
	if (!kind[0] && file_exists("/.dockerenv"))
		strcpy(kind, "docker");
	else if (!kind[0] && file_exists("/run/.containerenv"))
		strcpy(kind, "podman");
	return kind[0];
}
