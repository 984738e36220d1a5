/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which configuration chronyd reads, or will read at its next start: by its process, or by its unit with drop-ins,
 * EnvironmentFile= and options. Below file_root, and the same for everybody who asks.
 */
#ifndef CHRONY_SERVICE_H
#define CHRONY_SERVICE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "chrony/conf.h"
#include "system/units.h"

/* chronyd's options that take an argument (main.c of chrony 4) */
#define CHRONYD_WITH_ARGUMENT "fFlLNPtu"

/* What is ours in it: files, each "/…" */
struct chrony_addition {
	const char *drop_in;		/* if it is there, the unit has the next two made before each start */
	const char *directives;		/* what is added */
	const char *made;		/* the configuration with them */
	const char *environment;	/* the unit's EnvironmentFile= with which chronyd takes that one */
	const char *hold;		/* if it is there, nothing is added */
};

struct chrony_service {
	char unit[UNIT_NAME_LEN];	/* "chrony.service"; empty: there is none here */
	char unit_file[PATH_MAX];	/* empty: it can't be read, and is taken to be as its distribution has it */
	bool masked;			/* of the next start: there will be none */
	int pid;			/* of chronyd, whose command line this is; 0: all is of the next start */
	char conf[PATH_MAX];		/* the file that it reads; empty: none, or none is known */
	bool by_directives;		/* it reads no file: it is started with directives */
	bool measures_only;		/* -x: it leaves the system's clock alone */
	/* Of the next start only */
	char variable[UNIT_NAME_LEN];	/* of its options: "DAEMON_OPTS"; empty: the unit has none */
	char options[UNIT_WORD_MAX];	/* its value, without ours */
	bool takes;			/* a -f FILE at the end of these would count */
	bool overridden;		/* but a later drop-in than ours sets the variable */
	bool adds, only;		/* what is ours will be added; and the servers left out */
	const struct chrony_addition *ours;
};

/* Of that process; false if its command line can't be read. */
bool chrony_service_process(struct chrony_service *s, int pid);

/* Of the next start. ours may be NULL. inside: asked by the unit itself, whose variables are then this process's own. */
void chrony_service_next(struct chrony_service *s, const struct chrony_addition *ours, bool inside);

/* Can a configuration be put before its own, by its variable of options? False with the reason. Of the next start only. */
bool chrony_service_takes(const struct chrony_service *s, char *why, size_t len);

/* As chrony_conf_walk(), of every directive that it has or will have, ours included. -1 if it reads no file. */
int chrony_service_walk(const struct chrony_service *s, int (*see)(const struct chrony_directive *d, void *arg),
			void *arg, char *why, size_t len);

/* A directive that names NTP servers */
bool chrony_names_server(const struct chrony_directive *d);

#endif
