// SPDX-License-Identifier: GPL-2.0-or-later
/* The daemons between the grandmaster and the system's clock: as they were started, and as they say they are. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/numbers.h"
#include "chrony/conf.h"
#include "chrony/refclock.h"
#include "chrony/service.h"
#include "facts/facts.h"
#include "system/processes.h"
#include "system/tree.h"

/* --- linuxptp --- */

/* Root asks where everything is answered, others where they may. */
static const char *choose_socket(const struct check_facts *f, const struct ptp4l *p)
{
	if (p->socket[0] && (f->root || !access(p->socket, W_OK)))
		return p->socket;
	return p->socket_read_only[0] ? p->socket_read_only : NULL;
}

void check_ask_ptp4l(const struct check_facts *f, struct ptp4l_fact *p)
{
	const char *server;

	if (f->offline)
		return;		/* of another system's socket nothing is to be known */
	server = choose_socket(f, &p->process);
	if (!server) {
		p->denied = !f->root && p->process.socket[0];
		p->result = PMC_SILENT;
		snprintf(p->why, sizeof(p->why), "there is no socket to ask it at");
		p->asked = !p->denied;
		return;
	}
	p->asked = true;
	p->result = pmc_ask(server, p->process.domain, p->process.transport_specific, &p->data, p->why,
			    sizeof(p->why));
}

static void gather_ptp4l(struct check_facts *f)
{
	struct ptp4l list[PTP4L_MAX];

	f->n_ptp4l = ptp4l_find(list);
	for (int i = 0; i < f->n_ptp4l; i++) {
		f->ptp4l[i].process = list[i];
		check_ask_ptp4l(f, &f->ptp4l[i]);
	}
}

static void gather_phc2sys(struct check_facts *f)
{
	char file[64], comm[32];
	DIR *proc = file_dir("/proc");
	const struct dirent *d;
	uint64_t pid;

	while (proc && f->n_phc2sys < CHECK_PHC2SYS_MAX && (d = readdir(proc))) {
		struct phc2sys_fact *p = &f->phc2sys[f->n_phc2sys];

		if (!parse_u64(d->d_name, 1, 1 << 22, &pid))
			continue;
		snprintf(file, sizeof(file), "/proc/%u/comm", (unsigned int)pid);
		if (!file_read_line(file, comm, sizeof(comm)) || strcmp(comm, "phc2sys") ||
		    !phc2sys_read(&p->process, pid))
			continue;
		process_unit(pid, p->unit, sizeof(p->unit));
		f->n_phc2sys++;
	}
	if (proc)
		closedir(proc);
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
	return 0;
}

static void gather_chrony(struct check_facts *f)
{
	struct chrony_facts *c = &f->chrony;
	char why[300];
	int n;

	read_chronyd(c);
	if (c->pid)
		process_unit(c->pid, c->unit, sizeof(c->unit));
	/* What can't be read of it is not judged. */
	if (c->conf[0])
		chrony_conf_walk(c->conf, see, c, why, sizeof(why));
	if (f->offline || !c->pid)
		return;
	n = chronyc_sources(c->sources, CHECK_SOURCES_MAX, c->answers_why, sizeof(c->answers_why));
	c->answers = n >= 0;
	c->n_sources = n > 0 ? n : 0;
}

void check_gather_chain(struct check_facts *f)
{
	f->n_rivals = rivals_find(f->rivals, &f->chrony.pid);
	gather_ptp4l(f);
	gather_phc2sys(f);
	gather_chrony(f);
}
