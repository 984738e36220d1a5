// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ptp4l asks a bond for its active port and follows that (rtnl.c: IFLA_BOND_ACTIVE_SLAVE); a VLAN's driver hands
 * what it is asked to the interface below. It gets Ethernet frames before a bridge or a bond has them
 * (ETH_P_ALL), but UDP only after.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "nic/under.h"
#include "system/tree.h"

#define DEEP_MAX 4

static void add_stamps(struct nic_under *u, const char *name)
{
	if (u->n_stamps < NIC_LOWER_MAX)
		strcpy(u->stamps[u->n_stamps++], name);
}

static void list_lower(const struct nic *n, char *list, size_t len)
{
	list[0] = 0;
	for (int i = 0; i < n->n_lower; i++)
		add_text(list, len, "%s%s", i ? ", " : "", n->lower[i]);
}

static bool bond_good(struct nic_under *u, const struct nic *n, char *why, size_t len)
{
	char path[64], mode[40] = "", list[80];

	snprintf(path, sizeof(path), "/sys/class/net/%s/bonding/mode", n->name);
	file_read_line(path, mode, sizeof(mode));
	mode[strcspn(mode, " ")] = 0;	/* "active-backup 1" */
	list_lower(n, list, sizeof(list));
	if (strcmp(mode, "active-backup")) {
		snprintf(why, len, "%s is a bond in mode %s: only with active-backup does ptp4l know which port its "
			 "packets take; change its mode, or use a card outside of it", n->name,
			 mode[0] ? mode : "unknown");
		return false;
	}
	if (!n->n_lower) {
		snprintf(why, len, "%s is a bond without ports; ip link set CARD master %s", n->name, n->name);
		return false;
	}
	for (int i = 0; i < n->n_lower; i++)
		add_stamps(u, n->lower[i]);
	add_text(u->what, sizeof(u->what), "%san active-backup bond of %s", u->what[0] ? ", " : "", list);
	return true;
}

static bool look(struct nic_under *u, const struct nic *n, int deep, char *why, size_t len)
{
	struct nic lower;
	char list[80];

	switch (n->kind) {
	case NIC_BRIDGE:
		list_lower(n, list, sizeof(list));
		snprintf(why, len, "%s is a bridge, which stamps no packets; name its port to the network%s%s, and "
			 "--transport L2: it keeps UDP from its ports", n->name, list[0] ? ", of " : "", list);
		return false;
	case NIC_BOND:
		u->vlan_over_bond = deep;
		return bond_good(u, n, why, len);
	case NIC_VLAN:
		add_stamps(u, n->name);
		if (deep == DEEP_MAX) {
			snprintf(why, len, "%s is a VLAN, over more than %d others", n->name, DEEP_MAX);
			return false;
		}
		nic_read(&lower, n->lower[0], NULL);
		add_text(u->what, sizeof(u->what), "%sa VLAN over %s", u->what[0] ? ", " : "", lower.name);
		return look(u, &lower, deep + 1, why, len);
	default:
		add_stamps(u, n->name);
		return true;
	}
}

static bool udp_arrives(const struct nic *n, char *why, size_t len)
{
	struct nic master;

	if (!n->master[0])
		return true;
	nic_read(&master, n->master, NULL);
	if (master.kind == NIC_BOND)
		snprintf(why, len, "%s is a port of the bond %s, which takes its UDP packets; name %s, or say "
			 "--transport L2", n->name, master.name, master.name);
	else if (master.kind == NIC_BRIDGE || !strcmp(master.name, "ovs-system"))
		snprintf(why, len, "%s is a port of a bridge (%s), which takes its UDP packets; say --transport L2",
			 n->name, master.name);
	else
		return true;
	return false;
}

bool nic_under(struct nic_under *u, const char *name, bool udp, char *why, size_t len)
{
	struct nic n;

	memset(u, 0, sizeof(*u));
	nic_read(&n, name, NULL);
	return look(u, &n, 0, why, len) && (!udp || udp_arrives(&n, why, len));
}
