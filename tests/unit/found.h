/* SPDX-License-Identifier: GPL-2.0-or-later */
/* That each finding of a table is found by some case of its test: after cmocka.h. */
#ifndef FOUND_H
#define FOUND_H

#include <stdbool.h>
#include <string.h>

#include "output/findings.h"

static bool found_codes[128];

/* What a judge found of kinds; text and remedies are whole. Its codes are put behind those in codes. */
static inline void note_found(const struct finding_kind *kinds, const struct verdict *v, char *codes, size_t len)
{
	int k = 0;

	assert_true(strlen(v->text) > 2 && strlen(v->text) < sizeof(v->text) - 1);
	for (int i = 0; i < v->n_remedies; i++)
		assert_true(v->remedies[i].text[0] && strlen(v->remedies[i].text) < sizeof(v->remedies[i].text) - 1);
	if (v->level != VERDICT_WARN && v->level != VERDICT_FAIL)
		return;
	while (strcmp(kinds[k].code, v->code))
		k++;
	assert_string_equal(v->link, kinds[k].link);
	found_codes[k] = true;
	snprintf(codes + strlen(codes), len - strlen(codes), "%s%s", codes[0] ? " " : "", v->code);
}

/* But those of link, which another test finds */
static inline void all_found(const struct finding_kind *kinds, const char *link)
{
	char missing[400] = "";

	for (int k = 0; kinds[k].code; k++)
		if (!found_codes[k] && strcmp(kinds[k].link, link))
			snprintf(missing + strlen(missing), sizeof(missing) - strlen(missing), " %s", kinds[k].code);
	if (missing[0])
		fail_msg("no case finds%s", missing);
}

/* The first line of what is to be done; "" if there is none */
static inline const char *first_remedy(const struct verdict *v)
{
	return v->n_remedies ? v->remedies[0].text : "";
}

#endif
