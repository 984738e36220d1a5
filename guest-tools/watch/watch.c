// SPDX-License-Identifier: GPL-2.0-or-later
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/now.h"
#include "base/text.h"
#include "check/judge.h"
#include "facts/facts.h"
#include "ptpkvm.h"
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
			 host_clock_why(&w->phc, t->error), errname(t->error));
	ticks_say_once(said, sizeof(said), text);
}

static void begin(void *arg)
{
	const struct watch *w = arg;

	watch_chrony_start(w->refid);
	watch_show_head(w);
}

static void tick(void *arg, bool late, int64_t next)
{
	struct watch *w = arg;
	struct watch_tick t = { .nth = w->run.ticks, .when_ns = now_ns(CLOCK_REALTIME), .late = late };
	unsigned int i = w->run.ticks - 1;

	if (!late) {
		read_phc(w, &t);
		ask_chrony(&t, next);
	}
	w->series[WATCH_PHC].ns[i] = late || t.error ? NAN : t.phc.offset_ns;
	w->series[WATCH_CHRONY].ns[i] = t.has_source ? view_ns(t.source.offset) : NAN;
	watch_show_tick(w, &t);
}

static void end(void *arg)
{
	watch_show_summary(arg);
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
	static const struct watch_calls calls = { begin, tick, end };
	struct watch w = {
		.run = { .series = w.series, .n = WATCH_SERIES },
		.series = {
			[WATCH_PHC] = { .title = "PHC - system", .key = "phc", .plot = "direct" },
			[WATCH_CHRONY] = { .title = "chronyd", .key = "chrony", .plot = "chronyd" },
		},
	};
	int code;

	options_parse(&(struct command){
		.about = "How far the system's clock is from the PTP clock, tick by tick: read directly, and as chronyd sees "
			 "it. Positive: the system's clock is behind. (chronyc prints the same with the other sign.)",
		.rows = rows, .notes = WATCH_NOTES,
		.statuses = "0 all of the PTP clock's readings succeeded; 1 some did not; 2 none did, or misuse",
	}, argc, argv);
	watch_asked(&w.run, &o);
	code = view_open(&w.phc, device);
	if (code)
		return code;
	find_refid(w.refid, sizeof(w.refid));
	code = watch_go(&w.run, &o, &calls, &w, &w.series[WATCH_PHC], "PHC - system, ns");
	close(w.phc.fd);
	return code;
}
