// SPDX-License-Identifier: GPL-2.0-only
/*
 * What older kernels lack, see compat.h.
 */
#define PTP_KVM_COMPAT_C

#include "compat.h"

#ifndef HAVE_KTIME_GET_SNAPSHOT_ID

void ptp_kvm_get_snapshot_id(clockid_t clock_id,
			     struct ptp_kvm_time_snapshot *snap)
{
	struct system_time_snapshot sys __uninitialized;
	ktime_t to_real;

	/* As of a clock that isn't there: Linux 6.17 to 7.1 ask for CLOCK_AUX. */
	snap->valid = false;
	if (clock_id != CLOCK_REALTIME && clock_id != CLOCK_MONOTONIC &&
	    clock_id != CLOCK_MONOTONIC_RAW)
		return;

	do {
		to_real = ktime_mono_to_real(0);
		ktime_get_snapshot(&sys);
		/* the wall clock was not set meanwhile */
	} while (clock_id == CLOCK_MONOTONIC && to_real != ktime_mono_to_real(0));

	if (clock_id == CLOCK_MONOTONIC_RAW)
		snap->systime = sys.raw;
	else if (clock_id == CLOCK_MONOTONIC)
		snap->systime = ktime_sub(sys.real, to_real);
	else
		snap->systime = sys.real;
	snap->monoraw = sys.raw;
	snap->cycles = sys.cycles;
#ifdef HAVE_CSID_X86_TSC
	snap->cs_id = sys.cs_id;
#else
	snap->cs_id = CSID_GENERIC;
#endif
	snap->clock_was_set_seq = sys.clock_was_set_seq;
	snap->cs_was_changed_seq = sys.cs_was_changed_seq;
	snap->valid = true;
}

#endif /* HAVE_KTIME_GET_SNAPSHOT_ID */

#ifdef HAVE_PTP_CLOCK_ATTRS

static u32 ptp_kvm_attrs_status(const struct ptp_kvm_pair *pair, bool bounded)
{
	switch (pair->clock_status) {
	case KVM_CLOCK_PAIRING_STATUS_INITIALIZING:
		return PTP_CLOCK_STATUS_INITIALIZING;
	case KVM_CLOCK_PAIRING_STATUS_SYNCHRONIZED:
		return PTP_CLOCK_STATUS_SYNCED;
	case KVM_CLOCK_PAIRING_STATUS_FREERUNNING:
		/* which is said to have a bound that can be trusted */
		return bounded ? PTP_CLOCK_STATUS_FREE_RUNNING : PTP_CLOCK_STATUS_UNKNOWN;
	case KVM_CLOCK_PAIRING_STATUS_UNRELIABLE:
		return PTP_CLOCK_STATUS_UNRELIABLE;
	default:
		return PTP_CLOCK_STATUS_UNKNOWN;
	}
}

void ptp_kvm_set_attrs(struct ptp_clock_attrs *attrs,
		       const struct ptp_kvm_pair *pair)
{
	bool bounded = pair->valid & KVM_CLOCK_PAIRING_VALID_MAX_ERROR &&
		       pair->max_error_ns <= U32_MAX - pair->window_ns;

	if (!attrs)
		return;

	if (pair->valid & KVM_CLOCK_PAIRING_VALID_SMEAR) {
		attrs->timescale = pair->smear == KVM_CLOCK_PAIRING_SMEAR_NONE ?
				   PTP_TIMESCALE_UTC : PTP_TIMESCALE_PROPRIETARY;
		attrs->valid |= PTP_ATTRS_VALID_TIMESCALE;
	}
	if (pair->valid & KVM_CLOCK_PAIRING_VALID_STATUS) {
		attrs->status = ptp_kvm_attrs_status(pair, bounded);
		attrs->valid |= PTP_ATTRS_VALID_STATUS;
		/* By these a bound is not to be trusted. */
		bounded &= attrs->status != PTP_CLOCK_STATUS_UNKNOWN &&
			   attrs->status != PTP_CLOCK_STATUS_UNRELIABLE;
	}
	if (bounded) {
		attrs->error_bound = pair->max_error_ns + pair->window_ns;
		attrs->valid |= PTP_ATTRS_VALID_ERROR_BOUND;
	}
}

#endif /* HAVE_PTP_CLOCK_ATTRS */
