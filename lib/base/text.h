/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text in buffers. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdarg.h>
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

/*
 * For a command that people are told to type: word as it is, or in single quotes where a shell would read more in it.
 * Good until the fourth call after this one; "?" for more than 4 KiB.
 */
const char *shell_word(const char *word);

/* The length of the UTF-8 sequence at s, 0 if it is none (RFC 3629: neither overlong nor a surrogate). */
int utf8_len(const char *s);

/* A control character of C0, DEL, or of C1 in UTF-8, at s? */
bool is_control(const char *s);

/* Of the locale that messages are for, by the environment */
bool utf8_locale(void);

/*
 * As vasprintf(3), for people, to be freed: what files, processes and the network say could lead a terminal astray.
 * Control characters that are not fmt's own, and what is no UTF-8, become '?', a tab a space. In a locale without
 * UTF-8 all is ASCII: "u", "+/-", "-", "->", "..." and '?'.
 */
char *tame(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));

#endif
