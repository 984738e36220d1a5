// SPDX-License-Identifier: GPL-2.0-or-later
/* What leaving the guest costs, with nothing else to do. */
#include <getopt.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpus.h"
#include "base/die.h"
#include "base/now.h"
#include "cli/options.h"
#include "series/stats.h"
#include "shared.h"
#include "time/counter.h"

static const char usage[] =
	"Usage: exitbench [OPTION]...\n"
	"The rate and the cost of bare VM exits.\n"
	"\n"
	"  -t, --threads N     threads that exit at once, thread i on the i-th CPU allowed, counted round (default 1)\n"
	"  -s, --seconds S     for so long (default 3)\n"
	"  -w, --what W        cpuid (leaf 0x40000000, the default) or vmmcall (an unknown hypercall from user space;\n"
	"                      vmcall on Intel)\n"
	"  -h, --help          this\n"
	"\n"
	"Prints key=value: what threads seconds exits exits_per_s cycles_per_exit (median over batches, of all threads).\n"
	"Exit: 0 done; 1 a thread made no exit; 2 misuse, no guest, no such instruction.\n";

#define BATCH 32
#define MAX_BATCHES 65536

struct opts {
	unsigned int threads;
	double seconds;
	bool vmmcall;
};

typedef void (*exit_fn)(void);

static void call_vmmcall(void)
{
	exit_vmmcall();
}

static void call_vmcall(void)
{
	exit_vmcall();
}

static sigjmp_buf no_instruction;

static void on_sigill(int sig)
{
	(void)sig;
	siglongjmp(no_instruction, 1);
}

/* The way to exit, tried once: a guest is a precondition of everything here. */
static exit_fn choose_exit(const struct opts *o)
{
	struct sigaction sa = { .sa_handler = on_sigill };
	const exit_fn way[] = { exit_cpuid, call_vmmcall, call_vmcall };
	const volatile int nth = !o->vmmcall ? 0 : cpu_is_intel() ? 2 : 1;	/* kept over siglongjmp */
	char hv[13];

	hypervisor_name(hv);
	if (!hv[0])
		die("no hypervisor in CPUID: this is not a guest, nothing exits");
	if (o->vmmcall && strncmp(hv, "KVMKVMKVM", 9))
		die("the hypervisor is '%s', not KVM: no hypercall from user space is safe there", hv);
	sigaction(SIGILL, &sa, NULL);
	if (sigsetjmp(no_instruction, 1))
		die("%s: illegal instruction here", cpu_is_intel() ? "vmcall" : "vmmcall");
	way[nth]();
	signal(SIGILL, SIG_DFL);
	return way[nth];
}

struct worker {
	pthread_t thread;
	unsigned int nth;
	exit_fn fn;
	uint64_t exits;
	size_t batches;
	int64_t *cycles;	/* of each batch */
};

static pthread_barrier_t start_line;
static int stop;

static void *worker(void *arg)
{
	struct worker *w = arg;

	pin_to_nth_cpu(w->nth);
	pthread_barrier_wait(&start_line);
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		uint64_t begin = counter_begin();

		for (int i = 0; i < BATCH; i++)
			w->fn();
		w->cycles[w->batches % MAX_BATCHES] = counter_end() - begin;
		w->batches++;
		w->exits += BATCH;
	}
	return NULL;
}

static double run(const struct opts *o, struct worker *workers)
{
	int64_t begin, end;

	pthread_barrier_init(&start_line, NULL, o->threads + 1);
	for (unsigned int i = 0; i < o->threads; i++) {
		int err = pthread_create(&workers[i].thread, NULL, worker, &workers[i]);

		if (err)
			die("cannot start thread %u of %u: %s", i, o->threads, strerror(err));
	}
	pthread_barrier_wait(&start_line);
	begin = now_ns(CLOCK_MONOTONIC);
	sleep_until(begin + (int64_t)(o->seconds * NSEC_PER_SEC));
	end = now_ns(CLOCK_MONOTONIC);
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	for (unsigned int i = 0; i < o->threads; i++)
		pthread_join(workers[i].thread, NULL);
	return (double)(end - begin) / NSEC_PER_SEC;
}

static const char *exit_name(const struct opts *o)
{
	return !o->vmmcall ? "cpuid" : cpu_is_intel() ? "vmcall" : "vmmcall";
}

static int rate(const struct opts *o)
{
	struct worker *workers = xcalloc(o->threads, sizeof(*workers));
	int64_t *all = xcalloc((size_t)o->threads * MAX_BATCHES, sizeof(*all));
	exit_fn fn = choose_exit(o);
	uint64_t exits = 0;
	size_t n = 0;
	bool idle = false;
	double seconds;

	for (unsigned int i = 0; i < o->threads; i++) {
		workers[i].nth = i;
		workers[i].fn = fn;
		workers[i].cycles = xcalloc(MAX_BATCHES, sizeof(int64_t));
	}
	seconds = run(o, workers);
	for (unsigned int i = 0; i < o->threads; i++) {
		size_t kept = workers[i].batches < MAX_BATCHES ? workers[i].batches : MAX_BATCHES;

		memcpy(all + n, workers[i].cycles, kept * sizeof(*all));
		n += kept;
		exits += workers[i].exits;
		idle |= !kept;
	}
	if (n)
		sort_s64(all, n);
	printf("what=%s threads=%u seconds=%.3f exits=%llu exits_per_s=%.0f cycles_per_exit=%lld\n",
	       exit_name(o), o->threads, seconds, (unsigned long long)exits, exits / seconds,
	       n ? (long long)sorted_median(all, n) / BATCH : 0LL);
	return idle ? EXIT_MEASURED : EXIT_OK;
}

static void parse(int argc, char **argv, struct opts *o)
{
	static const struct option longopts[] = {
		{ "threads", 1, NULL, 't' }, { "seconds", 1, NULL, 's' }, { "what", 1, NULL, 'w' },
		{ "help", 0, NULL, 'h' }, { 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "t:s:w:h", longopts, NULL)) != -1) {
		switch (c) {
		case 't':
			o->threads = opt_u64("--threads", optarg, 1, 1024);
			break;
		case 's':
			o->seconds = opt_decimal("--seconds", optarg, 0.01, 3600);
			break;
		case 'w':
			o->vmmcall = !strcmp(optarg, "vmmcall");
			if (!o->vmmcall && strcmp(optarg, "cpuid"))
				misuse("--what: '%s' is neither cpuid nor vmmcall", optarg);
			break;
		case 'h':
			opt_help(usage);
		default:
			misuse("bad option");
		}
	}
	opt_no_arguments(argc, argv);
}

int main(int argc, char **argv)
{
	struct opts o = { .threads = 1, .seconds = 3 };

	progname = "exitbench";
	parse(argc, argv, &o);
	return finish(rate(&o));
}
