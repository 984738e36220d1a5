// SPDX-License-Identifier: GPL-2.0-or-later
/* ptpkvm check: its judgement on facts of our own making, and what it gathers from a tree of our own. */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/array.h"
#include "base/die.h"
#include "check/judge.h"
#include "documented.h"
#include "facts/facts.h"
#include "found.h"
#include "output/text.h"
#include "ptpkvm.h"
#include "system/tree.h"
#include "tree.h"

#define GENERATED "/run/chrony-dhcp/ptpkvm.conf"

/* --- the judgement --- */

static struct check_facts facts;
static struct check_report report;

static struct chrony_source source(char mode, char state, const char *name)
{
	struct chrony_source s = { .mode = mode, .state = state, .poll = -1, .reach = 0377, .last_rx = 1,
		.offset = 3e-9, .measured = 3e-9, .error = 40e-9 };

	snprintf(s.name, sizeof(s.name), "%s", name);
	return s;
}

/* A guest as it should be, of a host that tells everything. */
static void healthy(struct check_facts *f)
{
	struct refclock_fact *r = &f->chrony.refclocks[0];

	*f = (struct check_facts){
		.root = true,
		.kvm = true,
		.hypervisor = "KVMKVMKVM",
		.debian = true,
		.udev = true,
		.kernel = "6.1.0-1-amd64",
		.driver = DRIVER_OURS,
		.driver_version = "0.1.0",
		.module = "updates/driver/ptp_kvm.ko",
		.node = "ptp0",
		.link = "ptp0",
		.opened = true,
		.clocksource = "tsc",
		.clocksources = "tsc kvm-clock acpi_pm ",
		.set_up = true,
		.host = { .present = true,
			  .pairing_type = 1,
			  .has_window = true,
			  .has_status = true,
			  .status = HOST_SYNCHRONIZED,
			  .has_max_error = true,
			  .max_error_ns = 1200000,
			  .has_leap = true,
			  .leap = "none" },
		.chrony = { .installed = true,
			    .version = { 4, 3 },
			    .process = true,
			    .answers = true,
			    .conf_read = true,
			    .conf = GENERATED,
			    .limits.makestep = { .text = "makestep 0.001 -1", .line = 4 },
			    .n_refclocks = 1,
			    .n_sources = 2,
			    .servers.count = 1 },
	};
	f->method[PHC_OFFSET].window = 2001;
	f->method[PHC_GETTIME].window = 3000;
	*r = (struct refclock_fact){ .device = "/dev/ptp_kvm", .node = "ptp0", .clock_name = PHC_KVM_NAME,
		.refid = "KVM", .file = GENERATED, .line = 3, .ours = true, .generated = true };
	f->chrony.sources[0] = source('#', '*', "KVM");
	f->chrony.sources[1] = source('^', '-', "192.0.2.1");
}

static void no_guest(struct check_facts *f)
{
	f->kvm = false;
	strcpy(f->hypervisor, "VMwareVMware");
}

static void bare_metal(struct check_facts *f)
{
	f->kvm = false;
	f->hypervisor[0] = 0;
}

static void no_driver(struct check_facts *f)
{
	f->driver = DRIVER_NONE;
	f->node[0] = f->link[0] = 0;
	f->opened = false;
	memset(&f->host, 0, sizeof(f->host));
	f->chrony.refclocks[0].node[0] = 0;
	f->chrony.sources[0].state = '?';
}

static void not_installed(struct check_facts *f)
{
	no_driver(f);
	f->module[0] = 0;
}

/* As an ordinary user: modprobe's reason is in what prestart left. */
static void refused_at_load(struct check_facts *f)
{
	no_driver(f);
	f->refusal = EOPNOTSUPP;
}

static void unknown_at_load(struct check_facts *f)
{
	no_driver(f);
	f->refusal = ENOSYS;
}

/* DKMS has it, for other kernels: that of a cloud, a general one whose headers are there, Fedora's for real time */
static void not_built(struct check_facts *f)
{
	no_driver(f);
	strcpy(f->kernel, "6.1.0-30-cloud-amd64");
	strcpy(f->module, "kernel/drivers/ptp/ptp_kvm.ko");
	strcpy(f->signing.dkms, "0.1.0");
	f->packaged = true;
}

static void not_built_in_tree(struct check_facts *f)
{
	not_built(f);
	f->driver = DRIVER_IN_TREE;
	strcpy(f->node, "ptp0");
	strcpy(f->link, "ptp0");
	f->opened = true;
	strcpy(f->chrony.refclocks[0].node, "ptp0");
	f->chrony.sources[0].state = '*';
}

static void not_built_with_headers(struct check_facts *f)
{
	not_built(f);
	f->headers = true;
}

static void not_built_own_kernel(struct check_facts *f)
{
	not_built(f);
	f->packaged = false;
	strcpy(f->kernel, "6.12.0-mine");
}

static void not_built_rpm(struct check_facts *f)
{
	not_built_own_kernel(f);
	strcpy(f->kernel, "5.14.0-503.el9.x86_64");
}

static void not_built_realtime(struct check_facts *f)
{
	not_built_own_kernel(f);
	strcpy(f->kernel, "5.14.0-503.el9.x86_64+rt");
}

static void not_built_uek(struct check_facts *f)
{
	not_built_own_kernel(f);
	strcpy(f->kernel, "5.15.0-300.163.18.el9uek.x86_64");
}

static void signed_only(struct check_facts *f)
{
	no_driver(f);
	strcpy(f->module, "updates/dkms/ptp_kvm.ko");
	f->signing = (struct signing_facts){ .secure_boot = true, .lockdown = "integrity", .enforced = true,
		.signer_known = true, .signer = "DKMS module signing key", .refused = true,
		.key = "/var/lib/dkms/mok.pub" };
}

static void unsigned_module(struct check_facts *f)
{
	signed_only(f);
	f->signing.signer[0] = 0;
}

static void unsigned_in_dkms(struct check_facts *f)
{
	unsigned_module(f);
	strcpy(f->signing.dkms, "0.0.9");
}

static void no_key_of_dkms(struct check_facts *f)
{
	signed_only(f);
	f->signing.key = NULL;
}

static void signed_not_tried(struct check_facts *f)
{
	signed_only(f);
	f->signing.refused = false;
}

/* The distribution's own is not loaded for another reason. */
static void signed_by_the_distribution(struct check_facts *f)
{
	signed_only(f);
	strcpy(f->module, "kernel/drivers/ptp/ptp_kvm.ko");
}

static void in_tree(struct check_facts *f)
{
	f->driver = DRIVER_IN_TREE;
	f->driver_version[0] = 0;
	strcpy(f->module, "kernel/drivers/ptp/ptp_kvm.ko");
	memset(&f->host, 0, sizeof(f->host));
	f->method[PHC_EXTENDED].error = EOPNOTSUPP;
}

static void in_tree_on_tsc(struct check_facts *f)
{
	in_tree(f);
	f->method[PHC_PRECISE].error = ENODEV;
}

static void built_in(struct check_facts *f)
{
	in_tree(f);
	f->driver = DRIVER_BUILT_IN;
}

static void wrong_one_loaded(struct check_facts *f)
{
	in_tree(f);
	strcpy(f->module, "updates/dkms/ptp_kvm.ko.xz");
}

static void no_clock(struct check_facts *f)
{
	f->node[0] = f->link[0] = 0;
	f->opened = false;
	strcpy(f->others, "ptp0 'ena'");
	memset(&f->host, 0, sizeof(f->host));
}

static void no_link(struct check_facts *f)
{
	f->link[0] = 0;
}

static void no_link_no_udev(struct check_facts *f)
{
	f->link[0] = 0;
	f->udev = false;
}

static void wrong_link(struct check_facts *f)
{
	strcpy(f->link, "ptp1");
}

static void not_root(struct check_facts *f)
{
	f->root = f->opened = false;
	f->open_error = EACCES;
}

static void not_root_and_private_conf(struct check_facts *f)
{
	not_root(f);
	f->chrony.conf_read = false;
	f->chrony.n_refclocks = 0;
	strcpy(f->chrony.conf_why, "cannot read /run/chrony-dhcp/ptpkvm.conf: Permission denied");
}

static void not_root_in_tree(struct check_facts *f)
{
	in_tree(f);
	not_root(f);
}

static void no_node(struct check_facts *f)
{
	f->opened = false;
	f->open_error = ENOENT;
}

static void broken_node(struct check_facts *f)
{
	f->opened = false;
	f->open_error = EIO;
}

static void container(struct check_facts *f)
{
	strcpy(f->container, "docker");
	f->opened = false;
	f->open_error = EPERM;
	f->chrony = (struct chrony_facts){ .installed_why = "chronyd: not installed",
					   .conf_why = "there is no chrony.conf" };
}

static void container_without_link(struct check_facts *f)
{
	strcpy(f->container, "docker");
	no_link(f);
}

static void all_methods(struct check_facts *f, int error)
{
	f->host.error = error;
	for (int m = 0; m < PHC_METHODS; m++)
		f->method[m].error = error;
	f->chrony.sources[0].reach = 0370;
	f->chrony.sources[0].last_rx = 12;
}

static void host_refuses(struct check_facts *f)
{
	all_methods(f, EOPNOTSUPP);
}

static void host_refuses_in_tree(struct check_facts *f)
{
	in_tree(f);
	all_methods(f, EOPNOTSUPP);
}

/* Loaded with wait=1; it never answered. */
static void waits_for_host(struct check_facts *f)
{
	all_methods(f, EOPNOTSUPP);
	f->chrony.sources[0].state = '?';
	f->chrony.sources[0].reach = 0;
	f->chrony.sources[0].last_rx = NAN;
}

/* The calls say EOPNOTSUPP of that, too */
static void waits_for_newer_host(struct check_facts *f)
{
	waits_for_host(f);
	f->host.error = ENOSYS;
}

static void host_too_old(struct check_facts *f)
{
	all_methods(f, ENOSYS);
}

static void host_fails(struct check_facts *f)
{
	all_methods(f, EIO);
}

static void nocrossts(struct check_facts *f)
{
	in_tree(f);
	f->host.present = true;
	f->host.has_status = true;
	f->host.status = HOST_SYNCHRONIZED;
	f->chrony.refclocks[0].nocrossts = true;
}

static void no_method(struct check_facts *f)
{
	for (int m = 0; m <= PHC_OFFSET; m++)
		f->method[m].error = EOPNOTSUPP;
}

static void wide_host(struct check_facts *f)
{
	f->host.window_ns = 1001;
}

static void hpet(struct check_facts *f)
{
	strcpy(f->clocksource, "hpet");
	f->method[PHC_PRECISE].error = ENODEV;
	f->method[PHC_EXTENDED].window = 500;
}

static void off_by_a_bit(struct check_facts *f)
{
	for (int m = 0; m < PHC_METHODS; m++)
		f->method[m].offset = -check_limits[WARN_OFFSET].value;
}

static void off_by_more(struct check_facts *f)
{
	for (int m = 0; m < PHC_METHODS; m++)
		f->method[m].offset = -check_limits[WARN_OFFSET].value - 1;
}

static void off_by_tai(struct check_facts *f)
{
	for (int m = 0; m < PHC_METHODS; m++)
		f->method[m].offset = 37000000123LL;
}

static void stock_host(struct check_facts *f)
{
	f->host = (struct host_clock){ .present = true, .has_window = true };
}

static void vsock_unused(struct check_facts *f)
{
	stock_host(f);
	f->vsock = YES;
}

static void vsock_unserved(struct check_facts *f)
{
	vsock_unused(f);
	f->guard_at_boot = true;
}

static void vsock_free_running(struct check_facts *f)
{
	in_tree(f);
	f->host = (struct host_clock){ .from = HOST_BY_VSOCK, .has_status = true, .status = HOST_FREE_RUNNING };
}

static void vsock_tells(struct check_facts *f)
{
	in_tree(f);
	f->host = (struct host_clock){ .from = HOST_BY_VSOCK, .has_status = true, .status = HOST_SYNCHRONIZED,
				       .has_max_error = true, .max_error_ns = 1200000, .has_ref_error = true,
				       .ref_error_ns = 815, .bound_source = "ptp4l" };
}

static void host_free_running(struct check_facts *f)
{
	f->host.status = HOST_FREE_RUNNING;
}

static void host_far_off(struct check_facts *f)
{
	f->host.max_error_ns = UINT64_MAX;
}

static void no_chrony(struct check_facts *f)
{
	f->chrony = (struct chrony_facts){ .installed_why = "chronyd: not installed",
					   .conf_why = "there is no chrony.conf" };
	f->set_up = false;
}

static void stopped(struct check_facts *f)
{
	f->chrony.process = f->chrony.answers = false;
	f->chrony.n_sources = 0;
}

static void silent(struct check_facts *f)
{
	f->chrony.answers = false;
	strcpy(f->chrony.answers_why, "chronyc: no answer within 5 s");
	f->chrony.n_sources = 0;
}

static void old_chrony(struct check_facts *f)
{
	f->chrony.version = (struct chrony_version){ 3, 5 };
}

static void broken_conf(struct check_facts *f)
{
	f->chrony.conf_read = false;
	strcpy(f->chrony.conf_why, "/etc/chrony/chrony.conf:3: include wants one file or pattern");
	f->chrony.n_refclocks = f->chrony.n_sources = 0;
}

static void no_refclock(struct check_facts *f)
{
	f->chrony.n_refclocks = 0;
	f->chrony.sources[0] = source('^', '*', "192.0.2.2");
	f->set_up = false;
}

static void other_refclock(struct check_facts *f)
{
	no_refclock(f);
	f->chrony.n_refclocks = 1;
	f->chrony.refclocks[0] = (struct refclock_fact){ .device = "/dev/ptp0",
							 .node = "ptp0",
							 .clock_name = "ena",
							 .refid = "PHC0",
							 .file = "/etc/chrony/conf.d/p.conf",
							 .line = 1,
							 .by_number = true };
}

static void held(struct check_facts *f)
{
	no_refclock(f);
	f->set_up = true;
	strcpy(f->hold, "free-running");
}

static void left_out(struct check_facts *f)
{
	no_refclock(f);
	f->set_up = true;
	strcpy(f->left_out, "no answer from /dev/ptp0");
}

static void noselect(struct check_facts *f)
{
	f->chrony.noselect = true;
	f->chrony.sources[0].state = '?';
}

static void by_hand(struct check_facts *f)
{
	f->chrony.by_hand = true;
	f->chrony.conf[0] = 0;
	f->chrony.conf_read = false;
	f->chrony.n_refclocks = 0;
	strcpy(f->chrony.conf_why, "chronyd was started with directives, not with a file");
}

/* A unit without a variable of options: NixOS, appliances */
static void elsewhere(struct check_facts *f)
{
	no_refclock(f);
	f->set_up = false;
	f->chrony.elsewhere = true;
	strcpy(f->chrony.conf, "/store/x-chrony.conf");
	strcpy(f->chrony.next.unit, "chronyd.service");
	strcpy(f->chrony.takes_why, "chronyd.service (/etc/systemd/system/chronyd.service) has chronyd started without a "
				    "variable that options can be added to");
}

static void measures_only(struct check_facts *f)
{
	f->chrony.measures_only = true;
}

static void set_up_but_elsewhere(struct check_facts *f)
{
	f->chrony.elsewhere = true;
	strcpy(f->chrony.takes_why, "OPTIONS is '-F 1 --': directives or words that cannot be added to");
}

static void container_without_refclock(struct check_facts *f)
{
	no_refclock(f);
	strcpy(f->container, "lxc");
}

/* Made at boot by somebody else, below /run */
static void others_below_run(struct check_facts *f)
{
	struct refclock_fact *r = &f->chrony.refclocks[0];

	strcpy(r->file, "/run/chrony/ptp.conf");
	r->generated = false;
	r->tai = true;
}

static void not_in_running_chronyd(struct check_facts *f)
{
	f->chrony.sources[0] = source('^', '*', "192.0.2.2");
}

static void stuck(struct check_facts *f)
{
	f->chrony.sources[0].reach = 0370;
	f->chrony.sources[0].last_rx = 2;
}

static void two_polls_lost(struct check_facts *f)
{
	f->chrony.sources[0].reach = 0374;
}

static void waiting(struct check_facts *f)
{
	f->chrony.sources[0].state = '?';
	f->chrony.sources[0].reach = 3;
}

static void waiting_for_the_first(struct check_facts *f)
{
	waiting(f);
	f->chrony.sources[0].reach = 0;
	f->chrony.sources[0].last_rx = NAN;
}

static void falseticker(struct check_facts *f)
{
	f->chrony.sources[0].state = 'x';
}

static void variable(struct check_facts *f)
{
	f->chrony.sources[0].state = '~';
}

static void another_selected(struct check_facts *f)
{
	f->chrony.sources[0].state = '-';
	f->chrony.sources[1].state = '*';
	f->chrony.servers.dhcp = 1;
	strcpy(f->chrony.servers.dhcp_file, "/run/chrony-dhcp/eth0.sources");
}

static void dhcp_in_reserve(struct check_facts *f)
{
	f->chrony.servers.dhcp = 1;
}

static void preferred(struct check_facts *f)
{
	f->chrony.limits.prefer = (struct chrony_limit){ "/etc/chrony/sources.d/a.sources", "server a prefer", 1 };
}

static void both_preferred(struct check_facts *f)
{
	preferred(f);
	f->chrony.refclocks[0].prefer = true;
}

static void timesyncd(struct check_facts *f)
{
	f->n_steerers = 1;
	f->steerers[0] = (struct steerer){ .name = "systemd-timesyncd", .pid = 321,
					   .unit = "systemd-timesyncd.service" };
}

/* Setup would refuse to add one more. */
static void timesyncd_and_no_refclock(struct check_facts *f)
{
	no_refclock(f);
	timesyncd(f);
}

static void timesyncd_alone(struct check_facts *f)
{
	no_chrony(f);
	timesyncd(f);
}

static void rival_by_hand(struct check_facts *f)
{
	f->n_steerers = 1;
	f->steerers[0] = (struct steerer){ .name = "ntpd", .pid = 321 };
}

static void rival_enabled(struct check_facts *f)
{
	f->n_steerers = 1;
	f->steerers[0] = (struct steerer){ .name = "ntpd-rs", .unit = "ntpd-rs.service", .at_boot = true };
}

static void rival_container(struct check_facts *f)
{
	f->n_steerers = 2;
	f->steerers[0] = (struct steerer){ .name = "chronyd", .pid = 321, .unit = "chrony.service" };
	f->steerers[1] = (struct steerer){ .name = "chronyd", .pid = 400, .elsewhere = YES };
}

static void two_chronyds(struct check_facts *f)
{
	f->n_steerers = 2;
	f->chrony.pid = 321;
	f->steerers[0] = (struct steerer){ .name = "chronyd", .pid = 321, .unit = "chrony.service" };
	f->steerers[1] = (struct steerer){ .name = "chronyd", .pid = 400, .unit = "timemaster.service" };
}

static void second_chronyd_enabled(struct check_facts *f)
{
	two_chronyds(f);
	strcpy(f->chrony.next.unit, "chrony.service");
	f->steerers[1] = (struct steerer){ .name = "chronyd", .unit = "mine.service", .at_boot = true };
}

/* The only one is in a container, and answers: no second one, and what is configured here is not its. */
static void chronyd_in_container(struct check_facts *f)
{
	rival_container(f);
	f->steerers[0] = f->steerers[1];
	f->n_steerers = 1;
	f->chrony.process = false;
}

static void handed(struct check_facts *f)
{
	f->hands = (struct phc2sys){ .pid = 512, .feeds = true, .offset = "0" };
	f->hands_at_boot = f->loaded_at_boot = true;
	f->chrony.refclocks[0].handed = f->chrony.refclocks[0].optional = true;
	f->set_up = f->chrony.refclocks[0].generated = false;
}

static void handed_by_hand(struct check_facts *f)
{
	handed(f);
	f->hands_at_boot = false;
}

static void handed_as_tai(struct check_facts *f)
{
	handed(f);
	strcpy(f->hands.offset, "-37");
}

static void hidden(struct check_facts *f)
{
	f->root = false;
	f->processes_hidden = true;
}

/* G16: phc2sys -s /dev/ptp_kvm -O 0, and no chrony */
static void kept_by_phc2sys(struct check_facts *f)
{
	no_chrony(f);
	f->n_steerers = 1;
	f->steerers[0] = (struct steerer){ .name = "phc2sys", .pid = 512, .unit = "phc2sys.service", .at_boot = true };
	f->phc2sys = (struct phc2sys){ .pid = 512, .steers = true, .source = "/dev/ptp_kvm", .offset = "0" };
	f->loaded_at_boot = true;
}

static void kept_by_ntpd_rs(struct check_facts *f)
{
	kept_by_phc2sys(f);
	f->steerers[0] = (struct steerer){ .name = "ntpd-rs", .pid = 600, .unit = "ntpd-rs.service", .at_boot = true };
	f->phc2sys.steers = false;
	f->phc2sys.feeds = true;
}

static void kept_wrongly(struct check_facts *f)
{
	kept_by_phc2sys(f);
	strcpy(f->phc2sys.offset, "-37");
}

static void kept_waiting(struct check_facts *f)
{
	kept_by_phc2sys(f);
	f->phc2sys.offset[0] = 0;
	f->phc2sys.waits = true;
}

static void kept_by_hand(struct check_facts *f)
{
	kept_by_phc2sys(f);
	f->steerers[0].unit[0] = f->steerers[0].at_boot = 0;
}

static void kept_far_off(struct check_facts *f)
{
	kept_by_phc2sys(f);
	off_by_more(f);
}

static void kept_and_fought(struct check_facts *f)
{
	kept_by_phc2sys(f);
	f->steerers[f->n_steerers++] = (struct steerer){ .name = "ntpd", .pid = 321, .unit = "ntp.service" };
}

static void other_phc(struct check_facts *f)
{
	f->chrony.refclocks[f->chrony.n_refclocks++] =
		(struct refclock_fact){ .device = "/dev/ptp1",
					.node = "ptp1",
					.clock_name = "ena",
					.refid = "PHC1",
					.file = "/etc/chrony/conf.d/e.conf",
					.line = 1,
					.prefer = true };
}

static void other_phc_watched(struct check_facts *f)
{
	other_phc(f);
	f->chrony.refclocks[1].noselect = true;
}

static void by_people(struct check_facts *f)
{
	f->set_up = false;
	strcpy(f->chrony.refclocks[0].file, "/etc/chrony/conf.d/kvm.conf");
	f->chrony.refclocks[0].generated = false;
}

static void by_people_optional(struct check_facts *f)
{
	by_people(f);
	f->chrony.refclocks[0].optional = true;
}

static void by_people_well(struct check_facts *f)
{
	by_people_optional(f);
	f->loaded_at_boot = true;
}

static void no_link_known_to_chronyd(struct check_facts *f)
{
	no_link(f);
	f->chrony.refclocks[0].node[0] = f->chrony.refclocks[0].clock_name[0] = 0;
}

static void set_up_and_by_people(struct check_facts *f)
{
	by_people(f);
	f->set_up = true;
}

static void tai(struct check_facts *f)
{
	by_people_well(f);
	f->chrony.refclocks[0].tai = true;
}

static void offset_37(struct check_facts *f)
{
	f->chrony.refclocks[0].offset = -37;
}

static void small_offset(struct check_facts *f)
{
	f->chrony.refclocks[0].offset = 0.999;
}

static void by_number(struct check_facts *f)
{
	by_people_well(f);
	strcpy(f->chrony.refclocks[0].device, "/dev/ptp0");
	f->chrony.refclocks[0].by_number = true;
}

static void distribution_makestep(struct check_facts *f)
{
	strcpy(f->chrony.limits.makestep.text, "makestep 1 3");
}

static void no_makestep(struct check_facts *f)
{
	f->chrony.limits.makestep = (struct chrony_limit){ .line = 0 };
}

static void makestep_by_people(struct check_facts *f)
{
	by_people_well(f);
	distribution_makestep(f);
}

static void maxchange(struct check_facts *f)
{
	f->chrony.limits.maxchange = (struct chrony_limit){ "/etc/chrony.conf", "maxchange 5 1 0", 2 };
}

static void maxchange_ignores(struct check_facts *f)
{
	f->chrony.limits.maxchange = (struct chrony_limit){ "/etc/chrony.conf", "maxchange 1000 1 -1", 2 };
}

static void maxchange_never(struct check_facts *f)
{
	f->chrony.limits.maxchange = (struct chrony_limit){ "/etc/chrony.conf", "maxchange 5 -1 0", 2 };
}

static void minsources_1(struct check_facts *f)
{
	f->chrony.limits.minsources = (struct chrony_limit){ "/etc/chrony.conf", "minsources 1", 2 };
}

static void minsources_2(struct check_facts *f)
{
	f->chrony.limits.minsources = (struct chrony_limit){ "/etc/chrony.conf", "minsources 2", 2 };
}

static void required(struct check_facts *f)
{
	f->chrony.limits.require = (struct chrony_limit){ "/etc/chrony.conf", "server a require", 2 };
}

static void both_required(struct check_facts *f)
{
	required(f);
	f->chrony.refclocks[0].require = true;
}

static void noselect_by_people(struct check_facts *f)
{
	by_people_well(f);
	f->chrony.refclocks[0].noselect = true;
	f->chrony.sources[0].state = '?';
}

static void nocrossts_by_people(struct check_facts *f)
{
	by_people_well(f);
	nocrossts(f);
	f->loaded_at_boot = true;
}

/* Nobody knows what it would be. */
static void number_that_is_not_there(struct check_facts *f)
{
	other_refclock(f);
	f->chrony.refclocks[0].node[0] = f->chrony.refclocks[0].clock_name[0] = 0;
}

static void off_and_unselected_by_people(struct check_facts *f)
{
	by_people_well(f);
	off_by_more(f);
	f->chrony.sources[0].state = '-';
}

static void openrc(struct check_facts *f)
{
	no_refclock(f);
	f->init = "OpenRC";
}

static void openrc_set_up(struct check_facts *f)
{
	f->init = "OpenRC";
}

static void openrc_by_people(struct check_facts *f)
{
	by_people(f);
	f->init = "";
}

static void openrc_well(struct check_facts *f)
{
	by_people_well(f);
	f->init = "OpenRC";
}

static void openrc_tai(struct check_facts *f)
{
	openrc_well(f);
	f->chrony.refclocks[0].tai = true;
}

static void leap_slew(struct check_facts *f)
{
	f->chrony.limits.leapsecmode = (struct chrony_limit){ "/etc/chrony.conf", "leapsecmode slew", 2 };
}

static void offline_x(struct check_facts *f)
{
	f->offline = f->chrony.measures_only = true;
	f->chrony.process = f->chrony.answers = false;
	f->chrony.n_sources = 0;
}

static void offline(struct check_facts *f)
{
	f->offline = true;
	f->kvm = f->opened = f->chrony.installed = f->chrony.process = f->chrony.answers = false;
	f->chrony.n_sources = 0;
	f->hypervisor[0] = 0;
}

static void nothing(struct check_facts *f)
{
	(void)f;
}

#define REFCLOCK "sudo sed -i -E '/^[[:space:]]*refclock[[:space:]]/I"

/* What is wrong, of what code, with what exit status, and the (beginning of the) first remedy. */
static const struct {
	void (*change)(struct check_facts *f);
	const char *codes;
	int status;
	const char *remedy;
} cases[] = {
	{ nothing, "", EXIT_GOOD, "" },
	{ no_guest, "other-hypervisor", EXIT_NO_GUEST, "that hypervisor's own clock" },
	{ bare_metal, "no-guest", EXIT_NO_GUEST, "sudo ptpkvm-host check" },
	{ no_driver, "driver-not-loaded source-waiting", EXIT_BROKEN, "sudo modprobe ptp_kvm" },
	{ refused_at_load, "host-refuses source-waiting", EXIT_BROKEN, "on the host: sudo dmesg | grep -i -e tsc" },
	{ unknown_at_load, "host-too-old source-waiting", EXIT_BROKEN, "on the host: uname -r" },
	{ not_built, "driver-not-built source-waiting", EXIT_BROKEN,
	  "sudo apt install linux-headers-6.1.0-30-cloud-amd64 && sudo dkms autoinstall -k 6.1.0-30-cloud-amd64" },
	{ not_built_in_tree, "driver-not-built quality-untold", EXIT_WARNINGS,
	  "sudo apt install linux-headers-6.1.0-30-cloud-amd64 && sudo dkms autoinstall -k 6.1.0-30-cloud-amd64" },
	{ not_built_with_headers, "driver-not-built source-waiting", EXIT_BROKEN,
	  "sudo dkms install ptp_kvm/0.1.0 -k 6.1.0-30-cloud-amd64" },
	{ not_built_own_kernel, "driver-not-built source-waiting", EXIT_BROKEN,
	  "install this kernel's headers, from where it came; then" },
	{ not_built_rpm, "driver-not-built source-waiting", EXIT_BROKEN,
	  "sudo dnf install kernel-devel-5.14.0-503.el9.x86_64 && sudo dkms autoinstall" },
	{ not_built_realtime, "driver-not-built source-waiting", EXIT_BROKEN,
	  "sudo dnf install kernel-rt-devel-5.14.0-503.el9.x86_64 && sudo dkms autoinstall" },
	{ not_built_uek, "driver-not-built source-waiting", EXIT_BROKEN,
	  "sudo dnf install kernel-uek-devel-5.15.0-300.163.18.el9uek.x86_64 && " },
	{ not_installed, "driver-not-installed source-waiting", EXIT_BROKEN, "in ptp_kvm's source: make &&" },
	{ unsigned_module, "driver-unsigned source-waiting", EXIT_BROKEN, "in ptp_kvm's source: sudo dkms add ." },
	{ unsigned_in_dkms, "driver-unsigned source-waiting", EXIT_BROKEN, "sudo dkms build --force ptp_kvm/" },
	{ signed_only, "driver-key source-waiting", EXIT_BROKEN, "sudo mokutil --import /var/lib/dkms/mok.pub && " },
	{ no_key_of_dkms, "driver-key source-waiting", EXIT_BROKEN, "that signer's key, as KEY.der: sudo mokutil" },
	{ signed_not_tried, "driver-not-loaded source-waiting", EXIT_BROKEN, "sudo modprobe ptp_kvm" },
	{ signed_by_the_distribution, "driver-not-loaded source-waiting", EXIT_BROKEN, "sudo modprobe" },
	{ in_tree, "quality-untold", EXIT_WARNINGS, "on the host: chronyc tracking" },
	{ in_tree_on_tsc, "methods-inexact quality-untold", EXIT_WARNINGS, "in ptp_kvm's source: make &&" },
	{ built_in, "quality-untold", EXIT_WARNINGS, "on the host:" },
	{ wrong_one_loaded, "driver-not-the-installed quality-untold", EXIT_WARNINGS,
	  "sudo systemctl stop chrony; sudo rmmod ptp_kvm; sudo modprobe ptp_kvm; sudo systemctl start chrony" },
	{ no_clock, "clock-missing", EXIT_BROKEN, "sudo dmesg" },
	{ no_link, "clock-no-link", EXIT_WARNINGS, "sudo udevadm trigger" },
	{ no_link_no_udev, "clock-no-link", EXIT_WARNINGS, "sudo ln -sfn ptp0 /dev/ptp_kvm" },
	{ no_link_known_to_chronyd, "clock-no-link", EXIT_WARNINGS,
	  "sudo udevadm trigger --action=add --settle" },
	{ wrong_link, "clock-wrong-link", EXIT_WARNINGS, "sudo udevadm trigger" },
	{ not_root, "access-denied", EXIT_WARNINGS, "sudo ptpkvm check" },
	{ not_root_and_private_conf, "access-denied", EXIT_WARNINGS, "sudo ptpkvm check" },
	{ not_root_in_tree, "access-denied quality-untold", EXIT_WARNINGS, "sudo ptpkvm check" },
	{ no_node, "access-no-node", EXIT_BROKEN, "sudo udevadm trigger" },
	{ broken_node, "access-error", EXIT_BROKEN, "sudo dmesg" },
	{ container, "container access-container", EXIT_BROKEN, "in the guest itself: sudo ptpkvm check" },
	{ container_without_link, "container clock-no-link", EXIT_WARNINGS, "in the guest itself: sudo ptpkvm check" },
	{ host_refuses, "host-refuses source-lost", EXIT_BROKEN, "on the host: sudo dmesg | grep -i -e tsc" },
	{ host_refuses_in_tree, "host-refuses source-lost", EXIT_BROKEN, "on the host: sudo dmesg | grep -i -e tsc" },
	{ host_too_old, "host-too-old source-lost", EXIT_BROKEN, "on the host: uname -r" },
	{ waits_for_host, "host-refuses source-unserved", EXIT_BROKEN, "on the host: sudo dmesg | grep -i -e tsc" },
	{ waits_for_newer_host, "host-too-old source-unserved", EXIT_BROKEN, "on the host: uname -r" },
	{ host_fails, "host-fails source-lost", EXIT_BROKEN, "sudo dmesg" },
	{ nocrossts, "methods-inexact", EXIT_WARNINGS,
	  REFCLOCK "s/:nocrossts\\b//I' /etc/ptpkvm/chrony.conf" },
	{ no_method, "methods-none", EXIT_BROKEN, "sudo dmesg" },
	{ wide_host, "methods-wide", EXIT_WARNINGS, "on the host: sudo dmesg | grep -i -e tsc" },
	{ hpet, "methods-inexact clocksource-unpaired", EXIT_WARNINGS, "echo tsc | sudo tee /sys/devices/" },
	{ off_by_a_bit, "", EXIT_GOOD, "" },
	{ off_by_more, "offset-large", EXIT_WARNINGS, "sudo chronyc makestep" },
	{ off_by_tai, "offset-large", EXIT_BROKEN, "sudo chronyc makestep" },
	{ stock_host, "quality-untold", EXIT_WARNINGS, "on the host: chronyc tracking" },
	{ vsock_unused, "quality-untold", EXIT_WARNINGS, "on the host: chronyc tracking" },
	{ vsock_unserved, "quality-unserved", EXIT_WARNINGS,
	  "on the host: sudo systemctl enable --now ptpkvm-host-serve" },
	{ vsock_tells, "", EXIT_GOOD, "" },
	{ vsock_free_running, "quality-unsynchronized", EXIT_WARNINGS, "on the host: chronyc tracking" },
	{ host_free_running, "quality-unsynchronized", EXIT_WARNINGS, "on the host: chronyc tracking" },
	{ host_far_off, "quality-error", EXIT_WARNINGS, "on the host: chronyc tracking" },
	{ no_chrony, "chronyd-absent", EXIT_BROKEN, "sudo apt install chrony" },
	{ stopped, "chronyd-stopped", EXIT_BROKEN, "sudo systemctl start chrony || sudo journalctl -u chrony -n 20" },
	{ silent, "chronyd-silent", EXIT_BROKEN, "sudo systemctl restart chrony" },
	{ old_chrony, "chronyd-old", EXIT_WARNINGS, "sudo apt install chrony" },
	{ broken_conf, "conf-unreadable", EXIT_BROKEN, "sudo chronyd -p -f /run/chrony-dhcp/ptpkvm.conf" },
	{ no_refclock, "refclock-none", EXIT_BROKEN, "sudo ptpkvm setup" },
	{ other_refclock, "refclock-other", EXIT_BROKEN, "sudo ptpkvm setup" },
	{ held, "refclock-held", EXIT_WARNINGS, "on the host: chronyc tracking" },
	{ left_out, "refclock-left-out", EXIT_BROKEN, "sudo systemctl restart chrony" },
	{ noselect, "refclock-noselect", EXIT_WARNINGS, "sudo chronyc selectopts KVM -noselect" },
	{ by_hand, "boot-by-hand", EXIT_WARNINGS, "sudo ptpkvm setup" },
	{ elsewhere, "refclock-none", EXIT_BROKEN,
	  "in /store/x-chrony.conf, or in what makes that file: 'refclock PHC /dev/ptp_kvm refid KVM " },
	{ measures_only, "chronyd-measures", EXIT_WARNINGS, "take -x out" },
	{ set_up_but_elsewhere, "boot-not-taken", EXIT_WARNINGS, "in /run/chrony-dhcp/ptpkvm.conf, or in what makes" },
	{ container_without_refclock, "container refclock-none", EXIT_BROKEN, "" },
	{ others_below_run, "config-tai boot-race", EXIT_BROKEN, "in place of /run/chrony/ptp.conf:3, or in what makes that file: " },
	{ not_in_running_chronyd, "source-missing", EXIT_WARNINGS, "sudo systemctl restart chrony" },
	{ stuck, "source-stuck", EXIT_BROKEN, "sudo systemctl restart chrony" },
	{ two_polls_lost, "", EXIT_GOOD, "" },
	{ waiting, "source-waiting", EXIT_WARNINGS, "sudo ptpkvm watch" },
	{ waiting_for_the_first, "source-waiting", EXIT_WARNINGS, "sudo ptpkvm watch" },
	{ falseticker, "source-falseticker", EXIT_BROKEN, "chronyc sources" },
	{ variable, "source-variable", EXIT_WARNINGS, "sudo ptpkvm watch" },
	{ another_selected, "source-other rival-dhcp", EXIT_WARNINGS, "sudo chronyc selectdata" },
	{ dhcp_in_reserve, "", EXIT_GOOD, "" },
	{ preferred, "rival-prefer", EXIT_WARNINGS,
	  "sudo sed -i -E 's/^([[:space:]]*(server|pool|peer)[[:space:]]+" },
	{ both_preferred, "", EXIT_GOOD, "" },
	{ timesyncd, "rival-daemon", EXIT_BROKEN, "sudo systemctl disable --now systemd-timesyncd.service" },
	{ timesyncd_and_no_refclock, "refclock-none rival-daemon", EXIT_BROKEN, "sudo ptpkvm setup --disable-competitors" },
	{ timesyncd_alone, "chronyd-absent rival-daemon", EXIT_BROKEN, "sudo apt install chrony" },
	{ rival_by_hand, "rival-daemon", EXIT_BROKEN, "sudo kill 321" },
	{ rival_enabled, "rival-enabled", EXIT_WARNINGS, "sudo systemctl disable ntpd-rs.service" },
	{ two_chronyds, "rival-daemon", EXIT_BROKEN, "sudo systemctl disable --now timemaster.service" },
	{ second_chronyd_enabled, "rival-enabled", EXIT_WARNINGS, "sudo systemctl disable mine.service" },
	{ chronyd_in_container, "", EXIT_GOOD, "" },
	{ handed, "", EXIT_GOOD, "" },
	{ handed_by_hand, "boot-no-unit", EXIT_WARNINGS, "make a unit that starts phc2sys" },
	{ handed_as_tai, "config-offset", EXIT_BROKEN, "start phc2sys with -O 0" },
	{ rival_container, "rival-daemon", EXIT_BROKEN, "sudo kill 400" },
	{ hidden, "", EXIT_GOOD, "" },
	{ kept_by_phc2sys, "", EXIT_GOOD, "" },
	{ kept_by_ntpd_rs, "", EXIT_GOOD, "" },
	{ kept_wrongly, "config-offset", EXIT_BROKEN, "start phc2sys with -O 0" },
	{ kept_waiting, "config-offset", EXIT_BROKEN, "start phc2sys with -O 0" },
	{ kept_by_hand, "boot-no-unit", EXIT_WARNINGS, "make a unit that starts phc2sys" },
	{ kept_far_off, "offset-large", EXIT_WARNINGS, "sudo systemctl restart phc2sys.service" },
	{ kept_and_fought, "rival-daemon", EXIT_BROKEN, "sudo systemctl disable --now ntp.service" },
	{ other_phc, "rival-phc", EXIT_WARNINGS, "chronyc sources" },
	{ other_phc_watched, "", EXIT_GOOD, "" },
	{ by_people, "boot-race", EXIT_WARNINGS, "sudo ptpkvm setup --adopt" },
	{ by_people_optional, "boot-no-driver", EXIT_WARNINGS,
	  "echo ptp_kvm | sudo tee /etc/modules-load.d/ptpkvm.conf" },
	{ by_people_well, "", EXIT_GOOD, "" },
	{ set_up_and_by_people, "boot-race", EXIT_WARNINGS, "sudo ptpkvm setup --adopt" },
	{ tai, "config-tai", EXIT_BROKEN, "sudo ptpkvm setup --adopt" },
	{ offset_37, "config-offset", EXIT_BROKEN,
	  REFCLOCK "s/[[:space:]]offset[[:space:]]+[^[:space:]]+//I' /etc/ptpkvm/chrony.conf" },
	{ small_offset, "", EXIT_GOOD, "" },
	{ by_number, "config-number", EXIT_WARNINGS, "sudo ptpkvm setup --adopt" },
	{ noselect_by_people, "refclock-noselect source-waiting", EXIT_WARNINGS, "sudo ptpkvm setup --adopt" },
	{ nocrossts_by_people, "methods-inexact", EXIT_WARNINGS, "sudo ptpkvm setup --adopt" },
	{ number_that_is_not_there, "refclock-other", EXIT_BROKEN, "sudo ptpkvm setup --adopt" },
	{ off_and_unselected_by_people, "offset-large source-other", EXIT_WARNINGS, "sudo ptpkvm setup --adopt" },
	{ distribution_makestep, "config-makestep", EXIT_WARNINGS,
	  "sudo sed -i '$a makestep 0.001 -1' /etc/ptpkvm/chrony.conf" },
	{ no_makestep, "config-makestep", EXIT_WARNINGS, "sudo sed -i '$a makestep 0.001 -1' /etc/" },
	{ makestep_by_people, "config-makestep", EXIT_WARNINGS, "sudo ptpkvm setup --adopt" },
	{ maxchange, "config-maxchange", EXIT_WARNINGS, "sudo sed -i -E 's/^[[:space:]]*maxchange[[:space:]]/# &/I' /etc/chrony.conf" },
	{ maxchange_ignores, "config-maxchange", EXIT_WARNINGS, "sudo sed -i -E 's/^[[:space:]]*maxchange[[:space:]]/" },
	{ maxchange_never, "", EXIT_GOOD, "" },
	{ minsources_1, "", EXIT_GOOD, "" },
	{ minsources_2, "config-minsources", EXIT_WARNINGS, "sudo sed -i -E 's/^[[:space:]]*minsources[[:space:]]/" },
	{ required, "config-require", EXIT_WARNINGS, "sudo sed -i -E 's/^([[:space:]]*(server|pool|peer)" },
	{ both_required, "", EXIT_GOOD, "" },
	{ leap_slew, "config-leap", EXIT_WARNINGS, "sudo sed -i -E 's/^[[:space:]]*leapsecmode" },
	{ openrc, "refclock-none", EXIT_BROKEN,
	  "sudo ptpkvm chrony --makestep | sudo tee -a /run/chrony-dhcp/ptpkvm.conf" },
	{ openrc_set_up, "boot-init", EXIT_WARNINGS, "sudo ptpkvm remove" },
	{ openrc_by_people, "boot-race", EXIT_WARNINGS, "have the init here load ptp_kvm" },
	{ openrc_well, "", EXIT_GOOD, "" },
	{ openrc_tai, "config-tai", EXIT_BROKEN,
	  "by hand, since there is no systemd: in place of /etc/chrony/conf.d/kvm.conf:3" },
	{ offline, "", EXIT_GOOD, "" },
	{ offline_x, "chronyd-measures", EXIT_WARNINGS, "take -x out of chronyd's options there" },
};

static int link_index(const char *link)
{
	for (int i = 0; check_links[i]; i++)
		if (!strcmp(check_links[i], link))
			return i;
	return -1;
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *first = "";
		char codes[300] = "";
		int last = 0;

		healthy(&facts);
		cases[i].change(&facts);
		check_judge(&facts, &report);
		for (int n = 0; n < report.said.n; n++) {
			const struct finding *v = &report.said.list[n];

			/* every link in its order */
			assert_in_range(link_index(v->link), last, last + 1);
			last = link_index(v->link);
			note_found(check_kinds, v, codes, sizeof(codes));
			if (!first[0] && codes[0])
				first = first_remedy(v);
		}
		assert_string_equal(codes, cases[i].codes);
		if (cases[i].status != EXIT_NO_GUEST)
			assert_string_equal(check_links[last], "boot");
		assert_int_equal(check_exit_status(&facts, &report), cases[i].status);
		if (strncmp(first, cases[i].remedy, strlen(cases[i].remedy)))
			assert_string_equal(first, cases[i].remedy);
	}
	all_found(check_kinds, "");
}

/* Of all cases each command, as of another place: it has none of these in it. */
static void lack(void (*change)(struct check_facts *f), const char *const *words)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		healthy(&facts);
		cases[i].change(&facts);
		change(&facts);
		check_judge(&facts, &report);
		for (int n = 0; n < report.said.n; n++)
			for (int k = 0; k < report.said.list[n].n_remedies; k++)
				for (const char *const *w = words; *w; w++)
					if (report.said.list[n].remedies[k].kind == REMEDY_COMMAND)
						lacks(report.said.list[n].remedies[k].text, *w);
	}
}

static void in_container(struct check_facts *f)
{
	strcpy(f->container, "docker");
}

/* A container can't load modules, nor set up its guest; an image runs nothing, and its files are below DIR. */
static void test_places(void **state)
{
	static const char *const of_guest[] = { "modprobe", "dkms", "mokutil", "udevadm", "dmesg", "ptpkvm setup",
						"clocksource0", "modules-load", NULL };
	static const char *const of_running[] = { " /etc/", " /sys/", "chronyc", "chronyd", "restart", "start ", "stop ",
						  "kill", "modprobe", "dmesg", "udevadm", "--now", "sudo apt ", NULL };

	(void)state;
	lack(in_container, of_guest);
	lack(offline, of_running);
}

/* As 44-units.t has it from the DKMS package's script */
static void test_flavours(void **state)
{
	FILE *f = fopen("tests/unit/fixtures/flavours", "r");
	char kernel[80], flavour[80], want[300];
	int n = 0;

	(void)state;
	assert_non_null(f);
	for (; fscanf(f, "%79s %79s", kernel, flavour) == 2; n++) {
		healthy(&facts);
		not_built(&facts);
		snprintf(facts.kernel, sizeof(facts.kernel), "%.70s", kernel);
		check_judge(&facts, &report);
		snprintf(want, sizeof(want), "for Linux %s, whose headers are missing (linux-headers-%s, too, for the "
			 "kernels to come)", kernel, flavour);
		has(report.said.list[1].text, want);
		snprintf(want, sizeof(want), "sudo apt install linux-headers-%s && sudo dkms autoinstall -k %s", kernel, kernel);
		assert_string_equal(first_remedy(&report.said.list[1]), want);
	}
	assert_true(n >= 8);
	fclose(f);
}

static void test_ignored(void **state)
{
	(void)state;
	healthy(&facts);
	stuck(&facts);
	stock_host(&facts);
	check_judge(&facts, &report);
	assert_int_equal(check_exit_status(&facts, &report), EXIT_BROKEN);
	for (int i = 0; i < report.said.n; i++)
		report.said.list[i].ignored = !strcmp(report.said.list[i].code, "source-stuck");
	assert_int_equal(check_exit_status(&facts, &report), EXIT_WARNINGS);
	for (int i = 0; i < report.said.n; i++)
		report.said.list[i].ignored = true;
	assert_int_equal(check_exit_status(&facts, &report), EXIT_GOOD);
}

static const char *text_of(const char *link)
{
	for (int i = 0; i < report.said.n; i++)
		if (!strcmp(report.said.list[i].link, link))
			return report.said.list[i].text;
	return "";
}

static void test_texts(void **state)
{
	(void)state;
	healthy(&facts);
	facts.method[PHC_PRECISE].offset = 12;
	check_judge(&facts, &report);
	assert_string_equal(text_of("driver"), "ptp_kvm 0.1.0 (out of tree)");
	unsigned_module(&facts);
	check_judge(&facts, &report);
	assert_string_equal(text_of("driver"),
			    "this kernel loads signed modules only (Secure Boot), and updates/dkms/ptp_kvm.ko is not signed");
	facts.signing.secure_boot = false;
	check_judge(&facts, &report);
	has(text_of("driver"), "(lockdown=integrity)");
	facts.signing.lockdown[0] = 0;
	check_judge(&facts, &report);
	has(text_of("driver"), "(module.sig_enforce)");
	healthy(&facts);
	facts.method[PHC_PRECISE].offset = 12;
	check_judge(&facts, &report);
	assert_string_equal(
		text_of("methods"),
		"precise exact, extended exact, offset ± 1.00 µs, gettime ± 1.50 µs; chronyd takes precise");
	assert_string_equal(text_of("offset"), "the system is 12 ns behind it ± 0 ns");
	assert_string_equal(text_of("quality"), "synchronized, at most 1.20 ms off UTC");
	assert_string_equal(text_of("source"), "KVM is selected, reach 377, the system was last 3 ns behind it ± 40 ns");
	assert_int_equal(report.chrony_method, PHC_PRECISE);
	assert_true(report.has_offset && report.offset_ns == 12 && report.uncertainty_ns == 0);

	vsock_tells(&facts);
	check_judge(&facts, &report);
	assert_string_equal(text_of("quality"), "synchronized, at most 1.20 ms off UTC and 815 ns off its grandmaster");
	strcpy(facts.host.bound_source, "chrony");
	check_judge(&facts, &report);
	has(text_of("quality"), "815 ns off its source");

	in_tree_on_tsc(&facts);
	facts.method[PHC_OFFSET].offset = -500;
	check_judge(&facts, &report);
	assert_non_null(strstr(text_of("methods"), "precise fails (ENODEV), extended fails (EOPNOTSUPP)"));
	assert_string_equal(text_of("offset"), "the system is 500 ns ahead of it ± 1.00 µs");

	healthy(&facts);
	off_by_tai(&facts);
	check_judge(&facts, &report);
	assert_non_null(strstr(text_of("offset"), "37.0 s behind it"));
	assert_non_null(strstr(text_of("offset"), "looks like TAI"));
}

/* Also where the host's window adds to it. */
static void test_uncertainty(void **state)
{
	(void)state;
	healthy(&facts);
	facts.host.window_ns = 250;
	facts.method[PHC_PRECISE].error = ENODEV;
	facts.method[PHC_EXTENDED].window = 101;
	check_judge(&facts, &report);
	assert_int_equal(report.uncertainty_ns, 51 + 250);
}

/* --- the facts --- */

static void test_empty_tree(void **state)
{
	(void)state;
	check_gather(&facts);
	assert_true(facts.offline);
	assert_int_equal(facts.driver, DRIVER_NONE);
	assert_string_equal(facts.node, "");
	assert_string_equal(facts.container, "");
	assert_false(facts.chrony.process || facts.chrony.conf_read || facts.set_up || facts.loaded_at_boot);
	assert_string_equal(facts.chrony.conf_why, "there is no chrony.conf");
	assert_int_equal(facts.n_steerers, 0);
	check_judge(&facts, &report);
	for (int i = 0; i < report.said.n; i++)
		assert_true(report.said.list[i].level != LEVEL_PASS || !strcmp(report.said.list[i].link, "rivals"));
	assert_int_equal(check_exit_status(&facts, &report), EXIT_BROKEN);	/* there is no chrony */
}

static void test_drivers(void **state)
{
	(void)state;
	put("/lib/modules/6.1.0-1/modules.dep",
	    "kernel/drivers/ptp/ptp.ko: kernel/drivers/pps/pps_core.ko\n"
	    "kernel/x.ko: updates/wrong/ptp_kvm.ko kernel/drivers/ptp/ptp.ko\n"
	    "updates/driver/ptp_kvm.ko.xz: kernel/drivers/ptp/ptp.ko\n");
	check_gather(&facts);
	assert_string_equal(facts.kernel, "6.1.0-1");
	assert_string_equal(facts.module, "updates/driver/ptp_kvm.ko.xz");
	assert_int_equal(facts.driver, DRIVER_NONE);

	put("/sys/module/ptp_kvm/initstate", "live\n");
	check_gather(&facts);
	assert_int_equal(facts.driver, DRIVER_IN_TREE);
	put("/sys/module/ptp_kvm/version", "0.1.0\n");
	check_gather(&facts);
	assert_int_equal(facts.driver, DRIVER_OURS);
	assert_string_equal(facts.driver_version, "0.1.0");
}

/* Of an image it can be known that it has no driver. */
static void test_no_module(void **state)
{
	(void)state;
	put("/lib/modules/6.1.0-1/modules.dep", "kernel/drivers/ptp/ptp.ko: kernel/drivers/pps/pps_core.ko\n");
	check_gather(&facts);
	assert_true(facts.no_module);
	check_judge(&facts, &report);
	for (int i = 0; i < report.said.n; i++)
		if (!strcmp(report.said.list[i].link, "driver"))
			assert_string_equal(report.said.list[i].code, "driver-not-installed");
	put("/lib/modules/6.1.0-2/x", "");	/* which of the two it will be, nobody knows */
	check_gather(&facts);
	assert_false(facts.no_module);
	gone("/lib/modules/6.1.0-2");
	put("/lib/modules/6.1.0-1/modules.builtin", "kernel/drivers/ptp/ptp_kvm.ko\n");
	check_gather(&facts);
	assert_false(facts.no_module);
	put("/lib/modules/6.1.0-1/modules.dep", "");
	gone("/lib/modules/6.1.0-1/modules.builtin");
	check_gather(&facts);
	assert_false(facts.no_module);
}

static void test_built_in(void **state)
{
	(void)state;
	put("/lib/modules/6.1.0-1/modules.builtin",
	    "kernel/drivers/ptp/ptp.ko\nkernel/drivers/ptp/ptp_kvm.ko\n");
	check_gather(&facts);
	assert_int_equal(facts.driver, DRIVER_BUILT_IN);
	assert_string_equal(facts.module, "");
}

static void put_clocks(void)
{
	put("/sys/class/ptp/ptp0/clock_name", "ena\n");
	put("/sys/class/ptp/ptp1/clock_name", PHC_KVM_NAME "\n");
	put("/sys/class/ptp/ptp2/clock_name", "");
	put("/dev/null", "");
	put_link("/dev/ptp_kvm", "ptp1");
}

static void test_clocks(void **state)
{
	char full[FILE_PATH_MAX];

	(void)state;
	put_clocks();
	put("/sys/class/ptp/ptp1/device/host_clock/pairing_type", "1\n");
	put("/sys/class/ptp/ptp1/device/host_clock/status", "free-running\n");
	put("/sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n");
	check_gather(&facts);
	assert_string_equal(facts.node, "ptp1");
	assert_string_equal(facts.link, "ptp1");
	assert_string_equal(facts.others, "ptp0 'ena', ptp2 ''");
	assert_true(facts.host.present && facts.host.status == HOST_FREE_RUNNING);
	assert_string_equal(facts.clocksource, "tsc");
	/* As a container is given it; anybody may make a device of these numbers. */
	gone("/dev/ptp_kvm");
	assert_return_code(mknod(file_path(full, "/dev/ptp_kvm"), S_IFCHR | 0600, makedev(0, 0)), errno);
	put("/sys/class/ptp/ptp1/dev", "248:1\n");
	check_gather(&facts);
	assert_string_equal(facts.link, "");
	put("/sys/class/ptp/ptp1/dev", "0:0\n");
	check_gather(&facts);
	assert_string_equal(facts.link, "ptp1");
}

/* Links of one's own, over more than one step */
static void test_other_links(void **state)
{
	(void)state;
	put_clocks();
	put_link("/dev/my_clock", "clocks/kvm");
	put_link("/dev/clocks/kvm", "/dev/ptp_kvm");
	put("/etc/chrony/chrony.conf", "refclock PHC /dev/my_clock poll 3\n");
	check_gather(&facts);
	assert_non_null(check_refclock(&facts.chrony));
	put_link("/dev/ptp_kvm", "clocks/x");
	put_link("/dev/clocks/x", "../ptp1");
	check_gather(&facts);
	assert_string_equal(facts.link, "ptp1");
	put_link("/dev/ptp_kvm", "my_clock");	/* in a circle */
	check_gather(&facts);
	assert_string_equal(facts.link, "");
}

static int in_a_container(void *arg)
{
	char full[FILE_PATH_MAX];

	(void)arg;
	own_mounts();
	put("/sys/class/ptp/ptp1/dev", "1:3\n");	/* /dev/null's */
	put("/dev/ptp_kvm", "");
	if (mount("/dev/null", file_path(full, "/dev/ptp_kvm"), NULL, MS_BIND, NULL))
		die("mount: %s", strerror(errno));
	check_gather(&facts);
	printf("%s %s\n", facts.device, facts.link);
	put("/etc/chrony/chrony.conf", "refclock PHC /dev/ptp_kvm\n");
	check_gather(&facts);
	return !check_refclock(&facts.chrony);
}

/* docker run --device=/dev/ptp_kvm: the device itself has that name, and no other. */
static void test_device_in_a_container(void **state)
{
	(void)state;
	put_clocks();
	gone("/dev/ptp_kvm");
	good(apart(in_a_container, NULL));
	assert_string_equal(said_out, "/dev/ptp_kvm ptp1\n");
}

/* With the NULs that are in it. */
#define put_environ(variables) put_bytes("/proc/1/environ", variables, sizeof(variables) - 1)

static void container_is(const char *want)
{
	char kind[CONTAINER_NAME_LEN];

	assert_int_equal(container_kind(kind), want[0] != 0);
	assert_string_equal(kind, want);
}

static void test_container(void **state)
{
	(void)state;
	put_environ("PATH=/bin\0xcontainer=no\0");
	container_is("");
	put("/run/.containerenv", "");
	container_is("podman");
	put("/.dockerenv", "");
	container_is("docker");
	put_environ("PATH=/bin\0container=lxc\0HOME=/");
	container_is("lxc");
	put("/run/host/container-manager", "mkosi\n");
	container_is("mkosi");
	put("/run/systemd/container", "systemd-nspawn\n");
	container_is("systemd-nspawn");

	/* An image is none, whatever it was made in. */
	check_gather(&facts);
	assert_string_equal(facts.container, "");
}

#define PROCESS(pid, comm, words, cgroup) put_process(pid, comm, words, sizeof(words), cgroup)

static void test_rivals(void **state)
{
	(void)state;
	PROCESS(100, "systemd-timesyn", "/lib/systemd/systemd-timesyncd",
		"0::/system.slice/systemd-timesyncd.service\n");
	PROCESS(101, "ntpd", "/usr/sbin/ntpd\0-p",
		"5:cpu:/\n0::/x\n1:name=systemd:/system.slice/ntpsec.service\n");
	PROCESS(102, "ntpd", "ntpd: dns engine", "0::/system.slice/ntpsec.service\n");
	put("/proc/102/status", "PPid:\t101\nCapEff:\t0000000000000000\n");
	PROCESS(103, "bash", "-bash", "0::/user.slice\n");
	put("/proc/self/comm", "ntpd\n");
	check_gather(&facts);
	assert_int_equal(facts.n_steerers, 2);
	for (int i = 0; i < 2; i++) {
		const struct steerer *r = &facts.steerers[i];

		if (!strcmp(r->name, "ntpd")) {
			assert_string_equal(r->unit, "ntpsec.service");
		} else {
			assert_string_equal(r->name, "systemd-timesyncd");
			assert_int_equal(r->pid, 100);
			assert_string_equal(r->unit, "systemd-timesyncd.service");
		}
	}
}

/* G16, as it is found: the command lines are test_steering.c's. */
static void test_keeper(void **state)
{
	(void)state;
	put_clocks();
	put_link("/dev/ptp_kvm", "ptp1");
	PROCESS(200, "phc2sys", "phc2sys\0-s\0/dev/ptp_kvm\0-O\0000", "0::/system.slice/phc2sys.service\n");
	check_gather(&facts);
	assert_non_null(check_keeper(&facts));
	assert_int_equal(check_keeper(&facts)->pid, 200);
	assert_string_equal(facts.phc2sys.offset, "0");
	PROCESS(200, "phc2sys", "phc2sys\0-s\0/dev/ptp1\0-O\0000", "0::/\n");
	check_gather(&facts);
	assert_non_null(check_keeper(&facts));
	put_link("/dev/mine", "/dev/ptp_kvm");
	PROCESS(200, "phc2sys", "phc2sys\0-s\0/dev/mine\0-O\0000", "0::/\n");
	check_gather(&facts);
	assert_non_null(check_keeper(&facts));
	/* Another clock; to another one; beside chronyd */
	PROCESS(200, "phc2sys", "phc2sys\0-s\0/dev/ptp0\0-O\0000", "0::/\n");
	check_gather(&facts);
	assert_null(check_keeper(&facts));
	PROCESS(200, "phc2sys", "phc2sys\0-s\0/dev/ptp_kvm\0-E\0refclock_sock", "0::/\n");
	check_gather(&facts);
	assert_null(check_keeper(&facts));
	PROCESS(201, "ntp-daemon", "ntp-daemon", "0::/system.slice/ntpd-rs.service\n");
	check_gather(&facts);
	assert_string_equal(check_keeper(&facts)->name, "ntpd-rs");
	PROCESS(202, "chronyd", "chronyd", "0::/system.slice/chrony.service\n");
	check_gather(&facts);
	assert_null(check_keeper(&facts));
}

/* phc2sys hands the clock to chronyd. */
static void test_handed(void **state)
{
	static const struct {
		const char *words, *conf;
		size_t len;
		bool ours;
	} cases[] = {
#define CASE(words, conf, ours) { words, conf, sizeof(words), ours }
		CASE("phc2sys\0-s\0/dev/ptp_kvm\0-O\0000\0-E\0ntpshm", "refclock SHM 0 refid KVM\n", true),
		CASE("phc2sys\0-s\0/dev/ptp1\0-E\0ntpshm\0-M\0002", "refclock SHM 2:perm=0644 refid KVM\n", true),
		CASE("phc2sys\0-s\0/dev/ptp1\0-E\0ntpshm\0-M\0002", "refclock SHM 0 refid KVM\n", false),
		CASE("phc2sys\0-s\0/dev/ptp1\0-E\0refclock_sock", "refclock SOCK /var/run/refclock.ptp.sock\n", true),
		CASE("phc2sys\0-s\0/dev/ptp1\0-E\0refclock_sock\0--refclock=/a", "refclock SOCK /a\n", true),
		CASE("phc2sys\0-s\0/dev/ptp1\0-E\0refclock_sock", "refclock SHM 0\n", false),
		CASE("phc2sys\0-s\0/dev/ptp0\0-E\0ntpshm", "refclock SHM 0\n", false),
#undef CASE
	};

	(void)state;
	put_clocks();
	PROCESS(202, "chronyd", "chronyd", "0::/system.slice/chrony.service\n");
	put("/lib/systemd/system/x.service", "[Service]\nExecStart=/usr/sbin/phc2sys\n");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		put_process(200, "phc2sys", cases[i].words, cases[i].len, "0::/system.slice/x.service\n");
		put("/etc/chrony/chrony.conf", cases[i].conf);
		check_gather(&facts);
		if (!check_refclock(&facts.chrony) != !cases[i].ours)
			fail_msg("case %zu", i);
		assert_int_equal(facts.hands_at_boot, i && facts.hands.pid);
		put_link("/etc/systemd/system/a.target.wants/x.service", "/x");
	}
}

#define DEBIAN_CONF \
	"confdir /etc/chrony/conf.d\npool 2.debian.pool.ntp.org iburst\nsourcedir /run/chrony-dhcp\nmakestep 1 3\n" \
	"leapsecmode system\n"

static void test_configuration(void **state)
{
	const struct refclock_fact *r;

	(void)state;
	put_clocks();
	put("/etc/chrony/chrony.conf", DEBIAN_CONF);
	put("/etc/chrony/conf.d/a.conf", "refclock SHM 0\nrefclock PHC /dev/ptp0 noselect\n");
	put("/etc/chrony/conf.d/b.conf",
	    "# ours\nrefclock  PHC /dev/ptp1:nocrossts  poll 0 offset -37.0 optional prefer lock TAI\n");
	put("/run/chrony-dhcp/eth0.sources", "server 192.0.2.1 iburst prefer\nserver 192.0.2.2\n");
	put("/etc/modules-load.d/x.conf", "# ptp_kvm\n\tptp_kvm\n");
	check_gather(&facts);
	assert_true(facts.chrony.conf_read);
	assert_string_equal(facts.chrony.conf, "/etc/chrony/chrony.conf");
	assert_int_equal(facts.chrony.n_refclocks, 2);
	assert_int_equal(facts.chrony.servers.count, 3);
	assert_int_equal(facts.chrony.servers.dhcp, 2);
	assert_string_equal(facts.chrony.limits.prefer.file, "/run/chrony-dhcp/eth0.sources");
	assert_int_equal(facts.chrony.limits.prefer.line, 1);
	assert_string_equal(facts.chrony.limits.makestep.text, "makestep 1 3");
	assert_string_equal(facts.chrony.limits.leapsecmode.text, "leapsecmode system");
	assert_true(facts.loaded_at_boot);
	assert_false(facts.set_up);

	r = &facts.chrony.refclocks[0];
	assert_true(r->noselect && !r->ours);
	assert_string_equal(r->refid, "PHC1");
	assert_string_equal(r->clock_name, "ena");
	r = check_refclock(&facts.chrony);
	assert_ptr_equal(r, &facts.chrony.refclocks[1]);
	assert_true(r->nocrossts && r->optional && r->prefer && r->by_number && !r->noselect);
	assert_false(r->tai);	/* that is a name here */
	assert_string_equal(r->device, "/dev/ptp1");
	assert_string_equal(r->refid, "PHC2");
	assert_string_equal(r->file, "/etc/chrony/conf.d/b.conf");
	assert_int_equal(r->line, 2);
	assert_float_equal(r->offset, -37, 0);
}

static void test_limits(void **state)
{
	const struct limits *l = &facts.chrony.limits;

	(void)state;
	put("/etc/chrony.conf", "maxchange 1 1 1\nserver a\nMaxChange  5 1 0\nminsources 3\nserver b require\npool c require\n"
	    "makestep 1 -1\n");
	check_gather(&facts);
	assert_string_equal(l->maxchange.text, "MaxChange 5 1 0");
	assert_int_equal(l->maxchange.line, 3);
	assert_int_equal(limits_minsources(l), 3);
	assert_int_equal(l->require.line, 5);
	assert_true(limits_steps(l));
	has(limits_maxchange(l), "ends");
	put("/etc/chrony.conf", "maxchange 5 1 -1\nmakestep 1 3\n");
	check_gather(&facts);
	has(limits_maxchange(l), "never follows");
	assert_false(limits_steps(l));
	put("/etc/chrony.conf", "maxchange 5 -1 0\nmaxchange\n");
	check_gather(&facts);
	assert_null(limits_maxchange(l));
	assert_int_equal(limits_minsources(l), 1);
}

static void init_is(const char *want)
{
	check_gather(&facts);
	if (want && facts.init)
		assert_string_equal(facts.init, want);
	else
		assert_true(want == facts.init);
}

/* Of an image */
static void test_init(void **state)
{
	(void)state;
	init_is("");
	put("/usr/lib/systemd/systemd", "");
	init_is(NULL);
	put_link("/sbin/init", "../lib/systemd/systemd");
	init_is(NULL);
	put_link("/sbin/init", "/bin/busybox");
	init_is("");
	put("/etc/inittab", "");
	init_is("SysV init");
	put("/sbin/openrc", "");
	init_is("OpenRC");
	/* It says so, and no PASS */
	put("/etc/chrony/chrony.conf", "pool a\n");
	put("/etc/systemd/system/chrony.service.d/ptpkvm.conf", "");
	check_gather(&facts);
	check_judge(&facts, &report);
	assert_string_equal(text_of("boot"),
			    "what 'ptpkvm setup' wrote is for systemd, and that is not the init here, but OpenRC");
}

static void test_refclock_before_its_clock(void **state)
{
	(void)state;
	put("/etc/chrony.conf", "refclock PHC /dev/ptp_kvm refid KVM tai\n");
	put("/etc/systemd/system/chronyd.service.d/ptpkvm.conf", "");
	check_gather(&facts);
	assert_non_null(check_refclock(&facts.chrony));
	assert_true(facts.chrony.refclocks[0].tai);
	assert_true(facts.set_up);
	put("/etc/chrony.conf", "refclock PHC /dev/ptp0 refid KVM\n");
	check_gather(&facts);
	assert_null(check_refclock(&facts.chrony));
}

static void test_chronyd_started_with(void **state)
{
	(void)state;
	put_clocks();
	put("/etc/chrony/chrony.conf", DEBIAN_CONF);
	put(GENERATED,
	    "include /etc/chrony/chrony.conf\nrefclock PHC /dev/ptp_kvm refid KVM\nmakestep 0.001 -1\n");
	PROCESS(77, "chronyd", "/usr/sbin/chronyd\0-F\0001", "");
	check_gather(&facts);
	assert_true(facts.chrony.process);
	assert_int_equal(facts.n_steerers, 1);
	assert_null(check_refclock(&facts.chrony));

	PROCESS(77, "chronyd", "/usr/sbin/chronyd\0-F\0001\0-f\0/run/chrony-dhcp/ptpkvm.conf", "");
	check_gather(&facts);
	assert_string_equal(facts.chrony.conf, GENERATED);
	assert_non_null(check_refclock(&facts.chrony));
	assert_string_equal(facts.chrony.limits.makestep.text, "makestep 0.001 -1");
	PROCESS(77, "chronyd", "/usr/sbin/chronyd\0-nf/run/chrony-dhcp/ptpkvm.conf", "");
	check_gather(&facts);
	assert_non_null(check_refclock(&facts.chrony));

	PROCESS(77, "chronyd", "chronyd\0-n\0refclock\0PHC\0/dev/ptp_kvm\0refid\0KVMpoll", "");
	check_gather(&facts);
	assert_true(facts.chrony.by_hand && !facts.chrony.conf_read);

	PROCESS(77, "chronyd", "chronyd\0-f\0/nowhere.conf", "");
	check_gather(&facts);
	assert_false(facts.chrony.conf_read);
	assert_non_null(strstr(facts.chrony.conf_why, "/nowhere.conf"));
	PROCESS(77, "chronyd", "chronyd\0-f", "");	/* cut off */
	check_gather(&facts);
	assert_string_equal(facts.chrony.conf, "/etc/chrony/chrony.conf");
}

static void test_contained_chronyd(void **state)
{
	(void)state;
	put_clocks();
	put("/etc/chrony/chrony.conf", "refclock PHC /dev/ptp_kvm tai\nmaxchange 5 1 0\n");
	put("/containers/a/x", "");
	PROCESS(100, "chronyd", "chronyd", "0::/system.slice/docker-12ab.scope\n");
	put_link("/proc/100/root", "/containers/a");
	check_gather(&facts);
	assert_false(facts.chrony.conf_read || facts.chrony.conf[0] || check_refclock(&facts.chrony));
	assert_int_equal(facts.chrony.limits.maxchange.line, 0);
	assert_string_equal(facts.chrony.conf_why, "chronyd runs in a container");
}

static void test_stopped_chronyd_after_setup(void **state)
{
	(void)state;
	put_clocks();
	put("/etc/chrony/chrony.conf", DEBIAN_CONF);
	put(GENERATED, "include /etc/chrony/chrony.conf\nrefclock PHC /dev/ptp_kvm refid KVM\n");
	put("/run/ptpkvm/hold", "free-running\n");
	check_gather(&facts);
	assert_false(facts.chrony.process);
	assert_null(check_refclock(&facts.chrony));	/* the next start leaves it out, whatever was made before */
	assert_string_equal(facts.hold, "free-running");
}

/* What it is told in a container can be done from inside, or is said to be for the guest. */
static void test_container_remedies(void **state)
{
	(void)state;
	healthy(&facts);
	container_without_refclock(&facts);
	check_judge(&facts, &report);
	assert_string_equal(report.said.list[0].code, "container");
	for (int i = 1; i < report.said.n; i++)
		if (!strcmp(report.said.list[i].code, "refclock-none"))
			assert_string_equal(first_remedy(&report.said.list[i]), "in the guest itself: sudo ptpkvm setup");
	healthy(&facts);
	container_without_link(&facts);
	check_judge(&facts, &report);
	assert_string_equal(report.said.list[2].code, "clock-no-link");
	assert_string_equal(first_remedy(&report.said.list[2]), "start the container with --device=/dev/ptp_kvm");
}

#define DROP_IN "/etc/systemd/system/chrony.service.d/ptpkvm.conf"
#define UNIT "/usr/lib/systemd/system/chrony.service"
#define WANTS "/etc/systemd/system/multi-user.target.wants/chrony.service"

/* An image of systemd's, which starts chronyd */
static void put_image(void)
{
	put_link("/sbin/init", "/usr/lib/systemd/systemd");
	put(UNIT, "[Service]\nExecStart=!/usr/sbin/chronyd $DAEMON_OPTS\nEnvironmentFile=-/run/ptpkvm/chronyd.env\n");
	put_link(WANTS, UNIT);
}

/* Of a system that does not run check judges what the next boot will have. */
static void test_next_boot(void **state)
{
	const struct refclock_fact *r;

	(void)state;
	put_clocks();
	put_image();
	put("/etc/chrony/chrony.conf", DEBIAN_CONF);
	put("/etc/ptpkvm/chrony.conf", "# ours\nrefclock PHC /dev/ptp_kvm refid KVM\nmakestep 0.001 -1\n");
	check_gather(&facts);
	assert_null(check_refclock(&facts.chrony));
	put(DROP_IN, "[Service]\nExecStartPre=-+/usr/sbin/ptpkvm prestart\nEnvironmentFile=-/run/ptpkvm/chronyd.env\n");
	check_gather(&facts);
	r = check_refclock(&facts.chrony);
	assert_non_null(r);
	assert_true(r->generated);
	assert_string_equal(r->file, "/etc/ptpkvm/chrony.conf");
	assert_string_equal(facts.chrony.limits.makestep.text, "makestep 0.001 -1");
	assert_int_equal(facts.chrony.servers.count, 1);
	check_judge(&facts, &report);
	for (int i = 0; i < report.said.n; i++)
		if (!strcmp(report.said.list[i].link, "refclock") || !strcmp(report.said.list[i].link, "config") ||
		    !strcmp(report.said.list[i].link, "boot"))
			assert_int_equal(report.said.list[i].level, LEVEL_PASS);
	put(DROP_IN, "[Service]\nExecStartPre=-+/usr/sbin/ptpkvm prestart --only\n");
	check_gather(&facts);
	assert_int_equal(facts.chrony.servers.count, 0);

	/* A unit that does not take it */
	put("/usr/lib/systemd/system/chrony.service", "[Service]\nExecStart=/usr/sbin/chronyd -f /etc/chrony/chrony.conf\n");
	check_gather(&facts);
	assert_null(check_refclock(&facts.chrony));
	assert_true(facts.chrony.elsewhere);
}

static const char *boot_says(void)
{
	check_gather(&facts);
	check_judge(&facts, &report);
	for (int i = 0; i < report.said.n; i++)
		if (!strcmp(report.said.list[i].link, "boot"))
			return report.said.list[i].text;
	return "";
}

/* What setup wrote is of no use where nothing starts chronyd. */
static void test_boot_starts_chronyd(void **state)
{
	(void)state;
	put_image();
	put("/etc/chrony/chrony.conf", DEBIAN_CONF);
	put("/etc/ptpkvm/chrony.conf", "refclock PHC /dev/ptp_kvm refid KVM\nmakestep 0.001 -1\n");
	put(DROP_IN, "[Service]\nExecStartPre=-+/usr/sbin/ptpkvm prestart\nEnvironmentFile=-/run/ptpkvm/chronyd.env\n");
	has(boot_says(), "set up by ptpkvm");
	gone(WANTS);
	has(boot_says(), "nothing starts chronyd at boot: chrony.service is not enabled");
	put_link("/etc/systemd/system/x.target.requires/chrony.service", "/x");
	has(boot_says(), "set up by ptpkvm");
	put_link("/etc/systemd/system/chrony.service", "/dev/null");
	has(boot_says(), "chrony.service is masked");
	/* Removed, but not its configuration */
	gone("/etc/systemd/system/chrony.service");
	gone(UNIT);
	has(boot_says(), "chrony.service is not there");
}

/* An image that is made in a guest that has the clock: what is in its /dev is that guest's. */
static void test_dev_of_the_maker(void **state)
{
	(void)state;
	put_image();
	put("/etc/chrony/chrony.conf", "refclock PHC /dev/ptp_kvm refid KVM\n");
	put_link("/dev/ptp_kvm", "ptp0");
	check_gather(&facts);
	assert_non_null(check_refclock(&facts.chrony));
}

/* Not ours, though below /run */
static void test_below_run(void **state)
{
	(void)state;
	put_clocks();
	put("/etc/chrony/chrony.conf", "confdir /run/x\n");
	put("/run/x/a.conf", "refclock PHC /dev/ptp_kvm\n");
	check_gather(&facts);
	assert_non_null(check_refclock(&facts.chrony));
	assert_false(check_refclock(&facts.chrony)->generated);
}

/* --- its output --- */

static int check(void *argv)
{
	char **end = argv;

	while (*end)
		end++;
	optind = 0;
	return cmd_check(end - (char **)argv, argv);
}

/* Every finding, and every key of the JSON of a tree that has one of each */
static void test_documented(void **state)
{
	char *doc = whole_file("Documentation/ptpkvm-check.md");

	(void)state;
	put_clocks();
	put("/etc/chrony/chrony.conf", "refclock PHC /dev/ptp_kvm refid KVM tai\n");
	PROCESS(100, "ntpd", "ntpd", "0::/system.slice/ntp.service\n");
	assert_int_equal(apart(check, (char *[]){ "check", "--json", "--root", tree, NULL }), EXIT_BROKEN);
	documented_json(doc, said_out);
	documented_all(doc, check_links);
	free(doc);
}

/* chrony is installed and enabled, and its configuration was deleted: chronyd does not start. */
static void test_conf_is_gone(void **state)
{
	(void)state;
	put_image();
	assert_int_equal(apart(check, (char *[]){ "check", "-q", "--root", tree, NULL }), EXIT_BROKEN);
	has(said_out, "neither /etc/chrony/chrony.conf nor /etc/chrony.conf is");
	put(UNIT, "[Service]\nExecStart=/usr/sbin/chronyd -f /etc/ntp/c.conf\n");
	put("/etc/ntp/c.conf", "pool a\n");
	assert_int_equal(apart(check, (char *[]){ "check", "-q", "--root", tree, NULL }), EXIT_BROKEN);
	has(said_out, "[refclock-none]");
}

static void test_text_output(void **state)
{
	(void)state;
	put("/etc/chrony/chrony.conf", "refclock PHC /dev/ptp_kvm refid KVM tai optional\nmakestep 1 -1\n");
	put("/etc/modules", "ptp_kvm\n");
	assert_int_equal(apart(check, (char *[]){ "check", "-q", "--root", tree, NULL }), EXIT_BROKEN);
	assert_string_equal(
		said_out,
		"FAIL  config        /etc/chrony/chrony.conf:1: tai: the clock is the host's UTC,\n"
		"                    not TAI [config-tai]\n"
		"          by hand, since there is no systemd: in place of\n"
		"          /etc/chrony/chrony.conf:1 what 'ptpkvm chrony --makestep --no-check'\n"
		"          prints\n");
	put_image();
	assert_int_equal(apart(check, (char *[]){ "check", "-q", "--root", tree, NULL }), EXIT_BROKEN);
	has(said_out, "\n          sudo ptpkvm setup --adopt --root /");
	assert_int_equal(apart(check, (char *[]){ "check", "-q", "--ignore", (char[]){ "config-tai,boot-race" },
						  "--root", tree, NULL }),
			 EXIT_GOOD);
	assert_string_equal(said_out, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_ignored), cmocka_unit_test(test_flavours),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_uncertainty),
		cmocka_unit_test(test_container_remedies),
		cmocka_unit_test_setup(test_empty_tree, empty_tree),
		cmocka_unit_test_setup(test_drivers, empty_tree),
		cmocka_unit_test_setup(test_no_module, empty_tree),
		cmocka_unit_test_setup(test_built_in, empty_tree),
		cmocka_unit_test_setup(test_clocks, empty_tree),
		cmocka_unit_test_setup(test_other_links, empty_tree),
		cmocka_unit_test_setup(test_device_in_a_container, empty_tree),
		cmocka_unit_test_setup(test_container, empty_tree),
		cmocka_unit_test_setup(test_rivals, empty_tree),
		cmocka_unit_test_setup(test_keeper, empty_tree),
		cmocka_unit_test_setup(test_configuration, empty_tree),
		cmocka_unit_test_setup(test_limits, empty_tree),
		cmocka_unit_test_setup(test_init, empty_tree),
		cmocka_unit_test_setup(test_refclock_before_its_clock, empty_tree),
		cmocka_unit_test_setup(test_chronyd_started_with, empty_tree),
		cmocka_unit_test_setup(test_contained_chronyd, empty_tree),
		cmocka_unit_test_setup(test_handed, empty_tree),
		cmocka_unit_test_setup(test_stopped_chronyd_after_setup, empty_tree),
		cmocka_unit_test_setup(test_next_boot, empty_tree),
		cmocka_unit_test_setup(test_conf_is_gone, empty_tree),
		cmocka_unit_test_setup(test_boot_starts_chronyd, empty_tree),
		cmocka_unit_test_setup(test_dev_of_the_maker, empty_tree),
		cmocka_unit_test_setup(test_below_run, empty_tree),
		cmocka_unit_test_setup(test_documented, empty_tree),
		cmocka_unit_test_setup(test_text_output, empty_tree),
	};

	tree_make();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("check", tests, NULL, remove_tree);
}
