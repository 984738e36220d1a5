/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prometheus' text exposition, looked through; after cmocka.h. */
#ifndef EXPOSITION_H
#define EXPOSITION_H

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* In a file of its own, for promtool: tests/build/71-metrics.t */
static inline void keep(const char *text)
{
	static int number;
	char path[300];
	FILE *f;

	if (!getenv("EXPOSITIONS"))
		return;
	snprintf(path, sizeof(path), "%s/%d.prom", getenv("EXPOSITIONS"), ++number);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	fclose(f);
}

static inline void has_line(const char *text, const char *line)
{
	size_t n = strlen(line);

	for (const char *at = text; (at = strstr(at, line)); at++)
		if ((at == text || at[-1] == '\n') && at[n] == '\n')
			return;
	fail_msg("no line '%s' in:\n%s", line, text);
}

static inline void lacks_word(const char *text, const char *word)
{
	if (strstr(text, word))
		fail_msg("there is '%s' in:\n%s", word, text);
}

static inline size_t name_length(const char *s)
{
	size_t n = 0;

	while (isalpha((unsigned char)s[n]) || s[n] == '_' || (n && isdigit((unsigned char)s[n])))
		n++;
	return n;
}

/* {name="value",…}: what comes after it; values are UTF-8, in which only backslash, quote and n are escaped. */
static inline const char *past_labels(const char *s)
{
	size_t n;

	if (*s != '{')
		return s;
	do {
		n = name_length(++s);
		assert_true(n > 0);
		s += n;
		assert_memory_equal(s, "=\"", 2);
		for (s += 2; *s != '"'; s += utf8_len(s)) {
			assert_true(*s && utf8_len(s) > 0);
			if (*s == '\\')
				assert_non_null(strchr("\\\"n", *++s));
		}
		s++;
	} while (*s == ',');
	assert_int_equal(*s, '}');
	return s + 1;
}

static inline void is_value(const char *s)
{
	char *end;

	if (!strcmp(s, "NaN") || !strcmp(s, "+Inf") || !strcmp(s, "-Inf"))
		return;
	assert_true(isdigit((unsigned char)s[*s == '-']));
	strtod(s, &end);
	assert_int_equal(*end, 0);
}

#define EXPOSITION_LINES_MAX 1000

/*
 * Every sample's metric has its HELP and TYPE before it, once; no sample is there twice; nothing else is. Counters,
 * and nothing else, end in _total. The text is cut to pieces.
 */
static inline void well_formed(char *text, const char *prefix)
{
	static char seen[EXPOSITION_LINES_MAX][300];
	char metric[100] = "", *save, *line;
	bool samples = true;
	int n = 0;

	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char name[300] = "", type[100] = "";

		if (sscanf(line, "# HELP %99s", name) == 1) {
			assert_true(samples);	/* of the one before */
			samples = false;
			snprintf(metric, sizeof(metric), "%.99s", name);
			line = strtok_r(NULL, "\n", &save);
			assert_non_null(line);
			assert_int_equal(sscanf(line, "# TYPE %99s %99s", name, type), 2);
			assert_string_equal(name, metric);
			if (strlen(metric) > 6 && !strcmp(metric + strlen(metric) - 6, "_total"))
				assert_string_equal(type, "counter");
			else
				assert_string_equal(type, "gauge");
			snprintf(name, sizeof(name), "# %.90s", metric);
		} else {
			const char *end = past_labels(line + name_length(line));

			samples = true;
			assert_int_equal(name_length(line), strlen(metric));
			assert_memory_equal(line, metric, strlen(metric));
			assert_int_equal(*end, ' ');
			is_value(end + 1);
			assert_true(end - line < (ptrdiff_t)sizeof(name));
			snprintf(name, sizeof(name), "%.*s", (int)(end - line), line);
		}
		assert_memory_equal(metric, prefix, strlen(prefix));
		for (int i = 0; i < n; i++)
			assert_string_not_equal(seen[i], name);
		assert_true(n < EXPOSITION_LINES_MAX);
		strcpy(seen[n++], name);
	}
	assert_true(samples && n > 0);
}

#endif
