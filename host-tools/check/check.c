// SPDX-License-Identifier: GPL-2.0-or-later
/* ptpkvm-host check: network cards, each link from the grandmaster to the system's clock, and KVM. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>

#include "base/die.h"
#include "base/text.h"
#include "check/json.h"
#include "check/judge.h"
#include "cli/limits.h"
#include "cli/options.h"
#include "facts/facts.h"
#include "nic/fit.h"
#include "output/json.h"
#include "ptpkvm-host.h"
#include "time/kernel_clock.h"

#define SCHEMA 2	/* Documentation/ptpkvm-host-check.md */

/* --- for programs --- */

static void json_nic(struct json *j, const struct check_facts *f, const struct nic *n)
{
	const struct nic *real[NIC_LOWER_MAX];
	int count = nic_real(&f->nics, n, real);
	char why[150];
	enum nic_fit fit = nic_fit(n, why, sizeof(why));

	json_open(j, NULL, '{');
	json_string(j, "name", n->name);
	json_string(j, "kind", nic_kind_name(n->kind));
	json_text(j, "driver", n->driver);
	json_text(j, "pci", n->pci);
	json_text(j, "operstate", n->operstate);
	json_if_s64(j, "speed_mbps", n->speed, n->speed);
	json_string(j, "fit", nic_fit_name(fit));
	json_string(j, "why", why);
	json_if_s64(j, "phc", n->phc >= 0, n->phc);
	json_text(j, "phc_name", n->phc_name);
	json_if_u64(j, "so_timestamping", !n->error, n->stamping);
	json_if_u64(j, "tx_types", !n->error, n->tx_types);
	json_if_u64(j, "rx_filters", !n->error, n->rx_filters);
	json_bool(j, "vf", n->vf);
	json_text(j, "pf", n->pf);
	json_s64(j, "vfs", n->vfs);
	json_s64(j, "vfs_away", n->vfs_away);
	json_open(j, "real", '[');
	for (int i = 0; i < count; i++)
		json_string(j, NULL, real[i]->name);
	json_close(j, ']');
	json_close(j, '}');
}

static void json_nics(struct json *j, const struct check_facts *f)
{
	json_open(j, "nics", '[');
	for (int i = 0; i < f->nics.n; i++)
		json_nic(j, f, &f->nics.list[i]);
	json_close(j, ']');
	json_open(j, "nics_away", '[');
	for (int i = 0; i < f->nics.n_away; i++) {
		json_open(j, NULL, '{');
		json_string(j, "pci", f->nics.away[i].pci);
		json_string(j, "driver", f->nics.away[i].driver);
		json_bool(j, "vf", f->nics.away[i].vf);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void json_ptp4l(struct json *j, const struct ptp4l_fact *p)
{
	json_open(j, NULL, '{');
	check_json_ptp4l(j, p);
	json_close(j, '}');
}

static void json_ptp(struct json *j, const struct check_facts *f)
{
	json_open(j, "ptp", '{');
	json_open(j, "ptp4l", '[');
	for (int i = 0; i < f->n_ptp4l; i++)
		json_ptp4l(j, &f->ptp4l[i]);
	json_close(j, ']');
	json_open(j, "phc2sys", '[');
	for (int i = 0; i < f->n_phc2sys; i++) {
		json_open(j, NULL, '{');
		json_s64(j, "pid", f->phc2sys[i].process.pid);
		json_text(j, "unit", f->phc2sys[i].unit);
		json_text(j, "source", f->phc2sys[i].process.source);
		json_bool(j, "steers", f->phc2sys[i].process.steers);
		json_close(j, '}');
	}
	json_close(j, ']');
	json_close(j, '}');
}

static void json_clock(struct json *j, const struct check_facts *f, const struct check_report *r)
{
	const struct kernel_clock k = check_kernel(r, &f->kernel);

	json_open(j, "clock", '{');
	json_bit(j, "synchronized", k.known ? !(k.status & STA_UNSYNC) : UNKNOWN);
	json_double(j, "max_error_us", k.max_error_ns / 1e3);
	json_double(j, "est_error_us", k.est_error_ns / 1e3);
	json_if_s64(j, "tai_utc_s", k.known, k.tai_utc);
	json_s64(j, "tai_utc_today_s", r->tai_utc);
	json_text(j, "clocksource", f->clocksource);
	json_text(j, "clocksources", f->clocksources);
	json_open(j, "leap_files", '[');
	for (int i = 0; i < f->n_leap_files; i++) {
		json_open(j, NULL, '{');
		json_string(j, "path", f->leap_files[i].path);
		json_text(j, "whose", f->leap_files[i].whose);
		json_string(j, "error", f->leap_files[i].error ? errname(f->leap_files[i].error) : NULL);
		json_if_s64(j, "expires", f->leap_files[i].expires, f->leap_files[i].expires);
		json_close(j, '}');
	}
	json_close(j, ']');
	json_close(j, '}');
}

static void json_kvm(struct json *j, const struct check_facts *f)
{
	const struct kvm_facts *k = &f->kvm;
	const struct quality_facts *q = &f->quality;

	json_open(j, "kvm", '{');
	json_string(j, "virtualization", f->cpu.vmx ? "vmx" : f->cpu.svm ? "svm" : NULL);
	json_text(j, "module", k->module);
	json_bool(j, "nested", k->nested);
	json_bool(j, "device", k->node);
	json_string(j, "error", k->open_error > 0 ? errname(k->open_error) : NULL);
	json_bool(j, "in_guest", f->cpu.hypervisor);
	json_bool(j, "constant_tsc", f->cpu.constant_tsc);
	json_bool(j, "nonstop_tsc", f->cpu.nonstop_tsc);
	json_bool(j, "tsc_reliable", f->cpu.tsc_reliable);
	json_bit(j, "quality", q->known ? q->served : UNKNOWN);
	json_text(j, "quality_kernel", q->was_kernel);
	json_text(j, "quality_date", q->was_date);
	json_close(j, '}');
}

static void print_json(const struct check_facts *f, const struct check_report *r, int status)
{
	struct json j = { .f = stdout };

	findings_json_begin(&j, SCHEMA, "ptpkvm_host", "no-host", status, &r->said);
	json_text(&j, "container", f->container);
	json_nics(&j, f);
	json_ptp(&j, f);
	check_json_steering(&j, r);
	json_clock(&j, f, r);
	json_kvm(&j, f);
	json_close(&j, '}');
}

/* --- the command line --- */

/* Their names, until the network cards are known */
struct names {
	char *list[CHECK_NAMED_MAX];
	int n;
};

static void add_name(void *arg, char *name)
{
	struct names *names = arg;

	if (names->n == CHECK_NAMED_MAX)
		misuse("more than %d interfaces", CHECK_NAMED_MAX);
	names->list[names->n++] = name;
}

static void take_names(struct check_facts *f, const struct names *names)
{
	char there[200] = "";

	for (int i = 0; i < f->nics.n; i++)
		add_text(there, sizeof(there), " %s", f->nics.list[i].name);
	for (int i = 0; i < names->n; i++) {
		if (!nic_find(&f->nics, names->list[i]))
			misuse("there is no interface '%s', but there are%s", names->list[i],
			       there[0] ? there : " none");
		f->named[f->n_named++] = names->list[i];
	}
}

int cmd_check(int argc, char **argv)
{
	static struct check_facts facts;
	static struct check_report report;
	struct findings_options o = { .kinds = check_kinds };
	struct option_row limits[LIMIT_ROWS];
	struct names names = { .n = 0 };
	const struct option_row rows[] = {
		FINDINGS_ROWS(&o, "ptpkvm-host-check.md"),
		{ 0, "root", "DIR", "look at the files below DIR, at nothing that runs", ROOT_TO(NULL) },
		{ 0 },
	};
	int status;

	limit_rows(limits, check_limits);
	options_parse(&(struct command){
		.operands = "[IF]...",
		.about = "Looks at each link from the grandmaster to this host's clock, in order, and at what guests need.\n"
			 "IF: these interfaces only (default: all network cards, and what ptp4l is on).",
		.rows = rows, .more = limits, .operand = add_name, .arg = &names,
		.statuses = "0 good, 1 warnings, 2 broken or misuse, 3 no KVM host",
	}, argc, argv);
	check_gather(&facts);
	check_remember(&facts);
	take_names(&facts, &names);
	check_judge(&facts, &report);
	findings_ignore(&report.said, &o);
	status = check_exit_status(&facts, &report);
	if (o.json)
		print_json(&facts, &report, status);
	else
		findings_print(&report.said, o.quiet);
	return status;
}
