// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <dirent.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/die.h"
#include "base/text.h"
#include "system/tree.h"
#include "system/units.h"

#define DROP_INS_MAX 64
#define FILES_MAX 64

/* The first that has a file of a name has the say about it. */
static const char *const dirs[] = {
	"/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
	"/lib/systemd/system",
};

/* --- names --- */

/* "phc2sys@.service" of "phc2sys@eth0.service"; false if it is no instance */
static bool template_of(const char *name, char template[static UNIT_NAME_LEN])
{
	const char *at = strchr(name, '@'), *dot = strrchr(name, '.');

	if (!at || !dot || dot <= at + 1)
		return false;
	snprintf(template, UNIT_NAME_LEN, "%.*s%s", (int)(at + 1 - name), name, dot);
	return true;
}

/* A link to a unit of another name is an alias, one to /dev/null a mask; others may lead anywhere. */
static bool find_file(struct unit *u, const char *name)
{
	char target[PATH_MAX], path[PATH_MAX];
	struct stat st;
	ssize_t n;

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		snprintf(path, sizeof(path), "%s/%s", dirs[i], name);
		if (file_lstat(path, &st))
			continue;
		n = file_readlink(path, target, sizeof(target) - 1);
		target[n > 0 ? n : 0] = 0;
		u->masked = !strcmp(target, "/dev/null") || (S_ISREG(st.st_mode) && !st.st_size);
		strcpy(u->file, path);
		if (target[0] && !u->masked && strstr(target, ".service") && strcmp(base_name(target), name) &&
		    strlen(base_name(target)) < UNIT_NAME_LEN)
			strcpy(u->name, base_name(target));
		return true;
	}
	return false;
}

static void find(struct unit *u, const char *name)
{
	char template[UNIT_NAME_LEN];

	memset(u, 0, sizeof(*u));
	snprintf(u->name, sizeof(u->name), "%s", name);
	if (find_file(u, name)) {
		if (strcmp(u->name, name) && !u->masked) {	/* once: an alias of an alias is none for systemd */
			strcpy(template, u->name);
			find_file(u, template);
		}
	} else if (template_of(name, template)) {
		find_file(u, template);
		snprintf(u->name, sizeof(u->name), "%s", name);
	}
}

/* --- words --- */

struct reading {
	const struct unit *unit;
	const struct unit_how *how;
	char *environment;		/* "NAME=value", a NUL after each; the last of a name counts */
	size_t environment_len;
	char *files[FILES_MAX];		/* of EnvironmentFile=, to be read once all of Environment= is there */
	int n_files, n_read;
	char *exec;			/* ExecStart= as it stands */
};

static void add_variable(struct reading *r, const char *assignment)
{
	size_t len = strlen(assignment) + 1;

	if (!strchr(assignment, '=') || r->environment_len + len > FILE_SIZE_MAX)
		return;
	r->environment = realloc(r->environment, r->environment_len + len);
	if (!r->environment)
		die("out of memory");
	memcpy(r->environment + r->environment_len, assignment, len);
	r->environment_len += len;
}

static const char *variable(const struct reading *r, const char *name, size_t len)
{
	const char *value = "", *at;
	char own[UNIT_NAME_LEN];

	snprintf(own, sizeof(own), "%.*s", (int)len, name);
	if (r->how->inside && getenv(own))
		return getenv(own);
	for (size_t i = 0; i < r->environment_len; i += strlen(at) + 1) {
		at = r->environment + i;
		if (!strncmp(at, name, len) && at[len] == '=')
			value = at + len + 1;
	}
	return value;
}

bool unit_word(const char **text, char word[static UNIT_WORD_MAX])
{
	const char *at = *text;
	size_t n = 0;
	char quote = 0;

	while (isspace((unsigned char)*at))
		at++;
	if (!*at)
		return false;
	for (; *at && (quote || !isspace((unsigned char)*at)); at++) {
		if (n == UNIT_WORD_MAX - 1)
			return false;
		if (quote ? *at == quote : *at == '"' || *at == '\'')
			quote = quote ? 0 : *at;
		else if (*at == '\\' && at[1])
			word[n++] = *++at;
		else
			word[n++] = *at;
	}
	word[n] = 0;
	*text = at;
	return true;
}

/* "eth-0" of "eth\x2d0", and '/' for '-' */
static void unescape(char *s)
{
	unsigned int c;
	char *to = s;

	for (; *s; s++) {
		if (s[0] == '\\' && s[1] == 'x' && sscanf(s + 2, "%2x", &c) == 1) {
			*to++ = c;
			s += 3;
		} else {
			*to++ = *s == '-' ? '/' : *s;
		}
	}
	*to = 0;
}

static const char *specifier(const struct unit *u, char which, char buf[static UNIT_NAME_LEN])
{
	const char *at = strchr(u->name, '@'), *dot = strrchr(u->name, '.');
	const char *end = dot ? dot : u->name + strlen(u->name);

	switch (which) {
	case 'i': case 'I':
		snprintf(buf, UNIT_NAME_LEN, "%.*s", at && at < end ? (int)(end - at - 1) : 0, at ? at + 1 : "");
		if (which == 'I')
			unescape(buf);
		return buf;
	case 'n':
		return u->name;
	case 'N': case 'p':
		snprintf(buf, UNIT_NAME_LEN, "%.*s", (int)((which == 'p' && at ? at : end) - u->name), u->name);
		return buf;
	case 't':
		return "/run";
	case 'E':
		return "/etc";
	case 'S':
		return "/var/lib";
	case 'C':
		return "/var/cache";
	case 'L':
		return "/var/log";
	case 'h':
		return "/root";
	case '%':
		return "%";
	}
	return NULL;
}

/* %i and ${NAME}; what does not fit is cut, as no option is that long. */
static void expand(const struct reading *r, const char *from, bool variables, char to[static UNIT_WORD_MAX])
{
	char buf[UNIT_NAME_LEN];
	const char *value;
	size_t n;

	for (to[0] = 0; *from; from += n) {
		n = strcspn(from + 1, "$%") + 1;
		value = NULL;
		if (from[0] == '%') {
			value = specifier(r->unit, from[1], buf);
			n = value ? 2 : n;
		} else if (variables && from[0] == '$' && from[1] == '$') {
			value = "$";
			n = 2;
		} else if (variables && from[0] == '$' && from[1] == '{' && strchr(from, '}')) {
			n = strchr(from, '}') + 1 - from;
			value = variable(r, from + 2, n - 3);
		}
		if (value)
			add_text(to, UNIT_WORD_MAX, "%s", value);
		else
			add_text(to, UNIT_WORD_MAX, "%.*s", (int)n, from);
	}
}

/* --- a unit's files --- */

static void trim_end(char *s)
{
	for (size_t n = strlen(s); n && isspace((unsigned char)s[n - 1]); n--)
		s[n - 1] = 0;
}

/*
 * What is behind NAME=, up to the end of its line, as systemd's env-file.c has it: quotes count where a value begins, or
 * another quote has ended; a backslash takes the next character as it is, in double quotes only one of four.
 */
static const char *environment_value(const char *at, char value[static UNIT_WORD_MAX])
{
	size_t n = 0, end = 0;
	bool begun = false;
	char quote = 0;

	for (; *at && (quote || *at != '\n'); at++) {
		bool escaped = *at == '\\' && at[1] && (!quote || (quote == '"' && strchr("\"\\`$\n", at[1])));

		if (!begun && (quote ? *at == quote : *at == '"' || *at == '\'')) {
			quote = quote ? 0 : *at;
			continue;
		}
		if (!quote && !begun && isspace((unsigned char)*at))
			continue;
		at += escaped;
		if ((escaped && *at == '\n') || n == UNIT_WORD_MAX - 1)
			continue;
		begun = !quote;
		value[n++] = *at;
		if (quote || escaped || !isspace((unsigned char)*at))
			end = n;
	}
	value[end] = 0;
	return at;
}

static void read_environment_file(struct reading *r, const char *path)
{
	char *text = file_read(path, NULL), value[UNIT_WORD_MAX], assignment[UNIT_WORD_MAX + 300];
	const char *at = text;

	while (at && *at) {
		size_t n = strcspn(at += strspn(at, " \t\r\n"), "=\n");

		if (strchr("#;", *at) || at[n] != '=') {
			at += strcspn(at, "\n");
			continue;
		}
		snprintf(assignment, sizeof(assignment), "%.*s", n < 256 ? (int)n : 256, at);
		trim_end(assignment);
		at = environment_value(at + n + 1, value);
		add_text(assignment, sizeof(assignment), "=%s", value);
		add_variable(r, assignment);
	}
	free(text);
}

/* One file, or a pattern; one that is not there is none, whether or not systemd would start without it. */
static void read_environment_files(struct reading *r, const char *pattern)
{
	char **paths;
	int n;

	pattern += pattern[0] == '-';
	if (r->how->without && !strcmp(pattern, r->how->without)) {
		if (r->how->instead)
			add_variable(r, r->how->instead);
		return;
	}
	n = file_glob(pattern, &paths);
	for (int i = 0; i < n && r->n_read < FILES_MAX; i++, r->n_read++)
		read_environment_file(r, paths[i]);
	file_glob_free(paths, n);
}

static void forget_files(struct reading *r)
{
	while (r->n_files)
		free(r->files[--r->n_files]);
}

static void setting(struct reading *r, const char *name, const char *value)
{
	char word[UNIT_WORD_MAX], expanded[UNIT_WORD_MAX];

	if (!strcmp(name, "ExecStart")) {
		if (!value[0] || !r->exec) {
			free(r->exec);
			r->exec = value[0] ? strdup(value) : NULL;
		}
	} else if (!strcmp(name, "Environment")) {
		if (!value[0])
			r->environment_len = 0;
		while (unit_word(&value, word)) {
			expand(r, word, false, expanded);
			add_variable(r, expanded);
		}
	} else if (!strcmp(name, "EnvironmentFile") && !value[0]) {
		forget_files(r);
	} else if (!strcmp(name, "EnvironmentFile") && r->n_files < FILES_MAX) {
		expand(r, value, false, expanded);
		r->files[r->n_files++] = strdup(expanded);
	}
}

/* A backslash at the end of a line goes on with the next one. */
static void read_file(struct reading *r, const char *path)
{
	char *text = file_read(path, NULL), *rest = text, *line, *value;
	bool service = false;

	for (char *at = text; at && (at = strstr(at, "\\\n"));)
		at[0] = at[1] = ' ';
	while ((line = strsep(&rest, "\n"))) {
		while (isspace((unsigned char)*line))
			line++;
		trim_end(line);
		value = strchr(line, '=');
		if (line[0] == '[')
			service = !strcmp(line, "[Service]");
		if (!service || !value || strchr("#;[", line[0]))
			continue;
		*value++ = 0;
		line[strcspn(line, " \t")] = 0;
		setting(r, line, value + strspn(value, " \t"));
	}
	free(text);
}

static int by_base_name(const void *a, const void *b)
{
	return strcmp(base_name(*(char *const *)a), base_name(*(char *const *)b));
}

/* Of each name the first that is found: in the more special of the two folders, in the first place. */
static void add_drop_ins(char *paths[static DROP_INS_MAX], int *n, const char *unit)
{
	char pattern[PATH_MAX], **found;

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		int m;

		snprintf(pattern, sizeof(pattern), "%s/%s.d/*.conf", dirs[i], unit);
		m = file_glob(pattern, &found);
		for (int k = 0; k < m; k++) {
			bool had = false;

			for (int j = 0; j < *n && !had; j++)
				had = !strcmp(base_name(paths[j]), base_name(found[k]));
			if (!had && *n < DROP_INS_MAX)
				paths[(*n)++] = strdup(found[k]);
		}
		file_glob_free(found, m);
	}
}

/* asked: an alias of the unit has drop-ins, too. */
static void read_drop_ins(struct reading *r, const char *asked)
{
	char *paths[DROP_INS_MAX], template[UNIT_NAME_LEN];
	int n = 0;

	add_drop_ins(paths, &n, r->unit->name);
	if (strcmp(asked, r->unit->name))
		add_drop_ins(paths, &n, asked);
	if (template_of(r->unit->name, template))
		add_drop_ins(paths, &n, template);
	add_drop_ins(paths, &n, "service");
	if (n)
		qsort(paths, n, sizeof(paths[0]), by_base_name);
	for (int i = 0; i < n; i++) {
		if (paths[i])
			read_file(r, paths[i]);
		free(paths[i]);
	}
}

static void add_word(struct unit *u, const char *word)
{
	size_t len = strlen(word) + 1;

	u->exec = realloc(u->exec, u->exec_len + len);
	if (!u->exec)
		die("out of memory");
	memcpy(u->exec + u->exec_len, word, len);
	u->exec_len += len;
}

/* What does not fit is as good as none: nobody must add to a part of it. */
static void remember_variable(struct unit *u, const char *name, const char *value)
{
	bool fits = strlen(name) < sizeof(u->variable) && strlen(value) < sizeof(u->value);

	snprintf(u->variable, sizeof(u->variable), "%.127s", fits ? name : "");
	snprintf(u->value, sizeof(u->value), "%s", fits ? value : "");
}

/* A word that is $NAME as a whole is cut up where there are blanks in it. */
static void split_exec(struct unit *u, const struct reading *r)
{
	const char *at = r->exec, *value;
	char word[UNIT_WORD_MAX], expanded[UNIT_WORD_MAX];
	bool variables = true, skip = false;

	for (; at && *at && strchr("-@:+!|", *at); at++) {
		variables &= *at != ':';
		skip |= *at == '@';
	}
	while (at && unit_word(&at, word)) {
		if (variables && word[0] == '$' && word[1] && word[1] != '{' && word[1] != '$') {
			value = variable(r, word + 1, strlen(word + 1));
			remember_variable(u, word + 1, value);
			while (unit_word(&value, expanded))
				add_word(u, expanded);
			u->value_end = u->exec_len;
			continue;
		}
		expand(r, word, variables, expanded);
		if (skip && u->exec_len)
			skip = false;		/* @: the second word is only what the program is called */
		else
			add_word(u, expanded);
	}
}

void unit_read_as(struct unit *u, const char *name, const struct unit_how *how)
{
	struct reading r = { .unit = u, .how = how };

	find(u, name);
	if (u->masked || !u->file[0])
		return;
	read_file(&r, u->file);
	read_drop_ins(&r, name);
	for (int i = 0; i < r.n_files; i++)
		if (r.files[i])
			read_environment_files(&r, r.files[i]);
	split_exec(u, &r);
	forget_files(&r);
	free(r.environment);
	free(r.exec);
}

void unit_read(struct unit *u, const char *name)
{
	unit_read_as(u, name, &(struct unit_how){ .inside = false });
}

void unit_free(struct unit *u)
{
	free(u->exec);
	u->exec = NULL;
	u->exec_len = 0;
}

bool unit_exists(const char *name)
{
	struct unit u;

	find(&u, name);
	return u.file[0];
}

/* --- enabled --- */

static int add_enabled(const char *name, char names[][UNIT_NAME_LEN], int n, int max)
{
	struct unit u;

	if (strlen(name) >= UNIT_NAME_LEN)
		return n;
	find(&u, name);
	for (int i = 0; i < n; i++)
		if (!strcmp(names[i], u.name))
			return n;
	if (n < max && !u.masked && u.file[0])
		strcpy(names[n++], u.name);
	return n;
}

/* By their names alone: where such a link leads to does not matter to systemd. */
static int add_links(const char *dir, const char *pattern, char names[][UNIT_NAME_LEN], int n, int max)
{
	DIR *d = file_dir(dir);
	const struct dirent *e;

	while (d && (e = readdir(d)))
		if (!fnmatch(pattern, e->d_name, FNM_PERIOD))
			n = add_enabled(e->d_name, names, n, max);
	if (d)
		closedir(d);
	return n;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

int units_enabled(const char *pattern, char names[][UNIT_NAME_LEN], int max)
{
	static const char *const by[] = { "wants", "requires" };
	char all[PATH_MAX], **found;
	int n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(dirs) * ARRAY_SIZE(by); i++) {
		int m;

		snprintf(all, sizeof(all), "%s/*.%s", dirs[i / ARRAY_SIZE(by)], by[i % ARRAY_SIZE(by)]);
		m = file_glob(all, &found);
		for (int k = 0; k < m; k++)
			n = add_links(found[k], pattern, names, n, max);
		file_glob_free(found, m);
	}
	if (n)
		qsort(names, n, sizeof(names[0]), by_name);
	return n;
}

bool unit_enabled(const char *name)
{
	char names[UNITS_MAX][UNIT_NAME_LEN];
	int n = units_enabled("*.service", names, UNITS_MAX);

	while (n--)
		if (!strcmp(names[n], name))
			return true;
	return false;
}
