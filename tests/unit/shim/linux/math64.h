/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SHIM_MATH64_H
#define SHIM_MATH64_H
static inline unsigned long long mul_u64_u64_div_u64(unsigned long long a,
						     unsigned long long b,
						     unsigned long long div)
{
	return (unsigned __int128)a * b / div;
}

static inline unsigned long long mul_u64_u64_shr(unsigned long long a,
						 unsigned long long b,
						 unsigned int shift)
{
	return (unsigned __int128)a * b >> shift;
}
#endif
