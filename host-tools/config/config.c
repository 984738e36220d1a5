// SPDX-License-Identifier: GPL-2.0-or-later
/* ptpkvm-host config: parameters from the command line and from TripleO, facts of this machine, and what to do. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/die.h"
#include "base/text.h"
#include "cli/options.h"
#include "config/apply.h"
#include "config/generate.h"
#include "config/params.h"
#include "config/tripleo.h"
#include "nic/order.h"
#include "nic/stamps.h"
#include "nic/under.h"
#include "ptpkvm-host.h"
#include "system/run.h"
#include "system/tree.h"

#define GIVEN_MAX 64
#define VERSION_MS 5000

struct config {
	struct {
		enum param param;
		const char *option;
		const char *value;
	} given[GIVEN_MAX];		/* parameters on the command line */
	int n_given;
	const char *files[GIVEN_MAX];	/* --tripleo */
	int n_files;
	const char *role_name;
	const char *output;
	bool install, uninstall, dry_run;
	bool linuxptp_given, chrony_given, distribution_given;
	bool image;			/* --root */
	bool elsewhere;			/* for another machine, or an image of one */
	struct params params;
	struct nic_under under[PARAM_PORTS_MAX];	/* of each port; of no meaning if elsewhere */
	struct plan plan;
	char why[1200];
};

#define fail(c, ...) refuse((c)->why, sizeof((c)->why), __VA_ARGS__)

/* --- the command line --- */

static void take_output(void *to, char *dir)
{
	struct config *c = to;
	size_t n = strlen(dir);

	if (!n)
		misuse("--output: its argument is empty");
	while (n > 1 && dir[n - 1] == '/')
		dir[--n] = 0;
	c->output = dir;
}

static void take_linuxptp(void *to, char *arg)
{
	struct config *c = to;

	if (!linuxptp_version_parse(arg, &c->plan.linuxptp))
		misuse("--linuxptp-version: '%s' is not a version such as 4.2", arg);
	c->linuxptp_given = true;
}

static void take_chrony(void *to, char *arg)
{
	struct config *c = to;

	if (!chrony_version_parse(arg, &c->plan.chrony))
		misuse("--chrony-version: '%s' is not a version such as 4.6", arg);
	c->chrony_given = true;
}

static void take_distribution(void *to, char *arg)
{
	struct config *c = to;

	if (strcmp(arg, "debian") && strcmp(arg, "rhel"))
		misuse("--distribution: '%s' is neither debian nor rhel", arg);
	c->plan.distribution = strcmp(arg, "debian") ? DISTRIBUTION_RHEL : DISTRIBUTION_DEBIAN;
	c->distribution_given = true;
}

static void take_role_name(void *to, char *name)
{
	struct config *c = to;

	if (!*name || strlen(name) > 60 ||
	    name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")])
		misuse("--role-name: '%s' cannot be a role's name, such as Compute", name);
	c->role_name = name;
}

/* Where a parameter's argument goes */
struct param_to {
	struct config *c;
	enum param param;
};

static void take_param(void *to, char *value)
{
	const struct param_to *param = to;
	struct config *c = param->c;

	if (c->n_given == GIVEN_MAX)
		misuse("more than %d options", GIVEN_MAX);
	c->given[c->n_given].param = param->param;
	c->given[c->n_given].option = params_option(param->param);
	c->given[c->n_given++].value = value;
}

static void take_file(void *to, char *path)
{
	struct config *c = to;

	if (c->n_files == GIVEN_MAX)
		misuse("--tripleo: more than %d files", GIVEN_MAX);
	c->files[c->n_files++] = path;
}

/* --tripleo FILE... */
static void take_operand(void *to, char *word)
{
	const struct config *c = to;

	if (!c->n_files)
		misuse("unexpected argument '%s'", word);
	take_file(to, word);
}

static void parse(struct config *c, int argc, char **argv)
{
	struct param_to to[PARAMS];
	const struct option_row rows[] = {
		{ 0, "interface", "NAME", "an interface, or nicN: the Nth that is up, as TripleO counts (nic1); again for a "
		  "boundary clock's others", TAKE_BY(take_param, &to[PARAM_INTERFACE]) },
		{ 0, "slave", "N", "1: never the source of time for others; 0: perhaps (1 if ordinary)",
		  TAKE_BY(take_param, &to[PARAM_SLAVE]) },
		{ 0, "transport", "T", "L2, UDPv4 or UDPv6 (UDPv4)", TAKE_BY(take_param, &to[PARAM_TRANSPORT]) },
		{ 0, "role", "ROLE", "ordinary, boundary or grandmaster (ordinary)",
		  TAKE_BY(take_param, &to[PARAM_ROLE]) },
		{ 0, "domain", "N", "PTP domain, 0 to 127 (0)", TAKE_BY(take_param, &to[PARAM_DOMAIN]) },
		{ 0, "timestamping", "HOW", "hardware, software, or auto: hardware where every interface can (auto)",
		  TAKE_BY(take_param, &to[PARAM_TIMESTAMPING]) },
		{ 0, "ntp-server", "HOST", "NTP beside PTP; again for more. A client's are timemaster's, which starts chronyd "
		  "with both. What timemaster can't do chronyd's own unit does: with a refclock from ptp4l or phc2sys, or, a "
		  "grandmaster's, by NTP alone. linuxptp 3.x reports by shared memory, 4.x by a socket",
		  TAKE_BY(take_param, &to[PARAM_NTP_SERVER]) },
		{ 0, "tripleo", "FILE...", "PtpInterface, PtpSlaveMode, PtpMessageTransport of environment files, or "
		  "timemaster's PTPInterfaces, PTPMessageTransport, NtpServer; a later file and the options above go before",
		  TAKE_BY(take_file, c) },
		{ 0, "role-name", "NAME", "and those of NAMEParameters there", TAKE_BY(take_role_name, c) },
		{ 0, "output", "DIR", "write the files below DIR", TAKE_BY(take_output, c) },
		{ 0, "install", NULL, "write them where they belong: files of their own, below /etc/ptpkvm and beside the "
		  "units. One that was edited since stays if nothing else is wanted than then, else it is saved beside, as "
		  "NAME.ptpkvm-save", FLAG_TO(&c->install) },
		{ 0, "uninstall", NULL, "take them away; edited ones are saved beside", FLAG_TO(&c->uninstall) },
		{ 0, "dry-run", NULL, "print what --install, or --uninstall, would do", FLAG_TO(&c->dry_run) },
		{ 0, "root", "DIR", "in the image at DIR", ROOT_TO(&c->image) },
		{ 0, "linuxptp-version", "V", "for another machine, which has linuxptp V", TAKE_BY(take_linuxptp, c) },
		{ 0, "chrony-version", "V", "and chrony V", TAKE_BY(take_chrony, c) },
		{ 0, "distribution", "D", "debian or rhel (as this machine)", TAKE_BY(take_distribution, c) },
		{ 0 },
	};

	for (int i = 0; i < PARAMS; i++)
		to[i] = (struct param_to){ c, i };
	options_parse(&(struct command){
		.about = "Writes the configuration of linuxptp, chrony and their units, for this host's place in PTP. Without "
			 "--output, --install or --dry-run it is printed. Nothing is started: what to type is said.",
		.rows = rows, .operand = take_operand, .arg = c,
		.statuses = "0 done, or nothing to do; 2 it could not be done, or misuse",
	}, argc, argv);
	if (!!c->output + c->install + c->uninstall > 1)
		misuse("only one of --output, --install and --uninstall");
	if (c->output && c->dry_run)
		misuse("--dry-run compares with what is installed; --output DIR writes what can be looked at");
	if (c->uninstall && (c->n_given || c->n_files))
		misuse("--uninstall takes no parameters: it takes away whatever --install wrote");
	c->elsewhere = c->linuxptp_given || c->image;
	if (c->elsewhere && c->install && !c->image)
		misuse("--linuxptp-version is for another machine; with --install the installed linuxptp counts");
}

/* --- parameters --- */

static bool read_params(struct config *c)
{
	struct tripleo t = { .other_role = "" };
	char note[600];
	bool good = true, cleared[PARAMS] = { false };

	params_init(&c->params);
	for (int i = 0; i < c->n_files && good; i++)
		good = tripleo_read(&t, c->files[i], c->role_name, c->why, sizeof(c->why));
	good = good && tripleo_apply(&t, &c->params, note, sizeof(note), c->why, sizeof(c->why));
	tripleo_free(&t);
	if (!good)
		return false;
	for (int i = 0; i < c->n_given; i++) {
		enum param param = c->given[i].param;

		if (!cleared[param])
			params_clear(&c->params, param);
		cleared[param] = true;
		if (!params_set(&c->params, param, c->given[i].value, c->given[i].option, c->why, sizeof(c->why)))
			return false;
	}
	if (!params_complete(&c->params, c->why, sizeof(c->why)))
		return false;
	if (note[0])
		complain("%s", note);
	return true;
}

/* --- facts --- */

static bool in_list(const char *line, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = line; (p = strstr(p, word)); p += n)
		if (strchr("=\" ", p[-1]) && strchr("\" \n", p[n]))
			return true;
	return false;
}

/* ID and ID_LIKE of os-release(5) */
static bool find_distribution(struct config *c)
{
	static const struct {
		const char *id;
		enum distribution distribution;
	} known[] = {
		{ "debian", DISTRIBUTION_DEBIAN }, { "ubuntu", DISTRIBUTION_DEBIAN }, { "rhel", DISTRIBUTION_RHEL },
		{ "fedora", DISTRIBUTION_RHEL },   { "centos", DISTRIBUTION_RHEL },
	};
	char *text = file_read("/etc/os-release", NULL), *save, *line;
	bool found = false;

	if (!text)
		text = file_read("/usr/lib/os-release", NULL);
	for (line = text ? strtok_r(text, "\n", &save) : NULL; line && !found; line = strtok_r(NULL, "\n", &save)) {
		if (strncmp(line, "ID=", 3) && strncmp(line, "ID_LIKE=", 8))
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(known) && !found; i++) {
			found = in_list(line, known[i].id);
			c->plan.distribution = known[i].distribution;
		}
	}
	free(text);
	return found;
}

static bool ask_linuxptp(struct config *c)
{
	struct run_result res;
	bool good = run(&res, VERSION_MS, (const char *const[]){ "ptp4l", "-v", NULL });
	char why[600];

	res.out[strcspn(res.out, "\n")] = 0;
	if (!good) {
		run_explain(&res, "ptp4l", VERSION_MS, why, sizeof(why));
		fail(c, "%s; try: sudo apt install linuxptp (or: sudo dnf install linuxptp), or say "
		     "--linuxptp-version", why);
	} else if (!linuxptp_version_parse(res.out, &c->plan.linuxptp)) {
		good = fail(c, "ptp4l -v: '%.40s' is no version; say --linuxptp-version", res.out);
	}
	run_free(&res);
	return good;
}

#define SAY_DISTRIBUTION "--distribution debian or rhel"

/* What nobody can be asked about here; all of it at once */
static bool told_of_elsewhere(struct config *c)
{
	const enum chain chain = plan_chain(&c->params);
	char what[1000] = "";

	if (!c->distribution_given && !find_distribution(c))
		add_text(what, sizeof(what), "; " SAY_DISTRIBUTION " (%s/etc/os-release names neither)", file_root);
	if (!c->linuxptp_given)
		add_text(what, sizeof(what), "; --linuxptp-version V");
	if (!c->chrony_given && chain != CHAIN_PTP4L)
		add_text(what, sizeof(what), "; --chrony-version V");
	if (c->params.timestamping == TIMESTAMPING_AUTO && chain != CHAIN_TIMEMASTER)
		add_text(what, sizeof(what), "; --timestamping hardware or software (auto, %s, asks the network card)",
			 c->params.from[PARAM_TIMESTAMPING]);
	for (int i = 0; i < c->params.n_ports; i++)
		if (params_nic_number(c->params.ports[i].name))
			add_text(what, sizeof(what), "; --interface NAME (%s, %s, is counted on the machine itself)",
				 c->params.ports[i].name, c->params.ports[i].from);
	return !what[0] || fail(c, "for a machine that is not this one, say %s", what + strlen("; "));
}

static bool find_versions(struct config *c)
{
	char why[600];

	if (!c->distribution_given && !find_distribution(c))
		return fail(c, "/etc/os-release names no known distribution; say " SAY_DISTRIBUTION);
	if (!c->linuxptp_given && !ask_linuxptp(c))
		return false;
	if (c->chrony_given || plan_chain(&c->params) == CHAIN_PTP4L)
		return true;
	return chrony_version_installed(&c->plan.chrony, why, sizeof(why)) ||
	       fail(c, "%s; try: sudo apt install chrony (or: sudo dnf install chrony), or say --chrony-version", why);
}

/* nicN, which becomes a name, and names that have to be there */
static bool resolve(struct config *c, struct param_port *port, struct nic_under *under)
{
	unsigned int number = params_nic_number(port->name);
	char why[600], asked[IF_NAMESIZE];
	struct nic_stamps s;

	if (c->elsewhere)
		return true;
	if (number && !nic_exists(port->name)) {
		strcpy(asked, port->name);
		if (!nic_by_number(number, port->name, why, sizeof(why)))
			return fail(c, "%s: %s", port->from, why);
		add_text(port->from, sizeof(port->from), " (%s)", asked);
	}
	if (!nic_exists(port->name))
		return fail(c, "%s: there is no interface %s; 'ip -br link' lists them", port->from, port->name);
	if (!nic_under(under, port->name, c->params.transport != TRANSPORT_L2, why, sizeof(why)))
		return fail(c, "%s: %s", port->from, why);
	for (int i = 0; i < under->n_stamps && c->params.role == ROLE_GRANDMASTER; i++)
		if (nic_is_vf(under->stamps[i]) && (nic_stamps(under->stamps[i], &s) || !s.hardware))
			return fail(c, "%s: %s is a virtual function without a clock: no grandmaster",
				    port->from, under->stamps[i]);
	if (under->what[0])
		add_text(port->from, sizeof(port->from), " (%s)", under->what);
	return true;
}

/* What all that it stands on can do; why_not: what keeps it from stamping in hardware */
static bool ask_port(struct config *c, int i, struct nic_stamps *all, const char **why_not)
{
	const struct param_port *port = &c->params.ports[i];
	const struct nic_under *under = &c->under[i];

	*why_not = "does not stamp packets in hardware";
	for (int k = 0; k < under->n_stamps; k++) {
		const char *name = under->stamps[k];
		struct nic_stamps s;
		int err = nic_stamps(name, &s);

		if (err)
			return fail(c, "%s: how %s stamps packets is not known: %s", port->from, name, strerror(err));
		all->hardware = (all->hardware || !k) && s.hardware;
		all->software = (all->software || !k) && s.software;
		if (k && s.phc != all->phc)
			c->plan.phcs = PHCS_SEVERAL;
		all->phc = s.phc;
	}
	if (!under->vlan_over_bond || c->plan.linuxptp.major >= 4 || !all->hardware)
		return true;
	if (plan_chain(&c->params) == CHAIN_TIMEMASTER)
		return fail(c, "%s: before linuxptp 4.0 a VLAN over a bond can't have hardware time stamps, which "
			    "timemaster would take; say --timestamping software", port->from);
	*why_not = "is a VLAN over a bond, of which only linuxptp 4.0 has hardware time stamps";
	all->hardware = false;
	return true;
}

/* Hardware if every interface can; in without the last that can't, -1 for none or if all can't */
static bool ask_stamps(struct config *c, bool *hardware, int *without)
{
	const char *why_not;
	bool any = false;
	int phc = -1;

	*without = -1;
	c->plan.phcs = PHCS_ONE;
	for (int i = 0; i < c->params.n_ports; i++) {
		const struct param_port *port = &c->params.ports[i];
		struct nic_stamps s = { .phc = -1 };

		if (!ask_port(c, i, &s, &why_not))
			return false;
		if (!s.hardware && c->params.timestamping == TIMESTAMPING_HARDWARE)
			return fail(c, "%s: %s (%s) %s; try --timestamping auto",
				    c->params.from[PARAM_TIMESTAMPING], port->name, port->from, why_not);
		if (!s.hardware && !s.software)
			return fail(c, "%s: %s stamps packets neither in hardware nor in software: no PTP",
				    port->from, port->name);
		any |= s.hardware;
		if (!s.hardware)
			*without = i;
		if (i && s.phc != phc)
			c->plan.phcs = PHCS_SEVERAL;
		phc = s.phc;
	}
	*hardware = *without < 0;
	if (!any)
		*without = -1;
	return true;
}

static bool choose_stamping(struct config *c)
{
	enum timestamping asked = c->params.timestamping;
	const char *from = c->params.from[PARAM_TIMESTAMPING];
	bool hardware = false;
	int without = -1;

	snprintf(c->plan.stamping_from, sizeof(c->plan.stamping_from), "%s", from);
	c->plan.hardware = asked != TIMESTAMPING_SOFTWARE;
	c->plan.phcs = PHCS_UNKNOWN;
	if (c->elsewhere)
		return true;
	if (!ask_stamps(c, &hardware, &without))
		return false;
	if (asked != TIMESTAMPING_AUTO)
		return true;
	c->plan.hardware = hardware;
	add_text(c->plan.stamping_from, sizeof(c->plan.stamping_from), " (auto): %s",
		 hardware ? "the network card has a clock" : "the network card has no clock");
	if (without >= 0)
		complain("software time stamps, since %s has no clock that stamps packets",
			 c->params.ports[without].name);
	return true;
}

static bool gather(struct config *c)
{
	if (!read_params(c) || !(c->elsewhere ? told_of_elsewhere(c) : find_versions(c)))
		return false;
	for (int i = 0; i < c->params.n_ports; i++)
		if (!resolve(c, &c->params.ports[i], &c->under[i]))
			return false;
	c->plan.params = &c->params;
	return params_distinct(&c->params, c->why, sizeof(c->why)) && choose_stamping(c) &&
	       plan_valid(&c->plan, c->why, sizeof(c->why));
}

int cmd_config(int argc, char **argv)
{
	struct config c = { .n_given = 0 };
	int ret;

	parse(&c, argc, argv);
	if (c.uninstall) {
		ret = config_uninstall(c.dry_run, c.image);
	} else if (!gather(&c)) {
		complain("%s", c.why);
		ret = EXIT_BROKEN;
	} else if (c.output) {
		ret = config_output(&c.plan, c.output, c.elsewhere);
	} else if (c.install || c.dry_run) {
		ret = config_install(&c.plan, c.dry_run, c.image);
	} else {
		ret = config_print(&c.plan);
	}
	return ret;
}
