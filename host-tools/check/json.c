// SPDX-License-Identifier: GPL-2.0-or-later
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

	json_s64(j, "pid", p->process.pid);
	json_text(j, "unit", p->process.unit);
	json_text(j, "conf", p->process.conf);
	json_bit(j, "answers", p->asked ? p->result == PMC_ANSWERED : UNKNOWN);
	json_text(j, "error", p->why);
	json_s64(j, "domain", p->process.domain);
	json_string(j, "timestamps", check_hardware(p) ? "hardware" : "software");
	json_bool(j, "measures_only", ptp4l_measures_only(&p->process));
	json_ports(j, d);
	json_text(j, "clock_identity", d->identity);
	json_text(j, "grandmaster", d->grandmaster);
	json_int(j, "gm_class", d->gm_class);
	json_int(j, "gm_accuracy", d->gm_accuracy);
	json_int(j, "steps", d->steps);
	json_double(j, "offset_ns", check_offset(d));
	json_double(j, "path_delay_ns", check_path_delay(d));
	json_int(j, "utc_offset_s", d->utc_offset);
	json_bit(j, "utc_offset_valid", d->utc_offset_valid);
	json_bit(j, "ptp_timescale", d->ptp_timescale);
	json_bit(j, "time_traceable", d->time_traceable);
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
