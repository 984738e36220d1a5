/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the driver's reading uses of the kernel, as Linux SHAPE has it: 510, 601, 609, 612, 702; 704: with attributes. */
#ifndef SHIM_KERNEL_H
#define SHIM_KERNEL_H
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <linux/math64.h>
#include <linux/time64.h>

#define HAVE_THIS_CPU_HVCLOCK 1
#if SHAPE >= 601
#define HAVE_CLOCKSOURCE_IDS 1
#endif
#if SHAPE >= 609
#define HAVE_CSID_X86_TSC 1
#endif
#if SHAPE >= 612
#define HAVE_PTP_STS_CLOCKID 1
#endif
#if SHAPE >= 702
#define HAVE_KTIME_GET_SNAPSHOT_ID 1
#define HAVE_SNAPSHOT_HW_CYCLES 1
#define HAVE_STS_SNAPSHOTS 1
#define HAVE_CTS_SYSTIME 1
#define HAVE_CTS_CLOCK_ID 1
#define HAVE_CTS_SYS_COUNTER 1
#endif

#if SHAPE >= 704
#define HAVE_PTP_CLOCK_ATTRS 1
/* include/uapi/linux/ptp_clock.h as proposed in July 2026 */
enum {
	PTP_CLOCK_STATUS_UNKNOWN, PTP_CLOCK_STATUS_INITIALIZING, PTP_CLOCK_STATUS_SYNCED,
	PTP_CLOCK_STATUS_HOLDOVER, PTP_CLOCK_STATUS_FREE_RUNNING, PTP_CLOCK_STATUS_UNRELIABLE,
};
enum { PTP_TIMESCALE_UTC = 4, PTP_TIMESCALE_PROPRIETARY = 9 };
enum { PTP_ATTRS_VALID_ERROR_BOUND = 1, PTP_ATTRS_VALID_TIMESCALE = 2, PTP_ATTRS_VALID_STATUS = 4 };
struct ptp_clock_attrs {
	u32 valid, error_bound, timescale, status, rsv[4];
};
#endif

typedef s64 ktime_t;
#define READ_ONCE(x)		(*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v)	(*(volatile __typeof__(x) *)&(x) = (v))
#define ARRAY_SIZE(a)		((int)(sizeof(a) / sizeof((a)[0])))
#define max(a, b)		((a) > (b) ? (a) : (b))
#define U32_MAX			UINT32_MAX
#define NSEC_PER_MSEC		1000000L

#define barrier()		__asm__ __volatile__("" : : : "memory")

extern int fake_preempt;
#define preempt_disable()	(fake_preempt++)
#define preempt_enable()	(fake_preempt--)

static inline s64 ktime_to_ns(ktime_t t) { return t; }
static inline ktime_t ns_to_ktime(u64 ns) { return ns; }
static inline ktime_t ktime_sub(ktime_t a, ktime_t b) { return a - b; }
static inline ktime_t ktime_sub_ns(ktime_t a, u64 b) { return a - b; }
static inline ktime_t ktime_add_ns(ktime_t a, u64 b) { return a + b; }

static inline struct timespec64 ktime_to_timespec64(ktime_t t)
{
	return (struct timespec64){ t / NSEC_PER_SEC, t % NSEC_PER_SEC };
}

static inline ktime_t timespec64_to_ktime(struct timespec64 t)
{
	return t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

#if SHAPE >= 601
enum clocksource_ids {
	CSID_GENERIC, CSID_ARM_ARCH_COUNTER,
#if SHAPE >= 702
	CSID_S390_TOD,
#endif
#if SHAPE >= 609
	CSID_X86_TSC_EARLY, CSID_X86_TSC, CSID_X86_KVM_CLK, CSID_X86_ART,
#endif
};
#endif

struct system_time_snapshot {
#if SHAPE >= 702
	u64 cycles, hw_cycles;
	ktime_t systime, monoraw;
	enum clocksource_ids cs_id, hw_csid;
	u32 clock_was_set_seq;
	u8 cs_was_changed_seq, valid;
#else
	u64 cycles;
	ktime_t real, raw;
#if SHAPE >= 601
	enum clocksource_ids cs_id;
#endif
	unsigned int clock_was_set_seq;
	u8 cs_was_changed_seq;
#endif
};

struct system_counterval_t {
	u64 cycles;
	int cs_id;
	bool use_nsecs;
};

struct ptp_system_timestamp {
#if SHAPE >= 702
	struct system_time_snapshot pre_sts, post_sts;
#else
	struct timespec64 pre_ts, post_ts;
#endif
#if SHAPE >= 612
	clockid_t clockid;
#endif
};

struct system_device_crosststamp {
#if SHAPE >= 702
	clockid_t clock_id;
	ktime_t device;
	struct system_counterval_t sys_counter;
	ktime_t sys_systime, sys_monoraw;
#else
	ktime_t device, sys_realtime, sys_monoraw;
#endif
};

struct device;
struct ptp_clock_info;
struct pvclock_vcpu_time_info {
	u32 version, pad0;
	u64 tsc_timestamp, system_time;
	u32 tsc_to_system_mul;
	int8_t tsc_shift;
	u8 flags, pad[2];
};
struct pvclock_vsyscall_time_info { struct pvclock_vcpu_time_info pvti; };
#define PVCLOCK_TSC_STABLE_BIT 1

static inline unsigned int pvclock_read_begin(const struct pvclock_vcpu_time_info *p)
{
	return p->version & ~1U;
}

static inline bool pvclock_read_retry(const struct pvclock_vcpu_time_info *p, unsigned int version)
{
	return p->version != version;
}

static inline u64 __pvclock_read_cycles(const struct pvclock_vcpu_time_info *p, u64 tsc)
{
	u64 delta = tsc - p->tsc_timestamp;

	delta = p->tsc_shift < 0 ? delta >> -p->tsc_shift : delta << p->tsc_shift;
	return p->system_time + (u64)((unsigned __int128)delta * p->tsc_to_system_mul >> 32);
}

/* the test's */
struct pvclock_vsyscall_time_info *this_cpu_hvclock(void);
u64 rdtsc_ordered(void);
ktime_t ktime_mono_to_real(ktime_t mono);
void ktime_get_snapshot(struct system_time_snapshot *snap);
void ktime_get_snapshot_id(clockid_t id, struct system_time_snapshot *snap);
#endif
