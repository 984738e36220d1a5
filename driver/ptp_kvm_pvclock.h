/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PTP_KVM_PVCLOCK_H
#define PTP_KVM_PVCLOCK_H

#include <asm/pvclock.h>

/* The clocksources that are functions of a pair's counter, and the counter's own */
#define PTP_KVM_ARCH_SOURCES	{ CSID_X86_TSC, CSID_X86_KVM_CLK }
#define PTP_KVM_ARCH_CSID	CSID_X86_TSC

/**
 * struct ptp_kvm_frame - what makes kvm-clock of the TSC while a reading lasts
 * @live:	this CPU's page, or NULL
 * @page:	what was in it when the reading began
 */
struct ptp_kvm_frame {
	const struct pvclock_vcpu_time_info *live;
	struct pvclock_vcpu_time_info page;
};

/**
 * ptp_kvm_page_version() - of this CPU's page, with preemption disabled
 *
 * Return: another one after the guest has moved; 0 where there is no page.
 */
u32 ptp_kvm_page_version(void);

#endif
