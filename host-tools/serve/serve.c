// SPDX-License-Identifier: GPL-2.0-or-later
/* ptpkvm-host serve: guests are told over vsock how good this host's clock is, and of each of its steps. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/die.h"
#include "cli/options.h"
#include "output/json.h"
#include "output/text.h"
#include "ptpkvm-host.h"
#include "serve/gather.h"
#include "serve/listen.h"

#define SCHEMA 1	/* Documentation/host-record.rst */

#define DRIFT_PPM 15.0			/* RFC 5905's PHI */
#define HOLDOVER_LIMIT_NS 100000000.0
#define NS_MAX 1e15

/* --- one record, for people --- */

static void print_error(const char *label, bool known, uint64_t ns, const char *why)
{
	char text[NS_TEXT_LEN], line[120];

	snprintf(line, sizeof(line), known ? "at most %s off" : "%s", known ? text_ns(text, ns, false) : why);
	text_columns(stdout, 14, label, line);
}

static void print_host(const struct host_record *r)
{
	char line[80] = "";

	for (size_t i = 0; r->has_host && i < sizeof(r->host_id); i++)
		snprintf(line + 2 * i, sizeof(line) - 2 * i, "%02x", r->host_id[i]);
	text_columns(stdout, 14, "host", r->has_host ? line : "not known: the gatherer has not run here");
	snprintf(line, sizeof(line), "0x%016llx", (unsigned long long)r->marker);
	if (r->has_host)
		text_columns(stdout, 14, "marker", line);
}

static void print_scale(const struct host_record *r)
{
	char line[40];

	snprintf(line, sizeof(line), "%d s", r->tai_offset);
	text_columns(stdout, 14, "TAI − UTC", r->has_tai_offset ? line : "not known");
	text_columns(stdout, 14, "leap second", r->has_leap ? host_leap_name(r->leap) : "not known");
	text_columns(stdout, 14, "smear", r->has_smear ? host_record_smear_name(r->smear) : "not known");
}

static void print_text(const struct host_record *r, const struct heard *h)
{
	const bool untold = r->source == HOST_CLOCK_SOURCE_PTP4L && isnan(chain_accuracy(h->ptp4l.data.gm_accuracy));
	char line[120];

	snprintf(line, sizeof(line), "%s, by %s", host_status_name(r->status), host_record_source_name(r->source));
	text_columns(stdout, 14, "status", r->source == HOST_CLOCK_SOURCE_NONE ? host_status_name(r->status) : line);
	print_error("to UTC", r->has_max_error, r->max_error_ns,
		    untold ? "not known: the grandmaster does not tell its accuracy (--gm-accuracy)" : "not known");
	print_error("to source", r->has_ref_error, r->ref_error_ns, "not known");
	snprintf(line, sizeof(line), "%g ppm, that both grow by", r->drift_ppb / 1e3);
	text_columns(stdout, 14, "drift", line);
	print_scale(r);
	print_host(r);
}

/* --- for programs --- */

static void print_json(const struct host_record *r)
{
	struct json j = { .f = stdout };
	char text[40] = "";

	json_open(&j, NULL, '{');
	json_s64(&j, "schema", SCHEMA);
	for (size_t i = 0; r->has_host && i < sizeof(r->host_id); i++)
		snprintf(text + 2 * i, sizeof(text) - 2 * i, "%02x", r->host_id[i]);
	json_text(&j, "host_id", text);
	snprintf(text, sizeof(text), "0x%016llx", (unsigned long long)r->marker);
	json_text(&j, "marker", r->has_host ? text : "");
	json_s64(&j, "time_ns", r->time_ns);
	json_string(&j, "status", host_status_name(r->status));
	json_string(&j, "bound_source", host_record_source_name(r->source));
	json_if_u64(&j, "max_error_ns", r->has_max_error, r->max_error_ns);
	json_if_u64(&j, "ref_error_ns", r->has_ref_error, r->ref_error_ns);
	json_u64(&j, "drift_ppb", r->drift_ppb);
	json_if_s64(&j, "tai_offset_s", r->has_tai_offset, r->tai_offset);
	json_text(&j, "leap", r->has_leap ? host_leap_name(r->leap) : "");
	json_text(&j, "smear", r->has_smear ? host_record_smear_name(r->smear) : "");
	json_close(&j, '}');
}

static int once(const struct bound_options *o, bool json)
{
	struct host_record r;
	static struct heard h;

	gather_once(o, &r, &h);
	if (json)
		print_json(&r);
	else
		print_text(&r, &h);
	return r.status == HOST_SYNCHRONIZED ? EXIT_GOOD : EXIT_WARNINGS;
}

/* --- the command line --- */

int cmd_serve(int argc, char **argv)
{
	static struct bound_options o = {
		.drift_ppm = DRIFT_PPM, .holdover_limit_ns = HOLDOVER_LIMIT_NS, .gm_accuracy_ns = NAN,
	};
	bool gather = false, show = false, json = false;
	const struct option_row rows[] = {
		{ 0, "gather", NULL, "work the records out, and hand them to the serve that guests reach", FLAG_TO(&gather) },
		{ 0, "once", NULL, "print what would be sent now", FLAG_TO(&show) },
		{ 0, "json", NULL, "that for programs (Documentation/host-record.rst)", FLAG_TO(&json) },
		{ 0, NULL, NULL, "Of --gather and --once:", FLAG, NULL, 0, 0, NULL },
		{ 0, "drift", "PPM", "how fast the bounds grow from one record to the next, and in holdover (15)",
		  DECIMAL_TO(&o.drift_ppm, 0.001, 1000000) },
		{ 0, "holdover-limit", "NS", "the bound beyond which holdover is told as unreliable (100000000)",
		  DECIMAL_TO(&o.holdover_limit_ns, 1, NS_MAX) },
		{ 0, "gm-accuracy", "NS", "of a grandmaster that does not tell its own (clockAccuracy 0xFE)",
		  DECIMAL_TO(&o.gm_accuracy_ns, 0, NS_MAX) },
		{ 0 },
	};

	options_parse(&(struct command){
		.about = "Tells guests over vsock how good this host's clock is and of each of its steps, on any kernel: a "
			 "record each second, and at once when the clock is set. It is systemd that runs it, by "
			 "ptpkvm-host-serve.socket.",
		.rows = rows, .statuses = "--once: 0 synchronized, 1 not, 2 misuse",
	}, argc, argv);
	if (gather && show)
		misuse("--gather and --once exclude each other");
	if (json && !show)
		misuse("--json is for --once");
	if (show)
		return once(&o, json);
	return gather ? gather_run(&o) : listen_run();
}
