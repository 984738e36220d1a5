/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR BSD-2-Clause */
/*
 * KVM_HC_CLOCK_PAIRING: the guest/host ABI, once for driver, host and tests.
 *
 * Copyright (C) 2026 The ptp_kvm project
 *
 * Type 0, KVM_CLOCK_PAIRING_WALLCLOCK, and the number of the call are the
 * kernel's (uapi/linux/kvm_para.h, uapi/asm/kvm_para.h). The quality type is
 * this project's; its text is in Documentation/hypercall.rst.
 */
#ifndef KVM_CLOCK_PAIRING_H
#define KVM_CLOCK_PAIRING_H

#include <linux/types.h>
/* Which needs an asm/kvm_para.h: RISC-V has none for user space */
#if defined(__KERNEL__) || !defined(__riscv)
#include <linux/kvm_para.h>
#endif

/* A kernel with the series of host-patch/ has it in its own headers. */
#ifndef KVM_CLOCK_PAIRING_WALLCLOCK_QUALITY

/* Far from the kernel's next numbers, and the same on all architectures */
#define KVM_CLOCK_PAIRING_WALLCLOCK_QUALITY	0x50744b00

/* Of its reply; a later one has more fields where this has zeroes. */
#define KVM_CLOCK_PAIRING_QUALITY_VERSION	1

/* Bits of kvm_clock_pairing_quality.flags: which fields are valid. */
#define KVM_CLOCK_PAIRING_VALID_WINDOW		(1U << 0)
#define KVM_CLOCK_PAIRING_VALID_MAX_ERROR	(1U << 1)
#define KVM_CLOCK_PAIRING_VALID_EST_ERROR	(1U << 2)
#define KVM_CLOCK_PAIRING_VALID_TAI_OFFSET	(1U << 3)
#define KVM_CLOCK_PAIRING_VALID_STATUS		(1U << 4)
#define KVM_CLOCK_PAIRING_VALID_LEAP		(1U << 5)
#define KVM_CLOCK_PAIRING_VALID_DISRUPTION	(1U << 6)
#define KVM_CLOCK_PAIRING_VALID_SMEAR		(1U << 7)

/* clock_status: the numbers of uapi/linux/vmclock-abi.h */
enum kvm_clock_pairing_status {
	KVM_CLOCK_PAIRING_STATUS_UNKNOWN	= 0,
	KVM_CLOCK_PAIRING_STATUS_INITIALIZING	= 1,
	KVM_CLOCK_PAIRING_STATUS_SYNCHRONIZED	= 2,
	KVM_CLOCK_PAIRING_STATUS_FREERUNNING	= 3,
	KVM_CLOCK_PAIRING_STATUS_UNRELIABLE	= 4,
};

/* leap_indicator: the numbers of the virtio-rtc specification and of vmclock */
enum kvm_clock_pairing_leap {
	KVM_CLOCK_PAIRING_LEAP_NONE		= 0,
	KVM_CLOCK_PAIRING_LEAP_PRE_POS		= 1,
	KVM_CLOCK_PAIRING_LEAP_PRE_NEG		= 2,
	KVM_CLOCK_PAIRING_LEAP_POS		= 3,
	KVM_CLOCK_PAIRING_LEAP_POST_POS		= 4,
	KVM_CLOCK_PAIRING_LEAP_POST_NEG		= 5,
};

/*
 * smear: the numbers of vmclock (VMCLOCK_SMEARING_*). virtio-rtc's 0 is another,
 * "unspecified": here that is a flag which is not set.
 */
enum kvm_clock_pairing_smear {
	KVM_CLOCK_PAIRING_SMEAR_NONE		= 0,
	KVM_CLOCK_PAIRING_SMEAR_NOON_LINEAR	= 1,
	KVM_CLOCK_PAIRING_SMEAR_UTC_SLS		= 2,
};

/**
 * struct kvm_clock_pairing_quality - reply of both types, 64 bytes
 * @sec:		host CLOCK_REALTIME, seconds since the epoch
 * @nsec:		nanoseconds within that second, 0 to 999999999
 * @counter:		the asking vCPU's counter at that instant: on x86 its TSC
 * @flags:		KVM_CLOCK_PAIRING_VALID_*; 0 in a reply of type 0
 * @window_ns:		0: the pair is exact; otherwise the widest that the
 *			two readings can be apart, nanoseconds: at most 10^9
 * @max_error_ns:	the host's bound on its own error to UTC, nanoseconds,
 *			without the window
 * @est_error_ns:	the host's estimate of that error, nanoseconds; 2^32 - 1
 *			is that or more
 * @tai_offset:		TAI - UTC, seconds: 37 in 2026. vmclock's
 *			tai_offset_sec has the other sign
 * @clock_status:	enum kvm_clock_pairing_status
 * @leap_indicator:	enum kvm_clock_pairing_leap
 * @disruption_marker:	opaque; changes whenever the host's clock is stepped,
 *			another host, or another boot of it, answers, or the
 *			VMM sets the guest's clocks (after a pause, a revert)
 * @smear:		enum kvm_clock_pairing_smear
 * @reserved:		zero
 * @version:		KVM_CLOCK_PAIRING_QUALITY_VERSION or later; a reply
 *			without one, 0, is no answer
 *
 * The first 28 bytes are struct kvm_clock_pairing of uapi/asm/kvm_para.h; the
 * rest is zero in a reply of type 0.
 */
struct kvm_clock_pairing_quality {
	__s64	sec;
	__s64	nsec;
	__u64	counter;
	__u32	flags;
	__u32	window_ns;
	__u64	max_error_ns;
	__u32	est_error_ns;
	__s16	tai_offset;
	__u8	clock_status;
	__u8	leap_indicator;
	__u64	disruption_marker;
	__u8	smear;
	__u8	reserved[3];
	__u32	version;
};

#endif /* KVM_CLOCK_PAIRING_WALLCLOCK_QUALITY */

/* The bits that this header knows. */
#define KVM_CLOCK_PAIRING_VALID_ALL		((1U << 8) - 1)

#endif
