/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The refclock's options, of chrony and of setup. */
#ifndef SETUP_OPTIONS_H
#define SETUP_OPTIONS_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>

#include "chrony/refclock.h"
#include "time/host_clock.h"

/* The command line's part: entries for getopt_long(), a line of help each. */
enum { REFCLOCK_OPT_FIRST = 1000 };
extern const struct option refclock_options[];
extern const char refclock_help[];
#define REFCLOCK_OPTIONS_MAX 24

/* own's entries and the refclock's, ended by an empty one. */
void refclock_add_options(struct option *all, size_t max, const struct option *own);

/* False if opt is none of the refclock's; a bad argument is misuse. given (may be NULL) becomes true. */
bool refclock_option(struct refclock *r, int opt, const char *arg, bool *given);

/*
 * delay and stratum from what the host tells of its clock: delay twice its bound on its own error, since
 * chrony takes half of a delay for possible error; stratum 1, that of a host which is itself synchronized to
 * a reference, as nobody tells how far that is. False with the reason where the host does not tell.
 */
bool refclock_auto(struct refclock *r, const struct host_clock *hc, char *why, size_t len);

#endif
