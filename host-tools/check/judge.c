// SPDX-License-Identifier: GPL-2.0-or-later
/* What the facts mean, link by link, and what to type: the machine, and all together. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/timex.h>

#include "base/array.h"
#include "base/text.h"
#include "check/judge.h"
#include "output/text.h"
#include "ptpkvm-host.h"
#include "time/kernel_clock.h"

#define CLOCKSOURCE "/sys/devices/system/clocksource/clocksource0/current_clocksource"

const char *const check_links[] = {
	"host", "nic", "ptp4l", "offset", "steering", "tai", "leap", "kernel", "clocksource", "kvm",
	"serve", NULL,
};

struct limit check_limits[] = {
	[WARN_OFFSET] = { "warn-offset", 1000, LIMIT_NS, "to the master, hardware timestamps (1000)" },
	[WARN_SOFTWARE_OFFSET] = { "warn-software-offset", 100000, LIMIT_NS, "the same, software timestamps (100000)" },
	[FAIL_OFFSET] = { "fail-offset", 10000000, LIMIT_NS, "either, a failure (10000000)" },
	[WARN_PATH_DELAY] = { "warn-path-delay", 1000000, LIMIT_NS, "of the path to the master (1000000)" },
	[WARN_KERNEL_ERROR] = { "warn-kernel-error", 100000000, LIMIT_NS, "the kernel's bound on its error (100000000)" },
	{ 0 },
};

const char *judge_unseen(const struct check_facts *f)
{
	return !f->processes_hidden ? NULL : f->container[0] ? "it may run outside of the container" :
	       "other users' processes are hidden here";
}

const char *judge_chrony_service(const struct check_facts *f)
{
	return f->debian ? "chrony" : "chronyd";
}

/* The kernel and its clock are the host's, daemons, files and devices the container's own. */
static void judge_container(struct judge *j)
{
	if (!j->f->container[0])
		return;
	judge_find(j, "container", "in a container (%s): of the host's daemons, files and devices only what it sees",
		   j->f->container);
	judge_run(j, RUN_OUTSIDE, "sudo ptpkvm-host check");
}

/* --- the kernel's clock --- */

/* One that steers and sets the kernel's bound to 0, or leaves it alone; NULL if there is none */
static const char *tells_no_bound(const struct check_report *r)
{
	static const char *const names[] = { "phc2sys", "ptp4l", "systemd-timesyncd", "sfptpd", "ptpd", "busybox ntpd" };

	for (int i = 0; i < r->n_steerers; i++)
		for (size_t k = 0; k < ARRAY_SIZE(names); k++)
			if (!strcmp(r->steerers[i].name, names[k]))
				return names[k];
	return NULL;
}

struct kernel_clock check_kernel(const struct check_report *r, const struct kernel_clock *k)
{
	struct kernel_clock told = *k;

	if (tells_no_bound(r) || r->unseen)
		told.max_error_ns = told.est_error_ns = NAN;
	return told;
}

const char *check_bound(char buf[static CHECK_BOUND_LEN], const struct check_report *r, const struct kernel_clock *k,
			const char *max_error)
{
	const char *silent = tells_no_bound(r);

	if (!isnan(k->max_error_ns))
		snprintf(buf, CHECK_BOUND_LEN, "at most %s off UTC%s", max_error,
			 r->n_steerers ? "" : " by what the kernel was last told");
	else
		snprintf(buf, CHECK_BOUND_LEN, "with no bound on its error: %s%s",
			 silent ? silent : r->unseen ? "who steers is not seen" : "none was told", silent ? " tells none" : "");
	return buf;
}

/* phc2sys -s goes on when ptp4l has lost its master, and with each update says that the clock is synchronized. */
static bool goes_on_alone(const struct judge *j)
{
	for (int i = 0; i < j->f->n_phc2sys; i++)
		if (j->f->phc2sys[i].process.steers && !j->f->phc2sys[i].process.automatic)
			return judge_no_master(j->f);
	return false;
}

static void judge_kernel(struct judge *j)
{
	const struct kernel_clock *raw = &j->f->kernel, k = check_kernel(j->r, raw);
	char error[NS_TEXT_LEN], text[CHECK_BOUND_LEN + 40];

	if (!k.known) {
		judge_skip(j, "kernel", j->f->offline ? "--root" : "adjtimex() is refused");
		return;
	}
	check_bound(text, j->r, &k, text_ns(error, k.max_error_ns, false));
	if (!isnan(k.est_error_ns))
		add_text(text, sizeof(text), " (estimate %s)", text_ns(error, k.est_error_ns, false));
	if (k.status & STA_UNSYNC) {
		judge_find(j, "kernel-unsynchronized",
			   "the kernel counts its clock as not synchronized: guests are told so");
		judge_run(j, RUN_OUTSIDE | RUN_LIVE, "chronyc tracking || timedatectl");
	} else if (goes_on_alone(j)) {
		judge_find(j, "kernel-holdover",
			  "synchronized, as guests are told, but phc2sys goes on without a master: how far it is off is not known");
		judge_advise(j, "start phc2sys with -a -r instead of -s: it stops when there is no master");
	} else if (raw->max_error_ns > check_limits[WARN_KERNEL_ERROR].value) {
		judge_find(j, "kernel-error", "synchronized, but the kernel's bound on its error is %s",
			   text_ns(error, raw->max_error_ns, false));
		judge_run(j, RUN_OUTSIDE | RUN_LIVE, "chronyc tracking || timedatectl");
	} else {
		judge_say(j, LEVEL_PASS, "kernel", "synchronized", "synchronized, %s", text);
	}
}

/* --- counters --- */

static void judge_tsc(struct judge *j)
{
	const struct cpu_facts *cpu = &j->f->cpu;

	if (cpu->known && (!cpu->constant_tsc || !cpu->nonstop_tsc)) {
		judge_find(j, "tsc-variable",
			   "tsc, but the CPU does not promise a steady one (no %s): guests' clocks will not be exact",
			   cpu->constant_tsc ? "nonstop_tsc" : "constant_tsc");
		judge_run(j, RUN_OUTSIDE | RUN_LIVE, "sudo ptpkvm-host probe");
		return;
	}
	judge_say(j, LEVEL_PASS, "clocksource", "clocksource", "tsc%s%s",
		  cpu->known ? ", constant and nonstop" : "", cpu->tsc_reliable ? ", reliable" : "");
}

static void judge_clocksource(struct judge *j)
{
	const struct check_facts *f = j->f;
	bool tsc = has_word(f->clocksources, "tsc");
	bool steady = f->cpu.constant_tsc && f->cpu.nonstop_tsc;

	if (!f->clocksource[0]) {
		judge_skip(j, "clocksource", "there is none in /sys");
		return;
	}
	if (!strcmp(f->clocksource, "tsc")) {
		judge_tsc(j);
		return;
	}
	if (!strcmp(f->clocksource, "kvm-clock"))
		judge_find(j, "clocksource-kvm-clock",
			   "kvm-clock, as this host is a KVM guest itself: stock kernels refuse to pair clocks on it%s",
			   tsc ? "" : ", and there is no tsc to choose");
	else if (!tsc && steady)
		judge_find(j, "tsc-unstable",
			   "%s: the kernel has given up the TSC as unstable, and stock kernels pair no clocks then",
			   f->clocksource);
	else
		judge_find(j, "clocksource-other", "%s: stock kernels pair clocks on tsc only", f->clocksource);
	if (tsc)
		judge_run(j, RUN_OUTSIDE | RUN_LIVE, "echo tsc | sudo tee " CLOCKSOURCE);
	else if (strcmp(f->clocksource, "kvm-clock") && steady)
		judge_run(j, RUN_OUTSIDE | RUN_LIVE, "sudo dmesg | grep -i -e tsc -e clocksource");
	else
		judge_run(j, RUN_OUTSIDE | RUN_LIVE, "sudo ptpkvm-host probe");
}

/* --- virtualization --- */

static void judge_open_kvm(struct judge *j)
{
	const struct kvm_facts *k = &j->f->kvm;

	if (j->f->container[0] && (!k->node || k->open_error)) {
		judge_skip(j, "kvm", "the container cannot open /dev/kvm");
	} else if (!k->node) {
		judge_find(j, "kvm-no-node", "%s is loaded, but there is no /dev/kvm", k->module);
		judge_run(j, RUN_LIVE, "sudo udevadm trigger --action=add --settle --subsystem-match=misc");
	} else if (k->open_error == EACCES || k->open_error == EPERM) {
		judge_find(j, "kvm-denied", "this user may not open /dev/kvm");
		judge_run(j, RUN_LIVE, "sudo usermod -aG kvm \"$USER\"");
		judge_advise(j, "and log in again");
	} else if (k->open_error) {
		judge_find(j, "kvm-error", "/dev/kvm cannot be opened: %s", strerror(k->open_error));
		judge_run(j, RUN_LIVE, "sudo dmesg | grep -i kvm");
	} else {
		judge_say(j, LEVEL_PASS, "kvm", "kvm", "%s%s%s%s", k->module[0] ? k->module : "built in",
			  j->f->cpu.hypervisor ? ", in a guest" : "",
			  k->nested ? "; guests can be hosts too (nested)" : "",
			  j->f->quality.served ? "; guests are told how good its time is" : "");
	}
}

/* Once; where there is no GRUB as Debian has it, by its menu. */
static void boot_again(struct judge *j, const char *kernel)
{
	if (j->f->debian)
		judge_run(j, RUN_LIVE, "sudo grub-reboot \"$(sudo grep -o \"gnulinux-\\(%s-\\)\\?advanced-[^']*\" "
			  "/boot/grub/grub.cfg | head -n 2 | paste -s -d '>')\" && sudo reboot", kernel);
	else
		judge_advise(j, "boot Linux %s again, which is still installed: it is in the boot loader's menu", kernel);
	judge_advise(j, "host-patch/README.md, 'The next apt upgrade', says how it stays the default");
}

/* As after the upgrade that brought a newer stock kernel: guests go on, and nobody is told. */
static void judge_quality(struct judge *j)
{
	const struct quality_facts *q = &j->f->quality;

	if (!q->known || q->served || !q->kernel[0] || !q->was_kernel[0])
		return;
	judge_find(j, "quality-lost", "this host served quality with Linux %s until %s; Linux %s that runs does not",
		   q->was_kernel, q->was_date, q->kernel);
	if (!strcmp(q->was_kernel, q->kernel))
		judge_advise(j, "this one has the same name and not the series: build it again, as host-patch/README.md says");
	else if (q->was_installed)
		boot_again(j, q->was_kernel);
	else
		judge_advise(j, "Linux %s is no longer installed: build one with the series, as host-patch/README.md says",
			     q->was_kernel);
	judge_advise(j, "or, where this host is not to serve quality any more:");
	judge_run(j, 0, "sudo rm %s", QUALITY_RECORD);
}

static void judge_kvm(struct judge *j)
{
	const struct check_facts *f = j->f;

	if (!f->cpu.known) {
		judge_skip(j, "kvm", "there is no /proc/cpuinfo with flags");
		return;
	}
	if (!f->cpu.vmx && !f->cpu.svm) {
		judge_find(j, "kvm-no-virtualization",
			   "the CPU offers no virtualization (neither vmx nor svm)%s: no KVM guests here%s",
			   f->cpu.hypervisor ? " to this guest" : "",
			   f->kvm.node ? ", though there is a /dev/kvm" : "");
		if (f->cpu.hypervisor)
			judge_run(j, RUN_ON_HOST, "cat /sys/module/kvm_*/parameters/nested");
		else
			judge_advise(j, "enable VT-x or AMD-V (SVM) in the firmware's setup");
		return;
	}
	if (f->offline) {
		judge_skip(j, "kvm", "--root");
	} else if (!f->kvm.module[0] && !f->kvm.node) {
		judge_find(j, "kvm-not-loaded", "the module %s is not loaded",
			   f->cpu.vmx ? "kvm_intel" : "kvm_amd");
		judge_run(j, RUN_OUTSIDE | RUN_LIVE, "sudo modprobe %s || sudo dmesg | grep -i kvm", f->cpu.vmx ? "kvm_intel" : "kvm_amd");
	} else {
		judge_open_kvm(j);
	}
}

/* --- all together --- */

void check_judge(const struct check_facts *f, struct check_report *r)
{
	struct judge j = { .f = f, .r = r };

	*r = (struct check_report){ .said = r->said };
	findings_begin(&r->said, check_kinds);
	r->said.offline = f->offline;
	r->said.outside = f->container[0] ? "on the host itself" : NULL;
	r->tai_utc = judge_tai_utc(f);
	judge_find_steerers(&j);
	judge_container(&j);
	judge_nics(&j);
	judge_ptp4l(&j);
	judge_offset(&j);
	judge_steering(&j);
	judge_tai(&j);
	judge_leap(&j);
	judge_kernel(&j);
	judge_clocksource(&j);
	judge_kvm(&j);
	judge_quality(&j);
	judge_serve(&j);
}

int check_exit_status(const struct check_facts *f, const struct check_report *r)
{
	if (f->cpu.known && !f->cpu.vmx && !f->cpu.svm)
		return EXIT_NO_HOST;
	return findings_exit_status(&r->said);
}
