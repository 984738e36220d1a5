// SPDX-License-Identifier: GPL-2.0-or-later
/* What setup did, for remove. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/die.h"
#include "facts/ours.h"
#include "setup/journal.h"
#include "setup/units.h"
#include "system/tree.h"

static int index_of(const char *const list[], size_t n, const char *path)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(list[i], path))
			return i;
	return -1;
}

int setup_file_index(const char *path)
{
	return index_of(setup_files, SETUP_FILES, path);
}

bool setup_state_has_hash(const struct setup_state *st, int file, uint64_t hash)
{
	for (int i = 0; i < st->files[file].n; i++)
		if (st->files[file].hash[i] == hash)
			return true;
	return false;
}

/* The latest are kept. */
void setup_state_add_hash(struct setup_state *st, int file, uint64_t hash)
{
	int max = ARRAY_SIZE(st->files[file].hash), *n = &st->files[file].n;

	if (setup_state_has_hash(st, file, hash))
		return;
	if (*n == max)
		memmove(st->files[file].hash, st->files[file].hash + 1, --*n * sizeof(hash));
	st->files[file].hash[(*n)++] = hash;
}

/* How it was before the first setup is what counts. */
void setup_state_add_unit(struct setup_state *st, const struct setup_unit *u)
{
	for (int i = 0; i < st->n_units; i++)
		if (!strcmp(st->units[i].name, u->name))
			return;
	if (st->n_units < SETUP_UNITS_MAX)
		st->units[st->n_units++] = *u;
}

bool setup_state_add_adopted(struct setup_state *st, const struct setup_adopted *line)
{
	for (int i = 0; i < st->n_adopted; i++)
		if (!strcmp(st->adopted[i].file, line->file) && !strcmp(st->adopted[i].text, line->text))
			return true;
	if (st->n_adopted == SETUP_ADOPTED_MAX)
		return false;
	st->adopted[st->n_adopted++] = *line;
	return true;
}

/* "FILE<tab>LINE": spaces may be in both */
static bool parse_adopted(struct setup_state *st, const char *words)
{
	struct setup_adopted line;
	size_t n = strcspn(words, "\t");

	if (words[0] != '/' || !words[n] || n >= sizeof(line.file) || strlen(words + n + 1) >= sizeof(line.text))
		return false;
	snprintf(line.file, sizeof(line.file), "%.*s", (int)n, words);
	strcpy(line.text, words + n + 1);
	return setup_state_add_adopted(st, &line);
}

static bool parse_state_line(struct setup_state *st, char *line)
{
	struct setup_unit unit = { .known = true };
	char a[200], b[32], c[32], end;
	uint64_t hash;
	int i;

	if (sscanf(line, "file %16" SCNx64 " %199s %c", &hash, a, &end) == 2) {
		i = setup_file_index(a);
		if (i >= 0)
			setup_state_add_hash(st, i, hash);
		return i >= 0;
	}
	if (sscanf(line, "directory %199s %c", a, &end) == 1) {
		i = index_of(setup_dirs, setup_dirs_count, a);
		if (i >= 0)
			st->made[i] = true;
		return i >= 0;
	}
	if (sscanf(line, "unit %127s %31s %31s %c", unit.name, b, c, &end) == 3) {
		unit.enabled = !strcmp(b, "enabled");
		unit.active = !strcmp(c, "active");
		setup_state_add_unit(st, &unit);
		return unit.name[0] != '-' && (unit.enabled || !strcmp(b, "disabled")) &&
		       (unit.active || !strcmp(c, "inactive"));
	}
	if (!strncmp(line, "adopted ", 8))
		return parse_adopted(st, line + 8);
	if (!strcmp(line, "module"))
		st->module = true;
	else if (line[0] != '#' && strcmp(line, "version 1"))
		return false;
	return true;
}

bool setup_state_read(struct setup_state *st, char *why, size_t len)
{
	char *text = file_read(SETUP_STATE, NULL), *line, *next;
	int number = 0;

	memset(st, 0, sizeof(*st));
	if (!text && (errno == ENOENT || errno == ENOTDIR))
		return true;
	if (!text) {
		snprintf(why, len, "cannot read %s" SETUP_STATE ": %s", file_root, strerror(errno));
		return false;
	}
	st->present = true;
	for (line = text; *line; line = next) {
		number++;
		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = 0;
		if (!parse_state_line(st, line)) {
			snprintf(why, len, "%s" SETUP_STATE ":%d is damaged: '%.60s'", file_root, number, line);
			free(text);
			return false;
		}
	}
	free(text);
	return true;
}

bool setup_state_write(const struct setup_state *st, char *why, size_t len)
{
	char *text;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	int err;

	if (!f)
		die("out of memory");
	fputs(SETUP_MARKER ": what it did, for 'ptpkvm remove'. Not to be edited.\nversion 1\n", f);
	for (size_t i = 0; i < setup_dirs_count; i++)
		if (st->made[i])
			fprintf(f, "directory %s\n", setup_dirs[i]);
	for (int i = 0; i < SETUP_FILES; i++)
		for (int j = 0; j < st->files[i].n; j++)
			fprintf(f, "file %016" PRIx64 " %s\n", st->files[i].hash[j], setup_files[i]);
	for (int i = 0; i < st->n_units; i++)
		fprintf(f, "unit %s %s %s\n", st->units[i].name,
			st->units[i].enabled ? "enabled" : "disabled",
			st->units[i].active ? "active" : "inactive");
	for (int i = 0; i < st->n_adopted; i++)
		fprintf(f, "adopted %s\t%s\n", st->adopted[i].file, st->adopted[i].text);
	if (st->module)
		fputs("module\n", f);
	if (fclose(f))
		die("out of memory");
	err = file_write(SETUP_STATE, text, size, 0644, why, len);
	free(text);
	return !err;
}

void setup_remove_dirs(const struct setup_state *st)
{
	for (size_t i = setup_dirs_count; i--;)
		if (st->made[i])
			file_rmdir(setup_dirs[i]);
}
