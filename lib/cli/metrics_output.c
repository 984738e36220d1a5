// SPDX-License-Identifier: GPL-2.0-or-later
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/die.h"
#include "cli/metrics_output.h"
#include "cli/options.h"
#include "cli/verbs.h"
#include "output/publish.h"
#include "system/tree.h"

static void parse(struct metrics_output *o, const char *usage, int argc, char **argv)
{
	struct option longopts[4 + LIMITS_MAX + 1] = {
		{ "output", 1, NULL, 'o' }, { "root", 1, NULL, 'R' }, { "ignore", 1, NULL, 'i' }, { "help", 0, NULL, 'h' },
	};
	int c;

	limits_add(longopts, 4, o->limits);
	while ((c = getopt_long(argc, argv, "o:h", longopts, NULL)) != -1) {
		switch (c) {
		case 'o':
			o->file = optarg;
			break;
		case 'R':
			opt_root(optarg);
			break;
		case 'i':
			ignored_add(&o->ignored, optarg, o->codes);
			break;
		case 'h':
			opt_help(usage);
		default:
			if (!limit_take(o->limits, c, optarg))
				misuse("bad option");
		}
	}
	opt_no_arguments(argc, argv);
	if (o->file && !*o->file)
		misuse("--output: an empty name");
}

void metrics_output_begin(struct metrics_output *o, const char *prefix, const char *usage, int argc, char **argv)
{
	o->metrics.prefix = prefix;
	parse(o, usage, argc, argv);
	o->metrics.f = open_memstream(&o->text, &o->len);
	if (!o->metrics.f)
		die("out of memory");
}

int metrics_output_end(struct metrics_output *o)
{
	int code = EXIT_GOOD;
	char why[2 * PATH_MAX + 200];

	fclose(o->metrics.f);
	if (!publish(o->file ? o->file : "-", o->text, o->len, 0644, why, sizeof(why))) {
		complain("%s", why);
		code = EXIT_BROKEN;
	}
	free(o->text);
	return code;
}
