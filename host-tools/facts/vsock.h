/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Are guests told over vsock how good this host's clock is (ptpkvm-host serve), and can they be? */
#ifndef FACTS_VSOCK_H
#define FACTS_VSOCK_H

#include <stdbool.h>

#define SERVE_DIRECTORY "/run/ptpkvm-host"
#define SERVE_SOCKET SERVE_DIRECTORY "/records"	/* there while ptpkvm-host-serve.socket is up */

struct vsock_facts {
	bool served;		/* that socket is there; what follows is looked at only then */
	bool device;		/* /dev/vhost-vsock, which the module vhost_vsock makes */
	int guests;		/* of QEMU; 0 also where only root can tell */
	int without;		/* a vsock device; not those of which that is not seen */
	char name[80];		/* of the first of these, empty if it has none */
	int pid;
};

void vsock_gather(struct vsock_facts *v);

#endif
