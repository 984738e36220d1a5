// SPDX-License-Identifier: GPL-2.0-or-later
/* host_clock/ in a tree of our own: whole, in part, and with what should not be in it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "system/run.h"
#include "system/tree.h"
#include "time/host_clock.h"
#include "time/host_told.h"

#define HOST_CLOCK "/sys/class/ptp/ptp7/device/host_clock/"

static char root[] = "/tmp/test_host_clock.XXXXXX";
static struct phc phc = { .fd = -1, .path = "/dev/ptp7", .name = PHC_KVM_NAME };

static void put(const char *name, const char *content)
{
	char path[200], reason[200];

	snprintf(path, sizeof(path), HOST_CLOCK "%s", name);
	assert_int_equal(file_write(path, content, strlen(content), 0644, reason, sizeof(reason)), 0);
}

static void put_stock(void)
{
	put("pairing_type", "0\n");
	put("window_ns", "0\n");
}

static void put_quality(void)
{
	put("pairing_type", "1\n");
	put("window_ns", "250\n");
	put("status", "synchronized\n");
	put("max_error_ns", "18446744073709551615\n");
	put("est_error_ns", "4294967295\n");
	put("tai_offset", "-37\n");
	put("leap_indicator", "insert-pending\n");
	put("smear", "noon-linear\n");
	put("disruption_marker", "0xfedcba9876543210\n");
}

static int empty_root(void **state)
{
	struct run_result res;

	(void)state;
	run(&res, 5000, (const char *const[]){ "rm", "-rf", root, NULL });
	run_free(&res);
	return mkdir(root, 0700);
}

static int remove_root(void **state)
{
	(void)state;
	return empty_root(state) || rmdir(root);
}

static void test_absent(void **state)
{
	struct host_clock hc;

	(void)state;
	host_clock_read(&hc, &phc);
	assert_false(hc.present);
	assert_int_equal(hc.error, 0);
	assert_false(hc.has_window || hc.has_status);
}

static void test_stock_host(void **state)
{
	struct host_clock hc;

	(void)state;
	put_stock();
	host_clock_read(&hc, &phc);
	assert_true(hc.present);
	assert_int_equal(hc.error, 0);
	assert_int_equal(hc.pairing_type, 0);
	assert_true(hc.has_window);
	assert_int_equal(hc.window_ns, 0);
	assert_false(hc.has_status || hc.has_max_error || hc.has_est_error || hc.has_tai_offset ||
		     hc.has_leap || hc.has_smear || hc.has_marker);
	assert_int_equal(hc.from, HOST_UNTOLD);
}

/* 0 is what phc2sys leaves on a host: no bound, and no estimate */
static void test_no_bound(void **state)
{
	struct host_clock hc;

	(void)state;
	put_quality();
	put("max_error_ns", "0\n");
	put("est_error_ns", "0\n");
	host_clock_read(&hc, &phc);
	assert_true(hc.has_status && !hc.has_max_error && !hc.has_est_error);
	put("max_error_ns", "1000\n");
	host_clock_read(&hc, &phc);
	assert_true(hc.has_max_error && hc.has_est_error && !hc.est_error_ns);
}

static void check_quality(const struct phc *p)
{
	struct host_clock hc;

	host_clock_read(&hc, p);
	assert_true(hc.present);
	assert_int_equal(hc.pairing_type, 1);
	assert_int_equal(hc.window_ns, 250);
	assert_true(hc.has_status && hc.has_max_error && hc.has_est_error && hc.has_tai_offset &&
		    hc.has_leap && hc.has_smear && hc.has_marker);
	assert_int_equal(hc.from, HOST_BY_DRIVER);
	assert_string_equal(host_clock_from_name(hc.from), "driver");
	assert_string_equal(hc.smear, "noon-linear");
	assert_int_equal(hc.status, HOST_SYNCHRONIZED);
	assert_true(hc.max_error_ns == UINT64_MAX);
	assert_true(hc.est_error_ns == UINT32_MAX);
	assert_int_equal(hc.tai_offset, -37);
	assert_string_equal(hc.leap, "insert-pending");
	assert_true(hc.marker == 0xfedcba9876543210ULL);
}

static void test_quality(void **state)
{
	(void)state;
	put_quality();
	check_quality(&phc);
}

static void test_by_link(void **state)
{
	struct phc link = { .fd = -1, .path = "/dev/ptp_kvm", .name = PHC_KVM_NAME };
	char path[FILE_PATH_MAX];
	struct host_clock hc;

	(void)state;
	put_quality();
	host_clock_read(&hc, &link);
	assert_false(hc.present);
	assert_int_equal(mkdir(file_path(path, "/dev"), 0700), 0);
	assert_int_equal(symlink("ptp7", file_path(path, "/dev/ptp_kvm")), 0);
	check_quality(&link);
}

static void test_refusing_host(void **state)
{
	char path[FILE_PATH_MAX];
	struct host_clock hc;

	(void)state;
	put("window_ns", "0\n");
	/* an error of our own: what the driver answers comes from read(2), too */
	assert_int_equal(mkdir(file_path(path, HOST_CLOCK "pairing_type"), 0700), 0);
	host_clock_read(&hc, &phc);
	assert_true(hc.present);
	assert_int_equal(hc.error, EISDIR);
	assert_false(hc.has_window);
}

static void test_status_words(void **state)
{
	static const char *const words[] = { "unknown", "initializing", "synchronized", "free-running",
					     "unreliable" };
	struct host_clock hc;
	char line[40];

	(void)state;
	put_quality();
	for (int i = 0; i < 5; i++) {
		snprintf(line, sizeof(line), "%s\n", words[i]);
		put("status", line);
		host_clock_read(&hc, &phc);
		assert_true(hc.has_status);
		assert_int_equal(hc.status, i);
		assert_string_equal(host_status_name(hc.status), words[i]);
	}
	assert_string_equal(host_status_name(99), "unknown");
}

/* What should not be there counts as not told. */
static void test_nonsense(void **state)
{
	static const struct {
		const char *file, *content;
	} cases[] = {
		{ "window_ns", "" },
		{ "window_ns", "\n" },
		{ "window_ns", "-1\n" },
		{ "window_ns", "4294967296\n" },
		{ "window_ns", "1 2\n" },
		{ "window_ns", "1\n2\n" },
		{ "window_ns", "0x10\n" },
		{ "status", "Synchronized\n" },
		{ "status", "synchronized \n" },
		{ "status", "2\n" },
		{ "status", "" },
		{ "max_error_ns", "18446744073709551616\n" },
		{ "max_error_ns", "1e3\n" },
		{ "est_error_ns", "4294967296\n" },
		{ "tai_offset", "32768\n" },
		{ "tai_offset", "37s\n" },
		{ "leap_indicator", "none-such\n" },
		{ "leap_indicator", "1\n" },
		{ "smear", "None\n" },
		{ "smear", "noon-linear utc-sls\n" },
		{ "smear", "0\n" },
		{ "disruption_marker", "fedcba9876543210\n" },
		{ "disruption_marker", "0xfedcba987654321\n" },
		{ "disruption_marker", "0xfedcba98765432100\n" },
		{ "disruption_marker", "0xfedcba987654321g\n" },
		{ "disruption_marker", "0x-edcba9876543210\n" },
	};
	struct host_clock hc;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put_quality();
		put(cases[i].file, cases[i].content);
		host_clock_read(&hc, &phc);
		assert_true(hc.present);
		assert_int_equal(hc.error, 0);
		/* that one is missing, the others are there */
		assert_int_equal(hc.has_window, strcmp(cases[i].file, "window_ns") != 0);
		assert_int_equal(hc.has_status, strcmp(cases[i].file, "status") != 0);
		assert_int_equal(hc.has_max_error, strcmp(cases[i].file, "max_error_ns") != 0);
		assert_int_equal(hc.has_est_error, strcmp(cases[i].file, "est_error_ns") != 0);
		assert_int_equal(hc.has_tai_offset, strcmp(cases[i].file, "tai_offset") != 0);
		assert_int_equal(hc.has_leap, strcmp(cases[i].file, "leap_indicator") != 0);
		assert_int_equal(hc.has_smear, strcmp(cases[i].file, "smear") != 0);
		assert_int_equal(hc.has_marker, strcmp(cases[i].file, "disruption_marker") != 0);
	}
	put("pairing_type", "one\n");
	host_clock_read(&hc, &phc);
	assert_int_equal(hc.error, EPROTO);
}

/* --- what guard has left of the host's word over vsock --- */

static const struct host_record told = {
	.host_id = { 0xab, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
	.has_host = true,
	.marker = 0x0123456789abcdef,
	.time_ns = 1795219200000000007,
	.has_max_error = true, .max_error_ns = 1000000,
	.has_ref_error = true, .ref_error_ns = 5000,
	.drift_ppb = 100000,
	.has_tai_offset = true, .tai_offset = 37,
	.status = HOST_FREE_RUNNING,
	.source = HOST_CLOCK_SOURCE_PTP4L,
	.has_leap = true, .leap = KVM_CLOCK_PAIRING_LEAP_PRE_NEG,
	.has_smear = true, .smear = KVM_CLOCK_PAIRING_SMEAR_UTC_SLS,
};

/* ns: how long ago the host made it */
static void tell(const struct host_record *r, int64_t ns)
{
	char reason[200];

	assert_true(host_told_write(r, now_ns(CLOCK_BOOTTIME) - ns, reason, sizeof(reason)));
}

static void tell_text(const char *content, size_t len)
{
	char reason[200];

	assert_int_equal(file_write(HOST_TOLD, content, len, 0644, reason, sizeof(reason)), 0);
}

/* The driver is the kernel's, or built in: there is nothing else. */
static void test_told(void **state)
{
	char path[FILE_PATH_MAX], reason[200];
	struct host_clock hc;
	struct stat st;

	(void)state;
	tell(&told, NSEC_PER_SEC);
	host_clock_read(&hc, &phc);
	assert_false(hc.present || hc.error || hc.has_window || hc.has_est_error);
	assert_int_equal(hc.from, HOST_BY_VSOCK);
	assert_string_equal(host_clock_from_name(hc.from), "vsock");
	assert_true(hc.has_status && hc.status == HOST_FREE_RUNNING);
	assert_true(hc.has_tai_offset && hc.tai_offset == 37);
	assert_true(hc.has_marker && hc.marker == told.marker);
	assert_true(hc.has_leap && hc.has_smear);
	assert_string_equal(hc.leap, "delete-pending");
	assert_string_equal(hc.smear, "utc-sls");
	assert_string_equal(hc.bound_source, "ptp4l");
	assert_string_equal(hc.host_id, "ab0102030405060708090a0b0c0d0e0f");
	/* As it is now: 100 us a second */
	assert_true(hc.age_ns >= NSEC_PER_SEC && hc.age_ns < 4 * NSEC_PER_SEC);
	assert_true(hc.drift_ppb == 100000);
	assert_true(hc.has_max_error && hc.max_error_ns >= 1100000 && hc.max_error_ns < 1400000);
	assert_true(hc.has_ref_error && hc.ref_error_ns == hc.max_error_ns - 1000000 + 5000);
	assert_int_equal(stat(file_path(path, HOST_TOLD), &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0644);
	assert_true(host_told_remove(reason, sizeof(reason)));
	assert_true(host_told_remove(reason, sizeof(reason)));
	host_clock_read(&hc, &phc);
	assert_int_equal(hc.from, HOST_UNTOLD);
	assert_null(host_clock_from_name(hc.from));
	assert_false(hc.has_status || hc.has_marker || hc.host_id[0]);
}

static void test_told_nothing(void **state)
{
	static const struct host_record nothing = { .time_ns = 1 };
	struct host_clock hc;

	(void)state;
	tell(&nothing, 0);
	host_clock_read(&hc, &phc);
	assert_int_equal(hc.from, HOST_BY_VSOCK);
	assert_true(hc.has_status && hc.status == HOST_UNKNOWN);
	assert_false(hc.has_marker || hc.host_id[0] || hc.has_max_error || hc.has_ref_error || hc.has_tai_offset ||
		     hc.has_leap || hc.has_smear);
	assert_string_equal(hc.bound_source, "none");
}

/* It goes before the driver's word, whole, while it is fresh; what is of the pair stays. */
static void test_told_and_driver(void **state)
{
	static const int64_t old[] = { -NSEC_PER_SEC, 5 * NSEC_PER_SEC + 1, 3600 * NSEC_PER_SEC, INT64_MIN / 4 };
	struct phc other = { .fd = -1, .path = "/dev/ptp7", .name = "a network card's" };
	struct host_record r = told;
	struct host_clock hc;

	(void)state;
	put_quality();
	r.has_tai_offset = r.has_leap = r.has_smear = r.has_max_error = false;
	tell(&r, 0);
	host_clock_read(&hc, &phc);
	assert_true(hc.present && hc.pairing_type == 1 && hc.has_window && hc.window_ns == 250);
	assert_int_equal(hc.from, HOST_BY_VSOCK);
	assert_int_equal(hc.status, HOST_FREE_RUNNING);
	assert_false(hc.has_tai_offset || hc.has_leap || hc.has_smear || hc.has_max_error || hc.has_est_error);
	assert_true(hc.has_ref_error && hc.marker == told.marker);
	assert_string_equal(hc.leap, "");
	assert_string_equal(hc.smear, "");
	/* That is not its clock */
	host_clock_read(&hc, &other);
	assert_int_equal(hc.from, HOST_BY_DRIVER);
	for (size_t i = 0; i < sizeof(old) / sizeof(old[0]); i++) {
		tell(&told, old[i]);
		check_quality(&phc);
		host_clock_read(&hc, &phc);
		assert_false(hc.has_ref_error || hc.age_ns || hc.drift_ppb || hc.host_id[0] || hc.bound_source[0]);
	}
	tell(&told, 0);
	put("pair", "x\n");
	host_clock_read(&hc, &phc);
	assert_true(hc.error && hc.from == HOST_BY_VSOCK && hc.has_status);
}

/* Root writes it; read it is as if anybody did. */
static void test_told_nonsense(void **state)
{
	static const char *const useless[] = { "", "\n", " ", "status=synchronized\n", "boottime_ns=\n", "boottime_ns=-1\n",
		"boottime_ns=1e9\nstatus=synchronized\n", "xboottime_ns=0\n",
		"boottime_ns=18446744073709551615\nstatus=synchronized\n" };
	static const char *const wrong[] = { "status=good", "status=", "max_error_ns=-1", "max_error_ns=0", "ref_error_ns=0",
		"ref_error_ns=99999999999999999999", "drift_ppb=4294967296", "tai_offset=99999", "leap_indicator=9",
		"smear=smear", "disruption_marker=12", "bound_source=gps", "host_id=AB0102030405060708090a0b0c0d0e0f",
		"host_id=ab", "host_id=ab0102030405060708090a0b0c0d0e0f0", "status" };
	char path[FILE_PATH_MAX], text[3000];
	struct host_clock hc;

	(void)state;
	put_quality();
	for (size_t i = 0; i < sizeof(useless) / sizeof(useless[0]); i++) {
		tell_text(useless[i], strlen(useless[i]));
		check_quality(&phc);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(text, sizeof(text), "%s\nboottime_ns=%lld\n", wrong[i], (long long)now_ns(CLOCK_BOOTTIME));
		tell_text(text, strlen(text));
		host_clock_read(&hc, &phc);
		assert_int_equal(hc.from, HOST_BY_VSOCK);
		assert_false(hc.has_status || hc.has_max_error || hc.has_ref_error || hc.has_tai_offset || hc.has_leap ||
			     hc.has_smear || hc.has_marker || hc.host_id[0] || hc.drift_ppb);
		assert_string_equal(hc.bound_source, "none");
	}
	/* The largest there are don't come round to small ones. */
	snprintf(text, sizeof(text), "boottime_ns=%lld\nmax_error_ns=18446744073709551615\nref_error_ns=18446744073709551000\n"
		 "drift_ppb=4294967295\n", (long long)(now_ns(CLOCK_BOOTTIME) - NSEC_PER_SEC));
	tell_text(text, strlen(text));
	host_clock_read(&hc, &phc);
	assert_true(hc.max_error_ns == UINT64_MAX && hc.ref_error_ns == UINT64_MAX);
	/* Too long, a NUL in it, no file */
	memset(text, 'x', sizeof(text));
	snprintf(text, 100, "boottime_ns=%lld", (long long)now_ns(CLOCK_BOOTTIME));
	text[strlen(text)] = '\n';
	tell_text(text, sizeof(text));
	check_quality(&phc);
	text[50] = 0;
	tell_text(text, 200);
	check_quality(&phc);
	assert_int_equal(unlink(file_path(path, HOST_TOLD)), 0);
	assert_int_equal(mkfifo(path, 0644), 0);
	check_quality(&phc);
	assert_int_equal(unlink(path) || mkdir(path, 0755), 0);
	check_quality(&phc);
}

#define PAIR "time=1.000000002 counter=3 pairing_type=1 window_ns=250 max_error_ns=18446744073709551615 " \
	     "est_error_ns=4294967295 tai_offset=-37 status=synchronized leap_indicator=insert-pending smear=noon-linear " \
	     "disruption_marker=0xfedcba9876543210"

/* All of one instant: the files beside it, which may be of another host, do not count. */
static void test_pair(void **state)
{
	static const char *const bad[] = { "", "\n", "a=1\nb=2\n", "pairing_type\n", "pairing_type=\n", "pairing_type=x\n",
		"xpairing_type=1\n", "pairing_type=11111111111111111111111111111111\n" };
	char path[FILE_PATH_MAX], huge[3000];
	struct host_clock hc;

	(void)state;
	put_stock();
	put("pair", PAIR " more=2 \n");
	check_quality(&phc);
	put("pair", "window_ns=9 pairing_type=0\n");
	put("status", "synchronized\n");
	host_clock_read(&hc, &phc);
	assert_true(hc.has_window && hc.window_ns == 9 && hc.pairing_type == 0);
	assert_false(hc.has_status || hc.has_max_error || hc.has_est_error || hc.has_tai_offset || hc.has_leap ||
		     hc.has_marker);
	put("pair", "pairing_type=1 window_ns=-1 status=good status=synchronized max_error_ns=0 est_error_ns=5\n");
	host_clock_read(&hc, &phc);
	assert_false(hc.error || hc.has_window || hc.has_status || hc.has_max_error || hc.has_est_error);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put("pair", bad[i]);
		host_clock_read(&hc, &phc);
		assert_true(hc.present && hc.error);
		assert_false(hc.has_window || hc.has_status);
	}
	memset(huge, '1', sizeof(huge));
	strcpy(huge + sizeof(huge) - 20, " pairing_type=1\n");
	put("pair", huge);
	host_clock_read(&hc, &phc);
	assert_int_equal(hc.error, EPROTO);
	/* How the host answers */
	assert_int_equal(unlink(file_path(path, HOST_CLOCK "pair")), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	host_clock_read(&hc, &phc);
	assert_int_equal(hc.error, EISDIR);
}

static void test_strange_paths(void **state)
{
	static const char *const paths[] = { "", "ptp", "/dev/ptp", "/dev/ptp-7", "/dev/ptp7x", "/dev/null",
		"/dev/ptp99999999999999999999", "/", "../ptp7/.." };
	struct host_clock hc;

	(void)state;
	put_quality();
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct phc p = { .fd = -1 };

		snprintf(p.path, sizeof(p.path), "%s", paths[i]);
		host_clock_read(&hc, &p);
		assert_false(hc.present);
	}
}

/* Whose clock it is decides, not what the error is. */
static void test_why(void **state)
{
	struct phc other = { .fd = -1, .path = "/dev/ptp7", .name = "a network card's" };

	(void)state;
	assert_string_equal(host_clock_why(&phc, EOPNOTSUPP), HOST_REFUSES);
	assert_string_equal(host_clock_why(&phc, EIO), strerror(EIO));
	assert_string_equal(host_clock_why(&other, EOPNOTSUPP), strerror(EOPNOTSUPP));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_absent, empty_root),
		cmocka_unit_test_setup(test_stock_host, empty_root),
		cmocka_unit_test_setup(test_quality, empty_root),
		cmocka_unit_test_setup(test_no_bound, empty_root),
		cmocka_unit_test_setup(test_by_link, empty_root),
		cmocka_unit_test_setup(test_refusing_host, empty_root),
		cmocka_unit_test_setup(test_status_words, empty_root),
		cmocka_unit_test_setup(test_nonsense, empty_root),
		cmocka_unit_test_setup(test_pair, empty_root),
		cmocka_unit_test_setup(test_told, empty_root),
		cmocka_unit_test_setup(test_told_nothing, empty_root),
		cmocka_unit_test_setup(test_told_and_driver, empty_root),
		cmocka_unit_test_setup(test_told_nonsense, empty_root),
		cmocka_unit_test_setup(test_strange_paths, empty_root),
		cmocka_unit_test_setup(test_why, empty_root),
	};

	if (!mkdtemp(root))
		return 1;
	file_root = root;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("host_clock", tests, NULL, remove_root);
}
