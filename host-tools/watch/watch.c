// SPDX-License-Identifier: GPL-2.0-or-later
/* ptpkvm-host watch: each hop's offset, tick by tick. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/now.h"
#include "ptp/ports.h"
#include "ptpkvm-host.h"
#include "status/gather.h"
#include "system/background.h"
#include "system/interval.h"
#include "time/kernel_clock.h"
#include "watch/watch.h"

/* --- what is asked aside --- */

struct chrony_answer {
	bool has_tracking;
	struct chrony_tracking tracking;
	char why[300];
};

static struct {
	struct check_facts facts;
	struct check_report report;
	struct ptp4l_fact ptp4l;	/* the one that is watched */
	bool has_ptp4l, has_chrony;
	struct asker ask_ptp4l, ask_chrony;
	struct chain_hop hop;		/* path empty until there is one */
	struct kvm_guests guests, before;
} host;

static void get_ptp4l(void *answer, void *unused)
{
	struct ptp4l_fact *p = answer;

	(void)unused;
	*p = host.ptp4l;
	p->why[0] = 0;
	check_ask_ptp4l(&host.facts, p);
}

static void get_chrony(void *answer, void *unused)
{
	struct chrony_answer *a = answer;

	(void)unused;
	memset(a, 0, sizeof(*a));
	a->has_tracking = !chronyc_tracking(&a->tracking, a->why, sizeof(a->why));
}

/* The first that follows a master; or none does, the first one */
static void choose_ptp4l(void)
{
	const struct check_facts *f = &host.facts;
	int chosen = 0;

	for (int i = f->n_ptp4l - 1; i >= 0; i--)
		if (f->ptp4l[i].asked && f->ptp4l[i].result == PMC_ANSWERED && check_slave_port(&f->ptp4l[i].data))
			chosen = i;
	host.has_ptp4l = f->n_ptp4l;
	if (!host.has_ptp4l)
		return;
	host.ptp4l = f->ptp4l[chosen];
	chain_find(f, &host.ptp4l, &host.hop);
}

static void begin(void)
{
	check_gather(&host.facts);
	check_judge(&host.facts, &host.report);
	choose_ptp4l();
	host.has_chrony = host.facts.chrony.pid;
	if (!host.has_ptp4l && !host.has_chrony)
		die("neither ptp4l nor chronyd %s: there is nothing to watch\nType: ptpkvm-host check",
		    host.facts.processes_hidden ? "is seen" : "runs");
	if (!kvm_guests_find(&host.before))
		complain("guests are not known: %s", host.before.why);
}

/* Signals are for the thread that waits: it must have blocked them before. */
static void start_askers(void)
{
	if (host.has_ptp4l)
		asker_start(&host.ask_ptp4l, get_ptp4l, NULL, sizeof(struct ptp4l_fact));
	if (host.has_chrony)
		asker_start(&host.ask_chrony, get_chrony, NULL, sizeof(struct chrony_answer));
}

/* --- a tick --- */

static void take_ptp4l(struct watch_tick *t, int64_t deadline)
{
	static char said[400];
	static struct ptp4l_fact p;
	static struct last_sync last;
	struct chain_hop hop;
	char text[400] = "";

	if (!asker_wait(&host.ask_ptp4l, &p, deadline))
		return;
	t->has_ptp4l = p.asked && p.result == PMC_ANSWERED;
	if (t->has_ptp4l) {
		check_drop_old_offset(&last, &p.data, now_ns(CLOCK_MONOTONIC));
		t->ptp4l = p.data;
		t->follows = check_slave_port(&p.data);
		check_ports_text(&p, t->ports, sizeof(t->ports));
		if (chain_find(&host.facts, &p, &hop) && hop.path[0])
			host.hop = hop;		/* for the ticks to come */
		if (t->follows && isnan(check_offset(&p.data)))
			strcpy(text, "ptp4l: no measurement: it hears a master, but no Sync, or no answer of it");
	} else {
		snprintf(text, sizeof(text), "ptp4l: %.380s", p.denied ? "only root may ask it" : p.why);
	}
	ticks_say_once(said, sizeof(said), text);
}

static void take_chrony(struct watch_tick *t, int64_t deadline)
{
	static char said[400];
	static struct chrony_answer a;

	if (!asker_wait(&host.ask_chrony, &a, deadline))
		return;
	t->has_tracking = a.has_tracking && status_follows(&a.tracking);
	t->tracking = a.tracking;
	ticks_say_once(said, sizeof(said),
		       !a.has_tracking ? a.why : t->has_tracking ? "" : "chronyd follows no source");
}

/* Also while no master is heard: the last PHC that ptp4l kept */
static void take_hop(struct watch_tick *t)
{
	static char said[400];

	if (!host.hop.path[0])
		return;
	t->hop = host.hop;
	chain_read(&t->hop);
	ticks_say_once(said, sizeof(said), t->hop.known ? "" : t->hop.why);
}

static void take_guests(struct watch_tick *t)
{
	if (!kvm_guests_find(&host.guests))
		return;
	t->guests = host.guests.n + host.guests.left_out;
	t->has_served = kvm_guests_served(&host.before, &host.guests, &t->served);
	host.before = host.guests;
}

/* Programs have until the next tick's turn, but no longer than they may take at all. */
static int64_t deadline_of(int64_t next)
{
	int64_t now = now_ns(CLOCK_MONOTONIC), most = now + (CHRONYC_TIMEOUT_MS + 1000) * 1000000LL;
	int64_t deadline = now + (next - now) / 5 * 4;

	return deadline < most ? deadline : most;
}

static void read_all(struct watch_tick *t, int64_t next)
{
	int64_t deadline = deadline_of(next);

	if (host.has_ptp4l)
		asker_ask(&host.ask_ptp4l);
	if (host.has_chrony)
		asker_ask(&host.ask_chrony);
	take_hop(t);
	kernel_clock_read(&t->kernel);
	t->kernel = check_kernel(&host.report, &t->kernel);
	take_guests(t);
	if (host.has_ptp4l)
		take_ptp4l(t, deadline);
	if (host.has_chrony)
		take_chrony(t, deadline);
}

static void begin_ticks(void *arg)
{
	start_askers();
	watch_show_head(arg);
}

static void tick(void *arg, bool late, int64_t next)
{
	struct watch *w = arg;
	static struct watch_tick t;
	unsigned int i = w->run.ticks - 1;

	t = (struct watch_tick){
		.nth = w->run.ticks, .when_ns = now_ns(CLOCK_REALTIME), .late = late, .guests = -1,
		.kernel.max_error_ns = NAN,
	};
	if (!late)
		read_all(&t, next);
	w->series[WATCH_GM].ns[i] = check_offset(&t.ptp4l);
	w->series[WATCH_SYSTEM].ns[i] = t.hop.known ? t.hop.offset_ns : NAN;
	w->series[WATCH_CHRONY].ns[i] = t.has_tracking ? t.tracking.system * 1e9 : NAN;
	watch_show_tick(w, &t);
}

static void end_ticks(void *arg)
{
	watch_show_summary(arg);
}

int cmd_watch(int argc, char **argv)
{
	struct watch_options o = WATCH_DEFAULTS;
	const struct option_row rows[] = { WATCH_ROWS(&o), { 0 } };
	static const struct watch_calls calls = { begin_ticks, tick, end_ticks };
	struct watch w = {
		.run = { .series = w.series, .n = WATCH_SERIES },
		.report = &host.report,
		.series = {
			[WATCH_GM] = { .title = "GM > NIC", .key = "gm", .plot = "grandmaster to NIC" },
			[WATCH_SYSTEM] = { .title = "NIC > system", .key = "system", .plot = "NIC to system" },
			[WATCH_CHRONY] = { .title = "chronyd", .key = "chrony", .plot = "chronyd" },
		},
	};

	options_parse(&(struct command){
		.about = "Each hop from the grandmaster to the system's clock, tick by tick, and how many guests are served. "
			 "Positive: the clock is behind the one that it follows; linuxptp and chronyc have the other sign.",
		.rows = rows, .notes = WATCH_NOTES,
		.statuses = "0 all ticks had an offset to the grandmaster, or without ptp4l chronyd's; 1 some had none; 2 none "
			    "had, or misuse",
	}, argc, argv);
	watch_asked(&w.run, &o);
	begin();
	if (host.has_ptp4l && !check_hardware(&host.ptp4l)) {
		w.series[WATCH_GM].title = "GM > system";
		w.series[WATCH_GM].plot = "grandmaster to system";
	}
	return watch_go(&w.run, &o, &calls, &w, &w.series[host.has_ptp4l ? WATCH_GM : WATCH_CHRONY],
			"master - its clock, ns");
}
