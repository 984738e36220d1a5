// SPDX-License-Identifier: GPL-2.0-or-later
/* guard's connection to the host, whose end is a socketpair's: this machine's own vsock is not touched. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/now.h"
#include "guard/vsock.h"
#include "system/vsock.h"

#define S NSEC_PER_SEC
#define MS (S / 1000)

static struct vsock v;
static int host;		/* its end */
static int64_t now;

/* A new connection, that has just been made */
static void connected(void)
{
	int end[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, end), 0);
	if (host >= 0)
		close(host);
	host = end[1];
	v.fd = end[0];
	v.connected = true;
	v.heard = now;
}

static int setup(void **state)
{
	(void)state;
	now = 1000 * S;
	vsock_init(&v, "/nonexistent/vsock");
	connected();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	vsock_end(&v);
	close(host);
	host = -1;
	return 0;
}

static const unsigned char *record(uint64_t marker)
{
	static unsigned char buf[HOST_RECORD_SIZE];

	host_record_encode(buf, &(struct host_record){ .host_id = { 1 }, .has_host = true, .marker = marker,
						       .time_ns = 1700000000 * S, .status = HOST_SYNCHRONIZED });
	return buf;
}

static void host_sends(const void *data, size_t len)
{
	assert_int_equal(send(host, data, len, MSG_NOSIGNAL), len);
}

static void host_tells(uint64_t marker)
{
	host_sends(record(marker), HOST_RECORD_SIZE);
	assert_true(vsock_step(&v, now));
	assert_true(v.told && v.record.marker == marker);
}

/* Nothing of it is left, it is tried again, and before that there is nothing to wait for. */
static void assert_lost(int64_t after, int64_t before)
{
	assert_false(v.told || v.connected);
	assert_int_equal(v.fd, -1);
	assert_int_equal(v.have, 0);
	assert_true(v.due >= now + after && v.due < now + before);
	assert_true(vsock_wait(&v, now) == v.due - now);
	assert_int_equal(vsock_poll(&v).fd, -1);
	assert_false(vsock_step(&v, v.due - 1));
}

static void said(const char *text)
{
	if (!strstr(v.line, text))
		fail_msg("'%s' is not in '%s'", text, v.line);
	v.line[0] = 0;
}

static void test_tells(void **state)
{
	(void)state;
	assert_false(vsock_step(&v, now));
	assert_int_equal(vsock_poll(&v).fd, v.fd);
	assert_int_equal(vsock_poll(&v).events, POLLIN);
	now += S;
	host_tells(7);
	assert_true(v.heard == now);
	assert_int_equal(v.record.status, HOST_SYNCHRONIZED);
	assert_true(vsock_wait(&v, now) == 3 * S);
	assert_true(vsock_wait(&v, now + 4 * S) == 0);
	assert_false(vsock_step(&v, now));
	assert_true(v.told);
	for (int i = 0; i < 100; i++) {
		now += S;
		host_tells(i);
	}
	assert_string_equal(v.line, "");
}

static void test_in_pieces(void **state)
{
	unsigned char two[2 * HOST_RECORD_SIZE];

	(void)state;
	memcpy(two, record(1), HOST_RECORD_SIZE);
	memcpy(two + HOST_RECORD_SIZE, record(2), HOST_RECORD_SIZE);
	for (size_t i = 0; i < sizeof(two); i++) {
		host_sends(two + i, 1);
		assert_int_equal(vsock_step(&v, now), i % HOST_RECORD_SIZE == HOST_RECORD_SIZE - 1);
		assert_int_equal(v.told, i >= HOST_RECORD_SIZE - 1);
	}
	assert_true(v.record.marker == 2);
	/* The last of those that are there, and half of one that is to come */
	host_sends(record(3), HOST_RECORD_SIZE);
	host_sends(record(4), HOST_RECORD_SIZE);
	host_sends(record(5), 50);
	assert_true(vsock_step(&v, now));
	assert_true(v.record.marker == 4 && v.have == 50);
	host_sends(record(5) + 50, HOST_RECORD_SIZE - 50);
	assert_true(vsock_step(&v, now));
	assert_true(v.record.marker == 5 && v.have == 0);
}

/* Of a later version, as long as may be, with two of ours around it */
static void test_longest(void **state)
{
	unsigned char later[HOST_RECORD_SIZE_MAX] = { 0 };

	(void)state;
	memcpy(later, record(6), HOST_RECORD_SIZE);
	later[4] = 2;
	later[6] = sizeof(later) & 0xff;
	later[7] = sizeof(later) >> 8;
	host_sends(record(5), HOST_RECORD_SIZE);
	host_sends(later, sizeof(later));
	host_sends(record(7), 10);
	assert_true(vsock_step(&v, now));
	assert_true(v.record.marker == 6 && v.have == 10);
}

/* As many as the socket takes, each time */
static void test_flood(void **state)
{
	uint64_t sent = 0;

	(void)state;
	while (sent < 20000) {
		while (send(host, record(sent + 1), HOST_RECORD_SIZE, MSG_NOSIGNAL) == HOST_RECORD_SIZE)
			sent++;
		assert_true(vsock_step(&v, now));
		assert_true(v.told && v.record.marker == sent);
	}
	assert_string_equal(v.line, "");
}

static void test_garbage(void **state)
{
	unsigned char bad[HOST_RECORD_SIZE];
	static const struct {
		int at;
		unsigned char byte;
	} damage[] = { { 0, 'X' }, { 4, 0 }, { 6, 95 }, { 6, 97 }, { 7, 0xff }, { 31 + 8, 0x80 } };

	(void)state;
	for (size_t i = 0; i < sizeof(damage) / sizeof(damage[0]); i++) {
		vsock_init(&v, "/nonexistent/vsock");
		connected();
		host_tells(1);
		memcpy(bad, record(2), sizeof(bad));
		bad[damage[i].at] = damage[i].byte;
		host_sends(bad, sizeof(bad));
		assert_true(vsock_step(&v, now));
		assert_int_equal(v.level, LOG_WARNING);
		said("what the host sends over vsock cannot be used: ");
		assert_lost(0, 2 * S);
	}
	/* Of one that sends nothing else: said once, and tried less and less */
	v.problem[0] = 0;
	for (int i = 0; i < 10; i++) {
		connected();
		host_sends("GET / HTTP/1.0\r\n\r\n", 18);
		assert_false(vsock_step(&v, now));
		if (!i)
			said("cannot be used");
		assert_string_equal(v.line, "");
		assert_lost(i > 4 ? 60 * S : (2LL << i) * S, i > 4 ? 62 * S : ((2LL << i) + 2) * S);
	}
}

/* A restart of the service, or a migration: nothing to be said; tried again soon, each guest at a moment of its own. */
static void test_ends(void **state)
{
	int64_t first, last;

	(void)state;
	host_tells(1);
	host_sends(record(2), 90);
	close(host);
	host = -1;
	assert_true(vsock_step(&v, now));
	assert_string_equal(v.line, "");
	assert_lost(0, 2 * S);
	first = last = v.due;
	for (int i = 0; i < 50; i++) {
		connected();
		host_tells(i);
		close(host);
		host = -1;
		assert_true(vsock_step(&v, now));
		assert_lost(0, 2 * S);
		first = v.due < first ? v.due : first;
		last = v.due > last ? v.due : last;
	}
	assert_true(last - first > S);
	/* One that never told anything is no news, and less urgent */
	connected();
	close(host);
	host = -1;
	assert_false(vsock_step(&v, now));
	assert_lost(2 * S, 4 * S);
	connected();
	close(host);
	host = -1;
	assert_false(vsock_step(&v, now));
	assert_lost(4 * S, 6 * S);
}

static void test_silence(void **state)
{
	(void)state;
	host_tells(1);
	now += 3 * S - 1;
	assert_false(vsock_step(&v, now));
	assert_true(v.told);
	/* What is no record yet does not count */
	host_sends(record(2), 95);
	now += 1;
	assert_true(vsock_step(&v, now));
	said("the host has said nothing over vsock for 3 s");
	assert_lost(0, 2 * S);
	/* From the beginning on */
	connected();
	now += 3 * S;
	assert_false(vsock_step(&v, now));
	assert_string_equal(v.line, "");	/* said already */
	assert_lost(2 * S, 4 * S);
	/* It was guard itself that had no time */
	connected();
	host_tells(3);
	host_sends(record(4), HOST_RECORD_SIZE);
	now += 60 * S;
	assert_true(vsock_step(&v, now));
	assert_true(v.told && v.record.marker == 4);
	/* and then it is to be said again */
	now += 3 * S;
	assert_true(vsock_step(&v, now));
	said("the host has said nothing");
}

static void test_connecting(void **state)
{
	char full[4096] = "";

	(void)state;
	v.connected = false;
	v.due = now + 5 * S;
	assert_int_equal(vsock_poll(&v).events, POLLOUT);
	assert_true(vsock_wait(&v, now) == 5 * S);
	while (send(v.fd, full, sizeof(full), 0) > 0)
		;
	assert_false(vsock_step(&v, now));
	assert_false(v.connected);
	assert_string_equal(v.line, "");
	now += 5 * S;
	assert_false(vsock_step(&v, now));
	said("nobody tells over vsock how good the host's clock is (Connection timed out): 'ptpkvm-host serve'");
	assert_int_equal(v.level, LOG_INFO);
	assert_lost(2 * S, 4 * S);
	/* It answers, and says something at once */
	connected();
	v.connected = false;
	v.due = now + 5 * S;
	host_sends(record(1), HOST_RECORD_SIZE);
	assert_true(vsock_step(&v, now));
	assert_true(v.connected && v.told && v.heard == now);
}

static void test_no_device(void **state)
{
	static const char *const none[] = { "/nonexistent/vsock", "/dev/null", "/" };
	unsigned int cid;

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		assert_int_equal(vsock_guest(none[i], &cid), NO);
		vsock_end(&v);
		vsock_init(&v, none[i]);
		assert_true(vsock_wait(&v, now) == 0);
		assert_false(vsock_step(&v, now));
		assert_false(v.present);
		said("this guest has no vsock device");
		assert_lost(60 * S, 60 * S + 1);
		for (int k = 0; k < 10; k++) {
			now = v.due;
			assert_false(vsock_step(&v, now));
			assert_string_equal(v.line, "");
			assert_lost(60 * S, 60 * S + 1);
		}
	}
	/* Something has happened: once soon, not again and again */
	vsock_hurry(&v, now);
	assert_lost(0, 2 * S);
	for (int i = 0; i < 10; i++) {
		int64_t due = v.due;

		vsock_hurry(&v, now);
		assert_true(v.due == due);
	}
	/* Nor is one connection that is there disturbed */
	connected();
	vsock_hurry(&v, now);
	assert_true(v.connected);
	vsock_end(&v);
	vsock_init(&v, NULL);
	assert_true(vsock_wait(&v, now) == INT64_MAX);
	assert_false(vsock_step(&v, now));
	vsock_hurry(&v, now);
	assert_int_equal(v.fd, -1);
	assert_string_equal(v.line, "");
}

static void test_made(void **state)
{
	struct host_record r = { .time_ns = 1700000000 * S };
	int64_t made = 1;

	(void)state;
	assert_true(vsock_made(&r, r.time_ns + 3 * MS, now, &made));
	assert_true(made == now - 3 * MS);
	assert_true(vsock_made(&r, r.time_ns + 5 * S, now, &made));
	assert_true(made == now - 5 * S);
	/* It was set a moment ago */
	assert_true(vsock_made(&r, r.time_ns - S, now, &made));
	assert_true(made == now);
	assert_false(vsock_made(&r, r.time_ns + 5 * S + 1, now, &made));
	assert_false(vsock_made(&r, r.time_ns - S - 1, now, &made));
	r.time_ns = 0;
	assert_false(vsock_made(&r, INT64_MAX, now, &made));
	r.time_ns = 8277292036LL * S;	/* the last that is taken */
	assert_false(vsock_made(&r, 0, now, &made));
	assert_true(made == now);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_tells), T(test_in_pieces), T(test_longest), T(test_flood), T(test_garbage), T(test_ends),
		T(test_silence), T(test_connecting), T(test_no_device), T(test_made),
	};

	host = -1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("vsock", tests, NULL, NULL);
}
