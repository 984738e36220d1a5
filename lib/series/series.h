/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Offsets that are read tick by tick, side by side: their statistics for people and for programs. */
#ifndef SERIES_SERIES_H
#define SERIES_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "output/json.h"

struct series {
	const char *title;	/* at most 12 characters of ASCII: "PHC - system" */
	const char *key;	/* in JSON */
	const char *plot;	/* in the plot's legend */
	double *ns;		/* of each tick, NAN where there was none */
};

struct series_set {
	const struct series *list;
	size_t n;
	unsigned int ticks;	/* that have been */
	double interval;	/* s */
};

/* ticks * multiple seconds is long enough for an Allan deviation that says something. */
bool series_long_enough(unsigned int ticks, unsigned int multiple);

/* A height of the last width values in UTF-8 blocks or in ASCII; a space where there is none. */
void series_sparkline(char *line, size_t len, const double *v, size_t n, size_t width, bool utf8);

/* "2026-11-23T21:35:28.123Z", of CLOCK_REALTIME in ns */
const char *series_time(char buf[static 40], int64_t ns);

/* Statistics in a line, and the line above it; live: with the last tick's value */
void series_stats(FILE *f, const struct series *s, unsigned int ticks, bool live);
void series_stats_head(FILE *f, bool live);
/* All of them, and Allan deviations where there is enough for them */
void series_print(FILE *f, const struct series_set *set);
/* An object for each, by its key */
void series_json(struct json *j, const struct series_set *set);

/* A field of CSV on standard output */
void series_csv(const char *s);
/* Whole; NAN is empty */
void series_csv_ns(double ns);

#endif
