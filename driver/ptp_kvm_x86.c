// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_HC_CLOCK_PAIRING, the call that pairs the host's CLOCK_REALTIME with
 * this guest's TSC (Documentation/virt/kvm/x86/hypercalls.rst).
 */
#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/jiffies.h>
#include <linux/kvm_para.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/set_memory.h>
#include <linux/smp.h>

#include "compat_device.h"
#include "ptp_kvm.h"

/* How long a host that did not serve the quality type is not asked for it again. */
#define PTP_KVM_QUALITY_RETRY	(60 * HZ)

/*
 * One slot for each possible CPU, used with preemption off: readers share
 * nothing and need no lock. A slot is one cache line and never crosses a page.
 */
static struct kvm_clock_pairing_quality *slots;
static size_t slots_size;

/* Of the quality type, by the host of each CPU; not in the slots, which it can write. */
static DEFINE_PER_CPU(struct ptp_kvm_refusal, ptp_kvm_quality_refusal);

static int __init ptp_kvm_slots_alloc(void)
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

static void __cold ptp_kvm_slots_free(void)
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

int __init ptp_kvm_arch_init(void)
{
	if (!kvm_para_available())
		return -ENODEV;

	return ptp_kvm_slots_alloc();
}

void __cold ptp_kvm_arch_exit(void)
{
	ptp_kvm_slots_free();
}

static int ptp_kvm_pairing_call(unsigned long type, struct ptp_kvm_pair *pair)
{
	struct kvm_clock_pairing_quality *slot = &slots[smp_processor_id()];
	struct kvm_clock_pairing_quality reply __uninitialized;
	long ret;

	/* A host that says 0 without writing an answer is found out. */
	WRITE_ONCE(slot->nsec, -1);
	WRITE_ONCE(slot->version, 0);

	ret = kvm_hypercall2(KVM_HC_CLOCK_PAIRING, virt_to_phys(slot), type);
	if (ret)
		return ptp_kvm_pair_errno(ret);

	/* Checked and used is one private copy, whatever the host writes now. */
	memcpy(&reply, slot, sizeof(reply));
	barrier();

	return ptp_kvm_pair_decode(&reply, type != KVM_CLOCK_PAIRING_WALLCLOCK,
				   pair);
}

/*
 * A running guest can move between hosts that serve quality or don't: a host
 * that has answered is asked for it again once this CPU's pvclock page is a new
 * one, as after each move, or after a while, where there is no such page.
 */
int ptp_kvm_arch_read_pair(struct ptp_kvm_pair *pair)
{
	struct ptp_kvm_refusal *refusal = this_cpu_ptr(&ptp_kvm_quality_refusal);
	u32 place = ptp_kvm_page_version();
	u64 now = get_jiffies_64();
	bool ask = !ptp_kvm_refusal_holds(refusal, now, place, PTP_KVM_QUALITY_RETRY);
	int ret;

	if (ask && !ptp_kvm_pairing_call(KVM_CLOCK_PAIRING_WALLCLOCK_QUALITY, pair)) {
		refusal->refused = false;
		return 0;
	}

	ret = ptp_kvm_pairing_call(KVM_CLOCK_PAIRING_WALLCLOCK, pair);
	/* One that serves nothing at the moment has refused nothing in particular. */
	if (ask && !ret)
		*refusal = (struct ptp_kvm_refusal){ .refused = true, .at = now, .place = place };
	return ret;
}
