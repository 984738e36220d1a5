/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Has chronyd selected the clock that setup gave it, or does it wait with it for a host that serves it? */
#ifndef SETUP_SELECTED_H
#define SETUP_SELECTED_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

/* Now? False with what is in the way. */
bool setup_selected(char *why, size_t len);

/* Until it has, for at most timeout_ms, with progress on standard output. False with the reason. */
bool setup_wait(unsigned int timeout_ms, const volatile sig_atomic_t *stop, char *why, size_t len);

#endif
