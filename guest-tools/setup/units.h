/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What setup, remove and prestart ask other programs. */
#ifndef SETUP_UNITS_H
#define SETUP_UNITS_H

#include <stdbool.h>
#include <stddef.h>

/* Of the 90 s that systemd gives a unit to start; a machine that boots is busy */
#define SETUP_MODPROBE_MS 20000
#define SETUP_CHRONYD_MS 20000
#define SETUP_SYSTEMCTL_MS 100000	/* more than systemd's own limit of a start, 90 s */

/* Run a program; false with the reason in why. */
bool setup_run(unsigned int timeout_ms, char *why, size_t len, const char *const argv[]);

/* The module, which stays, if it is ours, even where no host serves it. */
bool setup_load_module(char *why, size_t len);

/*
 * Does chronyd itself read that configuration, includes and all, as far as it says (chronyd -p)? True where
 * it can't be asked: an old one, or not as this user.
 */
bool setup_chronyd_reads(const char *conf, char *why, size_t len);

struct setup_unit {
	char name[128];
	bool known, masked, enabled, active;
};

#define SETUP_UNITS_MAX 16

/*
 * Other daemons that steer the system's clock, running or enabled: their number, or -1 and the reason. Those
 * that were not started by a unit have the name "PROGRAM (process PID)" and known = false.
 * offline: by the units of an image.
 */
int setup_rivals(struct setup_unit list[SETUP_UNITS_MAX], bool offline, char *why, size_t len);
bool setup_unit_state(struct setup_unit *u, const char *name, char *why, size_t len);

#endif
