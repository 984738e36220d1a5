// SPDX-License-Identifier: GPL-2.0-or-later
/* What the answers to a bare vCPU mean, and what to do. */
#include <errno.h>
#include <inttypes.h>
#include <linux/kvm_para.h>
#include <stdlib.h>
#include <string.h>

#include "base/now.h"
#include "base/text.h"
#include "output/text.h"
#include "probe/ask.h"
#include "ptpkvm-host.h"
#include "time/host_clock.h"

/* A clock of the host's own that is no TSC steps by so much (acpi_pm: 279 ns); KVM and libc round. */
#define SLACK_NS 100
#define SLACK_WINDOW_NS 1000

/* --- can this machine run a vCPU? --- */

static void judge_open(const struct probe_facts *f, struct findings *v)
{
	const char *module = f->cpu_intel ? "kvm_intel" : "kvm_amd";

	if (f->error == EACCES || f->error == EPERM) {
		finding_add(v, "kvm-denied", "/dev/kvm may not be opened by this user");
		remedy_run(v, 0, "sudo ptpkvm-host probe");
		remedy_say(v, "or join the group, and log in again: sudo usermod -aG kvm \"$USER\"");
	} else if (f->module && (f->error == ENOENT || f->error == ENXIO)) {
		finding_add(v, "kvm-module",
			    "there is no /dev/kvm, though the module is loaded: a container without the device?");
		remedy_say(v, "give it to the container (docker, podman: --device /dev/kvm)");
	} else if (f->error == ENOENT || f->error == ENODEV || f->error == ENXIO) {
		finding_add(v, "kvm-module", "there is no /dev/kvm: no module of KVM's is loaded");
		remedy_run(v, 0, "sudo modprobe %s || sudo dmesg | grep -i kvm", module);
	} else {
		finding_add(v, f->error == EBUSY ? "kvm-busy" : "kvm-error", "%s", f->why);
		remedy_run(v, 0, "sudo dmesg | grep -i kvm");
	}
}

static bool judge_kvm(const struct probe_facts *f, struct findings *v)
{
	if (f->failed == PROBE_DONE) {
		finding_say(v, LEVEL_PASS, "kvm", "kvm", "a bare vCPU runs%s%s%s", f->hypervisor[0] ?
			    ", though this host is itself a guest (" : "", f->hypervisor, f->hypervisor[0] ? ")" : "");
		return true;
	}
	if (!f->cpu_virtualizes && f->failed != PROBE_OPEN && f->failed != PROBE_TSC) {
		/* Some clouds have a /dev/kvm of their own kind. */
		finding_add(v, "kvm-no-virtualization",
			    "there is a /dev/kvm, but no vmx or svm in this machine's CPU, and no vCPU runs: %s", f->why);
	} else if (!f->cpu_virtualizes) {
		finding_add(v, "kvm-no-virtualization", "the CPU offers neither vmx nor svm");
		remedy_say(v, f->hypervisor[0] ? "in the hypervisor that this machine runs on: nested virtualization" :
			   "in the firmware's setup: enable Intel VT-x or AMD-V (SVM)");
	} else if (f->failed == PROBE_OPEN) {
		judge_open(f, v);
	} else if (f->failed == PROBE_TSC) {
		finding_add(v, "kvm-no-tsc-khz", "no vCPU with a counter of %u kHz here: %s", f->tsc_khz, f->why);
	} else if (f->failed == PROBE_RUN && f->error == EINTR) {
		finding_add(v, "kvm-stuck", "a vCPU did not come back within %d ms", PROBE_TIMEOUT_MS);
		remedy_run(v, 0, "sudo dmesg | grep -i kvm");
	} else {
		finding_add(v, "kvm-error", "%s", f->why);
		remedy_run(v, 0, "sudo dmesg | grep -i kvm");
	}
	return false;
}

/* Would a guest take the reply of the quality type? */
static bool quality_taken(const struct probe_facts *f)
{
	const struct kvm_clock_pairing_quality *q = &f->type1.reply;

	return !f->type1.result && q->version && q->flags & KVM_CLOCK_PAIRING_VALID_WINDOW &&
	       q->window_ns <= NSEC_PER_SEC;
}

/* --- type 0 --- */

static void judge_refusal(const struct probe_facts *f, struct findings *v)
{
	const bool tsc = !strcmp(f->clocksource, "tsc") || !strcmp(f->clocksource, "hyperv_clocksource_tsc_page");
	/* With type 1 they get the time all the same, but not by the in-tree driver. */
	const enum finding_level level = quality_taken(f) ? LEVEL_WARN : LEVEL_FAIL;

	if (f->type0.result == -KVM_ENOSYS) {
		finding_add_at(v, level, "pairing-unknown",
			       "this kernel's KVM (%s) does not know the call: Linux has it from 4.11 on", f->kernel);
		remedy_say(v, "a newer kernel on this host");
	} else if (f->type0.result != -KVM_EOPNOTSUPP) {
		finding_add_at(v, level, "pairing-error", "KVM answers %" PRId64 " to a good call",
			       f->type0.result);
	} else if (f->tsc_khz) {
		finding_add_at(v, level, "pairing-catchup",
			    "refused (-95) to a guest whose counter runs at %u kHz: KVM cannot scale it here, and has it "
			       "catch up in steps", f->tsc_khz);
		remedy_say(v, "give guests this host's own frequency (no tsc-frequency, no <timer name='tsc' frequency=…>)");
	} else if (!tsc) {
		finding_add_at(v, level, "pairing-clocksource",
			       "refused (-95): this host's own clocksource is %s, and exact pairs need the TSC",
			       f->clocksource[0] ? f->clocksource : "unknown");
		if (!strcmp(f->clocksource, "kvm-clock"))
			remedy_say(v, "a kernel with host-patch's series pairs on kvm-clock; or give this host an invariant "
				   "TSC (QEMU: -cpu host,migratable=off) and the kernel argument tsc=reliable");
		else
			remedy_run(v, 0, "sudo dmesg | grep -iE 'tsc|clocksource'");
		if (strcmp(f->clocksource, "kvm-clock"))
			remedy_say(v, "says why; if the TSC is good, the kernel argument tsc=reliable says so");
	} else {
		finding_add_at(v, level, "pairing-refused",
			    "refused (-95), though this host runs on the TSC: KVM does not trust it for this guest");
		remedy_run(v, 0, "sudo dmesg | grep -iE 'tsc|kvm'");
	}
}

static bool far_off(const struct probe_answer *a, int64_t window)
{
	/* Both halves are below INT64_MAX / 2 by far. */
	return a->measured &&
	       llabs(a->offset_ns) > a->uncertainty_ns + window + (window ? SLACK_WINDOW_NS : SLACK_NS);
}

static void judge_agreement(const struct probe_answer *a, int64_t window, struct findings *v)
{
	char offset[NS_TEXT_LEN], half[NS_TEXT_LEN], wide[NS_TEXT_LEN];

	if (!a->measured) {
		finding_add(v, "pair-unmeasured", "the host's clock was set again and again while it was read");
		remedy_run(v, 0, "sudo ptpkvm-host check");
		remedy_say(v, "says who steers it");
		return;
	}
	text_ns(offset, a->offset_ns, true);
	text_ns(half, a->uncertainty_ns, false);
	text_ns(wide, window, false);
	if (!far_off(a, window)) {
		finding_say(v, LEVEL_PASS, "pair", "pair", "%s from the host's clock, measured to ± %s%s%s", offset, half,
			    window ? ", window " : "", window ? wide : "");
	} else {
		finding_add(v, "pair-wrong",
			    "%s from the host's clock, measured to ± %s%s%s: guests get a wrong time", offset, half,
			    window ? ", window " : "", window ? wide : "");
		remedy_say(v, "please report it, with the output of: ptpkvm-host probe --json");
	}
}

/* --- the quality type --- */

static void quality_text(const struct kvm_clock_pairing_quality *q, char *buf, size_t len)
{
	char ns[NS_TEXT_LEN];

	buf[0] = 0;
	add_text(buf, len, "%s", q->flags & KVM_CLOCK_PAIRING_VALID_STATUS ?
		 host_status_name(q->clock_status <= HOST_UNRELIABLE ? (enum host_status)q->clock_status : HOST_UNKNOWN) :
		 "status not told");
	if (!(q->flags & KVM_CLOCK_PAIRING_VALID_MAX_ERROR) || !q->max_error_ns)
		add_text(buf, len, ", no bound on its error (ptp4l and phc2sys tell none)");
	else
		add_text(buf, len, ", at most %s off UTC", text_ns(ns, q->max_error_ns, false));
	if (q->flags & KVM_CLOCK_PAIRING_VALID_EST_ERROR && q->max_error_ns)
		add_text(buf, len, " (estimate %s)", text_ns(ns, q->est_error_ns, false));
	if (q->flags & KVM_CLOCK_PAIRING_VALID_TAI_OFFSET)
		add_text(buf, len, ", TAI − UTC %d s", q->tai_offset);
}

static void judge_quality(const struct probe_facts *f, struct findings *v)
{
	const struct kvm_clock_pairing_quality *q = &f->type1.reply;
	char text[200];

	if (f->type1.result == -KVM_EOPNOTSUPP || f->type1.result == -KVM_ENOSYS) {
		finding_add(v, "quality-untold",
			    "a stock KVM: guests are not told how good this host's clock is, nor when it is set");
		remedy_say(v, "a kernel with the series of host-patch/ tells them; --ignore quality-untold if that is all right");
		return;
	}
	if (f->type1.result) {
		finding_add(v, "quality-bad", "KVM answers %" PRId64 " to a good call of the quality type", f->type1.result);
		return;
	}
	if (!q->version) {
		finding_add(v, "quality-bad", "a reply without a version: something else has the quality type's number here");
		return;
	}
	if (!quality_taken(f)) {
		finding_add(v, "quality-bad", "a reply that guests refuse: its window is %s",
			    q->flags & KVM_CLOCK_PAIRING_VALID_WINDOW ? "over a second" : "not told");
		return;
	}
	/* A later version may have more. */
	if (q->version == KVM_CLOCK_PAIRING_QUALITY_VERSION &&
	    (q->flags & ~KVM_CLOCK_PAIRING_VALID_ALL || q->reserved[0] || q->reserved[1] || q->reserved[2])) {
		finding_add(v, "quality-bad", "a reply with fields that no guest knows (flags 0x%x)", q->flags);
		return;
	}
	quality_text(q, text, sizeof(text));
	if (q->flags & KVM_CLOCK_PAIRING_VALID_STATUS && q->clock_status != KVM_CLOCK_PAIRING_STATUS_SYNCHRONIZED) {
		finding_add(v, "quality-unsynchronized", "guests are told: %s", text);
		remedy_run(v, 0, "sudo ptpkvm-host check");
		remedy_say(v, "says what steers this host's clock");
	} else if (q->flags & KVM_CLOCK_PAIRING_VALID_MAX_ERROR && q->max_error_ns > PROBE_HOST_ERROR_WARN_NS) {
		finding_add(v, "quality-error", "guests are told: %s", text);
		remedy_run(v, 0, "sudo ptpkvm-host check");
		remedy_say(v, "says what steers this host's clock");
	} else {
		finding_say(v, LEVEL_PASS, "quality", "quality", "guests are told: %s", text);
	}
}

void probe_judge(const struct probe_facts *f, struct findings *v)
{
	findings_begin(v, probe_kinds);
	if (!judge_kvm(f, v)) {
		finding_skip(v, "pairing", "no vCPU runs");
		finding_skip(v, "pair", "no vCPU runs");
		finding_skip(v, "quality", "no vCPU runs");
		return;
	}
	if (f->type0.result)
		judge_refusal(f, v);
	else
		finding_say(v, LEVEL_PASS, "pairing", "pairing", "KVM serves pairs of its clock and the guest's counter");
	/* Guests take either: the wrong one is what is to be known. */
	if (quality_taken(f) && (f->type0.result || far_off(&f->type1, f->type1.reply.window_ns)))
		judge_agreement(&f->type1, f->type1.reply.window_ns, v);
	else if (!f->type0.result)
		judge_agreement(&f->type0, 0, v);
	else
		finding_skip(v, "pair", "there is none");
	judge_quality(f, v);
}

int probe_exit_status(const struct probe_facts *f, const struct findings *v)
{
	if (f->failed != PROBE_DONE && !f->cpu_virtualizes)
		return EXIT_NO_HOST;
	return findings_exit_status(v);
}
