/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What these programs share. */
#ifndef SHARED_H
#define SHARED_H

#include <stdint.h>

enum { EXIT_OK = 0, EXIT_MEASURED = 1 };

/* The number of an errno's name, -1 if unknown. */
int errbyname(const char *name);
/* Until a time on CLOCK_MONOTONIC, or until the file exists (NULL: none), or *stop is set (NULL: none). */
void wait_until(int64_t mono_ns, const char *file, const volatile int *stop);
/* The next of a sequence that its seed, the first *state, determines: splitmix64. */
uint64_t random_u64(uint64_t *state);

/* --help: prints usage, and ends the program. */
void opt_help(const char *usage) __attribute__((noreturn));
/* After getopt_long(): an argument that is left over is misuse. */
void opt_no_arguments(int argc, char **argv);

#endif
