// SPDX-License-Identifier: GPL-2.0-or-later
/* The refclock line: defaults, options, what each chrony takes, its text; and the verb that prints it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/array.h"
#include "base/die.h"
#include "chrony/refclock.h"
#include "ptpkvm.h"
#include "setup/options.h"
#include "setup/phc.h"
#include "system/machine.h"
#include "tree.h"

/* Instead of this machine's */
static const char *phc_path = "/dev/ptp_kvm";
static bool kvm = true;

enum setup_phc setup_phc(const char *want, char *path, size_t path_len, char *why, size_t len)
{
	snprintf(path, path_len, "%s", want && phc_path && !strcmp(want, "/dev/ptp3") ? want : phc_path ? phc_path : "");
	snprintf(why, len, "no PTP clock");
	return phc_path ? SETUP_PHC_ANSWERS : SETUP_PHC_NONE;
}

bool hypervisor_is_kvm(char name[static HYPERVISOR_NAME_LEN])
{
	strcpy(name, kvm ? "KVMKVMKVM" : "");
	return kvm;
}

static int call(void *arg)
{
	char **argv = arg;
	int argc = 0;

	while (argv[argc])
		argc++;
	return cmd_chrony(argc, argv);
}

#define chrony(...) apart(call, (char *[]){ "chrony", __VA_ARGS__ __VA_OPT__(,) NULL })
#define V4_3 "--chrony-version", "4.3"
#define RECOMMENDED "refclock PHC /dev/ptp_kvm refid KVM poll -1 dpoll -3 maxsamples 8 offset 0"

static void program(const char *name, const char *script)
{
	char path[100];

	snprintf(path, sizeof(path), "/bin/%s", name);
	put_mode(path, script, 0755);
}

static int setup(void **state)
{
	(void)state;
	tree_make();
	phc_path = "/dev/ptp_kvm";
	kvm = true;
	tree_programs();
	program("chronyd", "#!/bin/sh\n"
		"[ \"$1\" = -p ] && { echo \"$2\" >>$0.asked; exit; }\n"
		"echo 'chronyd (chrony) version 4.9 (+CMDMON)'\n");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tree_remove();
	return 0;
}

static void prints(int status, const char *line)
{
	assert_int_equal(status, EXIT_GOOD);
	assert_string_equal(said_out, line);
	assert_string_equal(said_err, "");
}

static void refused(int status, const char *reason)
{
	assert_int_equal(status, EXIT_BROKEN);
	assert_string_equal(said_out, "");
	if (!strstr(said_err, reason))
		fail_msg("'%s' is not in '%s'", reason, said_err);
}

static void test_default(void **state)
{
	(void)state;
	prints(chrony(V4_3), RECOMMENDED "\n");
	prints(chrony(), RECOMMENDED " optional\n");
	assert_string_equal(get("/bin/chronyd.asked"), RECOMMENDED " optional\n");
	prints(chrony(V4_3, "--makestep"), RECOMMENDED "\nmakestep 0.001 -1\n");
	phc_path = "/dev/ptp1";
	prints(chrony(V4_3), "refclock PHC /dev/ptp1 refid KVM poll -1 dpoll -3 maxsamples 8 offset 0\n");
}

static void test_classic(void **state)
{
	(void)state;
	phc_path = "/dev/ptp0";
	prints(chrony("--classic"), "refclock PHC /dev/ptp0 poll 3 dpoll -2 offset 0\n");
	prints(chrony("--poll", "2", "--classic", "--refid", "X", "--prefer"),
	       "refclock PHC /dev/ptp0 refid X poll 2 dpoll -2 offset 0 prefer\n");
}

static void test_every_field(void **state)
{
	(void)state;
	prints(chrony("--device", "/dev/ptp3:nocrossts", "--refid", "HOST", "--poll", "0", "--dpoll", "-4",
		      "--filter", "5", "--minsamples", "4", "--maxsamples", "16", "--maxunreach", "9",
		      "--offset", "-0.000001", "--delay", "0.00002", "--precision", "0.00000001",
		      "--maxdispersion", "0.1", "--stratum", "2", "--local", "--prefer", "--trust",
		      "--require", "--noselect", "--optional"),
	       "refclock PHC /dev/ptp3:nocrossts refid HOST poll 0 dpoll -4 filter 5 minsamples 4 maxsamples 16 "
	       "maxunreach 9 offset -0.000001 delay 0.00002 precision 0.00000001 maxdispersion 0.1 stratum 2 local "
	       "prefer trust require noselect optional\n");
}

static void test_out_of_range(void **state)
{
	static char *const bad[][2] = {
		{ "--poll", "33" }, { "--poll", "-33" }, { "--poll", "1x" }, { "--poll", "" }, { "--poll", "0x1" },
		{ "--dpoll", "99999999999999999999" }, { "--filter", "0" }, { "--filter", "-1" },
		{ "--maxsamples", "2147483648" }, { "--stratum", "16" }, { "--stratum", "-1" }, { "--stratum", "Auto" },
		{ "--delay", "-1" }, { "--delay", "1e-6" }, { "--delay", "nan" }, { "--delay", "" },
		{ "--delay", "0.00000000000000000000000000000001" },
		{ "--offset", "--1" }, { "--offset", "inf" }, { "--precision", "2" }, { "--refid", "" }, { "--refid", "ABCDE" },
		{ "--refid", "a b" }, { "--refid", "a,b" }, { "--refid", "#" }, { "--device", "ptp0" }, { "--device", "" },
		{ "--device", "/dev/a b" }, { "--device", "/dev/a\nb" }, { "--device", "/dev/ptp0:bogus" },
		{ "--device", "/dev/ptp0:" }, { "--device", "/dev/ptp0:extpps" }, { "--chrony-version", "four" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		refused(chrony(bad[i][0], bad[i][1]), bad[i][0]);
	refused(chrony("--bogus"), "bad option");
	refused(chrony("argument"), "'argument'");
}

static void test_not_for_this_clock(void **state)
{
	(void)state;
	refused(chrony("--tai"), "UTC");
	refused(chrony("--offset", "-37"), "UTC");
	refused(chrony("--offset", "37"), "UTC");
	refused(chrony("--offset", "0.5"), "UTC");
	assert_int_equal(chrony("--offset", "0.499"), EXIT_GOOD);
}

static void test_versions(void **state)
{
	(void)state;
	refused(chrony("--chrony-version", "1.31"), "too old");
	refused(chrony(V4_3, "--optional"), "4.9");
	refused(chrony("--chrony-version", "4.7", "--maxunreach", "9"), "4.8");
	refused(chrony("--chrony-version", "4.2", "--local"), "4.3");
	refused(chrony("--chrony-version", "3.2", "--stratum", "1"), "3.3");
	refused(chrony("--chrony-version", "3.1", "--nocrossts"), "3.2");
	refused(chrony("--chrony-version", "2.2", "--trust"), "2.3");
	prints(chrony("--chrony-version", "2.0"), RECOMMENDED "\n");
	prints(chrony("--chrony-version", "5.0"), RECOMMENDED " optional\n");
}

/* Before 4.7 a poll needs four readings, or as many as the filter takes if those are fewer. */
static void test_poll_and_dpoll(void **state)
{
	(void)state;
	refused(chrony("--poll", "-4"), "--dpoll -6");
	refused(chrony(V4_3, "--poll", "0", "--dpoll", "-1"), "--dpoll -2");
	refused(chrony("--chrony-version", "4.6", "--poll", "0", "--dpoll", "0"), "4 readings");
	refused(chrony(V4_3, "--poll", "0", "--dpoll", "0", "--filter", "2"), "2 readings");
	prints(chrony(V4_3, "--poll", "0", "--dpoll", "0", "--filter", "1"),
	       "refclock PHC /dev/ptp_kvm refid KVM poll 0 dpoll 0 filter 1 maxsamples 8 offset 0\n");
	prints(chrony("--chrony-version", "4.7", "--poll", "0", "--dpoll", "0"),
	       "refclock PHC /dev/ptp_kvm refid KVM poll 0 dpoll 0 maxsamples 8 offset 0\n");
	refused(chrony("--minsamples", "9"), "maxsamples 8");
}

static void test_auto(void **state)
{
	struct host_clock hc = { .present = true };
	char line[REFCLOCK_LINE_MAX], why[300];
	struct chrony_version v = { 4, 3 };
	struct refclock r;

	(void)state;
	refclock_init(&r);
	r.delay_auto = r.stratum_auto = true;
	assert_false(refclock_auto(&r, &hc, why, sizeof(why)));
	assert_non_null(strstr(why, "--delay auto"));
	hc.has_max_error = true;
	hc.max_error_ns = 1234;
	assert_false(refclock_auto(&r, &hc, why, sizeof(why)));
	assert_non_null(strstr(why, "--stratum auto: the host does not tell"));
	hc.has_status = true;
	hc.status = HOST_FREE_RUNNING;
	assert_false(refclock_auto(&r, &hc, why, sizeof(why)));
	assert_non_null(strstr(why, "free-running"));
	hc.status = HOST_SYNCHRONIZED;
	assert_true(refclock_auto(&r, &hc, why, sizeof(why)));
	refclock_defaults(&r, &v);
	refclock_render(&r, line);
	assert_string_equal(line, RECOMMENDED " delay 0.000002468 stratum 1");
	hc.max_error_ns = UINT64_MAX;
	assert_true(refclock_auto(&r, &hc, why, sizeof(why)));
}

static void test_no_clock(void **state)
{
	(void)state;
	phc_path = NULL;
	refused(chrony(V4_3), "modprobe ptp_kvm");
	kvm = false;
	assert_int_equal(chrony(V4_3), EXIT_NO_GUEST);
	assert_string_equal(said_out, "");
	prints(chrony(V4_3, "--no-check"), RECOMMENDED "\n");
	prints(chrony(V4_3, "--no-check", "--device", "/dev/ptp7"),
	       "refclock PHC /dev/ptp7 refid KVM poll -1 dpoll -3 maxsamples 8 offset 0\n");
}

static void test_another_clock(void **state)
{
	(void)state;
	refused(chrony("--device", "/dev/ptp1"), "/dev/ptp1 is not the KVM clock; that is /dev/ptp_kvm here");
	prints(chrony(V4_3, "--device", "/dev/ptp3"),
	       "refclock PHC /dev/ptp3 refid KVM poll -1 dpoll -3 maxsamples 8 offset 0\n");
}

static void test_chronyd(void **state)
{
	(void)state;
	program("chronyd", "#!/bin/sh\n[ \"$1\" = -p ] && { echo 'Fatal error : Invalid' >&2; exit 1; }\n"
		"echo 'chronyd (chrony) version 4.9 (+CMDMON)'\n");
	refused(chrony(), "Fatal error : Invalid");
	/* For another chrony, this one is not asked. */
	prints(chrony(V4_3), RECOMMENDED "\n");
	program("chronyd", "#!/bin/sh\necho nonsense\n");
	assert_int_equal(chrony(), EXIT_GOOD);
	assert_string_equal(said_out, RECOMMENDED "\n");
	assert_non_null(strstr(said_err, "--chrony-version"));
	program("chronyd",
		"#!/bin/sh\n[ \"$1\" = -p ] && exec sleep 100\necho 'chronyd (chrony) version 4.9'\n");
	refused(chrony(), "no answer within 5 s");
}

static void test_help(void **state)
{
	struct option_row rows[REFCLOCK_ROWS];
	struct refclock r;

	(void)state;
	assert_int_equal(chrony("--help"), EXIT_GOOD);
	assert_non_null(strstr(said_out, "--chrony-version"));
	refclock_rows(rows, &r);
	for (const struct option_row *row = rows; row->help; row++)
		if (row->name)
			has(said_out, row->name);
	lacks(said_out, "--tai");
}

static int closed(void *arg)
{
	close(STDOUT_FILENO);
	return call(arg);
}

static void test_closed_output(void **state)
{
	(void)state;
	assert_int_equal(apart(closed, (char *[]){ "chrony", V4_3, NULL }), EXIT_BROKEN);
	assert_non_null(strstr(said_err, "cannot write standard output"));
}

#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(default), T(classic), T(every_field), T(out_of_range), T(not_for_this_clock), T(versions), T(poll_and_dpoll),
		T(auto), T(no_clock), T(another_clock), T(chronyd), T(help), T(closed_output),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("refclock", tests, NULL, NULL);
}
