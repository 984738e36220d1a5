// SPDX-License-Identifier: GPL-2.0-or-later
/* Programs are run for a bounded time, and what they say is kept within bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>

#include <cmocka.h>

#include "base/now.h"
#include "system/run.h"
#include "tree.h"

static struct run_result res;
static char why[300];

static bool sh(unsigned int timeout_ms, const char *script)
{
	return run(&res, timeout_ms, (const char *const[]){ "sh", "-c", script, NULL });
}

static void test_output(void **state)
{
	(void)state;
	assert_true(sh(5000, "echo out; echo err >&2; printf '%s' \"$LC_ALL\"; cat"));
	assert_int_equal(res.status, 0);
	assert_string_equal(res.out, "out\nC");
	assert_int_equal(res.len, 5);
	assert_string_equal(res.err, "err");
	run_free(&res);
	assert_true(run(&res, 5000, (const char *const[]){ "echo", "a b; $x", "*", NULL }));
	assert_string_equal(res.out, "a b; $x *\n");
	run_free(&res);
}

static void explained(const char *text)
{
	run_explain(&res, "prog", 200, why, sizeof(why));
	assert_string_equal(why, text);
	run_free(&res);
}

static void test_status(void **state)
{
	(void)state;
	assert_false(sh(5000, "echo no >&2; echo >&2; exit 3"));
	assert_int_equal(res.status, 3);
	explained("prog: exit status 3: no");
	assert_false(sh(5000, "kill -9 $$"));
	assert_int_equal(res.status, RUN_SIGNAL + SIGKILL);
	explained("prog: ended by signal 9");
	assert_false(run(&res, 5000, (const char *const[]){ "/no/such/program", NULL }));
	assert_int_equal(res.status, RUN_NOT_FOUND);
	explained("prog: not installed");
	assert_false(run(&res, 5000, (const char *const[]){ "/etc", NULL }));
	assert_int_equal(res.status, RUN_NOT_EXECUTABLE);
	explained("prog: cannot be executed");
	/* A program's own 127 is not taken for its absence. */
	assert_false(sh(5000, "exit 127"));
	assert_int_equal(res.status, 127);
	run_free(&res);
}

static void timed(const char *script)
{
	int64_t begin = now_ns(CLOCK_MONOTONIC);

	assert_false(sh(200, script));
	assert_int_equal(res.status, RUN_TIMEOUT);
	assert_true(now_ns(CLOCK_MONOTONIC) - begin < 5 * NSEC_PER_SEC);
	explained("prog: no answer within 0.2 s");
}

static void test_timeout(void **state)
{
	(void)state;
	timed("echo begun; sleep 100");
	timed("trap '' TERM INT HUP; while :; do sleep 1; done");
	timed("exec >&- 2>&-; sleep 100");
	timed("while :; do echo forever; done");
	timed("while :; do echo forever; done >&2");
}

/* What a program leaves behind holds its pipes open, and is not waited for. */
static void test_background(void **state)
{
	int64_t begin = now_ns(CLOCK_MONOTONIC);

	(void)state;
	assert_true(sh(20000, "echo started; sleep 15 & echo $!"));
	assert_true(now_ns(CLOCK_MONOTONIC) - begin < 10 * NSEC_PER_SEC);
	assert_memory_equal(res.out, "started\n", 8);
	kill(atoi(res.out + 8), SIGKILL);
	run_free(&res);
}

static void test_long_output(void **state)
{
	(void)state;
	assert_true(sh(20000,
		       "head -c 3000000 /dev/zero | tr '\\0' x; head -c 100000 /dev/zero | tr '\\0' y >&2"));
	assert_int_equal(res.len, RUN_OUTPUT_MAX);
	assert_int_equal(strlen(res.out), RUN_OUTPUT_MAX);
	assert_int_equal(strlen(res.err), sizeof(res.err) - 1);
	run_free(&res);
}

static int no_streams(void *arg)
{
	int good;

	(void)arg;
	close(0);
	close(1);
	close(2);
	good = sh(5000, "echo out; echo err >&2") && !strcmp(res.out, "out\n") && !strcmp(res.err, "err");
	run_free(&res);
	return !good;
}

static void test_closed_streams(void **state)
{
	(void)state;
	assert_int_equal(apart(no_streams, NULL), 0);
}

/* An ordinary user's PATH has no sbin; one that is empty is no reason to fail. */
static int with_path(void *path)
{
	int good;

	setenv("PATH", path, 1);
	good = sh(5000, "echo $PATH") && strstr(res.out, "/usr/sbin:/sbin");
	run_free(&res);
	return !good;
}

static void test_path(void **state)
{
	(void)state;
	assert_int_equal(apart(with_path, "/usr/bin:/bin"), 0);
	assert_int_equal(apart(with_path, ""), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_output),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_background),
		cmocka_unit_test(test_long_output),
		cmocka_unit_test(test_closed_streams),
		cmocka_unit_test(test_path),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("run", tests, NULL, NULL);
}
