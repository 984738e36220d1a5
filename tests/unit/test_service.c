// SPDX-License-Identifier: GPL-2.0-or-later
/* Which configuration chronyd reads, or will read; and refclock lines as it takes them apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chrony/refclock.h"
#include "chrony/service.h"
#include "tree.h"

#define CONF "/etc/chrony/chrony.conf"
#define OURS "/etc/systemd/system/chrony.service.d/ptpkvm.conf"
#define UNIT "/usr/lib/systemd/system/chrony.service"

static const struct chrony_addition ours = { OURS, "/directives", "/run/made", "/run/env", "/run/hold" };
static struct chrony_service s;
static char why[700];

static void next(void)
{
	chrony_service_next(&s, &ours, false);
}

static void test_nothing(void **state)
{
	(void)state;
	next();
	assert_string_equal(s.unit, "");
	assert_string_equal(s.conf, "");
	assert_false(chrony_service_takes(&s, why, sizeof(why)));
	put(CONF, "");
	next();
	assert_string_equal(s.unit, "chrony.service");
	assert_string_equal(s.conf, CONF);
	assert_true(chrony_service_takes(&s, why, sizeof(why)));
}

/* Of two configurations that which the unit that is there reads */
static void test_two_layouts(void **state)
{
	(void)state;
	put(CONF, "");
	put("/etc/chrony.conf", "");
	put("/usr/lib/systemd/system/chronyd.service", "[Service]\nExecStart=/usr/sbin/chronyd $OPTIONS\n");
	next();
	assert_string_equal(s.unit, "chronyd.service");
	assert_string_equal(s.conf, "/etc/chrony.conf");
	put(UNIT, "[Service]\nExecStart=/usr/sbin/chronyd $DAEMON_OPTS\n");
	next();
	assert_string_equal(s.conf, CONF);
}

/* A unit that starts something else: nothing can be added; one that is masked: there is no next start. */
static void test_not_chronyd(void **state)
{
	(void)state;
	put(CONF, "");
	put(UNIT, "[Service]\nExecStart=/bin/sh -c \"exec /usr/sbin/chronyd -f /x\"\n");
	next();
	assert_string_equal(s.unit, "chrony.service");
	assert_false(chrony_service_takes(&s, why, sizeof(why)) || s.masked);
	put_link("/etc/systemd/system/chrony.service", "/dev/null");
	next();
	assert_true(s.masked);
	put("/etc/systemd/system/chronyd.service", "[Service]\nExecStart=/usr/sbin/chronyd $O\n");
	next();
	assert_false(s.masked);
	assert_string_equal(s.unit, "chronyd.service");
}

static void test_options(void **state)
{
	static const struct {
		const char *exec, *options, *conf;
		bool takes, by_directives, measures_only;
	} cases[] = {
		{ "!/usr/sbin/chronyd $O", "", CONF, true, false, false },
		{ "/usr/sbin/chronyd $O", "-x -f /a -F1", "/a", true, false, true },
		{ "/usr/sbin/chronyd $O", "-nf/a", "/a", true, false, false },
		{ "/usr/sbin/chronyd $O", "-f/a -f '/b'", "/b", true, false, false },
		{ "/usr/sbin/chronyd -u x -f /a $O", "-L1", "/a", true, false, false },
		{ "/usr/sbin/chronyd $O -f /a", "", "/a", false, false, false },
		{ "/usr/sbin/chronyd -f $O", "/a", "/a", true, false, false },
		{ "/usr/sbin/chronyd -f $O", "", CONF, false, false, false },
		{ "/usr/sbin/chronyd -f ${O}", "/a", "/a", false, false, false },
		{ "/usr/sbin/chronyd -n -f /store/x.conf", "", "/store/x.conf", false, false, false },
		{ "/usr/sbin/chronyd $O", "'server a'", "", false, true, false },
		{ "/usr/sbin/chronyd $O", "-F 1 --", CONF, false, false, false },
		{ "/usr/sbin/chronyd $O", "'unbalanced", "", false, true, false },
		{ "/usr/bin/taskset 1 /usr/sbin/chronyd $O", "-f /a", "/a", true, false, false },
		{ "/usr/lib/systemd/scripts/chronyd-starter.sh $O", "-f /a", "/a", true, false, false },
	};
	char text[300];

	(void)state;
	put(CONF, "");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), "[Service]\nExecStart=%s\nEnvironmentFile=/env\n", cases[i].exec);
		put(UNIT, text);
		snprintf(text, sizeof(text), "O=\"%s\"\n", cases[i].options);
		put("/env", text);
		next();
		if (strcmp(s.conf, cases[i].conf) || s.by_directives != cases[i].by_directives ||
		    s.measures_only != cases[i].measures_only)
			fail_msg("%s: '%s' %d %d", cases[i].exec, s.conf, s.by_directives, s.measures_only);
		if (chrony_service_takes(&s, why, sizeof(why)) != cases[i].takes)
			fail_msg("%s, %s: %s", cases[i].exec, cases[i].options, why);
	}
}

static void test_process(void **state)
{
	static const char plain[] = "chronyd\0-f/a\0-x", directives[] = "chronyd\0-n\0server\0a";

	(void)state;
	put(CONF, "");
	assert_false(chrony_service_process(&s, 0));
	assert_false(chrony_service_process(&s, 7));
	put_bytes("/proc/7/cmdline", plain, sizeof(plain));
	put("/proc/7/cgroup", "0::/system.slice/chrony.service\n");
	assert_true(chrony_service_process(&s, 7));
	assert_string_equal(s.conf, "/a");
	assert_string_equal(s.unit, "chrony.service");
	assert_true(s.measures_only && !s.by_directives);
	put_bytes("/proc/7/cmdline", directives, sizeof(directives));
	assert_true(chrony_service_process(&s, 7));
	assert_string_equal(s.conf, "");
	assert_true(s.by_directives);
}

static char seen[1000];

static int see(const struct chrony_directive *d, void *arg)
{
	(void)arg;
	strcat(strcat(strcat(seen, d->file), " "), d->text);
	strcat(seen, "\n");
	return 0;
}

static void sees(const char *text)
{
	next();
	seen[0] = 0;
	assert_int_equal(chrony_service_walk(&s, see, NULL, why, sizeof(why)), 0);
	assert_string_equal(seen, text);
}

/* What is ours is added where all of it is there, and where the unit takes it. */
static void test_addition(void **state)
{
	(void)state;
	put(CONF, "pool a\nrtcsync\n");
	put("/directives", "refclock PHC /dev/ptp_kvm\n");
	sees(CONF " pool a\n" CONF " rtcsync\n");
	put(OURS, "ExecStartPre=-+/bin/ptpkvm prestart\n");
	sees(CONF " pool a\n" CONF " rtcsync\n/directives refclock PHC /dev/ptp_kvm\n");
	put(OURS, "ExecStartPre=-+/bin/ptpkvm prestart --only\n");
	sees(CONF " rtcsync\n/directives refclock PHC /dev/ptp_kvm\n");
	put("/run/hold", "");
	sees(CONF " pool a\n" CONF " rtcsync\n");
	remove(file_path((char[FILE_PATH_MAX]){ 0 }, "/run/hold"));
	put(UNIT, "[Service]\nExecStart=chronyd -f /etc/chrony/chrony.conf\n");
	sees(CONF " pool a\n" CONF " rtcsync\n");
	/* A later drop-in has the last word about the variable. */
	put(UNIT, "[Service]\nExecStart=chronyd $O\nEnvironmentFile=-/env\n");
	put(OURS, "[Service]\nExecStartPre=-+/bin/ptpkvm prestart\nEnvironmentFile=-/run/env\n");
	next();
	assert_true(s.adds);
	put("/etc/systemd/system/chrony.service.d/q.conf", "[Service]\nEnvironmentFile=-/q\n");
	next();
	assert_true(s.adds);
	put("/q", "O=-n\n");
	next();
	assert_false(s.adds || chrony_service_takes(&s, why, sizeof(why)));
	assert_non_null(strstr(why, OURS " is there in vain"));
	put("/etc/systemd/system/chrony.service.d/q.conf", "[Service]\nEnvironmentFile=\n");
	next();
	assert_false(s.adds);
	/* What our own file says is not what chronyd would read without us. */
	put(UNIT, "[Service]\nExecStart=chronyd $O\nEnvironmentFile=-/run/env\n");
	put("/run/env", "O=\"-f /run/made\"\n");
	next();
	assert_string_equal(s.conf, CONF);
}

static bool line(struct refclock *r, const char *args)
{
	return refclock_read(r, &(struct chrony_directive){ .name = "refclock", .args = args });
}

static void test_refclock(void **state)
{
	struct refclock r;

	(void)state;
	assert_true(line(&r, "PHC /dev/ptp0:nocrossts poll 3 DPOLL -2 refid ABCD offset -0.5 Prefer lock tai rate 1 tai"));
	assert_string_equal(r.driver, "PHC");
	assert_string_equal(r.device, "/dev/ptp0");
	assert_true(r.nocrossts && r.prefer && r.tai && !r.noselect && !r.optional);
	assert_string_equal(r.refid, "ABCD");
	assert_string_equal(r.offset, "-0.5");
	assert_int_equal(r.poll, 3);
	assert_int_equal(r.dpoll, -2);
	assert_int_equal(r.stratum, REFCLOCK_UNSET);
	assert_true(line(&r, "PHC /dev/ptp0 lock tai refid tai"));
	assert_false(r.tai);
	assert_true(line(&r, "SHM 0:perm=0644"));
	assert_string_equal(r.device, "0:perm=0644");
	refclock_name(&r, 3);
	assert_string_equal(r.refid, "SHM3");
	assert_true(line(&r, "PHC /dev/ptp0"));
	refclock_name(&r, 12);
	assert_string_equal(r.refid, "PH12");
	assert_false(line(&r, "PHC /dev/ptp0 refid TOOLONG"));
	assert_false(refclock_read(&r, &(struct chrony_directive){ .name = "server", .args = "a b" }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_nothing, empty_tree),
		cmocka_unit_test_setup(test_two_layouts, empty_tree),
		cmocka_unit_test_setup(test_not_chronyd, empty_tree),
		cmocka_unit_test_setup(test_options, empty_tree),
		cmocka_unit_test_setup(test_process, empty_tree),
		cmocka_unit_test_setup(test_addition, empty_tree),
		cmocka_unit_test_setup(test_refclock, empty_tree),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("service", tests, NULL, remove_tree);
}
