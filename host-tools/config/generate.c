// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/die.h"
#include "base/text.h"
#include "config/generate.h"
#include "output/text.h"

/* linuxptp's default in every version so far, and said nonetheless: pmc and phc2sys have to find it. */
#define UDS "/var/run/ptp4l"

/* Where phc2sys, or ptp4l itself, hands its measurements to chronyd */
#define SOCK "/var/run/refclock.ptp.sock"
#define SHM_SEGMENT 0

#define UNITS "/etc/systemd/system/"
#define PTP4L_CONF "/etc/ptpkvm/ptp4l.conf"
#define TIMEMASTER_CONF "/etc/ptpkvm/timemaster.conf"
/* chrony's part is where AppArmor lets chronyd read */
#define CHRONY_RHEL "/etc/chrony.d"	/* a confdir that is not there is an empty one */

static const struct {
	const char *name, *chrony_conf, *chrony_unit, *chrony_ours, *chrony_include;
} distributions[] = {
	[DISTRIBUTION_DEBIAN] = { "Debian", "/etc/chrony/chrony.conf", "chrony.service",
				  "/etc/chrony/conf.d/ptpkvm-host.conf", NULL },
	[DISTRIBUTION_RHEL] = { "RHEL", "/etc/chrony.conf", "chronyd.service", CHRONY_RHEL "/ptpkvm-host.conf",
				"confdir " CHRONY_RHEL },
};

bool linuxptp_version_parse(const char *text, struct linuxptp_version *v)
{
	char end = 0;
	int n = sscanf(text, "%2d.%3d%c", &v->major, &v->minor, &end);

	v->patch = 0;
	if (n == 3 && end == '.') {
		end = 0;
		n = sscanf(text, "%*d.%*d.%3d%c", &v->patch, &end) + 1;
	}
	/* "-" begins what a build of one's own adds */
	return isdigit((unsigned char)text[0]) && n >= 2 && (!end || end == '-') && v->minor >= 0 && v->patch >= 0;
}

static const char *version_text(const struct linuxptp_version *v)
{
	static char text[40];

	snprintf(text, sizeof(text), "%d.%d", v->major, v->minor);
	if (v->patch)
		add_text(text, sizeof(text), ".%d", v->patch);
	return text;
}

/* --- the plan --- */

enum chain plan_chain(const struct params *p)
{
	if (p->domains_given)
		return CHAIN_TIMEMASTER;
	if (!p->n_servers)
		return CHAIN_PTP4L;
	return p->slave && p->timestamping != TIMESTAMPING_SOFTWARE ? CHAIN_TIMEMASTER : CHAIN_CHRONYD;
}

const char *plan_why(const struct params *p)
{
	switch (plan_chain(p)) {
	case CHAIN_PTP4L:
		return p->role == ROLE_GRANDMASTER ?
			"Without NTP servers this host's own clock is the source, whoever keeps it" :
			"Without NTP servers PTP alone steers the clock; no chronyd";
	case CHAIN_TIMEMASTER:
		return "timemaster: for a client it starts ptp4l, phc2sys and chronyd so that they fit together, and "
		       "chronyd alone steers the clock, by PTP and NTP";
	default:
		if (p->role == ROLE_GRANDMASTER)
			return "chronyd by its own unit: it keeps the clock by NTP, and PTP hands it on; timemaster "
			       "makes clients only";
		if (!p->slave)
			return "chronyd by its own unit, with a refclock from PTP: timemaster makes clients only";
		return "chronyd by its own unit, with a refclock from ptp4l: timemaster would take the network card's "
		       "clock wherever it has one";
	}
}

bool plan_valid(const struct plan *plan, char *why, size_t len)
{
	const struct params *p = plan->params;

	why[0] = 0;
	if (plan->linuxptp.major < 3 || (plan->linuxptp.major == 3 && plan->linuxptp.minor < 1))
		snprintf(why, len, "linuxptp %s is older than 3.1, the first that is supported",
			 version_text(&plan->linuxptp));
	else if (plan_chain(p) != CHAIN_PTP4L && plan->chrony.major < 4)
		snprintf(why, len, "chrony %d.%d is older than 4.0, the first that is supported", plan->chrony.major,
			 plan->chrony.minor);
	else if (p->role == ROLE_BOUNDARY && plan->hardware && plan->phcs == PHCS_SEVERAL && p->n_servers)
		snprintf(why, len, "%s: phc2sys can't both keep the clocks of several network cards together and "
			 "report to chronyd; leave out --ntp-server, or use ports of one card, or --timestamping "
			 "software", p->servers[0].from);
	return !why[0];
}

static bool has_phc2sys(const struct plan *plan)
{
	return plan->hardware && plan_chain(plan->params) != CHAIN_TIMEMASTER;
}

/* chronyd gets PTP's measurements. A grandmaster has none. */
static bool has_refclock(const struct plan *plan)
{
	return plan_chain(plan->params) == CHAIN_CHRONYD && plan->params->role != ROLE_GRANDMASTER;
}

/* From 4.0 on: clientOnly, serverOnly, the refclock_sock servo; 10 ms for a transmit time stamp */
static bool is_4(const struct plan *plan)
{
	return plan->linuxptp.major >= 4;
}

const char *plan_chrony_unit(const struct plan *plan)
{
	return distributions[plan->distribution].chrony_unit;
}

const char *plan_chrony_include(const struct plan *plan)
{
	return plan_chain(plan->params) == CHAIN_CHRONYD ? distributions[plan->distribution].chrony_include : NULL;
}

/* As systemd-escape(1); an interface's name has no slash. */
static void add_escaped(char *to, size_t len, const char *name)
{
	for (; *name; name++)
		add_text(to, len, isalnum((unsigned char)*name) || *name == '_' || *name == '.' ? "%c" : "\\x%02x",
			 *name);
}

static void unit_name(const struct plan *plan, const char *program, char unit[PLAN_UNIT_LEN])
{
	snprintf(unit, PLAN_UNIT_LEN, "%s", program);
	if (plan->distribution == DISTRIBUTION_DEBIAN && strcmp(program, "timemaster")) {
		add_text(unit, PLAN_UNIT_LEN, "@");
		add_escaped(unit, PLAN_UNIT_LEN, plan->params->ports[0].name);
	}
	add_text(unit, PLAN_UNIT_LEN, ".service");
}

int plan_units(const struct plan *plan, char units[PLAN_UNITS_MAX][PLAN_UNIT_LEN])
{
	enum chain chain = plan_chain(plan->params);
	int n = 0;

	if (chain == CHAIN_TIMEMASTER) {
		unit_name(plan, "timemaster", units[n++]);
		return n;
	}
	if (chain == CHAIN_CHRONYD)
		strcpy(units[n++], plan_chrony_unit(plan));
	unit_name(plan, "ptp4l", units[n++]);
	if (has_phc2sys(plan))
		unit_name(plan, "phc2sys", units[n++]);
	return n;
}

void plan_firewall(const struct plan *plan, FILE *f)
{
	if (plan->params->transport == TRANSPORT_L2) {
		text(f, "PTP is Ethertype 0x88F7 here: no IP firewall sees it; bridges and switches have to let it "
		     "pass\n");
		return;
	}
	text(f, "PTP is UDP 319 and 320, in and out. One of:\n"
		"  firewall-cmd --permanent --add-port=319/udp --add-port=320/udp && firewall-cmd --reload\n"
		"  nft add rule inet filter input udp dport '{ 319, 320 }' accept\n");
}

/* --- the files --- */

/* A comment, which is why, and a line below it */
static void __attribute__((format(printf, 3, 4))) line(FILE *f, const char *why, const char *fmt, ...)
{
	va_list ap;

	fprintf(f, "# %s\n", why);
	va_start(ap, fmt);
	vfprintf(f, fmt, ap);
	va_end(ap);
	fputc('\n', f);
}

static FILE *begin(const struct plan *plan, struct generated *file)
{
	FILE *f = open_memstream(&file->text, &file->len);

	if (!f)
		die("out of memory");
	fprintf(f, GENERATE_MARKER " for linuxptp %s on %s; 'ptpkvm-host config --uninstall' takes it away.\n"
		   "# Above each line: where it comes from.\n",
		version_text(&plan->linuxptp), distributions[plan->distribution].name);
	return f;
}

static void finish_file(FILE *f)
{
	if (fclose(f))
		die("out of memory");
}

static void ptp4l_role(const struct plan *plan, FILE *f)
{
	const struct params *p = plan->params;

	if (p->role != ROLE_GRANDMASTER) {
		line(f, p->from[PARAM_SLAVE], "%s %d", is_4(plan) ? "clientOnly" : "slaveOnly", p->slave);
		return;
	}
	line(f, p->from[PARAM_ROLE], "%s 1", is_4(plan) ? "serverOnly" : "masterOnly");
	if (!plan->hardware)
		fprintf(f, "# %s: the system's clock is for others to keep, ptp4l leaves it alone\nfree_running 1\n",
			p->from[PARAM_ROLE]);
	fprintf(f, "# %s: before clocks that have the default, 128\npriority1 127\n", p->from[PARAM_ROLE]);
	fprintf(f, "# %s: no primary reference; 6 would say that there is one, such as GNSS\nclockClass 248\n",
		p->from[PARAM_ROLE]);
	if (p->n_servers)
		fprintf(f, "# %s: this clock's time is NTP's\ntimeSource 0x50\n", p->servers[0].from);
}

/* As timemaster does it, too: 3.x over shared memory, 4.x over a socket */
static void ptp4l_servo(const struct plan *plan, FILE *f)
{
	const char *from = plan->params->servers[0].from;

	fprintf(f, "# %s: chronyd steers the clock, ptp4l only measures\n", from);
	if (is_4(plan))
		fprintf(f, "clock_servo refclock_sock\n# %s\nrefclock_sock_address " SOCK "\n", from);
	else
		fprintf(f, "clock_servo ntpshm\n# %s\nntpshm_segment %d\n", from, SHM_SEGMENT);
}

static void ptp4l_timeout(const struct plan *plan, FILE *f)
{
	if (plan->hardware && !is_4(plan))
		fputs("# linuxptp 3.x: its 1 ms is too short for many network cards; milliseconds\n"
		      "tx_timestamp_timeout 10\n", f);
}

static void ptp4l_jbod(const struct plan *plan, FILE *f)
{
	const struct params *p = plan->params;

	if (!plan->hardware || p->n_ports < 2)
		return;
	if (plan->phcs == PHCS_SEVERAL)
		line(f, "the interfaces have clocks of their own, which phc2sys keeps together",
		     "boundary_clock_jbod 1");
	else if (plan->phcs == PHCS_UNKNOWN && !p->n_servers)
		line(f, "the interfaces may have clocks of their own; if so, phc2sys keeps them together",
		     "boundary_clock_jbod 1");
	else if (plan->phcs == PHCS_UNKNOWN)
		fputs("# The interfaces have to share one clock; ptp4l does not start if they don't.\n", f);
}

static void ptp4l_conf(const struct plan *plan, struct generated *file)
{
	const struct params *p = plan->params;
	FILE *f = begin(plan, file);

	strcpy(file->path, PTP4L_CONF);
	fprintf(f, "# %s.\n\n[global]\n", plan_why(p));
	ptp4l_role(plan, f);
	line(f, p->from[PARAM_DOMAIN], "domainNumber %u", p->domain);
	line(f, p->from[PARAM_TRANSPORT], "network_transport %s", transport_name(p->transport));
	line(f, plan->stamping_from, "time_stamping %s", plan->hardware ? "hardware" : "software");
	ptp4l_timeout(plan, f);
	ptp4l_jbod(plan, f);
	line(f, "where pmc and phc2sys ask; linuxptp's default, for versions that may change it",
	     "uds_address " UDS);
	if (has_refclock(plan) && !plan->hardware)
		ptp4l_servo(plan, f);
	for (int i = 0; i < p->n_ports; i++)
		fprintf(f, "\n# %s\n[%s]\n", p->ports[i].from, p->ports[i].name);
	finish_file(f);
}

static void timemaster_domains(const struct params *p, FILE *f)
{
	bool done[PARAM_PORTS_MAX] = { false };

	for (int i = 0; i < p->n_ports; i++) {
		if (done[i])
			continue;
		fprintf(f, "\n# %s\n[ptp_domain %u]\n# %s\ninterfaces",
			p->domains_given ? p->ports[i].from : p->from[PARAM_DOMAIN], p->ports[i].domain,
			p->ports[i].from);
		for (int j = i; j < p->n_ports; j++) {
			if (p->ports[j].domain != p->ports[i].domain)
				continue;
			fprintf(f, " %s", p->ports[j].name);
			done[j] = true;
		}
		fputc('\n', f);
	}
}

static void timemaster_conf(const struct plan *plan, struct generated *file)
{
	static const char *const programs[] = { "chronyd", "phc2sys", "ptp4l" };
	const char *chrony_conf = distributions[plan->distribution].chrony_conf;
	const struct params *p = plan->params;
	FILE *f = begin(plan, file);

	strcpy(file->path, TIMEMASTER_CONF);
	fprintf(f, "# %s.\n"
		   "# Here, chrony %d.%d gets PTP's measurements over %s; while there are none it goes on by NTP.\n"
		   "# timemaster itself makes ptp4l a client and chooses hardware or software time stamps.\n\n"
		   "# the default, and what is meant below\n[timemaster]\nntp_program chronyd\n",
		plan_why(p), plan->chrony.major, plan->chrony.minor, is_4(plan) ? "a socket (SOCK)" :
		"shared memory (SHM)");
	for (int i = 0; i < p->n_servers; i++)
		fprintf(f, "\n# %s\n[ntp_server %s]\n# measures at once\niburst 1\n", p->servers[i].from,
			p->servers[i].name);
	timemaster_domains(p, f);
	fprintf(f, "\n# chrony's own configuration, its servers included; the package's file may name another\n"
		   "[chrony.conf]\ninclude %s\n\n[ptp4l.conf]\n", chrony_conf);
	line(f, p->from[PARAM_TRANSPORT], "network_transport %s", transport_name(p->transport));
	ptp4l_timeout(plan, f);
	fputs("\n# where the programs are\n", f);
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
		fprintf(f, "[%s]\npath /usr/sbin/%s\n", programs[i], programs[i]);
	finish_file(f);
}

static void chrony_conf(const struct plan *plan, struct generated *file)
{
	const struct params *p = plan->params;
	FILE *f = begin(plan, file);

	strcpy(file->path, distributions[plan->distribution].chrony_ours);
	fprintf(f, "# %s.\n\n", plan_why(p));
	for (int i = 0; i < p->n_servers; i++)
		line(f, p->servers[i].from, "server %s iburst", p->servers[i].name);
	if (has_refclock(plan)) {
		fprintf(f, "# %s: PTP beside NTP, as timemaster would have it, by %s\n", p->servers[0].from,
			plan->hardware ? "phc2sys" : "ptp4l");
		if (is_4(plan))
			fputs("refclock SOCK " SOCK " poll 2 filter 4 refid PTP0 precision 1.0e-9 delay 1.0e-4\n",
			      f);
		else
			fprintf(f, "refclock SHM %d poll 2 dpoll 0 refid PTP0 precision 1.0e-9 delay 1.0e-4\n",
				SHM_SEGMENT);
	}
	finish_file(f);
}

/*
 * In comments what the options are for, and the command. phc2sys always with -a: so it ends its work when ptp4l
 * has lost its master, and goes with a bond to its active port.
 */
static void exec_phc2sys(const struct plan *plan, FILE *f)
{
	const struct params *p = plan->params;

	if (p->role == ROLE_GRANDMASTER)
		fprintf(f, "# -a -r -r, %s: the system's clock to those of the network cards\n", p->from[PARAM_ROLE]);
	else
		fprintf(f, "# -a -r, %s: from the port that is a client, while there is one; TAI - UTC is what ptp4l "
			"says\n", p->from[p->role == ROLE_BOUNDARY ? PARAM_ROLE : PARAM_SLAVE]);
	fprintf(f, "# -n, %s; -z: ptp4l's uds_address\n", p->from[PARAM_DOMAIN]);
	if (has_refclock(plan))
		fprintf(f, "# -E, %s: chronyd steers the clock, phc2sys only measures\n", p->servers[0].from);
	fprintf(f, "ExecStart=/usr/sbin/phc2sys -a -r%s -n %u -z " UDS, p->role == ROLE_GRANDMASTER ? " -r" : "",
		p->domain);
	if (has_refclock(plan) && is_4(plan))
		fputs(" -E refclock_sock --refclock_sock_address " SOCK, f);
	else if (has_refclock(plan))
		fprintf(f, " -E ntpshm -M %d", SHM_SEGMENT);
	fputc('\n', f);
}

static const char restart[] =
	"# by itself again after a failure, however often\n"
	"Restart=on-failure\n# seconds\nRestartSec=1\n";

/* A socket that chronyd has made anew isn't the one that was connected to. */
static void after_chronyd(const struct plan *plan, FILE *f)
{
	const char *unit = plan_chrony_unit(plan);

	fprintf(f, "# %s: chronyd makes the place to report to; when it restarts, so does this\n"
		   "After=%s\nPartOf=%s\n", plan->params->servers[0].from, unit, unit);
}

/* That of a package's unit: which stays as it is, as its configuration does */
static void drop_in(const struct plan *plan, const char *program, struct generated *file)
{
	bool timemaster = !strcmp(program, "timemaster"), phc2sys = !strcmp(program, "phc2sys");
	FILE *f = begin(plan, file);
	char unit[PLAN_UNIT_LEN];

	unit_name(plan, program, unit);
	snprintf(file->path, sizeof(file->path), UNITS "%s.d/ptpkvm-host.conf", unit);
	fputs("[Unit]\n# the interfaces are there, with their addresses\n"
	      "Wants=network-online.target\nAfter=network-online.target\n", f);
	if (timemaster)
		fputs("# nothing else may steer the clock; the package's unit does not know Debian's names\n"
		      "Conflicts=chrony.service chronyd.service systemd-timesyncd.service\n"
		      "After=chrony.service chronyd.service systemd-timesyncd.service\n", f);
	else
		fputs("# which starts a ptp4l of its own\nConflicts=timemaster.service\n", f);
	if (has_refclock(plan) && plan->hardware == phc2sys)
		after_chronyd(plan, f);
	fputs("# see Restart\nStartLimitIntervalSec=0\n\n[Service]\n# in place of the package's\nExecStart=\n", f);
	if (phc2sys)
		exec_phc2sys(plan, f);
	else
		fprintf(f, "ExecStart=/usr/sbin/%s -f %s\n", program, timemaster ? TIMEMASTER_CONF : PTP4L_CONF);
	fputs(restart, f);
	if (timemaster)
		fputs("# chronyd's and phc2sys' sockets are in there; the package's unit may allow less\n"
		      "ReadWritePaths=/run\n", f);
	if (phc2sys)
		fputs("# it finds an interface's clock through a socket; the package's unit may allow less\n"
		      "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK\n", f);
	finish_file(f);
}

/* Debian's: a drop-in can't take away what phc2sys@.service requires, so the instance has a unit of its own. */
static void phc2sys_unit(const struct plan *plan, struct generated *file)
{
	char unit[PLAN_UNIT_LEN], ptp4l[PLAN_UNIT_LEN];
	FILE *f = begin(plan, file);

	unit_name(plan, "phc2sys", unit);
	unit_name(plan, "ptp4l", ptp4l);
	snprintf(file->path, sizeof(file->path), UNITS "%s", unit);
	fprintf(f, "# In place of phc2sys@.service: before linuxptp 4.4 that requires ptp4l.service, which is not\n"
		   "# there, and in 4.4 keeps phc2sys from the socket by which it finds the interface's clock.\n"
		   "[Unit]\nDescription=Synchronize system clock and PTP hardware clocks\n"
		   "Documentation=man:phc2sys(8) man:ptpkvm-host(8)\n"
		   "# whose ports they are\nRequires=%s\nAfter=%s\n"
		   "# those who wait for the time\nBefore=time-sync.target\n",
		ptp4l, ptp4l);
	if (has_refclock(plan))
		after_chronyd(plan, f);
	fputs("# see Restart\nStartLimitIntervalSec=0\n\n[Service]\n", f);
	exec_phc2sys(plan, f);
	fprintf(f, "%s\n[Install]\nWantedBy=multi-user.target\n", restart);
	finish_file(f);
}

int generate(const struct plan *plan, struct generated files[GENERATED_MAX])
{
	enum chain chain = plan_chain(plan->params);
	int n = 0;

	if (chain == CHAIN_TIMEMASTER) {
		timemaster_conf(plan, &files[n++]);
		drop_in(plan, "timemaster", &files[n++]);
		return n;
	}
	ptp4l_conf(plan, &files[n++]);
	if (chain == CHAIN_CHRONYD)
		chrony_conf(plan, &files[n++]);
	drop_in(plan, "ptp4l", &files[n++]);
	if (has_phc2sys(plan) && plan->distribution == DISTRIBUTION_DEBIAN)
		phc2sys_unit(plan, &files[n++]);
	else if (has_phc2sys(plan))
		drop_in(plan, "phc2sys", &files[n++]);
	return n;
}

void generated_free(struct generated *files, int n)
{
	for (int i = 0; i < n; i++) {
		free(files[i].text);
		files[i].text = NULL;
	}
}
