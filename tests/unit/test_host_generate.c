// SPDX-License-Identifier: GPL-2.0-or-later
/* What is written for each role, version and distribution. The programs themselves read it in tests/build/70-linuxptp.t. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/array.h"
#include "config/generate.h"

static struct params p;
static struct plan plan;
static struct generated files[GENERATED_MAX];
static int n;
static char why[700];

static int setup(void **state)
{
	(void)state;
	params_init(&p);
	memset(&plan, 0, sizeof(plan));
	plan.params = &p;
	plan.linuxptp = (struct linuxptp_version){ 4, 2, 0 };
	plan.chrony = (struct chrony_version){ 4, 6 };
	plan.hardware = true;
	strcpy(plan.stamping_from, "stamps");
	generated_free(files, n);
	n = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	generated_free(files, n);
	return 0;
}

static void set(enum param param, const char *value)
{
	if (!params_set(&p, param, value, params_option(param), why, sizeof(why)))
		fail_msg("%s", why);
}

static void make(void)
{
	generated_free(files, n);
	if (!params_complete(&p, why, sizeof(why)) || !plan_valid(&plan, why, sizeof(why)))
		fail_msg("%s", why);
	n = generate(&plan, files);
	assert_in_range(n, 1, GENERATED_MAX);
}

/* Its text; "" if there is no such file */
static const char *file(const char *path)
{
	for (int i = 0; i < n; i++)
		if (!strcmp(files[i].path, path))
			return files[i].text;
	return "";
}

static void has(const char *path, const char *part)
{
	if (!strstr(file(path), part))
		fail_msg("'%s' is not in %s: %s", part, path, file(path));
}

static void lacks(const char *path, const char *part)
{
	if (strstr(file(path), part))
		fail_msg("'%s' is in %s: %s", part, path, file(path));
}

#define CONF "/etc/ptpkvm/ptp4l.conf"
#define TIMEMASTER "/etc/ptpkvm/timemaster.conf"
#define DEB_PHC "/etc/systemd/system/phc2sys@eth0.service"
#define DEB_DROP_IN "/etc/systemd/system/ptp4l@eth0.service.d/ptpkvm-host.conf"
#define DEB_CHRONY "/etc/chrony/conf.d/ptpkvm-host.conf"

static void test_ordinary(void **state)
{
	(void)state;
	set(PARAM_INTERFACE, "eth0");
	set(PARAM_DOMAIN, "24");
	make();
	assert_int_equal(n, 3);
	assert_string_equal(strchr(strchr(file(CONF), '\n') + 1, '\n') + 1,
			    "# Without NTP servers PTP alone steers the clock; no chronyd.\n\n[global]\n"
			    "# default of --slave\nclientOnly 1\n# --domain\ndomainNumber 24\n"
			    "# default of --transport\nnetwork_transport UDPv4\n# stamps\ntime_stamping hardware\n"
			    "# where pmc and phc2sys ask; linuxptp's default, for versions that may change it\n"
			    "uds_address /var/run/ptp4l\n\n# --interface\n[eth0]\n");
	has(DEB_PHC, "\nRequires=ptp4l@eth0.service\nAfter=ptp4l@eth0.service\n");
	has(DEB_PHC, "\nExecStart=/usr/sbin/phc2sys -a -r -n 24 -z /var/run/ptp4l\n");
	has(DEB_PHC, "\nRestart=on-failure\n");
	has(DEB_PHC, "\n[Install]\nWantedBy=multi-user.target\n");
	lacks(DEB_PHC, "-O");
	has(DEB_DROP_IN, "\nRestart=on-failure\n");
	has(DEB_DROP_IN, "\nExecStart=\nExecStart=/usr/sbin/ptp4l -f " CONF "\n");
	/* By name, each file says who wrote it */
	for (int i = 0; i < n; i++)
		assert_memory_equal(files[i].text, GENERATE_MARKER, strlen(GENERATE_MARKER));
}

/* Each line that is no comment, section or empty has a comment above. */
static void commented(const char *path, const char *text)
{
	char line[400], above[400] = "";

	for (const char *next; *text; text = next) {
		next = text + strcspn(text, "\n");
		snprintf(line, sizeof(line), "%.*s", (int)(next - text), text);
		next += *next == '\n';
		if (strchr("#[", line[0]) == NULL && line[0] && !strstr(path, ".service") && above[0] != '#')
			fail_msg("%s: '%s' has no comment above", path, line);
		strcpy(above, line);
	}
}

static void test_every_line_explained(void **state)
{
	static const char *const roles[] = { "ordinary", "boundary", "grandmaster" };

	(void)state;
	for (int i = 0; i < 24; i++) {
		setup(NULL);
		set(PARAM_ROLE, roles[i % 3]);
		set(PARAM_INTERFACE, "eth0");
		if (i % 3 == 1)
			set(PARAM_INTERFACE, "eth1");
		plan.hardware = i & 4;
		plan.linuxptp.major = i & 8 ? 3 : 4;
		if (i & 16) {
			set(PARAM_SLAVE, "0");
			set(PARAM_NTP_SERVER, "a.example");
		}
		make();
		for (int k = 0; k < n; k++)
			commented(files[k].path, files[k].text);
		/* phc2sys goes by the ports' states: one with -s and -w would go on when the master is lost. */
		for (int k = 0; k < n; k++)
			assert_null(strstr(files[k].text, "phc2sys -s"));
	}
}

static void test_version_3(void **state)
{
	(void)state;
	set(PARAM_INTERFACE, "eth0");
	for (int minor = 1; minor < 3; minor++) {
		plan.linuxptp = (struct linuxptp_version){ 3, minor, 1 };
		make();
		has(CONF, "\nslaveOnly 1\n");
		has(CONF, "\ntx_timestamp_timeout 10\n");
		lacks(CONF, "clientOnly");
	}
	plan.hardware = false;
	make();
	lacks(CONF, "tx_timestamp_timeout");
	setup(NULL);
	set(PARAM_INTERFACE, "eth0");
	set(PARAM_ROLE, "grandmaster");
	plan.linuxptp = (struct linuxptp_version){ 3, 1, 1 };
	make();
	has(CONF, "\nmasterOnly 1\n");
	lacks(CONF, "serverOnly");
	lacks(CONF, "slaveOnly");
}

/* The kernel stamps, so that ptp4l steers CLOCK_REALTIME itself. */
static void test_software(void **state)
{
	(void)state;
	set(PARAM_INTERFACE, "eth0");
	set(PARAM_TRANSPORT, "L2");
	plan.hardware = false;
	make();
	assert_int_equal(n, 2);
	has(CONF, "\ntime_stamping software\n");
	lacks(CONF, "free_running");
	has(CONF, "\nnetwork_transport L2\n");
	assert_string_equal(file(DEB_PHC), "");
	lacks(CONF, "clock_servo");
}

static void test_may_become_master(void **state)
{
	(void)state;
	set(PARAM_INTERFACE, "eth0");
	set(PARAM_SLAVE, "0");
	make();
	has(CONF, "# --slave\nclientOnly 0\n");
	has(DEB_PHC, "phc2sys -a -r -n 0 ");
}

static void test_boundary(void **state)
{
	(void)state;
	set(PARAM_ROLE, "boundary");
	set(PARAM_INTERFACE, "eth0");
	set(PARAM_INTERFACE, "br-ex");
	plan.phcs = PHCS_ONE;
	make();
	has(CONF, "\n# --interface\n[eth0]\n\n# --interface\n[br-ex]\n");
	has(CONF, "# --role\nclientOnly 0\n");
	lacks(CONF, "jbod");
	has(DEB_PHC, "phc2sys -a -r -n 0 ");
	plan.phcs = PHCS_SEVERAL;
	make();
	has(CONF, "\nboundary_clock_jbod 1\n");
	plan.phcs = PHCS_UNKNOWN;
	make();
	has(CONF, "\nboundary_clock_jbod 1\n");
	plan.hardware = false;
	make();
	lacks(CONF, "jbod");
}

static void test_boundary_ntp(void **state)
{
	(void)state;
	set(PARAM_ROLE, "boundary");
	set(PARAM_INTERFACE, "eth0");
	set(PARAM_INTERFACE, "eth1");
	set(PARAM_NTP_SERVER, "a.example");
	make();
	has(DEB_CHRONY, "# --ntp-server\nserver a.example iburst\n");
	has(DEB_CHRONY, "\nrefclock SOCK /var/run/refclock.ptp.sock poll 2 ");
	has(DEB_PHC, "phc2sys -a -r -n 0 -z /var/run/ptp4l -E refclock_sock --refclock_sock_address /var/run/refclock.ptp.sock\n");
	has(DEB_PHC, "\nAfter=chrony.service\nPartOf=chrony.service\n");
	lacks(CONF, "clock_servo");
	plan.linuxptp = (struct linuxptp_version){ 3, 1, 0 };
	make();
	has(DEB_CHRONY, "\nrefclock SHM 0 poll 2 dpoll 0 ");
	has(DEB_PHC, " -E ntpshm -M 0\n");
	/* In software ptp4l itself reports */
	plan.hardware = false;
	make();
	has(CONF, "\nclock_servo ntpshm\n");
	has(CONF, "\nntpshm_segment 0\n");
	has(DEB_DROP_IN, "\nPartOf=chrony.service\n");
	plan.linuxptp = (struct linuxptp_version){ 4, 0, 0 };
	make();
	has(CONF, "\nclock_servo refclock_sock\n");
	has(CONF, "\nrefclock_sock_address /var/run/refclock.ptp.sock\n");
	/* phc2sys can't do both */
	plan.hardware = true;
	plan.phcs = PHCS_SEVERAL;
	assert_false(plan_valid(&plan, why, sizeof(why)));
	assert_non_null(strstr(why, "--ntp-server: phc2sys can't both keep"));
	plan.phcs = PHCS_UNKNOWN;
	make();
	lacks(CONF, "jbod");
	has(CONF, "have to share one clock");
}

static void test_grandmaster(void **state)
{
	(void)state;
	set(PARAM_ROLE, "grandmaster");
	set(PARAM_INTERFACE, "eth0");
	make();
	has(CONF, "\nserverOnly 1\n");
	has(CONF, "\npriority1 127\n");
	has(CONF, "\nclockClass 248\n");
	lacks(CONF, "timeSource");
	lacks(CONF, "clientOnly");
	lacks(CONF, "free_running");
	has(DEB_PHC, "phc2sys -a -r -r -n 0 ");
	/* NTP gives the time, and there is no refclock: it would be chronyd's own */
	set(PARAM_NTP_SERVER, "a.example");
	make();
	has(CONF, "\ntimeSource 0x50\n");
	has(DEB_CHRONY, "server a.example iburst\n");
	lacks(DEB_CHRONY, "refclock");
	has(DEB_PHC, "phc2sys -a -r -r -n 0 -z /var/run/ptp4l\n");
	plan.hardware = false;
	make();
	assert_string_equal(file(DEB_PHC), "");
	lacks(CONF, "clock_servo");
	/* chronyd keeps the clock that ptp4l stamps with */
	has(CONF, "\nfree_running 1\n");
}

static void test_timemaster(void **state)
{
	char units[PLAN_UNITS_MAX][PLAN_UNIT_LEN];

	(void)state;
	set(PARAM_INTERFACE, "eth0");
	set(PARAM_NTP_SERVER, "a.example");
	set(PARAM_NTP_SERVER, "2001:db8::1");
	set(PARAM_DOMAIN, "5");
	make();
	assert_int_equal(n, 2);
	has(TIMEMASTER, "\n# --ntp-server\n[ntp_server 2001:db8::1]\n");
	has(TIMEMASTER, "\n# --domain\n[ptp_domain 5]\n# --interface\ninterfaces eth0\n");
	has(TIMEMASTER, "\n[chrony.conf]\ninclude /etc/chrony/chrony.conf\n");
	has(TIMEMASTER, "over a socket (SOCK)");
	lacks(TIMEMASTER, "tx_timestamp_timeout");
	has("/etc/systemd/system/timemaster.service.d/ptpkvm-host.conf", "\nReadWritePaths=/run\n");
	has("/etc/systemd/system/timemaster.service.d/ptpkvm-host.conf",
	    "\nExecStart=\nExecStart=/usr/sbin/timemaster -f " TIMEMASTER "\n");
	assert_int_equal(plan_units(&plan, units), 1);
	assert_string_equal(units[0], "timemaster.service");
	plan.linuxptp = (struct linuxptp_version){ 3, 1, 1 };
	plan.distribution = DISTRIBUTION_RHEL;
	make();
	has(TIMEMASTER, "\ninclude /etc/chrony.conf\n");
	has(TIMEMASTER, "over shared memory (SHM)");
	has(TIMEMASTER, "\ntx_timestamp_timeout 10\n");
	/* Several domains, of TripleO's making */
	if (!params_set(&p, PARAM_PTP_INTERFACES, "0:a,7:b,0:c", "f:1", why, sizeof(why)))
		fail_msg("%s", why);
	p.given[PARAM_DOMAIN] = false;
	make();
	has(TIMEMASTER, "\n# f:1\n[ptp_domain 0]\n# f:1\ninterfaces a c\n\n# f:1\n[ptp_domain 7]\n# f:1\ninterfaces b\n");
}

static void test_chains(void **state)
{
	static const struct {
		const char *role, *slave, *stamps;
		bool ntp;
		enum chain chain;
	} cases[] = {
		{ "ordinary", "1", "auto", false, CHAIN_PTP4L },      { "ordinary", "1", "auto", true, CHAIN_TIMEMASTER },
		{ "ordinary", "1", "hardware", true, CHAIN_TIMEMASTER }, { "ordinary", "1", "software", true, CHAIN_CHRONYD },
		{ "ordinary", "0", "auto", true, CHAIN_CHRONYD },     { "boundary", "0", "auto", true, CHAIN_CHRONYD },
		{ "boundary", "0", "auto", false, CHAIN_PTP4L },      { "grandmaster", "0", "auto", true, CHAIN_CHRONYD },
		{ "grandmaster", "0", "software", false, CHAIN_PTP4L },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		setup(NULL);
		set(PARAM_ROLE, cases[i].role);
		set(PARAM_SLAVE, cases[i].slave);
		set(PARAM_TIMESTAMPING, cases[i].stamps);
		if (cases[i].ntp)
			set(PARAM_NTP_SERVER, "a.example");
		assert_int_equal(plan_chain(&p), cases[i].chain);
		assert_non_null(strchr(plan_why(&p), ' '));
	}
}

static void test_rhel(void **state)
{
	char units[PLAN_UNITS_MAX][PLAN_UNIT_LEN];

	(void)state;
	plan.distribution = DISTRIBUTION_RHEL;
	set(PARAM_INTERFACE, "eno1");
	make();
	assert_int_equal(n, 3);
	has(CONF, "\n[eno1]\n");
	has("/etc/systemd/system/ptp4l.service.d/ptpkvm-host.conf",
	    "\nExecStart=\nExecStart=/usr/sbin/ptp4l -f " CONF "\n");
	has("/etc/systemd/system/ptp4l.service.d/ptpkvm-host.conf", "\nRestart=on-failure\n");
	has("/etc/systemd/system/phc2sys.service.d/ptpkvm-host.conf", "\nExecStart=\n# -a -r, default of --slave: ");
	has("/etc/systemd/system/phc2sys.service.d/ptpkvm-host.conf",
	    "\nExecStart=/usr/sbin/phc2sys -a -r -n 0 -z /var/run/ptp4l\n");
	has("/etc/systemd/system/phc2sys.service.d/ptpkvm-host.conf", "\nRestrictAddressFamilies=AF_UNIX AF_INET ");
	assert_null(plan_chrony_include(&plan));
	set(PARAM_SLAVE, "0");
	set(PARAM_NTP_SERVER, "a.example");
	make();
	assert_int_equal(n, 4);
	has("/etc/chrony.d/ptpkvm-host.conf", "refclock SOCK");
	assert_string_equal(plan_chrony_include(&plan), "confdir /etc/chrony.d");
	has("/etc/systemd/system/phc2sys.service.d/ptpkvm-host.conf", "\nPartOf=chronyd.service\n");
	lacks("/etc/systemd/system/ptp4l.service.d/ptpkvm-host.conf", "PartOf");
	assert_int_equal(plan_units(&plan, units), 3);
	assert_string_equal(units[0], "chronyd.service");
	assert_string_equal(units[1], "ptp4l.service");
	assert_string_equal(units[2], "phc2sys.service");
}

/* As systemd-escape has it: a dash in an instance would be a slash */
static void test_unit_names(void **state)
{
	char units[PLAN_UNITS_MAX][PLAN_UNIT_LEN];

	(void)state;
	set(PARAM_INTERFACE, "br-ex_1.100");
	make();
	assert_int_equal(plan_units(&plan, units), 2);
	assert_string_equal(units[0], "ptp4l@br\\x2dex_1.100.service");
	assert_string_equal(units[1], "phc2sys@br\\x2dex_1.100.service");
	has("/etc/systemd/system/phc2sys@br\\x2dex_1.100.service", "\nRequires=ptp4l@br\\x2dex_1.100.service\n");
}

static void test_firewall(void **state)
{
	char *text;
	size_t len;
	FILE *f;

	(void)state;
	for (int i = 0; i < 3; i++) {
		p.transport = i;
		f = open_memstream(&text, &len);
		plan_firewall(&plan, f);
		fclose(f);
		assert_int_equal(!!strstr(text, "0x88F7"), i == TRANSPORT_L2);
		assert_int_equal(!!strstr(text, "firewall-cmd --permanent --add-port=319/udp --add-port=320/udp"),
				 i != TRANSPORT_L2);
		free(text);
	}
}

static void test_versions(void **state)
{
	static const struct {
		const char *text;
		int major, minor, patch;
	} good[] = { { "3.1", 3, 1, 0 }, { "3.1.1", 3, 1, 1 }, { "4.4", 4, 4, 0 }, { "4.10", 4, 10, 0 }, { "4.2-00012-gab", 4, 2, 0 } };
	static const char *const bad[] = { "", "4", "4.", ".4", "a.b", "4.2.", "4.2x", "-4.2", "4.-2", " 4.2", "4.2.1.1",
					   "44444.2" };
	struct linuxptp_version v;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_true(linuxptp_version_parse(good[i].text, &v));
		assert_int_equal(v.major, good[i].major);
		assert_int_equal(v.minor, good[i].minor);
		assert_int_equal(v.patch, good[i].patch);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (linuxptp_version_parse(bad[i], &v))
			fail_msg("'%s' was taken", bad[i]);
	set(PARAM_INTERFACE, "eth0");
	plan.linuxptp = (struct linuxptp_version){ 3, 0, 0 };
	assert_false(plan_valid(&plan, why, sizeof(why)));
	assert_string_equal(why, "linuxptp 3.0 is older than 3.1, the first that is supported");
	plan.linuxptp = (struct linuxptp_version){ 3, 1, 0 };
	set(PARAM_NTP_SERVER, "a");
	plan.chrony = (struct chrony_version){ 3, 5 };
	assert_false(plan_valid(&plan, why, sizeof(why)));
	assert_string_equal(why, "chrony 3.5 is older than 4.0, the first that is supported");
}

#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(ordinary), T(every_line_explained), T(version_3), T(software), T(may_become_master), T(boundary),
		T(boundary_ntp), T(grandmaster), T(timemaster), T(chains), T(rhel), T(unit_names), T(firewall), T(versions),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("host_generate", tests, NULL, NULL);
}
