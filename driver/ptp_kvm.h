/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PTP_KVM_H
#define PTP_KVM_H

#include <linux/device.h>

#include "compat.h"
#include "ptp_kvm_pair.h"

/*
 * What an architecture provides: ptp_kvm_x86.c
 */

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

/**
 * ptp_kvm_arch_counter() - the pair's counter as a snapshot has it
 * @snap:	a valid snapshot
 * @counter:	the value of the counter that pairs carry, at @snap
 *
 * Return: false where system time does not run on that counter.
 */
bool ptp_kvm_arch_counter(const struct system_time_snapshot *snap, u64 *counter);

/** ptp_kvm_arch_counter_khz() - the pair's counter's ticks in a millisecond */
u64 ptp_kvm_arch_counter_khz(void);

/*
 * ptp_kvm_main.c
 */

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
