// SPDX-License-Identifier: GPL-2.0-or-later
/* status as a whole and in its parts; the host, its PHC and chronyd are made up, debugfs is a tree of our own. */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/array.h"
#include "base/die.h"
#include "documented.h"
#include "facts/guests.h"
#include "facts/vsock.h"
#include "host_facts.h"
#include "ptp/hop.h"
#include "ptpkvm-host.h"
#include "time/phc.h"
#include "tree.h"

/* --- what is made up --- */

static struct {
	bool gather;			/* for real */
	int open_error, read_error;
	struct phc_sample sample;
	bool no_tracking;
	struct chrony_tracking tracking;
} fake;

static struct check_facts facts;

static void fake_gather(struct check_facts *f)
{
	if (fake.gather)
		check_gather(f);
	else
		*f = facts;
	host_steerers(f);
}

static int fake_open(struct phc *phc, const char *path, int flags, char *why, size_t len)
{
	(void)flags;
	*phc = (struct phc){ .fd = -1 };
	if (!fake.open_error)
		phc->fd = open("/dev/null", O_RDONLY);
	else
		snprintf(why, len, "cannot open %s: %s", path, strerror(fake.open_error));
	return fake.open_error ? -1 : 0;
}

static int fake_read(int fd, enum phc_method *m, struct phc_sample *s)
{
	(void)fd;
	*m = PHC_EXTENDED;
	*s = fake.sample;
	return fake.read_error;
}

static int fake_chrony(struct chrony_tracking *t, char *why, size_t len)
{
	(void)why, (void)len;
	*t = fake.tracking;
	return fake.no_tracking ? -1 : 0;
}

#define phc_open fake_open
#define phc_read_best fake_read
#include "../../host-tools/ptp/hop.c"
#undef phc_open
#undef phc_read_best
#define check_gather fake_gather
#define chronyc_tracking fake_chrony
#include "../../host-tools/status/gather.c"
#undef check_gather
#undef chronyc_tracking

static int reset(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	/* The PHC shows TAI: 37 s and 8 ns behind it is the system's clock. */
	fake.sample = (struct phc_sample){ .pre = 1000000000, .device = 38000000023, .post = 1000000030 };
	fake.tracking = (struct chrony_tracking){
		.name = "PTP0", .stratum = 1, .system = 2.5e-8, .root_delay = 2e-6, .root_dispersion = 1e-6,
		.leap = "Normal",
	};
	host_facts(&facts);
	tree_make();
	return 0;
}

/* --- guests --- */

static struct kvm_guests guests;

static void put_guest(int pid, const char *words, size_t len)
{
	char path[100];

	snprintf(path, sizeof(path), "/sys/kernel/debug/kvm/%d-11/hypercalls", pid);
	put(path, "7\n");
	snprintf(path, sizeof(path), "/sys/kernel/debug/kvm/%d-11/vcpu0/tsc-offset", pid);
	put(path, "-1\n");
	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	put(path, "qemu-system-x86\n");
	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	put_bytes(path, words, len);
}

#define GUEST(pid, words) put_guest(pid, words, sizeof(words))

static void test_guests(void **state)
{
	(void)state;
	put("/sys/kernel/debug/kvm/hypercalls", "99\n");
	GUEST(2000, "/usr/bin/qemu-system-x86_64\0-name\0guest=db,debug-threads=on\0-S");
	GUEST(1000, "qemu\0-name\0web1\0");
	put("/sys/kernel/debug/kvm/1000-11/vcpu1/pid", "1\n");
	put("/sys/kernel/debug/kvm/1000-11/vcpux/pid", "1\n");
	put("/sys/kernel/debug/kvm/1000-11/clock_pairings", "18446744073709551615\n");
	put("/sys/kernel/debug/kvm/1000-11/clock_pairings_refused", "0\n");
	put("/sys/kernel/debug/kvm/3000-5/vcpu0/pid", "1\n");	/* its process has gone */
	assert_true(kvm_guests_find(&guests));
	assert_string_equal(guests.why, "");
	assert_int_equal(guests.n, 3);
	assert_int_equal(guests.list[0].pid, 1000);
	assert_int_equal(guests.list[0].fd, 11);
	assert_string_equal(guests.list[0].name, "web1");
	assert_string_equal(guests.list[0].program, "qemu-system-x86");
	assert_int_equal(guests.list[0].vcpus, 2);
	assert_true(guests.list[0].pairings.known && guests.list[0].pairings.n == UINT64_MAX);
	assert_true(guests.list[0].refused.known && !guests.list[0].refused.n);
	assert_string_equal(guests.list[1].name, "db");
	assert_false(guests.list[1].pairings.known || guests.list[1].refused.known);
	assert_true(guests.list[1].hypercalls.known && guests.list[1].hypercalls.n == 7);
	assert_string_equal(guests.list[2].name, "");
	assert_string_equal(guests.list[2].program, "");
	assert_false(guests.list[2].hypercalls.known);
}

static void name_is(const char *words, size_t len, const char *want)
{
	put_guest(10, words, len);
	assert_true(kvm_guests_find(&guests));
	assert_string_equal(guests.list[0].name, want);
}

#define NAME(words, want) name_is(words, sizeof(words), want)

static void test_names(void **state)
{
	char words[300] = "q\0-name\0guest=", want[80];

	(void)state;
	NAME("q", "");
	NAME("q\0-name", "");
	NAME("q\0-name\0", "");
	NAME("q\0-nam\0x\0name\0y", "");
	NAME("q\0--name\0two", "two");
	NAME("q\0-name\0debug-threads=on,guest=three", "three");
	NAME("q\0-name\0process=p,four", "");
	NAME("q\0-name\0guest=a,,b,,,process=c", "a,b,");
	NAME("q\0-name\0,,", ",");
	NAME("q\0-name\0,", "");
	NAME("q\0-name\0one\0-name\0guest=two", "two");
	memset(words + 14, 'x', sizeof(words) - 14);
	memset(want, 'x', 79);
	want[79] = 0;
	name_is(words, sizeof(words), want);
}

static void test_hostile_debugfs(void **state)
{
	static const char *const dirs[] = {
		"-11", "0-1", "10", "10-", "10-x", "4194305-1", "99999999999999999999-1", "1-99999999999999", "+1-1", "1--1",
	};
	char path[100];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/kvm/%s/hypercalls", dirs[i]);
		put(path, "1\n");
	}
	put("/sys/kernel/debug/kvm/77-1", "a file\n");
	put("/sys/kernel/debug/kvm/78-1/hypercalls", "18446744073709551616\n");
	put("/sys/kernel/debug/kvm/78-1/clock_pairings", "-1\n");
	put("/sys/kernel/debug/kvm/78-1/clock_pairings_refused", "");
	put("/sys/kernel/debug/kvm/78-1/vcpu-1/x", "");
	put("/proc/78/comm", "\033]0;x\n");
	assert_true(kvm_guests_find(&guests));
	assert_int_equal(guests.n, 1);
	assert_int_equal(guests.list[0].pid, 78);
	assert_int_equal(guests.list[0].vcpus, 0);
	assert_false(guests.list[0].hypercalls.known || guests.list[0].pairings.known || guests.list[0].refused.known);
	assert_string_equal(guests.list[0].program, "\033]0;x");
}

static void test_many_guests(void **state)
{
	char path[100], full[FILE_PATH_MAX];

	(void)state;
	put("/sys/kernel/debug/kvm/1-1/hypercalls", "1\n");
	for (int i = 2; i <= KVM_GUESTS_MAX + 3; i++) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/kvm/%d-1", i);
		assert_int_equal(mkdir(file_path(full, path), 0755), 0);
	}
	assert_true(kvm_guests_find(&guests));
	assert_int_equal(guests.n, KVM_GUESTS_MAX);
	assert_int_equal(guests.left_out, 3);
}

static void open_file(int pid, const char *target)
{
	char path[100], full[FILE_PATH_MAX];

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	assert_int_equal(mkdir(file_path(full, path), 0755), 0);
	snprintf(path, sizeof(path), "/proc/%d/fd/7", pid);
	assert_int_equal(symlink(target, file_path(full, path)), 0);
}

static void test_vsock(void **state)
{
	struct vsock_facts v;

	(void)state;
	put("/sys/kernel/debug/kvm/hypercalls", "99\n");
	GUEST(1000, "qemu\0-name\0told\0-device\0vhost-vsock-pci,guest-cid=3");
	GUEST(1001, "qemu\0-name\0libvirt's\0-device\0{\"driver\":\"vhost-vsock-pci\"}");
	GUEST(1002, "qemu\0-name\0plugged");
	open_file(1002, "/dev/vhost-vsock");
	GUEST(1003, "qemu\0-name\0unseen");	/* whose open files are not to be seen */
	GUEST(1004, "qemu\0-name\0other\0vhost_vsock");
	open_file(1004, "/dev/vhost-vsock2");
	GUEST(1005, "qemu\0-name\0another");
	open_file(1005, "/dev/kvm");
	put("/sys/kernel/debug/kvm/1006-11/hypercalls", "1\n");
	put("/proc/1006/comm", "firecracker\n");
	vsock_gather(&v);
	assert_false(v.served || v.device || v.guests);
	put(SERVE_SOCKET, "");
	vsock_gather(&v);
	assert_true(v.served && !v.device);
	put("/dev/vhost-vsock", "");
	vsock_gather(&v);
	assert_true(v.device);
	assert_int_equal(v.guests, 6);
	assert_int_equal(v.without, 2);
	assert_string_equal(v.name, "other");
	assert_int_equal(v.pid, 1004);
}

static void not_known(const char *want)
{
	assert_false(kvm_guests_find(&guests));
	assert_int_equal(guests.n, 0);
	if (!strstr(guests.why, want))
		assert_string_equal(guests.why, want);
}

static int look_as_user(void *arg)
{
	(void)arg;
	if (!geteuid() && (setgid(65534) || setuid(65534)))
		return 99;
	not_known("only root may read /sys/kernel/debug");
	return 0;
}

static void test_no_debugfs(void **state)
{
	char full[FILE_PATH_MAX];

	(void)state;
	not_known("no debugfs: mount -t debugfs");
	put("/sys/kernel/debug/clk/x", "");
	not_known("KVM's module is not loaded");
	put("/sys/kernel/debug/kvm", "");
	not_known("/sys/kernel/debug/kvm: Not a directory");
	chmod(tree, 0755);
	chmod(file_path(full, "/sys/kernel/debug"), 0);
	assert_int_equal(apart(look_as_user, NULL), 0);
	chmod(full, 0755);
}

/* --- the last hop --- */

static void test_hop(void **state)
{
	struct chain_hop hop;

	(void)state;
	assert_true(chain_find(&facts, &facts.ptp4l[0], &hop));
	assert_string_equal(hop.path, "/dev/ptp0");
	assert_false(hop.known);
	chain_read(&hop);
	assert_true(hop.known);
	/* 23 ns − 15 ns: the PHC is 8 ns ahead, the system behind */
	assert_int_equal(hop.offset_ns, 8);
	assert_int_equal(hop.uncertainty_ns, 15);
	assert_string_equal(hop.why, "");

	/* A grandmaster's own time scale */
	facts.ptp4l[0].data.ptp_timescale = false;
	assert_true(chain_find(&facts, &facts.ptp4l[0], &hop));
	chain_read(&hop);
	assert_int_equal(hop.offset_ns, 37000000008);

	fake.read_error = ENODEV;
	chain_read(&hop);
	assert_false(hop.known);
	assert_string_equal(hop.why, "/dev/ptp0 cannot be read: No such device");
	fake.open_error = EACCES;
	chain_read(&hop);
	assert_string_equal(hop.why, "cannot open /dev/ptp0: Permission denied");
}

static void test_which_phc(void **state)
{
	struct ptp4l_fact *p = &facts.ptp4l[0];
	struct nic *nics = facts.nics.list;
	struct chain_hop hop;

	(void)state;
	nics[0].phc = 3;
	p->data.ports[0].interface[0] = 0;	/* an ordinary user's */
	assert_true(chain_find(&facts, p, &hop));
	assert_string_equal(hop.path, "/dev/ptp3");
	p->process.n_interfaces = 2;
	assert_true(chain_find(&facts, p, &hop));
	assert_string_equal(hop.path, "");
	assert_string_equal(hop.why, "the interface of port 6e2bee.fffe.8fb69c-1 is not known");
	chain_read(&hop);
	assert_false(hop.known);

	/* A bond of two cards, on one clock and on two */
	facts.nics.n = 3;
	nics[1] = nics[2] = nics[0];
	strcpy(nics[1].name, "eno2");
	strcpy(nics[2].name, "bond0");
	nics[2].kind = NIC_BOND;
	nics[2].phc = -1;
	nics[2].n_lower = 2;
	strcpy(nics[2].lower[0], "eno1");
	strcpy(nics[2].lower[1], "eno2");
	strcpy(p->data.ports[0].interface, "bond0");
	assert_true(chain_find(&facts, p, &hop));
	assert_string_equal(hop.path, "/dev/ptp3");
	nics[1].phc = 4;
	assert_true(chain_find(&facts, p, &hop));
	assert_string_equal(hop.why, "bond0 has not one PHC");

	strcpy(p->data.ports[0].timestamping, "SOFTWARE");
	assert_false(chain_find(&facts, p, &hop));
	strcpy(p->data.ports[0].timestamping, "HARDWARE");
	strcpy(p->data.ports[0].state, "MASTER");
	assert_false(chain_find(&facts, p, &hop));
	strcpy(p->data.ports[0].state, "SLAVE");
	p->result = PMC_SILENT;
	assert_false(chain_find(&facts, p, &hop));
}

static void accuracy_is(int code, const char *want)
{
	char buf[CHAIN_ACCURACY_LEN];
	const char *got = chain_accuracy_text(buf, code);

	if (want)
		assert_string_equal(got, want);
	else
		assert_null(got);
}

static void test_accuracy(void **state)
{
	(void)state;
	accuracy_is(0x16, NULL);
	accuracy_is(0x17, "1 ps");
	accuracy_is(0x1c, "250 ps");
	accuracy_is(0x1d, "1 ns");
	accuracy_is(0x1e, "2.5 ns");
	accuracy_is(0x20, "25 ns");
	accuracy_is(0x21, "100 ns");
	accuracy_is(0x23, "1 µs");
	accuracy_is(0x28, "250 µs");
	accuracy_is(0x29, "1 ms");
	accuracy_is(0x2e, "250 ms");
	accuracy_is(0x2f, "1 s");
	accuracy_is(0x30, "10 s");
	accuracy_is(0x31, "more than 10 s");
	accuracy_is(0x32, NULL);
	accuracy_is(0xfe, NULL);
	accuracy_is(-1, NULL);
	assert_true(isnan(chain_accuracy(0xfe)) && isinf(chain_accuracy(0x31)));
	assert_float_equal(chain_accuracy(0x20), 25e-9, 1e-15);
}

/* --- the whole --- */

static int status(void *argv)
{
	char **end = argv;

	while (*end)
		end++;
	optind = 0;
	return cmd_status(end - (char **)argv, argv);
}

/* Its exit status, with the tree's debugfs and the facts given */
static int run_status(char *a, char *b, char *c)
{
	return apart(status, (char *[]){ "status", a, b, c, NULL });
}

static void test_healthy(void **state)
{
	(void)state;
	put("/sys/kernel/debug/kvm/1000-11/clock_pairings", "12\n");
	put("/sys/kernel/debug/kvm/1000-11/clock_pairings_refused", "1\n");
	GUEST(1000, "qemu\0-name\0guest=web1");
	assert_int_equal(run_status(NULL, NULL, NULL), EXIT_GOOD);
	assert_string_equal(
		said_out,
		"grandmaster   4e2367.fffe.f129c3, class 6, accuracy 100 ns, 1 step away\n"
		"ptp4l         eno1 SLAVE (process 500, domain 0, hardware timestamps)\n"
		"GM > NIC      12 ns ahead of the grandmaster, path delay 1.30 µs\n"
		"NIC > system  8 ns behind the NIC ± 15 ns (/dev/ptp0, TAI − UTC 37 s)\n"
		"steered by    phc2sys (process 512), from eno1\n"
		"kernel        synchronized, with no bound on its error: phc2sys tells none\n"
		"guests        1\n"
		"  web1                 process 1000       1 vCPU   served 12 times, refused 1\n");
	assert_string_equal(said_err, "");
}

static void test_chronyd(void **state)
{
	(void)state;
	host_facts_chrony(&facts);
	facts.ptp4l[0].process.servo[0] = 0;
	GUEST(1000, "qemu");
	assert_int_equal(run_status(NULL, NULL, NULL), EXIT_GOOD);
	has(said_out, "steered by    chronyd (process 498), from refclock PTP0\n");
	has(said_out, "kernel        synchronized, at most 50.0 µs off UTC\n");
	has(said_out, "chronyd       25 ns behind PTP0 (stratum 1), at most 2.02 µs off\n");
	has(said_out, "  qemu-system-x86      process 1000       1 vCPU   7 hypercalls of any kind\n");
	has(said_out, "  (this kernel does not count clock pairings: host-patch/ adds that)\n");
	fake.tracking = (struct chrony_tracking){ .leap = "Not synchronised" };
	run_status(NULL, NULL, NULL);
	has(said_out, "chronyd       follows no source\n");
	fake.tracking.stratum = 5;	/* "local stratum 5" */
	run_status(NULL, NULL, NULL);
	has(said_out, "chronyd       follows no source\n");
	fake.tracking.stratum = 0;
	run_status("--json", NULL, NULL);
	has(said_out, "\"stratum\": 0,\n    \"offset_ns\": null,\n    \"root_distance_ns\": null,\n");
	fake.no_tracking = true;
	assert_int_equal(run_status(NULL, NULL, NULL), EXIT_GOOD);
	lacks(said_out, "chronyd       ");
}

static void test_amiss(void **state)
{
	struct ptp4l_fact *p = &facts.ptp4l[0];

	(void)state;
	strcpy(p->data.ports[0].state, "LISTENING");
	facts.kernel.status = STA_UNSYNC;
	facts.kernel.tai_utc = 0;	/* of which only check speaks */
	assert_int_equal(run_status(NULL, NULL, NULL), EXIT_WARNINGS);
	has(said_out, "ptp4l         eno1 LISTENING (process 500");
	has(said_out, "kernel        not synchronized, ");
	has(said_out, "no grandmaster is heard [ptp4l-listening]\n          sudo tcpdump");
	has(said_out, "[kernel-unsynchronized]");
	lacks(said_out, "GM > ");
	lacks(said_out, "tai-");
	strcpy(p->data.grandmaster, p->data.identity);
	run_status(NULL, NULL, NULL);
	has(said_out, "grandmaster   none is heard\nptp4l ");
	strcpy(p->data.ports[0].state, "MASTER");
	p->data.steps = 0;
	run_status(NULL, NULL, NULL);
	has(said_out, "grandmaster   6e2bee.fffe.8fb69c, class 6, accuracy 100 ns, 0 steps away: this\n"
		      "              host\n");

	host_facts(&facts);
	p->result = PMC_FAILED;
	pmc_unknown(&p->data);
	strcpy(p->why, "pmc: no answer within 3 s");
	assert_int_equal(run_status(NULL, NULL, NULL), EXIT_WARNINGS);
	has(said_out, "ptp4l         process 500: pmc: no answer within 3 s\n");
	has(said_out, "[ptp4l-silent]");
	p->asked = facts.root = false;
	p->denied = true;
	assert_int_equal(run_status(NULL, NULL, NULL), EXIT_WARNINGS);
	has(said_out, "ptp4l         process 500: only root may ask it\n");
}

/* A master is heard, but no Sync; then answers lack all parts, and then some. */
static void test_unknown(void **state)
{
	struct pmc_data *d = &facts.ptp4l[0].data;

	(void)state;
	strcpy(d->ports[0].state, "UNCALIBRATED");
	d->offset_ns = d->path_delay_ns = NAN;
	d->ingress_ns = 0;
	assert_int_equal(run_status(NULL, NULL, NULL), EXIT_WARNINGS);
	has(said_out, "GM > NIC      no measurement to the grandmaster, path delay no measurement\n");
	has(said_out, "no measurement: no Sync of the master has come\n                    [offset-unmeasured]\n");
	run_status("--json", NULL, NULL);
	has(said_out, "\"offset_ns\": null,\n      \"path_delay_ns\": null,\n");

	d->utc_offset = UNKNOWN;
	run_status(NULL, NULL, NULL);
	has(said_out, "NIC > system  not known: ptp4l does not tell TAI − UTC\n");
	d->gm_class = d->gm_accuracy = d->steps = UNKNOWN;
	run_status(NULL, NULL, NULL);
	has(said_out, "grandmaster   4e2367.fffe.f129c3\n");

	pmc_unknown(d);
	assert_int_equal(run_status(NULL, NULL, NULL), EXIT_WARNINGS);
	has(said_out, "ptp4l         ports not told (process 500");
	has(said_out, "[ptp4l-untold]");
	lacks(said_out, "GM > ");
	lacks(said_out, "grandmaster   ");
	run_status("--json", NULL, NULL);
	has(said_out, "\"gm_class\": null,\n      \"gm_accuracy\": null,\n      \"steps\": null,\n      \"offset_ns\": null,\n"
		      "      \"path_delay_ns\": null,\n      \"utc_offset_s\": null,\n      \"utc_offset_valid\": null,\n"
		      "      \"ptp_timescale\": null,\n      \"time_traceable\": null,\n");
}

static void test_hops(void **state)
{
	struct ptp4l_fact *p = &facts.ptp4l[0];

	(void)state;
	fake.open_error = EACCES;
	p->data.gm_accuracy = 0xfe;
	p->data.n_ports = 2;
	strcpy(p->data.ports[1].identity, "6e2bee.fffe.8fb69c-2");
	strcpy(p->data.ports[1].state, "MASTER");
	strcpy(p->data.ports[1].interface, "eno2");
	run_status(NULL, NULL, NULL);
	has(said_out, "class 6, 1 step away\n");
	has(said_out, "eno1 SLAVE, eno2 MASTER (process 500");
	has(said_out, "NIC > system  not known: cannot open /dev/ptp0: Permission denied\n");

	/* Software timestamps: one hop */
	p->process.software = true;
	facts.n_phc2sys = 0;
	strcpy(p->data.ports[0].timestamping, "SOFTWARE");
	run_status(NULL, NULL, NULL);
	has(said_out, "GM > system   12 ns ahead of the grandmaster, path delay 1.30 µs\n");
	has(said_out, ", domain 0, software\n              timestamps)");
	lacks(said_out, "NIC");

	facts.n_ptp4l = 0;
	host_facts_chrony(&facts);
	assert_int_equal(run_status(NULL, NULL, NULL), EXIT_GOOD);
	has(said_out, "ptp4l         does not run\n");
}

/* The host refuses one of three that asks. */
static void test_refused(void **state)
{
	static const char *const counts[][2] = { { "0\n", "3\n" }, { "5\n", "3\n" }, { "0\n", "0\n" } };
	char path[100];

	(void)state;
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/kvm/%d-9/clock_pairings", 10 + i);
		put(path, counts[i][0]);
		snprintf(path, sizeof(path), "/sys/kernel/debug/kvm/%d-9/clock_pairings_refused", 10 + i);
		put(path, counts[i][1]);
	}
	put("/proc/10/comm", "crosvm\n");
	assert_int_equal(run_status(NULL, NULL, NULL), EXIT_WARNINGS);
	has(said_out, "WARN  guests        1 VM asked for the time and got no answer: crosvm (process\n"
		      "                    10) 3 times [guests-refused]\n          sudo ptpkvm-host probe\n");
	has(said_out, "served 5 times, refused 3\n");
}

/* What ptp4l, chronyd, guests and files call themselves moves no cursor. */
static void test_hostile(void **state)
{
	struct ptp4l_fact *p = &facts.ptp4l[0];

	(void)state;
	host_facts_chrony(&facts);
	SPOIL(p->data.grandmaster);
	SPOIL(p->data.identity);
	SPOIL(p->data.ports[0].identity);
	SPOIL(p->data.ports[0].interface);
	SPOIL(p->process.unit);
	SPOIL(p->process.conf);
	SPOIL(p->process.servo);
	SPOIL(p->process.socket);
	SPOIL(p->process.interfaces[0]);
	SPOIL(facts.phc2sys[0].process.source);
	SPOIL(facts.phc2sys[0].unit);
	SPOIL(facts.chrony.sources[0].name);
	SPOIL(facts.clocksource);
	SPOIL(facts.nics.list[0].name);
	SPOIL(fake.tracking.name);
	SPOIL(fake.tracking.leap);
	facts.n_phc2sys = 1;
	GUEST(1000, "qemu\0-name\0" HOSTILE);
	GUEST(1001, "qemu");
	put("/proc/1001/comm", HOSTILE "\n");
	for (int root = 0; root < 2; root++) {
		run_status(NULL, NULL, NULL);
		has(said_out, "a?[31m?");
		run_status("--json", NULL, NULL);
		has(said_out, "a\\u001b[31m\\u0007\\u007f");
		locale = "C";
		run_status(NULL, NULL, NULL);
		for (const char *s = said_out; *s; s++)
			assert_true((unsigned char)*s < 0x80);
		locale = "C.UTF-8";
		strcpy(p->data.ports[0].state, "LISTENING");
		p->result = root ? PMC_FAILED : PMC_ANSWERED;
		SPOIL(p->why);
	}
}

/* Every key of the JSON, here or, of what check has too, there */
static void test_json(void **state)
{
	char *here = whole_file("Documentation/ptpkvm-host-status.md");
	char *there = whole_file("Documentation/ptpkvm-host-check.md");
	char *doc = xcalloc(1, strlen(here) + strlen(there) + 1);
	int keys = 0;

	(void)state;
	strcat(strcpy(doc, here), there);
	host_facts_chrony(&facts);
	facts.n_phc2sys = 1;		/* which is one too many */
	GUEST(1000, "qemu\0-name\0a\"b");
	put("/sys/kernel/debug/kvm/1000-11/clock_pairings", "12\n");
	assert_int_equal(run_status("--json", NULL, NULL), EXIT_WARNINGS);
	has(said_out, "{\n  \"schema\": 2,\n");
	has(said_out, "\"result\": \"warnings\",\n  \"exit_status\": 1,");
	has(said_out, "\"code\": \"steering-fight\"");
	has(said_out, "\"offset_ns\": -12,");
	has(said_out, "\"phc\": \"/dev/ptp0\",\n      \"system_offset_ns\": 8,\n      \"system_uncertainty_ns\": 15,\n"
		      "      \"system_error\": null\n");
	has(said_out, "\"offset_ns\": 25,\n    \"root_distance_ns\": 2025,\n");
	has(said_out, "\"synchronized\": true,\n    \"max_error_us\": null,");	/* phc2sys, too */
	has(said_out, "\"name\": \"a\\\"b\",\n      \"pid\": 1000,\n      \"fd\": 11,");
	has(said_out, "\"pairings\": 12,\n      \"refused\": null,\n      \"hypercalls\": 7\n");
	for (const char *key = said_out; (key = strchr(key, '"')); key += strcspn(key, "\n")) {
		size_t len = strcspn(key + 1, "\"");

		if (key[len + 2] != ':')
			continue;
		documented(doc, key + 1, len);
		keys++;
	}
	assert_true(keys > 50);
	documented_all(here, status_links);
	documented(here, "guests-refused", strlen("guests-refused"));
	free(doc);
	free(here);
	free(there);

	facts.chrony.answers = facts.kernel.known = false;
	facts.n_ptp4l = 0;
	run_status("--json", NULL, NULL);
	has(said_out, "\"chrony\": null,\n  \"kernel\": null,\n  \"guests_error\": null,");
	has(said_out, "\"ptp4l\": [],");
}

/* Of an image nothing is asked; nothing that runs there is amiss. */
static void test_root(void **state)
{
	char *empty = strdup(tree);

	(void)state;
	fake.gather = true;
	file_root = "";
	assert_int_equal(run_status("--root", empty, NULL), EXIT_GOOD);
	assert_string_equal(said_out, "ptp4l         does not run\n"
				      "guests        not known: no debugfs: mount -t debugfs none "
				      "/sys/kernel/debug\n");
	file_root = tree;
	put_process(20, "ptp4l", "ptp4l\0-i\0eno1", sizeof("ptp4l\0-i\0eno1"), "0::/\n");
	assert_int_equal(run_status("--root", empty, NULL), EXIT_GOOD);
	has(said_out, "ptp4l         process 20: not asked\n");
	free(empty);
}

/* What is amiss begins where check's thresholds are set. */
static void test_limits(void **state)
{
	(void)state;
	assert_int_equal(run_status("--warn-offset", "12", NULL), EXIT_GOOD);
	assert_int_equal(run_status("--warn-offset", "11", NULL), EXIT_WARNINGS);
	has(said_out, "[offset-large]");
	assert_int_equal(run_status("--warn-path-delay", "x", NULL), EXIT_MISUSE);
	has(said_err, "--warn-path-delay: 'x' is not a whole number");
}

static void test_misuse(void **state)
{
	(void)state;
	assert_int_equal(run_status("--nonsense", NULL, NULL), EXIT_BROKEN);
	has(said_err, "Try 'ptpkvm-host --help'.");
	assert_int_equal(run_status("word", NULL, NULL), EXIT_BROKEN);
	has(said_err, "unexpected argument 'word'");
	assert_int_equal(run_status("--root", "/nonexistent", NULL), EXIT_BROKEN);
	has(said_err, "--root: /nonexistent: No such file");
	assert_string_equal(said_out, "");
	assert_int_equal(run_status("--help", NULL, NULL), EXIT_GOOD);
	has(said_out, "Usage: ptpkvm-host status");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_guests, reset),
		cmocka_unit_test_setup(test_names, reset),
		cmocka_unit_test_setup(test_hostile_debugfs, reset),
		cmocka_unit_test_setup(test_many_guests, reset),
		cmocka_unit_test_setup(test_vsock, reset),
		cmocka_unit_test_setup(test_no_debugfs, reset),
		cmocka_unit_test_setup(test_hop, reset),
		cmocka_unit_test_setup(test_which_phc, reset),
		cmocka_unit_test_setup(test_accuracy, reset),
		cmocka_unit_test_setup(test_healthy, reset),
		cmocka_unit_test_setup(test_chronyd, reset),
		cmocka_unit_test_setup(test_amiss, reset),
		cmocka_unit_test_setup(test_unknown, reset),
		cmocka_unit_test_setup(test_hops, reset),
		cmocka_unit_test_setup(test_refused, reset),
		cmocka_unit_test_setup(test_json, reset),
		cmocka_unit_test_setup(test_root, reset),
		cmocka_unit_test_setup(test_limits, reset),
		cmocka_unit_test_setup(test_hostile, reset), cmocka_unit_test_setup(test_misuse, reset),
	};

	progname = "ptpkvm-host";
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("host-status", tests, NULL, remove_tree);
}
