// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <getopt.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/numbers.h"
#include "chrony/refclock.h"
#include "cli/options.h"
#include "setup/options.h"

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
