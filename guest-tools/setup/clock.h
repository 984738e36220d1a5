/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The system's clock is right before chronyd starts. */
#ifndef SETUP_CLOCK_H
#define SETUP_CLOCK_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Sets the system's clock on the KVM PHC, and with rate its frequency too, if nobody vouches for it: the kernel counts it as
 * unsynchronized, as after each boot, and the host does not say the same of its own. Otherwise it is chronyd that decides.
 * said: what was done, or why not, in words; empty if there was nothing to do.
 */
void setup_set_clock(bool rate, char *said, size_t len);

#endif
