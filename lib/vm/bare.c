// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "base/die.h"
#include "base/text.h"
#include "time/counter.h"
#include "vm/bare.h"

#ifndef KVM_VCPU_TSC_CTRL	/* headers before Linux 5.16 */
#define KVM_VCPU_TSC_CTRL 0
#define KVM_VCPU_TSC_OFFSET 0
#endif

const struct cpu_mode_info cpu_modes[CPU_MODES] = {
	[REAL16] = { "16-bit real", false, false },
	[PROTECTED32] = { "32-bit protected", false, false },
	[PROTECTED32_CPL3] = { "32-bit protected, CPL 3", false, true },
	[COMPATIBILITY32] = { "32-bit in long mode", false, false },
	[LONG64] = { "64-bit", true, false },
	[LONG64_CPL3] = { "64-bit, CPL 3", true, true },
};

/* Within VM_OWN_BEGIN and VM_OWN_END, a page each */
#define CODE 0x1000UL
#define PML4 0x2000UL
#define PDPT 0x3000UL
#define PAGE_DIRECTORY 0x4000UL
#define SAMPLES 0x5000UL

#define DONE_PORT 0x80
#define CR0_PE (1UL << 0)
#define CR0_PG (1UL << 31)
#define CR4_PAE (1UL << 5)
#define EFER_LME (1UL << 8)
#define EFER_LMA (1UL << 10)
#define RFLAGS_RESERVED (1UL << 1)
#define RFLAGS_IOPL3 (3UL << 12)	/* CPL 3 may write to the port */
#define MSR_IA32_TSC 0x10

/* The bytes of guest_call mean the same in every mode; guest_timed is for long mode. */
extern const uint8_t guest_code[], guest_call[], guest_timed[], guest_code_end[];
asm(".pushsection .rodata\n"
    "guest_code:\n"
    "guest_call:\n"
    "	vmmcall\n"
    "	out	%al, $0x80\n"
    "guest_timed:\n"	/* r10 nr, rbx a0, rcx a1, r12 times, rdi samples; r9 the last result */
    "	lfence\n"
    "	rdtsc\n"
    "	shl	$32, %rdx\n"
    "	or	%rdx, %rax\n"
    "	mov	%rax, %r8\n"
    "	mov	%r10, %rax\n"
    "	vmmcall\n"
    "	mov	%rax, %r9\n"
    "	lfence\n"
    "	rdtsc\n"
    "	shl	$32, %rdx\n"
    "	or	%rdx, %rax\n"
    "	sub	%r8, %rax\n"
    "	mov	%rax, (%rdi)\n"
    "	add	$8, %rdi\n"
    "	dec	%r12\n"
    "	jnz	guest_timed\n"
    "	out	%al, $0x80\n"
    "guest_code_end:\n"
    ".popsection");

_Thread_local char vm_why[VM_WHY_LEN];

#define failed(...) refuse(vm_why, sizeof(vm_why), __VA_ARGS__)

/* What the ioctl returned is in *ret, if that is of interest. */
static bool xioctl(int fd, unsigned long request, void *arg, int *ret, const char *name)
{
	int n = ioctl(fd, request, arg);

	if (ret)
		*ret = n;
	return n >= 0 || failed("%s: %s", name, strerror(errno));
}

#define IOCTL(fd, request, arg) xioctl(fd, request, (void *)(arg), NULL, #request)
#define IOCTL_RET(fd, request, arg, ret) xioctl(fd, request, (void *)(arg), ret, #request)

static bool host_phys_bits(unsigned int *bits)
{
	unsigned int a = 0, b, c, d;

	if (!__get_cpuid(0x80000008, &a, &b, &c, &d))
		return failed("CPUID 0x80000008 does not exist: no width of physical addresses");
	*bits = a & 0xff;
	return true;
}

bool vm_create(struct vm *vm)
{
	const unsigned int entries = 256;
	int version, run_size;

	memset(vm, 0, sizeof(*vm));
	vm->fd = -1;
	vm->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (vm->kvm < 0)
		return failed("/dev/kvm: %s", strerror(errno));
	if (!IOCTL_RET(vm->kvm, KVM_GET_API_VERSION, 0, &version))
		return false;
	if (version != KVM_API_VERSION)
		return failed("/dev/kvm speaks version %d, not %d", version, KVM_API_VERSION);
	vm->cpuid = xcalloc(1, sizeof(*vm->cpuid) + entries * sizeof(vm->cpuid->entries[0]));
	vm->cpuid->nent = entries;
	if (!host_phys_bits(&vm->phys_bits) || !IOCTL_RET(vm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0, &run_size) ||
	    !IOCTL(vm->kvm, KVM_GET_SUPPORTED_CPUID, vm->cpuid) || !IOCTL_RET(vm->kvm, KVM_CREATE_VM, 0, &vm->fd))
		return false;
	vm->run_size = run_size;
	return IOCTL(vm->fd, KVM_SET_TSS_ADDR, VM_KVM_BEGIN + VM_PAGE);
}

bool vm_add_memory(struct vm *vm, uint64_t gpa, void *memory, size_t size, bool read_only)
{
	struct kvm_userspace_memory_region region = {
		.slot = vm->slots++,
		.flags = read_only ? KVM_MEM_READONLY : 0,
		.guest_phys_addr = gpa,
		.memory_size = size,
		.userspace_addr = (uintptr_t)memory,
	};

	return !ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &region) ||
	       failed("KVM takes no memory of %zu bytes at 0x%llx: %s", size, (unsigned long long)gpa,
		      strerror(errno));
}

/* One large page, for the first 2 MiB. Accessed and dirty are set already, so that the CPU changes nothing. */
void vm_write_code(void *memory)
{
	const uint64_t table = 0x27, large_page = 0xe7;	/* present, writable, user, accessed; dirty, large */
	const size_t size = guest_code_end - guest_code;
	uint8_t *m = memory;

	memset(m + VM_OWN_BEGIN, 0, VM_OWN_END - VM_OWN_BEGIN);
	memcpy(m + CODE, guest_code, size);
	for (size_t i = 0; cpu_is_intel() && i + 3 <= size; i++)
		if (!memcmp(m + CODE + i, "\x0f\x01\xd9", 3))	/* vmmcall */
			m[CODE + i + 2] = 0xc1;			/* vmcall */
	memcpy(m + PML4, &(uint64_t){ PDPT | table }, 8);
	memcpy(m + PDPT, &(uint64_t){ PAGE_DIRECTORY | table }, 8);
	memcpy(m + PAGE_DIRECTORY, &(uint64_t){ large_page }, 8);
}

static bool set_mode(struct vcpu *vcpu, enum cpu_mode mode)
{
	const bool real = mode == REAL16, wide = cpu_modes[mode].wide;
	const uint8_t cpl = cpu_modes[mode].user ? 3 : 0;
	struct kvm_sregs sregs = *vcpu->sregs;
	struct kvm_segment code = {
		.limit = real ? 0xffff : 0xffffffff, .selector = real ? 0 : 0x08 | cpl, .type = 0xb, .present = 1,
		.dpl = cpl, .db = !real && !wide, .s = 1, .l = wide, .g = !real,
	};
	struct kvm_segment data = {
		.limit = code.limit, .selector = real ? 0 : 0x10 | cpl, .type = 0x3, .present = 1,
		.dpl = cpl, .db = !real, .s = 1, .g = !real,
	};

	sregs.cs = code;
	sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss = data;
	if (!real)
		sregs.cr0 |= CR0_PE;
	if (wide || mode == COMPATIBILITY32) {
		sregs.cr0 |= CR0_PG;
		sregs.cr3 = PML4;
		sregs.cr4 |= CR4_PAE;
		sregs.efer |= EFER_LME | EFER_LMA;
	}
	vcpu->mode = mode;
	return IOCTL(vcpu->fd, KVM_SET_SREGS, &sregs);
}

bool vcpu_create(struct vm *vm, struct vcpu *vcpu, unsigned int id, const void *memory)
{
	if (!IOCTL_RET(vm->fd, KVM_CREATE_VCPU, (uintptr_t)id, &vcpu->fd))
		return false;
	vcpu->run = mmap(NULL, vm->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);
	if (vcpu->run == MAP_FAILED)
		return failed("cannot map vCPU %u: %s", id, strerror(errno));
	vcpu->sregs = xcalloc(1, sizeof(*vcpu->sregs));
	vcpu->samples = (const uint64_t *)((const uint8_t *)memory + SAMPLES);
	return IOCTL(vcpu->fd, KVM_SET_CPUID2, vm->cpuid) && IOCTL(vcpu->fd, KVM_GET_SREGS, vcpu->sregs) &&
	       set_mode(vcpu, REAL16);
}

static bool run(struct vcpu *vcpu, enum cpu_mode mode, struct kvm_regs *regs)
{
	const struct kvm_run *r = vcpu->run;

	if (vcpu->mode != mode && !set_mode(vcpu, mode))
		return false;
	regs->rflags = RFLAGS_RESERVED | RFLAGS_IOPL3;
	if (!IOCTL(vcpu->fd, KVM_SET_REGS, regs) || !IOCTL(vcpu->fd, KVM_RUN, 0) ||
	    !IOCTL(vcpu->fd, KVM_GET_REGS, regs))
		return false;
	errno = 0;
	return (r->exit_reason == KVM_EXIT_IO && r->io.port == DONE_PORT) ||
	       failed("the %s vCPU ended with KVM's exit reason %u at 0x%llx, not at its last instruction",
		      cpu_modes[mode].name, r->exit_reason, regs->rip);
}

bool vcpu_call(struct vcpu *vcpu, enum cpu_mode mode, uint64_t nr, uint64_t a0, uint64_t a1, uint64_t *result)
{
	struct kvm_regs regs = { .rip = CODE + (guest_call - guest_code), .rax = nr, .rbx = a0, .rcx = a1 };

	if (!run(vcpu, mode, &regs))
		return false;
	*result = regs.rax;
	return true;
}

bool vcpu_timed(struct vcpu *vcpu, uint64_t nr, uint64_t a0, uint64_t a1, unsigned int n, int64_t *cycles,
		uint64_t *result)
{
	struct kvm_regs regs = {
		.rip = CODE + (guest_timed - guest_code), .r10 = nr, .rbx = a0, .rcx = a1, .r12 = n, .rdi = SAMPLES,
	};

	if (!run(vcpu, LONG64, &regs))
		return false;
	memcpy(cycles, vcpu->samples, n * sizeof(*cycles));
	*result = regs.r9;
	return true;
}

bool vcpu_tsc(struct vcpu *vcpu, uint64_t *tsc)
{
	union {
		struct kvm_msrs head;
		char room[sizeof(struct kvm_msrs) + sizeof(struct kvm_msr_entry)];
	} msrs = { .head.nmsrs = 1 };
	int n;

	msrs.head.entries[0].index = MSR_IA32_TSC;
	if (!IOCTL_RET(vcpu->fd, KVM_GET_MSRS, &msrs, &n))
		return false;
	*tsc = msrs.head.entries[0].data;
	return n == 1 || failed("KVM does not tell the guest's counter");
}

bool vcpu_tsc_offset(struct vcpu *vcpu, uint64_t *offset)
{
	struct kvm_device_attr attr = {
		.group = KVM_VCPU_TSC_CTRL, .attr = KVM_VCPU_TSC_OFFSET, .addr = (uintptr_t)offset,
	};

	return IOCTL(vcpu->fd, KVM_GET_DEVICE_ATTR, &attr);
}

bool vcpu_set_tsc_khz(struct vcpu *vcpu, unsigned int khz)
{
	return IOCTL(vcpu->fd, KVM_SET_TSC_KHZ, (uintptr_t)khz);
}
