// SPDX-License-Identifier: GPL-2.0-or-later
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/now.h"
#include "base/text.h"
#include "shared.h"

int errbyname(const char *name)
{
	for (int err = 0; err < 4096; err++)	/* the kernel's MAX_ERRNO */
		if (!strcmp(errname(err), name))
			return err;
	return -1;
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

uint64_t random_u64(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

void opt_help(const char *usage)
{
	fputs(usage, stdout);
	exit(finish(EXIT_GOOD));
}

void opt_no_arguments(int argc, char **argv)
{
	if (optind < argc)
		misuse("unexpected argument '%s'", argv[optind]);
}
