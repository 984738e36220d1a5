/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A pair, host time and guest counter, and the arithmetic on it: nothing here
 * touches hardware, so the unit tests build it in user space.
 */
#ifndef PTP_KVM_PAIR_H
#define PTP_KVM_PAIR_H

#include <linux/time64.h>
#include <linux/types.h>

#include "../include/kvm_clock_pairing.h"

/**
 * struct ptp_kvm_pair - one answer of the host, checked
 * @time:		host CLOCK_REALTIME
 * @counter:		the guest's counter at @time
 * @quality:		the host answered with the quality type
 * @valid:		KVM_CLOCK_PAIRING_VALID_*: which of the fields below hold
 * @window_ns:		0 where the pair is exact, else how far apart the two
 *			readings can be; set even where @quality is false
 * @max_error_ns:	the host's bound on its error to UTC
 * @est_error_ns:	the host's estimate of it
 * @tai_offset:		TAI - UTC, seconds
 * @clock_status:	enum kvm_clock_pairing_status
 * @leap_indicator:	enum kvm_clock_pairing_leap
 * @smear:		enum kvm_clock_pairing_smear
 * @disruption_marker:	opaque; differs after a step or another host
 */
struct ptp_kvm_pair {
	struct timespec64 time;
	u64 counter;
	bool quality;
	u32 valid;
	u32 window_ns;
	u64 max_error_ns;
	u32 est_error_ns;
	s16 tai_offset;
	u8 clock_status;
	u8 leap_indicator;
	u8 smear;
	u64 disruption_marker;
};

/**
 * ptp_kvm_pair_decode() - check and unpack a reply
 * @reply:	a private copy of what the host wrote
 * @quality:	the call was of the quality type, whose fields are then read
 * @pair:	filled in on success only: what @pair->valid has no bit for, but
 *		the window, means nothing
 *
 * The host is not trusted: a time that the kernel cannot represent or a
 * window that makes the pair worthless is refused, a field with a number that
 * its specification does not list is dropped.
 *
 * Return: 0, or -EIO where the reply is no answer at all.
 */
int ptp_kvm_pair_decode(const struct kvm_clock_pairing_quality *reply,
			bool quality, struct ptp_kvm_pair *pair);

/**
 * struct ptp_kvm_refusal - that a host did not serve the quality type
 * @refused:	it did not
 * @at:		when that was, in any unit
 * @place:	what differs once the guest has moved
 *
 * All zero: nobody has asked yet.
 */
struct ptp_kvm_refusal {
	bool refused;
	u64 at;
	u32 place;
};

/**
 * ptp_kvm_refusal_holds() - is there no use in asking again?
 * @r:		what is known
 * @now:	the time, in the unit of @r->at
 * @place:	where the guest is by now
 * @lasts:	how long a refusal holds, in that unit
 *
 * Return: false where the host is to be asked for the quality type.
 */
bool ptp_kvm_refusal_holds(const struct ptp_kvm_refusal *r, u64 now, u32 place,
			   u64 lasts);

/**
 * ptp_kvm_pair_errno() - errno of a hypercall's result
 * @ret:	what KVM returned (uapi/linux/kvm_para.h)
 *
 * Return: 0, -ENOSYS (the host does not know the call), -EOPNOTSUPP (it
 * refuses), -EFAULT, -EPERM, or -EIO for anything else.
 */
int ptp_kvm_pair_errno(long ret);

/**
 * struct ptp_kvm_point - system time at one count of its clocksource
 * @cycles:	the clocksource's count
 * @systime:	the chosen system clock, nanoseconds
 * @monoraw:	CLOCK_MONOTONIC_RAW, nanoseconds
 */
struct ptp_kvm_point {
	u64 cycles;
	s64 systime;
	s64 monoraw;
};

/**
 * ptp_kvm_point_between() - system time at a count between two points
 * @a:		the earlier point
 * @b:		the later point
 * @cycles:	where to look
 * @at:		filled in on success
 *
 * Both points are on one line as long as nobody set the clock in between, so
 * the result is exact to the nanosecond that each of them is rounded to.
 *
 * Return: true if @cycles lies between the points, and nothing runs backwards.
 */
bool ptp_kvm_point_between(const struct ptp_kvm_point *a,
			   const struct ptp_kvm_point *b, u64 cycles,
			   struct ptp_kvm_point *at);

#endif
