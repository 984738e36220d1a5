// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The driver's arithmetic and its distrust of the host: ptp_kvm_pair.c as it
 * is, built in user space.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "../../driver/ptp_kvm_pair.h"

#include <errno.h>
#include <linux/kvm_para.h>

#define EPOCH_NS	1767225600000000000LL

static struct kvm_clock_pairing_quality good_reply(void)
{
	return (struct kvm_clock_pairing_quality) {
		.sec = 1767225600,
		.nsec = 999999999,
		.counter = 0x123456789abcdef0ULL,
		.flags = 0xff,
		.window_ns = 1500,
		.max_error_ns = 0x1122334455667788ULL,
		.est_error_ns = 0xfedcba98,
		.tai_offset = -37,
		.clock_status = KVM_CLOCK_PAIRING_STATUS_SYNCHRONIZED,
		.leap_indicator = KVM_CLOCK_PAIRING_LEAP_PRE_POS,
		.disruption_marker = 0xdeadbeefcafef00dULL,
		.smear = KVM_CLOCK_PAIRING_SMEAR_UTC_SLS,
		.version = KVM_CLOCK_PAIRING_QUALITY_VERSION,
	};
}

/* DESIGN: every offset of the ABI's table */
static void layout(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct kvm_clock_pairing_quality), 64);
#define OFFSET(field) offsetof(struct kvm_clock_pairing_quality, field)
	assert_int_equal(OFFSET(sec), 0);
	assert_int_equal(OFFSET(nsec), 8);
	assert_int_equal(KVM_CLOCK_PAIRING_WALLCLOCK_QUALITY, 0x50744b00);
	assert_int_equal(OFFSET(counter), 16);
	assert_int_equal(OFFSET(flags), 24);
	assert_int_equal(OFFSET(window_ns), 28);
	assert_int_equal(OFFSET(max_error_ns), 32);
	assert_int_equal(OFFSET(est_error_ns), 40);
	assert_int_equal(OFFSET(tai_offset), 44);
	assert_int_equal(OFFSET(clock_status), 46);
	assert_int_equal(OFFSET(leap_indicator), 47);
	assert_int_equal(OFFSET(disruption_marker), 48);
	assert_int_equal(OFFSET(smear), 56);
	assert_int_equal(OFFSET(reserved), 57);
	assert_int_equal(OFFSET(version), 60);
}

static void decode_quality(void **state)
{
	struct kvm_clock_pairing_quality reply = good_reply();
	struct ptp_kvm_pair pair;

	(void)state;
	assert_int_equal(ptp_kvm_pair_decode(&reply, true, &pair), 0);
	assert_int_equal(pair.time.tv_sec, 1767225600);
	assert_int_equal(pair.time.tv_nsec, 999999999);
	assert_true(pair.counter == 0x123456789abcdef0ULL);
	assert_true(pair.quality);
	assert_int_equal(pair.valid, 0xff);
	assert_int_equal(pair.window_ns, 1500);
	assert_true(pair.max_error_ns == 0x1122334455667788ULL);
	assert_int_equal(pair.est_error_ns, 0xfedcba98);
	assert_int_equal(pair.tai_offset, -37);
	assert_int_equal(pair.clock_status, 2);
	assert_int_equal(pair.leap_indicator, 1);
	assert_int_equal(pair.smear, 2);
	assert_true(pair.disruption_marker == 0xdeadbeefcafef00dULL);
}

/* Type 0 promises nothing past flags: what stands there is not read. */
static void decode_wallclock(void **state)
{
	struct kvm_clock_pairing_quality reply = good_reply();
	struct ptp_kvm_pair pair = { .max_error_ns = 7, .disruption_marker = 8 };

	(void)state;
	assert_int_equal(ptp_kvm_pair_decode(&reply, false, &pair), 0);
	assert_false(pair.quality);
	assert_int_equal(pair.valid, 0);
	assert_int_equal(pair.window_ns, 0);
	assert_true(pair.max_error_ns == 7);
	assert_true(pair.disruption_marker == 8);
	assert_int_equal(pair.time.tv_nsec, 999999999);
}

static void refused(struct kvm_clock_pairing_quality reply, bool quality)
{
	struct ptp_kvm_pair pair, untouched;

	memset(&pair, 0x5a, sizeof(pair));
	untouched = pair;
	assert_int_equal(ptp_kvm_pair_decode(&reply, quality, &pair), -EIO);
	assert_memory_equal(&pair, &untouched, sizeof(pair));
}

static void decode_hostile_time(void **state)
{
	static const int64_t secs[] = { -1, INT64_MIN, INT64_MAX,
					INT64_MAX / 1000000000 };
	static const int64_t nsecs[] = { -1, 1000000000, INT64_MIN, INT64_MAX };
	struct kvm_clock_pairing_quality reply;
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		reply = good_reply();
		reply.sec = secs[i];
		refused(reply, true);
		refused(reply, false);
		reply = good_reply();
		reply.nsec = nsecs[i];
		refused(reply, true);
		refused(reply, false);
	}
}

static void decode_hostile_window(void **state)
{
	struct kvm_clock_pairing_quality reply = good_reply();

	(void)state;
	reply.window_ns = 1000000001;
	refused(reply, true);
	reply.window_ns = UINT32_MAX;
	refused(reply, true);

	/* an answer of type 1 that does not say whether the pair is exact */
	reply = good_reply();
	reply.flags &= ~KVM_CLOCK_PAIRING_VALID_WINDOW;
	refused(reply, true);
}

static void decode_unknown_numbers(void **state)
{
	struct kvm_clock_pairing_quality reply = good_reply();
	struct ptp_kvm_pair pair;
	int value;

	(void)state;
	for (value = 0; value < 256; value++) {
		reply.clock_status = value;
		reply.leap_indicator = value;
		reply.smear = value;
		assert_int_equal(ptp_kvm_pair_decode(&reply, true, &pair), 0);
		assert_int_equal(!!(pair.valid & KVM_CLOCK_PAIRING_VALID_STATUS),
				 value <= 4);
		assert_int_equal(!!(pair.valid & KVM_CLOCK_PAIRING_VALID_LEAP),
				 value <= 5);
		assert_int_equal(!!(pair.valid & KVM_CLOCK_PAIRING_VALID_SMEAR),
				 value <= 2);
	}
}

/* What has another's number, or wrote nothing, has no version. */
static void decode_version(void **state)
{
	struct kvm_clock_pairing_quality reply = good_reply();
	struct ptp_kvm_pair pair;

	(void)state;
	reply.version = 0;
	refused(reply, true);
	assert_int_equal(ptp_kvm_pair_decode(&reply, false, &pair), 0);
	reply.version = UINT32_MAX;
	reply.reserved[0] = reply.reserved[2] = 0xff;
	assert_int_equal(ptp_kvm_pair_decode(&reply, true, &pair), 0);
}

/* phc2sys leaves 0, which bounds nothing. */
static void decode_no_bound(void **state)
{
	struct kvm_clock_pairing_quality reply = good_reply();
	struct ptp_kvm_pair pair;

	(void)state;
	reply.max_error_ns = 0;
	assert_int_equal(ptp_kvm_pair_decode(&reply, true, &pair), 0);
	assert_int_equal(pair.valid, 0xff & ~(KVM_CLOCK_PAIRING_VALID_MAX_ERROR | KVM_CLOCK_PAIRING_VALID_EST_ERROR));
}

/* Bits that a newer host sets don't make its answer useless. */
static void decode_newer_flags(void **state)
{
	struct kvm_clock_pairing_quality reply = good_reply();
	struct ptp_kvm_pair pair;

	(void)state;
	reply.flags = UINT32_MAX;
	assert_int_equal(ptp_kvm_pair_decode(&reply, true, &pair), 0);
	assert_int_equal(pair.valid, 0xff);
}

static void errnos(void **state)
{
	(void)state;
	assert_int_equal(ptp_kvm_pair_errno(0), 0);
	assert_int_equal(ptp_kvm_pair_errno(-KVM_ENOSYS), -ENOSYS);
	assert_int_equal(ptp_kvm_pair_errno(-KVM_EOPNOTSUPP), -EOPNOTSUPP);
	assert_int_equal(ptp_kvm_pair_errno(-KVM_EFAULT), -EFAULT);
	assert_int_equal(ptp_kvm_pair_errno(-KVM_EPERM), -EPERM);
	assert_int_equal(ptp_kvm_pair_errno(-12345), -EIO);
	assert_int_equal(ptp_kvm_pair_errno(1), -EIO);
	assert_int_equal(ptp_kvm_pair_errno(INT64_MIN), -EIO);
}

static void refusal(void **state)
{
	const struct ptp_kvm_refusal refused = { .refused = true, .at = UINT64_MAX - 10, .place = 4 };

	(void)state;
	assert_false(ptp_kvm_refusal_holds(&(struct ptp_kvm_refusal){ 0 }, 0, 0, 60));
	assert_true(ptp_kvm_refusal_holds(&refused, UINT64_MAX - 10, 4, 60));
	assert_true(ptp_kvm_refusal_holds(&refused, 48, 4, 60));	/* beyond the clock's end */
	assert_false(ptp_kvm_refusal_holds(&refused, 49, 4, 60));
	assert_false(ptp_kvm_refusal_holds(&refused, UINT64_MAX, 6, 60));
	assert_false(ptp_kvm_refusal_holds(&refused, 1ULL << 63, 4, 60));
}

static void between_ends(void **state)
{
	struct ptp_kvm_point a = { 1000, EPOCH_NS, 500 };
	struct ptp_kvm_point b = { 4000, EPOCH_NS + 1000, 1500 };
	struct ptp_kvm_point at;

	(void)state;
	assert_true(ptp_kvm_point_between(&a, &b, 1000, &at));
	assert_memory_equal(&at, &a, sizeof(at));
	assert_true(ptp_kvm_point_between(&a, &b, 4000, &at));
	assert_memory_equal(&at, &b, sizeof(at));
	assert_true(ptp_kvm_point_between(&a, &b, 2500, &at));
	assert_int_equal(at.cycles, 2500);
	assert_true(at.systime == EPOCH_NS + 500);
	assert_true(at.monoraw == 1000);

	assert_false(ptp_kvm_point_between(&a, &b, 999, &at));
	assert_false(ptp_kvm_point_between(&a, &b, 4001, &at));
	assert_true(ptp_kvm_point_between(&a, &a, 1000, &at));
	assert_false(ptp_kvm_point_between(&a, &a, 1001, &at));
}

/* A clock that went backwards in between is no line. */
static void between_backwards(void **state)
{
	struct ptp_kvm_point a = { 1000, EPOCH_NS, 500 };
	struct ptp_kvm_point b = { 4000, EPOCH_NS - 1, 1500 };
	struct ptp_kvm_point at;

	(void)state;
	assert_false(ptp_kvm_point_between(&a, &b, 2000, &at));
	b = (struct ptp_kvm_point){ 4000, EPOCH_NS, 499 };
	assert_false(ptp_kvm_point_between(&a, &b, 2000, &at));
	b = (struct ptp_kvm_point){ 999, EPOCH_NS, 500 };
	assert_false(ptp_kvm_point_between(&a, &b, 999, &at));
}

static uint64_t random_u64(void)
{
	return (uint64_t)random() << 40 ^ (uint64_t)random() << 20 ^ random();
}

/* Against long arithmetic, up to a guest that was paused for an hour. */
static void between_random(void **state)
{
	unsigned int seed = time(NULL), i;

	(void)state;
	print_message("# seed %u\n", seed);
	srandom(seed);
	for (i = 0; i < 100000; i++) {
		uint64_t span = random_u64() % (1ULL << (1 + random() % 44)) + 1;
		uint64_t ns = random_u64() % (1ULL << (1 + random() % 42));
		uint64_t part = random_u64() % (span + 1);
		struct ptp_kvm_point a = { random_u64() >> 1, EPOCH_NS, 3 }, at;
		struct ptp_kvm_point b = { a.cycles + span, EPOCH_NS + ns, 3 + ns };
		uint64_t want = (unsigned __int128)ns * part / span;
		/* exact as long as the product is below 2^63, then one more at most */
		uint64_t more = (unsigned __int128)ns * span >> 63 != 0;

		assert_true(ptp_kvm_point_between(&a, &b, a.cycles + part, &at));
		assert_in_range(at.systime, EPOCH_NS + want, EPOCH_NS + want + more);
		assert_in_range(at.monoraw, 3 + want, 3 + want + more);
		assert_true(at.cycles == a.cycles + part);
		assert_true(at.systime <= b.systime);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layout),
		cmocka_unit_test(decode_quality),
		cmocka_unit_test(decode_wallclock),
		cmocka_unit_test(decode_hostile_time),
		cmocka_unit_test(decode_hostile_window),
		cmocka_unit_test(decode_unknown_numbers),
		cmocka_unit_test(decode_version),
		cmocka_unit_test(decode_no_bound),
		cmocka_unit_test(decode_newer_flags),
		cmocka_unit_test(errnos),
		cmocka_unit_test(refusal),
		cmocka_unit_test(between_ends),
		cmocka_unit_test(between_backwards),
		cmocka_unit_test(between_random),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("pair", tests, NULL, NULL);
}
