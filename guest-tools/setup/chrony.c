// SPDX-License-Identifier: GPL-2.0-or-later
/* ptpkvm chrony: the refclock line, and nothing else on standard output. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "chrony/chronyc.h"
#include "chrony/refclock.h"
#include "ptpkvm.h"
#include "output/text.h"
#include "setup/options.h"
#include "setup/phc.h"
#include "system/machine.h"
#include "system/run.h"
#include "time/host_clock.h"
#include "time/phc.h"

/* What is written if nobody says which chrony it is for: Debian 11's, the oldest that is supported */
static const struct chrony_version oldest = { 4, 0 };

struct options {
	struct refclock r;
	struct chrony_version version;
	bool makestep;
	bool no_check;
	bool installed;		/* version is that of the chronyd here */
};

static void parse(struct options *o, int argc, char **argv)
{
	struct option_row refclock[REFCLOCK_ROWS];
	const struct option_row rows[] = {
		{ 0, "chrony-version", "V", "for chrony V instead of the installed one",
		  TAKE_BY(take_chrony_version, &o->version) },
		{ 0, "makestep", NULL, "also '" REFCLOCK_MAKESTEP "', which belongs after chrony.conf's own makestep",
		  FLAG_TO(&o->makestep) },
		{ 0, "no-check", NULL, "for another machine: do not look for the clock and chronyd here",
		  FLAG_TO(&o->no_check) },
		{ 0 },
	};

	memset(o, 0, sizeof(*o));
	refclock_init(&o->r);
	refclock_rows(refclock, &o->r);
	options_parse(&(struct command){
		.about = "Prints the refclock line for chrony.conf, as the chronyd that is installed understands it. 'ptpkvm "
			 "setup' installs it so that chronyd starts even without the clock.",
		.rows = rows, .more = refclock, .statuses = "0 good, 2 broken or misuse, 3 not a KVM guest",
	}, argc, argv);
}

static void choose_version(struct options *o)
{
	struct chrony_version here;
	char why[300];

	o->installed = !o->no_check && chrony_version_installed(&here, why, sizeof(why));
	if (o->version.major) {
		o->installed &= o->version.major == here.major && o->version.minor == here.minor;
		return;
	}
	if (o->installed) {
		o->version = here;
		return;
	}
	o->version = oldest;
	complain("no chronyd here: written for chrony %d.%d; --chrony-version V for another",
		 oldest.major, oldest.minor);
}

/* The device itself, and what its host tells. 0, or what to exit with. */
static int look_at_clock(struct options *o)
{
	struct host_clock hc = { 0 };
	char path[PATH_MAX], real[PATH_MAX], name[HYPERVISOR_NAME_LEN], why[600];
	struct phc phc;

	if (!o->no_check) {
		if (!setup_phc(o->r.device[0] ? o->r.device : NULL, path, sizeof(path), why, sizeof(why))) {
			complain("%s; try: sudo modprobe ptp_kvm (or --no-check, for another machine)", why);
			return hypervisor_is_kvm(name) || o->r.device[0] ? EXIT_BROKEN : EXIT_NO_GUEST;
		}
		if (o->r.device[0] && strcmp(o->r.device, path))
			die("--device: %s is not the KVM clock; that is %s here", o->r.device, path);
		/* Guides name the node itself, and so does their line here. */
		if (o->r.classic && realpath(path, real))
			strcpy(path, real);
		if (snprintf(o->r.device, sizeof(o->r.device), "%s", path) >= (int)sizeof(o->r.device))
			die("the device's path is too long: %s", path);
	}
	if (!o->r.delay_auto && !o->r.stratum_auto)
		return 0;
	if (phc_open(&phc, o->r.device[0] ? o->r.device : NULL, O_RDONLY, why, sizeof(why)))
		die("%s", why);
	host_clock_read(&hc, &phc);
	close(phc.fd);
	if (!refclock_auto(&o->r, &hc, why, sizeof(why)))
		die("%s", why);
	return 0;
}

/*
 * chronyd's own opinion, as an argument: AppArmor lets it read no file of ours. Old ones that have no -p, or
 * only for root, are not asked.
 */
static void ask_chronyd(const char *line)
{
	const char *const argv[] = { "chronyd", "-p", line, NULL };
	struct run_result res;
	char why[700];

	if (!run(&res, CHRONYC_TIMEOUT_MS, argv) && !strstr(res.err, "superuser") &&
	    !strstr(res.err, "option --")) {
		run_explain(&res, "chronyd -p", CHRONYC_TIMEOUT_MS, why, sizeof(why));
		die("chronyd does not take '%s': %s", line, why);
	}
	run_free(&res);
}

int cmd_chrony(int argc, char **argv)
{
	char line[REFCLOCK_LINE_MAX], why[500];
	struct options o;
	int ret;

	parse(&o, argc, argv);
	choose_version(&o);
	ret = look_at_clock(&o);
	if (ret)
		return ret;
	refclock_defaults(&o.r, &o.version);
	if (!refclock_valid(&o.r, &o.version, why, sizeof(why)))
		misuse("%s", why);
	refclock_render(&o.r, line);
	if (o.installed)
		ask_chronyd(line);
	print("%s\n", line);
	if (o.makestep)
		print("%s\n", REFCLOCK_MAKESTEP);
	if (isatty(STDERR_FILENO))
		complain("%s'ptpkvm setup' installs this, with " REFCLOCK_MAKESTEP,
			 o.r.optional ? "" : "chronyd does not start with this while the device is missing; ");
	return EXIT_GOOD;
}
