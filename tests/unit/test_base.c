// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/array.h"
#include "base/numbers.h"
#include "base/text.h"

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

static void tamed(const char *raw, const char *keep, const char *want)
{
	char text[80];

	strcpy(text, raw);
	tame(text, keep);
	assert_string_equal(text, want);
}

static void test_tame(void **state)
{
	(void)state;
	tamed("", "", "");
	tamed("plain µ − 漢 text", "", "plain µ − 漢 text");
	tamed("a\033[31mb\r\n\tc\177d", "", "a?[31mb???c?d");
	tamed("a\nb\tc\033", "\n\t", "a\nb\tc?");
	/* C1's CSI: as UTF-8, and as a byte */
	tamed("\xc2\x9b" "2J\xc2\x80\xc2\x9f\xc2\xa0", "", "?2J??\xc2\xa0");
	tamed("\x9b" "2J\x80\xff", "", "?2J??");
	/* Cut in the middle of a character */
	tamed("1 \xe2\x88", "", "1 ??");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_decimals),
		cmocka_unit_test(test_refuse),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_adding),
		cmocka_unit_test(test_errnames),
		cmocka_unit_test(test_tame),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
