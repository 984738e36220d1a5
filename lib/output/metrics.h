/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prometheus' text exposition, for node_exporter's textfile collector: families of samples, each with HELP and TYPE
 * before its first one.
 */
#ifndef OUTPUT_METRICS_H
#define OUTPUT_METRICS_H

#include <stdbool.h>
#include <stdio.h>

struct metrics {
	FILE *f;
	const char *prefix;		/* "ptpkvm_" */
	const char *name, *help, *type;	/* of the family that is under way */
	bool begun;			/* it has a sample */
};

/* The next family; one that gets no samples is not there. */
void metrics_gauges(struct metrics *m, const char *name, const char *help);
void metrics_counters(struct metrics *m, const char *name, const char *help);	/* "…_total" */

/*
 * Names and values of labels in pairs, then NULL. Bytes of a value that are no UTF-8, and control characters but
 * newlines, become U+FFFD.
 */
void metrics_sample(struct metrics *m, double val, ...) __attribute__((sentinel));

/* A family of one sample without labels */
void metrics_gauge(struct metrics *m, const char *name, const char *help, double val);

#endif
