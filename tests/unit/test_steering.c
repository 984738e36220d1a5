// SPDX-License-Identifier: GPL-2.0-or-later
/* Processes, units, and who steers the clock by them: /proc and units' files as they were recorded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "system/tree.h"
#include "tree.h"

static int lists_read;

static int counted_glob(const char *pattern, char ***paths)
{
	lists_read++;
	return file_glob(pattern, paths);
}

#define file_glob counted_glob
#include "../../lib/time/steering.c"
#undef file_glob

#define PROCESS(pid, comm, words, cgroup) put_process(pid, comm, words, sizeof(words), cgroup)
#define UNIT(name) "0::/system.slice/" name "\n"

static struct steerer found[STEERERS_MAX];
static struct processes all;

static int find(void)
{
	int n;

	processes_free(&all);
	steering_processes(&all);
	n = steering_find(found, &all);
	return n;
}

static int no_processes(void **state)
{
	processes_free(&all);
	return remove_tree(state);
}

static void put_status(int pid, int parent, const char *effective)
{
	char path[64], text[100];

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	snprintf(text, sizeof(text), "Name:\tx\nPPid:\t%d\nCapEff:\t%s\n", parent, effective);
	put(path, text);
}

/* --- which processes count --- */

static void test_capabilities(void **state)
{
	(void)state;
	/* timesyncd has this one alone. */
	PROCESS(100, "systemd-timesyn", "/lib/systemd/systemd-timesyncd", UNIT("systemd-timesyncd.service"));
	put_status(100, 1, "0000000002000000");
	assert_int_equal(find(), 1);
	assert_string_equal(found[0].name, "systemd-timesyncd");
	assert_string_equal(found[0].unit, "systemd-timesyncd.service");
	assert_int_equal(found[0].elsewhere, NO);
	/* Anybody's process may have that name. */
	put_status(100, 1, "0000000000000000");
	assert_int_equal(find(), 0);
	put_status(100, 1, "fffffffffdffffff");
	assert_int_equal(find(), 0);
	/* unshare -Ur: all capabilities, over nothing */
	put_status(100, 1, "000001ffffffffff");
	put("/proc/100/uid_map", "         0       1000          1\n");
	assert_int_equal(find(), 0);
	put("/proc/100/uid_map", "         0     100000      65536\n");
	assert_int_equal(find(), 0);
	put("/proc/100/uid_map", "         0          0 4294967295\n");
	assert_int_equal(find(), 1);
	/* hidepid: its files can't be read */
	put("/proc/100/status", "");
	assert_int_equal(find(), 0);
	assert_true(all.hidden);
	put("/proc/2/comm", "kthreadd\n");
	find();
	assert_false(all.hidden);
}

static void test_units_of_processes(void **state)
{
	static const char *const cases[][2] = {
		{ "0::/system.slice/ntpsec.service\n", "ntpsec.service" },
		{ "5:cpu:/\n1:name=systemd:/system.slice/ntpsec.service\n0::/\n", "ntpsec.service" },
		{ "0::/system.slice/system-ptp4l.slice/ptp4l@eth0.service\n", "ptp4l@eth0.service" },
		{ "0::/system.slice/ptp.service/libpod-payload-12ab\n", "ptp.service" },
		/* A user's own unit, a container's and one in it, a session */
		{ "0::/user.slice/user-1000.slice/user@1000.service/app.slice/ptp4l.service\n", "" },
		{ "0::/system.slice/docker-12ab.scope\n", "" },
		{ "0::/system.slice/docker-12ab.scope/system.slice/chrony.service\n", "" },
		{ "0::/lxc.payload.a/system.slice/chrony.service\n", "" },
		{ "0::/machine.slice/systemd-nspawn@a.service/payload/system.slice/chrony.service\n", "" },
		{ "0::/kubepods.slice/kubepods-pod1.slice/crio-1.scope\n", "" },
		{ "4:pids:/system.slice/x.service\n0::/\n", "" },
		{ "", "" },
	};
	char unit[UNIT_NAME_LEN];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		put("/proc/9/cgroup", cases[i][0]);
		process_unit(9, unit, sizeof(unit));
		assert_string_equal(unit, cases[i][1]);
	}
}

/* A sandboxed unit has a mount namespace of its own, and our root. */
static void test_elsewhere(void **state)
{
	(void)state;
	put_link("/proc/self/ns/net", "net:[1]");
	PROCESS(100, "ntpd", "ntpd", UNIT("ntp.service"));
	put_link("/proc/100/ns/net", "net:[1]");
	put_link("/proc/100/ns/mnt", "mnt:[77]");
	assert_int_equal(find(), 1);
	assert_int_equal(found[0].elsewhere, NO);
	put_link("/proc/100/ns/net", "net:[2]");
	find();
	assert_int_equal(found[0].elsewhere, YES);
	put_link("/proc/100/ns/net", "net:[1]");
	put("/containers/a/etc/x", "");
	put_link("/proc/100/root", "/containers/a");
	find();
	assert_int_equal(found[0].elsewhere, YES);
	put_link("/proc/100/root", "/not/to/be/read");
	find();
	assert_int_equal(found[0].elsewhere, MAYBE);
	put("/proc/100/cgroup", "0::/system.slice/docker-12ab.scope\n");
	find();
	assert_int_equal(found[0].elsewhere, YES);
}

/* Several processes of one name: helpers are none, and the one that can steer is judged. */
static void test_several(void **state)
{
	(void)state;
	PROCESS(90, "chronyd", "chronyd\0-x", "0::/user.slice\n");
	put_status(90, 1, "0");
	PROCESS(100, "chronyd", "/usr/sbin/chronyd\0-F\0001", UNIT("chrony.service"));
	PROCESS(101, "chronyd", "/usr/sbin/chronyd\0-F\0001", UNIT("chrony.service"));
	put_status(101, 100, "000001ffffffffff");
	PROCESS(102, "ntpd", "ntpd: ntp engine", UNIT("openntpd.service"));
	put_status(102, 103, "0000000000000000");
	PROCESS(103, "ntpd", "/usr/sbin/ntpd\0-d", UNIT("openntpd.service"));
	assert_int_equal(find(), 2);
	assert_int_equal(found[0].pid, 100);
	assert_int_equal(found[1].pid, 103);
	assert_int_equal(steering_chronyd(&all)->pid, 100);
	/* Two of their own are two. */
	PROCESS(104, "ntpd", "ntpd", "0::/\n");
	assert_int_equal(find(), 3);
	/* -x leaves the clock alone, and needs no capability; it is this system's all the same. */
	PROCESS(100, "chronyd", "/usr/sbin/chronyd\0-xF1", UNIT("chrony.service"));
	put_status(100, 1, "0000000000000000");
	put_status(101, 100, "0000000000000000");
	assert_int_equal(find(), 2);
	assert_int_equal(steering_chronyd(&all)->pid, 100);
	/* A container's is not. */
	put("/containers/a/x", "");
	put_link("/proc/100/root", "/containers/a");
	put_link("/proc/101/root", "/containers/a");
	find();
	assert_null(steering_chronyd(&all));
}

/* --- command lines --- */

#define LINE(comm, words, steers) { comm, words, sizeof(words), steers, "" }
#define FROM(comm, words, from) { comm, words, sizeof(words), true, from }

static const struct {
	const char *comm, *words;
	size_t len;
	bool steers;
	const char *from;
} lines[] = {
	/* G8 */
	LINE("phc2sys", "phc2sys\0-a", false),
	LINE("phc2sys", "phc2sys\0-s\0eth0\0-E\0ntpshm", false),
	LINE("phc2sys", "phc2sys\0-a\0-r\0-E\0refclock_sock", false),
	FROM("phc2sys", "phc2sys\0-c\0CLOCK_REALTIME\0-c\0eth0\0-s\0eth1\0-O\0000", "eth1"),
	FROM("phc2sys", "phc2sys\0-c\0eth0\0-c\0CLOCK_REALTIME\0-s\0eth1\0-O\0000", "eth1"),
	FROM("phc2sys", "phc2sys\0-s\0eth0\0-w", "eth0"),
	FROM("phc2sys", "phc2sys\0-seth0\0-cclock_realtime\0-O-37", "eth0"),
	FROM("phc2sys", "phc2sys\0-i\0eth0\0-w", "eth0"),
	FROM("phc2sys", "phc2sys\0-arr", "the PHC of ptp4l's slave port"),
	FROM("phc2sys", "phc2sys\0-d\0/dev/pps0", "a PPS"),
	LINE("phc2sys", "phc2sys\0-s\0CLOCK_REALTIME\0-c\0eth0\0-O\0000", false),
	LINE("phc2sys", "phc2sys\0-a\0-r\0-C\0CLOCK_AUX0", false),
	LINE("phc2sys", "phc2sys\0-a\0-r\0--free_running=1", false),
	LINE("phc2sys", "phc2sys\0--clock_servo\0ntpshm\0-s\0eth0\0-w", false),
	LINE("phc2sys", "phc2sys\0--clock_s=ntpshm\0-s\0eth0\0-w", false),
	LINE("phc2sys", "phc2sys\0-a\0-r\0--free\0001", false),
	FROM("phc2sys", "phc2sys\0-s\0eth0\0-w\0--\0--free\0001", "eth0"),
	FROM("phc2sys", "phc2sys\0-s\0eth0\0-f\0/etc/none", "eth0 (its configuration cannot be read)"),
	LINE("phc2sys", "phc2sys\0-s\0eth0\0-w\0-f\0/etc/shm.conf", false),
	LINE("phc2sys", "phc2sys\0-s\0eth0\0-w\0-f\0shm.conf", false),
	FROM("phc2sys", "phc2sys\0-s\0eth0\0-w\0-f\0/etc/shm.conf\0-E\0pi", "eth0"),
	FROM("ptp4l", "ptp4l\0-S\0-i\0eth0", "software timestamps of eth0"),
	FROM("ptp4l", "ptp4l\0-mqSi\0eth0", "software timestamps of eth0"),
	FROM("ptp4l", "ptp4l\0-L\0-i\0eth0", "software timestamps of eth0"),
	FROM("ptp4l", "ptp4l\0--time_stamping=software\0-i\0eth0", "software timestamps of eth0"),
	FROM("ptp4l", "ptp4l\0--time_=soft\0--time_s\0software\0-i\0eth0", "software timestamps of eth0"),
	LINE("ptp4l", "ptp4l\0-S\0-i\0eth0\0--clock_servo\0ntpshm", false),
	LINE("ptp4l", "ptp4l\0-i\0eth0", false),
	LINE("ptp4l", "ptp4l\0-S\0-H\0-i\0eth0", false),
	LINE("ptp4l", "ptp4l\0-S\0-i\0eth0\0--serverOnly\0001", false),
	LINE("ptp4l", "ptp4l\0-S\0-i\0eth0\0--free_running\0001", false),
	LINE("ptp4l", "ptp4l\0-S\0-i\0eth0\0-f\0/etc/shm.conf", false),
	LINE("ptp4l", "ptp4l\0-i\0-S\0--\0-S", false),
	LINE("chronyd", "chronyd\0-F\0001", true),
	LINE("chronyd", "chronyd\0-u\0x\0-f\0x", true),
	LINE("chronyd", "chronyd\0-4nx", false),
	LINE("chronyd", "chronyd\0-Q\0server x iburst", false),
	/* G7, and others */
	FROM("ntp-daemon", "/usr/bin/ntp-daemon", "NTP"),
	FROM("ntpd", "/usr/sbin/ntpd\0-p\0/run/ntpd.pid", "NTP"),
	FROM("busybox", "busybox\0ntpd\0-n\0-p\0x", "NTP"),
	LINE("busybox", "busybox\0ntpd\0-wp\0x", false),
	LINE("busybox", "busybox\0syslogd", false),
	FROM("ptpd", "ptpd\0-c\0/etc/ptpd.conf", "PTP"),
	FROM("ptpd2", "ptpd2\0-s\0-i\0eth0", "PTP"),
	LINE("ptpd2", "ptpd2\0-n\0-i\0eth0", false),
	LINE("ptpd2", "ptpd2\0--masteronly\0-i\0eth0", false),
	LINE("ptpd2", "ptpd2\0--clock:no_adjust=Y\0-i\0eth0", false),
	LINE("ptpd2", "ptpd2\0-c\0/etc/ptpd-watch.conf", false),
	FROM("sfptpd", "sfptpd\0--no-daemon\0-f\0/etc/sfptpd-slave.conf", "PTP"),
	LINE("sfptpd", "sfptpd\0--no-daemon\0-f\0/etc/sfptpd.conf", false),
	FROM("timekeeper", "timekeeper", "PTP"),
	FROM("statime", "statime\0-c\0/etc/x.toml", "PTP"),
	LINE("exanic-clock-sy", "exanic-clock-sync\0exanic0:host", true),
	LINE("ts2phc", "ts2phc\0-s\0nmea\0-c\0eth0", false),
	LINE("timemaster", "timemaster\0-f\0/etc/timemaster.conf", false),
	LINE("qemu-ga", "qemu-ga\0-d", false),
};

static void put_confs(void)
{
	put("/etc/shm.conf", "[global]\nclock_servo ntpshm\n");
	put("/etc/ptpd.conf", "ptpengine:interface=eth0\n; clock:no_adjust = Y\n");
	put("/etc/ptpd-watch.conf", "clock:no_adjust = Y\n");
	put("/etc/sfptpd.conf", "# default\nclock_list none\nclock_readonly system\n");
	put("/etc/sfptpd-slave.conf", "#clock_readonly system\nclock_readonly eth0\nclock_control slew-and-step\n");
	put("/etc/x.toml", "virtual-system-clock = false\n");
}

static void test_command_lines(void **state)
{
	int n;

	(void)state;
	put_confs();
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		put_process(50, lines[i].comm, lines[i].words, lines[i].len, "0::/\n");
		put_link("/proc/50/cwd", "/etc");
		n = find();
		if (n != lines[i].steers)
			print_error("%s, case %zu\n", lines[i].comm, i);
		assert_int_equal(n, lines[i].steers);
		if (lines[i].from[0])
			assert_string_equal(found[0].from, lines[i].from);
	}
}

/* Where a process's root is another, its files are read there. */
static void test_conf_in_container(void **state)
{
	(void)state;
	put("/containers/a/etc/shm.conf", "[global]\nclock_servo ntpshm\n");
	PROCESS(50, "phc2sys", "phc2sys\0-s\0eth0\0-w\0-f\0/etc/shm.conf", "0::/system.slice/docker-1.scope\n");
	assert_int_equal(find(), 1);
	put_link("/proc/50/root", "/containers/a");
	assert_int_equal(find(), 0);
}

/* sfptpd has ntpd beside it leave the clock alone. */
static void test_sfptpd_and_ntpd(void **state)
{
	(void)state;
	put_confs();
	PROCESS(50, "sfptpd", "sfptpd\0-f\0/etc/sfptpd-slave.conf", UNIT("sfptpd.service"));
	PROCESS(51, "ntpd", "ntpd", UNIT("ntpd.service"));
	assert_int_equal(find(), 1);
	assert_string_equal(found[0].name, "sfptpd");
	PROCESS(50, "sfptpd", "sfptpd\0-f\0/etc/sfptpd.conf", UNIT("sfptpd.service"));
	assert_int_equal(find(), 1);
	assert_string_equal(found[0].name, "ntpd");
}

/* --- units --- */

static void exec_is(const char *name, const char *want)
{
	char words[500] = "";
	struct unit u;

	unit_read(&u, name);
	for (size_t i = 0; i < u.exec_len; i += strlen(u.exec + i) + 1)
		snprintf(words + strlen(words), sizeof(words) - strlen(words), "%s[%s]", i ? " " : "", u.exec + i);
	assert_string_equal(words, want);
	unit_free(&u);
}

static void test_unit_files(void **state)
{
	struct unit u;

	(void)state;
	put("/usr/lib/systemd/system/phc2sys.service",
	    "[Unit]\nExecStart=no\n[Service]\nType=simple\n# ExecStart=/bin/no\n"
	    "EnvironmentFile=-/etc/sysconfig/phc2sys\nExecStart=/usr/sbin/phc2sys $OPTIONS\n");
	exec_is("phc2sys.service", "[/usr/sbin/phc2sys]");
	put("/etc/sysconfig/phc2sys", "# OPTIONS=\"-x\"\nOPTIONS=\"-a -r\"\n");
	exec_is("phc2sys.service", "[/usr/sbin/phc2sys] [-a] [-r]");
	put("/etc/systemd/system/phc2sys.service.d/50-x.conf", "[Service]\nExecStart=\nExecStart=-/usr/sbin/phc2sys "
	    "-s eth0 \\\n -E \"ntpshm\" ${NO}x\n");
	exec_is("phc2sys.service", "[/usr/sbin/phc2sys] [-s] [eth0] [-E] [ntpshm] [x]");
	/* A name in /etc goes before the same in /usr/lib; they are read by their names. */
	put("/usr/lib/systemd/system/phc2sys.service.d/50-x.conf", "[Service]\nExecStart=\nExecStart=/no\n");
	put("/run/systemd/system/phc2sys.service.d/60-y.conf", "[Service]\nExecStart=\nExecStart=/bin/y\n");
	exec_is("phc2sys.service", "[/bin/y]");

	/* and one that leads to /dev/null masks it, in an image, too. */
	put_link("/etc/systemd/system/phc2sys.service.d/60-y.conf", "/dev/null");
	put_link("/etc/systemd/system/phc2sys.service.d/50-x.conf", "/dev/null");
	exec_is("phc2sys.service", "[/usr/sbin/phc2sys] [-a] [-r]");

	put("/lib/systemd/system/ptp4l@.service", "[Service]\nEnvironment=\"A=-S -q\" B=c\nEnvironment=B=-m\n"
	    "ExecStart=@/usr/sbin/ptp4l ptp4l -i %i $A ${A} ${B} %% %I -f /etc/linuxptp/%p.conf\n");
	exec_is("ptp4l@eth-0\\x2d1.service", "[/usr/sbin/ptp4l] [-i] [eth-0\\x2d1] [-S] [-q] [-S -q] [-m] [%] "
		"[eth/0-1] [-f] [/etc/linuxptp/ptp4l.conf]");
	put("/etc/systemd/system/ptp4l@eth1.service.d/a.conf", "[Service]\nExecStart=\nExecStart=:/bin/a $A %E%S%C%L%h\n");
	exec_is("ptp4l@eth1.service", "[/bin/a] [$A] [/etc/var/lib/var/cache/var/log/root]");

	put_link("/etc/systemd/system/ntpd.service", "/lib/systemd/system/ntpsec.service");
	put("/lib/systemd/system/ntpsec.service", "[Service]\nExecStart=!/usr/libexec/ntpsec/ntp-systemd-wrapper\n");
	unit_read(&u, "ntpd.service");
	assert_string_equal(u.name, "ntpsec.service");
	assert_string_equal(u.exec, "/usr/libexec/ntpsec/ntp-systemd-wrapper");
	unit_free(&u);
	put_link("/etc/systemd/system/ntpsec.service", "/dev/null");
	unit_read(&u, "ntpsec.service");
	assert_true(u.masked && !u.exec);
	unit_read(&u, "none.service");
	assert_true(!u.masked && !u.file[0] && !u.exec);
}

static void test_hostile_units(void **state)
{
	static char text[1 << 16];
	struct unit u;

	(void)state;
	put("/lib/systemd/system/a.service", "ExecStart=x\n[Service\nExecStart\n=\n[Service]\nExecStart=\"\n");
	exec_is("a.service", "[]");
	put("/lib/systemd/system/a.service", "[Service]\nExecStart=/b ${ % %z $ ${} $$ \\");
	exec_is("a.service", "[/b] [${] [%] [%z] [$] [] [$] [\\]");
	memset(text, 'x', sizeof(text) - 1);
	memcpy(text, "[Service]\nExecStart=/b ", 23);
	put("/lib/systemd/system/a.service", text);
	exec_is("a.service", "[/b]");
	put("/lib/systemd/system/a.service", "[Service]\nExecStart=/b $A ${A}\nEnvironmentFile=/x\n");
	memset(text, 'x', sizeof(text) - 1);
	memcpy(text, "A=", 2);
	put("/x", text);
	unit_read(&u, "a.service");	/* test_units.c has what becomes of it */
	assert_int_equal(strcmp(u.exec, "/b"), 0);
	unit_free(&u);
	put("/lib/systemd/system/@.service", "[Service]\nExecStart=/b %i %n\n");
	exec_is("@.service", "[/b] [] [@.service]");
	exec_is("@x.service", "[/b] [x] [@x.service]");
	exec_is("", "");
	exec_is("../../../etc/passwd", "");
}

/* What an image will start */
static void test_enabled(void **state)
{
	char names[8][UNIT_NAME_LEN];

	(void)state;
	put("/usr/lib/systemd/system/phc2sys@.service", "[Service]\nExecStart=/usr/sbin/phc2sys -w -s %I\n");
	put("/usr/lib/systemd/system/systemd-timesyncd.service",
	    "[Service]\nExecStart=!!/usr/lib/systemd/systemd-timesyncd\n");
	put("/usr/lib/systemd/system/chrony.service",
	    "[Service]\nExecStart=!/usr/lib/systemd/scripts/chronyd-starter.sh\n");
	put("/usr/lib/systemd/system/my-time.service", "[Service]\nExecStart=/opt/bin/ntp-daemon\n");
	put("/usr/lib/systemd/system/ntpsec.service", "[Service]\nExecStart=/usr/libexec/ntpsec/ntp-systemd-wrapper\n");
	put("/usr/lib/systemd/system/shm.service", "[Service]\nExecStart=/usr/sbin/phc2sys -a -r -E ntpshm\n");
	put("/usr/lib/systemd/system/ssh.service", "[Service]\nExecStart=/usr/sbin/sshd\n");
	assert_int_equal(find(), 0);
	put_link("/etc/systemd/system/multi-user.target.wants/phc2sys@eth0.service",
		 "/usr/lib/systemd/system/phc2sys@.service");
	put_link("/etc/systemd/system/sysinit.target.wants/systemd-timesyncd.service", "/x");
	put_link("/etc/systemd/system/dbus-org.freedesktop.timesync1.service",
		 "/usr/lib/systemd/system/systemd-timesyncd.service");
	put_link("/etc/systemd/system/multi-user.target.wants/chrony.service", "/x");
	put_link("/usr/lib/systemd/system/multi-user.target.requires/my-time.service", "../my-time.service");
	put_link("/etc/systemd/system/multi-user.target.wants/ntpsec.service", "/x");
	put_link("/etc/systemd/system/ntpsec.service", "/dev/null");
	put_link("/etc/systemd/system/multi-user.target.wants/gone.service", "/x");
	put_link("/etc/systemd/system/multi-user.target.wants/shm.service", "/x");
	put_link("/etc/systemd/system/multi-user.target.wants/ssh.service", "/x");
	assert_int_equal(units_enabled("phc2sys*.service", names, 8), 1);
	assert_string_equal(names[0], "phc2sys@eth0.service");
	assert_int_equal(units_enabled("*.service", names, 8), 6);
	assert_int_equal(units_enabled("*.service", names, 2), 2);
	assert_int_equal(find(), 4);
	for (int i = 0; i < 4; i++) {
		assert_true(!found[i].pid && found[i].at_boot);
		if (!strcmp(found[i].name, "phc2sys"))
			assert_string_equal(found[i].from, "eth0");
		else if (!strcmp(found[i].name, "ntpd-rs"))
			assert_string_equal(found[i].unit, "my-time.service");
		else if (strcmp(found[i].name, "chronyd"))
			assert_string_equal(found[i].name, "systemd-timesyncd");
	}
	/* Started by another program, of a priority or in a network namespace */
	put("/usr/lib/systemd/system/my-time.service", "[Service]\nExecStart=/usr/bin/chrt -f 50 phc2sys -s eth0 -w\n");
	assert_int_equal(find(), 4);
	put("/usr/lib/systemd/system/my-time.service", "[Service]\nExecStart=/sbin/ip netns exec a phc2sys -a\n");
	assert_int_equal(find(), 3);
	put("/usr/lib/systemd/system/my-time.service", "[Service]\nExecStart=/usr/bin/pkill ntpd\n");
	assert_int_equal(find(), 3);
	/* One that systemd knows of, and nobody else */
	put("/usr/lib/systemd/ntp-units.d/60-my.list", "# of a package\nmy-time.service\n");
	lists_read = 0;
	assert_int_equal(find(), 4);
	assert_int_equal(lists_read, 3);	/* once, not for each unit */
	put("/usr/lib/systemd/ntp-units.d/60-my.list", "my-time.service");
	put("/usr/lib/systemd/ntp-units.d/70-my.list", "x.service\n");
	assert_int_equal(find(), 4);
	put("/usr/lib/systemd/system/my-time.service", "[Service]\nExecStart=/opt/bin/ntp-daemon\n");
	/* Of a unit that runs, the process says what it does. */
	PROCESS(60, "phc2sys", "phc2sys\0-a\0-r\0-E\0ntpshm", UNIT("system-phc2sys.slice/phc2sys@eth0.service"));
	assert_int_equal(find(), 3);
	PROCESS(60, "phc2sys", "phc2sys\0-a\0-r", UNIT("system-phc2sys.slice/phc2sys@eth0.service"));
	assert_int_equal(find(), 4);
	assert_true(found[0].pid == 60 && found[0].at_boot);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(test_##name, empty_tree, no_processes)
	const struct CMUnitTest tests[] = {
		T(capabilities), T(units_of_processes), T(elsewhere), T(several), T(command_lines),
		T(conf_in_container), T(sfptpd_and_ntpd), T(unit_files), T(hostile_units), T(enabled),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("steering", tests, NULL, NULL);
}
