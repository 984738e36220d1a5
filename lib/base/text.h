/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text in buffers. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* "EINVAL"; "-" for 0. Numbers without a name here come as "errno_123" from a buffer of this thread. */
const char *errname(int err);

/* A reason, for a function that can fail: false. errno stays as it is. */
bool refuse(char *why, size_t len, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* At the end of what is in buf; what is too long is cut. */
void add_text(char *buf, size_t len, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* What is behind the last slash */
const char *base_name(const char *path);

/* Is it one of those words, with a space between them? */
bool has_word(const char *words, const char *word);

/* The length of the UTF-8 sequence at s, 0 if it is none (RFC 3629: neither overlong nor a surrogate). */
int utf8_len(const char *s);

/*
 * For a terminal: control bytes, those of C1 in either form, and what is no UTF-8, become '?' in place; but for
 * those in keep. What files, processes and the network say could lead a terminal astray.
 */
void tame(char *s, const char *keep);

#endif
