// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
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

void tame(char *s, const char *keep)
{
	char *to = s;

	while (*s) {
		int n = utf8_len(s);
		bool control = (unsigned char)*s < 0x20 || *s == 0x7f ||
			       (n == 2 && *s == '\xc2' && (unsigned char)s[1] < 0xa0);

		if (n && (!control || strchr(keep, *s))) {
			memmove(to, s, n);
			to += n;
		} else {
			*to++ = '?';
		}
		s += n ? n : 1;
	}
	*to = 0;
}
