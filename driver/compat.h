/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every difference between kernels, Linux 5.10 to the newest, is here, in
 * compat_device.h and in compat.c; the rest reads as if written for the newest.
 * conftest.sh finds the differences by compiling a use of each, since
 * distributions backport: HAVE_* say what is there.
 */
#ifndef PTP_KVM_COMPAT_H
#define PTP_KVM_COMPAT_H

#include <linux/clocksource.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/ptp_clock_kernel.h>
#include <linux/timekeeping.h>

#ifndef PTP_KVM_UNIT_TEST
#include "conftest.h"
#endif
#include "ptp_kvm_pair.h"

/* A local variable that is filled in anyway, also where the kernel has all of them zeroed */
#ifndef __uninitialized
#if __has_attribute(__uninitialized__)
#define __uninitialized	__attribute__((__uninitialized__))
#else
#define __uninitialized
#endif
#endif

/* 6.9: the x86 clocksources have identifiers */
#ifndef HAVE_CSID_X86_TSC
#define CSID_X86_TSC_EARLY	3
#define CSID_X86_TSC		4
#define CSID_X86_KVM_CLK	5
#ifndef HAVE_CLOCKSOURCE_IDS
#define CSID_GENERIC		0
#endif
#endif

/* 7.2: snapshots of a chosen clock */
#ifndef HAVE_KTIME_GET_SNAPSHOT_ID
/* As <linux/timekeeping.h> has it from 7.2 on; compat.c fills it. */
struct ptp_kvm_time_snapshot {
	u64		cycles;
	ktime_t		systime;
	ktime_t		monoraw;
	int		cs_id;
	unsigned int	clock_was_set_seq;
	u8		cs_was_changed_seq;
	u8		valid;
};

void ptp_kvm_get_snapshot_id(clockid_t clock_id,
			     struct ptp_kvm_time_snapshot *snap);

#ifndef PTP_KVM_COMPAT_C
#define system_time_snapshot	ptp_kvm_time_snapshot
#define ktime_get_snapshot_id	ptp_kvm_get_snapshot_id
#endif
#endif

#ifndef PTP_KVM_COMPAT_C

/* 7.2: a snapshot carries the hardware's counter, where its clocksource is made of one */
static inline void ptp_kvm_set_hw(struct system_time_snapshot *snap, u64 counter)
{
#ifdef HAVE_SNAPSHOT_HW_CYCLES
	if (snap->hw_csid != CSID_GENERIC)
		snap->hw_cycles = counter;
#endif
}

static inline void ptp_kvm_set_sts(struct ptp_system_timestamp *sts,
				   const struct system_time_snapshot *pre,
				   const struct system_time_snapshot *post)
{
#ifdef HAVE_STS_SNAPSHOTS
	sts->pre_sts = *pre;
	sts->post_sts = *post;
#else
	sts->pre_ts = ktime_to_timespec64(pre->systime);
	sts->post_ts = ktime_to_timespec64(post->systime);
#endif
}

/* csid: of the counter itself, not of a clocksource that is made of it */
static inline void ptp_kvm_set_cts(struct system_device_crosststamp *cts,
				   const struct system_time_snapshot *at,
				   u64 counter, int csid)
{
#ifdef HAVE_CTS_SYS_COUNTER
	cts->sys_counter.cycles = counter;
	cts->sys_counter.cs_id = csid;
	cts->sys_counter.use_nsecs = false;
#endif
#ifdef HAVE_CTS_SYSTIME
	cts->sys_systime = at->systime;
#else
	cts->sys_realtime = at->systime;
#endif
	cts->sys_monoraw = at->monoraw;
}

#endif /* PTP_KVM_COMPAT_C */

/* 6.12: PTP_SYS_OFFSET_EXTENDED chooses the system clock */
static inline clockid_t
ptp_kvm_sts_clockid(const struct ptp_system_timestamp *sts)
{
#ifdef HAVE_PTP_STS_CLOCKID
	return sts->clockid;
#else
	return CLOCK_REALTIME;
#endif
}

/* 7.2: so may PTP_SYS_OFFSET_PRECISE */
static inline clockid_t
ptp_kvm_cts_clockid(const struct system_device_crosststamp *cts)
{
#ifdef HAVE_CTS_CLOCK_ID
	return cts->clock_id;
#else
	return CLOCK_REALTIME;
#endif
}

/* Proposed in July 2026: a PTP clock tells how good it is */
#ifdef HAVE_PTP_CLOCK_ATTRS
void ptp_kvm_set_attrs(struct ptp_clock_attrs *attrs,
		       const struct ptp_kvm_pair *pair);
#else
struct ptp_clock_attrs;

static inline void ptp_kvm_set_attrs(struct ptp_clock_attrs *attrs,
				     const struct ptp_kvm_pair *pair)
{
}
#endif

#endif
