/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The processes that steer CLOCK_REALTIME; only one may. */
#ifndef TIME_STEERING_H
#define TIME_STEERING_H

#include <stddef.h>

#define RIVALS_MAX 16

struct rival {
	char name[24];			/* "systemd-timesyncd", "phc2sys" */
	int pid;
	char unit[64];			/* its systemd unit, empty if unknown */
};

/* Those beside chronyd: their number. *chronyd: its process, 0 if it doesn't run. */
int rivals_find(struct rival list[RIVALS_MAX], int *chronyd);

#endif
