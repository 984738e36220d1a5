// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <linux/kvm_para.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/now.h"
#include "probe/ask.h"
#include "system/tree.h"
#include "time/counter.h"

#define MEMORY (8 * VM_PAGE)
#define REPLY_GPA 0x6000UL
#define CLOCKSOURCE "/sys/devices/system/clocksource/clocksource0/current_clocksource"

/* The guest's counter and the host's clock at one instant; how far apart they may be is known as one or the other. */
struct instant {
	uint64_t tsc;
	int64_t ns;
	uint64_t cycles;	/* half */
	int64_t half_ns;
};

struct probe {
	struct vm vm;
	struct vcpu vcpu;
	uint8_t *memory;
	bool scaled;		/* the guest's counter has another frequency */
	uint64_t offset;	/* of the guest's counter, where it is not scaled and KVM tells */
	bool has_offset;
};

/* --- this host --- */

/* In /proc/cpuinfo, since a container's or a guest's CPUID says nothing else */
static bool cpu_flag(const char *flag)
{
	char *text = file_read("/proc/cpuinfo", NULL), *line = text ? strstr(text, "\nflags") : NULL;
	const size_t n = strlen(flag);
	bool found = false;

	if (line)
		line[1 + strcspn(line + 1, "\n")] = 0;
	for (char *at = line; at && (at = strstr(at, flag)) && !found; at += n)
		found = at[-1] == ' ' && (!at[n] || at[n] == ' ');
	free(text);
	return found;
}

static void gather(struct probe_facts *f)
{
	struct utsname uts;

	f->cpu_virtualizes = cpu_flag("vmx") || cpu_flag("svm");
	f->cpu_intel = cpu_is_intel();
	f->module = file_exists("/sys/module/kvm_intel") || file_exists("/sys/module/kvm_amd");
	f->device = file_exists("/dev/kvm");
	hypervisor_is_kvm(f->hypervisor);
	file_read_line(CLOCKSOURCE, f->clocksource, sizeof(f->clocksource));
	if (!uname(&uts))
		snprintf(f->kernel, sizeof(f->kernel), "%s", uts.release);
}

/* --- calls --- */

static void on_alarm(int sig)
{
	(void)sig;
}

/* So that KVM_RUN comes back with EINTR even if the vCPU does not. Again and again: one may come before it. */
static void set_timer(int first_ms)
{
	struct sigaction act = { .sa_handler = on_alarm };
	struct itimerval timer = {
		.it_value = { first_ms / 1000, first_ms % 1000 * 1000 },
		.it_interval = { 0, first_ms ? 100000 : 0 },
	};

	sigaction(SIGALRM, &act, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

static bool create(struct probe_facts *f, struct probe *p)
{
	f->failed = PROBE_OPEN;
	if (!vm_create(&p->vm)) {
		if (p->vm.kvm >= 0)
			f->failed = PROBE_CREATE;
		return false;
	}
	f->failed = PROBE_CREATE;
	p->memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p->memory == MAP_FAILED)
		return false;
	vm_write_code(p->memory);
	if (!vm_add_memory(&p->vm, 0, p->memory, MEMORY, false) || !vcpu_create(&p->vm, &p->vcpu, 0, p->memory))
		return false;
	f->failed = PROBE_TSC;
	p->scaled = f->tsc_khz;
	if (p->scaled && !vcpu_set_tsc_khz(&p->vcpu, f->tsc_khz))
		return false;
	p->has_offset = !p->scaled && vcpu_tsc_offset(&p->vcpu, &p->offset);
	return true;
}

static bool read_instant(struct probe *p, struct instant *i)
{
	int64_t ns;

	*i = (struct instant){ 0 };
	if (p->has_offset) {
		const uint64_t begin = counter_begin();

		i->ns = now_ns(CLOCK_REALTIME);
		i->cycles = (counter_end() - begin + 1) / 2;
		i->tsc = begin + i->cycles + p->offset;
		return true;
	}
	ns = now_ns(CLOCK_REALTIME);
	if (!vcpu_tsc(&p->vcpu, &i->tsc))
		return false;
	i->half_ns = (now_ns(CLOCK_REALTIME) - ns + 1) / 2;
	i->ns = ns + i->half_ns;
	return true;
}

/*
 * How far the pair is from the line between two readings around it, and how well that is known: by the best
 * of several. Nothing is where the clock was set in between.
 */
static void compare(struct probe_answer *a, const struct instant *before, const struct instant *after)
{
	const struct kvm_clock_pairing_quality *q = &a->reply;
	const int64_t ns = after->ns - before->ns, cycles = (int64_t)(after->tsc - before->tsc);
	const uint64_t half_cycles = before->cycles > after->cycles ? before->cycles : after->cycles;
	int64_t uncertainty = before->half_ns > after->half_ns ? before->half_ns : after->half_ns;
	double slope, since;

	if (ns <= 0 || cycles <= 0 || uncertainty < 0 || q->nsec < 0 || q->nsec >= NSEC_PER_SEC || q->sec < 0 ||
	    q->sec > INT64_MAX / NSEC_PER_SEC / 2)
		return;
	slope = (double)ns / cycles;
	uncertainty += (int64_t)ceil(half_cycles * slope);
	if (a->measured && uncertainty >= a->uncertainty_ns)
		return;
	/* Beyond the two readings, too: a counter that lies there is a wrong pair. */
	since = fmax(fmin((int64_t)(q->counter - before->tsc) * slope, 1e18), -1e18);
	a->measured = true;
	a->offset_ns = q->sec * NSEC_PER_SEC + q->nsec - before->ns - llrint(since);
	a->uncertainty_ns = uncertainty;
}

static bool ask(struct probe *p, uint64_t type, struct probe_answer *a)
{
	struct instant before, after;
	uint64_t result;

	for (int i = 0; i < PROBE_CALLS; i++) {
		memset(p->memory + REPLY_GPA, 0, sizeof(a->reply));
		if (!read_instant(p, &before) ||
		    !vcpu_call(&p->vcpu, LONG64, KVM_HC_CLOCK_PAIRING, REPLY_GPA, type, &result) ||
		    !read_instant(p, &after))
			return false;
		a->result = (int64_t)result;
		if (a->result)
			return true;
		memcpy(&a->reply, p->memory + REPLY_GPA, sizeof(a->reply));
		compare(a, &before, &after);
	}
	return true;
}

void probe_run(struct probe_facts *f, unsigned int tsc_khz)
{
	const int64_t begin = now_ns(CLOCK_MONOTONIC);
	struct probe p = { .vm = { .kvm = -1 } };

	memset(f, 0, sizeof(*f));
	f->tsc_khz = tsc_khz;
	gather(f);
	set_timer(PROBE_TIMEOUT_MS);
	if (create(f, &p)) {
		f->failed = PROBE_RUN;
		if (ask(&p, KVM_CLOCK_PAIRING_WALLCLOCK, &f->type0) &&
		    ask(&p, KVM_CLOCK_PAIRING_WALLCLOCK_QUALITY, &f->type1))
			f->failed = PROBE_DONE;
	}
	if (f->failed != PROBE_DONE) {
		f->error = errno;
		memcpy(f->why, vm_why, sizeof(f->why));
	}
	set_timer(0);
	f->ms = (now_ns(CLOCK_MONOTONIC) - begin) / 1e6;
}
