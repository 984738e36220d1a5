/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The virtual machines of this host, and what KVM counts of each in debugfs. */
#ifndef FACTS_GUESTS_H
#define FACTS_GUESTS_H

#include <stdbool.h>
#include <stdint.h>

#define KVM_GUESTS_MAX 1024

/* A statistic over all of its vCPUs since it began; unknown where this kernel doesn't count it */
struct kvm_count {
	bool known;
	uint64_t n;
};

struct kvm_guest {
	int pid;			/* of the thread that made it: QEMU's process */
	unsigned int fd;		/* of the VM in that process, which may have several */
	char name[80];			/* of QEMU's -name, without control characters; empty if unknown */
	char program[32];		/* "qemu-system-x86"; empty if it has gone */
	int vcpus;
	struct kvm_count pairings;	/* clock pairings that were answered, with the series of host-patch/ */
	struct kvm_count refused;	/* and those that were not */
	struct kvm_count hypercalls;	/* of any kind */
};

struct kvm_guests {
	struct kvm_guest list[KVM_GUESTS_MAX];	/* by process */
	int n;
	int left_out;			/* beyond those */
	char why[160];			/* they are not known; empty where they are */
};

/* Below file_root; false with the reason in why if debugfs can't be read. */
bool kvm_guests_find(struct kvm_guests *all);

/*
 * How often the VMs that are in both were given the time from the one look to the other. False where this kernel
 * doesn't count it, or nothing is known.
 */
bool kvm_guests_served(const struct kvm_guests *before, const struct kvm_guests *now, uint64_t *n);

#endif
