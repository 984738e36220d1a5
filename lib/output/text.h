/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All text for people: nothing else prints it. What becomes of other people's bytes in it: tame() of base/text.h. */
#ifndef OUTPUT_TEXT_H
#define OUTPUT_TEXT_H

#include <stdbool.h>
#include <stdio.h>

#define TEXT_COLUMNS 80		/* of a line that we make, where the environment's COLUMNS has no other number */

void text(FILE *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* On standard output */
void print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* What a file has: its lines and tabs stay, indent comes before each line; a newline is at the end. */
void text_lines(FILE *f, const char *indent, const char *lines);

/* How many columns that takes */
int text_width(const char *s);

/*
 * left, and beside it right, from column indent on and wrapped between words before TEXT_COLUMNS: a line, or more of
 * them. Where two spaces are no more between them, right begins in the next line.
 */
void text_columns(FILE *f, int indent, const char *left, const char *right);

/* "-3 ns", "1.23 µs", "12.3 ms", "5.00 s", sign: "+3 ns"; "no measurement" for NAN */
#define NS_TEXT_LEN 24
const char *text_ns(char buf[static NS_TEXT_LEN], double ns, bool sign);

/* "12 ns behind", "3.4 µs ahead of", "0 ns off": of a clock, by ns = what it follows - the clock. NAN: "no measurement to" */
#define OFFSET_TEXT_LEN (NS_TEXT_LEN + 12)
const char *offset_text(char buf[static OFFSET_TEXT_LEN], double ns);

#endif
