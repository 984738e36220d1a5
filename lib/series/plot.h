/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Series drawn by gnuplot(1) into a file, whole or not at all. */
#ifndef SERIES_PLOT_H
#define SERIES_PLOT_H

#include <limits.h>

#include "series/series.h"

struct plot {
	const char *file;		/* NULL: none is wanted */
	char data[PATH_MAX];		/* temporary */
	char image[PATH_MAX];		/* temporary, beside file */
};

/* Ends the program if there is no gnuplot, or if file can't be written or has another suffix than .svg, .png. */
void plot_prepare(struct plot *p, const char *file);
/* ylabel: of the axis. False with the reason in why; the data are then kept, and their place is in the reason too. */
bool plot_draw(struct plot *p, const struct series_set *set, const char *ylabel, char *why, size_t len);
/* Whatever is left of the temporary files goes. */
void plot_end(struct plot *p);

#endif
