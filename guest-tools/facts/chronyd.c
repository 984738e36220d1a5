// SPDX-License-Identifier: GPL-2.0-or-later
/* chronyd as it was started, as it is configured, and as it says it is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/numbers.h"
#include "base/text.h"
#include "chrony/conf.h"
#include "facts/facts.h"
#include "facts/ours.h"
#include "system/tree.h"

/* chronyd's options that take an argument (main.c of chrony 4) */
#define OPTIONS_WITH_ARGUMENT "fFlLNPtu"

/* --- what the configuration says --- */

/* "ptp0": what a device's path is in the end, below file_root; empty if it is no /dev/ptpN. */
static void resolve_node(const char *device, char *node, size_t len)
{
	char target[FILE_PATH_MAX];
	const char *name = device;
	ssize_t n = file_readlink(device, target, sizeof(target) - 1);
	uint64_t number;

	node[0] = 0;
	if (n > 0) {
		target[n] = 0;
		name = target;
	}
	name = base_name(name);
	if (!strncmp(name, "ptp", 3) && parse_u64(name + 3, 0, 9999999, &number))
		snprintf(node, len, "ptp%u", (unsigned int)number);
}

static void clock_name(const char *node, char *name, size_t len)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/class/ptp/%s/clock_name", node);
	name[0] = 0;
	if (node[0])
		file_read_line(path, name, len);
}

/* A word that is an option by itself, not the name that refid or lock gives. */
static bool has_flag(const char *args, const char *flag)
{
	char words[300], *save, *word;
	bool name = false;

	snprintf(words, sizeof(words), "%.299s", args);
	for (word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		if (!name && !strcasecmp(word, flag))
			return true;
		name = !strcasecmp(word, "refid") || !strcasecmp(word, "lock");
	}
	return false;
}

/* args: "PHC /dev/ptp_kvm:nocrossts refid KVM …"; index: among all refclocks */
static void add_refclock(struct check_facts *f, const struct chrony_directive *d, int index)
{
	struct chrony_facts *c = &f->chrony;
	struct refclock_fact *r;
	char word[300], value[32], *colon;
	const char *args = d->args + strlen("PHC ");
	uint64_t number;

	if (c->n_refclocks == CHECK_REFCLOCKS_MAX)
		return;
	r = &c->refclocks[c->n_refclocks++];
	memset(r, 0, sizeof(*r));
	snprintf(word, sizeof(word), "%.*s", (int)strcspn(args, " "), args);
	colon = strchr(word, ':');
	if (colon)
		*colon++ = 0;
	r->nocrossts = colon && strstr(colon, "nocrossts");
	snprintf(r->device, sizeof(r->device), "%.127s", word);
	resolve_node(r->device, r->node, sizeof(r->node));
	clock_name(r->node, r->clock_name, sizeof(r->clock_name));
	r->ours = r->node[0] ? !strcmp(r->node, f->node) : !strcmp(r->device, "/dev/ptp_kvm");
	r->by_number = !strncmp(r->device, "/dev/ptp", 8) && parse_u64(r->device + 8, 0, UINT64_MAX, &number);

	args += strcspn(args, " ");
	r->optional = has_flag(args, "optional");
	r->prefer = has_flag(args, "prefer");
	r->noselect = has_flag(args, "noselect");
	r->require = has_flag(args, "require");
	r->tai = has_flag(args, "tai");
	if (chrony_option(args, "offset", value, sizeof(value))) {
		bool minus = value[0] == '-';

		if (parse_decimal(value + minus, 0, 1e9, &r->offset) && minus)
			r->offset = -r->offset;
	}
	if (!chrony_option(args, "refid", r->refid, 5))
		snprintf(r->refid, sizeof(r->refid), "PHC%d", index % 10);
	snprintf(r->file, sizeof(r->file), "%.127s", d->file);
	r->line = d->line;
}

struct seen {
	struct check_facts *f;
	int refclocks;		/* of every driver */
};

static void add_server(struct chrony_facts *c, const struct chrony_directive *d)
{
	struct server_facts *s = &c->servers;

	const char *suffix = strrchr(d->file, '.');

	s->count++;
	if (!strncmp(d->file, "/run/", 5) && suffix && !strcmp(suffix, ".sources")) {
		s->dhcp++;
		snprintf(s->dhcp_file, sizeof(s->dhcp_file), "%.127s", d->file);
	}
	if (!s->prefer[0] && has_flag(d->args, "prefer"))
		snprintf(s->prefer, sizeof(s->prefer), "%.100s:%d", d->file, d->line);
}

static int see(const struct chrony_directive *d, void *arg)
{
	struct seen *seen = arg;
	struct chrony_facts *c = &seen->f->chrony;

	limits_see(&c->limits, d);
	if (!strcmp(d->name, "refclock")) {
		if (!strncasecmp(d->args, "PHC ", 4))
			add_refclock(seen->f, d, seen->refclocks);
		seen->refclocks++;
	} else if (!strcmp(d->name, "server") || !strcmp(d->name, "pool") || !strcmp(d->name, "peer")) {
		add_server(c, d);
	} else if (!strcmp(d->name, "leapsecmode")) {
		snprintf(c->leapsecmode, sizeof(c->leapsecmode), "%.15s", d->args);
	}
	return 0;
}

/* --- what chronyd was started with --- */

/*
 * The words of /proc/PID/cmdline: the file of -f goes to conf. False if there were directives among them:
 * chronyd then reads no file, and it cuts them up where they stand, so that nobody can read them any more.
 */
static bool read_cmdline(const char *words, size_t len, char *conf, size_t conf_len)
{
	const char *word = words, *end = words + len, *want = NULL;

	for (word += strlen(word) + 1; word < end; word += strlen(word) + 1) {
		if (want) {
			if (*want == 'f')
				snprintf(conf, conf_len, "%s", word);
			want = NULL;
		} else if (word[0] == '-' && word[1]) {
			want = strpbrk(word + 1, OPTIONS_WITH_ARGUMENT);
			if (want && want[1]) {
				if (*want == 'f')
					snprintf(conf, conf_len, "%s", want + 1);
				want = NULL;
			}
		} else if (word[0]) {
			return false;
		}
	}
	return true;
}

static char *chronyd_cmdline(int pid, size_t *len)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	return pid ? file_read(path, len) : NULL;
}

static void gather_conf(struct check_facts *f, int pid)
{
	const struct chrony_layout *layout = chrony_layout();
	struct chrony_facts *c = &f->chrony;
	struct seen seen = { .f = f };
	size_t len;
	char *words = chronyd_cmdline(pid, &len);

	c->process = words != NULL;
	c->by_hand = words && !read_cmdline(words, len, c->conf, sizeof(c->conf));
	free(words);
	if (c->by_hand) {
		c->conf[0] = 0;
		snprintf(c->conf_why, sizeof(c->conf_why),
			 "chronyd was started with directives, not with a file");
		return;
	}
	if (!c->conf[0] && !c->process && layout && file_exists(setup_generated(layout)))
		snprintf(c->conf, sizeof(c->conf), "%s", setup_generated(layout));
	else if (!c->conf[0] && layout)
		snprintf(c->conf, sizeof(c->conf), "%s", layout->conf);
	if (!c->conf[0])
		snprintf(c->conf_why, sizeof(c->conf_why), "there is no chrony.conf");
	else
		c->conf_read = !chrony_conf_walk(c->conf, see, &seen, c->conf_why, sizeof(c->conf_why));
}

const struct refclock_fact *check_refclock(const struct chrony_facts *c)
{
	for (int i = 0; i < c->n_refclocks; i++)
		if (c->refclocks[i].ours)
			return &c->refclocks[i];
	return NULL;
}

/* --- what it says --- */

/* The running chronyd has been told not to select it, as guard does from 4.4 on. Only root may ask. */
static bool told_noselect(const char *refid)
{
	static struct chrony_selectdata list[CHECK_SOURCES_MAX];
	char why[200];
	int n = chronyc_selectdata(list, CHECK_SOURCES_MAX, why, sizeof(why));

	for (int i = 0; i < n; i++)
		if (!strcmp(list[i].name, refid) && strchr(list[i].effective, 'N'))
			return true;
	return false;
}

static void ask(struct check_facts *f)
{
	const struct refclock_fact *r = check_refclock(&f->chrony);
	struct chrony_facts *c = &f->chrony;
	int n;

	c->installed = chrony_version_installed(&c->version, c->installed_why, sizeof(c->installed_why));
	n = chronyc_sources(c->sources, CHECK_SOURCES_MAX, c->answers_why, sizeof(c->answers_why));
	c->answers = n >= 0;
	c->n_sources = n >= 0 ? n : 0;
	for (int i = 0; i < c->n_sources; i++)
		if (f->root && r && c->sources[i].mode == '#' && c->sources[i].state == '?' &&
		    !strcmp(c->sources[i].name, r->refid))
			c->noselect = told_noselect(r->refid);
}

void check_gather_chrony(struct check_facts *f, int pid)
{
	gather_conf(f, pid);
	if (!f->offline)
		ask(f);
}
