// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ptpkvm setup: a plan of files and commands, printed, then carried out; what fails in the middle is undone.
 * What the files do is in facts/ours.h and prestart.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/die.h"
#include "base/now.h"
#include "base/text.h"
#include "chrony/chronyc.h"
#include "chrony/conf.h"
#include "chrony/refclock.h"
#include "chrony/service.h"
#include "cli/options.h"
#include "facts/driver.h"
#include "facts/limits.h"
#include "facts/ours.h"
#include "linuxptp/phc2sys.h"
#include "output/steps.h"
#include "output/text.h"
#include "ptpkvm.h"
#include "setup/adopt.h"
#include "setup/journal.h"
#include "setup/options.h"
#include "setup/phc.h"
#include "setup/selected.h"
#include "setup/units.h"
#include "system/container.h"
#include "system/init.h"
#include "system/interval.h"
#include "system/machine.h"
#include "system/tree.h"
#include "system/units.h"
#include "time/phc.h"
#include "time/steering.h"

#define PHC_WAIT_MS 3000

#define PLANNED 2

struct setup {
	struct refclock r;
	bool refclock_given;
	bool dry_run, only, disable, offline, no_makestep;
	int timeout;		/* s */
	struct chrony_version version;
	const struct chrony_layout *layout;
	struct chrony_service chrony;	/* as it will be started */
	char device[PATH_MAX];
	char program[PATH_MAX];		/* this one, as the drop-in calls it */
	bool load_module;
	char waits[600];		/* why the clock does not answer as yet; empty if it does */
	struct adoption adoption;
	struct limits limits;
	struct install files;
	char *texts[PLANNED], *notes;	/* of the files, and of the journal */
	struct setup_record record;
	struct setup_unit service;
	struct setup_unit rivals[SETUP_UNITS_MAX];
	int n_rivals;
	bool begun, module_loaded, units_touched, restarted;
	int exit;
	char why[1200];
};

/* What an image is taken to have, if nobody says: Debian 11's, the oldest that is supported */
static const struct chrony_version oldest = { 4, 0 };

#define fail(s, ...) refuse((s)->why, sizeof((s)->why), __VA_ARGS__)

/* --- the command line --- */

static void parse(struct setup *s, int argc, char **argv)
{
	struct option_row refclock[REFCLOCK_ROWS];
	struct refclock none;
	bool keep = false;
	const struct option_row rows[] = {
		{ 0, "dry-run", NULL, "print the plan and do nothing", FLAG_TO(&s->dry_run) },
		{ 0, "keep-ntp", NULL, "chrony's NTP servers stay, as a backup (the default)", FLAG_TO(&keep) },
		{ 0, "only", NULL, "chronyd uses no NTP servers while the clock is there", FLAG_TO(&s->only) },
		{ 0, "disable-competitors", NULL, "disable other daemons that steer the clock, until remove",
		  FLAG_TO(&s->disable) },
		{ 0, "adopt", NULL, "comment out lines of this clock, until remove", FLAG_TO(&s->adoption.wanted) },
		{ 0, "no-makestep", NULL, "chrony's own makestep stays in force", FLAG_TO(&s->no_makestep) },
		{ 0, "timeout", "SECONDS", "wait so long for the clock to be selected (60)",
		  WHOLE_TO(&s->timeout, 1, 3600) },
		{ 0, "root", "DIR", "write into the image at DIR, and start nothing", ROOT_TO(&s->offline) },
		{ 0, "chrony-version", "V", "the image's chrony, for --root (4.0)",
		  TAKE_BY(take_chrony_version, &s->version) },
		{ 0 },
	};

	s->exit = EXIT_BROKEN;
	s->timeout = 60;
	refclock_init(&s->r);
	none = s->r;
	refclock_rows(refclock, &s->r);
	options_parse(&(struct command){
		.about = "Has chronyd keep the host's time, now and after every boot. Without the clock chronyd starts all the "
			 "same, on its NTP servers. Writes new files only, and what --adopt names; 'ptpkvm remove' takes all of "
			 "it back. What fails is undone.",
		.rows = rows, .more = refclock,
		.statuses = "0 done, or nothing to do; 2 refused, failed and undone, or misuse; 3 not a KVM guest",
	}, argc, argv);
	if (keep && s->only)
		misuse("--keep-ntp and --only exclude each other");
	s->refclock_given = memcmp(&s->r, &none, sizeof(none));
	if (s->version.major && !s->offline)
		misuse("--chrony-version is for --root; here the installed chrony counts");
}

/* --- may it be done here? --- */

static bool check_guest(struct setup *s)
{
	char why[600], name[HYPERVISOR_NAME_LEN];

	if (hypervisor_is_kvm(name) || setup_phc(NULL, s->device, sizeof(s->device), why, sizeof(why)))
		return true;
	s->exit = EXIT_NO_GUEST;
	return fail(s, "this is not a KVM guest (%s)", name[0] ? name : "no hypervisor");
}

static bool read_quality(struct setup *s)
{
	struct host_clock hc = { 0 };
	struct phc phc;

	if (!s->r.delay_auto && !s->r.stratum_auto)
		return true;
	if (!s->offline && !phc_open(&phc, NULL, O_RDONLY, s->why, sizeof(s->why))) {
		host_clock_read(&hc, &phc);
		close(phc.fd);
	}
	s->why[0] = 0;
	return refclock_auto(&s->r, &hc, s->why, sizeof(s->why));
}

/* What setup would have had written, and where it belongs */
static bool by_hand(struct setup *s, const char *init)
{
	const struct chrony_layout *layout = chrony_layout();
	char line[REFCLOCK_LINE_MAX], why[600];

	if (!s->offline)
		chrony_version_installed(&s->version, why, sizeof(why));
	if (!s->version.major)
		s->version = oldest;
	/* Without udev there may be no link. */
	if (!s->offline && !s->r.device[0] && setup_phc(NULL, s->device, sizeof(s->device), why, sizeof(why)))
		snprintf(s->r.device, sizeof(s->r.device), "%.*s", (int)sizeof(s->r.device) - 1, s->device);
	refclock_defaults(&s->r, &s->version);
	if (!read_quality(s) || !refclock_valid(&s->r, &s->version, s->why, sizeof(s->why)))
		return false;
	refclock_render(&s->r, line);
	print("%s\n", line);
	if (!s->no_makestep)
		print(REFCLOCK_MAKESTEP "\n");
	if (s->offline)
		snprintf(why, sizeof(why), "systemd is not the init in %.400s", file_root);
	else
		strcpy(why, "systemd does not run here");
	return fail(s, "%s%s%s, and setup is for systemd only. By hand: put what is printed above at the end of %s%s, in "
		    "place of other refclock lines of this clock; have the module ptp_kvm loaded at boot, before "
		    "chronyd is started%s; and restart chronyd", why, init[0] ? ", but " : "", init, file_root,
		    layout ? layout->conf : "/etc/chrony.conf",
		    s->r.optional ? "" : ", which does not start where the clock is missing");
}

static bool check_machine(struct setup *s)
{
	char container[CONTAINER_NAME_LEN];
	const char *init;

	if (!s->offline && container_kind(container))
		return fail(s, "this is a container (%s): the clock is its host's, set it up there", container);
	init = init_other(!s->offline);
	if (init)
		return by_hand(s, init);
	if (!s->offline && geteuid() && !s->dry_run)
		return fail(s, "only root may do this; try: sudo ptpkvm setup (or --dry-run)");
	return true;
}

/* Where chronyd is not started as distributions do, nothing can be added: the lines, and where they belong */
static bool check_service(struct setup *s)
{
	char why[700], line[REFCLOCK_LINE_MAX];
	struct refclock r = s->r;

	chrony_service_next(&s->chrony, setup_addition(s->layout), false);
	if (!s->chrony.unit[0] || (s->layout && chrony_service_takes(&s->chrony, why, sizeof(why))))
		return true;
	/* The file that it would read is not there, which is said of it then. */
	if (!s->layout && !s->chrony.conf[0] && s->chrony.takes && !s->chrony.by_directives)
		return true;
	if (s->layout || !s->chrony.conf[0])
		chrony_service_takes(&s->chrony, why, sizeof(why));
	else
		snprintf(why, sizeof(why), "%s has chronyd read %.400s", s->chrony.unit, s->chrony.conf);
	refclock_defaults(&r, &s->version);
	refclock_render(&r, line);
	return fail(s, "chrony is configured elsewhere on this system: %s; put there, or into what makes that file: '%s' "
		    "and '" REFCLOCK_MAKESTEP "', and have ptp_kvm loaded at boot", why, line);
}

static bool check_chrony(struct setup *s)
{
	char why[300];

	s->layout = chrony_layout();
	if (!s->offline && !chrony_version_installed(&s->version, why, sizeof(why)))
		return fail(s, "%s; try: sudo apt install chrony (or: sudo dnf install chrony)", why);
	if (!check_service(s))
		return false;
	if (!s->layout)
		return fail(s, "neither /etc/chrony/chrony.conf nor /etc/chrony.conf is %s%s",
			    s->offline ? "in " : "there",
			    s->offline ? file_root : "; try: sudo apt install chrony (or: sudo dnf install chrony)");
	if (!s->version.major)
		s->version = oldest;
	if (s->chrony.masked)
		return fail(s, "%s is masked%s%s; try: sudo systemctl%s%s unmask %s", s->layout->service,
			    s->offline ? " in " : "", file_root, s->offline ? " --root=" : "",
			    s->offline ? shell_word(file_root) : "",
			    s->layout->service);
	if (s->chrony.measures_only)
		return fail(s, "%s starts chronyd with -x, by which it leaves the system's clock alone; take that out of its "
			    "options%s%s", s->chrony.unit, s->chrony.variable[0] ? ", " : "", s->chrony.variable);
	if (s->offline && !s->chrony.unit_file[0])
		return fail(s, "%s has no %s: chrony is not installed there", file_root, s->layout->service);
	if (s->offline)
		return true;
	if (!setup_unit_state(&s->service, s->layout->service, why, sizeof(why)))
		return fail(s, "%s", why);
	if (!s->service.known)
		return fail(s, "systemd knows no %s; try: sudo apt install --reinstall chrony (or: sudo dnf reinstall "
			    "chrony)", s->layout->service);
	if (s->service.masked)
		return fail(s, "%s is masked; try: sudo systemctl unmask %s", s->layout->service, s->layout->service);
	return true;
}

static bool check_rivals(struct setup *s)
{
	char names[600] = "", words[900] = "";
	bool processes = false;

	s->n_rivals = setup_rivals(s->rivals, s->offline, s->why, sizeof(s->why));
	if (s->n_rivals < 0)
		return false;
	for (int i = 0; i < s->n_rivals; i++) {
		add_text(names, sizeof(names), "%s%s", i ? " " : "", s->rivals[i].name);
		add_text(words, sizeof(words), " %s", shell_word(s->rivals[i].name));
		processes |= !s->rivals[i].known;
	}
	if (processes)
		return fail(s, "a daemon that no unit started steers the clock: %s; end it first", names);
	if (s->n_rivals && s->offline)
		return fail(s, "only one daemon may steer the clock, and %s starts others, too: %s; try: sudo "
			    "systemctl --root=%s disable%s", file_root, names, shell_word(file_root), words);
	if (s->n_rivals && !s->disable)
		return fail(s, "only one daemon may steer the clock, and there %s: %s; try: sudo ptpkvm "
			    "setup --disable-competitors", s->n_rivals > 1 ? "are" : "is", names);
	return true;
}

static int see_directive(const struct chrony_directive *d, void *arg)
{
	struct setup *s = arg;

	limits_see(&s->limits, d);
	return !adopt_see(&s->adoption, d, s->why, sizeof(s->why));
}

/* Without NTP servers this clock is alone, but for refclocks of the admin's, of which nothing is known here. */
static bool check_minsources(struct setup *s)
{
	const struct chrony_limit *m = &s->limits.minsources;

	if (!s->only || limits_minsources(&s->limits) == 1)
		return true;
	return fail(s, "%s%s:%d: with '%s' chronyd follows no clock that is alone, as this one is by --only; take that "
		    "line out, or leave out --only", file_root, m->file, m->line, m->text);
}

/* By phc2sys and SHM or SOCK it would be two sources to chronyd. */
static bool check_handed(struct setup *s)
{
	char path[PATH_MAX], why[600];
	struct processes all;
	struct phc2sys p;
	bool good = true;

	steering_processes(&all);
	for (int i = 0; i < all.n && good; i++)
		if (!strcmp(all.list[i].name, "phc2sys") && phc2sys_read(&p, &all.list[i]) && p.feeds && p.source[0] == '/' &&
		    setup_phc(p.source, path, sizeof(path), why, sizeof(why)) && !strcmp(path, p.source))
			good = fail(s, "phc2sys (process %d) hands this clock to an NTP daemon already (%s): end it first, and "
				    "whatever starts it", p.pid, p.servo);
	processes_free(&all);
	return good;
}

/* The module is loaded for a look at the clock already: of all steps it is the one most likely to fail. */
static bool check_clock(struct setup *s)
{
	char why[600];
	int64_t deadline = now_ns(CLOCK_MONOTONIC) + PHC_WAIT_MS * 1000000LL;
	const char *want = s->r.device[0] ? s->r.device : NULL;
	enum setup_phc phc = setup_phc(want, s->device, sizeof(s->device), why, sizeof(why));

	s->load_module = !phc;
	if (s->load_module && s->dry_run) {
		strcpy(s->device, want ? want : REFCLOCK_LINK);
	} else if (s->load_module) {
		s->module_loaded = !file_exists("/sys/module/ptp_kvm");
		if (!setup_load_module(why, sizeof(why))) {
			s->module_loaded = false;
			return fail(s, "%s; %s", why, driver_refusal_text(driver_refusal(why)));
		}
		while (!(phc = setup_phc(want, s->device, sizeof(s->device), why, sizeof(why)))) {
			if (now_ns(CLOCK_MONOTONIC) >= deadline)
				return fail(s, "%s", why);
			sleep_until(now_ns(CLOCK_MONOTONIC) + NSEC_PER_SEC / 20);
		}
	}
	if (want && strcmp(want, s->device))
		return fail(s, "--device: %s is not the KVM clock; that is %s here", want, s->device);
	if (phc != SETUP_PHC_WAITS)
		return true;
	strcpy(s->waits, why);
	return !s->only || fail(s, "%s; until a host serves it chronyd needs its NTP servers: leave out --only", why);
}

/* --- the files --- */

static bool choose_program(struct setup *s)
{
	static const char *const passing[] = { "/tmp/", "/run/", "/var/tmp/", "/home/", "/root/" };
	ssize_t n;

	if (s->offline) {
		strcpy(s->program, "ptpkvm");
		return setup_program() || fail(s, "ptpkvm itself is not in %s; copy it to %s%s", file_root, file_root,
					       setup_programs[0]);
	}
	n = readlink("/proc/self/exe", s->program, sizeof(s->program) - 1);
	s->program[n > 0 ? n : 0] = 0;
	if (s->program[strspn(s->program,
			      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._+-")] ||
	    s->program[0] != '/')
		return fail(s, "the path of this program, '%s', cannot stand in a unit; install it", s->program);
	/* Wherever a later version is installed, then */
	for (const char *const *usual = setup_programs; *usual; usual++)
		if (!strcmp(s->program, *usual))
			strcpy(s->program, "ptpkvm");
	for (size_t i = 0; i < ARRAY_SIZE(passing); i++)
		if (!strncmp(s->program, passing[i], strlen(passing[i])))
			complain("chronyd's unit will call %s, which may not stay there: install it",
				 s->program);
	return true;
}

static void want(struct setup *s, int i, const char *path, bool anew, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

static void want(struct setup *s, int i, const char *path, bool anew, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s->texts[i], fmt, ap);
	va_end(ap);
	if (n < 0)
		die("out of memory");
	install_want(&s->files, path, s->texts[i], n, anew);
}

/* The units that will be changed, as they are now */
static void add_units(const struct setup *s, struct setup_record *record)
{
	if (s->offline)
		return;
	if (!s->service.active || !s->service.enabled)
		setup_record_unit(record, &s->service);
	for (int i = 0; i < s->n_rivals; i++)
		setup_record_unit(record, &s->rivals[i]);
}

static bool plan_files(struct setup *s)
{
	char line[REFCLOCK_LINE_MAX];
	struct refclock r = s->r;
	bool optional = r.optional;

	if (!choose_program(s))
		return false;
	/* The link even if it is not there yet: prestart puts in what is, and numbers change. */
	strcpy(r.device, r.device[0] ? s->device : REFCLOCK_LINK);
	refclock_defaults(&r, &s->version);
	r.optional = optional;		/* prestart adds it, by the chrony that is installed then */
	if (!refclock_valid(&r, &s->version, s->why, sizeof(s->why)))
		return false;
	refclock_render(&r, line);
	s->files = setup_install(&s->record);
	want(s, 0, SETUP_DIRECTIVES, s->refclock_given,
	     SETUP_MARKER "; yours to edit. Added to chrony's configuration whenever chronyd starts.\n"
			  "# The refclock's device is corrected if its number changes; if it is missing, all of this is "
			  "left out.\n"
			  "%s\n%s",
	     line, s->no_makestep ? "" : REFCLOCK_MAKESTEP "\n");
	want(s, 1, setup_drop_in(s->layout), false,
	     SETUP_MARKER "\n"
	     "# If the PTP clock is there, chronyd is started with it, on a clock that is set by it; else as without this file.\n"
	     "[Unit]\n"
	     "Wants=time-set.target\n"
	     "Before=time-set.target\n"
	     "[Service]\n"
	     "ExecStartPre=-+/bin/rm -f " SETUP_ENV "\n"
	     "ExecStartPre=-+%s prestart%s\n"
	     "EnvironmentFile=-" SETUP_ENV "\n", s->program, s->only ? " --only" : "");
	if (!install_plan(&s->files, s->why, sizeof(s->why)))
		return false;
	if (!s->files.whole)
		adopt_find(&s->record);
	s->record.module |= s->module_loaded;
	for (int i = 0; i < s->adoption.n; i++)
		if (!setup_record_adopted(&s->record, &s->adoption.lines[i]))
			return fail(s, SETUP_STATE " has no room for more lines; run first: sudo ptpkvm remove%s",
				    file_root_option());
	add_units(s, &s->record);
	s->files.notes = s->notes = setup_record_text(&s->record);
	s->files.stop = &ticks_stop;
	return true;
}

/* --- the plan, printed --- */

static void note(const struct chrony_limit *limit, const char *what)
{
	print("note        %s%s:%d: %s: %s\n", file_root, limit->file, limit->line, limit->text, what);
}

static void note_makestep(const struct setup *s)
{
	const struct chrony_limit *makestep = &s->limits.makestep;

	if (install_planned(&s->files, SETUP_DIRECTIVES)->what == INSTALL_KEEP)
		return;		/* what it says about steps is the admin's */
	if (!s->no_makestep) {
		if (makestep->line && strcasecmp(makestep->text, REFCLOCK_MAKESTEP))
			note(makestep, "is overridden by " REFCLOCK_MAKESTEP "; --no-makestep keeps it");
	} else if (!makestep->line) {
		print("note        no makestep: steps of the host's clock are slewed, unless ptpkvm-guard runs\n");
	} else if (!limits_steps(&s->limits)) {
		note(makestep, "later steps of the host's clock are slewed, unless ptpkvm-guard runs");
	}
}

/* What in chrony's own configuration comes to mean something else, or ends what this is to bring */
static void print_notes(const struct setup *s)
{
	const struct limits *l = &s->limits;
	const char *ends = limits_maxchange(l);
	char what[120];

	if (s->waits[0])
		print("note        %s\n", s->waits);
	note_makestep(s);
	if (ends) {
		snprintf(what, sizeof(what), "chronyd %s", ends);
		note(&l->maxchange, what);
	}
	if (limits_minsources(l) > 1)
		note(&l->minsources, "chronyd follows this clock only while so many sources agree");
	if (l->require.line && !s->only && !s->r.require)
		note(&l->require, "chronyd follows this clock only while that source is there");
}

/* A unit of a system that runs is enabled; of an image that is left to others. */
static void note_disabled(const struct setup *s)
{
	if (s->offline && !unit_enabled(s->chrony.unit))
		print("note        %s is not enabled there: sudo systemctl --root=%s enable %s\n", s->chrony.unit,
		      shell_word(file_root), shell_word(s->chrony.unit));
}

static void print_adoption(const struct adoption *a)
{
	for (int i = 0; i < a->n; i++) {
		print("comment out %s%s:%d: %s\n", file_root, a->lines[i].file, a->at[i], a->lines[i].text);
	}
}

static void print_plan(const struct setup *s)
{
	print_notes(s);
	note_disabled(s);
	if (s->load_module && !s->offline)
		print("%s modprobe ptp_kvm\n", s->dry_run ? "run        " : "done       ");
	for (int i = 0; i < s->n_rivals; i++)
		print("run         systemctl disable --now %s\n", s->rivals[i].name);
	print_adoption(&s->adoption);
	steps_print(&s->files, s->dry_run);
	if (s->offline)
		return;
	print("run         systemctl daemon-reload\n");
	if (!s->service.enabled)
		print("run         systemctl enable %s\n", s->service.name);
	print("run         systemctl restart %s\n"
	       "wait        up to %d s until chronyd has selected the clock\n",
	       s->layout->service, s->timeout);
}

/* --- carrying it out --- */

static bool systemctl(struct setup *s, const char *a, const char *b, const char *c)
{
	if (ticks_stop)
		return fail(s, "interrupted");
	return setup_run(SETUP_SYSTEMCTL_MS, s->why, sizeof(s->why),
			 (const char *const[]){ "systemctl", a, b, c, NULL });
}

static bool carry_out(struct setup *s)
{
	s->begun = true;
	if (!install_do(&s->files, s->why, sizeof(s->why)) || !adopt_do(&s->adoption, s->why, sizeof(s->why)))
		return false;
	if (s->offline)
		return install_done(&s->files, s->why, sizeof(s->why));
	s->units_touched = true;
	for (int i = 0; i < s->n_rivals; i++)
		if (!systemctl(s, "disable", "--now", s->rivals[i].name))
			return false;
	if (!systemctl(s, "daemon-reload", NULL, NULL))
		return false;
	if (!s->service.enabled && !systemctl(s, "enable", "--quiet", s->service.name))
		return false;
	s->restarted = true;
	file_remove(SETUP_REASON, s->why, sizeof(s->why));	/* an earlier start's */
	return systemctl(s, "restart", s->layout->service, NULL) &&
	       setup_wait(s->timeout * 1000, &ticks_stop, s->why, sizeof(s->why)) &&
	       install_done(&s->files, s->why, sizeof(s->why));
}

static bool restore_lines(const struct adoption *a)
{
	char why[700];
	bool good = true;

	for (int i = a->done; i--;) {
		if (adopt_undo(&a->lines[i], false, why, sizeof(why)) >= 0)
			continue;
		complain("%s", why);
		good = false;
	}
	return good;
}

static bool said(const struct setup *s, bool good)
{
	if (!good)
		complain("%s", s->why);
	return good;
}

/* Everything as it was, and said if it isn't. The journal goes last. */
static bool undo(struct setup *s)
{
	struct setup_record now = { .module = false };
	char why[500];
	bool good;

	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	ticks_stop = 0;
	good = said(s, install_undo(&s->files, s->why, sizeof(s->why)));
	good &= restore_lines(&s->adoption);
	if (s->units_touched) {
		good &= said(s, systemctl(s, "daemon-reload", NULL, NULL));
		if (s->restarted && s->service.active)
			good &= said(s, systemctl(s, "restart", s->layout->service, NULL));
		add_units(s, &now);
		good &= setup_restore_units(&now);
	}
	if (s->module_loaded && !setup_run(SETUP_MODPROBE_MS, why, sizeof(why),
					   (const char *const[]){ "modprobe", "-r", "ptp_kvm", NULL }))
		complain("%s", why);
	return good && said(s, install_undone(&s->files, s->why, sizeof(s->why)));
}

static bool nothing_to_do(const struct setup *s, char *why, size_t len)
{
	if (!install_idle(&s->files) || s->adoption.n)
		return false;
	return s->offline || (!s->n_rivals && s->service.enabled && s->service.active &&
			      setup_selected(why, len));
}

static bool check_all(struct setup *s)
{
	char why[600];
	bool good;

	if (s->offline) {
		if (!check_machine(s) || !check_chrony(s) || !check_rivals(s))
			return false;
		strcpy(s->device, s->r.device[0] ? s->r.device : REFCLOCK_LINK);
	} else if (!check_guest(s) || !check_machine(s) || !check_chrony(s) || !check_rivals(s) ||
		   !check_clock(s) || !check_handed(s)) {
		return false;
	}
	s->why[0] = 0;
	s->adoption.device = s->device;
	s->adoption.offline = s->offline;
	good = !chrony_conf_walk(s->chrony.conf, see_directive, s, why, sizeof(why)) && check_minsources(s) &&
	       (s->offline || setup_chronyd_reads(s->chrony.conf, why, sizeof(why)));
	if (!good && !s->why[0])
		fail(s, "chrony's configuration is broken, chronyd would not start with it: %s", why);
	return good;
}

static int give_up(struct setup *s)
{
	complain("%s", s->why);
	if (s->begun || s->module_loaded)
		complain(undo(s) ? "everything is as it was before" :
			 "not all of it could be undone; run: sudo ptpkvm remove%s", file_root_option());
	return s->exit;
}

int cmd_setup(int argc, char **argv)
{
	struct setup *s = xcalloc(1, sizeof(*s));
	char why[600];
	int ret = EXIT_GOOD;

	parse(s, argc, argv);
	umask(022);
	ticks_note_signals();
	if (!check_all(s) || !read_quality(s) || !plan_files(s)) {
		ret = give_up(s);
	} else if (nothing_to_do(s, why, sizeof(why))) {
		steps_print(&s->files, false);
		note_disabled(s);
		if (!s->offline)
			print("nothing to do: %s\n", why);
	} else {
		print_plan(s);
		fflush(stdout);
		if (!s->dry_run && !carry_out(s))
			ret = give_up(s);
	}
	install_free(&s->files);
	for (int i = 0; i < PLANNED; i++)
		free(s->texts[i]);
	free(s->notes);
	free(s);
	return ret;
}
