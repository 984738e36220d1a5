// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is known of the host's clock, beside the PHC:
 * /sys/class/ptp/ptpN/device/host_clock/, see Documentation/ABI.
 */
#include <linux/device.h>
#include <linux/kernel.h>
#include <linux/sysfs.h>
#include <linux/workqueue.h>

#include "compat_device.h"
#include "ptp_kvm.h"

static struct device *host_clock_dev;

u32 ptp_kvm_sysfs_valid;

/* Those of them that have a file */
static u32 host_clock_shown;
static bool host_clock_leaving;

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

static const char * const smear_names[] = {
	[KVM_CLOCK_PAIRING_SMEAR_NONE]		= "none",
	[KVM_CLOCK_PAIRING_SMEAR_NOON_LINEAR]	= "noon-linear",
	[KVM_CLOCK_PAIRING_SMEAR_UTC_SLS]	= "utc-sls",
};

/* A file whose value the newest pair lacks: the host changed under the reader. */
static int host_clock_read(struct ptp_kvm_pair *pair, u32 needed)
{
	int ret = ptp_kvm_read_pair(pair);

	if (ret)
		return ret;
	return (pair->valid & needed) == needed ? 0 : -ENODATA;
}

/* A file, and the bit of KVM_CLOCK_PAIRING_VALID_* without which it isn't there. */
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
HOST_CLOCK_ATTR(smear, KVM_CLOCK_PAIRING_VALID_SMEAR,
		"%s", smear_names[pair.smear]);
HOST_CLOCK_ATTR(disruption_marker, KVM_CLOCK_PAIRING_VALID_DISRUPTION,
		"0x%016llx", pair.disruption_marker);

/* All of one answer, of one instant: "NAME=VALUE ...", as in the files of those names */
static ssize_t pair_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	struct ptp_kvm_pair pair;
	int len, ret = ptp_kvm_read_pair(&pair);

	if (ret)
		return ret;
	len = sysfs_emit(buf, "time=%lld.%09ld counter=%llu pairing_type=%d window_ns=%u",
			 (s64)pair.time.tv_sec, pair.time.tv_nsec, pair.counter,
			 pair.quality, pair.window_ns);
	if (pair.valid & KVM_CLOCK_PAIRING_VALID_MAX_ERROR)
		len += sysfs_emit_at(buf, len, " max_error_ns=%llu", pair.max_error_ns);
	if (pair.valid & KVM_CLOCK_PAIRING_VALID_EST_ERROR)
		len += sysfs_emit_at(buf, len, " est_error_ns=%u", pair.est_error_ns);
	if (pair.valid & KVM_CLOCK_PAIRING_VALID_TAI_OFFSET)
		len += sysfs_emit_at(buf, len, " tai_offset=%d", pair.tai_offset);
	if (pair.valid & KVM_CLOCK_PAIRING_VALID_STATUS)
		len += sysfs_emit_at(buf, len, " status=%s",
				     status_names[pair.clock_status]);
	if (pair.valid & KVM_CLOCK_PAIRING_VALID_LEAP)
		len += sysfs_emit_at(buf, len, " leap_indicator=%s",
				     leap_names[pair.leap_indicator]);
	if (pair.valid & KVM_CLOCK_PAIRING_VALID_SMEAR)
		len += sysfs_emit_at(buf, len, " smear=%s", smear_names[pair.smear]);
	if (pair.valid & KVM_CLOCK_PAIRING_VALID_DISRUPTION)
		len += sysfs_emit_at(buf, len, " disruption_marker=0x%016llx",
				     pair.disruption_marker);
	len += sysfs_emit_at(buf, len, "\n");
	return len;
}
static DEVICE_ATTR_RO(pair);

/* What each answer has */
static struct attribute *host_clock_attrs[] = {
	&dev_attr_pair.attr,
	&host_clock_pairing_type.attr.attr,
	&host_clock_window_ns.attr.attr,
	NULL
};

static const struct attribute_group host_clock_group = {
	.name	= "host_clock",
	.attrs	= host_clock_attrs,
};

/* What comes and goes with the host */
static struct dev_ext_attribute * const host_clock_quality[] = {
	&host_clock_max_error_ns,
	&host_clock_est_error_ns,
	&host_clock_tai_offset,
	&host_clock_status,
	&host_clock_leap_indicator,
	&host_clock_smear,
	&host_clock_disruption_marker,
};

/* Bring the files up to date, touching no other than those that come or go. */
static void host_clock_update(struct work_struct *work)
{
	u32 valid = READ_ONCE(ptp_kvm_sysfs_valid);
	struct kobject *kobj = &host_clock_dev->kobj;
	int i, ret = 0;

	if (READ_ONCE(host_clock_leaving))
		return;

	for (i = 0; i < ARRAY_SIZE(host_clock_quality) && !ret; i++) {
		struct dev_ext_attribute *file = host_clock_quality[i];
		u32 needed = (unsigned long)file->var;

		if (!((valid ^ host_clock_shown) & needed))
			continue;
		if (valid & needed)
			ret = sysfs_add_file_to_group(kobj, &file->attr.attr,
						      host_clock_group.name);
		else
			sysfs_remove_file_from_group(kobj, &file->attr.attr,
						     host_clock_group.name);
		if (!ret)
			host_clock_shown ^= needed;
	}
	if (ret)
		dev_warn(host_clock_dev, "cannot update host_clock/: %d\n", ret);
}

static DECLARE_WORK(host_clock_work, host_clock_update);

void ptp_kvm_sysfs_note(const struct ptp_kvm_pair *pair)
{
	WRITE_ONCE(ptp_kvm_sysfs_valid, pair->valid);
	schedule_work(&host_clock_work);
}

int ptp_kvm_sysfs_init(struct device *dev, const struct ptp_kvm_pair *pair)
{
	int ret;

	host_clock_dev = dev;
	ret = sysfs_create_group(&dev->kobj, &host_clock_group);
	if (ret)
		return ret;

	/* Not at once: the first readers may have it under way already. */
	ptp_kvm_sysfs_note(pair);
	flush_work(&host_clock_work);
	return 0;
}

void ptp_kvm_sysfs_exit(struct device *dev)
{
	/* The last readers may still schedule it, but it does nothing any more. */
	WRITE_ONCE(host_clock_leaving, true);
	cancel_work_sync(&host_clock_work);
	sysfs_remove_group(&dev->kobj, &host_clock_group);
	cancel_work_sync(&host_clock_work);
}
