// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Readings of the driver (ptp_kvm_read.c, _source.c, _pvclock.c, compat.c as they are) on a CPU with a TSC of 2 GHz
 * and a pvclock page, under a kernel that makes its time of one of them and has the snapshots of Linux SHAPE.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#define PTP_KVM_COMPAT_C	/* the kernel's struct, not the driver's */
#include "../../driver/ptp_kvm.h"

#define EPOCH	1767225600000000000LL
#define AUX	16

enum when { NEVER, BEFORE_PAIR, AFTER_PAIR };

static struct {
	int source;
	u64 tsc, last;				/* last: what some CPU has read, before 7.2 */
	struct pvclock_vsyscall_time_info page;	/* what the driver sees */
	struct pvclock_vcpu_time_info line;	/* what the clock is made of */
	enum when jump_at;
	s64 jump;
	u64 other_cpu;				/* while the host is asked, a CPU that is so far ahead reads the clock */
	bool for_ever;
	void (*event)(void);			/* once, after the pair */
	unsigned int set_seq;
	int calls, result;
	u8 cs_seq;
	s64 to_real, want;			/* want: system time at the last pair's counter */
} w;

int fake_preempt;

static void world(int source, bool stable)
{
	u8 seq = w.cs_seq + 1;

	memset(&w, 0, sizeof(w));
	w.source = source;
	w.cs_seq = seq;			/* what was found out before holds no more */
	w.tsc = 1000000000;
	w.to_real = EPOCH;
	w.line = (struct pvclock_vcpu_time_info){
		.version = 2, .tsc_timestamp = 900000000, .system_time = 77000000000,
		.tsc_to_system_mul = 1U << 31, .flags = stable ? PVCLOCK_TSC_STABLE_BIT : 0,
	};
	w.page.pvti = w.line;
}

static u64 cycles_at(u64 tsc)
{
	if (w.source == CSID_X86_KVM_CLK)
		return __pvclock_read_cycles(&w.line, tsc);
	return w.source == CSID_X86_TSC ? tsc : tsc / 139;	/* hpet */
}

static s64 ns_of(u64 cycles)
{
	if (w.source == CSID_X86_KVM_CLK)
		return cycles;
	return w.source == CSID_X86_TSC ? cycles / 2 : cycles * 70;
}

/* The host writes the page anew: another line from now on */
static void host_may_jump(enum when when)
{
	if (w.jump_at != when)
		return;
	w.line.system_time = __pvclock_read_cycles(&w.line, w.tsc) + w.jump;
	w.line.tsc_timestamp = w.tsc;
	w.line.version += 2;
	w.page.pvti = w.line;
	if (!w.for_ever)
		w.jump_at = NEVER;
}

struct pvclock_vsyscall_time_info *this_cpu_hvclock(void)
{
	assert_true(fake_preempt > 0);
	return &w.page;
}

u64 rdtsc_ordered(void)
{
	return w.tsc += 20;
}

ktime_t ktime_mono_to_real(ktime_t mono)
{
	return mono + w.to_real;
}

static u64 read_clocksource(void)
{
	u64 now = cycles_at(rdtsc_ordered());

#if SHAPE < 702
	if (w.source == CSID_X86_KVM_CLK && !(w.line.flags & PVCLOCK_TSC_STABLE_BIT))
		now = w.last = max(w.last, now);
#endif
	w.tsc += 180;
	return now;
}

#if SHAPE < 702
void ktime_get_snapshot(struct system_time_snapshot *snap)
{
	memset(snap, 0, sizeof(*snap));
	snap->cycles = read_clocksource();
	snap->raw = ns_of(snap->cycles);
	snap->real = snap->raw + w.to_real;
	snap->cs_was_changed_seq = w.cs_seq;
	snap->clock_was_set_seq = w.set_seq;
#if SHAPE >= 609
	snap->cs_id = w.source;
#endif
}
#else
void ktime_get_snapshot_id(clockid_t id, struct system_time_snapshot *snap)
{
	u64 tsc = w.tsc + 20;

	memset(snap, 0, sizeof(*snap));
	if (id >= AUX)
		return;
	snap->cycles = read_clocksource();
	snap->monoraw = ns_of(snap->cycles);
	snap->systime = snap->monoraw + (id == CLOCK_REALTIME ? w.to_real : 0);
	snap->cs_was_changed_seq = w.cs_seq;
	snap->clock_was_set_seq = w.set_seq;
	snap->cs_id = w.source;
	if (w.source == CSID_X86_KVM_CLK) {
		snap->hw_cycles = tsc;
		snap->hw_csid = CSID_X86_TSC;
	}
	snap->valid = true;
}
#endif

int ptp_kvm_arch_read_pair(struct ptp_kvm_pair *pair)
{
	assert_int_equal(fake_preempt, 1);
	w.calls++;
	memset(pair, 0, sizeof(*pair));
	w.tsc += 700;
	host_may_jump(BEFORE_PAIR);
	if (w.other_cpu)
		w.last = cycles_at(w.tsc) + w.other_cpu;
	pair->counter = w.tsc += 300;
	pair->time.tv_sec = EPOCH / NSEC_PER_SEC;
	w.want = w.to_real + ns_of(max(cycles_at(pair->counter), w.last));
	w.tsc += 400;
	host_may_jump(AFTER_PAIR);
	if (w.event)
		w.event();
	w.event = NULL;
	w.tsc += 600;
	return w.result;
}

int ptp_kvm_read_pair(struct ptp_kvm_pair *pair)
{
	int ret;

	preempt_disable();
	ret = ptp_kvm_arch_read_pair(pair);
	preempt_enable();
	return ret;
}

void ptp_kvm_note(int err, const struct ptp_kvm_pair *pair)
{
}

static int precise(s64 *systime)
{
	struct system_device_crosststamp cts = { 0 };
	int ret = ptp_kvm_getcrosststampattrs(NULL, &cts, NULL);

	assert_int_equal(fake_preempt, 0);
#if SHAPE >= 702
	*systime = cts.sys_systime;
	if (!ret) {
		assert_int_equal(cts.sys_counter.cs_id, CSID_X86_TSC);
		assert_true(cts.sys_counter.cycles && !cts.sys_counter.use_nsecs);
	}
#else
	*systime = cts.sys_realtime;
#endif
	return ret;
}

static int extended(clockid_t id, s64 *pre, s64 *post)
{
	struct ptp_system_timestamp sts;
	struct timespec64 ts;
	int ret;

	memset(&sts, 0, sizeof(sts));
#if SHAPE >= 612
	sts.clockid = id;
#endif
	ret = ptp_kvm_gettimexattrs64(NULL, &ts, &sts, NULL);
	assert_int_equal(fake_preempt, 0);
#if SHAPE >= 702
	*pre = sts.pre_sts.systime;
	*post = sts.post_sts.systime;
#else
	*pre = timespec64_to_ktime(sts.pre_ts);
	*post = timespec64_to_ktime(sts.post_ts);
#endif
	return ret;
}

static void is_near(s64 got, s64 want)
{
	if (llabs(got - want) > 2)
		fail_msg("off by %lld ns", (long long)(got - want));
}

/* Both ways of reading, exact, after so many calls each */
static void exact_after(int calls)
{
	s64 a, b;

	assert_int_equal(precise(&a), 0);
	is_near(a, w.want);
	assert_int_equal(w.calls, calls);
	assert_int_equal(extended(CLOCK_REALTIME, &a, &b), 0);
	is_near(a, w.want);
	assert_true(a == b);
}

static void exact(void **state)
{
	world(CSID_X86_TSC, true);
	exact_after(1);
	world(CSID_X86_KVM_CLK, true);
	exact_after(1);
	/* the clocksource changes; what was known of the last is forgotten */
	w.source = CSID_X86_TSC;
	w.cs_seq++;
	w.calls = 0;
	exact_after(1);
	world(CSID_X86_KVM_CLK, false);		/* one CPU: nothing is ever held back */
	exact_after(1);
}

/* Off by a part of the jump before the page's version was looked at */
static void page_changes(void **state)
{
	static const s64 jumps[] = { 500000, -500000, 700, -700, 900000 };

	for (int i = 0; i < 20; i++) {
		world(CSID_X86_KVM_CLK, i % 2);
		w.jump = jumps[i / 4];
		w.jump_at = i % 4 < 2 ? BEFORE_PAIR : AFTER_PAIR;
#if SHAPE < 702
		if (!(i % 2) && w.jump < 0)
			continue;		/* held back then: see held() */
#endif
		exact_after(2);
	}
	world(CSID_X86_TSC, true);		/* no matter of the page */
	w.jump = -500000;
	w.jump_at = AFTER_PAIR;
	exact_after(1);
}

static void clock_is_set(void)
{
	w.set_seq++;
	w.to_real += 5 * NSEC_PER_SEC;
}

static void source_changes(void)
{
	w.cs_seq++;
	w.source = w.source == CSID_X86_TSC ? CSID_X86_KVM_CLK : CSID_X86_TSC;
}

static void machine_pauses(void)
{
	w.tsc += 20000000;
}

/* What comes in between: the reading is repeated, and that one is exact. */
static void something_happens(void **state)
{
	static void (*const events[])(void) = { clock_is_set, source_changes, machine_pauses };
	s64 a, b;

	for (int i = 0; i < 12; i++) {
		world(i / 3 % 2 ? CSID_X86_TSC : CSID_X86_KVM_CLK, true);
		w.event = events[i % 3];
		if (i < 6)
			assert_int_equal(precise(&a), 0);
		else
			assert_int_equal(extended(CLOCK_REALTIME, &a, &b), 0);
		assert_int_equal(w.calls, 2);
		is_near(a, w.want);
	}
}

static void page_never_rests(void **state)
{
	s64 a, b;

	world(CSID_X86_KVM_CLK, true);
	w.jump = 1000;
	w.jump_at = AFTER_PAIR;
	w.for_ever = true;
	assert_int_equal(precise(&a), -EAGAIN);
	assert_int_equal(w.calls, 5);
	assert_int_equal(extended(CLOCK_REALTIME, &a, &b), -EAGAIN);
}

/* Another CPU is ahead: the kernel holds this one's readings, and the clock does stand still */
static void held(void **state)
{
#if SHAPE < 702
	s64 a, b;

	world(CSID_X86_KVM_CLK, false);
	w.last = cycles_at(w.tsc) + 50000;
	assert_int_equal(precise(&a), 0);
	assert_true(a == EPOCH + (s64)w.last);
	assert_int_equal(extended(CLOCK_REALTIME, &a, &b), 0);
	assert_true(a == EPOCH + (s64)w.last && a == b);
	/* it catches up between the pair and the second snapshot */
	world(CSID_X86_KVM_CLK, false);
	w.last = cycles_at(w.tsc) + 700;
	assert_int_equal(precise(&a), 0);
	assert_true(a >= w.want && a - w.want < 1000);
	/* it falls behind between the first snapshot and the pair: two readings, and the truth between them */
	world(CSID_X86_KVM_CLK, false);
	w.other_cpu = 50000;
	assert_int_equal(extended(CLOCK_REALTIME, &a, &b), 0);
	assert_true(a < w.want && w.want <= b);
#endif
}

static void unknown_clock(void **state)
{
#if SHAPE >= 612
	s64 a, b;

	world(CSID_X86_TSC, true);
	assert_int_equal(extended(AUX, &a, &b), -EINVAL);
	assert_int_equal(w.calls, 0);
	assert_int_equal(extended(CLOCK_MONOTONIC, &a, &b), 0);
	is_near(a, w.want - EPOCH);
	assert_int_equal(extended(CLOCK_MONOTONIC_RAW, &a, &b), 0);
	is_near(a, w.want - EPOCH);
#endif
}

static void foreign_counter(void **state)
{
	s64 a, b;

	world(CSID_GENERIC, true);
	assert_int_equal(precise(&a), -ENODEV);
	assert_int_equal(extended(CLOCK_REALTIME, &a, &b), 0);
	assert_true(a < b && a <= w.want && w.want <= b);
}

/* Whatever the page says: an error at most, under UBSan */
static void hostile_page(void **state)
{
	s64 a;

	for (int i = 0; i < 4; i++) {
		world(CSID_X86_KVM_CLK, true);
		precise(&a);			/* the clocksource is known */
		w.page.pvti.tsc_shift = i == 0 ? 100 : i == 1 ? -128 : 0;
		if (i == 2)
			w.page.pvti.tsc_timestamp = UINT64_MAX;
		if (i == 3)
			w.page.pvti.tsc_to_system_mul = UINT32_MAX;
		assert_int_equal(precise(&a), -ENODEV);
	}
}

static void host_refuses(void **state)
{
	s64 a;

	world(CSID_X86_TSC, true);
	w.result = -EOPNOTSUPP;
	assert_int_equal(precise(&a), -EOPNOTSUPP);
	assert_int_equal(w.calls, 1);
	w.result = -ENOSYS;
	assert_int_equal(precise(&a), -EOPNOTSUPP);
}

static void attributes(void **state)
{
#if SHAPE >= 704
	static const struct {
		int status;			/* the host's; -1: it tells none */
		s64 bound;			/* -1: none */
		u32 window, want_status, want_valid, want_bound;
	} cases[] = {
		{ -1, -1, 0, 0, 0, 0 },
		{ -1, 1000, 5, 0, PTP_ATTRS_VALID_ERROR_BOUND, 1005 },
		{ KVM_CLOCK_PAIRING_STATUS_SYNCHRONIZED, 1000, 0, PTP_CLOCK_STATUS_SYNCED, 5, 1000 },
		{ KVM_CLOCK_PAIRING_STATUS_SYNCHRONIZED, -1, 0, PTP_CLOCK_STATUS_SYNCED, 4, 0 },
		{ KVM_CLOCK_PAIRING_STATUS_SYNCHRONIZED, 0xffffffff, 0, PTP_CLOCK_STATUS_SYNCED, 5, 0xffffffff },
		{ KVM_CLOCK_PAIRING_STATUS_SYNCHRONIZED, 0xffffffff, 1, PTP_CLOCK_STATUS_SYNCED, 4, 0 },
		{ KVM_CLOCK_PAIRING_STATUS_SYNCHRONIZED, INT64_MAX, 0, PTP_CLOCK_STATUS_SYNCED, 4, 0 },
		{ KVM_CLOCK_PAIRING_STATUS_INITIALIZING, 7, 0, PTP_CLOCK_STATUS_INITIALIZING, 5, 7 },
		{ KVM_CLOCK_PAIRING_STATUS_FREERUNNING, 7, 0, PTP_CLOCK_STATUS_FREE_RUNNING, 5, 7 },
		{ KVM_CLOCK_PAIRING_STATUS_FREERUNNING, -1, 0, PTP_CLOCK_STATUS_UNKNOWN, 4, 0 },
		{ KVM_CLOCK_PAIRING_STATUS_FREERUNNING, INT64_MAX, 0, PTP_CLOCK_STATUS_UNKNOWN, 4, 0 },
		{ KVM_CLOCK_PAIRING_STATUS_UNRELIABLE, 7, 0, PTP_CLOCK_STATUS_UNRELIABLE, 4, 0 },
		{ KVM_CLOCK_PAIRING_STATUS_UNKNOWN, 7, 0, PTP_CLOCK_STATUS_UNKNOWN, 4, 0 },
	};

	ptp_kvm_set_attrs(NULL, &(struct ptp_kvm_pair){ .quality = true });
	for (int i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ptp_clock_attrs attrs = { 0 };
		struct ptp_kvm_pair pair = { .quality = true, .window_ns = cases[i].window };

		if (cases[i].status >= 0) {
			pair.clock_status = cases[i].status;
			pair.valid |= KVM_CLOCK_PAIRING_VALID_STATUS;
		}
		if (cases[i].bound >= 0) {
			pair.max_error_ns = cases[i].bound;
			pair.valid |= KVM_CLOCK_PAIRING_VALID_MAX_ERROR;
		}
		ptp_kvm_set_attrs(&attrs, &pair);
		assert_int_equal(attrs.valid, cases[i].want_valid);
		assert_int_equal(attrs.status, cases[i].want_status);
		assert_int_equal(attrs.error_bound, cases[i].want_bound);
		assert_int_equal(attrs.timescale, 0);
	}
	/* UTC only where it is known that it is not smeared */
	for (int smear = 0; smear < 3; smear++) {
		struct ptp_clock_attrs attrs = { 0 };
		struct ptp_kvm_pair pair = { .quality = true, .valid = KVM_CLOCK_PAIRING_VALID_SMEAR, .smear = smear };

		ptp_kvm_set_attrs(&attrs, &pair);
		assert_int_equal(attrs.valid, PTP_ATTRS_VALID_TIMESCALE);
		assert_int_equal(attrs.timescale, smear ? PTP_TIMESCALE_PROPRIETARY : PTP_TIMESCALE_UTC);
	}
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exact), cmocka_unit_test(page_changes), cmocka_unit_test(page_never_rests),
		cmocka_unit_test(something_happens),
		cmocka_unit_test(held), cmocka_unit_test(unknown_clock), cmocka_unit_test(foreign_counter),
		cmocka_unit_test(hostile_page), cmocka_unit_test(host_refuses),
		cmocka_unit_test(attributes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("reading", tests, NULL, NULL);
}
