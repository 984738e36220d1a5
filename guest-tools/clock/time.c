// SPDX-License-Identifier: GPL-2.0-or-later
/* ptpkvm time: the PTP clock's time, the system's beside it, and what lies between. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/die.h"
#include "base/now.h"
#include "clock/open.h"
#include "cli/options.h"
#include "output/json.h"
#include "output/text.h"
#include "ptpkvm.h"
#include "time/host_clock.h"
#include "time/phc.h"

#define SCHEMA 1	/* Documentation/ptpkvm-check.md */

enum { FORMAT_UNIX, FORMAT_NS, FORMAT_JSON, FORMATS };

struct reading {
	enum phc_method method;
	struct phc_sample sample;
	int64_t system;		/* ns of the epoch: CLOCK_REALTIME at the middle of the window */
	int64_t offset;		/* ns, device − system */
	int64_t uncertainty;	/* ns, half the window and the host's own */
};

/* 0 or an errno */
static int read_clock(const struct phc *phc, struct reading *r)
{
	struct host_clock host;
	int err = phc_read_best(phc->fd, &r->method, &r->sample);

	if (err)
		return err;
	host_clock_read(&host, phc);
	r->offset = phc_offset(&r->sample);
	r->system = r->sample.device - r->offset;
	r->uncertainty =
		(r->sample.post - r->sample.pre + 1) / 2 + (host.has_window ? (int64_t)host.window_ns : 0);
	return 0;
}

/* --- output --- */

static int64_t floor_seconds(int64_t ns)
{
	return ns / NSEC_PER_SEC - (ns % NSEC_PER_SEC < 0);
}

/* "2026-11-23T21:25:34.123456789Z" */
#define ISO_LEN 48
static const char *iso(char buf[static ISO_LEN], int64_t ns)
{
	int64_t seconds = floor_seconds(ns);
	time_t t = seconds;
	struct tm tm;
	size_t n;

	gmtime_r(&t, &tm);
	n = strftime(buf, ISO_LEN, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf + n, ISO_LEN - n, ".%09dZ", (int)(ns - seconds * NSEC_PER_SEC));
	return buf;
}

/* "1795449334.123456789", negative before 1970 as -0.000000001 */
static void print_seconds(int64_t ns)
{
	unsigned long long size = ns < 0 ? -(unsigned long long)ns : (unsigned long long)ns;

	print("%s%llu.%09llu", ns < 0 ? "-" : "", size / NSEC_PER_SEC, size % NSEC_PER_SEC);
}

static void print_text(const struct phc *phc, const struct reading *r)
{
	char device[ISO_LEN], system[ISO_LEN];
	const char *how = phc_method_name(r->method);

	print("clock       %s  %s (%s)\n", iso(device, r->sample.device), phc->path, phc->name);
	print("system      %s\n", iso(system, r->system));
	print("difference  ");
	if (r->offset > 0)
		print("+");
	print_seconds(r->offset);
	print(" s ± %" PRId64 " ns (clock − system: %s; %s%s)\n", r->uncertainty,
	      r->offset < 0 ? "the system is ahead" : r->offset ? "the system is behind" : "the system is level", how, r->uncertainty ? "" : ", an exact pair");
}

static void print_json(const struct phc *phc, const struct reading *r)
{
	struct json j = { .f = stdout };
	char buf[ISO_LEN];

	json_open(&j, NULL, '{');
	json_s64(&j, "schema", SCHEMA);
	json_string(&j, "device", phc->path);
	json_string(&j, "clock_name", phc->name);
	json_string(&j, "method", phc_method_name(r->method));
	json_string(&j, "clock", iso(buf, r->sample.device));
	json_s64(&j, "clock_ns", r->sample.device);
	json_string(&j, "system", iso(buf, r->system));
	json_s64(&j, "system_ns", r->system);
	json_s64(&j, "offset_ns", r->offset);
	json_s64(&j, "uncertainty_ns", r->uncertainty);
	json_close(&j, '}');
}

/* --- the command line --- */

int cmd_time(int argc, char **argv)
{
	bool format[FORMATS] = { false };
	const char *device = NULL;
	const struct option_row rows[] = {
		{ 0, "unix", NULL, "only the clock's, as seconds.nanoseconds since 1970",
		  FLAG_TO(&format[FORMAT_UNIX]) },
		{ 0, "ns", NULL, "only the clock's, as nanoseconds since 1970", FLAG_TO(&format[FORMAT_NS]) },
		{ 0, "json", NULL, "everything, for programs (Documentation/ptpkvm-check.md)",
		  FLAG_TO(&format[FORMAT_JSON]) },
		{ 0, "device", "PATH", "another PTP clock than the one named '" PHC_KVM_NAME "'", TEXT_TO(&device) },
		{ 0 },
	};
	struct reading r;
	struct phc phc;
	char why[600];
	int err;

	options_parse(&(struct command){
		.about = "The PTP clock's time, the system's at the same instant, and clock − system.",
		.rows = rows, .statuses = "0 good, 2 broken or misuse, 3 not a KVM guest",
	}, argc, argv);
	if (format[FORMAT_UNIX] + format[FORMAT_NS] + format[FORMAT_JSON] > 1)
		misuse("only one of --unix, --ns and --json");
	err = view_open(&phc, device);
	if (err)
		return err;
	err = read_clock(&phc, &r);
	if (err) {
		snprintf(why, sizeof(why), "%s cannot be read: %s", phc.path, host_clock_why(&phc, err));
		return view_explain(device, why, err);
	}
	if (format[FORMAT_UNIX]) {
		print_seconds(r.sample.device);
		print("\n");
	} else if (format[FORMAT_NS]) {
		print("%" PRId64 "\n", r.sample.device);
	} else if (format[FORMAT_JSON]) {
		print_json(&phc, &r);
	} else {
		print_text(&phc, &r);
	}
	return EXIT_GOOD;
}
