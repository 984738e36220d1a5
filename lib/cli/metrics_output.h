/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How metrics are asked for, in both tools, and where they go. */
#ifndef CLI_METRICS_OUTPUT_H
#define CLI_METRICS_OUTPUT_H

#include "output/findings.h"
#include "output/metrics.h"

struct metrics_output {
	struct metrics metrics;
	const char *file;	/* of --output; NULL: standard output */
	struct findings_options findings;	/* --ignore */
	struct limit *limits;	/* what options set */
	char *text;
	size_t len;
};

/*
 * findings.kinds and limits are given, all else is 0. A bad option, or an operand, is misuse; --help ends the program.
 */
void metrics_output_begin(struct metrics_output *o, const char *prefix, const char *about, int argc, char **argv);

/* What was put into o->metrics is written: the exit status, and why it could not be on standard error. */
int metrics_output_end(struct metrics_output *o);

#endif
