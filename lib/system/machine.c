// SPDX-License-Identifier: GPL-2.0-or-later
#include <cpuid.h>
#include <string.h>

#include "system/machine.h"

/* The leaves that hypervisors start at, as Linux searches them. */
#define LEAF_FIRST 0x40000000u
#define LEAF_END 0x40010000u
#define LEAF_STEP 0x100u

bool hypervisor_is_kvm(char name[static HYPERVISOR_NAME_LEN])
{
	unsigned int a, b, c, d;

	memset(name, 0, HYPERVISOR_NAME_LEN);
	__cpuid(1, a, b, c, d);
	if (!(c & (1u << 31)))
		return false;
	for (unsigned int leaf = LEAF_FIRST; leaf < LEAF_END; leaf += LEAF_STEP) {
		unsigned int signature[3];

		__cpuid(leaf, a, signature[0], signature[1], signature[2]);
		if (leaf == LEAF_FIRST || !memcmp(signature, "KVMKVMKVM\0\0\0", sizeof(signature)))
			memcpy(name, signature, sizeof(signature));
		if (!strcmp(name, "KVMKVMKVM"))
			return true;
	}
	return false;
}
