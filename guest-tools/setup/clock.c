// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/timex.h>
#include <unistd.h>

#include "clock/adjust.h"
#include "setup/clock.h"
#include "time/host_clock.h"
#include "time/kernel_clock.h"
#include "time/phc.h"

#define WITHIN_NS 1000			/* what is left as it is */
#define MEASURE_NS 300000000		/* a boot waits for it */
#define RATE_PPM 1.0

static int set_rate(int fd, char *said, size_t len)
{
	struct adjust_rate rate;
	int err;

	/* What can't be measured well is left to chronyd. */
	if (adjust_measure(fd, MEASURE_NS, &rate) || rate.uncertainty > RATE_PPM)
		return 0;
	err = adjust_rate(rate.ppm);
	if (!err)
		snprintf(said, len, "frequency set to %+.3f ppm", rate.ppm);
	return err;
}

static int set_offset(int fd, char *said, size_t len)
{
	struct adjust_reading was, now;
	size_t used = strlen(said);
	int steps, err = adjust_to_phc(fd, WITHIN_NS, &was, &now, &steps);

	if (!err && steps)
		snprintf(said + used, len - used, "%sclock set by %+.9f s", used ? ", " : "", was.offset / 1e9);
	return err;
}

void setup_set_clock(bool rate, char *said, size_t len)
{
	struct kernel_clock kernel;
	struct host_clock host;
	struct phc phc;
	int err = 0;

	said[0] = 0;
	kernel_clock_read(&kernel);
	if (!kernel.known || !(kernel.status & STA_UNSYNC) || phc_open(&phc, NULL, O_RDONLY, said, len))
		return;
	host_clock_read(&host, &phc);
	if (host_unsynchronized(&host)) {
		snprintf(said, len, "clock not set: the host says that its own is %s", host_status_name(host.status));
	} else {
		if (rate)
			err = set_rate(phc.fd, said, len);
		if (!err)
			err = set_offset(phc.fd, said, len);
		if (err)
			snprintf(said, len, "clock not set: %s", strerror(err));
	}
	close(phc.fd);
}
