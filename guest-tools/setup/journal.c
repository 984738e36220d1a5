// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "setup/journal.h"

/* How it was before the first setup is what counts. */
void setup_record_unit(struct setup_record *record, const struct setup_unit *u)
{
	for (int i = 0; i < record->n_units; i++)
		if (!strcmp(record->units[i].name, u->name))
			return;
	if (record->n_units < SETUP_UNITS_MAX)
		record->units[record->n_units++] = *u;
}

bool setup_record_adopted(struct setup_record *record, const struct setup_adopted *line)
{
	for (int i = 0; i < record->n_adopted; i++)
		if (!strcmp(record->adopted[i].file, line->file) && !strcmp(record->adopted[i].text, line->text))
			return true;
	if (record->n_adopted == SETUP_ADOPTED_MAX)
		return false;
	record->adopted[record->n_adopted++] = *line;
	return true;
}

/* "FILE<tab>LINE": spaces may be in both */
static bool parse_adopted(struct setup_record *record, const char *words)
{
	struct setup_adopted line;
	size_t n = strcspn(words, "\t");

	if (words[0] != '/' || !words[n] || n >= sizeof(line.file) || strlen(words + n + 1) >= sizeof(line.text))
		return false;
	snprintf(line.file, sizeof(line.file), "%.*s", (int)n, words);
	strcpy(line.text, words + n + 1);
	return setup_record_adopted(record, &line);
}

static bool parse_line(void *arg, const char *line)
{
	struct setup_record *record = arg;
	struct setup_unit unit = { .known = true };
	char enabled[32], active[32], end;

	if (sscanf(line, "unit %127s %31s %31s %c", unit.name, enabled, active, &end) == 3) {
		unit.enabled = !strcmp(enabled, "enabled");
		unit.active = !strcmp(active, "active");
		setup_record_unit(record, &unit);
		return unit.name[0] != '-' && (unit.enabled || !strcmp(enabled, "disabled")) &&
		       (unit.active || !strcmp(active, "inactive"));
	}
	if (!strncmp(line, "adopted ", 8))
		return parse_adopted(record, line + 8);
	if (!strcmp(line, "module"))
		return record->module = true;
	return !strcmp(line, "version 1");	/* 0.1.0's, whose lines were the same */
}

struct install setup_install(struct setup_record *record)
{
	return (struct install){ .journal = SETUP_STATE, .marker = SETUP_MARKER, .places = setup_files,
				 .note = parse_line, .arg = record };
}

char *setup_record_text(const struct setup_record *record)
{
	char *text;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		die("out of memory");
	for (int i = 0; i < record->n_units; i++)
		fprintf(f, "unit %s %s %s\n", record->units[i].name,
			record->units[i].enabled ? "enabled" : "disabled",
			record->units[i].active ? "active" : "inactive");
	for (int i = 0; i < record->n_adopted; i++)
		fprintf(f, "adopted %s\t%s\n", record->adopted[i].file, record->adopted[i].text);
	if (record->module)
		fputs("module\n", f);
	if (fclose(f))
		die("out of memory");
	return text;
}
