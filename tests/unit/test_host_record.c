// SPDX-License-Identifier: GPL-2.0-or-later
/* The record of a host's clock: byte by byte, in pieces, and with what should not be in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "time/host_record.h"

/* 21 November 2026 */
#define TIME_NS 1795219200123456789LL

/* As another implementation would write it: these bytes are the protocol, and never change. */
static const unsigned char bytes[HOST_RECORD_SIZE] = {
	0x50, 0x43, 0x4b, 0x52, 0x01, 0x00, 0x60, 0x00,
	0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f,
	0x10, 0x32, 0x54, 0x76, 0x98, 0xba, 0xdc, 0xfe,
	0x15, 0xcd, 0x51, 0xdd, 0x59, 0xe6, 0xe9, 0x18,
	0x40, 0xe2, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x2f, 0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x98, 0x3a, 0x00, 0x00, 0x1f, 0x00, 0x00, 0x00,
	0x25, 0x00, 0x00, 0x00, 0x02, 0x03, 0x01, 0x02,
};

static const struct host_record whole = {
	.host_id = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
	.has_host = true,
	.marker = 0xfedcba9876543210,
	.time_ns = TIME_NS,
	.has_max_error = true, .max_error_ns = 123456,
	.has_ref_error = true, .ref_error_ns = 815,
	.drift_ppb = 15000,
	.has_tai_offset = true, .tai_offset = 37,
	.status = HOST_SYNCHRONIZED,
	.source = HOST_CLOCK_SOURCE_PTP4L,
	.has_leap = true, .leap = KVM_CLOCK_PAIRING_LEAP_PRE_POS,
	.has_smear = true, .smear = KVM_CLOCK_PAIRING_SMEAR_UTC_SLS,
};

static char why[200];

static int decode(struct host_record *r, const void *data, size_t len)
{
	memset(r, 'x', sizeof(*r));
	why[0] = 0;
	return host_record_decode(r, data, len, why, sizeof(why));
}

static void check_same(const struct host_record *a, const struct host_record *b)
{
	assert_memory_equal(a->host_id, b->host_id, sizeof(a->host_id));
	assert_int_equal(a->has_host, b->has_host);
	assert_true(a->marker == b->marker && a->time_ns == b->time_ns && a->drift_ppb == b->drift_ppb);
	assert_int_equal(a->has_max_error, b->has_max_error);
	assert_int_equal(a->max_error_ns, b->max_error_ns);
	assert_int_equal(a->has_ref_error, b->has_ref_error);
	assert_int_equal(a->ref_error_ns, b->ref_error_ns);
	assert_int_equal(a->has_tai_offset, b->has_tai_offset);
	assert_int_equal(a->tai_offset, b->tai_offset);
	assert_int_equal(a->status, b->status);
	assert_int_equal(a->source, b->source);
	assert_int_equal(a->has_leap, b->has_leap);
	assert_int_equal(a->leap, b->leap);
	assert_int_equal(a->has_smear, b->has_smear);
	assert_int_equal(a->smear, b->smear);
}

static void test_bytes(void **state)
{
	unsigned char buf[HOST_RECORD_SIZE];
	struct host_record r;

	(void)state;
	host_record_encode(buf, &whole);
	assert_memory_equal(buf, bytes, sizeof(bytes));
	assert_int_equal(decode(&r, bytes, sizeof(bytes)), HOST_RECORD_SIZE);
	check_same(&r, &whole);
}

/* Nothing is known but the time: as of a host whose gatherer is gone */
static void test_unknown(void **state)
{
	const struct host_record unknown = { .time_ns = TIME_NS };
	unsigned char buf[HOST_RECORD_SIZE];
	struct host_record r;

	(void)state;
	host_record_encode(buf, &unknown);
	assert_int_equal(decode(&r, buf, sizeof(buf)), HOST_RECORD_SIZE);
	check_same(&r, &unknown);
}

/* A record comes in any pieces; nothing is made of a part of one. */
static void test_pieces(void **state)
{
	unsigned char two[2 * HOST_RECORD_SIZE];
	struct host_record r;

	(void)state;
	memcpy(two, bytes, sizeof(bytes));
	memcpy(two + sizeof(bytes), bytes, sizeof(bytes));
	for (size_t len = 0; len < HOST_RECORD_SIZE; len++)
		assert_int_equal(decode(&r, bytes, len), 0);
	for (size_t len = HOST_RECORD_SIZE; len <= sizeof(two); len++)
		assert_int_equal(decode(&r, two, len), HOST_RECORD_SIZE);
	check_same(&r, &whole);
}

/* It begins with what this one has, and is passed over as a whole. */
static void test_later_version(void **state)
{
	unsigned char later[HOST_RECORD_SIZE_MAX + 1];
	struct host_record r;

	(void)state;
	memset(later, 0xff, sizeof(later));
	memcpy(later, bytes, sizeof(bytes));
	later[4] = 2;
	later[6] = 0x80;
	assert_int_equal(decode(&r, later, 0x7f), 0);
	assert_int_equal(decode(&r, later, sizeof(later)), 0x80);
	check_same(&r, &whole);
	later[6] = 0x00;
	later[7] = 0x10;
	assert_int_equal(decode(&r, later, sizeof(later)), HOST_RECORD_SIZE_MAX);
	later[6] = 0x01;
	assert_int_equal(decode(&r, later, sizeof(later)), -1);
}

/* Bits and bytes that are none of this version's */
static void test_passed_over(void **state)
{
	unsigned char buf[HOST_RECORD_SIZE];
	struct host_record r;

	(void)state;
	memcpy(buf, bytes, sizeof(buf));
	memset(buf + 72, 0xff, 24);
	buf[60] |= 0xe0;
	buf[61] = buf[62] = buf[63] = 0xff;
	assert_int_equal(decode(&r, buf, sizeof(buf)), HOST_RECORD_SIZE);
	check_same(&r, &whole);
}

static void put(unsigned char *at, uint64_t value, size_t len)
{
	for (size_t i = 0; i < len; i++)
		at[i] = value >> 8 * i;
}

static void test_refused(void **state)
{
	static const struct {
		size_t at, len;
		uint64_t value;
		const char *why;
	} cases[] = {
		{ 0, 4, 0, "no record of a host's clock" },
		{ 0, 4, 0x50434b52, "no record of a host's clock" },	/* of the other endianness */
		{ 4, 2, 0, "of no known version" },
		{ 6, 2, 0, "wrong size in bytes: 0" },
		{ 6, 2, 95, "wrong size in bytes: 95" },
		{ 6, 2, 97, "wrong size in bytes: 97" },		/* version 1 has 96 */
		{ 6, 2, 0xffff, "wrong size in bytes: 65535" },
		{ 32, 8, (uint64_t)-1, "impossible time" },
		{ 32, 8, 1ULL << 63, "impossible time" },
		{ 32, 8, INT64_MAX, "impossible time" },
		{ 32, 8, 8277292036000000001, "impossible time" },
	};
	unsigned char buf[HOST_RECORD_SIZE];
	struct host_record r;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memcpy(buf, bytes, sizeof(buf));
		put(buf + cases[i].at, cases[i].value, cases[i].len);
		assert_int_equal(decode(&r, buf, sizeof(buf)), -1);
		assert_non_null(strstr(why, cases[i].why));
	}
	/* At once, not when all that a liar announces has come */
	put(buf, 0, 4);
	assert_int_equal(decode(&r, buf, 4), -1);
	memcpy(buf, bytes, sizeof(buf));
	put(buf + 6, 0xffff, 2);
	assert_int_equal(decode(&r, buf, 8), -1);
	/* The ends of what is possible */
	memcpy(buf, bytes, sizeof(buf));
	put(buf + 32, 0, 8);
	assert_int_equal(decode(&r, buf, sizeof(buf)), HOST_RECORD_SIZE);
	put(buf + 32, 8277292036000000000, 8);
	assert_int_equal(decode(&r, buf, sizeof(buf)), HOST_RECORD_SIZE);
	assert_true(r.time_ns == 8277292036000000000);
}

/* What is out of its range is not told, the rest is. */
static void test_ranges(void **state)
{
	static const struct {
		size_t at, len;
		uint64_t value;
	} cases[] = {
		{ 40, 8, 0 }, { 40, 8, HOST_RECORD_ERROR_MAX_NS + 1 }, { 40, 8, UINT64_MAX },
		{ 48, 8, 0 }, { 48, 8, HOST_RECORD_ERROR_MAX_NS + 1 }, { 48, 8, UINT64_MAX },
		{ 64, 4, 1001 }, { 64, 4, (uint32_t)-1001 }, { 64, 4, 0x80000000 },
		{ 68, 1, 5 }, { 68, 1, 255 },
		{ 69, 1, 4 }, { 69, 1, 255 },
		{ 70, 1, 6 }, { 70, 1, 255 },
		{ 71, 1, 3 }, { 71, 1, 255 },
	};
	unsigned char buf[HOST_RECORD_SIZE];
	struct host_record r;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t at = cases[i].at;

		memcpy(buf, bytes, sizeof(buf));
		put(buf + at, cases[i].value, cases[i].len);
		assert_int_equal(decode(&r, buf, sizeof(buf)), HOST_RECORD_SIZE);
		assert_int_equal(r.has_max_error, at != 40);
		assert_int_equal(r.has_ref_error, at != 48);
		assert_int_equal(r.has_tai_offset, at != 64);
		assert_int_equal(r.status, at == 68 ? HOST_UNKNOWN : HOST_SYNCHRONIZED);
		assert_int_equal(r.source, at == 69 ? HOST_CLOCK_SOURCE_NONE : HOST_CLOCK_SOURCE_PTP4L);
		assert_int_equal(r.has_leap, at != 70);
		assert_int_equal(r.has_smear, at != 71);
		/* and nobody reads it by mistake */
		assert_true((r.max_error_ns == 0) == (at == 40) && (r.ref_error_ns == 0) == (at == 48));
		assert_true((r.tai_offset == 0) == (at == 64));
	}
}

/* Without a host's id a marker is none. */
static void test_no_host(void **state)
{
	unsigned char buf[HOST_RECORD_SIZE];
	struct host_record r;

	(void)state;
	memcpy(buf, bytes, sizeof(buf));
	memset(buf + 8, 0, 16);
	assert_int_equal(decode(&r, buf, sizeof(buf)), HOST_RECORD_SIZE);
	assert_false(r.has_host);
	assert_true(r.marker == 0);
	buf[23] = 1;
	assert_int_equal(decode(&r, buf, sizeof(buf)), HOST_RECORD_SIZE);
	assert_true(r.has_host && r.marker == whole.marker);
	r.has_host = false;
	host_record_encode(buf, &r);
	for (int i = 8; i < 32; i++)
		assert_int_equal(buf[i], 0);
}

/* Each bit is its own field's. */
static void test_flags(void **state)
{
	unsigned char buf[HOST_RECORD_SIZE];
	struct host_record r;

	(void)state;
	for (unsigned int flags = 0; flags < 32; flags++) {
		memcpy(buf, bytes, sizeof(buf));
		buf[60] = flags;
		assert_int_equal(decode(&r, buf, sizeof(buf)), HOST_RECORD_SIZE);
		assert_int_equal(r.has_max_error, !!(flags & 1));
		assert_int_equal(r.has_ref_error, !!(flags & 2));
		assert_int_equal(r.has_tai_offset, !!(flags & 4));
		assert_int_equal(r.has_leap, !!(flags & 8));
		assert_int_equal(r.has_smear, !!(flags & 16));
		host_record_encode(buf, &r);
		assert_int_equal(buf[60], flags);
	}
}

/* Nothing goes out that would not be taken. */
static void test_encode_ranges(void **state)
{
	struct host_record bad = whole, r;
	unsigned char buf[HOST_RECORD_SIZE];

	(void)state;
	bad.max_error_ns = 0;
	bad.ref_error_ns = UINT64_MAX;
	bad.tai_offset = 1001;
	bad.leap = 6;
	bad.smear = 3;
	host_record_encode(buf, &bad);
	for (int i = 40; i < 56; i++)
		assert_int_equal(buf[i], 0);
	assert_int_equal(decode(&r, buf, sizeof(buf)), HOST_RECORD_SIZE);
	assert_false(r.has_max_error || r.has_ref_error || r.has_tai_offset || r.has_leap || r.has_smear);
	bad.has_tai_offset = true;
	bad.tai_offset = -37;
	host_record_encode(buf, &bad);
	assert_int_equal(decode(&r, buf, sizeof(buf)), HOST_RECORD_SIZE);
	assert_true(r.has_tai_offset);
	assert_int_equal(r.tai_offset, -37);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(host_record_source_name(HOST_CLOCK_SOURCE_NONE), "none");
	assert_string_equal(host_record_source_name(HOST_CLOCK_SOURCE_KERNEL), "kernel");
	assert_string_equal(host_record_source_name(HOST_CLOCK_SOURCE_CHRONY), "chrony");
	assert_string_equal(host_record_source_name(HOST_CLOCK_SOURCE_PTP4L), "ptp4l");
	assert_string_equal(host_record_source_name(77), "none");
	assert_string_equal(host_record_smear_name(KVM_CLOCK_PAIRING_SMEAR_NOON_LINEAR), "noon-linear");
	assert_string_equal(host_record_smear_name(3), "unknown");
	assert_string_equal(host_leap_name(KVM_CLOCK_PAIRING_LEAP_PRE_POS), "insert-pending");
	assert_string_equal(host_leap_name(KVM_CLOCK_PAIRING_LEAP_POST_NEG), "deleted");
	assert_string_equal(host_leap_name(6), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_later_version),
		cmocka_unit_test(test_passed_over),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_no_host),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_encode_ranges),
		cmocka_unit_test(test_names),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("host_record", tests, NULL, NULL);
}
