// SPDX-License-Identifier: GPL-2.0-or-later
/* chrony's configuration is read as chronyd reads it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "chrony/conf.h"
#include "tree.h"

#define CONF "/etc/chrony/chrony.conf"

static char seen[1 << 16], why[400];
static const char *stop_at;

static int setup(void **state)
{
	(void)state;
	tree_make();
	stop_at = NULL;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tree_remove();
	return 0;
}

static int see(const struct chrony_directive *d, void *arg)
{
	size_t used = strlen(seen);

	assert_ptr_equal(arg, seen);
	snprintf(seen + used, sizeof(seen) - used, "%s:%d:%s|%s|%s\n", d->file, d->line, d->text, d->name,
		 d->args);
	return stop_at && !strcmp(d->name, stop_at) ? 7 : 0;
}

static int walk(void)
{
	seen[0] = why[0] = 0;
	return chrony_conf_walk(CONF, see, seen, why, sizeof(why));
}

static void test_layout(void **state)
{
	(void)state;
	assert_null(chrony_layout());
	put("/etc/chrony.conf", "");
	assert_string_equal(chrony_layout()->service, "chronyd.service");
	assert_string_equal(chrony_layout()->options, "OPTIONS");
	put(CONF, "");
	assert_string_equal(chrony_layout()->conf, CONF);
	assert_string_equal(chrony_layout()->service, "chrony.service");
}

static void test_lines(void **state)
{
	(void)state;
	put(CONF, "# comment\n  ! too\n;too\n%too\n\n \t\n"
		  "  Server \t one  iburst # no comment \r\nbare\nlast without newline");
	assert_int_equal(walk(), 0);
	assert_string_equal(seen, CONF ":7:Server one iburst # no comment|server|one iburst # no comment\n"
				  CONF ":8:bare|bare|\n"
				  CONF ":9:last without newline|last|without newline\n");
}

static void test_include(void **state)
{
	(void)state;
	put(CONF, "a\ninclude /etc/one.conf\nINCLUDE /etc/many/*.inc\ninclude /etc/many/*.none\ninclude "
		  "etc/one.conf\nz\n");
	put("/etc/one.conf", "b 1\n");
	put("/etc/many/2.inc", "d\n");
	put("/etc/many/1.inc", "c\n");
	put("/etc/many/3.conf", "no\n");
	assert_int_equal(walk(), 0);
	assert_string_equal(
		seen,
		CONF ":1:a|a|\n/etc/one.conf:1:b 1|b|1\n/etc/many/1.inc:1:c|c|\n/etc/many/2.inc:1:d|d|\n"
		     "/etc/one.conf:1:b 1|b|1\n" CONF ":6:z|z|\n");
}

static void test_confdir(void **state)
{
	(void)state;
	put(CONF, "confdir /etc/a /run/a /none\nsourcedir /run/s\nz\n");
	put("/etc/a/20.conf", "etc20\n");
	put("/etc/a/10.conf", "etc10\n");
	put("/run/a/20.conf", "run20\n");
	put("/run/a/15.conf", "run15\n");
	put("/run/a/15.other", "no\n");
	/* All but sources is passed over there. */
	put("/run/s/x.sources", "server a\ninclude no\nrefclock PHC /dev/ptp0\n");
	assert_int_equal(walk(), 0);
	assert_string_equal(seen, "/etc/a/10.conf:1:etc10|etc10|\n/run/a/15.conf:1:run15|run15|\n"
				  "/etc/a/20.conf:1:etc20|etc20|\n/run/s/x.sources:1:server a|server|a\n"
				  CONF ":3:z|z|\n");
}

static void test_errors(void **state)
{
	char path[FILE_PATH_MAX];

	(void)state;
	assert_int_equal(walk(), -1);
	assert_string_equal(why, "cannot read " CONF ": No such file or directory");
	put(CONF, "a\ninclude /etc/none.conf\n");
	assert_int_equal(walk(), -1);
	assert_string_equal(why, CONF ":2: cannot read /etc/none.conf: No such file or directory");
	assert_int_equal(mkfifo(file_path(path, "/etc/none.conf"), 0600), 0);
	assert_int_equal(walk(), -1);
	assert_string_equal(why, CONF ":2: cannot read /etc/none.conf: it is no regular file");
	put_link(CONF, "/etc/none.conf");
	assert_int_equal(walk(), -1);
	assert_string_equal(why, "cannot read " CONF ": it is no regular file");
	assert_int_equal(unlink(file_path(path, CONF)), 0);
	put(CONF, "include " CONF "\n");
	assert_int_equal(walk(), -1);
	assert_string_equal(why, CONF ":1: included more than 10 deep");
	put(CONF, "include\n");
	assert_int_equal(walk(), -1);
	put(CONF, "include /etc/nothing/*\n");
	assert_int_equal(walk(), -1);
	assert_string_equal(why, CONF ":1: cannot search for /etc/nothing/*");
	put(CONF, "include a b\n");
	assert_int_equal(walk(), -1);
	put(CONF, "confdir\n");
	assert_int_equal(walk(), -1);
	assert_string_equal(why, CONF ":1: confdir without a directory");
	put(CONF, "confdir 1 2 3 4 5 6 7 8 9 10 11\n");
	assert_int_equal(walk(), -1);
}

static void test_ten_deep(void **state)
{
	char path[64], text[64];

	(void)state;
	put(CONF, "include /1\n");
	for (int i = 1; i < 9; i++) {
		snprintf(path, sizeof(path), "/%d", i);
		snprintf(text, sizeof(text), "include /%d\n", i + 1);
		put(path, text);
	}
	put("/9", "deepest\n");
	assert_int_equal(walk(), 0);
	assert_string_equal(seen, "/9:1:deepest|deepest|\n");
}

static void test_stop(void **state)
{
	(void)state;
	put(CONF, "a\ninclude /etc/one.conf\nz\n");
	put("/etc/one.conf", "b\nc\n");
	stop_at = "b";
	assert_int_equal(walk(), 7);
	assert_null(strstr(seen, "|c|"));
	assert_null(strstr(seen, "|z|"));
}

/* Each includes all of the thousand, ten deep: 1000^10 files */
static void test_endless(void **state)
{
	char path[64];
	time_t begin = time(NULL);

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(path, sizeof(path), "/etc/many/%d.conf", i);
		put(path, "a\ninclude /etc/many/*.conf\n");
	}
	put(CONF, "include /etc/many/*.conf\n");
	assert_int_equal(walk(), -1);
	assert_true(time(NULL) - begin < 10);
}

static void test_too_many(void **state)
{
	char path[64];

	(void)state;
	put(CONF, "confdir /etc/many\n");
	for (int i = 0; i < 999; i++) {
		snprintf(path, sizeof(path), "/etc/many/%d.conf", i);
		put(path, "a\n");
	}
	assert_int_equal(walk(), 0);
	put("/etc/many/x.conf", "z\n");
	assert_int_equal(walk(), -1);
	assert_non_null(strstr(why, "more than 1000 files"));
}

/* Long lines, NULs and bytes of all kinds are read without harm. */
static void test_hostile(void **state)
{
	char full[FILE_PATH_MAX], text[10000];
	unsigned int seed = 20261123;
	FILE *f;

	(void)state;
	memset(text, 'x', sizeof(text));
	text[5000] = 0;
	put(CONF, text);
	assert_int_equal(walk(), 0);
	put(CONF, "confdir ");
	f = fopen(file_path(full, CONF), "a");
	text[5000] = 'x';
	fwrite(text, 1, 2000, f);
	fclose(f);
	assert_int_equal(walk(), 0);
	f = fopen(full, "w");
	fwrite("a\0b\nc\n", 1, 6, f);
	fclose(f);
	assert_int_equal(walk(), 0);
	assert_string_equal(seen, CONF ":1:a|a|\n" CONF ":2:c|c|\n");
	for (int round = 0; round < 200; round++) {
		seed = seed * 1103515245 + 12345;
		srand(seed);
		f = fopen(full, "w");
		for (int i = 0; i < 3000; i++)
			fputc(rand() % 4 ? "inclde cofr*/.\n # "[rand() % 18] : rand(), f);
		fclose(f);
		walk();
	}
}

static void test_option(void **state)
{
	char value[8];

	(void)state;
	assert_true(chrony_option("PHC /dev/ptp0 Poll -1 prefer", "poll", value, sizeof(value)));
	assert_string_equal(value, "-1");
	assert_true(chrony_option("PHC /dev/ptp0 poll -1 prefer", "PREFER", value, sizeof(value)));
	assert_string_equal(value, "");
	assert_true(chrony_option("prefer", "prefer", NULL, 0));
	assert_false(chrony_option("PHC /dev/ptp0 dpoll -1", "poll", value, sizeof(value)));
	assert_false(chrony_option("PHC /dev/ptp0 polling -1", "poll", value, sizeof(value)));
	assert_false(chrony_option("", "poll", value, sizeof(value)));
	assert_true(chrony_option("refid 0123456789", "refid", value, sizeof(value)));
	assert_string_equal(value, "0123456");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_layout, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(test_include, setup, teardown),
		cmocka_unit_test_setup_teardown(test_confdir, setup, teardown),
		cmocka_unit_test_setup_teardown(test_errors, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ten_deep, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stop, setup, teardown),
		cmocka_unit_test_setup_teardown(test_endless, setup, teardown),
		cmocka_unit_test_setup_teardown(test_too_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hostile, setup, teardown),
		cmocka_unit_test_setup_teardown(test_option, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("chrony_conf", tests, NULL, NULL);
}
