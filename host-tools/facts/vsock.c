// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "facts/guests.h"
#include "facts/vsock.h"
#include "system/processes.h"
#include "system/tree.h"

#define DEVICE "/dev/vhost-vsock"

/* By an option of its command line: libvirt's is JSON */
static enum answer is_told(int pid)
{
	struct cmdline c;
	const char *word;
	enum answer found = NO;

	if (!cmdline_read(&c, pid)) {
		cmdline_free(&c);
		return MAYBE;
	}
	while (found == NO && (word = cmdline_word(&c)))
		if (strstr(word, "vhost-vsock"))
			found = YES;
	cmdline_free(&c);
	return found;
}

/* Plugged in later: it has the host's device open. */
static enum answer has_open(int pid)
{
	char path[64], target[64];
	const struct dirent *d;
	enum answer found = NO;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = file_dir(path);
	if (!dir)
		return MAYBE;
	while (found != YES && (d = readdir(dir))) {
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/%d/fd/%.16s", pid, d->d_name);
		n = d->d_name[0] == '.' ? 0 : file_readlink(path, target, sizeof(target) - 1);
		if (n < 0)
			found = MAYBE;
		else if (n == sizeof(DEVICE) - 1 && !strncmp(target, DEVICE, n))
			found = YES;
	}
	closedir(dir);
	return found;
}

static void look_at(struct vsock_facts *v, const struct kvm_guest *g)
{
	if (strncmp(g->program, "qemu", 4))
		return;		/* whose devices are told in other ways */
	v->guests++;
	if (is_told(g->pid) != NO || has_open(g->pid) != NO || v->without++)
		return;
	snprintf(v->name, sizeof(v->name), "%s", g->name);
	v->pid = g->pid;
}

void vsock_gather(struct vsock_facts *v)
{
	static struct kvm_guests all;

	memset(v, 0, sizeof(*v));
	v->served = file_exists(SERVE_SOCKET);
	if (!v->served)
		return;
	v->device = file_exists(DEVICE);
	kvm_guests_find(&all);
	for (int i = 0; i < all.n; i++)
		look_at(v, &all.list[i]);
}
