/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Does this host's KVM tell guests how good its time is (type 1 of the call), and did it once? */
#ifndef FACTS_QUALITY_H
#define FACTS_QUALITY_H

#include <stdbool.h>
#include <stdint.h>

/* Root's: the kernel that was seen to serve quality, and the last day it was: "6.12.118-ptpkvm 2026-11-28" */
#define QUALITY_RECORD "/var/lib/ptpkvm/host-quality"

#define RELEASE_LEN 65			/* of uname -r, with its NUL */
#define DATE_LEN sizeof("2026-11-28")

struct quality_facts {
	bool known;			/* the next one is: root sees what KVM counts */
	bool served;			/* the KVM that runs has the series of host-patch/ */
	char kernel[RELEASE_LEN];	/* that runs; empty if unknown */
	char was_kernel[RELEASE_LEN];	/* of the record; empty without one, or where it is none by its form */
	char was_date[DATE_LEN];
	bool was_installed;		/* that kernel's image is there to be booted */
};

void quality_gather(struct quality_facts *q);

/*
 * Where KVM serves it: has the record say so, as of now (s since 1970). It is written when another day or kernel is to be
 * in it, and where it can't be that is no fault: whoever runs on a read-only root has no record.
 */
void quality_remember(const struct quality_facts *q, int64_t now);

#endif
