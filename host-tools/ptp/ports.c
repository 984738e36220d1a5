// SPDX-License-Identifier: GPL-2.0-or-later
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "ptp/ports.h"

const struct pmc_port *check_slave_port(const struct pmc_data *d)
{
	for (int i = 0; i < d->n_ports; i++)
		if (!strcmp(d->ports[i].state, "SLAVE") || !strcmp(d->ports[i].state, "UNCALIBRATED"))
			return &d->ports[i];
	return NULL;
}

bool check_hardware(const struct ptp4l_fact *p)
{
	const struct pmc_port *port = check_slave_port(&p->data);

	if (port && port->timestamping[0])
		return strcmp(port->timestamping, "SOFTWARE") != 0;
	return !p->process.software;
}

double check_offset(const struct pmc_data *d)
{
	return check_slave_port(d) ? d->offset_ns : NAN;
}

double check_path_delay(const struct pmc_data *d)
{
	return check_slave_port(d) ? d->path_delay_ns : NAN;
}

const char *check_port_name(const struct ptp4l_fact *p, int i)
{
	if (p->data.ports[i].interface[0])
		return p->data.ports[i].interface;
	return p->process.n_interfaces == p->data.n_ports ? p->process.interfaces[i] : "port";
}

void check_ports_text(const struct ptp4l_fact *p, char *buf, size_t len)
{
	const struct pmc_data *d = &p->data;

	buf[0] = 0;
	for (int i = 0; i < d->n_ports && i < 4; i++)
		add_text(buf, len, "%s%s %s", i ? ", " : "", check_port_name(p, i),
			 d->ports[i].state[0] ? d->ports[i].state : "in an unknown state");
	if (d->n_ports > 4)
		add_text(buf, len, " and %d more", d->n_ports - 4);
}

void check_drop_old_offset(struct last_sync *last, struct pmc_data *d, int64_t now)
{
	if (isnan(d->ingress_ns) || d->ingress_ns != last->ingress_ns || !last->since)
		last->since = now;
	last->ingress_ns = d->ingress_ns;
	if (now - last->since > pmc_sync_wait(d))
		d->offset_ns = NAN;
}
