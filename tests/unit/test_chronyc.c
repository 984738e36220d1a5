// SPDX-License-Identifier: GPL-2.0-or-later
/* Output of chronyc -c as chrony 4.0 to 4.9 print it, whole, cut, and with something else in it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "chrony/chronyc.h"

static char why[300];

#define KVM "#,*,KVM,0,-1,377,1,-0.000000003,0.000000004,0.000000040\n"
#define SILENT "^,?,192.0.2.7,0,6,0,4294967295,0.000000000,0.000000000,0.000000000\n"

static void test_sources(void **state)
{
	struct chrony_source s[3];

	(void)state;
	assert_int_equal(chronyc_parse_sources(KVM SILENT, s, 3, why, sizeof(why)), 2);
	assert_int_equal(s[0].mode, '#');
	assert_int_equal(s[0].state, '*');
	assert_string_equal(s[0].name, "KVM");
	assert_int_equal(s[0].stratum, 0);
	assert_int_equal(s[0].poll, -1);
	assert_int_equal(s[0].reach, 0377);
	assert_float_equal(s[0].last_rx, 1, 0);
	assert_float_equal(s[0].offset, 3e-9, 1e-15);
	assert_float_equal(s[0].measured, -4e-9, 1e-15);
	assert_float_equal(s[0].error, 40e-9, 1e-15);
	assert_int_equal(s[1].reach, 0);
	assert_true(isnan(s[1].last_rx) && isnan(s[1].offset) && isnan(s[1].measured) && isnan(s[1].error));
	/* A refid without printable characters has no name. */
	assert_int_equal(chronyc_parse_sources("#,?,,0,4,0,4294967295,0,0,0", s, 3, why, sizeof(why)), 1);
	assert_string_equal(s[0].name, "");
}

static void test_no_more_than_max(void **state)
{
	struct chrony_source s[1];

	(void)state;
	assert_int_equal(chronyc_parse_sources(SILENT KVM, s, 1, why, sizeof(why)), 1);
	assert_int_equal(s[0].mode, '^');
	assert_int_equal(chronyc_parse_sources("", s, 1, why, sizeof(why)), 0);
}

static void refused(const char *line)
{
	struct chrony_source s[3];
	char text[2000];

	why[0] = 0;
	snprintf(text, sizeof(text), KVM "%s\n", line);
	assert_int_equal(chronyc_parse_sources(text, s, 3, why, sizeof(why)), -1);
	assert_non_null(strstr(why, "not understood"));
}

static void test_sources_refused(void **state)
{
	char name[400];

	(void)state;
	refused("");
	refused("506 Cannot talk to daemon");
	refused("#,*,KVM,0,-1,377,1,-0.000000003,0.000000004");			/* cut */
	refused("#,*,KVM,0,-1,377,1,-0.000000003,0.000000004,0.1,0");		/* too long */
	refused("#,*,K,V,0,-1,377,1,-0.000000003,0.000000004,0.1");		/* a comma in the name */
	refused("!,*,KVM,0,-1,377,1,0,0,0");
	refused("#,&,KVM,0,-1,377,1,0,0,0");
	refused("#*,*,KVM,0,-1,377,1,0,0,0");
	refused(",*,KVM,0,-1,377,1,0,0,0");
	refused("#,*,KVM,256,-1,377,1,0,0,0");
	refused("#,*,KVM,0,-33,377,1,0,0,0");
	refused("#,*,KVM,0,-1,378,1,0,0,0");					/* no octal digit */
	refused("#,*,KVM,0,-1,400,1,0,0,0");					/* more than eight bits */
	refused("#,*,KVM,0,-1,-1,1,0,0,0");
	refused("#,*,KVM,0,-1,,1,0,0,0");
	refused("#,*,KVM,0,-1,377,4294967296,0,0,0");
	refused("#,*,KVM,0,-1,377,1.5,0,0,0");
	refused("#,*,KVM,0,-1,377,1,nan,0,0");
	refused("#,*,KVM,0,-1,377,1,0x1p3,0,0");
	refused("#,*,KVM,0,-1,377,1,--1,0,0");
	refused("#,*,KVM,0,-1,377,1,0,1e5,0");
	refused("#,*,KVM,0,-1,377,1,0,0,99999999999999999999");
	refused("#,*,KVM,0,-1,377,1,0,0, 1");
	memset(name, 'n', sizeof(name));
	memcpy(name, "#,*,", 4);
	strcpy(name + 4 + 256, ",0,-1,377,1,0,0,0");
	refused(name);
}

static void test_long_line(void **state)
{
	struct chrony_source s[1];
	char *text = malloc(100001);

	(void)state;
	memset(text, ',', 100000);
	text[100000] = 0;
	assert_int_equal(chronyc_parse_sources(text, s, 1, why, sizeof(why)), -1);
	memset(text, '\xff', 100000);
	assert_int_equal(chronyc_parse_sources(text, s, 1, why, sizeof(why)), -1);
	/* what is shown of it can be printed */
	assert_non_null(strstr(why, ": ????"));
	assert_true(strlen(why) < 200);
	free(text);
}

#define TRACKING                                                                                             \
	"4B564D00,KVM,1,1795449334.123456789,0.000000012,-0.000000001,0.000000004,-37.003,0.000,0.012,"      \
	"0.000000001,0.000001000,0.5,Normal\n"

static void test_tracking(void **state)
{
	struct chrony_tracking t;

	(void)state;
	assert_int_equal(chronyc_parse_tracking(TRACKING, &t, why, sizeof(why)), 0);
	assert_string_equal(t.refid, "4B564D00");
	assert_string_equal(t.name, "KVM");
	assert_int_equal(t.stratum, 1);
	assert_float_equal(t.ref_time, 1795449334.123456789, 1e-6);
	/* chronyc: to be added to the system's time, which is slow by that */
	assert_float_equal(t.system, 12e-9, 1e-15);
	assert_float_equal(t.last_offset, -1e-9, 1e-15);
	assert_float_equal(t.frequency, -37.003, 1e-9);
	assert_float_equal(t.update_interval, 0.5, 0);
	assert_string_equal(t.leap, "Normal");
	assert_int_equal(
		chronyc_parse_tracking("00000000,,0,0.000000000,0.000000000,0.000000000,0.000000000,"
				       "0.000,0.000,0.000,1.000000000,1.000000000,0.0,Not synchronised\n",
				       &t, why, sizeof(why)),
		0);
	assert_string_equal(t.leap, "Not synchronised");
	assert_int_equal(chronyc_parse_tracking("", &t, why, sizeof(why)), -1);
	assert_int_equal(chronyc_parse_tracking("x" TRACKING, &t, why, sizeof(why)), -1);
	assert_int_equal(chronyc_parse_tracking("4B564D0G,KVM,1,1.0,0,0,0,0,0,0,0,0,0.5,Normal\n", &t, why,
						sizeof(why)),
			 -1);
}

static void test_selectdata(void **state)
{
	struct chrony_selectdata s[2];

	(void)state;
	assert_int_equal(
		chronyc_parse_selectdata("*,KVM,N,-,-,-,-,-,-,-,-,-,-,1,1.0,-0.000000020,0.000000021,Normal\n"
					 "N,192.0.2.7,Y,N,P,T,R,-,N,-,-,-,-,4294967295,1.0,0.0,0.0,?\n",
					 s, 2, why, sizeof(why)),
		2);
	assert_int_equal(s[0].state, '*');
	assert_int_equal(s[0].auth, 'N');
	assert_string_equal(s[0].configured, "");
	assert_float_equal(s[0].low, -20e-9, 1e-15);
	assert_float_equal(s[0].high, 21e-9, 1e-15);
	assert_int_equal(s[0].leap, 'N');
	assert_int_equal(s[1].auth, 'Y');
	assert_string_equal(s[1].configured, "NPTR");
	assert_string_equal(s[1].effective, "N");
	assert_true(isnan(s[1].last_rx));
	assert_int_equal(s[1].leap, '?');
	assert_int_equal(chronyc_parse_selectdata("*,KVM,N,-,-,-,-,-,-,-,-,-,Q,1,1.0,0,0,Normal\n", s, 2, why,
						  sizeof(why)), -1);
}

static void version_is(const char *text, int major, int minor)
{
	struct chrony_version v;

	assert_int_equal(chrony_version_parse(text, &v), major != 0);
	assert_int_equal(v.major, major);
	assert_int_equal(v.minor, minor);
}

static void test_version(void **state)
{
	const struct chrony_version v = { 4, 9 };

	(void)state;
	version_is("4.3", 4, 3);
	version_is("4.6.1", 4, 6);
	version_is("4.10", 4, 10);
	version_is("4.9-pre1", 4, 9);
	version_is("chronyd (chrony) version 4.3 (+CMDMON +NTP +REFCLOCK)\n", 4, 3);
	version_is("chronyd (chrony) version 4.6.1 (+CMDMON)\n", 4, 6);
	version_is("", 0, 0);
	version_is("4", 0, 0);
	version_is("4.", 0, 0);
	version_is("4.3x", 0, 0);
	version_is("4.3 ", 0, 0);
	version_is("4.3.", 0, 0);
	version_is("-4.3", 0, 0);
	version_is("0.3", 0, 0);
	version_is("4.99999999999", 0, 0);
	version_is("chronyd (chrony) version DEVELOPMENT (+CMDMON)\n", 0, 0);
	assert_true(chrony_at_least(&v, 4, 9));
	assert_true(chrony_at_least(&v, 3, 12));
	assert_false(chrony_at_least(&v, 4, 10));
	assert_false(chrony_at_least(&v, 5, 0));
}

/* --- a chronyc and a chronyd of our own on PATH --- */

static char dir[] = "/tmp/test_chronyc.XXXXXX";

static void script(const char *name, const char *body)
{
	char path[100];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "#!/bin/sh\n%s\n", body);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0755), 0);
}

static int make_dir(void **state)
{
	(void)state;
	return !mkdtemp(dir) || setenv("PATH", dir, 1);
}

static int remove_dir(void **state)
{
	char path[100];

	(void)state;
	snprintf(path, sizeof(path), "%s/chronyc", dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/chronyd", dir);
	unlink(path);
	return rmdir(dir);
}

static void test_ask(void **state)
{
	struct chrony_tracking t;
	struct chrony_source s[2];

	(void)state;
	assert_int_equal(chronyc_sources(s, 2, why, sizeof(why)), -1);
	assert_string_equal(why, "chronyc: not installed");

	script("chronyc",
	       "case \"$*\" in\n'-c sources') printf '" KVM "' ;;\n'-c tracking') printf '" TRACKING "' ;;\n"
	       "*) echo '501 Not authorised'; exit 1 ;;\nesac");
	assert_int_equal(chronyc_sources(s, 2, why, sizeof(why)), 1);
	assert_int_equal(chronyc_tracking(&t, why, sizeof(why)), 0);
	assert_string_equal(t.name, "KVM");
	assert_int_equal(chronyc_selectdata(NULL, 0, why, sizeof(why)), -1);
	assert_string_equal(why, "chronyc: 501 Not authorised");

	script("chronyc", "echo '506 Cannot talk to daemon'; exit 1");
	assert_int_equal(chronyc_sources(s, 2, why, sizeof(why)), -1);
	assert_string_equal(why, "chronyc: 506 Cannot talk to daemon");
}

static void test_command(void **state)
{
	(void)state;
	script("chronyc",
	       "test \"$#\" = 2 && test \"$1 $2\" = 'reset sources' || { echo '502 Invalid command'; exit 1; }");
	assert_true(chronyc_command(why, sizeof(why), (const char *const[]){ "reset", "sources", NULL }));
	assert_false(chronyc_command(why, sizeof(why), (const char *const[]){ "reset", NULL }));
	assert_string_equal(why, "chronyc: 502 Invalid command");
}

static void test_installed(void **state)
{
	struct chrony_version v;

	(void)state;
	script("chronyd", "test \"$*\" = --version && echo 'chronyd (chrony) version 4.9 (+CMDMON)'");
	assert_true(chrony_version_installed(&v, why, sizeof(why)));
	assert_int_equal(v.minor, 9);
	script("chronyd", "echo nonsense");
	assert_false(chrony_version_installed(&v, why, sizeof(why)));
	assert_string_equal(why, "chronyd: no version in its answer: nonsense");
}

static void test_find(void **state)
{
	struct chrony_source s[4] = {
		{ .mode = '^', .name = "KVM", .state = '+' }, { .mode = '#', .name = "GPS", .state = '*' },
		{ .mode = '#', .name = "PHC0" }, { .mode = '#', .name = "KVM" },
	};

	(void)state;
	assert_null(chrony_source_named(s, 0, NULL));
	assert_ptr_equal(chrony_source_named(s, 4, NULL), &s[3]);
	assert_ptr_equal(chrony_source_named(s, 3, ""), &s[2]);
	assert_null(chrony_source_named(s, 2, NULL));	/* a GPS receiver is none of ours */
	assert_ptr_equal(chrony_source_named(s, 4, "GPS"), &s[1]);
	assert_null(chrony_source_named(s, 4, "PPS"));
	assert_ptr_equal(chrony_selected(s, 4), &s[1]);
	assert_null(chrony_selected(s, 1));
	strcpy(s[1].name, "PHC1");
	assert_null(chrony_source_named(s, 3, NULL));	/* which one? */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_no_more_than_max),
		cmocka_unit_test(test_sources_refused),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_tracking),
		cmocka_unit_test(test_selectdata),
		cmocka_unit_test(test_version),
		cmocka_unit_test(test_ask),
		cmocka_unit_test(test_command),
		cmocka_unit_test(test_installed),
		cmocka_unit_test(test_find),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("chronyc", tests, make_dir, remove_dir);
}
