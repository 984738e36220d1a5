// SPDX-License-Identifier: GPL-2.0-or-later
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/die.h"
#include "base/now.h"
#include "cli/watch.h"
#include "series/plot.h"
#include "series/screen.h"
#include "system/interval.h"

void watch_asked(struct watch_run *run, const struct watch_options *o)
{
	if (o->csv && o->json)
		misuse("--csv and --json exclude each other");
	run->format = o->csv ? WATCH_CSV : o->json ? WATCH_JSON : screen_possible() ? WATCH_LIVE : WATCH_TEXT;
	run->count = o->count ? o->count : WATCH_COUNT_MAX;
	run->interval = o->interval;
}

struct series_set watch_set(const struct watch_run *run)
{
	return (struct series_set){ run->series, run->n, run->ticks, run->interval };
}

static void loop(struct watch_run *run, const struct watch_calls *calls, void *arg, const sigset_t *normal)
{
	int64_t start = now_ns(CLOCK_MONOTONIC), step = llround(run->interval * NSEC_PER_SEC), turn;

	calls->begin(arg);
	while (run->ticks < run->count) {
		turn = start + run->ticks * step;
		ticks_wait(turn, normal);
		if (ticks_stop)
			break;
		run->ticks++;
		calls->tick(arg, now_ns(CLOCK_MONOTONIC) >= turn + step, turn + step);
		if (fflush(stdout))
			return;
	}
	calls->end(arg);
}

static int result(const struct watch_run *run, const struct series *decides)
{
	unsigned int had = 0;

	for (unsigned int i = 0; i < run->ticks; i++)
		had += !isnan(decides->ns[i]);
	if (had == run->ticks)
		return EXIT_GOOD;
	return had ? EXIT_WARNINGS : EXIT_BROKEN;
}

int watch_go(struct watch_run *run, const struct watch_options *o, const struct watch_calls *calls, void *arg,
	     const struct series *decides, const char *axis)
{
	struct plot plot = { 0 };
	struct series_set set;
	char why[PATH_MAX + 400];
	sigset_t normal;
	int code;

	for (size_t i = 0; i < run->n; i++)
		run->series[i].ns = xcalloc(run->count, sizeof(*run->series[i].ns));
	ticks_catch_signals(&normal);
	plot_prepare(&plot, o->plot);

	loop(run, calls, arg, &normal);
	code = result(run, decides);
	set = watch_set(run);
	if (o->plot && !plot_draw(&plot, &set, axis, why, sizeof(why))) {
		complain("%s", why);
		code = EXIT_BROKEN;
	}
	plot_end(&plot);
	for (size_t i = 0; i < run->n; i++)
		free(run->series[i].ns);
	return code;
}
