// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/numbers.h"
#include "chrony/chronyc.h"
#include "system/run.h"

#define LINE_MAX_LEN 1024
#define FIELDS_MAX 20
/* chronyd's floating point format on the wire ends at 2^63. */
#define FLOAT_LIMIT 1e19
/* How chronyd says "never", in seconds since the last sample */
#define NEVER UINT32_MAX

/* --- fields --- */

static bool get_double(const char *s, double *val)
{
	bool minus = *s == '-';

	if (!parse_decimal(s + minus, 0, FLOAT_LIMIT, val))
		return false;
	if (minus)
		*val = -*val;
	return true;
}

static bool get_int(const char *s, int min, int max, int *val)
{
	int64_t v;

	if (!parse_s64(s, min, max, &v))
		return false;
	*val = v;
	return true;
}

static bool get_octal(const char *s, unsigned int max, unsigned int *val)
{
	unsigned long v;

	if (!*s || strlen(s) > 8 || s[strspn(s, "01234567")])
		return false;
	v = strtoul(s, NULL, 8);
	*val = v;
	return v <= max;
}

static bool get_char(const char *s, const char *allowed, char *val)
{
	*val = *s;
	return *s && !s[1] && strchr(allowed, *s);
}

static bool get_string(const char *s, char *val, size_t len)
{
	if (strlen(s) >= len)
		return false;
	strcpy(val, s);
	return true;
}

static bool get_age(const char *s, double *val)
{
	uint64_t v;

	if (!parse_u64(s, 0, NEVER, &v))
		return false;
	*val = v == NEVER ? NAN : v;
	return true;
}

/* One character each, '-' where the option is not set: the letters of those that are. */
static bool get_options(char *const *field, char *val)
{
	for (int i = 0; i < 5; i++) {
		char c;

		if (!get_char(field[i], "-NPTR", &c))
			return false;
		if (c != '-')
			*val++ = c;
	}
	*val = 0;
	return true;
}

/* In words in chronyc -c, as a character elsewhere: that character. */
static bool get_leap(const char *s, char *val)
{
	static const struct {
		const char *word;
		char c;
	} leaps[] = {
		{ "Normal", 'N' }, { "Insert second", '+' }, { "Delete second", '-' },
		{ "Not synchronised", '?' }, { "Invalid", '?' },
	};

	for (size_t i = 0; i < ARRAY_SIZE(leaps); i++)
		if (!strcmp(s, leaps[i].word)) {
			*val = leaps[i].c;
			return true;
		}
	return get_char(s, "N+-?", val);
}

/* --- records --- */

static bool get_source(char *const *f, void *record)
{
	struct chrony_source *s = record;
	bool good;

	good = get_char(f[0], "^=# ", &s->mode) && get_char(f[1], "*+-?x~ ", &s->state) &&
	       get_string(f[2], s->name, sizeof(s->name)) && get_int(f[3], 0, 255, &s->stratum) &&
	       get_int(f[4], -32, 32, &s->poll) && get_octal(f[5], 0377, &s->reach) &&
	       get_age(f[6], &s->last_rx) && get_double(f[7], &s->offset) &&
	       get_double(f[8], &s->measured) && get_double(f[9], &s->error);
	if (!good)
		return false;
	/* chronyc gives system - source, and of a source without a sample 0. */
	s->offset = 0.0 - s->offset;
	s->measured = 0.0 - s->measured;
	if (isnan(s->last_rx))
		s->offset = s->measured = s->error = NAN;
	return true;
}

static bool get_tracking(char *const *f, void *record)
{
	struct chrony_tracking *t = record;

	if (!get_string(f[0], t->refid, 9) || strlen(t->refid) != 8 ||
	    t->refid[strspn(t->refid, "0123456789ABCDEF")] ||
	    !get_string(f[1], t->name, sizeof(t->name)) || !get_int(f[2], 0, 255, &t->stratum) ||
	    !get_double(f[3], &t->ref_time) || !get_double(f[4], &t->system) ||
	    !get_double(f[5], &t->last_offset) || !get_double(f[6], &t->rms_offset) ||
	    !get_double(f[7], &t->frequency) || !get_double(f[8], &t->residual) ||
	    !get_double(f[9], &t->skew) || !get_double(f[10], &t->root_delay) ||
	    !get_double(f[11], &t->root_dispersion) || !get_double(f[12], &t->update_interval) ||
	    !get_string(f[13], t->leap, sizeof(t->leap)))
		return false;
	return true;
}

static bool get_selectdata(char *const *f, void *record)
{
	struct chrony_selectdata *s = record;

	return get_char(f[0], "NsMrdD~wWSOTPUx+* ", &s->state) &&
	       get_string(f[1], s->name, sizeof(s->name)) && get_char(f[2], "YN", &s->auth) &&
	       get_options(f + 3, s->configured) && get_options(f + 8, s->effective) &&
	       get_age(f[13], &s->last_rx) && get_double(f[14], &s->score) &&
	       get_double(f[15], &s->low) && get_double(f[16], &s->high) && get_leap(f[17], &s->leap);
}

static const struct report {
	const char *command;
	int fields;
	size_t size;
	bool (*get)(char *const *field, void *record);
} report_sources = { "sources", 10, sizeof(struct chrony_source), get_source },
  report_tracking = { "tracking", 14, sizeof(struct chrony_tracking), get_tracking },
  report_selectdata = { "selectdata", 18, sizeof(struct chrony_selectdata), get_selectdata };

/* The fields of a line, which is cut up; FIELDS_MAX + 1 if there are more. */
static int split(char *line, char **field)
{
	int n = 0;

	for (char *next = line; next; n++) {
		if (n == FIELDS_MAX)
			return n + 1;
		field[n] = strsep(&next, ",");
	}
	return n;
}

/* For people: what can't be printed, and all that is long, is left out. */
static void quote(const char *line, size_t n, char *buf, size_t len)
{
	size_t i;

	for (i = 0; i < n && i < len - 1; i++)
		buf[i] = isprint((unsigned char)line[i]) ? line[i] : '?';
	buf[i] = 0;
}

static bool parse_line(const struct report *r, const char *line, size_t n, void *record)
{
	char buf[LINE_MAX_LEN], *field[FIELDS_MAX];

	if (n >= sizeof(buf))
		return false;
	memcpy(buf, line, n);
	buf[n] = 0;
	return split(buf, field) == r->fields && r->get(field, record);
}

static int parse(const struct report *r, const char *text, void *list, int max, char *why, size_t len)
{
	int count = 0;

	for (size_t n; *text; text += n + (text[n] == '\n')) {
		char shown[120];

		n = strcspn(text, "\n");
		if (count == max)
			break;
		if (!parse_line(r, text, n, (char *)list + count * r->size)) {
			quote(text, n, shown, sizeof(shown));
			snprintf(why, len, "chronyc %s: this line is not understood: %s", r->command, shown);
			return -1;
		}
		count++;
	}
	return count;
}

static int parse_one(const struct report *r, const char *text, void *record, char *why, size_t len)
{
	int n = parse(r, text, record, 1, why, len);

	if (!n)
		snprintf(why, len, "chronyc %s: no answer in its output", r->command);
	return n == 1 ? 0 : -1;
}

int chronyc_parse_sources(const char *text, struct chrony_source *list, int max, char *why, size_t len)
{
	return parse(&report_sources, text, list, max, why, len);
}

int chronyc_parse_tracking(const char *text, struct chrony_tracking *t, char *why, size_t len)
{
	return parse_one(&report_tracking, text, t, why, len);
}

int chronyc_parse_selectdata(const char *text, struct chrony_selectdata *list, int max, char *why, size_t len)
{
	return parse(&report_selectdata, text, list, max, why, len);
}

/* --- asking --- */

/* chronyc says on standard output why it failed: "506 Cannot talk to daemon". */
static void explain(const struct run_result *res, char *why, size_t len)
{
	char shown[120];
	size_t n = strcspn(res->out, "\n");

	if (res->status == 0 || res->status >= RUN_TIMEOUT || !n) {
		run_explain(res, "chronyc", CHRONYC_TIMEOUT_MS, why, len);
		return;
	}
	quote(res->out, n, shown, sizeof(shown));
	snprintf(why, len, "chronyc: %s", shown);
}

/* The output of chronyc -c COMMAND; res is to be freed. */
static bool ask(const struct report *r, struct run_result *res, char *why, size_t len)
{
	const char *const argv[] = { "chronyc", "-c", r->command, NULL };

	if (run(res, CHRONYC_TIMEOUT_MS, argv))
		return true;
	explain(res, why, len);
	return false;
}

static int ask_list(const struct report *r, void *list, int max, char *why, size_t len)
{
	struct run_result res;
	int n = -1;

	if (ask(r, &res, why, len))
		n = parse(r, res.out, list, max, why, len);
	run_free(&res);
	return n;
}

int chronyc_sources(struct chrony_source *list, int max, char *why, size_t len)
{
	return ask_list(&report_sources, list, max, why, len);
}

int chronyc_tracking(struct chrony_tracking *t, char *why, size_t len)
{
	struct run_result res;
	int ret = -1;

	if (ask(&report_tracking, &res, why, len))
		ret = parse_one(&report_tracking, res.out, t, why, len);
	run_free(&res);
	return ret;
}

int chronyc_selectdata(struct chrony_selectdata *list, int max, char *why, size_t len)
{
	return ask_list(&report_selectdata, list, max, why, len);
}

bool chronyc_command(char *why, size_t len, const char *const words[])
{
	const char *argv[16] = { "chronyc" };
	struct run_result res;
	size_t n = 1;
	bool good;

	while (*words) {
		if (n == ARRAY_SIZE(argv) - 1) {
			snprintf(why, len, "chronyc: a command of more than %zu words", n - 1);
			return false;
		}
		argv[n++] = *words++;
	}
	good = run(&res, CHRONYC_TIMEOUT_MS, argv);
	if (!good)
		explain(&res, why, len);
	run_free(&res);
	return good;
}

/* --- versions --- */

static bool get_number(const char **s, int *val)
{
	size_t n = strspn(*s, "0123456789");
	char buf[5];

	if (!n || n >= sizeof(buf))
		return false;
	memcpy(buf, *s, n);
	buf[n] = 0;
	*val = atoi(buf);
	*s += n;
	return true;
}

bool chrony_version_parse(const char *text, struct chrony_version *v)
{
	static const char before[] = " version ";
	const char *s = strstr(text, before), *end;
	int patch, pre;

	*v = (struct chrony_version){ 0 };
	if (s) {
		s += strlen(before);
		end = s + strcspn(s, " \n");
	} else {
		s = text;
		end = s + strlen(s);
	}
	if (!get_number(&s, &v->major) || *s++ != '.' || !get_number(&s, &v->minor))
		goto neither;
	if (*s == '.' && (s++, !get_number(&s, &patch)))
		goto neither;
	if (!strncmp(s, "-pre", 4) && (s += 4, !get_number(&s, &pre)))
		goto neither;
	if (s == end && v->major)
		return true;
neither:
	*v = (struct chrony_version){ 0 };
	return false;
}

bool chrony_version_installed(struct chrony_version *v, char *why, size_t len)
{
	const char *const argv[] = { "chronyd", "--version", NULL };
	struct run_result res;
	char shown[80];
	bool good;

	*v = (struct chrony_version){ 0 };
	good = run(&res, CHRONYC_TIMEOUT_MS, argv);
	if (!good) {
		run_explain(&res, "chronyd", CHRONYC_TIMEOUT_MS, why, len);
	} else if (!chrony_version_parse(res.out, v)) {
		quote(res.out, strcspn(res.out, "\n"), shown, sizeof(shown));
		snprintf(why, len, "chronyd: no version in its answer: %s", shown);
		good = false;
	}
	run_free(&res);
	return good;
}

bool chrony_at_least(const struct chrony_version *v, int major, int minor)
{
	return v->major > major || (v->major == major && v->minor >= minor);
}

const struct chrony_source *chrony_selected(const struct chrony_source *list, int n)
{
	for (int i = 0; i < n; i++)
		if (list[i].state == '*')
			return &list[i];
	return NULL;
}

const struct chrony_source *chrony_source_named(const struct chrony_source *list, int n, const char *refid)
{
	const struct chrony_source *found = NULL;
	bool any = !refid || !refid[0];

	for (int i = 0; i < n; i++)
		if (list[i].mode == '#' && !strcmp(list[i].name, any ? "KVM" : refid))
			return &list[i];
	for (int i = 0; i < n && any; i++) {
		if (list[i].mode != '#' || strncmp(list[i].name, "PHC", 3))
			continue;
		if (found)
			return NULL;
		found = &list[i];
	}
	return found;
}
