// SPDX-License-Identifier: GPL-2.0-or-later
/* Statistics against values worked out by hand, and the Allan deviation against NIST SP 1065's test suites. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "series/stats.h"

static void near(double got, double want, double tolerance)
{
	if (!(fabs(got - want) <= tolerance))
		fail_msg("%.17g is not %.17g within %g", got, want, tolerance);
}

static void test_none(void **state)
{
	const double missing[] = { NAN, NAN };
	struct stats s;

	(void)state;
	for (int i = 0; i < 2; i++) {
		stats_of(&s, missing, i * 2);
		assert_int_equal(s.n, 0);
		assert_true(isnan(s.min) && isnan(s.max) && isnan(s.mean) && isnan(s.median));
		assert_true(isnan(s.p99) && isnan(s.stddev));
	}
	stats_of(&s, NULL, 0);
	assert_int_equal(s.n, 0);
}

static void test_one(void **state)
{
	const double v[] = { -7 };
	struct stats s;

	(void)state;
	stats_of(&s, v, 1);
	assert_int_equal(s.n, 1);
	near(s.min, -7, 0);
	near(s.max, -7, 0);
	near(s.mean, -7, 0);
	near(s.median, -7, 0);
	near(s.p99, 7, 0);
	assert_true(isnan(s.stddev));
}

static void test_few(void **state)
{
	const double v[] = { 4, -9, NAN, 2, 4, 5, 5, 7, NAN, -2 };
	double copy[10];
	struct stats s;

	(void)state;
	memcpy(copy, v, sizeof(v));
	stats_of(&s, v, 10);
	assert_memory_equal(copy, v, sizeof(v));
	assert_int_equal(s.n, 8);
	near(s.min, -9, 0);
	near(s.max, 7, 0);
	near(s.mean, 2, 0);
	near(s.median, 4, 0);
	near(s.p99, 9, 0);
	/* Squares of 2 -11 0 2 3 3 5 -4: 188 / 7 */
	near(s.stddev, sqrt(188.0 / 7), 1e-12);
	stats_of(&s, v, 2);
	near(s.median, -2.5, 0);
}

/* The 99th of a hundred, the 198th of two hundred, the 100th of a hundred and one: nearest rank. */
static void test_p99(void **state)
{
	const struct {
		size_t n;
		double p99;
	} want[] = { { 99, 99 }, { 100, 99 }, { 101, 100 }, { 199, 198 }, { 200, 198 } };
	double v[200];
	struct stats s;

	(void)state;
	for (int i = 0; i < 200; i++)
		v[i] = i % 2 ? i + 1 : -i - 1;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		stats_of(&s, v, want[i].n);
		near(s.p99, want[i].p99, 0);
	}
}

/* Large readings that differ by little: the deviation is that of the little. */
static void test_large(void **state)
{
	double v[1000];
	struct stats s;

	(void)state;
	for (int i = 0; i < 1000; i++)
		v[i] = 1125899906842624.0 + i % 2;
	stats_of(&s, v, 1000);
	near(s.stddev, sqrt(0.25 * 1000 / 999), 1e-9);
	near(s.mean, 1125899906842624.5, 0);
}

/* The ten points of NIST SP 1065, 12.4 */
static void test_allan_nist10(void **state)
{
	const double x[] = {
		0, 103.11111, 123.22222, 157.33333, 166.44444, 48.55555, -96.33333, -2.22222, 111.88889, 0,
	};

	(void)state;
	near(stats_allan(x, 10, 1, 1), 91.22945, 1e-4);
	near(stats_allan(x, 10, 1, 2), 85.95287, 1e-4);
	near(stats_allan(x, 10, 10, 2), 8.595287, 1e-5);
}

/* And its thousand frequencies, made by a generator that is given there */
static void test_allan_nist1000(void **state)
{
	double x[1001] = { 0 };
	uint64_t n = 1234567890;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		x[i + 1] = x[i] + n / 2147483647.0;
		n = n * 16807 % 2147483647;
	}
	near(stats_allan(x, 1001, 1, 1), 2.922319e-01, 1e-7);
	near(stats_allan(x, 1001, 1, 10), 9.159953e-02, 1e-8);
	near(stats_allan(x, 1001, 1, 100), 3.241343e-02, 1e-8);
}

static void test_allan_length(void **state)
{
	const double x[] = { 0, 1, 0, 1, 0, 1, 0 };

	(void)state;
	assert_true(isnan(stats_allan(x, 0, 1, 1)));
	assert_true(isnan(stats_allan(x, 1, 1, 1)));
	assert_true(isnan(stats_allan(x, 2, 1, 1)));
	assert_false(isnan(stats_allan(x, 3, 1, 1)));
	assert_true(isnan(stats_allan(x, 7, 1, 0)));
	assert_false(isnan(stats_allan(x, 7, 1, 3)));
	assert_true(isnan(stats_allan(x, 7, 1, 4)));
	assert_true(isnan(stats_allan(x, 7, 1, SIZE_MAX)));
}

static void test_allan_missing(void **state)
{
	/* A straight line has none; of the second differences one is left, 0 - 2 * 3 + 4. */
	const double line[] = { 0, 1, 2, 3, 4, 5 }, gap[] = { 0, 3, 4, NAN, 9, 1 };
	const double missing[] = { 0, NAN, 1, NAN, 2 };

	(void)state;
	near(stats_allan(line, 6, 1, 1), 0, 0);
	near(stats_allan(gap, 6, 1, 1), sqrt(4.0 / 2), 1e-12);
	assert_true(isnan(stats_allan(missing, 5, 1, 1)));
	near(stats_allan(missing, 5, 1, 2), 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none), cmocka_unit_test(test_one), cmocka_unit_test(test_few),
		cmocka_unit_test(test_p99), cmocka_unit_test(test_large), cmocka_unit_test(test_allan_nist10),
		cmocka_unit_test(test_allan_nist1000), cmocka_unit_test(test_allan_length),
		cmocka_unit_test(test_allan_missing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
