// SPDX-License-Identifier: GPL-2.0-only
#include <linux/errno.h>
#include <linux/kvm_para.h>
#include <linux/limits.h>
#include <linux/math64.h>

#include "ptp_kvm_pair.h"

/* A pair whose readings lie further apart than this is no pair. */
#define PTP_KVM_MAX_WINDOW_NS	NSEC_PER_SEC

/* ktime_t's range: beyond it, timespec64_to_ktime() saturates. */
#define PTP_KVM_MAX_SEC		(S64_MAX / NSEC_PER_SEC - 1)

int ptp_kvm_pair_decode(const struct kvm_clock_pairing_quality *reply,
			bool quality, struct ptp_kvm_pair *pair)
{
	u32 valid = quality ? reply->flags & KVM_CLOCK_PAIRING_VALID_ALL : 0;

	if (reply->sec < 0 || reply->sec > PTP_KVM_MAX_SEC ||
	    reply->nsec < 0 || reply->nsec >= NSEC_PER_SEC)
		return -EIO;
	if (quality && (!reply->version || !(valid & KVM_CLOCK_PAIRING_VALID_WINDOW) ||
			reply->window_ns > PTP_KVM_MAX_WINDOW_NS))
		return -EIO;

	if (reply->clock_status > KVM_CLOCK_PAIRING_STATUS_UNRELIABLE)
		valid &= ~KVM_CLOCK_PAIRING_VALID_STATUS;
	if (reply->leap_indicator > KVM_CLOCK_PAIRING_LEAP_POST_NEG)
		valid &= ~KVM_CLOCK_PAIRING_VALID_LEAP;
	if (reply->smear > KVM_CLOCK_PAIRING_SMEAR_UTC_SLS)
		valid &= ~KVM_CLOCK_PAIRING_VALID_SMEAR;
	/* No clock's error is bounded by 0: it is what nobody has measured. */
	if (!reply->max_error_ns)
		valid &= ~(KVM_CLOCK_PAIRING_VALID_MAX_ERROR |
			   KVM_CLOCK_PAIRING_VALID_EST_ERROR);

	pair->time.tv_sec = reply->sec;
	pair->time.tv_nsec = reply->nsec;
	pair->counter = reply->counter;
	pair->quality = quality;
	pair->valid = valid;
	pair->window_ns = quality ? reply->window_ns : 0;
	if (!quality)
		return 0;

	pair->max_error_ns = reply->max_error_ns;
	pair->est_error_ns = reply->est_error_ns;
	pair->tai_offset = reply->tai_offset;
	pair->clock_status = reply->clock_status;
	pair->leap_indicator = reply->leap_indicator;
	pair->smear = reply->smear;
	pair->disruption_marker = reply->disruption_marker;
	return 0;
}

bool ptp_kvm_refusal_holds(const struct ptp_kvm_refusal *r, u64 now, u32 place,
			   u64 lasts)
{
	return r->refused && r->place == place && now - r->at < lasts;
}

int ptp_kvm_pair_errno(long ret)
{
	switch (ret) {
	case 0:
		return 0;
	case -KVM_ENOSYS:
		return -ENOSYS;
	case -KVM_EOPNOTSUPP:
		return -EOPNOTSUPP;
	case -KVM_EFAULT:
		return -EFAULT;
	case -KVM_EPERM:
		return -EPERM;
	default:
		return -EIO;
	}
}

bool ptp_kvm_point_between(const struct ptp_kvm_point *a,
			   const struct ptp_kvm_point *b, u64 cycles,
			   struct ptp_kvm_point *at)
{
	u64 span = b->cycles - a->cycles;
	u64 part = cycles - a->cycles;
	u64 share;

	if (b->cycles < a->cycles || b->systime < a->systime ||
	    b->monoraw < a->monoraw)
		return false;
	if (cycles < a->cycles || cycles > b->cycles)
		return false;

	*at = *a;
	at->cycles = cycles;
	if (!span)
		return true;

	/*
	 * One division for both; part <= span, so nothing exceeds 64 bits.
	 * The share is rounded up, for products to be what dividing each would
	 * give, as long as difference times span is below 2^63 (more than half
	 * a second); beyond that they can be one more.
	 */
	share = mul_u64_u64_div_u64(part, 1ULL << 63, span) + 1;
	at->systime += mul_u64_u64_shr(b->systime - a->systime, share, 63);
	at->monoraw += mul_u64_u64_shr(b->monoraw - a->monoraw, share, 63);
	return true;
}
