// SPDX-License-Identifier: GPL-2.0-or-later
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "output/json.h"

static char *text;
static size_t text_len;

static struct json start(bool compact)
{
	struct json j = { .f = open_memstream(&text, &text_len), .compact = compact };

	assert_non_null(j.f);
	return j;
}

static void wrote(struct json *j, const char *want)
{
	fclose(j->f);
	assert_string_equal(text, want);
	free(text);
}

static void nested(struct json *j)
{
	json_open(j, NULL, '{');
	json_s64(j, "a", INT64_MIN);
	json_open(j, "list", '[');
	json_u64(j, NULL, UINT64_MAX);
	json_bool(j, NULL, true);
	json_open(j, NULL, '{');
	json_close(j, '}');
	json_close(j, ']');
	json_open(j, "none", '[');
	json_close(j, ']');
	json_null(j, "z");
	json_bool(j, "no", false);
	json_close(j, '}');
}

static void test_indented(void **state)
{
	struct json j = start(false);

	(void)state;
	nested(&j);
	wrote(&j, "{\n  \"a\": -9223372036854775808,\n  \"list\": [\n    18446744073709551615,\n    true,\n"
		  "    {}\n  ],\n  \"none\": [],\n  \"z\": null,\n  \"no\": false\n}\n");
}

static void test_lines(void **state)
{
	struct json j = start(true);

	(void)state;
	nested(&j);
	json_open(&j, NULL, '{');
	json_string(&j, "b", "c");
	json_string(&j, "d", NULL);
	json_close(&j, '}');
	wrote(&j, "{\"a\":-9223372036854775808,\"list\":[18446744073709551615,true,{}],\"none\":[],"
		  "\"z\":null,\"no\":false}\n{\"b\":\"c\",\"d\":null}\n");
}

static void test_outermost_values(void **state)
{
	struct json j = start(false);

	(void)state;
	json_string(&j, NULL, "");
	json_s64(&j, NULL, 0);
	wrote(&j, "\"\"\n0\n");
}

static void string_is(const char *val, const char *want)
{
	struct json j = start(true);

	json_string(&j, NULL, val);
	wrote(&j, want);
}

static void test_strings(void **state)
{
	(void)state;
	string_is("say \"hi\" \\ /", "\"say \\\"hi\\\" \\\\ /\"\n");
	string_is("\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\"\n");
	string_is("\x01\x1b\x1f\x7f", "\"\\u0001\\u001b\\u001f\\u007f\"\n");
	string_is("\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0", "\"\\u0080\\u009b\\u009f\xc2\xa0\"\n");
	string_is("\xc2\xb1 \xe2\x88\x92 \xf0\x9f\x95\x92", "\"\xc2\xb1 \xe2\x88\x92 \xf0\x9f\x95\x92\"\n");
	string_is("\xf4\x8f\xbf\xbf", "\"\xf4\x8f\xbf\xbf\"\n");
}

#define BAD "\xef\xbf\xbd"

static void test_strings_that_are_no_utf8(void **state)
{
	(void)state;
	string_is("a\xff" "b", "\"a" BAD "b\"\n");
	string_is("\x80", "\"" BAD "\"\n");
	string_is("cut \xe2\x88", "\"cut " BAD BAD "\"\n");
	string_is("\xc0\xaf", "\"" BAD BAD "\"\n");		/* overlong */
	string_is("\xe0\x80\xaf", "\"" BAD BAD BAD "\"\n");
	string_is("\xf0\x80\x80\xaf", "\"" BAD BAD BAD BAD "\"\n");
	string_is("\xed\xa0\x80", "\"" BAD BAD BAD "\"\n");	/* a surrogate */
	string_is("\xf4\x90\x80\x80", "\"" BAD BAD BAD BAD "\"\n");
	string_is("\xe2\"", "\"" BAD "\\\"\"\n");		/* swallows no quote */
}

static void double_is(double val, const char *want)
{
	struct json j = start(true);

	json_double(&j, NULL, val);
	wrote(&j, want);
}

static void test_doubles(void **state)
{
	(void)state;
	double_is(0, "0\n");
	double_is(10, "10\n");
	double_is(-123456789, "-123456789\n");
	double_is(0.1, "0.1\n");
	double_is(-3e-09, "-3e-09\n");
	double_is(1.0 / 3, "0.3333333333333333\n");
	double_is(0.1 + 0.2, "0.30000000000000004\n");
	double_is(DBL_MAX, "1.7976931348623157e+308\n");
	double_is(DBL_TRUE_MIN, "4.94065645841247e-324\n");
	double_is(NAN, "null\n");
	double_is(INFINITY, "null\n");
	double_is(-INFINITY, "null\n");
}

static void test_deepest(void **state)
{
	struct json j = start(true);

	(void)state;
	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		json_open(&j, NULL, '[');
	json_s64(&j, NULL, 1);
	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		json_close(&j, ']');
	wrote(&j, "[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_indented),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_outermost_values),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_strings_that_are_no_utf8),
		cmocka_unit_test(test_doubles),
		cmocka_unit_test(test_deepest),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
