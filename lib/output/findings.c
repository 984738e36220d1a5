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
#include "system/tree.h"

static const char *const words[] = {
	[LEVEL_PASS] = "PASS", [LEVEL_WARN] = "WARN", [LEVEL_FAIL] = "FAIL", [LEVEL_UNKNOWN] = "----",
};

static const char *const json_words[] = {
	[LEVEL_PASS] = "pass",
	[LEVEL_WARN] = "warn",
	[LEVEL_FAIL] = "fail",
	[LEVEL_UNKNOWN] = "unknown",
};

static const struct finding_kind *kind_of(const struct finding_kind *kinds, const char *code)
{
	for (; kinds && kinds->code; kinds++)
		if (!strcmp(kinds->code, code))
			return kinds;
	return NULL;
}

/* --- what was found --- */

void findings_begin(struct findings *v, const struct finding_kind *kinds)
{
	*v = (struct findings){ .kinds = kinds, .list = v->list, .size = v->size };
}

struct finding *finding_new(struct findings *v)
{
	if (v->n == v->size) {
		v->size += 32;
		v->list = reallocarray(v->list, v->size, sizeof(*v->list));
		if (!v->list)
			die("out of memory");
	}
	return &v->list[v->n++];
}

static void add(struct findings *v, enum finding_level level, const char *link, const char *code, const char *fmt,
		va_list ap)
{
	struct finding *last = finding_new(v);

	*last = (struct finding){ .level = level, .link = link, .code = code };
	vsnprintf(last->text, sizeof(last->text), fmt, ap);
}

void finding_add(struct findings *v, const char *code, const char *fmt, ...)
{
	const struct finding_kind *kind = kind_of(v->kinds, code);
	va_list ap;

	if (!kind)
		abort();
	va_start(ap, fmt);
	add(v, kind->level, kind->link, kind->code, fmt, ap);
	va_end(ap);
}

void finding_add_at(struct findings *v, enum finding_level level, const char *code, const char *fmt, ...)
{
	const struct finding_kind *kind = kind_of(v->kinds, code);
	va_list ap;

	if (!kind || (level != LEVEL_WARN && level != LEVEL_FAIL) || (level != kind->level && !kind->either))
		abort();
	va_start(ap, fmt);
	add(v, level, kind->link, kind->code, fmt, ap);
	va_end(ap);
}

void finding_say(struct findings *v, enum finding_level level, const char *link, const char *code, const char *fmt,
		 ...)
{
	va_list ap;

	if (level != LEVEL_PASS && level != LEVEL_UNKNOWN)
		abort();
	va_start(ap, fmt);
	add(v, level, link, code, fmt, ap);
	va_end(ap);
}

void finding_skip(struct findings *v, const char *link, const char *why)
{
	finding_say(v, LEVEL_UNKNOWN, link, "not-looked-at", "not looked at: %s", why);
}

/* --- what mends it --- */

static struct remedy *next_remedy(struct findings *v)
{
	struct finding *last = &v->list[v->n - 1];

	if (last->n_remedies == REMEDIES_MAX)
		abort();
	return &last->remedies[last->n_remedies++];
}

/* False if it does not fit. */
static bool add_command(const struct findings *v, char *buf, size_t len, const char *fmt, va_list ap)
{
	for (const char *mark; (mark = strchr(fmt, '%')); fmt = mark + 2) {
		const char *word = mark[1] == 's' ? va_arg(ap, const char *) : "";
		char path[FILE_PATH_MAX];
		int before = mark - fmt;

		if (mark[1] == 's' && !word[0] && before)
			before--;
		add_text(buf, len, "%.*s", before, fmt);
		if (word[0] == '/' && v->offline)
			word = file_real(path, word);
		if (!word || strlen(word) >= len)
			return false;
		if (mark[1] == 'd')
			add_text(buf, len, "%d", va_arg(ap, int));
		else if (mark[1] != 's')
			abort();
		else if (word[0])
			add_text(buf, len, "%s", shell_word(word));
	}
	add_text(buf, len, "%s", fmt);
	return true;
}

void remedy_run(struct findings *v, unsigned int how, const char *fmt, ...)
{
	struct remedy *r;
	va_list ap;
	bool fits;

	if (v->offline && how & RUN_LIVE)
		return;
	r = next_remedy(v);
	r->text[0] = 0;
	if (v->outside && how & RUN_OUTSIDE)
		add_text(r->text, sizeof(r->text), "%s: ", v->outside);
	if (how & (RUN_ON_HOST | RUN_ON_MASTER | RUN_IN_SOURCE))
		add_text(r->text, sizeof(r->text), "%s: ", how & RUN_ON_HOST ? "on the host" :
			 how & RUN_ON_MASTER ? "on the grandmaster" : "in ptp_kvm's source");
	r->kind = r->text[0] ? REMEDY_ELSEWHERE : REMEDY_COMMAND;
	va_start(ap, fmt);
	fits = add_command(v, r->text, sizeof(r->text), fmt, ap);
	va_end(ap);
	if (v->offline && how & RUN_ROOT)
		add_text(r->text, sizeof(r->text), "%s", file_root_option());
	if (!fits || strlen(r->text) == sizeof(r->text) - 1)
		v->list[v->n - 1].n_remedies--;
}

void remedy_say(struct findings *v, const char *fmt, ...)
{
	struct remedy *r = next_remedy(v);
	va_list ap;

	r->kind = REMEDY_WORDS;
	va_start(ap, fmt);
	vsnprintf(r->text, sizeof(r->text), fmt, ap);
	va_end(ap);
}

/* --- options about codes --- */

/* As long as both are alike from their beginning */
static size_t alike_from_start(const char *a, const char *b)
{
	size_t n = 0;

	while (a[n] && a[n] == b[n])
		n++;
	return n;
}

/* also: what else the option takes */
static void __attribute__((noreturn)) no_such_code(const char *option, const char *code,
						   const struct finding_kind *kinds, const char *also)
{
	char near[300] = "";
	size_t best = 3;

	for (const struct finding_kind *k = kinds; k->code; k++)
		if (alike_from_start(k->code, code) > best)
			best = alike_from_start(k->code, code);
	for (const struct finding_kind *k = kinds; k->code; k++)
		if (alike_from_start(k->code, code) == best)
			add_text(near, sizeof(near), "%s %s", near[0] ? "," : ", but", k->code);
	misuse("%s: there is no warning or failure '%s'%s%s", option, code, near, also);
}

void findings_take_ignored(void *options, char *list)
{
	struct findings_options *o = options;
	char *code;

	while ((code = strsep(&list, ","))) {
		if (!kind_of(o->kinds, code))
			no_such_code("--ignore", code, o->kinds, "");
		if (o->n_ignored == ARRAY_SIZE(o->ignored))
			misuse("--ignore: more than %zu", ARRAY_SIZE(o->ignored));
		o->ignored[o->n_ignored++] = code;
	}
}

static void print_kind(const struct finding_kind *k)
{
	print("%-26s  %-12s  %s\n", k->code, k->link, k->either ? "WARN or FAIL" : words[k->level]);
}

void findings_take_explained(void *options, char *code)
{
	struct findings_options *o = options;
	const struct finding_kind *kind = kind_of(o->kinds, code);

	if (!strcmp(code, "list")) {
		for (kind = o->kinds; kind->code; kind++)
			print_kind(kind);
		exit(finish(EXIT_GOOD));
	}
	if (!kind)
		no_such_code("--explain", code, o->kinds, "; list: all of them");
	print_kind(kind);
	print("\n");
	text_columns(stdout, 0, "", kind->about);
	exit(finish(EXIT_GOOD));
}

void findings_ignore(struct findings *v, const struct findings_options *o)
{
	for (int i = 0; i < v->n; i++)
		for (size_t n = 0; n < o->n_ignored; n++)
			v->list[i].ignored |= !strcmp(v->list[i].code, o->ignored[n]);
}

static bool is_bad(const struct finding *one)
{
	return one->level == LEVEL_WARN || one->level == LEVEL_FAIL;
}

int findings_exit_status(const struct findings *v)
{
	int status = 0;

	for (int i = 0; i < v->n; i++) {
		if (v->list[i].ignored)
			continue;
		if (v->list[i].level == LEVEL_FAIL)
			return 2;
		if (v->list[i].level == LEVEL_WARN)
			status = 1;
	}
	return status;
}

void findings_print(const struct findings *v, bool quiet)
{
	for (int i = 0; i < v->n; i++) {
		const struct finding *one = &v->list[i];
		bool bad = is_bad(one);
		char left[40], right[sizeof(one->text) + 80];

		if (quiet && (!bad || one->ignored))
			continue;
		snprintf(left, sizeof(left), "%s  %s", one->ignored ? "skip" : words[one->level], one->link);
		snprintf(right, sizeof(right), "%s%s%s%s", one->text, bad ? " [" : "", bad ? one->code : "",
			 bad ? "]" : "");
		text_columns(stdout, 20, left, right);
		for (int k = 0; k < one->n_remedies && !one->ignored; k++) {
			if (one->remedies[k].kind == REMEDY_WORDS)
				text_columns(stdout, 10, "", one->remedies[k].text);
			else
				print("%10s%s\n", "", one->remedies[k].text);	/* to be copied, so not broken */
		}
	}
}

static void json_remedy(struct json *j, const struct finding *one)
{
	char all[sizeof(one->remedies)] = "";

	for (int i = 0; i < one->n_remedies; i++)
		add_text(all, sizeof(all), "%s%s", i ? "\n" : "", one->remedies[i].text);
	json_text(j, "remedy", all);
	json_open(j, "commands", '[');
	for (int i = 0; i < one->n_remedies; i++)
		if (one->remedies[i].kind == REMEDY_COMMAND)
			json_string(j, NULL, one->remedies[i].text);
	json_close(j, ']');
}

void findings_json(struct json *j, const struct findings *v)
{
	json_open(j, "checks", '[');
	for (int i = 0; i < v->n; i++) {
		const struct finding *one = &v->list[i];

		json_open(j, NULL, '{');
		json_string(j, "link", one->link);
		json_string(j, "verdict", json_words[one->level]);
		json_string(j, "code", one->code);
		json_bool(j, "ignored", one->ignored);
		json_string(j, "text", one->text);
		json_remedy(j, one);
		json_close(j, '}');
	}
	json_close(j, ']');
}

void findings_json_begin(struct json *j, int schema, const char *tool, const char *none, int status,
			 const struct findings *v)
{
	const char *const results[] = { "good", "warnings", "broken", none };

	json_open(j, NULL, '{');
	json_s64(j, "schema", schema);
	json_string(j, tool, PTP_KVM_VERSION);
	json_string(j, "result", results[status]);
	json_s64(j, "exit_status", status);
	findings_json(j, v);
}

/* How many of the code, link and level of the ith there are; 0 if one before it is the same: no two samples may be. */
static int alike(const struct findings *v, int i)
{
	const struct finding *one = &v->list[i];
	int n = 0;

	for (int k = 0; k < v->n; k++) {
		const struct finding *other = &v->list[k];

		if (other->level != one->level || strcmp(other->code, one->code) || strcmp(other->link, one->link))
			continue;
		if (k < i)
			return 0;
		n++;
	}
	return n;
}

void findings_metrics(struct metrics *m, const char *help, const struct findings *v)
{
	int count[ARRAY_SIZE(json_words)] = { 0 };

	for (int i = 0; i < v->n; i++)
		count[v->list[i].level] += !v->list[i].ignored;
	metrics_gauges(m, "check_verdicts", help);
	for (size_t i = 0; i < ARRAY_SIZE(json_words); i++)
		metrics_sample(m, count[i], "level", json_words[i], NULL);
	metrics_gauges(m, "check_finding", "How many warnings and failures of check there are of a code.");
	for (int i = 0; i < v->n; i++) {
		const struct finding *one = &v->list[i];

		if (is_bad(one) && !one->ignored && alike(v, i))
			metrics_sample(m, alike(v, i), "level", json_words[one->level], "code", one->code, "link", one->link,
				       NULL);
	}
}
