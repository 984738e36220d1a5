// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/numbers.h"
#include "linuxptp/pmc.h"
#include "system/run.h"

#define MAX_LINE 200	/* those that are known are shorter */

/* --- values --- */

/* "xxxxxx.xxxx.xxxxxx", and with a port "-1" behind it */
static bool read_identity(const char *s, bool port, char *identity)
{
	static const char form[] = "xxxxxx.xxxx.xxxxxx";
	size_t n = strlen(form);
	uint64_t number;

	for (size_t i = 0; i < n; i++)
		if (form[i] == 'x' ? !isxdigit((unsigned char)s[i]) : s[i] != form[i])
			return false;
	if (port ? s[n] != '-' || !parse_u64(s + n + 1, 0, 65535, &number) || strlen(s + n) > 6 : s[n] != 0)
		return false;
	strcpy(identity, s);
	return true;
}

static bool read_int(const char *s, int64_t min, int64_t max, int *val)
{
	int64_t v;

	if (!parse_s64(s, min, max, &v))
		return false;
	*val = v;
	return true;
}

/* "0xfe" */
static bool read_hex_byte(const char *s, int *val)
{
	if (strlen(s) != 4 || strncmp(s, "0x", 2) || !isxdigit((unsigned char)s[2]) ||
	    !isxdigit((unsigned char)s[3]))
		return false;
	*val = strtol(s + 2, NULL, 16);
	return true;
}

static bool read_bit(const char *s, int *val)
{
	*val = s[0] == '1';
	return (s[0] == '0' || s[0] == '1') && !s[1];
}

/* Nanoseconds with one digit behind the point, 48 bits before it */
static bool read_interval(const char *s, double *ns)
{
	bool minus = s[0] == '-';

	if (!parse_decimal(s + minus, 0, 281474976710656.0, ns))
		return false;
	if (minus)
		*ns = -*ns;
	return true;
}

/* Whole ones */
static bool read_ns(const char *s, double *ns)
{
	int64_t v;

	if (!parse_s64(s, INT64_MIN + 1, INT64_MAX, &v))
		return false;
	*ns = v;
	return true;
}

/* Letters, digits and what else interfaces and states are named with */
static bool read_name(const char *s, char *name, size_t len)
{
	if (!s[0] || strlen(s) >= len)
		return false;
	for (const char *c = s; *c; c++)
		if (!isgraph((unsigned char)*c))
			return false;
	strcpy(name, s);
	return true;
}

/* --- answers --- */

static bool default_field(struct pmc_data *d, const char *key, const char *val)
{
	if (!strcmp(key, "slaveOnly"))
		return read_bit(val, &d->slave_only);
	if (!strcmp(key, "numberPorts"))
		return read_int(val, 0, 65535, &d->number_ports);
	if (!strcmp(key, "clockClass"))
		return read_int(val, 0, 255, &d->clock_class);
	if (!strcmp(key, "domainNumber"))
		return read_int(val, 0, 255, &d->domain);
	if (!strcmp(key, "clockIdentity"))
		return read_identity(val, false, d->identity);
	return true;
}

static bool current_field(struct pmc_data *d, const char *key, const char *val)
{
	if (!strcmp(key, "stepsRemoved"))
		return read_int(val, -32768, 65535, &d->steps);
	if (!strcmp(key, "offsetFromMaster"))
		return read_interval(val, &d->offset_ns);
	if (!strcmp(key, "meanPathDelay"))
		return read_interval(val, &d->path_delay_ns);
	return true;
}

static bool parent_field(struct pmc_data *d, const char *key, const char *val)
{
	if (!strcmp(key, "gm.ClockClass"))
		return read_int(val, 0, 255, &d->gm_class);
	if (!strcmp(key, "gm.ClockAccuracy"))
		return read_hex_byte(val, &d->gm_accuracy);
	if (!strcmp(key, "grandmasterIdentity"))
		return read_identity(val, false, d->grandmaster);
	return true;
}

static bool time_field(struct pmc_data *d, const char *key, const char *val)
{
	if (!strcmp(key, "currentUtcOffset"))
		return read_int(val, -32768, 32767, &d->utc_offset);
	if (!strcmp(key, "currentUtcOffsetValid"))
		return read_bit(val, &d->utc_offset_valid);
	if (!strcmp(key, "ptpTimescale"))
		return read_bit(val, &d->ptp_timescale);
	if (!strcmp(key, "timeTraceable"))
		return read_bit(val, &d->time_traceable);
	if (!strcmp(key, "leap61"))
		return read_bit(val, &d->leap61);
	if (!strcmp(key, "leap59"))
		return read_bit(val, &d->leap59);
	return true;
}

static bool status_field(struct pmc_data *d, const char *key, const char *val)
{
	if (!strcmp(key, "master_offset"))
		return read_ns(val, &d->offset_ns);
	if (!strcmp(key, "ingress_time"))
		return read_ns(val, &d->ingress_ns);
	if (!strcmp(key, "gmPresent")) {
		d->gm_present = !strcmp(val, "true");
		return d->gm_present || !strcmp(val, "false");
	}
	return true;
}

/* That of the answer's port: PORT_DATA_SET and PORT_PROPERTIES_NP come apart. */
static struct pmc_port *the_port(struct pmc_data *d, const char *identity)
{
	for (int i = 0; i < d->n_ports; i++)
		if (!strcmp(d->ports[i].identity, identity))
			return &d->ports[i];
	if (d->n_ports == PMC_PORTS_MAX)
		return NULL;
	strcpy(d->ports[d->n_ports].identity, identity);
	d->ports[d->n_ports].log_sync = UNKNOWN;
	return &d->ports[d->n_ports++];
}

static bool port_field(struct pmc_data *d, const char *identity, const char *key, const char *val)
{
	struct pmc_port *p = the_port(d, identity);

	if (!p)
		return true;
	if (!strcmp(key, "portState"))
		return read_name(val, p->state, sizeof(p->state));
	if (!strcmp(key, "logSyncInterval"))
		return read_int(val, -128, 127, &p->log_sync);
	if (!strcmp(key, "timestamping"))
		return read_name(val, p->timestamping, sizeof(p->timestamping));
	if (!strcmp(key, "interface"))
		return read_name(val, p->interface, sizeof(p->interface));
	return true;
}

enum answer { OTHER, DEFAULT, CURRENT, PARENT, TIME, STATUS, PORT };

/* "\t6e2bee.fffe.8fb69c-1 seq 5 RESPONSE MANAGEMENT PORT_DATA_SET " */
static enum answer read_head(char *line, char *identity)
{
	static const char *const form[] = { NULL, "seq", NULL, "RESPONSE", "MANAGEMENT" };
	char *save, *word = strtok_r(line, " \t", &save);

	if (!word || !read_identity(word, true, identity))
		return OTHER;
	for (size_t i = 1; i < ARRAY_SIZE(form); i++) {
		word = strtok_r(NULL, " \t", &save);
		if (!word || (form[i] && strcmp(word, form[i])))
			return OTHER;
	}
	word = strtok_r(NULL, " \t", &save);
	if (!word)
		return OTHER;
	if (!strcmp(word, "DEFAULT_DATA_SET"))
		return DEFAULT;
	if (!strcmp(word, "CURRENT_DATA_SET"))
		return CURRENT;
	if (!strcmp(word, "PARENT_DATA_SET"))
		return PARENT;
	if (!strcmp(word, "TIME_PROPERTIES_DATA_SET"))
		return TIME;
	if (!strcmp(word, "TIME_STATUS_NP"))
		return STATUS;
	return !strcmp(word, "PORT_DATA_SET") || !strcmp(word, "PORT_PROPERTIES_NP") ? PORT : OTHER;
}

/* "\t\tportState               SLAVE" */
static bool read_field(struct pmc_data *d, enum answer in, const char *identity, char *line)
{
	char *save, *key = strtok_r(line, " \t", &save), *val = strtok_r(NULL, " \t", &save);

	if (!key)
		return true;
	if (!val)
		val = "";
	switch (in) {
	case DEFAULT:
		return default_field(d, key, val);
	case CURRENT:
		return current_field(d, key, val);
	case PARENT:
		return parent_field(d, key, val);
	case TIME:
		return time_field(d, key, val);
	case STATUS:
		return status_field(d, key, val);
	case PORT:
		return port_field(d, identity, key, val);
	default:
		return true;
	}
}

void pmc_unknown(struct pmc_data *d)
{
	*d = (struct pmc_data){
		.slave_only = UNKNOWN, .clock_class = UNKNOWN, .domain = UNKNOWN, .number_ports = UNKNOWN, .steps = UNKNOWN,
		.path_delay_ns = NAN, .gm_class = UNKNOWN, .gm_accuracy = UNKNOWN, .utc_offset = UNKNOWN,
		.utc_offset_valid = UNKNOWN, .ptp_timescale = UNKNOWN, .time_traceable = UNKNOWN, .leap61 = UNKNOWN,
		.leap59 = UNKNOWN, .ingress_ns = NAN, .gm_present = UNKNOWN, .offset_ns = NAN,
	};
}

double pmc_sync_wait(const struct pmc_data *d)
{
	double longest = 1e9;

	for (int i = 0; i < d->n_ports; i++)
		if (d->ports[i].log_sync != UNKNOWN)
			longest = fmax(longest, 4e9 * exp2(d->ports[i].log_sync));
	return fmin(longest, 16e9);
}

/*
 * ptp4l has 0 for what it never measured: the time of the last Sync before there was one (clock.c, ingress_ts); the path
 * delay before there was an answer to its questions, and without that no offset either (tsproc.c).
 */
static void settle_offset(struct pmc_data *d)
{
	if (d->path_delay_ns == 0)
		d->path_delay_ns = NAN;
	if (d->ingress_ns == 0 || (d->offset_ns == 0 && isnan(d->path_delay_ns)))
		d->offset_ns = NAN;
	d->offset_ns = 0.0 - d->offset_ns;	/* linuxptp's is this clock - its master's */
}

int pmc_parse(const char *text, struct pmc_data *d, char *why, size_t len)
{
	char line[MAX_LINE], identity[PMC_PORT_LEN] = "";
	enum answer in = OTHER;
	int answers = 0;
	size_t width;

	pmc_unknown(d);
	for (; *text; text += width + (text[width] == '\n')) {
		width = strcspn(text, "\n");
		snprintf(line, sizeof(line), "%.*s", (int)(width < MAX_LINE ? width : MAX_LINE), text);
		if (!strncmp(line, "\t\t", 2)) {
			if (read_field(d, in, identity, line))
				continue;
			snprintf(why, len, "pmc's output is not understood: '%.*s'", (int)strcspn(text + 2, "\n"),
				 text + 2);
			pmc_unknown(d);
			return -1;
		}
		if (line[0] != '\t')
			continue;	/* "sending: …", and what it logs */
		in = read_head(line, identity);
		answers += in != OTHER;
	}
	settle_offset(d);
	return answers;
}

/* --- asking --- */

/*
 * Where pmc's own socket is to be made. Root's is beside the others, where ptp4l's confinement lets it answer;
 * a user's in a directory of its own, which lets ptp4l through. False with the reason.
 */
static bool make_place(char *dir, size_t dir_len, char *path, size_t path_len, char *why, size_t len)
{
	const char *tmp = getenv("TMPDIR");

	dir[0] = 0;
	if (!geteuid()) {
		snprintf(path, path_len, "/var/run/pmc.ptpkvm.%d", getpid());
		return true;
	}
	snprintf(dir, dir_len, "%.60s/ptpkvm-pmc.XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(dir) || chmod(dir, 0711)) {
		snprintf(why, len, "cannot make %s: %s", dir, strerror(errno));
		dir[0] = 0;
		return false;
	}
	snprintf(path, path_len, "%s/pmc", dir);
	return true;
}

static enum pmc_result take(const struct run_result *res, struct pmc_data *d, char *why, size_t len)
{
	int answers;

	if (res->status) {
		run_explain(res, "pmc", PMC_TIMEOUT_MS, why, len);
		return res->status == RUN_NOT_FOUND ? PMC_ABSENT : PMC_FAILED;
	}
	answers = pmc_parse(res->out, d, why, len);
	if (answers < 0)
		return PMC_GARBLED;
	if (!answers) {
		snprintf(why, len, "no answer from ptp4l%s%s", res->err[0] ? ": " : "", res->err);
		return PMC_SILENT;
	}
	return PMC_ANSWERED;
}

enum pmc_result pmc_ask(const char *server, int in, int domain, int transport_specific, struct pmc_data *d, char *why,
			size_t len)
{
	char dir[80], path[100], domain_text[8], transport_text[8], pid[16];
	const char *const argv[] = {
		"nsenter", "-t", pid, "-m", "-n", "--",
		"pmc", "-u", "-b", "0", "-d", domain_text, "-t", transport_text, "-i", path, "-s", server,
		"GET DEFAULT_DATA_SET", "GET CURRENT_DATA_SET", "GET PARENT_DATA_SET",
		"GET TIME_PROPERTIES_DATA_SET", "GET TIME_STATUS_NP", "GET PORT_DATA_SET",
		"GET PORT_PROPERTIES_NP", NULL,
	};
	enum pmc_result result;
	struct run_result res;

	pmc_unknown(d);
	snprintf(domain_text, sizeof(domain_text), "%d", domain & 0xff);
	snprintf(transport_text, sizeof(transport_text), "%x", transport_specific & 0xf);
	if (!make_place(dir, sizeof(dir), path, sizeof(path), why, len))
		return PMC_FAILED;
	snprintf(pid, sizeof(pid), "%d", in);
	run(&res, PMC_TIMEOUT_MS, in ? argv : argv + 6);
	result = take(&res, d, why, len);
	run_free(&res);
	unlink(path);		/* one that was killed leaves it */
	if (dir[0])
		rmdir(dir);
	return result;
}
