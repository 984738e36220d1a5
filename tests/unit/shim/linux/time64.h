/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SHIM_TIME64_H
#define SHIM_TIME64_H
#include <stdbool.h>
#include <stdint.h>
#include_next <linux/types.h>

typedef uint64_t u64;
typedef int64_t s64;
typedef uint32_t u32;
typedef int16_t s16;
typedef uint8_t u8;
#define S64_MAX		INT64_MAX
#define NSEC_PER_SEC	1000000000L

struct timespec64 {
	s64 tv_sec;
	long tv_nsec;
};
#endif
