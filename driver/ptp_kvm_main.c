// SPDX-License-Identifier: GPL-2.0-only
/*
 * Virtual PTP clock of a KVM guest: its host's CLOCK_REALTIME, read through a
 * hypercall that pairs it with the guest's own counter.
 */
#include <linux/err.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/ptp_clock_kernel.h>
#include <linux/ratelimit.h>

#include "../include/version.h"
#include "ptp_kvm.h"

/* How often a reading is repeated because something came in between. */
#define PTP_KVM_TRIES	5

/* What takes longer was interrupted: by the host, or by a migration. */
#define PTP_KVM_WIDE_MS	1

static struct faux_device *ptp_kvm_dev;
static struct ptp_clock *ptp_kvm_clock;
static int ptp_kvm_failing;

static const char *ptp_kvm_reason(int err)
{
	switch (err) {
	case -ENOSYS:
		return "the host does not know the clock pairing call";
	case -EOPNOTSUPP:
		return "the host refuses clock pairing, its own clocksource is not the TSC";
	case -EIO:
		return "the host's answer to clock pairing makes no sense";
	default:
		return "clock pairing failed";
	}
}

/* Says when an outage begins and when it ends, not at every read. */
static void ptp_kvm_report(int err)
{
	if (xchg(&ptp_kvm_failing, err) == err)
		return;
	if (err)
		pr_warn_ratelimited("%s (%d)\n", ptp_kvm_reason(err), err);
	else
		pr_info_ratelimited("the host answers clock pairing again\n");
}

static void ptp_kvm_note(int err, const struct ptp_kvm_pair *pair)
{
	if (unlikely(err != READ_ONCE(ptp_kvm_failing)))
		ptp_kvm_report(err);
	if (!err && unlikely(pair->valid != READ_ONCE(ptp_kvm_sysfs_valid)))
		ptp_kvm_sysfs_note(pair);
}

int ptp_kvm_read_pair(struct ptp_kvm_pair *pair)
{
	int ret;

	preempt_disable();
	ret = ptp_kvm_arch_read_pair(pair);
	preempt_enable();

	ptp_kvm_note(ret, pair);
	return ret;
}

/* Both snapshots are of the same clock on the same clocksource. */
static bool ptp_kvm_same_line(const struct system_time_snapshot *pre,
			      const struct system_time_snapshot *post)
{
	return pre->clock_was_set_seq == post->clock_was_set_seq &&
	       pre->cs_was_changed_seq == post->cs_was_changed_seq &&
	       pre->cs_id == post->cs_id && pre->hw_csid == post->hw_csid;
}

static bool ptp_kvm_point(const struct system_time_snapshot *snap,
			  struct ptp_kvm_point *point)
{
	if (!snap->valid || !ptp_kvm_arch_counter(snap, &point->counter))
		return false;

	point->cycles = snap->cycles;
	point->systime = ktime_to_ns(snap->systime);
	point->monoraw = ktime_to_ns(snap->monoraw);
	return true;
}

/*
 * A guest that is migrated between two snapshots finds kvm-clock where it was
 * and the TSC elsewhere, or the other way round: no straight line, although
 * nobody set a clock. One of the two has gone on for long.
 */
static bool ptp_kvm_wide(const struct system_time_snapshot *pre,
			 const struct system_time_snapshot *post)
{
	if (ktime_to_ns(ktime_sub(post->monoraw, pre->monoraw)) >
	    PTP_KVM_WIDE_MS * NSEC_PER_MSEC)
		return true;
	return pre->hw_csid != CSID_GENERIC &&
	       post->hw_cycles - pre->hw_cycles >
	       PTP_KVM_WIDE_MS * ptp_kvm_arch_counter_khz();
}

/*
 * Reads a pair between two snapshots of a system clock. A snapshot of a clock
 * that is switched off (CLOCK_AUX) is not valid; that is for callers to see.
 */
static int ptp_kvm_read_between(clockid_t clock_id, struct ptp_kvm_pair *pair,
				struct system_time_snapshot *pre,
				struct system_time_snapshot *post)
{
	bool same_line = false;
	int tries, ret;

	for (tries = 0; tries < PTP_KVM_TRIES; tries++) {
		preempt_disable();
		ktime_get_snapshot_id(clock_id, pre);
		ret = ptp_kvm_arch_read_pair(pair);
		ktime_get_snapshot_id(clock_id, post);
		preempt_enable();

		ptp_kvm_note(ret, pair);
		if (ret)
			return ret;
		if (!pre->valid || !post->valid)
			return 0;
		same_line = ptp_kvm_same_line(pre, post);
		if (same_line && !ptp_kvm_wide(pre, post))
			return 0;
	}
	/* A machine that is always interrupted has to do with what it gets. */
	return same_line ? 0 : -EAGAIN;
}

/*
 * Moves both snapshots to the instant of the pair. False, and they stay as
 * they are, where system time does not run on the pair's counter.
 */
static bool ptp_kvm_pin(const struct ptp_kvm_pair *pair,
			struct system_time_snapshot *pre,
			struct system_time_snapshot *post)
{
	struct ptp_kvm_point a, b, at;

	if (!ptp_kvm_point(pre, &a) || !ptp_kvm_point(post, &b) ||
	    !ptp_kvm_point_between(&a, &b, pair->counter, &at))
		return false;

	if (pre->hw_csid != CSID_GENERIC)
		pre->hw_cycles = at.counter;
	pre->cycles = at.cycles;
	pre->systime = ns_to_ktime(at.systime);
	pre->monoraw = ns_to_ktime(at.monoraw);
	*post = *pre;
	return true;
}

static int ptp_kvm_gettimexattrs64(struct ptp_clock_info *info,
				   struct timespec64 *ts,
				   struct ptp_system_timestamp *sts,
				   struct ptp_clock_attrs *attrs)
{
	struct system_time_snapshot pre, post;
	struct ptp_kvm_pair pair;
	int ret;

	if (!sts) {
		ret = ptp_kvm_read_pair(&pair);
	} else {
		ret = ptp_kvm_read_between(ptp_kvm_sts_clockid(sts), &pair,
					   &pre, &post);
	}
	if (ret)
		return ret;

	if (sts) {
		/* An inexact pair lies anywhere in its window. */
		if (!ptp_kvm_held_back(&pre) && !ptp_kvm_held_back(&post) &&
		    ptp_kvm_pin(&pair, &pre, &post) && pair.window_ns) {
			pre.systime = ktime_sub_ns(pre.systime, pair.window_ns);
			post.systime = ktime_add_ns(post.systime, pair.window_ns);
		}
		ptp_kvm_set_sts(sts, &pre, &post);
	}
	*ts = pair.time;
	ptp_kvm_set_attrs(attrs, &pair);
	return 0;
}

static int ptp_kvm_gettimex64(struct ptp_clock_info *info,
			      struct timespec64 *ts,
			      struct ptp_system_timestamp *sts)
{
	return ptp_kvm_gettimexattrs64(info, ts, sts, NULL);
}

static int ptp_kvm_getcrosststampattrs(struct ptp_clock_info *info,
				       struct system_device_crosststamp *cts,
				       struct ptp_clock_attrs *attrs)
{
	struct system_time_snapshot pre, post;
	struct ptp_kvm_pair pair;
	int ret;

	ret = ptp_kvm_read_between(ptp_kvm_cts_clockid(cts), &pair, &pre, &post);
	if (ret)
		return ret;
	/* As get_device_system_crosststamp() says it for a foreign counter. */
	if (!ptp_kvm_pin(&pair, &pre, &post))
		return -ENODEV;

	cts->device = timespec64_to_ktime(pair.time);
	ptp_kvm_set_cts(cts, &pre);
	ptp_kvm_set_attrs(attrs, &pair);
	return 0;
}

static int ptp_kvm_getcrosststamp(struct ptp_clock_info *info,
				  struct system_device_crosststamp *cts)
{
	return ptp_kvm_getcrosststampattrs(info, cts, NULL);
}

/* The host's clock is for the host to set. */
static int ptp_kvm_adjfine(struct ptp_clock_info *info, long scaled_ppm)
{
	return -EOPNOTSUPP;
}

static int ptp_kvm_adjtime(struct ptp_clock_info *info, s64 delta)
{
	return -EOPNOTSUPP;
}

static int ptp_kvm_settime64(struct ptp_clock_info *info,
			     const struct timespec64 *ts)
{
	return -EOPNOTSUPP;
}

static int ptp_kvm_enable(struct ptp_clock_info *info,
			  struct ptp_clock_request *request, int on)
{
	return -EOPNOTSUPP;
}

static struct ptp_clock_info ptp_kvm_info = {
	.owner		= THIS_MODULE,
	.name		= "KVM virtual PTP",
	.adjfine	= ptp_kvm_adjfine,
	.adjtime	= ptp_kvm_adjtime,
	.gettimex64	= ptp_kvm_gettimex64,
	.getcrosststamp	= ptp_kvm_getcrosststamp,
#ifdef HAVE_PTP_CLOCK_ATTRS
	.gettimexattrs64	= ptp_kvm_gettimexattrs64,
	.getcrosststampattrs	= ptp_kvm_getcrosststampattrs,
#endif
	.settime64	= ptp_kvm_settime64,
	.enable		= ptp_kvm_enable,
};

static int __init ptp_kvm_init(void)
{
	struct ptp_kvm_pair pair;
	int ret;

	ret = ptp_kvm_arch_init();
	if (ret == -ENODEV)
		pr_info("not a KVM guest, no clock to offer\n");
	if (ret)
		return ret;

	if (IS_BUILTIN(CONFIG_PTP_1588_CLOCK_KVM)) {
		pr_info("this kernel has its own ptp_kvm built in, not loading a second one\n");
		ret = -EEXIST;
		goto err_arch;
	}

	preempt_disable();
	ret = ptp_kvm_arch_read_pair(&pair);
	preempt_enable();
	if (ret) {
		/* An ordinary answer, and modprobe has the error: it may be tried often */
		pr_info("%s (%d)\n", ptp_kvm_reason(ret), ret);
		goto err_arch;
	}

	ptp_kvm_dev = faux_device_create(KBUILD_MODNAME, NULL, NULL);
	if (!ptp_kvm_dev) {
		ret = -ENODEV;
		goto err_arch;
	}

	ret = ptp_kvm_sysfs_init(&ptp_kvm_dev->dev, &pair);
	if (ret)
		goto err_dev;

	ptp_kvm_clock = ptp_clock_register(&ptp_kvm_info, &ptp_kvm_dev->dev);
	if (IS_ERR_OR_NULL(ptp_kvm_clock)) {
		ret = ptp_kvm_clock ? PTR_ERR(ptp_kvm_clock) : -EOPNOTSUPP;
		goto err_sysfs;
	}

	pr_info("ptp%d is the host's clock, pairing type %d\n",
		ptp_clock_index(ptp_kvm_clock), pair.quality);
	return 0;

err_sysfs:
	ptp_kvm_sysfs_exit(&ptp_kvm_dev->dev);
err_dev:
	faux_device_destroy(ptp_kvm_dev);
err_arch:
	ptp_kvm_arch_exit();
	return ret;
}

static void __exit ptp_kvm_exit(void)
{
	ptp_clock_unregister(ptp_kvm_clock);
	ptp_kvm_sysfs_exit(&ptp_kvm_dev->dev);
	faux_device_destroy(ptp_kvm_dev);
	ptp_kvm_arch_exit();
}

module_init(ptp_kvm_init);
module_exit(ptp_kvm_exit);

MODULE_DESCRIPTION("PTP clock of a KVM guest: its host's time");
MODULE_AUTHOR("The ptp_kvm project");
MODULE_LICENSE("GPL");
MODULE_VERSION(PTP_KVM_VERSION);
MODULE_ALIAS("kvm_ptp");
