// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chrony/refclock.h"
#include "setup/phc.h"
#include "time/host_clock.h"
#include "time/phc.h"

static bool same_device(const char *a, const char *b)
{
	struct stat x, y;

	return !stat(a, &x) && !stat(b, &y) && S_ISCHR(x.st_mode) && S_ISCHR(y.st_mode) &&
	       x.st_rdev == y.st_rdev;
}

/* By any of the calls that chronyd would use. The errno of the last. */
static int answers(int fd)
{
	struct phc_sample s;
	int err = 0;

	for (enum phc_method m = PHC_PRECISE; m <= PHC_OFFSET; m++) {
		err = phc_read(fd, m, &s);
		if (!err)
			return 0;
	}
	return err;
}

enum setup_phc setup_phc(const char *want, char *path, size_t path_len, char *why, size_t len)
{
	struct phc phc;
	int err = 0;

	if (!phc_open(&phc, NULL, O_RDONLY, why, len)) {
		err = answers(phc.fd);
		close(phc.fd);
	} else if (!phc.path[0] || !geteuid() || !access(phc.path, R_OK) || errno != EACCES) {
		return SETUP_PHC_NONE;
	}
	if (want && same_device(want, phc.path))
		snprintf(path, path_len, "%s", want);
	else
		snprintf(path, path_len, "%s",
			 same_device(REFCLOCK_LINK, phc.path) ? REFCLOCK_LINK : phc.path);
	if (!err)
		return SETUP_PHC_ANSWERS;
	snprintf(why, len, "%s does not answer: %s", phc.path, host_clock_why(&phc, err));
	return err == EOPNOTSUPP ? SETUP_PHC_WAITS : SETUP_PHC_NONE;
}
