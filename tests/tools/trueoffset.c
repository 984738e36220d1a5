// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The true offset of a guest's clock from its host's, out of what clocksample wrote on both sides and of the relation
 * between the two counters that KVM's debugfs knows:  guest counter = host counter * scale + offset  (mod 2^64).
 *
 * Everything is done in 64-bit differences from the host's first sample, so that neither counters that wrap nor
 * nanoseconds of the epoch lose a bit; products have 128.
 */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/die.h"
#include "base/now.h"
#include "base/numbers.h"
#include "cli/options.h"
#include "series/stats.h"
#include "shared.h"

typedef __int128 s128;
typedef unsigned __int128 u128;

static const char usage[] =
	"Usage: trueoffset --host FILE --guest FILE --tsc-offset K [OPTION]...\n"
	"The true offset, guest - host, of CLOCK_REALTIME, from the outputs of clocksample on both sides.\n"
	"\n"
	"  -H, --host FILE         the host's samples\n"
	"  -g, --guest FILE        the guest's samples\n"
	"  -k, --tsc-offset K      guest counter - host counter, signed or unsigned 64 bit, as KVM's debugfs prints it\n"
	"      --scale R:BITS      guest counter = host counter * R / 2^BITS + K (debugfs: tsc-scaling-ratio and\n"
	"                          tsc-scaling-ratio-frac-bits; default: 1:0)\n"
	"  -f, --from S            the statistics leave out the first S seconds (settle times don't)\n"
	"      --limit-ns L        what 'settled' means (default 1000)\n"
	"      --max-gap-ms G      drop samples where the host's neighbours are further apart (default: 5 times the usual)\n"
	"      --max-width-ns W    drop samples read less sharply, of host and guest (default: 10 times the usual; 0: none)\n"
	"      --after-host-step   also settle_after_step=, from the host's last step on; no step is an error\n"
	"      --step-at S         the same from a time that is known, in seconds after the first sample\n"
	"  -j, --json              one JSON object instead of key=value\n"
	"  -b, --histogram         then the distribution as bars, for people\n"
	"  -o, --series FILE       write 'seconds offset_ns' a line\n"
	"  -h, --help              this\n"
	"\n"
	"Keys: n, median, median_abs, p99_abs, max_abs, min, max (ns); settle_1us: seconds from the first sample after\n"
	"which |offset| stays within the limit for the rest, or never; host_steps (the host's neighbouring samples are more\n"
	"than 50 us off the counter's rate), last_step_at (seconds, or -); how many of the guest's samples were dropped:\n"
	"outside (the host's time), gap, straddle (a host step), wide; host_wide of the host's; tsc_khz, as the host's\n"
	"clock sees the guest's counter; host_width and guest_width, the median width in cycles.\n"
	"Exit: 0 done; 1 no sample left to judge, or no host step; 2 misuse or bad files.\n";

#define STEP_NS 50000
/* How far a clock may be slewed between two samples that are far apart. */
#define SLEW_PPM 500

struct opts {
	const char *host, *guest, *series;
	uint64_t tsc_offset;
	bool have_offset, after_step, json, histogram;
	uint64_t ratio;
	unsigned int frac_bits;
	int64_t from, step_at;	/* ns */
	int64_t limit_ns, max_gap_ns, max_width_ns;
};

struct sample {
	uint64_t counter, width;
	int64_t real;
};

struct samples {
	const char *path;
	struct sample *v;
	size_t n;
	int64_t width;		/* median */
};

/* A host sample, relative to the first one, on the guest's counter. */
struct point {
	int64_t x, y;
};

struct host {
	struct point *v;
	size_t n;
	bool *step;		/* between point i and i + 1 */
	uint64_t base;		/* the guest's counter, and */
	int64_t base_real;	/* the host's clock, at the first point */
	double ns_per_tick;
	int64_t max_gap;	/* in ticks */
};

struct offset {
	int64_t at;		/* ns after the guest's first sample */
	int64_t ns;
};

struct result {
	struct offset *v;
	size_t n;
	size_t outside, gap, straddle, wide, host_wide, steps;
	int64_t last_step;	/* ns after the guest's first sample */
};

static const char *next_u64(const char *s, uint64_t *val)
{
	char *end;

	if (*s < '0' || *s > '9')
		return NULL;
	errno = 0;
	*val = strtoull(s, &end, 10);
	return errno ? NULL : end;
}

/* "counter realtime width", nothing else. */
static bool parse_line(const char *s, struct sample *out)
{
	uint64_t real;

	s = next_u64(s, &out->counter);
	if (!s || *s++ != ' ')
		return false;
	s = next_u64(s, &real);
	if (!s || *s++ != ' ' || real > INT64_MAX)
		return false;
	out->real = real;
	s = next_u64(s, &out->width);
	return s && *s == '\n' && out->width <= INT64_MAX;
}

static void set_width(struct samples *f)
{
	int64_t *w = xcalloc(f->n, sizeof(*w));

	for (size_t i = 0; i < f->n; i++)
		w[i] = f->v[i].width;
	sort_s64(w, f->n);
	f->width = sorted_median(w, f->n);
	free(w);
}

/* A last line without its end is what a machine leaves that was switched off: it is left out. */
static void load(struct samples *f, const char *path)
{
	FILE *in = fopen(path, "re");
	size_t room = 0, lineno = 0;
	char line[256];

	if (!in)
		die("cannot read %s: %s", path, strerror(errno));
	f->path = path;
	while (fgets(line, sizeof(line), in)) {
		lineno++;
		if (!strchr(line, '\n') && feof(in))
			break;
		if (line[0] == '#')
			continue;
		if (f->n == room) {
			room = room ? 2 * room : 4096;
			f->v = realloc(f->v, room * sizeof(*f->v));
			if (!f->v)
				die("out of memory at %s:%zu", path, lineno);
		}
		if (!parse_line(line, &f->v[f->n]))
			die("%s:%zu: not a line of clocksample", path, lineno);
		f->n++;
	}
	if (ferror(in))
		die("cannot read %s: %s", path, strerror(errno));
	fclose(in);
	if (f->n < 2)
		die("%s: %zu samples, at least 2 are needed", path, f->n);
	set_width(f);
}

/* The same instant on the guest's counter. */
static uint64_t to_guest(const struct opts *o, uint64_t host_counter)
{
	return (uint64_t)(((u128)host_counter * o->ratio) >> o->frac_bits) + o->tsc_offset;
}

/*
 * Widths are counted where they were read, on counters of different rates if there is scaling; ns_per_tick
 * is the guest's counter's. With the default, only the factor to the usual width counts.
 */
static bool too_wide(const struct opts *o, const struct samples *f, size_t i, double ns_per_tick)
{
	if (o->max_width_ns < 0)
		return (int64_t)f->v[i].width > 10 * f->width;
	return o->max_width_ns && f->v[i].width * ns_per_tick > o->max_width_ns;
}

static double host_ns_per_tick(const struct opts *o, double guest_ns_per_tick)
{
	return guest_ns_per_tick * ldexp(o->ratio, -(int)o->frac_bits);
}

/* The median of the neighbours' slopes: neither a step nor a wide sample moves it. */
static double usual_slope(const struct point *v, size_t n)
{
	int64_t *s = xcalloc(n - 1, sizeof(*s));
	double slope;

	/* in 2^-40 ns a tick; a step of years would not fit */
	for (size_t i = 0; i + 1 < n; i++) {
		slope = ldexp((double)(v[i + 1].y - v[i].y) / (v[i + 1].x - v[i].x), 40);
		s[i] = fmax(-0x1p62, fmin(0x1p62, slope));
	}
	sort_s64(s, n - 1);
	slope = ldexp(sorted_median(s, n - 1), -40);
	free(s);
	return slope;
}

static int64_t usual_distance(const struct point *v, size_t n)
{
	int64_t *d = xcalloc(n - 1, sizeof(*d)), usual;

	for (size_t i = 0; i + 1 < n; i++)
		d[i] = v[i + 1].x - v[i].x;
	sort_s64(d, n - 1);
	usual = sorted_median(d, n - 1);
	free(d);
	return usual;
}

static void relate(const struct opts *o, const struct samples *f, struct host *h)
{
	h->v = xcalloc(f->n, sizeof(*h->v));
	h->n = f->n;
	h->base = to_guest(o, f->v[0].counter);
	h->base_real = f->v[0].real;
	for (size_t i = 0; i < f->n; i++) {
		h->v[i].x = to_guest(o, f->v[i].counter) - h->base;
		h->v[i].y = f->v[i].real - h->base_real;
		if (i && h->v[i].x <= h->v[i - 1].x)
			die("%s: sample %zu: the counter does not go forwards", f->path, i + 1);
	}
	h->ns_per_tick = usual_slope(h->v, h->n);
	if (!(h->ns_per_tick > 0))
		die("%s: the clock does not go forwards with the counter", f->path);
}

/* Take the wide samples out. What is left keeps its order. */
static void sharpen(const struct opts *o, const struct samples *f, struct host *h, struct result *r)
{
	double ns_per_tick = host_ns_per_tick(o, h->ns_per_tick);
	size_t kept = 0;

	for (size_t i = 0; i < f->n; i++) {
		if (too_wide(o, f, i, ns_per_tick))
			r->host_wide++;
		else
			h->v[kept++] = h->v[i];
	}
	h->n = kept;
	if (h->n < 2)
		die("%s: %zu of %zu samples are sharp enough, at least 2 are needed", f->path, h->n, f->n);
}

/* Where the clock leaves the counter's rate by more than it can be slewed. */
static void find_steps(const struct opts *o, struct host *h)
{
	h->max_gap = o->max_gap_ns ? (int64_t)(o->max_gap_ns / h->ns_per_tick)
				   : 5 * usual_distance(h->v, h->n);
	h->step = xcalloc(h->n, sizeof(*h->step));
	for (size_t i = 0; i + 1 < h->n; i++) {
		int64_t dx = h->v[i + 1].x - h->v[i].x, dy = h->v[i + 1].y - h->v[i].y;
		double limit = STEP_NS;

		if (dx > h->max_gap)
			limit += dx * h->ns_per_tick * (SLEW_PPM * 1e-6);
		h->step[i] = fabs(dy - dx * h->ns_per_tick) > limit;
	}
}

/* The last point at or before x; the caller knows that there is one, and one after it. */
static size_t find_before(const struct host *h, int64_t x)
{
	size_t lo = 0, hi = h->n - 1;

	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (h->v[mid].x <= x)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

static int64_t round_div(s128 a, int64_t b)
{
	return a >= 0 ? (a + b / 2) / b : -((-a + b / 2) / b);
}

static int64_t interpolate(const struct point *p, int64_t x)
{
	int64_t dx = p[1].x - p[0].x, dy = p[1].y - p[0].y;

	return p[0].y + round_div((s128)dy * (x - p[0].x), dx);
}

/* Ticks after the host's first sample; negative before it. */
static int64_t guest_x(const struct host *h, const struct sample *s)
{
	return s->counter - h->base;
}

static void place_steps(const struct host *h, int64_t first, struct result *r)
{
	for (size_t i = 0; i + 1 < h->n; i++) {
		if (!h->step[i])
			continue;
		r->steps++;
		r->last_step = llround((h->v[i].x + (h->v[i + 1].x - h->v[i].x) / 2 - first) *
				       h->ns_per_tick);
	}
}

static void compare(const struct opts *o, const struct host *h, const struct samples *guest,
		    struct result *r)
{
	const int64_t first = guest_x(h, &guest->v[0]);

	r->v = xcalloc(guest->n, sizeof(*r->v));
	for (size_t i = 0; i < guest->n; i++) {
		int64_t x = guest_x(h, &guest->v[i]);
		size_t p;

		if (too_wide(o, guest, i, h->ns_per_tick)) {
			r->wide++;
			continue;
		}
		if (x < h->v[0].x || x > h->v[h->n - 1].x) {
			r->outside++;
			continue;
		}
		p = find_before(h, x);
		if (h->step[p]) {
			r->straddle++;
			continue;
		}
		if (h->v[p + 1].x - h->v[p].x > h->max_gap) {
			r->gap++;
			continue;
		}
		r->v[r->n].at = llround((x - first) * h->ns_per_tick);
		r->v[r->n].ns = guest->v[i].real - h->base_real - interpolate(&h->v[p], x);
		r->n++;
	}
	place_steps(h, first, r);
}

/* How long after begin every offset comes to be within the limit, in ns; negative for never. */
static int64_t settled(const struct result *r, int64_t begin, int64_t limit)
{
	int64_t since = -1;

	for (size_t i = 0; i < r->n; i++) {
		if (r->v[i].at < begin)
			continue;
		if (r->v[i].ns > limit || r->v[i].ns < -limit)
			since = -1;
		else if (since < 0)
			since = r->v[i].at - begin;
	}
	return since;
}

static void write_series(const char *path, const struct result *r)
{
	FILE *out = fopen(path, "we");
	int err = !out;

	for (size_t i = 0; !err && i < r->n; i++)
		err = fprintf(out, "%.6f %lld\n", r->v[i].at / 1e9, (long long)r->v[i].ns) < 0;
	if (err || fclose(out))
		die("cannot write %s: %s", path, strerror(errno));
}

/* One key; a value that does not exist is null in JSON and a word otherwise. */
static void put(const struct opts *o, const char *key, bool known, int digits, double val,
		const char *unknown)
{
	static bool more;

	if (o->json)
		printf("%s\"%s\": ", more ? ", " : "{", key);
	else
		printf("%s%s=", more ? " " : "", key);
	more = true;
	if (known)
		printf("%.*f", digits, val);
	else
		fputs(o->json ? "null" : unknown, stdout);
}

static void put_count(const struct opts *o, const char *key, size_t val)
{
	put(o, key, true, 0, val, NULL);
}

/* Offsets beyond 2^53 ns (104 days) would be printed rounded: nothing is lost by that. */
static void put_ns(const struct opts *o, const char *key, const int64_t *sorted, size_t n, int64_t val)
{
	put(o, key, sorted && n, 0, val, "-");
}

static void put_settle(const struct opts *o, const char *key, int64_t ns)
{
	put(o, key, ns >= 0, 3, ns / 1e9, "never");
}

static void put_stats(const struct opts *o, const int64_t *v, const int64_t *a, size_t n)
{
	put_count(o, "n", n);
	put_ns(o, "median", v, n, n ? sorted_median(v, n) : 0);
	put_ns(o, "median_abs", a, n, n ? sorted_median(a, n) : 0);
	put_ns(o, "p99_abs", a, n, n ? sorted_quantile(a, n, 0.99) : 0);
	put_ns(o, "max_abs", a, n, n ? a[n - 1] : 0);
	put_ns(o, "min", v, n, n ? v[0] : 0);
	put_ns(o, "max", v, n, n ? v[n - 1] : 0);
}

static void put_rest(const struct opts *o, const struct host *h, const struct samples *hs,
		     const struct samples *gs, const struct result *r)
{
	put_settle(o, "settle_1us", settled(r, 0, o->limit_ns));
	if (o->step_at >= 0)
		put_settle(o, "settle_after_step", settled(r, o->step_at, o->limit_ns));
	else if (o->after_step)
		put_settle(o, "settle_after_step", r->steps ? settled(r, r->last_step, o->limit_ns) : -1);
	put_count(o, "host_steps", r->steps);
	put(o, "last_step_at", r->steps, 3, r->last_step / 1e9, "-");
	put_count(o, "outside", r->outside);
	put_count(o, "gap", r->gap);
	put_count(o, "straddle", r->straddle);
	put_count(o, "wide", r->wide);
	put_count(o, "host_wide", r->host_wide);
	put(o, "tsc_khz", true, 3, 1e6 / h->ns_per_tick, NULL);
	put_count(o, "host_width", hs->width);
	put_count(o, "guest_width", gs->width);
	puts(o->json ? "}" : "");
}

/* The smallest of 1, 2, 5, 10, 20, … that is not below. */
static int64_t round_up_125(int64_t v)
{
	static const int step[] = { 1, 2, 5 };

	for (int64_t ten = 1; ten < INT64_MAX / 100; ten *= 10)
		for (size_t i = 0; i < ARRAY_SIZE(step); i++)
			if (ten * step[i] >= v)
				return ten * step[i];
	return v;
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static void print_bar(const char *what, size_t count, size_t most, size_t n)
{
	int len = count ? (int)(50 * count / most) : 0;

	printf("%27s  %7zu %5.1f%% ", what, count, 100.0 * count / n);
	while (len--)
		putchar('#');
	putchar('\n');
}

#define BARS 20

/* Bars over the middle 98 %, one more at either end for the rest. */
static void print_histogram(const int64_t *v, size_t n)
{
	int64_t lo = sorted_quantile(v, n, 0.01), hi = sorted_quantile(v, n, 0.99);
	int64_t width = round_up_125((hi - lo) / BARS + 1), first = floor_div(lo, width);
	size_t last = floor_div(hi, width) - first, count[BARS + 4] = { 0 }, most = 0;
	char what[64];

	for (size_t i = 0; i < n; i++) {
		int64_t bar = floor_div(v[i], width) - first;

		count[bar < 0 ? 0 : bar > (int64_t)last ? last + 2 : (size_t)bar + 1]++;
	}
	for (size_t i = 0; i <= last + 2; i++)
		if (count[i] > most)
			most = count[i];
	printf("\nguest - host, ns (%zu samples)\n", n);
	for (size_t i = 0; i <= last + 2; i++) {
		long long from = (first + (int64_t)i - 1) * width;

		if (!i)
			snprintf(what, sizeof(what), "below %lld", from + (long long)width);
		else if (i == last + 2)
			snprintf(what, sizeof(what), "%lld and above", from);
		else
			snprintf(what, sizeof(what), "%lld .. %lld", from, from + (long long)width - 1);
		if (count[i] || (i && i < last + 2))
			print_bar(what, count[i], most, n);
	}
}

static size_t select_from(const struct opts *o, const struct result *r, int64_t *v, int64_t *a)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++) {
		if (r->v[i].at < o->from)
			continue;
		v[n] = r->v[i].ns;
		a[n++] = llabs(r->v[i].ns);
	}
	if (n) {
		sort_s64(v, n);
		sort_s64(a, n);
	}
	return n;
}

/* "R:BITS" */
static void parse_scale(struct opts *o, const char *s)
{
	char ratio[24];
	uint64_t bits;
	size_t len = strcspn(s, ":");

	if (len < sizeof(ratio) && s[len]) {
		memcpy(ratio, s, len);
		ratio[len] = 0;
		if (parse_u64(ratio, 1, UINT64_MAX, &o->ratio) && parse_u64(s + len + 1, 0, 63, &bits)) {
			o->frac_bits = bits;
			return;
		}
	}
	misuse("--scale: '%s' is not RATIO:BITS, two whole numbers", s);
}

static void parse_offset(struct opts *o, const char *s)
{
	int64_t val;

	if (!parse_u64(s, 0, UINT64_MAX, &o->tsc_offset)) {
		if (!parse_s64(s, INT64_MIN, INT64_MAX, &val))
			misuse("--tsc-offset: '%s' is no 64-bit number, signed or unsigned", s);
		o->tsc_offset = val;
	}
	o->have_offset = true;
}

enum { OPT_SCALE = 256, OPT_LIMIT, OPT_GAP, OPT_WIDTH, OPT_AFTER, OPT_STEP };

static void set_option(struct opts *o, int c)
{
	switch (c) {
	case 'H':
		o->host = optarg;
		break;
	case 'g':
		o->guest = optarg;
		break;
	case 'k':
		parse_offset(o, optarg);
		break;
	case OPT_SCALE:
		parse_scale(o, optarg);
		break;
	case 'f':
		o->from = llround(1e9 * opt_decimal("--from", optarg, 0, 1e9));
		break;
	case OPT_LIMIT:
		o->limit_ns = opt_u64("--limit-ns", optarg, 0, INT64_MAX);
		break;
	case OPT_GAP:
		o->max_gap_ns = 1000000 * opt_u64("--max-gap-ms", optarg, 1, 1000000);
		break;
	case OPT_WIDTH:
		o->max_width_ns = opt_u64("--max-width-ns", optarg, 0, NSEC_PER_SEC);
		break;
	case OPT_AFTER:
		o->after_step = true;
		break;
	case OPT_STEP:
		o->step_at = llround(1e9 * opt_decimal("--step-at", optarg, 0, 1e9));
		break;
	case 'j':
		o->json = true;
		break;
	case 'b':
		o->histogram = true;
		break;
	case 'o':
		o->series = optarg;
		break;
	case 'h':
		opt_help(usage);
	default:
		misuse("bad option");
	}
}

static void parse(int argc, char **argv, struct opts *o)
{
	static const struct option longopts[] = {
		{ "host", 1, NULL, 'H' }, { "guest", 1, NULL, 'g' }, { "tsc-offset", 1, NULL, 'k' },
		{ "scale", 1, NULL, OPT_SCALE }, { "from", 1, NULL, 'f' },
		{ "limit-ns", 1, NULL, OPT_LIMIT }, { "max-gap-ms", 1, NULL, OPT_GAP },
		{ "max-width-ns", 1, NULL, OPT_WIDTH }, { "after-host-step", 0, NULL, OPT_AFTER },
		{ "step-at", 1, NULL, OPT_STEP }, { "json", 0, NULL, 'j' },
		{ "histogram", 0, NULL, 'b' }, { "series", 1, NULL, 'o' }, { "help", 0, NULL, 'h' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "H:g:k:f:jbo:h", longopts, NULL)) != -1)
		set_option(o, c);
	opt_no_arguments(argc, argv);
	if (!o->host || !o->guest)
		misuse("--%s is missing", o->host ? "guest" : "host");
	if (!o->have_offset)
		misuse("--tsc-offset is missing");
	if (o->json && o->histogram)
		misuse("--json and --histogram exclude each other");
	if (o->after_step && o->step_at >= 0)
		misuse("--after-host-step and --step-at exclude each other");
}

static int report(const struct opts *o, const struct host *h, const struct samples *hs,
		  const struct samples *gs, const struct result *r)
{
	int64_t *v = xcalloc(r->n, sizeof(*v)), *a = xcalloc(r->n, sizeof(*a));
	size_t n = select_from(o, r, v, a);

	put_stats(o, v, a, n);
	put_rest(o, h, hs, gs, r);
	if (o->histogram && n)
		print_histogram(v, n);
	free(v);
	free(a);
	if (!n)
		fprintf(stderr, "trueoffset: none of %zu guest samples is left to judge; is the counter's offset right?\n",
			gs->n);
	else if (o->after_step && !r->steps)
		fprintf(stderr, "trueoffset: %s: no step found\n", hs->path);
	return n && (!o->after_step || r->steps) ? EXIT_OK : EXIT_MEASURED;
}

int main(int argc, char **argv)
{
	struct opts o = { .ratio = 1, .limit_ns = 1000, .max_width_ns = -1, .step_at = -1 };
	struct samples hs = { 0 }, gs = { 0 };
	struct result r = { 0 };
	struct host h = { 0 };

	progname = "trueoffset";
	parse(argc, argv, &o);
	load(&hs, o.host);
	load(&gs, o.guest);
	relate(&o, &hs, &h);
	sharpen(&o, &hs, &h, &r);
	find_steps(&o, &h);
	compare(&o, &h, &gs, &r);
	if (o.series)
		write_series(o.series, &r);
	return finish(report(&o, &h, &hs, &gs, &r));
}
