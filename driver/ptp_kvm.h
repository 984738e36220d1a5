/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PTP_KVM_H
#define PTP_KVM_H

#include "compat.h"
#include "ptp_kvm_pair.h"

struct device;

/*
 * What an architecture provides: on x86 ptp_kvm_x86.c, and ptp_kvm_pvclock.c,
 * whose header has struct ptp_kvm_frame
 */
#ifdef CONFIG_X86
#include "ptp_kvm_pvclock.h"
#endif

/**
 * ptp_kvm_arch_init() - find out that this is a KVM guest, get the buffers
 *
 * Return: 0, -ENODEV where this is no KVM guest, or another errno.
 */
int ptp_kvm_arch_init(void);

/** ptp_kvm_arch_exit() - undo ptp_kvm_arch_init() */
void ptp_kvm_arch_exit(void);

/**
 * ptp_kvm_arch_read_pair() - ask the host for one pair
 * @pair:	filled in on success
 *
 * Called with preemption disabled, on any number of CPUs at once.
 *
 * Return: 0, or as ptp_kvm_pair_errno() and ptp_kvm_pair_decode().
 */
int ptp_kvm_arch_read_pair(struct ptp_kvm_pair *pair);

/*
 * The next four and ptp_kvm_source(): with preemption disabled, on one CPU for
 * all calls of a reading
 */

/**
 * ptp_kvm_arch_frame_begin() - note what makes the clocksource of the counter
 * @frame:	filled in
 */
void ptp_kvm_arch_frame_begin(struct ptp_kvm_frame *frame);

/**
 * ptp_kvm_arch_frame_changed() - does something else do so by now?
 * @frame:	as it was
 * @cs_id:	the clocksource's identity; CSID_GENERIC where it is not known
 */
bool ptp_kvm_arch_frame_changed(const struct ptp_kvm_frame *frame, int cs_id);

/**
 * ptp_kvm_arch_steady() - do all CPUs read that clocksource as one line?
 * @frame:	of this CPU
 * @cs_id:	the clocksource's identity
 */
bool ptp_kvm_arch_steady(const struct ptp_kvm_frame *frame, int cs_id);

/** ptp_kvm_arch_counter() - read the counter that pairs carry */
u64 ptp_kvm_arch_counter(void);

/**
 * ptp_kvm_arch_cycles() - the clocksource's count at a value of the counter
 * @frame:	what makes one of the other
 * @cs_id:	the clocksource's identity
 * @counter:	a value of the counter that pairs carry
 * @cycles:	what reading the clocksource gives then
 *
 * Return: false where the clocksource is no function of the counter.
 */
bool ptp_kvm_arch_cycles(const struct ptp_kvm_frame *frame, int cs_id,
			 u64 counter, u64 *cycles);

/*
 * ptp_kvm_source.c
 */

/**
 * ptp_kvm_source() - which clocksource a snapshot was made of
 * @frame:	begun before @snap
 * @snap:	a valid snapshot
 *
 * Return: one of PTP_KVM_ARCH_SOURCES, or another identity of the kernel's;
 * CSID_GENERIC where it is not known.
 */
int ptp_kvm_source(const struct ptp_kvm_frame *frame,
		   const struct system_time_snapshot *snap);

/*
 * ptp_kvm_read.c: operations of struct ptp_clock_info, as its kernel-doc has
 * them (linux/ptp_clock_kernel.h); of the proposed ones sts and attrs may be NULL
 */
int ptp_kvm_gettimexattrs64(struct ptp_clock_info *info, struct timespec64 *ts,
			    struct ptp_system_timestamp *sts,
			    struct ptp_clock_attrs *attrs);
int ptp_kvm_getcrosststampattrs(struct ptp_clock_info *info,
				struct system_device_crosststamp *cts,
				struct ptp_clock_attrs *attrs);

/*
 * ptp_kvm_main.c
 */

/**
 * ptp_kvm_note() - report trouble once, and keep host_clock/ up to date
 * @err:	of asking the host for a pair
 * @pair:	what it said, if @err is 0
 */
void ptp_kvm_note(int err, const struct ptp_kvm_pair *pair);

/**
 * ptp_kvm_read_pair() - ask the host for one pair, report trouble once
 * @pair:	filled in on success
 *
 * Return: as ptp_kvm_arch_read_pair()
 */
int ptp_kvm_read_pair(struct ptp_kvm_pair *pair);

/*
 * ptp_kvm_sysfs.c: what is known of the host's clock
 */
int ptp_kvm_sysfs_init(struct device *dev, const struct ptp_kvm_pair *pair);
void ptp_kvm_sysfs_exit(struct device *dev);

/* KVM_CLOCK_PAIRING_VALID_* of the newest pair */
extern u32 ptp_kvm_sysfs_valid;

/**
 * ptp_kvm_sysfs_note() - show the attributes that this pair has a value for
 * @pair:	the newest pair, if others are valid than in ptp_kvm_sysfs_valid
 *
 * May be called from any task.
 */
void ptp_kvm_sysfs_note(const struct ptp_kvm_pair *pair);

#endif
