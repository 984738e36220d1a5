// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
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

static void set_offset(void *to, char *s)
{
	struct refclock *r = to;

	set_decimal(r->offset, sizeof(r->offset), "--offset", s, -1000, 1000);
	if (fabs(strtod(s, NULL)) >= 0.5)
		misuse("--offset %s: this clock is the host's CLOCK_REALTIME, that is UTC: no whole seconds of TAI "
		       "or GPS are to be taken off; if it is that far off, it is the host's clock that is wrong", s);
}

static void set_device(void *to, char *s)
{
	struct refclock *r = to;
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

static void set_refid(void *to, char *s)
{
	struct refclock *r = to;
	size_t n = strlen(s);

	if (!n || n >= sizeof(r->refid))
		misuse("--refid: '%s' does not have 1 to 4 characters", s);
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) && !strchr("-_.", s[i]))
			misuse("--refid: '%s': only letters, digits, '-', '_' and '.'", s);
	strcpy(r->refid, s);
}

static void set_delay(void *to, char *s)
{
	struct refclock *r = to;

	r->delay_auto = !strcmp(s, "auto");
	if (!r->delay_auto)
		set_decimal(r->delay, sizeof(r->delay), "--delay", s, 0, 1000);
}

static void set_stratum(void *to, char *s)
{
	struct refclock *r = to;

	r->stratum_auto = !strcmp(s, "auto");
	if (!r->stratum_auto)
		r->stratum = opt_u64("--stratum", s, 0, 15);
}

static void set_precision(void *to, char *s)
{
	struct refclock *r = to;

	set_decimal(r->precision, sizeof(r->precision), "--precision", s, 0, 1);
}

static void set_maxdispersion(void *to, char *s)
{
	struct refclock *r = to;

	set_decimal(r->maxdispersion, sizeof(r->maxdispersion), "--maxdispersion", s, 0, 1000);
}

static void refuse_tai(void *unused, char *none)
{
	(void)unused, (void)none;
	misuse("--tai: this clock is the host's CLOCK_REALTIME, that is UTC: with 'tai' it would be 37 s off");
}

void refclock_rows(struct option_row rows[static REFCLOCK_ROWS], struct refclock *r)
{
	const struct option_row all[] = {
		{ .help = "The refclock line, chrony.conf(5):" },
		{ 0, "classic", NULL, "the guides' options: poll 3 dpoll -2 offset 0", FLAG_TO(&r->classic) },
		{ 0, "device", "PATH", "the clock (default: /dev/ptp_kvm, or the KVM one of /dev/ptpN)",
		  TAKE_BY(set_device, r) },
		{ 0, "refid", "NAME", "its name in chronyc, 1 to 4 characters (KVM)", TAKE_BY(set_refid, r) },
		{ 0, "poll", "N", "how often it is used, log2 of seconds (-1)", WHOLE_TO(&r->poll, -32, 32) },
		{ 0, "dpoll", "N", "how often it is read, log2 of seconds (-3)", WHOLE_TO(&r->dpoll, -32, 32) },
		{ 0, "filter", "N", "readings that a poll keeps", WHOLE_TO(&r->filter, 1, INT_MAX) },
		{ 0, "minsamples", "N", "samples that are kept, at least", WHOLE_TO(&r->minsamples, 0, INT_MAX) },
		{ 0, "maxsamples", "N", "and at most", WHOLE_TO(&r->maxsamples, 0, INT_MAX) },
		{ 0, "maxunreach", "N", "polls without a sample that it stays selected for",
		  WHOLE_TO(&r->maxunreach, 0, INT_MAX) },
		{ 0, "offset", "SECONDS", "correction (0), less than half a second", TAKE_BY(set_offset, r) },
		{ 0, "delay", "SECONDS|auto", "its uncertainty, twice; auto: from the host's own bound",
		  TAKE_BY(set_delay, r) },
		{ 0, "stratum", "N|auto", "0 to 15; auto: 1 where the host says it is synchronized",
		  TAKE_BY(set_stratum, r) },
		{ 0, "precision", "SECONDS", "of a reading", TAKE_BY(set_precision, r) },
		{ 0, "maxdispersion", "SECONDS", "samples of more are dropped", TAKE_BY(set_maxdispersion, r) },
		{ 0, "prefer", NULL, "before sources without it", FLAG_TO(&r->prefer) },
		{ 0, "trust", NULL, "right, whatever others say", FLAG_TO(&r->trust) },
		{ 0, "require", NULL, "without it no source is selected", FLAG_TO(&r->require) },
		{ 0, "noselect", NULL, "only watched", FLAG_TO(&r->noselect) },
		{ 0, "local", NULL, "it may be off the true time", FLAG_TO(&r->local) },
		{ 0, "optional", NULL, "chronyd starts without the device (chrony 4.9, the default there)",
		  FLAG_TO(&r->optional) },
		{ 0, "nocrossts", NULL, "do not use PTP_SYS_OFFSET_PRECISE", FLAG_TO(&r->nocrossts) },
		{ 0, "tai", NULL, NULL, TAKE_BY(refuse_tai, NULL) },
		{ 0 },
	};

	_Static_assert(sizeof(all) == REFCLOCK_ROWS * sizeof(all[0]), "REFCLOCK_ROWS");
	memcpy(rows, all, sizeof(all));
}

void take_chrony_version(void *version, char *arg)
{
	if (!chrony_version_parse(arg, version))
		misuse("--chrony-version: '%s' is not a version such as 4.6", arg);
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
