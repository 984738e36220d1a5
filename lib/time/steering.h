/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who sets CLOCK_REALTIME, now and from the next boot on; only one may. Programs that set it only when something
 * happens are none of them: agents of clouds and hypervisors after a migration (google_guest_agent, qemu-ga, vmtoolsd,
 * VBoxService), ntpdate, rdate, sntp, hwclock. ts2phc, timemaster and ptp4l with hardware timestamps set other clocks,
 * or have it done.
 */
#ifndef TIME_STEERING_H
#define TIME_STEERING_H

#include <stdbool.h>
#include <stddef.h>

#include "system/processes.h"

#define STEERERS_MAX 128

struct steerer {
	char name[24];			/* "systemd-timesyncd", "phc2sys" */
	int pid;			/* 0: it doesn't run, and will from the next boot on */
	char unit[UNIT_NAME_LEN];	/* its systemd unit, empty if it has none */
	bool at_boot;			/* its unit is enabled */
	enum answer elsewhere;		/* in another root or network namespace */
	char from[160];			/* where it takes the time from, in words; empty if unknown */
};

/* The processes of all of these programs, also of those that do not steer now. To be freed. */
void steering_processes(struct processes *p);

/* Those that steer, by number, and then those that are only enabled, under systemd: how many there are. */
int steering_find(struct steerer list[STEERERS_MAX], const struct processes *p);

/*
 * The units that such daemons have by name, but for chronyd's and linuxptp's: the i-th, from 0 on; false at the end.
 */
bool steering_unit(int i, char unit[static UNIT_NAME_LEN]);

/* The chronyd of this system, steering or not (-x); NULL if none runs. */
const struct process *steering_chronyd(const struct processes *p);

#endif
