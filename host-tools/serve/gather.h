/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The gatherer: it works out the record, and hands it to serve; no guest reaches it. */
#ifndef SERVE_GATHER_H
#define SERVE_GATHER_H

#include "serve/bound.h"
#include "time/host_record.h"

/*
 * serve listens for it at SERVE_SOCKET (facts/vsock.h): a socket of datagrams, root's, that systemd makes. Two
 * processes, and not one that gives its rights away: what guests reach has never had any, and either can be killed
 * without the other. Datagrams, as each is whole or not there; a stream can have half ones.
 */
/* A record each second; in between it is sent once more, so that silence for a second means that nobody is there. */
#define GATHER_BEAT_NS (NSEC_PER_SEC / 2)

/* Never returns, but to the end of the program on a signal. */
int gather_run(const struct bound_options *o);

/* One record as it would be sent now, and what was heard for it */
void gather_once(const struct bound_options *o, struct host_record *r, struct heard *h);

#endif
