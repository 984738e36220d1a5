/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PTP_KVM_VERSION_H
#define PTP_KVM_VERSION_H

/* The one version of module, tools and packages. */
#define PTP_KVM_VERSION "0.1.0"

#endif
