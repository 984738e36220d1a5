// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/die.h"
#include "base/text.h"
#include "chrony/conf.h"
#include "system/tree.h"
#include "system/units.h"

/* Those of chrony's conf.c */
#define MAX_LINE 2048
#define MAX_DEPTH 10
#define MAX_DIRS 10
/* Ours: a configuration that needs more is none, but an attempt to keep us busy */
#define MAX_FILES 1000
#define MAX_BYTES (16 << 20)

static const struct chrony_layout layouts[] = {
	{ "debian", "/etc/chrony/chrony.conf", "chrony.service", "DAEMON_OPTS" },
	{ "rhel", "/etc/chrony.conf", "chronyd.service", "OPTIONS" },
};

struct walk {
	int (*see)(const struct chrony_directive *d, void *arg);
	void *arg;
	char *why;
	size_t len;
	int depth, files;
	size_t bytes;
};

const struct chrony_layout *chrony_layout(void)
{
	const struct chrony_layout *first = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++) {
		if (!file_exists(layouts[i].conf))
			continue;
		if (unit_exists(layouts[i].service))
			return &layouts[i];
		first = first ? first : &layouts[i];
	}
	return first;
}

#define bad(w, ...) (refuse((w)->why, (w)->len, __VA_ARGS__), -1)

/* As chronyd: comments are whole lines, begun by one of four characters. */
static void normalise(char *line)
{
	char *p, *q = line;
	bool space = true, first = true;

	for (p = line; *p; p++) {
		if (isspace((unsigned char)*p)) {
			if (!space)
				*q++ = ' ';
			space = true;
			continue;
		}
		if (first && strchr("!;#%", *p))
			break;
		*q++ = *p;
		space = first = false;
	}
	if (q > line && q[-1] == ' ')
		q--;
	*q = 0;
}

static int read_conf(struct walk *w, const char *path, const struct chrony_directive *from);

/* A directory's file; of files with one name the one in the directory that was named first counts. */
struct found {
	char *path;
	int dir;
};

static int by_name(const void *a, const void *b)
{
	const struct found *x = a, *y = b;
	int order = strcmp(base_name(x->path), base_name(y->path));

	return order ? order : x->dir - y->dir;
}

static int add_found(struct found **list, int n, const char *pattern, int dir)
{
	char **paths;
	int more = file_glob(pattern, &paths);

	if (more <= 0)
		return n;
	*list = realloc(*list, (n + more) * sizeof(**list));
	if (!*list)
		die("out of memory");
	for (int i = 0; i < more; i++)
		(*list)[n + i] = (struct found){ paths[i], dir };
	free(paths);
	return n + more;
}

/* confdir and sourcedir: by name, and of each name only one. A directory that is not there is empty. */
static int read_dirs(struct walk *w, const struct chrony_directive *d, const char *pattern)
{
	char words[MAX_LINE + 1], *save, *word;
	struct found *list = NULL;
	int n = 0, dirs = 0, ret = 0;

	snprintf(words, sizeof(words), "%s", d->args);
	for (word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		char path[MAX_LINE + 16];

		if (dirs == MAX_DIRS) {
			ret = bad(w, "%s:%d: %s: more than %d directories", d->file, d->line, d->name, MAX_DIRS);
			break;
		}
		snprintf(path, sizeof(path), "%s/%s", word, pattern);
		n = add_found(&list, n, path, dirs++);
	}
	if (!dirs)
		return bad(w, "%s:%d: %s without a directory", d->file, d->line, d->name);
	if (n)
		qsort(list, n, sizeof(*list), by_name);
	for (int i = 0; i < n && !ret; i++)
		if (!i || strcmp(base_name(list[i].path), base_name(list[i - 1].path)))
			ret = read_conf(w, list[i].path, d);
	while (n)
		free(list[--n].path);
	free(list);
	return ret;
}

static int read_include(struct walk *w, const struct chrony_directive *d)
{
	char path[MAX_LINE + 2], **paths;
	int n, ret = 0;

	if (!d->args[0] || strchr(d->args, ' '))
		return bad(w, "%s:%d: include wants one file or pattern", d->file, d->line);
	/* A file that is named has to be there; of a pattern there may be none. chronyd runs in /. */
	snprintf(path, sizeof(path), "%s%s", d->args[0] == '/' ? "" : "/", d->args);
	if (!strpbrk(path, "*?["))
		return read_conf(w, path, d);
	n = file_glob(path, &paths);
	if (n < 0)
		return bad(w, "%s:%d: cannot search for %s", d->file, d->line, d->args);
	for (int i = 0; i < n && !ret; i++)
		ret = read_conf(w, paths[i], d);
	file_glob_free(paths, n);
	return ret;
}

/* All that chronyd takes from a file of a sourcedir */
static bool is_source(const char *name)
{
	return !strcmp(name, "server") || !strcmp(name, "pool") || !strcmp(name, "peer");
}

/* d: where the line is */
static int read_line(struct walk *w, struct chrony_directive d, char *line, bool sources)
{
	char name[64], text[MAX_LINE + 1];
	size_t n;

	normalise(line);
	if (!line[0])
		return 0;
	snprintf(text, sizeof(text), "%s", line);
	n = strcspn(text, " ");
	d.text = text;
	d.name = name;
	d.args = text[n] ? text + n + 1 : "";
	for (size_t i = 0; i < sizeof(name); i++)
		name[i] = i < n && i < sizeof(name) - 1 ? tolower((unsigned char)text[i]) : 0;

	if (sources)
		return is_source(name) ? w->see(&d, w->arg) : 0;
	if (!strcmp(name, "include"))
		return read_include(w, &d);
	if (!strcmp(name, "confdir"))
		return read_dirs(w, &d, "*.conf");
	if (!strcmp(name, "sourcedir"))
		return read_dirs(w, &d, "*.sources");
	return w->see(&d, w->arg);
}

static size_t line_length(const char *text, size_t size)
{
	const char *end = memchr(text, '\n', size);
	size_t n = end ? (size_t)(end - text) + 1 : size;

	return n > MAX_LINE ? MAX_LINE : n;	/* longer ones are cut as by chronyd's fgets() */
}

/* from: the directive that names it. chronyd passes over files of a sourcedir that it can't read. */
static int read_conf(struct walk *w, const char *path, const struct chrony_directive *from)
{
	bool sources = from && !strcmp(from->name, "sourcedir");
	struct chrony_directive d = { .file = path };
	char line[MAX_LINE + 1], *data;
	size_t size, n;
	int ret = 0;

	if (w->depth == MAX_DEPTH)
		return bad(w, "%s:%d: included more than %d deep", from->file, from->line, MAX_DEPTH);
	data = file_read(path, &size);
	if (!data && sources)
		return 0;
	if (!data && from)
		return bad(w, "%s:%d: cannot read %s: %s", from->file, from->line, path, file_error(errno));
	if (!data)
		return bad(w, "cannot read %s: %s", path, file_error(errno));
	w->bytes += size;
	if (++w->files > MAX_FILES || w->bytes > MAX_BYTES) {
		free(data);
		return bad(w, "%s: more than %d files, or %d MiB, are included", path, MAX_FILES, MAX_BYTES >> 20);
	}
	w->depth++;
	for (; d.at < size && !ret; d.at += n) {
		n = line_length(data + d.at, size - d.at);
		snprintf(line, sizeof(line), "%.*s", (int)n, data + d.at);
		d.line++;
		ret = read_line(w, d, line, sources);
	}
	w->depth--;
	free(data);
	return ret;
}

int chrony_conf_walk(const char *conf, int (*see)(const struct chrony_directive *d, void *arg), void *arg,
		     char *why, size_t len)
{
	struct walk w = { .see = see, .arg = arg, .why = why, .len = len };

	return read_conf(&w, conf, NULL);
}

bool chrony_option(const char *args, const char *name, char *value, size_t len)
{
	size_t n = strlen(name), width;

	for (const char *word = args; *word; word += width, word += *word == ' ') {
		width = strcspn(word, " ");
		if (width != n || strncasecmp(word, name, n))
			continue;
		word += width;
		word += *word == ' ';
		snprintf(value, len, "%.*s", (int)strcspn(word, " "), word);
		return true;
	}
	return false;
}
