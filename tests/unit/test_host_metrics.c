// SPDX-License-Identifier: GPL-2.0-or-later
/* The host's exposition, of a status that is made up. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/array.h"
#include "base/die.h"
#include "check/judge.h"
#include "exposition.h"
#include "host_facts.h"
#include "status/gather.h"
#include "tree.h"

static struct status given;
static struct chain_hop hops[8];

static void fake_gather(struct status *s)
{
	*s = given;
}

#define status_gather fake_gather
#include "../../host-tools/status/metrics.c"
#undef status_gather

static int reset(void **state)
{
	(void)state;
	free(given.report.said.list);
	memset(&given, 0, sizeof(given));
	return 0;
}

static int metrics(void *argv)
{
	char **end = argv;

	while (*end)
		end++;
	optind = 0;
	return cmd_metrics(end - (char **)argv, argv);
}

static char *text_of(void)
{
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	put_all(&(struct metrics){ .f = f, .prefix = "ptpkvm_host_" }, &given);
	fclose(f);
	keep(text);
	return text;
}

static void fill_all(void)
{
	struct check_facts *f = &given.facts;

	host_facts(f);
	host_facts_chrony(f);
	host_steerers(f);
	check_judge(f, &given.report);
	given.hop = hops;
	given.hop[0] = (struct chain_hop){ .there = true, .path = "/dev/ptp0", .known = true, .offset_ns = -8, .uncertainty_ns = 15 };
	given.has_tracking = true;
	given.tracking = (struct chrony_tracking){
		.name = "PTP0", .stratum = 1, .system = 2.5e-8, .root_delay = 2e-6, .root_dispersion = 1e-6,
	};
	given.guests.n = 2;
	given.guests.left_out = 1;
	given.guests.list[0] = (struct kvm_guest){
		.pid = 1000, .fd = 11, .name = "web1", .program = "qemu", .vcpus = 4, .pairings = { true, 12034 },
		.refused = { true, 1 }, .hypercalls = { true, 12099 },
	};
	given.guests.list[1] = (struct kvm_guest){ .pid = 2000, .fd = 12, .hypercalls = { true, 5 } };
}

static void test_all(void **state)
{
	char *text;

	(void)state;
	fill_all();
	text = text_of();
	has_line(text, "ptpkvm_host_build_info{version=\"" PTP_KVM_VERSION "\"} 1");
	has_line(text, "ptpkvm_host_ptp4l_processes 1");
	has_line(text, "ptpkvm_host_ptp4l_up{ptp4l=\"eno1\"} 1");
	has_line(text, "ptpkvm_host_grandmaster_class{ptp4l=\"eno1\"} 6");
	has_line(text, "ptpkvm_host_grandmaster_accuracy_seconds{ptp4l=\"eno1\"} 1e-07");
	has_line(text, "ptpkvm_host_grandmaster_traceable{ptp4l=\"eno1\"} 1");
	has_line(text, "ptpkvm_host_grandmaster_tai_offset_seconds{ptp4l=\"eno1\"} 37");
	has_line(text, "ptpkvm_host_grandmaster_info{ptp4l=\"eno1\",grandmaster=\"4e2367.fffe.f129c3\"} 1");
	has_line(text, "ptpkvm_host_steps_removed{ptp4l=\"eno1\"} 1");
	has_line(text, "ptpkvm_host_ptp4l_offset_seconds{ptp4l=\"eno1\"} -1.2e-08");
	has_line(text, "ptpkvm_host_ptp4l_path_delay_seconds{ptp4l=\"eno1\"} 1.3e-06");
	has_line(text, "ptpkvm_host_port_state{ptp4l=\"eno1\",port=\"6e2bee.fffe.8fb69c-1\",interface=\"eno1\","
		  "state=\"SLAVE\"} 1");
	has_line(text, "ptpkvm_host_port_state{ptp4l=\"eno1\",port=\"6e2bee.fffe.8fb69c-1\",interface=\"eno1\","
		  "state=\"LISTENING\"} 0");
	has_line(text, "ptpkvm_host_system_offset_seconds{ptp4l=\"eno1\",phc=\"/dev/ptp0\"} -8e-09");
	has_line(text, "ptpkvm_host_system_offset_uncertainty_seconds{ptp4l=\"eno1\",phc=\"/dev/ptp0\"} 1.5e-08");
	has_line(text, "ptpkvm_host_steering_processes 1");
	has_line(text, "ptpkvm_host_steering_info{name=\"chronyd\",pid=\"498\",from=\"refclock PTP0\"} 1");
	has_line(text, "ptpkvm_host_chrony_up 1");
	has_line(text, "ptpkvm_host_chrony_reference_info{reference=\"PTP0\"} 1");
	has_line(text, "ptpkvm_host_chrony_stratum 1");
	has_line(text, "ptpkvm_host_chrony_offset_seconds 2.5e-08");
	has_line(text, "ptpkvm_host_chrony_root_distance_seconds 2.025e-06");
	has_line(text, "ptpkvm_host_clocksource_info{clocksource=\"tsc\"} 1");
	has_line(text, "ptpkvm_host_kernel_synchronized 1");
	has_line(text, "ptpkvm_host_kernel_max_error_seconds 5e-05");
	has_line(text, "ptpkvm_host_kernel_est_error_seconds 1e-06");
	has_line(text, "ptpkvm_host_kernel_tai_offset_seconds 37");
	has_line(text, "ptpkvm_host_guests_known 1");
	has_line(text, "ptpkvm_host_guests 3");
	has_line(text, "ptpkvm_host_guest_vcpus{guest=\"web1\",pid=\"1000\",fd=\"11\"} 4");
	has_line(text, "# TYPE ptpkvm_host_guest_clock_pairings_total counter");
	has_line(text, "ptpkvm_host_guest_clock_pairings_total{guest=\"web1\",pid=\"1000\",fd=\"11\"} 12034");
	has_line(text, "ptpkvm_host_guest_clock_pairings_refused_total{guest=\"web1\",pid=\"1000\",fd=\"11\"} 1");
	has_line(text, "ptpkvm_host_guest_hypercalls_total{guest=\"\",pid=\"2000\",fd=\"12\"} 5");
	lacks_word(text, "pairings_total{guest=\"\"");
	has_line(text, "ptpkvm_host_check_verdicts{level=\"fail\"} 0");
	well_formed(text, "ptpkvm_host_");
	free(text);
}

static void test_nothing(void **state)
{
	char *text;

	(void)state;
	strcpy(given.guests.why, "only root may read it");
	text = text_of();
	has_line(text, "ptpkvm_host_ptp4l_processes 0");
	has_line(text, "ptpkvm_host_steering_processes 0");
	has_line(text, "ptpkvm_host_chrony_up 0");
	has_line(text, "ptpkvm_host_guests_known 0");
	lacks_word(text, "_offset_seconds");
	lacks_word(text, "_kernel_");
	free(text);

	given.facts.processes_hidden = true;
	text = text_of();
	lacks_word(text, "ptp4l_processes");
	lacks_word(text, "steering_processes");
	lacks_word(text, "ptp4l_up");
	lacks_word(text, "port_state");
	lacks_word(text, "host_guests ");
	well_formed(text, "ptpkvm_host_");
	free(text);
}

/* ptp4l doesn't answer; a PHC can't be read; what a grandmaster doesn't say; a kernel that drifts */
static void test_some(void **state)
{
	char *text;

	(void)state;
	fill_all();
	given.hop[0].known = false;
	given.facts.kernel.status = STA_UNSYNC;
	given.facts.ptp4l[0].data.gm_accuracy = 0xfe;
	given.facts.ptp4l[0].data.ptp_timescale = false;
	strcpy(given.facts.ptp4l[0].data.ports[0].state, "LISTENING");
	text = text_of();
	lacks_word(text, "accuracy");
	lacks_word(text, "grandmaster_tai");
	lacks_word(text, "system_offset");
	lacks_word(text, "ptp4l_offset");
	has_line(text, "ptpkvm_host_kernel_synchronized 0");
	well_formed(text, "ptpkvm_host_");
	free(text);

	given.facts.ptp4l[0].data.gm_accuracy = 0x31;
	given.tracking = (struct chrony_tracking){ .leap = "Not synchronised" };
	text = text_of();
	has_line(text, "ptpkvm_host_grandmaster_accuracy_seconds{ptp4l=\"eno1\"} +Inf");
	has_line(text, "ptpkvm_host_chrony_stratum 0");
	lacks_word(text, "chrony_reference");
	lacks_word(text, "chrony_offset");
	free(text);

	given.facts.ptp4l[0].result = PMC_SILENT;
	pmc_unknown(&given.facts.ptp4l[0].data);
	text = text_of();
	has_line(text, "ptpkvm_host_ptp4l_up{ptp4l=\"eno1\"} 0");
	lacks_word(text, "grandmaster");
	lacks_word(text, "port_state");
	well_formed(text, "ptpkvm_host_");
	free(text);
}

/* What is not known is absent, and no 0. */
static void test_unknown(void **state)
{
	struct ptp4l_fact *p;
	char *text;

	(void)state;
	fill_all();
	p = &given.facts.ptp4l[0];
	pmc_unknown(&p->data);
	p->data.n_ports = 1;
	strcpy(p->data.ports[0].identity, "6e2bee.fffe.8fb69c-1");
	given.facts.kernel = (struct kernel_clock){ .known = true, .max_error_ns = NAN, .est_error_ns = NAN };
	text = text_of();
	has_line(text, "ptpkvm_host_ptp4l_up{ptp4l=\"eno1\"} 1");
	has_line(text, "ptpkvm_host_kernel_synchronized 1");
	lacks_word(text, "grandmaster");
	lacks_word(text, "steps_removed");
	lacks_word(text, "ptp4l_offset");
	lacks_word(text, "path_delay");
	lacks_word(text, "port_state");
	lacks_word(text, "kernel_max_error");
	lacks_word(text, "kernel_est_error");
	free(text);

	given.facts.offline = true;
	p->asked = false;
	given.has_tracking = false;
	text = text_of();
	lacks_word(text, "ptp4l_up");
	lacks_word(text, "chrony_up");
	free(text);
	given.facts.offline = false;
	p->asked = true;

	p->result = PMC_ABSENT;
	text = text_of();
	lacks_word(text, "ptp4l_up");
	free(text);
	given.facts.root = false;
	p->result = PMC_SILENT;
	text = text_of();
	lacks_word(text, "ptp4l_up");
	free(text);

	fill_all();		/* what the kernel was told before counts for nothing beside phc2sys */
	host_facts(&given.facts);
	host_steerers(&given.facts);
	check_judge(&given.facts, &given.report);
	text = text_of();
	lacks_word(text, "kernel_max_error");
	free(text);
}

/* Each code once, however often it is found; what is ignored doesn't count. */
static void test_findings(void **state)
{
	char *argv[] = { "metrics", "--ignore", (char[]){ "ptp4l-untold" }, "--warn-offset=5", NULL }, *text;
	char *bad[] = { "metrics", "--warn-offset", "x", NULL };

	(void)state;
	fill_all();
	given.report.said.kinds = check_kinds;
	finding_add(&given.report.said, "ptp4l-untold", "one");
	finding_add_at(&given.report.said, LEVEL_FAIL, "offset-large", "far");
	finding_add(&given.report.said, "ptp4l-untold", "two");
	text = text_of();
	has_line(text, "ptpkvm_host_check_finding{level=\"warn\",code=\"ptp4l-untold\",link=\"ptp4l\"} 2");
	has_line(text, "ptpkvm_host_check_finding{level=\"fail\",code=\"offset-large\",link=\"offset\"} 1");
	has_line(text, "ptpkvm_host_check_verdicts{level=\"warn\"} 2");
	well_formed(text, "ptpkvm_host_");
	free(text);
	assert_int_equal(apart(metrics, argv), EXIT_GOOD);
	lacks_word(said_out, "ptp4l-untold");
	has_line(said_out, "ptpkvm_host_check_verdicts{level=\"warn\"} 0");
	assert_int_equal(apart(metrics, bad), EXIT_MISUSE);
	has(said_err, "--warn-offset: 'x' is not a whole number from 0 to 1000000000000");
}

/* No two samples are the same, whatever processes and guests are called, and all is UTF-8. */
static void test_hostile(void **state)
{
	struct check_facts *f = &given.facts;
	char *text;

	(void)state;
	fill_all();
	f->n_ptp4l = 5;
	for (int i = 1; i < 5; i++) {
		f->ptp4l[i] = f->ptp4l[0];
		f->ptp4l[i].process.pid = 500 + i;
		given.hop[i] = given.hop[0];
	}
	f->ptp4l[2].process.n_interfaces = 0;
	strcpy(f->ptp4l[3].process.interfaces[0], "process 500");
	strcpy(f->ptp4l[4].process.interfaces[0], "a\"\\\n\xff");
	strcpy(given.guests.list[0].name, "\xc3");
	strcpy(given.guests.list[1].name, "\xc3\xa9\"");
	text = text_of();
	has_line(text, "ptpkvm_host_ptp4l_up{ptp4l=\"process 500\"} 1");
	has_line(text, "ptpkvm_host_ptp4l_up{ptp4l=\"process 501\"} 1");
	has_line(text, "ptpkvm_host_ptp4l_up{ptp4l=\"process 502\"} 1");
	has_line(text, "ptpkvm_host_ptp4l_up{ptp4l=\"process 503\"} 1");
	has_line(text, "ptpkvm_host_ptp4l_up{ptp4l=\"a\\\"\\\\\\n\xef\xbf\xbd\"} 1");
	has_line(text, "ptpkvm_host_guest_vcpus{guest=\"\xef\xbf\xbd\",pid=\"1000\",fd=\"11\"} 4");
	has_line(text, "ptpkvm_host_guest_vcpus{guest=\"\xc3\xa9\\\"\",pid=\"2000\",fd=\"12\"} 0");
	well_formed(text, "ptpkvm_host_");
	free(text);
}

/* Each metric is in the man page. */
static void test_documented(void **state)
{
	char name[100], *text, *page = xcalloc(1, 1 << 17);
	FILE *f = fopen("host-tools/man/ptpkvm-host.8.scd", "r");
	int n = 0;

	(void)state;
	assert_non_null(f);
	assert_true(fread(page, 1, (1 << 17) - 1, f) > 0);
	fclose(f);
	fill_all();
	text = text_of();
	for (const char *at = text; (at = strstr(at, "# TYPE ptpkvm_host_")); at++, n++) {
		assert_int_equal(sscanf(at, "# TYPE ptpkvm_host_%99s", name), 1);
		if (!strstr(page, name))
			fail_msg("not in the man page: %s", name);
	}
	assert_true(n > 25);
	free(text);
	free(page);
}

/* A file: whole, for others to read, and again; a place where it can't be is an error. */
static void test_output(void **state)
{
	const struct timespec old[2] = { { 1, 0 }, { 1, 0 } };
	char path[300], none[320], *want;
	struct stat st;

	(void)state;
	fill_all();
	tree_make();
	want = text_of();
	snprintf(path, sizeof(path), "%s/a.prom", tree);
	snprintf(none, sizeof(none), "%s/under-a-file", path);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(apart(metrics, (char *[]){ "metrics", "--root", tree, "--output", path, NULL }),
				 EXIT_GOOD);
		assert_string_equal(said_out, "");
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0644);
		assert_true(st.st_mtime > 1);
		utimensat(AT_FDCWD, path, old, 0);
	}
	assert_string_equal(get("/a.prom"), want);
	assert_int_equal(apart(metrics, (char *[]){ "metrics", "-o", "/dev/null", NULL }), EXIT_GOOD);
	assert_int_equal(lstat("/dev/null", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
	put_link("/link", path);
	snprintf(none, sizeof(none), "%s/link", tree);
	assert_int_equal(apart(metrics, (char *[]){ "metrics", "-o", none, NULL }), EXIT_BROKEN);
	has(said_err, "/link: it is a symbolic link");
	snprintf(none, sizeof(none), "%s/under-a-file", path);
	assert_int_equal(apart(metrics, (char *[]){ "metrics", NULL }), EXIT_GOOD);
	assert_string_equal(said_out, want);
	assert_int_equal(apart(metrics, (char *[]){ "metrics", "-o", none, NULL }), EXIT_BROKEN);
	assert_non_null(strstr(said_err, "ptpkvm-host: cannot write"));
	tree_remove();
	file_root = "";
	free(want);
}

static void test_misuse(void **state)
{
	static char *const bad[][2] = { { "-o", "" }, { "word" }, { "--nonsense" }, { "--root", "/nonexistent" }, { "-o" } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(apart(metrics, (char *[]){ "metrics", bad[i][0], bad[i][1], NULL }), EXIT_BROKEN);
		assert_non_null(strstr(said_err, "Try '"));
		assert_string_equal(said_out, "");
	}
	assert_int_equal(apart(metrics, (char *[]){ "metrics", "--help", NULL }), EXIT_GOOD);
	assert_non_null(strstr(said_out, "Usage: ptpkvm-host metrics"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_all, reset), cmocka_unit_test_setup(test_nothing, reset),
		cmocka_unit_test_setup(test_some, reset), cmocka_unit_test_setup(test_unknown, reset), cmocka_unit_test_setup(test_findings, reset),
		cmocka_unit_test_setup(test_hostile, reset),
		cmocka_unit_test_setup(test_documented, reset), cmocka_unit_test_setup(test_output, reset),
		cmocka_unit_test_setup(test_misuse, reset),
	};

	progname = "ptpkvm-host";
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
