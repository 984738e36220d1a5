// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_HC_CLOCK_PAIRING, the call that pairs the host's CLOCK_REALTIME with
 * this guest's TSC (Documentation/virt/kvm/x86/hypercalls.rst).
 */
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/jiffies.h>
#include <linux/kvm_para.h>
#include <linux/mm.h>
#include <linux/set_memory.h>
#include <linux/smp.h>

#include "compat_device.h"
#include "ptp_kvm.h"

/* How long a host that refused type 1 is not asked for it again. */
#define PTP_KVM_QUALITY_RETRY	(60 * HZ)

/*
 * One slot for each possible CPU, used with preemption off: readers share
 * nothing and need no lock. A slot is one cache line and never crosses a page.
 */
static struct kvm_clock_pairing_quality *slots;
static size_t slots_size;
static unsigned long quality_retry_at;

static int ptp_kvm_slots_alloc(void)
{
	int ret;

	BUILD_BUG_ON(sizeof(*slots) != 64);

	slots_size = PAGE_ALIGN(nr_cpu_ids * sizeof(*slots));
	slots = alloc_pages_exact(slots_size, GFP_KERNEL | __GFP_ZERO);
	if (!slots)
		return -ENOMEM;
	if (!cc_platform_has(CC_ATTR_GUEST_MEM_ENCRYPT))
		return 0;

	ret = set_memory_decrypted((unsigned long)slots,
				   slots_size >> PAGE_SHIFT);
	if (ret) {
		/* Some pages may be shared with the host by now: leak them. */
		slots = NULL;
		pr_err("cannot share memory with the host: %d\n", ret);
	}
	return ret;
}

static void ptp_kvm_slots_free(void)
{
	int ret = 0;

	if (cc_platform_has(CC_ATTR_GUEST_MEM_ENCRYPT))
		ret = set_memory_encrypted((unsigned long)slots,
					   slots_size >> PAGE_SHIFT);
	if (ret)
		pr_err("cannot take back memory from the host, leaking it: %d\n",
		       ret);
	else
		free_pages_exact(slots, slots_size);
	slots = NULL;
}

int ptp_kvm_arch_init(void)
{
	if (!kvm_para_available())
		return -ENODEV;

	quality_retry_at = jiffies;
	return ptp_kvm_slots_alloc();
}

void ptp_kvm_arch_exit(void)
{
	ptp_kvm_slots_free();
}

static int ptp_kvm_pairing_call(unsigned long type, struct ptp_kvm_pair *pair)
{
	struct kvm_clock_pairing_quality *slot = &slots[smp_processor_id()];
	struct kvm_clock_pairing_quality reply;
	long ret;

	/* A host that says 0 without writing an answer is found out. */
	WRITE_ONCE(slot->nsec, -1);

	ret = kvm_hypercall2(KVM_HC_CLOCK_PAIRING, virt_to_phys(slot), type);
	if (ret)
		return ptp_kvm_pair_errno(ret);

	/* Checked and used is one private copy, whatever the host writes now. */
	memcpy(&reply, slot, sizeof(reply));
	barrier();

	return ptp_kvm_pair_decode(&reply, type != KVM_CLOCK_PAIRING_WALLCLOCK,
				   pair);
}

int ptp_kvm_arch_read_pair(struct ptp_kvm_pair *pair)
{
	int ret;

	/* A running guest can move between hosts that know type 1 or don't. */
	if (time_after_eq(jiffies, READ_ONCE(quality_retry_at))) {
		ret = ptp_kvm_pairing_call(KVM_CLOCK_PAIRING_WALLCLOCK_QUALITY,
					   pair);
		if (ret != -EOPNOTSUPP)
			return ret;
		WRITE_ONCE(quality_retry_at, jiffies + PTP_KVM_QUALITY_RETRY);
	}

	return ptp_kvm_pairing_call(KVM_CLOCK_PAIRING_WALLCLOCK, pair);
}
