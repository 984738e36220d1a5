// SPDX-License-Identifier: GPL-2.0-or-later
/* Are guests told how good this host's clock is, over vsock? That is off unless somebody wants it. */
#include "check/judge.h"

static void judge_without(struct judge *j)
{
	const struct vsock_facts *v = &j->f->vsock;

	judge_find(j, "serve-no-vsock", "guests without a vsock device are told nothing: %d of %d, %s%sprocess %d%s%s",
		   v->without, v->guests, v->name, v->name[0] ? " (" : "", v->pid, v->name[0] ? ")" : "",
		   v->without > 1 ? " and others" : "");
	judge_advise(j, "libvirt: virsh edit %s, in <devices>: <vsock model='virtio'><cid auto='yes'/></vsock>",
		     v->name[0] ? v->name : "DOMAIN");
	judge_advise(j, "QEMU: -device vhost-vsock-pci,guest-cid=N, another N from 3 on for each guest");
}

void judge_serve(struct judge *j)
{
	const struct vsock_facts *v = &j->f->vsock;

	if (j->f->offline) {
		judge_skip(j, "serve", "--root");
	} else if (j->f->container[0]) {
		judge_skip(j, "serve", "the host's guests are outside of the container");
	} else if (!v->served) {
		judge_say(j, LEVEL_UNKNOWN, "serve", "off", "guests are not told over vsock how good this host's clock is");
		judge_run(j, RUN_LIVE, "sudo systemctl enable --now ptpkvm-host-serve.socket");
	} else if (!v->device) {
		judge_find(j, "serve-no-vhost", "no guest can have a vsock device: there is no /dev/vhost-vsock");
		judge_run(j, RUN_LIVE, "sudo modprobe vhost_vsock");
	} else if (v->without) {
		judge_without(j);
	} else {
		judge_say(j, LEVEL_PASS, "serve", "serve", "guests are told over vsock how good this host's clock is");
	}
}
