// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The order of things: the journal first, so that after a power cut at any moment it says what may have been
 * done; then each file, what was there before linked to its second name first; for taking away the journal
 * goes last. A file counts as ours only by its hash in the journal.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/die.h"
#include "base/text.h"
#include "system/install.h"
#include "system/tree.h"

#define DIRS_MAX 32
#define HASHES_MAX 8
#define JOURNAL_BEGIN "# Written by ptpkvm-host config: what it did, for --uninstall. Not to be edited.\n"

struct install_journal {
	bool present;
	struct {
		char path[300];
		uint64_t hash[HASHES_MAX];	/* of each content that we gave it; the latest are kept */
		int n;
		bool saved;			/* there was another before */
	} files[INSTALL_FILES_MAX];
	int n;
	char dirs[DIRS_MAX][300];		/* that were not there, parents first */
	int n_dirs;
};

/* --- the journal --- */

/* What a damaged journal might name is not touched. */
static bool path_is_ours(const char *path)
{
	static const char *const places[] = {
		"/etc/linuxptp/",	"/etc/ptp4l.conf", "/etc/timemaster.conf", "/etc/sysconfig/",
		"/etc/chrony/conf.d/", "/etc/chrony.d/",  "/etc/systemd/system/",
	};

	if (strstr(path, "/../") || strlen(path) >= 300 - sizeof(INSTALL_SAVED))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (!strncmp(path, places[i], strlen(places[i])))
			return true;
	return false;
}

static int find(const struct install_journal *j, const char *path)
{
	for (int i = 0; i < j->n; i++)
		if (!strcmp(j->files[i].path, path))
			return i;
	return -1;
}

static int find_or_add(struct install_journal *j, const char *path)
{
	int i = find(j, path);

	if (i < 0 && j->n < INSTALL_FILES_MAX) {
		i = j->n++;
		snprintf(j->files[i].path, sizeof(j->files[i].path), "%s", path);
	}
	return i;
}

static bool has_hash(const struct install_journal *j, int i, uint64_t hash)
{
	for (int k = 0; i >= 0 && k < j->files[i].n; k++)
		if (j->files[i].hash[k] == hash)
			return true;
	return false;
}

static void add_hash(struct install_journal *j, int i, uint64_t hash)
{
	int *n = &j->files[i].n;

	if (has_hash(j, i, hash))
		return;
	if (*n == HASHES_MAX)
		memmove(j->files[i].hash, j->files[i].hash + 1, --*n * sizeof(hash));
	j->files[i].hash[(*n)++] = hash;
}

static void add_dir(struct install_journal *j, const char *path)
{
	for (int i = 0; i < j->n_dirs; i++)
		if (!strcmp(j->dirs[i], path))
			return;
	if (j->n_dirs < DIRS_MAX)
		snprintf(j->dirs[j->n_dirs++], sizeof(j->dirs[0]), "%s", path);
}

static bool parse_line(struct install_journal *j, const char *line)
{
	char path[300], end;
	uint64_t hash;
	int i;

	if (sscanf(line, "file %16" SCNx64 " %299s%c", &hash, path, &end) == 2 && path_is_ours(path)) {
		i = find_or_add(j, path);
		if (i >= 0)
			add_hash(j, i, hash);
		return i >= 0;
	}
	if (sscanf(line, "saved %299s%c", path, &end) == 1) {
		i = find(j, path);
		if (i >= 0)
			j->files[i].saved = true;
		return i >= 0;
	}
	if (sscanf(line, "directory %299s%c", path, &end) == 1 && !strncmp(path, "/etc/", 5) &&
	    !strstr(path, "..")) {
		add_dir(j, path);
		return true;
	}
	return line[0] == '#' || !strcmp(line, "version 1");
}

static bool read_journal(struct install_journal *j, char *why, size_t len)
{
	char *text = file_read(INSTALL_JOURNAL, NULL), *line, *next;
	bool good = true;
	int number = 0;

	if (!text && (errno == ENOENT || errno == ENOTDIR))
		return true;
	if (!text)
		return refuse(why, len, "cannot read %s" INSTALL_JOURNAL ": %s", file_root, strerror(errno));
	j->present = true;
	for (line = text; *line && good; line = next) {
		number++;
		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = 0;
		good = parse_line(j, line);
		if (!good)
			refuse(why, len, "%s" INSTALL_JOURNAL ":%d is damaged: '%.60s'; what was there before is in "
			     "files named *" INSTALL_SAVED ", to be put back by hand", file_root, number, line);
	}
	free(text);
	return good;
}

static bool write_journal(const struct install_journal *j, char *why, size_t len)
{
	char *text;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	int err;

	if (!f)
		die("out of memory");
	fputs(JOURNAL_BEGIN "version 1\n", f);
	for (int i = 0; i < j->n_dirs; i++)
		fprintf(f, "directory %s\n", j->dirs[i]);
	for (int i = 0; i < j->n; i++) {
		for (int k = 0; k < j->files[i].n; k++)
			fprintf(f, "file %016" PRIx64 " %s\n", j->files[i].hash[k], j->files[i].path);
		if (j->files[i].saved)
			fprintf(f, "saved %s\n", j->files[i].path);
	}
	if (fclose(f))
		die("out of memory");
	err = file_write(INSTALL_JOURNAL, text, size, 0644, why, len);
	free(text);
	return !err;
}

/* From the nth on */
static void remove_dirs(const struct install_journal *j, int n)
{
	for (int i = j->n_dirs; i-- > n;)
		file_rmdir(j->dirs[i]);	/* stays where something else is in it */
}

static void note_dirs(struct install_journal *j, const char *path)
{
	char dir[300];

	for (size_t i = 1; path[i]; i++) {
		if (path[i] != '/')
			continue;
		snprintf(dir, sizeof(dir), "%.*s", (int)i, path);
		if (!file_exists(dir))
			add_dir(j, dir);
	}
}

/* --- the plan --- */

void install_want(struct install *in, const char *path, const char *text, size_t len)
{
	struct install_step *s = &in->steps[in->n++];

	snprintf(s->path, sizeof(s->path), "%s", path);
	s->text = text;
	s->len = len;
}

static const char *saved_name(char name[300], const char *path)
{
	snprintf(name, 300, "%.280s" INSTALL_SAVED, path);
	return name;
}

/* What is there: false for what can be neither replaced nor restored. */
static bool look(struct install_step *s, char *why, size_t len)
{
	struct stat st;

	if (file_lstat(s->path, &st))
		return errno == ENOENT || refuse(why, len, "%s%s: %s", file_root, s->path, strerror(errno));
	s->before = S_ISREG(st.st_mode) ? file_read(s->path, &s->before_len) : NULL;
	s->before_mode = st.st_mode & 07777;
	return s->before || refuse(why, len, "%s%s is there and no readable file; move it away first", file_root,
				       s->path);
}

/* A power cut between keeping and replacing leaves the file as it was, under both names. */
static bool kept_already(const struct install *in, int i, const struct install_step *s)
{
	char name[300], *old;
	size_t len;
	bool same;

	if (i < 0 || !in->was->files[i].saved)
		return false;
	old = file_read(saved_name(name, s->path), &len);
	same = old && len == s->before_len && !memcmp(old, s->before, len);
	free(old);
	return same;
}

static bool plan_wanted(struct install *in, struct install_step *s, char *why, size_t len)
{
	int i = find(in->was, s->path);
	char name[300];

	if (!s->before) {
		s->what = INSTALL_NEW;
		return true;
	}
	if (has_hash(in->was, i, file_hash(s->before, s->before_len))) {
		bool same = s->before_len == s->len && !memcmp(s->before, s->text, s->len);

		s->what = same ? INSTALL_SAME : INSTALL_REWRITE;
		return true;
	}
	s->kept = kept_already(in, i, s);
	if (i >= 0 && !s->kept && !(in->was->files[i].saved && !file_exists(saved_name(name, s->path))))
		return refuse(why, len, "%s%s was edited since ptpkvm-host wrote it; move it away to have it written "
			    "anew", file_root, s->path);
	if (!strncmp(s->before, "# Written by ptpkvm-host", 24))
		return refuse(why, len, "%s%s is from an earlier install whose journal is lost; remove it, or put %s "
			    "back if that is there", file_root, s->path, saved_name(name, s->path));
	if (!s->kept && file_exists(saved_name(name, s->path)))
		return refuse(why, len, "%s%s is there already, where %s would be kept; move it away first", file_root,
			    name, s->path);
	s->what = INSTALL_REPLACE;
	return true;
}

static bool plan_unwanted(struct install *in, struct install_step *s, char *why, size_t len)
{
	int i = find(in->was, s->path);
	bool saved = in->was->files[i].saved;
	char name[300];

	if (s->before && !has_hash(in->was, i, file_hash(s->before, s->before_len)) && !kept_already(in, i, s)) {
		if (!saved || file_exists(saved_name(name, s->path)))
			return refuse(why, len, "%s%s was edited since ptpkvm-host wrote it; move it away first, then "
				    "again", file_root, s->path);
		s->what = INSTALL_FORGET;	/* a power cut before it was kept: it is as it was */
		return true;
	}
	saved = saved && file_exists(saved_name(name, s->path));
	s->what = saved ? INSTALL_RESTORE : s->before ? INSTALL_REMOVE : INSTALL_FORGET;
	return true;
}

static bool wanted(const struct install *in, int n, const char *path)
{
	for (int i = 0; i < n; i++)
		if (!strcmp(in->steps[i].path, path))
			return true;
	return false;
}

/* The journal during the change knows the old and the new content of each file. */
static void plan_journal(struct install *in)
{
	*in->will = *in->was;
	note_dirs(in->will, INSTALL_JOURNAL);
	for (int k = 0; k < in->n; k++) {
		const struct install_step *s = &in->steps[k];
		int i = find_or_add(in->will, s->path);

		if (!s->text || i < 0)
			continue;
		note_dirs(in->will, s->path);
		add_hash(in->will, i, file_hash(s->text, s->len));
		in->will->files[i].saved |= s->what == INSTALL_REPLACE;
	}
}

bool install_plan(struct install *in, char *why, size_t len)
{
	int n = in->n;

	in->was = xcalloc(1, sizeof(*in->was));
	in->will = xcalloc(1, sizeof(*in->will));
	if (!read_journal(in->was, why, len))
		return false;
	for (int i = 0; i < in->was->n; i++) {
		if (wanted(in, n, in->was->files[i].path))
			continue;
		if (in->n == INSTALL_FILES_MAX)
			return refuse(why, len, "more than %d files", INSTALL_FILES_MAX);
		install_want(in, in->was->files[i].path, NULL, 0);
	}
	for (int i = 0; i < in->n; i++) {
		struct install_step *s = &in->steps[i];

		if (!look(s, why, len) || !(s->text ? plan_wanted(in, s, why, len) : plan_unwanted(in, s, why, len)))
			return false;
	}
	plan_journal(in);
	return true;
}

bool install_idle(const struct install *in)
{
	bool any = false;

	for (int i = 0; i < in->n; i++) {
		if (in->steps[i].what != INSTALL_SAME)
			return false;
		any = true;
	}
	return any || !in->was->present;
}

const char *install_verb(enum install_what what)
{
	static const char *const verbs[] = {
		[INSTALL_SAME] = "already so", [INSTALL_NEW] = "write",	   [INSTALL_REWRITE] = "rewrite",
		[INSTALL_REPLACE] = "replace", [INSTALL_REMOVE] = "remove", [INSTALL_RESTORE] = "restore",
		[INSTALL_FORGET] = "gone",
	};

	return verbs[what];
}

/* --- carrying it out --- */

static bool move(const char *from, const char *to, int (*how)(const char *a, const char *b), char *why, size_t len)
{
	return !how(from, to) || refuse(why, len, "cannot keep %s%s as %s%s: %s", file_root, from, file_root, to,
					strerror(errno));
}

/* The second name goes, even where both are of one file, which rename(2) leaves as it is. */
static bool put_back(const char *name, const char *path, char *why, size_t len)
{
	return move(name, path, file_rename, why, len) && !file_remove(name, why, len);
}

/* Half a file that a power cut left */
static void remove_temporary(const char *path)
{
	const char *base = base_name(path);
	char name[FILE_PATH_MAX], why[FILE_PATH_MAX + 100];

	snprintf(name, sizeof(name), "%.*s.%s" FILE_TEMPORARY, (int)(base - path), path, base);
	file_remove(name, why, sizeof(why));
}

static bool do_step(struct install_step *s, char *why, size_t len)
{
	char name[300];

	saved_name(name, s->path);
	switch (s->what) {
	case INSTALL_REPLACE:
		if (!s->kept && !move(s->path, name, file_link, why, len))
			return false;
		s->done = true;
		return !file_write(s->path, s->text, s->len, 0644, why, len);
	case INSTALL_NEW:
	case INSTALL_REWRITE:
		s->done = !file_write(s->path, s->text, s->len, 0644, why, len);
		return s->done;
	case INSTALL_REMOVE:
		s->done = !file_remove(s->path, why, len);
		return s->done;
	case INSTALL_RESTORE:
		s->done = put_back(name, s->path, why, len);
		remove_temporary(s->path);
		return s->done;
	case INSTALL_FORGET:
		remove_temporary(s->path);
		return true;
	default:
		return true;
	}
}

static bool undo_step(struct install_step *s, char *why, size_t len)
{
	char name[300];

	if (!s->done)
		return true;
	saved_name(name, s->path);
	switch (s->what) {
	case INSTALL_REPLACE:
		return put_back(name, s->path, why, len);
	case INSTALL_NEW:
		return !file_remove(s->path, why, len);
	case INSTALL_RESTORE:
		if (!s->before)
			return move(s->path, name, file_rename, why, len);
		if (!move(s->path, name, file_link, why, len))
			return false;
		/* fall through */
	default:
		return !file_write(s->path, s->before, s->before_len, s->before_mode, why, len);
	}
}

static bool undo(struct install *in, char *why, size_t len)
{
	bool good = true;

	for (int i = in->n; i--;)
		good &= undo_step(&in->steps[i], why, len);
	if (good && in->was->present)
		good = write_journal(in->was, why, len);
	else if (good)
		good = !file_remove(INSTALL_JOURNAL, why, len);
	if (good)
		remove_dirs(in->will, in->was->n_dirs);
	return good;
}

/* After the change: what isn't ours any more is forgotten. */
static bool close_journal(struct install *in, char *why, size_t len)
{
	struct install_journal *now = xcalloc(1, sizeof(*now));
	bool good;

	memcpy(now->dirs, in->will->dirs, sizeof(now->dirs));
	now->n_dirs = in->will->n_dirs;
	for (int k = 0; k < in->n; k++) {
		if (!in->steps[k].text)
			continue;
		now->files[now->n++] = in->will->files[find(in->will, in->steps[k].path)];
	}
	if (now->n) {
		good = write_journal(now, why, len);
	} else {
		good = !file_remove(INSTALL_JOURNAL, why, len);
		if (good)
			remove_dirs(now, 0);
	}
	free(now);
	return good;
}

bool install_carry_out(struct install *in, bool *undone, char *why, size_t len)
{
	bool good = true;
	size_t used;

	*undone = true;
	if (!write_journal(in->will, why, len))
		return false;
	for (int i = 0; i < in->n && good; i++) {
		if (in->stop && *in->stop)
			good = refuse(why, len, "interrupted");
		else
			good = do_step(&in->steps[i], why, len);
	}
	if (good && close_journal(in, why, len))
		return true;
	add_text(why, len, "; ");
	used = strlen(why);
	*undone = undo(in, why + used, len - used);
	if (*undone)
		why[used - 2] = 0;
	return false;
}

void install_free(struct install *in)
{
	for (int i = 0; i < in->n; i++)
		free(in->steps[i].before);
	free(in->was);
	free(in->will);
}
