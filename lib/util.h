/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the command lines of these programs share. */
#ifndef UTIL_H
#define UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

enum { EXIT_OK = 0, EXIT_MEASURED = 1, EXIT_MISUSE = 2 };

#define NSEC_PER_SEC 1000000000LL
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

extern const char *progname;

/* Say what is wrong on standard error and exit 2. */
void die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
/* Misuse: the same, with a hint at --help. */
void misuse(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* Decimal, all of the string, within the range. */
bool parse_u64(const char *s, uint64_t min, uint64_t max, uint64_t *val);
bool parse_s64(const char *s, int64_t min, int64_t max, int64_t *val);
bool parse_decimal(const char *s, double min, double max, double *val);

/* The same for the argument of an option: a bad one is misuse. */
uint64_t opt_u64(const char *opt, const char *s, uint64_t min, uint64_t max);
int64_t opt_s64(const char *opt, const char *s, int64_t min, int64_t max);
double opt_decimal(const char *opt, const char *s, double min, double max);
/* --help: prints usage, and ends the program. */
void opt_help(const char *usage) __attribute__((noreturn));
/* After getopt_long(): an argument that is left over is misuse. */
void opt_no_arguments(int argc, char **argv);

/* "EINVAL"; "-" for 0. Numbers without a name here come as "errno_123" from a buffer of this thread. */
const char *errname(int err);
/* The number of a name, -1 if unknown. */
int errbyname(const char *name);

/* "-3 ns", "1.2 µs", "3.4 ms", "5.0 s" */
#define NS_TEXT_LEN 24
const char *ns_text(char buf[static NS_TEXT_LEN], int64_t ns);

/* At the end of what is in buf; what is too long is cut. */
void add_text(char *buf, size_t len, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The length of the UTF-8 sequence at s, 0 if it is none (RFC 3629: neither overlong nor a surrogate). */
int utf8_len(const char *s);

int64_t ts_ns(const struct timespec *ts);
int64_t now_ns(clockid_t id);
/* Until an absolute CLOCK_MONOTONIC time. */
void sleep_until(int64_t mono_ns);
/* Until then, or until the file exists (NULL: none), or *stop is set (NULL: none). */
void wait_until(int64_t mono_ns, const char *file, const volatile int *stop);

/* These sort what they are given; n must not be 0. */
void sort_s64(int64_t *v, size_t n);
int64_t sorted_median(const int64_t *v, size_t n);
int64_t sorted_quantile(const int64_t *v, size_t n, double q);

void *xcalloc(size_t n, size_t size);

/* CPUs that this process may use. */
int cpus_allowed(void);
/* Pin the calling thread to the nth (counted round) of them. -1 if that can't be done. */
int pin_to_nth_cpu(int n);
int pin_to_cpu(int cpu);

/* The next of a sequence that its seed, the first *state, determines: splitmix64. */
uint64_t random_u64(uint64_t *state);

/* The last words of main: a result that could not be written is a failure. */
int finish(int code);

#endif
