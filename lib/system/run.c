// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/array.h"
#include "base/die.h"
#include "base/now.h"
#include "system/run.h"

#define KILLED_MS 1000	/* how long a killed program may take to go; one that hangs in the kernel is left */

const char *run_more_paths = "/usr/sbin:/sbin";

struct child {
	pid_t pid;
	int pid_fd;
	int out, err, exec;	/* pipes: its streams, and the errno if it can't be executed */
};

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void __attribute__((noreturn)) become(const char *const argv[], int out, int err, int exec)
{
	const char *path = getenv("PATH");
	int null = open("/dev/null", O_RDWR), failed;
	char longer[4096];
	sigset_t none;

	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	dup2(null, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	setenv("LC_ALL", "C", 1);
	if (!path || !path[0])
		path = "/usr/bin:/bin";
	if ((size_t)snprintf(longer, sizeof(longer), "%s:%s", path, run_more_paths) < sizeof(longer))
		setenv("PATH", longer, 1);
	execvp(argv[0], (char *const *)argv);
	failed = errno;
	if (write(exec, &failed, sizeof(failed)) < 0)
		_exit(RUN_NOT_EXECUTABLE);
	_exit(failed == ENOENT ? RUN_NOT_FOUND : RUN_NOT_EXECUTABLE);
}

/* A pipe whose ends are no standard streams, even where those are closed. */
static int make_pipe(int ends[2])
{
	int moved, fds[2];

	if (pipe2(fds, O_CLOEXEC))
		return -1;
	for (int i = 0; i < 2; i++) {
		moved = fcntl(fds[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		close(fds[i]);
		ends[i] = moved;
	}
	return ends[0] < 0 || ends[1] < 0 ? -1 : 0;
}

static int start(struct child *c, const char *const argv[])
{
	int out[2] = { -1, -1 }, err[2] = { -1, -1 }, exec[2] = { -1, -1 };
	int failed = 0;

	if (make_pipe(out) || make_pipe(err) || make_pipe(exec)) {
		failed = errno;
	} else {
		c->pid = fork();
		if (!c->pid)
			become(argv, out[1], err[1], exec[1]);
		if (c->pid < 0)
			failed = errno;
	}
	close_fd(&out[1]);
	close_fd(&err[1]);
	close_fd(&exec[1]);
	if (failed) {
		close_fd(&out[0]);
		close_fd(&err[0]);
		close_fd(&exec[0]);
		return failed;
	}
	setpgid(c->pid, c->pid);	/* both do it, so that it is done whoever comes first */
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	fcntl(err[0], F_SETFL, O_NONBLOCK);
	c->out = out[0];
	c->err = err[0];
	c->exec = exec[0];
	c->pid_fd = syscall(SYS_pidfd_open, c->pid, 0);
	return 0;
}

/*
 * Read what is there; at its end the descriptor is closed. Beyond max nothing is kept. One that writes
 * without end is left after a while, for its deadline to be looked at.
 */
static void drain(int *fd, char *buf, size_t *len, size_t max)
{
	char scrap[4096];
	ssize_t n;

	for (int i = 0; i < 32 && *fd >= 0; i++) {
		if (*len < max)
			n = read(*fd, buf + *len, max - *len);
		else
			n = read(*fd, scrap, sizeof(scrap));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0)
			close_fd(fd);
		else if (*len < max)
			*len += n;
	}
}

static int reap(struct child *c, int *status)
{
	return waitpid(c->pid, status, WNOHANG) == c->pid;
}

/* Until it has ended, or false at the deadline. What its own children still write then is not waited for. */
static bool follow(struct child *c, struct run_result *res, size_t *err_len, int64_t deadline, int *status)
{
	for (;;) {
		struct pollfd fds[] = {
			{ .fd = c->out, .events = POLLIN },
			{ .fd = c->err, .events = POLLIN },
			{ .fd = c->pid_fd, .events = POLLIN },
		};
		int64_t left = deadline - now_ns(CLOCK_MONOTONIC);
		bool ended = reap(c, status);

		drain(&c->out, res->out, &res->len, RUN_OUTPUT_MAX);
		drain(&c->err, res->err, err_len, sizeof(res->err) - 1);
		if (ended)
			return true;
		if (left <= 0)
			return false;
		/* No pidfd before Linux 5.3 or under some sandboxes: look every 10 ms. */
		left = left / 1000000 + 1;
		poll(fds, ARRAY_SIZE(fds), c->pid_fd < 0 && left > 10 ? 10 : left);
	}
}

static int exec_error(const struct child *c)
{
	int failed = 0;

	if (read(c->exec, &failed, sizeof(failed)) != sizeof(failed))
		return 0;
	return failed;
}

static int result_of(const struct child *c, int status)
{
	int failed = exec_error(c);

	if (failed)
		return failed == ENOENT || failed == ENOTDIR ? RUN_NOT_FOUND : RUN_NOT_EXECUTABLE;
	return WIFSIGNALED(status) ? RUN_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}

bool run(struct run_result *res, unsigned int timeout_ms, const char *const argv[])
{
	struct child c = { .pid = -1, .pid_fd = -1, .out = -1, .err = -1, .exec = -1 };
	int64_t deadline = now_ns(CLOCK_MONOTONIC) + timeout_ms * 1000000LL;
	size_t err_len = 0;
	int status = 0, failed;

	memset(res, 0, sizeof(*res));
	res->out = xcalloc(1, RUN_OUTPUT_MAX + 1);
	failed = start(&c, argv);
	if (failed) {
		res->status = RUN_NOT_EXECUTABLE;
		snprintf(res->err, sizeof(res->err), "%s", strerror(failed));
		return false;
	}
	if (follow(&c, res, &err_len, deadline, &status)) {
		res->status = result_of(&c, status);
	} else {
		kill(-c.pid, SIGKILL);
		follow(&c, res, &err_len, now_ns(CLOCK_MONOTONIC) + KILLED_MS * 1000000LL, &status);
		res->status = RUN_TIMEOUT;
	}
	close_fd(&c.out);
	close_fd(&c.err);
	close_fd(&c.exec);
	close_fd(&c.pid_fd);
	res->out[res->len] = 0;
	while (err_len && res->err[err_len - 1] == '\n')
		err_len--;
	res->err[err_len] = 0;
	return !res->status;
}

void run_free(struct run_result *res)
{
	free(res->out);
	res->out = NULL;
}

void run_explain(const struct run_result *res, const char *program, unsigned int timeout_ms, char *why,
		 size_t len)
{
	const char *colon = res->err[0] ? ": " : "";

	switch (res->status) {
	case RUN_TIMEOUT:
		snprintf(why, len, "%s: no answer within %g s", program, timeout_ms / 1000.0);
		break;
	case RUN_NOT_FOUND:
		snprintf(why, len, "%s: not installed", program);
		break;
	case RUN_NOT_EXECUTABLE:
		snprintf(why, len, "%s: cannot be executed%s%s", program, colon, res->err);
		break;
	default:
		if (res->status > RUN_SIGNAL && res->status < RUN_SIGNAL + NSIG)
			snprintf(why, len, "%s: ended by signal %d%s%s", program, res->status - RUN_SIGNAL,
				 colon, res->err);
		else
			snprintf(why, len, "%s: exit status %d%s%s", program, res->status, colon, res->err);
	}
}
