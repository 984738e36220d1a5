/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a network card is fit for. */
#ifndef NIC_FIT_H
#define NIC_FIT_H

#include <stdbool.h>
#include <stddef.h>

#include "nic/nic.h"

enum nic_fit { NIC_UNKNOWN, NIC_UNFIT, NIC_SOFTWARE, NIC_HARDWARE };

/* What it is fit for, by itself, and why in words: "hardware timestamps of all packets, PHC ptp0 (igb)" */
enum nic_fit nic_fit(const struct nic *n, char *why, size_t len);

/* All packets can be timestamped in software. */
bool nic_software(const struct nic *n);

const char *nic_fit_name(enum nic_fit fit);

#endif
