// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/numbers.h"
#include "linuxptp/conf.h"
#include "linuxptp/ptp4l.h"
#include "system/processes.h"
#include "system/tree.h"

/* As the kernel has it; anyone may call himself ptp4l, with any words. */
static bool is_interface(const char *name)
{
	for (const char *c = name; *c; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f || *c == '/' || *c == ':')
			return false;
	return name[0] && strlen(name) < IFNAMSIZ;
}

static void add_interface(struct ptp4l *p, const char *name)
{
	for (int i = 0; i < p->n_interfaces; i++)
		if (!strcmp(p->interfaces[i], name))
			return;
	if (p->n_interfaces < PTP4L_PORTS_MAX && is_interface(name))
		strcpy(p->interfaces[p->n_interfaces++], name);
}

/* For a value out of range it would not have started: the default stays. */
static void set_number(int *to, const char *value, int max)
{
	uint64_t v;

	if (parse_u64(value, 0, max, &v))
		*to = v;
}

static void set_text(char *to, size_t len, const char *value)
{
	if (strlen(value) < len)
		strcpy(to, value);
}

/* Both spellings of every version */
static void set_option(struct ptp4l *p, const char *option, const char *value)
{
	if (!strcmp(option, "time_stamping"))
		p->software = !strcasecmp(value, "software") || !strcasecmp(value, "legacy");
	else if (!strcmp(option, "free_running"))
		p->free_running = !strcmp(value, "1");
	else if (!strcmp(option, "slaveOnly") || !strcmp(option, "clientOnly"))
		p->client_only = !strcmp(value, "1");
	else if (!strcmp(option, "masterOnly") || !strcmp(option, "serverOnly"))
		p->server_only = !strcmp(value, "1");
	else if (!strcmp(option, "clock_servo"))
		set_text(p->servo, sizeof(p->servo), value);
	else if (!strcmp(option, "domainNumber"))
		set_number(&p->domain, value, 255);
	else if (!strcmp(option, "transportSpecific"))
		set_number(&p->transport_specific, !strncasecmp(value, "0x", 2) ? value + 2 : value, 15);
	else if (!strcmp(option, "uds_address"))
		set_text(p->socket, sizeof(p->socket), value);
	else if (!strcmp(option, "uds_ro_address"))
		set_text(p->socket_read_only, sizeof(p->socket_read_only), value);
	else if (!strcmp(option, "leapfile"))
		set_text(p->leapfile, sizeof(p->leapfile), value);
}

static void see(const struct linuxptp_setting *s, void *arg)
{
	struct ptp4l *p = arg;

	if (!strcasecmp(s->section, "global") || !strcmp(s->option, "masterOnly") ||
	    !strcmp(s->option, "serverOnly"))
		set_option(p, s->option, s->value);
	else if (!s->option[0])
		add_interface(p, s->section);
}

static void take(struct ptp4l *p, const struct cmdline_option *o)
{
	const char *value = o->value ? o->value : "";

	if (o->name[0])
		set_option(p, linuxptp_option(o->name), value);
	else if (o->letter == 'i')
		add_interface(p, value);
	else if (o->letter == 'f')
		set_text(p->conf, sizeof(p->conf), value);
	else if (o->letter == 'S' || o->letter == 'H' || o->letter == 'L')
		p->software = o->letter != 'H';
	else if (o->letter == 's')
		p->client_only = true;
}

static void take_all(struct ptp4l *p, struct cmdline *c)
{
	struct cmdline_option o;

	cmdline_rewind(c);
	while (cmdline_next(c, PTP4L_WITH_ARGUMENT, &o))
		take(p, &o);
}

/* Relative to where it runs; as it is called there */
static void make_absolute(struct ptp4l *p)
{
	char path[64], dir[200], relative[200];
	ssize_t n;

	if (!p->pid || !p->conf[0] || p->conf[0] == '/')
		return;
	snprintf(path, sizeof(path), "/proc/%d/cwd", p->pid);
	n = file_readlink(path, dir, sizeof(dir) - 1);
	dir[n > 0 ? n : 0] = 0;
	strcpy(relative, p->conf);
	if ((size_t)snprintf(p->conf, sizeof(p->conf), "%s/%s", dir, relative) >= sizeof(p->conf))
		p->conf[0] = 0;
}

/* Where none is configured: the default one, which moved after 4.4 */
static void find_socket(const struct process *proc, char *socket, const char *newer, const char *older)
{
	char path[PATH_MAX];

	if (!socket[0] && process_path(proc, newer, path, sizeof(path)) && file_exists(path))
		strcpy(socket, newer);
	else if (!socket[0] && process_path(proc, older, path, sizeof(path)) && file_exists(path))
		strcpy(socket, older);
}

void ptp4l_of(struct ptp4l *p, struct cmdline *c, const struct process *proc)
{
	char path[PATH_MAX];

	memset(p, 0, sizeof(*p));
	if (proc) {
		p->pid = proc->pid;
		p->elsewhere = proc->elsewhere;
		strcpy(p->unit, proc->unit);
	}
	strcpy(p->servo, "pi");
	take_all(p, c);
	if (!p->conf[0])
		;
	else if (!process_path(proc, p->conf, path, sizeof(path)))
		p->conf_error = ENAMETOOLONG;
	else if (linuxptp_conf_walk(path, see, p))
		p->conf_error = errno;
	else
		take_all(p, c);		/* again: it has the last word */
	make_absolute(p);
	find_socket(proc, p->socket, "/var/run/ptp/ptp4l", "/var/run/ptp4l");
	find_socket(proc, p->socket_read_only, "/var/run/ptp/ptp4lro", "/var/run/ptp4lro");
}

bool ptp4l_read(struct ptp4l *p, const struct process *proc)
{
	struct cmdline c;
	bool there = cmdline_read(&c, proc->pid);

	ptp4l_of(p, &c, proc);
	cmdline_free(&c);
	return there;
}

bool ptp4l_may_steer(const struct ptp4l *p)
{
	return p->software && !ptp4l_measures_only(p) && !p->server_only;
}

bool ptp4l_measures_only(const struct ptp4l *p)
{
	return p->free_running || !strcasecmp(p->servo, "ntpshm") || !strcasecmp(p->servo, "refclock_sock");
}
