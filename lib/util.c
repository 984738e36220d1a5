// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util.h"

const char *progname = "?";

static void complain(const char *fmt, va_list ap)
{
	fflush(stdout);
	fprintf(stderr, "%s: ", progname);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(fmt, ap);
	va_end(ap);
	exit(EXIT_MISUSE);
}

void misuse(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(fmt, ap);
	va_end(ap);
	fprintf(stderr, "Try '%s --help'.\n", progname);
	exit(EXIT_MISUSE);
}

bool parse_u64(const char *s, uint64_t min, uint64_t max, uint64_t *val)
{
	unsigned long long v;
	char *end;

	if (!isdigit((unsigned char)*s))
		return false;
	errno = 0;
	v = strtoull(s, &end, 10);
	if (errno || *end || v < min || v > max)
		return false;
	*val = v;
	return true;
}

bool parse_s64(const char *s, int64_t min, int64_t max, int64_t *val)
{
	long long v;
	char *end;

	if (!isdigit((unsigned char)s[*s == '-']))
		return false;
	errno = 0;
	v = strtoll(s, &end, 10);
	if (errno || *end || v < min || v > max)
		return false;
	*val = v;
	return true;
}

/* Digits with at most one point: neither hexadecimal, nor exponents, nor nan. */
bool parse_decimal(const char *s, double min, double max, double *val)
{
	double v;
	char *end;

	if (!isdigit((unsigned char)*s) || s[strspn(s, "0123456789.")])
		return false;
	errno = 0;
	v = strtod(s, &end);
	if (errno || *end || v < min || v > max)
		return false;
	*val = v;
	return true;
}

uint64_t opt_u64(const char *opt, const char *s, uint64_t min, uint64_t max)
{
	uint64_t v;

	if (!parse_u64(s, min, max, &v))
		misuse("%s: '%s' is not a whole number from %llu to %llu", opt, s,
		       (unsigned long long)min, (unsigned long long)max);
	return v;
}

int64_t opt_s64(const char *opt, const char *s, int64_t min, int64_t max)
{
	int64_t v;

	if (!parse_s64(s, min, max, &v))
		misuse("%s: '%s' is not a whole number from %lld to %lld", opt, s,
		       (long long)min, (long long)max);
	return v;
}

double opt_decimal(const char *opt, const char *s, double min, double max)
{
	double v;

	if (!parse_decimal(s, min, max, &v))
		misuse("%s: '%s' is not a number from %g to %g", opt, s, min, max);
	return v;
}

void opt_help(const char *usage)
{
	fputs(usage, stdout);
	exit(finish(EXIT_OK));
}

void opt_no_arguments(int argc, char **argv)
{
	if (optind < argc)
		misuse("unexpected argument '%s'", argv[optind]);
}

#define E(name) { name, #name }
static const struct {
	int err;
	const char *name;
} errnames[] = {
	E(EPERM), E(ENOENT), E(EINTR), E(EIO), E(ENXIO), E(EBADF), E(EAGAIN), E(ENOMEM), E(EACCES),
	E(EFAULT), E(EBUSY), E(EEXIST), E(ENODEV), E(EINVAL), E(ENFILE), E(EMFILE), E(ENOTTY),
	E(EFBIG), E(ENOSPC), E(ESPIPE), E(ERANGE), E(ENOSYS), E(EOVERFLOW), E(EOPNOTSUPP),
	E(ETIMEDOUT), E(ECANCELED), E(E2BIG), E(EPROTO), E(ENODATA), E(ETIME), E(EDOM),
};

const char *errname(int err)
{
	static _Thread_local char buf[24];

	if (!err)
		return "-";
	for (size_t i = 0; i < ARRAY_SIZE(errnames); i++)
		if (errnames[i].err == err)
			return errnames[i].name;
	snprintf(buf, sizeof(buf), "errno_%d", err);
	return buf;
}

int errbyname(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(errnames); i++)
		if (!strcmp(errnames[i].name, name))
			return errnames[i].err;
	return -1;
}

const char *ns_text(char buf[static NS_TEXT_LEN], int64_t ns)
{
	double a = fabs((double)ns);

	if (a < 1e3)
		snprintf(buf, NS_TEXT_LEN, "%" PRId64 " ns", ns);
	else if (a < 1e6 - 50)
		snprintf(buf, NS_TEXT_LEN, "%.1f µs", ns / 1e3);
	else if (a < 1e9 - 5e4)
		snprintf(buf, NS_TEXT_LEN, "%.1f ms", ns / 1e6);
	else
		snprintf(buf, NS_TEXT_LEN, "%.1f s", ns / 1e9);
	return buf;
}

void add_text(char *buf, size_t len, const char *fmt, ...)
{
	size_t used = strlen(buf);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf + used, len - used, fmt, ap);
	va_end(ap);
}

int utf8_len(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	int n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;

	for (int i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

int64_t ts_ns(const struct timespec *ts)
{
	return ts->tv_sec * NSEC_PER_SEC + ts->tv_nsec;
}

int64_t now_ns(clockid_t id)
{
	struct timespec ts;

	if (clock_gettime(id, &ts))
		die("clock_gettime(%d): %s", id, strerror(errno));
	return ts_ns(&ts);
}

void sleep_until(int64_t mono_ns)
{
	struct timespec ts = { mono_ns / NSEC_PER_SEC, mono_ns % NSEC_PER_SEC };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

/* A file on 9p makes no inotify event, so it is looked for twenty times a second. */
void wait_until(int64_t mono_ns, const char *file, const volatile int *stop)
{
	const int64_t step = NSEC_PER_SEC / 20;
	int64_t now;

	while ((now = now_ns(CLOCK_MONOTONIC)) < mono_ns) {
		if ((file && !access(file, F_OK)) || (stop && *stop))
			return;
		if ((file || stop) && mono_ns - now > step)
			sleep_until(now + step);
		else
			sleep_until(mono_ns);
	}
}

static int cmp_s64(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

void sort_s64(int64_t *v, size_t n)
{
	qsort(v, n, sizeof(*v), cmp_s64);
}

int64_t sorted_median(const int64_t *v, size_t n)
{
	int64_t lo = v[(n - 1) / 2], hi = v[n / 2];

	return lo + (hi - lo) / 2;
}

/* Nearest rank: the smallest value that at least that share of all values does not exceed. */
int64_t sorted_quantile(const int64_t *v, size_t n, double q)
{
	size_t rank = (size_t)(q * n);

	if (rank < q * n)
		rank++;
	return v[rank ? rank - 1 : 0];
}

void *xcalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size);

	if (!p)
		die("out of memory for %zu items of %zu bytes", n, size);
	return p;
}

int cpus_allowed(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set))
		return 1;
	return CPU_COUNT(&set);
}

int pin_to_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set);
}

int pin_to_nth_cpu(int n)
{
	cpu_set_t set;
	int count;

	if (sched_getaffinity(0, sizeof(set), &set))
		return -1;
	count = CPU_COUNT(&set);
	n %= count;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &set) && !n--)
			return pin_to_cpu(cpu);
	return -1;
}

uint64_t random_u64(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

int finish(int code)
{
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "%s: cannot write standard output: %s\n", progname, strerror(errno));
		return EXIT_MISUSE;
	}
	return code;
}
