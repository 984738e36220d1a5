/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every difference between kernels, Linux 5.10 to the newest, is here and in
 * compat.c; the rest reads as if written for the newest. conftest.sh finds the
 * differences by looking into the target's headers, since distributions
 * backport: HAVE_* say what is there.
 */
#ifndef PTP_KVM_COMPAT_H
#define PTP_KVM_COMPAT_H

#include <linux/clocksource.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/ptp_clock_kernel.h>
#include <linux/sysfs.h>
#include <linux/timekeeping.h>
#include <linux/version.h>

#include "conftest.h"
#include "ptp_kvm_pair.h"

#undef pr_fmt
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 10, 0)
#error "ptp_kvm needs Linux 5.10 or newer"
#endif

/* 5.16: which protection the guest's memory has */
#ifdef HAVE_CC_PLATFORM
#include <linux/cc_platform.h>
#else
#include <linux/mem_encrypt.h>
#define CC_ATTR_GUEST_MEM_ENCRYPT	0
#define cc_platform_has(attr)		sev_active()
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

/* 6.14: devices that no bus knows */
#ifdef HAVE_FAUX_DEVICE
#include <linux/device/faux.h>
#else
#include <linux/platform_device.h>
#define faux_device		platform_device
#define faux_device_destroy	platform_device_unregister

static inline struct platform_device *
faux_device_create(const char *name, struct device *parent, const void *ops)
{
	struct platform_device *dev;

	dev = platform_device_register_simple(name, PLATFORM_DEVID_NONE, NULL, 0);
	return IS_ERR(dev) ? NULL : dev;
}
#endif

/* 7.2: snapshots of a chosen clock that carry the hardware's counter */
#ifdef HAVE_KTIME_GET_SNAPSHOT_ID

static inline void ptp_kvm_set_sts(struct ptp_system_timestamp *sts,
				   const struct system_time_snapshot *pre,
				   const struct system_time_snapshot *post)
{
	sts->pre_sts = *pre;
	sts->post_sts = *post;
}

static inline bool ptp_kvm_held_back(const struct system_time_snapshot *snap)
{
	return false;
}

static inline clockid_t
ptp_kvm_cts_clockid(const struct system_device_crosststamp *cts)
{
	return cts->clock_id;
}

static inline void ptp_kvm_set_cts(struct system_device_crosststamp *cts,
				   const struct system_time_snapshot *at)
{
	cts->sys_counter.cycles = at->cycles;
	cts->sys_counter.cs_id = at->cs_id;
	cts->sys_counter.use_nsecs = false;
	cts->sys_systime = at->systime;
	cts->sys_monoraw = at->monoraw;
}

#else

/* As <linux/timekeeping.h> has it from 7.2 on; compat.c fills it. */
struct ptp_kvm_time_snapshot {
	u64		cycles;
	u64		hw_cycles;
	ktime_t		systime;
	ktime_t		monoraw;
	int		cs_id;
	int		hw_csid;
	unsigned int	clock_was_set_seq;
	u8		cs_was_changed_seq;
	u8		valid;
	bool		held_back;	/* ahead of hw_cycles, by how much is unknown */
};

void ptp_kvm_get_snapshot_id(clockid_t clock_id,
			     struct ptp_kvm_time_snapshot *snap);

static inline void ptp_kvm_set_sts(struct ptp_system_timestamp *sts,
				   const struct ptp_kvm_time_snapshot *pre,
				   const struct ptp_kvm_time_snapshot *post)
{
	sts->pre_ts = ktime_to_timespec64(pre->systime);
	sts->post_ts = ktime_to_timespec64(post->systime);
}

static inline bool ptp_kvm_held_back(const struct ptp_kvm_time_snapshot *snap)
{
	return snap->held_back;
}

static inline clockid_t
ptp_kvm_cts_clockid(const struct system_device_crosststamp *cts)
{
	return CLOCK_REALTIME;
}

static inline void ptp_kvm_set_cts(struct system_device_crosststamp *cts,
				   const struct ptp_kvm_time_snapshot *at)
{
	cts->sys_realtime = at->systime;
	cts->sys_monoraw = at->monoraw;
}

#ifndef PTP_KVM_COMPAT_C
#define system_time_snapshot	ptp_kvm_time_snapshot
#define ktime_get_snapshot_id	ptp_kvm_get_snapshot_id
#endif

#endif /* HAVE_KTIME_GET_SNAPSHOT_ID */

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
