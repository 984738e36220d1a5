// SPDX-License-Identifier: GPL-2.0-or-later
/* ptpkvm set: the system clock on the PTP clock, once, without a daemon. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/now.h"
#include "chrony/chronyc.h"
#include "cli/options.h"
#include "clock/adjust.h"
#include "clock/open.h"
#include "output/json.h"
#include "output/text.h"
#include "ptpkvm.h"
#include "system/machine.h"
#include "time/host_clock.h"
#include "time/phc.h"
#include "time/steering.h"

#define SCHEMA 1		/* Documentation/ptpkvm-check.md */
#define WAIT_STEP_NS 20000000	/* no event tells that a host begins to serve */
#define RATE_PPM 1.0		/* a rate that is known no better is not set */

struct options {
	const char *device;
	double threshold, wait, measure;	/* s */
	bool frequency, backward, force, dry_run, json;
};

struct set {
	struct options o;
	struct phc phc;
	char daemon[24];		/* that steers the clock; "" if none does */
	bool chronyd;			/* it is that one */
	struct adjust_reading was, now;
	bool stepped;
	struct adjust_rate rate;
	bool rate_known, rate_fits, rate_set;
	char left[600];			/* why something that was asked for was not done */
};

/* Says why; what to exit with */
static int explain(const struct set *s, int err)
{
	char why[600];

	if (err == EPERM) {
		complain("this process may not set the clock (CAP_SYS_TIME)%s",
			 geteuid() ? "; 'sudo ptpkvm set', or --dry-run to look only" : "");
		return EXIT_BROKEN;
	}
	snprintf(why, sizeof(why), "%s: %s", s->phc.path, host_clock_why(&s->phc, err));
	return view_explain(s->o.device, why, err);
}

/* --- the clock --- */

static bool answers(const char *device)
{
	struct adjust_reading r;
	struct phc phc;
	char why[600];
	int err;

	if (phc_open(&phc, device, O_RDONLY | O_NONBLOCK, why, sizeof(why)))
		return false;
	err = adjust_read(phc.fd, &r);
	close(phc.fd);
	return !err;
}

static void wait_for_clock(const struct options *o)
{
	int64_t deadline = now_ns(CLOCK_MONOTONIC) + (int64_t)(o->wait * NSEC_PER_SEC);
	char hypervisor[HYPERVISOR_NAME_LEN];

	if (!o->device && !hypervisor_is_kvm(hypervisor))
		return;
	while (now_ns(CLOCK_MONOTONIC) < deadline && !answers(o->device))
		sleep_until(now_ns(CLOCK_MONOTONIC) + WAIT_STEP_NS);
}

/* --- daemons --- */

static void find_daemon(struct set *s)
{
	struct steerer list[STEERERS_MAX];
	struct processes all;
	int n;

	steering_processes(&all);
	n = steering_find(list, &all);
	processes_free(&all);
	for (int i = 0; i < n && !s->daemon[0]; i++) {
		if (!list[i].pid || list[i].elsewhere == YES)
			continue;
		memcpy(s->daemon, list[i].name, sizeof(s->daemon));
		s->chronyd = !strcmp(list[i].name, "chronyd");
	}
}

/* What chronyd has measured is of before: it would put the clock back by that. And a slew of its ends. */
static void reset_chronyd(const struct set *s)
{
	static const char *const words[] = { "reset", "sources", NULL };
	char why[300];

	if (s->chronyd && !chronyc_command(why, sizeof(why), words))
		complain("chronyd takes a while to notice: chronyc reset sources: %s", why);
}

/* --- what is done --- */

static void __attribute__((format(printf, 2, 3))) leave(struct set *s, const char *fmt, ...)
{
	size_t used = strlen(s->left);
	va_list ap;

	if (used)
		used += snprintf(s->left + used, sizeof(s->left) - used, "; ");
	va_start(ap, fmt);
	vsnprintf(s->left + used, sizeof(s->left) - used, fmt, ap);
	va_end(ap);
}

/* 0 or an errno */
static int set_rate(struct set *s)
{
	int err = adjust_measure(s->phc.fd, s->o.measure * NSEC_PER_SEC, &s->rate);

	if (err == EAGAIN) {
		leave(s, "the frequency stays: the host's clock did not run evenly, it is being set or slewed");
		return 0;
	}
	if (err && err != ERANGE)
		return err;
	s->rate_known = true;
	if (err) {
		leave(s, "the frequency stays: %+.0f ppm is no rate to follow (more than %.0f)",
			 s->rate.ppm, ADJUST_PPM_MAX);
		return 0;
	}
	if (s->rate.uncertainty > RATE_PPM) {
		leave(s, "the frequency stays: in %.3g s, by %s, it is known to %.1f ppm only; try --measure %.0f",
			 s->o.measure, phc_method_name(s->now.method), s->rate.uncertainty,
			 ceil(s->o.measure * s->rate.uncertainty / RATE_PPM * 1.5));
		return 0;
	}
	s->rate_fits = true;
	if (s->o.dry_run)
		return 0;
	err = adjust_rate(s->rate.ppm);
	s->rate_set = !err;
	return err;
}

/* Is there something to be done, and may it be? */
static bool wants_step(struct set *s, int64_t threshold)
{
	int64_t off = s->was.offset < 0 ? -s->was.offset : s->was.offset;

	if (off <= threshold || off <= s->was.uncertainty)
		return false;
	if (s->was.offset > 0 || s->o.backward)
		return true;
	leave(s, "the system's clock is ahead, and is set back only if that is asked for: ptpkvm set --backward");
	return false;
}

/* 0 or an errno */
static int set_offset(struct set *s)
{
	int64_t threshold = s->o.threshold * NSEC_PER_SEC;
	int steps, err = adjust_read(s->phc.fd, &s->was);

	s->now = s->was;
	if (err || !wants_step(s, threshold))
		return err;
	s->stepped = true;
	if (s->o.dry_run)
		return 0;
	reset_chronyd(s);
	err = adjust_to_phc(s->phc.fd, threshold, &s->was, &s->now, &steps);
	if (!err)
		reset_chronyd(s);
	return err;
}

/* The clock of a host that says so itself is not followed. */
static bool is_bad(struct set *s)
{
	struct host_clock host;

	host_clock_read(&host, &s->phc);
	if (s->o.force || !host_unsynchronized(&host))
		return false;
	leave(s, "nothing is set: the host says that its clock is %s; --force sets it all the same",
		 host_status_name(host.status));
	return true;
}

/* 0 or an errno */
static int set_clock(struct set *s)
{
	int err = adjust_read(s->phc.fd, &s->was);

	s->now = s->was;
	if (err || is_bad(s))
		return err;
	if (s->o.frequency)
		err = set_rate(s);
	return err ? err : set_offset(s);
}

/* --- output --- */

static void print_offset(const char *what, const struct adjust_reading *r)
{
	char text[NS_TEXT_LEN];

	print("%-12s%s %s, ± %" PRId64 " ns%s\n", what, text_ns(text, fabs((double)r->offset), false),
	      r->offset > 0 ? "behind" : r->offset ? "ahead" : "off", r->uncertainty, r->uncertainty ? "" : " (an exact pair)");
}

static void print_text(const struct set *s)
{
	print("clock       %s (%s), by %s\n", s->phc.path, s->phc.name, phc_method_name(s->was.method));
	print_offset("system was", &s->was);
	if (s->rate_known)
		print("frequency   %+.4f ppm ± %.4f ppm, %s\n", s->rate.ppm, s->rate.uncertainty,
		      s->rate_set ? "set" : s->rate_fits ? "would be set" : "not set");
	if (s->stepped) {
		print("step        %s%+.9f s\n", s->o.dry_run ? "would be " : "", s->was.offset / 1e9);
		if (!s->o.dry_run)
			print_offset("system now", &s->now);
	} else if (!s->left[0]) {
		print("step        none: that is near enough\n");
	}
	if (s->stepped && !s->o.dry_run)
		print("note        the kernel counts its clock as unsynchronized until a daemon says otherwise\n");
	if (s->daemon[0] && !s->chronyd)
		print("note        %s runs, and steers the clock, too\n", s->daemon);
}

static void print_json(const struct set *s)
{
	struct json j = { .f = stdout };

	json_open(&j, NULL, '{');
	json_s64(&j, "schema", SCHEMA);
	json_string(&j, "device", s->phc.path);
	json_string(&j, "clock_name", s->phc.name);
	json_string(&j, "method", phc_method_name(s->was.method));
	json_bool(&j, "dry_run", s->o.dry_run);
	json_s64(&j, "offset_ns", s->was.offset);
	json_s64(&j, "uncertainty_ns", s->was.uncertainty);
	json_bool(&j, "stepped", s->stepped);
	json_s64(&j, "remaining_ns", s->now.offset);
	json_s64(&j, "remaining_uncertainty_ns", s->now.uncertainty);
	json_double(&j, "frequency_ppm", s->rate_known ? s->rate.ppm : NAN);
	json_double(&j, "frequency_uncertainty_ppm", s->rate_known ? s->rate.uncertainty : NAN);
	json_bool(&j, "frequency_set", s->rate_set);
	json_text(&j, "left", s->left);
	json_close(&j, '}');
}

/* --- the command line --- */

static void parse(struct options *o, int argc, char **argv)
{
	const struct option_row rows[] = {
		{ 'f', "frequency", NULL, "also the frequency, measured first: for a guest without a time daemon",
		  FLAG_TO(&o->frequency) },
		{ 0, "measure", "S", "for so many seconds (0.1 to 60, default 1)", DECIMAL_TO(&o->measure, 0.1, 60) },
		{ 'b', "backward", NULL, "also if that sets the clock back", FLAG_TO(&o->backward) },
		{ 't', "threshold", "S", "leave it if it is off by at most S seconds (0 to 1e6, default 1e-6)",
		  DECIMAL_TO(&o->threshold, 0, 1e6) },
		{ 'w', "wait", "S", "wait so long for a clock that answers (0 to 3600, default 0)", DECIMAL_TO(&o->wait, 0, 3600) },
		{ 0, "force", NULL, "also while the host says that its clock is not synchronized", FLAG_TO(&o->force) },
		{ 'n', "dry-run", NULL, "say what would be done and do nothing", FLAG_TO(&o->dry_run) },
		{ 'j', "json", NULL, "what was done, for programs (Documentation/ptpkvm-check.md)", FLAG_TO(&o->json) },
		{ 'd', "device", "PATH", "another PTP clock than the one named '" PHC_KVM_NAME "'", TEXT_TO(&o->device) },
		{ 0 },
	};

	options_parse(&(struct command){
		.about = "Sets the system's clock on the PTP clock, once and exactly, without a daemon: on resume, after a restore, "
			 "in a microVM. It does not keep it there: that is chronyd's, see 'ptpkvm setup'.",
		.rows = rows,
		.notes = "A chronyd that runs is told to forget what it measured before.",
		.statuses = "0 set, or near enough; 1 something was left as it is, and why is said; 2 broken or misuse; 3 not a KVM guest",
	}, argc, argv);
}

int cmd_set(int argc, char **argv)
{
	struct set s = { .o = { .threshold = 1e-6, .measure = 1 } };
	int err;

	parse(&s.o, argc, argv);
	wait_for_clock(&s.o);
	err = view_open(&s.phc, s.o.device);
	if (err)
		return err;
	if (!phc_is_kvm(&s.phc) && !s.o.force)
		die("%s is not set by without --force: a network card's clock may well be in TAI", s.phc.path);
	find_daemon(&s);
	if (s.o.frequency && s.daemon[0])
		die("%s runs, and sets the frequency itself: leave out --frequency", s.daemon);
	err = set_clock(&s);
	if (err)
		return explain(&s, err);
	if (s.o.json)
		print_json(&s);
	else
		print_text(&s);
	close(s.phc.fd);
	if (!s.left[0])
		return EXIT_GOOD;
	complain("%s", s.left);
	return EXIT_WARNINGS;
}
