/* SPDX-License-Identifier: GPL-2.0-only */
/* As compat.h: what the device and the module need, which the unit tests have no use for. */
#ifndef PTP_KVM_COMPAT_DEVICE_H
#define PTP_KVM_COMPAT_DEVICE_H

#include <linux/device.h>
#include <linux/err.h>
#include <linux/sysfs.h>
#include <linux/version.h>

#include "conftest.h"

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

static inline bool cc_platform_has(int attr)
{
	return sev_active();
}
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

#endif
