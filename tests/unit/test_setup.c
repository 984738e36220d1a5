// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * setup, remove and prestart in a tree of their own, with chronyd, chronyc, systemctl and modprobe played by
 * scripts; the faults that they may meet. systemd itself is in tests/boot/80-setup.t.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/array.h"
#include "base/die.h"
#include "base/now.h"
#include "check/judge.h"
#include "facts/facts.h"
#include "facts/ours.h"
#include "ptpkvm.h"
#include "setup/journal.h"
#include "setup/phc.h"
#include "system/machine.h"
#include "tree.h"

#define CONF "/etc/chrony/chrony.conf"
#define DROP_IN "/etc/systemd/system/chrony.service.d/ptpkvm.conf"
#define GENERATED "/run/chrony-dhcp/ptpkvm.conf"
#define LINE "refclock PHC /dev/ptp_kvm refid KVM poll -1 dpoll -3 maxsamples 8 offset 0"
#define SELECTED "#,*,KVM,0,-1,377,1,0.000000012,0.000000012,0.000000500\n"
#define NTP "^,-,192.0.2.1,2,6,377,1,0.000000012,0.000000012,0.000000500\n"

#define TIMER "systemd-run --quiet --no-block --unit=ptpkvm-late --on-active=15min --on-unit-inactive=15min /"

static struct check_facts facts;

/* Instead of this machine's. The clock is there once the file /phc of the tree is; in it its device. It waits if /waits is there. */
static bool kvm = true;

enum setup_phc setup_phc(const char *want, char *path, size_t path_len, char *why, size_t len)
{
	const char *phc = get("/phc");

	snprintf(path, path_len, "%s", want && !strcmp(want, "/dev/ptp3") ? want : phc);
	snprintf(why, len, "%s", file_exists("/waits") ? "/dev/ptp0 does not answer: " HOST_REFUSES : "no PTP clock");
	if (!phc[0])
		return SETUP_PHC_NONE;
	return file_exists("/waits") ? SETUP_PHC_WAITS : SETUP_PHC_ANSWERS;
}

/* What prestart has set before chronyd starts */
void setup_set_clock(bool rate, char *said, size_t len)
{
	put("/set", rate ? "with rate" : "without");
	snprintf(said, len, "clock set by +0.4 s");
}

bool hypervisor_is_kvm(char name[static HYPERVISOR_NAME_LEN])
{
	strcpy(name, kvm ? "KVMKVMKVM" : "");
	return kvm;
}

/* --- the machine --- */

static void program(const char *name, const char *script)
{
	char path[100], text[3000];

	snprintf(path, sizeof(path), "/bin/%s", name);
	snprintf(text, sizeof(text), "#!/bin/sh\nT=%s\n%s", tree, script);
	put_mode(path, text, 0755);
}

static char *etc_before;

static int setup(void **state)
{
	(void)state;
	tree_make();
	kvm = true;
	tree_programs();
	unsetenv("DAEMON_OPTS");
	put("/phc", "/dev/ptp_kvm");
	put("/sources", SELECTED NTP);
	put("/units", "Id=chrony.service\nLoadState=loaded\nActiveState=active\nUnitFileState=enabled\n");
	put("/log", "");
	put("/version", "4.3");
	put("/run/systemd/system/x", "");
	put("/sys/module/ptp_kvm/x", "");
	put("/proc/1/comm", "systemd\n");
	put(CONF, "confdir /etc/chrony/conf.d\npool pool.ntp.org iburst\nmakestep 1 3\n");
	put("/etc/chrony/conf.d/README", "");
	program("chronyd",
		"[ \"$1\" = -p ] && { echo \"chronyd $*\" >>$T/log; [ ! -e $T/chronyd-says-no ] || {\n"
		"echo 'Fatal error : Invalid' >&2; exit 1; }; exit; }\n"
		"echo \"chronyd (chrony) version $(cat $T/version) (+CMDMON)\"\n");
	program("chronyc", "cat $T/sources\n");
	program("modprobe",
		"echo \"modprobe $*\" >>$T/log\n[ -e $T/phc-after ] || exit 1\ncp $T/phc-after $T/phc\n");
	program("modinfo", "cat $T/parameters\n");	/* of the in-tree driver, which has none */
	put("/parameters", "");
	program("systemctl",
		"case \"$*\" in show*chrony*) exec cat $T/units;;\n"
		"show*) while [ $# -gt 1 ]; do shift; done; echo \"Id=$1\"; exec cat $T/show-$1;; esac\n"
		"echo \"$*\" >>$T/log\n"
		"[ ! -e \"$T/on-$1\" ] || . \"$T/on-$1\"\n");
	program("systemd-run", "echo \"systemd-run $*\" >>$T/log\n");
	etc_before = manifest("/etc");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(etc_before);
	tree_remove();
	return 0;
}

#define UNIT "/usr/lib/systemd/system/chrony.service"
#define LOCAL "/etc/systemd/system/chrony.service.d/local.conf"
#define EXEC "[Service]\nEnvironmentFile=-/etc/default/chrony\nExecStart=!/usr/sbin/chronyd $DAEMON_OPTS\n"
#define WANTS "/lib/systemd/system/multi-user.target.wants/"

/* Of a tree at rest */
static void systemd_image(void)
{
	put_link("/sbin/init", "/lib/systemd/systemd");
	put(UNIT, EXEC "EnvironmentFile=-/run/ptpkvm/chronyd.env\n");
	put_link(WANTS "chrony.service", UNIT);
}

static int call(void *arg)
{
	int (*const verbs[])(int argc, char **argv) = { cmd_setup, cmd_remove, cmd_prestart };
	static const char *const names[] = { "setup", "remove", "prestart" };
	char **argv = arg;
	int argc = 0;

	while (argv[argc])
		argc++;
	for (int i = 0; i < 3; i++)
		if (!strcmp(argv[0], names[i]))
			return verbs[i](argc, argv);
	return -1;
}

#define ptpkvm(...) apart(call, (char *[]){ __VA_ARGS__, NULL })

static void etc_is_as_before(void)
{
	char *now = manifest("/etc");

	assert_string_equal(now, etc_before);
	free(now);
}

/* What etc_is_as_before() is to find */
static void now_is_before(void)
{
	free(etc_before);
	etc_before = manifest("/etc");
}

/* But for the times of what was written back */
static void etc_has_text_as_before(void)
{
	static const char time[] = " 0123456789.";
	char *now = manifest("/etc"), *before = strdup(etc_before);

	for (char *text = now; text; text = text == now ? before : NULL)
		for (char *at = text; (at = strstr(at, " <")); at += 2)
			for (char *c = at - 1; c > text && strchr(time, *c); c--)
				*c = '_';
	assert_string_equal(now, before);
	free(now);
	free(before);
}

static void refused(int status, const char *reason)
{
	assert_int_equal(status, EXIT_BROKEN);
	has(said_err, reason);
	etc_is_as_before();
	lacks(get("/log"), "restart");
}

/* --- setup and remove --- */

static void test_setup_and_remove(void **state)
{
	(void)state;
	good(ptpkvm("setup"));
	has(said_out, "KVM is selected");
	assert_false(file_exists(SETUP_MODULES));
	has(get(SETUP_DIRECTIVES), "\n" LINE "\nmakestep 0.001 -1\n");
	has(get(DROP_IN), "[Service]\nExecStartPre=-+/bin/rm -f /run/ptpkvm/chronyd.env\nExecStartPre=-+/");
	has(get(DROP_IN), " prestart\nEnvironmentFile=-/run/ptpkvm/chronyd.env\n");
	assert_string_equal(get("/log") + strcspn(get("/log"), "\n") + 1,
			    "daemon-reload\nrestart chrony.service\n");
	good(ptpkvm("remove"));
	has(get("/log"), "try-restart chrony.service\n");
	lacks(get("/log"), "modprobe");
	etc_is_as_before();
	good(ptpkvm("remove"));
	assert_string_equal(said_out, "nothing to remove\n");
}

static void test_idempotent(void **state)
{
	char *once, *twice;

	(void)state;
	good(ptpkvm("setup", "--poll", "0"));
	has(get(SETUP_DIRECTIVES), "poll 0 dpoll -3");
	once = manifest("/etc");
	put("/log", "");
	good(ptpkvm("setup", "--poll", "0"));
	has(said_out, "nothing to do");
	lacks(get("/log"), "restart");
	twice = manifest("/etc");
	assert_string_equal(once, twice);
	free(once);
	free(twice);
	/* Other options: only what differs is written */
	good(ptpkvm("setup", "--poll", "0", "--only"));
	has(said_out, "already so  ");
	has(get(DROP_IN), " prestart --only\n");
	has(get("/log"), "restart");
	good(ptpkvm("remove"));
	etc_is_as_before();
}

/* 0.1.0 had the module loaded by systemd, and a unit failed where it could not be: gone with the next setup */
static void test_earlier_file(void **state)
{
	static const char text[] = SETUP_MARKER "\nptp_kvm\n";
	char journal[3000];

	(void)state;
	good(ptpkvm("setup"));
	put(SETUP_MODULES, "not ours\n");
	good(ptpkvm("setup"));
	has(said_out, "nothing to do");
	put(SETUP_MODULES, text);
	snprintf(journal, sizeof(journal), "version 1\n%.2000sfile %016" PRIx64 " " SETUP_MODULES "\n", get(SETUP_STATE),
		 file_hash(text, strlen(text)));
	put(SETUP_STATE, journal);
	put("/on-restart", "[ -e $T/once ] || { touch $T/once; exit 1; }\n");
	assert_int_equal(ptpkvm("setup"), EXIT_BROKEN);
	has(said_err, "everything is as it was before");
	assert_string_equal(get(SETUP_MODULES), text);
	gone("/on-restart");
	good(ptpkvm("setup"));
	has(said_out, "remove      ");
	assert_false(file_exists(SETUP_MODULES));
	gone("/etc/modules-load.d");
	good(ptpkvm("remove"));
	etc_is_as_before();
}

static void test_dry_run(void **state)
{
	(void)state;
	good(ptpkvm("setup", "--dry-run", "--only"));
	has(said_out, LINE);
	has(said_out, "prestart --only");
	has(said_out, "systemctl restart chrony.service");
	lacks(get("/log"), "restart");
	etc_is_as_before();
	good(ptpkvm("setup"));
	free(etc_before);
	etc_before = manifest("/etc");
	put("/log", "");
	good(ptpkvm("remove", "--dry-run"));
	has(said_out, DROP_IN);
	etc_is_as_before();
	assert_string_equal(get("/log"), "");
}

static void test_rhel(void **state)
{
	(void)state;
	gone(CONF);
	put("/etc/chrony.conf", "pool 2.rhel.pool.ntp.org iburst\n");
	free(etc_before);
	etc_before = manifest("/etc");
	put("/units", "Id=chronyd.service\nLoadState=loaded\nActiveState=active\nUnitFileState=enabled\n");
	good(ptpkvm("setup"));
	has(get("/log"), "restart chronyd.service\n");
	has(get("/etc/systemd/system/chronyd.service.d/ptpkvm.conf"), "prestart\n");
	setenv("OPTIONS", "-F 2", 1);
	good(ptpkvm("prestart"));
	assert_string_equal(get(SETUP_ENV), "OPTIONS=\"-F 2 -f /run/ptpkvm/chrony.conf\"\n");
	has(get("/run/ptpkvm/chrony.conf"), "include /etc/chrony.conf\n" LINE);
	good(ptpkvm("remove"));
	etc_is_as_before();
}

static void test_image(void **state)
{
	char root[sizeof(tree)], *argv[] = { "setup", "--root", root, NULL };

	(void)state;
	strcpy(root, tree);
	systemd_image();
	file_root = "";
	assert_int_equal(apart(call, argv), EXIT_BROKEN);
	has(said_err, "ptpkvm itself is not in");
	file_root = tree;
	put("/usr/bin/ptpkvm", "");
	file_root = "";
	kvm = false;
	good(apart(call, argv));
	file_root = tree;
	has(get(DROP_IN), "ExecStartPre=-+ptpkvm prestart\n");
	has(said_out, "note        ");
	lacks(said_out, "is not enabled");
	gone(WANTS "chrony.service");
	file_root = "";
	good(apart(call, argv));
	has(said_out, "note        chrony.service is not enabled there: sudo systemctl --root=");
	file_root = tree;
	assert_string_equal(get("/log"), "");
	/* check sees what the next boot will have */
	check_gather(&facts);
	assert_non_null(check_refclock(&facts.chrony));
	assert_true(facts.set_up && check_refclock(&facts.chrony)->generated);
	file_root = "";
	argv[0] = "remove";
	good(apart(call, argv));
	root[strlen(root) - 1] ^= 1;
	assert_int_equal(apart(call, argv), EXIT_BROKEN);
	file_root = tree;
	etc_is_as_before();
}

/* The rule for an image is that for a system that runs: what would be in vain is refused. */
static void test_image_that_is_not_fit(void **state)
{
	char root[sizeof(tree)], *argv[] = { "setup", "--root", root, NULL };
	const struct {
		const char *path, *text, *reason;
	} cases[] = {
		{ UNIT, NULL, " has no chrony.service: chrony is not installed there" },
		{ SETUP_STATE, "mine\n", SETUP_STATE ":1 is damaged: 'mine'; remove that file, then try again" },
		{ DROP_IN, "[Service]\n", DROP_IN " is there, and ptpkvm did not write it; move it away first" },
		{ "/etc/systemd/system/chrony.service", "", "chrony.service is masked in " },
		{ LOCAL, "[Service]\nExecStart=\nExecStart=/bin/sh -c 'exec chronyd -f /x'\n", "is configured elsewhere" },
		{ LOCAL, "[Service]\nEnvironment=DAEMON_OPTS=-x\n", "chrony.service starts chronyd with -x, " },
		{ WANTS "x.service", "[Service]\nExecStart=/usr/lib/systemd/systemd-timesyncd\n",
		  "starts others, too: x.service; try: sudo systemctl --root=" },
		{ CONF, NULL, "neither /etc/chrony/chrony.conf nor /etc/chrony.conf is in /" },
	};

	(void)state;
	strcpy(root, tree);
	put("/usr/bin/ptpkvm", "");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		systemd_image();
		if (cases[i].text)
			put(cases[i].path, cases[i].text);
		else
			gone(cases[i].path);
		put_link("/lib/systemd/system/x.service", "multi-user.target.wants/x.service");
		now_is_before();
		file_root = "";
		assert_int_equal(apart(call, argv), EXIT_BROKEN);
		file_root = tree;
		has(said_err, cases[i].reason);
		etc_is_as_before();
		gone(cases[i].path);
	}
}

static void put_unit(const char *name, const char *state)
{
	char path[100];

	snprintf(path, sizeof(path), "/show-%s", name);
	put(path, state);
}

#define RUNS(pid, comm, words, unit) put_process(pid, comm, words, sizeof(words), "0::/system.slice/" unit "\n")
#define ACTIVE "LoadState=loaded\nActiveState=active\n"

/* What else steers the clock, and will from the next boot on */
static void test_rivals(void **state)
{
	(void)state;
	RUNS(70, "chronyd", "chronyd", "chrony.service");
	RUNS(77, "ntpd", "ntpd", "ntpsec.service");
	RUNS(78, "ntpd", "ntpd: a second one", "ntpsec.service");
	RUNS(79, "phc2sys", "phc2sys\0-c\0eth1\0-s\0eth0", "phc2sys@eth0.service");
	put_unit("ntpsec.service", ACTIVE "UnitFileState=disabled\n");
	put("/lib/systemd/system/systemd-timesyncd.service", "[Service]\nExecStart=/lib/systemd/systemd-timesyncd\n");
	put("/lib/systemd/system/sysinit.target.wants/systemd-timesyncd.service", "");
	put_unit("systemd-timesyncd.service", "LoadState=loaded\nActiveState=inactive\nUnitFileState=enabled\n");
	refused(ptpkvm("setup"), ": ntpsec.service systemd-timesyncd.service; try: sudo ptpkvm setup "
				 "--disable-competitors");
	good(ptpkvm("setup", "--disable-competitors"));
	has(get("/log"), "disable --now ntpsec.service\ndisable --now systemd-timesyncd.service\n");
	lacks(get("/log"), "phc2sys");
	put("/log", "");
	good(ptpkvm("remove"));
	has(get("/log"),
	    "try-restart chrony.service\ndisable --quiet ntpsec.service\nstart --quiet ntpsec.service\n"
	    "enable --quiet systemd-timesyncd.service\nstop --quiet systemd-timesyncd.service\n");
	etc_is_as_before();
}

/* One list for all: setup once knew neither of these. The command lines are test_steering.c's. */
static void test_other_rivals(void **state)
{
	(void)state;
	RUNS(77, "ntp-daemon", "ntp-daemon", "ntpd-rs.service");
	put_unit("ntpd-rs.service", ACTIVE "UnitFileState=enabled\n");
	refused(ptpkvm("setup"), "there is: ntpd-rs.service; try");
	RUNS(77, "ptp4l", "ptp4l\0-S\0-i\0eth0", "ptp4l@eth0.service");
	put_unit("ptp4l@eth0.service", ACTIVE);
	refused(ptpkvm("setup"), "there is: ptp4l@eth0.service; try");
	/* timemaster's own chronyd */
	RUNS(77, "chronyd", "chronyd\0-n\0-f\0/x", "timemaster.service");
	put_unit("timemaster.service", ACTIVE);
	refused(ptpkvm("setup"), "there is: timemaster.service; try");
	RUNS(77, "phc2sys", "phc2sys\0-s\0eth0\0-E\0ntpshm", "phc2sys.service");
	good(ptpkvm("setup", "--dry-run"));
	/* That chronyd has the clock already */
	RUNS(77, "phc2sys", "phc2sys\0-s\0/dev/ptp_kvm\0-E\0ntpshm", "phc2sys.service");
	refused(ptpkvm("setup"), "phc2sys (process 77) hands this clock to an NTP daemon already (ntpshm)");
	RUNS(77, "phc2sys", "phc2sys\0-s\0/dev/ptp5\0-E\0ntpshm", "phc2sys.service");
	good(ptpkvm("setup", "--dry-run"));
}

static void test_rival_process(void **state)
{
	(void)state;
	put_process(77, "ntpd", "ntpd", sizeof("ntpd"), "0::/user.slice/a.service\n");
	refused(ptpkvm("setup", "--disable-competitors"), "ntpd (process 77)");
	/* A user's, in a namespace of his own */
	put("/proc/77/uid_map", "0 1000 1\n");
	good(ptpkvm("setup", "--dry-run"));
}

/* chronyd was stopped and disabled: it is started and enabled, and remove puts that back too. */
static void test_chronyd_stopped(void **state)
{
	(void)state;
	put("/units", "Id=chrony.service\nLoadState=loaded\nActiveState=inactive\nUnitFileState=disabled\n");
	good(ptpkvm("setup"));
	has(get("/log"), "enable --quiet chrony.service\nrestart chrony.service\n");
	put("/log", "");
	good(ptpkvm("remove"));
	has(get("/log"), "disable --quiet chrony.service\nstop --quiet chrony.service\n");
	put("/units", "Id=chrony.service\nLoadState=masked\nActiveState=inactive\nUnitFileState=masked\n");
	put("/log", "");
	refused(ptpkvm("setup"), "systemctl unmask chrony.service");
}

static void test_module(void **state)
{
	(void)state;
	put("/phc", "");
	refused(ptpkvm("setup"), "modprobe ptp_kvm: exit status 1");
	has(said_err, "the reason: sudo dmesg | grep ptp_kvm");
	gone("/sys/module/ptp_kvm");
	put("/phc-after", "/dev/ptp5");
	good(ptpkvm("setup"));
	good(ptpkvm("prestart"));
	has(get(GENERATED), "refclock PHC /dev/ptp5 ");
	/* It was setup that loaded it, so remove unloads it. */
	put("/sys/module/ptp_kvm/x", "");
	good(ptpkvm("remove"));
	has(get("/log"), "modprobe -r ptp_kvm\n");
	etc_is_as_before();
}

/* Ours stays, and waits, where the host does not serve it; the in-tree one would not know that word. */
static void test_loaded_to_wait(void **state)
{
	(void)state;
	put("/phc", "");
	put("/phc-after", "/dev/ptp_kvm");
	good(ptpkvm("setup"));
	has(get("/log"), "modprobe ptp_kvm\n");
	put("/parameters", "xwait:none\nwait:have a clock even where the host does not serve it (bool)\n");
	put("/phc", "");
	put("/log", "");
	good(ptpkvm("prestart"));
	has(get("/log"), "modprobe ptp_kvm wait=1\n");
	put("/parameters", "waits:no\nxwait:no\n");
	put("/phc", "");
	put("/log", "");
	good(ptpkvm("prestart"));
	has(get("/log"), "modprobe ptp_kvm\n");
	lacks(get("/log"), "wait=1");
}

static void test_unsigned_module(void **state)
{
	static const char *const refusals[] = { "Key was rejected by service", "Required key not available",
		"Operation not permitted" };

	(void)state;
	put("/phc", "");
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		char script[200];

		snprintf(script, sizeof(script),
			 "echo \"modprobe: ERROR: could not insert 'ptp_kvm': %s\" >&2\nexit 1\n", refusals[i]);
		program("modprobe", script);
		refused(ptpkvm("setup"), "signed with a key that it knows; more: sudo ptpkvm check");
	}
}

/* --- refusals --- */

static void test_not_a_guest(void **state)
{
	(void)state;
	kvm = false;
	put("/phc", "");
	assert_int_equal(ptpkvm("setup"), EXIT_NO_GUEST);
	has(said_err, "not a KVM guest");
	etc_is_as_before();
}

static void test_container(void **state)
{
	(void)state;
	put("/run/systemd/container", "lxc");
	refused(ptpkvm("setup"), "this is a container");
}

static void test_no_systemd(void **state)
{
	(void)state;
	gone("/run/systemd");
	put("/sbin/openrc", "");
	refused(ptpkvm("setup", "--poll", "2"), "systemd does not run here, but OpenRC, and setup is for systemd only");
	has(said_err, CONF ", in place of");
	has(said_err, "which does not start where the clock is missing");
	assert_string_equal(said_out, "refclock PHC /dev/ptp_kvm refid KVM poll 2 dpoll -3 maxsamples 8 offset 0\n"
				      "makestep 0.001 -1\n");
	put("/phc", "/dev/ptp4");	/* mdev makes no link */
	put("/version", "4.9");
	refused(ptpkvm("setup", "--no-makestep"), "before chronyd is started; and");
	assert_string_equal(said_out, "refclock PHC /dev/ptp4 refid KVM poll -1 dpoll -3 maxsamples 8 offset 0 optional\n");
	refused(ptpkvm("setup", "--poll", "-4"), "dpoll");
	refused(ptpkvm("setup", "--delay", "auto"), "--delay auto");
	/* What an earlier version wrote there goes all the same, and systemctl is not called. */
	put(DROP_IN, SETUP_MARKER "\n");
	good(ptpkvm("remove"));
	assert_false(file_exists(DROP_IN));
	assert_string_equal(get("/log"), "");
}

/* An image that something else than systemd will start */
static void test_image_of_another_init(void **state)
{
	char root[sizeof(tree)];

	(void)state;
	strcpy(root, tree);
	put("/usr/bin/ptpkvm", "");
	put_link("/sbin/init", "/bin/busybox");
	put("/lib/systemd/systemd", "");
	file_root = "";
	assert_int_equal(ptpkvm("setup", "--root", root), EXIT_BROKEN);
	file_root = tree;
	has(said_err, "systemd is not the init in ");
	has(said_err, CONF);
	assert_string_equal(said_out, LINE "\nmakestep 0.001 -1\n");
	etc_is_as_before();
	gone("/lib");
	gone("/sbin");
	gone(CONF);
	put("/etc/chrony.conf", "pool a\n");
	now_is_before();
	file_root = "";
	assert_int_equal(ptpkvm("setup", "--root", root, "--chrony-version", "4.9"), EXIT_BROKEN);
	file_root = tree;
	has(said_err, "/etc/chrony.conf, in place of");
	assert_string_equal(said_out, LINE " optional\nmakestep 0.001 -1\n");
	etc_is_as_before();
}

static int unprivileged(void *arg)
{
	become(1000, 0);
	return call(arg);
}

static void test_not_root(void **state)
{
	(void)state;
	refused(apart(unprivileged, (char *[]){ "setup", NULL }), "sudo ptpkvm setup");
	good(apart(unprivileged, (char *[]){ "setup", "--dry-run", NULL }));
	refused(apart(unprivileged, (char *[]){ "remove", NULL }), "sudo ptpkvm remove");
}

static void test_no_chrony(void **state)
{
	(void)state;
	/* Not executable for want of its interpreter, so that one of this machine's is not taken either */
	put_mode("/bin/chronyd", "#!/bin/sh\necho not found >&2\nexit 127\n", 0755);
	refused(ptpkvm("setup"), "apt install chrony");
	put_mode("/bin/chronyd", "#!/bin/sh\necho 'chronyd (chrony) version 4.3'\n", 0755);
	gone(CONF);
	assert_int_equal(ptpkvm("setup"), EXIT_BROKEN);
	has(said_err, "neither /etc/chrony/chrony.conf nor /etc/chrony.conf");
}

static void test_chrony_versions(void **state)
{
	(void)state;
	put("/version", "1.31");
	refused(ptpkvm("setup"), "too old");
	put("/version", "99.0");
	good(ptpkvm("setup"));
}

static void test_broken_conf(void **state)
{
	(void)state;
	put("/chronyd-says-no", "");
	refused(ptpkvm("setup"), "chrony's configuration is broken");
	put(CONF, "include /etc/chrony/none.conf\n");
	free(etc_before);
	etc_before = manifest("/etc");
	refused(ptpkvm("setup"), CONF ":1: cannot read /etc/chrony/none.conf");
}

/* Neither conf.d nor systemd's own directory has to be there. */
static void test_no_confdir(void **state)
{
	(void)state;
	gone("/etc/chrony/conf.d");
	free(etc_before);
	etc_before = manifest("/etc");
	good(ptpkvm("setup"));
	good(ptpkvm("remove"));
	etc_is_as_before();
}

static void test_refclock_there_already(void **state)
{
	(void)state;
	put("/etc/chrony/conf.d/phc.conf", "# mine\nrefclock  PHC /dev/ptp_kvm:nocrossts poll 2\n");
	now_is_before();
	refused(ptpkvm("setup"), "/etc/chrony/conf.d/phc.conf:2 has a refclock for this clock already");
	has(said_err, " --adopt' comments it out, until remove");
	/* What is not there may have been it. */
	put("/etc/chrony/conf.d/phc.conf", "refclock PHC /dev/ptp9 poll 2\n");
	now_is_before();
	refused(ptpkvm("setup"), "phc.conf:1 has a refclock for this clock, perhaps, already");
	has(said_err, "What /dev/ptp9 will be cannot be known while it is not there");
	put("/sys/class/ptp/ptp9/clock_name", "KVM virtual PTP\n");
	refused(ptpkvm("setup"), "has a refclock for this clock already");
	/* That of another clock is not in the way, nor what chronyd does not read. */
	put("/sys/class/ptp/ptp9/clock_name", "ena\n");
	put(CONF, "confdir /etc/chrony/conf.d\nsourcedir /etc/chrony/sources.d\nserver a\n");
	put("/etc/chrony/sources.d/a.sources", "refclock PHC /dev/ptp_kvm\nserver b\n");
	good(ptpkvm("setup", "--adopt"));
	lacks(said_out, "comment out");
}

#define MINE "/etc/chrony/conf.d/phc.conf"

/* Lines of each shape, in several files; each comes back as it was. */
static void test_adopt(void **state)
{
	static const char conf[] = "confdir /etc/chrony/conf.d\ninclude /etc/my.inc\npool a\n \trefclock  PHC "
				   "/dev/ptp_kvm poll 3 \t\r\n# refclock PHC /dev/ptp_kvm\nrefclock SHM 0\n";

	(void)state;
	put(CONF, conf);
	put_mode(MINE, "Refclock PHC /dev/ptp_kvm:nocrossts\nserver b\nRefclock PHC /dev/ptp_kvm:nocrossts", 0640);
	put("/etc/my.inc", "refclock PHC /dev/ptp1 refid \033[2J\n");
	put("/sys/class/ptp/ptp1/clock_name", "KVM virtual PTP\n");
	now_is_before();
	good(ptpkvm("setup", "--adopt", "--dry-run"));
	has(said_out, "comment out");
	etc_is_as_before();
	good(ptpkvm("setup", "--adopt"));
	has(said_out, CONF ":4:   refclock  PHC /dev/ptp_kvm poll 3  ?\n");
	has(said_out, MINE ":1: Refclock PHC");
	has(said_out, MINE ":3: Refclock PHC");
	has(said_out, "/etc/my.inc:1: refclock PHC /dev/ptp1 refid ?[2J\n");
	has(get(CONF), "pool a\n#ptpkvm:  \trefclock  PHC /dev/ptp_kvm poll 3 \t\r\n# refclock");
	assert_string_equal(get(MINE), "#ptpkvm: Refclock PHC /dev/ptp_kvm:nocrossts\nserver b\n"
				       "#ptpkvm: Refclock PHC /dev/ptp_kvm:nocrossts");
	has(get(SETUP_STATE), "\nadopted " MINE "\tRefclock PHC /dev/ptp_kvm:nocrossts\n");
	put("/log", "");
	good(ptpkvm("setup"));
	has(said_out, "nothing to do");
	/* One that comes later is refused, then taken over, too. */
	put("/etc/chrony/conf.d/z.conf", "refclock PHC /dev/ptp_kvm\n");
	assert_int_equal(ptpkvm("setup"), EXIT_BROKEN);
	good(ptpkvm("setup", "--adopt"));
	has(get("/log"), "restart");
	put("/log", "");
	good(ptpkvm("remove", "--dry-run"));
	has(said_out, "restore     ");
	has(get(CONF), "#ptpkvm:");
	good(ptpkvm("remove"));
	has(said_out, MINE ": Refclock PHC");
	lacks(said_out, "\033");
	has(get("/log"), "try-restart");
	assert_string_equal(get("/etc/chrony/conf.d/z.conf"), "refclock PHC /dev/ptp_kvm\n");
	gone("/etc/chrony/conf.d/z.conf");
	etc_has_text_as_before();
}

/* Of a tree nobody knows what a number will be; a name is known. */
static void test_adopt_in_an_image(void **state)
{
	char root[sizeof(tree)];

	(void)state;
	strcpy(root, tree);
	put("/usr/bin/ptpkvm", "");
	systemd_image();
	put("/sys/class/ptp/ptp0/clock_name", "ena\n");	/* of the machine that makes the image */
	put(CONF, "refclock PHC /dev/ptp0 poll 3 dpoll -2 offset 0\n");
	now_is_before();
	file_root = "";
	assert_int_equal(ptpkvm("setup", "--root", root), EXIT_BROKEN);
	has(said_err, CONF ":1 has a refclock for this clock, perhaps, already");
	has(said_err, " --adopt");
	has(said_err, "What /dev/ptp0 will be cannot be known here");
	file_root = tree;
	etc_is_as_before();
	file_root = "";
	good(ptpkvm("setup", "--root", root, "--adopt"));
	has(said_out, CONF ":1: refclock PHC /dev/ptp0 poll 3");
	file_root = tree;
	assert_string_equal(get(CONF), "#ptpkvm: refclock PHC /dev/ptp0 poll 3 dpoll -2 offset 0\n");
	assert_string_equal(get("/log"), "");
	file_root = "";
	good(ptpkvm("remove", "--root", root));
	file_root = tree;
	etc_has_text_as_before();
	put("/etc/udev/rules.d/90.rules", "# SYMLINK+=\"ptp_eth\" KVM virtual PTP\nATTR{clock_name}==\"KVM virtual PTP\", "
	    "SYMLINK+=\"x my_clock\"\nATTR{clock_name}==\"eth\", SYMLINK+=\"ptp_eth\"\n");
	put(CONF, "refclock PHC /dev/my_clock\n");
	check_gather(&facts);
	assert_non_null(check_refclock(&facts.chrony));
	file_root = "";
	assert_int_equal(ptpkvm("setup", "--root", root), EXIT_BROKEN);
	has(said_err, CONF ":1 has a refclock for this clock already");
	file_root = tree;
	put(CONF, "refclock PHC /dev/ptp_eth\n");
	file_root = "";
	good(ptpkvm("setup", "--root", root));
	file_root = tree;
}

/* check's findings other than "not looked at" and PASS, and what it says to type first */
static void check_says(const char *codes, const char *remedy)
{
	static struct check_facts facts;
	static struct check_report report;
	const char *first = "";
	char found[300] = "", typed[300];

	check_gather(&facts);
	check_judge(&facts, &report);
	for (int i = 0; i < report.said.n; i++) {
		const struct finding *v = &report.said.list[i];

		if (v->level != LEVEL_WARN && v->level != LEVEL_FAIL)
			continue;
		snprintf(found + strlen(found), sizeof(found) - strlen(found), "%s ", v->code);
		if (!first[0])
			first = v->n_remedies ? v->remedies[0].text : "";
	}
	assert_string_equal(found, codes);
	snprintf(typed, sizeof(typed), "%s%s", remedy, remedy[0] ? tree : "");
	assert_string_equal(first, typed);
}

/* What check says to type about the commonest lines there are mends them. */
static void test_remedies(void **state)
{
	static const char *const lines[] = { "refclock PHC /dev/ptp0 poll 3 dpoll -2 offset 0 noselect\n",
					     "refclock PHC /dev/ptp0 poll 3 dpoll -2 offset 0\n" };
	static const char *const codes[] = { "refclock-noselect config-number config-makestep boot-race ",
					     "config-number config-makestep boot-race " };
	static const char chronyd[] = "chronyd\0-f\0" GENERATED;
	char conf[200];

	(void)state;
	systemd_image();
	put("/sys/class/ptp/ptp0/clock_name", "KVM virtual PTP\n");
	put("/sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n");
	put_link("/dev/ptp_kvm", "ptp0");
	put("/etc/modules", "ptp_kvm\n");
	put("/usr/bin/ptpkvm", "");
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		snprintf(conf, sizeof(conf), "pool a\nmakestep 1 3\n%s", lines[i]);
		put(CONF, conf);
		now_is_before();
		check_says(codes[i], "sudo ptpkvm setup --adopt --root ");
		refused(ptpkvm("setup"), CONF ":3 has a refclock for this clock already");
		good(ptpkvm("setup", "--adopt"));
		good(ptpkvm("prestart"));
		put("/proc/77/comm", "chronyd\n");
		put_bytes("/proc/77/cmdline", chronyd, sizeof(chronyd));
		check_says("", "");
		good(ptpkvm("remove"));
		gone("/proc/77");
		put("/log", "");
		etc_has_text_as_before();
	}
}

/* What others did to the file meanwhile stays. */
static void test_adopted_and_edited(void **state)
{
	(void)state;
	put(MINE, "# one\nrefclock PHC /dev/ptp_kvm\n");
	good(ptpkvm("setup", "--adopt"));
	put(MINE, "# two\n\n#ptpkvm: refclock PHC /dev/ptp_kvm\n#ptpkvm: not of setup\nserver c\n");
	good(ptpkvm("remove"));
	assert_string_equal(get(MINE), "# two\n\nrefclock PHC /dev/ptp_kvm\n#ptpkvm: not of setup\nserver c\n");
	put(MINE, "refclock PHC /dev/ptp_kvm\n");
	good(ptpkvm("setup", "--adopt"));
	put(MINE, "");
	good(ptpkvm("remove"));
	has(said_out, "which has no more the line that setup commented out: refclock PHC /dev/ptp_kvm\n");
	assert_string_equal(get(MINE), "");
	assert_false(file_exists(SETUP_STATE));
	put(MINE, "refclock PHC /dev/ptp_kvm\n");
	good(ptpkvm("setup", "--adopt"));
	gone(MINE);
	good(ptpkvm("remove"));
	assert_false(file_exists(SETUP_STATE));
	/* In its place a link: everything else goes, and it is said what is left to be done. */
	put(MINE, "refclock PHC /dev/ptp_kvm\n");
	good(ptpkvm("setup", "--adopt"));
	put("/etc/else", get(MINE));
	put_link(MINE, "/etc/else");
	assert_int_equal(ptpkvm("remove"), EXIT_BROKEN);
	has(said_err, "take #ptpkvm: off that line yourself");
	assert_false(file_exists(DROP_IN));
	put("/etc/else", "refclock PHC /dev/ptp_kvm\n");
	good(ptpkvm("remove"));
	assert_false(file_exists(SETUP_STATE));
}

static void test_adopt_not(void **state)
{
	char long_line[3000], full[FILE_PATH_MAX], other[FILE_PATH_MAX];

	(void)state;
	put("/etc/mine", "refclock PHC /dev/ptp_kvm\n");
	put_link(MINE, "/etc/mine");
	now_is_before();
	refused(ptpkvm("setup", "--adopt"), "that file is a link, which --adopt does not follow");
	refused(ptpkvm("setup"), "that file is a link");
	gone(MINE);
	assert_return_code(link(file_path(full, "/etc/mine"), file_path(other, MINE)), errno);
	now_is_before();
	refused(ptpkvm("setup", "--adopt"), "that file has a second name");
	gone(MINE);
	snprintf(long_line, sizeof(long_line), "refclock PHC /dev/ptp_kvm %2500s\n", "");
	put(MINE, long_line);
	now_is_before();
	refused(ptpkvm("setup", "--adopt"), "--adopt cannot put it on record");
	put(MINE, "");
	put("/run/made.conf", "refclock PHC /dev/ptp_kvm\n");
	put(CONF, "include /run/made.conf\n");
	now_is_before();
	refused(ptpkvm("setup", "--adopt"), "that file is made anew at every boot");
	refused(ptpkvm("setup"), "that file is made anew at every boot");
	put(CONF, "");
	for (int i = 0; i < 17; i++)
		put(CONF, strcat(strcpy(long_line, get(CONF)), "refclock PHC /dev/ptp_kvm\n"));
	now_is_before();
	refused(ptpkvm("setup", "--adopt"), "these are more than --adopt takes over");
}

/* Undone by a setup that fails, even if somebody else writes to the file while it waits */
static void test_adopt_undone(void **state)
{
	(void)state;
	put(MINE, "refclock PHC /dev/ptp_kvm\nserver b\n");
	now_is_before();
	put("/sources", NTP);
	assert_int_equal(ptpkvm("setup", "--adopt", "--timeout", "1"), EXIT_BROKEN);
	has(said_err, "everything is as it was before");
	etc_has_text_as_before();
	put("/on-daemon-reload", "[ -e $T/once ] || echo server c >>$T" MINE "; >$T/once\n");
	assert_int_equal(ptpkvm("setup", "--adopt", "--timeout", "1"), EXIT_BROKEN);
	has(said_err, "everything is as it was before");
	assert_string_equal(get(MINE), "refclock PHC /dev/ptp_kvm\nserver b\nserver c\n");
	/* A power cut */
	put(MINE, "refclock PHC /dev/ptp_kvm\nserver b\n");
	put("/on-restart", "kill -KILL $PPID\n");
	assert_int_equal(ptpkvm("setup", "--adopt"), 128 + 9);
	put("/on-restart", "");
	good(ptpkvm("remove"));
	etc_has_text_as_before();
	/* A second setup that fails leaves what the first one took over. */
	put("/sources", SELECTED NTP);
	good(ptpkvm("setup", "--adopt"));
	put("/sources", NTP);
	put("/etc/chrony/conf.d/z.conf", "refclock PHC /dev/ptp_kvm poll 4\n");
	assert_int_equal(ptpkvm("setup", "--adopt", "--timeout", "1"), EXIT_BROKEN);
	assert_string_equal(get("/etc/chrony/conf.d/z.conf"), "refclock PHC /dev/ptp_kvm poll 4\n");
	assert_string_equal(get(MINE), "#ptpkvm: refclock PHC /dev/ptp_kvm\nserver b\n");
	good(ptpkvm("remove"));
	gone("/etc/chrony/conf.d/z.conf");
	etc_has_text_as_before();
}

static int on_read_only_directory(void *arg)
{
	char dir[300];

	own_mounts();
	snprintf(dir, sizeof(dir), "%s/etc/chrony/conf.d", tree);
	if (mount(dir, dir, NULL, MS_BIND, NULL) || mount(NULL, dir, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL))
		die("mount: %s", strerror(errno));
	return call(arg);
}

static void test_adopt_read_only(void **state)
{
	(void)state;
	put(CONF, "confdir /etc/chrony/conf.d\nrefclock PHC /dev/ptp_kvm\n");
	put(MINE, "refclock PHC /dev/ptp_kvm\n");
	now_is_before();
	assert_int_equal(apart(on_read_only_directory, (char *[]){ "setup", "--adopt", NULL }), EXIT_BROKEN);
	has(said_err, MINE ": Read-only file system");
	has(said_err, "everything is as it was before");
	lacks(get("/log"), "restart");
	etc_has_text_as_before();
}

static void test_adopted_and_journal_lost(void **state)
{
	(void)state;
	put(MINE, "refclock PHC /dev/ptp_kvm\n");
	good(ptpkvm("setup", "--adopt"));
	gone(SETUP_STATE);
	good(ptpkvm("remove"));
	assert_string_equal(get(MINE), "refclock PHC /dev/ptp_kvm\n");
	gone(SETUP_DIRECTIVES INSTALL_SAVED);
	gone(DROP_IN INSTALL_SAVED);
	good(ptpkvm("setup", "--adopt"));
	put(SETUP_STATE, "nonsense\n");
	good(ptpkvm("remove"));
	assert_string_equal(get(MINE), "refclock PHC /dev/ptp_kvm\n");
}

/* What is the admin's and comes to mean something else is named. */
static void test_limits(void **state)
{
	(void)state;
	good(ptpkvm("setup", "--dry-run"));
	has(said_out, CONF ":3: makestep 1 3: is overridden by makestep 0.001 -1; --no-makestep keeps it\n");
	put(CONF, "makestep 0.001 -1\nmaxchange 5 1 0\nminsources 2\npool a iburst require\n");
	good(ptpkvm("setup", "--dry-run"));
	lacks(said_out, ": makestep");
	has(said_out, CONF ":2: maxchange 5 1 0: chronyd ends, for good, after a larger step");
	has(said_out, CONF ":3: minsources 2: chronyd follows this clock only while so many sources agree");
	has(said_out, CONF ":4: pool a iburst require: chronyd follows this clock only while");
	now_is_before();
	refused(ptpkvm("setup", "--only"), CONF ":3: with 'minsources 2' chronyd follows no clock that is alone");
	put(CONF, "maxchange 1000 -1 0\nminsources 1\npool a require\n");
	good(ptpkvm("setup", "--only"));
	lacks(said_out, "note");
}

static void test_no_makestep(void **state)
{
	(void)state;
	good(ptpkvm("setup", "--no-makestep"));
	has(said_out, CONF ":3: makestep 1 3: later steps of the host's clock are slewed, unless");
	lacks(get(SETUP_DIRECTIVES), "makestep");
	good(ptpkvm("prestart"));
	lacks(get(GENERATED), "makestep");
	put("/log", "");
	good(ptpkvm("setup", "--no-makestep"));
	has(said_out, "nothing to do");
	good(ptpkvm("setup"));
	has(get(SETUP_DIRECTIVES), "\n" LINE "\nmakestep 0.001 -1\n");
	put(SETUP_DIRECTIVES, SETUP_MARKER "\n# mine\n" LINE "\n");
	good(ptpkvm("setup"));
	lacks(said_out, "makestep");	/* what counts is what he wrote */
	good(ptpkvm("remove"));
}

static void test_two_clocks(void **state)
{
	(void)state;
	put("/phc", "/dev/ptp1");
	refused(ptpkvm("setup", "--device", "/dev/ptp0"),
		"/dev/ptp0 is not the KVM clock; that is /dev/ptp1 here");
	put("/phc", "/dev/ptp3");
	good(ptpkvm("setup", "--device", "/dev/ptp3"));
	has(get(SETUP_DIRECTIVES), "refclock PHC /dev/ptp3 ");
	/* The link comes and goes; what is written is the same. */
	good(ptpkvm("setup"));
	has(get(SETUP_DIRECTIVES), LINE);
}

static void test_foreign_file(void **state)
{
	(void)state;
	put(DROP_IN, "[Service]\nNice=-1\n");
	free(etc_before);
	etc_before = manifest("/etc");
	refused(ptpkvm("setup"), DROP_IN " is there, and ptpkvm did not write it");
	good(ptpkvm("remove"));
	etc_is_as_before();
}

static void test_bad_options(void **state)
{
	(void)state;
	refused(ptpkvm("setup", "--poll", "99"), "--poll");
	refused(ptpkvm("setup", "--timeout", "0"), "--timeout");
	refused(ptpkvm("setup", "--chrony-version", "4.6"), "--root");
	refused(ptpkvm("setup", "x"), "'x'");
	refused(ptpkvm("setup", "--root", "/no/such/dir"), "--root: /no/such/dir: No such file");
	refused(ptpkvm("setup", "--delay", "auto"), "--delay auto");
	refused(ptpkvm("remove", "x"), "'x'");
}

/* --- edits --- */

static void test_edited(void **state)
{
	char saved[FILE_PATH_MAX + 100];

	(void)state;
	good(ptpkvm("setup"));
	put(SETUP_DIRECTIVES, SETUP_MARKER "\n# mine\n" LINE "\n");
	good(ptpkvm("setup"));
	has(said_out, "keep edited ");
	has(get(SETUP_DIRECTIVES), "# mine");
	good(ptpkvm("remove"));
	snprintf(saved, sizeof(saved), "save edited %s" SETUP_DIRECTIVES " as chrony.conf" INSTALL_SAVED "\n", tree);
	has(said_out, saved);
	assert_false(file_exists(SETUP_DIRECTIVES));
	has(get(SETUP_DIRECTIVES INSTALL_SAVED), "# mine");
	gone(SETUP_DIRECTIVES INSTALL_SAVED);
	gone(SETUP_DIR);
	etc_is_as_before();
}

/* Asked for by name, even what was written before: the edited one goes beside, and comes back if that fails. */
static void test_edited_and_asked_for(void **state)
{
	static const char mine[] = SETUP_MARKER "\n# mine\n" LINE "\n";

	(void)state;
	good(ptpkvm("setup", "--poll", "0"));
	put(SETUP_DIRECTIVES, mine);
	put("/sources", NTP);
	assert_int_equal(ptpkvm("setup", "--poll", "0", "--timeout", "1"), EXIT_BROKEN);
	has(said_err, "everything is as it was before");
	assert_string_equal(get(SETUP_DIRECTIVES), mine);
	assert_false(file_exists(SETUP_DIRECTIVES INSTALL_SAVED));
	put("/sources", SELECTED NTP);
	good(ptpkvm("setup", "--poll", "0"));
	has(said_out, "save edited ");
	has(get(SETUP_DIRECTIVES), "poll 0 dpoll -3");
	assert_string_equal(get(SETUP_DIRECTIVES INSTALL_SAVED), mine);
	gone(SETUP_DIRECTIVES INSTALL_SAVED);
	good(ptpkvm("remove"));
	etc_is_as_before();
}

static void test_journal_lost(void **state)
{
	(void)state;
	good(ptpkvm("setup"));
	gone(SETUP_STATE);
	good(ptpkvm("remove"));
	lacks(said_out, "edited");	/* nobody knows */
	has(said_out, "save        ");
	assert_false(file_exists(DROP_IN));
	assert_true(file_exists(DROP_IN INSTALL_SAVED));
	has(get("/log"), "try-restart chrony.service\n");
	gone(DROP_IN INSTALL_SAVED);
	good(ptpkvm("setup"));
	gone(SETUP_STATE);
	good(ptpkvm("setup", "--only"));
	has(said_out, "already so  ");
	has(get(DROP_IN), "--only");
	assert_true(file_exists(DROP_IN INSTALL_SAVED));
	good(ptpkvm("remove"));
}

static void test_journal_damaged(void **state)
{
	static const char *const damage[] = {
		"file 12 /etc/passwd\n", "adopted /etc/x\n", "adopted x\ty\n", "directory /etc\n",
		"unit -x enabled active\n", "unit a.service perhaps active\n",
		"\n", "version 3\n", "file zz /etc/modules-load.d/ptpkvm.conf\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(damage); i++) {
		good(ptpkvm("setup"));
		put(SETUP_STATE, damage[i]);
		assert_int_equal(ptpkvm("setup"), EXIT_BROKEN);
		has(said_err, "damaged");
		good(ptpkvm("remove"));
		has(said_err, "damaged");
		assert_false(file_exists(DROP_IN));
		assert_false(file_exists(SETUP_STATE));
		teardown(state);
		setup(state);
	}
}

/* --- what goes wrong in the middle --- */

static void undone(int status, const char *reason)
{
	assert_int_equal(status, EXIT_BROKEN);
	has(said_err, reason);
	has(said_err, "everything is as it was before");
	etc_is_as_before();
}

static void test_restart_fails(void **state)
{
	(void)state;
	put("/on-restart", "[ -e $T/once ] || { >$T/once; echo 'Job failed' >&2; exit 1; }\n");
	undone(ptpkvm("setup"), "systemctl restart chrony.service: exit status 1: Job failed");
	has(get("/log"), "restart chrony.service\ndaemon-reload\nrestart chrony.service\n");
}

static void test_never_selected(void **state)
{
	static const struct {
		const char *sources, *reason;
	} cases[] = {
		{ "#,x,KVM,0,-1,377,1,0.1,0.1,0.1\n" NTP, "falseticker" },
		{ "#,?,KVM,0,-1,0,4294967295,0,0,0\n", "no reading of the clock" },
		{ "#,-,KVM,0,-1,377,1,0,0,0\n^,*,192.0.2.9,2,6,377,1,0,0,0\n", "chronyd prefers 192.0.2.9" },
		{ "#,~,KVM,0,-1,377,1,0,0,0\n", "too variable" },
		{ NTP, "no source KVM" },
		{ "garbage\n", "garbage" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		put("/sources", cases[i].sources);
		undone(ptpkvm("setup", "--timeout", "1"), cases[i].reason);
		has(said_err, "not selected within 1 s");
	}
}

static void test_selected_after_a_while(void **state)
{
	(void)state;
	put("/sources", "#,?,KVM,0,-1,0,4294967295,0,0,0\n");
	program("chronyc", "cat $T/sources\necho x >>$T/asked\n[ $(wc -l <$T/asked) -lt 2 ] ||\n"
		"echo '" "#,*,KVM,0,-1,377,1,0.000000012,0.000000012,0.000000500" "' >$T/sources\n");
	good(ptpkvm("setup"));
	has(said_out, "no reading of the clock so far\n");
	has(said_out, "KVM is selected, the system is 12 ns ahead of it\n");
}

static void test_started_without(void **state)
{
	(void)state;
	put("/on-restart", "mkdir -p $T/run/ptpkvm; [ -e $T/once ] || echo 'the host refuses' "
			   ">$T/run/ptpkvm/reason; >$T/once\n");
	undone(ptpkvm("setup"), "chronyd was started without the clock: the host refuses");
}

static void test_chronyc_hangs(void **state)
{
	int64_t begin = now_ns(CLOCK_MONOTONIC);

	(void)state;
	program("chronyc", "exec sleep 1000\n");
	undone(ptpkvm("setup", "--timeout", "1"), "no answer within 5 s");
	assert_true(now_ns(CLOCK_MONOTONIC) - begin < 30 * NSEC_PER_SEC);
}

static void test_interrupted(void **state)
{
	(void)state;
	put("/on-daemon-reload", "kill -INT $PPID\n");
	undone(ptpkvm("setup"), "interrupted");
	put("/on-daemon-reload", "");
	put("/on-restart", "kill -TERM $PPID\n");
	put("/sources", NTP);
	undone(ptpkvm("setup"), "interrupted");
}

/* A second setup that fails leaves what the first one did. */
static void test_second_fails(void **state)
{
	char *first, *now;

	(void)state;
	good(ptpkvm("setup"));
	first = manifest("/etc");
	put("/sources", NTP);
	assert_int_equal(ptpkvm("setup", "--timeout", "1", "--only", "--poll", "1"), EXIT_BROKEN);
	has(said_err, "everything is as it was before");
	lacks(get(DROP_IN), "--only");
	has(get(SETUP_DIRECTIVES), LINE);
	now = manifest("/etc");
	assert_int_equal(strlen(first), strlen(now));	/* but for the times of what was written back */
	free(first);
	free(now);
	good(ptpkvm("remove"));
	etc_is_as_before();
}

/* A power cut at each of the points where something outside is called, then remove */
static void test_power_cut(void **state)
{
	static const char *const at[] = { "/on-disable", "/on-daemon-reload", "/on-restart" };
	char left[3][200];

	(void)state;
	RUNS(77, "ntpd", "ntpd", "ntpsec.service");
	put_unit("ntpsec.service", ACTIVE "UnitFileState=enabled\n");
	for (size_t i = 0; i < ARRAY_SIZE(at); i++) {
		put(at[i], "kill -KILL $PPID\n");
		assert_int_equal(ptpkvm("setup", "--disable-competitors"), 128 + 9);
		put(at[i], "");
		assert_true(file_exists(SETUP_STATE));
		put("/log", "");
		good(ptpkvm("remove"));
		etc_is_as_before();
		has(get("/log"), "enable --quiet ntpsec.service\nstart --quiet ntpsec.service\n");
	}
	gone("/proc/77");
	/* And between write and rename: the journal is there, and half of a file */
	good(ptpkvm("setup"));
	for (int i = 1; i < 3; i++) {
		const char *path = setup_files[i], *slash = strrchr(path, '/');

		snprintf(left[i], sizeof(left[i]), "%.*s/.%s" FILE_TEMPORARY, (int)(slash - path), path,
			 slash + 1);
		put(left[i], "hal");
		gone(path);
	}
	good(ptpkvm("setup"));		/* it uses them up */
	for (int i = 1; i < 3; i++) {
		assert_false(file_exists(left[i]));
		put(left[i], "hal");
		gone(setup_files[i]);
	}
	good(ptpkvm("remove"));
	etc_is_as_before();
}

/* /etc that can't be written, from the beginning or from some file on */
static int on_small_disk(void *arg)
{
	char etc[300], command[700], *before, *after;
	int spare = *(int *)arg, status;	/* pages; negative: mounted read-only */

	own_mounts();
	snprintf(etc, sizeof(etc), "%s/etc", tree);
	snprintf(command, sizeof(command), "cp -a %s %s/etc-was", etc, tree);
	if (system(command) || mount("none", etc, "tmpfs", 0, "size=1m"))
		die("mount: %s", strerror(errno));
	snprintf(command, sizeof(command),
		 "cd %s && cp -a etc-was/. etc && { cat /dev/zero >etc/zero 2>/dev/null; "
		 "truncate -s -%d etc/zero; }",
		 tree, spare > 0 ? spare * 4096 : 0);
	if (system(command))
		die("%s", command);
	if (spare < 0 && mount(NULL, etc, NULL, MS_REMOUNT | MS_RDONLY, NULL))
		die("remount: %s", strerror(errno));
	before = manifest("/etc");
	status = call((char *[]){ "setup", NULL });
	after = manifest("/etc");
	if (strcmp(before, after))
		die("changed: %s\nto: %s", before, after);
	free(before);
	free(after);
	return status;
}

static void test_disk(void **state)
{
	int spare;

	(void)state;
	/* None to spare, then a page more each time, until all fits */
	for (spare = 0; spare < 3; spare++) {
		assert_int_equal(apart(on_small_disk, &spare), EXIT_BROKEN);
		has(said_err, "No space left on device");
		has(said_err, "everything is as it was before");
		lacks(get("/log"), "restart");
	}
	spare = -1;
	assert_int_equal(apart(on_small_disk, &spare), EXIT_BROKEN);
	has(said_err, "Read-only file system");
}

static int closed(void *arg)
{
	close(STDOUT_FILENO);
	return call(arg);
}

/* The work is done all the same, and the status says that nobody was told. */
static void test_closed_output(void **state)
{
	(void)state;
	assert_int_equal(apart(closed, (char *[]){ "setup", NULL }), EXIT_BROKEN);
	has(said_err, "cannot write standard output");
	lacks(get(SETUP_DIRECTIVES), "wait ");
	has(get("/log"), "restart chrony.service\n");
	good(ptpkvm("remove"));
	etc_is_as_before();
}

/* --- prestart --- */

static void left_out(int status, const char *reason)
{
	good(status);
	has(said_err, reason);
	has(get(SETUP_REASON), reason);
	assert_false(file_exists(SETUP_ENV));
	assert_false(file_exists(GENERATED));
}

static void test_prestart(void **state)
{
	(void)state;
	good(ptpkvm("setup"));
	setenv("DAEMON_OPTS", "-F 1", 1);
	put("/run/ptpkvm/reason", "old");
	good(ptpkvm("prestart"));
	assert_string_equal(get(SETUP_ENV), "DAEMON_OPTS=\"-F 1 -f " GENERATED "\"\n");
	has(get(GENERATED), "\ninclude " CONF "\n" LINE "\nmakestep 0.001 -1\n");
	assert_false(file_exists(SETUP_REASON));
	has(said_out, "chronyd starts with /dev/ptp_kvm; clock set by +0.4 s\n");
	unsetenv("DAEMON_OPTS");
	put("/version", "4.9");
	good(ptpkvm("prestart"));
	assert_string_equal(get(SETUP_ENV), "DAEMON_OPTS=\"-f " GENERATED "\"\n");
	has(get(GENERATED), LINE " optional\n");
	good(ptpkvm("remove"));
	assert_false(file_exists(SETUP_ENV));
	assert_false(file_exists(GENERATED));
}

/* At the frequency that chronyd learned, where it did; a clock that waits says nothing. */
static void test_prestart_sets(void **state)
{
	(void)state;
	good(ptpkvm("setup"));
	good(ptpkvm("prestart"));
	assert_string_equal(get("/set"), "with rate");
	put("/etc/chrony/conf.d/drift.conf", "driftfile /var/lib/chrony/chrony.drift interval 60\n");
	gone("/set");
	good(ptpkvm("prestart"));
	assert_string_equal(get("/set"), "with rate");
	put("/var/lib/chrony/chrony.drift", "-37 0.01\n");
	good(ptpkvm("prestart"));
	assert_string_equal(get("/set"), "without");
	gone("/set");
	put("/waits", "");
	good(ptpkvm("prestart"));
	assert_false(file_exists("/set"));
	gone("/waits");
	put("/phc", "");
	good(ptpkvm("prestart"));
	assert_false(file_exists("/set"));
}

static void test_prestart_only(void **state)
{
	(void)state;
	good(ptpkvm("setup", "--only"));
	put(CONF, "pool pool.ntp.org iburst\nSERVER a\n  peer b\nsourcedir /run/s\ndriftfile "
		  "/var/lib/drift\nmakestep 1 3\n"
		  "include /etc/more.conf\n");
	put("/etc/more.conf", "server c\nrtcsync\nrefclock SHM 0\n");
	put("/run/s/d.sources", "server d\n");
	good(ptpkvm("prestart", "--only"));
	has(get(GENERATED),
	    "start of chronyd; to be changed in " SETUP_DIRECTIVES "\n"
	    "driftfile /var/lib/drift\nmakestep 1 3\nrtcsync\nrefclock SHM 0\n" LINE "\nmakestep 0.001 -1\n");
}

/* The number changes, and the link may be missing: the device of ours is put in. */
static void test_prestart_device(void **state)
{
	(void)state;
	put("/sources", "#,*,PHC0,0,3,377,1,0,0,0\n");
	good(ptpkvm("setup", "--classic", "--nocrossts"));
	put("/phc", "/dev/ptp2");
	good(ptpkvm("prestart"));
	has(get(GENERATED), "\nrefclock PHC /dev/ptp2:nocrossts poll 3 dpoll -2 offset 0\n");
	put(SETUP_DIRECTIVES,
	    "refclock PHC /dev/ptp7 poll 1\nrefclock PHC /dev/null poll 2\nrefclock PHC /dev/ptp99 poll 3\n");
	good(ptpkvm("prestart"));
	has(get(GENERATED), "\nrefclock PHC /dev/ptp2 poll 1\nrefclock PHC /dev/null poll 2\n# not there: "
			    "refclock PHC /dev/ptp99");
	has(said_err, "/dev/ptp99 is not there");
}

/* At boot udev may come to it long after the device: it is waited for, whoever loaded the module. */
static void test_prestart_link_comes_late(void **state)
{
	(void)state;
	good(ptpkvm("setup"));
	put("/phc", "/dev/ptp0");
	put("/run/udev/control", "");
	program("udevadm", "echo \"udevadm $*\" >>$T/log\nprintf /dev/ptp_kvm >$T/phc\n");
	good(ptpkvm("prestart"));
	has(get(GENERATED), "\n" LINE);
	put("/phc", "");
	put("/phc-after", "/dev/ptp0");
	put("/log", "");
	good(ptpkvm("prestart"));
	has(get("/log"), "modprobe ptp_kvm\nudevadm settle --timeout=15 --exit-if-exists=/dev/ptp_kvm\n");
	has(get(GENERATED), "\n" LINE);
	/* There is no rule for it */
	program("udevadm", "exit 0\n");
	put("/phc", "/dev/ptp0");
	good(ptpkvm("prestart"));
	has(get(GENERATED), "\nrefclock PHC /dev/ptp0 ");
	program("udevadm", "exit 1\n");
	good(ptpkvm("prestart"));
	has(said_err, "no /dev/ptp_kvm: udevadm settle ");
	has(get(GENERATED), "\nrefclock PHC /dev/ptp0 ");
}

static void test_prestart_without_clock(void **state)
{
	(void)state;
	good(ptpkvm("setup"));
	good(ptpkvm("prestart"));
	put("/phc", "");
	left_out(ptpkvm("prestart"), "modprobe ptp_kvm: exit status 1");
	put("/phc-after", "/dev/ptp0");
	good(ptpkvm("prestart"));
	assert_true(file_exists(SETUP_ENV));
	/* The module is there, and no clock */
	put("/phc", "");
	put("/phc-after", "");
	left_out(ptpkvm("prestart"), "no PTP clock");
}

/* A host may have the clock later, or another one that the guest is moved to. */
static void test_clock_comes_late(void **state)
{
	(void)state;
	good(ptpkvm("setup"));
	put("/phc", "");
	program("modprobe", "echo \"modprobe: ERROR: could not insert 'ptp_kvm': Operation not supported\" >&2\nexit 1\n");
	put("/log", "");
	left_out(ptpkvm("prestart"), "the host refuses, its own clocksource is not the TSC");
	assert_memory_equal(said_err, "<4>", 3);
	assert_null(strchr(strchr(said_err, '\n') + 1, '\n'));	/* one line */
	has(get("/log"), TIMER);
	has(get("/log"), " prestart --late\n");
	put(SETUP_LATE_TIMER, "");
	put("/log", "");
	left_out(ptpkvm("prestart"), "the host refuses");
	lacks(get("/log"), "systemd-run");	/* there is one */
	good(ptpkvm("prestart", "--late"));
	assert_string_equal(get("/log"), "");
	has(get(SETUP_REASON), "the host refuses");
	put("/phc", "/dev/ptp0");
	good(ptpkvm("prestart", "--late"));
	assert_string_equal(get("/log"), "stop ptpkvm-late.timer\ntry-restart chrony.service\n");
	/* Which runs prestart */
	good(ptpkvm("prestart"));
	put("/log", "");
	good(ptpkvm("prestart", "--late"));
	assert_string_equal(get("/log"), "stop ptpkvm-late.timer\n");
	good(ptpkvm("remove"));
	has(get("/log"), "stop ptpkvm-late.timer\n");
}

/* chronyd has the clock, which no host serves: set up is set up. */
static void test_clock_waits(void **state)
{
	(void)state;
	put("/waits", "");
	put("/sources", "#,?,KVM,0,-1,0,4294967295,0.000000000,0.000000000,0.000000000\n" NTP);
	good(ptpkvm("setup", "--dry-run"));
	has(said_out, "note        /dev/ptp0 does not answer: the host refuses, its own clocksource is not the TSC\n");
	good(ptpkvm("setup"));
	has(said_out, " s     KVM waits: /dev/ptp0 does not answer: the host refuses, its own clocksource is not the TSC. "
		      "chronyd takes it up as soon as a host serves it; ");
	good(ptpkvm("setup"));
	has(said_out, "nothing to do: KVM waits: ");
	put("/log", "");
	good(ptpkvm("prestart"));
	has(said_out, "chronyd starts with /dev/ptp_kvm, and takes it up once a host serves it: /dev/ptp0 does not answer: ");
	has(get(GENERATED), "refclock PHC /dev/ptp_kvm ");
	assert_true(file_exists(SETUP_ENV));
	assert_false(file_exists(SETUP_REASON));
	assert_string_equal(strstr(get("/log"), "systemd-run") ? "a timer" : "", "");
	good(ptpkvm("remove"));
	etc_is_as_before();
	/* It is not for want of a host that chronyd does not have it. */
	put("/sources", NTP);
	undone(ptpkvm("setup", "--timeout", "1"), "chronyd has no source KVM");
}

/* chronyd would have nothing else: its servers stay until the clock answers. */
static void test_only_does_not_wait(void **state)
{
	(void)state;
	good(ptpkvm("setup", "--only"));
	put("/waits", "");
	put("/log", "");
	left_out(ptpkvm("prestart", "--only"), "/dev/ptp0 does not answer: the host refuses");
	has(get("/log"), TIMER);
	put("/log", "");
	good(ptpkvm("prestart", "--late"));
	assert_string_equal(get("/log"), "");
	gone("/waits");
	good(ptpkvm("prestart", "--late"));
	has(get("/log"), "try-restart chrony.service\n");
	good(ptpkvm("remove"));
	put("/waits", "");
	put("/log", "");
	refused(ptpkvm("setup", "--only"), "leave out --only");
}

/* What no other host mends is not tried again, and no module is loaded where there can be no clock. */
static void test_not_tried_again(void **state)
{
	(void)state;
	good(ptpkvm("setup"));
	put("/log", "");
	put(SETUP_HOLD, "the host is free-running\n");
	left_out(ptpkvm("prestart"), "the host is free-running");
	good(ptpkvm("prestart", "--late"));
	assert_string_equal(get("/log"), "stop ptpkvm-late.timer\n");
	gone(SETUP_HOLD);
	put("/phc", "");
	put("/log", "");
	kvm = false;
	left_out(ptpkvm("prestart"), "this is not a KVM guest (no hypervisor)");
	assert_string_equal(get("/log"), "");
}

static void test_prestart_left_out(void **state)
{
	(void)state;
	left_out(ptpkvm("prestart"), "run: sudo ptpkvm setup");
	good(ptpkvm("setup"));
	put(SETUP_HOLD, "the host is free-running\n");
	left_out(ptpkvm("prestart"), "the host is free-running");
	put(SETUP_HOLD, "");
	left_out(ptpkvm("prestart"), "held");
	gone(SETUP_HOLD);
	put("/chronyd-says-no", "");
	left_out(ptpkvm("prestart"), "Fatal error : Invalid");
	gone("/chronyd-says-no");
	put(SETUP_DIRECTIVES, "makestep 1 -1\n");
	left_out(ptpkvm("prestart"), "no line that begins with 'refclock PHC'");
	put(SETUP_DIRECTIVES, "include /none\n");
	left_out(ptpkvm("prestart"), "/none");
}

static void with_options(const char *options, const char *env, const char *base)
{
	char line[600];

	setenv("DAEMON_OPTS", options, 1);
	good(ptpkvm("prestart"));
	assert_string_equal(get(SETUP_ENV), env);
	snprintf(line, sizeof(line), "\ninclude %s\n", base);
	has(get(GENERATED), line);
}

static void test_prestart_options(void **state)
{
	static const char *const hostile[] = {
		"-F 1 --", "'server a'", "-F 1 server", "\"unbalanced", "trailing\\", "a\nb", "-F 1\n-x", "\001",
		"-f '/etc/my conf'", "-f /etc/*.conf", "-f",
	};

	(void)state;
	good(ptpkvm("setup"));
	with_options("", "DAEMON_OPTS=\"-f " GENERATED "\"\n", CONF);
	with_options("-F -1 -x -r -s", "DAEMON_OPTS=\"-F -1 -x -r -s -f " GENERATED "\"\n", CONF);
	with_options("-4 -f /etc/mine.conf -F1",
		     "DAEMON_OPTS=\"-4 -f /etc/mine.conf -F1 -f " GENERATED "\"\n", "/etc/mine.conf");
	with_options("-f/a -f '/etc/b'", "DAEMON_OPTS=\"-f/a -f '/etc/b' -f " GENERATED "\"\n", "/etc/b");
	with_options("-u \"_chrony\" -l '/var/log/a b$HOME`x`\\\\'",
		     "DAEMON_OPTS=\"-u \\\"_chrony\\\" -l '/var/log/a b\\$HOME\\`x\\`\\\\\\\\' -f " GENERATED "\"\n", CONF);
	for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
		setenv("DAEMON_OPTS", hostile[i], 1);
		if (!strcmp(hostile[i], "-f"))
			continue;	/* chronyd itself refuses that */
		good(ptpkvm("prestart"));
		if (file_exists(SETUP_ENV))
			fail_msg("'%s' was accepted: %s", hostile[i], get(SETUP_ENV));
	}
}

/* Of one tree check, setup and prestart name one file: that which the unit will have chronyd read. */
static void test_one_file(void **state)
{
	static const struct {
		const char *unit, *dfault, *local, *conf, *env;
	} cases[] = {
		{ EXEC, NULL, NULL, CONF, "DAEMON_OPTS=\"-f " GENERATED "\"\n" },
		{ EXEC, "DAEMON_OPTS=\"-F 1 -f /etc/a.conf\"\n", NULL, "/etc/a.conf",
		  "DAEMON_OPTS=\"-F 1 -f /etc/a.conf -f " GENERATED "\"\n" },
		{ EXEC, "DAEMON_OPTS=-f/no", "[Service]\nEnvironmentFile=\nEnvironmentFile=/etc/b.env\n", "/etc/b.conf",
		  "DAEMON_OPTS=\"-f/etc/b.conf -f " GENERATED "\"\n" },
		{ EXEC, NULL, "[Service]\nExecStart=\nExecStart=/usr/sbin/chronyd -f ${MINE} -n $EXTRA\n"
			      "Environment=MINE=/etc/c.conf\n", "/etc/c.conf",
		  "EXTRA=\"-f " GENERATED "\"\n" },
	};
	char why[200];

	(void)state;
	put("/etc/b.env", "DAEMON_OPTS=-f/etc/b.conf");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		put(UNIT, cases[i].unit);
		put("/etc/default/chrony", cases[i].dfault ? cases[i].dfault : "");
		put(LOCAL, cases[i].local ? cases[i].local : "");
		put(cases[i].conf, "refclock PHC /dev/ptp_kvm\n");
		gone(SETUP_DIRECTIVES);
		check_gather(&facts);
		assert_string_equal(facts.chrony.conf, cases[i].conf);
		assert_non_null(check_refclock(&facts.chrony));
		assert_int_equal(ptpkvm("setup", "--dry-run"), EXIT_BROKEN);
		snprintf(why, sizeof(why), "%s:1 has a refclock for this clock already", cases[i].conf);
		has(said_err, why);
		put(cases[i].conf, "pool a\n");
		put(SETUP_DIRECTIVES, LINE "\n");
		good(ptpkvm("prestart"));
		snprintf(why, sizeof(why), "\ninclude %s\n", cases[i].conf);
		has(get(GENERATED), why);
		assert_string_equal(get(SETUP_ENV), cases[i].env);
	}
}

/* Nothing can be added to such a unit: all three say so, and what belongs where. */
static void test_elsewhere(void **state)
{
	(void)state;
	put(UNIT, "[Service]\nExecStart=/usr/sbin/chronyd -f /etc/appliance.conf\n");
	put("/etc/appliance.conf", "pool a\n");
	free(etc_before);
	etc_before = manifest("/etc");
	refused(ptpkvm("setup"), "without a variable that options can be added to; put there");
	has(said_err, "'" LINE "' and 'makestep 0.001 -1'");
	check_gather(&facts);
	assert_true(facts.chrony.elsewhere);
	assert_string_equal(facts.chrony.conf, "/etc/appliance.conf");
	put(SETUP_DIRECTIVES, LINE "\n");
	left_out(ptpkvm("prestart"), "without a variable");

	/* NixOS */
	gone("/etc");
	gone("/usr");
	put("/store/x.conf", "pool a\n");
	put("/etc/systemd/system/chronyd.service", "[Service]\nExecStart=/store/chronyd -n -f /store/x.conf\n");
	assert_int_equal(ptpkvm("setup"), EXIT_BROKEN);
	has(said_err, "configured elsewhere on this system: chronyd.service has chronyd read /store/x.conf; put there");
	check_gather(&facts);
	assert_true(facts.chrony.elsewhere && facts.chrony.conf_read);
	assert_string_equal(facts.chrony.conf, "/store/x.conf");
}

/* What chronyd reads as root must not lie where somebody else can write. */
static void test_prestart_hostile_directory(void **state)
{
	char dir[300], env[300];

	(void)state;
	good(ptpkvm("setup"));
	snprintf(dir, sizeof(dir), "%s/run/chrony-dhcp", tree);
	assert_return_code(mkdir(dir, 0755), errno);
	assert_return_code(chmod(dir, 0777), errno);
	left_out(ptpkvm("prestart"), "only root can write to");
	assert_return_code(rmdir(dir), errno);
	assert_return_code(symlink("/tmp", dir), errno);
	left_out(ptpkvm("prestart"), "only root can write to");
	remove(dir);
	snprintf(env, sizeof(env), "%s" SETUP_ENV, tree);
	good(ptpkvm("prestart"));
	remove(env);
	assert_return_code(symlink("/etc/passwd", env), errno);
	good(ptpkvm("prestart"));
	has(get(SETUP_ENV), "DAEMON_OPTS=");
}

static void test_help(void **state)
{
	(void)state;
	good(ptpkvm("setup", "--help"));
	has(said_out, "--disable-competitors");
	has(said_out, "--classic");
	good(ptpkvm("remove", "--help"));
	has(said_out, "--dry-run");
	good(ptpkvm("prestart", "--help"));
	has(said_out, "--only");
}

#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(setup_and_remove), T(idempotent), T(dry_run), T(rhel), T(image), T(image_that_is_not_fit),
		T(rivals), T(other_rivals), T(rival_process),
		T(chronyd_stopped), T(module), T(loaded_to_wait), T(unsigned_module), T(not_a_guest), T(container),
		T(no_systemd), T(image_of_another_init), T(not_root), T(no_chrony), T(chrony_versions),
		T(broken_conf), T(no_confdir), T(refclock_there_already), T(adopt), T(adopt_in_an_image),
		T(remedies), T(adopted_and_edited), T(adopt_not), T(adopt_undone), T(adopt_read_only),
		T(adopted_and_journal_lost), T(limits), T(no_makestep), T(two_clocks), T(foreign_file),
		T(bad_options), T(edited), T(edited_and_asked_for), T(journal_lost), T(journal_damaged), T(restart_fails), T(never_selected),
		T(selected_after_a_while), T(started_without), T(chronyc_hangs), T(interrupted), T(second_fails),
		T(power_cut), T(disk), T(closed_output), T(prestart), T(prestart_only), T(prestart_sets), T(prestart_device),
		T(prestart_link_comes_late),
		T(prestart_without_clock), T(clock_comes_late), T(clock_waits), T(only_does_not_wait), T(not_tried_again),
		T(earlier_file), T(one_file), T(elsewhere),
		T(prestart_left_out), T(prestart_options), T(prestart_hostile_directory), T(help),
	};

	if (geteuid())
		become(0, 0);
	progname = "ptpkvm";
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("setup", tests, NULL, NULL);
}
