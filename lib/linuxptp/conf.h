/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A configuration file of ptp4l or phc2sys, as linuxptp reads it (ptp4l(8), FILE FORMAT), below file_root. */
#ifndef LINUXPTP_CONF_H
#define LINUXPTP_CONF_H

#include <stdbool.h>
#include <stddef.h>

#define LINUXPTP_SOCKET_LEN 108	/* of sun_path */

struct linuxptp_setting {
	const char *file;	/* without file_root */
	int line;
	const char *section;	/* "global", or the name of a port: then also once with no option */
	const char *option;	/* empty: the section begins */
	const char *value;
};

/*
 * Calls see() for each setting and each section; lines that are neither are passed over, and so are the
 * settings of unicast_master_table. 0, or -1 and errno if the file can't be read.
 */
int linuxptp_conf_walk(const char *file, void (*see)(const struct linuxptp_setting *s, void *arg), void *arg);

/* The whole name of a long option, which may be shortened as long as it is only one's; itself if it is none known here. */
const char *linuxptp_option(const char *name);

#endif
