// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "system/tree.h"

const char *file_root = "";

void opt_root(const char *dir)
{
	struct stat st;

	if (!dir[0] || stat(dir, &st))
		misuse("--root: %s: %s", dir, dir[0] ? strerror(errno) : "a directory is needed");
	if (!S_ISDIR(st.st_mode))
		misuse("--root: %s is not a directory", dir);
	file_root = dir;
}

const char *file_path(char buf[static FILE_PATH_MAX], const char *path)
{
	if ((size_t)snprintf(buf, FILE_PATH_MAX, "%s%s", file_root, path) >= FILE_PATH_MAX)
		die("path too long: %.60s…%.60s…", file_root, path);
	return buf;
}

/* O_NONBLOCK: a FIFO put in a file's place is empty, not a wait without end. */
static int open_to_read(const char *path)
{
	char full[FILE_PATH_MAX];

	return open(file_path(full, path), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
}

char *file_read(const char *path, size_t *len)
{
	int fd = open_to_read(path);
	size_t size = 4096, used = 0;
	char *data, *bigger;
	ssize_t n;
	int err;

	if (fd < 0)
		return NULL;
	data = malloc(size);
	while (data) {
		n = read(fd, data + used, size - used - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		used += n;
		if (used > FILE_SIZE_MAX) {
			errno = EFBIG;
			n = -1;
			break;
		}
		if (used < size - 1)
			continue;
		size *= 2;
		bigger = realloc(data, size);
		if (!bigger)
			free(data);
		data = bigger;
	}
	err = errno;
	close(fd);
	if (!data || n < 0) {
		free(data);
		errno = data ? err : ENOMEM;
		return NULL;
	}
	data[used] = 0;
	if (len)
		*len = used;
	return data;
}

bool file_read_line(const char *path, char *line, size_t len)
{
	size_t size;
	char *data = file_read(path, &size), *end;

	line[0] = 0;
	if (!data)
		return false;
	end = memchr(data, '\n', size);
	if (!end)
		end = data + size;
	if (!size || (size_t)(end - data) >= len) {
		errno = size ? EFBIG : 0;
		free(data);
		return false;
	}
	memcpy(line, data, end - data);
	line[end - data] = 0;
	free(data);
	return true;
}

bool file_exists(const char *path)
{
	char full[FILE_PATH_MAX];

	return !access(file_path(full, path), F_OK);
}

/* --- writing --- */

static void sync_directory(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	fsync(fd);	/* not every file system can; what it is about is in place either way */
	close(fd);
}

/* Like dirname(3), in place: "/a/b" gives "/a"; "/a" and "a" give "". */
static void cut_last(char *path)
{
	char *slash = strrchr(path, '/');

	*(slash ? slash : path) = 0;
}

/* 0 or -errno. made is the length of the first directory in dir that was not there, 0 if all were. */
static int make_directories(const char *dir, size_t *made)
{
	char part[FILE_PATH_MAX], parent[FILE_PATH_MAX];

	for (size_t i = 1; i <= strlen(dir); i++) {
		if (dir[i] && dir[i] != '/')
			continue;
		memcpy(part, dir, i);
		part[i] = 0;
		if (mkdir(part, 0755)) {
			if (errno == EEXIST)
				continue;
			return -errno;
		}
		if (!*made)
			*made = i;
		chmod(part, 0755);
		strcpy(parent, part);
		cut_last(parent);
		sync_directory(parent[0] ? parent : "/");
	}
	return 0;
}

static void unmake_directories(char *dir, size_t made)
{
	while (made && strlen(dir) >= made && !rmdir(dir))
		cut_last(dir);
}

/* Somebody else's file, a link to one or one with a second name is not ours, whatever is in it. */
static bool own_file(const struct stat *st)
{
	return S_ISREG(st->st_mode) && st->st_uid == geteuid() && st->st_nlink == 1;
}

static bool already_so(const char *path, const char *full, const void *data, size_t len, mode_t mode)
{
	struct stat st;
	size_t size;
	bool same;
	char *old;

	if (lstat(full, &st) || !own_file(&st) || (st.st_mode & 07777) != mode)
		return false;
	old = file_read(path, &size);
	same = old && size == len && !memcmp(old, data, len);
	free(old);
	return same;
}

/* Not a standard stream's number, lest what is printed to a closed standard output goes into the file. */
static int above_standard(int fd)
{
	int moved;

	if (fd < 0 || fd > STDERR_FILENO)
		return fd;
	moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	close(fd);
	return moved;
}

/*
 * The temporary file has a fixed name, so that one left by a power cut is used up by the next write. Two
 * writers at once are told apart by a lock. In a directory that belongs to another user the name may have
 * been taken by something of theirs, which is thrown out; what is opened is checked to be what has the name.
 */
static int open_temporary(const char *path)
{
	struct stat st, named;
	int fd, err;

	for (int i = 0; i < 10; i++) {
		fd = above_standard(
			open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600));
		if (fd < 0 && errno != ELOOP && errno != ENXIO && errno != EISDIR)
			return -errno;
		if (fd >= 0 && !fstat(fd, &st) && own_file(&st)) {
			if (flock(fd, LOCK_EX | LOCK_NB)) {
				err = -errno;
				close(fd);
				return err == -EWOULDBLOCK ? -EBUSY : err;
			}
			if (!lstat(path, &named) && named.st_dev == st.st_dev && named.st_ino == st.st_ino)
				return fd;
		} else if (unlink(path) && errno != ENOENT) {
			err = -errno;
			if (fd >= 0)
				close(fd);
			return err;
		}
		if (fd >= 0)
			close(fd);
	}
	return -EBUSY;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= n;
	}
	return 0;
}

static int fill(int fd, const void *data, size_t len, mode_t mode)
{
	int err;

	if (ftruncate(fd, 0))
		return -errno;
	err = write_all(fd, data, len);
	if (err)
		return err;
	if (fchmod(fd, mode) || fsync(fd))
		return -errno;
	return 0;
}

static int replace(const char *full, const char *temporary, const void *data, size_t len, mode_t mode)
{
	int fd = open_temporary(temporary), err;

	if (fd < 0)
		return fd;
	err = fill(fd, data, len, mode);
	if (!err && rename(temporary, full))
		err = -errno;
	if (err)
		unlink(temporary);
	close(fd);
	return err;
}

static void temporary_name(char *name, size_t len, const char *full)
{
	const char *base = strrchr(full, '/');

	base = base ? base + 1 : full;
	snprintf(name, len, "%.*s.%s" FILE_TEMPORARY, (int)(base - full), full, base);
}

int file_write(const char *path, const void *data, size_t len, mode_t mode, char *why, size_t why_len)
{
	char full[FILE_PATH_MAX], dir[FILE_PATH_MAX], temporary[FILE_PATH_MAX + 16];
	size_t made = 0;
	int err;

	file_path(full, path);
	if (already_so(path, full, data, len, mode))
		return 0;
	strcpy(dir, full);
	cut_last(dir);
	temporary_name(temporary, sizeof(temporary), full);

	err = make_directories(dir, &made);
	if (!err)
		err = replace(full, temporary, data, len, mode);
	if (err) {
		snprintf(why, why_len, "cannot write %s: %s", full, strerror(-err));
		unmake_directories(dir, made);
		return err;
	}
	sync_directory(dir);
	return 0;
}

int file_remove(const char *path, char *why, size_t why_len)
{
	char full[FILE_PATH_MAX], temporary[FILE_PATH_MAX + 16];
	int err;

	file_path(full, path);
	temporary_name(temporary, sizeof(temporary), full);
	unlink(temporary);
	if (unlink(full) && errno != ENOENT && errno != ENOTDIR) {
		err = -errno;
		snprintf(why, why_len, "cannot remove %s: %s", full, strerror(-err));
		return err;
	}
	cut_last(full);
	sync_directory(full);
	return 0;
}

/* FNV-1a: it is to notice edits, not forgery. */
uint64_t file_hash(const void *data, size_t len)
{
	const unsigned char *p = data;
	uint64_t hash = 0xcbf29ce484222325;

	while (len--)
		hash = (hash ^ *p++) * 0x100000001b3;
	return hash;
}
