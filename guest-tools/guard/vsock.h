/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guard's connection to the host: include/host_clock_record.h. Nothing here waits: what is due is done by vsock_step(),
 * which is to be called when vsock_poll() has something or vsock_wait() is over. Times are CLOCK_BOOTTIME, nanoseconds.
 */
#ifndef GUARD_VSOCK_H
#define GUARD_VSOCK_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "time/host_record.h"

struct vsock {
	const char *device;		/* NULL: nothing is tried */
	bool present;			/* the device, when it was last tried */
	int fd;				/* -1: no socket */
	bool connected;
	int64_t due;			/* when to try again, or to give up */
	int64_t pause;			/* between the last try and the next */
	unsigned char buf[HOST_RECORD_SIZE_MAX];
	size_t have;

	bool told;			/* record is what the host has said last, and it still stands */
	struct host_record record;
	int64_t heard;			/* when */

	int level;			/* of syslog(3) */
	char line[200];			/* what is to be said, once; empty: nothing */
	char problem[200];		/* that has been said last */
};

void vsock_init(struct vsock *v, const char *device);
/* True if there is anything new in told and record. */
bool vsock_step(struct vsock *v, int64_t now);
struct pollfd vsock_poll(const struct vsock *v);
/* From now to what is due next */
int64_t vsock_wait(const struct vsock *v, int64_t now);
/* Something has happened to the host, or another one is there: what was tried in vain is tried again soon. */
void vsock_hurry(struct vsock *v, int64_t now);
void vsock_end(struct vsock *v);

/*
 * When the host made the record; phc is its clock's time at now. False if it is of another time than that clock's: it
 * has waited long for its reader, the host's clock was set since, or it is of another clock.
 */
bool vsock_made(const struct host_record *r, int64_t phc, int64_t now, int64_t *made);

#endif
