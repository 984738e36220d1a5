// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"

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

bool refuse(char *why, size_t len, const char *fmt, ...)
{
	int error = errno;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, len, fmt, ap);
	va_end(ap);
	errno = error;
	return false;
}

void add_text(char *buf, size_t len, const char *fmt, ...)
{
	size_t used = strlen(buf);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf + used, len - used, fmt, ap);
	va_end(ap);
}

const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool has_word(const char *words, const char *word)
{
	size_t n = strlen(word), width;

	for (; *words; words += width + (words[width] == ' ')) {
		width = strcspn(words, " ");
		if (width == n && !strncmp(words, word, n))
			return true;
	}
	return false;
}

const char *shell_word(const char *word)
{
	static const char harmless[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./@:+,=";
	static char words[4][4 * 4096 + 3];
	static unsigned int next;
	char *to = words[next++ % 4], *at = to;

	if (strlen(word) > 4096)
		return "?";
	if (word[0] && !word[strspn(word, harmless)])
		return strcpy(to, word);
	*at++ = '\'';
	for (; *word; word++)
		if (*word == '\'')
			at = stpcpy(at, "'\\''");
		else
			*at++ = *word;
	strcpy(at, "'");
	return to;
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

bool is_control(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	return s[0] < 0x20 || s[0] == 0x7f || (s[0] == 0xc2 && s[1] >= 0x80 && s[1] < 0xa0);
}

bool utf8_locale(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *val = getenv(names[i]);

		if (val && val[0])
			return strcasestr(val, "UTF-8") || strcasestr(val, "utf8");
	}
	return false;
}

/* In a locale without UTF-8, of the n bytes at s */
static const char *ascii_for(const char *s, int n)
{
	static const char *const known[][2] = {
		{ "µ", "u" }, { "±", "+/-" }, { "−", "-" }, { "→", "->" }, { "…", "..." },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (!strncmp(s, known[i][0], n) && !known[i][0][n])
			return known[i][1];
	return "?";
}

static void put_tame(FILE *f, const char *s, const char *end, bool utf8)
{
	while (s < end) {
		int n = utf8_len(s);

		if (is_control(s) || !n)
			fputc(*s == '\t' ? ' ' : '?', f);
		else if (n == 1 || utf8)
			fwrite(s, 1, n, f);
		else
			fputs(ascii_for(s, n), f);
		s += n ? n : 1;
	}
}

/* How much of what fmt makes comes from its first n bytes */
static size_t made_by(const char *fmt, size_t n, va_list ap)
{
	char *part = strndup(fmt, n);
	va_list again;
	int made = 0;

	va_copy(again, ap);
	if (part)
		made = vsnprintf(NULL, 0, part, again);
	va_end(again);
	free(part);
	return made;
}

char *tame(const char *fmt, va_list ap)
{
	char *made, *at, *tamed = NULL;
	const bool utf8 = utf8_locale();
	va_list again;
	size_t size;
	FILE *f;
	int len;

	va_copy(again, ap);
	len = vasprintf(&made, fmt, again);
	va_end(again);
	f = open_memstream(&tamed, &size);
	if (len < 0 || !f)
		abort();
	at = made;
	for (size_t i = 0; fmt[i]; i++) {
		if (!is_control(fmt + i))
			continue;
		put_tame(f, at, made + made_by(fmt, i, ap), utf8);
		at = made + made_by(fmt, i + 1, ap);
		fputc(fmt[i], f);
	}
	put_tame(f, at, made + len, utf8);
	if (fclose(f))
		abort();
	free(made);
	return tamed;
}
