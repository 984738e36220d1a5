// SPDX-License-Identifier: GPL-2.0-or-later
/* What is counted and in which order is os-net-config's ordered_active_nics(). */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "nic/order.h"
#include "system/tree.h"

#define NICS_MAX 256

/* Cards that were given to DPDK keep their numbers, and are only in there. */
#define DPDK_MAPPING "/var/lib/os-net-config/dpdk_mapping.yaml"

static const char *nic_path(char path[static 100], const char *name, const char *what)
{
	snprintf(path, 100, "/sys/class/net/%.16s%s", name, what);
	return path;
}

bool nic_exists(const char *name)
{
	char path[100];

	return file_exists(nic_path(path, name, "/address"));
}

bool nic_is_vf(const char *name)
{
	char path[100];

	return file_exists(nic_path(path, name, "/device/physfn"));
}

static bool is_active(const char *name)
{
	char path[100], state[16], address[64];

	return file_exists(nic_path(path, name, "/device")) && !nic_is_vf(name) &&
	       file_read_line(nic_path(path, name, "/address"), address, sizeof(address)) && address[0] &&
	       file_read_line(nic_path(path, name, "/operstate"), state, sizeof(state)) && !strcasecmp(state, "up");
}

static bool is_embedded(const char *name)
{
	return !strncmp(name, "em", 2) || !strncmp(name, "eth", 3) || !strncmp(name, "eno", 3);
}

/* As lists of texts and numbers: where a number begins, the text before it has ended. */
static int natural(const char *a, const char *b)
{
	while (*a && *b) {
		if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
			unsigned long x = strtoul(a, (char **)&a, 10), y = strtoul(b, (char **)&b, 10);

			if (x != y)
				return x < y ? -1 : 1;
		} else if (isdigit((unsigned char)*a) || isdigit((unsigned char)*b)) {
			return isdigit((unsigned char)*a) ? -1 : 1;
		} else if (*a != *b) {
			break;
		} else {
			a++, b++;
		}
	}
	return (unsigned char)*a - (unsigned char)*b;
}

static int in_order(const void *left, const void *right)
{
	const char *a = left, *b = right;

	if (is_embedded(a) != is_embedded(b))
		return is_embedded(a) ? -1 : 1;
	return natural(a, b);
}

static size_t active_nics(char list[NICS_MAX][IF_NAMESIZE])
{
	DIR *dir = file_dir("/sys/class/net");
	const struct dirent *d;
	size_t n = 0;

	while (dir && n < NICS_MAX && (d = readdir(dir)))
		if (d->d_name[0] != '.' && strlen(d->d_name) < IF_NAMESIZE && is_active(d->d_name))
			strcpy(list[n++], d->d_name);
	if (dir)
		closedir(dir);
	if (n)
		qsort(list, n, IF_NAMESIZE, in_order);
	return n;
}

bool nic_by_number(unsigned int n, char name[IF_NAMESIZE], char *why, size_t len)
{
	char list[NICS_MAX][IF_NAMESIZE];
	size_t count = active_nics(list);

	if (file_exists(DPDK_MAPPING)) {
		snprintf(why, len, "nic%u: TripleO counts the cards in %s too; name the interface", n, DPDK_MAPPING);
		return false;
	}
	if (n <= count) {
		strcpy(name, list[n - 1]);
		return true;
	}
	snprintf(why, len, "nic%u: of network cards that are up there %s %zu%s", n, count == 1 ? "is" : "are",
		 count, count ? ":" : "; plug in the cable, set the link up (ip link set IF up), or name the "
		 "interface");
	for (size_t i = 0; i < count; i++)
		add_text(why, len, " nic%zu is %s%s", i + 1, list[i], i + 1 < count ? "," : "");
	return false;
}
