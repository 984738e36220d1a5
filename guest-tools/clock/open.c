// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>

#include "base/die.h"
#include "clock/open.h"
#include "output/text.h"
#include "ptpkvm.h"
#include "system/machine.h"

int view_explain(const char *path, const char *why, int err)
{
	char hypervisor[HYPERVISOR_NAME_LEN];

	complain("%s", why);
	if (!path && !hypervisor_is_kvm(hypervisor)) {
		text(stderr, "This machine is not a KVM guest.\n");
		return EXIT_NO_GUEST;
	}
	if (err == EACCES)
		text(stderr, "Only root may read it. Try the same with sudo.\n");
	else
		text(stderr, "Try '%sptpkvm check'.\n", path ? "" : "sudo ");
	return EXIT_BROKEN;
}

int view_open(struct phc *phc, const char *path)
{
	char why[600];

	errno = 0;
	/* O_NONBLOCK: what is no clock may be a FIFO. */
	if (!phc_open(phc, path, O_RDONLY | O_NONBLOCK, why, sizeof(why))) {
		if (!phc_is_kvm(phc))
			complain("warning: %s is '%s', not the host's clock ('%s')", phc->path, phc->name,
				 PHC_KVM_NAME);
		return EXIT_GOOD;
	}
	return view_explain(path, why, errno);
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

double view_ns(double s)
{
	return rint(s * 1e9) + 0.0;
}
