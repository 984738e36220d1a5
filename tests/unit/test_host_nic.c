// SPDX-License-Identifier: GPL-2.0-or-later
/* ptpkvm-host's network interfaces: a sysfs of our own, and a driver that answers what the test says. */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/net_tstamp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"
#include "nic/fit.h"
#include "nic/nic.h"
#include "tree.h"

#define HARDWARE (SOF_TIMESTAMPING_TX_HARDWARE | SOF_TIMESTAMPING_RX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE)
#define SOFTWARE (SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE)
#define ON (1 << HWTSTAMP_TX_OFF | 1 << HWTSTAMP_TX_ON)
#define FILTER(name) (1u << HWTSTAMP_FILTER_##name)

static struct nics nics;
static char why[200];

/* A card: its directory among the devices, and the links to it */
static void put_card(const char *name, const char *pci, const char *driver, const char *operstate)
{
	char path[300], target[300];

	snprintf(path, sizeof(path), "/sys/devices/pci0000:00/%s/net/%s/operstate", pci, name);
	put(path, operstate);
	snprintf(path, sizeof(path), "/sys/devices/pci0000:00/%s/class", pci);
	put(path, "0x020000\n");
	snprintf(path, sizeof(path), "/sys/class/net/%s", name);
	snprintf(target, sizeof(target), "../../devices/pci0000:00/%s/net/%s", pci, name);
	put_link(path, target);
	snprintf(path, sizeof(path), "/sys/devices/pci0000:00/%s/net/%s/device", pci, name);
	put_link(path, "../..");
	snprintf(path, sizeof(path), "/sys/devices/pci0000:00/%s/driver", pci);
	snprintf(target, sizeof(target), "../../../bus/pci/drivers/%s", driver);
	put_link(path, target);
}

/* A function without an interface */
static void put_function(const char *pci, const char *class, const char *driver)
{
	char path[300], target[300];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/class", pci);
	put(path, class);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver", pci);
	snprintf(target, sizeof(target), "../../../../bus/pci/drivers/%s", driver);
	put_link(path, target);
}

static int answer(const char *name, void *cmd)
{
	struct ethtool_ts_info *ts = cmd;
	struct ethtool_drvinfo *driver = cmd;

	if (!strcmp(name, "gone"))
		return ENODEV;
	if (driver->cmd == ETHTOOL_GDRVINFO) {
		memset(driver->driver, 'd', sizeof(driver->driver));	/* no NUL */
		if (name[0] == 'e')
			strcpy(driver->driver, "igb");
		return 0;
	}
	assert_int_equal(ts->cmd, ETHTOOL_GET_TS_INFO);
	if (!strcmp(name, "old0"))
		return EOPNOTSUPP;
	ts->so_timestamping = SOFTWARE;
	if (!strncmp(name, "eno", 3)) {
		ts->so_timestamping |= HARDWARE;
		ts->tx_types = ON;
		ts->rx_filters = FILTER(NONE) | FILTER(ALL);
		ts->phc_index = name[3] > '2';
	}
	return 0;
}

static void test_empty(void **state)
{
	(void)state;
	nic_gather(&nics, answer);
	assert_int_equal(nics.n + nics.n_away + nics.left_out, 0);
	assert_null(nic_find(&nics, "eth0"));
}

static void test_cards(void **state)
{
	const struct nic *n;
	char sharers[80];

	(void)state;
	put_card("eno1", "0000:03:00.0", "igb", "up\n");
	put_card("eno2", "0000:03:00.1", "igb", "down\n");
	put_card("eno10", "0000:04:00.0", "ixgbe", "up\n");
	put_card("eno3", "0000:05:00.0", "ixgbe", "up\n");
	put("/sys/devices/pci0000:00/0000:03:00.0/net/eno1/speed", "10000\n");
	put("/sys/devices/pci0000:00/0000:03:00.1/net/eno2/speed", "-1\n");
	put("/sys/class/ptp/ptp0/clock_name", "igb\n");
	put("/sys/class/net/bonding_masters", "\n");
	put("/sys/class/net/lo/operstate", "unknown\n");
	nic_gather(&nics, answer);
	assert_int_equal(nics.n, 4);
	assert_string_equal(nics.list[2].name, "eno3");	/* natural order */
	n = nic_find(&nics, "eno1");
	assert_int_equal(n->kind, NIC_PHYSICAL);
	assert_string_equal(n->pci, "0000:03:00.0");
	assert_string_equal(n->driver, "igb");
	assert_string_equal(n->operstate, "up");
	assert_int_equal(n->speed, 10000);
	assert_int_equal(n->phc, 0);
	assert_string_equal(n->phc_name, "igb");
	assert_int_equal(nic_find(&nics, "eno2")->speed, 0);
	nic_sharers(&nics, n, sharers, sizeof(sharers));
	assert_string_equal(sharers, "eno2, eno10");
	nic_sharers(&nics, nic_find(&nics, "eno3"), sharers, sizeof(sharers));
	assert_string_equal(sharers, "");

	/* Nothing is asked below --root: sysfs has the driver. */
	nic_gather(&nics, NULL);
	n = nic_find(&nics, "eno3");
	assert_int_equal(n->error, -1);
	assert_string_equal(n->driver, "ixgbe");
	assert_int_equal(nic_fit(n, why, sizeof(why)), NIC_UNKNOWN);
}

/* virtio's device is below the PCI function, and a driver's name need not end. */
static void test_virtio(void **state)
{
	(void)state;
	put("/sys/devices/pci0000:00/0000:00:03.0/virtio2/net/x0/operstate", "up\n");
	put_link("/sys/class/net/x0", "../../devices/pci0000:00/0000:00:03.0/virtio2/net/x0");
	put_link("/sys/devices/pci0000:00/0000:00:03.0/virtio2/net/x0/device", "../../../virtio2");
	nic_gather(&nics, answer);
	assert_int_equal(nics.n, 1);
	assert_int_equal(nics.list[0].kind, NIC_PHYSICAL);
	assert_string_equal(nics.list[0].pci, "0000:00:03.0");
	assert_int_equal(strlen(nics.list[0].driver), 31);
	assert_int_equal(nic_fit(&nics.list[0], why, sizeof(why)), NIC_SOFTWARE);
}

static void test_functions(void **state)
{
	const struct nic *n;

	(void)state;
	put_card("eno1", "0000:03:00.0", "igb", "up\n");
	put("/sys/devices/pci0000:00/0000:03:00.0/sriov_numvfs", "3\n");
	put_card("eno1v0", "0000:03:10.0", "igbvf", "up\n");
	put_link("/sys/devices/pci0000:00/0000:03:10.0/physfn", "../0000:03:00.0");
	put_link("/sys/devices/pci0000:00/0000:03:00.0/virtfn0", "../0000:03:10.0");
	put_link("/sys/devices/pci0000:00/0000:03:00.0/virtfn1/driver", "../../../bus/pci/drivers/vfio-pci");
	put_link("/sys/devices/pci0000:00/0000:03:00.0/virtfn2/driver",
		 "../../../bus/pci/drivers/mlx5_vfio_pci");
	nic_gather(&nics, answer);
	n = nic_find(&nics, "eno1");
	assert_false(n->vf);
	assert_int_equal(n->vfs, 3);
	assert_int_equal(n->vfs_away, 2);
	assert_int_equal(nic_fit(n, why, sizeof(why)), NIC_HARDWARE);
	n = nic_find(&nics, "eno1v0");
	assert_true(n->vf);
	assert_string_equal(n->pf, "eno1");
	/* What its driver says counts: mlx5 has a PHC for each function. */
	assert_int_equal(nic_fit(n, why, sizeof(why)), NIC_HARDWARE);
}

static void test_away(void **state)
{
	(void)state;
	put_function("0000:04:00.0", "0x020000\n", "vfio-pci");
	put_function("0000:04:00.1", "0x020700\n", "uio_pci_generic");
	put_function("0000:04:10.0", "0x020000\n", "igb_uio");
	put("/sys/bus/pci/devices/0000:04:10.0/physfn/x", "");
	put_function("0000:05:00.0", "0x030000\n", "vfio-pci");	/* a display */
	put_function("0000:06:00.0", "0x020000\n", "igb");
	put("/sys/bus/pci/devices/0000:07:00.0/class", "0x020000\n");	/* without a driver */
	put("/sys/bus/pci/devices/../../x/class", "0x020000\n");
	put("/sys/bus/pci/devices/0000:08:00.00/class", "0x020000\n");
	nic_gather(&nics, answer);
	assert_int_equal(nics.n_away, 3);
	assert_string_equal(nics.away[0].pci, "0000:04:00.0");
	assert_string_equal(nics.away[0].driver, "vfio-pci");
	assert_false(nics.away[0].vf);
	assert_string_equal(nics.away[1].driver, "uio_pci_generic");
	assert_true(nics.away[2].vf);
}

/* Over eno1 and eno2: a bond, a VLAN on that, and a bridge over that; a macvlan; a veth */
static void put_stack(void)
{
	put_card("eno1", "0000:03:00.0", "igb", "up\n");
	put_card("eno2", "0000:03:00.1", "igb", "up\n");
	put("/sys/class/net/bond0/bonding/slaves", "eno1 eno2\n");
	put_link("/sys/class/net/bond0/lower_eno2", "../../eno2");
	put_link("/sys/class/net/bond0/lower_eno1", "../../eno1");
	put("/sys/class/net/bond0.5/uevent", "DEVTYPE=vlan\nINTERFACE=bond0.5\n");
	put_link("/sys/class/net/bond0.5/lower_bond0", "../bond0");
	put("/sys/class/net/br0/bridge/forward_delay", "0\n");
	put_link("/sys/class/net/br0/lower_bond0.5", "../bond0.5");
	put_link("/sys/class/net/br0/lower_vnet0", "../vnet0");
	put("/sys/class/net/vnet0/operstate", "unknown\n");
	put_link("/sys/class/net/macvtap0/lower_eno1", "../eno1");
}

static void real_is(const char *name, enum nic_kind kind, const char *want)
{
	const struct nic *real[NIC_LOWER_MAX], *n = nic_find(&nics, name);
	char got[200] = "";
	int count = nic_real(&nics, n, real);

	for (int i = 0; i < count; i++)
		add_text(got, sizeof(got), "%s%s", i ? " " : "", real[i]->name);
	assert_string_equal(got, want);
	assert_int_equal(n->kind, kind);
}

static void test_stacked(void **state)
{
	(void)state;
	put_stack();
	nic_gather(&nics, answer);
	real_is("eno1", NIC_PHYSICAL, "eno1");
	real_is("bond0", NIC_BOND, "eno1 eno2");
	real_is("bond0.5", NIC_VLAN, "eno1 eno2");
	real_is("br0", NIC_BRIDGE, "eno1 eno2");
	real_is("macvtap0", NIC_STACKED, "eno1");
	real_is("vnet0", NIC_VIRTUAL, "");
}

/* Links that lead round and to nothing, names too long, numbers that are none, and more than there is room for */
static void test_hostile(void **state)
{
	char path[100];

	(void)state;
	put_link("/sys/class/net/a/lower_b", "../b");
	put_link("/sys/class/net/b/lower_a", "../a");
	put_link("/sys/class/net/b/lower_nowhere", "../nowhere");
	put_link("/sys/class/net/b/lower_", "../");
	put_link("/sys/class/net/b/lower_a-name-that-is-much-too-long", "../x");
	put("/sys/class/net/a-name-that-is-much-too-long/operstate", "up\n");
	put_card("e", "0000:03:00.0", "a-driver-whose-name-is-far-too-long-for-us", "a state that is far too long\n");
	put("/sys/devices/pci0000:00/0000:03:00.0/sriov_numvfs", "99999999\n");
	put("/sys/devices/pci0000:00/0000:03:00.0/net/e/speed", "12 apples\n");
	for (int i = 0; i < NIC_LOWER_MAX + 4; i++) {
		snprintf(path, sizeof(path), "/sys/class/net/wide/lower_e%d", i);
		put_link(path, "../e");
	}
	put_link("/sys/class/net/link", "0000:00/");
	nic_gather(&nics, NULL);
	real_is("a", NIC_STACKED, "");
	assert_int_equal(nic_find(&nics, "b")->n_lower, 3);
	assert_int_equal(nic_find(&nics, "wide")->n_lower, NIC_LOWER_MAX);
	assert_int_equal(nic_find(&nics, "e")->vfs, 0);
	assert_int_equal(nic_find(&nics, "e")->speed, 0);
	assert_string_equal(nic_find(&nics, "e")->driver, "");
	assert_string_equal(nic_find(&nics, "e")->operstate, "");
}

static void test_too_many(void **state)
{
	char path[100];

	(void)state;
	for (int i = 0; i < NICS_MAX + 3; i++) {
		snprintf(path, sizeof(path), "/sys/class/net/tap%d/operstate", i);
		put(path, "up\n");
	}
	nic_gather(&nics, answer);
	assert_int_equal(nics.n, NICS_MAX);
	assert_int_equal(nics.left_out, 3);
}

static void fit_is(struct nic n, enum nic_fit fit, const char *text)
{
	assert_int_equal(nic_fit(&n, why, sizeof(why)), fit);
	assert_string_equal(why, text);
	assert_true(nic_fit_name(fit)[0]);
}

static void test_fit(void **state)
{
	struct nic good = { .stamping = HARDWARE | SOFTWARE,
			    .tx_types = ON,
			    .rx_filters = FILTER(ALL),
			    .phc = 2 },
		   n;

	(void)state;
	fit_is(good, NIC_HARDWARE, "hardware timestamps of all packets, PHC ptp2");
	n = good;
	strcpy(n.phc_name, "ice-clk");
	n.rx_filters = FILTER(PTP_V2_EVENT);
	fit_is(n, NIC_HARDWARE, "hardware timestamps of PTP packets, PHC ptp2 (ice-clk)");
	n = good;
	n.rx_filters = FILTER(PTP_V2_L4_EVENT) | FILTER(PTP_V2_L2_EVENT);
	fit_is(n, NIC_HARDWARE, "hardware timestamps of PTP packets, PHC ptp2");
	n.rx_filters = FILTER(PTP_V2_L4_SYNC);
	fit_is(n, NIC_HARDWARE, "hardware timestamps of PTP over UDP only, PHC ptp2");
	n.rx_filters = FILTER(PTP_V2_L2_EVENT);
	fit_is(n, NIC_HARDWARE, "hardware timestamps of PTP over Ethernet (L2) only, PHC ptp2");
	n.rx_filters = FILTER(NONE) | FILTER(PTP_V1_L4_EVENT);
	fit_is(n, NIC_SOFTWARE, "software timestamps only: its hardware timestamps no PTP packets");
	n = good;
	n.tx_types = 1 << HWTSTAMP_TX_OFF;
	fit_is(n, NIC_SOFTWARE, "software timestamps only: its hardware timestamps nothing that it sends");
	n = good;
	n.phc = -1;
	fit_is(n, NIC_SOFTWARE, "software timestamps only: it has no PTP clock (PHC)");
	n.stamping = HARDWARE;
	fit_is(n, NIC_UNFIT, "no timestamps for PTP: it has no PTP clock (PHC)");
	n = good;
	n.stamping &= ~SOF_TIMESTAMPING_TX_HARDWARE;
	fit_is(n, NIC_SOFTWARE, "software timestamps only: its hardware timestamps only part of the packets");
	n.stamping = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
	fit_is(n, NIC_UNFIT, "no timestamps for PTP: no hardware timestamps");
	n.error = EOPNOTSUPP;
	fit_is(n, NIC_UNFIT, "its driver does not tell of timestamps (EOPNOTSUPP)");
	n.error = ENODEV;
	fit_is(n, NIC_UNKNOWN, "it is in another network namespace");
	n = (struct nic){ .vf = true, .error = -1, .phc = -1 };
	fit_is(n, NIC_UNKNOWN, "its driver was not asked");
	n = good;
	n.vf = true;
	fit_is(n, NIC_HARDWARE, "hardware timestamps of all packets, PHC ptp2");
	n.phc = -1;
	fit_is(n, NIC_SOFTWARE, "software timestamps only: it has no PTP clock (PHC)");
}

static void test_errors(void **state)
{
	(void)state;
	put("/sys/class/net/gone/operstate", "up\n");
	put("/sys/class/net/old0/operstate", "up\n");
	nic_gather(&nics, answer);
	assert_int_equal(nic_find(&nics, "gone")->error, ENODEV);
	assert_int_equal(nic_find(&nics, "old0")->error, EOPNOTSUPP);
	assert_int_equal(nic_find(&nics, "old0")->phc, -1);
}

/* The real ioctl, on the interface that every machine has and on one that none has */
static void test_ethtool(void **state)
{
	struct ethtool_ts_info ts = { .cmd = ETHTOOL_GET_TS_INFO };

	(void)state;
	assert_int_equal(nic_ethtool("no-such-if", &ts), ENODEV);
	if (!nic_ethtool("lo", &ts))
		assert_true(ts.so_timestamping & SOF_TIMESTAMPING_RX_SOFTWARE);
}

/* --- the words of the real ethtool, fixtures/ethtool.txt, for the same capabilities --- */

static struct ethtool_ts_info answered;

static int answer_recorded(const char *name, void *cmd)
{
	struct ethtool_ts_info *ts = cmd;

	(void)name;
	if (ts->cmd != ETHTOOL_GET_TS_INFO)
		return EOPNOTSUPP;
	*ts = answered;
	return 0;
}

/* A line of its own below a heading, alone or before "(SOF_TIMESTAMPING_…)" */
static bool lists(const char *told, const char *heading, const char *word)
{
	const char *line = strstr(told, heading), *end;
	size_t n = strlen(word);

	assert_non_null(line);
	for (line = strchr(line + 1, '\n') + 1; *line == '\t'; line = end + 1) {
		end = strchr(line, '\n');
		assert_non_null(end);
		if (!strncmp(line + 1, word, n) && strchr(" \n", line[1 + n]))
			return true;
	}
	return false;
}

#define CAN(word) lists(told, "\nCapabilities:\n", word)
#define SENDS(word) lists(told, "\nHardware Transmit Timestamp Modes:", word)
#define GETS(word) lists(told, "\nHardware Receive Filter Modes:", word)
#define BIT(value, bit) (!!((value) & (bit)))

static void same_names(const struct nic *n, const char *told)
{
	assert_int_equal(CAN("hardware-transmit"), BIT(n->stamping, SOF_TIMESTAMPING_TX_HARDWARE));
	assert_int_equal(CAN("hardware-receive"), BIT(n->stamping, SOF_TIMESTAMPING_RX_HARDWARE));
	assert_int_equal(CAN("hardware-raw-clock"), BIT(n->stamping, SOF_TIMESTAMPING_RAW_HARDWARE));
	assert_int_equal(CAN("software-transmit"), BIT(n->stamping, SOF_TIMESTAMPING_TX_SOFTWARE));
	assert_int_equal(CAN("software-receive"), BIT(n->stamping, SOF_TIMESTAMPING_RX_SOFTWARE));
	assert_int_equal(CAN("software-system-clock"), BIT(n->stamping, SOF_TIMESTAMPING_SOFTWARE));
	assert_int_equal(SENDS("off"), BIT(n->tx_types, 1 << HWTSTAMP_TX_OFF));
	assert_int_equal(SENDS("on"), BIT(n->tx_types, 1 << HWTSTAMP_TX_ON));
	assert_int_equal(SENDS("one-step-sync"), BIT(n->tx_types, 1 << HWTSTAMP_TX_ONESTEP_SYNC));
	assert_int_equal(GETS("none"), BIT(n->rx_filters, FILTER(NONE)));
	assert_int_equal(GETS("all"), BIT(n->rx_filters, FILTER(ALL)));
	assert_int_equal(GETS("ptpv2-l4-event"), BIT(n->rx_filters, FILTER(PTP_V2_L4_EVENT)));
	assert_int_equal(GETS("ptpv2-l4-sync"), BIT(n->rx_filters, FILTER(PTP_V2_L4_SYNC)));
	assert_int_equal(GETS("ptpv2-l2-event"), BIT(n->rx_filters, FILTER(PTP_V2_L2_EVENT)));
	assert_int_equal(GETS("ptpv2-l2-sync"), BIT(n->rx_filters, FILTER(PTP_V2_L2_SYNC)));
	assert_int_equal(GETS("ptpv2-event"), BIT(n->rx_filters, FILTER(PTP_V2_EVENT)));
	assert_int_equal(GETS("ptpv2-sync"), BIT(n->rx_filters, FILTER(PTP_V2_SYNC)));
}

/* What somebody would make of ethtool's words, and what nic_fit() says */
static void same_verdict(const struct nic *n, const char *told)
{
	bool l4 = GETS("ptpv2-l4-event") || GETS("ptpv2-l4-sync"), l2 = GETS("ptpv2-l2-event") || GETS("ptpv2-l2-sync");
	bool hardware = CAN("hardware-transmit") && CAN("hardware-receive") && CAN("hardware-raw-clock");
	const char *packets = GETS("all") ? "all packets" :
			      GETS("ptpv2-event") || GETS("ptpv2-sync") || (l4 && l2) ? "PTP packets" :
			      l4 ? "PTP over UDP only" : l2 ? "PTP over Ethernet (L2) only" : NULL;
	bool software = CAN("software-transmit") && CAN("software-receive") && CAN("software-system-clock");
	const char *phc = strstr(told, "PTP Hardware Clock: ") + strlen("PTP Hardware Clock: ");
	char words[100];

	if (hardware && packets && *phc != 'n' && (SENDS("on") || SENDS("one-step-sync"))) {
		assert_int_equal(nic_fit(n, why, sizeof(why)), NIC_HARDWARE);
		snprintf(words, sizeof(words), "hardware timestamps of %s, PHC ptp%d", packets, atoi(phc));
		assert_string_equal(why, words);
	} else {
		assert_int_equal(nic_fit(n, why, sizeof(why)), software ? NIC_SOFTWARE : NIC_UNFIT);
	}
	assert_int_equal(nic_software(n), software);
}

static void test_ethtool_words(void **state)
{
	static char text[1 << 16];
	FILE *f = fopen("tests/unit/fixtures/ethtool.txt", "r");
	int sections = 0;
	char *told, *end;
	struct nic n;

	(void)state;
	if (!f)
		fail_msg("tests/unit/fixtures/ethtool.txt is missing");
	text[fread(text, 1, sizeof(text) - 1, f)] = 0;
	fclose(f);
	for (told = text + 1; told; told = end, sections++) {
		end = strchr(told, '#');
		if (end)
			*end++ = 0;
		assert_int_equal(sscanf(told, "%x %x %x %d", &answered.so_timestamping, &answered.tx_types,
					&answered.rx_filters, &answered.phc_index), 4);
		nic_read(&n, "any", answer_recorded);
		same_names(&n, told);
		same_verdict(&n, told);
	}
	assert_int_equal(sections, 4 + 3 * 18 + 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_empty, empty_tree),
		cmocka_unit_test_setup(test_cards, empty_tree),
		cmocka_unit_test_setup(test_virtio, empty_tree),
		cmocka_unit_test_setup(test_functions, empty_tree),
		cmocka_unit_test_setup(test_away, empty_tree),
		cmocka_unit_test_setup(test_stacked, empty_tree),
		cmocka_unit_test_setup(test_hostile, empty_tree),
		cmocka_unit_test_setup(test_too_many, empty_tree),
		cmocka_unit_test(test_fit),
		cmocka_unit_test_setup(test_errors, empty_tree),
		cmocka_unit_test(test_ethtool),
		cmocka_unit_test_setup(test_ethtool_words, empty_tree),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("host-nic", tests, NULL, remove_tree);
}
