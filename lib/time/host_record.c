// SPDX-License-Identifier: GPL-2.0-or-later
#include <endian.h>
#include <inttypes.h>
#include <string.h>

#include "base/array.h"
#include "base/now.h"
#include "base/text.h"
#include "time/host_record.h"

#define HEADER_SIZE 8		/* magic, version and size */
#define TAI_OFFSET_MAX 1000	/* s; 37 in 2026 */

/* The last second that Linux lets its clock be set to (TIME_SETTOD_SEC_MAX): in 2232 */
#define TIME_MAX_NS (8277292036LL * NSEC_PER_SEC)

_Static_assert(sizeof(struct host_clock_record) == HOST_RECORD_SIZE, "the record has 96 bytes");

static const char *const source_names[] = {
	[HOST_CLOCK_SOURCE_NONE] = "none",
	[HOST_CLOCK_SOURCE_KERNEL] = "kernel",
	[HOST_CLOCK_SOURCE_CHRONY] = "chrony",
	[HOST_CLOCK_SOURCE_PTP4L] = "ptp4l",
};

static const char *const smear_names[] = {
	[KVM_CLOCK_PAIRING_SMEAR_NONE] = "none",
	[KVM_CLOCK_PAIRING_SMEAR_NOON_LINEAR] = "noon-linear",
	[KVM_CLOCK_PAIRING_SMEAR_UTC_SLS] = "utc-sls",
};

const char *host_record_source_name(enum host_clock_source source)
{
	return (size_t)source < ARRAY_SIZE(source_names) ? source_names[source] : "none";
}

const char *host_record_smear_name(enum kvm_clock_pairing_smear smear)
{
	return (size_t)smear < ARRAY_SIZE(smear_names) ? smear_names[smear] : "unknown";
}

/* A bound of 0 is none: no clock is exact. */
static bool is_bound(uint64_t ns)
{
	return ns > 0 && ns <= HOST_RECORD_ERROR_MAX_NS;
}

static bool is_tai_offset(int64_t s)
{
	return s >= -TAI_OFFSET_MAX && s <= TAI_OFFSET_MAX;
}

/* Those of has_* that are true of it */
static uint32_t flags_of(const struct host_record *r)
{
	uint32_t flags = 0;

	if (r->has_max_error && is_bound(r->max_error_ns))
		flags |= HOST_CLOCK_VALID_MAX_ERROR;
	if (r->has_ref_error && is_bound(r->ref_error_ns))
		flags |= HOST_CLOCK_VALID_REF_ERROR;
	if (r->has_tai_offset && is_tai_offset(r->tai_offset))
		flags |= HOST_CLOCK_VALID_TAI_OFFSET;
	if (r->has_leap && r->leap <= KVM_CLOCK_PAIRING_LEAP_POST_NEG)
		flags |= HOST_CLOCK_VALID_LEAP;
	if (r->has_smear && r->smear < ARRAY_SIZE(smear_names))
		flags |= HOST_CLOCK_VALID_SMEAR;
	return flags;
}

void host_record_encode(unsigned char buf[static HOST_RECORD_SIZE], const struct host_record *r)
{
	uint32_t flags = flags_of(r);
	struct host_clock_record wire = {
		.magic = htole32(HOST_CLOCK_MAGIC),
		.version = htole16(HOST_CLOCK_VERSION),
		.size = htole16(HOST_RECORD_SIZE),
		.time_ns = htole64(r->time_ns),
		.drift_ppb = htole32(r->drift_ppb),
		.flags = htole32(flags),
		.status = r->status,
		.bound_source = r->source,
	};

	if (r->has_host) {
		memcpy(wire.host_id, r->host_id, sizeof(wire.host_id));
		wire.marker = htole64(r->marker);
	}
	if (flags & HOST_CLOCK_VALID_MAX_ERROR)
		wire.max_error_ns = htole64(r->max_error_ns);
	if (flags & HOST_CLOCK_VALID_REF_ERROR)
		wire.ref_error_ns = htole64(r->ref_error_ns);
	if (flags & HOST_CLOCK_VALID_TAI_OFFSET)
		wire.tai_offset_s = htole32(r->tai_offset);
	if (flags & HOST_CLOCK_VALID_LEAP)
		wire.leap = r->leap;
	if (flags & HOST_CLOCK_VALID_SMEAR)
		wire.smear = r->smear;
	memcpy(buf, &wire, sizeof(wire));
}

/* What each field says, in its range or not told */
static void take(struct host_record *r, const struct host_clock_record *wire)
{
	uint32_t flags = le32toh(wire->flags);

	*r = (struct host_record){
		.time_ns = (int64_t)le64toh(wire->time_ns),
		.max_error_ns = le64toh(wire->max_error_ns),
		.ref_error_ns = le64toh(wire->ref_error_ns),
		.drift_ppb = le32toh(wire->drift_ppb),
		.tai_offset = (int32_t)le32toh(wire->tai_offset_s),
	};
	memcpy(r->host_id, wire->host_id, sizeof(r->host_id));
	for (size_t i = 0; i < sizeof(r->host_id); i++)
		r->has_host |= r->host_id[i];
	if (r->has_host)
		r->marker = le64toh(wire->marker);
	r->has_max_error = flags & HOST_CLOCK_VALID_MAX_ERROR && is_bound(r->max_error_ns);
	r->has_ref_error = flags & HOST_CLOCK_VALID_REF_ERROR && is_bound(r->ref_error_ns);
	r->has_tai_offset = flags & HOST_CLOCK_VALID_TAI_OFFSET && is_tai_offset(r->tai_offset);
	r->has_leap = flags & HOST_CLOCK_VALID_LEAP && wire->leap <= KVM_CLOCK_PAIRING_LEAP_POST_NEG;
	r->has_smear = flags & HOST_CLOCK_VALID_SMEAR && wire->smear < ARRAY_SIZE(smear_names);
	if (!r->has_max_error)
		r->max_error_ns = 0;
	if (!r->has_ref_error)
		r->ref_error_ns = 0;
	if (!r->has_tai_offset)
		r->tai_offset = 0;
	if (r->has_leap)
		r->leap = wire->leap;
	if (r->has_smear)
		r->smear = wire->smear;
	if (wire->status <= HOST_UNRELIABLE)
		r->status = wire->status;
	if (wire->bound_source < ARRAY_SIZE(source_names))
		r->source = wire->bound_source;
}

static int no_record(char *why, size_t len, const char *what, uint64_t value)
{
	refuse(why, len, "%s: %" PRIu64, what, value);
	return -1;
}

int host_record_decode(struct host_record *r, const void *data, size_t len, char *why, size_t why_len)
{
	struct host_clock_record wire = { .magic = 0 };
	unsigned int version, size;

	memcpy(&wire, data, len < sizeof(wire) ? len : sizeof(wire));
	if (len >= sizeof(wire.magic) && le32toh(wire.magic) != HOST_CLOCK_MAGIC)
		return no_record(why, why_len, "no record of a host's clock, by its first bytes", le32toh(wire.magic));
	if (len < HEADER_SIZE)
		return 0;
	version = le16toh(wire.version);
	size = le16toh(wire.size);
	if (version < HOST_CLOCK_VERSION)
		return no_record(why, why_len, "a record of no known version", version);
	if (size > HOST_RECORD_SIZE_MAX || size < HOST_RECORD_SIZE ||
	    (version == HOST_CLOCK_VERSION && size != HOST_RECORD_SIZE))
		return no_record(why, why_len, "a record of a wrong size in bytes", size);
	if (len < size)
		return 0;
	if (le64toh(wire.time_ns) > TIME_MAX_NS)	/* or negative */
		return no_record(why, why_len, "a record of an impossible time in ns", le64toh(wire.time_ns));
	take(r, &wire);
	return size;
}
