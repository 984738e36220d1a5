// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cpus.h"
#include "base/die.h"
#include "base/now.h"
#include "base/text.h"
#include "cli/options.h"
#include "clock/open.h"
#include "output/json.h"
#include "ptpkvm.h"
#include "output/text.h"
#include "series/stats.h"
#include "system/tree.h"
#include "time/counter.h"

#define JSON_SCHEMA 1
#define THREADS_MAX 256
#define DEFAULT_THREADS 4
#define KEPT_MAX (1 << 18)	/* calls of one run whose details are kept, the threads' together */

struct call {
	int64_t cycles, offset, window, when;	/* when: the system's clock, ns */
};

struct worker {
	pthread_t thread;
	pthread_barrier_t *start_line;
	const int *stop;
	int fd, nth;
	enum phc_method method;
	size_t room;
	struct call *calls;		/* the last ones, round and round */
	uint64_t ok, failed;
	int error;			/* the last failed call's errno */
};

struct spread {
	int64_t median;
	double spread, stddev, drift_ppm;
};

struct quantiles {
	int64_t min, p10, median, p99, max;
};

struct result {
	enum phc_method method;
	int threads, error;
	uint64_t ok, failed;
	double calls_per_s, ns_per_cycle;
	struct quantiles cycles, window;
	struct spread offset;
};

struct opts {
	const char *device;
	int threads;
	double seconds;
	bool json, chosen[PHC_METHODS], any_chosen;
};

/* --- measuring --- */

/* gettime alone is what it costs; the two readings of the system's clock are only there for the window. */
static int timed_gettime(int fd, struct phc_sample *s, int64_t *cycles)
{
	struct timespec pre, device, post;
	uint64_t begin;
	int ret;

	clock_gettime(CLOCK_REALTIME, &pre);
	begin = counter_begin();
	ret = clock_gettime(phc_clockid(fd), &device) ? errno : 0;
	*cycles = counter_end() - begin;
	clock_gettime(CLOCK_REALTIME, &post);
	*s = (struct phc_sample){ ts_ns(&device), ts_ns(&pre), ts_ns(&post), 0 };
	return ret;
}

static int timed_read(int fd, enum phc_method m, struct phc_sample *s, int64_t *cycles)
{
	uint64_t begin;
	int ret;

	if (m == PHC_GETTIME)
		return timed_gettime(fd, s, cycles);
	begin = counter_begin();
	ret = phc_read(fd, m, s);
	*cycles = counter_end() - begin;
	return ret;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct phc_sample s;
	int64_t cycles;
	int err;

	pin_to_nth_cpu(w->nth);
	pthread_barrier_wait(w->start_line);
	while (!__atomic_load_n(w->stop, __ATOMIC_RELAXED)) {
		err = timed_read(w->fd, w->method, &s, &cycles);
		if (err) {
			w->error = err;
			w->failed++;
			continue;
		}
		w->calls[w->ok++ % w->room] = (struct call){ cycles, phc_offset(&s), s.post - s.pre, s.pre };
	}
	return NULL;
}

static int by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static struct quantiles quantiles_of(const struct call *calls, size_t n, size_t member)
{
	int64_t *v = xcalloc(n, sizeof(*v));
	struct quantiles q;

	for (size_t i = 0; i < n; i++)
		memcpy(&v[i], (const char *)&calls[i] + member, sizeof(*v));
	qsort(v, n, sizeof(*v), by_number);
	q = (struct quantiles){
		v[0], sorted_quantile(v, n, 0.1), sorted_median(v, n), sorted_quantile(v, n, 0.99), v[n - 1],
	};
	free(v);
	return q;
}

/* Against the line of least squares through offset over time: two clocks that drift apart are no spread. */
static struct spread spread_of(const struct call *calls, size_t n)
{
	double mt = 0, mo = 0, stt = 0, sto = 0, slope, low = INFINITY, high = -INFINITY, sum = 0;
	const struct call *base = &calls[0];

	for (size_t i = 0; i < n; i++) {
		mt += (double)(calls[i].when - base->when) / n;
		mo += (double)(calls[i].offset - base->offset) / n;
	}
	for (size_t i = 0; i < n; i++) {
		double t = calls[i].when - base->when - mt;

		stt += t * t;
		sto += t * (calls[i].offset - base->offset - mo);
	}
	slope = stt > 0 ? sto / stt : 0;
	for (size_t i = 0; i < n; i++) {
		double t = calls[i].when - base->when - mt, r = calls[i].offset - base->offset - mo - slope * t;

		low = fmin(low, r);
		high = fmax(high, r);
		sum += r * r;
	}
	return (struct spread){
		.median = quantiles_of(calls, n, offsetof(struct call, offset)).median,
		.spread = high - low,
		.stddev = n > 2 ? sqrt(sum / (n - 2)) : NAN,
		.drift_ppm = slope * 1e6,
	};
}

static void evaluate(struct result *r, const struct worker *workers, double elapsed_ns, uint64_t elapsed_cycles)
{
	struct call *all = xcalloc(KEPT_MAX, sizeof(*all));
	size_t n = 0;

	for (int i = 0; i < r->threads; i++) {
		const struct worker *w = &workers[i];
		size_t kept = w->ok < w->room ? w->ok : w->room;

		memcpy(all + n, w->calls, kept * sizeof(*all));
		n += kept;
		r->ok += w->ok;
		r->failed += w->failed;
		r->error = w->error ? w->error : r->error;
	}
	r->calls_per_s = r->ok / elapsed_ns * NSEC_PER_SEC;
	r->ns_per_cycle = elapsed_ns / elapsed_cycles;
	if (n) {
		r->cycles = quantiles_of(all, n, offsetof(struct call, cycles));
		r->window = quantiles_of(all, n, offsetof(struct call, window));
		r->offset = spread_of(all, n);
	}
	free(all);
}

static void run_threads(const struct opts *o, int fd, struct result *r, struct worker *workers)
{
	pthread_barrier_t start_line;
	int64_t begin, end;
	uint64_t counter;
	int stop = 0;

	pthread_barrier_init(&start_line, NULL, r->threads + 1);
	for (int i = 0; i < r->threads; i++) {
		struct worker *w = &workers[i];
		int err;

		*w = (struct worker){
			.start_line = &start_line, .stop = &stop, .fd = fd, .nth = i, .method = r->method,
			.room = KEPT_MAX / r->threads,
		};
		w->calls = xcalloc(w->room, sizeof(*w->calls));
		err = pthread_create(&w->thread, NULL, work, w);
		if (err)
			die("cannot start thread %d of %d: %s", i + 1, r->threads, strerror(err));
	}
	/* before the line: after it, this thread may be the last one that gets a CPU */
	begin = now_ns(CLOCK_MONOTONIC);
	counter = counter_begin();
	pthread_barrier_wait(&start_line);
	sleep_until(begin + llround(o->seconds * NSEC_PER_SEC));
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	end = now_ns(CLOCK_MONOTONIC);
	counter = counter_end() - counter;
	for (int i = 0; i < r->threads; i++)
		pthread_join(workers[i].thread, NULL);
	pthread_barrier_destroy(&start_line);
	evaluate(r, workers, end - begin, counter);
	for (int i = 0; i < r->threads; i++)
		free(workers[i].calls);
}

/* One call tells whether it is worth anything; a method that the driver lacks isn't tried for seconds. */
static void measure(const struct opts *o, int fd, struct result *r)
{
	struct worker *workers = xcalloc(r->threads, sizeof(*workers));
	struct phc_sample s;

	r->error = phc_read(fd, r->method, &s);
	if (!r->error)
		run_threads(o, fd, r, workers);
	free(workers);
}

/* --- showing --- */

static void print_head(const struct phc *phc, const char *clocksource)
{
	print("%s (%s), the guest's clocksource is %s; all in ns\n\n", phc->path, phc->name, clocksource);
	print("%-8s %7s %9s %5s %7s %7s  %-21s %8s\n", "method", "threads", "calls/s", "gain", "cost", "p99",
	      "window min/median/max", "spread");
}

static void print_result(const struct result *r, double one)
{
	char window[64];

	if (!r->ok) {
		print("%-8s %7d %s (%s)\n", phc_method_name(r->method), r->threads, strerror(r->error),
		       errname(r->error));
		return;
	}
	snprintf(window, sizeof(window), "%lld/%lld/%lld", (long long)r->window.min, (long long)r->window.median,
		 (long long)r->window.max);
	print("%-8s %7d %9.0f %5.2f %7.0f %7.0f  %-21s %8.0f\n", phc_method_name(r->method), r->threads,
	      r->calls_per_s, r->calls_per_s / one, r->cycles.median * r->ns_per_cycle,
	      r->cycles.p99 * r->ns_per_cycle, window, r->offset.spread);
	if (r->failed)
		print("%16s %llu failed: %s\n", "", (unsigned long long)r->failed, errname(r->error));
}

static void json_quantiles(struct json *j, const char *key, const struct quantiles *q)
{
	json_open(j, key, '{');
	json_s64(j, "min", q->min);
	json_s64(j, "p10", q->p10);
	json_s64(j, "median", q->median);
	json_s64(j, "p99", q->p99);
	json_s64(j, "max", q->max);
	json_close(j, '}');
}

static void json_result(struct json *j, const struct result *r, double one)
{
	json_open(j, NULL, '{');
	json_string(j, "method", phc_method_name(r->method));
	json_u64(j, "threads", r->threads);
	json_u64(j, "ok", r->ok);
	json_u64(j, "failed", r->failed);
	json_string(j, "error", r->error ? errname(r->error) : NULL);
	if (r->ok) {
		json_s64(j, "calls_per_s", llround(r->calls_per_s));
		json_double(j, "gain", rint(r->calls_per_s / one * 1000) / 1000);
		json_quantiles(j, "cycles", &r->cycles);
		json_open(j, "cost_ns", '{');
		json_s64(j, "median", llround(r->cycles.median * r->ns_per_cycle));
		json_s64(j, "p99", llround(r->cycles.p99 * r->ns_per_cycle));
		json_close(j, '}');
		json_quantiles(j, "window_ns", &r->window);
		json_open(j, "offset_ns", '{');
		json_s64(j, "median", r->offset.median);
		json_s64(j, "spread", llround(r->offset.spread));
		json_double(j, "stddev", rint(r->offset.stddev * 10) / 10);
		json_double(j, "drift_ppm", rint(r->offset.drift_ppm * 1000) / 1000);
		json_close(j, '}');
	}
	json_close(j, '}');
}

static void take_method(void *to, char *arg)
{
	struct opts *o = to;
	int m = phc_method(arg);

	if (m < 0)
		misuse("--method: '%s' is none of precise, extended, offset, gettime", arg);
	o->chosen[m] = o->any_chosen = true;
}

static void parse(int argc, char **argv, struct opts *o)
{
	const struct option_row rows[] = {
		{ 't', "threads", "N", "1, 2 … N threads at once, each on a CPU of its own (default: the CPUs, at most 4)",
		  WHOLE_TO(&o->threads, 1, THREADS_MAX) },
		{ 's', "seconds", "S", "for so long each, 0.01 to 60 (default 0.5)",
		  DECIMAL_TO(&o->seconds, 0.01, 60) },
		{ 'm', "method", "M", "precise, extended, offset or gettime; may be repeated (default: all)",
		  TAKE_BY(take_method, o) },
		{ 'j', "json", NULL, "one JSON object, see ptpkvm(8)", FLAG_TO(&o->json) },
		{ 'd', "device", "PATH", "this PTP clock (default: the one named '" PHC_KVM_NAME "')",
		  TEXT_TO(&o->device) },
		{ 0 },
	};

	options_parse(&(struct command){
		.about = "What each way of reading the PTP clock costs, and how well it tells the offset.", .rows = rows,
		.notes = "cost: of one call, from its start to its end; window: how far apart the system's clock was read "
			 "before and after (0: an exact pair); spread: highest minus lowest offset, without the steady drift "
			 "between the clocks.",
		.statuses = "0 every method works; 1 some do; 2 none does, or misuse",
	}, argc, argv);
	for (int m = 0; m < PHC_METHODS && !o->any_chosen; m++)
		o->chosen[m] = true;
}

static int bench(const struct opts *o, const struct phc *phc, struct json *j)
{
	int good = 0, bad = 0;

	for (int m = 0; m < PHC_METHODS; m++) {
		double one = NAN;

		for (int threads = 1; o->chosen[m] && threads <= o->threads; threads++) {
			struct result r = { .method = m, .threads = threads };

			measure(o, phc->fd, &r);
			if (threads == 1)
				one = r.calls_per_s;
			if (o->json)
				json_result(j, &r, one);
			else
				print_result(&r, one);
			if (fflush(stdout))
				return EXIT_BROKEN;
			good += r.ok > 0;
			bad += r.error != 0;
			if (!r.ok)
				break;
		}
	}
	if (!bad)
		return EXIT_GOOD;
	return good ? EXIT_WARNINGS : EXIT_BROKEN;
}

int cmd_bench(int argc, char **argv)
{
	const int cpus = cpus_allowed();
	struct opts o = { .threads = cpus < DEFAULT_THREADS ? cpus : DEFAULT_THREADS, .seconds = 0.5 };
	struct json j = { .f = stdout };
	char clocksource[64];
	struct phc phc;
	int code;

	parse(argc, argv, &o);
	code = view_open(&phc, o.device);
	if (code)
		return code;
	file_read_line("/sys/devices/system/clocksource/clocksource0/current_clocksource", clocksource,
		       sizeof(clocksource));
	if (o.json) {
		json_open(&j, NULL, '{');
		json_u64(&j, "schema", JSON_SCHEMA);
		json_string(&j, "device", phc.path);
		json_string(&j, "clock_name", phc.name);
		json_string(&j, "clocksource", clocksource);
		json_string(&j, "counter", COUNTER_NAME);
		json_double(&j, "seconds", o.seconds);
		json_open(&j, "results", '[');
	} else {
		print_head(&phc, clocksource);
	}
	code = bench(&o, &phc, &j);
	if (o.json) {
		json_close(&j, ']');
		json_close(&j, '}');
	}
	close(phc.fd);
	return code;
}
