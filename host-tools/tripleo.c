// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * YAML as libyaml's events. Only mappings on the way to a parameter are looked into; everything else is
 * skipped, but has to be well-formed, and is bounded in size and depth.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if __has_include(<yaml.h>)
#include <yaml.h>
#else
#error "libyaml's headers are missing (Debian: apt install libyaml-dev, RHEL: dnf install libyaml-devel)"
#endif

#include "file.h"
#include "tripleo.h"
#include "util.h"

#define DEPTH_MAX 64
#define EVENTS_MAX 1000000
#define VALUE_MAX 4000

static const char *const keys[TRIPLEO_KEYS] = {
	[TRIPLEO_INTERFACE] = "PtpInterface",
	[TRIPLEO_SLAVE_MODE] = "PtpSlaveMode",
	[TRIPLEO_TRANSPORT] = "PtpMessageTransport",
	[TRIPLEO_TM_INTERFACES] = "PTPInterfaces",
	[TRIPLEO_TM_TRANSPORT] = "PTPMessageTransport",
	[TRIPLEO_NTP_SERVER] = "NtpServer",
};

struct reader {
	yaml_parser_t parser;
	yaml_event_t event;
	bool has_event;
	long events;
	int depth;
	const char *name;
	char role_key[80];	/* "ComputeParameters"; empty: no role is wanted */
	char *why;
	size_t len;
};

/* Where something was, to tell of it when it comes again */
struct seen {
	size_t line[TRIPLEO_KEYS + 1];	/* by key, and of the role; 0: not yet */
};

static bool __attribute__((format(printf, 3, 4)))
bad_at(struct reader *r, yaml_mark_t at, const char *fmt, ...)
{
	va_list ap;
	int n = snprintf(r->why, r->len, "%s:%zu:%zu: ", r->name, at.line + 1, at.column + 1);

	va_start(ap, fmt);
	if (n >= 0 && (size_t)n < r->len)
		vsnprintf(r->why + n, r->len - n, fmt, ap);
	va_end(ap);
	return false;
}

/* The next event, which is kept until the one after it. */
static bool next(struct reader *r)
{
	if (r->has_event)
		yaml_event_delete(&r->event);
	r->has_event = yaml_parser_parse(&r->parser, &r->event);
	if (!r->has_event && r->parser.error == YAML_READER_ERROR) {
		snprintf(r->why, r->len, "%s: at byte %zu: %s", r->name, r->parser.problem_offset,
			 r->parser.problem ? r->parser.problem : "not readable");
		return false;
	}
	if (!r->has_event)
		return bad_at(r, r->parser.problem_mark, "%s%s%s", r->parser.context ? r->parser.context : "",
			      r->parser.context ? ": " : "", r->parser.problem ? r->parser.problem : "not YAML");
	if (++r->events > EVENTS_MAX)
		return bad_at(r, r->event.start_mark, "more than %d elements", EVENTS_MAX);
	if (r->event.type == YAML_MAPPING_START_EVENT || r->event.type == YAML_SEQUENCE_START_EVENT) {
		if (++r->depth > DEPTH_MAX)
			return bad_at(r, r->event.start_mark, "nested more than %d deep", DEPTH_MAX);
	} else if (r->event.type == YAML_MAPPING_END_EVENT || r->event.type == YAML_SEQUENCE_END_EVENT) {
		r->depth--;
	}
	return true;
}

/* The rest of what the present event begins. */
static bool skip(struct reader *r)
{
	int depth = r->depth;

	if (r->event.type != YAML_MAPPING_START_EVENT && r->event.type != YAML_SEQUENCE_START_EVENT)
		return true;
	while (r->depth >= depth)
		if (!next(r))
			return false;
	return true;
}

static const char *scalar(const struct reader *r)
{
	return r->event.type == YAML_SCALAR_EVENT ? (const char *)r->event.data.scalar.value : NULL;
}

static bool is_null(const struct reader *r)
{
	const char *text = scalar(r);

	return r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	       (!*text || !strcmp(text, "~") || !strcasecmp(text, "null"));
}

/* A value's text, at the end of what is in to. Wanting a list's items or one value */
static bool take_scalar(struct reader *r, const char *key, char *to, bool item)
{
	const char *text = scalar(r);
	size_t n = r->event.type == YAML_SCALAR_EVENT ? r->event.data.scalar.length : 0;

	if (r->event.type == YAML_ALIAS_EVENT)
		return bad_at(r, r->event.start_mark, "%s: an alias, *%.40s; write the value itself", key,
			      (const char *)r->event.data.alias.anchor);
	if (!text)
		return bad_at(r, r->event.start_mark, "%s: a %s, where %s is due", key,
			      r->event.type == YAML_SEQUENCE_START_EVENT ? "list" : "mapping",
			      item ? "a text" : "one value");
	if (is_null(r))
		return bad_at(r, r->event.start_mark, "%s: has no value", key);
	if (strlen(text) != n)
		return bad_at(r, r->event.start_mark, "%s: has a NUL in it", key);
	if (strlen(to) + n + 2 > VALUE_MAX)
		return bad_at(r, r->event.start_mark, "%s: longer than %d characters", key, VALUE_MAX - 2);
	add_text(to, VALUE_MAX, "%s%s", to[0] ? "," : "", text);
	return true;
}

static bool take_value(struct reader *r, enum tripleo_key key, struct tripleo_value *value)
{
	bool list = key == TRIPLEO_TM_INTERFACES || key == TRIPLEO_NTP_SERVER;
	char text[VALUE_MAX] = "";
	yaml_mark_t at;

	if (!next(r))
		return false;
	at = r->event.start_mark;
	if (list && r->event.type == YAML_SEQUENCE_START_EVENT) {
		while (next(r) && r->event.type != YAML_SEQUENCE_END_EVENT)
			if (!take_scalar(r, keys[key], text, true))
				return false;
		if (!r->has_event || r->event.type != YAML_SEQUENCE_END_EVENT)
			return false;
		if (!text[0])
			return bad_at(r, at, "%s: an empty list", keys[key]);
	} else if (!take_scalar(r, keys[key], text, false)) {
		return false;
	}
	free(value->text);
	value->text = strdup(text);
	if (!value->text)
		die("out of memory");
	snprintf(value->from, sizeof(value->from), "%.140s:%zu:%zu: %s", r->name, at.line + 1, at.column + 1,
		 keys[key]);
	return true;
}

static int key_of(const char *text)
{
	for (int i = 0; i < TRIPLEO_KEYS; i++)
		if (!strcmp(keys[i], text))
			return i;
	return -1;
}

/* The present event is a key: is it the first of this name? */
static bool once(struct reader *r, struct seen *seen, int which)
{
	size_t line = r->event.start_mark.line + 1;

	if (seen->line[which])
		return bad_at(r, r->event.start_mark, "%.60s is there twice; before in line %zu", scalar(r),
			      seen->line[which]);
	seen->line[which] = line;
	return true;
}

/* What a merge brings in would have to be looked for elsewhere. */
static bool no_merge(struct reader *r)
{
	if (scalar(r) && !strcmp(scalar(r), "<<") && r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
		return bad_at(r, r->event.start_mark, "a merge key, <<; write the parameters themselves");
	return true;
}

/* An empty one may be null: then *empty. */
static bool want_mapping(struct reader *r, const char *key, bool *empty)
{
	if (!next(r))
		return false;
	*empty = scalar(r) && is_null(r);
	if (*empty || r->event.type == YAML_MAPPING_START_EVENT)
		return true;
	if (r->event.type == YAML_ALIAS_EVENT)
		return bad_at(r, r->event.start_mark, "%s: an alias, *%.40s; write the parameters themselves", key,
			      (const char *)r->event.data.alias.anchor);
	return bad_at(r, r->event.start_mark, "%s: no mapping of parameters", key);
}

static bool is_role_key(const char *text)
{
	size_t n = strlen(text), m = strlen("Parameters");

	return n > m && !strcmp(text + n - m, "Parameters");
}

/* Keys and values of a mapping whose start is the present event. Of another role's it only looks at the names. */
static bool read_role(struct reader *r, struct tripleo_value values[TRIPLEO_KEYS], bool ours, bool *any)
{
	struct seen seen = { { 0 } };
	int key;

	while (next(r)) {
		if (r->event.type == YAML_MAPPING_END_EVENT)
			return true;
		if (ours && !no_merge(r))
			return false;
		key = scalar(r) ? key_of(scalar(r)) : -1;
		*any |= key >= 0;
		if (key >= 0 && ours) {
			if (!once(r, &seen, key) || !take_value(r, key, &values[key]))
				return false;
		} else if (!skip(r) || !next(r) || !skip(r)) {
			return false;
		}
	}
	return false;
}

static bool read_other_role(struct reader *r, struct tripleo *t)
{
	char from[PARAM_FROM_MAX];
	bool any = false;

	snprintf(from, sizeof(from), "%.100s:%zu:%zu: %.60s", r->name, r->event.start_mark.line + 1,
		 r->event.start_mark.column + 1, scalar(r));
	if (!next(r))
		return false;
	if (r->event.type != YAML_MAPPING_START_EVENT)
		return skip(r);
	if (!read_role(r, NULL, false, &any))
		return false;
	if (any && !t->other_role[0])
		strcpy(t->other_role, from);
	return true;
}

static bool read_parameters(struct reader *r, struct tripleo *t)
{
	struct seen seen = { { 0 } };
	bool any = false, empty;
	const char *text;
	int key;

	while (next(r)) {
		if (r->event.type == YAML_MAPPING_END_EVENT)
			return true;
		if (!no_merge(r))
			return false;
		text = scalar(r);
		key = text ? key_of(text) : -1;
		if (key >= 0) {
			if (!once(r, &seen, key) || !take_value(r, key, &t->all[key]))
				return false;
		} else if (text && r->role_key[0] && !strcmp(text, r->role_key)) {
			if (!once(r, &seen, TRIPLEO_KEYS) || !want_mapping(r, r->role_key, &empty) ||
			    (!empty && !read_role(r, t->role, true, &any)))
				return false;
		} else if (text && is_role_key(text)) {
			if (!read_other_role(r, t))
				return false;
		} else if (!skip(r) || !next(r) || !skip(r)) {
			return false;
		}
	}
	return false;
}

static bool read_document(struct reader *r, struct tripleo *t)
{
	struct seen seen = { { 0 } };
	bool empty;

	if (!next(r))
		return false;
	if (scalar(r) && is_null(r))
		return true;
	if (r->event.type != YAML_MAPPING_START_EVENT)
		return bad_at(r, r->event.start_mark, "no environment file: no mapping with parameter_defaults");
	while (next(r)) {
		if (r->event.type == YAML_MAPPING_END_EVENT)
			return true;
		if (!no_merge(r))
			return false;
		if (scalar(r) && !strcmp(scalar(r), "parameter_defaults")) {
			if (!once(r, &seen, 0) || !want_mapping(r, "parameter_defaults", &empty) ||
			    (!empty && !read_parameters(r, t)))
				return false;
		} else if (!skip(r) || !next(r) || !skip(r)) {
			return false;
		}
	}
	return false;
}

static bool read_stream(struct reader *r, struct tripleo *t)
{
	bool document = false;

	while (next(r)) {
		if (r->event.type == YAML_STREAM_END_EVENT)
			return true;
		if (r->event.type != YAML_DOCUMENT_START_EVENT)
			continue;
		if (document)
			return bad_at(r, r->event.start_mark, "a second document; an environment file has one");
		document = true;
		if (!read_document(r, t))
			return false;
	}
	return false;
}

bool tripleo_parse(struct tripleo *t, const char *text, size_t text_len, const char *name, const char *role,
		   char *why, size_t len)
{
	struct reader r = { .name = name, .why = why, .len = len };
	bool good;

	if (role)
		snprintf(r.role_key, sizeof(r.role_key), "%sParameters", role);
	if (!yaml_parser_initialize(&r.parser))
		die("out of memory");
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, text_len);
	good = read_stream(&r, t);
	if (r.has_event)
		yaml_event_delete(&r.event);
	yaml_parser_delete(&r.parser);
	return good;
}

bool tripleo_read(struct tripleo *t, const char *path, const char *role, char *why, size_t len)
{
	const char *root = file_root;
	size_t text_len;
	char *text;
	bool good;

	file_root = "";
	text = file_read(path, &text_len);
	file_root = root;
	if (!text) {
		snprintf(why, len, "cannot read %s: %s", path, strerror(errno));
		return false;
	}
	good = tripleo_parse(t, text, text_len, path, role, why, len);
	free(text);
	return good;
}

static const struct tripleo_value *value_of(const struct tripleo *t, enum tripleo_key key)
{
	const struct tripleo_value *v = t->role[key].text ? &t->role[key] : &t->all[key];

	return v->text ? v : NULL;
}

bool tripleo_apply(const struct tripleo *t, struct params *p, char *note, size_t note_len, char *why, size_t len)
{
	static const enum param params[TRIPLEO_KEYS] = {
		[TRIPLEO_INTERFACE] = PARAM_INTERFACE,	       [TRIPLEO_SLAVE_MODE] = PARAM_SLAVE,
		[TRIPLEO_TRANSPORT] = PARAM_TRANSPORT,	       [TRIPLEO_TM_INTERFACES] = PARAM_PTP_INTERFACES,
		[TRIPLEO_TM_TRANSPORT] = PARAM_TRANSPORT,      [TRIPLEO_NTP_SERVER] = PARAM_NTP_SERVERS,
	};
	const struct tripleo_value *v, *ptp = NULL, *timemaster = NULL;

	note[0] = 0;
	for (int i = 0; i < TRIPLEO_NTP_SERVER; i++) {
		v = value_of(t, i);
		if (v && i < TRIPLEO_TM_INTERFACES && !ptp)
			ptp = v;
		else if (v && i >= TRIPLEO_TM_INTERFACES && !timemaster)
			timemaster = v;
	}
	if (ptp && timemaster) {
		snprintf(why, len, "%s and %s: of two services, ptp and timemaster, of which a host runs one; "
			 "remove the parameters of one", ptp->from, timemaster->from);
		return false;
	}
	for (int i = 0; i < TRIPLEO_KEYS; i++) {
		v = value_of(t, i);
		if (!v)
			continue;
		if (i == TRIPLEO_NTP_SERVER && !timemaster)
			snprintf(note, note_len, "%s: TripleO's PTP service takes no NTP server; to have one beside "
				 "PTP: --ntp-server", v->from);
		else if (!params_set(p, params[i], v->text, v->from, why, len))
			return false;
	}
	if (t->other_role[0] && !ptp && !timemaster)
		add_text(note, note_len, "%s%s: has PTP's parameters for that role; to use them: --role-name",
			 note[0] ? "; " : "", t->other_role);
	return true;
}

void tripleo_free(struct tripleo *t)
{
	for (int i = 0; i < TRIPLEO_KEYS; i++) {
		free(t->all[i].text);
		free(t->role[i].text);
	}
	memset(t, 0, sizeof(*t));
}
