// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/array.h"
#include "base/now.h"
#include "base/text.h"
#include "chrony/refclock.h"
#include "system/tree.h"
#include "time/phc.h"

static const char *const method_names[PHC_METHODS] = {
	[PHC_PRECISE] = "precise",
	[PHC_EXTENDED] = "extended",
	[PHC_OFFSET] = "offset",
	[PHC_GETTIME] = "gettime",
};

int phc_method(const char *name)
{
	for (int m = 0; m < PHC_METHODS; m++)
		if (!strcmp(name, method_names[m]))
			return m;
	return -1;
}

const char *phc_method_name(enum phc_method m)
{
	return method_names[m];
}

/* The first line of a file, without its newline; empty if it can't be read. */
static void read_line(const char *path, char *line, size_t len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	line[0] = 0;
	if (fd < 0)
		return;
	n = read(fd, line, len - 1);
	close(fd);
	line[n > 0 ? n : 0] = 0;
	line[strcspn(line, "\n")] = 0;
}

void phc_device(const char *node, char path[static PHC_DEVICE_LEN])
{
	char attr[PHC_DEVICE_LEN + 20], number[32], found[32];
	struct stat st;

	snprintf(path, PHC_DEVICE_LEN, "/dev/%.60s", node);
	snprintf(attr, sizeof(attr), "/sys/class/ptp/%.60s/dev", node);
	if (file_exists(path) || !file_read_line(attr, number, sizeof(number)) || file_lstat(REFCLOCK_LINK, &st) ||
	    !S_ISCHR(st.st_mode))
		return;
	snprintf(found, sizeof(found), "%u:%u", major(st.st_rdev), minor(st.st_rdev));
	if (!strcmp(found, number))
		strcpy(path, REFCLOCK_LINK);
}

static bool rule_names(const char *file, const char *name)
{
	char *text = file_read(file, NULL), *rest = text, *line, *at;
	bool found = false;

	while ((line = strsep(&rest, "\n")))
		for (at = line; line[0] != '#' && strstr(line, PHC_KVM_NAME) && (at = strstr(at, name)); at++)
			found |= at > line && strchr("\" ", at[-1]) && strchr("\" ", at[strlen(name)]);
	free(text);
	return found;
}

bool phc_named_by_rule(const char *path)
{
	static const char *const rules[] = { "/etc/udev/rules.d/*.rules", "/usr/lib/udev/rules.d/*.rules",
					     "/lib/udev/rules.d/*.rules" };
	bool found = false;
	char **files;

	for (size_t i = 0; i < ARRAY_SIZE(rules) && !strncmp(path, "/dev/", 5) && path[5]; i++) {
		int n = file_glob(rules[i], &files);

		for (int k = 0; k < n; k++)
			found |= rule_names(files[k], path + 5);
		file_glob_free(files, n);
	}
	return found;
}

static int find_kvm(struct phc *phc, char *why, size_t len)
{
	char name[64], seen[400] = "";
	glob_t g = { 0 };
	int ret = -1;

	glob("/sys/class/ptp/ptp*", 0, NULL, &g);
	for (size_t i = 0; i < g.gl_pathc && ret; i++) {
		const char *node = base_name(g.gl_pathv[i]);
		size_t used = strlen(seen);
		char attr[300];

		snprintf(attr, sizeof(attr), "%s/clock_name", g.gl_pathv[i]);
		read_line(attr, name, sizeof(name));
		snprintf(seen + used, sizeof(seen) - used, "%s%s '%s'", used ? ", " : "", node, name);
		if (strcmp(name, PHC_KVM_NAME))
			continue;
		phc_device(node, phc->path);
		ret = 0;
	}
	if (ret)
		snprintf(why, len, "no PTP clock named '%s' in /sys/class/ptp (found: %s); is ptp_kvm loaded?",
			 PHC_KVM_NAME, seen[0] ? seen : "none");
	globfree(&g);
	return ret;
}

int phc_open(struct phc *phc, const char *path, int flags, char *why, size_t len)
{
	char attr[80];
	struct stat st;

	memset(phc, 0, sizeof(*phc));
	phc->fd = -1;
	if (path)
		snprintf(phc->path, sizeof(phc->path), "%s", path);
	else if (find_kvm(phc, why, len))
		return -1;

	phc->fd = open(phc->path, flags | O_CLOEXEC);
	if (phc->fd < 0 || fstat(phc->fd, &st)) {
		snprintf(why, len, "cannot open %s: %s", phc->path, strerror(errno));
		goto fail;
	}
	snprintf(attr, sizeof(attr), "/sys/dev/char/%u:%u/clock_name", major(st.st_rdev),
		 minor(st.st_rdev));
	if (S_ISCHR(st.st_mode))
		read_line(attr, phc->name, sizeof(phc->name));
	if (!phc->name[0]) {
		snprintf(why, len, "%s is not a PTP clock (no clock_name in sysfs)", phc->path);
		goto fail;
	}
	return 0;

fail:
	if (phc->fd >= 0)
		close(phc->fd);
	phc->fd = -1;
	return -1;
}

bool phc_is_kvm(const struct phc *phc)
{
	return !strcmp(phc->name, PHC_KVM_NAME);
}

static int64_t pct_ns(const struct ptp_clock_time *t)
{
	return t->sec * NSEC_PER_SEC + t->nsec;
}

static int read_precise(int fd, struct phc_sample *s)
{
	struct ptp_sys_offset_precise p = { 0 };

	if (ioctl(fd, PTP_SYS_OFFSET_PRECISE, &p))
		return errno;
	s->device = pct_ns(&p.device);
	s->pre = s->post = pct_ns(&p.sys_realtime);
	s->raw = pct_ns(&p.sys_monoraw);
	return 0;
}

static int read_extended(int fd, struct phc_sample *s)
{
	struct ptp_sys_offset_extended e = { .n_samples = 1 };

	if (ioctl(fd, PTP_SYS_OFFSET_EXTENDED, &e))
		return errno;
	s->pre = pct_ns(&e.ts[0][0]);
	s->device = pct_ns(&e.ts[0][1]);
	s->post = pct_ns(&e.ts[0][2]);
	return 0;
}

static int read_offset(int fd, struct phc_sample *s)
{
	struct ptp_sys_offset o = { .n_samples = 1 };

	if (ioctl(fd, PTP_SYS_OFFSET, &o))
		return errno;
	s->pre = pct_ns(&o.ts[0]);
	s->device = pct_ns(&o.ts[1]);
	s->post = pct_ns(&o.ts[2]);
	return 0;
}

static int read_gettime(int fd, struct phc_sample *s)
{
	struct timespec pre, dev, post;

	clock_gettime(CLOCK_REALTIME, &pre);
	if (clock_gettime(phc_clockid(fd), &dev))
		return errno;
	clock_gettime(CLOCK_REALTIME, &post);
	s->pre = ts_ns(&pre);
	s->device = ts_ns(&dev);
	s->post = ts_ns(&post);
	return 0;
}

int phc_read(int fd, enum phc_method m, struct phc_sample *s)
{
	s->raw = 0;
	switch (m) {
	case PHC_PRECISE:
		return read_precise(fd, s);
	case PHC_EXTENDED:
		return read_extended(fd, s);
	case PHC_OFFSET:
		return read_offset(fd, s);
	default:
		return read_gettime(fd, s);
	}
}

#define TRIES 5

int phc_read_narrowest(int fd, enum phc_method m, struct phc_sample *best)
{
	struct phc_sample s;

	for (int i = 0; i < TRIES; i++) {
		int err = phc_read(fd, m, &s);

		if (err)
			return err;
		if (!i || s.post - s.pre < best->post - best->pre)
			*best = s;
		if (best->post == best->pre)
			break;
	}
	return 0;
}

int phc_read_best(int fd, enum phc_method *m, struct phc_sample *best)
{
	int err = EOPNOTSUPP;

	for (int i = 0; i < PHC_METHODS && err; i++) {
		err = phc_read_narrowest(fd, i, best);
		*m = i;
	}
	return err;
}

int64_t phc_offset(const struct phc_sample *s)
{
	return s->device - (s->pre + (s->post - s->pre) / 2);
}
