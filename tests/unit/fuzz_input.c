// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A libFuzzer target for what comes from outside: chronyc's and pmc's output, versions, configurations and
 * command lines, processes, leap second lists, sysfs, KVM's debugfs, TripleO's environment files, config's journal,
 * the records of a host's clock, and what guard has left of them.
 * The first byte of the input says which. system/tree.c's functions are replaced by some that give the input as
 * every file, and readdir() and its kin (by -D) by some that give its lines as every directory's entries.
 */
#include <dirent.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chrony/chronyc.h"
#include "chrony/conf.h"
#include "chrony/refclock.h"
#include "chrony/service.h"
#include "config/generate.h"
#include "config/tripleo.h"
#include "facts/guests.h"
#include "facts/leap.h"
#include "linuxptp/conf.h"
#include "linuxptp/phc2sys.h"
#include "linuxptp/pmc.h"
#include "linuxptp/ptp4l.h"
#include "nic/fit.h"
#include "nic/nic.h"
#include "output/json.h"
#include "system/install.h"
#include "system/tree.h"
#include "time/host_clock.h"
#include "time/host_record.h"
#include "time/host_told.h"
#include "time/phc.h"
#include "time/steering.h"

#define MAX 8

static const char *text;	/* the input, ended by a NUL */
static size_t text_len;

const char *file_root = "/nonexistent";

const char *file_path(char buf[static FILE_PATH_MAX], const char *path)
{
	snprintf(buf, FILE_PATH_MAX, "%s%s", file_root, path);
	return buf;
}

bool file_exists(const char *path)
{
	(void)path;
	return true;
}

char *file_read(const char *path, size_t *len)
{
	char *copy = malloc(text_len + 50);
	int n = 0;

	if (!strcmp(path, HOST_TOLD))	/* of just now: an older one is not looked at */
		n = sprintf(copy, "boottime_ns=%lld\n", (long long)now_ns(CLOCK_BOOTTIME));
	memcpy(copy + n, text, text_len + 1);
	if (len)
		*len = n + text_len;
	return copy;
}

const char *file_error(int err)
{
	return strerror(err);
}

bool file_read_line(const char *path, char *line, size_t len)
{
	const char *text_or_map = strstr(path, "/uid_map") ? "0 0 4294967295" : text;
	size_t n = strcspn(text_or_map, "\n");

	errno = n < len ? 0 : EFBIG;
	snprintf(line, len, "%.*s", n < len ? (int)n : 0, text_or_map);
	return n && n < len;
}

static void must(bool good)
{
	if (!good)
		abort();
}

/* What is only looked at writes nothing. */
int file_write(const char *path, const void *data, size_t len, mode_t mode, char *reason, size_t reason_len)
{
	(void)path, (void)data, (void)len, (void)mode, (void)reason, (void)reason_len;
	abort();
}

int file_remove(const char *path, char *reason, size_t reason_len)
{
	(void)path, (void)reason, (void)reason_len;
	abort();
}

int file_lstat(const char *path, struct stat *st)
{
	const char *dot = strrchr(path, '.');

	*st = (struct stat){ .st_mode = S_IFREG, .st_size = text_len };
	errno = ENOENT;
	return dot && !strcmp(dot, ".service") ? 0 : -1;
}

ssize_t file_readlink(const char *path, char *target, size_t len)
{
	(void)path, (void)target, (void)len;
	return -1;
}

int file_rmdir(const char *path)
{
	(void)path;
	abort();
}

int file_rename(const char *from, const char *to)
{
	(void)from, (void)to;
	abort();
}

int file_link(const char *from, const char *to)
{
	(void)from, (void)to;
	abort();
}

/* None: each would be the input once more. */
bool phc_is_kvm(const struct phc *phc)
{
	return phc->name[0];
}

int file_glob(const char *pattern, char ***paths)
{
	(void)pattern;
	*paths = NULL;
	return 0;
}

void file_glob_free(char **paths, int n)
{
	(void)n;
	free(paths);
}

uint64_t file_hash(const void *data, size_t len)
{
	(void)data;
	return len;
}

struct directory {
	const char *at;
	struct dirent entry;
};

/* With readdir() and closedir() in what is tested */
DIR *file_dir(const char *path)
{
	struct directory *d = calloc(1, sizeof(*d));

	(void)path;
	d->at = text;
	return (DIR *)d;
}

struct dirent *readdir(DIR *dir)
{
	struct directory *d = (struct directory *)dir;
	size_t n = strcspn(d->at, "\n"), max = sizeof(d->entry.d_name) - 1;

	if (!*d->at)
		return NULL;
	snprintf(d->entry.d_name, sizeof(d->entry.d_name), "%.*s", (int)(n < max ? n : max), d->at);
	d->at += n + (d->at[n] == '\n');
	return &d->entry;
}

int closedir(DIR *dir)
{
	free(dir);
	return 0;
}

/* Filled, so that a string without its end is found. */
static char why[200];

static void reasoned(int n)
{
	must(n >= -1 && n <= MAX);
	if (n < 0)
		must(strlen(why) < sizeof(why) && strstr(why, "chronyc "));
}

static void fuzz_sources(void)
{
	struct chrony_source s[MAX];
	int n;

	memset(s, 'x', sizeof(s));
	n = chronyc_parse_sources(text, s, MAX, why, sizeof(why));
	reasoned(n);
	for (int i = 0; i < n; i++) {
		must(strchr("^=# ", s[i].mode) && strchr("*+-?x~ ", s[i].state));
		must(memchr(s[i].name, 0, sizeof(s[i].name)) && s[i].reach <= 0377 && s[i].stratum >= 0);
		must(isnan(s[i].last_rx) ? isnan(s[i].offset) && isnan(s[i].measured) && isnan(s[i].error) :
		     isfinite(s[i].offset) && isfinite(s[i].measured) && isfinite(s[i].error));
		must(isnan(s[i].last_rx) || s[i].last_rx >= 0);
	}
}

static void fuzz_tracking(void)
{
	struct chrony_tracking t;
	int n;

	memset(&t, 'x', sizeof(t));
	n = chronyc_parse_tracking(text, &t, why, sizeof(why));
	reasoned(n);
	if (n)
		return;
	must(strlen(t.refid) == 8 && memchr(t.name, 0, sizeof(t.name)) && memchr(t.leap, 0, sizeof(t.leap)));
	must(isfinite(t.system) && isfinite(t.update_interval));
}

static void fuzz_selectdata(void)
{
	struct chrony_selectdata s[MAX];
	int n;

	memset(s, 'x', sizeof(s));
	n = chronyc_parse_selectdata(text, s, MAX, why, sizeof(why));
	reasoned(n);
	for (int i = 0; i < n; i++)
		must(memchr(s[i].name, 0, sizeof(s[i].name)) && strlen(s[i].configured) <= 5 &&
		     strlen(s[i].effective) <= 5 && strchr("N+-?", s[i].leap));
}

static void fuzz_version(void)
{
	struct chrony_version v;
	bool good = chrony_version_parse(text, &v);

	must(good == (v.major > 0) && v.minor >= 0);
}

static int see(const struct chrony_directive *d, void *arg)
{
	int *count = arg;
	char value[16];

	must(d->name[0] && d->line > 0 && strlen(d->text) >= strlen(d->args));
	chrony_option(d->args, "poll", value, sizeof(value));
	return ++*count > 1000;
}

static void fuzz_conf(void)
{
	int count = 0;

	chrony_conf_walk("/chrony.conf", see, &count, why, sizeof(why));
}

static void fuzz_sysfs(void)
{
	struct phc phc = { .fd = -1, .path = "/dev/ptp0" };
	struct host_clock hc;

	memset(&hc, 'x', sizeof(hc));
	host_clock_read(&hc, &phc);
	must(hc.present && memchr(hc.leap, 0, sizeof(hc.leap)));
	must(hc.window_ns <= UINT32_MAX && hc.est_error_ns <= UINT32_MAX && hc.status <= HOST_UNRELIABLE);
}

/* What is written of names that came from outside is JSON still. */
static void fuzz_json(void)
{
	char *out = NULL;
	size_t len = 0;
	struct json j = { .f = open_memstream(&out, &len), .compact = true };

	json_string(&j, NULL, text);
	fclose(j.f);
	must(len >= 3 && out[0] == '"' && !strcmp(out + len - 2, "\"\n"));
	for (size_t i = 1; i < len - 2; i++) {
		must((unsigned char)out[i] >= 0x20 && out[i] != '"');
		if (out[i] == '\\')
			must(strchr("\"\\bfnrtu", out[++i]));
	}
	free(out);
}

static void fuzz_pmc(void)
{
	struct pmc_data d;
	int n;

	memset(&d, 'x', sizeof(d));
	n = pmc_parse(text, &d, why, sizeof(why));
	must(n >= -1 && d.n_ports >= 0 && d.n_ports <= PMC_PORTS_MAX);
	if (n < 0)
		must(memchr(why, 0, sizeof(why)) && !strchr(why, '\n'));
	must(!isinf(d.offset_ns) && !isinf(d.path_delay_ns) && d.gm_class <= 255);
	must(d.gm_class >= 0 || d.gm_class == UNKNOWN);
	must(memchr(d.grandmaster, 0, sizeof(d.grandmaster)) && memchr(d.identity, 0, sizeof(d.identity)));
	for (int i = 0; i < d.n_ports; i++)
		must(strlen(d.ports[i].identity) >= 20 && memchr(d.ports[i].state, 0, sizeof(d.ports[i].state)) &&
		     memchr(d.ports[i].interface, 0, sizeof(d.ports[i].interface)));
}

static void see_setting(const struct linuxptp_setting *s, void *arg)
{
	int *line = arg;

	must(s->line >= *line && !strpbrk(s->option, " \t\n") && !strchr(s->value, '\n'));
	must(s->option[0] || !s->value[0]);
	*line = s->line;
}

static void fuzz_linuxptp_conf(void)
{
	int line = 0;

	must(!linuxptp_conf_walk("/ptp4l.conf", see_setting, &line));
}

/* A command line, and the configuration that it names */
static void fuzz_phc2sys(void)
{
	struct phc2sys p;

	memset(&p, 'x', sizeof(p));
	must(phc2sys_read(&p, &(struct process){ .pid = 1 }));
	must(memchr(p.source, 0, sizeof(p.source)) && memchr(p.servo, 0, sizeof(p.servo)) && p.pid == 1);
}

static void fuzz_leap(void)
{
	struct leap_file leap = { .error = 0 };

	leap_list_parse(&leap, text, 1795000000);
	must(leap.tai_utc >= 0 && leap.tai_utc <= 1000 && leap.expires >= 0);
}

/* What was taken can stand in a configuration file. */
static void fuzz_tripleo(void)
{
	struct tripleo t = { .other_role = "" };
	char note[200] = "";
	struct params p;

	params_init(&p);
	if (tripleo_parse(&t, text, text_len, "e.yaml", "Compute", why, sizeof(why)) &&
	    tripleo_apply(&t, &p, note, sizeof(note), why, sizeof(why)) && params_complete(&p, why, sizeof(why))) {
		must(p.n_ports > 0 && p.n_ports <= PARAM_PORTS_MAX && p.n_servers <= PARAM_SERVERS_MAX);
		for (int i = 0; i < p.n_ports; i++)
			must(p.ports[i].name[0] && !strpbrk(p.ports[i].name, " \t\n[]#\"'$/") && p.ports[i].domain < 128);
		for (int i = 0; i < p.n_servers; i++)
			must(p.servers[i].name[0] && !strpbrk(p.servers[i].name, " \t\n[]#\"'$/"));
		for (int i = 0; i < PARAMS; i++)
			must(!strpbrk(p.from[i], "\n\r"));
	}
	must(memchr(note, 0, sizeof(note)) && memchr(t.other_role, 0, sizeof(t.other_role)));
	tripleo_free(&t);
}

static bool harmless(const char *s, size_t len)
{
	const char *end = memchr(s, 0, len);

	for (; end && s < end; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return false;
	return end;
}

static void fuzz_guests(void)
{
	static struct kvm_guests before, now;
	uint64_t n;

	must(kvm_guests_find(&before) && !before.why[0] && before.n <= KVM_GUESTS_MAX && before.left_out >= 0);
	now = before;
	for (int i = 0; i < now.n; i++) {
		const struct kvm_guest *g = &now.list[i];

		must(g->pid > 0 && g->vcpus >= 0 && memchr(g->name, 0, sizeof(g->name)));
		must(memchr(g->program, 0, sizeof(g->program)));
		must(!i || g->pid > g[-1].pid || (g->pid == g[-1].pid && g->fd >= g[-1].fd));
	}
	kvm_guests_served(&before, &now, &n);
	must(!n || now.n > 1);	/* two of the same number */
}

static void fuzz_ptp4l(void)
{
	struct processes all;

	steering_processes(&all);
	for (int i = 0; i < all.n; i++) {
		struct ptp4l of, *p = &of;

		memset(&of, 'x', sizeof(of));
		if (strcmp(all.list[i].name, "ptp4l") || !ptp4l_read(p, &all.list[i]))
			continue;
		must(p->pid > 0 && p->n_interfaces >= 0 && p->n_interfaces <= PTP4L_PORTS_MAX);
		for (int k = 0; k < p->n_interfaces; k++)
			must(harmless(p->interfaces[k], IFNAMSIZ) && !strpbrk(p->interfaces[k], " /:"));
		must(memchr(p->unit, 0, sizeof(p->unit)) && memchr(p->conf, 0, sizeof(p->conf)));
		must(memchr(p->servo, 0, sizeof(p->servo)) && memchr(p->leapfile, 0, sizeof(p->leapfile)));
		must(memchr(p->socket, 0, sizeof(p->socket)) && p->domain >= 0 && p->domain <= 255);
	}
	processes_free(&all);
}

static void fuzz_steering(void)
{
	struct steerer list[STEERERS_MAX];
	struct processes all;
	int n;

	memset(list, 'x', sizeof(list));
	steering_processes(&all);
	n = steering_find(list, &all);
	must(n >= 0 && n <= STEERERS_MAX);
	for (int i = 0; i < n; i++)
		must(memchr(list[i].name, 0, sizeof(list[i].name)) && memchr(list[i].unit, 0, sizeof(list[i].unit)) &&
		     memchr(list[i].from, 0, sizeof(list[i].from)) && (list[i].pid || list[i].at_boot));
	processes_free(&all);
}

static void fuzz_unit(void)
{
	struct unit u;

	unit_read(&u, "phc2sys@eth0.service");
	must(!u.exec_len == !u.exec && (!u.exec || !u.exec[u.exec_len - 1]));
	unit_free(&u);
}

static int see_refclock(const struct chrony_directive *d, void *arg)
{
	static struct refclock r;

	(void)arg;
	memset(&r, 'x', sizeof(r));
	if (refclock_read(&r, d))
		must(memchr(r.driver, 0, sizeof(r.driver)) && memchr(r.device, 0, sizeof(r.device)) &&
		     memchr(r.refid, 0, sizeof(r.refid)) && memchr(r.offset, 0, sizeof(r.offset)));
	return 0;
}

/* Its unit, its command line and its configuration, all of them the input */
static void fuzz_service(void)
{
	static struct chrony_service s;

	memset(&s, 'x', sizeof(s));
	if (!chrony_service_process(&s, 1))
		chrony_service_next(&s, NULL, text_len % 2);
	must(memchr(s.unit, 0, sizeof(s.unit)) && memchr(s.conf, 0, sizeof(s.conf)) &&
	     memchr(s.variable, 0, sizeof(s.variable)) && memchr(s.options, 0, sizeof(s.options)));
	must(!s.conf[0] || s.conf[0] == '/');
	must(chrony_service_walk(&s, see_refclock, NULL, why, sizeof(why)) >= -1);
}

/* A driver that answers with the input, as far as it goes */
static int answer(const char *name, void *cmd)
{
	uint32_t which = *(uint32_t *)cmd;
	size_t len = which == ETHTOOL_GDRVINFO ? sizeof(struct ethtool_drvinfo) : sizeof(struct ethtool_ts_info);

	(void)name;
	memcpy(cmd, text, text_len < len ? text_len : len);
	return text_len % 5 == 4 ? EOPNOTSUPP : 0;
}

static void fuzz_nic(void)
{
	char words[200];
	enum nic_fit fit;
	struct nic n;

	memset(&n, 'x', sizeof(n));
	nic_read(&n, "eth0", answer);
	must(memchr(n.driver, 0, sizeof(n.driver)) && memchr(n.phc_name, 0, sizeof(n.phc_name)) && n.phc >= -1);
	must(memchr(n.operstate, 0, sizeof(n.operstate)) && n.speed >= 0 && n.n_lower <= NIC_LOWER_MAX);
	for (int i = 0; i < n.n_lower; i++)
		must(memchr(n.lower[i], 0, sizeof(n.lower[i])));
	fit = nic_fit(&n, words, sizeof(words));
	must(words[0] && (fit != NIC_HARDWARE || n.phc >= 0) && (fit != NIC_SOFTWARE || nic_software(&n)));
}

static void fuzz_linuxptp_version(void)
{
	struct linuxptp_version v;

	if (linuxptp_version_parse(text, &v))
		must(v.major >= 0 && v.minor >= 0 && v.patch >= 0);
}

/* What it names is gone: there is one to write, none to remove, and nothing elsewhere is touched. */
static void fuzz_journal(void)
{
	static const char *const places[] = { "/etc/a.conf", "/etc/systemd/*.service.d/b.conf", NULL };
	struct install in = { .journal = "/etc/state", .marker = "#", .places = places };
	char reason[700];

	install_want(&in, places[0], "#", 1, false);
	if (install_plan(&in, reason, sizeof(reason)))
		for (int i = 0; i < in.n; i++)
			must(in.files[i].what == (i ? INSTALL_GONE : INSTALL_WRITE) &&
			     !strncmp(in.files[i].path, "/etc/", 5) && !strstr(in.files[i].path, "/../"));
	else
		must(memchr(reason, 0, sizeof(reason)) && reason[0]);
	install_free(&in);
}

/* What was taken is in range, is the same when it is sent on, and needs nothing behind it. */
static void fuzz_record(void)
{
	unsigned char buf[HOST_RECORD_SIZE];
	struct host_record r, again;
	int n;

	memset(&r, 'x', sizeof(r));
	n = host_record_decode(&r, text, text_len, why, sizeof(why));
	must(n >= -1 && n <= (int)text_len && (n <= 0 || n >= HOST_RECORD_SIZE) && n <= HOST_RECORD_SIZE_MAX);
	must(n >= 0 || memchr(why, 0, sizeof(why)));
	if (n <= 0)
		return;
	must(r.time_ns >= 0 && r.status <= HOST_UNRELIABLE && r.source <= HOST_CLOCK_SOURCE_PTP4L);
	must(r.has_max_error == !!r.max_error_ns && r.max_error_ns <= HOST_RECORD_ERROR_MAX_NS);
	must(r.has_ref_error == !!r.ref_error_ns && r.ref_error_ns <= HOST_RECORD_ERROR_MAX_NS);
	must(r.leap <= KVM_CLOCK_PAIRING_LEAP_POST_NEG && r.smear <= KVM_CLOCK_PAIRING_SMEAR_UTC_SLS);
	must(host_record_decode(&again, text, n, why, sizeof(why)) == n);
	host_record_encode(buf, &r);
	memset(&again, 0, sizeof(again));
	must(host_record_decode(&again, buf, sizeof(buf), why, sizeof(why)) == HOST_RECORD_SIZE);
	must(!memcmp(&again.host_id, &r.host_id, sizeof(r.host_id)) && again.marker == r.marker &&
	     again.has_host == r.has_host &&
	     again.time_ns == r.time_ns && again.max_error_ns == r.max_error_ns &&
	     again.ref_error_ns == r.ref_error_ns && again.drift_ppb == r.drift_ppb &&
	     again.has_tai_offset == r.has_tai_offset && again.tai_offset == r.tai_offset &&
	     again.status == r.status && again.source == r.source && again.has_leap == r.has_leap &&
	     again.leap == r.leap && again.has_smear == r.has_smear && again.smear == r.smear);
}

static void fuzz_told(void)
{
	struct phc phc = { .fd = -1, .path = "/none", .name = "x" };
	struct host_clock hc;

	memset(&hc, 'x', sizeof(hc));
	host_clock_read(&hc, &phc);
	must(!hc.present && (hc.from == HOST_BY_VSOCK || strlen(text) != text_len || text_len > 900));
	if (hc.from != HOST_BY_VSOCK)
		return;
	must(hc.age_ns >= 0 && hc.age_ns <= HOST_TOLD_FRESH && hc.status <= HOST_UNRELIABLE);
	must(memchr(hc.leap, 0, sizeof(hc.leap)) && memchr(hc.smear, 0, sizeof(hc.smear)));
	must(memchr(hc.bound_source, 0, sizeof(hc.bound_source)) && (!hc.host_id[0] || strlen(hc.host_id) == 32));
	must((!hc.has_max_error || hc.max_error_ns) && (!hc.has_ref_error || hc.ref_error_ns));
	must(hc.has_smear == !!hc.smear[0] && hc.has_leap == !!hc.leap[0]);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static void (*const targets[])(void) = {
		fuzz_sources, fuzz_tracking, fuzz_selectdata, fuzz_version, fuzz_conf, fuzz_sysfs,
		fuzz_json, fuzz_pmc, fuzz_linuxptp_conf, fuzz_phc2sys, fuzz_leap,
		fuzz_tripleo, fuzz_guests, fuzz_ptp4l, fuzz_steering, fuzz_unit, fuzz_nic, fuzz_linuxptp_version, fuzz_journal,
		fuzz_service, fuzz_record, fuzz_told,
	};
	char *copy;

	if (!size)
		return 0;
	copy = malloc(size);
	memcpy(copy, data + 1, size - 1);
	copy[size - 1] = 0;
	text = copy;
	text_len = size - 1;
	memset(why, 'x', sizeof(why));
	targets[data[0] % (sizeof(targets) / sizeof(targets[0]))]();
	free(copy);
	return 0;
}
