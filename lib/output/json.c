// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/numbers.h"
#include "base/text.h"
#include "output/json.h"

static void newline(const struct json *j)
{
	if (j->compact)
		return;
	fputc('\n', j->f);
	for (int i = 0; i < j->depth; i++)
		fputs("  ", j->f);
}

static void quoted(const struct json *j, const char *val)
{
	static const char special[] = "\"\\\b\f\n\r\t", letter[] = "\"\\bfnrt";
	const unsigned char *s = (const unsigned char *)val;

	fputc('"', j->f);
	while (*s) {
		const char *escape = strchr(special, *s);
		int n = utf8_len((const char *)s);

		if (escape)
			fprintf(j->f, "\\%c", letter[escape - special]);
		else if (is_control((const char *)s))
			fprintf(j->f, "\\u%04x", n == 2 ? s[1] : *s);
		else if (n)
			fwrite(s, 1, n, j->f);
		else
			fputs("\xef\xbf\xbd", j->f);
		s += n ? n : 1;
	}
	fputc('"', j->f);
}

/* What comes before a value: the comma, the line, the key. */
static void begin(struct json *j, const char *key)
{
	if (j->depth) {
		bool *filled = &j->filled[j->depth - 1];

		if (*filled)
			fputc(',', j->f);
		*filled = true;
		newline(j);
	}
	if (key) {
		quoted(j, key);
		fputs(j->compact ? ":" : ": ", j->f);
	}
}

static void end(const struct json *j)
{
	if (!j->depth)
		fputc('\n', j->f);
}

void json_open(struct json *j, const char *key, char bracket)
{
	begin(j, key);
	if (j->depth == JSON_DEPTH_MAX)
		abort();
	fputc(bracket, j->f);
	j->filled[j->depth++] = false;
}

void json_close(struct json *j, char bracket)
{
	if (!j->depth)
		abort();
	if (j->filled[--j->depth])
		newline(j);
	fputc(bracket, j->f);
	end(j);
}

void json_string(struct json *j, const char *key, const char *val)
{
	if (!val) {
		json_null(j, key);
		return;
	}
	begin(j, key);
	quoted(j, val);
	end(j);
}

void json_s64(struct json *j, const char *key, int64_t val)
{
	begin(j, key);
	fprintf(j->f, "%" PRId64, val);
	end(j);
}

void json_u64(struct json *j, const char *key, uint64_t val)
{
	begin(j, key);
	fprintf(j->f, "%" PRIu64, val);
	end(j);
}

void json_double(struct json *j, const char *key, double val)
{
	char buf[40];

	if (!isfinite(val)) {
		json_null(j, key);
		return;
	}
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(buf, sizeof(buf), "%.*g", digits, val);
		if (strtod(buf, NULL) == val)
			break;
	}
	begin(j, key);
	fputs(buf, j->f);
	end(j);
}

void json_bool(struct json *j, const char *key, bool val)
{
	begin(j, key);
	fputs(val ? "true" : "false", j->f);
	end(j);
}

void json_null(struct json *j, const char *key)
{
	begin(j, key);
	fputs("null", j->f);
	end(j);
}

void json_text(struct json *j, const char *key, const char *val)
{
	json_string(j, key, val[0] ? val : NULL);
}

void json_int(struct json *j, const char *key, int val)
{
	json_if_s64(j, key, val != UNKNOWN, val);
}

void json_bit(struct json *j, const char *key, int val)
{
	if (val == UNKNOWN)
		json_null(j, key);
	else
		json_bool(j, key, val);
}

void json_if_s64(struct json *j, const char *key, bool known, int64_t val)
{
	if (known)
		json_s64(j, key, val);
	else
		json_null(j, key);
}

void json_if_u64(struct json *j, const char *key, bool known, uint64_t val)
{
	if (known)
		json_u64(j, key, val);
	else
		json_null(j, key);
}
