/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network interfaces, what they can timestamp, and which of them the host has given away. */
#ifndef NIC_NIC_H
#define NIC_NIC_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NICS_MAX 1024
#define NICS_AWAY_MAX 64
#define NIC_LOWER_MAX 16
#define PCI_ADDRESS_LEN 16	/* "0000:03:00.0" */

enum nic_kind {
	NIC_PHYSICAL,		/* it has a device */
	NIC_BOND, NIC_VLAN, NIC_BRIDGE, NIC_STACKED,	/* over others; STACKED: macvlan, team and so on */
	NIC_VIRTUAL,		/* veth, tun: nothing real below it */
};

struct nic {
	char name[IFNAMSIZ];
	enum nic_kind kind;
	char driver[32];
	char pci[PCI_ADDRESS_LEN];	/* empty if it is on no PCI bus */
	char operstate[16];		/* "up", "down", "lowerlayerdown"; "unknown" of those that don't tell */
	int speed;			/* Mb/s, 0 if unknown */
	bool vf;
	char pf[IFNAMSIZ];		/* of a VF: its PF's interface, empty if that has none here */
	int vfs;			/* of a PF */
	int vfs_away;			/* of those: bound to a driver that gives them away */
	char lower[NIC_LOWER_MAX][IFNAMSIZ];	/* that it stands on, the next ones below */
	int n_lower;
	char master[IFNAMSIZ];		/* the bridge, bond … that it is a port of; empty for none */

	int error;			/* errno of ETHTOOL_GET_TS_INFO, -1 if it wasn't asked */
	uint32_t stamping;		/* SOF_TIMESTAMPING_* */
	uint32_t tx_types;		/* 1 << HWTSTAMP_TX_* */
	uint32_t rx_filters;		/* 1 << HWTSTAMP_FILTER_* */
	int phc;			/* ptpN, -1 for none */
	char phc_name[40];		/* that clock's clock_name */
};

/* A PCI function of a network card with a driver that gives it away: no interface, no PTP from it */
struct nic_away {
	char pci[PCI_ADDRESS_LEN];
	char driver[32];		/* "vfio-pci" */
	bool vf;
};

struct nics {
	struct nic list[NICS_MAX];
	int n;
	struct nic_away away[NICS_AWAY_MAX];
	int n_away;
	int left_out;			/* interfaces and functions beyond those */
};

/* SIOCETHTOOL: cmd is one of linux/ethtool.h's structures. 0 or an errno. */
typedef int nic_ask(const char *name, void *cmd);
int nic_ethtool(const char *name, void *cmd);

/* What is below /sys, in natural order of names. ask: nic_ethtool; NULL: nothing is asked of drivers. */
void nic_gather(struct nics *all, nic_ask *ask);

/* One interface */
void nic_read(struct nic *n, const char *name, nic_ask *ask);

const struct nic *nic_find(const struct nics *all, const char *name);

/* The real ones that it is made of, itself included if it is one: their number, at most NIC_LOWER_MAX. */
int nic_real(const struct nics *all, const struct nic *n, const struct nic *real[NIC_LOWER_MAX]);

/* "ens2, ens3": the other physical interfaces on the same PHC; empty if there are none */
void nic_sharers(const struct nics *all, const struct nic *n, char *buf, size_t len);

const char *nic_kind_name(enum nic_kind kind);

#endif
