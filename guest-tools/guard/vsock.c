// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#include "base/now.h"
#include "guard/vsock.h"
#include "system/vsock.h"

#define SILENCE (3 * NSEC_PER_SEC)		/* of a host that says something each second */
#define CONNECT_TIME (5 * NSEC_PER_SEC)		/* the kernel gives up after 2 s */
#define SPREAD (2 * NSEC_PER_SEC)		/* of all guests that lose their host's service at once */
#define PAUSE (2 * NSEC_PER_SEC)		/* after a try in vain, doubled with each */
#define PAUSE_MAX (60 * NSEC_PER_SEC)
#define READS 64				/* at a time: of a host that floods */
#define PORT_FIRST 512				/* of those below 1024: as bindresvport(3) does */
#define PORT_LAST 1023
#define AGE_MAX (5 * NSEC_PER_SEC)
#define AHEAD_MAX NSEC_PER_SEC

void vsock_init(struct vsock *v, const char *device)
{
	memset(v, 0, sizeof(*v));
	v->device = device;
	v->fd = -1;
}

/* Said once while it lasts. */
static void __attribute__((format(printf, 3, 4))) complain(struct vsock *v, int level, const char *fmt, ...)
{
	char text[sizeof(v->line)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!strcmp(text, v->problem))
		return;
	v->level = level;
	memcpy(v->line, text, sizeof(text));
	memcpy(v->problem, text, sizeof(text));
}

static int64_t random_below(int64_t limit)
{
	uint64_t r;

	if (getrandom(&r, sizeof(r), GRND_NONBLOCK) != sizeof(r))
		r = now_ns(CLOCK_MONOTONIC);
	return r % limit;
}

static void hang_up(struct vsock *v)
{
	if (v->fd >= 0)
		close(v->fd);
	v->fd = -1;
	v->connected = false;
	v->have = 0;
}

/* What the host said no longer stands. It may be back at once, or another one answer. */
static void lose(struct vsock *v, int64_t now)
{
	v->pause = v->told ? 0 : v->pause ? 2 * v->pause : PAUSE;
	if (v->pause > PAUSE_MAX)
		v->pause = PAUSE_MAX;
	v->due = now + v->pause + random_below(SPREAD);
	v->told = false;
	hang_up(v);
}

/* --- connecting --- */

/* From a port of root's alone, which tells the host that it is no user's. 0 or an errno. */
static int bind_low(int fd, unsigned int cid)
{
	struct sockaddr_vm addr = { .svm_family = AF_VSOCK, .svm_cid = cid };
	unsigned int n = PORT_LAST - PORT_FIRST + 1, start = random_below(n);

	for (unsigned int i = 0; i < n; i++) {
		addr.svm_port = PORT_FIRST + (start + i) % n;
		if (!bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
			return 0;
		if (errno != EADDRINUSE)
			return errno;
	}
	return EADDRINUSE;
}

static int call(struct vsock *v, unsigned int cid)
{
	struct sockaddr_vm addr = { .svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_HOST, .svm_port = HOST_CLOCK_PORT };
	int err;

	v->fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (v->fd < 0)
		return errno;
	err = bind_low(v->fd, cid);
	if (!err && connect(v->fd, (struct sockaddr *)&addr, sizeof(addr)))
		err = errno;
	return err;
}

static void in_vain(struct vsock *v, int err, int64_t now)
{
	if (err == EACCES || err == EPERM)
		complain(v, LOG_WARNING, "the host cannot be asked over vsock: %s; that takes CAP_NET_BIND_SERVICE, and "
			 "AF_VSOCK in RestrictAddressFamilies=", strerror(err));
	else
		complain(v, LOG_INFO, "nobody tells over vsock how good the host's clock is (%s): 'ptpkvm-host serve' on "
			 "the host does", strerror(err));
	lose(v, now);
}

static void answered(struct vsock *v, int64_t now)
{
	v->connected = true;
	v->heard = now;
}

static void try(struct vsock *v, int64_t now)
{
	unsigned int cid;
	int err;

	v->present = vsock_guest(v->device, &cid) == YES;
	if (!v->present) {
		complain(v, LOG_INFO, "this guest has no vsock device, by which any host can tell how good its clock is");
		v->due = now + PAUSE_MAX;
		return;
	}
	v->due = now + CONNECT_TIME;
	err = call(v, cid);
	if (!err)
		answered(v, now);
	else if (err != EINPROGRESS)
		in_vain(v, err, now);
}

static void await_answer(struct vsock *v, int64_t now)
{
	struct pollfd ready = { .fd = v->fd, .events = POLLOUT };
	int err = 0;
	socklen_t len = sizeof(err);

	if (poll(&ready, 1, 0) <= 0) {
		if (now >= v->due)
			in_vain(v, ETIMEDOUT, now);
		return;
	}
	if (getsockopt(v->fd, SOL_SOCKET, SO_ERROR, &err, &len))
		err = errno;
	if (err)
		in_vain(v, err, now);
	else
		answered(v, now);
}

/* --- reading --- */

/* All records that are there: the last one counts. False if something is none. */
static bool take_records(struct vsock *v, int64_t now, bool *news)
{
	char why[120];
	int size;

	while ((size = host_record_decode(&v->record, v->buf, v->have, why, sizeof(why))) > 0) {
		v->have -= size;
		memmove(v->buf, v->buf + size, v->have);
		v->told = *news = true;
		v->heard = now;
		v->problem[0] = 0;
	}
	if (size < 0)
		complain(v, LOG_WARNING, "what the host sends over vsock cannot be used: %s", why);
	return size >= 0;
}

/* False: the connection is of no more use. */
static bool read_all(struct vsock *v, int64_t now, bool *news)
{
	for (int i = 0; i < READS; i++) {
		ssize_t n = read(v->fd, v->buf + v->have, sizeof(v->buf) - v->have);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return true;
		if (n <= 0)	/* reset, as after a migration, or ended, as with its service */
			return false;
		v->have += n;
		if (!take_records(v, now, news))
			return false;
	}
	return true;
}

static bool listen_to(struct vsock *v, int64_t now)
{
	bool before = v->told, news = false, good = read_all(v, now, &news);

	/* After reading: it is this side that may have been busy. */
	if (good && now - v->heard >= SILENCE) {
		complain(v, LOG_WARNING, "the host has said nothing over vsock for %d s", (int)(SILENCE / NSEC_PER_SEC));
		good = false;
	}
	if (!good)
		lose(v, now);
	return v->told ? news : before;
}

bool vsock_step(struct vsock *v, int64_t now)
{
	if (!v->device)
		return false;
	if (v->fd < 0 && now >= v->due)
		try(v, now);
	else if (v->fd >= 0 && !v->connected)
		await_answer(v, now);
	return v->connected && listen_to(v, now);
}

struct pollfd vsock_poll(const struct vsock *v)
{
	return (struct pollfd){ .fd = v->fd, .events = v->connected ? POLLIN : POLLOUT };
}

int64_t vsock_wait(const struct vsock *v, int64_t now)
{
	int64_t due = v->connected ? v->heard + SILENCE : v->due;

	if (!v->device)
		return INT64_MAX;
	return due > now ? due - now : 0;
}

void vsock_hurry(struct vsock *v, int64_t now)
{
	if (v->fd < 0 && v->due > now + SPREAD)
		v->due = now + random_below(SPREAD);
}

void vsock_end(struct vsock *v)
{
	hang_up(v);
	v->told = false;
}

bool vsock_made(const struct host_record *r, int64_t phc, int64_t now, int64_t *made)
{
	int64_t age = phc - r->time_ns;

	if (age > AGE_MAX || age < -AHEAD_MAX)
		return false;
	*made = now - (age > 0 ? age : 0);
	return true;
}
