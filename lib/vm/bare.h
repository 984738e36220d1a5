/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A VM of bare vCPUs, made through /dev/kvm: no firmware, no devices, no kernel in it. All that its few bytes of code
 * can do is to call the host, once or many times, from whatever mode the vCPU is put into.
 */
#ifndef VM_BARE_H
#define VM_BARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VM_PAGE 4096UL

/* Guest physical addresses of the code and its tables, in the memory at 0; a caller leaves them alone. */
#define VM_OWN_BEGIN 0x1000UL
#define VM_OWN_END 0x6000UL
/* KVM keeps pages of its own there, for Intel CPUs that cannot run real mode themselves. */
#define VM_KVM_BEGIN 0xfffbc000UL
#define VM_KVM_END 0xfffc0000UL

/* How many calls vcpu_timed() makes at most. */
#define VM_TIMED_CALLS 512

enum cpu_mode { REAL16, PROTECTED32, PROTECTED32_CPL3, COMPATIBILITY32, LONG64, LONG64_CPL3, CPU_MODES };

struct cpu_mode_info {
	const char *name;
	bool wide;	/* arguments and result have 64 bits */
	bool user;	/* CPL 3 */
};

extern const struct cpu_mode_info cpu_modes[CPU_MODES];

struct vm {
	int kvm, fd;
	unsigned int slots;
	size_t run_size;
	unsigned int phys_bits;	/* the host's: KVM has no memory beyond */
	struct kvm_cpuid2 *cpuid;
};

struct vcpu {
	int fd;
	enum cpu_mode mode;
	struct kvm_run *run;
	struct kvm_sregs *sregs;	/* as after a reset */
	const uint64_t *samples;	/* of vcpu_timed() */
};

/* Why the last call of this thread that returned false did so; errno is the reason's, or 0. */
#define VM_WHY_LEN 200
extern _Thread_local char vm_why[VM_WHY_LEN];

bool vm_create(struct vm *vm);
bool vm_add_memory(struct vm *vm, uint64_t gpa, void *memory, size_t size, bool read_only);
/* Code and tables into the memory at guest physical 0; before the first vCPU runs. */
void vm_write_code(void *memory);
bool vcpu_create(struct vm *vm, struct vcpu *vcpu, unsigned int id, const void *memory);

/* One hypercall: rax = nr, rbx = a0, rcx = a1, all 64 bits of them in each mode. *result is what rax is then. */
bool vcpu_call(struct vcpu *vcpu, enum cpu_mode mode, uint64_t nr, uint64_t a0, uint64_t a1, uint64_t *result);
/* The same n times in long mode; cycles has what each took, as the guest's own counter says. The last result. */
bool vcpu_timed(struct vcpu *vcpu, uint64_t nr, uint64_t a0, uint64_t a1, unsigned int n, int64_t *cycles,
		uint64_t *result);

/* The guest's counter, now. */
bool vcpu_tsc(struct vcpu *vcpu, uint64_t *tsc);
/* What it is ahead of the host's; KVM tells that since Linux 5.16. Not where it is scaled. */
bool vcpu_tsc_offset(struct vcpu *vcpu, uint64_t *offset);
/* Have it run at another frequency, as for a guest that comes from another host. */
bool vcpu_set_tsc_khz(struct vcpu *vcpu, unsigned int khz);

#endif
