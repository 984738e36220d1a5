// SPDX-License-Identifier: GPL-2.0-or-later
#include "nic/fit.h"
#include "nic/nic.h"
#include "nic/stamps.h"

int nic_stamps(const char *name, struct nic_stamps *s)
{
	struct nic n;
	char why[200];

	nic_read(&n, name, nic_ethtool);
	s->hardware = nic_fit(&n, why, sizeof(why)) == NIC_HARDWARE;
	s->software = nic_software(&n);
	s->phc = n.phc;
	return n.error;
}
