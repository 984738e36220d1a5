// SPDX-License-Identifier: GPL-2.0-or-later
/* What ptpkvm-host serve tells guests, and how it treats them: bounds, steps, places, and connections that are socket pairs. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/timex.h>

#include <cmocka.h>

#include "serve/bound.h"
#include "serve/marker.h"
#include "system/run.h"
#include "system/tree.h"
/* Its parts are static. */
#include "serve/listen.c"

/* --- bounds --- */

static const struct bound_options options = { .drift_ppm = 15, .holdover_limit_ns = 1e6, .gm_accuracy_ns = NAN };
static const struct kernel_clock synchronized = { .known = true, .max_error_ns = NAN, .est_error_ns = NAN };
static const struct stepped never;

#define NOW (1000 * NSEC_PER_SEC)

static struct heard of_ptp4l(void)
{
	struct heard h = { .boot_ns = NOW, .source = HOST_CLOCK_SOURCE_PTP4L, .offset_ns = 120, .hop.there = true };
	struct pmc_data *d = &h.ptp4l.data;

	pmc_unknown(d);
	h.ptp4l.asked = true;
	h.ptp4l.result = PMC_ANSWERED;
	d->n_ports = 1;
	strcpy(d->ports[0].state, "SLAVE");
	d->offset_ns = -20;
	d->path_delay_ns = 500;
	d->gm_accuracy = 0x21;
	d->ptp_timescale = d->utc_offset_valid = 1;
	d->utc_offset = 37;
	return h;
}

static struct heard of_chrony(void)
{
	struct heard h = { .boot_ns = NOW, .source = HOST_CLOCK_SOURCE_CHRONY, .offset_ns = NAN, .answers = true };

	pmc_unknown(&h.ptp4l.data);
	h.tracking = (struct chrony_tracking){
		.name = "192.0.2.1", .stratum = 3, .ref_time = 5000, .system = -2e-6, .root_delay = 0.010,
		.root_dispersion = 0.003, .update_interval = 64, .leap = "Normal",
	};
	h.update_age = 30;
	return h;
}

static bool is(double a, double b)
{
	return fabs(a - b) < 0.01;
}

static void test_ptp4l(void **state)
{
	struct bound_options known = options;
	struct heard h = of_ptp4l();
	struct bound b;

	(void)state;
	/* |offset| + whole path delay + |PHC − system|, + 100 ns */
	b = bound_measure(&h, 30, &synchronized, &options);
	assert_true(is(b.ref, 120 + 500 + 30) && is(b.max, b.ref + 100));
	/* Software timestamps: no PHC between */
	h.hop.there = false;
	b = bound_measure(&h, NAN, &synchronized, &options);
	assert_true(is(b.ref, 620) && is(b.max, 720));
	h.hop.there = true;
	b = bound_measure(&h, NAN, &synchronized, &options);
	assert_true(isnan(b.ref) && isnan(b.max));
	/* A delay below zero is a fault, and its size counts all the same. */
	h.ptp4l.data.path_delay_ns = -500;
	b = bound_measure(&h, 0, &synchronized, &options);
	assert_true(is(b.ref, 620));
	/* A grandmaster that doesn't tell how good it is, or that it is bad */
	h = of_ptp4l();
	for (int code = 0xfd; code <= 0xff; code++) {
		h.ptp4l.data.gm_accuracy = code == 0xfd ? 0x31 : code == 0xff ? UNKNOWN : code;
		b = bound_measure(&h, 0, &synchronized, &options);
		assert_true(is(b.ref, 620) && isnan(b.max));
		known.gm_accuracy_ns = 1000;
		b = bound_measure(&h, 0, &synchronized, &known);
		assert_true(is(b.ref, 620) && is(b.max, 1620));
	}
	/* What it tells goes before the option. */
	h.ptp4l.data.gm_accuracy = 0x20;
	b = bound_measure(&h, 0, &synchronized, &known);
	assert_true(is(b.max, 645));
	h.ptp4l.data.path_delay_ns = NAN;
	b = bound_measure(&h, 0, &synchronized, &known);
	assert_true(isnan(b.ref) && isnan(b.max));
}

static void test_chrony(void **state)
{
	struct heard h = of_chrony();
	struct bound b = bound_measure(&h, 0, &synchronized, &options);

	(void)state;
	assert_true(fabs(b.max - 8.002e6) < 1 && b.ref == b.max);
	h.answers = false;
	b = bound_measure(&h, 0, &synchronized, &options);
	assert_true(isnan(b.max) && isnan(b.ref));
}

static void test_kernel(void **state)
{
	struct kernel_clock k = { .known = true, .max_error_ns = 3e6, .est_error_ns = NAN };
	struct heard h = of_chrony();
	struct bound b;

	(void)state;
	h.source = HOST_CLOCK_SOURCE_KERNEL;
	b = bound_measure(&h, 0, &k, &options);
	assert_true(b.max == 3e6 && isnan(b.ref));
	assert_true(bound_synchronized(&h, &k, &never, NOW));
	k.status = STA_UNSYNC;
	assert_false(bound_synchronized(&h, &k, &never, NOW));
	h.source = HOST_CLOCK_SOURCE_NONE;
	k.status = 0;
	b = bound_measure(&h, 0, &k, &options);
	assert_true(isnan(b.max));
	assert_false(bound_synchronized(&h, &k, &never, NOW));
}

/* The kernel's bound is one where it was set, and not to 0. */
static void test_kernel_told(void **state)
{
	struct kernel_told told = { .looked = false };

	(void)state;
	assert_false(kernel_told(&told, NAN));
	told = (struct kernel_told){ .looked = false };
	assert_true(kernel_told(&told, 4e6));
	for (double ns = 4.5e6; ns < 40e6; ns += 0.5e6)
		assert_true(kernel_told(&told, ns));
	assert_true(kernel_told(&told, 5e6));		/* set anew */
	assert_false(kernel_told(&told, 0.5e6));	/* set to 0 since */
	for (double ns = 1e6; ns < 40e6; ns += 0.5e6)
		assert_false(kernel_told(&told, ns));	/* grown from there */
	assert_true(kernel_told(&told, 3e6));
	assert_false(kernel_told(&told, NAN));
}

static void test_synchronized(void **state)
{
	struct heard h = of_ptp4l();

	(void)state;
	assert_true(bound_synchronized(&h, &synchronized, &never, NOW));
	assert_true(bound_synchronized(&h, &synchronized, &never, NOW + 9 * NSEC_PER_SEC));
	assert_false(bound_synchronized(&h, &synchronized, &never, NOW + 11 * NSEC_PER_SEC));	/* the asker hangs */
	strcpy(h.ptp4l.data.ports[0].state, "UNCALIBRATED");
	assert_false(bound_synchronized(&h, &synchronized, &never, NOW));
	/* The kernel's word, which phc2sys keeps up, is nothing without a master. */
	strcpy(h.ptp4l.data.ports[0].state, "MASTER");
	assert_false(bound_synchronized(&h, &synchronized, &never, NOW));
	h = of_ptp4l();
	h.ptp4l.data.offset_ns = NAN;		/* no Sync any more */
	assert_false(bound_synchronized(&h, &synchronized, &never, NOW));
	h = of_ptp4l();
	h.ptp4l.result = PMC_SILENT;
	assert_false(bound_synchronized(&h, &synchronized, &never, NOW));

	h = of_chrony();
	assert_true(bound_synchronized(&h, &synchronized, &never, NOW));
	h.update_age = 4 * 64 + 1;
	assert_false(bound_synchronized(&h, &synchronized, &never, NOW));
	h = of_chrony();
	h.unheard = true;
	assert_false(bound_synchronized(&h, &synchronized, &never, NOW));
	h = of_chrony();
	strcpy(h.tracking.leap, "Not synchronised");
	assert_false(bound_synchronized(&h, &synchronized, &never, NOW));
	h = of_chrony();
	h.tracking.name[0] = 0;			/* a reference of its own: local stratum */
	assert_false(bound_synchronized(&h, &synchronized, &never, NOW));
	h.boot_ns = 0;
	assert_false(bound_synchronized(&h, &synchronized, &never, NOW));
}

/* After a step only what was measured since counts. */
static void test_after_step(void **state)
{
	struct stepped s = { .boot_ns = NOW + NSEC_PER_SEC, .real_s = 5040, .update = 5000 };
	struct heard h = of_chrony();

	(void)state;
	assert_false(bound_synchronized(&h, &synchronized, &s, NOW + 2 * NSEC_PER_SEC));
	h.boot_ns = NOW + 2 * NSEC_PER_SEC;	/* asked since, but chronyd has not set the clock right since */
	assert_false(bound_synchronized(&h, &synchronized, &s, NOW + 2 * NSEC_PER_SEC));
	h.tracking.ref_time = 5001;		/* nor had it when it was asked last before the step */
	assert_false(bound_synchronized(&h, &synchronized, &s, NOW + 2 * NSEC_PER_SEC));
	h.tracking.ref_time = 5039.5;		/* it made the step itself */
	h.update_age = 1.5;
	assert_true(bound_synchronized(&h, &synchronized, &s, NOW + 2 * NSEC_PER_SEC));
	h.tracking.ref_time = 5045;		/* of before the clock was set back */
	h.update_age = -4;
	assert_false(bound_synchronized(&h, &synchronized, &s, NOW + 2 * NSEC_PER_SEC));
	/* What a PHC is off is read anew; software timestamps are of the clock that was set. */
	h = of_ptp4l();
	h.boot_ns = NOW + 2 * NSEC_PER_SEC;
	h.ptp4l.data.ingress_ns = 5000;
	assert_true(bound_synchronized(&h, &synchronized, &s, NOW + 2 * NSEC_PER_SEC));
	h.hop.there = false;
	assert_false(bound_synchronized(&h, &synchronized, &s, NOW + 2 * NSEC_PER_SEC));
	h.ptp4l.data.ingress_ns = 6000;
	assert_true(bound_synchronized(&h, &synchronized, &s, NOW + 2 * NSEC_PER_SEC));
}

static void test_holdover(void **state)
{
	enum host_clock_source source = HOST_CLOCK_SOURCE_PTP4L;
	struct holdover h = { .was = false };
	struct bound b = { NAN, NAN };

	(void)state;
	assert_int_equal(bound_hold(&h, &b, &source, false, NOW, &options), HOST_INITIALIZING);
	assert_true(isnan(b.max) && isnan(b.ref));
	b = (struct bound){ 2000, 1000 };
	assert_int_equal(bound_hold(&h, &b, &source, true, NOW, &options), HOST_SYNCHRONIZED);
	assert_true(b.max == 2000 && b.ref == 1000);
	/* Nobody steers any more: the bound is still that of ptp4l, and 15 µs more each second. */
	for (int s = 1; s <= 66; s++) {
		b = (struct bound){ 1, 1 };
		source = HOST_CLOCK_SOURCE_NONE;
		assert_int_equal(bound_hold(&h, &b, &source, false, NOW + s * NSEC_PER_SEC, &options), HOST_FREE_RUNNING);
		assert_true(fabs(b.max - (2000 + s * 15000.0)) < 1 && fabs(b.ref - (1000 + s * 15000.0)) < 1);
		assert_int_equal(source, HOST_CLOCK_SOURCE_PTP4L);
	}
	assert_int_equal(bound_hold(&h, &b, &source, false, NOW + 67 * NSEC_PER_SEC, &options), HOST_UNRELIABLE);
	assert_true(b.max > 1e6);
	/* A step may be a false one. */
	b = (struct bound){ 2000, 1000 };
	bound_hold(&h, &b, &source, true, NOW, &options);
	bound_step(&h, -500000);
	assert_int_equal(bound_hold(&h, &b, &source, false, NOW, &options), HOST_FREE_RUNNING);
	assert_true(b.max == 502000 && b.ref == 501000);
	/* Without a bound time alone tells. */
	b = (struct bound){ NAN, NAN };
	bound_hold(&h, &b, &source, true, NOW, &options);
	assert_int_equal(bound_hold(&h, &b, &source, false, NOW + 60 * NSEC_PER_SEC, &options), HOST_FREE_RUNNING);
	assert_int_equal(bound_hold(&h, &b, &source, false, NOW + 67 * NSEC_PER_SEC, &options), HOST_UNRELIABLE);
	assert_true(isnan(b.max) && isnan(b.ref));
}

static void test_recent(void **state)
{
	struct recent r = { .n = 0 };

	(void)state;
	assert_true(recent_max(&r, 5) == 5);
	assert_true(recent_max(&r, 9) == 9);
	for (int i = 0; i < RECENT - 1; i++)
		assert_true(recent_max(&r, 1) == 9);
	assert_true(recent_max(&r, 1) == 1);
	assert_true(isnan(recent_max(&r, NAN)));
	assert_true(isnan(recent_max(&r, 3)));
}

static void check_leap(int kernel_state, int status, const char *chrony, int leap)
{
	struct kernel_clock k = { .known = true, .state = kernel_state, .status = status };
	struct heard h = of_chrony();
	struct host_record r = { .marker = 0 };

	strcpy(h.tracking.leap, chrony);
	bound_scale(&r, &h, &k);
	assert_int_equal(r.has_leap, leap >= 0);
	if (leap >= 0)
		assert_int_equal(r.leap, leap);
}

static void test_scale(void **state)
{
	struct kernel_clock k = synchronized;
	struct host_record r = { .marker = 0 };
	struct heard h = of_ptp4l();

	(void)state;
	check_leap(TIME_OK, 0, "Normal", KVM_CLOCK_PAIRING_LEAP_NONE);
	check_leap(TIME_INS, STA_INS, "Normal", KVM_CLOCK_PAIRING_LEAP_PRE_POS);
	check_leap(TIME_DEL, STA_DEL, "Normal", KVM_CLOCK_PAIRING_LEAP_PRE_NEG);
	check_leap(TIME_OOP, STA_INS, "Insert second", KVM_CLOCK_PAIRING_LEAP_POS);
	check_leap(TIME_WAIT, STA_INS, "Insert second", KVM_CLOCK_PAIRING_LEAP_POST_POS);
	check_leap(TIME_WAIT, STA_DEL, "Normal", KVM_CLOCK_PAIRING_LEAP_POST_NEG);
	check_leap(TIME_OK, 0, "Insert second", KVM_CLOCK_PAIRING_LEAP_PRE_POS);	/* by chronyd, not the kernel */
	check_leap(TIME_OK, 0, "Delete second", KVM_CLOCK_PAIRING_LEAP_PRE_NEG);
	check_leap(TIME_ERROR, STA_UNSYNC, "Normal", KVM_CLOCK_PAIRING_LEAP_NONE);	/* chronyd without rtcsync */
	check_leap(TIME_ERROR, STA_UNSYNC, "Not synchronised", -1);
	/* PTP's time is TAI: not smeared. The kernel's TAI − UTC goes before the grandmaster's, 0 is none. */
	bound_scale(&r, &h, &k);
	assert_true(r.has_smear && r.smear == KVM_CLOCK_PAIRING_SMEAR_NONE);
	assert_true(r.has_tai_offset && r.tai_offset == 37);
	k.tai_utc = 38;
	bound_scale(&r, &h, &k);
	assert_int_equal(r.tai_offset, 38);
	k.tai_utc = 0;
	h.ptp4l.data.utc_offset_valid = 0;
	bound_scale(&r, &h, &k);
	assert_false(r.has_tai_offset);
	h.ptp4l.data.ptp_timescale = 0;
	bound_scale(&r, &h, &k);
	assert_false(r.has_smear);
	/* A server may smear, and would not say so. */
	h = of_chrony();
	bound_scale(&r, &h, &k);
	assert_false(r.has_smear || r.has_tai_offset);
	h.leap_list = true;
	bound_scale(&r, &h, &k);
	assert_true(r.has_smear && r.smear == KVM_CLOCK_PAIRING_SMEAR_NONE);
}

/* --- steps --- */

static struct clock_look look_at(int64_t low, int64_t high, int64_t asleep)
{
	return (struct clock_look){ .low = low, .high = high, .asleep = asleep };
}

static bool stepped(int64_t low, int64_t high, int64_t asleep, bool leap, int64_t by)
{
	const struct marker m = { .low = 1000000, .high = 1000200, .asleep = 0 };
	const struct clock_look l = look_at(low, high, asleep);
	int64_t moved;
	bool said = marker_stepped(&m, &l, leap, &moved);

	assert_int_equal(moved, by);
	return said;
}

static void test_stepped(void **state)
{
	(void)state;
	assert_false(stepped(1000000, 1000200, 0, false, 0));
	assert_false(stepped(1000150, 1000900, 0, false, 0));		/* a slow look */
	assert_false(stepped(900000, 1000010, 0, false, 0));
	assert_false(stepped(1000250, 1000300, 0, false, 0));
	assert_true(stepped(1002000, 1002200, 0, false, 2000));
	assert_true(stepped(998000, 998200, 0, false, -2000));
	assert_true(stepped(1000000 - 5 * NSEC_PER_SEC, 1000200 - 5 * NSEC_PER_SEC, 0, false, -5 * NSEC_PER_SEC));
	/* A leap second is none, but a step beside it is. */
	assert_false(stepped(1000000 - NSEC_PER_SEC, 1000200 - NSEC_PER_SEC, 0, true, -NSEC_PER_SEC));
	assert_false(stepped(1000000 + NSEC_PER_SEC, 1000200 + NSEC_PER_SEC, 0, true, NSEC_PER_SEC));
	assert_true(stepped(1000000 - NSEC_PER_SEC, 1000200 - NSEC_PER_SEC, 0, false, -NSEC_PER_SEC));
	assert_true(stepped(1000000 - 2 * NSEC_PER_SEC, 1000200 - 2 * NSEC_PER_SEC, 0, true, -2 * NSEC_PER_SEC));
	/* Asleep meanwhile */
	assert_false(stepped(1000000, 1000200, 500000, false, 0));
	assert_true(stepped(1000000, 1000200, 2000000, false, 0));
}

static void test_look(void **state)
{
	struct clock_look l;
	struct marker m;
	int64_t by;

	(void)state;
	clock_look(&l);
	assert_true(l.low <= l.high && l.real_ns - l.boot_ns >= l.low);
	marker_note(&m, &l);
	for (int i = 0; i < 1000; i++) {
		clock_look(&l);
		assert_false(marker_stepped(&m, &l, false, &by));
	}
}

static void test_marker_text(void **state)
{
	static const char *const bad[] = {
		"", "\n", "ptpkvm-host 1 ", "ptpkvm-host 2 000102030405060708090a0b0c0d0e0f 0000000000000001 1 2 3\n",
		"ptpkvm-host 1 000102030405060708090a0b0c0d0e 0000000000000001 1 2 3\n",
		"ptpkvm-host 1 000102030405060708090a0b0c0d0e0f 0000000000000001 1 2\n",
		"ptpkvm-host 1 000102030405060708090a0b0c0d0e0f 0000000000000001 1 2 3",
		"ptpkvm-host 1 000102030405060708090a0b0c0d0e0f 0000000000000001 1 2 3\n\n",
		"ptpkvm-host 1 000102030405060708090a0b0c0d0e0f 1 1 2 3\n",
		"ptpkvm-host 1 000102030405060708090A0B0C0D0E0F 0000000000000001 1 2 3\n",
		"ptpkvm-host 1 000102030405060708090a0b0c0d0e0f 0000000000000001 2 1 3\n",
		"ptpkvm-host 1 000102030405060708090a0b0c0d0e0f 0000000000000001 1 99999999999999999999 3\n",
	};
	char text[MARKER_TEXT_LEN];
	struct marker m, again;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(marker_parse(&m, bad[i]));
	assert_true(marker_parse(&m, "ptpkvm-host 1 000102030405060708090a0b0c0d0eff fedcba9876543210 -5 2 3\n"));
	assert_true(m.host_id[14] == 14 && m.host_id[15] == 0xff && m.value == 0xfedcba9876543210 && m.low == -5);
	marker_change(&m, true);
	m.low = INT64_MIN;
	m.high = INT64_MAX;
	marker_text(text, &m);
	assert_true(marker_parse(&again, text));
	assert_memory_equal(again.host_id, m.host_id, sizeof(m.host_id));
	assert_true(again.value == m.value && again.low == m.low && again.high == m.high);
}

static void test_marker_kept(void **state)
{
	static char root[] = "/tmp/test_host_serve.XXXXXX";
	struct marker m = { .low = 1, .high = 2, .asleep = 3 }, again;
	struct run_result res;
	uint64_t value;
	char why[300];

	(void)state;
	assert_non_null(mkdtemp(root));
	file_root = root;
	assert_false(marker_load(&again));
	marker_change(&m, true);
	assert_true(marker_save(&m, why, sizeof(why)));
	assert_true(marker_load(&again));
	assert_memory_equal(again.host_id, m.host_id, sizeof(m.host_id));
	assert_true(again.value == m.value);
	value = m.value;
	marker_change(&m, false);
	assert_true(m.value != value);
	assert_memory_equal(again.host_id, m.host_id, sizeof(m.host_id));
	run(&res, 5000, (const char *const[]){ "rm", "-rf", root, NULL });
	run_free(&res);
	file_root = "";
}

/* --- places --- */

static void test_places(void **state)
{
	static struct readers r;

	(void)state;
	r = (struct readers){ .max = 10 };
	for (int i = 0; i < READERS_OF_GUEST; i++) {
		assert_int_equal(readers_make_place(&r, 3), -1);
		readers_add(&r, 100 + i, 3);
	}
	/* The newest takes the place of its own oldest */
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(readers_make_place(&r, 3), 100 + i);
		readers_add(&r, 100 + i + READERS_OF_GUEST, 3);
		assert_int_equal(r.n, READERS_OF_GUEST);
	}
	for (unsigned int cid = 4; cid < 10; cid++) {
		assert_int_equal(readers_make_place(&r, cid), -1);
		readers_add(&r, cid, cid);
	}
	assert_int_equal(r.n, 10);
	/* All are taken: whoever has most yields */
	assert_int_equal(readers_make_place(&r, 10), 1100);
	readers_add(&r, 10, 10);
	assert_int_equal(readers_make_place(&r, 11), 1101);
	readers_add(&r, 11, 11);
	assert_int_equal(readers_make_place(&r, 12), 1102);
	readers_add(&r, 12, 12);
	/* One each: then the oldest */
	assert_int_equal(readers_make_place(&r, 13), 1103);
	assert_false(readers_remove(&r, 1103));
	readers_add(&r, 13, 13);
	assert_int_equal(readers_make_place(&r, 13), 4);
	readers_add(&r, 14, 13);
	assert_int_equal(readers_make_place(&r, 99), 13);	/* which has two by now */
	assert_true(readers_remove(&r, 14));
	for (int i = 0; i < r.n; i++)
		assert_int_equal(r.list[i].of_guest, 1);
}

/* --- connections --- */

static struct server s;
static int gatherer;

static struct host_record a_record(void)
{
	return (struct host_record){
		.host_id = "a host's sixteen", .has_host = true, .marker = 7, .time_ns = now_ns(CLOCK_REALTIME),
		.has_max_error = true, .max_error_ns = 1000, .drift_ppb = 15000, .status = HOST_SYNCHRONIZED,
		.source = HOST_CLOCK_SOURCE_CHRONY,
	};
}

static int set_up(void **state)
{
	int pair[2], listener[2];

	(void)state;
	memset(&s, 0, sizeof(s));
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair) || pipe2(listener, O_NONBLOCK))
		return -1;
	gatherer = pair[1];
	begin(&s, listener[0], pair[0]);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	while (s.readers.n)
		end_guest(&s, s.readers.list[0].fd);
	close(gatherer);
	close(s.gatherer);
	close(s.guests);
	return close(s.epoll);
}

/* The guest's end of a connection */
static int guest(unsigned int cid, unsigned int port)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	take_guest(&s, pair[0], cid, port);
	return pair[1];
}

static void gather(const struct host_record *r)
{
	unsigned char bytes[HOST_RECORD_SIZE];

	host_record_encode(bytes, r);
	assert_int_equal(send(gatherer, bytes, sizeof(bytes), 0), sizeof(bytes));
	go_round(&s);
}

/* 1: a record, 0: none, -1: the connection has ended */
static int got(int fd, struct host_record *r)
{
	unsigned char bytes[HOST_RECORD_SIZE];
	ssize_t n = recv(fd, bytes, sizeof(bytes), 0);
	char why[200];

	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n <= 0)
		return -1;
	assert_int_equal(n, sizeof(bytes));
	assert_int_equal(host_record_decode(r, bytes, n, why, sizeof(why)), HOST_RECORD_SIZE);
	return 1;
}

static void test_sent(void **state)
{
	struct host_record r = a_record(), in;
	int a = guest(3, 1023), b = guest(4, 1), late;

	(void)state;
	assert_int_equal(got(a, &in), 0);	/* nothing is known yet, and that is not told at once */
	gather(&r);
	assert_int_equal(got(a, &in), 1);
	assert_int_equal(in.status, HOST_SYNCHRONIZED);
	assert_int_equal(got(b, &in), 1);
	assert_int_equal(got(b, &in), 0);
	gather(&r);				/* the same once more: alive */
	assert_int_equal(got(a, &in), 0);
	late = guest(5, 1000);			/* gets one at once */
	assert_int_equal(got(late, &in), 1);
	assert_true(in.time_ns == r.time_ns);
	r.marker++;
	gather(&r);
	assert_int_equal(got(a, &in), 1);
	assert_true(in.marker == 8);
	assert_int_equal(got(b, &in) + got(late, &in), 2);
	close(a), close(b), close(late);
}

/* Any user of a guest may have a port from 1024 on. */
static void test_ports(void **state)
{
	struct host_record in;
	int fd = guest(3, 1024);

	(void)state;
	assert_int_equal(got(fd, &in), -1);
	assert_int_equal(s.readers.n, 0);
	close(fd);
}

static void test_newest(void **state)
{
	struct host_record r = a_record(), in;
	int other = guest(4, 1), fd[READERS_OF_GUEST + 1];

	(void)state;
	for (int i = 0; i <= READERS_OF_GUEST; i++)
		fd[i] = guest(3, 1000);
	assert_int_equal(got(fd[0], &in), -1);
	gather(&r);
	for (int i = 1; i <= READERS_OF_GUEST; i++)
		assert_int_equal(got(fd[i], &in), 1);
	assert_int_equal(got(other, &in), 1);
	for (int i = 0; i <= READERS_OF_GUEST; i++)
		close(fd[i]);
	close(other);
}

/* One that takes nothing loses records, and nobody else does. */
static void test_slow(void **state)
{
	struct host_record r = a_record(), in;
	int slow = guest(3, 1), other = guest(4, 1), n = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		r.marker++;
		gather(&r);
		assert_int_equal(got(other, &in), 1);
		assert_true(in.marker == r.marker);
	}
	while (got(slow, &in) > 0)
		n++;
	assert_in_range(n, 1, 8);
	assert_int_equal(s.readers.n, 2);
	r.marker++;
	gather(&r);
	assert_int_equal(got(slow, &in), 1);
	assert_true(in.marker == r.marker);
	close(slow), close(other);
}

static void test_gone(void **state)
{
	struct host_record r = a_record(), in;
	int gone = guest(3, 1), talker = guest(4, 1), other = guest(5, 1);

	(void)state;
	close(gone);
	assert_int_equal(send(talker, "x", 1, 0), 1);
	go_round(&s);
	assert_int_equal(s.readers.n, 1);
	assert_int_equal(got(talker, &in), -1);
	gone = guest(3, 1);
	close(gone);				/* and it is noticed by sending */
	host_record_encode(s.bytes, &r);
	send_all(&s);
	assert_int_equal(s.readers.n, 1);
	close(talker), close(other);
}

static void test_silence(void **state)
{
	struct host_record r = a_record(), in;
	int fd = guest(3, 1);

	(void)state;
	gather(&r);
	assert_int_equal(got(fd, &in), 1);
	for (int i = 0; i < 3; i++) {
		s.due = now_ns(CLOCK_MONOTONIC);
		go_round(&s);
		assert_int_equal(got(fd, &in), 1);
		assert_int_equal(in.status, HOST_UNKNOWN);
		assert_false(in.has_max_error || in.has_ref_error || in.has_tai_offset || in.has_leap || in.has_smear);
		assert_true(in.has_host && in.marker == 7);
		assert_memory_equal(in.host_id, r.host_id, sizeof(r.host_id));
		assert_true(llabs(in.time_ns - now_ns(CLOCK_REALTIME)) < NSEC_PER_SEC);
	}
	r.time_ns = now_ns(CLOCK_REALTIME);
	gather(&r);
	assert_int_equal(got(fd, &in), 1);
	assert_int_equal(in.status, HOST_SYNCHRONIZED);
	close(fd);
}

/* A gatherer that never spoke: no host, no marker is made up. */
static void test_never(void **state)
{
	struct host_record in;
	int fd = guest(3, 1);

	(void)state;
	s.due = now_ns(CLOCK_MONOTONIC);
	go_round(&s);
	assert_int_equal(got(fd, &in), 1);
	assert_false(in.has_host || in.marker || in.status);
	close(fd);
}

/* What is no record, or is old, is as if nobody had said anything. */
static void test_bad_gatherer(void **state)
{
	unsigned char bytes[HOST_RECORD_SIZE + 1];
	struct host_record r = a_record(), in;
	int fd = guest(3, 1);

	(void)state;
	host_record_encode(bytes, &r);
	send(gatherer, bytes, HOST_RECORD_SIZE - 1, 0);
	send(gatherer, bytes, HOST_RECORD_SIZE + 1, 0);
	send(gatherer, bytes, 0, 0);
	bytes[0]++;
	send(gatherer, bytes, HOST_RECORD_SIZE, 0);
	for (int i = 0; i < 4; i++)
		go_round(&s);
	r.time_ns -= 2 * NSEC_PER_SEC;
	gather(&r);
	r.time_ns += 4 * NSEC_PER_SEC;
	gather(&r);
	assert_int_equal(got(fd, &in), 0);
	assert_false(s.has_record);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ptp4l),
		cmocka_unit_test(test_chrony),
		cmocka_unit_test(test_kernel),
		cmocka_unit_test(test_kernel_told),
		cmocka_unit_test(test_synchronized),
		cmocka_unit_test(test_after_step),
		cmocka_unit_test(test_holdover),
		cmocka_unit_test(test_recent),
		cmocka_unit_test(test_scale),
		cmocka_unit_test(test_stepped),
		cmocka_unit_test(test_look),
		cmocka_unit_test(test_marker_text),
		cmocka_unit_test(test_marker_kept),
		cmocka_unit_test(test_places),
		cmocka_unit_test_setup_teardown(test_sent, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_ports, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_newest, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_slow, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_gone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_silence, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_never, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bad_gatherer, set_up, tear_down),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("host_serve", tests, NULL, NULL);
}
