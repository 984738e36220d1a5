// SPDX-License-Identifier: GPL-2.0-or-later
/* Our own files. */
#include <string.h>

#include "base/array.h"
#include "facts/ours.h"

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
