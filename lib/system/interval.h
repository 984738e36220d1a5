/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The waiting from one tick to the next, which a signal ends. */
#ifndef SYSTEM_INTERVAL_H
#define SYSTEM_INTERVAL_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

extern volatile sig_atomic_t ticks_stop;	/* SIGINT, SIGTERM or SIGHUP has come */

/*
 * Those signals are blocked but for the time of waiting, so that none comes between a look at ticks_stop and the
 * wait; by threads that begin later too. normal: what is blocked while waiting.
 */
void ticks_catch_signals(sigset_t *normal);

/* The same signals set ticks_stop and end a call that waits; none is blocked. */
void ticks_note_signals(void);

/* Until the time on CLOCK_MONOTONIC, or a signal. */
void ticks_wait(int64_t deadline, const sigset_t *normal);

/* What is missing is said on standard error when it begins, not at each tick. said: what was, "" at first */
void ticks_say_once(char *said, size_t len, const char *why);

#endif
