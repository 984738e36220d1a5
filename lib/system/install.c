// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The order of things: the journal first, so that after a power cut at any moment it says what may have been
 * done; then each file, one that was edited linked to its second name first; for taking away the journal goes
 * last. A file counts as ours, and not edited, by its hash in the journal.
 */
#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/die.h"
#include "base/text.h"
#include "system/install.h"
#include "system/tree.h"

#define VERSION "version 2"
#define HASH_LEN 16

static char *__attribute__((format(printf, 1, 2))) text_of(const char *fmt, ...)
{
	char *text;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		die("out of memory");
	return text;
}

static void *one_more(void *list, int n, size_t size)
{
	list = reallocarray(list, n + 1, size);
	if (!list)
		die("out of memory");
	return list;
}

/* --- the journal --- */

static struct install_file *find(const struct install *in, const char *path)
{
	for (int i = 0; i < in->n; i++)
		if (!strcmp(in->files[i].path, path))
			return &in->files[i];
	return NULL;
}

static struct install_file *file_of(struct install *in, const char *path)
{
	struct install_file *f = find(in, path);

	if (f)
		return f;
	in->files = one_more(in->files, in->n, sizeof(*in->files));
	in->files[in->n] = (struct install_file){ .path = text_of("%s", path) };
	return &in->files[in->n++];
}

static void add_dir(struct install *in, const char *path, int len)
{
	for (int i = 0; i < in->n_dirs; i++)
		if (!strncmp(in->dirs[i], path, len) && !in->dirs[i][len])
			return;
	in->dirs = one_more(in->dirs, in->n_dirs, sizeof(*in->dirs));
	in->dirs[in->n_dirs++] = text_of("%.*s", len, path);
}

/* Another that a damaged journal might name is not touched. In names is what systemd has in those of units. */
static bool in_places(const struct install *in, const char *path)
{
	static const char allowed[] = "/ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:-_.\\@";

	if (path[strspn(path, allowed)] || strlen(path) >= FILE_PATH_MAX)
		return false;
	for (const char *const *place = in->places; *place; place++)
		if (!fnmatch(*place, path, FNM_PATHNAME | FNM_NOESCAPE))
			return true;
	return false;
}

static bool parse_line(struct install *in, const char *line)
{
	bool next = !strncmp(line, "next ", 5);
	struct install_file *f;

	if (!strncmp(line, "directory /etc/", 15) && !strstr(line, "/..")) {
		add_dir(in, line + 10, strlen(line + 10));
		return true;
	}
	if (!next && strncmp(line, "file ", 5))
		return line[0] == '#' || !strcmp(line, VERSION);
	line += 5;
	if (strspn(line, "0123456789abcdef") != HASH_LEN || line[HASH_LEN] != ' ' ||
	    !in_places(in, line + HASH_LEN + 1))
		return false;
	f = file_of(in, line + HASH_LEN + 1);
	*(next ? &f->next : &f->was) = strtoull(line, NULL, 16);
	*(next ? &f->has_next : &f->has_was) = true;
	return true;
}

/* Of 0.1.0's host tool, which put its files in the place of others'. No release had it. */
static bool refuse_version_1(const char *journal, char *why, size_t len)
{
	return refuse(why, len, "%s%s is version 0.1.0's. Undo by hand what it did, then try again: cd %s/ && "
		      "sed -n 's,^file [^ ]* /,,p' %s | xargs -d '\\n' rm -f; sed -n 's,^saved /,,p' %s | "
		      "while read -r f; do mv \"$f" INSTALL_SAVED "\" \"$f\"; done; rm %s",
		      file_root, journal, file_root, journal + 1, journal + 1, journal + 1);
}

static bool damaged(const struct install *in, int number, const char *line, char *why, size_t len)
{
	refuse(why, len, "%s%s:%d is damaged: '%.60s'", file_root, in->journal, number, line);
	if (in->n_wanted) {
		add_text(why, len, "; remove that file, then try again: what was installed is known by its first lines, too");
		return false;
	}
	complain("%s; going by the first line of each file", why);
	return true;
}

/* What is read before the damage counts, too. */
static bool read_journal(struct install *in, char *why, size_t len)
{
	char *text, *rest, *line;
	bool good = true;

	in->old = file_read(in->journal, &in->old_len);
	if (!in->old)
		return errno == ENOENT || errno == ENOTDIR ||
		       refuse(why, len, "cannot read %s%s: %s", file_root, in->journal, strerror(errno));
	text = rest = text_of("%s", in->old);
	in->whole = true;
	for (int i = 1; in->whole && good && (line = strsep(&rest, "\n")) && (*line || rest); i++) {
		if (parse_line(in, line) || (in->note && in->note(in->arg, line)))
			continue;
		in->whole = false;
		good = !strcmp(line, "version 1") ? refuse_version_1(in->journal, why, len) :
						    damaged(in, i, line, why, len);
	}
	free(text);
	return good;
}

static bool has_marker(const struct install *in, const char *text)
{
	return text && !strncmp(text, in->marker, strlen(in->marker));
}

/* Without the journal: if nothing else is in it, it was made for this. */
static void guess_dir(struct install *in, const char *path)
{
	size_t len = base_name(path) - path;

	if (!strncmp(path, in->journal, len) || strstr(path, ".service.d/"))
		add_dir(in, path, len - 1);
}

static void find_marked(struct install *in)
{
	char **paths, *text;
	int n;

	for (const char *const *place = in->places; *place; place++) {
		n = file_glob(*place, &paths);
		for (int i = 0; i < n; i++) {
			text = file_read(paths[i], NULL);
			if (has_marker(in, text) && in_places(in, paths[i])) {
				file_of(in, paths[i]);
				guess_dir(in, paths[i]);
			}
			free(text);
		}
		file_glob_free(paths, n);
	}
}

/* During the change it knows the old and the new content of each file; closed, what is installed. */
static bool write_journal(const struct install *in, bool closed, char *why, size_t len)
{
	bool any = !closed || (in->notes && in->notes[0]);
	char *text;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		die("out of memory");
	fprintf(f, "%s: what it did, for taking it away. Not to be edited.\n" VERSION "\n", in->marker);
	for (int i = 0; i < in->n_dirs; i++)
		fprintf(f, "directory %s\n", in->dirs[i]);
	for (int i = 0; i < in->n; i++) {
		const struct install_file *file = &in->files[i];
		uint64_t will = file->text ? file_hash(file->text, file->len) : file->next;
		uint64_t was = closed && file->text ? will : file->was;

		if (closed ? file->text || file->failed : file->has_was) {
			fprintf(f, "file %016" PRIx64 " %s\n", was, file->path);
			any = true;
		}
		if (!closed && (file->text || file->has_next) && !(file->has_was && will == was))
			fprintf(f, "next %016" PRIx64 " %s\n", will, file->path);
	}
	fputs(in->notes ? in->notes : "", f);
	if (fclose(f))
		die("out of memory");
	any = any ? !file_write(in->journal, text, size, 0644, why, len) : !file_remove(in->journal, why, len);
	free(text);
	return any;
}

static void note_dirs(struct install *in, const char *path)
{
	char *dir = text_of("%s", path);

	for (int i = strlen("/etc/"); path[i]; i++) {
		if (path[i] != '/')
			continue;
		dir[i] = 0;
		if (!file_exists(dir))
			add_dir(in, path, i);
		dir[i] = '/';
	}
	free(dir);
}

/* From the nth on, but those with something else in them */
static void remove_dirs(const struct install *in, int n)
{
	for (int i = in->n_dirs; i-- > n;)
		file_rmdir(in->dirs[i]);
}

/* --- the plan --- */

void install_want(struct install *in, const char *path, const char *text, size_t len, bool anew)
{
	struct install_file *f = file_of(in, path);

	f->text = text;
	f->len = len;
	f->anew = anew;
	in->n_wanted++;
}

/* The first name that is free, or that has the same content already */
static void choose_saved(struct install_file *f)
{
	struct stat st;
	size_t len;
	char *old;

	for (int i = 1;; i++) {
		f->saved = i > 1 ? text_of("%s" INSTALL_SAVED "%d", f->path, i) : text_of("%s" INSTALL_SAVED, f->path);
		if (file_lstat(f->saved, &st))
			return;
		old = S_ISREG(st.st_mode) ? file_read(f->saved, &len) : NULL;
		f->saved_already = old && len == f->before_len && !memcmp(old, f->before, len);
		free(old);
		if (f->saved_already)
			return;
		free(f->saved);
	}
}

/* Of one that is there: ours, ours with edits, or another's */
static bool plan_there(const struct install *in, struct install_file *f)
{
	uint64_t now = f->before ? file_hash(f->before, f->before_len) : 0;

	if (f->before && ((f->has_was && f->was == now) || (f->has_next && f->next == now))) {
		f->was = now;
		f->has_was = true;
		f->what = f->text ? INSTALL_WRITE : INSTALL_REMOVE;
	} else if (f->before && (f->has_was || has_marker(in, f->before))) {
		f->what = INSTALL_SAVE;
		if (f->text && !f->anew && f->has_was && f->was == file_hash(f->text, f->len))
			f->what = INSTALL_KEEP;
		else
			choose_saved(f);
	} else {
		f->what = INSTALL_LEAVE;
	}
	if (f->text && f->before && f->before_len == f->len && !memcmp(f->before, f->text, f->len))
		f->what = INSTALL_SAME;
	return !f->text || f->what != INSTALL_LEAVE;
}

static bool plan_file(const struct install *in, struct install_file *f, char *why, size_t len)
{
	struct stat st;

	if (file_lstat(f->path, &st)) {
		f->what = errno == ENOENT || errno == ENOTDIR ? INSTALL_GONE : INSTALL_LEAVE;
		if (f->text)
			f->what = INSTALL_WRITE;	/* which tells why it can't be seen */
		return true;
	}
	f->before = S_ISREG(st.st_mode) ? file_read(f->path, &f->before_len) : NULL;
	f->before_mode = st.st_mode & 07777;
	return plan_there(in, f) ||
	       refuse(why, len, "%s%s is there, and %s did not write it; move it away first", file_root, f->path,
		      progname);
}

bool install_plan(struct install *in, char *why, size_t len)
{
	if (!read_journal(in, why, len))
		return false;
	if (!in->whole)
		find_marked(in);
	in->old_dirs = in->n_dirs;
	note_dirs(in, in->journal);
	for (int i = 0; i < in->n; i++) {
		if (!plan_file(in, &in->files[i], why, len))
			return false;
		if (in->files[i].text)
			note_dirs(in, in->files[i].path);
	}
	return true;
}

const struct install_file *install_planned(const struct install *in, const char *path)
{
	return find(in, path);
}

bool install_idle(const struct install *in)
{
	for (int i = 0; i < in->n; i++)
		if (in->files[i].what != INSTALL_SAME && in->files[i].what != INSTALL_KEEP)
			return false;
	return in->old || !in->n;
}

const char *install_verb(enum install_what what)
{
	static const char *const verbs[] = {
		[INSTALL_SAME] = "already so", [INSTALL_KEEP] = "keep edited", [INSTALL_WRITE] = "write",
		[INSTALL_SAVE] = "save edited", [INSTALL_REMOVE] = "remove", [INSTALL_LEAVE] = "leave",
		[INSTALL_GONE] = "gone",
	};

	return verbs[what];
}

/* --- carrying it out --- */

static bool do_step(struct install_file *f, char *why, size_t len)
{
	if (f->what == INSTALL_SAME || f->what == INSTALL_KEEP || f->what == INSTALL_LEAVE)
		return true;
	if (f->what == INSTALL_SAVE && !f->saved_already) {
		if (file_link(f->path, f->saved))
			return refuse(why, len, "cannot save %s%s as %s: %s", file_root, f->path,
				      base_name(f->saved), strerror(errno));
		f->done = true;
	}
	/* One that is gone, too: there may be half a file that a power cut left */
	if (f->text ? file_write(f->path, f->text, f->len, 0644, why, len) : file_remove(f->path, why, len))
		return false;
	f->done = true;
	return true;
}

static bool undo_step(const struct install_file *f, char *why, size_t len)
{
	if (!f->done)
		return true;
	if (f->what == INSTALL_SAVE && !f->saved_already) {
		/* Where both names are one file's, rename(2) does nothing. */
		if (file_rename(f->saved, f->path))
			return refuse(why, len, "cannot put back %s%s: %s", file_root, f->saved, strerror(errno));
		return !file_remove(f->saved, why, len);
	}
	if (f->before)
		return !file_write(f->path, f->before, f->before_len, f->before_mode, why, len);
	return !file_remove(f->path, why, len);
}

bool install_undo(struct install *in, char *why, size_t len)
{
	bool good = true;

	for (int i = in->n; i--;)
		good &= undo_step(&in->files[i], why, len);
	return good;
}

bool install_undone(struct install *in, char *why, size_t len)
{
	if (in->begun && (in->old ? file_write(in->journal, in->old, in->old_len, 0644, why, len) :
				    file_remove(in->journal, why, len)))
		return false;
	remove_dirs(in, in->old_dirs);
	return true;
}

bool install_do(struct install *in, char *why, size_t len)
{
	/* For what goes away nothing new has to be known, and the disk may be full. */
	in->begun = !in->n_wanted || write_journal(in, false, why, len);
	if (!in->begun)
		return false;
	for (int i = 0; i < in->n; i++) {
		if (in->stop && *in->stop)
			return refuse(why, len, "interrupted");
		if (do_step(&in->files[i], why, len))
			continue;
		if (in->n_wanted)
			return false;
		complain("%s", why);
		in->files[i].failed = true;
	}
	return true;
}

bool install_done(struct install *in, char *why, size_t len)
{
	if (!write_journal(in, true, why, len))
		return false;
	if (!file_exists(in->journal))
		remove_dirs(in, 0);
	return true;
}

bool install_carry_out(struct install *in, bool *undone, char *why, size_t len)
{
	size_t used;

	*undone = true;
	if ((!in->n && !in->old) || (install_do(in, why, len) && install_done(in, why, len)))
		return true;
	add_text(why, len, "; ");
	used = strlen(why);
	*undone = install_undo(in, why + used, len - used) && install_undone(in, why + used, len - used);
	if (*undone)
		why[used - 2] = 0;
	return false;
}

void install_free(struct install *in)
{
	for (int i = 0; i < in->n; i++) {
		free(in->files[i].path);
		free(in->files[i].before);
		free(in->files[i].saved);
	}
	for (int i = 0; i < in->n_dirs; i++)
		free(in->dirs[i]);
	free(in->files);
	free(in->dirs);
	free(in->old);
}
