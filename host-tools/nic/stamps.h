/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ptpkvm-host config has to know of a network card: how it stamps packets. */
#ifndef NIC_STAMPS_H
#define NIC_STAMPS_H

#include <stdbool.h>

struct nic_stamps {
	bool hardware;		/* fit for PTP, see nic_fit() */
	bool software;
	int phc;		/* the number of /dev/ptpN, -1 if there is none */
};

/* Asked of its driver: 0 or an errno. */
int nic_stamps(const char *name, struct nic_stamps *s);

#endif
