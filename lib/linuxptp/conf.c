// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/array.h"
#include "linuxptp/conf.h"
#include "system/tree.h"

static char *trim(char *s)
{
	char *end;

	while (isspace((unsigned char)*s))
		s++;
	for (end = s + strlen(s); end > s && isspace((unsigned char)end[-1]); end--)
		;
	*end = 0;
	return s;
}

/* "[eth0]", in place */
static const char *section_name(char *line)
{
	for (char *c = line; *c; c++)
		if (*c == '[' || *c == ']')
			*c = ' ';
	line = trim(line);
	line[strcspn(line, " \t")] = 0;
	return line;
}

int linuxptp_conf_walk(const char *file, void (*see)(const struct linuxptp_setting *s, void *arg), void *arg)
{
	struct linuxptp_setting s = { .file = file, .section = "" };
	char *text = file_read(file, NULL), *rest = text, *line;

	if (!text)
		return -1;
	while ((line = strsep(&rest, "\n"))) {
		s.line++;
		s.option = s.value = "";
		line = trim(line);
		if (!line[0] || line[0] == '#')
			continue;
		if (line[0] == '[') {
			s.section = section_name(line);
			if (strcasecmp(s.section, "unicast_master_table"))
				see(&s, arg);
			continue;
		}
		s.option = strsep(&line, " \t");
		s.value = line ? trim(line) : "";
		if (s.section[0] && strcasecmp(s.section, "unicast_master_table"))
			see(&s, arg);
	}
	free(text);
	return 0;
}

/* What is short for two of linuxptp's options it refuses: what runs with it means one. */
const char *linuxptp_option(const char *name)
{
	static const char *const known[] = {
		"clientOnly", "clock_servo", "domainNumber", "free_running", "leapfile", "masterOnly", "ntpshm_segment",
		"refclock_sock_address", "serverOnly", "slaveOnly", "time_stamping", "transportSpecific", "uds_address",
		"uds_ro_address", "utc_offset",
	};

	for (size_t i = 0; name[0] && i < ARRAY_SIZE(known); i++)
		if (!strncmp(known[i], name, strlen(name)))
			return known[i];
	return name;
}
