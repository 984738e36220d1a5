/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PTP's parameters in TripleO's environment files: parameter_defaults, in YAML. */
#ifndef CONFIG_TRIPLEO_H
#define CONFIG_TRIPLEO_H

#include <stdbool.h>
#include <stddef.h>

#include "config/params.h"

enum tripleo_key {
	/* of the service ptp: deployment/time/ptp-baremetal-ansible.yaml */
	TRIPLEO_INTERFACE,	/* PtpInterface */
	TRIPLEO_SLAVE_MODE,	/* PtpSlaveMode */
	TRIPLEO_TRANSPORT,	/* PtpMessageTransport */
	/* of the service timemaster: deployment/timemaster/timemaster-baremetal-ansible.yaml */
	TRIPLEO_TM_INTERFACES,	/* PTPInterfaces */
	TRIPLEO_TM_TRANSPORT,	/* PTPMessageTransport */
	/* of timemaster and of every other service that keeps time by NTP */
	TRIPLEO_NTP_SERVER,	/* NtpServer */
	TRIPLEO_KEYS,
};

struct tripleo_value {
	char *text;		/* NULL: not there. A list's items have commas between them */
	char from[PARAM_FROM_MAX];	/* "env.yaml:4:17: PtpSlaveMode" */
};

struct tripleo {
	/* For every role, and for ours, which go before */
	struct tripleo_value all[TRIPLEO_KEYS], role[TRIPLEO_KEYS];
	char other_role[PARAM_FROM_MAX];	/* the first of another role's: "env.yaml:9:5: ComputeParameters" */
};

/*
 * Adds what text, the content of the file of that name, has in parameter_defaults, and in ROLEParameters
 * there if role is not NULL; a later file replaces an earlier one's. False with file, line, column and reason.
 */
bool tripleo_parse(struct tripleo *t, const char *text, size_t text_len, const char *name, const char *role,
		   char *why, size_t len);

/* The same of a file, whose path has nothing to do with file_root. */
bool tripleo_read(struct tripleo *t, const char *path, const char *role, char *why, size_t len);

/*
 * Sets the parameters. False with the reason: a value that is none, or parameters of both services. note: what
 * is there and means nothing, or empty.
 */
bool tripleo_apply(const struct tripleo *t, struct params *p, char *note, size_t note_len, char *why, size_t len);

void tripleo_free(struct tripleo *t);

#endif
