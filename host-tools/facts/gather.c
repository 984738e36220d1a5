// SPDX-License-Identifier: GPL-2.0-or-later
/* What can be read of this machine: its interfaces, counters, virtualization and clock. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/now.h"
#include "base/text.h"
#include "facts/facts.h"
#include "system/tree.h"
#include "time/kernel_clock.h"

#define CLOCKSOURCE "/sys/devices/system/clocksource/clocksource0/"

/* The first CPU's stand for all. */
static void gather_cpu(struct cpu_facts *cpu)
{
	char *text = file_read("/proc/cpuinfo", NULL), *flags;

	flags = text ? strstr(text, "\nflags\t") : NULL;
	flags = flags ? strchr(flags, ':') : NULL;
	if (flags) {
		flags[strcspn(flags, "\n")] = 0;
		flags++;
		cpu->known = true;
		cpu->vmx = has_word(flags, "vmx");
		cpu->svm = has_word(flags, "svm");
		cpu->hypervisor = has_word(flags, "hypervisor");
		cpu->constant_tsc = has_word(flags, "constant_tsc");
		cpu->nonstop_tsc = has_word(flags, "nonstop_tsc");
		cpu->tsc_reliable = has_word(flags, "tsc_reliable");
	}
	free(text);
}

static void gather_kvm(struct kvm_facts *kvm, bool offline)
{
	static const char *const modules[] = { "kvm_intel", "kvm_amd" };
	char path[64], line[8];
	int fd;

	for (size_t i = 0; i < ARRAY_SIZE(modules); i++) {
		snprintf(path, sizeof(path), "/sys/module/%s", modules[i]);
		if (!file_exists(path))
			continue;
		strcpy(kvm->module, modules[i]);
		snprintf(path, sizeof(path), "/sys/module/%s/parameters/nested", modules[i]);
		kvm->nested = file_read_line(path, line, sizeof(line)) && (line[0] == 'Y' || line[0] == '1');
	}
	kvm->open_error = -1;
	if (offline)
		return;
	fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	kvm->open_error = fd < 0 ? errno : 0;
	kvm->node = fd >= 0 || !access("/dev/kvm", F_OK);
	if (fd >= 0)
		close(fd);
}

void check_gather(struct check_facts *f)
{
	memset(f, 0, sizeof(*f));
	f->offline = file_root[0];
	f->root = !geteuid();
	f->now = now_ns(CLOCK_REALTIME) / NSEC_PER_SEC;
	f->debian = file_exists("/etc/debian_version");
	f->linuxptp = file_exists("/usr/sbin/ptp4l") || file_exists("/usr/local/sbin/ptp4l");
	nic_gather(&f->nics, f->offline ? NULL : nic_ethtool);
	file_read_line(CLOCKSOURCE "current_clocksource", f->clocksource, sizeof(f->clocksource));
	file_read_line(CLOCKSOURCE "available_clocksource", f->clocksources, sizeof(f->clocksources));
	gather_cpu(&f->cpu);
	gather_kvm(&f->kvm, f->offline);
	f->kernel.max_error_ns = f->kernel.est_error_ns = NAN;
	if (!f->offline) {
		container_kind(f->container);
		kernel_clock_read(&f->kernel);
	}
	if (!f->container[0])
		quality_gather(&f->quality);
	if (!f->container[0] && !f->offline)
		vsock_gather(&f->vsock);
	check_gather_chain(f);
	check_gather_tai(f);
}

void check_remember(const struct check_facts *f)
{
	if (f->root && !f->offline)
		quality_remember(&f->quality, f->now);
}
