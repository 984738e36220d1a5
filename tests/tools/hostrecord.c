// SPDX-License-Identifier: GPL-2.0-or-later
/* The records of a host's clock over vsock, as they come: a reader as small as can be, of ptpkvm-host serve's tests. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#include "base/die.h"
#include "base/now.h"
#include "cli/options.h"
#include "shared.h"
#include "time/host_record.h"

static const char usage[] =
	"Usage: hostrecord [OPTION]...\n"
	"Connect to the host's vsock port 319 and print each record that comes, a line of key=value, until the host ends\n"
	"the connection. at: CLOCK_MONOTONIC in s when it came; what is not told is a -.\n"
	"\n"
	"  -p, --port N       from this port of ours (default: the highest free one below 1024)\n"
	"  -n, --count N      so many records (default 0: all)\n"
	"  -s, --send         send something first\n"
	"  -f, --flood S      connect as fast as it goes for S s, read nothing, and print how often it went\n"
	"  -d, --deaf S       connect, and read nothing for S s\n"
	"  -h, --help         this\n"
	"Exit: 0 so many records came, or --flood; 1 fewer; 2 misuse, or no connection.\n";

static int bound_socket(int port)
{
	struct sockaddr_vm from = { .svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY };
	int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("socket: %s", strerror(errno));
	for (from.svm_port = port ? port : 1023; from.svm_port > 0; from.svm_port--)
		if (!bind(fd, (struct sockaddr *)&from, sizeof(from)))
			return fd;
		else if (port || errno != EADDRINUSE)
			break;
	die("bind to port %u: %s", from.svm_port, strerror(errno));
}

static int connected(int port)
{
	struct sockaddr_vm to = { .svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_HOST, .svm_port = HOST_CLOCK_PORT };
	int fd = bound_socket(port);

	if (!connect(fd, (struct sockaddr *)&to, sizeof(to)))
		return fd;
	close(fd);
	return -1;
}

static void show_known(const char *key, bool known, int64_t val)
{
	if (known)
		printf(" %s=%" PRId64, key, val);
	else
		printf(" %s=-", key);
}

static void show(const struct host_record *r)
{
	printf("at=%.6f time_ns=%" PRId64 " status=%s source=%s", now_ns(CLOCK_MONOTONIC) * 1e-9, r->time_ns,
	       host_status_name(r->status), host_record_source_name(r->source));
	show_known("max_error_ns", r->has_max_error, r->max_error_ns);
	show_known("ref_error_ns", r->has_ref_error, r->ref_error_ns);
	printf(" drift_ppb=%" PRIu32, r->drift_ppb);
	show_known("tai_offset_s", r->has_tai_offset, r->tai_offset);
	printf(" leap=%s smear=%s host=", r->has_leap ? host_leap_name(r->leap) : "-",
	       r->has_smear ? host_record_smear_name(r->smear) : "-");
	for (size_t i = 0; i < sizeof(r->host_id); i++)
		printf("%02x", r->host_id[i]);
	printf(" marker=0x%016" PRIx64 "\n", r->marker);
	fflush(stdout);
}

/* How many came */
static int read_records(int fd, int max)
{
	unsigned char buf[2 * HOST_RECORD_SIZE_MAX];
	struct host_record r;
	char why[200] = "";
	size_t len = 0;
	int came = 0, n = 0;

	while (n >= 0 && (!max || came < max)) {
		ssize_t more = read(fd, buf + len, sizeof(buf) - len);

		if (more <= 0) {
			printf("end=%s at=%.6f\n", more ? strerror(errno) : "closed", now_ns(CLOCK_MONOTONIC) * 1e-9);
			return came;
		}
		len += more;
		while ((n = host_record_decode(&r, buf, len, why, sizeof(why))) > 0 && (!max || came < max)) {
			show(&r);
			came++;
			len -= n;
			memmove(buf, buf + n, len);
		}
	}
	if (n < 0)
		printf("end=%s\n", why);
	return came;
}

static int flood(int port, double s)
{
	int64_t end = now_ns(CLOCK_MONOTONIC) + (int64_t)(s * 1e9);
	int good = 0, bad = 0;

	while (now_ns(CLOCK_MONOTONIC) < end) {
		int fd = connected(port);

		if (fd < 0) {
			bad++;
			continue;
		}
		good++;
		close(fd);
	}
	printf("connected=%d refused=%d\n", good, bad);
	return EXIT_OK;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "port", required_argument, NULL, 'p' }, { "count", required_argument, NULL, 'n' },
		{ "send", no_argument, NULL, 's' }, { "flood", required_argument, NULL, 'f' },
		{ "deaf", required_argument, NULL, 'd' }, { "help", no_argument, NULL, 'h' }, { 0 },
	};
	int port = 0, count = 0, opt, fd;
	double flood_s = 0, deaf_s = 0;
	bool send_first = false;

	progname = "hostrecord";
	while ((opt = getopt_long(argc, argv, "p:n:sf:d:h", options, NULL)) >= 0)
		switch (opt) {
		case 'p': port = opt_u64("--port", optarg, 1, 65535); break;
		case 'n': count = opt_u64("--count", optarg, 0, INT_MAX); break;
		case 's': send_first = true; break;
		case 'f': flood_s = opt_decimal("--flood", optarg, 0, 3600); break;
		case 'd': deaf_s = opt_decimal("--deaf", optarg, 0, 3600); break;
		case 'h': opt_help(usage);
		default: return EXIT_MISUSE;
		}
	opt_no_arguments(argc, argv);
	if (flood_s)
		return flood(port, flood_s);
	fd = connected(port);
	if (fd < 0)
		die("connect to port %d of CID 2: %s", HOST_CLOCK_PORT, strerror(errno));
	if (send_first && write(fd, "x", 1) < 0)
		die("write: %s", strerror(errno));
	if (deaf_s)
		sleep_until(now_ns(CLOCK_MONOTONIC) + (int64_t)(deaf_s * 1e9));
	return read_records(fd, count) < (count ? count : 1) ? EXIT_MEASURED : EXIT_OK;
}
