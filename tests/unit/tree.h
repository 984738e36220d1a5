/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A tree of files of a test's own in a temporary directory, and programs run apart from the test: after cmocka.h. */
#ifndef TREE_H
#define TREE_H

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/die.h"
#include "harmless.h"
#include "system/tree.h"

static char tree[200];		/* the directory; file_root points to it */

static inline int tree_rm(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static inline void tree_remove(void)
{
	if (tree[0])
		nftw(tree, tree_rm, 16, FTW_DEPTH | FTW_PHYS);
	tree[0] = 0;
}

static inline void tree_make(void)
{
	const char *tmp = getenv("TMPDIR");

	tree_remove();
	snprintf(tree, sizeof(tree), "%s/ptpkvm-test.XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(tree))
		die("mkdtemp %s: %s", tree, strerror(errno));
	file_root = tree;
}

/* For cmocka: before each test, and after all of them */
static inline int empty_tree(void **state)
{
	(void)state;
	tree_make();
	return 0;
}

static inline int remove_tree(void **state)
{
	(void)state;
	tree_remove();
	return 0;
}

/* Its directories are made. */
static inline void put_mode(const char *path, const char *text, mode_t mode)
{
	char full[FILE_PATH_MAX];
	FILE *f;

	file_path(full, path);
	for (char *slash = full + strlen(file_root) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = 0;
		mkdir(full, 0755);
		*slash = '/';
	}
	f = fopen(full, "w");
	if (!f || fputs(text, f) < 0 || fclose(f) || chmod(full, mode))
		die("put %s: %s", full, strerror(errno));
}

static inline void put(const char *path, const char *text)
{
	put_mode(path, text, 0644);
}

/* The same of bytes, of which some may be NUL */
static inline void put_bytes(const char *path, const void *bytes, size_t len)
{
	char full[FILE_PATH_MAX];
	FILE *f;

	put(path, "");
	f = fopen(file_path(full, path), "w");
	if (!f || fwrite(bytes, 1, len, f) != len || fclose(f))
		die("put %s: %s", full, strerror(errno));
}

/* Whatever it is */
static inline void gone(const char *path)
{
	char full[FILE_PATH_MAX];

	nftw(file_path(full, path), tree_rm, 16, FTW_DEPTH | FTW_PHYS);
}

/* In place of what was there */
static inline void put_link(const char *path, const char *target)
{
	char full[FILE_PATH_MAX];

	unlink(file_path(full, path));
	put(path, "");
	unlink(full);
	if (symlink(target, full))
		die("put %s: %s", full, strerror(errno));
}

/* A process of root's, as /proc has it; words: its command line, with the NUL after each */
static inline void put_process(int pid, const char *comm, const char *words, size_t len, const char *cgroup)
{
	char path[64], text[64];

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	snprintf(text, sizeof(text), "%s\n", comm);
	put(path, text);
	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	put_bytes(path, words, len);
	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	put(path, cgroup);
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	put(path, "Name:\tx\nPPid:\t1\nCapPrm:\t0000000000000000\nCapEff:\t000001ffffffffff\n");
	snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
	put(path, "         0          0 4294967295\n");
	snprintf(path, sizeof(path), "/proc/%d/root", pid);
	put_link(path, "/");
}

/* Programs in the tree's /bin are found before others. */
static inline void tree_programs(void)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/bin:/usr/bin:/bin", tree);
	setenv("PATH", path, 1);
}

/* "" if it can't be read; a buffer that the next call overwrites. */
static inline const char *get(const char *path)
{
	static char text[1 << 16];
	char full[FILE_PATH_MAX];
	FILE *f = fopen(file_path(full, path), "r");

	text[f ? fread(text, 1, sizeof(text) - 1, f) : 0] = 0;
	if (f)
		fclose(f);
	return text;
}

static FILE *manifest_out;

static inline int manifest_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	char target[300] = "";

	(void)ftw;
	if (type == FTW_SL && readlink(path, target, sizeof(target) - 1) < 0)
		return -1;
	fprintf(manifest_out, "%s %o %u:%u %s", path + strlen(file_root), st->st_mode, st->st_uid, st->st_gid,
		target);
	if (type == FTW_F)
		fprintf(manifest_out, " %ld.%09ld <%s>", (long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec,
			get(path + strlen(file_root)));
	fputc('\n', manifest_out);
	return 0;
}

static inline int by_line(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Everything below path: names, modes, owners, times and contents of files; to be freed. */
static inline char *manifest(const char *path)
{
	char full[FILE_PATH_MAX], *text, *sorted, **lines;
	size_t len, n = 0;

	manifest_out = open_memstream(&text, &len);
	nftw(file_path(full, path), manifest_entry, 16, FTW_PHYS);
	fclose(manifest_out);
	/* nftw's order is the file system's */
	lines = xcalloc(len + 1, sizeof(*lines));
	sorted = xcalloc(1, len + 2);
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		lines[n++] = line;
	qsort(lines, n, sizeof(*lines), by_line);
	for (size_t i = 0, used = 0; i < n; i++)
		used += sprintf(sorted + used, "%s\n", lines[i]);
	free(lines);
	free(text);
	return sorted;
}

/* --- in a process of its own --- */

static char said_out[1 << 16], said_err[1 << 16];	/* what it said */
static const char *locale = "C.UTF-8";			/* where it says that */

static inline void read_back(int fd, char *text, size_t len)
{
	ssize_t n = pread(fd, text, len - 1, 0);

	text[n > 0 ? n : 0] = 0;
	close(fd);
}

static inline int unlinked_file(void)
{
	char name[] = "/tmp/ptpkvm-said.XXXXXX";
	int fd = mkostemp(name, O_CLOEXEC);

	if (fd < 0)
		die("%s: %s", name, strerror(errno));
	unlink(name);
	return fd;
}

/* What job returns, or 128 + the signal that ended it. Its streams go to said_out and said_err, and are harmless. */
static inline int apart(int (*job)(void *arg), void *arg)
{
	int out = unlinked_file(), err = unlinked_file(), status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid) {
		dup2(out, STDOUT_FILENO);
		dup2(err, STDERR_FILENO);
		setenv("LC_ALL", locale, 1);
		exit(finish(job(arg)));
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		die("fork: %s", strerror(errno));
	read_back(out, said_out, sizeof(said_out));
	read_back(err, said_err, sizeof(said_err));
	harmless(said_out);
	harmless(said_err);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static inline void good(int status)
{
	if (status != EXIT_SUCCESS)
		fail_msg("status %d: %s%s", status, said_out, said_err);
}

static inline void has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' is not in '%s'", part, text);
}

static inline void lacks(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("'%s' is in '%s'", part, text);
}

static inline void write_map(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die("%s: %s", path, strerror(errno));
	close(fd);
}

/* In a user namespace of one's own: be that user, though the files stay with whom one was. */
static inline void become(uid_t as, int more_namespaces)
{
	char map[64];
	uid_t uid = geteuid();
	gid_t gid = getegid();

	if (unshare(CLONE_NEWUSER | more_namespaces))
		die("unshare: %s", strerror(errno));
	write_map("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "%u %u 1", as, uid);
	write_map("/proc/self/uid_map", map);
	snprintf(map, sizeof(map), "%u %u 1", as, gid);
	write_map("/proc/self/gid_map", map);
}

/* For a child: be root, and alone with one's mounts, as unshare -rm. */
static inline void own_mounts(void)
{
	become(0, CLONE_NEWNS);
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		die("mount private: %s", strerror(errno));
}

#endif
