// SPDX-License-Identifier: GPL-2.0-or-later
/* ptpkvm-host status: one look, for people in a hurry and for programs. */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>

#include "../../include/version.h"
#include "base/die.h"
#include "base/text.h"
#include "check/json.h"
#include "check/judge.h"
#include "cli/limits.h"
#include "cli/options.h"
#include "output/text.h"
#include "ptp/ports.h"
#include "ptpkvm-host.h"
#include "status/gather.h"
#include "time/kernel_clock.h"

#define SCHEMA 2	/* Documentation/ptpkvm-host-status.md */

/* --- for people --- */

static bool is_master(const struct pmc_data *d)
{
	for (int i = 0; i < d->n_ports; i++)
		if (!strcmp(d->ports[i].state, "MASTER") || !strcmp(d->ports[i].state, "GRAND_MASTER"))
			return true;
	return false;
}

static void __attribute__((format(printf, 2, 3))) row(const char *label, const char *fmt, ...)
{
	char line[1000];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	text_columns(stdout, 14, label, line);
}

/* One that hears nobody has itself for a grandmaster, be it one or not. */
static void print_grandmaster(const struct pmc_data *d)
{
	const bool own = !strcmp(d->grandmaster, d->identity);
	char buf[CHAIN_ACCURACY_LEN], more[120] = "";
	const char *accuracy = chain_accuracy_text(buf, d->gm_accuracy);

	if (own && !is_master(d)) {
		row("grandmaster", "none is heard");
		return;
	}
	if (d->gm_class != UNKNOWN)
		add_text(more, sizeof(more), ", class %d", d->gm_class);
	if (accuracy)
		add_text(more, sizeof(more), ", accuracy %s", accuracy);
	if (d->steps != UNKNOWN)
		add_text(more, sizeof(more), ", %d step%s away", d->steps, d->steps == 1 ? "" : "s");
	row("grandmaster", "%s%s%s", d->grandmaster, more, own ? ": this host" : "");
}

static void print_ports(const struct ptp4l_fact *p)
{
	char ports[600] = "";

	for (int i = 0; i < p->data.n_ports; i++)
		add_text(ports, sizeof(ports), "%s%s %s", i ? ", " : "", check_port_name(p, i),
			 p->data.ports[i].state[0] ? p->data.ports[i].state : "in an unknown state");
	row("ptp4l", "%s (process %d, domain %d, %s timestamps%s)", p->data.n_ports ? ports : "ports not told",
	    p->process.pid, p->process.domain, check_hardware(p) ? "hardware" : "software",
	    ptp4l_measures_only(&p->process) ? ", measuring only" : "");
}

static void print_hops(const struct status *s, int i)
{
	const struct ptp4l_fact *p = &s->facts.ptp4l[i];
	const struct chain_hop *hop = &s->hop[i];
	char offset[OFFSET_TEXT_LEN], more[NS_TEXT_LEN];

	if (!check_slave_port(&p->data))
		return;
	row(hop->there ? "GM > NIC" : "GM > system", "%s the grandmaster, path delay %s",
	    offset_text(offset, check_offset(&p->data)), text_ns(more, rint(check_path_delay(&p->data)), false));
	if (!hop->there)
		return;
	if (hop->known)
		row("NIC > system", "%s the NIC ± %s (%s, TAI − UTC %d s)", offset_text(offset, hop->offset_ns),
		    text_ns(more, hop->uncertainty_ns, false), hop->path, hop->tai_utc);
	else
		row("NIC > system", "not known: %s", hop->why);
}

static void print_ptp4l(const struct status *s, int i)
{
	const struct ptp4l_fact *p = &s->facts.ptp4l[i];

	if (!p->asked || p->result != PMC_ANSWERED) {
		row("ptp4l", "process %d: %s", p->process.pid,
		    p->denied ? "only root may ask it" : p->why[0] ? p->why : "not asked");
		return;
	}
	if (p->data.grandmaster[0])
		print_grandmaster(&p->data);
	print_ports(p);
	print_hops(s, i);
}

static void print_clock(const struct status *s)
{
	const struct kernel_clock k = check_kernel(&s->report, &s->facts.kernel);
	const struct chrony_tracking *t = &s->tracking;
	char offset[OFFSET_TEXT_LEN], error[NS_TEXT_LEN], bound[CHECK_BOUND_LEN];

	for (int i = 0; i < s->report.n_steerers; i++)
		row("steered by", "%s (process %d)%s%s", s->report.steerers[i].name, s->report.steerers[i].pid,
		    s->report.steerers[i].from[0] ? ", from " : "", s->report.steerers[i].from);
	if (s->has_tracking && !status_follows(t))
		row("chronyd", "follows no source");
	else if (s->has_tracking)
		row("chronyd", "%s %s (stratum %d), at most %s off", offset_text(offset, rint(t->system * 1e9)),
		    t->name, t->stratum, text_ns(error, rint(status_root_distance(t) * 1e9), false));
	if (k.known)
		row("kernel", "%s, %s", k.status & STA_UNSYNC ? "not synchronized" : "synchronized",
		    check_bound(bound, &s->report, &k, text_ns(error, k.max_error_ns, false)));
}

static void print_guest(const struct kvm_guest *g)
{
	char left[160], counts[100] = "";

	snprintf(left, sizeof(left), "  %-20s process %-8d %3d vCPU%s",
		 g->name[0] ? g->name : g->program[0] ? g->program : "?", g->pid, g->vcpus, g->vcpus == 1 ? "" : "s");
	if (g->pairings.known)
		snprintf(counts, sizeof(counts), "served %" PRIu64 " time%s, refused %" PRIu64, g->pairings.n,
			 g->pairings.n == 1 ? "" : "s", g->refused.n);
	else if (g->hypercalls.known)
		snprintf(counts, sizeof(counts), "%" PRIu64 " hypercall%s of any kind", g->hypercalls.n,
			 g->hypercalls.n == 1 ? "" : "s");
	text_columns(stdout, 51, left, counts);
}

static void print_guests(const struct kvm_guests *all)
{
	if (all->why[0]) {
		row("guests", "not known: %s", all->why);
		return;
	}
	row("guests", "%d", all->n + all->left_out);
	for (int i = 0; i < all->n; i++)
		print_guest(&all->list[i]);
	if (all->left_out)
		print("  and %d more\n", all->left_out);
	if (all->n && !all->list[0].pairings.known)
		print("  (this kernel does not count clock pairings: host-patch/ adds that)\n");
}

static void print_text(const struct status *s)
{
	for (int i = 0; i < s->facts.n_ptp4l; i++)
		print_ptp4l(s, i);
	if (!s->facts.n_ptp4l)
		row("ptp4l", s->facts.processes_hidden ? "is not seen" : "does not run");
	print_clock(s);
	print_guests(&s->guests);
	findings_print(&s->off, false);
}

/* --- for programs --- */

static void json_ptp4l(struct json *j, const struct status *s, int i)
{
	const struct ptp4l_fact *p = &s->facts.ptp4l[i];
	const struct chain_hop *hop = &s->hop[i];

	json_open(j, NULL, '{');
	check_json_ptp4l(j, p);
	json_text(j, "phc", hop->path);
	json_if_s64(j, "system_offset_ns", hop->known, hop->offset_ns);
	json_if_s64(j, "system_uncertainty_ns", hop->known, hop->uncertainty_ns);
	json_text(j, "system_error", hop->why);
	json_close(j, '}');
}

static void json_chrony(struct json *j, const struct status *s)
{
	const struct chrony_tracking *t = &s->tracking;

	if (!s->has_tracking) {
		json_null(j, "chrony");
		return;
	}
	json_open(j, "chrony", '{');
	json_text(j, "reference", t->name);
	json_s64(j, "stratum", t->stratum);
	json_double(j, "offset_ns", status_follows(t) ? t->system * 1e9 : NAN);
	json_double(j, "root_distance_ns", status_follows(t) ? status_root_distance(t) * 1e9 : NAN);
	json_string(j, "leap", t->leap);
	json_close(j, '}');
}

static void json_kernel(struct json *j, const struct kernel_clock *k)
{
	if (!k->known) {
		json_null(j, "kernel");
		return;
	}
	json_open(j, "kernel", '{');
	json_bool(j, "synchronized", !(k->status & STA_UNSYNC));
	json_double(j, "max_error_us", k->max_error_ns / 1e3);
	json_double(j, "est_error_us", k->est_error_ns / 1e3);
	json_s64(j, "tai_utc_s", k->tai_utc);
	json_close(j, '}');
}

static void json_guests(struct json *j, const struct kvm_guests *all)
{
	json_text(j, "guests_error", all->why);
	json_s64(j, "guests_left_out", all->left_out);
	json_open(j, "guests", '[');
	for (int i = 0; i < all->n; i++) {
		const struct kvm_guest *g = &all->list[i];

		json_open(j, NULL, '{');
		json_text(j, "name", g->name);
		json_s64(j, "pid", g->pid);
		json_u64(j, "fd", g->fd);
		json_text(j, "program", g->program);
		json_s64(j, "vcpus", g->vcpus);
		json_if_u64(j, "pairings", g->pairings.known, g->pairings.n);
		json_if_u64(j, "refused", g->refused.known, g->refused.n);
		json_if_u64(j, "hypercalls", g->hypercalls.known, g->hypercalls.n);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void print_json(const struct status *s, int code)
{
	const struct kernel_clock kernel = check_kernel(&s->report, &s->facts.kernel);
	struct json j = { .f = stdout };

	json_open(&j, NULL, '{');
	json_s64(&j, "schema", SCHEMA);
	json_string(&j, "ptpkvm_host", PTP_KVM_VERSION);
	json_string(&j, "result", code ? "warnings" : "good");
	json_s64(&j, "exit_status", code);
	findings_json(&j, &s->off);
	json_open(&j, "ptp4l", '[');
	for (int i = 0; i < s->facts.n_ptp4l; i++)
		json_ptp4l(&j, s, i);
	json_close(&j, ']');
	check_json_steering(&j, &s->report);
	json_chrony(&j, s);
	json_kernel(&j, &kernel);
	json_guests(&j, &s->guests);
	json_close(&j, '}');
}

/* --- the command line --- */

int cmd_status(int argc, char **argv)
{
	static struct status s;
	bool json = false;
	struct option_row limits[LIMIT_ROWS];
	const struct option_row rows[] = {
		{ 0, "json", NULL, "for programs (Documentation/ptpkvm-host-status.md)", FLAG_TO(&json) },
		{ 0, "root", "DIR", "look at the files below DIR, at nothing that runs", ROOT_TO(NULL) },
		{ 0 },
	};
	int code;

	limit_rows(limits, check_limits);
	options_parse(&(struct command){
		.about = "One look: the grandmaster, ptp4l's ports, each hop's offset to the one before, and the guests. "
			 "In JSON positive: the clock is behind the one that it follows.",
		.rows = rows, .more = limits, .statuses = "0 nothing is amiss, 1 something is, as the last lines tell, 2 misuse",
	}, argc, argv);
	status_gather(&s);
	code = s.off.n ? EXIT_WARNINGS : EXIT_GOOD;
	if (json)
		print_json(&s, code);
	else
		print_text(&s);
	return code;
}
