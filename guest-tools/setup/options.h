/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The refclock's options, of chrony and of setup. */
#ifndef SETUP_OPTIONS_H
#define SETUP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "chrony/refclock.h"
#include "cli/options.h"
#include "time/host_clock.h"

/* With their heading, and the zero one at the end; a bad argument is misuse. */
#define REFCLOCK_ROWS 24
void refclock_rows(struct option_row rows[static REFCLOCK_ROWS], struct refclock *r);

/* --chrony-version, to a struct chrony_version: for a row of options */
void take_chrony_version(void *version, char *arg);

/*
 * delay and stratum from what the host tells of its clock: delay twice its bound on its own error, since
 * chrony takes half of a delay for possible error; stratum 1, that of a host which is itself synchronized to
 * a reference, as nobody tells how far that is. False with the reason where the host does not tell.
 */
bool refclock_auto(struct refclock *r, const struct host_clock *hc, char *why, size_t len);

#endif
