/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this machine runs on, as CPUID tells it. */
#ifndef SYSTEM_MACHINE_H
#define SYSTEM_MACHINE_H

#include <stdbool.h>

#define HYPERVISOR_NAME_LEN 13

/*
 * KVM offers its interface, be it beside another's (Hyper-V's, for Windows guests). name: its signature, or
 * else the first one; empty on bare metal.
 */
bool hypervisor_is_kvm(char name[static HYPERVISOR_NAME_LEN]);

#endif
