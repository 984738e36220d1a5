// SPDX-License-Identifier: GPL-2.0-or-later
/* ptpkvm-host metrics: what status sees, as Prometheus text exposition. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>

#include "../../include/version.h"
#include "base/array.h"
#include "base/die.h"
#include "base/text.h"
#include "check/judge.h"
#include "cli/metrics_output.h"
#include "ptp/ports.h"
#include "ptpkvm-host.h"
#include "status/gather.h"
#include "time/kernel_clock.h"

/* --- ptp4l --- */

#define LABEL_LEN 300

static void interfaces_text(const struct ptp4l *p, char *buf, size_t len)
{
	buf[0] = 0;
	for (int i = 0; i < p->n_interfaces; i++)
		add_text(buf, len, "%s%s", i ? "," : "", p->interfaces[i]);
}

/*
 * Its interfaces, which outlive a restart; where that is nothing or not the only one, its process. No interface has
 * a space in it, but the command line of whoever calls himself ptp4l may.
 */
static void name_ptp4l(const struct check_facts *f, int nth, char *buf, size_t len)
{
	char other[LABEL_LEN];
	bool only;

	interfaces_text(&f->ptp4l[nth].process, buf, len);
	only = buf[0] && !strchr(buf, ' ');
	for (int i = 0; i < f->n_ptp4l && only; i++) {
		interfaces_text(&f->ptp4l[i].process, other, sizeof(other));
		only = i == nth || strcmp(buf, other);
	}
	if (!only)
		snprintf(buf, len, "process %d", f->ptp4l[nth].process.pid);
}

/* What one ptp4l says, in the unit of the metric; NAN where it doesn't */
static double answers(const struct status *s, int i)
{
	const struct ptp4l_fact *p = &s->facts.ptp4l[i];

	if (!p->asked)
		return NAN;
	if (p->result == PMC_ANSWERED)
		return 1;
	/* Of whom pmc can't ask, or who is no root, it may be deaf to just him. */
	return s->facts.root && (p->result == PMC_SILENT || p->result == PMC_FAILED) ? 0 : NAN;
}

static const struct pmc_data *data(const struct status *s, int i)
{
	return &s->facts.ptp4l[i].data;
}

static double known(int val)
{
	return val == UNKNOWN ? NAN : val;
}

static double gm_class(const struct status *s, int i)
{
	return known(data(s, i)->gm_class);
}

static double gm_accuracy(const struct status *s, int i)
{
	return chain_accuracy(data(s, i)->gm_accuracy);
}

static double steps(const struct status *s, int i)
{
	return known(data(s, i)->steps);
}

static double offset(const struct status *s, int i)
{
	return check_offset(data(s, i)) * 1e-9;
}

static double path_delay(const struct status *s, int i)
{
	return check_path_delay(data(s, i)) * 1e-9;
}

static double utc_offset(const struct status *s, int i)
{
	return data(s, i)->ptp_timescale == 1 ? known(data(s, i)->utc_offset) : NAN;
}

static double traceable(const struct status *s, int i)
{
	return known(data(s, i)->time_traceable);
}

static const struct {
	const char *name, *help;
	double (*get)(const struct status *s, int i);
} of_ptp4l[] = {
	{ "ptp4l_up", "Whether ptp4l answers pmc.", answers },
	{ "grandmaster_class", "clockClass of the grandmaster: 6 and 7 have or had a reference.", gm_class },
	{ "grandmaster_accuracy_seconds", "How good the grandmaster says to be.", gm_accuracy },
	{ "grandmaster_traceable", "Whether the grandmaster's time is traceable to a primary reference.", traceable },
	{ "grandmaster_tai_offset_seconds", "TAI minus UTC as the grandmaster has it.", utc_offset },
	{ "steps_removed", "Clocks from the grandmaster to this host.", steps },
	{ "ptp4l_offset_seconds", "The master's clock minus ptp4l's.", offset },
	{ "ptp4l_path_delay_seconds", "Mean path delay to the master, one way.", path_delay },
};

static void put_ports(struct metrics *m, const struct ptp4l_fact *p, const char *name)
{
	static const char *const states[] = {
		"INITIALIZING", "FAULTY", "DISABLED", "LISTENING", "PRE_MASTER", "MASTER", "PASSIVE", "UNCALIBRATED",
		"SLAVE", "GRAND_MASTER",
	};

	for (int i = 0; i < p->data.n_ports; i++)
		for (size_t k = 0; k < ARRAY_SIZE(states) && p->data.ports[i].state[0]; k++)
			metrics_sample(m, !strcmp(p->data.ports[i].state, states[k]), "ptp4l", name, "port",
				       p->data.ports[i].identity, "interface", check_port_name(p, i), "state",
				       states[k], NULL);
}

static void put_ptp4l(struct metrics *m, const struct status *s)
{
	const struct check_facts *f = &s->facts;
	char (*name)[LABEL_LEN] = xcalloc(f->n_ptp4l, sizeof(*name));

	for (int i = 0; i < f->n_ptp4l; i++)
		name_ptp4l(f, i, name[i], sizeof(name[i]));
	for (size_t k = 0; k < ARRAY_SIZE(of_ptp4l); k++) {
		metrics_gauges(m, of_ptp4l[k].name, of_ptp4l[k].help);
		for (int i = 0; i < f->n_ptp4l; i++)
			if (!isnan(of_ptp4l[k].get(s, i)))
				metrics_sample(m, of_ptp4l[k].get(s, i), "ptp4l", name[i], NULL);
	}
	metrics_gauges(m, "grandmaster_info", "The grandmaster that ptp4l follows, or is.");
	for (int i = 0; i < f->n_ptp4l; i++)
		if (f->ptp4l[i].data.grandmaster[0])
			metrics_sample(m, 1, "ptp4l", name[i], "grandmaster", f->ptp4l[i].data.grandmaster, NULL);
	metrics_gauges(m, "port_state", "State of a port of ptp4l: 1 for the one it is in.");
	for (int i = 0; i < f->n_ptp4l; i++)
		put_ports(m, &f->ptp4l[i], name[i]);
	metrics_gauges(m, "system_offset_seconds", "The PHC that ptp4l keeps minus the system clock, both as UTC.");
	for (int i = 0; i < f->n_ptp4l; i++)
		if (s->hop[i].known)
			metrics_sample(m, s->hop[i].offset_ns * 1e-9, "ptp4l", name[i], "phc", s->hop[i].path, NULL);
	metrics_gauges(m, "system_offset_uncertainty_seconds", "How far that offset may be off either way.");
	for (int i = 0; i < f->n_ptp4l; i++)
		if (s->hop[i].known)
			metrics_sample(m, s->hop[i].uncertainty_ns * 1e-9, "ptp4l", name[i], "phc", s->hop[i].path,
				       NULL);
	free(name);
}

/* --- the system's clock --- */

/* hidden: there may be more of them */
static void put_steering(struct metrics *m, const struct check_report *r, bool hidden)
{
	char pid[16];

	if (!hidden)
		metrics_gauge(m, "steering_processes", "Processes that steer the system's clock: only one may.",
			      r->n_steerers);
	metrics_gauges(m, "steering_info", "One that steers the system's clock.");
	for (int i = 0; i < r->n_steerers; i++) {
		snprintf(pid, sizeof(pid), "%d", r->steerers[i].pid);
		metrics_sample(m, 1, "name", r->steerers[i].name, "pid", pid, "from", r->steerers[i].from, NULL);
	}
}

static void put_chrony(struct metrics *m, const struct status *s)
{
	const struct chrony_tracking *t = &s->tracking;

	if (!s->facts.offline)
		metrics_gauge(m, "chrony_up", "Whether chronyd answers.", s->has_tracking);
	if (!s->has_tracking)
		return;
	metrics_gauge(m, "chrony_stratum", "Stratum of this host by chronyd; 0 if it is not synchronized.",
		      t->stratum);
	if (!status_follows(t))
		return;
	metrics_gauges(m, "chrony_reference_info", "What chronyd follows.");
	metrics_sample(m, 1, "reference", t->name, NULL);
	metrics_gauge(m, "chrony_offset_seconds", "chronyd's estimate of the true time minus the system clock.",
		      t->system);
	metrics_gauge(m, "chrony_root_distance_seconds", "chronyd's bound on the system clock's error.",
		      status_root_distance(t));
}

static void put_kernel(struct metrics *m, const struct check_facts *f, const struct check_report *r)
{
	const struct kernel_clock k = check_kernel(r, &f->kernel);

	metrics_gauges(m, "clocksource_info", "The kernel's clocksource.");
	if (f->clocksource[0])
		metrics_sample(m, 1, "clocksource", f->clocksource, NULL);
	if (!k.known)
		return;
	metrics_gauge(m, "kernel_synchronized", "Whether the kernel counts its clock as synchronized.",
		      !(k.status & STA_UNSYNC));
	if (!isnan(k.max_error_ns))
		metrics_gauge(m, "kernel_max_error_seconds", "The kernel's bound on its clock's error to UTC.",
			      k.max_error_ns * 1e-9);
	if (!isnan(k.est_error_ns))
		metrics_gauge(m, "kernel_est_error_seconds", "The kernel's estimate of that error.",
			      k.est_error_ns * 1e-9);
	metrics_gauge(m, "kernel_tai_offset_seconds", "TAI minus UTC in the kernel; 0 if it was never set.",
		      k.tai_utc);
}

/* --- guests --- */

static void guest_sample(struct metrics *m, const struct kvm_guest *g, double val)
{
	char pid[16], fd[16];

	snprintf(pid, sizeof(pid), "%d", g->pid);
	snprintf(fd, sizeof(fd), "%u", g->fd);
	metrics_sample(m, val, "guest", g->name, "pid", pid, "fd", fd, NULL);
}

static void put_counts(struct metrics *m, const struct kvm_guests *all, size_t count, const char *name,
		       const char *help)
{
	metrics_counters(m, name, help);
	for (int i = 0; i < all->n; i++) {
		const struct kvm_count *c = (const void *)((const char *)&all->list[i] + count);

		if (c->known)
			guest_sample(m, &all->list[i], c->n);
	}
}

static void put_guests(struct metrics *m, const struct kvm_guests *all)
{
	metrics_gauge(m, "guests_known", "Whether KVM's statistics could be read.", !all->why[0]);
	if (all->why[0])
		return;
	metrics_gauge(m, "guests", "VMs on this host.", all->n + all->left_out);
	metrics_gauges(m, "guest_vcpus", "vCPUs of a VM.");
	for (int i = 0; i < all->n; i++)
		guest_sample(m, &all->list[i], all->list[i].vcpus);
	put_counts(m, all, offsetof(struct kvm_guest, pairings), "guest_clock_pairings_total",
		   "How often a VM was given the time.");
	put_counts(m, all, offsetof(struct kvm_guest, refused), "guest_clock_pairings_refused_total",
		   "How often a VM asked for the time and was refused it.");
	put_counts(m, all, offsetof(struct kvm_guest, hypercalls), "guest_hypercalls_total",
		   "Hypercalls of a VM, of any kind.");
}

/* --- all of it --- */

static void put_all(struct metrics *m, const struct status *s)
{
	metrics_gauges(m, "build_info", "Version of ptpkvm-host.");
	metrics_sample(m, 1, "version", PTP_KVM_VERSION, NULL);
	if (!s->facts.processes_hidden)
		metrics_gauge(m, "ptp4l_processes", "Processes of ptp4l.", s->facts.n_ptp4l);
	put_ptp4l(m, s);
	put_steering(m, &s->report, s->facts.processes_hidden);
	put_chrony(m, s);
	put_kernel(m, &s->facts, &s->report);
	put_guests(m, &s->guests);
	findings_metrics(m, "Verdicts of ptpkvm-host check, by level.", &s->report.said);
}

int cmd_metrics(int argc, char **argv)
{
	static struct status s;
	struct metrics_output o = { .findings.kinds = check_kinds, .limits = check_limits };

	metrics_output_begin(&o, "ptpkvm_host_", "Grandmaster, ports, each hop's offset, the kernel's clock and the guests as "
			     "Prometheus text exposition.", argc, argv);
	status_gather(&s);
	check_remember(&s.facts);
	findings_ignore(&s.report.said, &o.findings);
	put_all(&o.metrics, &s);
	return metrics_output_end(&o);
}
