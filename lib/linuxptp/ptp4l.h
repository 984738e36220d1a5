/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ptp4l processes, and how each was started and configured (ptp4l(8)). */
#ifndef LINUXPTP_PTP_L_H
#define LINUXPTP_PTP_L_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#include "linuxptp/conf.h"
#include "system/processes.h"

/* Its options that take an argument, in linuxptp 3.1 to 4.4 and after */
#define PTP4L_WITH_ARGUMENT "fipl"

#define PTP4L_PORTS_MAX 16

struct ptp4l {
	int pid;
	enum answer elsewhere;		/* in another root or network namespace */
	char unit[UNIT_NAME_LEN];	/* its systemd unit, empty if it has none */
	char conf[200];			/* of -f, absolute; empty without one */
	int conf_error;			/* errno, if that can't be read: nothing below is known then */
	char interfaces[PTP4L_PORTS_MAX][IFNAMSIZ];
	int n_interfaces;
	bool software;			/* time_stamping software or legacy: it steers CLOCK_REALTIME, if anything */
	bool free_running, client_only, server_only;
	char servo[24];			/* "pi" */
	int domain, transport_specific;
	char socket[LINUXPTP_SOCKET_LEN];		/* that is there to ask it, empty if none is */
	char socket_read_only[LINUXPTP_SOCKET_LEN];	/* for everybody, from 4.0 on; empty if there is none */
	char leapfile[200];
};

/* proc: whose command line it is; NULL for a unit's. */
void ptp4l_of(struct ptp4l *p, struct cmdline *c, const struct process *proc);
/* Of a process; false if there is no such process any more. */
bool ptp4l_read(struct ptp4l *p, const struct process *proc);

/* It steers CLOCK_REALTIME once it is a slave. */
bool ptp4l_may_steer(const struct ptp4l *p);

/* Its servo changes no clock: it is free-running, or hands its measurements to NTP. */
bool ptp4l_measures_only(const struct ptp4l *p);

#endif
