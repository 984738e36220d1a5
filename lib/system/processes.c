// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/die.h"
#include "base/numbers.h"
#include "base/text.h"
#include "system/processes.h"
#include "system/tree.h"

#define CAP_SYS_TIME_BIT 25	/* linux/capability.h */

/* --- the table --- */

/* "/system.slice/system-ptp4l.slice/ptp4l@eth0.service/…"; a container's ends in a scope, or begins elsewhere. */
static bool unit_of(const char *path, char *unit, size_t len)
{
	static const char service[] = ".service", slice[] = ".slice";
	size_t n;

	if (strncmp(path, "/system.slice/", strlen("/system.slice/")))
		return false;
	for (path++; *path; path += n + (path[n] == '/')) {
		n = strcspn(path, "/");
		if (n > strlen(slice) && !strncmp(path + n - strlen(slice), slice, strlen(slice)))
			continue;
		if (n < strlen(service) || n >= len || strncmp(path + n - strlen(service), service, strlen(service)))
			return false;
		snprintf(unit, len, "%.*s", (int)n, path);
		return true;
	}
	return false;
}

/* The line of systemd's own hierarchy: "0::PATH", or "1:name=systemd:PATH" */
void process_unit(int pid, char *unit, size_t len)
{
	char path[64], *text, *rest, *line, *at;

	unit[0] = 0;
	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	text = rest = file_read(path, NULL);
	while ((line = strsep(&rest, "\n"))) {
		at = strstr(line, ":name=systemd:");
		at = at ? at + strlen(":name=systemd:") : !strncmp(line, "0::", 3) ? line + 3 : NULL;
		if (at && unit_of(at, unit, len))
			break;
	}
	free(text);
}

/* The number behind a word at the beginning of a line */
static bool status_field(const char *text, const char *field, int base, uint64_t *value)
{
	const char *at = strstr(text, field);
	char *end;

	if (!at)
		return false;
	*value = strtoull(at + strlen(field), &end, base);
	return end > at + strlen(field);
}

/*
 * Any user has all capabilities in a user namespace of his own, where they set no clock: only the first one's map is
 * the identity. Without the file the kernel has no such namespaces.
 */
static bool first_namespace(int pid)
{
	char path[64], map[64];
	unsigned int from, to, n;

	snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
	if (!file_read_line(path, map, sizeof(map)))
		return !file_exists(path) && !file_exists("/proc/self/uid_map");
	return sscanf(map, "%u %u %u", &from, &to, &n) == 3 && !from && !to && n == UINT32_MAX;
}

static void read_status(struct process *p)
{
	char path[64], *text;
	uint64_t parent, capabilities;

	snprintf(path, sizeof(path), "/proc/%d/status", p->pid);
	text = file_read(path, NULL);
	if (text && status_field(text, "\nPPid:", 10, &parent) && parent < INT32_MAX)
		p->parent = parent;
	p->may_set_clock = text && status_field(text, "\nCapEff:", 16, &capabilities) &&
			   capabilities >> CAP_SYS_TIME_BIT & 1 && first_namespace(p->pid);
	free(text);
}

static bool network(const char *pid, char name[static 40])
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%s/ns/net", pid);
	n = file_readlink(path, name, 39);
	name[n > 0 ? n : 0] = 0;
	return n > 0;
}

/* Docker's, Podman's, Kubernetes', LXC's and systemd-nspawn's, by the control groups that they make */
static bool in_container(int pid)
{
	static const char *const marks[] = { "/docker", "/libpod-", "/kubepods", "/cri-containerd-", "/crio-", "/lxc",
					     "/machine.slice/" };
	char path[64], *text;
	bool found = false;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	text = file_read(path, NULL);
	for (size_t i = 0; text && i < ARRAY_SIZE(marks); i++)
		found |= strstr(text, marks[i]) != NULL;
	free(text);
	return found;
}

/* Not by its mount namespace: each sandboxed unit has one, with our root. */
static enum answer is_elsewhere(int pid)
{
	char path[64], number[16], its_net[40], net[40];
	struct stat root, its_root;

	snprintf(number, sizeof(number), "%d", pid);
	snprintf(path, sizeof(path), "/proc/%d/root/.", pid);
	if (network(number, its_net) && network("self", net) && strcmp(its_net, net))
		return YES;
	if (file_lstat("/.", &root) || file_lstat(path, &its_root))
		return in_container(pid) ? YES : MAYBE;
	return root.st_dev != its_root.st_dev || root.st_ino != its_root.st_ino ? YES : NO;
}

static bool named(const char *name, const char *const names[])
{
	for (; *names; names++)
		if (!strncmp(name, *names, 15))
			return true;
	return false;
}

/* False if it is none of those, or nobody's daemon. A unit has its name if four letters are: chrony.service. */
static bool read_process(struct process *p, int pid, const char *const names[])
{
	char path[64];

	memset(p, 0, sizeof(*p));
	p->pid = pid;
	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	if (!file_read_line(path, p->name, sizeof(p->name)) || !named(p->name, names))
		return false;
	read_status(p);
	process_unit(pid, p->unit, sizeof(p->unit));
	if (!p->may_set_clock && (!p->unit[0] || strncmp(p->unit, p->name, 4)))
		return false;
	p->elsewhere = is_elsewhere(pid);
	return true;
}

static int by_number(const void *a, const void *b)
{
	const struct process *p = a, *q = b;

	return p->pid < q->pid ? -1 : p->pid > q->pid;
}

void processes_read(struct processes *p, const char *const names[])
{
	DIR *proc = file_dir("/proc");
	const struct dirent *d;
	struct process found;
	char second[16];
	uint64_t pid;

	/* Whoever sees the kernel's threads sees all. */
	*p = (struct processes){ .hidden = !file_read_line("/proc/2/comm", second, sizeof(second)) ||
					   strcmp(second, "kthreadd") };
	while (proc && (d = readdir(proc))) {
		if (!parse_u64(d->d_name, 1, 1 << 22, &pid) || !read_process(&found, pid, names))
			continue;
		p->list = realloc(p->list, (p->n + 1) * sizeof(*p->list));
		if (!p->list)
			die("out of memory");
		p->list[p->n++] = found;
	}
	if (proc)
		closedir(proc);
	if (p->n)
		qsort(p->list, p->n, sizeof(*p->list), by_number);
}

void processes_free(struct processes *p)
{
	free(p->list);
	*p = (struct processes){ .n = 0 };
}

bool process_path(const struct process *p, const char *path, char *found, size_t len)
{
	const char *through = path[0] == '/' ? p && p->elsewhere == YES ? "root" : NULL : "cwd";
	int n;

	if (!through)
		n = snprintf(found, len, "%s", path);
	else if (p)
		n = snprintf(found, len, "/proc/%d/%s/%s", p->pid, through, path);
	else
		n = snprintf(found, len, "/%s", path);
	return n >= 0 && (size_t)n < len;
}

/* --- command lines --- */

bool cmdline_read(struct cmdline *c, int pid)
{
	char path[64], *words;
	size_t len = 0;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	words = file_read(path, &len);
	cmdline_of(c, words, len);
	return words;
}

void cmdline_of(struct cmdline *c, char *words, size_t len)
{
	memset(c, 0, sizeof(*c));
	c->words = words;
	c->end = words ? words + len : NULL;
	cmdline_rewind(c);
}

void cmdline_rewind(struct cmdline *c)
{
	c->more = NULL;
	c->only_words = false;
	c->at = c->words < c->end ? c->words + strlen(c->words) + 1 : c->end;
}

void cmdline_free(struct cmdline *c)
{
	free(c->words);
	c->words = NULL;
}

const char *cmdline_word(struct cmdline *c)
{
	const char *word = c->at;

	if (word >= c->end)
		return NULL;
	c->at += strlen(word) + 1;
	return word;
}

static void long_option(struct cmdline *c, const char *word, struct cmdline_option *o)
{
	size_t n = strcspn(word, "=");

	snprintf(o->name, sizeof(o->name), "%.*s", (int)n, word);
	if (word[n])
		o->value = word + n + 1;
	else if (!c->long_with || has_word(c->long_with, o->name))
		o->value = cmdline_word(c);
}

static void letter(struct cmdline *c, const char *with, struct cmdline_option *o)
{
	o->letter = *c->more++;
	if (strchr(with, o->letter)) {
		o->value = *c->more ? c->more : cmdline_word(c);
		c->more = NULL;
	} else if (!*c->more) {
		c->more = NULL;
	}
}

bool cmdline_next(struct cmdline *c, const char *with, struct cmdline_option *o)
{
	const char *word;

	memset(o, 0, sizeof(*o));
	if (!c->more) {
		word = cmdline_word(c);
		if (word && !c->only_words && !strcmp(word, "--")) {
			c->only_words = true;
			word = cmdline_word(c);
		}
		if (!word)
			return false;
		if (c->only_words || word[0] != '-' || !word[1]) {
			o->value = word;
			return true;
		}
		if (word[1] == '-') {
			long_option(c, word + 2, o);
			return true;
		}
		c->more = word + 1;
	}
	letter(c, with, o);
	return true;
}
