// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <math.h>
#include <string.h>

#include "../../include/version.h"
#include "base/array.h"
#include "base/die.h"
#include "check/judge.h"
#include "cli/metrics_output.h"
#include "clock/open.h"
#include "facts/facts.h"
#include "ptpkvm.h"

/* The label is one of names; the one that holds is 1, the others are 0. */
static void state_set(struct metrics *m, const char *label, const char *const *names, size_t n, const char *now)
{
	for (size_t i = 0; i < n; i++)
		metrics_sample(m, !strcmp(names[i], now), label, names[i], NULL);
}

static void put_driver(struct metrics *m, const struct check_facts *c)
{
	static const char *const kinds[] = {
		[DRIVER_NONE] = "none", [DRIVER_OURS] = "out-of-tree", [DRIVER_IN_TREE] = "in-tree",
		[DRIVER_BUILT_IN] = "built-in",
	};

	metrics_gauges(m, "build_info", "Version of ptpkvm.");
	metrics_sample(m, 1, "version", PTP_KVM_VERSION, NULL);
	metrics_gauges(m, "driver_info", "The driver of the KVM PTP clock, and its version where it has one.");
	metrics_sample(m, 1, "kind", kinds[c->driver], "version", c->driver_version, NULL);
}

static void put_clock(struct metrics *m, const struct check_facts *c, const struct check_report *r)
{
	const bool denied = c->open_error == EACCES || c->open_error == EPERM;

	if (!c->offline && !denied) {
		metrics_gauge(m, "up", "Whether the KVM PTP clock is there and answers.", r->has_offset);
		metrics_gauge(m, "waiting", "Whether it is there and waits for a host that serves it.", judge_clock_waits(c));
	}
	metrics_gauges(m, "method_supported", "Whether this way of reading the PTP clock works.");
	for (int i = 0; i < PHC_METHODS && c->opened; i++)
		metrics_sample(m, !c->method[i].error, "method", phc_method_name(i), NULL);
	if (!r->has_offset)
		return;
	metrics_gauge(m, "phc_offset_seconds",
		      "PTP clock minus system clock, by the best way of reading that works.",
		      r->offset_ns * 1e-9);
	metrics_gauge(m, "phc_offset_uncertainty_seconds",
		      "How far that offset may be off either way; 0 for an exact pair.", r->uncertainty_ns * 1e-9);
}

static void put_driver_host(struct metrics *m, const struct host_clock *h)
{
	if (!h->present || h->error)
		return;
	metrics_gauge(m, "pairing_type", "Type of call the host answers: 0 time only, 1 time and quality.",
		      h->pairing_type);
	if (h->has_window)
		metrics_gauge(m, "host_clock_window_seconds",
			      "How far apart the host's clock and the guest's counter can have been read.",
			      h->window_ns * 1e-9);
}

static void put_host(struct metrics *m, const struct host_clock *h)
{
	static const char *const statuses[] = {
		"unknown", "initializing", "synchronized", "free-running", "unreliable",
	};
	static const char *const leaps[] = {
		"none", "insert-pending", "delete-pending", "inserting", "inserted", "deleted",
	};

	put_driver_host(m, h);
	if (h->from != HOST_UNTOLD) {
		metrics_gauges(m, "host_clock_info", "Who tells of the host's clock, and whose its bounds are.");
		metrics_sample(m, 1, "told_by", host_clock_from_name(h->from), "source", h->bound_source, NULL);
	}
	if (h->has_status) {
		metrics_gauges(m, "host_clock_status", "How the host's clock is kept: 1 for the status it has.");
		state_set(m, "status", statuses, ARRAY_SIZE(statuses), host_status_name(h->status));
	}
	if (h->has_max_error)
		metrics_gauge(m, "host_clock_max_error_seconds", "The host's bound on its own error to UTC.",
			      h->max_error_ns * 1e-9);
	if (h->has_ref_error)
		metrics_gauge(m, "host_clock_ref_error_seconds",
			      "The host's bound on its own error to the source that it follows.", h->ref_error_ns * 1e-9);
	if (h->has_est_error)
		metrics_gauge(m, "host_clock_est_error_seconds", "The host's estimate of its own error to UTC.",
			      h->est_error_ns * 1e-9);
	if (h->has_tai_offset)
		metrics_gauge(m, "host_clock_tai_offset_seconds", "TAI minus UTC as the host has it.", h->tai_offset);
	if (h->has_leap) {
		metrics_gauges(m, "host_clock_leap", "The host's leap second: 1 for the state it is in.");
		state_set(m, "state", leaps, ARRAY_SIZE(leaps), h->leap);
	}
}

static void put_source(struct metrics *m, const struct chrony_source *s)
{
	if (!s)
		return;
	metrics_gauges(m, "chrony_source_info", "chronyd's source for the PTP clock.");
	metrics_sample(m, 1, "refid", s->name, NULL);
	metrics_gauge(m, "chrony_reach_ratio", "Share of the source's last eight polls that gave a sample.",
		      __builtin_popcount(s->reach) / 8.0);
	if (isnan(s->last_rx))
		return;
	metrics_gauge(m, "chrony_last_offset_seconds",
		      "PTP clock minus system clock in the source's last sample, as it was measured.",
		      view_ns(s->measured) * 1e-9);
	metrics_gauge(m, "chrony_last_error_seconds", "chronyd's margin of error of that sample.", s->error);
	metrics_gauge(m, "chrony_last_sample_age_seconds", "Time since that sample.",
		      s->last_rx);
}

static void put_chrony(struct metrics *m, const struct check_facts *c, const struct chrony_source *s)
{
	if (!c->offline)
		metrics_gauge(m, "chrony_up", "Whether chronyd answers.", c->chrony.answers);
	if (c->chrony.answers) {
		metrics_gauge(m, "chrony_source_present", "Whether chronyd has a source for the PTP clock.", s != NULL);
		metrics_gauge(m, "chrony_selected", "Whether chronyd has selected that source.", s && s->state == '*');
	}
	metrics_gauge(m, "chrony_held_out",
		      "Whether the source is kept out of selection, by ptpkvm guard or by hand.",
		      c->hold[0] || c->chrony.noselect);
	put_source(m, s);
}

static void put_all(struct metrics *m, const struct check_facts *c, const struct check_report *r)
{
	put_driver(m, c);
	put_clock(m, c, r);
	put_host(m, &c->host);
	put_chrony(m, c, r->source);
	findings_metrics(m, "Verdicts of ptpkvm check, by level.", &r->said);
}

int cmd_metrics(int argc, char **argv)
{
	static struct check_facts facts;
	static struct check_report report;
	struct metrics_output o = { .findings.kinds = check_kinds, .limits = check_limits };

	metrics_output_begin(&o, "ptpkvm_", "The state of the PTP clock, of the host's clock and of chronyd's source as "
			     "Prometheus text exposition.", argc, argv);
	check_gather(&facts);
	check_judge(&facts, &report);
	findings_ignore(&report.said, &o.findings);
	put_all(&o.metrics, &facts, &report);
	return metrics_output_end(&o);
}
