// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "refclock.h"
#include "util.h"

enum {
	OPT_DEVICE = REFCLOCK_OPT_FIRST, OPT_CLASSIC, OPT_REFID, OPT_POLL, OPT_DPOLL, OPT_FILTER,
	OPT_MINSAMPLES, OPT_MAXSAMPLES, OPT_MAXUNREACH, OPT_OFFSET, OPT_DELAY, OPT_PRECISION, OPT_MAXDISPERSION, OPT_STRATUM,
	OPT_LOCAL, OPT_PREFER, OPT_TRUST, OPT_REQUIRE, OPT_NOSELECT, OPT_OPTIONAL, OPT_NOCROSSTS, OPT_TAI,
};

const struct option refclock_options[] = {
	{ "device", required_argument, NULL, OPT_DEVICE },
	{ "classic", no_argument, NULL, OPT_CLASSIC },
	{ "refid", required_argument, NULL, OPT_REFID },
	{ "poll", required_argument, NULL, OPT_POLL },
	{ "dpoll", required_argument, NULL, OPT_DPOLL },
	{ "filter", required_argument, NULL, OPT_FILTER },
	{ "minsamples", required_argument, NULL, OPT_MINSAMPLES },
	{ "maxsamples", required_argument, NULL, OPT_MAXSAMPLES },
	{ "maxunreach", required_argument, NULL, OPT_MAXUNREACH },
	{ "offset", required_argument, NULL, OPT_OFFSET },
	{ "delay", required_argument, NULL, OPT_DELAY },
	{ "precision", required_argument, NULL, OPT_PRECISION },
	{ "maxdispersion", required_argument, NULL, OPT_MAXDISPERSION },
	{ "stratum", required_argument, NULL, OPT_STRATUM },
	{ "local", no_argument, NULL, OPT_LOCAL },
	{ "prefer", no_argument, NULL, OPT_PREFER },
	{ "trust", no_argument, NULL, OPT_TRUST },
	{ "require", no_argument, NULL, OPT_REQUIRE },
	{ "noselect", no_argument, NULL, OPT_NOSELECT },
	{ "optional", no_argument, NULL, OPT_OPTIONAL },
	{ "nocrossts", no_argument, NULL, OPT_NOCROSSTS },
	{ "tai", no_argument, NULL, OPT_TAI },
	{ NULL, 0, NULL, 0 },
};

const char refclock_help[] =
	"The refclock line, chrony.conf(5):\n"
	"  --classic            the guides' options: poll 3 dpoll -2 offset 0\n"
	"  --device PATH        the clock (default: /dev/ptp_kvm, or the KVM one of /dev/ptpN)\n"
	"  --refid NAME         its name in chronyc, 1 to 4 characters (KVM)\n"
	"  --poll N, --dpoll N  how often it is used and read, log2 of seconds (-1, -3)\n"
	"  --filter N           readings that a poll keeps\n"
	"  --minsamples N, --maxsamples N, --maxunreach N\n"
	"  --offset SECONDS     correction (0), less than half a second\n"
	"  --delay SECONDS|auto its uncertainty, twice; auto: from the host's own bound\n"
	"  --stratum N|auto     0 to 15; auto: 1 where the host says it is synchronized\n"
	"  --precision SECONDS, --maxdispersion SECONDS\n"
	"  --prefer, --trust, --require, --noselect, --local\n"
	"  --optional           chronyd starts without the device (chrony 4.9, the default there)\n"
	"  --nocrossts          do not use PTP_SYS_OFFSET_PRECISE\n";

void refclock_init(struct refclock *r)
{
	memset(r, 0, sizeof(*r));
	r->poll = r->dpoll = r->filter = r->minsamples = r->maxsamples = REFCLOCK_UNSET;
	r->maxunreach = r->stratum = REFCLOCK_UNSET;
}

void refclock_add_options(struct option *all, size_t max, const struct option *own)
{
	size_t n = 0;

	for (; own->name && n < max - 1; own++)
		all[n++] = *own;
	for (own = refclock_options; own->name && n < max - 1; own++)
		all[n++] = *own;
	if (own->name)
		die("refclock_add_options: more than %zu options", max - 1);
	memset(&all[n], 0, sizeof(all[n]));
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

/* --- options --- */

/* It is kept as it was typed: what chronyd reads is then what was asked for. */
static void set_decimal(char *val, size_t len, const char *opt, const char *s, double min, double max)
{
	bool negative = s[0] == '-';
	double v;

	if (!parse_decimal(s + negative, 0, max > -min ? max : -min, &v) || strlen(s) >= len ||
	    (negative ? -v : v) < min || (negative ? -v : v) > max)
		misuse("%s: '%s' is not a decimal number of seconds from %g to %g", opt, s, min, max);
	snprintf(val, len, "%s", s);
}

static void set_offset(struct refclock *r, const char *s)
{
	set_decimal(r->offset, sizeof(r->offset), "--offset", s, -1000, 1000);
	if (fabs(strtod(s, NULL)) >= 0.5)
		misuse("--offset %s: this clock is the host's CLOCK_REALTIME, that is UTC: no whole seconds of TAI "
		       "or GPS are to be taken off; if it is that far off, it is the host's clock that is wrong", s);
}

static void set_device(struct refclock *r, const char *s)
{
	const char *colon = strchr(s, ':');
	size_t n = colon ? (size_t)(colon - s) : strlen(s);

	if (s[0] != '/' || n >= sizeof(r->device))
		misuse("--device: '%s' is not the path of a device", s);
	for (size_t i = 0; i < n; i++)
		if (!isgraph((unsigned char)s[i]))
			misuse("--device: '%s' has a character that chronyd cannot read in a path", s);
	if (colon && strcmp(colon, ":nocrossts"))
		misuse("--device: '%s' is no option for this clock, only ':nocrossts' is (no pulses)", colon);
	r->nocrossts |= colon != NULL;
	snprintf(r->device, sizeof(r->device), "%.*s", (int)n, s);
}

static void set_refid(struct refclock *r, const char *s)
{
	size_t n = strlen(s);

	if (!n || n >= sizeof(r->refid))
		misuse("--refid: '%s' does not have 1 to 4 characters", s);
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) && !strchr("-_.", s[i]))
			misuse("--refid: '%s': only letters, digits, '-', '_' and '.'", s);
	strcpy(r->refid, s);
}

bool refclock_option(struct refclock *r, int opt, const char *arg, bool *given)
{
	switch (opt) {
	case OPT_DEVICE: set_device(r, arg); break;
	case OPT_CLASSIC: r->classic = true; break;
	case OPT_REFID: set_refid(r, arg); break;
	case OPT_POLL: r->poll = opt_s64("--poll", arg, -32, 32); break;
	case OPT_DPOLL: r->dpoll = opt_s64("--dpoll", arg, -32, 32); break;
	case OPT_FILTER: r->filter = opt_u64("--filter", arg, 1, INT_MAX); break;
	case OPT_MINSAMPLES: r->minsamples = opt_u64("--minsamples", arg, 0, INT_MAX); break;
	case OPT_MAXSAMPLES: r->maxsamples = opt_u64("--maxsamples", arg, 0, INT_MAX); break;
	case OPT_MAXUNREACH: r->maxunreach = opt_u64("--maxunreach", arg, 0, INT_MAX); break;
	case OPT_OFFSET: set_offset(r, arg); break;
	case OPT_DELAY:
		r->delay_auto = !strcmp(arg, "auto");
		if (!r->delay_auto)
			set_decimal(r->delay, sizeof(r->delay), "--delay", arg, 0, 1000);
		break;
	case OPT_STRATUM:
		r->stratum_auto = !strcmp(arg, "auto");
		if (!r->stratum_auto)
			r->stratum = opt_u64("--stratum", arg, 0, 15);
		break;
	case OPT_PRECISION: set_decimal(r->precision, sizeof(r->precision), "--precision", arg, 0, 1); break;
	case OPT_MAXDISPERSION:
		set_decimal(r->maxdispersion, sizeof(r->maxdispersion), "--maxdispersion", arg, 0, 1000);
		break;
	case OPT_LOCAL: r->local = true; break;
	case OPT_PREFER: r->prefer = true; break;
	case OPT_TRUST: r->trust = true; break;
	case OPT_REQUIRE: r->require = true; break;
	case OPT_NOSELECT: r->noselect = true; break;
	case OPT_OPTIONAL: r->optional = true; break;
	case OPT_NOCROSSTS: r->nocrossts = true; break;
	case OPT_TAI:
		misuse("--tai: this clock is the host's CLOCK_REALTIME, that is UTC: with 'tai' it would be "
		       "37 s off");
	default:
		return false;
	}
	if (given)
		*given = true;
	return true;
}

bool refclock_auto(struct refclock *r, const struct host_clock *hc, char *why, size_t len)
{
	if (r->delay_auto) {
		if (!hc->has_max_error) {
			snprintf(why, len, "--delay auto: the host does not tell the bound of its error; give the "
				 "delay in seconds, twice what the host may be off");
			return false;
		}
		snprintf(r->delay, sizeof(r->delay), "%.9f", 2e-9 * hc->max_error_ns);
	}
	if (r->stratum_auto) {
		if (!hc->has_status || hc->status != HOST_SYNCHRONIZED) {
			snprintf(why, len, "--stratum auto: the host %s%s; give the stratum as a number",
				 hc->has_status ? "says that its clock is "
						: "does not tell how its clock is kept",
				 hc->has_status ? host_status_name(hc->status) : "");
			return false;
		}
		r->stratum = 1;
	}
	return true;
}

/* --- validity --- */

static bool __attribute__((format(printf, 3, 4))) refuse(char *why, size_t len, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, len, fmt, ap);
	va_end(ap);
	return false;
}

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

/* --- text --- */

static void __attribute__((format(printf, 2, 3))) add(char *line, const char *fmt, ...)
{
	size_t used = strlen(line);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line + used, REFCLOCK_LINE_MAX - used, fmt, ap);
	va_end(ap);
}

static void add_int(char *line, const char *name, int val)
{
	if (val != REFCLOCK_UNSET)
		add(line, " %s %d", name, val);
}

static void add_word(char *line, const char *name, const char *val)
{
	if (val[0])
		add(line, " %s %s", name, val);
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
	add(line, "refclock PHC %s%s", r->device, r->nocrossts ? ":nocrossts" : "");
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
			add(line, " %s", words[i].name);
}
