// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The reference's sampler: CLOCK_REALTIME at known values of the counter, on the host and in the guest alike.
 * trueoffset makes the true offset of the two.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cpus.h"
#include "base/die.h"
#include "base/now.h"
#include "cli/options.h"
#include "shared.h"
#include "time/counter.h"

static const char usage[] =
	"Usage: clocksample --seconds S [OPTION]...\n"
	"Sample the CPU's counter and CLOCK_REALTIME together; print 'counter realtime_ns width_cycles' a line.\n"
	"\n"
	"  -s, --seconds S        for so long\n"
	"  -i, --interval-ms M    a sample every M milliseconds (default 10)\n"
	"  -k, --tries N          a sample is the narrowest of N tries (default 8)\n"
	"  -c, --cpu C            only on this CPU\n"
	"  -u, --until-file PATH  end early, as soon as this file exists (--seconds: 3600 then, unless given)\n"
	"  -h, --help             this\n"
	"\n"
	"The counter is the middle of the two readings around the clock's, unsigned 64 bit; width_cycles lies between\n"
	"them. Lines that begin with # are comments. What is known is written every second; SIGTERM and SIGINT end it as\n"
	"the time would.\n"
	"Exit: 0 done; 2 misuse, or the CPU can't be had.\n";

#define LOOK_EVERY (NSEC_PER_SEC / 10)

struct opts {
	double seconds;
	int64_t interval_ns;
	unsigned int tries;
	int cpu;
	const char *until;
};

struct sample {
	uint64_t counter, width;
	int64_t real;
};

static volatile sig_atomic_t ended;

static void on_signal(int sig)
{
	(void)sig;
	ended = 1;
}

static struct sample take_sample(unsigned int tries)
{
	struct sample best = { .width = UINT64_MAX };

	while (tries--) {
		struct timespec ts;
		uint64_t begin, width;

		begin = counter_begin();
		clock_gettime(CLOCK_REALTIME, &ts);
		width = counter_end() - begin;
		if (width >= best.width)
			continue;
		best.counter = begin + width / 2;
		best.width = width;
		best.real = ts_ns(&ts);
	}
	return best;
}

static void print_header(const struct opts *o)
{
	char cs[64] = "unknown";
	FILE *f = fopen("/sys/devices/system/clocksource/clocksource0/current_clocksource", "re");

	if (f) {
		if (fgets(cs, sizeof(cs), f))
			cs[strcspn(cs, "\n")] = 0;
		fclose(f);
	}
	printf("# clocksample 1 counter=%s clocksource=%s interval_ms=%lld tries=%u cpu=%d\n",
	       COUNTER_NAME, cs, (long long)o->interval_ns / 1000000, o->tries, o->cpu);
}

static void sample_all(const struct opts *o)
{
	const int64_t begin = now_ns(CLOCK_MONOTONIC);
	const int64_t end = begin + (int64_t)(o->seconds * NSEC_PER_SEC);
	int64_t next = begin, flushed = begin, looked = begin, now = begin;
	/* A look at a file on 9p costs a round trip: none within a short interval. */
	const char *watch = o->interval_ns > LOOK_EVERY ? o->until : NULL;
	const uint64_t begin_counter = counter_begin();

	while (now < end && !ended) {
		struct sample s = take_sample(o->tries);

		printf("%llu %lld %llu\n", (unsigned long long)s.counter, (long long)s.real,
		       (unsigned long long)s.width);
		now = now_ns(CLOCK_MONOTONIC);
		if (now - flushed >= NSEC_PER_SEC) {
			if (fflush(stdout))
				break;
			flushed = now;
		}
		/* No burst to catch up after a machine that stood still. */
		next += o->interval_ns;
		if (next < now)
			next = now;
		wait_until(next < end ? next : end, watch, &ended);
		if (o->until && now - looked >= LOOK_EVERY) {
			if (!access(o->until, F_OK))
				break;
			looked = now;
		}
		now = now_ns(CLOCK_MONOTONIC);
	}
	if (now > begin)
		printf("# tsc_khz_estimate=%.0f\n",
		       (double)(counter_end() - begin_counter) / (now_ns(CLOCK_MONOTONIC) - begin) * 1e6);
}

static void parse(int argc, char **argv, struct opts *o)
{
	static const struct option longopts[] = {
		{ "seconds", 1, NULL, 's' }, { "interval-ms", 1, NULL, 'i' }, { "tries", 1, NULL, 'k' },
		{ "cpu", 1, NULL, 'c' }, { "until-file", 1, NULL, 'u' }, { "help", 0, NULL, 'h' }, { 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "s:i:k:c:u:h", longopts, NULL)) != -1) {
		switch (c) {
		case 's':
			o->seconds = opt_decimal("--seconds", optarg, 0.01, 86400);
			break;
		case 'i':
			o->interval_ns = 1000000 * opt_u64("--interval-ms", optarg, 1, 60000);
			break;
		case 'k':
			o->tries = opt_u64("--tries", optarg, 1, 10000);
			break;
		case 'c':
			o->cpu = opt_u64("--cpu", optarg, 0, 1023);
			break;
		case 'u':
			o->until = optarg;
			break;
		case 'h':
			opt_help(usage);
		default:
			misuse("bad option");
		}
	}
	opt_no_arguments(argc, argv);
	if (!o->seconds && !o->until)
		misuse("--seconds or --until-file is missing");
	if (!o->seconds)
		o->seconds = 3600;
}

int main(int argc, char **argv)
{
	struct opts o = { .interval_ns = 10000000, .tries = 8, .cpu = -1 };
	struct sigaction sa = { .sa_handler = on_signal };
	static char buf[1 << 18];

	progname = "clocksample";
	parse(argc, argv, &o);
	if (o.cpu >= 0 && pin_to_cpu(o.cpu))
		die("cannot run on CPU %d: %s", o.cpu, strerror(errno));
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	setvbuf(stdout, buf, _IOFBF, sizeof(buf));
	print_header(&o);
	if (fflush(stdout))
		return finish(EXIT_MISUSE);
	take_sample(o.tries);	/* warm */
	sample_all(&o);
	return finish(EXIT_OK);
}
