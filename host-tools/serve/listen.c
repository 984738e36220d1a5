// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#include "base/die.h"
#include "base/now.h"
#include "base/numbers.h"
#include "facts/vsock.h"
#include "serve/listen.h"
#include "serve/readers.h"
#include "time/host_record.h"

/* Nothing from the gatherer for so long: guests are told that nothing is known. */
#define SILENCE_NS NSEC_PER_SEC
/* A record whose time is further from ours was left in the socket, or is of before a step. */
#define RECORD_OLD_NS (3 * NSEC_PER_SEC / 2)

/* Bytes on the way to a guest that doesn't take them: it gets no more. Else they would pile up in the kernel. */
#define WAITING_MAX (8 * HOST_RECORD_SIZE)

/* Ports of a guest from there on are any user's. */
#define PORT_USERS 1024

/* New connections and events at a time, so that no guest keeps the others from their records */
#define ACCEPT_MAX 64
#define EVENTS_MAX 64

#define NOBODY 65534
#define FIRST_FD 3		/* of those that systemd hands over */

struct server {
	int epoll, guests, gatherer;
	struct readers readers;
	bool has_record;
	unsigned char bytes[HOST_RECORD_SIZE];	/* that was sent last */
	struct host_record record;
	int64_t due;				/* CLOCK_MONOTONIC; nothing is known from then on, if nothing comes */
};

/* --- to guests --- */

static void end(int fd)
{
	close(fd);	/* which takes it out of epoll's set, too */
}

/* Never waits. False where the connection is of no use any more: it has gone, or half a record is stuck in it. */
static bool send_record(const struct server *s, int fd)
{
	int waiting;
	ssize_t n;

	/* vsock tells since Linux 6.12; before, its own limit has to do. */
	if (!ioctl(fd, SIOCOUTQ, &waiting) && waiting >= WAITING_MAX)
		return true;
	n = send(fd, s->bytes, sizeof(s->bytes), MSG_DONTWAIT | MSG_NOSIGNAL);
	return n == (ssize_t)sizeof(s->bytes) ||
	       (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOMEM || errno == ENOBUFS));
}

static void send_all(struct server *s)
{
	/* One that is taken out has another one put in its place, which was sent to. */
	for (int i = s->readers.n - 1; i >= 0; i--) {
		int fd = s->readers.list[i].fd;

		if (send_record(s, fd))
			continue;
		readers_remove(&s->readers, fd);
		end(fd);
	}
}

/* A connection, with the guest's number and port */
static void take_guest(struct server *s, int fd, unsigned int cid, unsigned int port)
{
	/* One that sends ends its connection by it, as one that goes: nothing of it is read. */
	struct epoll_event e = { .events = EPOLLIN | EPOLLRDHUP, .data.fd = fd };
	int old;

	if (port >= PORT_USERS) {
		end(fd);
		return;
	}
	old = readers_make_place(&s->readers, cid);
	if (old >= 0)
		end(old);
	if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &e) || (s->has_record && !send_record(s, fd))) {
		end(fd);
		return;
	}
	readers_add(&s->readers, fd, cid);
}

static void accept_guests(struct server *s)
{
	for (int i = 0; i < ACCEPT_MAX; i++) {
		struct sockaddr_vm from = { .svm_cid = VMADDR_CID_ANY };
		socklen_t len = sizeof(from);
		int fd = accept4(s->guests, (struct sockaddr *)&from, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0)
			take_guest(s, fd, from.svm_cid, from.svm_port);
		else if (errno != ECONNABORTED && errno != EINTR)
			return;
	}
}

static void end_guest(struct server *s, int fd)
{
	if (readers_remove(&s->readers, fd))
		end(fd);
}

/* --- from the gatherer --- */

static bool is_record(const unsigned char *bytes, ssize_t n, struct host_record *r)
{
	char why[200];

	return n == HOST_RECORD_SIZE && host_record_decode(r, bytes, n, why, sizeof(why)) == n &&
	       llabs(r->time_ns - now_ns(CLOCK_REALTIME)) <= RECORD_OLD_NS;
}

/* The same one once more only says that it is alive. */
static void take_record(struct server *s, const unsigned char *bytes, const struct host_record *r)
{
	s->due = now_ns(CLOCK_MONOTONIC) + SILENCE_NS;
	if (s->has_record && !memcmp(bytes, s->bytes, sizeof(s->bytes)))
		return;
	memcpy(s->bytes, bytes, sizeof(s->bytes));
	s->record = *r;
	s->has_record = true;
	send_all(s);
}

static void hear_gatherer(struct server *s)
{
	unsigned char bytes[HOST_RECORD_SIZE + 1];	/* what is longer is none */
	struct host_record r;
	ssize_t n;

	n = recv(s->gatherer, bytes, sizeof(bytes), MSG_DONTWAIT);
	if (is_record(bytes, n, &r))
		take_record(s, bytes, &r);
}

/* Which host it is, and that its clock was not stepped, is known still. */
static void say_unknown(struct server *s)
{
	struct host_record r = {
		.time_ns = now_ns(CLOCK_REALTIME), .has_host = s->record.has_host, .marker = s->record.marker,
	};

	memcpy(r.host_id, s->record.host_id, sizeof(r.host_id));
	s->record = r;
	host_record_encode(s->bytes, &r);
	s->has_record = true;
	s->due += SILENCE_NS;
	send_all(s);
}

/* --- the loop --- */

/* Events of readers first: what is ended, or comes, later in the same round may have the number of one of theirs. */
static void go_round(struct server *s)
{
	struct epoll_event e[EVENTS_MAX];
	int64_t left = s->due - now_ns(CLOCK_MONOTONIC);
	bool heard = false, came = false;
	int n = epoll_wait(s->epoll, e, EVENTS_MAX, left > 0 ? left / 1000000 + 1 : 0);

	for (int i = 0; i < n; i++) {
		if (e[i].data.fd == s->gatherer)
			heard = true;
		else if (e[i].data.fd == s->guests)
			came = true;
		else
			end_guest(s, e[i].data.fd);
	}
	if (heard)
		hear_gatherer(s);
	if (now_ns(CLOCK_MONOTONIC) >= s->due)
		say_unknown(s);
	if (came)
		accept_guests(s);
}

static void begin(struct server *s, int guests, int gatherer)
{
	struct epoll_event of_guests = { .events = EPOLLIN, .data.fd = guests };
	struct epoll_event of_gatherer = { .events = EPOLLIN, .data.fd = gatherer };
	struct rlimit files = { 1024, 1024 };

	s->guests = guests;
	s->gatherer = gatherer;
	s->due = now_ns(CLOCK_MONOTONIC) + SILENCE_NS;
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max < READERS_MAX + 32 ? files.rlim_max : READERS_MAX + 32;
	setrlimit(RLIMIT_NOFILE, &files);
	s->readers.max = files.rlim_cur - 32;
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll < 0 || epoll_ctl(s->epoll, EPOLL_CTL_ADD, guests, &of_guests) ||
	    epoll_ctl(s->epoll, EPOLL_CTL_ADD, gatherer, &of_gatherer))
		die("epoll: %s", strerror(errno));
}

/* --- the sockets --- */

/* Those of systemd (sd_listen_fds(3)): false if there are none. */
static bool take_sockets(int *guests, int *gatherer)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	uint64_t of, n;

	if (!pid || !fds || !parse_u64(pid, 1, INT_MAX, &of) || of != (uint64_t)getpid() || !parse_u64(fds, 1, 16, &n))
		return false;
	for (int fd = FIRST_FD; fd < FIRST_FD + (int)n; fd++) {
		int domain = 0;
		socklen_t len = sizeof(domain);

		getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len);
		if (domain == AF_VSOCK)
			*guests = fd;
		if (domain == AF_UNIX)
			*gatherer = fd;
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	}
	return true;
}

static const char *why_no_vsock(int err)
{
	return err == EAFNOSUPPORT ? "the kernel has none\nType: modprobe vhost_vsock" :
	       err == EADDRINUSE ? "it is served already" :
	       err == EACCES ? "only root may\nType: systemctl enable --now ptpkvm-host-serve.socket" : strerror(err);
}

static int own_vsock(void)
{
	struct sockaddr_vm to = { .svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY, .svm_port = HOST_CLOCK_PORT };
	int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&to, sizeof(to)) || listen(fd, SOMAXCONN))
		die("vsock, port %d: %s", HOST_CLOCK_PORT, why_no_vsock(errno));
	return fd;
}

static int own_gatherer(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX, .sun_path = SERVE_SOCKET };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	umask(0077);
	if (mkdir(SERVE_DIRECTORY, 0700) && errno != EEXIST)
		die(SERVE_DIRECTORY ": %s", strerror(errno));
	unlink(SERVE_SOCKET);
	if (fd < 0 || bind(fd, (struct sockaddr *)&to, sizeof(to)))
		die(SERVE_SOCKET ": %s", strerror(errno));
	return fd;
}

/* Where no systemd has done so: root was needed for the sockets alone. */
static void drop_rights(void)
{
	if (!geteuid() && (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY)))
		die("cannot become another user: %s", strerror(errno));
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

int listen_run(void)
{
	static struct server s;
	int guests = -1, gatherer = -1;

	if (!take_sockets(&guests, &gatherer)) {
		guests = own_vsock();
		gatherer = own_gatherer();
	}
	if (guests < 0 || gatherer < 0)
		die("ptpkvm-host-serve.socket has to have a vsock and a Unix socket");
	drop_rights();
	begin(&s, guests, gatherer);
	for (;;)
		go_round(&s);
}
