// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <math.h>
#include <sys/timex.h>

#include "base/now.h"
#include "clock/adjust.h"

/* adjtimex(2): µs of a tick of USER_HZ, by which a rate of 1 is reached, and of which one is 100 ppm */
#define TICK_US 10000
#define PPM_PER_US (1e6 / TICK_US)
#define FREQ_PER_PPM 65536	/* timex.freq is ppm with a 16-bit fraction */

#define READINGS 5
#define TRIES 3			/* a step, and what came between reading and setting */
#define MEASURED 32		/* readings of which a rate is made */
#define EVEN_NS 250		/* how far one may be off it, beside its window */

static int read_once(int fd, enum phc_method m, struct adjust_reading *r)
{
	int64_t before = now_ns(CLOCK_MONOTONIC_RAW);
	struct phc_sample s;
	int err = phc_read(fd, m, &s);
	int64_t window = now_ns(CLOCK_MONOTONIC_RAW) - before;

	*r = (struct adjust_reading){ .method = m };
	if (err)
		return err;
	r->device = s.device;
	r->raw_window = m == PHC_PRECISE ? 0 : window;
	r->raw = m == PHC_PRECISE ? s.raw : before + window / 2;
	r->offset = phc_offset(&s);
	r->uncertainty = (s.post - s.pre + 1) / 2;
	return 0;
}

/* The narrowest of a few; of exact ones the first */
static int read_narrowest(int fd, enum phc_method m, struct adjust_reading *best)
{
	struct adjust_reading r;
	int err = read_once(fd, m, best);

	for (int i = 1; i < READINGS && !err && (best->uncertainty || best->raw_window); i++) {
		err = read_once(fd, m, &r);
		if (!err && r.raw_window < best->raw_window)
			*best = r;
	}
	return err;
}

int adjust_read(int fd, struct adjust_reading *r)
{
	int err = EOPNOTSUPP;

	for (int m = 0; m < PHC_METHODS && err; m++)
		err = read_narrowest(fd, m, r);
	return err;
}

struct line {
	double slope;		/* ns per s */
	double worst;		/* ns, from it to the reading that is farthest off */
};

/* PHC against CLOCK_MONOTONIC_RAW, by least squares: a host's own clock is uneven by some ns from one of its ticks to the next. */
static struct line fit(const struct adjust_reading r[MEASURED])
{
	double x[MEASURED], y[MEASURED], mx = 0, my = 0, xx = 0, xy = 0;
	struct line l = { 0 };

	for (int i = 0; i < MEASURED; i++) {
		x[i] = (r[i].raw - r[0].raw) / 1e9;
		y[i] = (r[i].device - r[0].device) - (r[i].raw - r[0].raw);
		mx += x[i] / MEASURED;
		my += y[i] / MEASURED;
	}
	for (int i = 0; i < MEASURED; i++) {
		xx += (x[i] - mx) * (x[i] - mx);
		xy += (x[i] - mx) * (y[i] - my);
	}
	l.slope = xy / xx;
	for (int i = 0; i < MEASURED; i++)
		l.worst = fmax(l.worst, fabs(y[i] - my - l.slope * (x[i] - mx)));
	return l;
}

int adjust_measure(int fd, int64_t ns, struct adjust_rate *rate)
{
	int64_t start = now_ns(CLOCK_MONOTONIC), window = 0;
	struct adjust_reading r[MEASURED];
	struct line l;

	for (int i = 0; i < MEASURED; i++) {
		int err;

		sleep_until(start + i * ns / (MEASURED - 1));
		err = adjust_read(fd, &r[i]);
		if (err)
			return err;
		if (i && r[i].raw <= r[i - 1].raw)
			return EAGAIN;
		if (r[i].raw_window > window)
			window = r[i].raw_window;
	}
	l = fit(r);
	rate->ppm = l.slope / 1e3;
	rate->uncertainty = (window + 2 * l.worst + 2) / (r[MEASURED - 1].raw - r[0].raw) * 1e6;
	if (l.worst > EVEN_NS + window / 2.0)
		return EAGAIN;
	return fabs(rate->ppm) > ADJUST_PPM_MAX ? ERANGE : 0;
}

int adjust_rate(double ppm)
{
	long ticks = lround(ppm / PPM_PER_US);
	struct timex tx = {
		.modes = ADJ_TICK | ADJ_FREQUENCY,
		.tick = TICK_US + ticks,
		.freq = lround((ppm - ticks * PPM_PER_US) * FREQ_PER_PPM),
	};

	return adjtimex(&tx) < 0 ? errno : 0;
}

/* On, or back if negative; the rest of an adjtime(3) is dropped. 0 or an errno. */
static int step(int64_t ns)
{
	int64_t s = ns / NSEC_PER_SEC - (ns % NSEC_PER_SEC < 0);
	struct timex tx = {
		.modes = ADJ_SETOFFSET | ADJ_NANO,
		/* With ADJ_NANO ns, from 0 on */
		.time = { .tv_sec = s, .tv_usec = ns - s * NSEC_PER_SEC },
	};

	return adjtimex(&tx) < 0 ? errno : 0;
}

static bool is_within(const struct adjust_reading *r, int64_t ns)
{
	int64_t off = r->offset < 0 ? -r->offset : r->offset;

	return off <= ns || off <= r->uncertainty;
}

int adjust_to_phc(int fd, int64_t within_ns, struct adjust_reading *was, struct adjust_reading *now, int *steps)
{
	int err = adjust_read(fd, was);

	*now = *was;
	for (*steps = 0; *steps < TRIES && !err && !is_within(now, within_ns); ++*steps) {
		err = step(now->offset);
		if (!err)
			err = adjust_read(fd, now);
	}
	return err;
}
