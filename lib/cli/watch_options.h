/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a watch is asked for, in both tools */
#ifndef CLI_WATCH_OPTIONS_H
#define CLI_WATCH_OPTIONS_H

#include <stdbool.h>

#include "cli/options.h"

enum watch_format { WATCH_TEXT, WATCH_LIVE, WATCH_CSV, WATCH_JSON };

struct watch_options {
	int count;		/* ticks; 0 given: as many as there can be */
	double interval;	/* seconds */
	const char *plot;	/* --plot FILE, or NULL */
	bool csv, json;
	enum watch_format format;
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

/* After options_parse(): the format, and the count. */
void watch_options_done(struct watch_options *o);

#endif
