/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of this system or of another below a directory, read whole and written whole. */
#ifndef SYSTEM_TREE_H
#define SYSTEM_TREE_H

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

/*
 * Nothing leads out of a tree: links, absolute ones and ".." too, end at its root; and this machine's own /proc and /sys,
 * where they are mounted in it, are empty. Only /dev/null is there in every tree. For this system paths are what they are.
 */
struct tree {
	int fd;			/* O_PATH; AT_FDCWD: this system, and files that a user names */
	const char *name;	/* as typed, "" for this system: goes before each path that people are shown */
};

extern const struct tree here;

/* The argument of --root, where "/" and "//" are `here`. False with the reason if it is no directory. */
bool tree_open(struct tree *t, const char *dir, char *why, size_t len);

/* As open(2), for reading or directories; O_CLOEXEC, O_NOCTTY, O_NONBLOCK are added. ELOOP after 40 links. */
int tree_fd(const struct tree *t, const char *path, int flags);

/* Where the files of the system are looked for: "" or the argument of --root. Not for /dev and /proc/self. */
extern const char *file_root;
/* Takes the argument of --root; what is no directory is misuse. */
void opt_root(const char *dir);
/* " --root DIR" for the shell, for a command that is to be typed about the same files; "" for this system */
const char *file_root_option(void);

/* file_root and path, in a buffer of the caller; a path that does not fit ends the program. */
#define FILE_PATH_MAX 4096
const char *file_path(char buf[static FILE_PATH_MAX], const char *path);
/*
 * The same for programs that know of no root, to which links in the tree lead elsewhere: behind them all. As it stands
 * for this system, and where that can't be known. NULL if it does not fit.
 */
const char *file_real(char buf[static FILE_PATH_MAX], const char *path);

#define FILE_SIZE_MAX (4 << 20)

/*
 * The content of a file below file_root, ended by a NUL that len (may be NULL) does not count; to be freed.
 * NULL and errno where it can't be read; EFBIG beyond FILE_SIZE_MAX, EINVAL for a FIFO or a device other than /dev/null.
 */
char *file_read(const char *path, size_t *len);
/* Such an errno in words */
const char *file_error(int err);

/*
 * The first line of a file below file_root without its newline. False and an empty line if there is none:
 * errno says why, 0 for an empty file and EFBIG for a line of len bytes or more.
 */
bool file_read_line(const char *path, char *line, size_t len);

/*
 * Write a file below file_root whole or not at all: a temporary file beside it, fsync, rename, and fsync of
 * the directory. Missing directories are made (0755). A file of ours with the same content and mode is left
 * alone; a symbolic link is replaced, not followed. 0, or a negative errno with the reason in why; the
 * previous file is then as it was, and nothing is left.
 *
 * The temporary file is the name with a dot before it and this after it: no program's *.conf, *.prom or
 * *.sources. One that a power cut leaves is used up by the next write of the same file.
 */
#define FILE_TEMPORARY ".ptpkvm-new"
int file_write(const char *path, const void *data, size_t len, mode_t mode, char *why, size_t why_len);

/*
 * The same for a file that is somebody else's: its mode, owner, access list and SELinux label stay. One that is not
 * there, is no regular file, or is known by a second name or through a link is left as it is: an error.
 */
int file_rewrite(const char *path, const void *data, size_t len, char *why, size_t why_len);

/* Remove a file below file_root, and what a power cut left of writing it; none there is no error. */
int file_remove(const char *path, char *why, size_t why_len);

bool file_exists(const char *path);

/* Of what is below file_root, as opendir(3), readlink(2), lstat(2), rmdir(2), rename(2) and link(2) */
DIR *file_dir(const char *path);
ssize_t file_readlink(const char *path, char *target, size_t len);
int file_lstat(const char *path, struct stat *st);
/* Where links lead to in the end, as realpath(3); false if that can't be found. In a tree nothing need be there. */
bool file_resolve(const char *path, char real[static PATH_MAX]);
int file_rmdir(const char *path);
int file_rename(const char *from, const char *to);
int file_link(const char *from, const char *to);

/*
 * The paths that match a pattern of glob(7), sorted as strcmp(3) does: their number, to be freed by
 * file_glob_free() in any case; -1 and errno if a directory is not there or can't be read. file_root is no
 * part of the pattern, nor of the paths.
 */
int file_glob(const char *pattern, char ***paths);
void file_glob_free(char **paths, int n);

/* Of content, to know it again: FNV-1a, 64 bits; no protection against intent. */
uint64_t file_hash(const void *data, size_t len);

#endif
