// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/net_tstamp.h>
#include <stdio.h>

#include "base/text.h"
#include "nic/fit.h"

const char *nic_fit_name(enum nic_fit fit)
{
	static const char *const names[] = {
		[NIC_UNKNOWN] = "unknown", [NIC_UNFIT] = "unfit", [NIC_SOFTWARE] = "software",
		[NIC_HARDWARE] = "hardware",
	};

	return names[fit];
}

#define HARDWARE (SOF_TIMESTAMPING_TX_HARDWARE | SOF_TIMESTAMPING_RX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE)
#define SOFTWARE (SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE)
#define FILTER(name) (1u << HWTSTAMP_FILTER_##name)

/* Which packets of PTP version 2 get a timestamp as they come in; NULL for none */
static const char *filters_text(uint32_t filters)
{
	bool l4 = filters & (FILTER(PTP_V2_L4_EVENT) | FILTER(PTP_V2_L4_SYNC));
	bool l2 = filters & (FILTER(PTP_V2_L2_EVENT) | FILTER(PTP_V2_L2_SYNC));

	if (filters & FILTER(ALL))
		return "all packets";
	if (filters & (FILTER(PTP_V2_EVENT) | FILTER(PTP_V2_SYNC)) || (l4 && l2))
		return "PTP packets";
	if (l4)
		return "PTP over UDP only";
	return l2 ? "PTP over Ethernet (L2) only" : NULL;
}

/* Why there are no hardware timestamps that ptp4l could use */
static const char *no_hardware(const struct nic *n)
{
	if ((n->stamping & HARDWARE) != HARDWARE)
		return n->stamping & HARDWARE ? "its hardware timestamps only part of the packets"
					      : "no hardware timestamps";
	if (n->phc < 0)
		return "it has no PTP clock (PHC)";
	if (!(n->tx_types & ~(1u << HWTSTAMP_TX_OFF)))
		return "its hardware timestamps nothing that it sends";
	return filters_text(n->rx_filters) ? NULL : "its hardware timestamps no PTP packets";
}

bool nic_software(const struct nic *n)
{
	return (n->stamping & SOFTWARE) == SOFTWARE;
}

enum nic_fit nic_fit(const struct nic *n, char *why, size_t len)
{
	const char *lacks = no_hardware(n);

	if (n->error == -1) {
		snprintf(why, len, "its driver was not asked");
		return NIC_UNKNOWN;
	}
	if (n->error == ENODEV) {
		snprintf(why, len, "it is in another network namespace");
		return NIC_UNKNOWN;
	}
	if (!lacks) {
		snprintf(why, len, "hardware timestamps of %s, PHC ptp%d%s%s%s", filters_text(n->rx_filters),
			 n->phc, n->phc_name[0] ? " (" : "", n->phc_name, n->phc_name[0] ? ")" : "");
		return NIC_HARDWARE;
	}
	if (nic_software(n)) {
		snprintf(why, len, "software timestamps only: %s", lacks);
		return NIC_SOFTWARE;
	}
	if (n->error > 0)
		snprintf(why, len, "its driver does not tell of timestamps (%s)", errname(n->error));
	else
		snprintf(why, len, "no timestamps for PTP: %s", lacks);
	return NIC_UNFIT;
}
