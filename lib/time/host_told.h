/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the host has told over vsock, as `ptpkvm guard` leaves it in a file: host_clock_read() has it from there. A line
 * for each NAME=VALUE, as host_clock/pair of the driver has them; ptpkvm(8), FILES, has the names.
 */
#ifndef TIME_HOST_TOLD_H
#define TIME_HOST_TOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/now.h"
#include "time/host_record.h"

#define HOST_TOLD "/run/ptpkvm/host-clock"

/* A record each second: an older one than this is of a guard, a service or a host that is gone. */
#define HOST_TOLD_FRESH (5 * NSEC_PER_SEC)

/* made: CLOCK_BOOTTIME here when the host made the record. False with the reason. */
bool host_told_write(const struct host_record *r, int64_t made, char *why, size_t len);
/* Nothing is known any more. */
bool host_told_remove(char *why, size_t len);

#endif
