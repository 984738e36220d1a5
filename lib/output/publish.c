// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "output/publish.h"
#include "system/tree.h"

#define READER_MS 5000	/* how long the reader of a FIFO may take for what does not fit into it */

static bool folder_is_there(const char *file, char *why, size_t len)
{
	char folder[PATH_MAX];
	int n = base_name(file) - file;
	struct stat st;

	if (!*base_name(file))
		return refuse(why, len, "cannot write %s: it names a folder; name a file in it", file);
	while (n > 1 && file[n - 1] == '/')
		n--;
	snprintf(folder, sizeof(folder), "%.*s", n ? n : 1, n ? file : ".");
	if (!stat(folder, &st))
		return true;	/* what is no folder is told by writing */
	if (errno != ENOENT)
		return refuse(why, len, "cannot write %s: %s", file, strerror(errno));
	return refuse(why, len, "cannot write %s: there is no folder %s; make it, or name another", file, folder);
}

/* kind: what is there, as stat(2) has it; 0 for nothing */
static bool look(const char *file, mode_t *kind, char *why, size_t len)
{
	struct stat st;

	*kind = 0;
	if (!folder_is_there(file, why, len))
		return false;
	if (lstat(file, &st))
		return errno == ENOENT || refuse(why, len, "cannot write %s: %s", file, strerror(errno));
	*kind = st.st_mode & S_IFMT;
	if (S_ISLNK(st.st_mode))
		return refuse(why, len, "cannot write %s: it is a symbolic link; name the file that it leads to, or "
			      "remove the link", file);
	if (S_ISDIR(st.st_mode))
		return refuse(why, len, "cannot write %s: it is a folder; name a file in it", file);
	if (S_ISSOCK(st.st_mode))
		return refuse(why, len, "cannot write %s: it is a socket; name another file", file);
	return true;
}

/* Without O_NONBLOCK, a FIFO's reader would be waited for without end. */
static bool write_all(int fd, const char *data, size_t len)
{
	struct pollfd ready = { .fd = fd, .events = POLLOUT };
	ssize_t n;

	while (len) {
		n = write(fd, data, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN && poll(&ready, 1, READER_MS) > 0)
			continue;
		if (n < 0)
			return false;
		data += n;
		len -= n;
	}
	return true;
}

/* A reader that goes away meanwhile is an error like others, not the end of the program. */
static bool write_unharmed(int fd, const char *data, size_t len)
{
	sigset_t pipe_only, before;
	bool good;
	int err;

	sigemptyset(&pipe_only);
	sigaddset(&pipe_only, SIGPIPE);
	sigprocmask(SIG_BLOCK, &pipe_only, &before);
	good = write_all(fd, data, len);
	err = errno;
	if (!good && err == EPIPE)
		sigtimedwait(&pipe_only, NULL, &(struct timespec){ 0 });
	sigprocmask(SIG_SETMASK, &before, NULL);
	errno = err;
	return good;
}

/* What was looked at can have become something else: only what is still no file is written through. */
static bool write_through(const char *file, const char *data, size_t len, char *why, size_t why_len)
{
	int fd = open(file, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	bool good;

	if (fd < 0 && errno == ENXIO)
		return refuse(why, why_len, "cannot write %s: nobody reads it; start its reader first", file);
	if (fd < 0)
		return refuse(why, why_len, "cannot write %s: %s", file, strerror(errno));
	if (fstat(fd, &st) || S_ISREG(st.st_mode))
		good = refuse(why, why_len, "cannot write %s: it has just become another file", file);
	else
		good = write_unharmed(fd, data, len) ||
		       refuse(why, why_len, "cannot write %s: %s", file, strerror(errno));
	close(fd);
	return good;
}

static bool write_stdout(const char *data, size_t len, char *why, size_t why_len)
{
	if (fwrite(data, 1, len, stdout) == len && !fflush(stdout))
		return true;
	return refuse(why, why_len, "cannot write standard output: %s", strerror(errno));
}

bool publish_possible(const char *file, char *why, size_t why_len)
{
	mode_t kind;

	return !strcmp(file, "-") || look(file, &kind, why, why_len);
}

bool publish(const char *file, const char *data, size_t len, mode_t mode, char *why, size_t why_len)
{
	const char *root = file_root;
	mode_t kind;
	int err;

	if (!strcmp(file, "-"))
		return write_stdout(data, len, why, why_len);
	if (!look(file, &kind, why, why_len))
		return false;
	if (kind && !S_ISREG(kind))
		return write_through(file, data, len, why, why_len);
	file_root = "";		/* it is where the user says */
	err = file_write(file, data, len, mode, why, why_len);
	file_root = root;
	if (!err)
		utimensat(AT_FDCWD, file, NULL, AT_SYMLINK_NOFOLLOW);
	return !err;
}
