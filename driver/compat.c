// SPDX-License-Identifier: GPL-2.0-only
/*
 * What older kernels lack, see compat.h.
 */
#define PTP_KVM_COMPAT_C

#include "compat.h"

#ifndef HAVE_KTIME_GET_SNAPSHOT_ID

#include <asm/msr.h>
#include <asm/pvclock.h>
#include <asm/kvmclock.h> /* has pointers to pvclock.h's types */
#include <asm/tsc.h>

/* This CPU's page, which tells how the host makes kvm-clock of the TSC. */
static const struct pvclock_vcpu_time_info *ptp_kvm_this_cpu_pvti(void)
{
#ifdef CONFIG_KVM_GUEST
	struct pvclock_vsyscall_time_info *page = this_cpu_hvclock();

	return page ? &page->pvti : NULL;
#else
	return NULL;
#endif
}

/*
 * Until the host calls it stable, kvm-clock is another function of the TSC on
 * each CPU, and the kernel holds a reading back that would be behind the last:
 * it is ahead of this CPU's TSC. A host leaves kvm-clock so after its own
 * clocksource was another than the TSC.
 */
static bool ptp_kvm_pvclock_stable(const struct pvclock_vcpu_time_info *pvti)
{
	return READ_ONCE(pvti->flags) & PVCLOCK_TSC_STABLE_BIT;
}

/*
 * The TSC at a reading of kvm-clock, the inverse of __pvclock_read_cycles().
 * The host may be writing the page, or have written anything: each field is
 * read once, and what would overflow the division, which traps, is refused.
 */
static bool ptp_kvm_pvclock_to_tsc(const struct pvclock_vcpu_time_info *pvti,
				   u64 cycles, u64 *tsc)
{
	u64 system_time, mul, scaled;
	int shift;

	if (!pvti)
		return false;
	system_time = READ_ONCE(pvti->system_time);
	mul = READ_ONCE(pvti->tsc_to_system_mul);
	shift = READ_ONCE(pvti->tsc_shift);
	if (cycles < system_time || cycles - system_time >= mul << 32 ||
	    abs(shift) > 31)
		return false;

	scaled = mul_u64_u64_div_u64(cycles - system_time, 1ULL << 32, mul);
	if (shift < 0)
		scaled <<= -shift;
	else
		scaled >>= shift;
	*tsc = READ_ONCE(pvti->tsc_timestamp) + scaled;
	return true;
}

#ifdef HAVE_CSID_X86_TSC

static int ptp_kvm_csid(const struct system_time_snapshot *sys,
			const struct pvclock_vcpu_time_info *pvti)
{
	return sys->cs_id;
}

#else

/* An inverted kvm-clock reading is off by less than one of its nanoseconds. */
#define PVCLOCK_SLACK_CYCLES	16

/* One that was held back is ahead of its CPU, but not by long: 1 ms. */
#define PVCLOCK_HELD_CYCLES	tsc_khz

/*
 * Before 6.9 a clocksource's identity can't be had, but one that lies between
 * two readings of the TSC is the TSC, and one that does so once it is put
 * through this CPU's pvclock page is kvm-clock.
 */
static int ptp_kvm_identify(u64 cycles, const struct pvclock_vcpu_time_info *pvti,
			    u64 tsc_before, u64 tsc_after)
{
	u64 slack_after = PVCLOCK_SLACK_CYCLES;
	u64 tsc;

	if (cycles >= tsc_before && cycles <= tsc_after)
		return CSID_X86_TSC;
	if (!ptp_kvm_pvclock_to_tsc(pvti, cycles, &tsc))
		return CSID_GENERIC;
	if (!ptp_kvm_pvclock_stable(pvti))
		slack_after = PVCLOCK_HELD_CYCLES;
	if (tsc + PVCLOCK_SLACK_CYCLES < tsc_before ||
	    tsc > tsc_after + slack_after)
		return CSID_GENERIC;
	return CSID_X86_KVM_CLK;
}

/*
 * Found out once for each time that the clocksource changes: the sequence
 * number of the change + 1, and in the low byte the identity.
 */
static unsigned int ptp_kvm_known_csid;

static int ptp_kvm_csid(const struct system_time_snapshot *sys,
			const struct pvclock_vcpu_time_info *pvti)
{
	unsigned int known = READ_ONCE(ptp_kvm_known_csid);
	struct system_time_snapshot probe;
	u64 tsc_before, tsc_after;
	int id;

	if (known >> 8 == sys->cs_was_changed_seq + 1)
		return known & 0xff;

	tsc_before = rdtsc_ordered();
	ktime_get_snapshot(&probe);
	tsc_after = rdtsc_ordered();
	if (probe.cs_was_changed_seq != sys->cs_was_changed_seq)
		return CSID_GENERIC;

	id = ptp_kvm_identify(probe.cycles, pvti, tsc_before, tsc_after);
	if (id != CSID_GENERIC)
		WRITE_ONCE(ptp_kvm_known_csid,
			   (sys->cs_was_changed_seq + 1) << 8 | id);
	return id;
}

#endif /* HAVE_CSID_X86_TSC */

void ptp_kvm_get_snapshot_id(clockid_t clock_id,
			     struct ptp_kvm_time_snapshot *snap)
{
	const struct pvclock_vcpu_time_info *pvti;
	struct system_time_snapshot sys;
	unsigned int version = 0;
	ktime_t real_offset = 0;
	u64 now;

	preempt_disable();
	pvti = ptp_kvm_this_cpu_pvti();
	do {
		if (pvti)
			version = pvclock_read_begin(pvti);
		if (clock_id == CLOCK_MONOTONIC)
			real_offset = ktime_mono_to_real(0);
		ktime_get_snapshot(&sys);

		snap->cs_id = ptp_kvm_csid(&sys, pvti);
		snap->hw_csid = CSID_GENERIC;
		snap->hw_cycles = 0;
		snap->held_back = false;
		if (snap->cs_id == CSID_X86_KVM_CLK &&
		    ptp_kvm_pvclock_to_tsc(pvti, sys.cycles,
					   &snap->hw_cycles)) {
			snap->hw_csid = CSID_X86_TSC;
			if (!ptp_kvm_pvclock_stable(pvti)) {
				now = rdtsc_ordered();
				snap->held_back = snap->hw_cycles > now;
				if (snap->held_back)
					snap->hw_cycles = now;
			}
		}
		/* neither the page nor the wall clock changed meanwhile */
	} while ((pvti && pvclock_read_retry(pvti, version)) ||
		 (clock_id == CLOCK_MONOTONIC &&
		  real_offset != ktime_mono_to_real(0)));
	preempt_enable();

	if (clock_id == CLOCK_MONOTONIC_RAW)
		snap->systime = sys.raw;
	else if (clock_id == CLOCK_MONOTONIC)
		snap->systime = ktime_sub(sys.real, real_offset);
	else
		snap->systime = sys.real;
	snap->monoraw = sys.raw;
	snap->cycles = sys.cycles;
	snap->clock_was_set_seq = sys.clock_was_set_seq;
	snap->cs_was_changed_seq = sys.cs_was_changed_seq;
	snap->valid = true;
}

#endif /* HAVE_KTIME_GET_SNAPSHOT_ID */

#ifdef HAVE_PTP_CLOCK_ATTRS

static u32 ptp_kvm_attrs_status(u8 clock_status)
{
	switch (clock_status) {
	case KVM_CLOCK_PAIRING_STATUS_INITIALIZING:
		return PTP_CLOCK_STATUS_INITIALIZING;
	case KVM_CLOCK_PAIRING_STATUS_SYNCHRONIZED:
		return PTP_CLOCK_STATUS_SYNCED;
	case KVM_CLOCK_PAIRING_STATUS_FREERUNNING:
		return PTP_CLOCK_STATUS_FREE_RUNNING;
	case KVM_CLOCK_PAIRING_STATUS_UNRELIABLE:
		return PTP_CLOCK_STATUS_UNRELIABLE;
	default:
		return PTP_CLOCK_STATUS_UNKNOWN;
	}
}

void ptp_kvm_set_attrs(struct ptp_clock_attrs *attrs,
		       const struct ptp_kvm_pair *pair)
{
	if (!attrs || !pair->quality)
		return;

	attrs->timescale = PTP_TIMESCALE_UTC;
	attrs->valid |= PTP_ATTRS_VALID_TIMESCALE;
	if (pair->valid & KVM_CLOCK_PAIRING_VALID_MAX_ERROR) {
		attrs->error_bound = min_t(u64, pair->max_error_ns, U32_MAX - pair->window_ns) +
				     pair->window_ns;
		attrs->valid |= PTP_ATTRS_VALID_ERROR_BOUND;
	}
	if (pair->valid & KVM_CLOCK_PAIRING_VALID_STATUS) {
		attrs->status = ptp_kvm_attrs_status(pair->clock_status);
		attrs->valid |= PTP_ATTRS_VALID_STATUS;
	}
}

#endif /* HAVE_PTP_CLOCK_ATTRS */
