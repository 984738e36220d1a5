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

#include "../../guest-tools/cmd_metrics.c"

static struct check_facts given_facts;
static struct check_report given_report;

void check_gather(struct check_facts *f)
{
	*f = given_facts;
}

void check_judge(const struct check_facts *f, struct check_report *r)
{
	(void)f;
	*r = given_report;
}

static int reset(void **state)
{
	(void)state;
	memset(&given_facts, 0, sizeof(given_facts));
	memset(&given_report, 0, sizeof(given_report));
	return 0;
}

static char *text_of(void)
{
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	put_all(f, &given_facts, &given_report);
	fclose(f);
	return text;
}

static void has(const char *text, const char *line)
{
	size_t n = strlen(line);

	for (const char *at = text; (at = strstr(at, line)); at++)
		if ((at == text || at[-1] == '\n') && at[n] == '\n')
			return;
	fail_msg("no line '%s' in:\n%s", line, text);
}

static void lacks(const char *text, const char *word)
{
	if (strstr(text, word))
		fail_msg("there is '%s' in:\n%s", word, text);
}

/* Every sample's metric has its HELP and TYPE before it, once; no sample is there twice; nothing else is. */
static void well_formed(char *text)
{
	char seen[400][120], metric[100] = "", *save, *line;
	int n = 0;

	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char name[100] = "", type[100] = "";

		if (sscanf(line, "# HELP %99s", name) == 1) {
			snprintf(metric, sizeof(metric), "%s", name);
			line = strtok_r(NULL, "\n", &save);
			assert_non_null(line);
			assert_int_equal(sscanf(line, "# TYPE %99s %99s", name, type), 2);
			assert_string_equal(name, metric);
			assert_string_equal(type, "gauge");
			snprintf(name, sizeof(name), "# %.90s", metric);
		} else {
			size_t width = strcspn(line, "{ ");

			assert_int_equal(width, strlen(metric));
			assert_memory_equal(line, metric, width);
			assert_non_null(strrchr(line, ' '));
			snprintf(name, sizeof(name), "%.*s", (int)(strrchr(line, ' ') - line), line);
		}
		assert_memory_equal(metric, "ptpkvm_", 7);
		for (int i = 0; i < n; i++)
			assert_string_not_equal(seen[i], name);
		assert_true(n < 400);
		strcpy(seen[n++], name);
	}
}

static void fill_all(void)
{
	struct check_facts *f = &given_facts;
	struct check_report *r = &given_report;

	f->driver = DRIVER_OURS;
	strcpy(f->driver_version, "1.2");
	f->opened = true;
	f->method[PHC_EXTENDED].error = EOPNOTSUPP;
	f->host = (struct host_clock){
		.present = true, .pairing_type = 1, .has_window = true, .has_status = true, .has_max_error = true,
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
	r->said.n = 3;
	r->said.list[0].level = VERDICT_WARN;
	r->said.list[1].level = VERDICT_PASS;
	r->said.list[2].level = VERDICT_WARN;
}

static void test_all(void **state)
{
	char *text;

	(void)state;
	fill_all();
	text = text_of();
	has(text, "ptpkvm_build_info{version=\"" PTP_KVM_VERSION "\"} 1");
	has(text, "ptpkvm_driver_info{kind=\"out-of-tree\",version=\"1.2\"} 1");
	has(text, "ptpkvm_up 1");
	has(text, "ptpkvm_method_supported{method=\"precise\"} 1");
	has(text, "ptpkvm_method_supported{method=\"extended\"} 0");
	has(text, "ptpkvm_phc_offset_seconds -1.23456789");
	has(text, "ptpkvm_phc_offset_uncertainty_seconds 1.7e-08");
	has(text, "ptpkvm_pairing_type 1");
	has(text, "ptpkvm_host_clock_window_seconds 1.5e-06");
	has(text, "ptpkvm_host_clock_status{status=\"free-running\"} 1");
	has(text, "ptpkvm_host_clock_status{status=\"synchronized\"} 0");
	has(text, "ptpkvm_host_clock_max_error_seconds 16");
	has(text, "ptpkvm_host_clock_est_error_seconds 1e-09");
	has(text, "ptpkvm_host_clock_tai_offset_seconds 37");
	has(text, "ptpkvm_host_clock_leap{state=\"insert-pending\"} 1");
	has(text, "ptpkvm_host_clock_leap{state=\"none\"} 0");
	has(text, "ptpkvm_chrony_up 1");
	has(text, "ptpkvm_chrony_source_present 1");
	has(text, "ptpkvm_chrony_selected 1");
	has(text, "ptpkvm_chrony_held_out 0");
	has(text, "ptpkvm_chrony_source_info{refid=\"KVM\"} 1");
	has(text, "ptpkvm_chrony_reach_ratio 0.875");
	/* chronyd's sign is the other one. */
	has(text, "ptpkvm_chrony_last_offset_seconds -1.2e-08");
	has(text, "ptpkvm_chrony_last_error_seconds 2.5e-07");
	has(text, "ptpkvm_chrony_last_sample_age_seconds 2");
	has(text, "ptpkvm_check_verdicts{level=\"warn\"} 2");
	has(text, "ptpkvm_check_verdicts{level=\"fail\"} 0");
	lacks(text, "feed");
	well_formed(text);
	free(text);
}

static void test_nothing(void **state)
{
	char *text = text_of();

	(void)state;
	has(text, "ptpkvm_driver_info{kind=\"none\",version=\"\"} 1");
	has(text, "ptpkvm_up 0");
	has(text, "ptpkvm_method_supported{method=\"precise\"} 0");
	has(text, "ptpkvm_chrony_up 0");
	has(text, "ptpkvm_chrony_source_present 0");
	has(text, "ptpkvm_chrony_selected 0");
	lacks(text, "offset_seconds");
	lacks(text, "host_clock");
	lacks(text, "pairing_type");
	lacks(text, "reach");
	well_formed(text);
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
	has(text, "ptpkvm_pairing_type 0");
	lacks(text, "host_clock");
	has(text, "ptpkvm_chrony_selected 0");
	has(text, "ptpkvm_chrony_held_out 1");
	has(text, "ptpkvm_chrony_reach_ratio 0");
	has(text, "ptpkvm_chrony_last_sample_age_seconds NaN");
	well_formed(text);
	free(text);

	given_facts.hold[0] = 0;
	given_facts.chrony.noselect = true;
	given_facts.host.error = EOPNOTSUPP;
	text = text_of();
	has(text, "ptpkvm_chrony_held_out 1");
	lacks(text, "pairing_type");
	free(text);
}

static void test_escapes(void **state)
{
	char *text;

	(void)state;
	fill_all();
	strcpy(given_facts.chrony.sources[0].name, "a\"b\\c\nd");
	strcpy(given_facts.driver_version, "\"");
	text = text_of();
	has(text, "ptpkvm_chrony_source_info{refid=\"a\\\"b\\\\c\\nd\"} 1");
	has(text, "ptpkvm_driver_info{kind=\"out-of-tree\",version=\"\\\"\"} 1");
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
	unlink(path);
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_all, reset), cmocka_unit_test_setup(test_nothing, reset),
		cmocka_unit_test_setup(test_some, reset), cmocka_unit_test_setup(test_escapes, reset),
		cmocka_unit_test_setup(test_output, reset),
	};

	progname = "ptpkvm";
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
