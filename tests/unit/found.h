/* SPDX-License-Identifier: GPL-2.0-or-later */
/* That each finding of a table is found by some case of its test: after cmocka.h. */
#ifndef FOUND_H
#define FOUND_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "output/findings.h"

static bool found_codes[128];

/* A command begins with one of these, or with sudo and one; and sh can read it. Anything else is words. */
static inline void is_command(const char *text)
{
	static const char programs[] = "apt cat chronyc chronyd cp dkms dmesg dnf echo ethtool grep grub-reboot ip journalctl kill ln mkdir "
				       "modprobe mokutil pmc ptpkvm ptpkvm-host rm sed systemctl tcpdump udevadm usermod";
	char word[32] = "";

	sscanf(strncmp(text, "sudo ", 5) ? text : text + 5, "%31s", word);
	if (!has_word(programs, word) || strchr(text, '\n'))
		fail_msg("no command: %s", text);
	setenv("COMMAND", text, 1);
	if (system("printf '%s\\n' \"$COMMAND\" | sh -n"))
		fail_msg("sh can't read: %s", text);
}

/* What a judge found of kinds; text and remedies are whole. Its codes are put behind those in codes. */
static inline void note_found(const struct finding_kind *kinds, const struct finding *v, char *codes, size_t len)
{
	int k = 0;

	assert_true(strlen(v->text) > 2 && strlen(v->text) < sizeof(v->text) - 1);
	for (int i = 0; i < v->n_remedies; i++) {
		assert_true(v->remedies[i].text[0] && strlen(v->remedies[i].text) < sizeof(v->remedies[i].text) - 1);
		if (v->remedies[i].kind == REMEDY_COMMAND)
			is_command(v->remedies[i].text);
	}
	if (v->level != LEVEL_WARN && v->level != LEVEL_FAIL)
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
static inline const char *first_remedy(const struct finding *v)
{
	return v->n_remedies ? v->remedies[0].text : "";
}

#endif
