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
#include "base/now.h"
#include "base/numbers.h"
#include "base/text.h"
#include "system/tree.h"
#include "time/host_clock.h"
#include "time/host_told.h"

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

const char *host_clock_from_name(enum host_clock_from from)
{
	static const char *const names[] = { [HOST_BY_DRIVER] = "driver", [HOST_BY_VSOCK] = "vsock" };

	return (size_t)from < ARRAY_SIZE(names) ? names[from] : NULL;
}

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
	char all[1024];	/* of one instant: " NAME=VALUE NAME=VALUE ". Empty: the driver is 0.1.0's, a file for each */
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

/* As read_file(); ENOENT also where no such value is among them */
static int read_value(const struct values *v, const char *name, char *val, size_t len)
{
	const char *at = v->all;
	size_t n = strlen(name);

	if (!v->all[0])
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
	char line[sizeof(v->all) - 2];
	int err = read_file(v->dir, "pair", line, sizeof(line));

	v->all[0] = 0;
	if (!err)
		snprintf(v->all, sizeof(v->all), " %s ", line);
	return err == ENOENT ? 0 : err;
}

/* What guard has left, a line for each. False if there is nothing, or more than it writes. */
static bool read_told(struct values *v)
{
	size_t len, n = 0;
	char *text = file_read(HOST_TOLD, &len);
	bool good = text && len && len < sizeof(v->all) - 2 && strlen(text) == len;

	v->all[0] = 0;
	if (good)
		n = snprintf(v->all, sizeof(v->all), " %s ", text);
	free(text);
	for (size_t i = 0; i < n; i++)
		if (v->all[i] == '\n')
			v->all[i] = ' ';
	return good;
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

static void read_smear(struct host_clock *hc, const struct values *v)
{
	char s[sizeof(hc->smear)];

	hc->has_smear = false;
	if (!read_value(v, "smear", s, sizeof(s)))
		for (int i = 0; i <= KVM_CLOCK_PAIRING_SMEAR_UTC_SLS; i++)
			hc->has_smear |= !strcmp(s, host_record_smear_name(i));
	snprintf(hc->smear, sizeof(hc->smear), "%s", hc->has_smear ? s : "");
}

static void read_source(struct host_clock *hc, const struct values *v)
{
	char s[sizeof(hc->bound_source)];

	strcpy(hc->bound_source, "none");
	if (!read_value(v, "bound_source", s, sizeof(s)))
		for (int i = 0; i <= HOST_CLOCK_SOURCE_PTP4L; i++)
			if (!strcmp(s, host_record_source_name(i)))
				strcpy(hc->bound_source, s);
}

static void read_host_id(struct host_clock *hc, const struct values *v)
{
	char s[sizeof(hc->host_id)];

	if (!read_value(v, "host_id", s, sizeof(s)) && strlen(s) == sizeof(s) - 1 &&
	    strspn(s, "0123456789abcdef") == sizeof(s) - 1)
		strcpy(hc->host_id, s);
}

/* How good the clock is, and what it says of UTC */
static void read_quality(struct host_clock *hc, const struct values *v)
{
	bool no_bound;
	int word;

	hc->has_max_error = read_u64(v, "max_error_ns", UINT64_MAX, &hc->max_error_ns);
	/* phc2sys and others leave the host's kernel a bound of 0 with each update: it is none, nor is the estimate then. */
	no_bound = hc->has_max_error && !hc->max_error_ns;
	hc->has_max_error &= !no_bound;
	hc->has_est_error = !no_bound && read_u64(v, "est_error_ns", UINT32_MAX, &hc->est_error_ns);
	hc->has_tai_offset = read_tai(v, &hc->tai_offset);
	hc->has_marker = read_marker(v, &hc->marker);
	word = read_word(v, "status", status_names, ARRAY_SIZE(status_names));
	hc->has_status = word >= 0;
	hc->status = hc->has_status ? (enum host_status)word : HOST_UNKNOWN;
	word = read_word(v, "leap_indicator", leap_names, ARRAY_SIZE(leap_names));
	hc->has_leap = word >= 0;
	snprintf(hc->leap, sizeof(hc->leap), "%s", hc->has_leap ? leap_names[word] : "");
	read_smear(hc, v);
}

static void read_driver(struct host_clock *hc, const struct phc *phc)
{
	struct values v;
	char s[32];
	uint64_t type;

	hc->present = find_dir(phc, v.dir, sizeof(v.dir));
	if (!hc->present)
		return;
	hc->error = read_pair(&v);
	if (!hc->error)
		hc->error = read_value(&v, "pairing_type", s, sizeof(s));
	if (!hc->error && !parse_u64(s, 0, INT_MAX, &type))
		hc->error = EPROTO;
	if (hc->error)
		return;
	hc->pairing_type = type;
	hc->has_window = read_u64(&v, "window_ns", UINT32_MAX, &hc->window_ns);
	read_quality(hc, &v);
	if (hc->has_status || hc->has_max_error || hc->has_marker)
		hc->from = HOST_BY_DRIVER;
}

/* A bound of then, as it is now */
static uint64_t grown(const struct host_clock *hc, uint64_t bound)
{
	uint64_t by = (hc->age_ns / 1000 * hc->drift_ppb + 999999) / 1000000;

	return bound > UINT64_MAX - by ? UINT64_MAX : bound + by;
}

/* All of it goes before what the driver has said: one host, one word. */
static void read_vsock(struct host_clock *hc)
{
	uint64_t made, drift = 0;
	struct values v;

	if (!read_told(&v) || !read_u64(&v, "boottime_ns", INT64_MAX, &made))
		return;
	hc->age_ns = now_ns(CLOCK_BOOTTIME) - (int64_t)made;
	if (hc->age_ns < 0 || hc->age_ns > HOST_TOLD_FRESH) {
		hc->age_ns = 0;
		return;
	}
	hc->from = HOST_BY_VSOCK;
	read_quality(hc, &v);
	read_source(hc, &v);
	read_host_id(hc, &v);
	hc->has_ref_error = read_u64(&v, "ref_error_ns", UINT64_MAX, &hc->ref_error_ns) && hc->ref_error_ns;
	read_u64(&v, "drift_ppb", UINT32_MAX, &drift);
	hc->drift_ppb = drift;
	if (hc->has_max_error)
		hc->max_error_ns = grown(hc, hc->max_error_ns);
	if (hc->has_ref_error)
		hc->ref_error_ns = grown(hc, hc->ref_error_ns);
}

void host_clock_read(struct host_clock *hc, const struct phc *phc)
{
	memset(hc, 0, sizeof(*hc));
	read_driver(hc, phc);
	if (phc_is_kvm(phc))
		read_vsock(hc);
}
