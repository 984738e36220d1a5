// SPDX-License-Identifier: GPL-2.0-or-later
#include <math.h>
#include <stdio.h>

#include "base/text.h"
#include "output/json.h"
#include "output/text.h"
#include "series/screen.h"
#include "watch/watch.h"

#define JSON_SCHEMA 1

/* --- for people --- */

static void print_summary(FILE *f, const struct watch *w)
{
	const struct series_set set = watch_set(&w->run);

	text(f, "\n%s: %u ticks, %g s apart\n", w->phc.path, w->run.ticks, w->run.interval);
	series_print(f, &set);
}

static void print_line(const struct watch_tick *t)
{
	char when[40], offset[32] = "-";

	if (!isnan(t->source.offset))
		snprintf(offset, sizeof(offset), "%+.0f", view_ns(t->source.offset));
	print("%s ", series_time(when, t->when_ns));
	if (t->late)
		print("%13s %-10s", "-", "late");
	else if (t->error)
		print("%13s %-10s", "-", errname(t->error));
	else
		print("%+13lld %-10s", (long long)t->phc.offset_ns, phc_method_name(t->phc.method));
	if (t->has_source)
		print(" %11s %-6s %-5c %5.3o\n", offset, t->source.name, t->source.state, t->source.reach);
	else
		print(" %11s %-6s %-5s %5s\n", "-", "-", "-", "-");
}

/* --- on a terminal --- */

static void source_line(struct screen *s, const struct watch_tick *t)
{
	const struct chrony_source *c = &t->source;
	char error[NS_TEXT_LEN], last[80] = ", no sample yet";

	if (!isnan(c->last_rx))
		snprintf(last, sizeof(last), ", last sample %.0f s ago, ± %s", c->last_rx,
			 text_ns(error, c->error * 1e9, false));
	if (!t->has_source)
		screen_line(s, "chronyd: nothing known of its source");
	else
		screen_line(s, "chronyd: %s is %s (%c), reach %03o, poll %d%s", c->name,
			    c->state == '*' ? "selected" : "not selected", c->state, c->reach, c->poll, last);
}

static void print_live(const struct watch *w, const struct watch_tick *t)
{
	static struct screen s;
	const struct series_set set = watch_set(&w->run);

	screen_begin(&s);
	screen_line(&s, "%s, by %s; tick %u of %u, %g s apart; Ctrl-C ends", w->phc.path,
		    t->late ? "nothing: late" : t->error ? errname(t->error) : phc_method_name(t->phc.method), t->nth,
		    w->run.count, w->run.interval);
	screen_stats(&s, &set);
	source_line(&s, t);
	screen_sparklines(&s, &set);
	screen_end();
}

/* --- for programs --- */

static void csv_head(void)
{
	print("tick,time,phc_offset_ns,phc_window_ns,phc_method,phc_error,chrony_source,chrony_state,chrony_reach,"
	      "chrony_offset_ns,chrony_measured_ns,chrony_error_ns\r\n");
}

static void csv_tick(const struct watch_tick *t)
{
	const struct chrony_source *c = &t->source;
	char when[40];

	print("%u,%s,", t->nth, series_time(when, t->when_ns));
	if (t->late)
		print(",,,late,");
	else if (t->error)
		print(",,,%s,", errname(t->error));
	else
		print("%lld,%lld,%s,,", (long long)t->phc.offset_ns, (long long)t->phc.window_ns,
		       phc_method_name(t->phc.method));
	if (t->has_source) {
		series_csv(c->name);
		print(",%c,%u,", c->state, c->reach);
		series_csv_ns(view_ns(c->offset));
		print(",");
		series_csv_ns(view_ns(c->measured));
		print(",");
		series_csv_ns(view_ns(c->error));
		print("\r\n");
	} else {
		print(",,,,,\r\n");
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
	json_double(j, "offset_ns", view_ns(c->offset));
	json_double(j, "measured_ns", view_ns(c->measured));
	json_double(j, "error_ns", view_ns(c->error));
	json_close(j, '}');
}

static void json_tick(const struct watch_tick *t)
{
	struct json j = { .f = stdout, .compact = true };
	char when[40];

	json_open(&j, NULL, '{');
	json_string(&j, "type", "tick");
	json_u64(&j, "tick", t->nth);
	json_string(&j, "time", series_time(when, t->when_ns));
	json_phc(&j, t);
	if (t->has_source)
		json_source(&j, &t->source);
	else
		json_null(&j, "chrony");
	json_close(&j, '}');
}

static void json_summary(const struct watch *w)
{
	const struct series_set set = watch_set(&w->run);
	struct json j = { .f = stdout, .compact = true };

	json_open(&j, NULL, '{');
	json_string(&j, "type", "summary");
	json_u64(&j, "schema", JSON_SCHEMA);
	json_string(&j, "device", w->phc.path);
	json_string(&j, "clock_name", w->phc.name);
	json_double(&j, "interval_s", w->run.interval);
	json_u64(&j, "ticks", w->run.ticks);
	series_json(&j, &set);
	json_close(&j, '}');
}

/* --- each of them --- */

void watch_show_head(const struct watch *w)
{
	if (w->run.format == WATCH_CSV)
		csv_head();
	else if (w->run.format == WATCH_TEXT)
		print("%-24s %13s %-10s %11s %-6s %-5s %5s\n", "time", "PHC-system ns", "by", "chronyd ns", "source",
		       "state", "reach");
}

void watch_show_tick(const struct watch *w, const struct watch_tick *t)
{
	switch (w->run.format) {
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
	if (w->run.format == WATCH_JSON)
		json_summary(w);
	else
		print_summary(w->run.format == WATCH_CSV ? stderr : stdout, w);
}
