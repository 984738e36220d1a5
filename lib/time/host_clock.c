// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/array.h"
#include "base/numbers.h"
#include "base/text.h"
#include "system/tree.h"
#include "time/host_clock.h"

/* As Documentation/ABI/sysfs-ptp_kvm has them */
static const char *const status_names[] = {
	[HOST_UNKNOWN] = "unknown",
	[HOST_INITIALIZING] = "initializing",
	[HOST_SYNCHRONIZED] = "synchronized",
	[HOST_FREE_RUNNING] = "free-running",
	[HOST_UNRELIABLE] = "unreliable",
};

/* By enum kvm_clock_pairing_leap */
static const char *const leap_names[] = {
	"none", "insert-pending", "delete-pending", "inserting", "inserted", "deleted",
};

const char *host_status_name(enum host_status status)
{
	return (size_t)status < ARRAY_SIZE(status_names) ? status_names[status] : "unknown";
}

bool host_unsynchronized(const struct host_clock *hc)
{
	return hc->has_status && (hc->status == HOST_INITIALIZING || hc->status == HOST_FREE_RUNNING ||
				  hc->status == HOST_UNRELIABLE);
}

const char *host_leap_name(unsigned int leap)
{
	return leap < ARRAY_SIZE(leap_names) ? leap_names[leap] : "unknown";
}

/* "ptp0", from /dev/ptp0 or a link to it; NULL if it is neither. */
static const char *node_name(const struct phc *phc, char *buf, size_t len)
{
	const char *name = base_name(phc->path);
	ssize_t n = file_readlink(phc->path, buf, len - 1);
	uint64_t number;

	if (n > 0) {
		buf[n] = 0;
		name = base_name(buf);
	}
	if (strncmp(name, "ptp", 3) || !parse_u64(name + 3, 0, INT_MAX, &number))
		return NULL;
	return name;
}

/* The directory of host_clock/ for this clock: by the device's number where it is open, else by its name. */
static bool find_dir(const struct phc *phc, char *dir, size_t len)
{
	char buf[PATH_MAX];
	const char *name;
	struct stat st;

	if (phc->fd >= 0 && !fstat(phc->fd, &st) && S_ISCHR(st.st_mode)) {
		snprintf(dir, len, "/sys/dev/char/%u:%u/device/host_clock", major(st.st_rdev),
			 minor(st.st_rdev));
		if (file_exists(dir))
			return true;
	}
	name = node_name(phc, buf, sizeof(buf));
	if (!name)
		return false;
	snprintf(dir, len, "/sys/class/ptp/%.40s/device/host_clock", name);
	return file_exists(dir);
}

/* Where values are from */
struct values {
	char dir[160];
	char pair[1024];	/* all of them, of one instant: " NAME=VALUE NAME=VALUE ". Empty: the driver is 0.1.0's, a file for each */
};

/* The one line of a file without its newline. 0, or an errno: EPROTO if there is more or less than a line. */
static int read_file(const char *dir, const char *file, char *val, size_t len)
{
	char path[200], *text;
	size_t n;
	int err;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	text = file_read(path, &n);
	if (!text)
		return errno ? errno : EIO;
	if (n && text[n - 1] == '\n')
		text[--n] = 0;
	err = n && n < len && strlen(text) == n && !strchr(text, '\n') ? 0 : EPROTO;
	if (!err)
		memcpy(val, text, n + 1);
	free(text);
	return err;
}

/* As read_file(); ENOENT also where the pair has no such value */
static int read_value(const struct values *v, const char *name, char *val, size_t len)
{
	const char *at = v->pair;
	size_t n = strlen(name);

	if (!v->pair[0])
		return read_file(v->dir, name, val, len);
	while ((at = strchr(at, ' ')) && (strncmp(++at, name, n) || at[n] != '='))
		;
	if (!at)
		return ENOENT;
	at += n + 1;
	n = strcspn(at, " ");
	if (!n || n >= len)
		return EPROTO;
	snprintf(val, len, "%.*s", (int)n, at);
	return 0;
}

/* 0, or an errno: how the host answers */
static int read_pair(struct values *v)
{
	char line[sizeof(v->pair) - 2];
	int err = read_file(v->dir, "pair", line, sizeof(line));

	v->pair[0] = 0;
	if (!err)
		snprintf(v->pair, sizeof(v->pair), " %s ", line);
	return err == ENOENT ? 0 : err;
}

static bool read_u64(const struct values *v, const char *name, uint64_t max, uint64_t *val)
{
	char s[32];

	return !read_value(v, name, s, sizeof(s)) && parse_u64(s, 0, max, val);
}

static bool read_tai(const struct values *values, int *val)
{
	char s[32];
	int64_t v;

	if (read_value(values, "tai_offset", s, sizeof(s)) || !parse_s64(s, INT16_MIN, INT16_MAX, &v))
		return false;
	*val = v;
	return true;
}

/* "0x0123456789abcdef" */
static bool read_marker(const struct values *v, uint64_t *val)
{
	char s[32];

	if (read_value(v, "disruption_marker", s, sizeof(s)) || strlen(s) != 18 || strncmp(s, "0x", 2))
		return false;
	for (const char *p = s + 2; *p; p++)
		if (!isxdigit((unsigned char)*p))
			return false;
	*val = strtoull(s, NULL, 16);
	return true;
}

/* The index of its word in names, -1 if it is none of them. */
static int read_word(const struct values *v, const char *name, const char *const *names, size_t n)
{
	char s[32];

	if (!read_value(v, name, s, sizeof(s)))
		for (size_t i = 0; i < n; i++)
			if (!strcmp(s, names[i]))
				return i;
	return -1;
}

/* Both are EOPNOTSUPP to who reads the clock; which of them it is tells the driver, if that is ours. */
const char *host_clock_why(const struct phc *phc, int err)
{
	struct host_clock hc;

	if (err != EOPNOTSUPP || !phc_is_kvm(phc))
		return strerror(err);
	host_clock_read(&hc, phc);
	return hc.error == ENOSYS ? HOST_TOO_OLD : HOST_REFUSES;
}

void host_clock_read(struct host_clock *hc, const struct phc *phc)
{
	struct values v;
	char s[32];
	uint64_t type;
	bool no_bound;
	int word;

	memset(hc, 0, sizeof(*hc));
	hc->present = find_dir(phc, v.dir, sizeof(v.dir));
	if (!hc->present)
		return;
	hc->error = read_pair(&v);
	if (!hc->error)
		hc->error = read_value(&v, "pairing_type", s, sizeof(s));
	if (hc->error)
		return;
	if (!parse_u64(s, 0, INT_MAX, &type)) {
		hc->error = EPROTO;
		return;
	}
	hc->pairing_type = type;
	hc->has_window = read_u64(&v, "window_ns", UINT32_MAX, &hc->window_ns);
	hc->has_max_error = read_u64(&v, "max_error_ns", UINT64_MAX, &hc->max_error_ns);
	/* phc2sys and others leave the host's kernel a bound of 0 with each update: it is none, nor is the estimate then. */
	no_bound = hc->has_max_error && !hc->max_error_ns;
	hc->has_max_error &= !no_bound;
	hc->has_est_error = !no_bound && read_u64(&v, "est_error_ns", UINT32_MAX, &hc->est_error_ns);
	hc->has_tai_offset = read_tai(&v, &hc->tai_offset);
	hc->has_marker = read_marker(&v, &hc->marker);
	word = read_word(&v, "status", status_names, ARRAY_SIZE(status_names));
	hc->has_status = word >= 0;
	hc->status = hc->has_status ? (enum host_status)word : HOST_UNKNOWN;
	word = read_word(&v, "leap_indicator", leap_names, ARRAY_SIZE(leap_names));
	hc->has_leap = word >= 0;
	if (hc->has_leap)
		snprintf(hc->leap, sizeof(hc->leap), "%s", leap_names[word]);
}
