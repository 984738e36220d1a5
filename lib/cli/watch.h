/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Watching, tick by tick, in both tools: how it is asked for, and the loop. */
#ifndef CLI_WATCH_H
#define CLI_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/options.h"
#include "series/series.h"

enum watch_format { WATCH_TEXT, WATCH_LIVE, WATCH_CSV, WATCH_JSON };

struct watch_options {
	int count;		/* ticks; 0 given: as many as there can be */
	double interval;	/* seconds */
	const char *plot;	/* --plot FILE, or NULL */
	bool csv, json;
};

#define WATCH_COUNT_MAX 100000
#define WATCH_DEFAULTS { .count = 100, .interval = 1 }

#define WATCH_ROWS(o) \
	{ 'n', "count", "N", "ticks (default 100; 0: until Ctrl-C, but at most 100000)", \
	  WHOLE_TO(&(o)->count, 0, WATCH_COUNT_MAX) }, \
	{ 'i', "interval", "S", "seconds from tick to tick, 0.05 to 3600 (default 1)", \
	  DECIMAL_TO(&(o)->interval, 0.05, 3600) }, \
	{ 'c', "csv", NULL, "a line of comma-separated values a tick; the summary goes to standard error", \
	  FLAG_TO(&(o)->csv) }, \
	{ 'j', "json", NULL, "a JSON object a tick, and one for the summary", FLAG_TO(&(o)->json) }, \
	{ 'p', "plot", "FILE", "also draw FILE.svg or FILE.png, by gnuplot", TEXT_TO(&(o)->plot) }

#define WATCH_NOTES \
	"On a terminal a table that is drawn anew, else a line a tick; statistics at the end or at Ctrl-C."

/* What is watched, and how far it is */
struct watch_run {
	enum watch_format format;
	unsigned int count;		/* ticks that are wanted */
	unsigned int ticks;		/* ticks that have been, the one that is read among them */
	double interval;		/* seconds */
	struct series *series;		/* a tick's reading is at ns[ticks - 1] */
	size_t n;
};

/* A tool's own part; arg is what it gave to watch_go(). */
struct watch_calls {
	void (*begin)(void *arg);
	/* Reads unless it is late, the next one's turn already, and shows it. next: when that is, on CLOCK_MONOTONIC */
	void (*tick)(void *arg, bool late, int64_t next);
	void (*end)(void *arg);
};

/* After options_parse(): what run has of them. Those that exclude each other are misuse. */
void watch_asked(struct watch_run *run, const struct watch_options *o);

/*
 * Ticks until all have been, a signal, or nobody reads any more; then the plot, with that text at its axis. The exit
 * status: whether all, some or none of the ticks had a reading in the series that decides.
 */
int watch_go(struct watch_run *run, const struct watch_options *o, const struct watch_calls *calls, void *arg,
	     const struct series *decides, const char *axis);

struct series_set watch_set(const struct watch_run *run);

#endif
