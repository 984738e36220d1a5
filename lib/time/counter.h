/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CPU's counter, and the instruction that always leaves the guest: all that depends on the machine. */
#ifndef TIME_COUNTER_H
#define TIME_COUNTER_H

#include <stdint.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <x86intrin.h>

#define COUNTER_NAME "tsc"

/* Nothing that comes earlier in the program is still under way when the counter is read. */
static inline uint64_t counter_begin(void)
{
	_mm_lfence();
	return __rdtsc();
}

/* Everything that came earlier is done, and nothing later has begun. */
static inline uint64_t counter_end(void)
{
	unsigned int aux;
	uint64_t c = __rdtscp(&aux);

	_mm_lfence();
	return c;
}

static inline void exit_cpuid(void)
{
	unsigned int a, b, c, d;

	__cpuid(0x40000000, a, b, c, d);
	(void)a; (void)b; (void)c; (void)d;
}

/*
 * A hypercall from user space: KVM answers -KVM_EPERM before it looks at the number, so the number only
 * has to be one that nobody serves.
 */
#define NO_SUCH_HYPERCALL 0x7fff

static inline long exit_vmmcall(void)
{
	long ret = NO_SUCH_HYPERCALL;

	asm volatile("vmmcall" : "+a"(ret) : "b"(0L), "c"(0L), "d"(0L), "S"(0L) : "memory");
	return ret;
}

static inline long exit_vmcall(void)
{
	long ret = NO_SUCH_HYPERCALL;

	asm volatile("vmcall" : "+a"(ret) : "b"(0L), "c"(0L), "d"(0L), "S"(0L) : "memory");
	return ret;
}

/* The hypervisor's signature in name[13]; empty on bare metal. */
static inline void hypervisor_name(char *name)
{
	unsigned int a, b, c, d;

	name[0] = 0;
	__cpuid(1, a, b, c, d);
	if (!(c & (1u << 31)))
		return;
	__cpuid(0x40000000, a, b, c, d);
	__builtin_memcpy(name, &b, 4);
	__builtin_memcpy(name + 4, &c, 4);
	__builtin_memcpy(name + 8, &d, 4);
	name[12] = 0;
}

static inline int cpu_is_intel(void)
{
	unsigned int a, b, c, d;

	__cpuid(0, a, b, c, d);
	return b == signature_INTEL_ebx;
}
#else
#error "counter.h knows x86-64 only: add this machine's counter here"
#endif

#endif
