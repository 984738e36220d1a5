// SPDX-License-Identifier: GPL-2.0-or-later
/* Many threads read the KVM PHC at once: how fast, and is each one's time in order? */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cpus.h"
#include "base/die.h"
#include "base/now.h"
#include "base/text.h"
#include "cli/options.h"
#include "shared.h"
#include "time/phc.h"

static const char usage[] =
	"Usage: phcreaders --threads N --method precise|extended|offset|gettime [OPTION]...\n"
	"N threads read the KVM PTP clock as fast as they can; each checks that its time never goes backwards.\n"
	"\n"
	"  -t, --threads N            threads (1 to 1024)\n"
	"  -m, --method M             how to read, as for phcread\n"
	"  -s, --seconds S            for so long (default 5; 3600 with --until-file)\n"
	"  -u, --until-file PATH      end early, as soon as this file exists\n"
	"  -o, --max-offset-change NS device - system may differ from a thread's first by so much (default: not checked)\n"
	"  -p, --pin                  thread i only runs on the i-th CPU allowed, counted round. A CPU that is or goes\n"
	"                             offline is tolerated: its thread runs elsewhere\n"
	"  -d, --device PATH          this PTP clock (default: the one named 'KVM virtual PTP')\n"
	"  -h, --help                 this\n"
	"\n"
	"Prints one line a thread (thread reads backwards inconsistent errors errno pinned), then one for all (threads\n"
	"method seconds reads reads_per_s backwards inconsistent errors errno). inconsistent: pre > post, or the offset\n"
	"changed too much.\n"
	"Exit: 0 all in order; 1 anything backwards, inconsistent or an error, or a thread without a read; 2 misuse, or no\n"
	"such clock.\n";

struct opts {
	enum phc_method method;
	const char *device, *until;
	unsigned int threads;
	double seconds;
	int64_t max_change;
	bool pin;
};

/* Aligned, so that two threads' counts don't share a cache line. */
struct reader {
	pthread_t thread;
	unsigned int nth;
	int fd;
	const struct opts *o;
	bool pinned;
	uint64_t reads, backwards, inconsistent, errors;
	int first_errno;
	int64_t last, first_offset;
} __attribute__((aligned(128)));

static pthread_barrier_t start_line;
static int stop;

static void examine(struct reader *r, const struct phc_sample *s)
{
	int64_t offset = phc_offset(s);

	if (!r->reads)
		r->first_offset = offset;
	else if (s->device < r->last)
		r->backwards++;
	if (s->pre > s->post ||
	    (r->o->max_change >= 0 && llabs(offset - r->first_offset) > r->o->max_change))
		r->inconsistent++;
	r->last = s->device;
	r->reads++;
}

static void *reader(void *arg)
{
	struct reader *r = arg;
	struct phc_sample s;
	int err;

	if (r->o->pin)
		r->pinned = !pin_to_nth_cpu(r->nth);
	pthread_barrier_wait(&start_line);
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		err = phc_read(r->fd, r->o->method, &s);
		if (!err) {
			examine(r, &s);
			continue;
		}
		if (!r->first_errno)
			r->first_errno = err;
		r->errors++;
	}
	return NULL;
}

/* The seconds that it took. */
static double run(const struct opts *o, struct reader *readers)
{
	int64_t begin, end;

	pthread_barrier_init(&start_line, NULL, o->threads + 1);
	for (unsigned int i = 0; i < o->threads; i++) {
		int err = pthread_create(&readers[i].thread, NULL, reader, &readers[i]);

		if (err)
			die("cannot start thread %u of %u: %s", i, o->threads, strerror(err));
	}
	/* before the line: after it, this thread may be the last one that gets a CPU */
	begin = now_ns(CLOCK_MONOTONIC);
	pthread_barrier_wait(&start_line);
	wait_until(begin + (int64_t)(o->seconds * NSEC_PER_SEC), o->until, NULL);
	end = now_ns(CLOCK_MONOTONIC);
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	for (unsigned int i = 0; i < o->threads; i++)
		pthread_join(readers[i].thread, NULL);
	return (double)(end - begin) / NSEC_PER_SEC;
}

static void print_reader(const struct reader *r)
{
	printf("thread=%u reads=%llu backwards=%llu inconsistent=%llu errors=%llu errno=%s pinned=%d\n",
	       r->nth, (unsigned long long)r->reads, (unsigned long long)r->backwards,
	       (unsigned long long)r->inconsistent, (unsigned long long)r->errors,
	       errname(r->first_errno), r->pinned);
}

static int report(const struct opts *o, const struct reader *readers, double seconds)
{
	struct reader sum = { 0 };
	bool idle = false;

	for (unsigned int i = 0; i < o->threads; i++) {
		const struct reader *r = &readers[i];

		print_reader(r);
		sum.reads += r->reads;
		sum.backwards += r->backwards;
		sum.inconsistent += r->inconsistent;
		sum.errors += r->errors;
		if (!sum.first_errno)
			sum.first_errno = r->first_errno;
		idle |= !r->reads;
	}
	printf("threads=%u method=%s seconds=%.3f reads=%llu reads_per_s=%.0f backwards=%llu inconsistent=%llu errors=%llu errno=%s\n",
	       o->threads, phc_method_name(o->method), seconds, (unsigned long long)sum.reads,
	       sum.reads / seconds, (unsigned long long)sum.backwards,
	       (unsigned long long)sum.inconsistent, (unsigned long long)sum.errors,
	       errname(sum.first_errno));
	return sum.backwards || sum.inconsistent || sum.errors || idle ? EXIT_MEASURED : EXIT_OK;
}

static void parse(int argc, char **argv, struct opts *o)
{
	static const struct option longopts[] = {
		{ "threads", 1, NULL, 't' }, { "method", 1, NULL, 'm' }, { "seconds", 1, NULL, 's' },
		{ "until-file", 1, NULL, 'u' }, { "max-offset-change", 1, NULL, 'o' },
		{ "pin", 0, NULL, 'p' }, { "device", 1, NULL, 'd' }, { "help", 0, NULL, 'h' }, { 0 },
	};
	int c, method = -1;

	while ((c = getopt_long(argc, argv, "t:m:s:u:o:pd:h", longopts, NULL)) != -1) {
		switch (c) {
		case 't':
			o->threads = opt_u64("--threads", optarg, 1, 1024);
			break;
		case 'm':
			method = phc_method(optarg);
			if (method < 0)
				misuse("--method: '%s' is none of precise, extended, offset, gettime", optarg);
			break;
		case 's':
			o->seconds = opt_decimal("--seconds", optarg, 0.01, 86400);
			break;
		case 'u':
			o->until = optarg;
			break;
		case 'o':
			o->max_change = opt_u64("--max-offset-change", optarg, 0, INT64_MAX);
			break;
		case 'p':
			o->pin = true;
			break;
		case 'd':
			o->device = optarg;
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
	if (!o->threads)
		misuse("--threads is missing");
	if (!o->seconds)
		o->seconds = o->until ? 3600 : 5;
	o->method = method;
}

int main(int argc, char **argv)
{
	struct opts o = { .max_change = -1 };
	struct reader *readers;
	struct phc phc;
	char why[600];

	progname = "phcreaders";
	parse(argc, argv, &o);
	if (phc_open(&phc, o.device, O_RDONLY, why, sizeof(why)))
		die("%s", why);
	readers = aligned_alloc(128, o.threads * sizeof(*readers));
	if (!readers)
		die("out of memory for %u threads", o.threads);
	memset(readers, 0, o.threads * sizeof(*readers));
	for (unsigned int i = 0; i < o.threads; i++) {
		readers[i].nth = i;
		readers[i].fd = phc.fd;
		readers[i].o = &o;
	}
	return finish(report(&o, readers, run(&o, readers)));
}
