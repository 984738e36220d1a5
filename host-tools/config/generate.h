/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration of linuxptp, chrony and systemd as text. Nothing is read or written. */
#ifndef CONFIG_GENERATE_H
#define CONFIG_GENERATE_H

#include <stdio.h>

#include "chrony/chronyc.h"
#include "config/params.h"

/* The beginning of each file */
#define GENERATE_MARKER "# Written by ptpkvm-host config"

enum distribution { DISTRIBUTION_DEBIAN, DISTRIBUTION_RHEL };

/* What steers CLOCK_REALTIME, and by what */
enum chain {
	CHAIN_PTP4L,		/* PTP alone: phc2sys, or ptp4l itself where the NIC has no clock */
	CHAIN_TIMEMASTER,	/* chronyd, by PTP and NTP, all of them started by timemaster */
	CHAIN_CHRONYD,		/* chronyd, by NTP and what ptp4l or phc2sys give it: what timemaster can't do */
};

enum phcs { PHCS_ONE, PHCS_SEVERAL, PHCS_UNKNOWN };

struct linuxptp_version {
	int major;
	int minor;
	int patch;
};

struct plan {
	const struct params *params;	/* complete, nicN resolved */
	enum distribution distribution;
	struct linuxptp_version linuxptp;
	struct chrony_version chrony;	/* of no meaning where chronyd has no part */
	bool hardware;			/* the network cards stamp, else the kernel */
	enum phcs phcs;			/* do the interfaces share a clock? */
	char stamping_from[PARAM_FROM_MAX];	/* why it is one or the other */
};

/* "4.2", "3.1.1". False if it is neither. */
bool linuxptp_version_parse(const char *text, struct linuxptp_version *v);

/* Before hardware and phcs are known, too */
enum chain plan_chain(const struct params *p);

/* Why this chain and not another, in a sentence or two */
const char *plan_why(const struct params *p);

/* False, with the reason, for what these versions or this hardware can't do. */
bool plan_valid(const struct plan *plan, char *why, size_t len);

struct generated {
	char path[200];
	char *text;
	size_t len;
};

#define GENERATED_MAX 4

/* The files, at most GENERATED_MAX: their number. */
int generate(const struct plan *plan, struct generated files[GENERATED_MAX]);
void generated_free(struct generated *files, int n);

/* What is to be enabled and started, in order: at most PLAN_UNITS_MAX, their number */
#define PLAN_UNITS_MAX 3
#define PLAN_UNIT_LEN 100
int plan_units(const struct plan *plan, char units[PLAN_UNITS_MAX][PLAN_UNIT_LEN]);

/* chronyd is started by its own unit, "chrony.service" or "chronyd.service" */
const char *plan_chrony_unit(const struct plan *plan);

/* The line that chrony.conf needs to read our file, NULL where it does so by itself */
const char *plan_chrony_include(const struct plan *plan);

/* What has to be let through for PTP, in words and commands */
void plan_firewall(const struct plan *plan, FILE *f);

#endif
