/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A table on a terminal that is drawn anew in its place. */
#ifndef SERIES_SCREEN_H
#define SERIES_SCREEN_H

#include "series/series.h"

/* Zero before the first screen_begin() */
struct screen {
	int columns, rows;
	int lines;		/* that are on it */
};

/* Standard output is a terminal that can do it. */
bool screen_possible(void);

void screen_begin(struct screen *s);
/* One more line, cut to the width */
void screen_line(struct screen *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The last value and the statistics of each, with a line above; then the course of each */
void screen_stats(struct screen *s, const struct series_set *set);
void screen_sparklines(struct screen *s, const struct series_set *set);
void screen_end(void);

#endif
