// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which clocksource system time runs on, where the kernel has no name for it.
 */
#include <linux/kernel.h>

#include "ptp_kvm.h"

#ifdef HAVE_CSID_X86_TSC

int ptp_kvm_source(const struct ptp_kvm_frame *frame,
		   const struct system_time_snapshot *snap)
{
	return snap->cs_id;
}

#else

/* A reading that the kernel held back is ahead of its CPU, but not by long. */
#define PTP_KVM_HELD_NS	NSEC_PER_MSEC

/*
 * Found out once for each time that the clocksource changes: the sequence
 * number of the change + 1, and in the low byte the identity.
 */
static unsigned int ptp_kvm_known_source;

/*
 * One whose reading lies between two readings of the counter, each put through
 * the clocksource's function, is that one.
 */
int ptp_kvm_source(const struct ptp_kvm_frame *frame,
		   const struct system_time_snapshot *snap)
{
	static const int ids[] = PTP_KVM_ARCH_SOURCES;
	unsigned int known = READ_ONCE(ptp_kvm_known_source);
	struct system_time_snapshot probe;
	u64 before, after, low, high;
	int i;

	if (known >> 8 == snap->cs_was_changed_seq + 1U)
		return known & 0xff;

	before = ptp_kvm_arch_counter();
	ktime_get_snapshot_id(CLOCK_REALTIME, &probe);
	after = ptp_kvm_arch_counter();
	if (probe.cs_was_changed_seq != snap->cs_was_changed_seq)
		return CSID_GENERIC;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		if (!ptp_kvm_arch_cycles(frame, ids[i], before, &low) ||
		    !ptp_kvm_arch_cycles(frame, ids[i], after, &high))
			continue;
		if (!ptp_kvm_arch_steady(frame, ids[i]))
			high += PTP_KVM_HELD_NS;
		if (probe.cycles < low || probe.cycles > high ||
		    ptp_kvm_arch_frame_changed(frame, ids[i]))
			continue;
		WRITE_ONCE(ptp_kvm_known_source,
			   (snap->cs_was_changed_seq + 1U) << 8 | ids[i]);
		return ids[i];
	}
	return CSID_GENERIC;
}

#endif
