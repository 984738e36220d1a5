// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#include "system/vsock.h"

enum answer vsock_guest(const char *device, unsigned int *cid)
{
	int fd = open(device, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), err;

	if (fd < 0)
		return errno == EACCES || errno == EPERM ? MAYBE : NO;
	err = ioctl(fd, IOCTL_VM_SOCKETS_GET_LOCAL_CID, cid);
	close(fd);
	/* The host's own is 2, the loopback's 1, and all ones means that there is none. */
	return !err && *cid > VMADDR_CID_HOST && *cid != VMADDR_CID_ANY ? YES : NO;
}
