// SPDX-License-Identifier: GPL-2.0-or-later
/* ptpkvm check: each link of the chain from the host's clock to this machine's. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/text.h"
#include "check/judge.h"
#include "cli/limits.h"
#include "cli/options.h"
#include "facts/facts.h"
#include "output/json.h"
#include "ptpkvm.h"

#define SCHEMA 2	/* Documentation/ptpkvm-check.md */

static const char *const driver_names[] = {
	[DRIVER_NONE] = "none", [DRIVER_OURS] = "out-of-tree", [DRIVER_IN_TREE] = "in-tree",
	[DRIVER_BUILT_IN] = "built-in",
};

/* --- for programs --- */

static void json_error(struct json *j, const char *key, int error)
{
	json_string(j, key, error ? errname(error) : NULL);
}

static void json_machine(struct json *j, const struct check_facts *f)
{
	json_open(j, "guest", '{');
	json_text(j, "hypervisor", f->hypervisor);
	json_text(j, "container", f->container);
	json_text(j, "kernel", f->kernel);
	json_text(j, "clocksource", f->clocksource);
	json_bool(j, "root", f->root);
	json_close(j, '}');
	json_open(j, "driver", '{');
	json_string(j, "kind", driver_names[f->driver]);
	json_text(j, "version", f->driver_version);
	json_text(j, "module", f->module);
	json_bool(j, "signed_only", f->signing.enforced);
	json_text(j, "signer", f->signing.signer);
	json_close(j, '}');
}

static void json_clock(struct json *j, const struct check_facts *f, const struct check_report *r)
{
	json_open(j, "clock", '{');
	json_string(j, "device", f->node[0] ? f->device : NULL);
	json_text(j, "link_target", f->link);
	json_bool(j, "readable", f->opened);
	json_error(j, "error", f->open_error);
	json_open(j, "methods", '{');
	for (int m = 0; m < PHC_METHODS; m++) {
		bool works = f->opened && !f->method[m].error;

		json_open(j, phc_method_name(m), '{');
		json_error(j, "error", f->method[m].error);
		json_if_s64(j, "window_ns", works, f->method[m].window);
		json_if_s64(j, "offset_ns", works, f->method[m].offset);
		json_close(j, '}');
	}
	json_close(j, '}');
	json_bool(j, "waits", judge_clock_waits(f));
	json_string(j, "chrony_method", r->chrony_method >= 0 ? phc_method_name(r->chrony_method) : NULL);
	json_if_s64(j, "offset_ns", r->has_offset, r->offset_ns);
	json_if_s64(j, "uncertainty_ns", r->has_offset, r->uncertainty_ns);
	json_close(j, '}');
}

static void json_host(struct json *j, const struct host_clock *h)
{
	char marker[24];

	snprintf(marker, sizeof(marker), "0x%016" PRIx64, h->marker);
	json_open(j, "host", '{');
	json_bool(j, "tells", h->present);
	json_error(j, "error", h->error);
	json_if_s64(j, "pairing_type", h->present && !h->error, h->pairing_type);
	json_if_u64(j, "window_ns", h->has_window, h->window_ns);
	json_string(j, "status", h->has_status ? host_status_name(h->status) : NULL);
	json_if_u64(j, "max_error_ns", h->has_max_error, h->max_error_ns);
	json_if_u64(j, "est_error_ns", h->has_est_error, h->est_error_ns);
	json_if_s64(j, "tai_offset_s", h->has_tai_offset, h->tai_offset);
	json_string(j, "leap_indicator", h->has_leap ? h->leap : NULL);
	json_string(j, "disruption_marker", h->has_marker ? marker : NULL);
	json_string(j, "smear", h->has_smear ? h->smear : NULL);
	json_string(j, "told_by", host_clock_from_name(h->from));
	json_string(j, "bound_source", h->from == HOST_BY_VSOCK ? h->bound_source : NULL);
	json_if_u64(j, "ref_error_ns", h->has_ref_error, h->ref_error_ns);
	json_if_u64(j, "drift_ppb", h->from == HOST_BY_VSOCK, h->drift_ppb);
	json_if_s64(j, "age_ns", h->from == HOST_BY_VSOCK, h->age_ns);
	json_text(j, "host_id", h->host_id);
	json_close(j, '}');
}

static void json_refclock(struct json *j, const struct check_facts *f)
{
	const struct refclock_fact *r = check_refclock(&f->chrony);

	if (!r) {
		json_null(j, "refclock");
		return;
	}
	json_open(j, "refclock", '{');
	json_string(j, "device", r->handed ? f->device : r->device);
	json_string(j, "refid", r->refid);
	json_string(j, "file", r->file);
	json_s64(j, "line", r->line);
	json_double(j, "offset_s", r->offset);
	json_bool(j, "optional", r->optional);
	json_bool(j, "prefer", r->prefer);
	json_bool(j, "noselect", r->noselect);
	json_close(j, '}');
}

static void json_source(struct json *j, const struct chrony_source *s)
{
	char state[2] = { s ? s->state : 0 };

	if (!s) {
		json_null(j, "source");
		return;
	}
	json_open(j, "source", '{');
	json_string(j, "name", s->name);
	json_string(j, "state", state);
	json_s64(j, "poll_log2_s", s->poll);
	json_u64(j, "reach", s->reach);
	json_double(j, "last_rx_s", s->last_rx);
	json_double(j, "offset_s", s->offset);
	json_double(j, "measured_s", s->measured);
	json_double(j, "error_s", s->error);
	json_close(j, '}');
}

static void json_chrony(struct json *j, const struct check_facts *f, const struct check_report *r)
{
	const struct steerer *keeper = check_keeper(f);
	const struct chrony_facts *c = &f->chrony;
	char version[32];

	snprintf(version, sizeof(version), "%d.%d", c->version.major, c->version.minor);
	json_open(j, "chrony", '{');
	json_string(j, "version", c->installed ? version : NULL);
	json_bool(j, "running", c->process);
	json_bool(j, "answers", c->answers);
	json_text(j, "conf", c->conf);
	json_bool(j, "set_up", f->set_up);
	json_refclock(j, f);
	json_source(j, r->source);
	json_s64(j, "ntp_sources", c->servers.count);
	json_s64(j, "ntp_sources_dhcp", c->servers.dhcp);
	json_close(j, '}');
	json_open(j, "rivals", '[');
	for (int i = 0; i < f->n_steerers; i++) {
		const struct steerer *s = &f->steerers[i];

		if (!judge_is_rival(f, s))
			continue;
		json_open(j, NULL, '{');
		json_string(j, "name", s->name);
		if (s->pid)
			json_s64(j, "pid", s->pid);
		else
			json_null(j, "pid");
		json_text(j, "unit", s->unit);
		json_bool(j, "at_boot", s->at_boot);
		json_close(j, '}');
	}
	json_close(j, ']');
	json_string(j, "kept_by", keeper ? keeper->name : r->source && r->source->state == '*' ? "chronyd" : NULL);
}

static void print_json(const struct check_facts *f, const struct check_report *r, int status)
{
	struct json j = { .f = stdout };

	findings_json_begin(&j, SCHEMA, "ptpkvm", "no-guest", status, &r->said);
	json_machine(&j, f);
	json_clock(&j, f, r);
	json_host(&j, &f->host);
	json_chrony(&j, f, r);
	json_close(&j, '}');
}

/* --- the command line --- */

int cmd_check(int argc, char **argv)
{
	static struct check_facts facts;
	static struct check_report report;
	struct findings_options o = { .kinds = check_kinds };
	struct option_row limits[LIMIT_ROWS];
	const struct option_row rows[] = {
		FINDINGS_ROWS(&o, "ptpkvm-check.md"),
		{ 0, "root", "DIR", "look at the files below DIR, at nothing that runs", ROOT_TO(NULL) },
		{ 0 },
	};
	int status;

	limit_rows(limits, check_limits);
	options_parse(&(struct command){
		.about = "Looks at each link from the host's clock to this machine's, in order.", .rows = rows, .more = limits,
		.statuses = "0 good, 1 warnings, 2 broken or misuse, 3 not a KVM guest",
	}, argc, argv);
	check_gather(&facts);
	check_judge(&facts, &report);
	findings_ignore(&report.said, &o);
	status = check_exit_status(&facts, &report);
	if (o.json)
		print_json(&facts, &report, status);
	else
		findings_print(&report.said, o.quiet);
	return status;
}
