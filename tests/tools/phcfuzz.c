// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random calls on the KVM PHC from many threads. Only that clock is touched, and it can't be set: whatever comes
 * through, the machine's clocks stay as they are. What must not happen shows as a splat in the kernel's log, a hang,
 * or a clock that no longer reads.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/array.h"
#include "base/die.h"
#include "base/now.h"
#include "base/text.h"
#include "cli/options.h"
#include "shared.h"
#include "time/phc.h"

static const char usage[] =
	"Usage: phcfuzz --seconds S [OPTION]...\n"
	"Random calls on the KVM PTP clock: ioctls of its magic with all sorts of sizes, pointers and contents, the clock\n"
	"calls, mmap, read and poll, while the same descriptors are opened, duplicated and closed.\n"
	"\n"
	"  -s, --seconds S    for so long\n"
	"  -S, --seed X       repeat this seed's calls (their order between threads can't be repeated)\n"
	"  -t, --threads N    threads (default 4, at most 256)\n"
	"  -d, --device PATH  this PTP clock (default: the one named 'KVM virtual PTP'; no other is accepted)\n"
	"  -h, --help         this\n"
	"\n"
	"Prints the seed first, last a line for each kind of call: how often it ended in which way.\n"
	"Exit: 0 done; 1 a thread hangs, memory was mapped or written that must not be, or the clock no longer reads;\n"
	"2 misuse, or no such clock.\n";

#define SLOTS 16
#define PAGE 4096UL
#define ARENA (16 * PAGE)
#define HOLE (1UL << 30)
#define MAX_ERR 256
/* How long a thread may take to come back from its last call. */
#define HANG_SECONDS 60

enum kind { IOCTL, OPEN, CLOSE, DUP, GETTIME, GETRES, MMAP, READ, POLL, KINDS };
static const char *const kind_names[KINDS] = {
	"ioctl", "open", "close", "dup", "gettime", "getres", "mmap", "read", "poll",
};

struct fuzzer {
	pthread_t thread;
	uint64_t rng;
	unsigned char *rw;	/* ARENA bytes, then a page that can't be touched */
	unsigned char *ro;	/* a page */
	unsigned char *hole;	/* HOLE bytes, none of them accessible */
	uint64_t count[KINDS][MAX_ERR];
	bool mapped;
};

static struct {
	const char *path;
	int slot[SLOTS];	/* descriptors, -1 for none: all threads use and change them */
	int stop;
} shared;

static uint64_t rnd(struct fuzzer *f)
{
	return random_u64(&f->rng);
}

static uint64_t below(struct fuzzer *f, uint64_t n)
{
	return rnd(f) % n;
}

static void note(struct fuzzer *f, enum kind k, long ret)
{
	int err = ret < 0 ? errno : 0;

	f->count[k][err < MAX_ERR ? err : MAX_ERR - 1]++;
}

static int pick_fd(struct fuzzer *f)
{
	return __atomic_load_n(&shared.slot[below(f, SLOTS)], __ATOMIC_RELAXED);
}

/* Put a descriptor in a slot; what was there is closed, in use elsewhere or not. */
static void replace(struct fuzzer *f, int fd)
{
	int old = __atomic_exchange_n(&shared.slot[below(f, SLOTS)], fd, __ATOMIC_RELAXED);

	if (old >= 0)
		note(f, CLOSE, close(old));
}

/* Numbers near the limits that the interface has. */
static uint32_t odd_word(struct fuzzer *f)
{
	static const uint32_t odd[] = {
		0, 1, 2, 3, 4, 5, 24, 25, 26, 255, 2047, 2048, 0x7fffffff, 0x80000000, 0xffffffff,
		999999999, 1000000000,
	};

	return below(f, 4) ? odd[below(f, ARRAY_SIZE(odd))] : (uint32_t)rnd(f);
}

static void *fill(struct fuzzer *f, unsigned char *p, size_t len)
{
	bool zero = !below(f, 3);

	memset(p, 0, len);
	for (size_t i = 0; !zero && i + 4 <= len && i < 256; i += 4) {
		uint32_t w = odd_word(f);

		memcpy(p + i, &w, sizeof(w));
	}
	if (zero && len >= 4) {	/* a call with nothing but a number of samples is likely to be served */
		uint32_t w = odd_word(f);

		memcpy(p, &w, sizeof(w));
	}
	return p;
}

/*
 * No pointer may lead to memory that is not ours to spoil, so there is none at random in user space: the kernel would
 * write where it leads. The hole stands in for them.
 */
static void *pick_pointer(struct fuzzer *f)
{
	size_t cut;

	switch (below(f, 10)) {
	case 0:
		return NULL;
	case 1:
		return (void *)below(f, PAGE);
	case 2:
		return f->hole + below(f, HOLE);
	case 3:
		return f->ro + below(f, PAGE);
	case 4:		/* the kernel's half, canonical or not */
		return (void *)(rnd(f) | 1UL << 63);
	case 5:		/* the direct map, the kernel's text, the last page */
		return (void *)((uint64_t[]){ 0xffff888000000000, 0xffffffff81000000,
					      -PAGE }[below(f, 3)] + below(f, PAGE));
	case 6:		/* the end of memory cuts it */
		cut = 1 + below(f, 2048);
		return fill(f, f->rw + ARENA - cut, cut);
	case 7:		/* across two pages, at any alignment */
		return fill(f, f->rw + PAGE - below(f, 256), PAGE);
	default:
		return fill(f, f->rw, PAGE);
	}
}

static unsigned long pick_ioctl(struct fuzzer *f)
{
	static const unsigned long known[] = {
		PTP_CLOCK_GETCAPS, PTP_EXTTS_REQUEST, PTP_PEROUT_REQUEST, PTP_ENABLE_PPS, PTP_SYS_OFFSET,
		PTP_PIN_GETFUNC, PTP_PIN_SETFUNC, PTP_SYS_OFFSET_PRECISE, PTP_SYS_OFFSET_EXTENDED,
		PTP_CLOCK_GETCAPS2, PTP_EXTTS_REQUEST2, PTP_PEROUT_REQUEST2, PTP_ENABLE_PPS2, PTP_SYS_OFFSET2,
		PTP_PIN_GETFUNC2, PTP_PIN_SETFUNC2, PTP_SYS_OFFSET_PRECISE2, PTP_SYS_OFFSET_EXTENDED2,
		PTP_MASK_CLEAR_ALL, PTP_MASK_EN_SINGLE, PTP_SYS_OFFSET_PRECISE_CYCLES,
		PTP_SYS_OFFSET_EXTENDED_CYCLES,
	};

	if (below(f, 4))
		return known[below(f, ARRAY_SIZE(known))];
	return _IOC(below(f, 4), PTP_CLK_MAGIC, below(f, below(f, 2) ? 32 : 256), below(f, 1 << _IOC_SIZEBITS));
}

static void do_open(struct fuzzer *f)
{
	int fd = open(shared.path, (below(f, 2) ? O_RDONLY : O_RDWR) | O_CLOEXEC |
				   (below(f, 2) ? O_NONBLOCK : 0));

	note(f, OPEN, fd);
	if (fd >= 0)
		replace(f, fd);
}

static void do_dup(struct fuzzer *f)
{
	int fd = fcntl(pick_fd(f), F_DUPFD_CLOEXEC, 3);

	note(f, DUP, fd);
	if (fd >= 0)
		replace(f, fd);
}

/* The kernel's own call: the C library's would follow the pointer itself. */
static void do_clock(struct fuzzer *f, enum kind k)
{
	clockid_t id = below(f, 8) ? phc_clockid(pick_fd(f)) : phc_clockid((int)below(f, 2048));

	note(f, k, syscall(k == GETTIME ? SYS_clock_gettime : SYS_clock_getres, id, pick_pointer(f)));
}

static void do_mmap(struct fuzzer *f)
{
	void *p = mmap(NULL, PAGE << below(f, 4), (int)below(f, 8),
		       below(f, 2) ? MAP_SHARED : MAP_PRIVATE, pick_fd(f), (off_t)(below(f, 64) * PAGE));

	if (p != MAP_FAILED)
		f->mapped = true;
	note(f, MMAP, p == MAP_FAILED ? -1 : 0);
}

/* Of a whole number of events it would wait for ever. */
static void do_read(struct fuzzer *f)
{
	size_t len = below(f, 4096);

	if (len % sizeof(struct ptp_extts_event) == 0)
		len++;
	note(f, READ, syscall(SYS_read, pick_fd(f), pick_pointer(f), len));
}

static void do_poll(struct fuzzer *f)
{
	struct pollfd p = { .fd = pick_fd(f), .events = (short)rnd(f) };

	note(f, POLL, poll(&p, 1, 0));
}

static void one_call(struct fuzzer *f)
{
	uint64_t dice = below(f, 100);

	if (dice < 60)
		note(f, IOCTL, syscall(SYS_ioctl, pick_fd(f), pick_ioctl(f), pick_pointer(f)));
	else if (dice < 68)
		do_open(f);
	else if (dice < 70)
		replace(f, -1);
	else if (dice < 75)
		do_dup(f);
	else if (dice < 87)
		do_clock(f, GETTIME);
	else if (dice < 90)
		do_clock(f, GETRES);
	else if (dice < 93)
		do_mmap(f);
	else if (dice < 97)
		do_read(f);
	else
		do_poll(f);
}

static void *fuzzer(void *arg)
{
	struct fuzzer *f = arg;

	while (!__atomic_load_n(&shared.stop, __ATOMIC_RELAXED))
		one_call(f);
	return NULL;
}

static void *map(size_t len, int prot)
{
	void *p = mmap(NULL, len, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		die("cannot map %zu bytes: %s", len, strerror(errno));
	return p;
}

static void prepare(struct fuzzer *f, uint64_t seed, unsigned int nth)
{
	f->rng = seed + nth * 0xd1342543de82ef95;
	f->rw = map(ARENA + PAGE, PROT_READ | PROT_WRITE);
	mprotect(f->rw + ARENA, PAGE, PROT_NONE);
	f->ro = map(PAGE, PROT_READ | PROT_WRITE);
	memset(f->ro, 0, PAGE);
	mprotect(f->ro, PAGE, PROT_READ);
	f->hole = map(HOLE, PROT_NONE);
}

/* False if a thread does not come back. */
static bool run(struct fuzzer *f, unsigned int threads, double seconds)
{
	struct timespec limit;
	int err;

	for (unsigned int i = 0; i < threads; i++) {
		err = pthread_create(&f[i].thread, NULL, fuzzer, &f[i]);
		if (err)
			die("cannot start thread %u of %u: %s", i, threads, strerror(err));
	}
	sleep_until(now_ns(CLOCK_MONOTONIC) + (int64_t)(seconds * NSEC_PER_SEC));
	__atomic_store_n(&shared.stop, 1, __ATOMIC_RELAXED);
	clock_gettime(CLOCK_MONOTONIC, &limit);
	limit.tv_sec += HANG_SECONDS;
	for (unsigned int i = 0; i < threads; i++) {
		err = pthread_clockjoin_np(f[i].thread, NULL, CLOCK_MONOTONIC, &limit);
		if (err) {
			fprintf(stderr, "phcfuzz: thread %u hangs: not back %d s after the end: %s\n", i,
				HANG_SECONDS, strerror(err));
			return false;
		}
	}
	return true;
}

static void report(const struct fuzzer *f, unsigned int threads)
{
	for (int k = 0; k < KINDS; k++) {
		printf("call=%s", kind_names[k]);
		for (int err = 0; err < MAX_ERR; err++) {
			uint64_t sum = 0;

			for (unsigned int i = 0; i < threads; i++)
				sum += f[i].count[k][err];
			if (sum)
				printf(" %s=%llu", err ? errname(err) : "ok", (unsigned long long)sum);
		}
		putchar('\n');
	}
}

/* Nothing was mapped, read-only memory is as it was, and a fresh descriptor answers as one did before. */
static bool intact(const struct fuzzer *f, unsigned int threads, int time_before)
{
	bool ok = true;
	struct phc_sample s;
	char why[600];
	struct phc phc;
	int err;

	for (unsigned int i = 0; i < threads; i++) {
		bool written = f[i].ro[0] || memcmp(f[i].ro, f[i].ro + 1, PAGE - 1);

		if (written || f[i].mapped)
			fprintf(stderr, "phcfuzz: thread %u: %s\n", i,
				written ? "the read-only page was written" : "the device let itself be mapped");
		ok &= !written && !f[i].mapped;
	}
	if (phc_open(&phc, shared.path, O_RDONLY, why, sizeof(why))) {
		fprintf(stderr, "phcfuzz: after it all: %s\n", why);
		return false;
	}
	err = phc_read(phc.fd, PHC_GETTIME, &s);
	if (err != time_before) {
		fprintf(stderr, "phcfuzz: the clock answers %s after it all, %s before\n", errname(err),
			errname(time_before));
		ok = false;
	}
	return ok;
}

struct opts {
	double seconds;
	uint64_t seed;
	unsigned int threads;
	const char *device;
};

static void parse(int argc, char **argv, struct opts *o)
{
	static const struct option longopts[] = {
		{ "seconds", 1, NULL, 's' }, { "seed", 1, NULL, 'S' }, { "threads", 1, NULL, 't' },
		{ "device", 1, NULL, 'd' }, { "help", 0, NULL, 'h' }, { 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "s:S:t:d:h", longopts, NULL)) != -1) {
		switch (c) {
		case 's':
			o->seconds = opt_decimal("--seconds", optarg, 0.01, 86400);
			break;
		case 'S':
			o->seed = opt_u64("--seed", optarg, 0, UINT64_MAX);
			break;
		case 't':
			o->threads = opt_u64("--threads", optarg, 1, 256);
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
	if (!o->seconds)
		misuse("--seconds is missing");
}

int main(int argc, char **argv)
{
	struct opts o = { .threads = 4 };
	struct phc_sample s;
	struct fuzzer *f;
	struct phc phc;
	char why[600];
	int time_before;

	progname = "phcfuzz";
	if (getrandom(&o.seed, sizeof(o.seed), GRND_NONBLOCK) != sizeof(o.seed))
		o.seed = now_ns(CLOCK_REALTIME);
	parse(argc, argv, &o);
	if (phc_open(&phc, o.device, O_RDONLY, why, sizeof(why)))
		die("%s", why);
	if (!phc_is_kvm(&phc))
		die("%s is '%s', not '%s': nothing may be tried on it", phc.path, phc.name, PHC_KVM_NAME);
	printf("seed=%llu threads=%u device=%s\n", (unsigned long long)o.seed, o.threads, phc.path);
	fflush(stdout);	/* known even if the machine does not survive */

	time_before = phc_read(phc.fd, PHC_GETTIME, &s);
	shared.path = phc.path;
	for (int i = 0; i < SLOTS; i++)
		shared.slot[i] = -1;
	f = xcalloc(o.threads, sizeof(*f));
	for (unsigned int i = 0; i < o.threads; i++)
		prepare(&f[i], o.seed, i);
	if (!run(f, o.threads, o.seconds)) {
		report(f, o.threads);
		_exit(finish(EXIT_MEASURED));
	}
	report(f, o.threads);
	return finish(intact(f, o.threads, time_before) ? EXIT_OK : EXIT_MEASURED);
}
