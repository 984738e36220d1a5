// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Process 1 of a lab machine, or a service where systemd is that: does what comes through the virtio port lab.agent.
 * A request is a line, and what it announces; the reply is "ID STATUS BYTES" and BYTES of output.
 *
 *     run ID SECONDS BYTES         and a command for sh. 124 if it takes longer
 *     put ID MODE BYTES PATH       and a file's contents
 *     set ID NS BYTES              the clock is set, and BYTES stir the random numbers
 *     end ID poweroff|reboot       no reply but the end
 *
 * "HELLO 0 0" says that the machine is up. Output is taken from a file: what a command leaves running in the background
 * neither holds up its reply nor writes into another one. The client knows its replies by their IDs.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/random.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TIMED_OUT = 124, GRACE_S = 5, ENTROPY_MAX = 512 };

static int port, children;
static char buf[65536];
static size_t have, used;	/* read from the port, and of that consumed */

static void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	dprintf(2, "lab agent: ");
	vdprintf(2, fmt, ap);
	dprintf(2, "\n");
	va_end(ap);
}

static void die(const char *what) __attribute__((noreturn));
static void die(const char *what)
{
	say("%s: %s, powering off", what, strerror(errno));
	sync();
	reboot(RB_POWER_OFF);
	_exit(1);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* --- the port --- */

/* Without a client, reading ends at once and polling, too. */
static bool client_is_there(void)
{
	struct pollfd p = { .fd = port };

	return poll(&p, 1, 0) >= 0 && !(p.revents & POLLHUP);
}

static void await_client(void)
{
	while (!client_is_there())
		usleep(20000);
}

/* As process 1 it has the machine's orphans, too. Returns whether CHILD is among those that ended. */
static bool reap(pid_t child, int *status)
{
	struct signalfd_siginfo info;
	bool found = false;
	pid_t pid;
	int st;

	while (read(children, &info, sizeof(info)) > 0)
		;
	while ((pid = waitpid(-1, &st, WNOHANG)) > 0) {
		if (pid == child) {
			*status = st;
			found = true;
		}
	}
	return found;
}

/* More from the port into buf. False where the client has gone: what it had begun is void. */
static bool fill(void)
{
	struct pollfd p[2] = { { .fd = port, .events = POLLIN }, { .fd = children, .events = POLLIN } };
	ssize_t n;

	used = have = 0;
	for (;;) {
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			die("poll");
		if (p[1].revents)
			reap(0, NULL);
		if (!p[0].revents)
			continue;
		n = read(port, buf, sizeof(buf));
		if (n > 0) {
			have = n;
			return true;
		}
		if (n == 0) {
			await_client();
			return false;
		}
		if (errno != EINTR && errno != EAGAIN)
			die("read");
	}
}

static bool read_line(char *line, size_t size)
{
	size_t len = 0;

	for (;;) {
		if (used == have && !fill())
			return false;
		line[len] = buf[used++];
		if (line[len] == '\n')
			break;
		if (len < size - 1)
			len++;
	}
	line[len] = 0;
	return true;
}

/* The next BYTES of the port into MEMORY, or, without that, into FD (-1: nowhere). False if the client went. */
static bool take(size_t bytes, char *memory, int fd, int *error)
{
	size_t n;

	while (bytes) {
		if (used == have && !fill())
			return false;
		n = have - used < bytes ? have - used : bytes;
		if (memory) {
			memcpy(memory, buf + used, n);
			memory += n;
		} else if (fd >= 0 && !*error && write(fd, buf + used, n) != (ssize_t)n) {
			*error = errno ? errno : ENOSPC;
		}
		used += n;
		bytes -= n;
	}
	return true;
}

static void send_bytes(const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(port, data, len);

		if (n > 0) {
			data += n;
			len -= n;
		} else if (!client_is_there()) {
			return;
		} else if (n < 0 && errno != EINTR && errno != EAGAIN) {
			die("write");
		}
	}
}

static void reply(const char *id, int status, const char *text)
{
	char head[128];

	snprintf(head, sizeof(head), "%s %d %zu\n", id, status, strlen(text));
	send_bytes(head, strlen(head));
	send_bytes(text, strlen(text));
}

/* What OUTPUT holds now */
static void reply_file(const char *id, int status, int output)
{
	char head[128], part[16384];
	struct stat st;
	off_t at = 0;
	ssize_t n;

	if (fstat(output, &st))
		die("fstat");
	snprintf(head, sizeof(head), "%s %d %lld\n", id, status, (long long)st.st_size);
	send_bytes(head, strlen(head));
	while (at < st.st_size) {
		n = pread(output, part, st.st_size - at < (off_t)sizeof(part) ? st.st_size - at : (off_t)sizeof(part), at);
		if (n <= 0) {
			/* Somebody has cut it: the length was promised */
			memset(part, 0, sizeof(part));
			n = st.st_size - at < (off_t)sizeof(part) ? st.st_size - at : (off_t)sizeof(part);
		}
		send_bytes(part, n);
		at += n;
	}
}

/* --- requests --- */

static pid_t start(const char *command, int output)
{
	sigset_t none;
	pid_t pid = fork();

	if (pid)
		return pid;
	setsid();
	dup2(output, 1);
	dup2(output, 2);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	dprintf(2, "sh: %s\n", strerror(errno));
	_exit(126);
}

/* Its end, or that of its time: TERM for all of its session, KILL after some grace */
static int await_end(pid_t pid, int64_t deadline)
{
	struct pollfd p = { .fd = children, .events = POLLIN };
	bool late = false;
	int status = 0;
	int64_t left;

	while (!reap(pid, &status)) {
		left = deadline - now_ms();
		if (left > 0) {
			poll(&p, 1, left < INT_MAX ? left : INT_MAX);
			continue;
		}
		kill(-pid, late ? SIGKILL : SIGTERM);
		late = true;
		deadline = now_ms() + GRACE_S * 1000;
	}
	if (late)
		return TIMED_OUT;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static bool do_run(const char *id, const char *args)
{
	unsigned long seconds, bytes;
	char *command;
	int output;
	pid_t pid;

	if (sscanf(args, "%lu %lu", &seconds, &bytes) != 2)
		return false;
	command = malloc(bytes + 1);
	output = memfd_create("output", MFD_CLOEXEC);
	if (!command || output < 0)
		die("no memory for a command");
	if (take(bytes, command, -1, NULL)) {
		command[bytes] = 0;
		pid = start(command, output);
		if (pid < 0)
			reply(id, 126, "the agent cannot fork\n");
		else
			reply_file(id, await_end(pid, now_ms() + seconds * 1000), output);
	}
	close(output);
	free(command);
	return true;
}

static bool do_put(const char *id, const char *args)
{
	unsigned long bytes;
	unsigned int mode;
	int at, fd, error = 0;
	char text[512];

	if (sscanf(args, "%o %lu %n", &mode, &bytes, &at) != 2)
		return false;
	fd = open(args + at, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (fd < 0)
		error = errno;
	if (!take(bytes, NULL, fd, &error)) {
		close(fd);
		return true;
	}
	if (fd >= 0 && (fchmod(fd, mode) || close(fd)))
		error = error ? error : errno;
	snprintf(text, sizeof(text), "%s: %s\n", args + at, strerror(error));
	reply(id, error != 0, error ? text : "");
	return true;
}

/* Bytes that the kernel counts as random, and begins its stream of them with */
static int stir(const char *bytes, size_t len)
{
	struct {
		struct rand_pool_info info;
		char data[ENTROPY_MAX];
	} pool = { .info = { .entropy_count = len * 8, .buf_size = len } };
	int fd = open("/dev/urandom", O_RDWR | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return -1;
	memcpy(pool.info.buf, bytes, len);
	ret = ioctl(fd, RNDADDENTROPY, &pool) || ioctl(fd, RNDRESEEDCRNG) ? -1 : 0;
	close(fd);
	return ret;
}

static bool do_set(const char *id, const char *args)
{
	unsigned long long ns;
	unsigned long bytes;
	char entropy[ENTROPY_MAX];
	struct timespec ts;

	if (sscanf(args, "%llu %lu", &ns, &bytes) != 2 || bytes > sizeof(entropy))
		return false;
	if (!take(bytes, entropy, -1, NULL))
		return true;
	ts.tv_sec = ns / 1000000000;
	ts.tv_nsec = ns % 1000000000;
	if (clock_settime(CLOCK_REALTIME, &ts) || stir(entropy, bytes))
		reply(id, 1, strerror(errno));
	else
		reply(id, 0, "");
	return true;
}

static bool do_end(const char *id, const char *how)
{
	char unit[64];

	(void)id;
	if (getpid() == 1) {
		sync();
		reboot(strcmp(how, "reboot") ? RB_POWER_OFF : RB_AUTOBOOT);
		die("reboot");
	}
	/* As by systemctl poweroff, which looks for logind first */
	snprintf(unit, sizeof(unit), "%s.target", how);
	if (fork() == 0) {
		execlp("systemctl", "systemctl", "--no-block", "--job-mode=replace-irreversibly", "start", unit, (char *)NULL);
		_exit(126);
	}
	return true;
}

static const struct {
	const char *verb;
	bool (*run)(const char *id, const char *args);
} verbs[] = {
	{ "run", do_run },
	{ "put", do_put },
	{ "set", do_set },
	{ "end", do_end },
};

static void serve(const char *line)
{
	char verb[16], id[64];
	int at = 0;

	if (sscanf(line, "%15s %63s %n", verb, id, &at) == 2) {
		for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
			if (!strcmp(verb, verbs[i].verb) && verbs[i].run(id, line + at))
				return;
		}
	}
	say("no request: %s", line);
}

/* --- at the beginning --- */

static void redirect(void)
{
	int null = open("/dev/null", O_RDWR);
	int console = open("/dev/console", O_RDWR | O_NOCTTY);

	dup2(null, 0);
	dup2(console >= 0 ? console : null, 1);
	dup2(1, 2);
	for (int fd = 3; fd < 16; fd++)
		close(fd);
}

static void watch_children(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	children = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (children < 0)
		die("signalfd");
	signal(SIGPIPE, SIG_DFL);
}

/* The name of the port, "vport0p1" */
static bool is_ours(const char *name)
{
	char path[PATH_MAX], text[64] = "";
	int fd;

	snprintf(path, sizeof(path), "/sys/class/virtio-ports/%s/name", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = 0;
	close(fd);
	return !strcmp(text, "lab.agent\n");
}

static void open_port(void)
{
	DIR *dir = opendir("/sys/class/virtio-ports");
	char path[PATH_MAX] = "";
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		if (is_ours(entry->d_name))
			snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
	}
	if (dir)
		closedir(dir);
	port = open(path, O_RDWR | O_CLOEXEC);
	if (port < 0)
		die("the port lab.agent");
}

int main(void)
{
	static char line[PATH_MAX + 256];

	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/lab", 1);
	setenv("HOME", "/root", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	setenv("COLUMNS", "1000", 1);	/* for our tools: one finding, one line */
	redirect();
	watch_children();
	if (getpid() == 1)
		await_end(start("/lab/prepare", 2), now_ms() + 60000);
	open_port();
	await_client();
	reply("HELLO", 0, "");
	for (;;) {
		if (read_line(line, sizeof(line)))
			serve(line);
	}
}
