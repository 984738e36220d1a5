// SPDX-License-Identifier: GPL-2.0-or-later
/* The daemons between the grandmaster and the system's clock: as they were started, and as they say they are. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/die.h"
#include "base/now.h"
#include "chrony/conf.h"
#include "chrony/refclock.h"
#include "chrony/service.h"
#include "facts/facts.h"
#include "system/processes.h"
#include "system/tree.h"

#define SYNC_OLD_NS 20e9

/* --- linuxptp --- */

/* Root asks where everything is answered, others where they may. */
static const char *choose_socket(const struct check_facts *f, const struct ptp4l *p)
{
	if (p->socket[0] && (f->root || (p->elsewhere != YES && !access(p->socket, W_OK))))
		return p->socket;
	return p->socket_read_only[0] ? p->socket_read_only : NULL;
}

void check_ask_ptp4l(const struct check_facts *f, struct ptp4l_fact *p)
{
	const char *server;

	pmc_unknown(&p->data);
	if (f->offline)
		return;		/* of another system's socket nothing is to be known */
	if (p->process.conf_error) {	/* its domain and socket are not known: another may answer there */
		p->result = PMC_FAILED;
		snprintf(p->why, sizeof(p->why), "%.100s cannot be read: %s", p->process.conf, file_error(p->process.conf_error));
		return;
	}
	server = choose_socket(f, &p->process);
	if (!server) {
		p->denied = !f->root && p->process.socket[0];
		p->result = PMC_SILENT;
		snprintf(p->why, sizeof(p->why), "there is no socket to ask it at");
		p->asked = !p->denied;
		return;
	}
	p->asked = true;
	p->result = pmc_ask(server, p->process.elsewhere == YES ? p->process.pid : 0, p->process.domain,
			    p->process.transport_specific, &p->data, p->why, sizeof(p->why));
}

/*
 * ptp4l goes on with the offset that it measured last while it hears Announce, but no Sync any more. Where the last Sync is
 * old by the system's clock, be that UTC or TAI, it is asked once more whether another has come.
 */
static void look_for_sync(const struct check_facts *f, struct ptp4l_fact *p)
{
	double last = p->data.ingress_ns, ago = now_ns(CLOCK_REALTIME) - last, wait = pmc_sync_wait(&p->data);

	if (p->result != PMC_ANSWERED || isnan(p->data.offset_ns) || isnan(last) || fabs(ago) < SYNC_OLD_NS ||
	    fabs(ago + CHECK_TAI_UTC_S * 1e9) < SYNC_OLD_NS)
		return;
	nanosleep(&(struct timespec){ wait / 1e9, fmod(wait, 1e9) }, NULL);
	check_ask_ptp4l(f, p);
	p->sync_ceased = p->data.ingress_ns == last;
	if (p->sync_ceased)
		p->data.offset_ns = NAN;
}

static void gather_ptp4l(struct check_facts *f, const struct processes *all)
{
	f->ptp4l = xcalloc(all->n, sizeof(*f->ptp4l));
	for (int i = 0; i < all->n; i++) {
		struct ptp4l_fact *p = &f->ptp4l[f->n_ptp4l];

		if (strcmp(all->list[i].name, "ptp4l") || !ptp4l_read(&p->process, &all->list[i]))
			continue;
		check_ask_ptp4l(f, p);
		look_for_sync(f, p);
		f->n_ptp4l++;
	}
}

static void gather_phc2sys(struct check_facts *f, const struct processes *all)
{
	f->phc2sys = xcalloc(all->n, sizeof(*f->phc2sys));
	for (int i = 0; i < all->n; i++) {
		struct phc2sys_fact *p = &f->phc2sys[f->n_phc2sys];

		if (strcmp(all->list[i].name, "phc2sys") || !phc2sys_read(&p->process, &all->list[i]))
			continue;
		strcpy(p->unit, all->list[i].unit);
		f->n_phc2sys++;
	}
}

/* --- chrony --- */

static void read_chronyd(struct chrony_facts *c)
{
	static struct chrony_service s;

	if (!chrony_service_process(&s, c->pid))
		chrony_service_next(&s, NULL, false);
	snprintf(c->conf, sizeof(c->conf), "%s", s.conf);
	c->watches_only = s.measures_only;
}

static void add_refclock(struct chrony_facts *c, const struct chrony_directive *d)
{
	struct refclock_fact *fact = &c->refclocks[c->n_refclocks];
	struct refclock r;

	if (c->n_refclocks == CHECK_REFCLOCKS_MAX || !refclock_read(&r, d))
		return;
	snprintf(fact->driver, sizeof(fact->driver), "%s", r.driver);
	snprintf(fact->device, sizeof(fact->device), "%.*s", (int)sizeof(fact->device) - 1, r.device);
	strcpy(fact->refid, r.refid);
	c->n_refclocks++;
}

static int see(const struct chrony_directive *d, void *arg)
{
	struct chrony_facts *c = arg;

	if (!strcmp(d->name, "refclock"))
		add_refclock(c, d);
	else if (!strcmp(d->name, "leapsectz"))
		snprintf(c->leapsectz, sizeof(c->leapsectz), "%.63s", d->args);
	else if (!strcmp(d->name, "leapseclist"))
		snprintf(c->leapseclist, sizeof(c->leapseclist), "%.127s", d->args);
	else if (!strcmp(d->name, "leapsecmode"))
		snprintf(c->leapsecmode, sizeof(c->leapsecmode), "%.7s", d->args);
	return 0;
}

static void gather_chrony(struct check_facts *f)
{
	struct chrony_facts *c = &f->chrony;
	char why[200];
	int n;

	read_chronyd(c);
	if (c->conf[0] && !chrony_conf_walk(c->conf, see, c, c->conf_why, sizeof(c->conf_why)))
		c->conf_why[0] = 0;
	if (f->offline || !c->pid)
		return;
	chrony_version_installed(&c->version, why, sizeof(why));
	n = chronyc_sources(c->sources, CHECK_SOURCES_MAX, c->answers_why, sizeof(c->answers_why));
	c->answers = n >= 0;
	c->n_sources = n > 0 ? n : 0;
}

void check_gather_chain(struct check_facts *f)
{
	const struct process *chronyd;
	struct processes all;

	steering_processes(&all);
	f->processes_hidden = all.hidden && !f->offline;
	f->n_steerers = steering_find(f->steerers, &all);
	gather_ptp4l(f, &all);
	gather_phc2sys(f, &all);
	chronyd = steering_chronyd(&all);
	if (chronyd) {
		f->chrony.pid = chronyd->pid;
		strcpy(f->chrony.unit, chronyd->unit);
	}
	gather_chrony(f);
	processes_free(&all);
}
