// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/timex.h>

#include "check/judge.h"
#include "output/json.h"
#include "output/text.h"
#include "ptp/ports.h"
#include "series/screen.h"
#include "status/gather.h"
#include "time/kernel_clock.h"
#include "watch/watch.h"

#define JSON_SCHEMA 2

/* Its value in the tick that is the last one */
static double now(const struct watch *w, int series)
{
	return w->series[series].ns[w->run.ticks - 1];
}

static const char *synchronized(const struct kernel_clock *k)
{
	return !k->known ? "-" : k->status & STA_UNSYNC ? "no" : "yes";
}

/* --- for people --- */

/* 80 columns, as a row */
static void print_head(const struct watch *w)
{
	print("%-13s %12s %12s %12s %4s %8s %6s %6s\n", "time, UTC", w->series[WATCH_GM].title,
	      w->series[WATCH_SYSTEM].title, w->series[WATCH_CHRONY].title, "sync", "bound us", "guests", "served");
}

static void print_ns(double ns)
{
	if (isnan(ns))
		print(" %12s", "-");
	else
		print(" %+12.0f", ns);
}

/* When they are others than in the line before */
static void print_ports(const struct watch_tick *t)
{
	static char last[sizeof(t->ports)];

	if (!t->has_ptp4l || !strcmp(t->ports, last))
		return;
	strcpy(last, t->ports);
	text_columns(stdout, 14, "ports", t->ports);
}

static void print_line(const struct watch *w, const struct watch_tick *t)
{
	char when[40];

	print_ports(t);
	print("%s", strchr(series_time(when, t->when_ns), 'T') + 1);
	for (int i = 0; i < WATCH_SERIES; i++)
		print_ns(now(w, i));
	print(" %4s", t->late ? "late" : synchronized(&t->kernel));
	if (isnan(t->kernel.max_error_ns))
		print(" %8s", "-");
	else
		print(" %8.0f", t->kernel.max_error_ns / 1e3);
	if (t->guests >= 0)
		print(" %6d", t->guests);
	else
		print(" %6s", "-");
	if (t->has_served)
		print(" %6" PRIu64 "\n", t->served);
	else
		print(" %6s\n", "-");
}

static void print_summary(FILE *f, const struct watch *w)
{
	const struct series_set set = watch_set(&w->run);

	text(f, "\n%u ticks, %g s apart\n", w->run.ticks, w->run.interval);
	series_print(f, &set);
}

static void ptp4l_line(struct screen *s, const struct watch_tick *t)
{
	char delay[NS_TEXT_LEN], class[24] = "";

	if (t->ptp4l.gm_class != UNKNOWN)
		snprintf(class, sizeof(class), ", class %d", t->ptp4l.gm_class);
	if (!t->has_ptp4l)
		screen_line(s, "ptp4l: %s", t->late ? "not asked: late" : "no answer");
	else if (t->follows)
		screen_line(s, "ptp4l: %s; grandmaster %s%s, path delay %s", t->ports,
			    t->ptp4l.grandmaster[0] ? t->ptp4l.grandmaster : "unknown", class,
			    text_ns(delay, rint(check_path_delay(&t->ptp4l)), false));
	else
		screen_line(s, "ptp4l: %s; it follows no master", t->ports);
}

static void clock_lines(struct screen *s, const struct watch *w, const struct watch_tick *t)
{
	char bound[NS_TEXT_LEN], text[CHECK_BOUND_LEN];

	if (t->has_tracking)
		screen_line(s, "chronyd: to %s, stratum %d, at most %s off", t->tracking.name, t->tracking.stratum,
			    text_ns(bound, status_root_distance(&t->tracking) * 1e9, false));
	if (t->kernel.known)
		screen_line(s, "kernel: %s, %s", t->kernel.status & STA_UNSYNC ? "not synchronized" : "synchronized",
			    check_bound(text, w->report, &t->kernel, text_ns(bound, t->kernel.max_error_ns, false)));
	if (t->guests >= 0 && t->has_served)
		screen_line(s, "guests: %d, served %" PRIu64 " times in this tick", t->guests, t->served);
	else if (t->guests >= 0)
		screen_line(s, "guests: %d", t->guests);
}

static void print_live(const struct watch *w, const struct watch_tick *t)
{
	static struct screen s;
	const struct series_set set = watch_set(&w->run);

	screen_begin(&s);
	screen_line(&s, "tick %u of %u, %g s apart; Ctrl-C ends", t->nth, w->run.count, w->run.interval);
	ptp4l_line(&s, t);
	screen_stats(&s, &set);
	clock_lines(&s, w, t);
	screen_sparklines(&s, &set);
	screen_end();
}

/* --- for programs --- */

static void csv_head(void)
{
	print("tick,time,late,gm_offset_ns,path_delay_ns,grandmaster,ports,system_offset_ns,system_uncertainty_ns,"
	      "chrony_offset_ns,chrony_root_distance_ns,synchronized,max_error_us,guests,served\r\n");
}

static void csv_tick(const struct watch_tick *t)
{
	char when[40];

	print("%u,%s,%d,", t->nth, series_time(when, t->when_ns), t->late);
	series_csv_ns(check_offset(&t->ptp4l));
	print(",");
	series_csv_ns(check_path_delay(&t->ptp4l));
	print(",%s,", t->ptp4l.grandmaster);
	series_csv(t->ports);
	if (t->hop.known)
		print(",%" PRId64 ",%" PRId64, t->hop.offset_ns, t->hop.uncertainty_ns);
	else
		print(",,");
	if (t->has_tracking)
		print(",%.0f,%.0f", t->tracking.system * 1e9, status_root_distance(&t->tracking) * 1e9);
	else
		print(",,");
	print(",");
	if (t->kernel.known)
		print("%d", !(t->kernel.status & STA_UNSYNC));
	print(",");
	series_csv_ns(t->kernel.max_error_ns / 1e3);
	print(",");
	if (t->guests >= 0)
		print("%d", t->guests);
	print(",");
	if (t->has_served)
		print("%" PRIu64, t->served);
	print("\r\n");
}

static void json_ptp4l(struct json *j, const struct watch_tick *t)
{
	if (!t->has_ptp4l) {
		json_null(j, "gm");
		return;
	}
	json_open(j, "gm", '{');
	json_double(j, "offset_ns", check_offset(&t->ptp4l));
	json_double(j, "path_delay_ns", check_path_delay(&t->ptp4l));
	json_text(j, "grandmaster", t->ptp4l.grandmaster);
	json_int(j, "gm_class", t->ptp4l.gm_class);
	json_text(j, "ports", t->ports);
	json_close(j, '}');
}

static void json_system(struct json *j, const struct watch_tick *t)
{
	if (!t->hop.path[0]) {
		json_null(j, "system");
		return;
	}
	json_open(j, "system", '{');
	json_string(j, "phc", t->hop.path);
	json_if_s64(j, "offset_ns", t->hop.known, t->hop.offset_ns);
	json_if_s64(j, "uncertainty_ns", t->hop.known, t->hop.uncertainty_ns);
	json_text(j, "error", t->hop.why);
	json_close(j, '}');
}

static void json_chrony(struct json *j, const struct watch_tick *t)
{
	if (!t->has_tracking) {
		json_null(j, "chrony");
		return;
	}
	json_open(j, "chrony", '{');
	json_text(j, "reference", t->tracking.name);
	json_s64(j, "stratum", t->tracking.stratum);
	json_double(j, "offset_ns", t->tracking.system * 1e9);
	json_double(j, "root_distance_ns", status_root_distance(&t->tracking) * 1e9);
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
	json_bool(&j, "late", t->late);
	json_ptp4l(&j, t);
	json_system(&j, t);
	json_chrony(&j, t);
	json_bit(&j, "synchronized", t->kernel.known ? !(t->kernel.status & STA_UNSYNC) : UNKNOWN);
	json_double(&j, "max_error_us", t->kernel.max_error_ns / 1e3);
	json_if_s64(&j, "guests", t->guests >= 0, t->guests);
	json_if_u64(&j, "served", t->has_served, t->served);
	json_close(&j, '}');
}

static void json_summary(const struct watch *w)
{
	const struct series_set set = watch_set(&w->run);
	struct json j = { .f = stdout, .compact = true };

	json_open(&j, NULL, '{');
	json_string(&j, "type", "summary");
	json_u64(&j, "schema", JSON_SCHEMA);
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
		print_head(w);
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
		print_line(w, t);
	}
}

void watch_show_summary(const struct watch *w)
{
	if (w->run.format == WATCH_JSON)
		json_summary(w);
	else
		print_summary(w->run.format == WATCH_CSV ? stderr : stdout, w);
}
