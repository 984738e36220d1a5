/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ptpkvm-host config is told: each value checked the same way wherever it comes from, and where that is. */
#ifndef CONFIG_PARAMS_H
#define CONFIG_PARAMS_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

enum role { ROLE_ORDINARY, ROLE_BOUNDARY, ROLE_GRANDMASTER };
enum transport { TRANSPORT_L2, TRANSPORT_UDPV4, TRANSPORT_UDPV6 };
enum timestamping { TIMESTAMPING_AUTO, TIMESTAMPING_HARDWARE, TIMESTAMPING_SOFTWARE };

enum param {
	PARAM_INTERFACE,	/* one more: a name, or nicN */
	PARAM_SLAVE,		/* 0, 1 */
	PARAM_TRANSPORT,	/* L2, UDPv4, UDPv6 */
	PARAM_ROLE,		/* ordinary, boundary, grandmaster */
	PARAM_DOMAIN,		/* 0 to 127 */
	PARAM_TIMESTAMPING,	/* auto, hardware, software */
	PARAM_NTP_SERVER,	/* one more: a host name or address */
	PARAM_NTP_SERVERS,	/* several, with commas between them */
	PARAM_PTP_INTERFACES,	/* all of timemaster's: DOMAIN:INTERFACE,... */
	PARAMS,
};

#define PARAM_PORTS_MAX 16
#define PARAM_SERVERS_MAX 16
#define PARAM_FROM_MAX 200
#define PARAM_SERVER_MAX 254

struct param_port {
	char name[IF_NAMESIZE];
	unsigned int domain;
	char from[PARAM_FROM_MAX];
};

struct param_server {
	char name[PARAM_SERVER_MAX];
	char from[PARAM_FROM_MAX];
};

struct params {
	struct param_port ports[PARAM_PORTS_MAX];
	int n_ports;
	struct param_server servers[PARAM_SERVERS_MAX];
	int n_servers;
	bool slave;		/* client only: never the source of time for others */
	enum transport transport;
	enum role role;
	unsigned int domain;
	enum timestamping timestamping;
	bool domains_given;	/* by PTPInterfaces, each port its own: what only timemaster can do */
	bool given[PARAMS];
	char from[PARAMS][PARAM_FROM_MAX];	/* "--slave", "env.yaml:4:17: PtpSlaveMode", "default of --slave" */
};

/* TripleO's defaults, but for the interface: see params_complete(). */
void params_init(struct params *p);

/*
 * from: where the value comes from, as in struct params. False with the reason, which begins with from. Those
 * that are "one more" are added, the others replace what was there.
 */
bool params_set(struct params *p, enum param param, const char *value, const char *from, char *why, size_t len);

/* Interfaces or servers from another place replace all that were there. */
void params_clear(struct params *p, enum param param);

/* Fills in what was not given, and refuses what does not go together; the reason names both places. */
bool params_complete(struct params *p, char *why, size_t len);

/* The same interface, under two names perhaps, in one domain twice; to be asked again when nicN are resolved. */
bool params_distinct(const struct params *p, char *why, size_t len);

/* The number of nicN, which counts from 1 on; 0 if the name isn't of that form. */
unsigned int params_nic_number(const char *name);

/* "--slave"; NULL for those that are no options */
const char *params_option(enum param param);
const char *transport_name(enum transport transport);

#endif
