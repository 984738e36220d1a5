// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/numbers.h"
#include "base/text.h"
#include "cli/options.h"
#include "output/text.h"
#include "system/tree.h"

#define LEFT_MAX 24	/* columns of an option; behind a longer one its help begins on the next line */

static const struct option_row help_row = { .letter = 'h', .name = "help", .help = "this" };

/* The nth of all rows, --help's after those of the verb; NULL at the end */
static const struct option_row *row_at(const struct command *c, int n)
{
	const struct option_row *tables[] = { c->rows, c->more };

	for (int i = 0; i < 2; i++)
		for (const struct option_row *row = tables[i]; row && (row->name || row->help); row++)
			if (!n--)
				return row;
	return n ? NULL : &help_row;
}

/* --- help --- */

static void paragraphs(const char *lines)
{
	char *copy = strdup(lines), *rest = copy, *line;

	while (rest && (line = strsep(&rest, "\n")))
		text_columns(stdout, 0, "", line);
	free(copy);
}

static int left_text(const struct option_row *row, char *buf, size_t len)
{
	char letter[8] = "    ";

	if (row->letter)
		snprintf(letter, sizeof(letter), "-%c, ", row->letter);
	return snprintf(buf, len, "  %s--%s%s%s", letter, row->name, row->argument ? " " : "",
			row->argument ? row->argument : "");
}

static void print_rows(const struct command *c)
{
	const struct option_row *row;
	char left[80];
	int widest = 0;

	for (int i = 0; (row = row_at(c, i)); i++) {
		int width = row->name && row->help ? left_text(row, left, sizeof(left)) : 0;

		if (width > widest && width <= LEFT_MAX)
			widest = width;
	}
	for (int i = 0; (row = row_at(c, i)); i++) {
		if (!row->help)
			continue;
		if (row->name)
			left_text(row, left, sizeof(left));
		else
			print("\n");
		text_columns(stdout, row->name ? widest + 2 : 0, row->name ? left : "", row->help);
	}
}

static void __attribute__((noreturn)) help(const struct command *c, const char *verb)
{
	char statuses[300];

	print("Usage: %s %s [OPTION]...%s%s\n\n", progname, verb, c->operands ? " " : "",
	      c->operands ? c->operands : "");
	paragraphs(c->about);
	print("\n");
	print_rows(c);
	print("\n");
	if (c->notes)
		paragraphs(c->notes);
	snprintf(statuses, sizeof(statuses), "Exit status: %s.", c->statuses);
	text_columns(stdout, 0, "", statuses);
	exit(finish(EXIT_GOOD));
}

/* --- reading --- */

uint64_t opt_u64(const char *opt, const char *s, uint64_t min, uint64_t max)
{
	uint64_t v;

	if (!parse_u64(s, min, max, &v))
		misuse("%s: '%s' is not a whole number from %llu to %llu", opt, s,
		       (unsigned long long)min, (unsigned long long)max);
	return v;
}

int64_t opt_s64(const char *opt, const char *s, int64_t min, int64_t max)
{
	int64_t v;

	if (!parse_s64(s, min, max, &v))
		misuse("%s: '%s' is not a whole number from %lld to %lld", opt, s,
		       (long long)min, (long long)max);
	return v;
}

double opt_decimal(const char *opt, const char *s, double min, double max)
{
	double v;

	if (!parse_decimal(s, min, max, &v))
		misuse("%s: '%s' is not a number from %g to %g", opt, s, min, max);
	return v;
}

static void set(const struct option_row *row, char *arg)
{
	char shown[40];

	snprintf(shown, sizeof(shown), "--%s", row->name);
	switch (row->kind) {
	case FLAG:
		*(bool *)row->to = true;
		break;
	case TEXT:
		if (!*arg)
			misuse("%s: its argument is empty", shown);
		*(const char **)row->to = arg;
		break;
	case WHOLE:
		*(int *)row->to = opt_s64(shown, arg, row->min, row->max);
		break;
	case DECIMAL:
		*(double *)row->to = opt_decimal(shown, arg, row->min, row->max);
		break;
	case ROOT:
		opt_root(arg);
		if (row->to)
			*(bool *)row->to = file_root[0];
		break;
	case TAKE:
		row->take(row->to, arg);
	}
}

/* By its name, or the beginning of no other's; n: characters of it */
static const struct option_row *find_name(const struct command *c, const char *name, size_t n)
{
	const struct option_row *row, *found = NULL;
	int several = 0;

	for (int i = 0; (row = row_at(c, i)); i++) {
		if (!row->name || strncmp(row->name, name, n))
			continue;
		if (!row->name[n])
			return row;
		found = row;
		several++;
	}
	return several == 1 && n ? found : NULL;
}

static const struct option_row *find_letter(const struct command *c, char letter)
{
	const struct option_row *row;

	for (int i = 0; (row = row_at(c, i)); i++)
		if (row->letter && row->letter == letter)
			return row;
	return NULL;
}

struct words {
	char **next;
	const char *verb;
};

/* arg: what stands with it in its word, or NULL */
static void option(const struct command *c, const struct option_row *row, char *arg, struct words *w)
{
	if (row == &help_row)
		help(c, w->verb);
	if (row->argument && !arg)
		arg = *w->next ? *w->next++ : NULL;
	if (row->argument && !arg)
		misuse("option '--%s' requires an argument: %s", row->name, row->argument);
	set(row, arg);
}

static void long_option(const struct command *c, char *word, struct words *w)
{
	size_t n = strcspn(word, "=");
	const struct option_row *row = find_name(c, word, n);

	if (!row)
		misuse("bad option '--%.*s'", (int)n, word);
	if (word[n] && !row->argument)
		misuse("option '--%s' takes no argument: '%s'", row->name, word + n + 1);
	option(c, row, word[n] ? word + n + 1 : NULL, w);
}

static void letters(const struct command *c, char *word, struct words *w)
{
	while (*word) {
		const struct option_row *row = find_letter(c, *word++);

		if (!row)
			misuse("bad option '-%.*s'", utf8_len(word - 1) ? utf8_len(word - 1) : 1, word - 1);
		option(c, row, row->argument && *word ? word : NULL, w);
		if (row->argument)
			return;
	}
}

void options_parse(const struct command *c, int argc, char **argv)
{
	struct words w = { argv + 1, argv[0] };
	bool operands = false;
	char *word;

	while (w.next < argv + argc && (word = *w.next++)) {
		if (!operands && !strcmp(word, "--"))
			operands = true;
		else if (!operands && !strncmp(word, "--", 2))
			long_option(c, word + 2, &w);
		else if (!operands && word[0] == '-' && word[1])
			letters(c, word + 1, &w);
		else if (c->operand)
			c->operand(c->arg, word);
		else
			misuse("unexpected argument '%s'", word);
	}
}
