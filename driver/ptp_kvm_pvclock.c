// SPDX-License-Identifier: GPL-2.0-only
/*
 * What kvm-clock and the TSC have to do with each other: this CPU's page, which
 * the host writes (Documentation/virt/kvm/x86/msr.rst, MSR_KVM_SYSTEM_TIME_NEW).
 */
#include <linux/kernel.h>
#include <linux/math64.h>
#include <asm/msr.h>
#include <asm/tsc.h>

#include "ptp_kvm.h"

#include <asm/kvmclock.h> /* has pointers to pvclock.h's types */

static const struct pvclock_vcpu_time_info *ptp_kvm_this_cpu_page(void)
{
#if defined(CONFIG_KVM_GUEST) && defined(HAVE_THIS_CPU_HVCLOCK)
	struct pvclock_vsyscall_time_info *page = this_cpu_hvclock();

	return page ? &page->pvti : NULL;
#else
	return NULL;
#endif
}

u32 ptp_kvm_page_version(void)
{
	const struct pvclock_vcpu_time_info *page = ptp_kvm_this_cpu_page();

	return page ? READ_ONCE(page->version) : 0;
}

void ptp_kvm_arch_frame_begin(struct ptp_kvm_frame *frame)
{
	unsigned int version;

	frame->live = ptp_kvm_this_cpu_page();
	if (!frame->live)
		return;
	version = pvclock_read_begin(frame->live);
	/* Checked and used is one private copy, whatever the host writes now. */
	frame->page = *frame->live;
	barrier();
	frame->page.version = version;
}

/* Of an unknown clocksource, too: it may be kvm-clock, on a page that has just changed. */
bool ptp_kvm_arch_frame_changed(const struct ptp_kvm_frame *frame, int cs_id)
{
	return cs_id != CSID_X86_TSC && cs_id != CSID_X86_TSC_EARLY &&
	       frame->live &&
	       pvclock_read_retry(frame->live, frame->page.version);
}

/*
 * The host may have written anything: a shift that nothing can be shifted by,
 * and what lies before the page, where its arithmetic wraps, are refused.
 */
bool ptp_kvm_arch_cycles(const struct ptp_kvm_frame *frame, int cs_id,
			 u64 counter, u64 *cycles)
{
	switch (cs_id) {
	case CSID_X86_TSC:
	case CSID_X86_TSC_EARLY:
		*cycles = counter;
		return true;
	case CSID_X86_KVM_CLK:
		if (!frame->live || abs(frame->page.tsc_shift) > 31 ||
		    counter < frame->page.tsc_timestamp)
			return false;
		*cycles = __pvclock_read_cycles(&frame->page, counter);
		return true;
	default:
		return false;
	}
}

/*
 * Until the host calls it stable, kvm-clock is another function of the TSC on
 * each CPU. A host leaves it so after its own clocksource was not the TSC.
 */
bool ptp_kvm_arch_steady(const struct ptp_kvm_frame *frame, int cs_id)
{
	return cs_id != CSID_X86_KVM_CLK ||
	       (frame->live && frame->page.flags & PVCLOCK_TSC_STABLE_BIT);
}

u64 ptp_kvm_arch_counter(void)
{
	return rdtsc_ordered();
}
