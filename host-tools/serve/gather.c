// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/die.h"
#include "base/now.h"
#include "serve/ask.h"
#include "serve/gather.h"
#include "serve/marker.h"
#include "system/background.h"
#include "system/interval.h"

/* Daemons are asked by programs, which cost some milliseconds: every so many beats. The bound grows in between. */
#define ASK_EACH 4

/* What the first answer may take before it is told that nothing is known yet */
#define FIRST_NS (7 * NSEC_PER_SEC / 10)

struct gatherer {
	const struct bound_options *o;
	struct heard heard;
	struct recent hops;
	struct holdover holdover;
	struct stepped stepped;
	struct kernel_told told;
	bool has_marker;
	struct marker marker;
	int socket;
	struct host_record record;	/* that was sent last */
	unsigned char bytes[HOST_RECORD_SIZE];
	char said[400];
};

/* --- the record --- */

/* |PHC − system|, the largest of the last few; NAN where it can't be read */
static double read_hop(struct gatherer *g)
{
	struct chain_hop *hop = &g->heard.hop;

	if (!hop->there) {
		g->hops = (struct recent){ .n = 0 };
		return 0;
	}
	chain_read(hop);
	return recent_max(&g->hops, hop->known ? fabs((double)hop->offset_ns) + hop->uncertainty_ns : NAN);
}

static bool put_bound(uint64_t *to, double ns)
{
	if (!(ns <= HOST_RECORD_ERROR_MAX_NS))	/* NAN */
		return false;
	*to = ns < 1 ? 1 : (uint64_t)ceil(ns);
	return true;
}

static void put_marker(struct host_record *r, const struct gatherer *g)
{
	r->has_host = g->has_marker;
	memcpy(r->host_id, g->marker.host_id, sizeof(r->host_id));
	r->marker = g->marker.value;
}

/* All but the time and the marker, which belong together */
static void make_record(struct gatherer *g, struct host_record *r)
{
	const int64_t boot_ns = now_ns(CLOCK_BOOTTIME);
	double hop_ns = read_hop(g);
	struct kernel_clock k;
	struct bound b;
	bool synchronized;

	kernel_clock_read(&k);
	if (!kernel_told(&g->told, k.max_error_ns))
		k.max_error_ns = NAN;
	b = bound_measure(&g->heard, hop_ns, &k, g->o);
	synchronized = bound_synchronized(&g->heard, &k, &g->stepped, boot_ns);
	*r = (struct host_record){ .source = g->heard.source, .drift_ppb = lrint(g->o->drift_ppm * 1000) };
	r->status = bound_hold(&g->holdover, &b, &r->source, synchronized, boot_ns, g->o);
	if (!g->heard.boot_ns)
		r->status = HOST_UNKNOWN;
	r->has_max_error = put_bound(&r->max_error_ns, b.max);
	r->has_ref_error = put_bound(&r->ref_error_ns, b.ref);
	bound_scale(r, &g->heard, &k);
}

void gather_once(const struct bound_options *o, struct host_record *r, struct heard *h)
{
	static struct gatherer g;

	g.o = o;
	serve_ask(&g.heard, NULL);
	make_record(&g, r);
	g.has_marker = marker_load(&g.marker);
	put_marker(r, &g);
	r->time_ns = now_ns(CLOCK_REALTIME);
	*h = g.heard;
}

/* --- steps --- */

static void save_marker(const struct gatherer *g)
{
	char why[300];

	if (!marker_save(&g->marker, why, sizeof(why)))
		complain("%s\nA restart of this program will look like another host to its guests", why);
}

static void begin_marker(struct gatherer *g)
{
	g->has_marker = marker_load(&g->marker);
	if (g->has_marker)
		return;		/* a step since is seen with the first record */
	marker_change(&g->marker, true);
}

/* What was measured before it says nothing any more, but that the clock was off by no more than that and the step. */
static void take_step(struct gatherer *g, const struct clock_look *l, int64_t by)
{
	g->stepped = (struct stepped){ l->boot_ns, l->real_ns * 1e-9, heard_update(&g->heard) };
	g->hops = (struct recent){ .n = 0 };
	bound_step(&g->holdover, by);
	marker_change(&g->marker, false);
}

/* The time, and whether the clock was set before it. */
static bool look_for_step(struct gatherer *g, struct clock_look *l)
{
	struct kernel_clock k;
	bool stepped, first = !g->has_marker;
	int64_t by = 0;

	kernel_clock_read(&k);
	clock_look(l);
	stepped = !first && marker_stepped(&g->marker, l, k.known && (k.state == TIME_OOP || k.state == TIME_WAIT), &by);
	if (stepped)
		take_step(g, l, by);
	g->has_marker = true;
	if (stepped || first || by) {
		marker_note(&g->marker, l);
		save_marker(g);
	}
	return stepped;
}

/* --- to serve --- */

static void send_bytes(struct gatherer *g)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX, .sun_path = SERVE_SOCKET };
	char why[sizeof(g->said)] = "";

	if (sendto(g->socket, g->bytes, sizeof(g->bytes), MSG_DONTWAIT, (struct sockaddr *)&to, sizeof(to)) < 0)
		snprintf(why, sizeof(why), SERVE_SOCKET ": %s\nType: systemctl start ptpkvm-host-serve.socket",
			 strerror(errno));
	ticks_say_once(g->said, sizeof(g->said), why);
}

/* More than the time, and what changes with it */
static bool differ(const struct host_record *a, const struct host_record *b)
{
	return a->marker != b->marker || a->status != b->status || a->source != b->source ||
	       a->has_max_error != b->has_max_error || a->has_ref_error != b->has_ref_error ||
	       a->has_tai_offset != b->has_tai_offset || a->tai_offset != b->tai_offset || a->has_leap != b->has_leap ||
	       a->leap != b->leap || a->has_smear != b->has_smear || a->smear != b->smear;
}

/* A new one if it is time for one, or anything has changed; else that of before, once more */
static void send_record(struct gatherer *g, bool new)
{
	struct host_record r;
	struct clock_look l;

	do {
		look_for_step(g, &l);
		make_record(g, &r);
	} while (look_for_step(g, &l));		/* while it was made */
	put_marker(&r, g);
	r.time_ns = l.real_ns;
	if (new || differ(&r, &g->record)) {
		g->record = r;
		host_record_encode(g->bytes, &r);
	}
	send_bytes(g);
}

/* --- the loop --- */

/* It fires when somebody sets the clock; its own time is far away. */
static void arm(int timer)
{
	const struct itimerspec far = { .it_value.tv_sec = 1LL << 33 };

	if (timerfd_settime(timer, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &far, NULL) && errno != ECANCELED)
		die("timerfd_settime: %s", strerror(errno));
}

/* Until the time on CLOCK_MONOTONIC, or a signal. True if the clock was set before. */
static bool wait_for_set(int timer, int64_t until, const sigset_t *normal)
{
	struct pollfd p = { .fd = timer, .events = POLLIN };
	int64_t left = until - now_ns(CLOCK_MONOTONIC);
	uint64_t times;

	left = left > 0 ? left : 0;
	if (ppoll(&p, 1, &(struct timespec){ left / NSEC_PER_SEC, left % NSEC_PER_SEC }, normal) <= 0)
		return false;
	if (read(timer, &times, sizeof(times)) < 0 && errno == ECANCELED)
		arm(timer);
	return true;
}

static void begin(struct gatherer *g, const struct bound_options *o, struct asker *asker, sigset_t *normal)
{
	g->o = o;
	g->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (g->socket < 0)
		die("socket: %s", strerror(errno));
	begin_marker(g);
	ticks_catch_signals(normal);
	asker_start(asker, serve_ask, NULL, sizeof(g->heard));
	asker_ask(asker);
	asker_wait(asker, &g->heard, now_ns(CLOCK_MONOTONIC) + FIRST_NS);
}

int gather_run(const struct bound_options *o)
{
	static struct gatherer g;
	static struct asker asker;
	int timer = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	int64_t next;
	sigset_t normal;

	if (timer < 0)
		die("timerfd_create: %s", strerror(errno));
	arm(timer);
	begin(&g, o, &asker, &normal);
	next = now_ns(CLOCK_MONOTONIC);
	for (unsigned int beat = 0; !ticks_stop; beat++) {
		asker_wait(&asker, &g.heard, now_ns(CLOCK_MONOTONIC));
		send_record(&g, beat % 2 == 0);
		if (beat % ASK_EACH == ASK_EACH - 1)
			asker_ask(&asker);
		next += GATHER_BEAT_NS;
		while (!ticks_stop && wait_for_set(timer, next, &normal)) {
			send_record(&g, true);
			asker_ask(&asker);
		}
		/* Stopped for so long: the beats that were left out are not made up for. */
		if (now_ns(CLOCK_MONOTONIC) > next + NSEC_PER_SEC)
			next = now_ns(CLOCK_MONOTONIC);
	}
	return EXIT_GOOD;
}
