// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../include/version.h"
#include "base/array.h"
#include "base/die.h"
#include "base/text.h"
#include "output/findings.h"
#include "output/text.h"

static const char *const words[] = {
	[VERDICT_PASS] = "PASS", [VERDICT_WARN] = "WARN", [VERDICT_FAIL] = "FAIL", [VERDICT_UNKNOWN] = "----",
};

static const char *const json_words[] = {
	[VERDICT_PASS] = "pass",
	[VERDICT_WARN] = "warn",
	[VERDICT_FAIL] = "fail",
	[VERDICT_UNKNOWN] = "unknown",
};

void verdict_say(struct verdicts *v, enum verdict_level level, const char *link, const char *code, const char *fmt,
		 ...)
{
	struct verdict *last = &v->list[v->n];
	va_list ap;

	if (v->n++ == VERDICTS_MAX)
		abort();
	*last = (struct verdict){ .level = level, .link = link, .code = code };
	va_start(ap, fmt);
	vsnprintf(last->text, sizeof(last->text), fmt, ap);
	va_end(ap);
}

void verdict_remedy(struct verdicts *v, const char *fmt, ...)
{
	struct verdict *last = &v->list[v->n - 1];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(last->remedy, sizeof(last->remedy), fmt, ap);
	va_end(ap);
}

void verdict_advise(struct verdicts *v, const char *fmt, ...)
{
	struct verdict *last = &v->list[v->n - 1];
	va_list ap;

	last->words = true;
	va_start(ap, fmt);
	vsnprintf(last->remedy, sizeof(last->remedy), fmt, ap);
	va_end(ap);
}

void verdict_skip(struct verdicts *v, const char *link, const char *why)
{
	verdict_say(v, VERDICT_UNKNOWN, link, "not-looked-at", "not looked at: %s", why);
}

static bool known_code(const char *code, const char *const known[])
{
	for (size_t i = 0; known[i]; i++)
		if (!strcmp(code, known[i]))
			return true;
	return false;
}

void verdict_take_ignored(void *options, char *list)
{
	struct verdict_options *o = options;
	char *save, *code;

	for (code = strtok_r(list, ",", &save); code; code = strtok_r(NULL, ",", &save)) {
		if (!known_code(code, o->codes))
			misuse("--ignore: there is no warning or failure '%s'", code);
		if (o->n_ignored == ARRAY_SIZE(o->ignored))
			misuse("--ignore: more than %zu", ARRAY_SIZE(o->ignored));
		o->ignored[o->n_ignored++] = code;
	}
}

void verdicts_ignore(struct verdicts *v, const struct verdict_options *o)
{
	for (int i = 0; i < v->n; i++)
		for (size_t n = 0; n < o->n_ignored; n++)
			v->list[i].ignored |= !strcmp(v->list[i].code, o->ignored[n]);
}

static bool is_bad(const struct verdict *one)
{
	return one->level == VERDICT_WARN || one->level == VERDICT_FAIL;
}

int verdicts_exit_status(const struct verdicts *v)
{
	int status = 0;

	for (int i = 0; i < v->n; i++) {
		if (v->list[i].ignored)
			continue;
		if (v->list[i].level == VERDICT_FAIL)
			return 2;
		if (v->list[i].level == VERDICT_WARN)
			status = 1;
	}
	return status;
}

void verdicts_print(const struct verdicts *v, bool quiet)
{
	for (int i = 0; i < v->n; i++) {
		const struct verdict *one = &v->list[i];
		bool bad = is_bad(one);
		char left[40], right[sizeof(one->text) + 80];

		if (quiet && (!bad || one->ignored))
			continue;
		snprintf(left, sizeof(left), "%s  %s", one->ignored ? "skip" : words[one->level], one->link);
		snprintf(right, sizeof(right), "%s%s%s%s", one->text, bad ? " [" : "", bad ? one->code : "",
			 bad ? "]" : "");
		text_columns(stdout, 20, left, right);
		if (one->remedy[0] && !one->ignored && one->words)
			text_columns(stdout, 10, "", one->remedy);
		else if (one->remedy[0] && !one->ignored)
			print("%10s%s\n", "", one->remedy);	/* to be copied, so not broken */
	}
}

void verdicts_json(struct json *j, const struct verdicts *v)
{
	json_open(j, "checks", '[');
	for (int i = 0; i < v->n; i++) {
		const struct verdict *one = &v->list[i];

		json_open(j, NULL, '{');
		json_string(j, "link", one->link);
		json_string(j, "verdict", json_words[one->level]);
		json_string(j, "code", one->code);
		json_bool(j, "ignored", one->ignored);
		json_string(j, "text", one->text);
		json_string(j, "remedy", one->remedy[0] ? one->remedy : NULL);
		json_close(j, '}');
	}
	json_close(j, ']');
}

void verdicts_json_begin(struct json *j, int schema, const char *tool, const char *none, int status,
			 const struct verdicts *v)
{
	const char *const results[] = { "good", "warnings", "broken", none };

	json_open(j, NULL, '{');
	json_s64(j, "schema", schema);
	json_string(j, tool, PTP_KVM_VERSION);
	json_string(j, "result", results[status]);
	json_s64(j, "exit_status", status);
	verdicts_json(j, v);
}

/* How many of the code, link and level of the ith there are; 0 if one before it is the same: no two samples may be. */
static int alike(const struct verdicts *v, int i)
{
	const struct verdict *one = &v->list[i];
	int n = 0;

	for (int k = 0; k < v->n; k++) {
		const struct verdict *other = &v->list[k];

		if (other->level != one->level || strcmp(other->code, one->code) || strcmp(other->link, one->link))
			continue;
		if (k < i)
			return 0;
		n++;
	}
	return n;
}

void verdicts_metrics(struct metrics *m, const char *help, const struct verdicts *v)
{
	int count[ARRAY_SIZE(json_words)] = { 0 };

	for (int i = 0; i < v->n; i++)
		count[v->list[i].level] += !v->list[i].ignored;
	metrics_gauges(m, "check_verdicts", help);
	for (size_t i = 0; i < ARRAY_SIZE(json_words); i++)
		metrics_sample(m, count[i], "level", json_words[i], NULL);
	metrics_gauges(m, "check_finding", "How many warnings and failures of check there are of a code.");
	for (int i = 0; i < v->n; i++) {
		const struct verdict *one = &v->list[i];

		if (is_bad(one) && !one->ignored && alike(v, i))
			metrics_sample(m, alike(v, i), "level", json_words[one->level], "code", one->code, "link", one->link,
				       NULL);
	}
}
