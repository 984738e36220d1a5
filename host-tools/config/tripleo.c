// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * YAML as libyaml's document, where an alias is the node that it names: nothing is ever expanded. Its events are
 * looked at first, which bounds its size and depth and finds aliases that lead in a circle. Merges are followed
 * as keys are looked for, a bounded number of times.
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

#include "base/die.h"
#include "base/text.h"
#include "config/tripleo.h"
#include "system/tree.h"

#define DEPTH_MAX 64		/* of nesting; and of mappings that are merged into one another */
#define ELEMENTS_MAX 200000
#define LOOKS_MAX 2000000	/* at a mapping's keys, again for each parameter and wherever it is merged in */
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
	yaml_document_t document;
	const char *text;
	size_t text_len;
	char *open[DEPTH_MAX];	/* anchors of the collections around the present event, NULL where there is none */
	int depth;
	long looks;
	const char *name;
	char role_key[80];	/* "ComputeParameters"; empty: no role is wanted */
	char *why;
	size_t len;
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

static void start_parser(struct reader *r)
{
	if (!yaml_parser_initialize(&r->parser))
		die("out of memory");
	yaml_parser_set_input_string(&r->parser, (const unsigned char *)r->text, r->text_len);
}

static bool parser_failed(struct reader *r)
{
	const yaml_parser_t *p = &r->parser;

	if (p->error == YAML_READER_ERROR) {
		snprintf(r->why, r->len, "%s: at byte %zu: %s", r->name, p->problem_offset,
			 p->problem ? p->problem : "not readable");
		return false;
	}
	return bad_at(r, p->problem_mark, "%s%s%s", p->context ? p->context : "", p->context ? ": " : "",
		      p->problem ? p->problem : "not YAML");
}

/* --- the events --- */

static bool open_collection(struct reader *r, const yaml_event_t *e)
{
	const yaml_char_t *anchor = e->type == YAML_MAPPING_START_EVENT ? e->data.mapping_start.anchor :
									  e->data.sequence_start.anchor;

	if (r->depth == DEPTH_MAX)
		return bad_at(r, e->start_mark, "nested more than %d deep", DEPTH_MAX);
	r->open[r->depth] = anchor ? strdup((const char *)anchor) : NULL;
	if (anchor && !r->open[r->depth])
		die("out of memory");
	r->depth++;
	return true;
}

static bool alias_ends(struct reader *r, const yaml_event_t *e)
{
	const char *anchor = (const char *)e->data.alias.anchor;

	for (int i = 0; i < r->depth; i++)
		if (r->open[i] && !strcmp(r->open[i], anchor))
			return bad_at(r, e->start_mark, "the alias *%.40s is within what it stands for", anchor);
	return true;
}

static bool event_good(struct reader *r, const yaml_event_t *e, long elements, int documents)
{
	if (elements > ELEMENTS_MAX)
		return bad_at(r, e->start_mark, "more than %d elements", ELEMENTS_MAX);
	switch (e->type) {
	case YAML_DOCUMENT_START_EVENT:
		return !documents || bad_at(r, e->start_mark, "a second document; an environment file has one");
	case YAML_MAPPING_START_EVENT:
	case YAML_SEQUENCE_START_EVENT:
		return open_collection(r, e);
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		free(r->open[--r->depth]);
		return true;
	case YAML_ALIAS_EVENT:
		return alias_ends(r, e);
	default:
		return true;
	}
}

/* Well-formed, one document, and within bounds */
static bool events_good(struct reader *r)
{
	bool good = true, end = false;
	int documents = 0;

	start_parser(r);
	for (long elements = 0; good && !end; elements++) {
		yaml_event_t e;

		if (!yaml_parser_parse(&r->parser, &e)) {
			good = parser_failed(r);
			break;
		}
		good = event_good(r, &e, elements, documents);
		documents += e.type == YAML_DOCUMENT_START_EVENT;
		end = e.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&e);
	}
	while (r->depth)
		free(r->open[--r->depth]);
	yaml_parser_delete(&r->parser);
	return good;
}

/* --- the document --- */

static const yaml_node_t *node(struct reader *r, int index)
{
	return yaml_document_get_node(&r->document, index);
}

static const char *scalar(const yaml_node_t *n)
{
	return n->type == YAML_SCALAR_NODE ? (const char *)n->data.scalar.value : NULL;
}

static bool is_plain(const yaml_node_t *n, const char *text)
{
	return scalar(n) && n->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && !strcasecmp(scalar(n), text);
}

static bool is_null(const yaml_node_t *n)
{
	return is_plain(n, "") || is_plain(n, "~") || is_plain(n, "null");
}

static bool find(struct reader *r, const yaml_node_t *map, const char *key, int deep, const yaml_node_t **value);

/* In what a merge key has: a mapping, or a list of them, of which the first counts */
static bool find_merged(struct reader *r, const yaml_node_t *from, const char *key, int deep,
			const yaml_node_t **value)
{
	if (from->type == YAML_MAPPING_NODE)
		return find(r, from, key, deep + 1, value);
	if (from->type != YAML_SEQUENCE_NODE)
		return bad_at(r, from->start_mark, "<<: neither a mapping nor a list of mappings");
	for (const int *item = from->data.sequence.items.start; item < from->data.sequence.items.top; item++) {
		if (node(r, *item)->type != YAML_MAPPING_NODE)
			return bad_at(r, node(r, *item)->start_mark, "<<: not a mapping");
		if (!find(r, node(r, *item), key, deep + 1, value))
			return false;
		if (*value)
			return true;
	}
	return true;
}

/* The value of a key in a mapping, its own before one that is merged in; NULL if there is none. */
static bool find(struct reader *r, const yaml_node_t *map, const char *key, int deep, const yaml_node_t **value)
{
	const yaml_node_pair_t *pairs = map->data.mapping.pairs.start, *end = map->data.mapping.pairs.top;
	const yaml_node_t *own = NULL, *merged = NULL, *first[2] = { NULL };

	*value = NULL;
	if (deep > DEPTH_MAX)
		return bad_at(r, map->start_mark, "merged more than %d deep", DEPTH_MAX);
	for (; pairs < end; pairs++) {
		const yaml_node_t *k = node(r, pairs->key);
		bool merge = is_plain(k, "<<");

		if (++r->looks > LOOKS_MAX)
			return bad_at(r, map->start_mark, "more than %d keys to look at, as often as it is merged in",
				      LOOKS_MAX);
		if (!merge && (!scalar(k) || strcmp(scalar(k), key)))
			continue;
		if (first[merge])
			return bad_at(r, k->start_mark, "%.60s is there twice; before in line %zu", scalar(k),
				      first[merge]->start_mark.line + 1);
		first[merge] = k;
		*(merge ? &merged : &own) = node(r, pairs->value);
	}
	*value = own;
	return own || !merged || find_merged(r, merged, key, deep, value);
}

/* A value's text, at the end of what is in to. Wanting a list's items or one value */
static bool take_scalar(struct reader *r, const yaml_node_t *n, const char *key, char *to, bool item)
{
	const char *text = scalar(n);

	if (!text)
		return bad_at(r, n->start_mark, "%s: a %s, where %s is due", key,
			      n->type == YAML_SEQUENCE_NODE ? "list" : "mapping", item ? "a text" : "one value");
	if (is_null(n))
		return bad_at(r, n->start_mark, "%s: has no value", key);
	if (strlen(text) != n->data.scalar.length)
		return bad_at(r, n->start_mark, "%s: has a NUL in it", key);
	if (strlen(to) + strlen(text) + 2 > VALUE_MAX)
		return bad_at(r, n->start_mark, "%s: longer than %d characters", key, VALUE_MAX - 2);
	add_text(to, VALUE_MAX, "%s%s", to[0] ? "," : "", text);
	return true;
}

static bool take_value(struct reader *r, const yaml_node_t *n, enum tripleo_key key, struct tripleo_value *value)
{
	bool list = key == TRIPLEO_TM_INTERFACES || key == TRIPLEO_NTP_SERVER;
	char text[VALUE_MAX] = "";

	if (list && n->type == YAML_SEQUENCE_NODE) {
		for (const int *item = n->data.sequence.items.start; item < n->data.sequence.items.top; item++)
			if (!take_scalar(r, node(r, *item), keys[key], text, true))
				return false;
		if (!text[0])
			return bad_at(r, n->start_mark, "%s: an empty list", keys[key]);
	} else if (!take_scalar(r, n, keys[key], text, false)) {
		return false;
	}
	free(value->text);
	value->text = strdup(text);
	if (!value->text)
		die("out of memory");
	snprintf(value->from, sizeof(value->from), "%.140s:%zu:%zu: %s", r->name, n->start_mark.line + 1,
		 n->start_mark.column + 1, keys[key]);
	return true;
}

static bool read_values(struct reader *r, const yaml_node_t *map, struct tripleo_value values[TRIPLEO_KEYS])
{
	const yaml_node_t *value;

	for (int i = 0; i < TRIPLEO_KEYS; i++)
		if (!find(r, map, keys[i], 0, &value) || (value && !take_value(r, value, i, &values[i])))
			return false;
	return true;
}

/* NULL where it is absent or null, too */
static bool find_mapping(struct reader *r, const yaml_node_t *map, const char *key, const yaml_node_t **value)
{
	if (!find(r, map, key, 0, value))
		return false;
	if (*value && is_null(*value))
		*value = NULL;
	return !*value || (*value)->type == YAML_MAPPING_NODE ||
	       bad_at(r, (*value)->start_mark, "%s: no mapping of parameters", key);
}

static bool is_role_key(const char *text)
{
	size_t n = strlen(text), m = strlen("Parameters");

	return n > m && !strcmp(text + n - m, "Parameters");
}

static bool has_ours(struct reader *r, const yaml_node_t *map)
{
	const yaml_node_pair_t *pairs = map->data.mapping.pairs.start, *end = map->data.mapping.pairs.top;

	for (; map->type == YAML_MAPPING_NODE && pairs < end; pairs++)
		for (int i = 0; i < TRIPLEO_KEYS; i++)
			if (scalar(node(r, pairs->key)) && !strcmp(scalar(node(r, pairs->key)), keys[i]))
				return true;
	return false;
}

/* The first of another role's that has parameters of ours, to tell of it */
static void note_other_role(struct reader *r, const yaml_node_t *map, struct tripleo *t)
{
	const yaml_node_pair_t *pairs = map->data.mapping.pairs.start, *end = map->data.mapping.pairs.top;

	for (; pairs < end && !t->other_role[0]; pairs++) {
		const yaml_node_t *k = node(r, pairs->key);

		if (scalar(k) && is_role_key(scalar(k)) && strcmp(scalar(k), r->role_key) &&
		    has_ours(r, node(r, pairs->value)))
			snprintf(t->other_role, sizeof(t->other_role), "%.100s:%zu:%zu: %.60s", r->name,
				 k->start_mark.line + 1, k->start_mark.column + 1, scalar(k));
	}
}

static bool read_document(struct reader *r, struct tripleo *t)
{
	const yaml_node_t *root = yaml_document_get_root_node(&r->document), *defaults, *role = NULL;

	if (!root || is_null(root))
		return true;
	if (root->type != YAML_MAPPING_NODE)
		return bad_at(r, root->start_mark, "no environment file: no mapping with parameter_defaults");
	if (!find_mapping(r, root, "parameter_defaults", &defaults))
		return false;
	if (!defaults)
		return true;
	note_other_role(r, defaults, t);
	if (r->role_key[0] && !find_mapping(r, defaults, r->role_key, &role))
		return false;
	return read_values(r, defaults, t->all) && (!role || read_values(r, role, t->role));
}

bool tripleo_parse(struct tripleo *t, const char *text, size_t text_len, const char *name, const char *role,
		   char *why, size_t len)
{
	struct reader r = { .text = text, .text_len = text_len, .name = name, .why = why, .len = len };
	bool good;

	if (role)
		snprintf(r.role_key, sizeof(r.role_key), "%sParameters", role);
	if (!events_good(&r))
		return false;
	start_parser(&r);
	good = yaml_parser_load(&r.parser, &r.document);
	if (good) {
		good = read_document(&r, t);
		yaml_document_delete(&r.document);
	} else {
		parser_failed(&r);
	}
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
		snprintf(why, len, "cannot read %s: %s", path, file_error(errno));
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
