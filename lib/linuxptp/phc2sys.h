/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a phc2sys does, by its command line and configuration (phc2sys(8)). */
#ifndef LINUXPTP_PHC_SYS_H
#define LINUXPTP_PHC_SYS_H

#include <stdbool.h>

#include "linuxptp/conf.h"
#include "system/processes.h"

/* Its options that take an argument, in linuxptp 3.1 to 4.4 and after */
#define PHC2SYS_WITH_ARGUMENT "CcdfsEPISFRNOLMiunzlt"

struct phc2sys {
	int pid;		/* 0: of a unit that doesn't run */
	bool steers;		/* CLOCK_REALTIME: not where it only feeds NTP, or runs free */
	bool feeds;		/* hands what it measures to an NTP daemon (ntpshm, refclock_sock) */
	bool free_running;
	bool automatic;		/* -a: the clocks are ptp4l's */
	bool waits;		/* -w or -a: for ptp4l, whose TAI offset it takes */
	bool unread;		/* its configuration, -f, can't be: what is said of servo and free_running is a guess then */
	char source[64];	/* -s: an interface, a device or CLOCK_REALTIME; empty if not given */
	char offset[16];	/* -O: seconds, as it stands; empty if not given */
	char to[LINUXPTP_SOCKET_LEN];	/* where it hands it: a number of SHM, or the socket's path */
	char servo[24];		/* "pi" */
	char ptp4l[LINUXPTP_SOCKET_LEN];	/* the socket of the ptp4l that it asks, -z or uds_address; empty: the default one */
};

/* proc: whose command line it is; NULL for a unit's. */
void phc2sys_of(struct phc2sys *p, struct cmdline *c, const struct process *proc);
/* Of a process; false if there is no such process any more. */
bool phc2sys_read(struct phc2sys *p, const struct process *proc);

#endif
