// SPDX-License-Identifier: GPL-2.0-or-later
/* What the facts mean, link by link, and what to type: the machine, its driver and its clock. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../../include/version.h"
#include "base/text.h"
#include "check/judge.h"
#include "output/text.h"
#include "ptpkvm.h"

#define CLOCKSOURCE "/sys/devices/system/clocksource/clocksource0/current_clocksource"
#define GIVE_DEVICE "start the container with --device=/dev/ptp_kvm"
#define UDEV_AGAIN "sudo udevadm trigger --action=add --settle --subsystem-match=ptp"
#define INSTALL "make && sudo make modules_install"

const char *const check_links[] = {
	"guest", "driver", "clock", "access", "host", "methods", "clocksource", "offset",
	"quality", "chronyd", "refclock", "source", "rivals", "config", "boot", NULL,
};

struct limit check_limits[] = {
	[WARN_OFFSET] = { "warn-offset", 100000, LIMIT_NS, "beyond the offset's uncertainty (100000)" },
	[FAIL_OFFSET] = { "fail-offset", 1000000000, LIMIT_NS, "the same, a failure (1000000000)" },
	[WARN_UNCERTAINTY] = { "warn-uncertainty", 1000, LIMIT_NS, "of the call that chronyd takes (1000)" },
	[WARN_HOST_ERROR] = { "warn-host-error", 100000000, LIMIT_NS, "the host's bound on its error (100000000)" },
	[FAIL_LOST_POLLS] = { "fail-lost-polls", 3, 1, 8, "its last polls without a sample, 1 to 8 (3)" },
	{ 0 },
};

const char *judge_service(const struct check_facts *f)
{
	static char name[UNIT_NAME_LEN];
	char *suffix;

	if (!f->chrony.next.unit[0])
		return f->debian ? "chrony" : "chronyd";
	strcpy(name, f->chrony.next.unit);
	suffix = strstr(name, ".service");
	if (suffix)
		*suffix = 0;
	return name;
}

/* --- guest, driver, clock --- */

static bool judge_guest(struct judge *j)
{
	const struct check_facts *f = j->f;

	if (f->offline) {
		judge_skip(j, "guest", "--root");
	} else if (!f->kvm && !f->hypervisor[0]) {
		judge_find(j, "no-guest", "not a virtual machine: there is no host to take the time from");
		judge_run(j, 0, "sudo ptpkvm-host check");
		judge_advise(j, "if it is a host itself");
		return false;
	} else if (!f->kvm) {
		judge_find(j, "other-hypervisor", "not a KVM guest: the hypervisor says '%s'", f->hypervisor);
		judge_advise(j, "that hypervisor's own clock, if it has one (ptp_hyperv, ptp_vmw), or NTP servers");
		return false;
	} else if (f->container[0]) {
		judge_find(j, "container",
			   "in a container (%s) of a KVM guest: of the guest's daemons and settings only what it sees",
			   f->container);
		judge_run(j, RUN_OUTSIDE, "sudo ptpkvm check");
	} else {
		judge_say(j, LEVEL_PASS, "guest", "kvm", "a KVM guest");
	}
	return true;
}

/* Anything but where a distribution's kernel has its own */
static bool module_is_added(const char *module)
{
	return module[0] && strncmp(module, "kernel/drivers/", strlen("kernel/drivers/"));
}

/* False if it is not for its signature that the module isn't loaded, or that can't be known. */
static bool judge_signing(struct judge *j)
{
	const struct signing_facts *s = &j->f->signing;
	const char *module = j->f->module;
	char why[80];

	if (!s->signer_known || !module_is_added(module) || (s->signer[0] && !s->refused))
		return false;
	snprintf(why, sizeof(why), "this kernel loads signed modules only (%s%s)",
		 s->secure_boot ? "Secure Boot" : s->lockdown[0] ? "lockdown=" : "module.sig_enforce",
		 s->secure_boot ? "" : s->lockdown);
	if (!s->signer[0]) {
		judge_find(j, "driver-unsigned", "%s, and %s is not signed", why, module);
		if (s->dkms[0])
			judge_run(j, RUN_OUTSIDE, "sudo dkms build --force ptp_kvm/%s && sudo dkms install --force ptp_kvm/%s",
				  s->dkms, s->dkms);
		else
			judge_run(j, RUN_OUTSIDE | RUN_IN_SOURCE,
				  "sudo dkms add . && sudo dkms install ptp_kvm/" PTP_KVM_VERSION);
		judge_advise(j, "DKMS signs it if there is openssl to make a key");
		return true;
	}
	judge_find(j, "driver-key", "%s, and does not know the key of '%s', who signed %s", why, s->signer, module);
	if (s->key)
		judge_run(j, RUN_OUTSIDE, "sudo mokutil --import %s && sudo reboot", s->key);
	else
		judge_advise(j, "that signer's key, as KEY.der: sudo mokutil --import KEY.der && sudo reboot");
	judge_advise(j, "at the console, when it starts: enroll the key");
	return true;
}

/* "cloud-amd64" of "6.1.0-30-cloud-amd64", as in debian/ptp-kvm-dkms.postinst; NULL if the name has none */
static const char *kernel_flavour(const char *kernel)
{
	const char *dash = strchr(kernel, '-');

	while (dash && dash[1] >= '0' && dash[1] <= '9')
		dash = strchr(dash + 1, '-');
	return dash ? dash + 1 : NULL;
}

/* What brings this kernel's headers. False if that isn't known. */
static bool headers_package(const struct check_facts *f, char *buf, size_t len)
{
	const char *kernel = f->kernel, *variant = strchr(kernel, '+');

	if (f->packaged)
		snprintf(buf, len, "linux-headers-%s", kernel);
	else if (strstr(kernel, "uek."))
		snprintf(buf, len, "kernel-uek-devel-%s", kernel);
	else if (strstr(kernel, ".el") || strstr(kernel, ".fc") || strstr(kernel, ".amzn"))
		snprintf(buf, len, "kernel-%s%sdevel-%.*s", variant ? variant + 1 : "", variant ? "-" : "",
			 (int)strcspn(kernel, "+"), kernel);
	else
		return false;
	return true;
}

/* False if DKMS has no source of it, or has built it for this kernel. */
static bool judge_not_built(struct judge *j, enum finding_level level)
{
	const struct check_facts *f = j->f;
	const char *flavour = f->packaged ? kernel_flavour(f->kernel) : NULL;
	char headers[250], later[150] = "";

	if (f->offline || f->container[0] || !f->signing.dkms[0] || module_is_added(f->module))
		return false;
	if (flavour)
		snprintf(later, sizeof(later), " (linux-headers-%s, too, for the kernels to come)", flavour);
	judge_find_at(j, level, "driver-not-built", "%sDKMS has not built ptp_kvm %s for Linux %s%s%s",
		      f->driver == DRIVER_IN_TREE ? "the in-tree ptp_kvm is loaded: " : "", f->signing.dkms, f->kernel,
		      f->headers ? "" : ", whose headers are missing", f->headers ? "" : later);
	if (f->headers) {
		judge_run(j, RUN_OUTSIDE, "sudo dkms install ptp_kvm/%s -k %s", f->signing.dkms, f->kernel);
	} else if (headers_package(f, headers, sizeof(headers))) {
		judge_run(j, RUN_OUTSIDE, f->packaged ? "sudo apt install %s && sudo dkms autoinstall -k %s" :
			  "sudo dnf install %s && sudo dkms autoinstall -k %s", headers, f->kernel);
	} else {
		judge_advise(j, "install this kernel's headers, from where it came; then:");
		judge_run(j, RUN_OUTSIDE, "sudo dkms autoinstall -k %s", f->kernel);
	}
	return true;
}

static void judge_no_driver(struct judge *j)
{
	const struct check_facts *f = j->f;

	if (f->offline && f->no_module) {
		judge_find(j, "driver-not-installed", "there is no ptp_kvm for the kernel in it, %s", f->kernel);
		judge_advise(j, "install there ptp-kvm-dkms, and the headers of that kernel");
	} else if (f->offline) {
		judge_skip(j, "driver", "--root: nothing runs there");
	} else if (judge_signing(j)) {
		return;
	} else if (judge_host_error(f) > 0) {
		judge_skip(j, "driver", "the host keeps it from being loaded");
	} else if (judge_not_built(j, LEVEL_FAIL)) {
		return;
	} else if (f->module[0]) {
		judge_find(j, "driver-not-loaded", "ptp_kvm is not loaded (modprobe would take %s)%s", f->module,
			   !f->log_read ? "; only root may see whether the kernel's log says why" :
			  module_is_added(f->module) ? "" : "; if the host refuses, the in-tree driver does not say so");
		judge_run(j, RUN_OUTSIDE, "sudo modprobe ptp_kvm || sudo dmesg | grep ptp_kvm");
	} else if (f->container[0]) {
		judge_find(j, "driver-not-loaded", "ptp_kvm is not loaded");
		judge_run(j, RUN_OUTSIDE, "sudo modprobe ptp_kvm");
	} else {
		judge_find(j, "driver-not-installed", "there is no ptp_kvm for this kernel, %s", f->kernel);
		judge_run(j, RUN_OUTSIDE | RUN_IN_SOURCE, INSTALL " && sudo modprobe ptp_kvm");
	}
}

static void judge_driver(struct judge *j)
{
	const struct check_facts *f = j->f;

	switch (f->driver) {
	case DRIVER_NONE:
		judge_no_driver(j);
		break;
	case DRIVER_OURS:
		judge_say(j, LEVEL_PASS, "driver", "driver-ours", "ptp_kvm %s (out of tree)", f->driver_version);
		break;
	case DRIVER_BUILT_IN:
		judge_say(j, LEVEL_PASS, "driver", "driver-built-in", "ptp_kvm built into Linux %s", f->kernel);
		break;
	case DRIVER_IN_TREE:
		if (judge_not_built(j, LEVEL_WARN))
			break;
		if (!module_is_added(f->module)) {
			judge_say(j, LEVEL_PASS, "driver", "driver-in-tree",
				  "ptp_kvm of Linux %s (in-tree)", f->kernel);
			break;
		}
		judge_find(j, "driver-not-the-installed",
			   "the in-tree ptp_kvm is loaded, but %s is what is installed", f->module);
		judge_run(j, RUN_OUTSIDE | RUN_LIVE, "sudo systemctl stop %s; sudo rmmod ptp_kvm; sudo modprobe ptp_kvm; "
			  "sudo systemctl start %s", judge_service(f), judge_service(f));
	}
}

static void judge_link(struct judge *j)
{
	const struct check_facts *f = j->f;

	if (!strcmp(base_name(f->link), f->node)) {
		judge_say(j, LEVEL_PASS, "clock", "clock", "/dev/ptp_kvm, which is %s, '%s'", f->node,
			  PHC_KVM_NAME);
		return;
	}
	if (f->link[0])
		judge_find(j, "clock-wrong-link",
			   "/dev/%s, but /dev/ptp_kvm leads to %s, another one", f->node, f->link);
	else
		judge_find(j, "clock-no-link", "/dev/%s; there is no link /dev/ptp_kvm to it", f->node);
	if (f->container[0])
		judge_advise(j, GIVE_DEVICE);
	else if (f->udev)
		judge_run(j, RUN_OUTSIDE | RUN_LIVE, UDEV_AGAIN);
	else
		judge_run(j, RUN_OUTSIDE | RUN_LIVE, "sudo ln -sfn %s /dev/ptp_kvm", f->node);
}

/* False if there is no clock. */
static bool judge_clock(struct judge *j)
{
	const struct check_facts *f = j->f;

	if (f->node[0]) {
		judge_link(j);
		return true;
	}
	if (f->driver == DRIVER_NONE) {
		judge_skip(j, "clock", "there is no driver for it");
		return false;
	}
	judge_find(j, "clock-missing", "the driver made no clock '%s' (others: %s)",
		   PHC_KVM_NAME, f->others[0] ? f->others : "none");
	judge_run(j, RUN_OUTSIDE | RUN_LIVE, "sudo dmesg | grep -i ptp_kvm");
	return false;
}

static void judge_access(struct judge *j)
{
	const struct check_facts *f = j->f;
	bool denied = f->open_error == EACCES || f->open_error == EPERM;

	if (f->opened) {
		judge_say(j, LEVEL_PASS, "access", "readable", "/dev/%s can be read", f->node);
	} else if (f->offline) {
		judge_skip(j, "access", "--root");
	} else if (denied && !f->root) {
		judge_find(j, "access-denied", "this user may not read /dev/%s", f->node);
		judge_run(j, RUN_ROOT, "sudo ptpkvm check");
	} else if (f->container[0]) {
		judge_find(j, "access-container",
			   "the container may not read /dev/%s (%s)", f->node, strerror(f->open_error));
		judge_advise(j, GIVE_DEVICE);
	} else if (f->open_error == ENOENT) {
		judge_find(j, "access-no-node", "there is no device node /dev/%s", f->node);
		judge_run(j, RUN_OUTSIDE | RUN_LIVE, UDEV_AGAIN);
	} else {
		judge_find(j, "access-error", "/dev/%s cannot be opened: %s", f->node, strerror(f->open_error));
		judge_run(j, RUN_OUTSIDE, "sudo dmesg | grep -i ptp");
	}
}

/* --- host, methods, clocksource, offset --- */

int judge_host_error(const struct check_facts *f)
{
	if (f->host.present)
		return f->host.error;
	if (f->driver == DRIVER_NONE && (f->refusal == EOPNOTSUPP || f->refusal == ENOSYS))
		return f->refusal;
	if (!f->opened)
		return -1;
	for (int m = 0; m < PHC_METHODS; m++)
		if (!f->method[m].error)
			return 0;
	return f->method[PHC_GETTIME].error;
}

bool judge_clock_waits(const struct check_facts *f)
{
	int error = judge_host_error(f);

	return f->node[0] && (error == EOPNOTSUPP || error == ENOSYS);
}

/* A host whose kernel gave its TSC up is not to be told to trust it. */
static void remedy_host_on_tsc(struct judge *j)
{
	judge_run(j, RUN_ON_HOST, "sudo dmesg | grep -i -e tsc -e clocksource");
	judge_advise(j, "if that says that the TSC is unstable, host-patch/README.md has what serves guests all the same; else:");
	judge_run(j, RUN_ON_HOST, "echo tsc | sudo tee " CLOCKSOURCE);
}

/* A driver that is loaded needs nothing more, once the host answers. */
static void remedy_then_here(struct judge *j)
{
	if (judge_clock_waits(j->f) && j->r->source)
		judge_advise(j, "then chronyd takes the clock up by itself");
	if (j->f->driver == DRIVER_NONE && j->f->set_up)
		judge_advise(j, "then this guest tries again within 15 minutes");
	if (j->f->driver == DRIVER_NONE && !j->f->set_up) {
		judge_advise(j, "then here:");
		judge_run(j, RUN_OUTSIDE, "sudo modprobe ptp_kvm");
	}
}

static void judge_host(struct judge *j)
{
	int error = judge_host_error(j->f);

	switch (error) {
	case -1:
		judge_skip(j, "host", "that takes a reading of the clock");
		break;
	case 0:
		if (j->f->host.present)
			judge_say(j, LEVEL_PASS, "host", "host-answers", "answers with %s (type %d of the call)",
				  j->f->host.pairing_type ? "time and quality" : "the time",
				  j->f->host.pairing_type);
		else
			judge_say(j, LEVEL_PASS, "host", "host-answers", "answers with the time");
		break;
	case EOPNOTSUPP:
		judge_find(j, "host-refuses", "refuses (EOPNOTSUPP): the host's own clocksource is not the TSC");
		remedy_host_on_tsc(j);
		remedy_then_here(j);
		break;
	case ENOSYS:
		judge_find(j, "host-too-old", "does not know the call (ENOSYS): its kernel is older than 4.11");
		judge_run(j, RUN_ON_HOST, "uname -r");
		remedy_then_here(j);
		break;
	default:
		judge_find(j, "host-fails", "its answer cannot be used (%s: %s)", errname(error), strerror(error));
		judge_run(j, RUN_OUTSIDE | RUN_LIVE, "sudo dmesg | grep -i ptp_kvm");
	}
}

/* As chronyd tries them; the first that works it keeps. */
static int chrony_method(const struct check_facts *f)
{
	const struct refclock_fact *r = check_refclock(&f->chrony);

	for (int m = PHC_PRECISE; m <= PHC_OFFSET; m++)
		if (!f->method[m].error && !(m == PHC_PRECISE && r && r->nocrossts))
			return m;
	return -1;
}

static int64_t uncertainty(const struct check_facts *f, int m)
{
	return (f->method[m].window + 1) / 2 + (f->host.has_window ? (int64_t)f->host.window_ns : 0);
}

static void methods_text(const struct check_facts *f, int chosen, char *buf, size_t len)
{
	char ns[NS_TEXT_LEN];

	buf[0] = 0;
	for (int m = 0; m < PHC_METHODS; m++) {
		add_text(buf, len, "%s%s ", m ? ", " : "", phc_method_name(m));
		if (f->method[m].error)
			add_text(buf, len, "fails (%s)", errname(f->method[m].error));
		else if (!uncertainty(f, m))
			add_text(buf, len, "exact");
		else
			add_text(buf, len, "± %s", text_ns(ns, uncertainty(f, m), false));
	}
	if (chosen >= 0)
		add_text(buf, len, "; chronyd takes %s", phc_method_name(chosen));
}

/* chronyd keeps the call that it takes. */
static void remedy_clocksource(struct judge *j, const char *name)
{
	judge_run(j, RUN_OUTSIDE | RUN_LIVE, "echo %s | sudo tee " CLOCKSOURCE, name);
	judge_remedy_restart(j);
}

static void remedy_inexact(struct judge *j)
{
	const struct check_facts *f = j->f;
	const struct refclock_fact *r = check_refclock(&f->chrony);

	if (r && r->nocrossts && !f->method[PHC_PRECISE].error) {
		judge_remedy_line(j, r, REFCLOCK_SED("s/:nocrossts\\b//I"));
		return;
	}
	if (f->driver == DRIVER_IN_TREE)
		judge_run(j, RUN_OUTSIDE | RUN_IN_SOURCE, INSTALL);
	if (f->driver == DRIVER_OURS && strcmp(f->clocksource, "tsc") && strstr(f->clocksources, "tsc")) {
		remedy_clocksource(j, "tsc");
	} else if (f->driver != DRIVER_OURS && strcmp(f->clocksource, "kvm-clock") &&
		   strstr(f->clocksources, "kvm-clock")) {
		if (f->driver == DRIVER_IN_TREE)
			judge_advise(j, "or, with this driver:");
		remedy_clocksource(j, "kvm-clock");
	}
}

static void judge_methods(struct judge *j)
{
	const struct check_facts *f = j->f;
	int m = chrony_method(f);
	char text[300];

	j->r->chrony_method = m;
	methods_text(f, m, text, sizeof(text));
	if (m < 0) {
		judge_find(j, "methods-none", "chronyd has no way of reading the clock: %s", text);
		judge_run(j, RUN_OUTSIDE | RUN_LIVE, "sudo dmesg | grep -i ptp_kvm");
	} else if (f->method[m].window) {
		judge_find(j, "methods-inexact", "%s, with a bias that it cannot see", text);
		remedy_inexact(j);
	} else if (uncertainty(f, m) > check_limits[WARN_UNCERTAINTY].value) {
		judge_find(j, "methods-wide", "%s: the host pairs its clock no better", text);
		remedy_host_on_tsc(j);
	} else {
		judge_say(j, LEVEL_PASS, "methods", "methods", "%s", text);
	}
}

static void judge_clocksource(struct judge *j)
{
	const struct check_facts *f = j->f;

	if (!f->clocksource[0]) {
		judge_skip(j, "clocksource", "there is none in /sys");
		return;
	}
	if (!strcmp(f->clocksource, "tsc") || !strcmp(f->clocksource, "kvm-clock")) {
		judge_say(j, LEVEL_PASS, "clocksource", "clocksource", "%s", f->clocksource);
		return;
	}
	judge_find(j, "clocksource-unpaired",
		   "%s: the host's pairs cannot be related to it exactly", f->clocksource);
	if (strstr(f->clocksources, "tsc"))
		judge_run(j, RUN_OUTSIDE | RUN_LIVE, "echo tsc | sudo tee " CLOCKSOURCE);
	else if (strstr(f->clocksources, "kvm-clock"))
		judge_run(j, RUN_OUTSIDE | RUN_LIVE, "echo kvm-clock | sudo tee " CLOCKSOURCE);
	else
		judge_advise(j, "are clocksource=, notsc or no-kvmclock among the kernel's arguments, in /proc/cmdline?");
}

/* The best reading there is, by any of the calls */
static void choose_offset(struct judge *j)
{
	const struct check_facts *f = j->f;

	for (int m = 0; m < PHC_METHODS; m++) {
		if (f->method[m].error || (j->r->has_offset && uncertainty(f, m) >= j->r->uncertainty_ns))
			continue;
		j->r->has_offset = true;
		j->r->offset_ns = f->method[m].offset;
		j->r->uncertainty_ns = uncertainty(f, m);
	}
}

static void judge_offset(struct judge *j)
{
	char offset[OFFSET_TEXT_LEN], half[NS_TEXT_LEN], text[120];
	const int64_t warn = check_limits[WARN_OFFSET].value, fail = check_limits[FAIL_OFFSET].value;
	const struct steerer *keeper = check_keeper(j->f);
	const char *hint = "";
	int64_t beyond;

	choose_offset(j);
	if (!j->r->has_offset) {
		judge_skip(j, "offset", "no call works");
		return;
	}
	beyond = (j->r->offset_ns < 0 ? -j->r->offset_ns : j->r->offset_ns) - j->r->uncertainty_ns;
	/* TAI − UTC since 1999, and a few to come */
	if (beyond > 31500000000LL && beyond < 40500000000LL)
		hint = ", which looks like TAI for UTC: the clock is the host's UTC";
	snprintf(text, sizeof(text), "the system is %s it ± %s", offset_text(offset, j->r->offset_ns),
		 text_ns(half, j->r->uncertainty_ns, false));
	if (beyond <= warn && beyond <= fail) {
		judge_say(j, LEVEL_PASS, "offset", "offset", "%s", text);
		return;
	}
	judge_find_at(j, beyond > fail ? LEVEL_FAIL : LEVEL_WARN, "offset-large",
		      "%s: this machine is not on its host's time%s", text, hint);
	if (j->r->source && j->r->source->state == '*')
		judge_run(j, RUN_LIVE, "sudo chronyc makestep");
	else if (keeper && keeper->unit[0])
		judge_run(j, RUN_LIVE, "sudo systemctl restart %s", keeper->unit);
	else
		judge_remedy_setup(j, check_refclock(&j->f->chrony));
}

/* --- the host's clock --- */

static void quality_text(const struct host_clock *h, char *buf, size_t len)
{
	char ns[NS_TEXT_LEN];

	snprintf(buf, len, "%s", h->has_status ? host_status_name(h->status) : "status not told");
	if (!h->has_max_error)
		add_text(buf, len, ", with no bound on its error");
	else
		add_text(buf, len, ", at most %s off UTC", text_ns(ns, h->max_error_ns, false));
	if (h->has_est_error)
		add_text(buf, len, " (estimate %s)", text_ns(ns, h->est_error_ns, false));
	if (h->has_ref_error)
		add_text(buf, len, " and %s off its %s", text_ns(ns, h->ref_error_ns, false),
			 strcmp(h->bound_source, "ptp4l") ? "source" : "grandmaster");
	if (h->has_tai_offset)
		add_text(buf, len, ", TAI − UTC %d s", h->tai_offset);
	if (h->has_leap && strcmp(h->leap, "none"))
		add_text(buf, len, ", leap second: %s", h->leap);
}

/* Neither in the pair nor over vsock */
static void judge_untold(struct judge *j)
{
	const struct check_facts *f = j->f;

	if (f->vsock == YES && f->guard_at_boot) {
		judge_find(j, "quality-unserved", "nobody on the host tells over vsock: this machine follows its host's "
			   "clock, right or wrong");
		judge_run(j, RUN_ON_HOST, "sudo systemctl enable --now ptpkvm-host-serve.socket");
		return;
	}
	judge_find(j, "quality-untold", "%s: this machine follows its host's clock, right or wrong",
		   f->driver == DRIVER_OURS ? "the host does not tell" : "this driver cannot tell");
	judge_run(j, RUN_ON_HOST, "chronyc tracking");
	if (f->vsock == YES)
		judge_advise(j, "or have the host tell, over vsock: 'ptpkvm-host serve' there, and ptpkvm-guard here");
	else if (f->vsock == NO)
		judge_advise(j, "or have the host tell, over vsock: 'ptpkvm-host serve' there, a vsock device for this guest "
			     "(libvirt: <vsock><cid auto='yes'/></vsock>, QEMU: -device vhost-vsock-pci,guest-cid=3), and "
			     "ptpkvm-guard here");
}

static void judge_quality(struct judge *j)
{
	const struct check_facts *f = j->f;
	const struct host_clock *h = &f->host;
	char text[240];

	if (judge_host_error(f) > 0 || (f->offline && !h->present)) {
		judge_skip(j, "quality", f->offline ? "--root" : "the host does not answer");
		return;
	}
	if (!h->has_status && !h->has_max_error) {
		judge_untold(j);
		return;
	}
	quality_text(h, text, sizeof(text));
	if (!h->has_status || h->status == HOST_SYNCHRONIZED) {
		if (h->has_max_error && h->max_error_ns > (uint64_t)check_limits[WARN_HOST_ERROR].value) {
			judge_find(j, "quality-error", "%s", text);
			judge_run(j, RUN_ON_HOST, "chronyc tracking");
		} else {
			judge_say(j, LEVEL_PASS, "quality", "quality", "%s", text);
		}
		return;
	}
	judge_find(j, "quality-unsynchronized", "%s: this machine follows it all the same", text);
	judge_run(j, RUN_ON_HOST, "chronyc tracking");
}

/* --- all together --- */

static void judge_clock_links(struct judge *j)
{
	static const char *const needs_reading[] = { "methods", "offset" };
	const char *why = "the clock cannot be read";

	judge_driver(j);
	if (!judge_clock(j)) {
		judge_skip(j, "access", "there is no clock");
		if (judge_host_error(j->f) > 0)
			judge_host(j);
		else
			judge_skip(j, "host", "there is no clock");
		why = "there is no clock";
	} else {
		judge_access(j);
		judge_host(j);
	}
	if (j->f->opened && judge_host_error(j->f))
		why = "the host does not answer";
	if (j->f->opened && !judge_host_error(j->f)) {
		judge_methods(j);
		judge_clocksource(j);
		judge_offset(j);
	} else {
		judge_skip(j, needs_reading[0], why);
		judge_clocksource(j);
		judge_skip(j, needs_reading[1], why);
	}
	if (j->f->node[0])
		judge_quality(j);
	else
		judge_skip(j, "quality", "there is no clock");
}

void check_judge(const struct check_facts *f, struct check_report *r)
{
	struct judge j = { .f = f, .r = r };
	const struct steerer *keeper = check_keeper(f);

	*r = (struct check_report){ .said = r->said };
	findings_begin(&r->said, check_kinds);
	r->said.offline = f->offline;
	r->said.outside = f->container[0] ? "in the guest itself" : NULL;
	r->chrony_method = -1;
	if (!judge_guest(&j))
		return;
	r->source = judge_find_source(&f->chrony);
	judge_clock_links(&j);
	if (keeper) {
		judge_keeper(&j, keeper);
		judge_rivals(&j);
		judge_keeper_config(&j, keeper);
		return;
	}
	if (judge_chronyd(&j)) {
		judge_refclock(&j);
		judge_source(&j);
	} else {
		judge_refclock(&j);
		judge_skip(&j, "source", "chronyd cannot be asked");
	}
	judge_rivals(&j);
	judge_config(&j);
	judge_boot(&j);
}

int check_exit_status(const struct check_facts *f, const struct check_report *r)
{
	if (!f->offline && !f->kvm)
		return EXIT_NO_GUEST;
	return findings_exit_status(&r->said);
}
