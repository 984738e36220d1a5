// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ptpkvm prestart: run as root by chrony's unit before each start of chronyd, by the drop-in that setup
 * writes. If the PTP clock is there, it makes a configuration with the refclock and has chronyd use
 * that; if anything is wrong, it makes nothing, and chronyd starts as without ptpkvm. It always exits
 * with 0.
 *
 * What it makes is read by chronyd while that is still root. Both directories are therefore to be root's, and
 * files are put into them by rename.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/die.h"
#include "base/now.h"
#include "base/text.h"
#include "chrony/chronyc.h"
#include "chrony/conf.h"
#include "chrony/refclock.h"
#include "chrony/service.h"
#include "cli/options.h"
#include "facts/driver.h"
#include "facts/ours.h"
#include "ptpkvm.h"
#include "output/text.h"
#include "setup/clock.h"
#include "setup/phc.h"
#include "setup/units.h"
#include "system/machine.h"
#include "system/tree.h"

#define PHC_WAIT_MS 10000	/* for the clock after the module is loaded */
#define LINK_WAIT_S "15"		/* and for udev, which makes REFCLOCK_LINK */
#define LINK_WAIT_MS 16000
#define LATE "15min"		/* until the clock is tried again */

struct prestart {
	const struct chrony_layout *layout;
	struct chrony_service service;	/* as it would be without this */
	char device[300];
	bool only, late;
	bool no_clock;			/* in a guest of KVM, which may be moved to a host that has one */
	bool waits;			/* there is one, which no host serves */
	bool optional;			/* chronyd knows the refclock's option of that name */
	bool substituted;		/* our refclock's device has been put in */
	FILE *out;
	char why[700];
};

#define give_up(p, ...) refuse((p)->why, sizeof((p)->why), __VA_ARGS__)

/* For systemd's EnvironmentFile=: in double quotes, where a backslash takes these four as they are. */
static void put_quoted(FILE *f, const char *s)
{
	for (; *s; s++) {
		if (strchr("\"\\$`", *s))
			fputc('\\', f);
		fputc(*s, f);
	}
}

/* --- the clock --- */

static bool look(struct prestart *p)
{
	enum setup_phc phc = setup_phc(NULL, p->device, sizeof(p->device), p->why, sizeof(p->why));

	p->waits = phc == SETUP_PHC_WAITS;
	return phc != SETUP_PHC_NONE;
}

static bool load(struct prestart *p)
{
	char why[600], name[HYPERVISOR_NAME_LEN];
	int64_t deadline;

	if (!hypervisor_is_kvm(name))
		return give_up(p, "this is not a KVM guest (%s)", name[0] ? name : "no hypervisor");
	p->no_clock = true;
	if (!setup_load_module(why, sizeof(why)))
		return give_up(p, "%s; %s", why, driver_refusal_text(driver_refusal(why)));
	deadline = now_ns(CLOCK_MONOTONIC) + PHC_WAIT_MS * 1000000LL;
	while (!look(p)) {
		if (now_ns(CLOCK_MONOTONIC) >= deadline)
			return false;
		sleep_until(now_ns(CLOCK_MONOTONIC) + NSEC_PER_SEC / 20);
	}
	return true;
}

/*
 * Where udev runs, it makes the link after the device, whoever loaded the module: its number may be another one tomorrow. At
 * boot udev has much else to do. Without a rule for the link this takes until it has nothing left to do.
 */
static void wait_for_link(struct prestart *p)
{
	char why[700];

	if (!strcmp(p->device, REFCLOCK_LINK) || !file_exists("/run/udev/control"))
		return;
	if (!setup_run(LINK_WAIT_MS, why, sizeof(why),
		       (const char *const[]){ "udevadm", "settle", "--timeout=" LINK_WAIT_S, "--exit-if-exists=" REFCLOCK_LINK, NULL }))
		complain("no " REFCLOCK_LINK ": %s", why);
	look(p);
}

/* One that waits is left to chronyd, unless it would be all that chronyd has, or that would take one more start. */
static bool find_clock(struct prestart *p)
{
	if (!look(p) && !load(p))
		return false;
	wait_for_link(p);
	p->no_clock = p->waits && (p->only || p->late);
	return !p->no_clock;
}

/* Run by systemd alone, every now and then, as long as chronyd does without for want of a clock */
static void start_timer(void)
{
	char program[PATH_MAX], why[700];
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);

	program[n > 0 ? n : 0] = 0;
	if (file_exists("/run/systemd/system") && !file_exists(SETUP_LATE_TIMER) &&
	    !setup_run(SETUP_MODPROBE_MS, why, sizeof(why),
		       (const char *const[]){ "systemd-run", "--quiet", "--no-block", "--unit=" SETUP_LATE,
					      "--on-active=" LATE, "--on-unit-inactive=" LATE, program, "prestart",
					      "--late", NULL }))
		complain("%s", why);
}

/* The clock, too late for chronyd's start? Then one more start; it says itself whether that has the clock. */
static void look_again(struct prestart *p)
{
	char *reason = file_read(SETUP_REASON, NULL), why[700];
	bool waiting = reason && strstr(reason, SETUP_AGAIN) && file_exists(SETUP_DIRECTIVES);

	free(reason);
	if (waiting && !find_clock(p))
		return;
	if (!setup_run(SETUP_SYSTEMCTL_MS, why, sizeof(why),
		       (const char *const[]){ "systemctl", "stop", SETUP_LATE ".timer", NULL }) ||
	    (waiting && !setup_run(SETUP_SYSTEMCTL_MS, why, sizeof(why),
				   (const char *const[]){ "systemctl", "try-restart", p->layout->service, NULL })))
		complain("%s", why);
}

/* --- the configuration --- */

static int copy_but_servers(const struct chrony_directive *d, void *arg)
{
	struct prestart *p = arg;

	if (!chrony_names_server(d))
		fprintf(p->out, "%s\n", d->text);
	return 0;
}

/* "PHC /dev/ptp0:nocrossts poll 3": the first one is ours, whose device is put in. */
static void add_refclock(struct prestart *p, const struct chrony_directive *d, const struct refclock *r)
{
	const char *rest = d->args + strlen("PHC ") + strlen(r->device);
	char better[300], why[300];

	if (!p->substituted) {
		p->substituted = true;
		if (!setup_phc(r->device, better, sizeof(better), why, sizeof(why)))
			strcpy(better, p->device);
		fprintf(p->out, "refclock PHC %s%s", better, rest);
	} else if (r->device[0] == '/' && access(r->device, F_OK)) {
		fprintf(p->out, "# not there: %s\n", d->text);
		complain("%s:%d: %s is not there, left out", d->file, d->line, r->device);
		return;
	} else {
		fputs(d->text, p->out);
	}
	fputs(p->optional && !r->optional ? " optional\n" : "\n", p->out);
}

static int add_directive(const struct chrony_directive *d, void *arg)
{
	struct prestart *p = arg;
	struct refclock r;

	if (refclock_read(&r, d) && !strcmp(r.driver, "PHC"))
		add_refclock(p, d, &r);
	else
		fprintf(p->out, "%s\n", d->text);
	return 0;
}

static bool compose(struct prestart *p)
{
	struct chrony_version v;
	char why[300];

	p->optional = chrony_version_installed(&v, why, sizeof(why)) && chrony_at_least(&v, 4, 9);
	fputs("# Made by ptpkvm prestart at each start of chronyd; to be changed in " SETUP_DIRECTIVES "\n",
	      p->out);
	if (!p->only)
		fprintf(p->out, "include %s\n", p->service.conf);
	else if (chrony_conf_walk(p->service.conf, copy_but_servers, p, p->why, sizeof(p->why)))
		return false;
	if (chrony_conf_walk(SETUP_DIRECTIVES, add_directive, p, p->why, sizeof(p->why)))
		return false;
	if (!p->substituted)
		return give_up(p, SETUP_DIRECTIVES " has no line that begins with 'refclock PHC'");
	return true;
}

static int is_driftfile(const struct chrony_directive *d, void *arg)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%.*s", (int)strcspn(d->args, " "), d->args);
	*(bool *)arg |= !strcmp(d->name, "driftfile") && file_exists(path);
	return 0;
}

/* With one chronyd begins at the frequency that it has learned; without, at the kernel's. */
static bool has_learned(const struct prestart *p)
{
	bool learned = false;
	char why[300];

	chrony_conf_walk(p->service.conf, is_driftfile, &learned, why, sizeof(why));
	return learned;
}

/* --- writing --- */

/* The directory of path is there, or can be made, and nobody else can put anything into it. */
static bool safe_directory(struct prestart *p, const char *path)
{
	char dir[FILE_PATH_MAX];
	struct stat st;

	snprintf(dir, sizeof(dir), "%.*s", (int)(strrchr(path, '/') - path), path);
	if (file_lstat(dir, &st))
		return errno == ENOENT || give_up(p, "%s%s: %s", file_root, dir, strerror(errno));
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 022))
		return give_up(p, "%s%s is not a directory that only root can write to", file_root, dir);
	return true;
}

/* SELinux: what chronyd may do with its own configuration it may do with this one. */
static bool copy_label(struct prestart *p, const char *path)
{
	char from[FILE_PATH_MAX], to[FILE_PATH_MAX], label[256];
	ssize_t n = lgetxattr(file_path(from, p->layout->conf), "security.selinux", label, sizeof(label));

	if (n > 0 && lsetxattr(file_path(to, path), "security.selinux", label, n, 0))
		return give_up(p, "cannot give %s the SELinux label of %s: %s", to, from, strerror(errno));
	return true;
}

static bool write_text(struct prestart *p, const char *path, bool (*put)(struct prestart *p))
{
	char *text;
	size_t len;
	bool good;

	p->out = open_memstream(&text, &len);
	if (!p->out)
		return give_up(p, "out of memory");
	good = put(p);
	if (fclose(p->out))
		good = give_up(p, "out of memory");
	good = good && safe_directory(p, path) && !file_write(path, text, len, 0644, p->why, sizeof(p->why));
	free(text);
	return good;
}

static bool put_environment(struct prestart *p)
{
	fprintf(p->out, "%s=\"", p->service.variable);
	put_quoted(p->out, p->service.options);
	fprintf(p->out, "%s-f %s\"\n", p->service.options[0] ? " " : "", setup_generated(p->layout));
	return true;
}

static bool prepare(struct prestart *p)
{
	const char *generated = setup_generated(p->layout);
	char hold[200];

	if (file_exists(SETUP_HOLD)) {
		file_read_line(SETUP_HOLD, hold, sizeof(hold));
		return give_up(p, "held by " SETUP_HOLD "%s%s", hold[0] ? ": " : "", hold);
	}
	if (!file_exists(SETUP_DIRECTIVES))
		return give_up(p, "no " SETUP_DIRECTIVES "; run: sudo ptpkvm setup");
	return chrony_service_takes(&p->service, p->why, sizeof(p->why)) && find_clock(p) && write_text(p, generated, compose) &&
	       copy_label(p, generated) &&
	       /* also whether AppArmor lets chronyd read it */
	       setup_chronyd_reads(generated, p->why, sizeof(p->why)) &&
	       write_text(p, SETUP_ENV, put_environment);
}

static void clean(const struct chrony_layout *layout)
{
	char why[300];

	if (file_remove(SETUP_ENV, why, sizeof(why)))
		complain("%s", why);
	file_remove(SETUP_REASON, why, sizeof(why));
	if (layout)
		file_remove(setup_generated(layout), why, sizeof(why));
}

int cmd_prestart(int argc, char **argv)
{
	struct prestart p = { .layout = chrony_layout() };
	const struct option_row rows[] = {
		{ 0, "only", NULL, "leave out the servers of chrony's configuration", FLAG_TO(&p.only) },
		{ 0, "late", NULL, "if chronyd was started without, and the clock answers now: restart it",
		  FLAG_TO(&p.late) },
		{ 0 },
	};
	char why[300], set[300] = "";

	options_parse(&(struct command){
		.about = "Run by chrony's unit before chronyd, see 'ptpkvm setup': if the PTP clock is there, chronyd is "
			 "started with it, else without.",
		.rows = rows, .statuses = "always 0, but for misuse",
	}, argc, argv);
	umask(022);
	if (p.late && p.layout) {
		look_again(&p);
		return EXIT_GOOD;
	}
	clean(p.layout);
	if (!p.layout) {
		complain("no chrony.conf");
		return EXIT_GOOD;
	}
	chrony_service_next(&p.service, setup_addition(p.layout), true);
	if (prepare(&p)) {
		if (!p.waits)
			setup_set_clock(!has_learned(&p), set, sizeof(set));
		print("chronyd starts with %s%s%s%s%s\n", p.device, p.waits ? ", and takes it up once a host serves it: " : "",
		      p.waits ? p.why : "", set[0] ? "; " : "", set);
		return EXIT_GOOD;
	}
	clean(p.layout);
	if (!isatty(STDERR_FILENO))
		fputs("<4>", stderr);	/* sd-daemon(3): a warning */
	complain("chronyd starts without the PTP clock: %s", p.why);
	strncat(p.why, p.no_clock ? SETUP_AGAIN : "\n", sizeof(p.why) - strlen(p.why) - 1);
	file_write(SETUP_REASON, p.why, strlen(p.why), 0644, why, sizeof(why));
	if (p.no_clock)
		start_timer();
	return EXIT_GOOD;
}
