/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Statistics of a series of readings, in the unit of the readings. A reading that is missing is NAN. */
#ifndef SERIES_STATS_H
#define SERIES_STATS_H

#include <stddef.h>
#include <stdint.h>

struct stats {
	size_t n;		/* readings that are not missing */
	double min;
	double max;
	double mean;
	double median;
	double p99;		/* of the absolute values, nearest rank */
	double stddev;		/* of a sample: n - 1; NAN for a single reading */
};

/* v is left as it is. Where every reading is missing, or n is 0, everything is NAN, but for s->n. */
void stats_of(struct stats *s, const double *v, size_t n);

/*
 * Overlapping Allan deviation (IEEE 1139) of time offsets x[] in seconds, taken every tau0 seconds, at
 * m * tau0. Of the second differences those that need a missing reading are left out. NAN where m is 0,
 * where n < 2 m + 1, or where nothing is left.
 */
double stats_allan(const double *x, size_t n, double tau0, size_t m);

/* These sort what they are given; n must not be 0. */
void sort_s64(int64_t *v, size_t n);
int64_t sorted_median(const int64_t *v, size_t n);
int64_t sorted_quantile(const int64_t *v, size_t n, double q);

#endif
