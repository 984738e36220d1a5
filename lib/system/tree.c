// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/array.h"
#include "base/die.h"
#include "base/text.h"
#include "system/tree.h"

#define DEPTH_MAX 64
#define LINKS_MAX 40

const struct tree here = { AT_FDCWD, "" };

bool tree_open(struct tree *t, const char *dir, char *why, size_t len)
{
	*t = here;
	if (!dir[0])
		return refuse(why, len, "a directory is needed");
	if (!dir[strspn(dir, "/")])
		return true;
	t->name = dir;
	t->fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (t->fd >= 0)
		return true;
	if (errno == ENOTDIR)
		return refuse(why, len, "%s is not a directory", dir);
	return refuse(why, len, "%s: %s", dir, strerror(errno));
}

/* --- the walk --- */

/*
 * The directories on the way from the root, each held open: ".." goes back along them, so that nobody who
 * renames one of them meanwhile can lead out of the root.
 */
struct place {
	bool here;
	int fd[DEPTH_MAX];
	int depth;		/* fd[depth - 1] is where it is */
	int made;		/* the depth of the first one that was not there, 0 if all were */
	char path[PATH_MAX];	/* inside of the root, "" is that itself */
};

static int at(const struct place *p)
{
	return p->fd[p->depth - 1];
}

static void leave(struct place *p)
{
	while (p->depth)
		close(p->fd[--p->depth]);
}

static int push(struct place *p, int fd, const char *name)
{
	if (fd < 0)
		return -errno;
	if (p->depth == DEPTH_MAX || strlen(p->path) + strlen(name) + 2 > sizeof(p->path)) {
		close(fd);
		return -ENAMETOOLONG;
	}
	p->fd[p->depth++] = fd;
	if (name[0])
		strcat(strcat(p->path, "/"), name);
	return 0;
}

static void pop(struct place *p)
{
	if (p->depth == 1)
		return;
	close(p->fd[--p->depth]);
	*strrchr(p->path, '/') = 0;
}

static int begin(struct place *p, const struct tree *t, const char *path)
{
	int err;

	*p = (struct place){ .here = t->fd == AT_FDCWD };
	err = push(p, p->here ? open("/", O_PATH | O_DIRECTORY | O_CLOEXEC) :
		   openat(t->fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC), "");
	if (!err && p->here && path[0] != '/')
		err = push(p, open(".", O_PATH | O_DIRECTORY | O_CLOEXEC), ".");
	return err;
}

static void sync_directory(int fd)
{
	int dir = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return;
	fsync(dir);	/* not every file system can; what it is about is in place either way */
	close(dir);
}

static int make_directory(struct place *p, const char *name)
{
	int fd, err = 0;

	if (mkdirat(at(p), name, 0755))
		return errno == EEXIST ? 0 : -errno;
	if (!p->made)
		p->made = p->depth;
	/* Whatever the umask is; and not of what a link leads to, if there is one in its place by now */
	fd = openat(at(p), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fchmod(fd, 0755))
		err = -errno;
	if (fd >= 0)
		close(fd);
	sync_directory(at(p));
	return err;
}

static void unmake_directories(struct place *p)
{
	while (p->made && p->depth > p->made &&
	       !unlinkat(p->fd[p->depth - 2], base_name(p->path), AT_REMOVEDIR))
		pop(p);
}

/* Puts the target of a link before what is left of the path. 0, -EINVAL if it is none, or another errno. */
static int follow_link(struct place *p, const char *name, char *rest, int *links)
{
	char target[PATH_MAX], after[PATH_MAX];
	ssize_t n = readlinkat(at(p), name, target, sizeof(target));

	if (n < 0)
		return -errno;
	if (++*links > LINKS_MAX)
		return -ELOOP;
	while (n && target[0] == '/' && p->depth > 1)
		pop(p);
	strcpy(after, rest);
	if (snprintf(rest, PATH_MAX, "%.*s/%s", (int)n, target, after) >= PATH_MAX)
		return -ENAMETOOLONG;
	return 0;
}

enum { FOLLOW = 1, MAKE = 2 };	/* a link at the end; directories that are not there */

/* What is mounted on an image's /proc and /sys while it is worked on tells of the machine that runs, not of the image. */
static bool is_kernels(int fd)
{
	struct statfs s;

	return !fstatfs(fd, &s) && (s.f_type == PROC_SUPER_MAGIC || s.f_type == SYSFS_MAGIC);
}

/* For this system links are the kernel's: what /proc's are called is not where they lead to. */
static int enter(struct place *p, const char *name, int how)
{
	const int flags = O_PATH | O_DIRECTORY | O_CLOEXEC | (p->here ? 0 : O_NOFOLLOW);
	int err = push(p, openat(at(p), name, flags), name);

	if (!err && !p->here && is_kernels(at(p)))
		return -ENOENT;
	if (err != -ENOENT || !(how & MAKE))
		return err;
	err = make_directory(p, name);
	return err ? err : push(p, openat(at(p), name, flags), name);
}

/* To the directory of path, whose last part is then in last: "." where path is one by its form. 0 or -errno. */
static int walk(struct place *p, const struct tree *t, const char *path, int how,
		char last[static NAME_MAX + 1])
{
	char rest[PATH_MAX], *next = rest;
	int links = 0, err = begin(p, t, path);

	if (!err && (size_t)snprintf(rest, sizeof(rest), "%s", path) >= sizeof(rest))
		err = -ENAMETOOLONG;
	while (!err) {
		size_t n;

		next += strspn(next, "/");
		n = strcspn(next, "/");
		if (n > NAME_MAX)
			return -ENAMETOOLONG;
		snprintf(last, NAME_MAX + 1, "%.*s", n ? (int)n : 1, n ? next : ".");
		if (!n)
			return 0;
		next += n;
		if (!strcmp(last, ".") || (!strcmp(last, "..") && !p->here)) {
			if (last[1])
				pop(p);
			continue;
		}
		if (!next[strspn(next, "/")] && !(how & FOLLOW))
			return 0;
		memmove(rest, next, strlen(next) + 1);
		next = rest;
		err = p->here ? -EINVAL : follow_link(p, last, rest, &links);
		if (err == -EINVAL || err == -ENOENT) {
			if (!rest[strspn(rest, "/")])
				return 0;
			err = enter(p, last, how);
		}
	}
	return err;
}

int tree_fd(const struct tree *t, const char *path, int flags)
{
	char last[NAME_MAX + 1];
	struct place p;
	int fd = -1, err;

	flags |= O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	if (t->fd == AT_FDCWD)
		return open(path, flags);
	err = walk(&p, t, path, FOLLOW, last);
	if (!err) {
		fd = openat(at(&p), last, flags | O_NOFOLLOW);
		err = fd < 0 ? -errno : 0;
		/* Units and drop-ins are masked by links to it; an image's /dev is empty. */
		if (err == -ENOENT && (flags & O_ACCMODE) == O_RDONLY && !strcmp(p.path, "/dev") && !strcmp(last, "null")) {
			fd = open("/dev/null", flags);
			err = fd < 0 ? -errno : 0;
		}
	}
	leave(&p);
	errno = -err;
	return fd;
}

/* --- the tree of --root --- */

const char *file_root = "";

void opt_root(const char *dir)
{
	static char name[PATH_MAX];
	size_t n = strlen(dir);
	struct tree t;
	char why[300];

	if (!tree_open(&t, dir, why, sizeof(why)))
		misuse("--root: %s", why);
	if (t.fd != AT_FDCWD)
		close(t.fd);
	while (n && dir[n - 1] == '/')
		n--;
	snprintf(name, sizeof(name), "%.*s", (int)n, dir);
	file_root = name;
}

const char *file_root_option(void)
{
	static char option[4 * PATH_MAX + 20];

	snprintf(option, sizeof(option), " --root %s", shell_word(file_root));
	return file_root[0] ? option : "";
}

/* Opened anew each time: who has made another in its place means that. */
static const struct tree *root(void)
{
	static struct tree t = { AT_FDCWD, "" };
	char why[300];

	if (t.fd != AT_FDCWD)
		close(t.fd);
	t = here;
	if (file_root[0] && !tree_open(&t, file_root, why, sizeof(why)))
		die("%s", why);
	return &t;
}

/* Another process's root is a tree, too: a link in there must not end in ours. */
static int open_below_root(const char *path, int flags)
{
	char dir[40];
	struct tree t = { .name = dir };
	int pid, inside = 0, fd, err;

	if (sscanf(path, "/proc/%d/root/%n", &pid, &inside) != 1 || !inside)
		return tree_fd(root(), path, flags);
	snprintf(dir, sizeof(dir), "/proc/%d/root", pid);
	t.fd = tree_fd(root(), dir, O_PATH | O_DIRECTORY);
	if (t.fd < 0)
		return -1;
	fd = tree_fd(&t, path + inside - 1, flags);
	err = errno;
	close(t.fd);
	errno = err;
	return fd;
}

const char *file_path(char buf[static FILE_PATH_MAX], const char *path)
{
	if ((size_t)snprintf(buf, FILE_PATH_MAX, "%s%s", file_root, path) >= FILE_PATH_MAX)
		die("path too long: %.60s…%.60s…", file_root, path);
	return buf;
}

const char *file_real(char buf[static FILE_PATH_MAX], const char *path)
{
	char real[PATH_MAX];

	if (file_root[0] && file_resolve(path, real))
		path = real;
	return snprintf(buf, FILE_PATH_MAX, "%s%s", file_root, path) < FILE_PATH_MAX ? buf : NULL;
}

/* --- reading --- */

static char *read_fd(int fd, size_t *len)
{
	size_t size = 4096, used = 0;
	char *data, *bigger;
	ssize_t n;
	int err;

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

/* What can be read to its end, and again; /dev/null stands for an empty file. */
static bool has_content(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return false;
	if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) || (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3)))
		return true;
	errno = EINVAL;
	return false;
}

/* O_NONBLOCK: a FIFO put in a file's place is no wait without end. */
char *file_read(const char *path, size_t *len)
{
	int fd = open_below_root(path, O_RDONLY), err;
	char *data;

	if (fd < 0)
		return NULL;
	data = has_content(fd) ? read_fd(fd, len) : NULL;
	err = errno;
	close(fd);
	errno = err;
	return data;
}

const char *file_error(int err)
{
	return err == EINVAL ? "it is no regular file" : strerror(err);
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
	int fd = open_below_root(path, O_PATH);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

DIR *file_dir(const char *path)
{
	int fd = open_below_root(path, O_RDONLY | O_DIRECTORY);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (fd >= 0 && !dir)
		close(fd);
	return dir;
}

/* The directory that path is in, and its last part. -1 and errno */
static int parent(const char *path, char last[static NAME_MAX + 1])
{
	struct place p;
	int err = walk(&p, root(), path, 0, last), fd;

	fd = err ? -1 : fcntl(at(&p), F_DUPFD_CLOEXEC, 0);
	if (!err && fd < 0)
		err = -errno;
	leave(&p);
	errno = -err;
	return fd;
}

static int closed(int fd, int ret)
{
	int err = errno;

	close(fd);
	errno = err;
	return ret;
}

ssize_t file_readlink(const char *path, char *target, size_t len)
{
	char last[NAME_MAX + 1];
	int dir = parent(path, last);

	return dir < 0 ? -1 : closed(dir, readlinkat(dir, last, target, len));
}

int file_lstat(const char *path, struct stat *st)
{
	char last[NAME_MAX + 1];
	int dir = parent(path, last);

	return dir < 0 ? -1 : closed(dir, fstatat(dir, last, st, AT_SYMLINK_NOFOLLOW));
}

bool file_resolve(const char *path, char real[static PATH_MAX])
{
	char last[NAME_MAX + 1];
	struct place p;
	int err;

	if (!file_root[0])
		return realpath(path, real);
	err = walk(&p, root(), path, FOLLOW, last);
	if (!err && (size_t)snprintf(real, PATH_MAX, "%s/%s", p.path, strcmp(last, ".") ? last : "") >= PATH_MAX)
		err = -ENAMETOOLONG;
	leave(&p);
	errno = -err;
	return !err;
}

/* --- patterns --- */

struct paths {
	char **list;
	int n;
};

static void add_path(struct paths *all, const char *path)
{
	all->list = realloc(all->list, (all->n + 1) * sizeof(*all->list));
	if (!all->list || !(all->list[all->n++] = strdup(path)))
		die("out of memory");
}

static bool expand(struct paths *all, const char *done, const char *pattern);

/* Each entry of done that matches the pattern's first part, n bytes of it */
static bool expand_part(struct paths *all, const char *done, const char *pattern, size_t n)
{
	char part[NAME_MAX + 1], path[PATH_MAX];
	DIR *dir = file_dir(done[0] ? done : "/");
	const struct dirent *d;
	bool good = true;

	if (!dir)
		return errno == ENOTDIR;	/* as glob(3) with GLOB_ERR, by which chronyd searches */
	snprintf(part, sizeof(part), "%.*s", (int)n, pattern);
	while (good && (d = readdir(dir)))
		if (!fnmatch(part, d->d_name, FNM_PERIOD) &&
		    (size_t)snprintf(path, sizeof(path), "%s/%s", done, d->d_name) < sizeof(path))
			good = expand(all, path, pattern + n);
	closedir(dir);
	return good;
}

static bool expand(struct paths *all, const char *done, const char *pattern)
{
	char path[PATH_MAX];
	struct stat st;
	size_t n;

	pattern += strspn(pattern, "/");
	n = strcspn(pattern, "/");
	if (!n) {
		if (!file_lstat(done, &st))
			add_path(all, done);
		return true;
	}
	if (n > NAME_MAX)
		return true;
	if (strcspn(pattern, "*?[") < n)
		return expand_part(all, done, pattern, n);
	if ((size_t)snprintf(path, sizeof(path), "%s/%.*s", done, (int)n, pattern) >= sizeof(path))
		return true;
	return expand(all, path, pattern + n);
}

static int by_path(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int file_glob(const char *pattern, char ***paths)
{
	struct paths all = { NULL, 0 };

	*paths = NULL;
	if (!expand(&all, "", pattern)) {
		int err = errno;

		file_glob_free(all.list, all.n);
		errno = err;
		return -1;
	}
	if (all.n)
		qsort(all.list, all.n, sizeof(*all.list), by_path);
	*paths = all.list;
	return all.n;
}

void file_glob_free(char **paths, int n)
{
	while (n > 0)
		free(paths[--n]);
	free(paths);
}

/* --- writing --- */

/* Somebody else's file, a link to one or one with a second name is not ours, whatever is in it. */
static bool own_file(const struct stat *st)
{
	return S_ISREG(st->st_mode) && st->st_uid == geteuid() && st->st_nlink == 1;
}

static bool already_so(int dir, const char *name, const void *data, size_t len, mode_t mode)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	char *old = NULL;
	size_t size;
	bool same;

	if (fd >= 0 && !fstat(fd, &st) && own_file(&st) && (st.st_mode & 07777) == mode)
		old = read_fd(fd, &size);
	same = old && size == len && !memcmp(old, data, len);
	free(old);
	if (fd >= 0)
		close(fd);
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
static int open_temporary(int dir, const char *name)
{
	struct stat st, named;
	int fd, err;

	for (int i = 0; i < 10; i++) {
		fd = above_standard(
			openat(dir, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600));
		if (fd < 0 && errno != ELOOP && errno != ENXIO && errno != EISDIR)
			return -errno;
		if (fd >= 0 && !fstat(fd, &st) && own_file(&st)) {
			if (flock(fd, LOCK_EX | LOCK_NB)) {
				err = -errno;
				close(fd);
				return err == -EWOULDBLOCK ? -EBUSY : err;
			}
			if (!fstatat(dir, name, &named, AT_SYMLINK_NOFOLLOW) && named.st_dev == st.st_dev &&
			    named.st_ino == st.st_ino)
				return fd;
		} else if (unlinkat(dir, name, 0) && errno != ENOENT) {
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

#define TEMPORARY_LEN (NAME_MAX + 20)

static const char *temporary_name(char buf[static TEMPORARY_LEN], const char *name)
{
	snprintf(buf, TEMPORARY_LEN, ".%s" FILE_TEMPORARY, name);
	return buf;
}

/* Owner, access list and SELinux label, where there are such */
static int copy_attributes(int from, const struct stat *st, int to)
{
	static const char *const names[] = { "system.posix_acl_access", "security.selinux" };
	char value[1024];

	if (fchown(to, st->st_uid, st->st_gid))
		return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		ssize_t n = fgetxattr(from, names[i], value, sizeof(value));

		if (n < 0 ? errno != ENODATA && errno != ENOTSUP : fsetxattr(to, names[i], value, n, 0))
			return -errno;
	}
	return 0;
}

/* like: a file whose attributes it gets; -1: none */
static int replace(int dir, const char *name, const void *data, size_t len, mode_t mode, int like,
		   const struct stat *st)
{
	char temporary[TEMPORARY_LEN];
	int fd = open_temporary(dir, temporary_name(temporary, name)), err;

	if (fd < 0)
		return fd;
	err = like < 0 ? 0 : copy_attributes(like, st, fd);
	if (!err)
		err = fill(fd, data, len, mode);
	if (!err && renameat(dir, temporary, dir, name))
		err = -errno;
	if (err)
		unlinkat(dir, temporary, 0);
	close(fd);
	return err;
}

int file_write(const char *path, const void *data, size_t len, mode_t mode, char *why, size_t why_len)
{
	char name[NAME_MAX + 1];
	struct place p;
	int err = walk(&p, root(), path, MAKE, name);

	if (!err && !already_so(at(&p), name, data, len, mode)) {
		err = replace(at(&p), name, data, len, mode, -1, NULL);
		if (!err)
			sync_directory(at(&p));
	}
	if (err) {
		refuse(why, why_len, "cannot write %s%s: %s", file_root, path, strerror(-err));
		unmake_directories(&p);
	}
	leave(&p);
	return err;
}

int file_rewrite(const char *path, const void *data, size_t len, char *why, size_t why_len)
{
	char name[NAME_MAX + 1];
	int dir = parent(path, name), fd, err;
	struct stat st;

	fd = dir < 0 ? -1 : openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	err = fd < 0 || fstat(fd, &st) ? -errno : 0;
	if (!err && (!S_ISREG(st.st_mode) || st.st_nlink != 1))
		err = S_ISREG(st.st_mode) ? -EMLINK : -EINVAL;
	if (!err)
		err = replace(dir, name, data, len, st.st_mode & 07777, fd, &st);
	if (err)
		refuse(why, why_len, "cannot write %s%s: %s", file_root, path, strerror(-err));
	else
		sync_directory(dir);
	if (fd >= 0)
		close(fd);
	if (dir >= 0)
		close(dir);
	return err;
}

int file_remove(const char *path, char *why, size_t why_len)
{
	char name[NAME_MAX + 1], temporary[TEMPORARY_LEN];
	struct place p;
	int err = walk(&p, root(), path, 0, name);

	if (!err) {
		unlinkat(at(&p), temporary_name(temporary, name), 0);
		err = unlinkat(at(&p), name, 0) ? -errno : 0;
		sync_directory(at(&p));
	}
	leave(&p);
	if (!err || err == -ENOENT || err == -ENOTDIR)
		return 0;
	refuse(why, why_len, "cannot remove %s%s: %s", file_root, path, strerror(-err));
	return err;
}

int file_rmdir(const char *path)
{
	char last[NAME_MAX + 1];
	int dir = parent(path, last);

	return dir < 0 ? -1 : closed(dir, unlinkat(dir, last, AT_REMOVEDIR));
}

static int both(const char *from, const char *to, bool rename)
{
	char old[NAME_MAX + 1], new[NAME_MAX + 1];
	int a = parent(from, old), b, ret;

	if (a < 0)
		return -1;
	b = parent(to, new);
	if (b < 0)
		return closed(a, -1);
	ret = rename ? renameat(a, old, b, new) : linkat(a, old, b, new, 0);
	return closed(a, closed(b, ret));
}

int file_rename(const char *from, const char *to)
{
	return both(from, to, true);
}

int file_link(const char *from, const char *to)
{
	return both(from, to, false);
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
