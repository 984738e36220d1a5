/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the command lines of these programs share. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdint.h>

/* The argument of an option: a bad one is misuse. */
uint64_t opt_u64(const char *opt, const char *s, uint64_t min, uint64_t max);
int64_t opt_s64(const char *opt, const char *s, int64_t min, int64_t max);
double opt_decimal(const char *opt, const char *s, double min, double max);
/* --help: prints usage, and ends the program. */
void opt_help(const char *usage) __attribute__((noreturn));
/* After getopt_long(): an argument that is left over is misuse. */
void opt_no_arguments(int argc, char **argv);

#endif
