/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CPUs of this process. */
#ifndef BASE_CPUS_H
#define BASE_CPUS_H

/* CPUs that this process may use. */
int cpus_allowed(void);
/* Pin the calling thread to the nth (counted round) of them. -1 if that can't be done. */
int pin_to_nth_cpu(int n);
int pin_to_cpu(int cpu);

#endif
