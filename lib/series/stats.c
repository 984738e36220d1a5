// SPDX-License-Identifier: GPL-2.0-or-later
#include <math.h>
#include <stdlib.h>

#include "base/die.h"
#include "series/stats.h"

static int cmp_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double sample_deviation(const double *v, size_t n, double mean)
{
	double sum = 0;

	if (n < 2)
		return NAN;
	for (size_t i = 0; i < n; i++)
		sum += (v[i] - mean) * (v[i] - mean);
	return sqrt(sum / (n - 1));
}

void stats_of(struct stats *s, const double *v, size_t n)
{
	double *sorted = xcalloc(n, sizeof(*sorted)), base, sum = 0;
	size_t kept = 0;

	*s = (struct stats){ 0, NAN, NAN, NAN, NAN, NAN, NAN };
	for (size_t i = 0; i < n; i++)
		if (!isnan(v[i]))
			sorted[kept++] = v[i];
	if (!kept)
		goto out;
	qsort(sorted, kept, sizeof(*sorted), cmp_double);
	s->n = kept;
	s->min = sorted[0];
	s->max = sorted[kept - 1];
	s->median = sorted[(kept - 1) / 2] + (sorted[kept / 2] - sorted[(kept - 1) / 2]) / 2;
	/* Against a base, so that large and nearly equal readings lose nothing. */
	base = s->median;
	for (size_t i = 0; i < kept; i++)
		sum += sorted[i] - base;
	s->mean = base + sum / kept;
	s->stddev = sample_deviation(sorted, kept, s->mean);

	for (size_t i = 0; i < kept; i++)
		sorted[i] = fabs(sorted[i]);
	qsort(sorted, kept, sizeof(*sorted), cmp_double);
	s->p99 = sorted[kept - 1 - kept / 100];
out:
	free(sorted);
}

double stats_allan(const double *x, size_t n, double tau0, size_t m)
{
	double sum = 0, tau = m * tau0;
	size_t used = 0;

	if (!m || !n || m > (n - 1) / 2)
		return NAN;
	for (size_t i = 0; i + 2 * m < n; i++) {
		double second = x[i + 2 * m] - 2 * x[i + m] + x[i];

		if (isnan(second))
			continue;
		sum += second * second;
		used++;
	}
	return used ? sqrt(sum / used / 2) / tau : NAN;
}

/* --- whole numbers --- */

static int cmp_s64(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

void sort_s64(int64_t *v, size_t n)
{
	qsort(v, n, sizeof(*v), cmp_s64);
}

int64_t sorted_median(const int64_t *v, size_t n)
{
	int64_t lo = v[(n - 1) / 2], hi = v[n / 2];

	return lo + (hi - lo) / 2;
}

/* Nearest rank: the smallest value that at least that share of all values does not exceed. */
int64_t sorted_quantile(const int64_t *v, size_t n, double q)
{
	size_t rank = (size_t)(q * n);

	if (rank < q * n)
		rank++;
	return v[rank ? rank - 1 : 0];
}
