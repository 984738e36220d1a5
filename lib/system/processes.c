// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "system/processes.h"
#include "system/tree.h"

bool cmdline_read(struct cmdline *c, int pid)
{
	char path[64];
	size_t len = 0;

	memset(c, 0, sizeof(*c));
	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	c->words = file_read(path, &len);
	if (!c->words)
		return false;
	c->end = c->words + len;
	c->at = len ? c->words + strlen(c->words) + 1 : c->end;
	return true;
}

void cmdline_free(struct cmdline *c)
{
	free(c->words);
	c->words = NULL;
}

const char *cmdline_word(struct cmdline *c)
{
	const char *word = c->at;

	if (word >= c->end)
		return NULL;
	c->at += strlen(word) + 1;
	return word;
}

static void long_option(struct cmdline *c, const char *word, struct cmdline_option *o)
{
	size_t n = strcspn(word, "=");

	snprintf(o->name, sizeof(o->name), "%.*s", (int)n, word);
	o->value = word[n] ? word + n + 1 : cmdline_word(c);
}

static void letter(struct cmdline *c, const char *with, struct cmdline_option *o)
{
	o->letter = *c->more++;
	if (strchr(with, o->letter)) {
		o->value = *c->more ? c->more : cmdline_word(c);
		c->more = NULL;
	} else if (!*c->more) {
		c->more = NULL;
	}
}

bool cmdline_next(struct cmdline *c, const char *with, struct cmdline_option *o)
{
	const char *word;

	memset(o, 0, sizeof(*o));
	if (!c->more) {
		word = cmdline_word(c);
		if (word && !c->only_words && !strcmp(word, "--")) {
			c->only_words = true;
			word = cmdline_word(c);
		}
		if (!word)
			return false;
		if (c->only_words || word[0] != '-' || !word[1]) {
			o->value = word;
			return true;
		}
		if (word[1] == '-') {
			long_option(c, word + 2, o);
			return true;
		}
		c->more = word + 1;
	}
	letter(c, with, o);
	return true;
}

/* Of "0::/system.slice/ntpsec.service", or of the line of systemd's own hierarchy */
void process_unit(int pid, char *unit, size_t len)
{
	char path[64], *text, *end, *slash;

	unit[0] = 0;
	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	text = file_read(path, NULL);
	end = text ? strstr(text, ".service\n") : NULL;
	if (end) {
		end[strlen(".service")] = 0;
		slash = strrchr(text, '/');
		if (slash && strlen(slash + 1) < len)
			strcpy(unit, slash + 1);
	}
	free(text);
}
