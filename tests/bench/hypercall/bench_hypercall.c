// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the bare clock pairing call costs in this guest, with no driver, no
 * lock and no system call around it. Each read of
 * /sys/kernel/debug/bench_hypercall makes `calls` calls and shows the cycles.
 */
#include <linux/debugfs.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/kvm_para.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include <asm/tsc.h>

static unsigned int calls = 400;
module_param(calls, uint, 0644);
MODULE_PARM_DESC(calls, "hypercalls in one measurement (default 400)");

static struct dentry *file;
static void *reply;

static int compare_u64(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

/* Preemption is off around one call, not around all: a guest has a tick. */
static long measure(u64 *cycles, unsigned int n)
{
	phys_addr_t gpa = virt_to_phys(reply);
	unsigned int i;
	u64 begin;
	long ret;

	for (i = 0; i < n; i++) {
		preempt_disable();
		begin = rdtsc_ordered();
		ret = kvm_hypercall2(KVM_HC_CLOCK_PAIRING, gpa,
				     KVM_CLOCK_PAIRING_WALLCLOCK);
		cycles[i] = rdtsc_ordered() - begin;
		preempt_enable();
		if (ret)
			return ret;
	}
	return 0;
}

static int bench_hypercall_show(struct seq_file *s, void *unused)
{
	unsigned int n = clamp(READ_ONCE(calls), 1U, 100000U);
	u64 *cycles = kvmalloc_array(n, sizeof(*cycles), GFP_KERNEL);
	long ret;

	if (!cycles)
		return -ENOMEM;
	ret = measure(cycles, n);
	if (ret) {
		seq_printf(s, "hypercall_error=%ld\n", ret);
	} else {
		sort(cycles, n, sizeof(*cycles), compare_u64, NULL);
		seq_printf(s, "hypercall_cycles=%llu hypercall_p10_cycles=%llu hypercall_calls=%u\n",
			   cycles[n / 2], cycles[n / 10], n);
	}
	kvfree(cycles);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(bench_hypercall);

static int __init bench_hypercall_init(void)
{
	if (!kvm_para_available())
		return -ENODEV;
	reply = (void *)get_zeroed_page(GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	file = debugfs_create_file("bench_hypercall", 0400, NULL, NULL,
				   &bench_hypercall_fops);
	return 0;
}

static void __exit bench_hypercall_exit(void)
{
	debugfs_remove(file);
	free_page((unsigned long)reply);
}

module_init(bench_hypercall_init);
module_exit(bench_hypercall_exit);

MODULE_DESCRIPTION("Cost of the bare clock pairing hypercall");
MODULE_AUTHOR("The ptp_kvm project");
MODULE_LICENSE("GPL");
