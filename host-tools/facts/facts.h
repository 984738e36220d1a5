/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ptpkvm-host check in three steps: facts are gathered (facts/: all that reads files, devices and
 * programs), judged (check/, but for its verb: no input and no output), and printed (check/check.c).
 */
#ifndef FACTS_FACTS_H
#define FACTS_FACTS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "chrony/chronyc.h"
#include "facts/leap.h"
#include "facts/quality.h"
#include "facts/vsock.h"
#include "linuxptp/phc2sys.h"
#include "linuxptp/pmc.h"
#include "linuxptp/ptp4l.h"
#include "nic/nic.h"
#include "output/findings.h"
#include "system/container.h"
#include "time/kernel_clock.h"
#include "time/steering.h"

/* TAI − UTC since 2017; what an unexpired leap second list says comes before it */
#define CHECK_TAI_UTC_S 37

#define CHECK_SOURCES_MAX 128
#define CHECK_REFCLOCKS_MAX 16
#define CHECK_CONSTANTS_MAX 16
#define CHECK_LEAP_FILES_MAX 4
#define CHECK_NAMED_MAX 32

struct ptp4l_fact {
	struct ptp4l process;
	bool asked;			/* through pmc */
	bool denied;			/* only root may ask it */
	enum pmc_result result;
	char why[200];
	struct pmc_data data;
	bool sync_ceased;		/* it has an offset, of a Sync after which no other came: data has none then */
};

struct phc2sys_fact {
	struct phc2sys process;
	char unit[UNIT_NAME_LEN];
};

struct refclock_fact {
	char driver[8];			/* "PHC", "SHM", "SOCK" */
	char device[128];
	char refid[8];
};

struct chrony_facts {
	int pid;			/* of chronyd, 0 if it doesn't run */
	char unit[UNIT_NAME_LEN];
	bool watches_only;		/* -x: it leaves the clock alone */
	struct chrony_version version;	/* 0.0: not known */
	bool answers;
	char answers_why[200];
	struct chrony_source sources[CHECK_SOURCES_MAX];
	int n_sources;
	char conf[PATH_MAX];		/* the file that it takes, empty if there is none */
	char conf_why[300];		/* why not all of it could be read; empty if it could */
	struct refclock_fact refclocks[CHECK_REFCLOCKS_MAX];
	int n_refclocks;
	char leapsectz[64];		/* "right/UTC"; empty without one */
	char leapseclist[128];
	char leapsecmode[8];		/* "system", "step", "slew", "ignore"; empty: its default */
};

/* A constant TAI − UTC, in a file or in a running program's command line */
struct constant_fact {
	char place[200];		/* "FILE:LINE", "phc2sys, process 123" */
	char file[160];			/* empty for a command line */
	int line;
	char text[32];			/* as it stands there: "-36" */
	double seconds;			/* without its sign */
};

struct cpu_facts {
	bool known;
	bool vmx, svm, hypervisor, constant_tsc, nonstop_tsc, tsc_reliable;
};

struct kvm_facts {
	char module[16];		/* "kvm_intel", "kvm_amd"; empty if neither is there */
	bool nested;
	bool node;			/* /dev/kvm */
	int open_error;			/* errno, 0 if this user can open it; -1 if not tried */
};

struct check_facts {
	bool offline;			/* --root: files only */
	bool root, debian, linuxptp;	/* linuxptp is installed */
	char container[CONTAINER_NAME_LEN];	/* "docker", "lxc"; empty outside of one, and for --root */
	int64_t now;			/* s since 1970 */
	const char *named[CHECK_NAMED_MAX];	/* interfaces of the command line; all there */
	int n_named;
	struct nics nics;

	struct ptp4l_fact *ptp4l;
	int n_ptp4l;
	struct phc2sys_fact *phc2sys;
	int n_phc2sys;
	struct chrony_facts chrony;
	struct steerer steerers[STEERERS_MAX];	/* by command lines alone */
	int n_steerers;
	bool processes_hidden;		/* others' can't be seen, as in a container: there may be more of them */

	struct constant_fact constants[CHECK_CONSTANTS_MAX];
	int n_constants;
	struct leap_file leap_files[CHECK_LEAP_FILES_MAX];
	int n_leap_files;
	struct kernel_clock kernel;
	char clocksource[32];
	char clocksources[128];		/* available ones */
	struct cpu_facts cpu;
	struct kvm_facts kvm;
	struct quality_facts quality;	/* not in a container, whose record would be of another host */
	struct vsock_facts vsock;	/* nor there, nor for --root */
};

/* ptp4l and phc2sys are to be freed. */
void check_gather(struct check_facts *f);
/* Puts down, as root and not for --root, that this host serves quality, for when it no longer does. */
void check_remember(const struct check_facts *f);
/* Who steers the clock, and what linuxptp and chrony say and are configured to */
void check_gather_chain(struct check_facts *f);
/* Constants in files and command lines, and leap second lists; after check_gather_chain() */
void check_gather_tai(struct check_facts *f);

/* Again, for those who watch: what ptp4l says */
void check_ask_ptp4l(const struct check_facts *f, struct ptp4l_fact *p);

#endif
