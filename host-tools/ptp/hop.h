/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last hop of the chain: from a card's PHC, which ptp4l keeps, to the system's clock. The sign of all hops is that of
 * both tools: what a clock follows minus the clock, positive where it is behind; so that hops add up.
 */
#ifndef PTP_HOP_H
#define PTP_HOP_H

#include "facts/facts.h"

struct chain_hop {
	bool there;
	char path[24];			/* "/dev/ptp0"; empty if there is none to read */
	char why[200];			/* it is not there, or was not read */
	int tai_utc;			/* s, that the PHC is ahead of UTC */
	bool known;
	int64_t offset_ns;		/* PHC, as UTC, − system */
	int64_t uncertainty_ns;
};

/*
 * The PHC that p keeps as a slave; not read yet. False, and not there, where there is no such hop: with software timestamps, or where
 * p follows no master.
 */
bool chain_find(const struct check_facts *f, const struct ptp4l_fact *p, struct chain_hop *hop);

/* Reads it; where that fails it is not known, and why says the reason. */
void chain_read(struct chain_hop *hop);

/* IEEE 1588's clockAccuracy in s: 0x20 is 25e-9; INFINITY is more than 10 s, NAN what says nothing */
double chain_accuracy(int code);
/* The same in words: "25 ns"; NULL for what says nothing */
#define CHAIN_ACCURACY_LEN 24
const char *chain_accuracy_text(char buf[static CHAIN_ACCURACY_LEN], int code);

#endif
