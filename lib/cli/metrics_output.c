// SPDX-License-Identifier: GPL-2.0-or-later
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/die.h"
#include "cli/metrics_output.h"
#include "cli/limits.h"
#include "cli/options.h"
#include "output/publish.h"

void metrics_output_begin(struct metrics_output *o, const char *prefix, const char *about, int argc, char **argv)
{
	struct option_row limits[LIMIT_ROWS];
	const struct option_row rows[] = {
		{ 'o', "output", "FILE", "replace FILE whole, for node_exporter's textfile collector; a device or FIFO is "
		  "written through, a symbolic link refused, no folder made (default, and -: standard output)",
		  TEXT_TO(&o->file) },
		{ 0, "root", "DIR", "of the system's files below DIR; nothing is asked that runs", ROOT_TO(NULL) },
		IGNORE_ROW(&o->findings, "these warnings and failures of check don't count"),
		{ 0 },
	};

	o->metrics.prefix = prefix;
	limit_rows(limits, o->limits);
	options_parse(&(struct command){
		.about = about, .rows = rows, .more = limits,
		.statuses = "0 the metrics are written, whatever they say; 2 they could not be, or misuse",
	}, argc, argv);
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
