// SPDX-License-Identifier: GPL-2.0-or-later
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "json.h"
#include "stats.h"
#include "util.h"
#include "watch.h"

#define JSON_SCHEMA 1

static const char phc_title[] = "PHC - system", chrony_title[] = "chronyd";

const char *watch_ns(char buf[static WATCH_NS_LEN], double ns, bool sign)
{
	static const char *const units[] = { "ns", "us", "ms", "s" };
	size_t u = 0;

	if (isnan(ns)) {
		snprintf(buf, WATCH_NS_LEN, "-");
		return buf;
	}
	/* What would be printed as 1000 of a unit is one of the next. */
	while (u < ARRAY_SIZE(units) - 1 && fabs(ns) >= (u ? 999.5 : 1000)) {
		ns /= 1000;
		u++;
	}
	snprintf(buf, WATCH_NS_LEN, sign ? "%+.*f %s" : "%.*f %s",
		 ns == rint(ns) && !u ? 0 : fabs(ns) < 9.995 ? 2 : fabs(ns) < 99.95 ? 1 : 0, ns, units[u]);
	return buf;
}

/* "2026-11-23T21:35:28.123Z" */
static const char *iso_time(char buf[static 40], int64_t ns)
{
	time_t sec = ns / NSEC_PER_SEC;
	struct tm tm;
	size_t n;

	gmtime_r(&sec, &tm);
	n = strftime(buf, 40, "%FT%T", &tm);
	snprintf(buf + n, 40 - n, ".%03dZ", (int)(ns % NSEC_PER_SEC / 1000000));
	return buf;
}

bool watch_long_enough(unsigned int ticks, unsigned int multiple)
{
	return ticks > 4 * multiple && ticks >= 2 * multiple + 8;
}

static double allan(const struct watch *w, const double *ns, unsigned int multiple)
{
	return stats_allan(ns, w->ticks, w->interval, multiple) * 1e-9;
}

/* --- for people --- */

static void print_stats(FILE *f, const char *title, const double *ns, unsigned int ticks)
{
	char min[WATCH_NS_LEN], median[WATCH_NS_LEN], max[WATCH_NS_LEN], p99[WATCH_NS_LEN], dev[WATCH_NS_LEN];
	struct stats s;

	stats_of(&s, ns, ticks);
	fprintf(f, "%-12s %6zu %6zu %10s %10s %10s %10s %10s\n", title, s.n, ticks - s.n,
		watch_ns(min, s.min, true), watch_ns(median, s.median, true), watch_ns(max, s.max, true),
		watch_ns(p99, s.p99, false), watch_ns(dev, s.stddev, false));
}

static void print_allan(FILE *f, const struct watch *w)
{
	if (!watch_long_enough(w->ticks, 1))
		return;
	fprintf(f, "\n%-16s %12s %12s\n", "Allan deviation", phc_title, chrony_title);
	for (unsigned int m = 1; watch_long_enough(w->ticks, m); m *= 2) {
		double phc = allan(w, w->phc_ns, m), chrony = allan(w, w->chrony_ns, m);
		char a[24] = "-", b[24] = "-";

		if (!isnan(phc))
			snprintf(a, sizeof(a), "%.2e", phc);
		if (!isnan(chrony))
			snprintf(b, sizeof(b), "%.2e", chrony);
		fprintf(f, "%14g s %12s %12s\n", m * w->interval, a, b);
	}
}

static void print_summary(FILE *f, const struct watch *w)
{
	fprintf(f, "\n%s: %u ticks, %g s apart\n", w->phc.path, w->ticks, w->interval);
	fprintf(f, "%-12s %6s %6s %10s %10s %10s %10s %10s\n", "", "n", "missed", "min", "median", "max", "|p99|",
		"stddev");
	print_stats(f, phc_title, w->phc_ns, w->ticks);
	print_stats(f, chrony_title, w->chrony_ns, w->ticks);
	print_allan(f, w);
}

static void print_line(const struct watch_tick *t)
{
	char when[40];

	printf("%s ", iso_time(when, t->when_ns));
	if (t->late)
		printf("%14s %-10s", "-", "late");
	else if (t->error)
		printf("%14s %-10s", "-", errname(t->error));
	else
		printf("%+14lld %-10s", (long long)t->phc.offset_ns, phc_method_name(t->phc.method));
	if (t->has_source)
		printf(" %+14lld %-6s   %c   %03o\n", (long long)view_offset_ns(t->source.offset), t->source.name,
		       t->source.state, t->source.reach);
	else
		printf(" %14s %-6s   %c   %3s\n", "-", "-", '-', "-");
}

/* --- on a terminal --- */

static bool utf8_locale(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *val = getenv(names[i]);

		if (val && val[0])
			return strcasestr(val, "UTF-8") || strcasestr(val, "utf8");
	}
	return false;
}

void watch_sparkline(char *line, size_t len, const double *v, size_t n, size_t width, bool utf8)
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

struct screen {
	int columns, rows;
	int lines;		/* that are on it */
};

/* One more line, cut to the width. Only ASCII, but for what comes as it is. */
static void __attribute__((format(printf, 2, 3))) line(struct screen *s, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	if (s->lines >= s->rows - 1)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	text[strcspn(text, "\n")] = 0;
	printf("%.*s\033[K\n", s->columns - 1, text);
	s->lines++;
}

static void sparkline(struct screen *s, const char *title, const double *ns, size_t n)
{
	char min[WATCH_NS_LEN], max[WATCH_NS_LEN], bar[4096];
	struct stats st;
	int width = s->columns - 13;
	size_t shown;

	if (width < 8 || s->lines >= s->rows - 2)
		return;
	shown = n > (size_t)width ? (size_t)width : n;
	stats_of(&st, ns + n - shown, shown);
	watch_sparkline(bar, sizeof(bar), ns, n, width, utf8_locale());
	line(s, "%-12s from %s to %s", title, watch_ns(min, st.min, true), watch_ns(max, st.max, true));
	printf("%12s%s\033[K\n", "", bar);
	s->lines++;
}

static void stats_line(struct screen *s, const char *title, const double *ns, unsigned int ticks)
{
	char now[WATCH_NS_LEN], *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		die("out of memory");
	print_stats(f, title, ns, ticks);
	fclose(f);
	line(s, "%10s  %s", watch_ns(now, ns[ticks - 1], true), text);
	free(text);
}

static void source_line(struct screen *s, const struct watch_tick *t)
{
	const struct chrony_source *c = &t->source;
	char error[WATCH_NS_LEN];

	if (!t->has_source)
		line(s, "chronyd: nothing known of its source");
	else
		line(s, "chronyd: %s is %s (%c), reach %03o, poll %d, last sample %.0f s ago, +/- %s", c->name,
		     c->state == '*' ? "selected" : "not selected", c->state, c->reach, c->poll, c->last_rx,
		     watch_ns(error, c->error * 1e9, false));
}

static void print_live(const struct watch *w, const struct watch_tick *t)
{
	static struct screen last;
	struct screen s = { .columns = 80, .rows = 24 };
	struct winsize size;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col && size.ws_row) {
		s.columns = size.ws_col;
		s.rows = size.ws_row;
	}
	/* In another width the terminal has broken the old lines anew: only a clean screen is sure. */
	if (last.lines && (s.columns != last.columns || s.rows != last.rows))
		fputs("\033[H\033[2J", stdout);
	else if (last.lines)
		printf("\033[%dA\r", last.lines);
	line(&s, "%s, by %s; tick %u of %u, %g s apart; Ctrl-C ends", w->phc.path,
	     t->late ? "nothing: late" : t->error ? errname(t->error) : phc_method_name(t->phc.method), t->nth,
	     w->count, w->interval);
	line(&s, "%10s  %-12s %6s %6s %10s %10s %10s %10s %10s", "now", "", "n", "missed", "min", "median", "max",
	     "|p99|", "stddev");
	stats_line(&s, phc_title, w->phc_ns, w->ticks);
	stats_line(&s, chrony_title, w->chrony_ns, w->ticks);
	source_line(&s, t);
	sparkline(&s, phc_title, w->phc_ns, w->ticks);
	sparkline(&s, chrony_title, w->chrony_ns, w->ticks);
	fputs("\033[J", stdout);
	last = s;
}

/* --- for programs --- */

/* RFC 4180: quoted where it must be, quotes doubled. */
static void csv_string(const char *s)
{
	if (!s[strcspn(s, "\",\r\n")]) {
		fputs(s, stdout);
		return;
	}
	putchar('"');
	for (; *s; s++) {
		if (*s == '"')
			putchar('"');
		putchar(*s);
	}
	putchar('"');
}

static void csv_head(void)
{
	fputs("tick,time,phc_offset_ns,phc_window_ns,phc_method,phc_error,chrony_source,chrony_state,chrony_reach,"
	      "chrony_offset_ns,chrony_measured_ns,chrony_error_ns\r\n", stdout);
}

static void csv_tick(const struct watch_tick *t)
{
	const struct chrony_source *c = &t->source;
	char when[40];

	printf("%u,%s,", t->nth, iso_time(when, t->when_ns));
	if (t->late)
		fputs(",,,late,", stdout);
	else if (t->error)
		printf(",,,%s,", errname(t->error));
	else
		printf("%lld,%lld,%s,,", (long long)t->phc.offset_ns, (long long)t->phc.window_ns,
		       phc_method_name(t->phc.method));
	if (t->has_source) {
		csv_string(c->name);
		printf(",%c,%u,%lld,%lld,%lld\r\n", c->state, c->reach, (long long)view_offset_ns(c->offset),
		       (long long)view_offset_ns(c->measured), (long long)-view_offset_ns(c->error));
	} else {
		fputs(",,,,,\r\n", stdout);
	}
}

static void json_phc(struct json *j, const struct watch_tick *t)
{
	json_open(j, "phc", '{');
	json_string(j, "error", t->late ? "late" : t->error ? errname(t->error) : NULL);
	if (!t->late && !t->error) {
		json_s64(j, "offset_ns", t->phc.offset_ns);
		json_s64(j, "window_ns", t->phc.window_ns);
		json_string(j, "method", phc_method_name(t->phc.method));
	}
	json_close(j, '}');
}

static void json_source(struct json *j, const struct chrony_source *c)
{
	char state[2] = { c->state };

	json_open(j, "chrony", '{');
	json_string(j, "source", c->name);
	json_string(j, "state", state);
	json_bool(j, "selected", c->state == '*');
	json_u64(j, "reach", c->reach);
	json_s64(j, "poll", c->poll);
	json_double(j, "last_rx_s", c->last_rx);
	json_s64(j, "offset_ns", view_offset_ns(c->offset));
	json_s64(j, "measured_ns", view_offset_ns(c->measured));
	json_s64(j, "error_ns", -view_offset_ns(c->error));
	json_close(j, '}');
}

static void json_tick(const struct watch_tick *t)
{
	struct json j = { .f = stdout, .compact = true };
	char when[40];

	json_open(&j, NULL, '{');
	json_string(&j, "type", "tick");
	json_u64(&j, "tick", t->nth);
	json_string(&j, "time", iso_time(when, t->when_ns));
	json_phc(&j, t);
	if (t->has_source)
		json_source(&j, &t->source);
	else
		json_null(&j, "chrony");
	json_close(&j, '}');
}

static void json_stats(struct json *j, const struct watch *w, const char *key, const double *ns)
{
	struct stats s;

	stats_of(&s, ns, w->ticks);
	json_open(j, key, '{');
	json_u64(j, "n", s.n);
	json_u64(j, "missed", w->ticks - s.n);
	json_double(j, "min_ns", s.min);
	json_double(j, "median_ns", s.median);
	json_double(j, "mean_ns", s.mean);
	json_double(j, "max_ns", s.max);
	json_double(j, "p99_abs_ns", s.p99);
	json_double(j, "stddev_ns", s.stddev);
	json_open(j, "allan", '[');
	for (unsigned int m = 1; watch_long_enough(w->ticks, m); m *= 2) {
		json_open(j, NULL, '{');
		json_double(j, "tau_s", m * w->interval);
		json_double(j, "deviation", allan(w, ns, m));
		json_close(j, '}');
	}
	json_close(j, ']');
	json_close(j, '}');
}

static void json_summary(const struct watch *w)
{
	struct json j = { .f = stdout, .compact = true };

	json_open(&j, NULL, '{');
	json_string(&j, "type", "summary");
	json_u64(&j, "schema", JSON_SCHEMA);
	json_string(&j, "device", w->phc.path);
	json_string(&j, "clock_name", w->phc.name);
	json_double(&j, "interval_s", w->interval);
	json_u64(&j, "ticks", w->ticks);
	json_stats(&j, w, "phc", w->phc_ns);
	json_stats(&j, w, "chrony", w->chrony_ns);
	json_close(&j, '}');
}

/* --- each of them --- */

void watch_show_head(const struct watch *w)
{
	if (w->format == WATCH_CSV)
		csv_head();
	else if (w->format == WATCH_TEXT)
		printf("%-24s %14s %-10s %14s %-6s %s %s\n", "time", "PHC-system ns", "by", "chronyd ns", "source",
		       "state", "reach");
}

void watch_show_tick(const struct watch *w, const struct watch_tick *t)
{
	switch (w->format) {
	case WATCH_CSV:
		csv_tick(t);
		break;
	case WATCH_JSON:
		json_tick(t);
		break;
	case WATCH_LIVE:
		print_live(w, t);
		break;
	default:
		print_line(t);
	}
}

void watch_show_summary(const struct watch *w)
{
	if (w->format == WATCH_JSON)
		json_summary(w);
	else
		print_summary(w->format == WATCH_CSV ? stderr : stdout, w);
}
