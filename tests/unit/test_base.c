// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/array.h"
#include "base/numbers.h"
#include "base/text.h"
#include "output/text.h"
#include "tree.h"

#include "../../guest-tools/clock/time.c"

static void test_numbers(void **state)
{
	static const char *const none[] = {
		"", " 1", "1 ", "+1", "0x1", "1.", "1e3", "--1", "18446744073709551616", "1\n", "nan",
	};
	uint64_t u = 7;
	int64_t s = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		assert_false(parse_u64(none[i], 0, UINT64_MAX, &u));
		assert_false(parse_s64(none[i], INT64_MIN, INT64_MAX, &s));
	}
	assert_false(parse_u64("-1", 0, UINT64_MAX, &u));
	assert_false(parse_u64("10", 0, 9, &u));
	assert_false(parse_s64("-10", -9, 9, &s));
	assert_true(u == 7 && s == 7);
	assert_true(parse_u64("18446744073709551615", 0, UINT64_MAX, &u) && u == UINT64_MAX);
	assert_true(parse_s64("-9223372036854775808", INT64_MIN, 0, &s) && s == INT64_MIN);
	assert_true(parse_u64("007", 0, 9, &u) && u == 7);
}

static void test_decimals(void **state)
{
	static const char *const none[] = { "", "-1", ".5", "1..2", "1e3", "0x1p3", "inf", "nan", "1 ", "1,5" };
	double d = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		assert_false(parse_decimal(none[i], -10, 1e6, &d));
	assert_false(parse_decimal("0.04", 0.05, 3600, &d));
	assert_true(d == 7);
	assert_true(parse_decimal("0.25", 0, 1, &d) && d == 0.25);
	assert_true(parse_decimal("1.", 0, 1, &d) && d == 1);
}

static void test_refuse(void **state)
{
	char why[8];

	(void)state;
	errno = EBUSY;
	assert_false(refuse(why, sizeof(why), "%s:%d", "a", 12));
	assert_string_equal(why, "a:12");
	assert_int_equal(errno, EBUSY);
	assert_false(refuse(why, sizeof(why), "%s", "longer than that"));
	assert_string_equal(why, "longer ");
}

static void test_words(void **state)
{
	(void)state;
	assert_true(has_word("tsc", "tsc"));
	assert_true(has_word(" fpu tsc", "tsc"));
	assert_true(has_word("kvm-clock tsc acpi_pm", "tsc"));
	assert_false(has_word("kvm-clock acpi_pm", "tsc"));
	assert_false(has_word("constant_tsc tsc_reliable", "tsc"));
	assert_false(has_word("", "tsc"));
	assert_string_equal(base_name("/sys/class/ptp/ptp0"), "ptp0");
	assert_string_equal(base_name("ptp0"), "ptp0");
	assert_string_equal(base_name("/a/"), "");
}

static void test_adding(void **state)
{
	char text[8] = "ab";

	(void)state;
	add_text(text, sizeof(text), "%s%d", "c", 4);
	assert_string_equal(text, "abc4");
	add_text(text, sizeof(text), "%s", "56789");
	assert_string_equal(text, "abc4567");
	add_text(text, sizeof(text), "more");
	assert_string_equal(text, "abc4567");
}

static void test_errnames(void **state)
{
	(void)state;
	assert_string_equal(errname(0), "-");
	assert_string_equal(errname(EOPNOTSUPP), "EOPNOTSUPP");
	assert_string_equal(errname(4000), "errno_4000");
}

static void __attribute__((format(printf, 2, 3))) tamed(const char *want, const char *fmt, ...)
{
	va_list ap;
	char *got;

	va_start(ap, fmt);
	got = tame(fmt, ap);
	va_end(ap);
	assert_string_equal(got, want);
	free(got);
}

static void test_tame(void **state)
{
	(void)state;
	setenv("LC_ALL", "C.UTF-8", 1);
	tamed("", "%s", "");
	tamed("plain µ − 漢 text", "plain %s", "µ − 漢 text");
	tamed("a?[31mb?? c?d", "%s", "a\033[31mb\r\n\tc\177d");
	/* C1's CSI: as UTF-8, and as a byte */
	tamed("?2J??\xc2\xa0", "%s", "\xc2\x9b" "2J\xc2\x80\xc2\x9f\xc2\xa0");
	tamed("?2J??", "%s", "\x9b" "2J\x80\xff");
	/* Cut in the middle of a character */
	tamed("1 ??", "%.4s", "1 −");
	/* What is fmt's own stays, wherever it is, and only that */
	tamed("\n1\t? ?\r\n", "\n%d\t%s %c\r\n", 1, "\n", 0);
	tamed("??7\n", "%s%c%d\n", "\n", 7, 7);
}

static void test_tame_ascii(void **state)
{
	(void)state;
	setenv("LC_ALL", "C", 1);
	tamed("us +/- - -> ... ? ?[m", "%s ± − %s", "µs", "→ … 漢 \033[m");
	unsetenv("LC_ALL");
	setenv("LANG", "de_DE.utf8", 1);
	setenv("LC_CTYPE", "", 1);
	tamed("µ", "µ");
	setenv("LC_CTYPE", "POSIX", 1);
	tamed("u", "µ");
	setenv("LC_ALL", "en_US.UTF-8", 1);
	tamed("µ", "µ");
}

static void ns_is(double ns, const char *want, const char *sign)
{
	char buf[NS_TEXT_LEN];

	assert_string_equal(text_ns(buf, ns, false), want);
	assert_string_equal(text_ns(buf, ns, true), sign);
}

static void test_ns(void **state)
{
	char buf[NS_TEXT_LEN];

	(void)state;
	ns_is(0, "0 ns", "0 ns");
	ns_is(-0.0, "0 ns", "0 ns");
	ns_is(5, "5 ns", "+5 ns");
	ns_is(-999, "-999 ns", "-999 ns");
	ns_is(1.5, "1.50 ns", "+1.50 ns");
	ns_is(42.25, "42.2 ns", "+42.2 ns");
	ns_is(1000, "1.00 µs", "+1.00 µs");
	ns_is(-9994, "-9.99 µs", "-9.99 µs");
	ns_is(9996, "10.0 µs", "+10.0 µs");
	ns_is(999499, "999 µs", "+999 µs");
	ns_is(999501, "1.00 ms", "+1.00 ms");
	ns_is(37e9, "37.0 s", "+37.0 s");
	ns_is(INT64_MIN, "-9223372037 s", "-9223372037 s");
	ns_is(NAN, "no measurement", "no measurement");
	ns_is(INFINITY, "inf s", "+inf s");
	text_ns(buf, -1e300, true);
	assert_true(strlen(buf) < NS_TEXT_LEN);
}

static void offset_is(double ns, const char *want)
{
	char buf[OFFSET_TEXT_LEN];

	assert_string_equal(offset_text(buf, ns), want);
}

static int print_time(void *offset)
{
	print_text(&(struct phc){ .path = "/dev/ptp0" }, &(struct reading){ .offset = *(int64_t *)offset });
	return 0;
}

static void time_says(int64_t offset, const char *want)
{
	assert_int_equal(apart(print_time, &offset), 0);
	has(said_out, want);
}

/* Of a clock that is right none says that it is behind. */
static void test_offset(void **state)
{
	(void)state;
	offset_is(12, "12 ns behind");
	offset_is(-3400, "3.40 µs ahead of");
	offset_is(0, "0 ns off");
	offset_is(-0.0, "0 ns off");
	offset_is(NAN, "no measurement to");
	time_says(12, " +0.000000012 s ± 0 ns (clock − system: the system is behind; ");
	time_says(-12, " -0.000000012 s ± 0 ns (clock − system: the system is ahead; ");
	time_says(0, " 0.000000000 s ± 0 ns (clock − system: the system is level; ");
}

static void columns_are(int indent, const char *left, const char *right, const char *want)
{
	char *got = NULL;
	size_t len;
	FILE *f = open_memstream(&got, &len);

	text_columns(f, indent, left, right);
	fclose(f);
	assert_string_equal(got, want);
	free(got);
}

#define SIXTY "012345678901234567890123456789012345678901234567890123456789"

static void test_columns(void **state)
{
	(void)state;
	setenv("LC_ALL", "C.UTF-8", 1);
	columns_are(10, "PASS", "well", "PASS      well\n");
	columns_are(10, "PASS", "", "PASS\n");
	columns_are(0, "", "well then", "well then\n");
	columns_are(0, "", SIXTY " " SIXTY, SIXTY "\n" SIXTY "\n");
	columns_are(6, "PASS", "well", "PASS  well\n");
	columns_are(5, "PASS", "well", "PASS\n     well\n");
	columns_are(4, "longer than that", "well", "longer than that\n    well\n");
	columns_are(10, "", SIXTY " 23456789", "          " SIXTY " 23456789\n");
	columns_are(10, "", SIXTY " 2345678901", "          " SIXTY "\n          2345678901\n");
	/* Characters count, not bytes; a word is not broken, nor is there an empty line before it. */
	columns_are(10, "µ", SIXTY " µµµµµµµµµ b", "µ         " SIXTY " µµµµµµµµµ\n          b\n");
	columns_are(30, "", "a " SIXTY " b", "                              a\n                              " SIXTY
		    "\n                              b\n");
	columns_are(5, "a\n", "b\033 \nc", "a?   b? ?c\n");
}

static void test_lines(void **state)
{
	char *got = NULL;
	size_t len;
	FILE *f = open_memstream(&got, &len);

	(void)state;
	text_lines(f, "  ", "a\tb\033\n\nc\rd");
	fclose(f);
	assert_string_equal(got, "  a\tb?\n  \n  c?d\n");
	free(got);
}

static void test_shell_word(void **state)
{
	static char longer[5000];

	(void)state;
	assert_string_equal(shell_word("/etc/chrony/conf.d/a-b_1.conf"), "/etc/chrony/conf.d/a-b_1.conf");
	assert_string_equal(shell_word(""), "''");
	assert_string_equal(shell_word("a; sudo sh /x #"), "'a; sudo sh /x #'");
	assert_string_equal(shell_word("it's $(x)"), "'it'\\''s $(x)'");
	memset(longer, '\'', sizeof(longer) - 1);
	assert_string_equal(shell_word(longer), "?");
	longer[4096] = 0;
	assert_int_equal(strlen(shell_word(longer)), 4 * 4096 + 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_shell_word),
		cmocka_unit_test(test_decimals),
		cmocka_unit_test(test_refuse),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_adding),
		cmocka_unit_test(test_errnames),
		cmocka_unit_test(test_tame),
		cmocka_unit_test(test_tame_ascii),
		cmocka_unit_test(test_ns),
		cmocka_unit_test(test_offset),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_lines),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
