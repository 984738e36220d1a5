// SPDX-License-Identifier: GPL-2.0-or-later
/* chronyd as it was started, as it is configured, and as it says it is. */
#include <stdio.h>
#include <string.h>

#include "base/numbers.h"
#include "base/text.h"
#include "chrony/conf.h"
#include "chrony/refclock.h"
#include "chrony/service.h"
#include "facts/facts.h"
#include "facts/ours.h"
#include "system/tree.h"

/* --- what the configuration says --- */

/* "ptp0": what a device's path is in the end, below file_root; empty if it is no /dev/ptpN. */
static void resolve_node(const char *device, char *node, size_t len)
{
	char real[PATH_MAX];
	const char *name = base_name(file_resolve(device, real) ? real : device);
	uint64_t number;

	node[0] = 0;
	if (!strncmp(name, "ptp", 3) && parse_u64(name + 3, 0, 9999999, &number))
		snprintf(node, len, "ptp%u", (unsigned int)number);
}

static void clock_name(const char *node, char *name, size_t len)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/class/ptp/%s/clock_name", node);
	name[0] = 0;
	if (node[0])
		file_read_line(path, name, len);
}

/* This clock, by way of phc2sys */
static bool is_handed(const struct check_facts *f, const struct refclock *r)
{
	size_t n = strcspn(r->device, ":");

	return f->hands.pid && !strcmp(r->driver, strcasecmp(f->hands.servo, "ntpshm") ? "SOCK" : "SHM") &&
	       strlen(f->hands.to) == n && !strncmp(r->device, f->hands.to, n);
}

static void add_refclock(struct check_facts *f, const struct chrony_directive *d, int index)
{
	const struct chrony_addition *ours = f->chrony.next.ours;
	struct chrony_facts *c = &f->chrony;
	struct refclock_fact *fact;
	struct refclock r;
	uint64_t number;

	if (c->n_refclocks == CHECK_REFCLOCKS_MAX || !refclock_read(&r, d) || (strcmp(r.driver, "PHC") && !is_handed(f, &r)))
		return;
	refclock_name(&r, index);
	fact = &c->refclocks[c->n_refclocks++];
	*fact = (struct refclock_fact){ .line = d->line, .nocrossts = r.nocrossts, .optional = r.optional,
		.prefer = r.prefer, .noselect = r.noselect, .require = r.require, .tai = r.tai };
	snprintf(fact->device, sizeof(fact->device), "%.127s", r.device);
	snprintf(fact->refid, sizeof(fact->refid), "%s", r.refid);
	snprintf(fact->file, sizeof(fact->file), "%.127s", d->file);
	if (is_handed(f, &r)) {
		snprintf(fact->device, sizeof(fact->device), "%.30s, by phc2sys and %.4s %.60s,", f->device,
			 r.driver, r.device);
		strcpy(fact->node, f->node);
		fact->ours = fact->handed = fact->optional = true;
		return;
	}
	resolve_node(fact->device, fact->node, sizeof(fact->node));
	clock_name(fact->node, fact->clock_name, sizeof(fact->clock_name));
	if (!strcmp(fact->device, f->device))
		strcpy(fact->node, f->node);
	/* In an image's /dev there may be those of the machine that makes it. */
	fact->ours = fact->node[0] && (f->node[0] || fact->clock_name[0]) ? !strcmp(fact->node, f->node) :
		     !strcmp(fact->device, REFCLOCK_LINK) || (f->offline && phc_named_by_rule(fact->device));
	fact->by_number = !strncmp(fact->device, "/dev/ptp", 8) &&
			  parse_u64(fact->device + 8, 0, UINT64_MAX, &number);
	fact->generated = ours && (!strcmp(d->file, ours->made) ||
				   (c->next.adds && !strcmp(d->file, ours->directives)));
	if (parse_decimal(r.offset + (r.offset[0] == '-'), 0, 1e9, &fact->offset) && r.offset[0] == '-')
		fact->offset = -fact->offset;
}

struct seen {
	struct check_facts *f;
	int refclocks;		/* of every driver */
};

static void add_server(struct chrony_facts *c, const struct chrony_directive *d)
{
	struct server_facts *s = &c->servers;

	const char *suffix = strrchr(d->file, '.');

	s->count++;
	if (!strncmp(d->file, "/run/", 5) && suffix && !strcmp(suffix, ".sources")) {
		s->dhcp++;
		snprintf(s->dhcp_file, sizeof(s->dhcp_file), "%.127s", d->file);
	}
}

static int see(const struct chrony_directive *d, void *arg)
{
	struct seen *seen = arg;
	struct chrony_facts *c = &seen->f->chrony;

	limits_see(&c->limits, d);
	if (!strcmp(d->name, "refclock"))
		add_refclock(seen->f, d, seen->refclocks++);
	else if (limits_is_source(d))
		add_server(c, d);
	return 0;
}

static void gather_conf(struct check_facts *f, int pid)
{
	const struct chrony_layout *layout = chrony_layout();
	static struct chrony_service process;
	struct chrony_facts *c = &f->chrony;
	struct seen seen = { .f = f };
	const struct chrony_service *s;

	chrony_service_next(&c->next, setup_addition(layout), false);
	c->process = chrony_service_process(&process, pid);
	c->pid = c->process ? pid : 0;
	s = c->process ? &process : &c->next;
	c->elsewhere = (c->next.unit[0] || c->process) &&
		       (!chrony_service_takes(&c->next, c->takes_why, sizeof(c->takes_why)) || !layout);
	c->not_started = !f->init && (c->next.masked || (c->next.unit_file[0] ? !unit_enabled(c->next.unit) : f->offline));
	c->by_hand = s->by_directives;
	c->measures_only = s->measures_only;
	snprintf(c->conf, sizeof(c->conf), "%s", s->conf);
	c->conf_read = !chrony_service_walk(s, see, &seen, c->conf_why, sizeof(c->conf_why));
}

/* What is configured here is of no chronyd that runs. */
static void contained(struct chrony_facts *c)
{
	c->conf_read = c->measures_only = c->by_hand = false;
	c->conf[0] = 0;
	c->n_refclocks = 0;
	c->limits = (struct limits){ .makestep.line = 0 };
	c->servers = (struct server_facts){ .count = 0 };
	strcpy(c->conf_why, "chronyd runs in a container");
}

const struct refclock_fact *check_refclock(const struct chrony_facts *c)
{
	for (int i = 0; i < c->n_refclocks; i++)
		if (c->refclocks[i].ours)
			return &c->refclocks[i];
	return NULL;
}

/* --- what it says --- */

/* The running chronyd has been told not to select it, as guard does from 4.4 on. Only root may ask. */
static bool told_noselect(const char *refid)
{
	static struct chrony_selectdata list[CHECK_SOURCES_MAX];
	char why[200];
	int n = chronyc_selectdata(list, CHECK_SOURCES_MAX, why, sizeof(why));

	for (int i = 0; i < n; i++)
		if (!strcmp(list[i].name, refid) && strchr(list[i].effective, 'N'))
			return true;
	return false;
}

static void ask(struct check_facts *f)
{
	const struct refclock_fact *r = check_refclock(&f->chrony);
	struct chrony_facts *c = &f->chrony;
	int n;

	c->installed = chrony_version_installed(&c->version, c->installed_why, sizeof(c->installed_why));
	n = chronyc_sources(c->sources, CHECK_SOURCES_MAX, c->answers_why, sizeof(c->answers_why));
	c->answers = n >= 0;
	c->n_sources = n >= 0 ? n : 0;
	for (int i = 0; i < c->n_sources; i++)
		if (f->root && r && c->sources[i].mode == '#' && c->sources[i].state == '?' &&
		    !strcmp(c->sources[i].name, r->refid))
			c->noselect = told_noselect(r->refid);
}

void check_gather_chrony(struct check_facts *f, int pid)
{
	gather_conf(f, pid);
	for (int i = 0; i < f->n_steerers && !pid; i++)
		if (!strcmp(f->steerers[i].name, "chronyd") && f->steerers[i].elsewhere == YES)
			contained(&f->chrony);
	if (!f->offline)
		ask(f);
}
