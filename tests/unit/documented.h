/* SPDX-License-Identifier: GPL-2.0-or-later */
/* That what a program prints for others is in its documentation: after cmocka.h. */
#ifndef DOCUMENTED_H
#define DOCUMENTED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A file as it is; to be freed. */
static inline char *whole_file(const char *path)
{
	char *text = calloc(1, 1 << 17);
	FILE *f = fopen(path, "r");

	assert_non_null(text);
	assert_non_null(f);
	assert_true(fread(text, 1, (1 << 17) - 1, f) < (1 << 17) - 1);
	fclose(f);
	return text;
}

/* As `word`, or at the end of `a.word` */
static inline void documented(const char *doc, const char *word, size_t len)
{
	char quoted[80], dotted[80];

	snprintf(quoted, sizeof(quoted), "`%.*s`", (int)len, word);
	snprintf(dotted, sizeof(dotted), ".%.*s`", (int)len, word);
	if (!strstr(doc, quoted) && !strstr(doc, dotted))
		fail_msg("not in the documentation: %s", quoted);
}

/* Each of a list with a NULL at its end */
static inline void documented_all(const char *doc, const char *const *words)
{
	for (; *words; words++)
		documented(doc, *words, strlen(*words));
}

/* Every key of JSON text whose value is neither an object nor an array */
static inline void documented_json(const char *doc, const char *text)
{
	for (const char *key = text; (key = strchr(key, '"')); key += strcspn(key, "\n")) {
		size_t len = strcspn(key + 1, "\"");

		if (key[len + 2] == ':' && strncmp(key + len + 2, ": {", 3) &&
		    strncmp(key + len + 2, ": [", 3))
			documented(doc, key + 1, len);
	}
}

#endif
