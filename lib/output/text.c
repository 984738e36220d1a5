// SPDX-License-Identifier: GPL-2.0-or-later
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/numbers.h"
#include "base/text.h"
#include "output/text.h"

static void put(FILE *f, const char *fmt, va_list ap)
{
	char *made = tame(fmt, ap);

	fputs(made, f);
	free(made);
}

void text(FILE *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put(f, fmt, ap);
	va_end(ap);
}

void print(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put(stdout, fmt, ap);
	va_end(ap);
}

void text_lines(FILE *f, const char *indent, const char *lines)
{
	const char *before = indent;

	while (*lines) {
		size_t n = strcspn(lines, "\t\n");

		text(f, "%s%.*s", before, (int)n, lines);
		before = lines[n] == '\t' ? "" : indent;
		fputc(lines[n] == '\t' ? '\t' : '\n', f);
		lines += n + !!lines[n];
	}
}

int text_width(const char *s)
{
	int width = 0;

	for (; *s; s++)
		width += ((unsigned char)*s & 0xc0) != 0x80;	/* what continues a character has none of its own */
	return width;
}

static char *tamed(const char *fmt, ...)
{
	va_list ap;
	char *made;

	va_start(ap, fmt);
	made = tame(fmt, ap);
	va_end(ap);
	return made;
}

/* COLUMNS, which who does not want to have lines wrapped sets */
static int columns(void)
{
	const char *val = getenv("COLUMNS");
	uint64_t n;

	return val && parse_u64(val, 40, 100000, &n) ? (int)n : TEXT_COLUMNS;
}

void text_columns(FILE *f, int indent, const char *left, const char *right)
{
	char *words = tamed("%s", right), *save, *word;
	int at = text_width(left), max = columns();
	bool first = true;

	text(f, "%s", left);
	for (word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		int width = text_width(word);

		if (first ? at && at + 2 > indent : at + 1 + width > max) {
			fputc('\n', f);
			at = 0;
		}
		at += fprintf(f, "%*s", at < indent ? indent - at : at > indent, "");
		fputs(word, f);
		at += width;
		first = false;
	}
	fputc('\n', f);
	free(words);
}

const char *text_ns(char buf[static NS_TEXT_LEN], double ns, bool sign)
{
	static const char *const units[] = { "ns", "µs", "ms", "s" };
	size_t u = 0;

	if (isnan(ns)) {
		snprintf(buf, NS_TEXT_LEN, "no measurement");
		return buf;
	}
	if (!ns)
		ns = sign = 0;	/* nor is there a -0 */
	/* What would be printed as 1000 of a unit is one of the next. */
	while (u < ARRAY_SIZE(units) - 1 && fabs(ns) >= (u ? 999.5 : 1000)) {
		ns /= 1000;
		u++;
	}
	snprintf(buf, NS_TEXT_LEN, sign ? "%+.*f %s" : "%.*f %s",
		 ns == rint(ns) && !u ? 0 : fabs(ns) < 9.995 ? 2 : fabs(ns) < 99.95 ? 1 : 0, ns, units[u]);
	return buf;
}

const char *offset_text(char buf[static OFFSET_TEXT_LEN], double ns)
{
	text_ns(buf, fabs(ns), false);
	strcat(buf, isnan(ns) ? " to" : ns < 0 ? " ahead of" : ns > 0 ? " behind" : " off");
	return buf;
}
