// SPDX-License-Identifier: GPL-2.0-or-later
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/now.h"
#include "base/text.h"
#include "check/judge.h"
#include "facts/facts.h"
#include "ptpkvm.h"
#include "series/plot.h"
#include "series/screen.h"
#include "system/interval.h"
#include "watch/watch.h"

/* Before the next tick's turn, but no longer than chronyc may take at all */
static void ask_chrony(struct watch_tick *t, int64_t next)
{
	static char said[400];
	int64_t now = now_ns(CLOCK_MONOTONIC), most = now + (CHRONYC_TIMEOUT_MS + 1000) * 1000000LL;
	int64_t deadline = now + (next - now) / 5 * 4;
	struct watch_answer a;
	char text[400] = "";

	if (!watch_chrony_ask(&a, deadline < most ? deadline : most))
		return;
	t->has_source = a.has_source;
	t->source = a.source;
	if (!a.has_source)
		snprintf(text, sizeof(text), "%s; direct readings only", a.why);
	ticks_say_once(said, sizeof(said), text);
}

static void read_phc(const struct watch *w, struct watch_tick *t)
{
	static char said[400];
	char text[400] = "";

	t->error = view_phc(w->phc.fd, &t->phc);
	if (t->error)
		snprintf(text, sizeof(text), "%s cannot be read: %s (%s); 'ptpkvm check' says more", w->phc.path,
			 strerror(t->error), errname(t->error));
	ticks_say_once(said, sizeof(said), text);
}

/* next: when it is the next one's turn, on CLOCK_MONOTONIC */
static void take_tick(struct watch *w, struct watch_tick *t, int64_t next)
{
	const bool late = now_ns(CLOCK_MONOTONIC) >= next;
	unsigned int i = w->ticks++;

	*t = (struct watch_tick){ .nth = w->ticks, .when_ns = now_ns(CLOCK_REALTIME), .late = late };
	if (!late) {
		read_phc(w, t);
		ask_chrony(t, next);
	}
	w->series[WATCH_PHC].ns[i] = late || t->error ? NAN : t->phc.offset_ns;
	w->series[WATCH_CHRONY].ns[i] = t->has_source ? view_ns(t->source.offset) : NAN;
}

static void watch(struct watch *w, const sigset_t *normal)
{
	int64_t start = now_ns(CLOCK_MONOTONIC), step = llround(w->interval * NSEC_PER_SEC);
	struct watch_tick t;

	watch_chrony_start(w->refid);
	watch_show_head(w);
	while (w->ticks < w->count) {
		int64_t deadline = start + w->ticks * step;

		ticks_wait(deadline, normal);
		if (ticks_stop)
			break;
		take_tick(w, &t, deadline + step);
		watch_show_tick(w, &t);
		if (fflush(stdout))
			return;
	}
	watch_show_summary(w);
}

static void find_refid(char *refid, size_t len)
{
	static struct check_facts facts;
	const struct refclock_fact *r;

	check_gather(&facts);
	r = check_refclock(&facts.chrony);
	if (r)
		snprintf(refid, len, "%.*s", (int)sizeof(r->refid) - 1, r->refid);
}

static int result(const struct watch *w)
{
	unsigned int had = 0;

	for (unsigned int i = 0; i < w->ticks; i++)
		had += !isnan(w->series[WATCH_PHC].ns[i]);
	if (had == w->ticks)
		return EXIT_GOOD;
	return had ? EXIT_WARNINGS : EXIT_BROKEN;
}

int cmd_watch(int argc, char **argv)
{
	struct watch_options o = WATCH_DEFAULTS;
	const char *device = NULL;
	const struct option_row rows[] = {
		WATCH_ROWS(&o),
		{ 'd', "device", "PATH", "this PTP clock (default: the one named '" PHC_KVM_NAME "')",
		  TEXT_TO(&device) },
		{ 0 },
	};
	struct watch w = {
		.series = {
			[WATCH_PHC] = { .title = "PHC - system", .key = "phc", .plot = "direct" },
			[WATCH_CHRONY] = { .title = "chronyd", .key = "chrony", .plot = "chronyd" },
		},
	};
	struct plot plot = { 0 };
	struct series_set set;
	char why[PATH_MAX + 400];
	sigset_t normal;
	int code;

	options_parse(&(struct command){
		.about = "How far the system's clock is from the PTP clock, tick by tick: read directly, and as chronyd sees "
			 "it. Positive: the system's clock is behind. (chronyc prints the same with the other sign.)",
		.rows = rows, .notes = WATCH_NOTES,
		.statuses = "0 all of the PTP clock's readings succeeded; 1 some did not; 2 none did, or misuse",
	}, argc, argv);
	watch_options_done(&o);
	w.count = o.count;
	w.interval = o.interval;
	w.format = o.format;
	code = view_open(&w.phc, device);
	if (code)
		return code;
	if (w.format == WATCH_TEXT && screen_possible())
		w.format = WATCH_LIVE;
	find_refid(w.refid, sizeof(w.refid));
	for (int i = 0; i < WATCH_SERIES; i++)
		w.series[i].ns = xcalloc(w.count, sizeof(*w.series[i].ns));
	ticks_catch_signals(&normal);
	plot_prepare(&plot, o.plot);

	watch(&w, &normal);
	code = result(&w);
	set = watch_set(&w);
	if (o.plot && !plot_draw(&plot, &set, "PHC - system, ns", why, sizeof(why))) {
		complain("%s", why);
		code = EXIT_BROKEN;
	}
	plot_end(&plot);
	for (int i = 0; i < WATCH_SERIES; i++)
		free(w.series[i].ns);
	close(w.phc.fd);
	return code;
}
