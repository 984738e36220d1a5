/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The time, and waiting for one. */
#ifndef BASE_NOW_H
#define BASE_NOW_H

#include <stdint.h>
#include <time.h>

#define NSEC_PER_SEC 1000000000LL

int64_t ts_ns(const struct timespec *ts);
int64_t now_ns(clockid_t id);
/* Until an absolute CLOCK_MONOTONIC time. */
void sleep_until(int64_t mono_ns);

#endif
