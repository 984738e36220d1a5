// SPDX-License-Identifier: GPL-2.0-or-later
#include <getopt.h>
#include <stddef.h>

#include "base/die.h"
#include "cli/options.h"
#include "cli/watch_options.h"

static void set_format(struct watch_options *o, enum watch_format format)
{
	if (o->format != WATCH_TEXT && o->format != format)
		misuse("--csv and --json exclude each other");
	o->format = format;
}

void watch_options_parse(struct watch_options *o, int argc, char **argv)
{
	const struct option longopts[] = {
		{ "count", 1, NULL, 'n' }, { "interval", 1, NULL, 'i' }, { "csv", 0, NULL, 'c' },
		{ "json", 0, NULL, 'j' }, { "plot", 1, NULL, 'p' }, { "help", 0, NULL, 'h' },
		{ o->with_device ? "device" : NULL, 1, NULL, 'd' }, { 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, o->with_device ? "n:i:cjp:d:h" : "n:i:cjp:h", longopts, NULL)) != -1) {
		switch (c) {
		case 'n':
			o->count = opt_u64("--count", optarg, 0, WATCH_COUNT_MAX);
			break;
		case 'i':
			o->interval = opt_decimal("--interval", optarg, 0.05, 3600);
			break;
		case 'c':
			set_format(o, WATCH_CSV);
			break;
		case 'j':
			set_format(o, WATCH_JSON);
			break;
		case 'p':
			o->plot = optarg;
			break;
		case 'd':
			o->device = optarg;
			break;
		case 'h':
			opt_help(o->usage);
		default:
			misuse("bad option");
		}
	}
	opt_no_arguments(argc, argv);
	if (!o->count)
		o->count = WATCH_COUNT_MAX;
}
