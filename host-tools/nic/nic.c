// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/numbers.h"
#include "base/text.h"
#include "nic/nic.h"
#include "system/tree.h"

#define NET "/sys/class/net/"
#define PCI "/sys/bus/pci/devices/"

const char *nic_kind_name(enum nic_kind kind)
{
	static const char *const names[] = {
		[NIC_PHYSICAL] = "physical", [NIC_BOND] = "bond",	[NIC_VLAN] = "vlan",
		[NIC_BRIDGE] = "bridge",     [NIC_STACKED] = "stacked", [NIC_VIRTUAL] = "virtual",
	};

	return names[kind];
}

/* --- drivers --- */

int nic_ethtool(const char *name, void *cmd)
{
	struct ifreq request = { .ifr_data = cmd };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), error;

	if (fd < 0)
		fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	error = ioctl(fd, SIOCETHTOOL, &request) ? errno : 0;
	close(fd);
	return error;
}

static void ask_driver(struct nic *n, nic_ask *ask)
{
	struct ethtool_ts_info ts = { .cmd = ETHTOOL_GET_TS_INFO, .phc_index = -1 };
	struct ethtool_drvinfo driver = { .cmd = ETHTOOL_GDRVINFO };
	char path[64];

	if (!ask(n->name, &driver) && driver.driver[0])
		snprintf(n->driver, sizeof(n->driver), "%.31s", driver.driver);
	n->error = ask(n->name, &ts);
	if (n->error)
		return;
	n->stamping = ts.so_timestamping;
	n->tx_types = ts.tx_types;
	n->rx_filters = ts.rx_filters;
	n->phc = ts.phc_index < 0 ? -1 : ts.phc_index;
	snprintf(path, sizeof(path), "/sys/class/ptp/ptp%d/clock_name", n->phc);
	if (n->phc >= 0)
		file_read_line(path, n->phc_name, sizeof(n->phc_name));
}

/* --- sysfs --- */

/* The last part of where a symbolic link below file_root leads to; empty if it is none. */
static void link_name(const char *path, char *name, size_t len)
{
	char target[FILE_PATH_MAX];
	ssize_t n = file_readlink(path, target, sizeof(target) - 1);
	const char *slash;

	name[0] = 0;
	if (n <= 0)
		return;
	target[n] = 0;
	slash = strrchr(target, '/');
	slash = slash ? slash + 1 : target;
	if (strlen(slash) < len)
		strcpy(name, slash);
}

/* "0000:03:00.0" */
static bool is_pci_address(const char *s, size_t len)
{
	static const char form[] = "xxxx:xx:xx.x";

	if (len != strlen(form))
		return false;
	for (size_t i = 0; i < len; i++)
		if (form[i] == 'x' ? !isxdigit((unsigned char)s[i]) : s[i] != form[i])
			return false;
	return true;
}

/* The function that it is on: the last one of "../../devices/pci0000:00/0000:00:03.0/virtio2/net/eth0" */
static void find_pci(struct nic *n)
{
	char path[64], target[FILE_PATH_MAX];
	ssize_t len;

	snprintf(path, sizeof(path), NET "%s", n->name);
	len = file_readlink(path, target, sizeof(target) - 1);
	if (len <= 0)
		return;
	target[len] = 0;
	for (const char *part = target; *part; part += *part == '/') {
		size_t width = strcspn(part, "/");

		if (is_pci_address(part, width))
			snprintf(n->pci, sizeof(n->pci), "%.*s", (int)width, part);
		part += width;
	}
}

static bool gives_away(const char *driver)
{
	return strstr(driver, "vfio") || !strcmp(driver, "uio_pci_generic") || !strcmp(driver, "igb_uio");
}

static bool read_number(const char *dir, const char *name, int64_t max, int *val)
{
	char path[128], line[24];
	int64_t v;

	snprintf(path, sizeof(path), "%.80s/%s", dir, name);
	if (!file_read_line(path, line, sizeof(line)) || !parse_s64(line, 0, max, &v))
		return false;
	*val = v;
	return true;
}

/* dir: its device's */
static void read_functions(struct nic *n, const char *dir)
{
	char path[128], driver[32];
	const struct dirent *d;
	DIR *net;

	snprintf(path, sizeof(path), "%.60s/physfn", dir);
	n->vf = file_exists(path);
	snprintf(path, sizeof(path), "%.60s/physfn/net", dir);
	net = n->vf ? file_dir(path) : NULL;
	while (net && (d = readdir(net)))
		if (d->d_name[0] != '.' && strlen(d->d_name) < sizeof(n->pf))
			strcpy(n->pf, d->d_name);
	if (net)
		closedir(net);
	read_number(dir, "sriov_numvfs", 65535, &n->vfs);
	for (int i = 0; i < n->vfs; i++) {
		snprintf(path, sizeof(path), "%.60s/virtfn%d/driver", dir, i);
		link_name(path, driver, sizeof(driver));
		n->vfs_away += gives_away(driver);
	}
}

static int by_version(const void *a, const void *b)
{
	return strverscmp(a, b);
}

static void read_lower(struct nic *n)
{
	static const char prefix[] = "lower_";
	char path[64];
	const struct dirent *d;
	DIR *dir;

	snprintf(path, sizeof(path), NET "%s", n->name);
	dir = file_dir(path);
	while (dir && (d = readdir(dir))) {
		const char *lower = d->d_name + strlen(prefix);

		if (strncmp(d->d_name, prefix, strlen(prefix)) || strlen(lower) >= IFNAMSIZ)
			continue;
		if (n->n_lower < NIC_LOWER_MAX)
			strcpy(n->lower[n->n_lower++], lower);
	}
	if (dir)
		closedir(dir);
	qsort(n->lower, n->n_lower, sizeof(n->lower[0]), by_version);
}

static bool has(const struct nic *n, const char *what)
{
	char path[64];

	snprintf(path, sizeof(path), NET "%s/%s", n->name, what);
	return file_exists(path);
}

static enum nic_kind kind_of(const struct nic *n)
{
	char path[64], *uevent;
	bool vlan;

	if (has(n, "bonding"))
		return NIC_BOND;
	if (has(n, "bridge"))
		return NIC_BRIDGE;
	if (has(n, "device"))
		return NIC_PHYSICAL;
	if (!n->n_lower)
		return NIC_VIRTUAL;
	snprintf(path, sizeof(path), NET "%s/uevent", n->name);
	uevent = file_read(path, NULL);
	vlan = uevent && strstr(uevent, "DEVTYPE=vlan\n");
	free(uevent);
	return vlan ? NIC_VLAN : NIC_STACKED;
}

void nic_read(struct nic *n, const char *name, nic_ask *ask)
{
	char dir[64], path[80];

	memset(n, 0, sizeof(*n));
	snprintf(n->name, sizeof(n->name), "%.15s", name);
	snprintf(dir, sizeof(dir), NET "%s", n->name);
	n->phc = n->error = -1;
	read_lower(n);
	n->kind = kind_of(n);
	snprintf(path, sizeof(path), "%s/operstate", dir);
	file_read_line(path, n->operstate, sizeof(n->operstate));
	snprintf(path, sizeof(path), "%s/master", dir);
	link_name(path, n->master, sizeof(n->master));
	read_number(dir, "speed", 1 << 30, &n->speed);
	if (n->kind == NIC_PHYSICAL) {
		find_pci(n);
		snprintf(path, sizeof(path), "%s/device/driver", dir);
		link_name(path, n->driver, sizeof(n->driver));
		snprintf(path, sizeof(path), "%s/device", dir);
		read_functions(n, path);
	}
	if (ask)
		ask_driver(n, ask);
}

/* A function of network class (0x02....) that a driver without interfaces has */
static void read_function(struct nics *all, const char *pci)
{
	char path[80], class[16];
	struct nic_away away = { .vf = false };

	snprintf(path, sizeof(path), PCI "%.12s/class", pci);
	if (!file_read_line(path, class, sizeof(class)) || strncmp(class, "0x02", 4))
		return;
	snprintf(path, sizeof(path), PCI "%.12s/driver", pci);
	link_name(path, away.driver, sizeof(away.driver));
	if (!gives_away(away.driver))
		return;
	snprintf(path, sizeof(path), PCI "%.12s/physfn", pci);
	away.vf = file_exists(path);
	strcpy(away.pci, pci);
	if (all->n_away == NICS_AWAY_MAX)
		all->left_out++;
	else
		all->away[all->n_away++] = away;
}

static int by_path(const void *a, const void *b)
{
	return strverscmp(*(char *const *)a, *(char *const *)b);
}

/* In natural order, to be freed */
static int list(const char *pattern, char ***paths)
{
	int n = file_glob(pattern, paths);

	if (n > 0)
		qsort(*paths, n, sizeof(**paths), by_path);
	return n > 0 ? n : 0;
}

void nic_gather(struct nics *all, nic_ask *ask)
{
	char **paths;
	int n = list(NET "*", &paths);

	memset(all, 0, sizeof(*all));
	for (int i = 0; i < n; i++) {
		const char *name = base_name(paths[i]);

		/* /sys/class/net has a file too, bonding_masters */
		if (strlen(name) < IFNAMSIZ && strcmp(name, "bonding_masters") && strcmp(name, "lo")) {
			if (all->n == NICS_MAX)
				all->left_out++;
			else
				nic_read(&all->list[all->n++], name, ask);
		}
	}
	file_glob_free(paths, n);
	n = list(PCI "*", &paths);
	for (int i = 0; i < n; i++)
		if (is_pci_address(base_name(paths[i]), strlen(base_name(paths[i]))))
			read_function(all, base_name(paths[i]));
	file_glob_free(paths, n);
}

/* --- what it means --- */

const struct nic *nic_find(const struct nics *all, const char *name)
{
	for (int i = 0; i < all->n; i++)
		if (!strcmp(all->list[i].name, name))
			return &all->list[i];
	return NULL;
}

/* Each once; deep bounds what links that lead in a circle could do. */
static int add_real(const struct nics *all, const struct nic *n, const struct nic *real[], int found, int deep)
{
	if (n->kind == NIC_PHYSICAL || !n->n_lower) {
		for (int i = 0; i < found; i++)
			if (real[i] == n)
				return found;
		if (n->kind == NIC_PHYSICAL && found < NIC_LOWER_MAX)
			real[found++] = n;
		return found;
	}
	for (int i = 0; i < n->n_lower && deep; i++) {
		const struct nic *lower = nic_find(all, n->lower[i]);

		if (lower)
			found = add_real(all, lower, real, found, deep - 1);
	}
	return found;
}

int nic_real(const struct nics *all, const struct nic *n, const struct nic *real[NIC_LOWER_MAX])
{
	return add_real(all, n, real, 0, 4);
}

void nic_sharers(const struct nics *all, const struct nic *n, char *buf, size_t len)
{
	buf[0] = 0;
	for (int i = 0; i < all->n && n->phc >= 0 && !n->vf; i++) {
		const struct nic *other = &all->list[i];

		if (other != n && other->kind == NIC_PHYSICAL && !other->vf && other->phc == n->phc)
			add_text(buf, len, "%s%s", buf[0] ? ", " : "", other->name);
	}
}
