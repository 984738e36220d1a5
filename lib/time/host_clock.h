/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the guest knows of its host's clock: over vsock (time/host_told.h) where the host serves that, else from the
 * driver, host_clock/ in sysfs, see Documentation/ABI/sysfs-ptp_kvm.
 */
#ifndef TIME_HOST_CLOCK_H
#define TIME_HOST_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "time/phc.h"

enum host_status {
	HOST_UNKNOWN,
	HOST_INITIALIZING,
	HOST_SYNCHRONIZED,
	HOST_FREE_RUNNING,
	HOST_UNRELIABLE,
};

/* Who told of the clock itself: not of pairing_type and window_ns, which are the driver's */
enum host_clock_from { HOST_UNTOLD, HOST_BY_DRIVER, HOST_BY_VSOCK };

struct host_clock {
	bool present;			/* there is a host_clock/, that is: the driver is ours */
	int error;			/* errno of reading it: how the host answers; 0 if it does */
	int pairing_type;		/* 0: time only; 1: with quality */
	bool has_window;
	uint64_t window_ns;

	enum host_clock_from from;
	bool has_status, has_max_error, has_est_error, has_tai_offset, has_leap, has_smear, has_marker;
	enum host_status status;
	uint64_t max_error_ns;		/* to UTC, now */
	uint64_t est_error_ns;
	int tai_offset;			/* seconds */
	char leap[24];			/* as in sysfs: "none", "insert-pending", … */
	char smear[16];			/* likewise: "none", "noon-linear", "utc-sls" */
	uint64_t marker;

	/* HOST_BY_VSOCK only */
	bool has_ref_error;
	uint64_t ref_error_ns;		/* to the grandmaster, or to the NTP server, that it follows; now */
	uint32_t drift_ppb;		/* by which both bounds grow */
	char bound_source[16];		/* whose they are: "kernel", "chrony", "ptp4l"; "none" */
	char host_id[33];		/* hexadecimal, opaque; empty: not known, nor is the marker */
	int64_t age_ns;			/* of the record */
};

/*
 * Read it for the clock phc, below file_root. Files that are missing, unreadable or hold what they should
 * not are as if the host did not tell; so are a bound of 0 on its error, and the estimate beside it, and what was told
 * over vsock some time ago. Never fails: what is not there is not there.
 */
void host_clock_read(struct host_clock *hc, const struct phc *phc);
const char *host_status_name(enum host_status status);
/* Does the host say that its clock is not, or no longer, synchronized? */
bool host_unsynchronized(const struct host_clock *hc);
/* "driver", "vsock"; NULL: nobody */
const char *host_clock_from_name(enum host_clock_from from);
const char *host_leap_name(unsigned int leap);	/* of enum kvm_clock_pairing_leap */

#define HOST_REFUSES "the host refuses, its own clocksource is not the TSC"
#define HOST_TOO_OLD "the host does not know the call"

/* Why a reading of the clock phc failed with err: in words, and those of the host where it is that which does not serve it. */
const char *host_clock_why(const struct phc *phc, int err);

#endif
