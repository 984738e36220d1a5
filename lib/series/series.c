// SPDX-License-Identifier: GPL-2.0-or-later
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/array.h"
#include "base/now.h"
#include "output/text.h"
#include "series/series.h"
#include "series/stats.h"

const char *series_time(char buf[static 40], int64_t ns)
{
	time_t sec = ns / NSEC_PER_SEC;
	struct tm tm;
	size_t n;

	gmtime_r(&sec, &tm);
	n = strftime(buf, 40, "%FT%T", &tm);
	snprintf(buf + n, 40 - n, ".%03dZ", (int)(ns % NSEC_PER_SEC / 1000000));
	return buf;
}

bool series_long_enough(unsigned int ticks, unsigned int multiple)
{
	return ticks > 4 * multiple && ticks >= 2 * multiple + 8;
}

void series_sparkline(char *line, size_t len, const double *v, size_t n, size_t width, bool utf8)
{
	static const char *const blocks[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	static const char *const ascii[] = { "_", ".", ",", "-", "=", "+", "*", "#" };
	const char *const *heights = utf8 ? blocks : ascii;
	struct stats s;
	size_t used = 0;

	if (n > width) {
		v += n - width;
		n = width;
	}
	stats_of(&s, v, n);
	line[0] = 0;
	for (size_t i = 0; i < n; i++) {
		double share = s.max > s.min ? (v[i] - s.min) / (s.max - s.min) : 0;
		const char *c = isnan(v[i]) ? " " : heights[(int)(share * 7.999)];
		size_t size = strlen(c);

		if (used + size >= len)
			break;
		memcpy(line + used, c, size + 1);
		used += size;
	}
}

static double allan(const struct series_set *set, const double *ns, unsigned int multiple)
{
	return stats_allan(ns, set->ticks, set->interval, multiple) * 1e-9;
}

/* --- for people --- */

/* In a column of its own: what is not known is "-". */
static void put_ns(FILE *f, double ns, bool sign)
{
	char buf[NS_TEXT_LEN];

	if (isnan(ns))
		strcpy(buf, "-");
	else
		text_ns(buf, ns, sign);
	text(f, "%*s%s", 10 - text_width(buf), "", buf);
}

void series_stats_head(FILE *f, bool live)
{
	text(f, live ? "%-12s %9s" : "%-12s %6s", "", live ? "now" : "n");
	text(f, " %6s %9s %9s %9s %9s %9s\n", "missed", "min", "median", "max", "|p99|", "stddev");
}

void series_stats(FILE *f, const struct series *series, unsigned int ticks, bool live)
{
	struct stats s;

	stats_of(&s, series->ns, ticks);
	text(f, "%-12s", series->title);
	if (live)
		put_ns(f, series->ns[ticks - 1], true);
	else
		text(f, " %6zu", s.n);
	text(f, " %6zu", ticks - s.n);
	put_ns(f, s.min, true);
	put_ns(f, s.median, true);
	put_ns(f, s.max, true);
	put_ns(f, s.p99, false);
	put_ns(f, s.stddev, false);
	text(f, "\n");
}

static void print_allan(FILE *f, const struct series_set *set)
{
	if (!series_long_enough(set->ticks, 1))
		return;
	text(f, "\n%-16s", "Allan deviation");
	for (size_t i = 0; i < set->n; i++)
		text(f, " %12s", set->list[i].title);
	text(f, "\n");
	for (unsigned int m = 1; series_long_enough(set->ticks, m); m *= 2) {
		text(f, "%14g s", m * set->interval);
		for (size_t i = 0; i < set->n; i++) {
			double deviation = allan(set, set->list[i].ns, m);
			char cell[24] = "-";

			if (!isnan(deviation))
				snprintf(cell, sizeof(cell), "%.2e", deviation);
			text(f, " %12s", cell);
		}
		text(f, "\n");
	}
}

void series_print(FILE *f, const struct series_set *set)
{
	series_stats_head(f, false);
	for (size_t i = 0; i < set->n; i++)
		series_stats(f, &set->list[i], set->ticks, false);
	print_allan(f, set);
}

/* --- for programs --- */

static void json_one(struct json *j, const struct series_set *set, const struct series *series)
{
	struct stats s;

	stats_of(&s, series->ns, set->ticks);
	json_open(j, series->key, '{');
	json_u64(j, "n", s.n);
	json_u64(j, "missed", set->ticks - s.n);
	json_double(j, "min_ns", s.min);
	json_double(j, "median_ns", s.median);
	json_double(j, "mean_ns", s.mean);
	json_double(j, "max_ns", s.max);
	json_double(j, "p99_abs_ns", s.p99);
	json_double(j, "stddev_ns", s.stddev);
	json_open(j, "allan", '[');
	for (unsigned int m = 1; series_long_enough(set->ticks, m); m *= 2) {
		json_open(j, NULL, '{');
		json_double(j, "tau_s", m * set->interval);
		json_double(j, "deviation", allan(set, series->ns, m));
		json_close(j, '}');
	}
	json_close(j, ']');
	json_close(j, '}');
}

void series_json(struct json *j, const struct series_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		json_one(j, set, &set->list[i]);
}

/* RFC 4180: quoted where it must be, quotes doubled. */
void series_csv(const char *s)
{
	const char *quote = s[strcspn(s, "\",\r\n")] ? "\"" : "";

	print("%s", quote);
	while (*s) {
		size_t n = strcspn(s, "\"");

		print("%.*s%s", (int)n, s, s[n] ? "\"\"" : "");
		s += n + !!s[n];
	}
	print("%s", quote);
}

void series_csv_ns(double ns)
{
	if (!isnan(ns))
		print("%.0f", rint(ns) + 0.0);	/* no "-0" */
}
