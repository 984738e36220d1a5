// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/die.h"
#include "clock/open.h"
#include "ptpkvm.h"
#include "system/machine.h"

int view_open(struct phc *phc, const char *path)
{
	char why[600], hypervisor[HYPERVISOR_NAME_LEN];

	/* O_NONBLOCK: what is no clock may be a FIFO. */
	if (!phc_open(phc, path, O_RDONLY | O_NONBLOCK, why, sizeof(why))) {
		if (!phc_is_kvm(phc))
			fprintf(stderr, "%s: warning: %s is '%s', not the host's clock ('%s')\n", progname, phc->path,
				phc->name, PHC_KVM_NAME);
		return EXIT_GOOD;
	}
	if (!path && !hypervisor_is_kvm(hypervisor)) {
		fprintf(stderr, "%s: this machine is not a KVM guest: there is no KVM clock here\n", progname);
		return EXIT_NO_GUEST;
	}
	fprintf(stderr, "%s: %s\nType: ptpkvm check\n", progname, why);
	return EXIT_BROKEN;
}

int view_phc(int fd, struct phc_reading *r)
{
	struct phc_sample s;
	int err = phc_read_best(fd, &r->method, &s);

	if (err)
		return err;
	r->offset_ns = phc_offset(&s);
	r->window_ns = s.post - s.pre;
	return 0;
}

int64_t view_offset_ns(double chrony_offset)
{
	/* llround() of what chronyc can print but no offset can be is undefined. */
	if (!(fabs(chrony_offset) < 9e9))
		return chrony_offset < 0 ? INT64_MAX : INT64_MIN;
	return -llround(chrony_offset * 1e9);
}
