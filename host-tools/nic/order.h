/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TripleO's nic1, nic2, …: the machine's network cards as os-net-config numbers them, read in sysfs. */
#ifndef NIC_ORDER_H
#define NIC_ORDER_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

bool nic_exists(const char *name);
/* An SR-IOV virtual function; some have a clock, as their driver tells (nic_stamps()) */
bool nic_is_vf(const char *name);

/*
 * The nth, from 1 on, of the cards that are up: eno*, em* and eth* first, then the others, each by name with
 * the numbers in them as numbers; virtual devices and virtual functions don't count. False with the reason,
 * which lists those that there are.
 */
bool nic_by_number(unsigned int n, char name[IF_NAMESIZE], char *why, size_t len);

#endif
