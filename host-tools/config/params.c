// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/array.h"
#include "base/numbers.h"
#include "base/text.h"
#include "config/params.h"

static const char *const roles[] = { "ordinary", "boundary", "grandmaster" };
static const char *const transports[] = { "L2", "UDPv4", "UDPv6" };
static const char *const timestampings[] = { "auto", "hardware", "software" };

static const char *const option_names[PARAMS] = {
	[PARAM_INTERFACE] = "--interface",
	[PARAM_SLAVE] = "--slave",
	[PARAM_TRANSPORT] = "--transport",
	[PARAM_ROLE] = "--role",
	[PARAM_DOMAIN] = "--domain",
	[PARAM_TIMESTAMPING] = "--timestamping",
	[PARAM_NTP_SERVER] = "--ntp-server",
};

#define DOMAIN_MAX 127	/* IEEE 1588 reserves the rest */

const char *params_option(enum param param)
{
	return option_names[param];
}

static const char *role_name(enum role role)
{
	return roles[role];
}

const char *transport_name(enum transport transport)
{
	return transports[transport];
}

void params_init(struct params *p)
{
	memset(p, 0, sizeof(*p));
	p->slave = true;
	p->transport = TRANSPORT_UDPV4;
	for (int i = 0; i < PARAMS; i++)
		if (option_names[i])
			snprintf(p->from[i], sizeof(p->from[i]), "default of %s", option_names[i]);
}

static int word_of(const char *const words[], size_t n, const char *value)
{
	for (size_t i = 0; i < n; i++)
		if (!strcasecmp(words[i], value))
			return i;
	return -1;
}

#define WORD_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

/* What can stand in a section's name, a unit's name and a command without any quoting */
static bool plain_word(const char *value, const char *others, size_t max)
{
	size_t n = strlen(value);
	char allowed[100];

	snprintf(allowed, sizeof(allowed), WORD_CHARS "%s", others);
	return n && n <= max && strspn(value, allowed) == n && value[0] != '-' && value[0] != '.';
}

unsigned int params_nic_number(const char *name)
{
	uint64_t n;

	if (strncmp(name, "nic", 3) || name[3] == '0' || !parse_u64(name + 3, 1, 9999, &n))
		return 0;
	return n;
}

static bool add_port(struct params *p, const char *name, unsigned int domain, const char *from, char *why,
		     size_t len)
{
	struct param_port *port = &p->ports[p->n_ports];

	if (!plain_word(name, "._-", sizeof(port->name) - 1))
		return refuse(why, len, "%s: '%.40s' cannot be an interface's name", from, name);
	if (p->n_ports == PARAM_PORTS_MAX)
		return refuse(why, len, "%s: more than %d interfaces", from, PARAM_PORTS_MAX);
	strcpy(port->name, name);
	port->domain = domain;
	snprintf(port->from, sizeof(port->from), "%s", from);
	p->n_ports++;
	return true;
}

static bool add_server(struct params *p, const char *name, const char *from, char *why, size_t len)
{
	struct param_server *s = &p->servers[p->n_servers];

	if (!plain_word(name, ".:_-%", sizeof(s->name) - 1) && !(name[0] == ':' && plain_word(name + 1, ".:%", 45)))
		return refuse(why, len, "%s: '%.60s' is neither a host's name nor an address", from, name);
	if (p->n_servers == PARAM_SERVERS_MAX)
		return refuse(why, len, "%s: more than %d NTP servers", from, PARAM_SERVERS_MAX);
	strcpy(s->name, name);
	snprintf(s->from, sizeof(s->from), "%s", from);
	p->n_servers++;
	return true;
}

static bool add_domain_port(struct params *p, char *item, const char *from, char *why, size_t len)
{
	char *colon = strchr(item, ':');
	uint64_t domain;

	if (!colon)
		return refuse(why, len, "%s: '%.40s' is not DOMAIN:INTERFACE, such as 0:nic1", from, item);
	*colon = 0;
	if (!parse_u64(item, 0, DOMAIN_MAX, &domain))
		return refuse(why, len, "%s: the domain '%.40s' is not a whole number from 0 to %d", from, item,
			    DOMAIN_MAX);
	return add_port(p, colon + 1, domain, from, why, len);
}

/* Each of the items between commas, spaces around them taken off */
static bool split(struct params *p, enum param param, const char *value, const char *from, char *why, size_t len)
{
	char text[4096], *item, *next, *end;

	if (strlen(value) >= sizeof(text))
		return refuse(why, len, "%s: longer than %zu characters", from, sizeof(text) - 1);
	strcpy(text, value);
	for (item = text; item; item = next) {
		next = strchr(item, ',');
		if (next)
			*next++ = 0;
		item += strspn(item, " \t");
		for (end = item + strlen(item); end > item && strchr(" \t", end[-1]);)
			*--end = 0;
		if (!*item)
			return refuse(why, len, "%s: '%.60s' has nothing between two commas", from, value);
		if (param == PARAM_NTP_SERVERS ? !add_server(p, item, from, why, len) :
						 !add_domain_port(p, item, from, why, len))
			return false;
	}
	return true;
}

static bool set_word(int *to, const char *const words[], size_t n, const char *value, const char *from, char *why,
		     size_t len)
{
	char list[80] = "";

	*to = word_of(words, n, value);
	if (*to >= 0)
		return true;
	for (size_t i = 0; i < n; i++)
		add_text(list, sizeof(list), "%s%s", i == 0 ? "" : i + 1 < n ? ", " : " or ", words[i]);
	return refuse(why, len, "%s: '%.40s' is not %s", from, value, list);
}

static bool set(struct params *p, enum param param, const char *value, const char *from, char *why, size_t len)
{
	uint64_t n;
	int word;

	switch (param) {
	case PARAM_INTERFACE:
		return add_port(p, value, 0, from, why, len);
	case PARAM_NTP_SERVER:
		return add_server(p, value, from, why, len);
	case PARAM_NTP_SERVERS:
		params_clear(p, param);
		return split(p, param, value, from, why, len);
	case PARAM_PTP_INTERFACES:
		params_clear(p, PARAM_INTERFACE);
		p->domains_given = true;
		return split(p, param, value, from, why, len);
	case PARAM_SLAVE:
		if (!parse_u64(value, 0, 1, &n))
			return refuse(why, len, "%s: '%.40s' is not 0 or 1", from, value);
		p->slave = n;
		return true;
	case PARAM_DOMAIN:
		if (!parse_u64(value, 0, DOMAIN_MAX, &n))
			return refuse(why, len, "%s: '%.40s' is not a whole number from 0 to %d", from, value,
				    DOMAIN_MAX);
		p->domain = n;
		return true;
	case PARAM_TRANSPORT:
		if (!set_word(&word, transports, ARRAY_SIZE(transports), value, from, why, len))
			return false;
		p->transport = word;
		return true;
	case PARAM_ROLE:
		if (!set_word(&word, roles, ARRAY_SIZE(roles), value, from, why, len))
			return false;
		p->role = word;
		return true;
	default:
		if (!set_word(&word, timestampings, ARRAY_SIZE(timestampings), value, from, why, len))
			return false;
		p->timestamping = word;
		return true;
	}
}

bool params_set(struct params *p, enum param param, const char *value, const char *from, char *why, size_t len)
{
	char place[PARAM_FROM_MAX];

	snprintf(place, sizeof(place), "%s", from);
	for (char *c = place; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';	/* a file's name; it comes into comments */
	if (!set(p, param, value, place, why, len))
		return false;
	strcpy(p->from[param], place);
	p->given[param] = true;
	return true;
}

void params_clear(struct params *p, enum param param)
{
	if (param == PARAM_NTP_SERVER || param == PARAM_NTP_SERVERS)
		p->n_servers = 0;
	if (param == PARAM_INTERFACE) {
		p->n_ports = 0;
		p->domains_given = false;
	}
}

bool params_distinct(const struct params *p, char *why, size_t len)
{
	for (int i = 0; i < p->n_ports; i++)
		for (int j = 0; j < i; j++)
			if (!strcmp(p->ports[i].name, p->ports[j].name) && p->ports[i].domain == p->ports[j].domain)
				return refuse(why, len, "%s: the interface %s is there twice in domain %u (%s)",
					    p->ports[i].from, p->ports[i].name, p->ports[i].domain,
					    p->ports[j].from);
	return true;
}

static bool complete_ports(struct params *p, char *why, size_t len)
{
	if (!p->n_ports && !add_port(p, "nic1", p->domain, p->from[PARAM_INTERFACE], why, len))
		return false;
	if (p->domains_given && p->given[PARAM_DOMAIN])
		return refuse(why, len, "%s: %s has the domains already", p->from[PARAM_DOMAIN],
			    p->from[PARAM_PTP_INTERFACES]);
	for (int i = 0; i < p->n_ports && !p->domains_given; i++)
		p->ports[i].domain = p->domain;
	if (p->role == ROLE_BOUNDARY && p->n_ports < 2)
		return refuse(why, len, "%s: a boundary clock has two interfaces or more, and there is one: %s (%s); "
			    "add --interface", p->from[PARAM_ROLE], p->ports[0].name, p->ports[0].from);
	if (p->role == ROLE_ORDINARY && p->n_ports > 1 && !p->domains_given)
		return refuse(why, len, "%s: a second interface, but the role is ordinary (%s); try --role boundary",
			    p->ports[1].from, p->from[PARAM_ROLE]);
	return params_distinct(p, why, len);
}

bool params_complete(struct params *p, char *why, size_t len)
{
	if (!complete_ports(p, why, len))
		return false;
	if (p->domains_given && p->role != ROLE_ORDINARY)
		return refuse(why, len, "%s: timemaster (%s) makes ordinary clocks only", p->from[PARAM_ROLE],
			    p->from[PARAM_PTP_INTERFACES]);
	if (p->domains_given && !p->slave)
		return refuse(why, len, "%s: timemaster (%s) makes clients only; leave it at 1", p->from[PARAM_SLAVE],
			    p->from[PARAM_PTP_INTERFACES]);
	if (p->domains_given && p->timestamping == TIMESTAMPING_SOFTWARE)
		return refuse(why, len, "%s: timemaster (%s) takes the network card's clock wherever it has one; "
			    "leave --timestamping at auto", p->from[PARAM_TIMESTAMPING],
			    p->from[PARAM_PTP_INTERFACES]);
	if (p->role == ROLE_ORDINARY)
		return true;
	if (p->slave && p->given[PARAM_SLAVE])
		return refuse(why, len, "%s: client only, but a %s clock serves others (%s); try --slave 0",
			    p->from[PARAM_SLAVE], role_name(p->role), p->from[PARAM_ROLE]);
	p->slave = false;
	if (!p->given[PARAM_SLAVE])
		snprintf(p->from[PARAM_SLAVE], sizeof(p->from[PARAM_SLAVE]), "%s", p->from[PARAM_ROLE]);
	return true;
}
