// SPDX-License-Identifier: GPL-2.0-or-later
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "linuxptp/conf.h"
#include "linuxptp/phc2sys.h"

struct seen {
	struct phc2sys *p;
	char segment[12], socket[LINUXPTP_SOCKET_LEN];
	bool real, named, named_real, other_system;
	char conf[200];
};

static void set_option(struct seen *seen, const char *option, const char *value)
{
	struct phc2sys *p = seen->p;

	if (!strcmp(option, "clock_servo"))
		snprintf(p->servo, sizeof(p->servo), "%s", value);
	else if (!strcmp(option, "uds_address"))
		snprintf(p->ptp4l, sizeof(p->ptp4l), "%s", value);
	else if (!strcmp(option, "free_running"))	/* from 4.0 on; 3.1 steers even so */
		p->free_running = !strcmp(value, "1");
	else if (!strcmp(option, "ntpshm_segment"))
		snprintf(seen->segment, sizeof(seen->segment), "%s", value);
	else if (!strcmp(option, "refclock_sock_address"))
		snprintf(seen->socket, sizeof(seen->socket), "%s", value);
}

static void see(const struct linuxptp_setting *s, void *arg)
{
	struct seen *seen = arg;

	if (!strcasecmp(s->section, "global"))
		set_option(seen, s->option, s->value);
}

static void take(struct seen *seen, const struct cmdline_option *o)
{
	const char *value = o->value ? o->value : "";
	struct phc2sys *p = seen->p;

	switch (o->letter) {
	case 'a':
		p->automatic = true;
		break;
	case 'r':
		seen->real = true;
		break;
	case 'C':		/* instead of CLOCK_REALTIME for -r, after 4.4: CLOCK_AUX0 */
		seen->other_system = strcasecmp(value, "CLOCK_REALTIME");
		break;
	case 'w':
		p->waits = true;
		break;
	case 's': case 'i':
		snprintf(p->source, sizeof(p->source), "%s", value);
		break;
	case 'c':
		seen->named = true;
		seen->named_real |= !strcasecmp(value, "CLOCK_REALTIME");
		break;
	case 'f':
		snprintf(seen->conf, sizeof(seen->conf), "%s", value);
		break;
	case 'E':
		set_option(seen, "clock_servo", value);
		break;
	case 'M':
		set_option(seen, "ntpshm_segment", value);
		break;
	case 'O':
		snprintf(p->offset, sizeof(p->offset), "%s", value);
		break;
	case 'z':
		set_option(seen, "uds_address", value);
		break;
	default:
		set_option(seen, linuxptp_option(o->name), value);
	}
}

static void take_all(struct seen *seen, struct cmdline *c)
{
	struct cmdline_option o;

	cmdline_rewind(c);
	while (cmdline_next(c, PHC2SYS_WITH_ARGUMENT, &o))
		take(seen, &o);
}

void phc2sys_of(struct phc2sys *p, struct cmdline *c, const struct process *proc)
{
	struct seen seen = { .p = p, .segment = "0", .socket = "/var/run/refclock.ptp.sock" };
	char path[PATH_MAX];

	memset(p, 0, sizeof(*p));
	p->pid = proc ? proc->pid : 0;
	strcpy(p->servo, "pi");
	take_all(&seen, c);
	p->unread = seen.conf[0] && (!process_path(proc, seen.conf, path, sizeof(path)) ||
				     linuxptp_conf_walk(path, see, &seen));
	if (seen.conf[0] && !p->unread)
		take_all(&seen, c);	/* again: it has the last word */
	p->waits |= p->automatic;
	p->feeds = !strcasecmp(p->servo, "ntpshm") || !strcasecmp(p->servo, "refclock_sock");
	if (p->feeds)
		strcpy(p->to, !strcasecmp(p->servo, "ntpshm") ? seen.segment : seen.socket);
	/* It writes CLOCK_REALTIME unless another clock is named by -c, or all are left to -a without -r. */
	p->steers = seen.named_real || (p->automatic ? seen.real && !seen.other_system : !seen.named);
	p->steers &= !p->feeds && !p->free_running;
}

bool phc2sys_read(struct phc2sys *p, const struct process *proc)
{
	struct cmdline c;
	bool there = cmdline_read(&c, proc->pid);

	phc2sys_of(p, &c, proc);
	cmdline_free(&c);
	return there;
}
