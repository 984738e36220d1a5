// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <getopt.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../include/version.h"
#include "check.h"
#include "file.h"
#include "ptpkvm.h"
#include "util.h"
#include "view.h"

static const char usage[] =
	"Usage: ptpkvm metrics [OPTION]...\n"
	"The state of the PTP clock, of the host's clock and of chronyd's source as Prometheus text exposition.\n"
	"\n"
	"  -o, --output FILE   write FILE whole or not at all, for node_exporter's textfile collector\n"
	"                      (default: standard output)\n"
	"      --root DIR      of the system's files below DIR; nothing is asked of devices\n"
	"  -h, --help          this\n"
	"\n"
	"Exit status: 0 the metrics are written, whatever they say; 2 they could not be, or misuse.\n";

/* One metric: its HELP and TYPE, then its samples. All are gauges. */
static void describe(FILE *f, const char *name, const char *help)
{
	fprintf(f, "# HELP ptpkvm_%s %s\n# TYPE ptpkvm_%s gauge\n", name, help, name);
}

/* In label values backslash, quote and newline are escaped. */
static void label(FILE *f, const char *name, const char *value, char before)
{
	fprintf(f, "%c%s=\"", before, name);
	for (; *value; value++) {
		if (*value == '\n')
			fputs("\\n", f);
		else if (*value == '\\' || *value == '"')
			fprintf(f, "\\%c", *value);
		else
			fputc(*value, f);
	}
	fputc('"', f);
}

static void value(FILE *f, double val)
{
	if (isnan(val))
		fputs(" NaN\n", f);
	else
		fprintf(f, " %.15g\n", val);
}

static void gauge(FILE *f, const char *name, const char *help, double val)
{
	describe(f, name, help);
	fprintf(f, "ptpkvm_%s", name);
	value(f, val);
}

/* The label is one of names; the one that holds is 1, the others are 0. */
static void state_set(FILE *f, const char *metric, const char *label_name, const char *const *names, size_t n,
		      const char *now)
{
	for (size_t i = 0; i < n; i++) {
		fprintf(f, "ptpkvm_%s", metric);
		label(f, label_name, names[i], '{');
		fprintf(f, "} %d\n", !strcmp(names[i], now));
	}
}

static void put_driver(FILE *f, const struct check_facts *c)
{
	static const char *const kinds[] = {
		[DRIVER_NONE] = "none", [DRIVER_OURS] = "out-of-tree", [DRIVER_IN_TREE] = "in-tree",
		[DRIVER_BUILT_IN] = "built-in",
	};

	describe(f, "build_info", "Version of ptpkvm.");
	fputs("ptpkvm_build_info", f);
	label(f, "version", PTP_KVM_VERSION, '{');
	fputs("} 1\n", f);
	describe(f, "driver_info", "The driver of the KVM PTP clock, and its version where it has one.");
	fputs("ptpkvm_driver_info", f);
	label(f, "kind", kinds[c->driver], '{');
	label(f, "version", c->driver_version, ',');
	fputs("} 1\n", f);
}

static void put_clock(FILE *f, const struct check_facts *c, const struct check_report *r)
{
	gauge(f, "up", "Whether the KVM PTP clock is there and answers.", r->has_offset);
	describe(f, "method_supported", "Whether this way of reading the PTP clock works.");
	for (int m = 0; m < PHC_METHODS; m++) {
		fputs("ptpkvm_method_supported", f);
		label(f, "method", phc_method_name(m), '{');
		fprintf(f, "} %d\n", c->opened && !c->method[m].error);
	}
	if (!r->has_offset)
		return;
	gauge(f, "phc_offset_seconds", "PTP clock minus system clock, by the best way of reading that works.",
	      r->offset_ns * 1e-9);
	gauge(f, "phc_offset_uncertainty_seconds", "How far that offset may be off either way; 0 for an exact pair.",
	      r->uncertainty_ns * 1e-9);
}

static void put_host(FILE *f, const struct host_clock *h)
{
	static const char *const statuses[] = {
		"unknown", "initializing", "synchronized", "free-running", "unreliable",
	};
	static const char *const leaps[] = {
		"none", "insert-pending", "delete-pending", "inserting", "inserted", "deleted",
	};

	if (!h->present || h->error)
		return;
	gauge(f, "pairing_type", "Type of call the host answers: 0 time only, 1 time and quality.", h->pairing_type);
	if (h->has_window)
		gauge(f, "host_clock_window_seconds",
		      "How far apart the host's clock and the guest's counter can have been read.",
		      h->window_ns * 1e-9);
	if (h->has_status) {
		describe(f, "host_clock_status", "How the host's clock is kept: 1 for the status it has.");
		state_set(f, "host_clock_status", "status", statuses, ARRAY_SIZE(statuses),
			  host_status_name(h->status));
	}
	if (h->has_max_error)
		gauge(f, "host_clock_max_error_seconds", "The host's bound on its own error to UTC.",
		      h->max_error_ns * 1e-9);
	if (h->has_est_error)
		gauge(f, "host_clock_est_error_seconds", "The host's estimate of its own error to UTC.",
		      h->est_error_ns * 1e-9);
	if (h->has_tai_offset)
		gauge(f, "host_clock_tai_offset_seconds", "TAI minus UTC as the host has it.", h->tai_offset);
	if (h->has_leap) {
		describe(f, "host_clock_leap", "The host's leap second: 1 for the state it is in.");
		state_set(f, "host_clock_leap", "state", leaps, ARRAY_SIZE(leaps), h->leap);
	}
}

static void put_source(FILE *f, const struct chrony_source *s)
{
	if (!s)
		return;
	describe(f, "chrony_source_info", "chronyd's source for the PTP clock.");
	fputs("ptpkvm_chrony_source_info", f);
	label(f, "refid", s->name, '{');
	fputs("} 1\n", f);
	gauge(f, "chrony_reach_ratio", "Share of the source's last eight polls that gave a sample.",
	      __builtin_popcount(s->reach) / 8.0);
	gauge(f, "chrony_last_offset_seconds",
	      "PTP clock minus system clock in the source's last sample, as it was measured.",
	      view_offset_ns(s->measured) * 1e-9);
	gauge(f, "chrony_last_error_seconds", "chronyd's margin of error of that sample.", s->error);
	gauge(f, "chrony_last_sample_age_seconds", "Time since that sample; NaN if there was none.", s->last_rx);
}

static void put_chrony(FILE *f, const struct check_facts *c, const struct chrony_source *s)
{
	gauge(f, "chrony_up", "Whether chronyd answers.", c->chrony.answers);
	gauge(f, "chrony_source_present", "Whether chronyd has a source for the PTP clock.", s != NULL);
	gauge(f, "chrony_selected", "Whether chronyd has selected that source.", s && s->state == '*');
	gauge(f, "chrony_held_out", "Whether the source is kept out of selection, by ptpkvm guard or by hand.",
	      c->hold[0] || c->chrony.noselect);
	put_source(f, s);
}

static void put_verdicts(FILE *f, const struct check_report *r)
{
	static const char *const levels[] = {
		[VERDICT_PASS] = "pass", [VERDICT_WARN] = "warn", [VERDICT_FAIL] = "fail",
		[VERDICT_UNKNOWN] = "unknown",
	};
	int count[ARRAY_SIZE(levels)] = { 0 };

	for (int i = 0; i < r->said.n; i++)
		count[r->said.list[i].level]++;
	describe(f, "check_verdicts", "Verdicts of ptpkvm check, by level.");
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		fputs("ptpkvm_check_verdicts", f);
		label(f, "level", levels[i], '{');
		fprintf(f, "} %d\n", count[i]);
	}
}

static void put_all(FILE *f, const struct check_facts *c, const struct check_report *r)
{
	put_driver(f, c);
	put_clock(f, c, r);
	put_host(f, &c->host);
	put_chrony(f, c, r->source);
	put_verdicts(f, r);
}

static void parse(int argc, char **argv, const char **output)
{
	static const struct option longopts[] = {
		{ "output", 1, NULL, 'o' }, { "root", 1, NULL, 'R' }, { "help", 0, NULL, 'h' }, { 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "o:h", longopts, NULL)) != -1) {
		switch (c) {
		case 'o':
			*output = optarg;
			break;
		case 'R':
			file_root = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(finish(EXIT_GOOD));
		default:
			misuse("bad option");
		}
	}
	if (optind < argc)
		misuse("unexpected argument '%s'", argv[optind]);
	if (*output && !**output)
		misuse("--output: an empty name");
}

int cmd_metrics(int argc, char **argv)
{
	static struct check_facts facts;
	static struct check_report report;
	const char *output = NULL;
	char *text = NULL, why[600];
	int code = EXIT_GOOD;
	size_t len;
	FILE *f;

	parse(argc, argv, &output);
	check_gather(&facts);
	check_judge(&facts, &report);
	f = open_memstream(&text, &len);
	if (!f)
		die("out of memory");
	put_all(f, &facts, &report);
	fclose(f);
	/* The file is where the user says, whatever root the system's files have. */
	file_root = "";
	if (!output) {
		fwrite(text, 1, len, stdout);
	} else if (file_write(output, text, len, 0644, why, sizeof(why))) {
		fprintf(stderr, "%s: %s\n", progname, why);
		code = EXIT_BROKEN;
	} else {
		/* Also where nothing has changed: node_exporter tells by it how old the file is. */
		utimensat(AT_FDCWD, output, NULL, 0);
	}
	free(text);
	return code;
}
