// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ptpkvm-host config in a tree of its own: the command line, network cards, what is written, installed and taken
 * away, and the faults that may be met. ptp4l and chronyd are played by scripts, the cards' stamps by stamps().
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/array.h"
#include "base/die.h"
#include "config/apply.h"
#include "nic/order.h"
#include "nic/stamps.h"
#include "ptpkvm-host.h"
#include "tree.h"

#define CONF "/etc/ptpkvm/ptp4l.conf"
#define PHC2SYS "/etc/systemd/system/phc2sys@eth0.service"
#define DROP_IN "/etc/systemd/system/ptp4l@eth0.service.d/ptpkvm-host.conf"

/* Instead of the kernel's word: "hardware 3", "software -1", "none -1"; no file: ENODEV */
int nic_stamps(const char *name, struct nic_stamps *s)
{
	char path[100], what[20];
	int phc;

	snprintf(path, sizeof(path), "/stamps/%s", name);
	if (sscanf(get(path), "%19s %d", what, &phc) != 2)
		return ENODEV;
	s->hardware = !strcmp(what, "hardware");
	s->software = strcmp(what, "none");
	s->phc = phc;
	return 0;
}

/* --- the machine --- */

static void program(const char *name, const char *script)
{
	char path[100], text[1000];

	snprintf(path, sizeof(path), "/bin/%s", name);
	snprintf(text, sizeof(text), "#!/bin/sh\nT=%s\n%s", tree, script);
	put_mode(path, text, 0755);
}

static void nic(const char *name, const char *state, const char *stamps)
{
	char path[100];

	snprintf(path, sizeof(path), "/sys/class/net/%s/address", name);
	put(path, "52:54:00:00:00:01\n");
	snprintf(path, sizeof(path), "/sys/class/net/%s/operstate", name);
	put(path, state);
	snprintf(path, sizeof(path), "/sys/class/net/%s/device/vendor", name);
	put(path, "0x8086\n");
	snprintf(path, sizeof(path), "/stamps/%s", name);
	put(path, stamps);
}

static char *etc_before;

static void remember(void)
{
	free(etc_before);
	etc_before = manifest("/etc");
}

static int setup(void **state)
{
	(void)state;
	tree_make();
	tree_programs();
	put("/version", "4.2");
	program("ptp4l", "cat $T/version\n");
	program("chronyd", "echo 'chronyd (chrony) version 4.6 (+CMDMON)'\n");
	put("/etc/os-release", "NAME=Debian\nID=debian\n");
	put("/etc/systemd/system/x.service", "");
	nic("eth0", "up\n", "hardware 0");
	nic("eth1", "up\n", "hardware 0");
	nic("enp3s0", "up\n", "software -1");
	remember();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(etc_before);
	etc_before = NULL;
	tree_remove();
	return 0;
}

static int call(void *arg)
{
	char **argv = arg;
	int argc = 0;

	while (argv[argc])
		argc++;
	return cmd_config(argc, argv);
}

#define config(...) apart(call, (char *[]){ "config", __VA_ARGS__, NULL })

static void etc_is_as_before(void)
{
	char *now = manifest("/etc");

	assert_string_equal(now, etc_before);
	free(now);
}

static void refused(int status, const char *reason)
{
	if (status != EXIT_BROKEN)
		fail_msg("status %d: %s%s", status, said_out, said_err);
	has(said_err, reason);
	etc_is_as_before();
}

static const char *below(const char *path)
{
	static char full[2][FILE_PATH_MAX];
	static int which;

	return file_path(full[which ^= 1], path);
}

/* --- which interface --- */

static void test_nic_numbers(void **state)
{
	static const char *const order[] = { "em1", "eno2", "eno10", "eth0", "eth1", "enp3s0", "enp3s0f1", "enp10s0",
					     "ens1", "wlan0" };
	char name[IF_NAMESIZE], why[600];

	(void)state;
	for (size_t i = ARRAY_SIZE(order); i--;)
		nic(order[i], "UP\n", "software -1");
	nic("eno1", "down\n", "hardware 1");		/* no carrier */
	nic("eth9", "unknown\n", "hardware 1");
	nic("eth8", "up\n", "hardware 1");		/* a virtual function */
	put("/sys/class/net/eth8/device/physfn/x", "");
	put("/sys/class/net/br0/address", "52:54:00:00:00:01\n");	/* no device */
	put("/sys/class/net/br0/operstate", "up\n");
	put("/sys/class/net/lo/address", "00:00:00:00:00:00\n");
	put("/sys/class/net/bonding_masters", "");
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		if (!nic_by_number(i + 1, name, why, sizeof(why)))
			fail_msg("%s", why);
		assert_string_equal(name, order[i]);
	}
	assert_false(nic_by_number(99, name, why, sizeof(why)));
	has(why, "nic99: of network cards that are up there are 10: nic1 is em1, nic2 is eno2, nic3 is eno10, ");
	put("/var/lib/os-net-config/dpdk_mapping.yaml", "- {name: eth7}\n");
	refused(config("--install"), "default of --interface: nic1: TripleO counts the cards in");
}

static void test_interfaces(void **state)
{
	(void)state;
	good(config(NULL));
	has(said_out, "# default of --interface (nic1)\n[eth0]\n");
	refused(config("--interface", "eth7"), "--interface: there is no interface eth7; 'ip -br link' lists them");
	refused(config("--interface", "nic99"), "--interface: nic99: of network cards that are up there are 3: nic1 is eth0,");
	refused(config("--interface", "eth0;reboot"), "'eth0;reboot' cannot be an interface's name");
	refused(config("--interface", "eth0", "--interface", "nic1", "--role", "boundary"),
		"--interface (nic1): the interface eth0 is there twice in domain 0 (--interface)");
	gone("/sys/class/net");
	refused(config(NULL), "default of --interface: nic1: of network cards that are up there are 0; plug in the cable, ");
}

static void test_virtual_function(void **state)
{
	(void)state;
	nic("enp5s0v0", "up\n", "hardware 0");	/* as mlx5's */
	put("/sys/class/net/enp5s0v0/device/physfn/x", "");
	good(config("--interface", "enp5s0v0", "--role", "grandmaster"));
	good(config("--interface", "enp5s0v0"));
	has(said_out, "time_stamping hardware\n");
	put("/stamps/enp5s0v0", "software -1");
	refused(config("--interface", "enp5s0v0", "--role", "grandmaster"),
		"--interface: enp5s0v0 is a virtual function without a clock: no grandmaster");
	refused(config("--interface", "enp5s0v0", "--timestamping", "hardware"),
		"--timestamping: enp5s0v0 (--interface) does not stamp packets in hardware");
	good(config("--interface", "enp5s0v0"));
	has(said_out, "time_stamping software\n");
}

static void test_stamps(void **state)
{
	(void)state;
	good(config("--interface", "eth0"));
	has(said_out, "# default of --timestamping (auto): the network card has a clock\ntime_stamping hardware\n");
	good(config("--interface", "enp3s0"));
	has(said_out, "# default of --timestamping (auto): the network card has no clock\ntime_stamping software\n");
	lacks(said_out, "phc2sys@");
	good(config("--interface", "eth0", "--timestamping", "software"));
	has(said_out, "# --timestamping\ntime_stamping software\n");
	refused(config("--interface", "enp3s0", "--timestamping", "hardware"),
		"--timestamping: enp3s0 (--interface) does not stamp packets in hardware; try --timestamping auto");
	for (int i = 0; i < 2; i++) {
		good(config("--role", "boundary", "--interface", i ? "eth0" : "enp3s0", "--interface",
			    i ? "enp3s0" : "eth0", "--interface", "eth1"));
		has(said_out, "time_stamping software\n");
		has(said_err, "software time stamps, since enp3s0 has no clock that stamps packets\n");
	}
	good(config("--role", "boundary", "--interface", "eth0", "--interface", "eth1"));
	lacks(said_out, "jbod");
	put("/stamps/eth1", "hardware 1");
	good(config("--role", "boundary", "--interface", "eth0", "--interface", "eth1"));
	has(said_out, "boundary_clock_jbod 1\n");
	refused(config("--role", "boundary", "--interface", "eth0", "--interface", "eth1", "--ntp-server", "a"),
		"--ntp-server: phc2sys can't both keep");
	put("/stamps/eth1", "none -1");
	refused(config("--interface", "eth1"), "eth1 stamps packets neither in hardware nor in software: no PTP");
	gone("/stamps/eth1");
	refused(config("--interface", "eth1"), "how eth1 stamps packets is not known: No such device");
}

/* --- bonds, VLANs, bridges --- */

/* kind: "bonding", "bridge", "vlan"; over: its ports, of which each has it as its master but for a VLAN's */
static void stacked(const char *name, const char *kind, const char *const over[])
{
	char path[100], to[40];

	snprintf(path, sizeof(path), "/sys/class/net/%s/address", name);
	put(path, "52:54:00:00:00:02\n");
	snprintf(path, sizeof(path), "/sys/class/net/%s/%s", name, strcmp(kind, "vlan") ? kind : "uevent");
	if (!strcmp(kind, "vlan"))
		put(path, "DEVTYPE=vlan\n");
	else if (!strcmp(kind, "bonding"))
		put(strcat(path, "/mode"), "active-backup 1\n");
	else
		put(strcat(path, "/bridge_id"), "8000.525400000002\n");
	for (; *over; over++) {
		snprintf(path, sizeof(path), "/sys/class/net/%s/lower_%s", name, *over);
		snprintf(to, sizeof(to), "../%s", *over);
		put_link(path, to);
		snprintf(path, sizeof(path), "/sys/class/net/%s/master", *over);
		snprintf(to, sizeof(to), "../%s", name);
		if (strcmp(kind, "vlan"))
			put_link(path, to);
	}
}

#define OVER(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void test_vlan(void **state)
{
	(void)state;
	stacked("eth0.7", "vlan", OVER("eth0"));
	put("/stamps/eth0.7", "hardware 0");
	good(config("--interface", "eth0.7"));
	has(said_out, "# --interface (a VLAN over eth0)\n[eth0.7]\n");
	has(said_out, "time_stamping hardware\n");
	has(said_out, "phc2sys -a -r -n 0 ");
	/* What is below can't, or the VLAN's driver does not hand it on. */
	put("/stamps/eth0", "software -1");
	good(config("--interface", "eth0.7"));
	has(said_out, "time_stamping software\n");
	put("/stamps/eth0", "hardware 0");
	put("/stamps/eth0.7", "none -1");
	refused(config("--interface", "eth0.7"),
		"--interface (a VLAN over eth0): eth0.7 stamps packets neither in hardware nor in software: no PTP");
	put("/stamps/eth0.7", "hardware 0");
	put("/sys/class/net/eth0/device/physfn/x", "");
	put("/stamps/eth0", "software -1");
	refused(config("--interface", "eth0.7", "--role", "grandmaster"),
		"--interface: eth0 is a virtual function without a clock: no grandmaster");
	/* One over the other, in a circle */
	stacked("a", "vlan", OVER("b"));
	stacked("b", "vlan", OVER("a"));
	refused(config("--interface", "a"), "--interface: a is a VLAN, over more than 4 others");
}

static void test_bond(void **state)
{
	(void)state;
	stacked("bond0", "bonding", OVER("eth0", "eth1"));
	put("/stamps/eth1", "hardware 1");
	good(config("--interface", "bond0"));
	has(said_out, "# --interface (an active-backup bond of eth0, eth1)\n[bond0]\n");
	has(said_out, "time_stamping hardware\n");
	lacks(said_out, "jbod");
	has(said_out, "phc2sys -a -r -n 0 ");
	/* The other port may be the active one tomorrow. */
	put("/stamps/eth1", "software -1");
	good(config("--interface", "bond0"));
	has(said_out, "time_stamping software\n");
	refused(config("--interface", "bond0", "--timestamping", "hardware"),
		"bond0 (--interface (an active-backup bond of eth0, eth1)) does not stamp packets in hardware");
	for (const char *const *mode = OVER("802.3ad 4\n", "balance-rr 0\n", "balance-tlb 5\n"); *mode; mode++) {
		put("/sys/class/net/bond0/bonding/mode", *mode);
		refused(config("--interface", "bond0"), "--interface: bond0 is a bond in mode ");
		has(said_err, ": only with active-backup does ptp4l know which port its packets take; ");
	}
	gone("/sys/class/net/bond0/bonding/mode");
	refused(config("--interface", "bond0"), "bond0 is a bond in mode unknown: ");
	stacked("bond1", "bonding", OVER(NULL));
	refused(config("--interface", "bond1"), "--interface: bond1 is a bond without ports; ip link set CARD master bond1");
	/* Its ports by themselves */
	put("/sys/class/net/bond0/bonding/mode", "active-backup 1\n");
	refused(config("--interface", "eth1"), "--interface: eth1 is a port of the bond bond0, which takes its UDP packets; "
					       "name bond0, or say --transport L2");
	refused(config(NULL), "default of --interface (nic1): eth0 is a port of the bond bond0");
	good(config("--interface", "eth1", "--transport", "L2"));
}

static void test_vlan_over_bond(void **state)
{
	(void)state;
	stacked("bond0", "bonding", OVER("eth0", "eth1"));
	stacked("bond0.7", "vlan", OVER("bond0"));
	put("/stamps/bond0.7", "hardware 0");
	good(config("--interface", "bond0.7", "--timestamping", "hardware"));
	has(said_out, "# --interface (a VLAN over bond0, an active-backup bond of eth0, eth1)\n[bond0.7]\n");
	has(said_out, "phc2sys -a -r -n 0 ");
	good(config("--interface", "bond0.7", "--ntp-server", "a"));
	put("/version", "3.1.1");
	good(config("--interface", "bond0.7"));
	has(said_out, "time_stamping software\n");
	refused(config("--interface", "bond0.7", "--timestamping", "hardware"),
		"is a VLAN over a bond, of which only linuxptp 4.0 has hardware time stamps; try --timestamping auto");
	refused(config("--interface", "bond0.7", "--ntp-server", "a"),
		"before linuxptp 4.0 a VLAN over a bond can't have hardware time stamps, which timemaster would take; "
		"say --timestamping software");
	good(config("--interface", "bond0.7", "--ntp-server", "a", "--timestamping", "software"));
	put("/sys/class/net/bond0/bonding/mode", "802.3ad 4\n");
	refused(config("--interface", "bond0.7"), "--interface: bond0 is a bond in mode 802.3ad: ");
}

static void test_bridge(void **state)
{
	(void)state;
	stacked("br0", "bridge", OVER("eth0", "enp3s0"));
	stacked("br0.7", "vlan", OVER("br0"));
	for (int i = 0; i < 2; i++)
		refused(config("--interface", i ? "br0" : "br0.7"), "--interface: br0 is a bridge, which stamps no packets; name its port to "
						      "the network, of enp3s0, eth0, and --transport L2");
	refused(config("--interface", "nic1"), "--interface (nic1): eth0 is a port of a bridge (br0), which takes its UDP "
					       "packets; say --transport L2");
	good(config("--interface", "nic1", "--transport", "L2"));
	has(said_out, "# --interface (nic1)\n[eth0]\n");
	put("/sys/class/net/ovs-system/address", "52:54:00:00:00:02\n");
	put_link("/sys/class/net/eth1/master", "../ovs-system");
	refused(config("--interface", "eth1"), "eth1 is a port of a bridge (ovs-system), which takes its UDP packets");
	put("/sys/class/net/vrf0/address", "52:54:00:00:00:02\n");
	gone("/sys/class/net/eth1/master");
	put_link("/sys/class/net/eth1/master", "../vrf0");
	good(config("--interface", "eth1"));
}

/* --- versions and distributions --- */

static void test_versions(void **state)
{
	(void)state;
	put("/version", "3.1.1\n");
	good(config(NULL));
	has(said_out, "linuxptp 3.1.1 on Debian");
	has(said_out, "\nslaveOnly 1\n");
	put("/version", "nonsense");
	refused(config(NULL), "ptp4l -v: 'nonsense' is no version; say --linuxptp-version");
	put("/version", "2.0");
	refused(config(NULL), "linuxptp 2.0 is older than 3.1");
	/* Not executable for want of its interpreter, so that one of this machine's is not taken either */
	program("ptp4l", "exit 127\n");
	refused(config(NULL), "try: sudo apt install linuxptp (or: sudo dnf install linuxptp), or say "
			      "--linuxptp-version");
	program("ptp4l", "exec sleep 1000\n");
	refused(config(NULL), "ptp4l: no answer within 5 s");
	program("ptp4l", "echo 4.2\n");
	program("chronyd", "exit 127\n");
	good(config(NULL));
	refused(config("--ntp-server", "a"), "try: sudo apt install chrony (or: sudo dnf install chrony), or say "
					     "--chrony-version");
	good(config("--ntp-server", "a", "--chrony-version", "4.3"));
}

static void test_another_machine(void **state)
{
	(void)state;
	gone("/sys/class/net");
	good(config("--linuxptp-version", "3.1", "--interface", "eno5", "--timestamping", "hardware", "--distribution", "rhel"));
	has(said_out, "==> /etc/systemd/system/ptp4l.service.d/");
	refused(config("--linuxptp-version", "3.1", "--interface", "eno5"),
		"say --timestamping hardware or software (auto, default of --timestamping, asks the network card)\n");
	refused(config("--linuxptp-version", "3.1", "--timestamping", "software"),
		"say --interface NAME (nic1, default of --interface, is counted on the machine itself)\n");
	refused(config("--linuxptp-version", "3.1", "--interface", "a", "--ntp-server", "b"), "say --chrony-version V\n");
	good(config("--linuxptp-version", "3.1", "--interface", "a", "--ntp-server", "b", "--chrony-version", "4.0"));
	refused(config("--linuxptp-version", "3.1", "--interface", "a", "--install"), "is for another machine");
	refused(config("--linuxptp-version", "3,1"), "'3,1' is not a version such as 4.2");
	refused(config("--chrony-version", "x"), "'x' is not a version such as 4.6");
	refused(config("--distribution", "suse"), "'suse' is neither debian nor rhel");
}

static void test_distributions(void **state)
{
	static const struct {
		const char *release, *name;
	} cases[] = {
		{ "ID=ubuntu\nID_LIKE=debian\n", " on Debian;" }, { "ID=\"rhel\"\n", " on RHEL;" },
		{ "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n", " on RHEL;" },
		{ "NAME=debian\nID=fedora", " on RHEL;" }, { "ID=mint\nID_LIKE=\"ubuntu debian\"\n", " on Debian;" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		put("/etc/os-release", cases[i].release);
		good(config(NULL));
		has(said_out, cases[i].name);
	}
	put("/etc/os-release", "NAME=debian\nID=debianoid\n");
	remember();
	refused(config(NULL), "names no known distribution; say --distribution debian or rhel");
	good(config("--distribution", "debian"));
}

/* --- TripleO --- */

static void test_tripleo(void **state)
{
	char a[FILE_PATH_MAX], b[FILE_PATH_MAX];

	(void)state;
	put("/a.yaml", "parameter_defaults:\n  PtpInterface: nic3\n  PtpMessageTransport: L2\n");
	put("/b.yaml", "parameter_defaults:\n  PtpSlaveMode: 0\n  ComputeParameters:\n    PtpMessageTransport: UDPv6\n");
	strcpy(a, below("/a.yaml"));
	strcpy(b, below("/b.yaml"));
	good(config("--tripleo", a, b));
	has(said_out, "2:17: PtpInterface (nic3)\n[enp3s0]\n");
	has(said_out, "3:24: PtpMessageTransport\nnetwork_transport L2\n");
	has(said_out, "2:17: PtpSlaveMode\nclientOnly 0\n");
	good(config("--tripleo", a, "--role-name", "Compute", "--tripleo", b, "--slave", "1", "--interface", "eth1"));
	has(said_out, "4:26: PtpMessageTransport\nnetwork_transport UDPv6\n");
	has(said_out, "# --slave\nclientOnly 1\n");
	has(said_out, "# --interface\n[eth1]\n");
	lacks(said_out, "enp3s0");
	put("/b.yaml", "parameter_defaults:\n  PTPInterfaces: 0:eth0\n");
	refused(config("--tripleo", a, b), "a.yaml:2:17: PtpInterface and ");
	has(said_err, "b.yaml:2:18: PTPInterfaces: of two services");
	put("/a.yaml", "parameter_defaults:\n  NtpServer: a.example\n");
	good(config("--tripleo", a, b));
	has(said_out, "2:14: NtpServer\n[ntp_server a.example]\n");
	/* An option's interfaces replace those of a file altogether */
	good(config("--tripleo", b, "--interface", "eth1", "--slave", "0"));
	has(said_out, "[eth1]");
	put("/a.yaml", "parameter_defaults:\n  PtpSlaveMode: yes\n");
	refused(config("--tripleo", a), "a.yaml:2:17: PtpSlaveMode: 'yes' is not 0 or 1");
	refused(config("--tripleo", "/no/such.yaml"), "cannot read /no/such.yaml: No such file or directory");
}

/* --- written elsewhere --- */

static void test_output(void **state)
{
	char dir[FILE_PATH_MAX];

	(void)state;
	strcpy(dir, below("/out/new"));
	good(config("--output", dir));
	etc_is_as_before();
	has(get("/out/new" CONF), "\n[eth0]\n");
	has(get("/out/new" PHC2SYS), "ExecStart=");
	has(said_out, "systemctl enable ptp4l@eth0.service phc2sys@eth0.service\n");
	good(config("--output", dir, "--domain", "4"));
	has(get("/out/new" CONF), "\ndomainNumber 4\n");
	/* Not over somebody else's */
	put("/out/new" CONF, "mine\n");
	refused(config("--output", dir), "/out/new" CONF " is there, and ptpkvm-host did not write it");
	assert_string_equal(get("/out/new" CONF), "mine\n");
	refused(config("--output", dir, "--install"), "only one of");
	refused(config("--output", dir, "--dry-run"), "--dry-run compares with what is installed");
	strcpy(dir, below("/version/x"));
	refused(config("--output", dir), "Not a directory");
}

/* --- installed and taken away --- */

static void test_install(void **state)
{
	char *once, *twice;

	(void)state;
	put("/usr/lib/systemd/system/systemd-timesyncd.service", "");
	put("/lib/systemd/system/chrony.service", "");
	good(config("--install"));
	has(said_out, "write       ");
	has(said_out, "  systemctl daemon-reload\n  systemctl disable --now systemd-timesyncd.service chrony.service\n"
		      "  systemctl enable ptp4l@eth0.service phc2sys@eth0.service\n"
		      "  systemctl restart ptp4l@eth0.service phc2sys@eth0.service\n");
	has(said_out, "PTP is UDP 319 and 320");
	has(get(CONF), "\nclientOnly 1\n");
	has(get(DROP_IN), "\nExecStart=\nExecStart=/usr/sbin/ptp4l -f " CONF "\n");
	once = manifest("/etc");
	good(config("--install"));
	has(said_out, "already so  ");
	twice = manifest("/etc");
	assert_string_equal(once, twice);
	free(once);
	free(twice);
	good(config("--uninstall"));
	has(said_out, "remove      ");
	has(said_out, "systemctl disable --now ptp4l@eth0.service phc2sys@eth0.service\n");
	etc_is_as_before();
	good(config("--uninstall"));
	assert_string_equal(said_out, "nothing is installed\n");
}

/* Other parameters: what is not wanted any more goes. */
static void test_reinstall(void **state)
{
	(void)state;
	good(config("--install", "--domain", "1"));
	good(config("--install", "--domain", "2"));
	has(get(CONF), "\ndomainNumber 2\n");
	good(config("--install", "--ntp-server", "a.example"));
	has(said_out, "systemctl disable --now ptp4l@eth0.service phc2sys@eth0.service\n");
	assert_false(file_exists(CONF));
	assert_false(file_exists(PHC2SYS));
	has(get("/etc/ptpkvm/timemaster.conf"), "[ntp_server a.example]");
	good(config("--install", "--interface", "eth1"));
	has(get(CONF), "[eth1]");
	assert_false(file_exists(PHC2SYS));
	/* A unit that stays is none to disable, whatever is in its name. */
	nic("br-ex", "up\n", "hardware 0");
	good(config("--install", "--interface", "br-ex"));
	has(said_out, "disable --now ptp4l@eth1.service phc2sys@eth1.service\n");
	good(config("--install", "--interface", "br-ex", "--timestamping", "software"));
	has(said_out, "disable --now 'phc2sys@br\\x2dex.service'\n");
	good(config("--uninstall"));
	has(said_out, "'ptp4l@br\\x2dex.service'");
	etc_is_as_before();
}

/* Whatever the parameters, not a byte of anybody else's changes: neither of what packages brought nor of an admin's. */
static void test_nobody_elses(void **state)
{
	static char *const parameters[][4] = {
		{ "--ntp-server", "a.example" }, { "--role", "grandmaster" }, { "--timestamping", "software" },
		{ "--slave", "0", "--ntp-server", "a.example" },
	};
	static const char *const others[] = {
		"/etc/linuxptp/ptp4l.conf", "/etc/linuxptp/timemaster.conf", "/etc/ptp4l.conf", "/etc/timemaster.conf",
		"/etc/sysconfig/ptp4l", "/etc/sysconfig/phc2sys", "/etc/default/ptp4l", "/etc/chrony/chrony.conf",
		"/etc/chrony.conf", "/etc/systemd/system/ptp4l@eth0.service.d/override.conf", "/etc/ptpkvm/state",
		"/etc/systemd/system/phc2sys@.service",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		put_mode(others[i], "an admin's\n", 0640);
	remember();
	for (size_t i = 0; i < 2 * ARRAY_SIZE(parameters); i++) {
		char *const *p = parameters[i / 2];

		put("/etc/os-release", i & 1 ? "ID=rhel\n" : "ID=debian\n");
		good(config("--install", p[0], p[1], p[2], p[3]));
		for (size_t k = 0; k < ARRAY_SIZE(others); k++)
			assert_string_equal(get(others[k]), "an admin's\n");
		for (char *line = strtok(said_out, "\n"); line && !strncmp(line, "write ", 6); line = strtok(NULL, "\n"))
			if (!strstr(line, "/etc/ptpkvm/") && !strstr(line, "/ptpkvm-host.conf") && !strstr(line, PHC2SYS))
				fail_msg("%s", line);
		good(config("--uninstall"));
	}
	put("/etc/os-release", "NAME=Debian\nID=debian\n");
	/* A unit of his own in the place of ours */
	put(PHC2SYS, "an admin's\n");
	remember();
	refused(config("--install"), PHC2SYS " is there, and ptpkvm-host did not write it; move it away first");
}

static void test_rhel(void **state)
{
	(void)state;
	put("/etc/os-release", "ID=rhel\n");
	put("/etc/chrony.conf", "pool a\n");
	put("/usr/lib/systemd/system/chronyd.service", "");
	remember();
	good(config("--install", "--slave", "0", "--ntp-server", "a.example"));
	has(said_out, "  echo 'confdir /etc/chrony.d' >>/etc/chrony.conf\n"
		      "  systemctl enable chronyd.service ptp4l.service phc2sys.service\n");
	lacks(said_out, "disable");
	put("/etc/chrony.conf", "pool a\nconfdir /etc/chrony.d\n");
	good(config("--install", "--slave", "0", "--ntp-server", "a.example"));
	lacks(said_out, "echo");
	good(config("--uninstall"));
	has(said_out, "systemctl try-restart chronyd.service\n");
	assert_false(file_exists("/etc/chrony.d"));
	assert_false(file_exists("/etc/ptpkvm"));
}

static void test_dry_run(void **state)
{
	(void)state;
	good(config("--install", "--dry-run"));
	has(said_out, "write       ");
	has(said_out, CONF "\n    " GENERATE_MARKER);
	has(said_out, "\n    clientOnly 1\n");
	etc_is_as_before();
	good(config("--dry-run"));
	has(said_out, "\n    clientOnly 1\n");
	good(config("--install"));
	remember();
	good(config("--dry-run"));
	has(said_out, "already so  ");
	lacks(said_out, "clientOnly");
	good(config("--uninstall", "--dry-run"));
	has(said_out, "remove      ");
	etc_is_as_before();
}

static int unprivileged(void *arg)
{
	become(1000, 0);
	file_root = "";
	return call(arg);
}

static void test_not_root(void **state)
{
	(void)state;
	assert_int_equal(apart(unprivileged, (char *[]){ "config", "--uninstall", NULL }), EXIT_BROKEN);
	has(said_err, "only root may do this; try: sudo ptpkvm-host config");
}

/* What is to be typed names the image, and nothing that runs. */
static void of_the_image_only(const char *root, const char *wanted)
{
	char line[FILE_PATH_MAX];

	snprintf(line, sizeof(line), "\n  systemctl --root=%.500s%.200s", root, wanted);
	has(said_out, line);
	lacks(said_out, "--now");
	lacks(said_out, "daemon-reload");
	lacks(said_out, "restart");
}

static void test_image(void **state)
{
	char root[sizeof(tree)], *argv[] = { "config", "--root", root, "--install", "--linuxptp-version", "4.2", "--interface",
					     "eth0", "--timestamping", "hardware", NULL };

	(void)state;
	strcpy(root, tree);
	put("/lib/systemd/system/chrony.service", "");
	file_root = "";
	good(apart(call, argv));
	of_the_image_only(root, " disable chrony.service\n");
	of_the_image_only(root, " enable ptp4l@eth0.service phc2sys@eth0.service\n");
	argv[3] = "--uninstall";
	argv[4] = NULL;
	file_root = tree;
	has(get(CONF), "[eth0]");
	file_root = "";
	good(apart(call, argv));
	of_the_image_only(root, " disable ptp4l@eth0.service phc2sys@eth0.service\n");
	file_root = tree;
	etc_is_as_before();
	refused(config("--root", "/no/such"), "--root: /no/such: No such file");
	refused(config("--root", root, "--install", "--interface", "eth0"), "say --linuxptp-version V; --timestamping hardware or software (");
	put("/etc/os-release", "ID=x\n");
	remember();
	refused(config("--root", root, "--install", "--ntp-server", "a", "--role", "grandmaster"),
		"/etc/os-release names neither); --linuxptp-version V; --chrony-version V; --timestamping hardware or software "
		"(auto, default of --timestamping, asks the network card); --interface NAME (nic1, default of --interface, is");
}

/* --- edited --- */

static void test_edited(void **state)
{
	(void)state;
	good(config("--install"));
	put(CONF, "mine\n");
	good(config("--install"));
	has(said_out, "keep edited ");
	assert_string_equal(get(CONF), "mine\n");
	good(config("--install", "--domain", "3"));
	has(said_out, CONF " as ptp4l.conf.ptpkvm-save\n");
	has(get(CONF), "\ndomainNumber 3\n");
	assert_string_equal(get(CONF ".ptpkvm-save"), "mine\n");
	put(PHC2SYS, "mine too\n");
	good(config("--uninstall"));
	has(said_out, "save edited ");
	has(said_out, PHC2SYS " as phc2sys@eth0.service.ptpkvm-save\n");
	assert_string_equal(get(PHC2SYS ".ptpkvm-save"), "mine too\n");
	assert_false(file_exists(CONFIG_JOURNAL));
	/* In its place is somebody else's by now, and so is the unit. */
	good(config("--install"));
	put_link(PHC2SYS, "/etc/other");
	good(config("--uninstall"));
	has(said_out, PHC2SYS ", which is somebody else's\n");
	has(said_out, "disable --now ptp4l@eth0.service\n");
	gone(PHC2SYS);
	gone(CONF ".ptpkvm-save");
	gone("/etc/ptpkvm");
	gone(PHC2SYS ".ptpkvm-save");
	etc_is_as_before();
}

/* One that can't be taken away does not keep the others. */
static int with_immovable(void *arg)
{
	char full[FILE_PATH_MAX];

	own_mounts();
	if (mount(file_path(full, CONF), full, NULL, MS_BIND, NULL))
		die("mount: %s", strerror(errno));
	return call(arg);
}

static void test_immovable(void **state)
{
	(void)state;
	good(config("--install"));
	assert_int_equal(apart(with_immovable, (char *[]){ "config", "--uninstall", NULL }), EXIT_BROKEN);
	has(said_err, "cannot remove ");
	has(said_err, "Device or resource busy");
	has(said_out, "  systemctl disable --now ptp4l@eth0.service phc2sys@eth0.service\n");
	assert_false(file_exists(PHC2SYS));
	assert_false(file_exists(DROP_IN));
	good(config("--uninstall"));
	etc_is_as_before();
}

/* --- what goes wrong in the middle --- */

static int on_small_disk(void *arg)
{
	char etc[300], command[700], *before, *after;
	int spare = *(int *)arg, status;	/* pages; negative: mounted read-only */

	own_mounts();
	snprintf(etc, sizeof(etc), "%s/etc", tree);
	snprintf(command, sizeof(command), "cp -a %s %s/etc-was", etc, tree);
	if (system(command) || mount("none", etc, "tmpfs", 0, "size=1m"))
		die("mount: %s", strerror(errno));
	snprintf(command, sizeof(command),
		 "cd %s && cp -a etc-was/. etc && rm -r etc-was && { cat /dev/zero >etc/zero 2>/dev/null; "
		 "truncate -s -%d etc/zero; }",
		 tree, spare > 0 ? spare * 4096 : 0);
	if (system(command))
		die("%s", command);
	if (spare < 0 && mount(NULL, etc, NULL, MS_REMOUNT | MS_RDONLY, NULL))
		die("remount: %s", strerror(errno));
	before = manifest("/etc");
	status = call((char *[]){ "config", "--install", NULL });
	after = manifest("/etc");
	if (status && strcmp(before, after))
		die("changed: %s\nto: %s", before, after);
	free(before);
	free(after);
	return status;
}

static void test_disk(void **state)
{
	int spare;

	(void)state;
	/* None to spare, then a page more each time, until all fits */
	for (spare = 0; spare < 20; spare++) {
		if (apart(on_small_disk, &spare) == EXIT_GOOD)
			break;
		has(said_err, "No space left on device");
		has(said_err, "everything is as it was before");
	}
	assert_in_range(spare, 3, 19);
	spare = -1;
	assert_int_equal(apart(on_small_disk, &spare), EXIT_BROKEN);
	has(said_err, "Read-only file system");
	has(said_err, "everything is as it was before");
}

static int closed(void *arg)
{
	close(STDOUT_FILENO);
	return call(arg);
}

static void test_closed_output(void **state)
{
	(void)state;
	assert_int_equal(apart(closed, (char *[]){ "config", "--install", NULL }), EXIT_BROKEN);
	has(said_err, "cannot write standard output");
	has(get(CONF), "\nclientOnly 1\n");
	good(config("--uninstall"));
	etc_is_as_before();
}

static void test_bad_options(void **state)
{
	char *many[80] = { "config" };

	(void)state;
	refused(config("--slave", "2"), "--slave: '2' is not 0 or 1");
	refused(config("--domain", "128"), "--domain: '128' is not a whole number from 0 to 127");
	refused(config("--transport", "udp"), "--transport: 'udp' is not L2, UDPv4 or UDPv6");
	refused(config("--role", "slave"), "--role: 'slave' is not ordinary, boundary or grandmaster");
	refused(config("--timestamping", "x"), "--timestamping: 'x' is not auto, hardware or software");
	refused(config("--role-name", "a b"), "--role-name: 'a b' cannot be a role's name");
	refused(config("x"), "unexpected argument 'x'");
	refused(config("--nonsense"), "bad option");
	refused(config("--uninstall", "--slave", "1"), "--uninstall takes no parameters");
	refused(config("--output", ""), "--output: its argument is empty");
	for (int i = 1; i < 75; i++)
		many[i] = i == 1 ? "--tripleo" : "/x";
	refused(apart(call, many), "--tripleo: more than 64 files");
	for (int i = 1; i < 75; i++)
		many[i] = "--slave=1";
	refused(apart(call, many), "more than 64 options");
	good(config("--help"));
	has(said_out, "--linuxptp-version");
}

#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(nic_numbers), T(interfaces), T(virtual_function), T(stamps), T(vlan), T(bond), T(vlan_over_bond), T(bridge),
		T(versions), T(another_machine),
		T(distributions), T(tripleo), T(output), T(install), T(reinstall), T(nobody_elses), T(rhel), T(dry_run), T(not_root), T(image),
		T(edited), T(immovable), T(disk),
		T(closed_output), T(bad_options),
	};

	progname = "ptpkvm-host";
	if (geteuid())
		become(0, 0);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("host_config", tests, NULL, NULL);
}
