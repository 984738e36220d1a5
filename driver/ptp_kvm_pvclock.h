/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm-clock, which the host describes in one page a CPU
 * (Documentation/virt/kvm/x86/msr.rst).
 */
#ifndef PTP_KVM_PVCLOCK_H
#define PTP_KVM_PVCLOCK_H

#include <linux/compiler.h>
#include <asm/pvclock.h>
#include <asm/kvmclock.h> /* has pointers to pvclock.h's types */

/* This CPU's page, NULL in a guest without kvm-clock. */
static inline const struct pvclock_vcpu_time_info *ptp_kvm_this_cpu_pvti(void)
{
#ifdef CONFIG_KVM_GUEST
	struct pvclock_vsyscall_time_info *page = this_cpu_hvclock();

	return page ? &page->pvti : NULL;
#else
	return NULL;
#endif
}

/*
 * Until the host calls it stable, kvm-clock is another function of the TSC on
 * each CPU, and the kernel holds a reading back that would be behind the last.
 * A host leaves it so after its own clocksource was another than the TSC.
 */
static inline bool
ptp_kvm_pvclock_stable(const struct pvclock_vcpu_time_info *pvti)
{
	return READ_ONCE(pvti->flags) & PVCLOCK_TSC_STABLE_BIT;
}

#endif
