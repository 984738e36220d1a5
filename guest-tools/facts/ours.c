// SPDX-License-Identifier: GPL-2.0-or-later
/* Our own files. */
#include <string.h>

#include "facts/ours.h"
#include "system/tree.h"

#define UNITS "/etc/systemd/system"
#define DROP_IN_DEBIAN UNITS "/chrony.service.d/ptpkvm.conf"
#define DROP_IN_RHEL UNITS "/chronyd.service.d/ptpkvm.conf"

const char *const setup_files[] = { SETUP_MODULES, SETUP_DIRECTIVES, DROP_IN_DEBIAN, DROP_IN_RHEL, NULL };

const char *const setup_programs[] = {
	"/usr/bin/ptpkvm", "/usr/sbin/ptpkvm", "/usr/local/bin/ptpkvm", "/usr/local/sbin/ptpkvm", NULL,
};

bool setup_program(void)
{
	for (const char *const *program = setup_programs; *program; program++)
		if (file_exists(*program))
			return true;
	return false;
}

static bool is_debian(const struct chrony_layout *layout)
{
	return !strcmp(layout->service, "chrony.service");
}

const char *setup_drop_in(const struct chrony_layout *layout)
{
	return is_debian(layout) ? DROP_IN_DEBIAN : DROP_IN_RHEL;
}

const char *setup_generated(const struct chrony_layout *layout)
{
	return is_debian(layout) ? "/run/chrony-dhcp/ptpkvm.conf" : SETUP_RUN_DIR "/chrony.conf";
}

const struct chrony_addition *setup_addition(const struct chrony_layout *layout)
{
	static struct chrony_addition ours = {
		.directives = SETUP_DIRECTIVES, .environment = SETUP_ENV, .hold = SETUP_HOLD,
	};

	if (!layout)
		return NULL;
	ours.drop_in = setup_drop_in(layout);
	ours.made = setup_generated(layout);
	return &ours;
}
