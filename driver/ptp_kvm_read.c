// SPDX-License-Identifier: GPL-2.0-only
/*
 * One reading: the host's pair between two snapshots of the system's clock,
 * which are on one line, so that the system's time at the pair is known.
 */
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/preempt.h>

#include "ptp_kvm.h"

/* How often a reading is repeated because something came in between. */
#define PTP_KVM_TRIES	5

/* What takes longer was interrupted: by the host, or by a migration. */
#define PTP_KVM_WIDE_NS	NSEC_PER_MSEC

/**
 * struct ptp_kvm_reading - what belongs together
 * @pair:	the host's
 * @frame:	what made the clocksource of the counter, all the time
 * @pre:	the system's clock before the pair
 * @post:	and after it
 * @source:	the clocksource's identity, CSID_GENERIC where it is unknown
 * @held:	@post was held back at another CPU's reading: its instant is unknown
 */
struct ptp_kvm_reading {
	struct ptp_kvm_pair pair;
	struct ptp_kvm_frame frame;
	struct system_time_snapshot pre, post;
	int source;
	bool held;
};

/* Nobody set the clock, changed its source, or what makes that of the counter. */
static bool ptp_kvm_one_line(const struct ptp_kvm_reading *r)
{
	return r->pre.clock_was_set_seq == r->post.clock_was_set_seq &&
	       r->pre.cs_was_changed_seq == r->post.cs_was_changed_seq &&
	       r->pre.cs_id == r->post.cs_id &&
	       !ptp_kvm_arch_frame_changed(&r->frame, r->source);
}

/*
 * Before Linux 7.2 a reading of kvm-clock that would be behind another CPU's is
 * held back: the clock stands still until this CPU has caught up.
 */
static bool ptp_kvm_held(const struct ptp_kvm_reading *r)
{
	u64 now;

	return !ptp_kvm_arch_steady(&r->frame, r->source) &&
	       ptp_kvm_arch_cycles(&r->frame, r->source, ptp_kvm_arch_counter(), &now) &&
	       r->post.cycles > now;
}

/* -EINVAL: this system clock does not exist, or is switched off (CLOCK_AUX) */
static int ptp_kvm_read_between(clockid_t clock_id, struct ptp_kvm_reading *r)
{
	bool one_line = false, valid;
	int tries, ret = 0;

	for (tries = 0; tries < PTP_KVM_TRIES; tries++) {
		preempt_disable();
		ptp_kvm_arch_frame_begin(&r->frame);
		ktime_get_snapshot_id(clock_id, &r->pre);
		valid = r->pre.valid;
		if (valid) {
			ret = ptp_kvm_arch_read_pair(&r->pair);
			ktime_get_snapshot_id(clock_id, &r->post);
			valid = r->post.valid;
			r->source = ptp_kvm_source(&r->frame, &r->pre);
			r->held = ptp_kvm_held(r);
			one_line = ptp_kvm_one_line(r);
		}
		preempt_enable();

		if (!valid)
			return -EINVAL;
		ptp_kvm_note(ret, &r->pair);
		if (ret)
			return ret;
		if (one_line && ktime_to_ns(ktime_sub(r->post.monoraw, r->pre.monoraw)) <=
				PTP_KVM_WIDE_NS)
			return 0;
	}
	/* A machine that is always interrupted has to do with what it gets. */
	return one_line ? 0 : -EAGAIN;
}

static struct ptp_kvm_point ptp_kvm_point(const struct system_time_snapshot *snap)
{
	return (struct ptp_kvm_point) {
		.cycles	 = snap->cycles,
		.systime = ktime_to_ns(snap->systime),
		.monoraw = ktime_to_ns(snap->monoraw),
	};
}

/*
 * Moves both snapshots to the pair's instant, when the clocksource's count was
 * @cycles. False, and they stay as they are, where that is not between them.
 */
static bool ptp_kvm_pin(struct ptp_kvm_reading *r, u64 cycles)
{
	struct ptp_kvm_point a = ptp_kvm_point(&r->pre);
	struct ptp_kvm_point b = ptp_kvm_point(&r->post);
	struct ptp_kvm_point at;

	if (!ptp_kvm_point_between(&a, &b, cycles, &at))
		return false;

	r->pre.cycles = at.cycles;
	r->pre.systime = ns_to_ktime(at.systime);
	r->pre.monoraw = ns_to_ktime(at.monoraw);
	ptp_kvm_set_hw(&r->pre, r->pair.counter);
	r->post = r->pre;
	return true;
}

/* Where system time is no function of the counter, the two snapshots are the answer. */
static void ptp_kvm_narrow(struct ptp_kvm_reading *r)
{
	u64 cycles;

	if (r->held ||
	    !ptp_kvm_arch_cycles(&r->frame, r->source, r->pair.counter, &cycles) ||
	    !ptp_kvm_pin(r, cycles))
		return;
	/* An inexact pair lies anywhere in its window. */
	r->pre.systime = ktime_sub_ns(r->pre.systime, r->pair.window_ns);
	r->post.systime = ktime_add_ns(r->post.systime, r->pair.window_ns);
}

/* To who asks for the time, ENOSYS would be that this kernel has no such call. */
static int ptp_kvm_user_errno(int err)
{
	return err == -ENOSYS ? -EOPNOTSUPP : err;
}

int ptp_kvm_gettimexattrs64(struct ptp_clock_info *info, struct timespec64 *ts,
			    struct ptp_system_timestamp *sts,
			    struct ptp_clock_attrs *attrs)
{
	struct ptp_kvm_reading r __uninitialized;
	int ret;

	if (sts)
		ret = ptp_kvm_read_between(ptp_kvm_sts_clockid(sts), &r);
	else
		ret = ptp_kvm_read_pair(&r.pair);
	if (ret)
		return ptp_kvm_user_errno(ret);

	if (sts) {
		ptp_kvm_narrow(&r);
		ptp_kvm_set_sts(sts, &r.pre, &r.post);
	}
	*ts = r.pair.time;
	ptp_kvm_set_attrs(attrs, &r.pair);
	return 0;
}

int ptp_kvm_getcrosststampattrs(struct ptp_clock_info *info,
				struct system_device_crosststamp *cts,
				struct ptp_clock_attrs *attrs)
{
	struct ptp_kvm_reading r __uninitialized;
	u64 cycles;
	int ret;

	ret = ptp_kvm_read_between(ptp_kvm_cts_clockid(cts), &r);
	/* As get_device_system_crosststamp() says it: no such clock, a foreign counter */
	if (ret == -EINVAL)
		return -ENODEV;
	if (ret)
		return ptp_kvm_user_errno(ret);
	if (!ptp_kvm_arch_cycles(&r.frame, r.source, r.pair.counter, &cycles))
		return -ENODEV;
	/* Where the clock stood still at the pair, it stood there. */
	if (!ptp_kvm_arch_steady(&r.frame, r.source))
		cycles = max(cycles, r.pre.cycles);
	if (!ptp_kvm_pin(&r, cycles))
		return -ENODEV;

	cts->device = timespec64_to_ktime(r.pair.time);
	ptp_kvm_set_cts(cts, &r.pre, r.pair.counter, PTP_KVM_ARCH_CSID);
	ptp_kvm_set_attrs(attrs, &r.pair);
	return 0;
}
