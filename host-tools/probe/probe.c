// SPDX-License-Identifier: GPL-2.0-or-later
/* ptpkvm-host probe: does this host serve its guests' clocks, asked by a vCPU with no guest in it. */
#include <stdio.h>

#include "base/die.h"
#include "cli/options.h"
#include "output/json.h"
#include "output/text.h"
#include "probe/ask.h"
#include "ptpkvm-host.h"

#define SCHEMA 2	/* Documentation/ptpkvm-host-probe.md */
#define TSC_KHZ_MAX 100000000

static void json_answer(struct json *j, const char *key, const struct probe_answer *a)
{
	const struct kvm_clock_pairing_quality *q = &a->reply;
	const uint32_t flags = a->result ? 0 : q->flags;

	json_open(j, key, '{');
	json_s64(j, "result", a->result);
	if (!a->result && a->measured) {
		json_s64(j, "offset_ns", a->offset_ns);
		json_s64(j, "uncertainty_ns", a->uncertainty_ns);
	}
	if (flags & KVM_CLOCK_PAIRING_VALID_WINDOW)
		json_u64(j, "window_ns", q->window_ns);
	if (flags & KVM_CLOCK_PAIRING_VALID_STATUS)
		json_u64(j, "clock_status", q->clock_status);
	if (flags & KVM_CLOCK_PAIRING_VALID_MAX_ERROR)
		json_u64(j, "max_error_ns", q->max_error_ns);
	if (flags & KVM_CLOCK_PAIRING_VALID_EST_ERROR)
		json_u64(j, "est_error_ns", q->est_error_ns);
	if (flags & KVM_CLOCK_PAIRING_VALID_TAI_OFFSET)
		json_s64(j, "tai_offset_s", q->tai_offset);
	if (flags & KVM_CLOCK_PAIRING_VALID_LEAP)
		json_u64(j, "leap_indicator", q->leap_indicator);
	json_close(j, '}');
}

static void print_json(const struct probe_facts *f, const struct findings *v, int status)
{
	struct json j = { .f = stdout };

	findings_json_begin(&j, SCHEMA, "ptpkvm_host", "no-host", status, v);
	json_open(&j, "host", '{');
	json_string(&j, "kernel", f->kernel);
	json_string(&j, "clocksource", f->clocksource);
	json_text(&j, "hypervisor", f->hypervisor);
	json_bool(&j, "cpu_virtualizes", f->cpu_virtualizes);
	json_bool(&j, "vcpu_runs", f->failed == PROBE_DONE);
	json_close(&j, '}');
	if (f->failed == PROBE_DONE) {
		json_answer(&j, "type0", &f->type0);
		json_answer(&j, "type1", &f->type1);
	}
	json_double(&j, "took_ms", f->ms);
	json_close(&j, '}');
}

int cmd_probe(int argc, char **argv)
{
	struct findings_options o = { .kinds = probe_kinds };
	int tsc_khz = 0, status;
	const struct option_row rows[] = {
		FINDINGS_ROWS(&o, "ptpkvm-host-probe.md"),
		{ 0, "tsc-khz", "KHZ", "for a guest whose counter runs at that frequency, as after a migration",
		  WHOLE_TO(&tsc_khz, 1, TSC_KHZ_MAX) },
		{ 0 },
	};
	struct probe_facts facts;
	struct findings said;

	options_parse(&(struct command){
		.about = "Makes a bare vCPU through /dev/kvm and has it ask for the time as a guest's driver does, many "
			 "times in each way. No guest image is needed, and nothing of this host is changed.",
		.rows = rows, .statuses = "0 good, 1 warnings, 2 broken or misuse, 3 no KVM host",
	}, argc, argv);
	probe_run(&facts, tsc_khz);
	probe_judge(&facts, &said);
	findings_ignore(&said, &o);
	status = probe_exit_status(&facts, &said);
	if (o.json) {
		print_json(&facts, &said, status);
		return status;
	}
	findings_print(&said, o.quiet);
	if (!o.quiet && facts.failed == PROBE_DONE)
		print("Asked %d times in each way, in %.1f ms.\n", PROBE_CALLS, facts.ms);
	return status;
}
