// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * KVM_HC_CLOCK_PAIRING as a hostile guest calls it, from bare vCPUs. All the memory that the guest can reach is
 * compared with what it was before each call: a call writes the 64 bytes of its reply, or nothing.
 */
#include <errno.h>
#include <getopt.h>
#include <linux/kvm_para.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/array.h"
#include "base/die.h"
#include "base/now.h"
#include "cli/options.h"
#include "kvm_clock_pairing.h"
#include "series/stats.h"
#include "shared.h"
#include "vm/bare.h"

static const char usage[] =
	"Usage: pairvcpu [OPTION]...\n"
	"Clock pairing's hypercall as a hostile guest makes it: good and bad addresses, types and modes of the CPU,\n"
	"by bare vCPUs of this machine's KVM. Each answer must be the documented one, with 64 bytes written or none.\n"
	"\n"
	"      --type1 yes|no     this host serves type 1 (default no: a stock host answers -95)\n"
	"      --type0 exact|refused\n"
	"                         this host serves type 0 (exact, the default), or refuses it for its clocksource\n"
	"      --partial-ok       a reply of type 0 that begins in memory and ends outside may be written by half:\n"
	"                         stock hosts do that\n"
	"  -f, --fuzz SECONDS     random calls for so long, instead of the list of cases\n"
	"  -S, --seed X           repeat this seed's calls (their order between vCPUs can't be repeated)\n"
	"  -v, --vcpus N          vCPUs that make random calls at once (default 2, at most 64)\n"
	"  -p, --probe            one line of what the host answers and what that costs, instead\n"
	"  -c, --count N          calls of each kind that --probe times (default 1000)\n"
	"  -h, --help             this\n"
	"\n"
	"Prints TAP. With --probe key=value: results of type0 and type1, the reply to type 1 ('-': not valid), and\n"
	"min and median, in cycles of the guest, of a call that the host does not know (unknown), and of both types.\n"
	"Exit: 0 all as documented; 1 not so; 2 misuse, no usable KVM.\n";

#define REPLY_SIZE sizeof(struct kvm_clock_pairing_quality)
#define NO_SUCH_CALL 0x7fff
#define MAX_WINDOW_NS NSEC_PER_SEC
/* The host's clock by its own call and by KVM's differ by rounding. */
#define SLACK_NS 1000

static struct opts {
	bool type1, type0_refused, partial_ok, probe;
	double fuzz;
	uint64_t seed;
	unsigned int vcpus, count;
} opts = { .vcpus = 2, .count = 1000 };

/* --- the guest's memory --- */

enum kind { RAM, READ_ONLY, NO_ACCESS, NO_WRITE, UNMAPPED };

struct region {
	uint64_t gpa;
	unsigned int pages;
	enum kind kind;
};

/* Nothing lies between 0x8000 and 0x11000, and nothing after the last. Two that touch are two slots of KVM. */
static const struct region layout[] = {
	{ 0x00000, 8, RAM },
	{ 0x11000, 1, RAM },
	{ 0x12000, 1, READ_ONLY },
	{ 0x13000, 1, RAM },
	{ 0x14000, 1, RAM },
	{ 0x15000, 1, NO_ACCESS },
	{ 0x16000, 1, RAM },
	{ 0x17000, 1, NO_WRITE },
	{ 0x18000, 1, RAM },
	{ 0x19000, 1, UNMAPPED },
};

/* A page for the replies to all vCPUs at once, always to this place in it */
static const struct region common_layout[] = { { 0, 1, RAM } };
#define COMMON_REPLY 0x400

#define LAST_PAGE_OF_4G 0xfffff000UL

/* Memory of one vCPU: no other vCPU aims at it, so whatever changes in it is that one's doing. */
struct world {
	uint64_t base;
	struct region regions[ARRAY_SIZE(layout) + 2];
	unsigned int n;
	uint8_t *view;		/* all regions, one after the other, seen past their protection */
	uint8_t *before;	/* what they were */
	size_t size;
};
#define WORLD_SPAN 0x100000UL

static struct vm vm;

static void must(bool done)
{
	if (!done)
		die("%s", vm_why);
}

static uint64_t last_page(void)
{
	return (1ULL << vm.phys_bits) - VM_PAGE;
}

/* addr: there and nowhere else, NULL: anywhere */
static void *map_file(void *addr, int fd, size_t offset, size_t size, int prot)
{
	void *p = mmap(addr, size, prot, MAP_SHARED | (addr ? MAP_FIXED_NOREPLACE : 0), fd, (off_t)offset);

	if (p == MAP_FAILED)
		die("cannot map %zu bytes: %s", size, strerror(errno));
	return p;
}

static void add_region(const struct region *r, int fd, size_t offset)
{
	const int prot = r->kind == NO_ACCESS ? PROT_NONE :
			 r->kind == NO_WRITE ? PROT_READ : PROT_READ | PROT_WRITE;
	/* Where nothing else will be mapped that the host would then write to */
	void *addr = r->kind == UNMAPPED ? (void *)(1UL << 40 | r->gpa) : NULL;
	void *memory = map_file(addr, fd, offset, r->pages * VM_PAGE, prot);

	must(vm_add_memory(&vm, r->gpa, memory, r->pages * VM_PAGE, r->kind == READ_ONLY));
	if (r->kind == UNMAPPED)
		munmap(memory, r->pages * VM_PAGE);
}

static void build_world(struct world *w, unsigned int nth, const struct region *regions, unsigned int n)
{
	size_t offset = 0;
	int fd;

	w->base = nth * WORLD_SPAN;
	for (unsigned int i = 0; i < n; i++) {
		w->regions[w->n] = regions[i];
		w->regions[w->n++].gpa += w->base;
	}
	if (!nth) {
		w->regions[w->n++] = (struct region){ LAST_PAGE_OF_4G, 1, RAM };
		w->regions[w->n++] = (struct region){ last_page(), 1, RAM };
	}
	for (unsigned int i = 0; i < w->n; i++)
		w->size += w->regions[i].pages * VM_PAGE;
	fd = memfd_create("guest", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, (off_t)w->size))
		die("cannot make %zu bytes of memory: %s", w->size, strerror(errno));
	for (unsigned int i = 0; i < w->n; i++) {
		add_region(&w->regions[i], fd, offset);
		offset += w->regions[i].pages * VM_PAGE;
	}
	w->view = map_file(NULL, fd, 0, w->size, PROT_READ | PROT_WRITE);
	close(fd);
	for (size_t i = 0; i < w->size; i++)
		w->view[i] = i * 37 % 255 + 1;	/* never 0, which replies have a lot of */
	if (!nth)
		vm_write_code(w->view);
	w->before = xcalloc(1, w->size);
	memcpy(w->before, w->view, w->size);
}

/* NULL: this byte is not for the guest to write */
static const uint8_t *ram(const struct world *w, uint64_t gpa)
{
	size_t offset = 0;

	for (unsigned int i = 0; i < w->n; i++) {
		const struct region *r = &w->regions[i];
		const size_t size = r->pages * VM_PAGE;

		if (gpa - r->gpa < size)
			return r->kind == RAM ? w->view + offset + (gpa - r->gpa) : NULL;
		offset += size;
	}
	return NULL;
}

static uint64_t gpa_of(const struct world *w, size_t offset)
{
	const struct region *r = w->regions;

	while (offset >= r->pages * VM_PAGE)
		offset -= r++->pages * VM_PAGE;
	return r->gpa + offset;
}

/* --- one call, and all that must be true of it --- */

enum verdict {
	GOOD,	/* memory, all 64 bytes */
	BAD,	/* none that can be written where the reply would begin */
	SPLIT,	/* memory at first, but not up to the end */
};

struct call {
	enum cpu_mode mode;
	uint64_t nr, a0, a1;
	enum verdict verdict;
	int64_t result;
	char finding[256];	/* the first thing that is wrong with it */
};

/* Always false, so that it can be returned at once */
static bool wrong(struct call *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static bool wrong(struct call *c, const char *fmt, ...)
{
	va_list ap;

	if (c->finding[0])
		return false;
	va_start(ap, fmt);
	vsnprintf(c->finding, sizeof(c->finding), fmt, ap);
	va_end(ap);
	return false;
}

/* What counts of an argument in this mode */
static uint64_t effective(enum cpu_mode mode, uint64_t arg)
{
	return cpu_modes[mode].wide ? arg : (uint32_t)arg;
}

/* Which of two things wrong with a call the host finds first is not documented: with a bad address, -EFAULT will do. */
static bool documented(const struct call *c)
{
	const int64_t result = c->result;
	const uint64_t a1 = effective(c->mode, c->a1);
	const bool aligned = c->a0 % REPLY_SIZE == 0;
	const bool good = c->verdict == GOOD;

	if (cpu_modes[c->mode].user)
		return result == -KVM_EPERM;
	if (effective(c->mode, c->nr) != KVM_HC_CLOCK_PAIRING)
		return result == -KVM_ENOSYS;
	if (a1 == KVM_CLOCK_PAIRING_WALLCLOCK && !opts.type0_refused)
		return result == (good ? 0 : -KVM_EFAULT);
	if (a1 == KVM_CLOCK_PAIRING_WALLCLOCK_QUALITY && opts.type1)
		return result == (good && aligned ? 0 : -KVM_EFAULT);
	return result == -KVM_EOPNOTSUPP || (!good && result == -KVM_EFAULT);
}

struct instant {
	int64_t ns;
	uint64_t tsc;
};

static struct instant now(struct vcpu *vcpu)
{
	struct instant now = { .ns = now_ns(CLOCK_REALTIME) };

	must(vcpu_tsc(vcpu, &now.tsc));
	return now;
}

/* Fields without their flag are 0; so are all of them in a reply of type 0. */
static bool check_fields(struct call *c, const struct kvm_clock_pairing_quality *q)
{
	const struct { const char *name; uint32_t flag; uint64_t value, max; } fields[] = {
		{ "window_ns", KVM_CLOCK_PAIRING_VALID_WINDOW, q->window_ns, MAX_WINDOW_NS },
		{ "max_error_ns", KVM_CLOCK_PAIRING_VALID_MAX_ERROR, q->max_error_ns, UINT64_MAX },
		{ "est_error_ns", KVM_CLOCK_PAIRING_VALID_EST_ERROR, q->est_error_ns, UINT32_MAX },
		{ "tai_offset", KVM_CLOCK_PAIRING_VALID_TAI_OFFSET, (uint16_t)q->tai_offset, UINT16_MAX },
		{ "clock_status", KVM_CLOCK_PAIRING_VALID_STATUS, q->clock_status,
		  KVM_CLOCK_PAIRING_STATUS_UNRELIABLE },
		{ "leap_indicator", KVM_CLOCK_PAIRING_VALID_LEAP, q->leap_indicator,
		  KVM_CLOCK_PAIRING_LEAP_POST_NEG },
		{ "disruption_marker", KVM_CLOCK_PAIRING_VALID_DISRUPTION, q->disruption_marker, UINT64_MAX },
		{ "smear", KVM_CLOCK_PAIRING_VALID_SMEAR, q->smear, KVM_CLOCK_PAIRING_SMEAR_UTC_SLS },
		{ "reserved", 0, q->reserved[0] | q->reserved[1] | q->reserved[2], 0 },
	};
	const bool quality = effective(c->mode, c->a1) == KVM_CLOCK_PAIRING_WALLCLOCK_QUALITY;

	if (q->flags & ~(quality ? KVM_CLOCK_PAIRING_VALID_ALL : 0))
		return wrong(c, "flags 0x%x", q->flags);
	if (q->version != (quality ? KVM_CLOCK_PAIRING_QUALITY_VERSION : 0))
		return wrong(c, "version %u", q->version);
	if (quality && !(q->flags & KVM_CLOCK_PAIRING_VALID_WINDOW))
		return wrong(c, "flags 0x%x: no window", q->flags);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (fields[i].value > (q->flags & fields[i].flag ? fields[i].max : 0))
			return wrong(c, "%s %llu, flags 0x%x", fields[i].name,
				     (unsigned long long)fields[i].value, q->flags);
	return true;
}

static bool check_reply(struct call *c, const uint8_t *reply, const struct instant *begin,
			const struct instant *end)
{
	struct kvm_clock_pairing_quality q;
	int64_t ns;

	memcpy(&q, reply, sizeof(q));
	if (q.nsec < 0 || q.nsec >= NSEC_PER_SEC || q.sec < 0 || q.sec > INT64_MAX / NSEC_PER_SEC - 1)
		return wrong(c, "time %lld s %lld ns", (long long)q.sec, (long long)q.nsec);
	ns = q.sec * NSEC_PER_SEC + q.nsec;
	if (ns < begin->ns - SLACK_NS || ns > end->ns + SLACK_NS)
		return wrong(c, "time %lld ns, on the host's clock %lld before and %lld after", (long long)ns,
			     (long long)begin->ns, (long long)end->ns);
	if (q.counter < begin->tsc || q.counter > end->tsc)
		return wrong(c, "counter %llu, the guest's was %llu before and %llu after",
			     (unsigned long long)q.counter, (unsigned long long)begin->tsc,
			     (unsigned long long)end->tsc);
	return check_fields(c, &q);
}

/* All but these bytes are what they were; then all of them are again. */
static bool check_memory(struct call *c, struct world *w, const uint8_t *except, size_t len)
{
	bool ok = true;

	if (except)
		memcpy(w->view + (except - w->view), w->before + (except - w->view), len);
	if (!memcmp(w->view, w->before, w->size))
		return true;
	for (size_t i = 0; ok; i++)
		if (w->view[i] != w->before[i])
			ok = wrong(c, "the byte at 0x%llx was written", (unsigned long long)gpa_of(w, i));
	memcpy(w->view, w->before, w->size);
	return ok;
}

/* False, and what is wrong in its finding; the result in any case. */
static bool one_call(struct vcpu *vcpu, struct world *w, struct call *c)
{
	const bool wide = cpu_modes[c->mode].wide;
	const uint64_t gpa = effective(c->mode, c->a0);
	const struct instant begin = now(vcpu);
	const uint8_t *reply = ram(w, gpa);
	size_t may_write = 0;
	struct instant end;
	bool ok = true;
	uint64_t rax;

	must(vcpu_call(vcpu, c->mode, c->nr, c->a0, c->a1, &rax));
	end = now(vcpu);
	c->result = wide ? (int64_t)rax : (int32_t)rax;
	if (!wide && rax >> 32)
		ok = wrong(c, "result 0x%llx is wider than 32 bits", (unsigned long long)rax);
	else if (!documented(c))
		ok = wrong(c, "result %lld", (long long)c->result);
	else if (!c->result && reply)
		ok = check_reply(c, reply, &begin, &end);
	if (!c->result && c->verdict == GOOD)
		may_write = REPLY_SIZE;
	else if (c->result == -KVM_EFAULT && c->verdict == SPLIT && opts.partial_ok &&
		 effective(c->mode, c->a1) == KVM_CLOCK_PAIRING_WALLCLOCK)
		may_write = VM_PAGE - gpa % VM_PAGE;
	return check_memory(c, w, reply, may_write) && ok;
}

static void describe(const struct call *c)
{
	printf("# %s, number 0x%llx, address 0x%llx, type 0x%llx: %s\n", cpu_modes[c->mode].name,
	       (unsigned long long)c->nr, (unsigned long long)c->a0, (unsigned long long)c->a1, c->finding);
}

/* --- TAP --- */

static struct {
	unsigned int n, failed;
} tap;

static void tap_line(bool ok, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void tap_line(bool ok, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	printf("%s %u - ", ok ? "ok" : "not ok", ++tap.n);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	tap.failed += !ok;
}

static int tap_end(void)
{
	printf("1..%u\n", tap.n);
	return tap.failed ? EXIT_MEASURED : EXIT_OK;
}

/* --- the list of cases --- */

static const uint64_t types[] = {
	0, KVM_CLOCK_PAIRING_WALLCLOCK_QUALITY, 1, 2, 0x7fffffff, 0xffffffff, 1ULL << 32, 1ULL << 63, UINT64_MAX,
	KVM_CLOCK_PAIRING_WALLCLOCK_QUALITY + 1, KVM_CLOCK_PAIRING_WALLCLOCK_QUALITY | 1ULL << 32,
};

struct place {
	const char *name;
	uint64_t a0;
	enum verdict wide, narrow;	/* to callers with 64 and with 32 bits */
};

static void try_place(struct vcpu *vcpu, struct world *w, enum cpu_mode mode, uint64_t nr, const struct place *p)
{
	struct call bad[ARRAY_SIZE(types)];
	unsigned int n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		bad[n] = (struct call){
			.mode = mode, .nr = nr, .a0 = p->a0, .a1 = types[i],
			.verdict = cpu_modes[mode].wide ? p->wide : p->narrow,
		};
		n += !one_call(vcpu, w, &bad[n]);
	}
	tap_line(!n, "%s: %s%s", cpu_modes[mode].name, p->name,
		 nr == KVM_HC_CLOCK_PAIRING ? "" : ", the number with higher bits");
	for (unsigned int i = 0; i < n; i++)
		describe(&bad[i]);
}

static int cases(struct vcpu *vcpu, struct world *w)
{
	const uint64_t end = last_page() + VM_PAGE;
	const struct place places[] = {
		{ "aligned, in memory", 0x6040, GOOD, GOOD },
		{ "the first bytes of memory", 0, GOOD, GOOD },
		{ "aligned to 8", 0x6048, GOOD, GOOD },
		{ "odd", 0x6041, GOOD, GOOD },
		{ "the last bytes of a page", 0x6fc0, GOOD, GOOD },
		{ "across two pages", 0x6fe0, GOOD, GOOD },
		{ "across two pages, one byte in the second", 0x6fc1, GOOD, GOOD },
		{ "across two pages, one byte in the first", 0x6fff, GOOD, GOOD },
		{ "across two slots", 0x13fe0, GOOD, GOOD },
		{ "nothing there", 0x10040, BAD, BAD },
		{ "the last bytes before nothing", 0x7fc0, GOOD, GOOD },
		{ "from memory into nothing", 0x7fe0, SPLIT, SPLIT },
		{ "from memory into nothing by one byte", 0x7fc1, SPLIT, SPLIT },
		{ "from nothing into memory", 0x10fe0, BAD, BAD },
		{ "read-only", 0x12040, BAD, BAD },
		{ "from memory into read-only", 0x11fe0, SPLIT, SPLIT },
		{ "from read-only into memory", 0x12fe0, BAD, BAD },
		{ "no access on the host's side", 0x15040, BAD, BAD },
		{ "from memory into no access", 0x14fe0, SPLIT, SPLIT },
		{ "from no access into memory", 0x15fe0, BAD, BAD },
		{ "not writable on the host's side", 0x17040, BAD, BAD },
		{ "from memory into not writable", 0x16fe0, SPLIT, SPLIT },
		{ "not mapped on the host's side", 0x19040, BAD, BAD },
		{ "from memory into not mapped", 0x18fe0, SPLIT, SPLIT },
		{ "MMIO: an I/O APIC's place", 0xfec00000, BAD, BAD },
		{ "MMIO: a local APIC's place", 0xfee00000, BAD, BAD },
		{ "the last bytes of 4 GiB", 0xffffffc0, GOOD, GOOD },
		{ "across 4 GiB", 0xffffffe0, SPLIT, SPLIT },
		{ "bit 32 set", 1ULL << 32 | 0x6040, BAD, GOOD },
		{ "the last bytes of physical addresses", end - 64, GOOD, GOOD },
		{ "across the end of physical addresses", end - 32, SPLIT, SPLIT },
		{ "the end of physical addresses", end, BAD, GOOD },
		{ "a bit beyond physical addresses", end | 0x6040, BAD, GOOD },
		{ "bit 52 set", 1ULL << 52 | 0x6040, BAD, GOOD },
		{ "bit 62 set", 1ULL << 62 | 0x6040, BAD, GOOD },
		{ "bit 63 set", 1ULL << 63 | 0x6040, BAD, GOOD },
		{ "the last bytes below the sign", INT64_MAX - 63, BAD, GOOD },
		{ "across the sign", INT64_MAX - 31, BAD, SPLIT },
		{ "the last 64 bytes", -64ULL, BAD, GOOD },
		{ "wrapping", -32ULL, BAD, SPLIT },
		{ "wrapping, one byte", -63ULL, BAD, SPLIT },
		{ "-1", -1ULL, BAD, SPLIT },
	};

	for (enum cpu_mode mode = 0; mode < CPU_MODES; mode++) {
		for (size_t i = 0; i < ARRAY_SIZE(places); i++)
			try_place(vcpu, w, mode, KVM_HC_CLOCK_PAIRING, &places[i]);
		try_place(vcpu, w, mode, 0xfeedULL << 32 | KVM_HC_CLOCK_PAIRING, &places[0]);
	}
	return tap_end();
}

/* --- random calls --- */

enum answer { SERVED, FORBIDDEN, FAULT, REFUSED, UNKNOWN, ANSWERS };
static const struct { int64_t result; const char *name; } answers[ANSWERS] = {
	[SERVED] = { 0, "0" },
	[FORBIDDEN] = { -KVM_EPERM, "-KVM_EPERM" },
	[FAULT] = { -KVM_EFAULT, "-KVM_EFAULT" },
	[REFUSED] = { -KVM_EOPNOTSUPP, "-KVM_EOPNOTSUPP" },
	[UNKNOWN] = { -KVM_ENOSYS, "-KVM_ENOSYS" },
};

struct fuzzer {
	pthread_t thread;
	unsigned int nth;
	struct vcpu vcpu;
	struct world world;
	uint64_t rng, calls, count[ANSWERS];
	bool failed;
	struct call last;
};

static struct {
	struct world common;
	int64_t end_ns;		/* CLOCK_MONOTONIC */
} shared;

static uint64_t rnd(struct fuzzer *f)
{
	return random_u64(&f->rng);
}

static uint64_t below(struct fuzzer *f, uint64_t n)
{
	return rnd(f) % n;
}

/* The code, KVM's own pages, and what belongs to another vCPU */
static bool off_limits(const struct fuzzer *f, uint64_t gpa)
{
	if (gpa < (opts.vcpus + 1) * WORLD_SPAN)
		return gpa / WORLD_SPAN != f->nth || (gpa >= VM_OWN_BEGIN && gpa < VM_OWN_END);
	if (gpa >= VM_KVM_BEGIN && gpa < VM_KVM_END)
		return true;
	return f->nth && (gpa / VM_PAGE == LAST_PAGE_OF_4G / VM_PAGE || gpa / VM_PAGE == last_page() / VM_PAGE);
}

static uint64_t any_address(struct fuzzer *f)
{
	const struct region *r = &f->world.regions[below(f, f->world.n)];
	const uint64_t page = r->gpa + below(f, r->pages) * VM_PAGE;

	switch (below(f, 8)) {
	case 0:
	case 1:
	case 2:
		return page + below(f, VM_PAGE / REPLY_SIZE) * REPLY_SIZE;
	case 3:
		return page + below(f, VM_PAGE);
	case 4:		/* at the end of a page, and across */
		return page + VM_PAGE - 1 - below(f, REPLY_SIZE + 1);
	case 5:		/* from the page before */
		return page - 1 - below(f, REPLY_SIZE - 1);
	case 6:		/* only bits beyond the physical ones, and sometimes 32, are wrong */
		return page + below(f, VM_PAGE) + (1ULL << (32 + below(f, 32)));
	default:
		return below(f, 2) ? rnd(f) : -1 - below(f, 2 * REPLY_SIZE);
	}
}

static void pick_address(struct fuzzer *f, struct call *c)
{
	uint64_t gpa;
	bool begins, ends;

	do {
		c->a0 = any_address(f);
		gpa = effective(c->mode, c->a0);
	} while (off_limits(f, gpa) || off_limits(f, gpa + REPLY_SIZE - 1));
	begins = ram(&f->world, gpa);
	ends = ram(&f->world, gpa + REPLY_SIZE - 1);
	c->verdict = !begins ? BAD : ends ? GOOD : SPLIT;
}

static void pick_call(struct fuzzer *f, struct call *c)
{
	const uint64_t dice = below(f, 16);

	c->mode = below(f, CPU_MODES);
	c->nr = KVM_HC_CLOCK_PAIRING;
	if (!below(f, 16))
		c->nr |= rnd(f) << 32;
	c->a1 = dice < 7 ? 0 : dice < 12 ? KVM_CLOCK_PAIRING_WALLCLOCK_QUALITY : dice < 15 ? types[below(f, ARRAY_SIZE(types))] : rnd(f);
	if (below(f, 16)) {
		pick_address(f, c);
	} else {	/* where all of them write */
		c->a0 = shared.common.base + COMMON_REPLY;
		c->verdict = GOOD;
	}
}

static void *fuzzer(void *arg)
{
	struct fuzzer *f = arg;

	while (!f->failed && now_ns(CLOCK_MONOTONIC) < shared.end_ns) {
		pick_call(f, &f->last);
		f->failed = !one_call(&f->vcpu, &f->world, &f->last);
		f->calls++;
		for (int i = 0; i < ANSWERS; i++)
			f->count[i] += f->last.result == answers[i].result;
	}
	return NULL;
}

/* That the calls were not all of one kind: a test of nothing would pass, too. */
static bool mixed(const struct fuzzer *f)
{
	if (opts.type0_refused && !opts.type1)
		return f->count[REFUSED] && f->count[FORBIDDEN];
	return f->count[SERVED] && f->count[FAULT] && f->count[REFUSED] && f->count[FORBIDDEN];
}

static void report(const struct fuzzer *f)
{
	tap_line(!f->failed, "vCPU %u: documented results, 64 bytes or none written, in %llu random calls", f->nth,
		 (unsigned long long)f->calls);
	if (f->failed)
		describe(&f->last);
	tap_line(mixed(f), "vCPU %u: good calls and bad ones were among them", f->nth);
	printf("# vCPU %u:", f->nth);
	for (int i = 0; i < ANSWERS; i++)
		printf(" %s %llu", answers[i].name, (unsigned long long)f->count[i]);
	putchar('\n');
}

static int fuzz(struct fuzzer *fuzzers)
{
	struct call none = { 0 };
	bool ok;

	printf("# seed %llu, %u vCPUs, %g s\n", (unsigned long long)opts.seed, opts.vcpus, opts.fuzz);
	fflush(stdout);	/* known even if the machine does not survive */
	shared.end_ns = now_ns(CLOCK_MONOTONIC) + (int64_t)(opts.fuzz * NSEC_PER_SEC);
	for (unsigned int i = 0; i < opts.vcpus; i++) {
		int err = pthread_create(&fuzzers[i].thread, NULL, fuzzer, &fuzzers[i]);

		if (err)
			die("cannot start thread %u of %u: %s", i, opts.vcpus, strerror(err));
	}
	for (unsigned int i = 0; i < opts.vcpus; i++)
		pthread_join(fuzzers[i].thread, NULL);
	for (unsigned int i = 0; i < opts.vcpus; i++)
		report(&fuzzers[i]);
	ok = check_memory(&none, &shared.common, shared.common.view + COMMON_REPLY, REPLY_SIZE);
	tap_line(ok, "where all vCPUs write at once, nothing is written around it");
	if (!ok)
		printf("# %s\n", none.finding);
	return tap_end();
}

/* --- the probe --- */

struct series {
	const char *name;
	uint64_t nr, type;
	uint64_t result;
	int64_t *cycles;
};

static void print_field(const char *name, bool valid, int64_t value)
{
	if (valid)
		printf(" %s=%lld", name, (long long)value);
	else
		printf(" %s=-", name);
}

static void print_reply(const struct kvm_clock_pairing_quality *q, bool served)
{
	const uint32_t flags = served ? q->flags : 0;

	print_field("flags", served, q->flags);
	print_field("window_ns", flags & KVM_CLOCK_PAIRING_VALID_WINDOW, q->window_ns);
	print_field("max_error_ns", flags & KVM_CLOCK_PAIRING_VALID_MAX_ERROR, (int64_t)q->max_error_ns);
	print_field("est_error_ns", flags & KVM_CLOCK_PAIRING_VALID_EST_ERROR, q->est_error_ns);
	print_field("tai_offset", flags & KVM_CLOCK_PAIRING_VALID_TAI_OFFSET, q->tai_offset);
	print_field("clock_status", flags & KVM_CLOCK_PAIRING_VALID_STATUS, q->clock_status);
	print_field("leap_indicator", flags & KVM_CLOCK_PAIRING_VALID_LEAP, q->leap_indicator);
	if (flags & KVM_CLOCK_PAIRING_VALID_DISRUPTION)
		printf(" disruption_marker=0x%llx", (unsigned long long)q->disruption_marker);
	else
		printf(" disruption_marker=-");
}

/* In turns, so that whatever else the machine does meets all of them */
static void time_calls(struct vcpu *vcpu, uint64_t gpa, struct series *series, size_t n)
{
	for (size_t i = 0; i < n; i++)
		series[i].cycles = xcalloc(opts.count, sizeof(int64_t));
	for (unsigned int done = 0; done < opts.count;) {
		const unsigned int batch = opts.count - done < 64 ? opts.count - done : 64;

		for (size_t i = 0; i < n; i++)
			must(vcpu_timed(vcpu, series[i].nr, gpa, series[i].type, batch, series[i].cycles + done,
					&series[i].result));
		done += batch;
	}
}

static int probe(struct vcpu *vcpu, struct world *w)
{
	const uint64_t gpa = 0x6040;
	struct series series[] = {
		{ .name = "unknown", .nr = NO_SUCH_CALL },
		{ .name = "type0", .nr = KVM_HC_CLOCK_PAIRING, .type = KVM_CLOCK_PAIRING_WALLCLOCK },
		{ .name = "type1", .nr = KVM_HC_CLOCK_PAIRING, .type = KVM_CLOCK_PAIRING_WALLCLOCK_QUALITY },
	};
	struct kvm_clock_pairing_quality q;

	time_calls(vcpu, gpa, series, ARRAY_SIZE(series));
	memcpy(&q, ram(w, gpa), sizeof(q));
	printf("type0=%lld type1=%lld", (long long)series[1].result, (long long)series[2].result);
	print_reply(&q, !series[2].result);
	printf(" count=%u", opts.count);
	for (size_t i = 0; i < ARRAY_SIZE(series); i++) {
		sort_s64(series[i].cycles, opts.count);
		printf(" %s_min=%lld %s_median=%lld", series[i].name, (long long)series[i].cycles[0],
		       series[i].name, (long long)sorted_median(series[i].cycles, opts.count));
	}
	putchar('\n');
	return EXIT_OK;
}

static bool one_of(const char *option, const char *arg, const char *yes, const char *no)
{
	if (strcmp(arg, yes) && strcmp(arg, no))
		misuse("%s: '%s' is neither %s nor %s", option, arg, yes, no);
	return !strcmp(arg, yes);
}

static void parse(int argc, char **argv)
{
	enum { TYPE1 = 256, TYPE0, PARTIAL_OK };
	static const struct option longopts[] = {
		{ "type1", 1, NULL, TYPE1 }, { "type0", 1, NULL, TYPE0 }, { "partial-ok", 0, NULL, PARTIAL_OK },
		{ "fuzz", 1, NULL, 'f' }, { "seed", 1, NULL, 'S' }, { "vcpus", 1, NULL, 'v' },
		{ "probe", 0, NULL, 'p' }, { "count", 1, NULL, 'c' }, { "help", 0, NULL, 'h' }, { 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "f:S:v:pc:h", longopts, NULL)) != -1) {
		switch (c) {
		case TYPE1:
			opts.type1 = one_of("--type1", optarg, "yes", "no");
			break;
		case TYPE0:
			opts.type0_refused = one_of("--type0", optarg, "refused", "exact");
			break;
		case PARTIAL_OK:
			opts.partial_ok = true;
			break;
		case 'f':
			opts.fuzz = opt_decimal("--fuzz", optarg, 0.01, 86400);
			break;
		case 'S':
			opts.seed = opt_u64("--seed", optarg, 0, UINT64_MAX);
			break;
		case 'v':
			opts.vcpus = opt_u64("--vcpus", optarg, 1, 64);
			break;
		case 'p':
			opts.probe = true;
			break;
		case 'c':
			opts.count = opt_u64("--count", optarg, 1, 1000000);
			break;
		case 'h':
			opt_help(usage);
		default:
			misuse("bad option");
		}
	}
	opt_no_arguments(argc, argv);
	if (opts.probe && opts.fuzz)
		misuse("--probe and --fuzz: one at a time");
	if (opts.type1 && opts.partial_ok)
		misuse("--partial-ok is for stock hosts, which serve no type 1");
}

int main(int argc, char **argv)
{
	struct fuzzer *f;

	progname = "pairvcpu";
	if (getrandom(&opts.seed, sizeof(opts.seed), GRND_NONBLOCK) != sizeof(opts.seed))
		opts.seed = now_ns(CLOCK_REALTIME);
	parse(argc, argv);
	if (!opts.fuzz)
		opts.vcpus = 1;

	must(vm_create(&vm));
	f = xcalloc(opts.vcpus, sizeof(*f));
	for (unsigned int i = 0; i < opts.vcpus; i++) {
		f[i].nth = i;
		f[i].rng = opts.seed + i * 0xd1342543de82ef95;
		build_world(&f[i].world, i, layout, ARRAY_SIZE(layout));
	}
	build_world(&shared.common, opts.vcpus, common_layout, ARRAY_SIZE(common_layout));
	/* Memory first: KVM is slow to give a vCPU any more */
	for (unsigned int i = 0; i < opts.vcpus; i++)
		must(vcpu_create(&vm, &f[i].vcpu, i, f[0].world.view));
	if (opts.probe)
		return finish(probe(&f->vcpu, &f->world));
	return finish(opts.fuzz ? fuzz(f) : cases(&f->vcpu, &f->world));
}
