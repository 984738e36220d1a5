// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is known of the host's clock, beside the PHC:
 * /sys/class/ptp/ptpN/device/host_clock/, see Documentation/ABI.
 */
#include <linux/device.h>
#include <linux/kernel.h>
#include <linux/sysfs.h>
#include <linux/workqueue.h>

#include "ptp_kvm.h"

static struct device *host_clock_dev;

/* KVM_CLOCK_PAIRING_VALID_* that have a file at present */
static u32 host_clock_shown;

static const char * const status_names[] = {
	[KVM_CLOCK_PAIRING_STATUS_UNKNOWN]	= "unknown",
	[KVM_CLOCK_PAIRING_STATUS_INITIALIZING]	= "initializing",
	[KVM_CLOCK_PAIRING_STATUS_SYNCHRONIZED]	= "synchronized",
	[KVM_CLOCK_PAIRING_STATUS_FREERUNNING]	= "free-running",
	[KVM_CLOCK_PAIRING_STATUS_UNRELIABLE]	= "unreliable",
};

static const char * const leap_names[] = {
	[KVM_CLOCK_PAIRING_LEAP_NONE]		= "none",
	[KVM_CLOCK_PAIRING_LEAP_PRE_POS]	= "insert-pending",
	[KVM_CLOCK_PAIRING_LEAP_PRE_NEG]	= "delete-pending",
	[KVM_CLOCK_PAIRING_LEAP_POS]		= "inserting",
	[KVM_CLOCK_PAIRING_LEAP_POST_POS]	= "inserted",
	[KVM_CLOCK_PAIRING_LEAP_POST_NEG]	= "deleted",
};

/* A file whose value the newest pair lacks: the host changed under the reader. */
static int host_clock_read(struct ptp_kvm_pair *pair, u32 needed)
{
	int ret = ptp_kvm_read_pair(pair);

	if (ret)
		return ret;
	return (pair->valid & needed) == needed ? 0 : -ENODATA;
}

/* A file, and the KVM_CLOCK_PAIRING_VALID_* bits without which it is hidden. */
#define HOST_CLOCK_ATTR(_name, _needed, _fmt, _value)			\
static ssize_t _name##_show(struct device *dev,				\
			    struct device_attribute *attr, char *buf)	\
{									\
	struct ptp_kvm_pair pair;					\
	int ret = host_clock_read(&pair, _needed);			\
									\
	return ret ?: sysfs_emit(buf, _fmt "\n", _value);		\
}									\
static struct dev_ext_attribute host_clock_##_name = {			\
	.attr	= __ATTR_RO(_name),					\
	.var	= (void *)(unsigned long)(_needed),			\
}

HOST_CLOCK_ATTR(pairing_type, 0, "%d", pair.quality);
HOST_CLOCK_ATTR(window_ns, 0, "%u", pair.window_ns);
HOST_CLOCK_ATTR(max_error_ns, KVM_CLOCK_PAIRING_VALID_MAX_ERROR,
		"%llu", pair.max_error_ns);
HOST_CLOCK_ATTR(est_error_ns, KVM_CLOCK_PAIRING_VALID_EST_ERROR,
		"%u", pair.est_error_ns);
HOST_CLOCK_ATTR(tai_offset, KVM_CLOCK_PAIRING_VALID_TAI_OFFSET,
		"%d", pair.tai_offset);
HOST_CLOCK_ATTR(status, KVM_CLOCK_PAIRING_VALID_STATUS,
		"%s", status_names[pair.clock_status]);
HOST_CLOCK_ATTR(leap_indicator, KVM_CLOCK_PAIRING_VALID_LEAP,
		"%s", leap_names[pair.leap_indicator]);
HOST_CLOCK_ATTR(disruption_marker, KVM_CLOCK_PAIRING_VALID_DISRUPTION,
		"0x%016llx", pair.disruption_marker);

static struct attribute *host_clock_attrs[] = {
	&host_clock_pairing_type.attr.attr,
	&host_clock_window_ns.attr.attr,
	&host_clock_max_error_ns.attr.attr,
	&host_clock_est_error_ns.attr.attr,
	&host_clock_tai_offset.attr.attr,
	&host_clock_status.attr.attr,
	&host_clock_leap_indicator.attr.attr,
	&host_clock_disruption_marker.attr.attr,
	NULL
};

static umode_t host_clock_visible(struct kobject *kobj, struct attribute *attr,
				  int n)
{
	struct dev_ext_attribute *file =
		container_of(attr, struct dev_ext_attribute, attr.attr);
	u32 needed = (unsigned long)file->var;

	return (READ_ONCE(host_clock_shown) & needed) == needed ? attr->mode : 0;
}

static const struct attribute_group host_clock_group = {
	.name		= "host_clock",
	.attrs		= host_clock_attrs,
	.is_visible	= host_clock_visible,
};

static void host_clock_update(struct work_struct *work)
{
	int ret = sysfs_update_group(&host_clock_dev->kobj, &host_clock_group);

	if (ret)
		dev_warn(host_clock_dev, "cannot update host_clock/: %d\n", ret);
}

static DECLARE_WORK(host_clock_work, host_clock_update);

void ptp_kvm_sysfs_note(const struct ptp_kvm_pair *pair)
{
	if (likely(pair->valid == READ_ONCE(host_clock_shown)))
		return;

	WRITE_ONCE(host_clock_shown, pair->valid);
	schedule_work(&host_clock_work);
}

int ptp_kvm_sysfs_init(struct device *dev)
{
	host_clock_dev = dev;
	return sysfs_create_group(&dev->kobj, &host_clock_group);
}

void ptp_kvm_sysfs_exit(struct device *dev)
{
	/* The files' readers are gone first: they are the last to schedule it. */
	sysfs_remove_group(&dev->kobj, &host_clock_group);
	cancel_work_sync(&host_clock_work);
}
