// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "linuxptp/conf.h"
#include "linuxptp/phc2sys.h"
#include "system/processes.h"

static void see(const struct linuxptp_setting *s, void *arg)
{
	struct phc2sys *p = arg;

	if (!strcmp(s->option, "clock_servo") && !strcasecmp(s->section, "global"))
		snprintf(p->servo, sizeof(p->servo), "%s", s->value);
	else if (!strcmp(s->option, "uds_address") && !strcasecmp(s->section, "global"))
		snprintf(p->ptp4l, sizeof(p->ptp4l), "%s", s->value);
}

struct seen {
	bool real, named, named_real;
	char conf[200], servo[24], ptp4l[LINUXPTP_SOCKET_LEN];
};

static void take(struct phc2sys *p, struct seen *seen, const struct cmdline_option *o)
{
	const char *value = o->value ? o->value : "";

	switch (o->letter) {
	case 'a':
		p->automatic = true;
		break;
	case 'r':
		seen->real = true;
		break;
	case 'w':
		p->waits = true;
		break;
	case 's':
		snprintf(p->source, sizeof(p->source), "%s", value);
		break;
	case 'c':
		seen->named = true;
		seen->named_real |= !strcmp(value, "CLOCK_REALTIME");
		break;
	case 'f':
		snprintf(seen->conf, sizeof(seen->conf), "%s", value);
		break;
	case 'E':
		snprintf(seen->servo, sizeof(seen->servo), "%s", value);
		break;
	case 'z':
		snprintf(seen->ptp4l, sizeof(seen->ptp4l), "%s", value);
		break;
	default:
		if (!strcmp(o->name, "clock_servo"))
			snprintf(seen->servo, sizeof(seen->servo), "%s", value);
		else if (!strcmp(o->name, "uds_address"))
			snprintf(seen->ptp4l, sizeof(seen->ptp4l), "%s", value);
	}
}

bool phc2sys_read(struct phc2sys *p, int pid)
{
	struct seen seen = { 0 };
	struct cmdline_option o;
	struct cmdline c;

	memset(p, 0, sizeof(*p));
	p->pid = pid;
	strcpy(p->servo, "pi");
	if (!cmdline_read(&c, pid))
		return false;
	while (cmdline_next(&c, PHC2SYS_WITH_ARGUMENT, &o))
		take(p, &seen, &o);
	cmdline_free(&c);
	if (seen.conf[0] == '/')
		linuxptp_conf_walk(seen.conf, see, p);
	if (seen.servo[0])
		strcpy(p->servo, seen.servo);
	if (seen.ptp4l[0])
		strcpy(p->ptp4l, seen.ptp4l);
	p->waits |= p->automatic;
	/* It writes CLOCK_REALTIME unless another clock is named by -c, or all are left to -a without -r. */
	p->steers = seen.named_real || (p->automatic ? seen.real : !seen.named);
	if (!strcasecmp(p->servo, "ntpshm") || !strcasecmp(p->servo, "refclock_sock"))
		p->steers = false;
	return true;
}
