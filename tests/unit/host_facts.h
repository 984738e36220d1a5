/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts of a host as it should be, for tests to spoil: hardware timestamps from a grandmaster, phc2sys. */
#ifndef HOST_FACTS_H
#define HOST_FACTS_H

#include <linux/net_tstamp.h>
#include <string.h>

#include "facts/facts.h"
#include "steerers.h"

static inline void host_facts(struct check_facts *f)
{
	static struct ptp4l_fact ptp4l[8], *p = &ptp4l[0];
	static struct phc2sys_fact phc2sys[8];

	memset(f, 0, sizeof(*f));
	memset(ptp4l, 0, sizeof(ptp4l));
	memset(phc2sys, 0, sizeof(phc2sys));
	f->ptp4l = ptp4l;
	f->phc2sys = phc2sys;
	f->root = f->debian = f->linuxptp = true;
	f->nics.n = 1;
	f->nics.list[0] = (struct nic){
		.name = "eno1", .driver = "igb", .operstate = "up",
		.stamping = SOF_TIMESTAMPING_TX_HARDWARE | SOF_TIMESTAMPING_RX_HARDWARE |
			    SOF_TIMESTAMPING_RAW_HARDWARE,
		.tx_types = 1 << HWTSTAMP_TX_ON, .rx_filters = 1 << HWTSTAMP_FILTER_ALL,
	};
	f->n_ptp4l = f->n_phc2sys = 1;
	p->process = (struct ptp4l){
		.pid = 500, .unit = "ptp4l@eno1.service", .interfaces = { "eno1" }, .n_interfaces = 1,
		.servo = "pi", .socket = "/var/run/ptp4l",
	};
	p->asked = true;
	p->result = PMC_ANSWERED;
	p->data = (struct pmc_data){
		.identity = "6e2bee.fffe.8fb69c", .clock_class = 255, .steps = 1, .offset_ns = -12,
		.path_delay_ns = 1300, .grandmaster = "4e2367.fffe.f129c3", .gm_class = 6, .gm_accuracy = 0x21,
		.utc_offset = 37, .utc_offset_valid = true, .ptp_timescale = true, .time_traceable = true,
		.ingress_ns = 1.8e18, .gm_present = true, .n_ports = 1,
		.ports = { { "6e2bee.fffe.8fb69c-1", "SLAVE", "eno1", "HARDWARE" } },
	};
	f->phc2sys[0].process = (struct phc2sys){
		.pid = 512, .steers = true, .waits = true, .source = "eno1", .servo = "pi",
	};
	f->kernel = (struct kernel_clock){ .known = true, .max_error_ns = 50000, .est_error_ns = 1000, .tai_utc = 37 };
	strcpy(f->clocksource, "tsc");
	f->cpu = (struct cpu_facts){ .known = true, .vmx = true, .constant_tsc = true, .nonstop_tsc = true };
	f->kvm = (struct kvm_facts){ .module = "kvm_intel", .node = true };
}

/* phc2sys gives way to chronyd, with a refclock. */
static inline void host_facts_chrony(struct check_facts *f)
{
	f->n_phc2sys = 0;
	f->chrony.pid = 498;
	f->chrony.answers = true;
	f->chrony.n_sources = 1;
	f->chrony.sources[0] = (struct chrony_source){
		.mode = '#', .state = '*', .name = "PTP0", .reach = 0377, .last_rx = 1,
	};
}

#endif
