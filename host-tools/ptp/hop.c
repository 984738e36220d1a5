// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/now.h"
#include "ptp/hop.h"
#include "ptp/ports.h"
#include "time/phc.h"

/* The one PHC of all real cards below an interface; -1 if it has none, or several */
static int only_phc(const struct nics *all, const struct nic *n)
{
	const struct nic *real[NIC_LOWER_MAX];
	int count = nic_real(all, n, real), phc = count ? real[0]->phc : -1;

	for (int i = 1; i < count; i++)
		if (real[i]->phc != phc)
			return -1;
	return phc;
}

static const struct nic *slave_nic(const struct check_facts *f, const struct ptp4l_fact *p,
				   const struct pmc_port *port)
{
	if (port->interface[0])
		return nic_find(&f->nics, port->interface);
	/* Of an ordinary user's question no interfaces come back. */
	return p->process.n_interfaces == 1 ? nic_find(&f->nics, p->process.interfaces[0]) : NULL;
}

bool chain_find(const struct check_facts *f, const struct ptp4l_fact *p, struct chain_hop *hop)
{
	const struct pmc_port *port = check_slave_port(&p->data);
	const struct nic *n;
	int phc;

	memset(hop, 0, sizeof(*hop));
	if (p->result != PMC_ANSWERED || !p->asked || !port || !check_hardware(p))
		return false;
	hop->there = true;
	/* As phc2sys -w: a time of another scale than PTP's is taken as it is. */
	hop->tai_utc = p->data.ptp_timescale ? p->data.utc_offset : 0;
	n = slave_nic(f, p, port);
	phc = n ? only_phc(&f->nics, n) : -1;
	if (p->data.ptp_timescale == UNKNOWN || hop->tai_utc == UNKNOWN)
		snprintf(hop->why, sizeof(hop->why), "ptp4l does not tell TAI − UTC");
	else if (!n)
		snprintf(hop->why, sizeof(hop->why), "the interface of port %s is not known", port->identity);
	else if (phc < 0)
		snprintf(hop->why, sizeof(hop->why), "%s has not one PHC", n->name);
	else
		snprintf(hop->path, sizeof(hop->path), "/dev/ptp%d", phc);
	return true;
}

void chain_read(struct chain_hop *hop)
{
	enum phc_method method;
	struct phc_sample s;
	struct phc phc;
	int err;

	hop->known = false;
	if (!hop->path[0] || phc_open(&phc, hop->path, O_RDONLY | O_NONBLOCK, hop->why, sizeof(hop->why)))
		return;
	err = phc_read_best(phc.fd, &method, &s);
	close(phc.fd);
	if (err) {
		snprintf(hop->why, sizeof(hop->why), "%s cannot be read: %s", hop->path, strerror(err));
		return;
	}
	hop->known = true;
	hop->why[0] = 0;
	hop->offset_ns = phc_offset(&s) - hop->tai_utc * NSEC_PER_SEC;
	hop->uncertainty_ns = (s.post - s.pre) / 2;
}

double chain_accuracy(int code)
{
	/* from 0x17 on; those before 0x20 since the edition of 2019 */
	static const double seconds[] = {
		1e-12, 2.5e-12, 1e-11, 2.5e-11, 1e-10, 2.5e-10, 1e-9, 2.5e-9, 1e-8, 2.5e-8, 1e-7, 2.5e-7,
		1e-6, 2.5e-6, 1e-5, 2.5e-5, 1e-4, 2.5e-4, 1e-3, 2.5e-3, 1e-2, 2.5e-2, 0.1, 0.25, 1, 10, INFINITY,
	};

	return code >= 0x17 && code < 0x17 + (int)ARRAY_SIZE(seconds) ? seconds[code - 0x17] : NAN;
}

const char *chain_accuracy_text(char buf[static CHAIN_ACCURACY_LEN], int code)
{
	static const char *const units[] = { "s", "ms", "µs", "ns", "ps" };
	double s = chain_accuracy(code);
	size_t u = 0;

	if (isnan(s))
		return NULL;
	for (; s < 0.999 && u < ARRAY_SIZE(units) - 1; u++)
		s *= 1000;
	snprintf(buf, CHAIN_ACCURACY_LEN, isinf(s) ? "more than 10 s" : "%.3g %s", s, units[u]);
	return buf;
}
