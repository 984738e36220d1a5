/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a watch is asked for, in both tools */
#ifndef CLI_WATCH_OPTIONS_H
#define CLI_WATCH_OPTIONS_H

#include <stdbool.h>

enum watch_format { WATCH_TEXT, WATCH_LIVE, WATCH_CSV, WATCH_JSON };

struct watch_options {
	const char *usage;	/* for --help */
	bool with_device;	/* -d, --device PATH is an option, too */

	unsigned int count;	/* ticks; 0 given: as many as there can be */
	double interval;	/* seconds, 0.05 to 3600 */
	enum watch_format format;
	const char *plot;	/* --plot FILE, or NULL */
	const char *device;
};

#define WATCH_COUNT_MAX 100000

/* count and interval are the defaults. A bad option, or an argument, is misuse; --help ends the program. */
void watch_options_parse(struct watch_options *o, int argc, char **argv);

#endif
