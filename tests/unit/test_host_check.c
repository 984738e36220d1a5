// SPDX-License-Identifier: GPL-2.0-or-later
/* ptpkvm-host check: its judgement on facts of our own making, and what it gathers from a tree of our own. */
#include <errno.h>
#include <getopt.h>
#include <linux/ethtool.h>
#include <linux/net_tstamp.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/array.h"
#include "base/die.h"
#include "base/now.h"
#include "base/text.h"
#include "check/judge.h"
#include "documented.h"
#include "facts/facts.h"
#include "found.h"
#include "ptpkvm-host.h"
#include "steerers.h"
#include "system/tree.h"
#include "tree.h"

#define NOW 1795000000LL	/* November 2026 */
#define HARDWARE (SOF_TIMESTAMPING_TX_HARDWARE | SOF_TIMESTAMPING_RX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE)
#define SOFTWARE (SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE)

/* --- what is asked of a ptp4l that is made up --- */

static struct {
	double ingress_ns;
	bool comes;		/* Sync goes on */
	int asked;
	int64_t slept;
} fake;

static enum pmc_result fake_ask(const char *server, int in, int domain, int transport_specific, struct pmc_data *d,
				char *why, size_t len)
{
	(void)server, (void)in, (void)domain, (void)transport_specific, (void)why, (void)len;
	d->ingress_ns = fake.ingress_ns + (fake.comes ? 1e9 * fake.asked : 0);
	d->offset_ns = -12;
	d->n_ports = 1;
	d->ports[0] = (struct pmc_port){ .state = "SLAVE", .log_sync = -1 };
	fake.asked++;
	return PMC_ANSWERED;
}

static int fake_sleep(const struct timespec *t, struct timespec *left)
{
	(void)left;
	fake.slept += ts_ns(t);
	return 0;
}

#define pmc_ask fake_ask
#define nanosleep fake_sleep
#include "../../host-tools/facts/daemons.c"
#undef pmc_ask
#undef nanosleep

static struct timex fake_timex;

static int fake_adjtimex(struct timex *tx)
{
	assert_int_equal(tx->modes, 0);
	*tx = fake_timex;
	return TIME_OK;
}

#define adjtimex fake_adjtimex
#include "../../lib/time/kernel_clock.c"
#undef adjtimex

static void bound_is(long us, double max_ns, double est_ns)
{
	struct kernel_clock k;

	fake_timex = (struct timex){ .maxerror = us, .esterror = 1, .tai = 37 };
	kernel_clock_read(&k);
	assert_true(k.known && k.tai_utc == 37);
	assert_true(isnan(max_ns) ? isnan(k.max_error_ns) && isnan(k.est_error_ns) :
		    k.max_error_ns == max_ns && k.est_error_ns == est_ns);
}

static void test_kernel_bound(void **state)
{
	(void)state;
	bound_is(50, 50000, 1000);
	bound_is(0, NAN, NAN);
	bound_is(15999999, 15999999e3, 1000);
	bound_is(16000000, NAN, NAN);
}

static void sync_is(double ago_s, bool comes, int asked, bool ceased)
{
	static const struct check_facts f = { .root = true };
	struct ptp4l_fact p = { .process.socket = "/run/ptp4l" };

	fake.ingress_ns = now_ns(CLOCK_REALTIME) - ago_s * 1e9;
	fake.comes = comes;
	fake.asked = fake.slept = 0;
	check_ask_ptp4l(&f, &p);
	look_for_sync(&f, &p);
	assert_int_equal(fake.asked, asked);
	assert_int_equal(fake.slept, asked > 1 ? 2000000000 : 0);
	assert_int_equal(p.sync_ceased, ceased);
	assert_true(ceased ? isnan(p.data.offset_ns) : p.data.offset_ns == -12);
}

static void test_sync(void **state)
{
	(void)state;
	sync_is(0, false, 1, false);
	sync_is(-37, false, 1, false);		/* a PHC has TAI */
	sync_is(10, false, 1, false);
	sync_is(100, false, 2, true);
	sync_is(100, true, 2, false);		/* a clock of its own scale */
	sync_is(-500, false, 2, true);
	sync_is(1e9, true, 2, false);
}

/* --- the judgement --- */

static struct check_facts facts;
static struct check_report report;

#define MANY 64		/* processes of ptp4l: a grandmaster can have one for each port */

static struct nic *add_nic(struct check_facts *f, const char *name, int phc)
{
	struct nic *n = &f->nics.list[f->nics.n++];

	*n = (struct nic){ .driver = "igb",
			   .operstate = "up",
			   .speed = 1000,
			   .stamping = HARDWARE | SOFTWARE,
			   .tx_types = 1 << HWTSTAMP_TX_ON,
			   .rx_filters = 1 << HWTSTAMP_FILTER_ALL,
			   .phc = phc };
	strcpy(n->name, name);
	return n;
}

static struct nic *add_stack(struct check_facts *f, const char *name, enum nic_kind kind, const char *below,
			     const char *also)
{
	struct nic *n = add_nic(f, name, -1);

	n->kind = kind;
	n->stamping = SOFTWARE;
	strcpy(n->lower[n->n_lower++], below);
	if (also)
		strcpy(n->lower[n->n_lower++], also);
	return n;
}

/* A host as it should be: hardware timestamps from a grandmaster, phc2sys. */
static void healthy(struct check_facts *f)
{
	static struct ptp4l_fact ptp4l[MANY], *p = &ptp4l[0];
	static struct phc2sys_fact phc2sys[MANY];

	memset(ptp4l, 0, sizeof(ptp4l));
	memset(phc2sys, 0, sizeof(phc2sys));
	*f = (struct check_facts){
		.ptp4l = ptp4l,
		.phc2sys = phc2sys,
		.root = true,
		.debian = true,
		.linuxptp = true,
		.now = NOW,
		.n_ptp4l = 1,
		.n_phc2sys = 1,
		.n_leap_files = 1,
		.kernel = { .known = true, .max_error_ns = 50000, .est_error_ns = 1000, .tai_utc = 37 },
		.clocksource = "tsc",
		.clocksources = "tsc hpet acpi_pm ",
		.cpu = { .known = true, .vmx = true, .constant_tsc = true, .nonstop_tsc = true },
		.kvm = { .module = "kvm_intel", .node = true },
	};
	add_nic(f, "eno1", 0);
	add_nic(f, "eno2", 0);
	f->leap_files[0] = (struct leap_file){ .path = "/usr/share/zoneinfo/leap-seconds.list",
					       .expires = NOW + 100 * 86400, .tai_utc = 37 };
	f->phc2sys[0] = (struct phc2sys_fact){
		.process = { .pid = 512, .steers = true, .waits = true, .source = "eno1", .servo = "pi" },
		.unit = "phc2sys.service"
	};
	*p = (struct ptp4l_fact){
		.process = { .pid = 500,
			     .unit = "ptp4l@eno1.service",
			     .conf = "/etc/linuxptp/ptp4l.conf",
			     .interfaces = { "eno1" },
			     .n_interfaces = 1,
			     .servo = "pi",
			     .socket = "/var/run/ptp4l" },
		.asked = true,
		.result = PMC_ANSWERED,
		.data = { .identity = "6e2bee.fffe.8fb69c",
			  .slave_only = true,
			  .clock_class = 255,
			  .steps = 1,
			  .offset_ns = -12,
			  .path_delay_ns = 1300,
			  .grandmaster = "4e2367.fffe.f129c3",
			  .gm_class = 6,
			  .utc_offset = 37,
			  .utc_offset_valid = true,
			  .ptp_timescale = true,
			  .ingress_ns = NOW * 1e9,
			  .gm_present = true,
			  .n_ports = 1,
			  .ports = { { "6e2bee.fffe.8fb69c-1", "SLAVE", "eno1", "HARDWARE" } } },
	};
}

static struct chrony_source source(char mode, char state, const char *name)
{
	struct chrony_source s = { .mode = mode, .state = state, .reach = 0377, .last_rx = 1, .offset = 3e-6 };

	snprintf(s.name, sizeof(s.name), "%s", name);
	return s;
}

/* A host of NTP only, as most are */
static void ntp_only(struct check_facts *f)
{
	healthy(f);
	f->linuxptp = false;
	f->n_ptp4l = f->n_phc2sys = 0;
	f->nics.list[0].stamping = f->nics.list[1].stamping = SOFTWARE;
	f->chrony = (struct chrony_facts){ .pid = 498,
					   .unit = "chrony.service",
					   .answers = true,
					   .n_sources = 2,
					   .conf = "/etc/chrony/chrony.conf",
					   .leapsectz = "right/UTC" };
	f->chrony.sources[0] = source('^', '-', "192.0.2.1");
	f->chrony.sources[1] = source('^', '*', "192.0.2.2");
}

/* chronyd takes ptp4l's time from a refclock, as timemaster has it. */
static void timemaster(struct check_facts *f)
{
	struct phc2sys_fact phc2sys = {
		.process = { .pid = 512, .waits = true, .automatic = true, .servo = "ntpshm" }
	};

	ntp_only(f);
	f->linuxptp = true;
	f->nics.list[0].stamping |= HARDWARE;
	f->n_ptp4l = f->n_phc2sys = 1;
	f->phc2sys[0] = phc2sys;
	f->chrony.sources[1] = source('#', '*', "PTP0");
	f->chrony.refclocks[f->chrony.n_refclocks++] = (struct refclock_fact){ "SHM", "0", "PTP0" };
}

static void nothing(struct check_facts *f)
{
	(void)f;
}

static void named_software(struct check_facts *f)
{
	ntp_only(f);
	f->named[f->n_named++] = "eno1";
}

static void software_of_ptp4l(struct check_facts *f)
{
	f->nics.list[0].stamping = SOFTWARE;
	f->ptp4l[0].process.software = true;
	f->n_phc2sys = 0;
	strcpy(f->ptp4l[0].data.ports[0].timestamping, "SOFTWARE");
}

static void hardware_missing(struct check_facts *f)
{
	f->nics.list[0].stamping = SOFTWARE;
}

static void unfit(struct check_facts *f)
{
	f->nics.list[0].stamping = 0;
}

static void unfit_unused(struct check_facts *f)
{
	f->nics.list[1].stamping = 0;
}

/* mlx5 has a PHC for each function: what the driver tells counts. */
static void vf(struct check_facts *f)
{
	f->nics.list[0].vf = true;
	strcpy(f->nics.list[0].pf, "eno9");
}

static void vf_without_phc(struct check_facts *f)
{
	vf(f);
	f->nics.list[0].phc = -1;
}

static void vf_without_any(struct check_facts *f)
{
	vf(f);
	f->nics.list[0].stamping = 0;
}

static void vf_unused(struct check_facts *f)
{
	f->nics.list[1].vf = true;
	f->nics.list[1].stamping = 0;
}

static void down(struct check_facts *f)
{
	strcpy(f->nics.list[0].operstate, "down");
	strcpy(f->nics.list[1].operstate, "down");
}

static void virtual(struct check_facts *f)
{
	ntp_only(f);
	add_nic(f, "vnet0", -1)->kind = NIC_VIRTUAL;
	f->named[f->n_named++] = "vnet0";
}

static void bridge(struct check_facts *f)
{
	ntp_only(f);
	add_stack(f, "br0", NIC_BRIDGE, "eno1", NULL);
	f->named[f->n_named++] = "br0";
}

static void bond(struct check_facts *f)
{
	add_stack(f, "bond0", NIC_BOND, "eno1", "eno2");
	add_stack(f, "bond0.5", NIC_VLAN, "bond0", NULL);
	f->named[f->n_named++] = "bond0";
	f->named[f->n_named++] = "bond0.5";
}

static void bond_half(struct check_facts *f)
{
	bond(f);
	f->nics.list[1].stamping = SOFTWARE;
}

static void bond_unfit(struct check_facts *f)
{
	bond(f);
	f->nics.list[1].stamping = 0;
}

static void bond_unknown(struct check_facts *f)
{
	bond(f);
	f->nics.list[1].error = ENODEV;
}

static void given_away(struct check_facts *f)
{
	f->nics.list[0].vfs = 3;
	f->nics.list[0].vfs_away = 2;
	for (int i = 0; i < 12; i++)
		f->nics.away[f->nics.n_away++] = (struct nic_away){ "0000:04:00.0", "vfio-pci", i > 9 };
}

static void no_nics(struct check_facts *f)
{
	ntp_only(f);
	f->nics.n = 0;
}

static void many_nics(struct check_facts *f)
{
	char name[IFNAMSIZ];

	ntp_only(f);
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "ens%d", i);
		add_nic(f, name, i);
	}
	f->nics.left_out = 5;
}

static void no_ptp4l(struct check_facts *f)
{
	f->n_ptp4l = 0;
}

static void phc2sys_of_host(struct check_facts *f)
{
	f->n_ptp4l = 0;
	f->phc2sys[0].process.waits = false;
	strcpy(f->phc2sys[0].process.source, "/dev/ptp_kvm");
}

static void phc2sys_to_phc(struct check_facts *f)
{
	ntp_only(f);
	f->n_phc2sys = 1;
	strcpy(f->phc2sys[0].process.source, "CLOCK_REALTIME");
}

static void denied(struct check_facts *f)
{
	f->root = f->ptp4l[0].asked = false;
	f->ptp4l[0].denied = true;
	f->ptp4l[0].result = PMC_SILENT;
	f->ptp4l[0].data = (struct pmc_data){ 0 };
}

/* As a user, whose pmc linuxptp 4.4's ptp4l doesn't see (PrivateTmp=), though there is a socket for everybody */
static void unheard_by_user(struct check_facts *f)
{
	f->root = false;
	strcpy(f->ptp4l[0].process.socket_read_only, "/var/run/ptp4lro");
	pmc_unknown(&f->ptp4l[0].data);
	f->ptp4l[0].result = PMC_SILENT;
	strcpy(f->ptp4l[0].why, "no answer from ptp4l");
}

static void unanswered(struct check_facts *f, enum pmc_result result, const char *why)
{
	f->ptp4l[0].result = result;
	f->ptp4l[0].data = (struct pmc_data){ 0 };
	strcpy(f->ptp4l[0].why, why);
}

static void pmc_hangs(struct check_facts *f)
{
	unanswered(f, PMC_FAILED, "pmc: no answer within 3 s");
}

static void silent(struct check_facts *f)
{
	unanswered(f, PMC_SILENT, "no answer from ptp4l");
	f->ptp4l[0].process.unit[0] = 0;
}

static void pmc_absent(struct check_facts *f)
{
	unanswered(f, PMC_ABSENT, "pmc: not installed");
}

static void pmc_garbled(struct check_facts *f)
{
	unanswered(f, PMC_GARBLED, "pmc's output is not understood: 'x'");
}

static void shared_socket(struct check_facts *f)
{
	f->ptp4l[1] = f->ptp4l[0];
	f->ptp4l[1].process.pid = 501;
	f->n_ptp4l = 2;
}

static void shared_socket_of_two_files(struct check_facts *f)
{
	shared_socket(f);
	strcpy(f->ptp4l[0].process.conf, "/etc/linuxptp/ptp4l.conf");
	strcpy(f->ptp4l[1].process.conf, "/etc/linuxptp/eno2.conf");
}

static void faulty(struct check_facts *f)
{
	strcpy(f->ptp4l[0].data.ports[0].state, "FAULTY");
}

static void listening(struct check_facts *f)
{
	strcpy(f->ptp4l[0].data.ports[0].state, "LISTENING");
}

static void listening_with_backup(struct check_facts *f)
{
	timemaster(f);
	listening(f);
	f->chrony.sources[1] = source('^', '*', "192.0.2.2");
}

static void uncalibrated(struct check_facts *f)
{
	strcpy(f->ptp4l[0].data.ports[0].state, "UNCALIBRATED");
}

static void uncalibrated_for_chronyd(struct check_facts *f)
{
	timemaster(f);
	uncalibrated(f);
	strcpy(f->ptp4l[0].process.servo, "ntpshm");
}

static void own_master(struct check_facts *f)
{
	strcpy(f->ptp4l[0].data.ports[0].state, "MASTER");
	f->ptp4l[0].data.clock_class = 248;
}

/* As config has it: chronyd keeps the clock, and phc2sys -a -r -r hands it to the cards. */
static void grandmaster(struct check_facts *f)
{
	own_master(f);
	f->ptp4l[0].data.clock_class = 6;
	f->chrony = (struct chrony_facts){ .pid = 498, .unit = "chrony.service", .answers = true, .n_sources = 1,
					   .conf = "/etc/chrony/chrony.conf", .leapsectz = "right/UTC" };
	f->chrony.sources[0] = source('^', '*', "192.0.2.2");
	f->phc2sys[0].process = (struct phc2sys){ .pid = 512, .steers = true, .automatic = true, .waits = true,
						  .ptp4l = "/run/ptp4l" };
	strcpy(f->ptp4l[0].process.socket, "/run/ptp4l");
}

/* Beside a client in a network of its own, which is not phc2sys' concern */
static void grandmaster_and_client(struct check_facts *f)
{
	grandmaster(f);
	f->ptp4l[f->n_ptp4l] = f->ptp4l[0];
	strcpy(f->ptp4l[f->n_ptp4l].process.socket, "/run/other");
	f->ptp4l[f->n_ptp4l].process.free_running = true;
	strcpy(f->ptp4l[f->n_ptp4l++].data.ports[0].state, "SLAVE");
}

static void server_only(struct check_facts *f)
{
	own_master(f);
	f->ptp4l[0].process.server_only = true;
}

static void boundary(struct check_facts *f)
{
	struct pmc_data *d = &f->ptp4l[0].data;

	strcpy(f->ptp4l[0].process.interfaces[1], "eno2");
	f->ptp4l[0].process.n_interfaces = 2;
	for (int i = 1; i < 6; i++)
		d->ports[d->n_ports++] =
			(struct pmc_port){ "6e2bee.fffe.8fb69c-2", "MASTER", "eno2", "HARDWARE", 0 };
}

/* Over the read-only socket */
static void names_untold(struct check_facts *f)
{
	f->ptp4l[0].data.ports[0].interface[0] = f->ptp4l[0].data.ports[0].timestamping[0] = 0;
}

static void holdover(struct check_facts *f)
{
	f->ptp4l[0].data.gm_class = 7;
}

static void degraded(struct check_facts *f)
{
	f->ptp4l[0].data.gm_class = 187;
}

static void class_default(struct check_facts *f)
{
	f->ptp4l[0].data.gm_class = 248;
}

static void off_at_bound(struct check_facts *f)
{
	f->ptp4l[0].data.offset_ns = -check_limits[WARN_OFFSET].value;
}

static void off(struct check_facts *f)
{
	f->ptp4l[0].data.offset_ns = check_limits[WARN_OFFSET].value + 1;
}

static void off_software(struct check_facts *f)
{
	software_of_ptp4l(f);
	f->ptp4l[0].data.offset_ns = check_limits[WARN_SOFTWARE_OFFSET].value;
}

static void far_off(struct check_facts *f)
{
	f->ptp4l[0].data.offset_ns = -check_limits[FAIL_OFFSET].value - 1;
}

static void long_path(struct check_facts *f)
{
	f->ptp4l[0].data.path_delay_ns = check_limits[WARN_PATH_DELAY].value + 1;
}

static void negative_path(struct check_facts *f)
{
	f->ptp4l[0].data.path_delay_ns = -1;
}

/* Announce comes, by port 320; Sync doesn't, by 319. */
static void no_sync(struct check_facts *f)
{
	uncalibrated(f);
	f->ptp4l[0].data.ingress_ns = 0;
	f->ptp4l[0].data.offset_ns = f->ptp4l[0].data.path_delay_ns = NAN;
}

static void no_sync_for_chronyd(struct check_facts *f)
{
	uncalibrated_for_chronyd(f);
	no_sync(f);
}

static void no_delay_answer(struct check_facts *f)
{
	no_sync(f);
	f->ptp4l[0].data.ingress_ns = 1.8e18;
}

static void sync_ceased(struct check_facts *f)
{
	f->ptp4l[0].sync_ceased = true;
	f->ptp4l[0].data.offset_ns = NAN;
}

static void offset_untold(struct check_facts *f)
{
	f->ptp4l[0].data.offset_ns = f->ptp4l[0].data.ingress_ns = NAN;
}

static void path_delay_untold(struct check_facts *f)
{
	f->ptp4l[0].data.path_delay_ns = NAN;
}

/* pmc's answers lack parts. */
static void parent_untold(struct check_facts *f)
{
	f->ptp4l[0].data.grandmaster[0] = 0;
	f->ptp4l[0].data.gm_class = f->ptp4l[0].data.gm_accuracy = UNKNOWN;
}

static void ports_untold(struct check_facts *f)
{
	f->ptp4l[0].data.n_ports = 0;
}

static void a_port_untold(struct check_facts *f)
{
	own_master(f);
	f->ptp4l[0].data.number_ports = 2;
}

static void state_untold(struct check_facts *f)
{
	f->ptp4l[0].data.ports[0].state[0] = 0;
}

static void time_untold(struct check_facts *f)
{
	f->ptp4l[0].data.utc_offset = f->ptp4l[0].data.ptp_timescale = UNKNOWN;
}

static void class_untold(struct check_facts *f)
{
	own_master(f);
	f->ptp4l[0].data.clock_class = UNKNOWN;
}

static void nothing_told(struct check_facts *f)
{
	pmc_unknown(&f->ptp4l[0].data);
}

static void nobody_steers(struct check_facts *f)
{
	ntp_only(f);
	f->chrony.pid = 0;
}

/* H5: one that can't be asked where it lives is not judged; two of one socket's name there and here do not share it. */
static void ptp4l_in_container(struct check_facts *f)
{
	ntp_only(f);
	f->nics.list[0].stamping |= HARDWARE;
	f->n_ptp4l = 1;
	f->ptp4l[0].process.elsewhere = YES;
	f->ptp4l[0].result = PMC_ABSENT;
	f->ptp4l[0].data = (struct pmc_data){ 0 };
	strcpy(f->ptp4l[0].why, "nsenter: exit status 127: pmc: No such file");
}

static void ptp4l_in_container_too(struct check_facts *f)
{
	f->ptp4l[f->n_ptp4l++] = f->ptp4l[0];
	f->ptp4l[1].process.elsewhere = YES;
}

static void nobody_seen(struct check_facts *f)
{
	ntp_only(f);
	f->chrony.pid = 0;
	f->root = false;
	f->processes_hidden = true;
}

static void in_container(struct check_facts *f)
{
	strcpy(f->container, "docker");
	f->processes_hidden = true;
	f->kvm.node = false;
	f->kvm.open_error = ENOENT;
}

/* Of the host that has all of it nothing is seen. */
static void bare_container(struct check_facts *f)
{
	in_container(f);
	f->nics.n = f->n_ptp4l = f->n_phc2sys = 0;
}

static void container_with_chronyd(struct check_facts *f)
{
	bare_container(f);
	f->leap_files[0].expires = NOW - 86400;
	f->chrony = (struct chrony_facts){
		.pid = 498, .answers = true, .n_sources = 1,
		.sources = { { .mode = '^', .state = '*', .name = "192.0.2.2", .reach = 0377 } },
	};
	host_add_steerer(f, "systemd-timesyncd", 0, "systemd-timesyncd.service", "NTP");
}

/* docker run --pid=host: all processes are seen, but not what is installed. */
static void container_of_all(struct check_facts *f)
{
	bare_container(f);
	f->linuxptp = f->processes_hidden = false;
}

/* As OpenShift's linuxptp-daemon: ptp4l may be in another container. */
static void container_with_phc2sys(struct check_facts *f)
{
	in_container(f);
	f->n_ptp4l = 0;
}

/* H6: what keeps the clock is known, and no chrony is wanted beside it. */
static void sfptpd(struct check_facts *f)
{
	ntp_only(f);
	f->chrony.pid = 0;
	host_add_steerer(f, "sfptpd", 700, "sfptpd.service", "PTP");
}

static void enabled_only(struct check_facts *f)
{
	ntp_only(f);
	host_add_steerer(f, "ntpd-rs", 0, "ntpd-rs.service", "NTP");
}

static void ptp_but_nobody_steers(struct check_facts *f)
{
	f->n_phc2sys = 0;
}

static void watches_only(struct check_facts *f)
{
	f->chrony = (struct chrony_facts){ .pid = 498, .watches_only = true };
}

static void fight(struct check_facts *f)
{
	f->chrony = (struct chrony_facts){ .pid = 498, .unit = "chrony.service", .answers = true };
}

static void fight_of_ntp(struct check_facts *f)
{
	ntp_only(f);
	host_add_steerer(f, "systemd-timesyncd", 300, "systemd-timesyncd.service", "NTP");
}

static void fight_of_two_phc2sys(struct check_facts *f)
{
	f->phc2sys[f->n_phc2sys++] = f->phc2sys[0];
	f->phc2sys[0].unit[0] = 0;
}

static void fight_of_ptp4l(struct check_facts *f)
{
	ntp_only(f);
	f->linuxptp = true;
	f->n_ptp4l = 1;
	f->ptp4l[0].process.software = true;
	f->chrony.sources[1].mode = '#';
}

static void timesyncd(struct check_facts *f)
{
	fight_of_ntp(f);
	f->chrony.pid = 0;
}

/* It clears the kernel's STA_UNSYNC and leaves the bound alone. */
static void only_sfptpd(struct check_facts *f)
{
	timesyncd(f);
	for (int i = 0; i < f->n_steerers; i++)
		strcpy(f->steerers[i].name, "sfptpd");
}

static void chronyd_silent(struct check_facts *f)
{
	ntp_only(f);
	f->chrony.answers = false;
	f->chrony.n_sources = 0;
	strcpy(f->chrony.answers_why, "chronyc: no answer within 5 s");
}

static void unheard(struct check_facts *f)
{
	timemaster(f);
	f->chrony.sources[1].reach = 0;
	f->chrony.sources[1].last_rx = 175;
}

static void no_source(struct check_facts *f)
{
	ntp_only(f);
	f->chrony.sources[1].state = '?';
}

static void ptp_unused(struct check_facts *f)
{
	timemaster(f);
	f->chrony.sources[1] = source('^', '*', "192.0.2.2");
}

static void tai_unset(struct check_facts *f)
{
	ntp_only(f);
	f->kernel.tai_utc = 0;
}

static void tai_unset_unconfigured(struct check_facts *f)
{
	tai_unset(f);
	f->chrony.leapsectz[0] = 0;
	f->chrony.version = (struct chrony_version){ 4, 6 };
}

static void tai_unset_old_chrony(struct check_facts *f)
{
	tai_unset_unconfigured(f);
	f->chrony.version.minor = 3;
}

static void tai_unset_unknown_chrony(struct check_facts *f)
{
	tai_unset_unconfigured(f);
	f->chrony.version.major = 0;
}

static void tai_unset_no_chrony(struct check_facts *f)
{
	f->kernel.tai_utc = 0;
}

static void tai_old(struct check_facts *f)
{
	f->kernel.tai_utc = 36;
}

static void tai_of_ptp(struct check_facts *f)
{
	f->ptp4l[0].data.utc_offset = 36;
}

static void tai_of_arbitrary_scale(struct check_facts *f)
{
	tai_of_ptp(f);
	f->ptp4l[0].data.ptp_timescale = false;
}

static void constant_in_file(struct check_facts *f)
{
	f->constants[f->n_constants++] =
		(struct constant_fact){ "/etc/default/phc2sys:3", "/etc/default/phc2sys", 3, "-36", 36 };
}

static void constant_running(struct check_facts *f)
{
	f->constants[f->n_constants++] = (struct constant_fact){ "phc2sys, process 512", "", 0, "35", 35 };
}

static void constant_right(struct check_facts *f)
{
	constant_in_file(f);
	f->constants[0].seconds = 37;
}

/* One day there is another leap second: what a list says that holds comes before what is compiled in. */
static void next_leap_second(struct check_facts *f)
{
	f->leap_files[0].tai_utc = f->kernel.tai_utc = f->ptp4l[0].data.utc_offset = 38;
}

static void leap_expired(struct check_facts *f)
{
	next_leap_second(f);
	f->leap_files[0].expires = NOW - 1;
	f->kernel.tai_utc = f->ptp4l[0].data.utc_offset = 37;
}

static void leap_missing(struct check_facts *f)
{
	f->leap_files[f->n_leap_files++] = (struct leap_file){ .path = "/usr/share/zoneinfo/right/UTC",
							       .whose = "chronyd", .error = ENOENT };
}

static void leap_own_expired(struct check_facts *f)
{
	f->leap_files[f->n_leap_files++] =
		(struct leap_file){ .path = "/etc/leap", .whose = "ptp4l", .expires = 1 };
}

static void leap_zone(struct check_facts *f)
{
	f->leap_files[0] = (struct leap_file){ .path = "/usr/share/zoneinfo/right/UTC", .whose = "chronyd" };
}

static void leap_none(struct check_facts *f)
{
	f->n_leap_files = 0;
}

static void no_bound(struct check_facts *f)
{
	f->kernel.max_error_ns = f->kernel.est_error_ns = NAN;
}

static void no_bound_of_chronyd(struct check_facts *f)
{
	ntp_only(f);
	no_bound(f);
}

/* The master is lost: phc2sys -s goes on, phc2sys -a -r does not. */
static void lost_by_phc2sys(struct check_facts *f)
{
	listening(f);
	no_bound(f);
}

static void lost_by_automatic(struct check_facts *f)
{
	listening(f);
	f->phc2sys[0].process.automatic = true;
}

static void unsynchronized(struct check_facts *f)
{
	f->kernel.status = STA_UNSYNC;
}

static void large_error(struct check_facts *f)
{
	f->kernel.max_error_ns = check_limits[WARN_KERNEL_ERROR].value + 1;
}

static void no_adjtimex(struct check_facts *f)
{
	f->kernel.known = false;
}

static void kvm_clock(struct check_facts *f)
{
	strcpy(f->clocksource, "kvm-clock");
	f->cpu.hypervisor = true;
}

static void kvm_clock_only(struct check_facts *f)
{
	kvm_clock(f);
	strcpy(f->clocksources, "kvm-clock acpi_pm ");
}

static void unstable(struct check_facts *f)
{
	strcpy(f->clocksource, "hpet");
	strcpy(f->clocksources, "hpet acpi_pm ");
}

static void hpet(struct check_facts *f)
{
	strcpy(f->clocksource, "hpet");
}

static void hpet_only(struct check_facts *f)
{
	unstable(f);
	f->cpu.constant_tsc = false;
}

static void variable(struct check_facts *f)
{
	f->cpu.nonstop_tsc = false;
}

static void no_clocksource(struct check_facts *f)
{
	f->clocksource[0] = 0;
}

static void no_virtualization(struct check_facts *f)
{
	f->cpu.vmx = false;
}

static void no_virtualization_in_guest(struct check_facts *f)
{
	f->cpu.vmx = false;
	f->cpu.hypervisor = true;
}

static void not_loaded(struct check_facts *f)
{
	f->kvm = (struct kvm_facts){ .open_error = ENOENT };
	f->cpu.vmx = false;
	f->cpu.svm = true;
}

static void no_node(struct check_facts *f)
{
	f->kvm.node = false;
	f->kvm.open_error = ENOENT;
}

static void kvm_denied(struct check_facts *f)
{
	f->kvm.open_error = EACCES;
}

static void kvm_error(struct check_facts *f)
{
	f->kvm.open_error = ENODEV;
}

static void quality_served(struct check_facts *f)
{
	f->quality = (struct quality_facts){
		.known = true, .served = true, .kernel = "6.12.119+deb13-amd64", .was_kernel = "6.12.118-ptpkvm",
		.was_date = "2026-11-27", .was_installed = true,
	};
}

static void quality_lost(struct check_facts *f)
{
	quality_served(f);
	f->quality.served = false;
}

static void quality_lost_elsewhere(struct check_facts *f)
{
	quality_lost(f);
	f->debian = false;
}

static void quality_gone(struct check_facts *f)
{
	quality_lost(f);
	f->quality.was_installed = false;
}

static void quality_same_name(struct check_facts *f)
{
	quality_lost(f);
	strcpy(f->quality.kernel, f->quality.was_kernel);
}

/* An ordinary user sees nothing of KVM's counts. */
static void quality_unseen(struct check_facts *f)
{
	quality_lost(f);
	f->quality.known = false;
}

static void quality_never(struct check_facts *f)
{
	quality_lost(f);
	f->quality.was_kernel[0] = f->quality.was_date[0] = 0;
	f->quality.was_installed = false;
}

static void served(struct check_facts *f)
{
	f->vsock = (struct vsock_facts){ .served = true, .device = true, .guests = 3 };
}

static void serve_no_vhost(struct check_facts *f)
{
	served(f);
	f->vsock.device = false;
}

static void serve_no_vsock(struct check_facts *f)
{
	served(f);
	f->vsock.without = 2;
	f->vsock.pid = 77;
	strcpy(f->vsock.name, "web");
}

static void serve_no_vsock_nameless(struct check_facts *f)
{
	served(f);
	f->vsock.guests = f->vsock.without = 1;
	f->vsock.pid = 77;
}

static void offline(struct check_facts *f)
{
	*f = (struct check_facts){ .offline = true, .now = NOW, .kvm.open_error = -1 };
}

static void offline_with_processes(struct check_facts *f)
{
	ntp_only(f);
	f->offline = true;
	f->kernel.known = f->chrony.answers = false;
}

/* What is wrong, of what code, with what exit status, and the (beginning of the) first remedy. */
static const struct {
	void (*change)(struct check_facts *f);
	const char *codes;
	int status;
	const char *remedy;
} cases[] = {
	{ nothing, "", EXIT_GOOD, "" },
	{ ntp_only, "", EXIT_GOOD, "" },
	{ timemaster, "", EXIT_GOOD, "" },
	{ named_software, "nic-software", EXIT_WARNINGS, "ethtool -T eno1" },
	{ software_of_ptp4l, "", EXIT_GOOD, "" },
	{ hardware_missing, "nic-software", EXIT_WARNINGS, "ethtool -T eno1" },
	{ unfit, "nic-unfit", EXIT_BROKEN, "ethtool -T eno1" },
	{ unfit_unused, "", EXIT_GOOD, "" },
	{ vf, "", EXIT_GOOD, "" },
	{ vf_without_phc, "nic-vf", EXIT_WARNINGS, "sudo ptpkvm-host check eno9" },
	{ vf_without_any, "nic-vf", EXIT_BROKEN, "sudo ptpkvm-host check eno9" },
	{ vf_unused, "", EXIT_GOOD, "" },
	{ down, "nic-down", EXIT_WARNINGS, "sudo ip link set eno1 up" },
	{ virtual, "nic-virtual", EXIT_WARNINGS, "sudo ptpkvm-host check" },
	{ bridge, "nic-bridge", EXIT_WARNINGS, "sudo ptpkvm-host check eno1" },
	{ bond, "", EXIT_GOOD, "" },
	{ bond_half, "nic-stacked nic-stacked", EXIT_WARNINGS, "sudo ptpkvm-host check eno1 eno2" },
	{ bond_unfit, "nic-stacked nic-stacked", EXIT_BROKEN, "sudo ptpkvm-host check eno1 eno2" },
	{ bond_unknown, "", EXIT_GOOD, "" },
	{ given_away, "", EXIT_GOOD, "" },
	{ no_nics, "", EXIT_GOOD, "" },
	{ many_nics, "", EXIT_GOOD, "" },
	{ no_ptp4l, "ptp4l-missing", EXIT_BROKEN, "sudo systemctl start ptp4l@eno1" },
	{ phc2sys_of_host, "", EXIT_GOOD, "" },
	{ phc2sys_to_phc, "ptp4l-missing steering-fight", EXIT_BROKEN, "start ptp4l on the interface" },
	{ denied, "ptp4l-denied", EXIT_WARNINGS, "sudo ptpkvm-host check" },
	{ unheard_by_user, "ptp4l-denied", EXIT_WARNINGS, "sudo ptpkvm-host check" },
	{ pmc_hangs, "ptp4l-silent", EXIT_BROKEN, "sudo journalctl -u ptp4l@eno1.service" },
	{ silent, "ptp4l-silent", EXIT_BROKEN, "sudo journalctl _PID=500" },
	{ pmc_absent, "pmc-absent", EXIT_WARNINGS, "sudo apt install linuxptp" },
	{ pmc_garbled, "pmc-garbled", EXIT_WARNINGS, "sudo pmc -u" },
	{ shared_socket, "ptp4l-shared-socket", EXIT_WARNINGS, "give one of them a socket of its own" },
	{ shared_socket_of_two_files, "ptp4l-shared-socket", EXIT_WARNINGS,
	  "sudo sed -i -e '/^[[:space:]]*uds_address[[:space:]]/d' -e '1i [global]\\nuds_address /var/run/ptp4l.1' /etc/" },
	{ faulty, "ptp4l-faulty kernel-holdover", EXIT_BROKEN, "sudo journalctl -u ptp4l@eno1.service" },
	{ lost_by_phc2sys, "ptp4l-listening kernel-holdover", EXIT_BROKEN, "sudo tcpdump" },
	{ lost_by_automatic, "ptp4l-listening steering-none", EXIT_BROKEN, "sudo tcpdump" },
	{ listening, "ptp4l-listening kernel-holdover", EXIT_BROKEN, "sudo tcpdump -c 5 -ni eno1" },
	{ listening_with_backup, "ptp4l-listening", EXIT_WARNINGS, "sudo tcpdump" },
	{ uncalibrated, "ptp4l-uncalibrated", EXIT_WARNINGS, "sudo journalctl" },
	{ uncalibrated_for_chronyd, "", EXIT_GOOD, "" },
	{ own_master, "ptp4l-master kernel-holdover", EXIT_WARNINGS, "sudo journalctl" },
	{ grandmaster, "", EXIT_GOOD, "" },
	{ grandmaster_and_client, "steering-ptp-unused", EXIT_WARNINGS, "" },
	{ server_only, "", EXIT_GOOD, "" },
	{ boundary, "", EXIT_GOOD, "" },
	{ names_untold, "", EXIT_GOOD, "" },
	{ holdover, "gm-class", EXIT_WARNINGS, "on the grandmaster:" },
	{ degraded, "gm-class", EXIT_WARNINGS, "on the grandmaster:" },
	{ class_default, "gm-class", EXIT_WARNINGS, "on the grandmaster:" },
	{ off_at_bound, "", EXIT_GOOD, "" },
	{ off, "offset-large", EXIT_WARNINGS, "sudo journalctl -u ptp4l@eno1.service" },
	{ off_software, "", EXIT_GOOD, "" },
	{ far_off, "offset-large", EXIT_BROKEN, "sudo journalctl" },
	{ long_path, "path-delay", EXIT_WARNINGS, "sudo journalctl" },
	{ negative_path, "path-delay", EXIT_WARNINGS, "sudo journalctl" },
	{ no_sync, "ptp4l-uncalibrated offset-unmeasured", EXIT_WARNINGS, "sudo journalctl" },
	{ no_sync_for_chronyd, "ptp4l-uncalibrated offset-unmeasured", EXIT_WARNINGS, "sudo journalctl" },
	{ no_delay_answer, "ptp4l-uncalibrated offset-unmeasured", EXIT_WARNINGS, "sudo journalctl" },
	{ sync_ceased, "offset-unmeasured", EXIT_WARNINGS, "sudo tcpdump" },
	{ offset_untold, "offset-unmeasured", EXIT_WARNINGS, "sudo tcpdump -c 5 -ni eno1 'ether proto 0x88f7 or udp port 319'" },
	{ path_delay_untold, "offset-unmeasured", EXIT_WARNINGS, "sudo pmc -u -b 0 'GET CURRENT_DATA_SET'" },
	{ parent_untold, "ptp4l-untold", EXIT_WARNINGS, "sudo pmc -u -b 0 'GET PARENT_DATA_SET'" },
	{ ports_untold, "ptp4l-untold", EXIT_WARNINGS, "sudo pmc -u -b 0 'GET PORT_DATA_SET'" },
	{ a_port_untold, "ptp4l-untold", EXIT_WARNINGS, "sudo pmc -u -b 0 'GET PORT_DATA_SET'" },
	{ state_untold, "ptp4l-untold", EXIT_WARNINGS, "sudo pmc -u -b 0 'GET PORT_DATA_SET'" },
	{ time_untold, "", EXIT_GOOD, "" },
	{ class_untold, "ptp4l-master kernel-holdover", EXIT_WARNINGS, "sudo journalctl" },
	{ nothing_told, "ptp4l-untold", EXIT_WARNINGS, "sudo pmc -u -b 0 'GET PORT_DATA_SET'" },
	{ enabled_only, "steering-enabled", EXIT_WARNINGS, "sudo systemctl disable ntpd-rs.service" },
	{ ptp4l_in_container, "", EXIT_GOOD, "" },
	{ ptp4l_in_container_too, "", EXIT_GOOD, "" },
	{ nobody_seen, "", EXIT_GOOD, "" },
	{ bare_container, "container", EXIT_WARNINGS, "on the host itself: sudo ptpkvm-host check" },
	{ container_with_chronyd, "container", EXIT_WARNINGS, "on the host itself: sudo ptpkvm-host check" },
	{ container_of_all, "container steering-none", EXIT_WARNINGS, "on the host itself: sudo ptpkvm-host check" },
	{ container_with_phc2sys, "container", EXIT_WARNINGS, "on the host itself: sudo ptpkvm-host check" },
	{ sfptpd, "", EXIT_GOOD, "" },
	{ nobody_steers, "steering-none", EXIT_WARNINGS, "sudo apt install chrony && sudo systemctl enable --now chrony" },
	{ ptp_but_nobody_steers, "steering-none", EXIT_WARNINGS, "ptpkvm-host config" },
	{ watches_only, "", EXIT_GOOD, "" },
	{ fight, "steering-fight", EXIT_BROKEN, "sudo systemctl disable --now chrony.service" },
	{ fight_of_ntp, "steering-fight", EXIT_BROKEN, "sudo systemctl disable --now systemd-timesyncd.service" },
	{ fight_of_two_phc2sys, "steering-fight", EXIT_BROKEN, "sudo kill 512" },
	{ fight_of_ptp4l, "steering-fight", EXIT_BROKEN, "sudo systemctl disable --now chrony.service" },
	{ timesyncd, "", EXIT_GOOD, "" },
	{ chronyd_silent, "steering-silent", EXIT_WARNINGS, "sudo systemctl restart chrony" },
	{ unheard, "steering-unheard", EXIT_WARNINGS, "chronyc -n sources" },
	{ no_source, "steering-no-source", EXIT_WARNINGS, "chronyc -n sources" },
	{ ptp_unused, "steering-ptp-unused", EXIT_WARNINGS, "chronyc -n sources" },
	{ tai_unset, "tai-unset", EXIT_WARNINGS, "sudo systemctl restart chrony" },
	{ tai_unset_unconfigured, "tai-unset", EXIT_WARNINGS, "sudo sed -i '$a leapseclist /usr/share/zoneinfo/leap-seconds.list' /etc/" },
	{ tai_unset_old_chrony, "tai-unset", EXIT_WARNINGS, "sudo sed -i '$a leapsectz right/UTC' /etc/" },
	{ tai_unset_unknown_chrony, "tai-unset", EXIT_WARNINGS, "leapseclist in chrony's configuration, or leapsectz" },
	{ tai_unset_no_chrony, "tai-unset", EXIT_WARNINGS, "phc2sys tells it, if the grandmaster" },
	{ tai_old, "tai-kernel", EXIT_WARNINGS, "grep -rn" },
	{ tai_of_ptp, "tai-ptp", EXIT_BROKEN, "on the grandmaster:" },
	{ tai_of_arbitrary_scale, "", EXIT_GOOD, "" },
	{ constant_in_file, "tai-constant", EXIT_WARNINGS, "write -37 there, in place of -36" },
	{ constant_running, "tai-constant", EXIT_BROKEN, "start phc2sys with -w" },
	{ constant_right, "", EXIT_GOOD, "" },
	{ next_leap_second, "", EXIT_GOOD, "" },
	{ leap_expired, "leap-expired", EXIT_WARNINGS, "sudo apt install --only-upgrade tzdata" },
	{ leap_missing, "leap-missing", EXIT_WARNINGS, "sudo apt install tzdata-legacy" },
	{ leap_own_expired, "leap-expired", EXIT_WARNINGS, "sudo cp /usr/share/zoneinfo/leap-seconds.list /etc/leap" },
	{ leap_zone, "", EXIT_GOOD, "" },
	{ leap_none, "", EXIT_GOOD, "" },
	{ unsynchronized, "kernel-unsynchronized", EXIT_WARNINGS, "chronyc tracking || timedatectl" },
	{ large_error, "kernel-error", EXIT_WARNINGS, "chronyc tracking" },
	{ no_adjtimex, "", EXIT_GOOD, "" },
	{ kvm_clock, "clocksource-kvm-clock", EXIT_WARNINGS, "echo tsc | sudo tee /sys/devices/" },
	{ kvm_clock_only, "clocksource-kvm-clock", EXIT_WARNINGS, "sudo ptpkvm-host probe" },
	{ unstable, "tsc-unstable", EXIT_WARNINGS, "sudo dmesg" },
	{ hpet, "clocksource-other", EXIT_WARNINGS, "echo tsc | sudo tee /sys/devices/" },
	{ hpet_only, "clocksource-other", EXIT_WARNINGS, "sudo ptpkvm-host probe" },
	{ variable, "tsc-variable", EXIT_WARNINGS, "sudo ptpkvm-host probe" },
	{ no_clocksource, "", EXIT_GOOD, "" },
	{ no_virtualization, "kvm-no-virtualization", EXIT_NO_HOST, "enable VT-x or AMD-V" },
	{ no_virtualization_in_guest, "kvm-no-virtualization", EXIT_NO_HOST, "on the host: cat" },
	{ not_loaded, "kvm-not-loaded", EXIT_BROKEN, "sudo modprobe kvm_amd" },
	{ no_node, "kvm-no-node", EXIT_BROKEN, "sudo udevadm trigger" },
	{ kvm_denied, "kvm-denied", EXIT_WARNINGS, "sudo usermod -aG kvm" },
	{ kvm_error, "kvm-error", EXIT_BROKEN, "sudo dmesg" },
	{ quality_served, "", EXIT_GOOD, "" },
	{ quality_lost, "quality-lost", EXIT_WARNINGS,
	  "sudo grub-reboot \"$(sudo grep -o \"gnulinux-\\(6.12.118-ptpkvm-\\)\\?advanced-[^']*\" /boot/grub/grub.cfg | " },
	{ quality_lost_elsewhere, "quality-lost", EXIT_WARNINGS, "boot Linux 6.12.118-ptpkvm again" },
	{ quality_gone, "quality-lost", EXIT_WARNINGS, "Linux 6.12.118-ptpkvm is no longer installed: build" },
	{ quality_same_name, "quality-lost", EXIT_WARNINGS, "this one has the same name and not the series" },
	{ quality_unseen, "", EXIT_GOOD, "" },
	{ quality_never, "", EXIT_GOOD, "" },
	{ serve_no_vhost, "serve-no-vhost", EXIT_WARNINGS, "sudo modprobe vhost_vsock" },
	{ serve_no_vsock, "serve-no-vsock", EXIT_WARNINGS, "libvirt: virsh edit web, in <devices>: <vsock model='virtio'>" },
	{ served, "", EXIT_GOOD, "" },
	{ offline, "", EXIT_GOOD, "" },
	{ offline_with_processes, "", EXIT_GOOD, "" },
};

static int word_index(const char *const *list, const char *word)
{
	for (int i = 0; list[i]; i++)
		if (!strcmp(list[i], word))
			return i;
	return -1;
}

/* Also: every code of the list comes up in some case. */
static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *first = "";
		char codes[300] = "";
		int last = 0;

		healthy(&facts);
		cases[i].change(&facts);
		host_steerers(&facts);
		check_judge(&facts, &report);
		for (int n = 0; n < report.said.n; n++) {
			const struct finding *v = &report.said.list[n];

			/* every link in its order */
			assert_in_range(word_index(check_links, v->link), last, last + 1);
			last = word_index(check_links, v->link);
			note_found(check_kinds, v, codes, sizeof(codes));
			if (!first[0] && codes[0])
				first = first_remedy(v);
		}
		assert_string_equal(codes, cases[i].codes);
		assert_string_equal(check_links[last], "serve");
		assert_int_equal(check_exit_status(&facts, &report), cases[i].status);
		if (strncmp(first, cases[i].remedy, strlen(cases[i].remedy)))
			assert_string_equal(first, cases[i].remedy);
	}
	all_found(check_kinds, "guests");
}

/* A container changes nothing of its host's, and none of the host's daemons is all right by what it sees. */
static void test_in_container(void **state)
{
	static const char *const of_host[] = { "modprobe", "clocksource0", "dmesg", "udevadm", "probe", NULL };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		healthy(&facts);
		cases[i].change(&facts);
		in_container(&facts);
		if (facts.offline)
			continue;
		host_steerers(&facts);
		check_judge(&facts, &report);
		assert_string_equal(report.said.list[0].code, "container");
		for (int n = 0; n < report.said.n; n++) {
			const struct finding *v = &report.said.list[n];

			assert_true(v->level != LEVEL_PASS || strcmp(v->link, "steering"));
			assert_string_not_equal(v->code, "ptp4l-missing");
			assert_string_not_equal(v->code, "steering-none");
			assert_string_not_equal(v->code, "kvm-no-node");
			for (int k = 0; k < v->n_remedies; k++)
				for (const char *const *w = of_host; *w; w++)
					assert_true(v->remedies[k].kind == REMEDY_ELSEWHERE || !strstr(v->remedies[k].text, *w));
		}
	}
}

/* What the first warning or failure is, of facts that are well but for what options make of them */
static void with_limit(int limit, int64_t value, const char *code)
{
	const int64_t was = check_limits[limit].value;

	healthy(&facts);
	facts.ptp4l[0].data.path_delay_ns = 1300;
	check_limits[limit].value = value;
	host_steerers(&facts);
	check_judge(&facts, &report);
	check_limits[limit].value = was;
	for (int i = 0; i < report.said.n; i++)
		if (report.said.list[i].level == LEVEL_WARN || report.said.list[i].level == LEVEL_FAIL) {
			assert_string_equal(report.said.list[i].code, code);
			return;
		}
	assert_string_equal(code, "");
}

static void test_limits(void **state)
{
	(void)state;
	with_limit(WARN_OFFSET, 12, "");
	with_limit(WARN_OFFSET, 11, "offset-large");
	with_limit(FAIL_OFFSET, 11, "offset-large");
	assert_int_equal(check_exit_status(&facts, &report), EXIT_BROKEN);
	with_limit(WARN_SOFTWARE_OFFSET, 0, "");
	with_limit(WARN_PATH_DELAY, 1300, "");
	with_limit(WARN_PATH_DELAY, 1299, "path-delay");
	with_limit(WARN_KERNEL_ERROR, 49999, "kernel-error");
}

static const char *text_of(const char *link)
{
	for (int i = 0; i < report.said.n; i++)
		if (!strcmp(report.said.list[i].link, link))
			return report.said.list[i].text;
	return "";
}

static const struct finding *of_code(const char *code)
{
	for (int i = 0; i < report.said.n; i++)
		if (!strcmp(report.said.list[i].code, code))
			return &report.said.list[i];
	fail_msg("there is no %s", code);
	return NULL;
}

static void text_is(void (*change)(struct check_facts *f), const char *link, const char *want)
{
	healthy(&facts);
	change(&facts);
	host_steerers(&facts);
	check_judge(&facts, &report);
	assert_string_equal(text_of(link), want);
}

static void test_texts(void **state)
{
	(void)state;
	text_is(nothing, "nic",
		"eno1 (igb, 1000 Mb/s): hardware timestamps of all packets, PHC ptp0; the same PHC as eno2");
	text_is(nothing, "ptp4l",
		"eno1 SLAVE; grandmaster 4e2367.fffe.f129c3, class 6, 1 step, hardware timestamps");
	text_is(names_untold, "ptp4l",
		"eno1 SLAVE; grandmaster 4e2367.fffe.f129c3, class 6, 1 step, hardware timestamps");
	text_is(nothing, "offset", "12 ns ahead of the master, path delay 1.30 µs (hardware timestamps)");
	text_is(nothing, "steering", "phc2sys, from eno1");
	text_is(nothing, "tai", "TAI − UTC is 37 s, in the kernel and in PTP");
	text_is(no_bound, "kernel", "synchronized, with no bound on its error: phc2sys tells none");
	text_is(no_bound_of_chronyd, "kernel", "synchronized, with no bound on its error: none was told");
	text_is(nothing, "kernel", "synchronized, with no bound on its error: phc2sys tells none");
	text_is(timesyncd, "kernel", "synchronized, with no bound on its error: systemd-timesyncd tells none");
	text_is(bare_container, "host",
		"in a container (docker): of the host's daemons, files and devices only what it sees");
	text_is(bare_container, "nic", "not looked at: the container has no network card");
	text_is(bare_container, "ptp4l", "not looked at: it may run outside of the container");
	text_is(bare_container, "offset", "not looked at: no ptp4l is seen");
	text_is(bare_container, "steering", "not looked at: it may run outside of the container");
	text_is(bare_container, "leap", "not looked at: the host's lists are outside of the container");
	text_is(bare_container, "kernel", "synchronized, with no bound on its error: who steers is not seen");
	text_is(bare_container, "kvm", "not looked at: the container cannot open /dev/kvm");
	text_is(container_of_all, "ptp4l", "no PTP here");
	assert_int_equal(of_code("steering-none")->n_remedies, 0);
	text_is(bare_container, "serve", "not looked at: the host's guests are outside of the container");
	text_is(nothing, "serve", "guests are not told over vsock how good this host's clock is");
	text_is(served, "serve", "guests are told over vsock how good this host's clock is");
	text_is(serve_no_vsock, "serve", "guests without a vsock device are told nothing: 2 of 3, web (process 77) and others");
	text_is(serve_no_vsock_nameless, "serve", "guests without a vsock device are told nothing: 1 of 1, process 77");
	text_is(container_with_chronyd, "kernel", "synchronized, at most 50.0 µs off UTC (estimate 1.00 µs)");
	text_is(nobody_seen, "ptp4l", "not looked at: other users' processes are hidden here");
	text_is(only_sfptpd, "kernel", "synchronized, with no bound on its error: sfptpd tells none");
	text_is(ntp_only, "kernel", "synchronized, at most 50.0 µs off UTC (estimate 1.00 µs)");
	text_is(ptp_but_nobody_steers, "kernel",
		"synchronized, at most 50.0 µs off UTC by what the kernel was last told (estimate 1.00 µs)");
	text_is(large_error, "kernel", "synchronized, but the kernel's bound on its error is 100 ms");
	text_is(no_sync, "ptp4l", "eno1 UNCALIBRATED; grandmaster 4e2367.fffe.f129c3, class 6, 1 step, hardware "
				  "timestamps: not locked to it (yet)");
	text_is(no_sync, "offset", "no measurement: no Sync of the master has come");
	text_is(no_delay_answer, "offset",
		"no measurement: Sync comes, but no answer by which to measure the path delay");
	text_is(sync_ceased, "offset", "no measurement: Sync of the master has ceased to come");
	text_is(offset_untold, "offset", "no measurement: ptp4l does not tell one");
	text_is(path_delay_untold, "offset", "12 ns ahead of the master, path delay no measurement (hardware timestamps)");
	text_is(parent_untold, "ptp4l", "eno1 SLAVE; grandmaster unknown, 1 step, hardware timestamps: it does not tell "
					"the grandmaster and its class");
	text_is(nothing_told, "ptp4l", "ptp4l of eno1: it does not tell the states of its ports");
	text_is(nothing_told, "offset", "not looked at: ptp4l does not tell");
	text_is(denied, "offset", "not looked at: ptp4l does not tell");
	text_is(denied, "ptp4l", "ptp4l of eno1 runs, but only root can ask it: its socket is root's");
	text_is(unheard_by_user, "ptp4l", "ptp4l of eno1 runs, but only root can ask it: no answer from ptp4l");
	text_is(time_untold, "tai", "TAI − UTC is 37 s, in the kernel");
	text_is(ntp_only, "ptp4l", "no PTP here (linuxptp is not installed): NTP through chronyd");
	text_is(ntp_only, "steering", "chronyd, from NTP server 192.0.2.2, last 3.00 µs behind it");
	text_is(timemaster, "steering", "chronyd, from refclock PTP0 (SHM 0), last 3.00 µs behind it");
	text_is(timesyncd, "steering", "systemd-timesyncd, from NTP");
	text_is(vf, "nic", "eno1 (igb, 1000 Mb/s): hardware timestamps of all packets, PHC ptp0; a VF of eno9");
	text_is(vf_without_phc, "nic",
		"eno1 (igb, 1000 Mb/s): software timestamps only: it has no PTP clock (PHC); a VF of eno9");
	text_is(given_away, "nic",
		"eno1 (igb, 1000 Mb/s): hardware timestamps of all packets, PHC ptp0; the same PHC as "
		"eno2; a PF with 3 VFs, 2 of them given away");
	text_is(bridge, "nic",
		"br0 is a bridge over eno1 (software): PTP belongs on the port, not on the bridge");
	text_is(bond_half, "nic",
		"bond0 is a bond over eno1 (hardware), eno2 (software): not all of them have hardware timestamps");
	text_is(boundary, "ptp4l", "eno1 SLAVE, eno2 MASTER, eno2 MASTER, eno2 MASTER and 2 more; grandmaster "
				   "4e2367.fffe.f129c3, class 6, 1 step, hardware timestamps");
	text_is(pmc_hangs, "ptp4l", "ptp4l of eno1 runs, but cannot be asked: pmc: no answer within 3 s");
	text_is(fight, "steering",
		"they fight over the system's clock, which only one may steer: phc2sys (process 512), "
		"chronyd (process 498)");
	text_is(software_of_ptp4l, "steering", "ptp4l, from software timestamps of eno1");
	text_is(constant_in_file, "tai",
		"/etc/default/phc2sys:3: a constant of -36, but TAI − UTC is 37 s today");
	text_is(leap_expired, "leap", "/usr/share/zoneinfo/leap-seconds.list expired on 2026-11-18");
}

static int count_code(const char *code)
{
	int n = 0;

	for (int i = 0; i < report.said.n; i++)
		n += !strcmp(report.said.list[i].code, code);
	return n;
}

/* Nothing that there can be at once is more than there is room for. */
static void test_everything(void **state)
{
	(void)state;
	healthy(&facts);
	many_nics(&facts);
	given_away(&facts);
	for (int i = 0; i < MANY; i++) {
		facts.ptp4l[i] = facts.ptp4l[0];
		facts.ptp4l[i].process.software = true;
		facts.ptp4l[i].process.socket[0] = 0;
		facts.ptp4l[i].data.offset_ns = 1e9;
	}
	facts.n_ptp4l = facts.n_phc2sys = MANY;
	facts.n_steerers = STEERERS_MAX;
	facts.n_constants = CHECK_CONSTANTS_MAX;
	facts.n_leap_files = CHECK_LEAP_FILES_MAX;
	for (int i = 0; i < STEERERS_MAX; i++)
		facts.steerers[i] = (struct steerer){ .name = "ntpd", .pid = 20 + i };
	for (int i = 0; i < MANY; i++)
		facts.phc2sys[i].process.steers = true;
	host_steerers(&facts);
	check_judge(&facts, &report);
	assert_in_range(report.n_steerers, 16, STEERERS_MAX);
	assert_int_equal(count_code("slave"), MANY);
	assert_int_equal(count_code("offset-large"), MANY);
	assert_int_equal(check_exit_status(&facts, &report), EXIT_BROKEN);
}

/* --- the facts --- */

#define PROCESS(pid, comm, words) put_process(pid, comm, words, sizeof(words), "0::/system.slice/x.service\n")

static void gather(void)
{
	static struct check_facts last;

	free(last.ptp4l);
	free(last.phc2sys);
	check_gather(&facts);
	last = facts;
}

static void test_empty_tree(void **state)
{
	(void)state;
	gather();
	assert_true(facts.offline);
	assert_int_equal(facts.nics.n + facts.n_ptp4l + facts.n_phc2sys + facts.n_steerers + facts.n_constants +
				 facts.n_leap_files + facts.chrony.pid,
			 0);
	assert_false(facts.cpu.known || facts.kernel.known || facts.kvm.node);
	host_steerers(&facts);
	check_judge(&facts, &report);
	assert_int_equal(check_exit_status(&facts, &report), EXIT_GOOD);
}

static void test_machine(void **state)
{
	(void)state;
	put("/proc/cpuinfo", "processor\t: 0\nvmx flags\t: x\nflags\t\t: fpu vmx constant_tsc nonstop_tscx tsc_reliable\n"
			     "\nprocessor\t: 1\nflags\t\t: svm\n");
	put("/sys/module/kvm_amd/parameters/nested", "1\n");
	put("/sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n");
	put("/sys/devices/system/clocksource/clocksource0/available_clocksource", "tsc hpet \n");
	put("/etc/debian_version", "12\n");
	put("/usr/sbin/ptp4l", "");
	gather();
	assert_true(facts.cpu.known && facts.cpu.vmx && !facts.cpu.svm && facts.cpu.constant_tsc);
	assert_true(!facts.cpu.nonstop_tsc && facts.cpu.tsc_reliable && !facts.cpu.hypervisor);
	assert_string_equal(facts.kvm.module, "kvm_amd");
	assert_true(facts.kvm.nested && facts.debian && facts.linuxptp);
	assert_string_equal(facts.clocksource, "tsc");
	assert_string_equal(facts.clocksources, "tsc hpet ");
	put("/proc/cpuinfo", "flags\nflags\t\n");
	gather();
	assert_false(facts.cpu.known);
}

static void look_for_quality(const char *kernel, const char *date, bool installed)
{
	gather();
	assert_string_equal(facts.quality.was_kernel, kernel);
	assert_string_equal(facts.quality.was_date, date);
	assert_int_equal(facts.quality.was_installed, installed);
}

static void test_quality_facts(void **state)
{
	(void)state;
	gather();
	assert_false(facts.quality.known || facts.quality.kernel[0]);
	put("/proc/sys/kernel/osrelease", "6.12.119+deb13-amd64\n");
	put("/sys/kernel/debug/kvm/hypercalls", "0\n");
	gather();
	assert_true(facts.quality.known && !facts.quality.served);
	assert_string_equal(facts.quality.kernel, "6.12.119+deb13-amd64");
	put("/sys/kernel/debug/kvm/clock_pairings", "0\n");
	gather();
	assert_true(facts.quality.known && facts.quality.served);
	put(QUALITY_RECORD, "6.12.118-ptpkvm 2026-11-28\n");
	look_for_quality("6.12.118-ptpkvm", "2026-11-28", false);
	put("/boot/vmlinuz-6.12.118-ptpkvm", "");
	look_for_quality("6.12.118-ptpkvm", "2026-11-28", true);
	gone("/boot");
	put("/lib/modules/6.12.118-ptpkvm/vmlinuz", "");
	look_for_quality("6.12.118-ptpkvm", "2026-11-28", true);
}

/* Whatever is in its place, it is no record unless it is one to the last byte. */
static void test_quality_damaged(void **state)
{
	static const char *const none[] = {
		"", "\n", "6.12\n", "6.12 ", " 2026-11-28\n", "6.12 2026-11-28", "6.12 2026-11-28\n\n", "6.12  2026-11-28\n",
		"6.12 2026-11-28\n6.12 2026-11-29\n", "6.12 2026-11-28 x\n", "6.12 2026-13-01\n", "6.12 2026-00-01\n",
		"6.12 2026-01-00\n", "6.12 2026-01-32\n", "6.12 2026-1-010\n", "6.12\t2026-11-28\n", ". 2026-11-28\n",
		".. 2026-11-28\n", "../../etc 2026-11-28\n", "6/12 2026-11-28\n", "-f 2026-11-28\n", "6.12;id 2026-11-28\n",
		"6.12$(id) 2026-11-28\n", "6.12~ 2026-11-28\n", "6.12\033[2J 2026-11-28\n", "6.12\303\244 2026-11-28\n",
		"1234567890123456789012345678901234567890123456789012345678901234567890 2026-11-28\n",
	};
	static const char bytes[] = "6.12 2026-11-28\n\0";

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		put(QUALITY_RECORD, none[i]);
		look_for_quality("", "", false);
	}
	put_bytes(QUALITY_RECORD, bytes, sizeof(bytes) - 1);
	look_for_quality("", "", false);
	put_bytes(QUALITY_RECORD, bytes, sizeof(bytes) - 2);
	look_for_quality("6.12", "2026-11-28", false);
	gone(QUALITY_RECORD);
	put(QUALITY_RECORD "/x", "");
	look_for_quality("", "", false);
}

static ino_t record_is(const char *text)
{
	char *now = file_read(QUALITY_RECORD, NULL);
	struct stat st = { 0 };

	assert_string_equal(now ? now : "", text);
	free(now);
	file_lstat(QUALITY_RECORD, &st);
	return st.st_ino;
}

static void test_quality_remembered(void **state)
{
	static const char record[] = "6.12.118-ptpkvm 2026-11-18\n";
	ino_t first;

	(void)state;
	put("/proc/sys/kernel/osrelease", "6.12.118-ptpkvm\n");
	put("/sys/kernel/debug/kvm/clock_pairings", "0\n");
	put("/var/lib/x", "");
	gather();
	facts.now = NOW;
	facts.root = true;
	check_remember(&facts);
	record_is("");				/* --root: an image is only looked at */
	facts.offline = facts.root = false;
	check_remember(&facts);
	record_is("");
	facts.root = true;
	check_remember(&facts);
	first = record_is(record);
	facts.now += 3600;
	check_remember(&facts);
	assert_int_equal(record_is(record), first);
	put(QUALITY_RECORD, "damaged");
	check_remember(&facts);
	first = record_is(record);
	/* Another kernel, a stock one, leaves it. */
	facts.now += 86400;
	facts.quality.served = false;
	check_remember(&facts);
	assert_int_equal(record_is(record), first);
	facts.quality.served = true;
	check_remember(&facts);
	record_is("6.12.118-ptpkvm 2026-11-19\n");
	strcpy(facts.quality.kernel, "of/no file");
	check_remember(&facts);
	record_is("6.12.118-ptpkvm 2026-11-19\n");
	/* Where it can't be written nothing is said. */
	strcpy(facts.quality.kernel, "7.2");
	gone("/var/lib/ptpkvm");
	put("/var/lib/ptpkvm", "");
	check_remember(&facts);
	record_is("");
}

static void test_chain(void **state)
{
	(void)state;
	PROCESS(10, "ptp4l", "ptp4l\0-f\0/etc/p.conf\0-i\0eno1");
	PROCESS(11, "phc2sys", "phc2sys\0-a\0-r\0-E\0ntpshm");
	PROCESS(12, "phc2sys", "phc2sys\0-s\0eno1\0-w");
	PROCESS(13, "chronyd", "chronyd\0-x\0-f\0/etc/c.conf");
	PROCESS(14, "ntpd", "ntpd");
	put("/etc/c.conf", "refclock SHM 2 poll 0 refid PTP0\nrefclock PHC /dev/ptp0:extpps refid NIC\n"
			   "refclock AVERYLONGDRIVER x\nrefclock SOCK\nleapsectz right/UTC\nleapseclist /etc/leap\n");
	gather();
	assert_int_equal(facts.n_ptp4l, 1);
	assert_false(facts.ptp4l[0].asked);
	assert_int_equal(facts.n_phc2sys, 2);
	for (int i = 0; i < 2; i++)
		assert_int_equal(facts.phc2sys[i].process.steers, facts.phc2sys[i].process.pid == 12);
	assert_string_equal(facts.phc2sys[0].unit, "x.service");
	assert_int_equal(facts.chrony.pid, 13);
	assert_true(facts.chrony.watches_only);
	assert_string_equal(facts.chrony.conf, "/etc/c.conf");
	assert_int_equal(facts.chrony.n_refclocks, 3);
	assert_string_equal(facts.chrony.refclocks[0].driver, "SHM");
	assert_string_equal(facts.chrony.refclocks[0].device, "2");
	assert_string_equal(facts.chrony.refclocks[0].refid, "PTP0");
	assert_string_equal(facts.chrony.refclocks[1].device, "/dev/ptp0");
	assert_string_equal(facts.chrony.refclocks[2].device, "");
	assert_string_equal(facts.chrony.leapsectz, "right/UTC");
	assert_int_equal(facts.n_leap_files, 2);
	assert_int_equal(facts.leap_files[0].error, ENOENT);
	assert_int_equal(facts.leap_files[1].error, ENOENT);

	/* Directives in its place: they are cut up, and no file is read. */
	PROCESS(13, "chronyd", "chronyd\0-n\0server\0x");
	put("/etc/chrony/chrony.conf", "refclock SHM 0\n");
	gather();
	assert_string_equal(facts.chrony.conf, "");
	assert_false(facts.chrony.watches_only);
	PROCESS(13, "chronyd", "chronyd\0-F\0001");
	gather();
	assert_string_equal(facts.chrony.conf, "/etc/chrony/chrony.conf");
}

static const struct finding *link_says(const char *link)
{
	static const struct finding none;

	check_judge(&facts, &report);
	for (int i = 0; i < report.said.n; i++)
		if (!strcmp(report.said.list[i].link, link))
			return &report.said.list[i];
	return &none;
}

/* A grandmaster with one for each port */
static void test_many_ptp4l(void **state)
{
	(void)state;
	for (int pid = 100; pid < 100 + 40; pid++)
		PROCESS(pid, "ptp4l", "ptp4l\0-i\0eno1");
	for (int pid = 200; pid < 200 + 40; pid++)
		PROCESS(pid, "phc2sys", "phc2sys\0-s\0eno1\0-c\0eno2");
	gather();
	assert_int_equal(facts.n_ptp4l, 40);
	assert_int_equal(facts.ptp4l[39].process.pid, 139);
	assert_int_equal(facts.n_phc2sys, 40);
	assert_int_equal(facts.phc2sys[39].process.pid, 239);
}

/* Configurations that can't be read are none: what they say is not known, and nothing passes for it. */
static void test_unread(void **state)
{
	char full[FILE_PATH_MAX];

	(void)state;
	PROCESS(10, "ptp4l", "ptp4l\0-i\0eno1\0-f\0/etc/none.conf");
	PROCESS(13, "chronyd", "chronyd\0-f\0/etc/c.conf");
	put("/var/run/ptp4l", "");
	put("/etc/c.conf", "leapsectz right/UTC\ninclude /etc/none\n");
	put("/usr/share/zoneinfo/right/UTC", "TZif");
	gather();
	assert_int_equal(facts.ptp4l[0].process.conf_error, ENOENT);
	has(facts.chrony.conf_why, "/etc/c.conf:2: cannot read /etc/none");
	facts.offline = false;
	facts.root = true;
	check_ask_ptp4l(&facts, &facts.ptp4l[0]);
	assert_false(facts.ptp4l[0].asked);
	assert_int_equal(link_says("ptp4l")->level, LEVEL_WARN);
	has(link_says("ptp4l")->text, "/etc/none.conf cannot be read: No such file");
	assert_int_equal(mkfifo(file_path(full, "/etc/none.conf"), 0600), 0);
	ptp4l_read(&facts.ptp4l[0].process, &(struct process){ .pid = 10 });
	check_ask_ptp4l(&facts, &facts.ptp4l[0]);
	has(link_says("ptp4l")->text, "/etc/none.conf cannot be read: it is no regular file");
	assert_int_equal(unlink(full), 0);
	has(report.said.list[report.said.n - 4].link, "kernel");
	has(report.said.list[report.said.n - 5].text, "not looked at: /etc/c.conf:2: cannot read /etc/none");
	put("/etc/none.conf", "[global]\ndomainNumber 3\n");
	put("/etc/none", "");
	gather();
	assert_int_equal(facts.ptp4l[0].process.conf_error, 0);
	assert_string_equal(facts.chrony.conf_why, "");
}

static void constant_is(int i, const char *place, const char *text)
{
	assert_string_equal(facts.constants[i].place, place);
	assert_string_equal(facts.constants[i].text, text);
}

static void test_constants(void **state)
{
	(void)state;
	PROCESS(10, "phc2sys", "phc2sys\0-s\0eno1\0-O\0-36");
	PROCESS(11, "ptp4l", "ptp4l\0--utc_offset=35");
	put("/etc/linuxptp/ptp4l.conf", "[global]\n#utc_offset 36\nutc_offset\t\t34\noffset_from_master_min_threshold 36\n");
	put("/etc/linuxptp/timemaster.conf", "[chrony.conf]\nrefclock PHC /dev/ptp0 offset -36.0 poll 0\n[phc2sys]\n");
	put("/etc/ptpkvm/ptp4l.conf", "[global]\nutc_offset 35\n");
	put("/etc/sysconfig/phc2sys", "OPTIONS=\"-a -r -O-36\"\n");
	put("/etc/systemd/system/phc2sys@.service.d/x.conf", "ExecStart=/usr/sbin/phc2sys -s %I -O 37\n");
	put("/etc/chrony/chrony.conf", "include /etc/chrony/more\nserver x offset 36\n");
	put("/etc/chrony/more", "\nrefclock PHC /dev/ptp0 offset 36\nrefclock SHM 0 offset 0.036 delay 36\n");
	gather();
	assert_int_equal(facts.n_constants, 8);
	constant_is(0, "phc2sys, process 10", "-36");
	constant_is(1, "ptp4l, process 11", "35");
	constant_is(2, "/etc/linuxptp/ptp4l.conf:3", "34");
	constant_is(3, "/etc/linuxptp/timemaster.conf:2", "-36.0");
	constant_is(4, "/etc/ptpkvm/ptp4l.conf:2", "35");
	constant_is(5, "/etc/sysconfig/phc2sys:1", "-36");
	constant_is(6, "/etc/systemd/system/phc2sys@.service.d/x.conf:1", "37");
	constant_is(7, "/etc/chrony/more:2", "36");
	assert_float_equal(facts.constants[3].seconds, 36, 0);
}

static void test_hostile_constants(void **state)
{
	char text[4096] = "";

	(void)state;
	put("/etc/ptp4l.conf", "-O\nutc_offset\nutc_offset 36x\n-O --36\n-O 0x24\n-O 29\n-O 46\n-O nan\n'\"=\n-O 36e0\n"
			       "-O 36.0000000000000000000000000000000000\n");
	gather();
	assert_int_equal(facts.n_constants, 0);
	for (int i = 0; i < CHECK_CONSTANTS_MAX + 9; i++)
		add_text(text, sizeof(text), "-O 36 ");
	put("/etc/ptp4l.conf", text);
	gather();
	assert_int_equal(facts.n_constants, CHECK_CONSTANTS_MAX);
}

static void leap_is(const char *text, int64_t expires, int tai_utc)
{
	struct leap_file leap = { .error = 0 };

	leap_list_parse(&leap, text, NOW);
	assert_int_equal(leap.expires, expires);
	assert_int_equal(leap.tai_utc, tai_utc);
}

static void test_leap_lists(void **state)
{
	char text[5000];

	(void)state;
	leap_is("#$\t3676924800\n#@\t3991766400\n3644697600\t36\t# 1 Jul 2015\n3692217600      37      # 1 Jan 2017\r\n",
		1782777600, 37);
	/* in the future, not yet */
	leap_is("3692217600\t37\n4100000000\t38\n#@ 4500000000\n", 2291011200, 37);
	leap_is("", 0, 0);
	leap_is("#@\n#@ x\n#@ 99999999999999999999\n#@ 1\n", 0, 0);
	leap_is("3692217600\n3692217600 x\n3692217600 -37\n1 10\nx 37\n3692217600 1001", 0, 0);
	memset(text, '9', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	leap_is(text, 0, 0);
}

static void test_leap_files(void **state)
{
	(void)state;
	put("/usr/share/zoneinfo/leap-seconds.list", "#@\t3991766400\n3692217600\t37\n");
	put("/etc/p.conf", "[global]\nleapfile /usr/share/zoneinfo/leap-seconds.list\n");
	put("/usr/share/zoneinfo/right/UTC", "TZif");
	put("/etc/chrony.conf", "leapsectz right/UTC\n");
	PROCESS(10, "ptp4l", "ptp4l\0-f\0/etc/p.conf");
	gather();
	assert_int_equal(facts.n_leap_files, 2);	/* each once */
	assert_string_equal(facts.leap_files[0].whose, "ptp4l");
	assert_int_equal(facts.leap_files[0].expires, 1782777600);
	assert_string_equal(facts.leap_files[1].path, "/usr/share/zoneinfo/right/UTC");
	assert_int_equal(facts.leap_files[1].error, 0);
}

/* --- its output --- */

static int check(void *argv)
{
	char **end = argv;

	while (*end)
		end++;
	optind = 0;
	return cmd_check(end - (char **)argv, argv);
}

static void put_machine(void)
{
	char full[FILE_PATH_MAX];

	put("/sys/class/net/eno1/device/vendor", "0x8086\n");
	put("/sys/class/net/br0/bridge/x", "");
	put("/sys/bus/pci/devices/0000:04:00.0/class", "0x020000\n");
	assert_int_equal(symlink("../../drivers/vfio-pci",
				 file_path(full, "/sys/bus/pci/devices/0000:04:00.0/driver")),
			 0);
	PROCESS(10, "ptp4l", "ptp4l\0-i\0eno1");
	PROCESS(11, "phc2sys", "phc2sys\0-s\0eno1\0-O\0-36");
	PROCESS(12, "ntpd", "ntpd");
	put("/usr/share/zoneinfo/leap-seconds.list", "#@\t3991766400\n");
}

/* Every finding, and every key of the JSON of a tree that has one of each */
static void test_documented(void **state)
{
	char *doc = whole_file("Documentation/ptpkvm-host-check.md");

	(void)state;
	put_machine();
	assert_int_equal(apart(check, (char *[]){ "check", "--json", "--root", tree, NULL }), EXIT_BROKEN);
	documented_json(doc, said_out);
	documented_all(doc, check_links);
	free(doc);
}

static void test_text_output(void **state)
{
	(void)state;
	put_machine();
	assert_int_equal(apart(check, (char *[]){ "check", "-q", "--root", tree, NULL }), EXIT_BROKEN);
	assert_non_null(strstr(
		said_out, "FAIL  tai           phc2sys, process 11: a constant of -36, but TAI − UTC is 37\n"
			  "                    s today [tai-constant]\n          start phc2sys with -w"));
	assert_null(strstr(said_out, "PASS"));
	assert_int_equal(apart(check, (char *[]){ "check", "-q", "--ignore",
						  (char[]){ "tai-constant,steering-fight,leap-expired" },
						  "--root", tree, NULL }),
			 EXIT_GOOD);
	assert_string_equal(said_out, "");
}

static void misused(char *a, char *b, const char *want)
{
	assert_int_equal(apart(check, (char *[]){ "check", "--root", tree, a, b, NULL }), EXIT_BROKEN);
	if (!strstr(said_err, want))
		assert_string_equal(said_err, want);
	assert_string_equal(said_out, "");
}

static void test_misuse(void **state)
{
	(void)state;
	misused("eth7", NULL, "there is no interface 'eth7', but there are none\n");
	put_machine();
	misused("eno1", "nic99", "there is no interface 'nic99', but there are br0 eno1\n");
	misused("--ignore", "no-such-code", "there is no warning or failure 'no-such-code'");
	misused("--warn-offset", "1.5", "--warn-offset: '1.5' is not a whole number from 0 to 1000000000000");
	misused("--fail-offset", "-1", "--fail-offset: '-1' is not a whole number");
	misused("--warn-path-delay", "1000000000001", "is not a whole number from 0 to 1000000000000");
	misused("--root", "/nonexistent", "--root: /nonexistent: No such file");
	progverb = "check";
	misused("--wat", NULL, " check --help'.");
	assert_int_equal(apart(check, (char *[]){ "check", "--root", tree, "br0", NULL }), EXIT_BROKEN);
	assert_non_null(strstr(said_out,
			       "----  nic           br0 (bridge, driver unknown): no card is below it; its\n"
			       "                    driver was not asked\n----  ptp4l"));
}

static const struct finding_kind kinds[] = { FINDING_WARN("code", "ptp4l", "x"),
					     FINDING_EITHER("two", "ptp4l", LEVEL_FAIL, "x"), { 0 } };

static void says(struct findings *v, const char *want)
{
	struct finding *one = &v->list[0];

	assert_int_equal(one->n_remedies, want ? 1 : 0);
	if (want)
		assert_string_equal(one->remedies[0].text, want);
	one->n_remedies = 0;
}

/* What is put into a command is one word of it, or a part of one; what does not fit is not cut. */
static void test_commands(void **state)
{
	static struct findings v;
	static char word[5000];

	(void)state;
	v = (struct findings){ .kinds = kinds };
	finding_add(&v, "code", "x");
	remedy_run(&v, 0, "kill %d -u %s.x", 5, "a; sudo sh /x #'");
	says(&v, "kill 5 -u 'a; sudo sh /x #'\\'''.x");
	remedy_run(&v, RUN_ROOT, "a %s %s %s", "", "-n", "");
	says(&v, "a -n");
	memset(word, 'a', 500);
	remedy_run(&v, 0, "rm %s", word);
	assert_int_equal(v.list[0].n_remedies, 1);
	v.list[0].n_remedies = 0;
	for (size_t n = 597; n < sizeof(word); n++) {
		memset(word, 'a', n);
		remedy_run(&v, 0, "rm %s", word);
		says(&v, NULL);
	}
	v.offline = true;
	remedy_run(&v, RUN_LIVE, "reboot");
	says(&v, NULL);
	v.outside = "in the guest itself";
	remedy_run(&v, RUN_OUTSIDE | RUN_IN_SOURCE, "make");
	says(&v, "in the guest itself: in ptp_kvm's source: make");
}

static int say_wrongly(void *arg)
{
	static struct findings v;

	v = (struct findings){ .kinds = kinds };
	switch (*(int *)arg) {
	case 0:
		finding_add(&v, "cod", "x");
		break;
	case 1:
		finding_add_at(&v, LEVEL_FAIL, "code", "x");
		break;
	case 2:
		finding_add_at(&v, LEVEL_PASS, "two", "x");
		break;
	case 3:
		finding_say(&v, LEVEL_WARN, "ptp4l", "code", "x");
		break;
	case 4:
		finding_add_at(&v, LEVEL_WARN, "two", "x");
		finding_add(&v, "code", "x");
		finding_say(&v, LEVEL_PASS, "ptp4l", "good", "x");
	}
	return 0;
}

/* No finding is said that is not in the table, or not as it has it. */
static void test_kinds(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		assert_int_equal(apart(say_wrongly, &i), i < 4 ? 128 + SIGABRT : 0);
}

static int print_hostile(void *arg)
{
	struct findings v = { .kinds = kinds };

	(void)arg;
	finding_add(&v, "code", "%s", "a\033[2J\r\nb\177");
	remedy_run(&v, 0, "c\t# %s", "\xc2\x9b" "d\x9b");
	findings_print(&v, false);
	misuse("%s", "e\033]0;f\a");
}

/* What others say is printed without its control bytes. */
static void test_hostile_text(void **state)
{
	(void)state;
	assert_int_equal(apart(print_hostile, NULL), EXIT_MISUSE);
	has(said_out, "  a?[2J??b? [code]\n");
	has(said_out, "  c # '?d?'\n");
	has(said_err, "e?]0;f?\nTry ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hostile_text),
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_in_container),
		cmocka_unit_test(test_sync),
		cmocka_unit_test(test_kernel_bound),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_everything),
		cmocka_unit_test_setup(test_empty_tree, empty_tree),
		cmocka_unit_test_setup(test_machine, empty_tree),
		cmocka_unit_test_setup(test_quality_facts, empty_tree),
		cmocka_unit_test_setup(test_quality_damaged, empty_tree),
		cmocka_unit_test_setup(test_quality_remembered, empty_tree),
		cmocka_unit_test_setup(test_chain, empty_tree),
		cmocka_unit_test_setup(test_many_ptp4l, empty_tree),
		cmocka_unit_test_setup(test_unread, empty_tree),
		cmocka_unit_test_setup(test_constants, empty_tree),
		cmocka_unit_test_setup(test_hostile_constants, empty_tree),
		cmocka_unit_test(test_leap_lists),
		cmocka_unit_test_setup(test_leap_files, empty_tree),
		cmocka_unit_test_setup(test_documented, empty_tree),
		cmocka_unit_test_setup(test_text_output, empty_tree),
		cmocka_unit_test_setup(test_misuse, empty_tree),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("host-check", tests, NULL, remove_tree);
}
