// SPDX-License-Identifier: GPL-2.0-or-later
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/numbers.h"
#include "base/text.h"
#include "chrony/refclock.h"

void refclock_init(struct refclock *r)
{
	memset(r, 0, sizeof(*r));
	r->poll = r->dpoll = r->filter = r->minsamples = r->maxsamples = REFCLOCK_UNSET;
	r->maxunreach = r->stratum = REFCLOCK_UNSET;
}

static void default_int(int *val, int def)
{
	if (*val == REFCLOCK_UNSET)
		*val = def;
}

static void default_text(char *val, size_t len, const char *def)
{
	if (!val[0])
		snprintf(val, len, "%s", def);
}

void refclock_defaults(struct refclock *r, const struct chrony_version *v)
{
	default_text(r->device, sizeof(r->device), REFCLOCK_LINK);
	default_text(r->offset, sizeof(r->offset), "0");
	default_int(&r->poll, r->classic ? 3 : -1);
	default_int(&r->dpoll, r->classic ? -2 : -3);
	if (r->classic)
		return;
	default_text(r->refid, sizeof(r->refid), "KVM");
	default_int(&r->maxsamples, 8);
	if (chrony_at_least(v, 4, 9))
		r->optional = true;
}

/* --- validity --- */

bool refclock_valid(const struct refclock *r, const struct chrony_version *v, char *why, size_t len)
{
	const struct {
		bool set;
		const char *name;
		int major, minor;	/* the first chrony that knows it (its conf.c and refclock_phc.c) */
	} since[] = {
		{ r->trust, "trust", 2, 3 }, { r->require, "require", 2, 3 },
		{ r->nocrossts, "nocrossts", 3, 2 }, { r->stratum != REFCLOCK_UNSET, "stratum", 3, 3 },
		{ r->local, "local", 4, 3 }, { r->maxunreach != REFCLOCK_UNSET, "maxunreach", 4, 8 },
		{ r->optional, "optional", 4, 9 },
	};
	double readings = ldexp(1, r->poll - r->dpoll);
	int needed = r->filter != REFCLOCK_UNSET && r->filter < 4 ? r->filter : 4;

	if (!chrony_at_least(v, 2, 0))
		return refuse(why, len, "chrony %d.%d is too old: 2.0 is the first with what this needs; upgrade it",
			      v->major, v->minor);
	for (size_t i = 0; i < ARRAY_SIZE(since); i++)
		if (since[i].set && !chrony_at_least(v, since[i].major, since[i].minor))
			return refuse(why, len,
				      "--%s: chrony knows it from %d.%d on, and this is %d.%d; leave it out",
				      since[i].name, since[i].major, since[i].minor, v->major, v->minor);
	if (r->dpoll > r->poll)
		return refuse(why, len, "dpoll %d is more than poll %d: the clock is to be read at least as often as "
			      "it is used; try --dpoll %d", r->dpoll, r->poll, r->poll - 2);
	if (!chrony_at_least(v, 4, 7) && readings < needed)
		return refuse(why, len, "chrony before 4.7 wants %d readings a poll, and poll %d with dpoll %d makes "
			      "%g; try --dpoll %d, or --filter %g", needed, r->poll, r->dpoll, readings,
			      r->poll - 2, readings);
	if (r->minsamples > 0 && r->maxsamples > 0 && r->minsamples > r->maxsamples)
		return refuse(why, len, "minsamples %d is more than maxsamples %d", r->minsamples,
			      r->maxsamples);
	return true;
}

/* --- lines that are there --- */

/* The next word, in its buffer; false if it does not fit. */
static bool next(const char **at, char *word, size_t len)
{
	size_t n = strcspn(*at, " ");
	bool fits = n < len;

	snprintf(word, len, "%.*s", (int)n, *at);
	*at += n + ((*at)[n] == ' ');
	return fits;
}

/* A flag of that name is set; false if it is none. */
static bool read_flag(struct refclock *r, const char *name)
{
	const struct {
		const char *name;
		bool *flag;
	} flags[] = {
		{ "local", &r->local }, { "prefer", &r->prefer }, { "trust", &r->trust }, { "require", &r->require },
		{ "noselect", &r->noselect }, { "optional", &r->optional }, { "tai", &r->tai },
	};

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		if (strcasecmp(name, flags[i].name))
			continue;
		*flags[i].flag = true;
		return true;
	}
	return !strcasecmp(name, "pps");
}

static bool read_value(struct refclock *r, const char *name, const char **at)
{
	const struct {
		const char *name;
		char *text;
		size_t len;
	} texts[] = {
		{ "refid", r->refid, sizeof(r->refid) }, { "offset", r->offset, sizeof(r->offset) },
		{ "delay", r->delay, sizeof(r->delay) }, { "precision", r->precision, sizeof(r->precision) },
		{ "maxdispersion", r->maxdispersion, sizeof(r->maxdispersion) },
	};
	const struct {
		const char *name;
		int *number;
	} numbers[] = {
		{ "poll", &r->poll }, { "dpoll", &r->dpoll }, { "filter", &r->filter }, { "stratum", &r->stratum },
		{ "minsamples", &r->minsamples }, { "maxsamples", &r->maxsamples }, { "maxunreach", &r->maxunreach },
	};
	char word[64];
	int64_t number;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (!strcasecmp(name, texts[i].name))
			return next(at, texts[i].text, texts[i].len);
	if (!next(at, word, sizeof(word)))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (!strcasecmp(name, numbers[i].name) && parse_s64(word, -INT_MAX, INT_MAX, &number))
			*numbers[i].number = number;
	return true;
}

bool refclock_read(struct refclock *r, const struct chrony_directive *d)
{
	const char *at = d->args;
	char name[64], *options;

	refclock_init(r);
	if (strcmp(d->name, "refclock") || !next(&at, r->driver, sizeof(r->driver)) ||
	    !next(&at, r->device, sizeof(r->device)))
		return false;
	options = strchr(r->device, ':');
	if (options && !strcmp(r->driver, "PHC")) {
		r->nocrossts = strstr(options, "nocrossts");
		*options = 0;
	}
	while (*at)
		if (!next(&at, name, sizeof(name)) || (!read_flag(r, name) && !read_value(r, name, &at)))
			return false;
	return true;
}

void refclock_name(struct refclock *r, int index)
{
	char name[8];

	if (r->refid[0])
		return;
	snprintf(name, sizeof(name), "%-3.3s%d", r->driver, index % 10);
	if (index >= 10)
		name[2] = '0' + index / 10 % 10;
	snprintf(r->refid, sizeof(r->refid), "%.4s", name);
}

/* --- text --- */

static void add_int(char *line, const char *name, int val)
{
	if (val != REFCLOCK_UNSET)
		add_text(line, REFCLOCK_LINE_MAX, " %s %d", name, val);
}

static void add_word(char *line, const char *name, const char *val)
{
	if (val[0])
		add_text(line, REFCLOCK_LINE_MAX, " %s %s", name, val);
}

void refclock_render(const struct refclock *r, char line[static REFCLOCK_LINE_MAX])
{
	const struct {
		bool set;
		const char *name;
	} words[] = {
		{ r->local, "local" }, { r->prefer, "prefer" }, { r->trust, "trust" },
		{ r->require, "require" }, { r->noselect, "noselect" }, { r->optional, "optional" },
	};

	line[0] = 0;
	add_text(line, REFCLOCK_LINE_MAX, "refclock PHC %s%s", r->device, r->nocrossts ? ":nocrossts" : "");
	add_word(line, "refid", r->refid);
	add_int(line, "poll", r->poll);
	add_int(line, "dpoll", r->dpoll);
	add_int(line, "filter", r->filter);
	add_int(line, "minsamples", r->minsamples);
	add_int(line, "maxsamples", r->maxsamples);
	add_int(line, "maxunreach", r->maxunreach);
	add_word(line, "offset", r->offset);
	add_word(line, "delay", r->delay);
	add_word(line, "precision", r->precision);
	add_word(line, "maxdispersion", r->maxdispersion);
	add_int(line, "stratum", r->stratum);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (words[i].set)
			add_text(line, REFCLOCK_LINE_MAX, " %s", words[i].name);
}
