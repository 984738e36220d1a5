/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ptp4l's state, asked through pmc (pmc(8)): its output is text for people, of a form that has been the same
 * from linuxptp 3.1 to 4.4.
 */
#ifndef LINUXPTP_PMC_H
#define LINUXPTP_PMC_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/numbers.h"

#define PMC_TIMEOUT_MS 3000
#define PMC_PORTS_MAX 32
#define PMC_CLOCK_LEN 20	/* "6e2bee.fffe.8fb69c" */
#define PMC_PORT_LEN 28		/* the same with "-1" */

struct pmc_port {
	char identity[PMC_PORT_LEN];
	char state[16];			/* "SLAVE", "MASTER", "LISTENING", … */
	char interface[IFNAMSIZ];	/* empty where PORT_PROPERTIES_NP is not given (not root) */
	char timestamping[16];		/* "HARDWARE", "SOFTWARE", …; the same */
	int log_sync;			/* log2 of the seconds from Sync to Sync */
};

/* What was not among the answers, or not measured, is not known: UNKNOWN in an int, bits too, NAN, or empty. */
struct pmc_data {
	/* DEFAULT_DATA_SET */
	char identity[PMC_CLOCK_LEN];
	int slave_only, clock_class, domain, number_ports;
	/* CURRENT_DATA_SET */
	int steps;
	double path_delay_ns;		/* one way, mean */
	/* PARENT_DATA_SET */
	char grandmaster[PMC_CLOCK_LEN];
	int gm_class, gm_accuracy;	/* clockClass; clockAccuracy: 0x20 is 25 ns, 0xfe unknown */
	/* TIME_PROPERTIES_DATA_SET */
	int utc_offset;			/* s, TAI − UTC */
	int utc_offset_valid, ptp_timescale, time_traceable, leap61, leap59;
	/* TIME_STATUS_NP */
	double ingress_ns;		/* when the last Sync came, by the clock that ptp4l keeps; 0: none ever did */
	int gm_present;
	/* Of TIME_STATUS_NP, else CURRENT_DATA_SET: the same */
	double offset_ns;		/* its master's clock - this one: positive where this one is behind */

	struct pmc_port ports[PMC_PORTS_MAX];
	int n_ports;
};

void pmc_unknown(struct pmc_data *d);

/* How long a Sync is waited for: four times as long as one comes after another, ns, 1 s to 16 s */
double pmc_sync_wait(const struct pmc_data *d);

/*
 * Parses pmc's output: the number of answers with data, or -1 with the offending line in why. Answers and
 * fields that are not known are passed over; known ones that are no numbers or out of range are errors.
 */
int pmc_parse(const char *text, struct pmc_data *d, char *why, size_t len);

enum pmc_result { PMC_ANSWERED, PMC_SILENT, PMC_GARBLED, PMC_ABSENT, PMC_FAILED };

/*
 * Asks the ptp4l at a socket (uds_address or uds_ro_address). in: a process in whose mount and network namespaces, with
 * the pmc that is there; 0: here. What is not PMC_ANSWERED has its reason in why.
 */
enum pmc_result pmc_ask(const char *server, int in, int domain, int transport_specific, struct pmc_data *d, char *why,
			size_t len);

#endif
