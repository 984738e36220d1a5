// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/die.h"
#include "base/text.h"
#include "chrony/service.h"
#include "system/processes.h"
#include "system/tree.h"

#define PROBE "/-"	/* no configuration's name */

/* --- command lines --- */

/* words: the program and its arguments, a NUL after each */
static void read_words(struct chrony_service *s, struct cmdline *c)
{
	struct cmdline_option o;

	s->conf[0] = 0;
	s->by_directives = s->measures_only = false;
	while (cmdline_next(c, CHRONYD_WITH_ARGUMENT, &o)) {
		if (o.letter == 'f' && o.value && strlen(o.value) < sizeof(s->conf) - 1)
			sprintf(s->conf, "%s%s", o.value[0] == '/' ? "" : "/", o.value);
		s->measures_only |= o.letter == 'x';
		/* It cuts them up where they stand: nobody can read them any more. */
		s->by_directives |= !o.letter && !o.name[0] && o.value && o.value[0];
	}
}

static void choose_conf(struct chrony_service *s)
{
	const struct chrony_layout *layout = chrony_layout();

	if (s->by_directives)
		s->conf[0] = 0;
	else if (!s->conf[0] && layout)
		strcpy(s->conf, layout->conf);
}

bool chrony_service_process(struct chrony_service *s, int pid)
{
	struct cmdline c;
	bool good;

	memset(s, 0, sizeof(*s));
	good = pid && cmdline_read(&c, pid);
	if (!good)
		return false;
	s->pid = pid;
	read_words(s, &c);
	choose_conf(s);
	process_unit(pid, s->unit, sizeof(s->unit));
	cmdline_free(&c);
	return true;
}

/* --- the next start --- */

/* From chronyd on: before it there may be taskset, or what else starts it. NULL if it is not among the words. */
static char *find_chronyd(const struct unit *u)
{
	for (size_t at = 0; at < u->exec_len; at += strlen(u->exec + at) + 1)
		if (!strncmp(base_name(u->exec + at), "chronyd", strlen("chronyd")))
			return u->exec + at;
	return NULL;
}

static void read_exec(struct chrony_service *s, char *words, size_t len)
{
	struct cmdline c = { .words = words, .at = words + strlen(words) + 1, .end = words + len };

	read_words(s, &c);
}

/* Do the options hold together as words, with more behind them? */
static bool is_extensible(const char *options)
{
	char text[UNIT_WORD_MAX + 8], word[UNIT_WORD_MAX];
	bool is_option = false, good = false;
	const char *at = text;

	for (const char *c = options; *c; c++)
		if (iscntrl((unsigned char)*c) && *c != '\t')
			return false;
	snprintf(text, sizeof(text), "%s -f " PROBE, options);
	while (unit_word(&at, word)) {
		good = is_option && !strcmp(word, PROBE);
		is_option = !strcmp(word, "-f");
	}
	return good;
}

/* What would chronyd make of a -f at the end of its options? at: where they end in its words */
static bool would_take(const char *words, size_t len, size_t at)
{
	static const char more[] = "-f\0" PROBE;
	struct chrony_service *s = xcalloc(1, sizeof(*s));
	char *longer = xcalloc(1, len + sizeof(more));
	bool good;

	memcpy(longer, words, at);
	memcpy(longer + at, more, sizeof(more));
	memcpy(longer + at + sizeof(more), words + at, len - at);
	read_exec(s, longer, len + sizeof(more));
	good = !s->by_directives && !strcmp(s->conf, PROBE);
	free(longer);
	free(s);
	return good;
}

static void read_unit(struct chrony_service *s, struct unit *u, char *chronyd)
{
	size_t before = chronyd - u->exec, len = u->exec_len - before;

	read_exec(s, chronyd, len);
	if (!u->variable[0] || u->value_end <= before)
		return;
	strcpy(s->variable, u->variable);
	strcpy(s->options, u->value);
	s->takes = is_extensible(s->options) && would_take(chronyd, len, u->value_end - before);
}

/* As the distribution's unit is known to be: "chronyd $DAEMON_OPTS" */
static void take_layout(struct chrony_service *s, const struct chrony_layout *layout, bool inside)
{
	char words[UNIT_WORD_MAX + 16] = "chronyd", word[UNIT_WORD_MAX];
	const char *options = inside ? getenv(layout->options) : NULL, *at;
	size_t len = strlen(words) + 1;

	if (!s->unit[0])
		strcpy(s->unit, layout->service);
	strcpy(s->variable, layout->options);
	snprintf(s->options, sizeof(s->options), "%s", options ? options : "");
	for (at = s->options; unit_word(&at, word); len += strlen(word) + 1)
		strcpy(words + len, word);
	read_exec(s, words, len);
	s->takes = (!options || strlen(options) < sizeof(s->options)) && is_extensible(s->options) &&
		   would_take(words, len, len);
}

/* Our drop-in may be there in vain: a later one sets the variable anew, or drops our file. */
static bool comes_through(const struct chrony_service *s)
{
	char instead[UNIT_NAME_LEN + 8];
	const struct unit_how how = { .without = s->ours->environment, .instead = instead };
	struct unit *u = xcalloc(1, sizeof(*u));
	bool good;

	snprintf(instead, sizeof(instead), "%s=" PROBE, s->variable);
	unit_read_as(u, s->unit, &how);
	good = !strcmp(u->value, PROBE);
	unit_free(u);
	free(u);
	return good;
}

/* What the drop-in will have done, if the unit takes it */
static void read_addition(struct chrony_service *s, bool inside)
{
	const struct chrony_addition *ours = s->ours;
	char *text = ours ? file_read(ours->drop_in, NULL) : NULL, why[600];

	if (text && s->takes && s->unit_file[0] && !inside)
		s->overridden = !comes_through(s);
	s->adds = text && file_exists(ours->directives) && !file_exists(ours->hold) &&
		  chrony_service_takes(s, why, sizeof(why));
	s->only = s->adds && strstr(text, " prestart --only");
	free(text);
}

void chrony_service_next(struct chrony_service *s, const struct chrony_addition *ours, bool inside)
{
	const struct chrony_layout *layout = chrony_layout();
	const char *names[] = { layout ? layout->service : "chronyd.service", "chronyd.service", "chrony.service" };
	const struct unit_how how = { .without = ours ? ours->environment : NULL, .inside = inside };
	struct unit *u = xcalloc(1, sizeof(*u));
	char *chronyd = NULL;
	bool exec = false;

	memset(s, 0, sizeof(*s));
	s->ours = ours;
	for (size_t i = 0; i < ARRAY_SIZE(names) && !chronyd; i++) {
		unit_free(u);
		unit_read_as(u, names[i], &how);
		chronyd = find_chronyd(u);
		if (!chronyd && (s->unit[0] || (!u->exec && !u->masked)))
			continue;
		strcpy(s->unit, u->name);
		strcpy(s->unit_file, u->masked ? "" : u->file);
		s->masked = u->masked;
		exec = u->exec;
	}
	if (chronyd)
		read_unit(s, u, chronyd);
	else if (layout && !exec)	/* else what it starts is a shell, perhaps: nothing is known of it */
		take_layout(s, layout, inside);
	choose_conf(s);
	read_addition(s, inside);
	unit_free(u);
	free(u);
}

bool chrony_service_takes(const struct chrony_service *s, char *why, size_t len)
{
	if (!s->unit[0])
		return refuse(why, len, "there is no unit of chrony's");
	if (!s->variable[0])
		return refuse(why, len, "%s (%s) has chronyd started without a variable that options can be added to",
			      s->unit, s->unit_file);
	if (s->overridden)
		return refuse(why, len, "%s is there in vain: a later drop-in of %s has the last word about %s", s->ours->drop_in,
			      s->unit, s->variable);
	if (!s->takes)
		return refuse(why, len, "%s is '%.200s': directives or words that cannot be added to; move them to %s",
			      s->variable, s->options, s->conf[0] ? s->conf : "chrony.conf");
	if (!s->conf[0] || s->conf[strcspn(s->conf, " \t*?[")])
		return refuse(why, len, "the name of chrony's configuration, '%.200s', cannot be included", s->conf);
	return true;
}

/* --- directives --- */

bool chrony_names_server(const struct chrony_directive *d)
{
	static const char *const names[] = { "server", "pool", "peer", "initstepslew" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(d->name, names[i]))
			return true;
	return false;
}

struct seen {
	int (*see)(const struct chrony_directive *d, void *arg);
	void *arg;
};

static int see_all_but_servers(const struct chrony_directive *d, void *arg)
{
	const struct seen *seen = arg;

	return chrony_names_server(d) ? 0 : seen->see(d, seen->arg);
}

int chrony_service_walk(const struct chrony_service *s, int (*see)(const struct chrony_directive *d, void *arg),
			void *arg, char *why, size_t len)
{
	struct seen seen = { see, arg };
	int ret;

	if (!s->conf[0]) {
		refuse(why, len, s->by_directives ? "chronyd was started with directives, not with a file" :
		       "there is no chrony.conf");
		return -1;
	}
	if (!s->adds)
		return chrony_conf_walk(s->conf, see, arg, why, len);
	ret = s->only ? chrony_conf_walk(s->conf, see_all_but_servers, &seen, why, len) :
			chrony_conf_walk(s->conf, see, arg, why, len);
	return ret ? ret : chrony_conf_walk(s->ours->directives, see, arg, why, len);
}
