// SPDX-License-Identifier: GPL-2.0-or-later
/* What can be read of this machine: files, the device, the processes. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/array.h"
#include "base/text.h"
#include "chrony/conf.h"
#include "chrony/refclock.h"
#include "facts/facts.h"
#include "facts/ours.h"
#include "system/init.h"
#include "system/tree.h"
#include "system/units.h"
#include "system/vsock.h"

/* --- the machine --- */

/* The kernel of a tree that doesn't run is the one that is installed there, if it is one. */
static void only_kernel(char *kernel, size_t len)
{
	char **paths;
	int n = file_glob("/lib/modules/*", &paths);

	if (n == 1)
		snprintf(kernel, len, "%s", base_name(paths[0]));
	file_glob_free(paths, n);
}

static void gather_machine(struct check_facts *f)
{
	struct utsname uts;

	f->offline = file_root[0];
	f->root = !geteuid();
	f->debian = file_exists("/etc/debian_version");
	f->udev = file_exists("/run/udev/control");
	if (f->offline) {
		only_kernel(f->kernel, sizeof(f->kernel));
		f->no_ptpkvm = !setup_program();
		return;
	}
	container_kind(f->container);
	f->kvm = hypervisor_is_kvm(f->hypervisor);
	if (!uname(&uts))
		snprintf(f->kernel, sizeof(f->kernel), "%s", uts.release);
}

/* --- the driver --- */

/* The line of a file below /lib/modules/KERNEL/ that has "ptp_kvm.ko", up to its end or its colon. */
static bool find_module(const char *kernel, const char *file, char *found, size_t len)
{
	char path[200], *text, *at, *begin;
	size_t n;

	snprintf(path, sizeof(path), "/lib/modules/%.100s/%s", kernel, file);
	text = kernel[0] ? file_read(path, NULL) : NULL;
	for (at = text; at && (at = strstr(at, "/ptp_kvm.ko")); at++) {
		for (begin = at; begin > text && begin[-1] != '\n' && begin[-1] != ' '; begin--)
			;
		n = strcspn(begin, ":\n ");
		if (begin > text && begin[-1] == ' ')
			continue;	/* only what another module depends on */
		snprintf(found, len, "%.*s", (int)n, begin);
		free(text);
		return true;
	}
	free(text);
	return false;
}

static bool has_modules(const char *kernel)
{
	char path[200], *text;
	bool any;

	snprintf(path, sizeof(path), "/lib/modules/%.100s/modules.dep", kernel);
	text = kernel[0] ? file_read(path, NULL) : NULL;
	any = text && text[0];
	free(text);
	return any;
}

static void gather_driver(struct check_facts *f)
{
	char state[32];
	bool built_in;

	/* modules.dep has of each name the one that comes first in depmod's order. */
	find_module(f->kernel, "modules.dep", f->module, sizeof(f->module));
	built_in = find_module(f->kernel, "modules.builtin", state, sizeof(state));
	f->no_module = !f->module[0] && !built_in && has_modules(f->kernel);
	if (file_read_line("/sys/module/ptp_kvm/version", f->driver_version, sizeof(f->driver_version)))
		f->driver = DRIVER_OURS;
	else if (file_exists("/sys/module/ptp_kvm/initstate"))
		f->driver = DRIVER_IN_TREE;
	else if (built_in || file_exists("/sys/module/ptp_kvm") || f->node[0])
		f->driver = DRIVER_BUILT_IN;
}

/* --- the clock --- */

static void gather_clocks(struct check_facts *f)
{
	char real[PATH_MAX], name[64], **paths;
	int found = file_glob("/sys/class/ptp/ptp*", &paths);
	size_t used;

	for (int i = 0; i < found; i++) {
		const char *dir = paths[i], *node = base_name(dir);
		char attr[300];

		snprintf(attr, sizeof(attr), "%.200s/clock_name", dir);
		file_read_line(attr, name, sizeof(name));
		used = strlen(f->others);
		if (!strcmp(name, PHC_KVM_NAME) && !f->node[0])
			snprintf(f->node, sizeof(f->node), "%.15s", node);
		else
			snprintf(f->others + used, sizeof(f->others) - used, "%s%.15s '%.40s'",
				 used ? ", " : "", node, name);
	}
	file_glob_free(paths, found);
	phc_device(f->node, f->device);
	if (f->node[0] && !strcmp(f->device, REFCLOCK_LINK))
		strcpy(f->link, f->node);	/* not a link, but the device itself */
	else if (file_resolve(REFCLOCK_LINK, real) && strcmp(real, REFCLOCK_LINK))
		snprintf(f->link, sizeof(f->link), "%.63s", base_name(real));
}

static void gather_readings(struct check_facts *f)
{
	struct phc phc = { .fd = -1 };

	if (!f->node[0])
		return;
	strcpy(phc.path, f->device);
	strcpy(phc.name, PHC_KVM_NAME);
	if (!f->offline)
		phc.fd = open(phc.path, O_RDONLY | O_CLOEXEC);
	f->open_error = phc.fd < 0 ? errno : 0;
	f->opened = phc.fd >= 0;
	host_clock_read(&f->host, &phc);
	if (!f->opened)
		return;
	for (int m = 0; m < PHC_METHODS; m++) {
		struct phc_sample s;

		f->method[m].error = phc_read_narrowest(phc.fd, m, &s);
		if (f->method[m].error)
			continue;
		f->method[m].window = s.post - s.pre;
		f->method[m].offset = phc_offset(&s);
	}
	close(phc.fd);
}

static void gather_vsock(struct check_facts *f)
{
	unsigned int cid;

	/* A container need not be shown what the guest has. */
	f->vsock = f->offline || f->container[0] ? MAYBE : vsock_guest(VSOCK_DEVICE, &cid);
	f->guard_at_boot = unit_enabled("ptpkvm-guard.service");
}

static void gather_clocksource(struct check_facts *f)
{
	file_read_line("/sys/devices/system/clocksource/clocksource0/current_clocksource", f->clocksource,
		       sizeof(f->clocksource));
	file_read_line("/sys/devices/system/clocksource/clocksource0/available_clocksource",
		       f->clocksources, sizeof(f->clocksources));
}

/* --- what the next boot will find --- */

static bool has_line(const char *path, const char *word)
{
	char *text = file_read(path, NULL), *save, *line;
	bool found = false;

	for (line = text ? strtok_r(text, "\n", &save) : NULL; line && !found;
	     line = strtok_r(NULL, "\n", &save)) {
		line += strspn(line, " \t");
		line[strcspn(line, " \t")] = 0;
		found = !strcmp(line, word);
	}
	free(text);
	return found;
}

static void gather_boot(struct check_facts *f)
{
	static const char *const dirs[] = { "/etc/modules-load.d/*.conf", "/run/modules-load.d/*.conf",
		"/usr/lib/modules-load.d/*.conf", "/etc/modules" };
	const struct chrony_layout *layout = chrony_layout();
	char **paths;

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		int n = file_glob(dirs[i], &paths);

		for (int k = 0; k < n; k++)
			f->loaded_at_boot |= has_line(paths[k], "ptp_kvm") || has_line(paths[k], "kvm_ptp");
		file_glob_free(paths, n);
	}
	f->init = init_other(!f->offline);
	f->set_up = layout && file_exists(setup_drop_in(layout));
	if (file_exists(SETUP_HOLD) && !file_read_line(SETUP_HOLD, f->hold, sizeof(f->hold)))
		strcpy(f->hold, "no reason given");
	file_read_line(SETUP_REASON, f->left_out, sizeof(f->left_out));
}

/* --- who steers the clock --- */

/* "/dev/ptp_kvm", "/dev/ptp0": is it this clock? */
static bool is_ours(const struct check_facts *f, const char *device)
{
	char real[PATH_MAX];

	return f->node[0] && !strncmp(device, "/dev/", 5) &&
	       (!strcmp(device, f->device) || !strcmp(base_name(file_resolve(device, real) ? real : device), f->node));
}

/* phc2sys sets the system's clock by this one, or hands it to the one daemon that does. */
static void gather_keeper(struct check_facts *f, const struct processes *all)
{
	struct phc2sys p;

	for (int i = 0; i < f->n_steerers; i++)
		if (f->steerers[i].pid && !strcmp(f->steerers[i].name, "chronyd"))
			return;
	for (int i = 0; i < all->n && !f->phc2sys.pid; i++) {
		if (strcmp(all->list[i].name, "phc2sys") || !phc2sys_read(&p, &all->list[i]) || !is_ours(f, p.source))
			continue;
		for (int k = 0; k < f->n_steerers && !f->phc2sys.pid; k++) {
			const struct steerer *s = &f->steerers[k];

			if (!s->pid || (p.feeds ? strncmp(s->name, "ntpd", 4) : s->pid != p.pid))
				continue;
			f->phc2sys = p;
			f->kept_by = k;
		}
	}
}

/* As chronyd's SHM and SOCK refclocks have it, too */
static void gather_hands(struct check_facts *f, const struct processes *all)
{
	struct phc2sys p;

	for (int i = 0; i < all->n && !f->hands.pid; i++) {
		if (strcmp(all->list[i].name, "phc2sys") || !phc2sys_read(&p, &all->list[i]) || !p.feeds ||
		    !is_ours(f, p.source))
			continue;
		f->hands = p;
		f->hands_at_boot = all->list[i].unit[0] && unit_enabled(all->list[i].unit);
	}
}

const struct steerer *check_keeper(const struct check_facts *f)
{
	return f->phc2sys.pid ? &f->steerers[f->kept_by] : NULL;
}

void check_gather(struct check_facts *f)
{
	const struct process *chronyd;
	struct processes all;

	memset(f, 0, sizeof(*f));
	gather_machine(f);
	gather_clocks(f);
	gather_driver(f);
	check_gather_signing(f);
	check_gather_missing(f);
	gather_readings(f);
	gather_vsock(f);
	gather_clocksource(f);
	steering_processes(&all);
	f->processes_hidden = all.hidden;
	f->n_steerers = steering_find(f->steerers, &all);
	gather_keeper(f, &all);
	gather_hands(f, &all);
	gather_boot(f);
	chronyd = steering_chronyd(&all);
	check_gather_chrony(f, chronyd ? chronyd->pid : 0);
	processes_free(&all);
}
