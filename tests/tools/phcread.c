// SPDX-License-Identifier: GPL-2.0-or-later
/* Read the KVM PHC a number of times and say how it stands to the system's clock. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/die.h"
#include "base/now.h"
#include "base/text.h"
#include "cli/options.h"
#include "series/stats.h"
#include "shared.h"
#include "time/phc.h"

static const char usage[] =
	"Usage: phcread --method precise|extended|offset|gettime [OPTION]...\n"
	"Read the KVM PTP clock and compare it with CLOCK_REALTIME, in nanoseconds.\n"
	"\n"
	"  -m, --method M         how to read: PTP_SYS_OFFSET_PRECISE, _EXTENDED, PTP_SYS_OFFSET or clock_gettime\n"
	"  -d, --device PATH      this PTP clock (default: the one named 'KVM virtual PTP')\n"
	"  -n, --count N          samples (default 10)\n"
	"  -i, --interval-us U    pause between two samples (default 1000)\n"
	"  -u, --until-file PATH  end early, as soon as this file exists\n"
	"  -r, --raw              print every sample: device, pre, post, raw, offset, window; '-' where there is none.\n"
	"                         Of one that fails, errno and raw\n"
	"  -j, --json             the summary as one JSON object\n"
	"  -h, --help             this\n"
	"\n"
	"The summary is one line of key=value: method n ok bad errno offset_median offset_min offset_max spread\n"
	"window_median window_min window_max. offset = device - system; against the middle of the window where there is\n"
	"one. bad counts samples that are not where they must be: the system's times within readings of CLOCK_REALTIME\n"
	"before and after, pre <= post; with precise CLOCK_MONOTONIC_RAW likewise, and never backwards. Each bad sample is\n"
	"named on standard error.\n"
	"Exit: 0 all samples good; 1 an error or a bad sample; 2 misuse, or no such clock.\n";

struct opts {
	enum phc_method method;
	const char *device, *until;
	size_t n;
	int64_t interval_ns;
	bool raw, json;
};

struct result {
	size_t ok, bad;
	int first_errno;
	int64_t *offset, *window;
	int64_t last_raw;
};

/* Why a sample is impossible, or NULL. real and mono hold the readings before and after. */
static const char *check(const struct opts *o, const struct phc_sample *s, const int64_t *real,
			 const int64_t *mono, int64_t last_raw)
{
	if (s->pre > s->post)
		return "pre is after post";
	if (s->pre < real[0] || s->post > real[1])
		return "system time is outside the readings of CLOCK_REALTIME around it";
	if (o->method != PHC_PRECISE)
		return NULL;
	if (s->raw < mono[0] || s->raw > mono[1])
		return "sys_monoraw is outside the readings of CLOCK_MONOTONIC_RAW around it";
	if (s->raw < last_raw)
		return "sys_monoraw went backwards";
	return NULL;
}

static void print_raw(const struct opts *o, const struct phc_sample *s)
{
	printf("device=%lld pre=%lld post=%lld ", (long long)s->device, (long long)s->pre,
	       (long long)s->post);
	if (o->method == PHC_PRECISE)
		printf("raw=%lld ", (long long)s->raw);
	else
		printf("raw=- ");
	printf("offset=%lld window=%lld\n", (long long)phc_offset(s), (long long)(s->post - s->pre));
}

static void take_sample(const struct opts *o, int fd, size_t nth, struct result *r)
{
	struct phc_sample s;
	int64_t real[2], mono[2];
	const char *why;
	int err;

	mono[0] = now_ns(CLOCK_MONOTONIC_RAW);
	real[0] = now_ns(CLOCK_REALTIME);
	err = phc_read(fd, o->method, &s);
	real[1] = now_ns(CLOCK_REALTIME);
	mono[1] = now_ns(CLOCK_MONOTONIC_RAW);
	if (err) {
		if (!r->first_errno)
			r->first_errno = err;
		if (o->raw)
			printf("errno=%s raw=%lld\n", errname(err), (long long)mono[1]);
		return;
	}
	why = check(o, &s, real, mono, r->last_raw);
	if (why) {
		r->bad++;
		fprintf(stderr, "phcread: sample %zu: %s: pre=%lld post=%lld raw=%lld real=%lld..%lld mono=%lld..%lld\n",
			nth, why, (long long)s.pre, (long long)s.post, (long long)s.raw,
			(long long)real[0], (long long)real[1], (long long)mono[0], (long long)mono[1]);
	}
	r->last_raw = s.raw;
	r->offset[r->ok] = phc_offset(&s);
	r->window[r->ok] = s.post - s.pre;
	r->ok++;
	if (o->raw)
		print_raw(o, &s);
}

/* How many it took. */
static size_t measure(const struct opts *o, int fd, struct result *r)
{
	int64_t next = now_ns(CLOCK_MONOTONIC);
	size_t i;

	for (i = 0; i < o->n && !(o->until && !access(o->until, F_OK)); i++) {
		if (i && o->interval_ns) {
			next += o->interval_ns;
			sleep_until(next);
		}
		take_sample(o, fd, i, r);
	}
	return i;
}

static void summary(const struct opts *o, const struct result *r)
{
	const char *key = o->json ? ", \"%s\": %lld" : " %s=%lld";
	const struct { const char *name; int64_t val; } stats[] = {
		{ "offset_median", sorted_median(r->offset, r->ok) },
		{ "offset_min", r->offset[0] },
		{ "offset_max", r->offset[r->ok - 1] },
		{ "spread", r->offset[r->ok - 1] - r->offset[0] },
		{ "window_median", sorted_median(r->window, r->ok) },
		{ "window_min", r->window[0] },
		{ "window_max", r->window[r->ok - 1] },
	};

	for (size_t i = 0; i < ARRAY_SIZE(stats); i++)
		printf(key, stats[i].name, (long long)stats[i].val);
}

static void print_summary(const struct opts *o, const struct result *r)
{
	static const char *const fmt[] = {
		"method=%s n=%zu ok=%zu bad=%zu errno=%s",
		"{\"method\": \"%s\", \"n\": %zu, \"ok\": %zu, \"bad\": %zu, \"errno\": \"%s\"",
	};

	printf(fmt[o->json], phc_method_name(o->method), o->n, r->ok, r->bad, errname(r->first_errno));
	if (r->ok) {
		sort_s64(r->offset, r->ok);
		sort_s64(r->window, r->ok);
		summary(o, r);
	}
	puts(o->json ? "}" : "");
}

static void parse(int argc, char **argv, struct opts *o)
{
	static const struct option longopts[] = {
		{ "method", 1, NULL, 'm' }, { "device", 1, NULL, 'd' }, { "count", 1, NULL, 'n' },
		{ "interval-us", 1, NULL, 'i' }, { "raw", 0, NULL, 'r' }, { "json", 0, NULL, 'j' },
		{ "until-file", 1, NULL, 'u' },
		{ "help", 0, NULL, 'h' }, { 0 },
	};
	int c, method = -1;

	while ((c = getopt_long(argc, argv, "m:d:n:i:u:rjh", longopts, NULL)) != -1) {
		switch (c) {
		case 'm':
			method = phc_method(optarg);
			if (method < 0)
				misuse("--method: '%s' is none of precise, extended, offset, gettime", optarg);
			break;
		case 'd':
			o->device = optarg;
			break;
		case 'n':
			o->n = opt_u64("--count", optarg, 1, 10000000);
			break;
		case 'i':
			o->interval_ns = 1000 * opt_u64("--interval-us", optarg, 0, 60000000);
			break;
		case 'u':
			o->until = optarg;
			break;
		case 'r':
			o->raw = true;
			break;
		case 'j':
			o->json = true;
			break;
		case 'h':
			opt_help(usage);
		default:
			misuse("bad option");
		}
	}
	opt_no_arguments(argc, argv);
	if (method < 0)
		misuse("--method is missing");
	if (o->raw && o->json)
		misuse("--raw and --json exclude each other");
	o->method = method;
}

int main(int argc, char **argv)
{
	struct opts o = { .n = 10, .interval_ns = 1000000 };
	struct result r = { .last_raw = INT64_MIN };
	struct phc phc;
	char why[600];

	progname = "phcread";
	parse(argc, argv, &o);
	if (phc_open(&phc, o.device, O_RDONLY, why, sizeof(why)))
		die("%s", why);
	r.offset = xcalloc(o.n, sizeof(*r.offset));
	r.window = xcalloc(o.n, sizeof(*r.window));
	o.n = measure(&o, phc.fd, &r);
	if (!o.raw)
		print_summary(&o, &r);
	return finish(r.ok == o.n && !r.bad ? EXIT_OK : EXIT_MEASURED);
}
