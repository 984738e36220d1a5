/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ptpkvm-host probe in three steps: a bare vCPU makes the calls (ask.c), what came of it is judged
 * (judge.c: no input and no output), and printed (probe.c).
 */
#ifndef PROBE_ASK_H
#define PROBE_ASK_H

#include <stdbool.h>
#include <stdint.h>

#include "../../include/kvm_clock_pairing.h"
#include "output/findings.h"
#include "system/machine.h"
#include "vm/bare.h"

/* Of each type; the narrowest measurement counts. */
#define PROBE_CALLS 20
/* A vCPU that has not come back by then does not run. */
#define PROBE_TIMEOUT_MS 2000
/* Of the host's own bound on its error: where a warning begins, as in ptpkvm check */
#define PROBE_HOST_ERROR_WARN_NS 100000000ULL

enum probe_step { PROBE_OPEN, PROBE_CREATE, PROBE_TSC, PROBE_RUN, PROBE_DONE };

struct probe_answer {
	int64_t result;			/* of the hypercall: 0, or a negative error of KVM's */
	struct kvm_clock_pairing_quality reply;
	bool measured;			/* the next two are valid */
	int64_t offset_ns;		/* pair − host's clock at that counter */
	int64_t uncertainty_ns;		/* of that, half-width; without the reply's own window */
};

struct probe_facts {
	bool cpu_virtualizes;		/* vmx or svm */
	bool cpu_intel;
	bool module;			/* kvm_intel or kvm_amd is there */
	bool device;			/* /dev/kvm is */
	char hypervisor[HYPERVISOR_NAME_LEN];	/* that this host runs on, empty on bare metal */
	char kernel[72];
	char clocksource[32];
	unsigned int tsc_khz;		/* --tsc-khz, 0 without */

	enum probe_step failed;		/* PROBE_DONE: nothing */
	int error;			/* errno */
	char why[VM_WHY_LEN];
	struct probe_answer type0, type1;
	double ms;			/* all of it */
};

void probe_run(struct probe_facts *f, unsigned int tsc_khz);

extern const struct finding_kind probe_kinds[];
void probe_judge(const struct probe_facts *f, struct findings *v);
/* One of EXIT_*, by what counts. */
int probe_exit_status(const struct probe_facts *f, const struct findings *v);

#endif
