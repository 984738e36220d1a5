// SPDX-License-Identifier: GPL-2.0-or-later
#include <math.h>

#include "check/json.h"
#include "check/judge.h"
#include "ptp/ports.h"

static void json_ports(struct json *j, const struct pmc_data *d)
{
	json_open(j, "ports", '[');
	for (int i = 0; i < d->n_ports; i++) {
		json_open(j, NULL, '{');
		json_string(j, "identity", d->ports[i].identity);
		json_text(j, "interface", d->ports[i].interface);
		json_text(j, "state", d->ports[i].state);
		json_text(j, "timestamping", d->ports[i].timestamping);
		json_close(j, '}');
	}
	json_close(j, ']');
}

void check_json_ptp4l(struct json *j, const struct ptp4l_fact *p)
{
	const struct pmc_data *d = &p->data;
	bool follows = p->result == PMC_ANSWERED && check_slave_port(d);

	json_s64(j, "pid", p->process.pid);
	json_text(j, "unit", p->process.unit);
	json_text(j, "conf", p->process.conf);
	json_bool(j, "answers", p->asked && p->result == PMC_ANSWERED);
	json_text(j, "error", p->why);
	json_s64(j, "domain", p->process.domain);
	json_string(j, "timestamps", check_hardware(p) ? "hardware" : "software");
	json_bool(j, "measures_only", ptp4l_measures_only(&p->process));
	json_ports(j, d);
	json_text(j, "clock_identity", d->identity);
	json_text(j, "grandmaster", d->grandmaster);
	json_if_s64(j, "gm_class", d->has_parent, d->gm_class);
	json_if_s64(j, "gm_accuracy", d->has_parent, d->gm_accuracy);
	json_if_s64(j, "steps", d->has_current, d->steps);
	json_if_s64(j, "offset_ns", follows, check_offset(d));
	json_double(j, "path_delay_ns", follows && d->has_current ? d->path_delay_ns : NAN);
	json_if_s64(j, "utc_offset_s", d->has_time, d->utc_offset);
	json_bool(j, "utc_offset_valid", d->utc_offset_valid);
	json_bool(j, "ptp_timescale", d->ptp_timescale);
	json_bool(j, "time_traceable", d->time_traceable);
}

void check_json_steering(struct json *j, const struct check_report *r)
{
	json_open(j, "steering", '[');
	for (int i = 0; i < r->n_steerers; i++) {
		json_open(j, NULL, '{');
		json_string(j, "name", r->steerers[i].name);
		json_s64(j, "pid", r->steerers[i].pid);
		json_text(j, "unit", r->steerers[i].unit);
		json_text(j, "from", r->steerers[i].from);
		json_close(j, '}');
	}
	json_close(j, ']');
}
