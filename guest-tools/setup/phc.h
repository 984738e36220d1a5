/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The device that setup takes. */
#ifndef SETUP_PHC_H
#define SETUP_PHC_H

#include <stddef.h>

enum setup_phc {
	SETUP_PHC_NONE,		/* there is none, or none that can be read */
	SETUP_PHC_WAITS,	/* no host serves it: as soon as one does it answers, and a chronyd that has it takes it up */
	SETUP_PHC_ANSWERS,
};

/*
 * The KVM PHC's device: want (NULL: none wanted) if that is one, else the link by udev, else /dev/ptpN. With the
 * reason, but for one that answers.
 */
enum setup_phc setup_phc(const char *want, char *path, size_t path_len, char *why, size_t len);

#endif
