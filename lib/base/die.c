// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/text.h"

const char *progname = "?";
const char *progverb;

static void vcomplain(const char *fmt, va_list ap)
{
	char *text = tame(fmt, ap);

	fflush(stdout);
	fprintf(stderr, "%s: %s\n", progname, text);
	free(text);
}

void complain(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vcomplain(fmt, ap);
	va_end(ap);
}

void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vcomplain(fmt, ap);
	va_end(ap);
	exit(EXIT_MISUSE);
}

void misuse(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vcomplain(fmt, ap);
	va_end(ap);
	fprintf(stderr, "Try '%s%s%s --help'.\n", progname, progverb ? " " : "", progverb ? progverb : "");
	exit(EXIT_MISUSE);
}

void *xcalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size);

	if (!p)
		die("out of memory for %zu items of %zu bytes", n, size);
	return p;
}

int finish(int code)
{
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "%s: cannot write standard output: %s\n", progname, strerror(errno));
		return EXIT_MISUSE;
	}
	return code;
}
