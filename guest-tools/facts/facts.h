/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ptpkvm check in three steps: facts are gathered (facts/: all that reads files, devices and programs),
 * judged (check/, but for its verbs: no input and no output), and printed (check/check.c).
 */
#ifndef FACTS_FACTS_H
#define FACTS_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/answer.h"
#include "chrony/chronyc.h"
#include "chrony/service.h"
#include "facts/limits.h"
#include "linuxptp/phc2sys.h"
#include "output/findings.h"
#include "system/container.h"
#include "system/machine.h"
#include "time/host_clock.h"
#include "time/phc.h"
#include "time/steering.h"

#define CHECK_REFCLOCKS_MAX 16
#define CHECK_SOURCES_MAX 128

enum driver_kind { DRIVER_NONE, DRIVER_OURS, DRIVER_IN_TREE, DRIVER_BUILT_IN };

struct refclock_fact {
	char device[128];	/* as configured, without the driver's options */
	char node[16];		/* the ptpN that it is, empty if there is no such device */
	char clock_name[64];
	char refid[8];
	char file[128];
	int line;
	bool generated;		/* by prestart, or added by it at the next start: ptpkvm's own */
	bool ours;		/* the KVM clock, or /dev/ptp_kvm while there is no such link */
	bool handed;		/* by phc2sys, and a SHM or SOCK refclock of chronyd's; then optional, too */
	bool by_number, nocrossts, optional, prefer, noselect, require, tai;
	double offset;		/* seconds */
};

struct server_facts {
	int count;
	int dhcp;			/* those from a file below /run */
	char dhcp_file[128];
};

struct chrony_facts {
	bool installed;
	struct chrony_version version;
	char installed_why[200];
	bool process;			/* a chronyd is running */
	int pid;			/* of that */
	bool answers;
	char answers_why[200];
	struct chrony_source sources[CHECK_SOURCES_MAX];
	int n_sources;
	bool noselect;			/* our source was set so while running (selectdata; root only) */

	struct chrony_service next;	/* of its next start */
	bool not_started;		/* by systemd at the next boot: its unit is not enabled, masked, or not in the image */
	bool measures_only;		/* -x: it leaves the system's clock alone */
	bool by_hand;			/* started with directives: its configuration can't be known */
	bool elsewhere;			/* setup can't add to it: where is said by takes_why */
	char takes_why[700];
	char conf[PATH_MAX];		/* the file that chronyd takes, empty if there is none */
	bool conf_read;
	char conf_why[300];
	struct refclock_fact refclocks[CHECK_REFCLOCKS_MAX];
	int n_refclocks;
	struct server_facts servers;
	struct limits limits;
};

struct signing_facts {
	bool secure_boot;
	char lockdown[16];		/* "integrity"; empty if the kernel isn't locked down */
	bool enforced;			/* only signed modules are loaded: lockdown, or module.sig_enforce */
	bool signer_known;		/* modinfo was asked who signed check_facts.module, which isn't loaded */
	char signer[80];		/* empty if nobody did */
	bool refused;			/* a module was, for its signature, by the kernel's log (root only) */
	const char *key;		/* the public key that DKMS signs with, NULL if there is none */
	char dkms[32];			/* the version whose source DKMS has, empty without one */
};

struct check_facts {
	bool offline;			/* --root: files only */
	bool root;
	bool kvm;
	char hypervisor[HYPERVISOR_NAME_LEN];
	char container[CONTAINER_NAME_LEN];	/* "docker", "lxc"; empty outside of one, and for --root */
	bool debian, udev;
	bool no_ptpkvm;			/* --root: this program is not there */

	char kernel[72];		/* of uname -r; empty if unknown (offline) */
	enum driver_kind driver;	/* that is loaded */
	char driver_version[32];
	char module[160]; /* that modprobe would load, below /lib/modules/KERNEL/; empty: none */
	bool no_module;			/* there is none for this kernel, which has others */
	struct signing_facts signing;
	bool headers;			/* of this kernel: DKMS can build for it */
	bool packaged;			/* this kernel is of a Debian package */
	bool log_read;			/* the kernel's log was (root only), for a driver that isn't loaded */
	int refusal;			/* why it isn't, as driver_refusal(); 0 if that isn't known */

	char node[16];			/* "ptp0", by clock_name; empty if there is none */
	char device[PHC_DEVICE_LEN];	/* "/dev/ptp0" */
	char link[64];			/* the device that /dev/ptp_kvm is in the end, empty if it isn't there */
	char others[200];		/* the other PTP clocks: "ptp1 'NAME', ptp2 'NAME'" */
	bool opened;
	int open_error;			/* errno */
	struct {
		int error;		/* errno, 0 if it works */
		int64_t window;		/* ns, the narrowest of a few readings */
		int64_t offset;		/* ns, device − system, of that reading */
	} method[PHC_METHODS];
	struct host_clock host;
	enum answer vsock;		/* this guest has a device by which any host can tell of its clock */
	bool guard_at_boot;		/* ptpkvm-guard, which listens there, is enabled */
	char clocksource[32];
	char clocksources[128];		/* available ones */

	struct chrony_facts chrony;
	struct steerer steerers[STEERERS_MAX];
	int n_steerers;
	bool processes_hidden;		/* other users' can't be seen: there may be more of them */
	struct phc2sys phc2sys;		/* that takes this clock's time, where no chronyd keeps it; pid 0: none does */
	struct phc2sys hands;		/* that hands this clock's time to an NTP daemon; pid 0: none does */
	bool hands_at_boot;		/* that one's unit is enabled */
	int kept_by;			/* of the steerers, then: itself, or the daemon that it hands it to */
	const char *init;		/* that is not systemd, see init_other() */
	bool set_up;			/* ptpkvm setup's drop-in is there */
	bool loaded_at_boot;		/* modules-load.d has ptp_kvm */
	char hold[128];			/* why guard holds the refclock out, empty if it doesn't */
	char left_out[200];		/* why prestart started chronyd without it, empty if it didn't */
};

void check_gather(struct check_facts *f);
/* pid: of the running chronyd, 0 if there is none */
void check_gather_chrony(struct check_facts *f, int pid);
void check_gather_signing(struct check_facts *f);
/* Why there is no driver; after check_gather_signing(). */
void check_gather_missing(struct check_facts *f);

/* Who keeps this clock's time without chronyd, NULL if nobody does */
const struct steerer *check_keeper(const struct check_facts *f);

/* The refclock that is this clock, NULL if there is none. */
const struct refclock_fact *check_refclock(const struct chrony_facts *c);

#endif
