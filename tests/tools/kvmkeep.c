// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Keeps KVM from patching its own code while guests come and go. Static keys of KVM change with the first and the last
 * VM, with the first and the last vCPU whose local APIC is disabled in software (as each is for a while when its guest
 * boots), and with those that have none in the kernel. On several emulated CPUs that goes wrong now and then: QEMU keeps
 * its translation of a breakpoint that the kernel has long taken out again, and that CPU runs into it for ever. Here one
 * of each kind is made and stays.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/die.h"

static int xioctl(int fd, unsigned long request, const char *name)
{
	int ret = ioctl(fd, request, 0);

	if (ret < 0)
		die("%s: %s", name, strerror(errno));
	return ret;
}

#define IOCTL(fd, request) xioctl(fd, request, #request)

/* Its vCPU is as after a reset, and never runs. */
static void make_vm(int kvm, bool irqchip)
{
	int vm = IOCTL(kvm, KVM_CREATE_VM);

	if (irqchip)
		IOCTL(vm, KVM_CREATE_IRQCHIP);
	IOCTL(vm, KVM_CREATE_VCPU);
}

int main(int argc, char **argv)
{
	int kvm, ready[2];
	char byte;

	progname = "kvmkeep";
	if (argc != 1)
		die("%s: it takes no arguments", argv[1]);
	if (pipe(ready))
		die("pipe: %s", strerror(errno));
	switch (fork()) {
	case -1:
		die("fork: %s", strerror(errno));
	case 0:
		break;
	default:
		close(ready[1]);
		return read(ready[0], &byte, 1) == 1 ? EXIT_SUCCESS : EXIT_FAILURE;
	}
	kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (kvm < 0)
		die("/dev/kvm: %s", strerror(errno));
	make_vm(kvm, true);
	make_vm(kvm, false);
	if (setsid() < 0 || write(ready[1], "", 1) != 1)
		die("cannot go on in the background: %s", strerror(errno));
	close(ready[1]);
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	for (;;)
		pause();
}
