// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/numbers.h"
#include "facts/guests.h"
#include "system/processes.h"
#include "system/tree.h"

#define DEBUGFS "/sys/kernel/debug"
#define PID_MAX (1 << 22)

/* --- its name --- */

/* One of QEMU's "key=value,…", in which a comma is doubled; what comes after it */
static const char *take_item(const char *at, char *item, size_t len)
{
	size_t used = 0;

	for (; *at && (*at != ',' || at[1] == ','); at++) {
		at += *at == ',';
		if (used < len - 1)
			item[used++] = *at;
	}
	item[used] = 0;
	return at + (*at == ',');
}

/* "guest=web1,debug-threads=on", or "web1" as the first */
static void take_name(struct kvm_guest *g, const char *value)
{
	char item[sizeof(g->name) + sizeof("guest=") - 1];
	bool first = true;

	for (const char *at = value; *at; first = false) {
		at = take_item(at, item, sizeof(item));
		if (!strncmp(item, "guest=", 6))
			snprintf(g->name, sizeof(g->name), "%.79s", item + 6);
		else if (first && !strchr(item, '='))
			snprintf(g->name, sizeof(g->name), "%.79s", item);
	}
}

static void find_name(struct kvm_guest *g)
{
	struct cmdline c;
	const char *word;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/comm", g->pid);
	file_read_line(path, g->program, sizeof(g->program));
	if (!cmdline_read(&c, g->pid))
		return;
	while ((word = cmdline_word(&c))) {
		if (strcmp(word, "-name") && strcmp(word, "--name"))
			continue;
		word = cmdline_word(&c);
		if (!word)
			break;
		take_name(g, word);
	}
	cmdline_free(&c);
}

/* --- its statistics --- */

static void read_count(struct kvm_count *count, const char *dir, const char *name)
{
	char path[160], line[32];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	count->known = file_read_line(path, line, sizeof(line)) && parse_u64(line, 0, UINT64_MAX, &count->n);
}

/* -1 if it has gone meanwhile */
static int count_vcpus(const char *dir)
{
	DIR *entries = file_dir(dir);
	const struct dirent *d;
	uint64_t id;
	int n = 0;

	if (!entries)
		return -1;
	while ((d = readdir(entries)))
		n += !strncmp(d->d_name, "vcpu", 4) && parse_u64(d->d_name + 4, 0, INT_MAX, &id);
	closedir(entries);
	return n;
}

/* "1234-11": PID-FD */
static bool take_dir(struct kvm_guest *g, const char *entry)
{
	char pid_text[12], dir[100];
	size_t n = strcspn(entry, "-");
	uint64_t pid, fd;

	memset(g, 0, sizeof(*g));
	if (n >= sizeof(pid_text) || !entry[n])
		return false;
	snprintf(pid_text, sizeof(pid_text), "%.*s", (int)n, entry);
	if (!parse_u64(pid_text, 1, PID_MAX, &pid) || !parse_u64(entry + n + 1, 0, INT_MAX, &fd))
		return false;
	g->pid = pid;
	g->fd = fd;
	snprintf(dir, sizeof(dir), DEBUGFS "/kvm/%.60s", entry);
	g->vcpus = count_vcpus(dir);
	if (g->vcpus < 0)
		return false;
	/* Files of the VM's own folder are sums over its vCPUs. */
	read_count(&g->pairings, dir, "clock_pairings");
	read_count(&g->refused, dir, "clock_pairings_refused");
	read_count(&g->hypercalls, dir, "hypercalls");
	find_name(g);
	return true;
}

/* --- all of them --- */

static bool is_empty(const char *path)
{
	DIR *entries = file_dir(path);
	const struct dirent *d;
	bool empty = true;

	while (entries && (d = readdir(entries)))
		empty &= !strcmp(d->d_name, ".") || !strcmp(d->d_name, "..");
	if (entries)
		closedir(entries);
	return empty;
}

static void explain(struct kvm_guests *all, int err)
{
	if (err == EACCES || err == EPERM)
		snprintf(all->why, sizeof(all->why), "only root may read " DEBUGFS);
	else if (err != ENOENT)
		snprintf(all->why, sizeof(all->why), DEBUGFS "/kvm: %s", strerror(err));
	else if (is_empty(DEBUGFS))
		snprintf(all->why, sizeof(all->why), "no debugfs: mount -t debugfs none " DEBUGFS);
	else
		snprintf(all->why, sizeof(all->why), "there is no " DEBUGFS "/kvm: KVM's module is not loaded");
}

static int by_process(const void *a, const void *b)
{
	const struct kvm_guest *x = a, *y = b;

	return x->pid != y->pid ? (x->pid > y->pid) - (x->pid < y->pid) : (x->fd > y->fd) - (x->fd < y->fd);
}

bool kvm_guests_find(struct kvm_guests *all)
{
	const struct dirent *d;
	struct kvm_guest g;
	DIR *entries;

	memset(all, 0, sizeof(*all));
	entries = file_dir(DEBUGFS "/kvm");
	if (!entries) {
		explain(all, errno);
		return false;
	}
	while ((d = readdir(entries))) {
		if (!take_dir(&g, d->d_name))
			continue;
		if (all->n < KVM_GUESTS_MAX)
			all->list[all->n++] = g;
		else
			all->left_out++;
	}
	closedir(entries);
	qsort(all->list, all->n, sizeof(*all->list), by_process);
	return true;
}

bool kvm_guests_served(const struct kvm_guests *before, const struct kvm_guests *now, uint64_t *n)
{
	bool counted = !now->n;

	*n = 0;
	for (int i = 0; i < now->n; i++) {
		const struct kvm_guest *g = &now->list[i], *old;

		counted |= g->pairings.known;
		old = bsearch(g, before->list, before->n, sizeof(*g), by_process);
		/* A counter can be reset by hand. */
		if (old && g->pairings.n > old->pairings.n)
			*n += g->pairings.n - old->pairings.n;
	}
	return counted && !before->why[0] && !now->why[0];
}
