/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON (RFC 8259) as it is written: keys in order, commas and indentation by themselves. */
#ifndef OUTPUT_JSON_H
#define OUTPUT_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define JSON_DEPTH_MAX 16

struct json {
	FILE *f;
	int depth;
	bool compact;			/* all on one line, for JSON Lines */
	bool filled[JSON_DEPTH_MAX];	/* the object or array of this depth has a member already */
};

/* key is NULL for members of an array and for the outermost value. */
void json_open(struct json *j, const char *key, char bracket);	/* '{' or '[' */
void json_close(struct json *j, char bracket);			/* '}' or ']'; the outermost ends with a newline */
/* NULL: null. Control characters are escaped, bytes that are no UTF-8 become U+FFFD. */
void json_string(struct json *j, const char *key, const char *val);
void json_s64(struct json *j, const char *key, int64_t val);
void json_u64(struct json *j, const char *key, uint64_t val);
void json_double(struct json *j, const char *key, double val);	/* 15 to 17 digits, to read back; null if not finite */
void json_bool(struct json *j, const char *key, bool val);
void json_null(struct json *j, const char *key);
/* null where it is empty, or not known (UNKNOWN) */
void json_text(struct json *j, const char *key, const char *val);
void json_int(struct json *j, const char *key, int val);
void json_bit(struct json *j, const char *key, int val);	/* true or false */
void json_if_s64(struct json *j, const char *key, bool known, int64_t val);
void json_if_u64(struct json *j, const char *key, bool known, uint64_t val);

#endif
