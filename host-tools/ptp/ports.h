/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A ptp4l's ports, and what it says of its offset. */
#ifndef PTP_PORTS_H
#define PTP_PORTS_H

#include <stdbool.h>
#include <stddef.h>

#include "facts/facts.h"

/* Those of its ports that follow a master, or nearly do; NULL if there is none */
const struct pmc_port *check_slave_port(const struct pmc_data *d);
/* The ith port's interface: as the answer has it, or else by the order in which ptp4l was given them */
const char *check_port_name(const struct ptp4l_fact *p, int i);
/* "eno1 SLAVE, eno2 MASTER"; of more than a few how many there are */
void check_ports_text(const struct ptp4l_fact *p, char *buf, size_t len);
bool check_hardware(const struct ptp4l_fact *p);

/* ptp4l's master's clock minus its own, and the path delay, ns; NAN where it follows none or did not measure */
double check_offset(const struct pmc_data *d);
double check_path_delay(const struct pmc_data *d);

/*
 * ptp4l goes on with the offset that it measured last while no Sync comes any more: then it is NAN. For who asks again and
 * again; last is zeroed before the first.
 */
struct last_sync {
	double ingress_ns;
	int64_t since;			/* CLOCK_MONOTONIC */
};
void check_drop_old_offset(struct last_sync *last, struct pmc_data *d, int64_t now);

#endif
