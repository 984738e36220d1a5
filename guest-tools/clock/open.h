/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The PHC, read as well as this guest can, and chronyd's source for it. */
#ifndef CLOCK_OPEN_H
#define CLOCK_OPEN_H

#include "chrony/chronyc.h"
#include "time/phc.h"

/*
 * Open the PHC at path, or the KVM one if path is NULL. 0; or what the program is to exit with after the
 * reason has been said on standard error.
 */
int view_open(struct phc *phc, const char *path);

/* Say why the one at path (NULL: the KVM one) can't be read, and what to type; what to exit with. */
int view_explain(const char *path, const char *why, int err);

/* Offsets are device - system: positive where the system's clock is behind. */
struct phc_reading {
	enum phc_method method;
	int64_t offset_ns;
	int64_t window_ns;	/* the system's clock was read twice, so far apart; 0: an exact pair */
};

/* By phc_read_best(), whose error it returns. */
int view_phc(int fd, struct phc_reading *r);

/* Seconds of chronyd's in whole ns; NAN stays. */
double view_ns(double s);

#define VIEW_SOURCES_MAX 128

#endif
