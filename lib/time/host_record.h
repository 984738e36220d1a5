/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a host tells of its clock over vsock, in bytes and as a struct: include/host_clock_record.h. */
#ifndef TIME_HOST_RECORD_H
#define TIME_HOST_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../include/host_clock_record.h"
#include "../../include/kvm_clock_pairing.h"
#include "time/host_clock.h"

#define HOST_RECORD_SIZE 96	/* of the version that is written here */
#define HOST_RECORD_SIZE_MAX 4096	/* of any */

/* A bound beyond this says nothing, and is as one that is not told: 31 years */
#define HOST_RECORD_ERROR_MAX_NS 1000000000000000000ULL

struct host_record {
	uint8_t host_id[16];
	bool has_host;			/* and marker; not where a service begins without its gatherer */
	uint64_t marker;
	int64_t time_ns;		/* 0 to 2232: sums of times, ages and bounds don't overflow */
	bool has_max_error, has_ref_error, has_tai_offset, has_leap, has_smear;
	uint64_t max_error_ns;		/* 1 to HOST_RECORD_ERROR_MAX_NS */
	uint64_t ref_error_ns;		/* likewise */
	uint32_t drift_ppb;
	int tai_offset;			/* s */
	enum host_status status;
	enum host_clock_source source;
	enum kvm_clock_pairing_leap leap;
	enum kvm_clock_pairing_smear smear;
};

/* What has_* does not name, or is out of its range, is not told. A host_id of zeroes is none. */
void host_record_encode(unsigned char buf[static HOST_RECORD_SIZE], const struct host_record *r);

/*
 * The record that a stream begins with, of which len bytes are there: its length, to be passed over before the next;
 * 0: there is more to come of it; -1: it is none, with the reason in why, and what follows can't be trusted either.
 * Every field is in its range afterwards: what was not is not told, a status or source that is not known is UNKNOWN
 * or NONE.
 */
int host_record_decode(struct host_record *r, const void *data, size_t len, char *why, size_t why_len);

const char *host_record_source_name(enum host_clock_source source);	/* "chrony" */
const char *host_record_smear_name(enum kvm_clock_pairing_smear smear);	/* "noon-linear" */

#endif
