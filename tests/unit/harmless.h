/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a tool has said is nothing that a terminal would obey. After cmocka.h. */
#ifndef HARMLESS_H
#define HARMLESS_H

#include <string.h>

#include "base/text.h"

/* What somebody else could call himself: ESC, BEL, DEL, a new line, C1 as UTF-8 and as a byte, what is no UTF-8 */
#define HOSTILE "a\033[31m\a\177\n\302\2332J\233\377z"

static inline void spoil(char *field, size_t len)
{
	size_t n = sizeof(HOSTILE) < len ? sizeof(HOSTILE) : len;

	memcpy(field, HOSTILE, n);
	field[n - 1] = 0;
}

/* An array becomes that, as much as it has room for. */
#define SPOIL(field) spoil(field, sizeof(field))

/* Text in UTF-8, lines that end in \n or, CSV's, in \r\n, and tabs */
static inline void harmless(const char *text)
{
	for (const char *s = text; *s; s += utf8_len(s))
		if (!utf8_len(s) || (is_control(s) && *s != '\n' && *s != '\t' && strncmp(s, "\r\n", 2)))
			fail_msg("byte %d, 0x%02x, in:\n%s", (int)(s - text), (unsigned char)*s, text);
}

#endif
