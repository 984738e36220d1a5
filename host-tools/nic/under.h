/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an interface that ptp4l is to be on stands on: bonds and VLANs it copes with, bridges it does not. */
#ifndef NIC_UNDER_H
#define NIC_UNDER_H

#include "nic/nic.h"

struct nic_under {
	char what[120];		/* "a VLAN over eno1"; empty for a card */
	bool vlan_over_bond;
	char stamps[NIC_LOWER_MAX][IFNAMSIZ];	/* which have to stamp packets, each of them */
	int n_stamps;
};

/* udp: PTP is not over Ethernet itself. False if ptp4l can't be on it, and why, with its name and what to do. */
bool nic_under(struct nic_under *u, const char *name, bool udp, char *why, size_t len);

#endif
