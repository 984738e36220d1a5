// SPDX-License-Identifier: GPL-2.0-only
/*
 * Virtual PTP clock of a KVM guest: its host's CLOCK_REALTIME, read through a
 * hypercall that pairs it with the guest's own counter.
 */
#include <linux/err.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/ptp_clock_kernel.h>
#include <linux/ratelimit.h>

#include "../include/version.h"
#include "compat_device.h"
#include "ptp_kvm.h"

static struct faux_device *ptp_kvm_dev;
static struct ptp_clock *ptp_kvm_clock;
static int ptp_kvm_failing;

static bool ptp_kvm_wait;
module_param_named(wait, ptp_kvm_wait, bool, 0444);
MODULE_PARM_DESC(wait, "have a clock even where the host does not serve it, for when it does (default: no)");

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

void ptp_kvm_note(int err, const struct ptp_kvm_pair *pair)
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

static int ptp_kvm_gettimex64(struct ptp_clock_info *info,
			      struct timespec64 *ts,
			      struct ptp_system_timestamp *sts)
{
	return ptp_kvm_gettimexattrs64(info, ts, sts, NULL);
}

static int ptp_kvm_getcrosststamp(struct ptp_clock_info *info,
				  struct system_device_crosststamp *cts)
{
	return ptp_kvm_getcrosststampattrs(info, cts, NULL);
}

/* The host's clock is for the host to set. */
static int __cold ptp_kvm_adjfine(struct ptp_clock_info *info, long scaled_ppm)
{
	return -EOPNOTSUPP;
}

static int __cold ptp_kvm_adjtime(struct ptp_clock_info *info, s64 delta)
{
	return -EOPNOTSUPP;
}

static int __cold ptp_kvm_settime64(struct ptp_clock_info *info,
				    const struct timespec64 *ts)
{
	return -EOPNOTSUPP;
}

static int __cold ptp_kvm_enable(struct ptp_clock_info *info,
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

/* What a host refuses today, it or the next one may serve. */
static bool ptp_kvm_may_wait(int err)
{
	return ptp_kvm_wait && (err == -EOPNOTSUPP || err == -ENOSYS);
}

static int __init ptp_kvm_init(void)
{
	struct ptp_kvm_pair pair = { .valid = 0 };
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
		pr_info("%s (%d)%s\n", ptp_kvm_reason(ret), ret,
			ptp_kvm_may_wait(ret) ? ", waiting until one serves it" : "");
		if (!ptp_kvm_may_wait(ret))
			goto err_arch;
		ptp_kvm_failing = ret;
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

	if (!READ_ONCE(ptp_kvm_failing))
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
