// SPDX-License-Identifier: GPL-2.0-or-later
/* The exposition, byte for byte, of facts that are made up. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <fcntl.h>
#include <math.h>
#include <sys/stat.h>

#include "base/die.h"

#include "check/judge.h"
#include "exposition.h"
#include "system/tree.h"
#include "tree.h"

static struct check_facts given_facts;
static struct check_report given_report;

static void fake_gather(struct check_facts *f)
{
	*f = given_facts;
}

static void fake_judge(const struct check_facts *f, struct check_report *r)
{
	(void)f;
	*r = given_report;
}

#define check_gather fake_gather
#define check_judge fake_judge
#include "../../guest-tools/check/metrics.c"
#undef check_gather
#undef check_judge

static int metrics(void *argv)
{
	char **end = argv;

	while (*end)
		end++;
	optind = 0;
	return cmd_metrics(end - (char **)argv, argv);
}

static int reset(void **state)
{
	(void)state;
	memset(&given_facts, 0, sizeof(given_facts));
	free(given_report.said.list);
	memset(&given_report, 0, sizeof(given_report));
	return 0;
}

static char *text_of(void)
{
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	put_all(&(struct metrics){ .f = f, .prefix = "ptpkvm_" }, &given_facts, &given_report);
	fclose(f);
	keep(text);
	return text;
}

static void fill_all(void)
{
	struct check_facts *f = &given_facts;
	struct check_report *r = &given_report;

	f->driver = DRIVER_OURS;
	strcpy(f->node, "ptp0");
	strcpy(f->driver_version, "1.2");
	f->opened = true;
	f->method[PHC_EXTENDED].error = EOPNOTSUPP;
	f->host = (struct host_clock){
		.present = true, .from = HOST_BY_DRIVER, .pairing_type = 1, .has_window = true, .has_status = true, .has_max_error = true,
		.has_est_error = true, .has_tai_offset = true, .has_leap = true, .has_marker = true,
		.window_ns = 1500, .status = HOST_FREE_RUNNING, .max_error_ns = 16000000000ULL, .est_error_ns = 1,
		.tai_offset = 37, .leap = "insert-pending", .marker = 0xfeedULL,
	};
	f->chrony.answers = true;
	f->chrony.sources[0] = (struct chrony_source){
		.mode = '#', .state = '*', .name = "KVM", .reach = 0177, .last_rx = 2, .offset = 1e-9,
		.measured = 0.000000012, .error = 2.5e-7,
	};
	r->has_offset = true;
	r->offset_ns = -1234567890;
	r->uncertainty_ns = 17;
	r->source = &f->chrony.sources[0];
	r->said.kinds = check_kinds;
	finding_add(&r->said, "config-number", "x");
	finding_say(&r->said, LEVEL_PASS, "boot", "boot", "x");
	finding_add(&r->said, "config-tai", "x");
	finding_add(&r->said, "config-number", "y");
}

static void test_all(void **state)
{
	char *text;

	(void)state;
	fill_all();
	text = text_of();
	has_line(text, "ptpkvm_build_info{version=\"" PTP_KVM_VERSION "\"} 1");
	has_line(text, "ptpkvm_driver_info{kind=\"out-of-tree\",version=\"1.2\"} 1");
	has_line(text, "ptpkvm_up 1");
	has_line(text, "ptpkvm_waiting 0");
	has_line(text, "ptpkvm_method_supported{method=\"precise\"} 1");
	has_line(text, "ptpkvm_method_supported{method=\"extended\"} 0");
	has_line(text, "ptpkvm_phc_offset_seconds -1.23456789");
	has_line(text, "ptpkvm_phc_offset_uncertainty_seconds 1.7e-08");
	has_line(text, "ptpkvm_pairing_type 1");
	has_line(text, "ptpkvm_host_clock_window_seconds 1.5e-06");
	has_line(text, "ptpkvm_host_clock_status{status=\"free-running\"} 1");
	has_line(text, "ptpkvm_host_clock_status{status=\"synchronized\"} 0");
	has_line(text, "ptpkvm_host_clock_max_error_seconds 16");
	has_line(text, "ptpkvm_host_clock_est_error_seconds 1e-09");
	has_line(text, "ptpkvm_host_clock_tai_offset_seconds 37");
	has_line(text, "ptpkvm_host_clock_leap{state=\"insert-pending\"} 1");
	has_line(text, "ptpkvm_host_clock_leap{state=\"none\"} 0");
	has_line(text, "ptpkvm_host_clock_info{told_by=\"driver\",source=\"\"} 1");
	lacks_word(text, "ref_error");
	has_line(text, "ptpkvm_chrony_up 1");
	has_line(text, "ptpkvm_chrony_source_present 1");
	has_line(text, "ptpkvm_chrony_selected 1");
	has_line(text, "ptpkvm_chrony_held_out 0");
	has_line(text, "ptpkvm_chrony_source_info{refid=\"KVM\"} 1");
	has_line(text, "ptpkvm_chrony_reach_ratio 0.875");
	has_line(text, "ptpkvm_chrony_last_offset_seconds 1.2e-08");
	has_line(text, "ptpkvm_chrony_last_error_seconds 2.5e-07");
	has_line(text, "ptpkvm_chrony_last_sample_age_seconds 2");
	has_line(text, "ptpkvm_check_verdicts{level=\"warn\"} 2");
	has_line(text, "ptpkvm_check_verdicts{level=\"fail\"} 1");
	has_line(text, "ptpkvm_check_finding{level=\"warn\",code=\"config-number\",link=\"config\"} 2");
	has_line(text, "ptpkvm_check_finding{level=\"fail\",code=\"config-tai\",link=\"config\"} 1");
	lacks_word(text, "feed");
	well_formed(text, "ptpkvm_");
	free(text);
}

/* The driver is the kernel's, the host tells over vsock. */
static void test_vsock(void **state)
{
	char *text;

	(void)state;
	fill_all();
	given_facts.driver = DRIVER_IN_TREE;
	given_facts.host = (struct host_clock){
		.from = HOST_BY_VSOCK, .has_status = true, .status = HOST_SYNCHRONIZED, .has_max_error = true,
		.max_error_ns = 1500, .has_ref_error = true, .ref_error_ns = 800, .bound_source = "ptp4l",
	};
	text = text_of();
	has_line(text, "ptpkvm_host_clock_info{told_by=\"vsock\",source=\"ptp4l\"} 1");
	has_line(text, "ptpkvm_host_clock_status{status=\"synchronized\"} 1");
	has_line(text, "ptpkvm_host_clock_max_error_seconds 1.5e-06");
	has_line(text, "ptpkvm_host_clock_ref_error_seconds 8e-07");
	lacks_word(text, "pairing_type");
	lacks_word(text, "host_clock_window");
	lacks_word(text, "est_error");
	well_formed(text, "ptpkvm_");
	free(text);
}

static void test_nothing(void **state)
{
	char *text = text_of();

	(void)state;
	has_line(text, "ptpkvm_driver_info{kind=\"none\",version=\"\"} 1");
	has_line(text, "ptpkvm_up 0");
	has_line(text, "ptpkvm_waiting 0");
	has_line(text, "ptpkvm_chrony_up 0");
	lacks_word(text, "method_supported");
	lacks_word(text, "chrony_source_present");
	lacks_word(text, "chrony_selected");
	lacks_word(text, "check_finding");
	lacks_word(text, "offset_seconds");
	lacks_word(text, "host_clock");
	lacks_word(text, "pairing_type");
	lacks_word(text, "reach");
	well_formed(text, "ptpkvm_");
	free(text);
}

/* A host that tells nothing but the type; a source that never had a sample; guard holds it out. */
static void test_some(void **state)
{
	char *text;

	(void)state;
	fill_all();
	given_facts.host = (struct host_clock){ .present = true };
	given_facts.chrony.sources[0].state = '?';
	given_facts.chrony.sources[0].reach = 0;
	given_facts.chrony.sources[0].last_rx = NAN;
	strcpy(given_facts.hold, "the host's clock is free-running");
	text = text_of();
	has_line(text, "ptpkvm_pairing_type 0");
	lacks_word(text, "host_clock");
	has_line(text, "ptpkvm_chrony_selected 0");
	has_line(text, "ptpkvm_chrony_held_out 1");
	has_line(text, "ptpkvm_chrony_reach_ratio 0");
	lacks_word(text, "chrony_last");
	well_formed(text, "ptpkvm_");
	free(text);

	given_facts.hold[0] = 0;
	given_facts.chrony.noselect = true;
	given_facts.host.error = EOPNOTSUPP;
	text = text_of();
	has_line(text, "ptpkvm_waiting 1");
	has_line(text, "ptpkvm_chrony_held_out 1");
	lacks_word(text, "pairing_type");
	free(text);
}

/* Of an image, and where the device may not be opened, nothing is said of it. */
static void test_unasked(void **state)
{
	char *text;

	(void)state;
	given_facts.open_error = EACCES;
	text = text_of();
	lacks_word(text, "ptpkvm_up");
	lacks_word(text, "ptpkvm_waiting");
	has_line(text, "ptpkvm_chrony_up 0");
	free(text);
	given_facts.offline = true;
	given_facts.open_error = 0;
	text = text_of();
	lacks_word(text, "ptpkvm_up");
	lacks_word(text, "chrony_up");
	free(text);
}

static void test_options(void **state)
{
	char *argv[] = { "metrics", "--ignore", (char[]){ "config-number,config-leap" }, "--warn-offset", "0", "--fail-lost-polls",
			 "8", NULL };
	char *no_code[] = { "metrics", "--ignore", (char[]){ "config-numbers" }, NULL };
	char *no_ns[] = { "metrics", "--warn-offset", "1us", NULL }, *no_polls[] = { "metrics", "--fail-lost-polls=9", NULL };

	(void)state;
	fill_all();
	assert_int_equal(apart(metrics, argv), EXIT_GOOD);
	has_line(said_out, "ptpkvm_check_verdicts{level=\"warn\"} 0");
	has_line(said_out, "ptpkvm_check_finding{level=\"fail\",code=\"config-tai\",link=\"config\"} 1");
	lacks_word(said_out, "config-number");
	assert_int_equal(apart(metrics, no_code), EXIT_MISUSE);
	has(said_err, "there is no warning or failure 'config-numbers'");
	assert_int_equal(apart(metrics, no_ns), EXIT_MISUSE);
	has(said_err, "--warn-offset: '1us' is not a whole number from 0 to 1000000000000");
	assert_int_equal(apart(metrics, no_polls), EXIT_MISUSE);
	has(said_err, "--fail-lost-polls: '9' is not a whole number from 1 to 8");
}

static void test_escapes(void **state)
{
	char *text;

	(void)state;
	fill_all();
	strcpy(given_facts.chrony.sources[0].name, "a\"b\\c\nd");
	strcpy(given_facts.driver_version, "\"\033\177\302\233\t\377");
	text = text_of();
	has_line(text, "ptpkvm_chrony_source_info{refid=\"a\\\"b\\\\c\\nd\"} 1");
	has_line(text, "ptpkvm_driver_info{kind=\"out-of-tree\",version=\"\\\"\357\277\275\357\277\275\357\277\275\357\277\275\357\277\275\"} 1");
	free(text);
}

/* The verb with a file: whole, for others to read, and again; a place where it can't be is an error. */
static void test_output(void **state)
{
	char dir[] = "/tmp/test-metrics.XXXXXX", path[80], none[100], *text, *want;
	char *argv[] = { "metrics", "--output", path, NULL }, *bad[] = { "metrics", "-o", none, NULL };
	const struct timespec old[2] = { { 1, 0 }, { 1, 0 } };
	struct stat st;
	size_t len;

	(void)state;
	fill_all();
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/a.prom", dir);
	snprintf(none, sizeof(none), "%s/under-a-file", path);
	for (int i = 0; i < 2; i++) {
		optind = 1;
		assert_int_equal(cmd_metrics(3, argv), EXIT_GOOD);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0644);
		assert_true(st.st_mtime > 1);
		utimensat(AT_FDCWD, path, old, 0);
	}
	text = file_read(path, &len);
	want = text_of();
	assert_string_equal(text, want);
	free(text);
	free(want);
	optind = 1;
	assert_non_null(freopen("/dev/null", "w", stderr));
	assert_int_equal(cmd_metrics(3, bad), EXIT_BROKEN);
	/* A device stays one; a link is refused */
	snprintf(none, sizeof(none), "/dev/null");
	optind = 1;
	assert_int_equal(cmd_metrics(3, bad), EXIT_GOOD);
	assert_int_equal(lstat(none, &st), 0);
	assert_true(S_ISCHR(st.st_mode));
	snprintf(none, sizeof(none), "%s/link", dir);
	assert_int_equal(symlink(path, none), 0);
	optind = 1;
	assert_int_equal(cmd_metrics(3, bad), EXIT_BROKEN);
	unlink(none);
	unlink(path);
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_all, reset), cmocka_unit_test_setup(test_nothing, reset),
		cmocka_unit_test_setup(test_vsock, reset),
		cmocka_unit_test_setup(test_some, reset), cmocka_unit_test_setup(test_escapes, reset),
		cmocka_unit_test_setup(test_unasked, reset),
		cmocka_unit_test_setup(test_options, reset), cmocka_unit_test_setup(test_output, reset),
	};

	progname = "ptpkvm";
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
