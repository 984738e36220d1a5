// SPDX-License-Identifier: GPL-2.0-or-later
/* watch as a whole and in its parts; time, the clock, chronyd and gnuplot are made up. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "harmless.h"
#include "base/array.h"
#include "base/die.h"
#include "base/now.h"
#include "clock/open.h"
#include "facts/facts.h"

/* --- what is made up --- */

static struct {
	int ticks;
	int fail_from, fail_until;	/* readings of the PHC that fail */
	int slow_at;			/* the one that takes 130 ms */
	int signal_at;			/* the one during which SIGTERM comes */
	bool no_chronyd, no_refclock, hanging_chronyd, hostile;
	bool real_time;
	int64_t now_ns;			/* what the monotonic clock shows otherwise */
} fake;

static int64_t fake_now(clockid_t id)
{
	return id == CLOCK_MONOTONIC && !fake.real_time ? fake.now_ns : now_ns(id);
}

/* Time flies, but signals come. */
static int fake_ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask)
{
	if (fake.real_time)
		return ppoll(fds, n, timeout, mask);
	fake.now_ns += ts_ns(timeout);
	return ppoll(fds, n, &(struct timespec){ 0, 0 }, mask);
}

static int fake_open(struct phc *phc, const char *path)
{
	*phc = (struct phc){ .fd = open("/dev/null", O_RDONLY) };
	strcpy(phc->path, path ? path : "/dev/ptp9");
	strcpy(phc->name, fake.hostile ? HOSTILE : PHC_KVM_NAME);
	return 0;
}

static int fake_phc(int fd, struct phc_reading *r)
{
	int nth = ++fake.ticks;

	(void)fd;
	if (nth == fake.slow_at)
		fake.now_ns += 130000000;
	if (nth == fake.signal_at)
		raise(SIGTERM);
	if (nth >= fake.fail_from && nth < fake.fail_until)
		return EOPNOTSUPP;
	*r = (struct phc_reading){ PHC_PRECISE, nth * nth, 0 };
	return 0;
}

static int fake_sources(struct chrony_source *list, int max, char *why, size_t len)
{
	(void)max;
	if (fake.hanging_chronyd)
		pause();
	if (fake.no_chronyd) {
		snprintf(why, len, "chronyc: 506 Cannot talk to daemon");
		return -1;
	}
	list[0] = (struct chrony_source){ .mode = '^', .state = '-', .name = "192.0.2.1" };
	list[1] = (struct chrony_source){ .mode = '#', .state = '?', .name = "PPS" };
	list[2] = (struct chrony_source){
		.mode = '#', .state = '*', .name = "KVM", .reach = 0377, .poll = -1, .last_rx = 1,
		.offset = 3e-9, .measured = -4e-9, .error = 1.5e-7,
	};
	if (fake.hostile)
		strcpy(list[1].name, HOSTILE);
	return fake.no_refclock ? 1 : fake.hostile ? 2 : 3;
}

/* Answers take none of the time that is made up. */
static int fake_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *until)
{
	if (fake.real_time)
		return pthread_cond_timedwait(cond, mutex, until);
	if (!fake.hanging_chronyd)
		return pthread_cond_wait(cond, mutex);
	fake.now_ns = ts_ns(until);
	return ETIMEDOUT;
}

#define view_open fake_open
#define view_phc fake_phc
#define chronyc_sources fake_sources
#define now_ns fake_now
#define ppoll fake_ppoll
#define pthread_cond_timedwait fake_timedwait
#include "../../lib/system/background.c"
#include "../../lib/system/interval.c"
#include "../../guest-tools/watch/chrony.c"
#include "../../lib/cli/watch.c"
#include "../../guest-tools/watch/watch.c"
#undef view_open
#undef view_phc
#undef chronyc_sources
#undef now_ns
#undef ppoll
#undef pthread_cond_timedwait

static struct refclock_fact fake_refclock = { .refid = "KVM" };

void check_gather(struct check_facts *f)
{
	(void)f;
}

const struct refclock_fact *check_refclock(const struct chrony_facts *c)
{
	(void)c;
	return &fake_refclock;
}

/* --- running it --- */

static char out[1 << 18], err[1 << 14];

static void slurp(const char *name, char *buf, size_t len)
{
	int fd = open(name, O_RDONLY);
	ssize_t n = read(fd, buf, len - 1);

	assert_true(n >= 0);
	buf[n] = 0;
	close(fd);
}

static char dir[] = "/tmp/test-watch.XXXXXX";

static const char *in_dir(const char *name)
{
	static char path[4][200];
	static int nth;
	char *p = path[nth++ % 4];

	snprintf(p, 200, "%s/%s", dir, name);
	return p;
}

/* watch in a process of its own; its exit status, and its streams in out and err (to: another standard output) */
static int run_watch(const char *to, ...)
{
	char *argv[16] = { "watch" };
	int argc = 1, status;
	va_list ap;
	pid_t pid;

	va_start(ap, to);
	while ((argv[argc] = va_arg(ap, char *)))
		argc++;
	va_end(ap);
	fflush(stdout);
	fflush(stderr);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		if (!freopen(to ? to : in_dir("out"), "w", stdout) || !freopen(in_dir("err"), "w", stderr))
			_exit(99);
		exit(finish(cmd_watch(argc, argv)));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (!to)
		slurp(in_dir("out"), out, sizeof(out));
	slurp(in_dir("err"), err, sizeof(err));
	return WEXITSTATUS(status);
}

static int reset(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	unsetenv("TERM");
	return 0;
}

static int count_of(const char *text, const char *word)
{
	int n = 0;

	for (const char *at = text; (at = strstr(at, word)); at += strlen(word))
		n++;
	return n;
}

static void has(const char *text, const char *word)
{
	if (!strstr(text, word))
		fail_msg("there is no '%s' in:\n%s", word, text);
}

/* --- the parts --- */

static void test_sparkline(void **state)
{
	const double v[] = { 100, 0, 1, NAN, 3, 4, 5, 7 }, flat[] = { 3, 3 };
	char line[64], tight[6];

	(void)state;
	series_sparkline(line, sizeof(line), v + 1, 7, 20, false);
	assert_string_equal(line, "_. -=+#");
	series_sparkline(line, sizeof(line), v, 8, 7, false);
	assert_string_equal(line, "_. -=+#");
	series_sparkline(line, sizeof(line), v + 1, 7, 20, true);
	assert_string_equal(line, "▁▂ ▄▅▆█");
	series_sparkline(line, sizeof(line), flat, 2, 20, false);
	assert_string_equal(line, "__");
	series_sparkline(line, sizeof(line), v + 3, 1, 20, false);
	assert_string_equal(line, " ");
	series_sparkline(line, sizeof(line), v, 0, 20, false);
	assert_string_equal(line, "");
	/* A character is there whole or not at all. */
	series_sparkline(tight, sizeof(tight), v + 1, 7, 20, true);
	assert_string_equal(tight, "▁");
}

static void test_long_enough(void **state)
{
	(void)state;
	assert_false(series_long_enough(0, 1));
	assert_false(series_long_enough(9, 1));
	assert_true(series_long_enough(10, 1));
	assert_false(series_long_enough(32, 8));
	assert_true(series_long_enough(33, 8));
}

static void test_offset(void **state)
{
	(void)state;
	assert_true(view_ns(-3e-9) == -3 && view_ns(0.123456789) == 123456789);
	assert_true(view_ns(1e18) == 1e27 && isnan(view_ns(NAN)));
}

/* --- the whole --- */

static void test_text(void **state)
{
	(void)state;
	assert_int_equal(run_watch(NULL, "-n", "3", "-i", "0.05", NULL), EXIT_GOOD);
	assert_string_equal(err, "");
	assert_int_equal(count_of(out, "Z "), 3);
	has(out, "time                     PHC-system ns by          chronyd ns source state reach\n");
	has(out, "Z            +1 precise             +3 KVM    *       377\n");
	has(out, "Z            +9 precise             +3 KVM    *       377\n");
	has(out, "/dev/ptp9: 3 ticks, 0.05 s apart\n");
	has(out, "PHC - system      3      0     +1 ns     +4 ns     +9 ns      9 ns   4.04 ns\n");
	has(out, "chronyd           3      0     +3 ns     +3 ns     +3 ns      3 ns      0 ns\n");
	assert_null(strstr(out, "Allan"));
	assert_null(strstr(out, "\033"));

	assert_int_equal(run_watch(NULL, "-n", "20", "-i", "0.05", NULL), EXIT_GOOD);
	has(out, "Allan deviation");
	has(out, "          0.05 s     2.83e-08     0.00e+00\n");
	has(out, "           0.2 s ");
	assert_null(strstr(out, "0.4 s"));
}

static void test_csv(void **state)
{
	static const char head[] =
		"tick,time,phc_offset_ns,phc_window_ns,phc_method,phc_error,chrony_source,chrony_state,chrony_reach,"
		"chrony_offset_ns,chrony_measured_ns,chrony_error_ns\r\n1,20";

	(void)state;
	fake.fail_from = 2;
	fake.fail_until = 3;
	assert_int_equal(run_watch(NULL, "-n", "3", "-i", "0.05", "--csv", NULL), EXIT_WARNINGS);
	assert_memory_equal(out, head, strlen(head));
	assert_int_equal(count_of(out, "\r\n"), 4);
	has(out, "Z,1,0,precise,,KVM,*,255,3,-4,150\r\n2,");
	has(out, "Z,,,,EOPNOTSUPP,KVM,*,255,3,-4,150\r\n3,");
	/* The summary, and why a reading is missing */
	has(err, "PHC - system      2      1 ");
	has(err, "cannot be read: the host refuses, its own clocksource is not the TSC (EOPNOTSUPP); 'ptpkvm check'");

	fake.no_chronyd = true;
	fake.fail_until = 0;
	assert_int_equal(run_watch(NULL, "-n", "1", "--csv", NULL), EXIT_GOOD);
	has(out, "Z,1,0,precise,,,,,,,\r\n");
}

static void test_csv_string(void **state)
{
	FILE *mine = stdout, *f = fopen(in_dir("quoted"), "w+");

	(void)state;
	stdout = f;
	watch_show_tick(&(struct watch){ .run.format = WATCH_CSV }, &(struct watch_tick){
		.nth = 1, .late = true, .has_source = true,
		.source = { .state = '*', .name = "a,\"b" },
	});
	stdout = mine;
	fclose(f);
	slurp(in_dir("quoted"), out, sizeof(out));
	assert_string_equal(out, "1,1970-01-01T00:00:00.000Z,,,,late,\"a,\"\"b\",*,0,0,0,0\r\n");
}

static void test_json(void **state)
{
	(void)state;
	fake.fail_from = 2;
	fake.fail_until = 3;
	assert_int_equal(run_watch(NULL, "-n", "3", "-i", "0.05", "--json", NULL), EXIT_WARNINGS);
	assert_int_equal(count_of(out, "\n"), 4);
	has(out, "{\"type\":\"tick\",\"tick\":1,\"time\":\"20");
	has(out, "\"phc\":{\"error\":null,\"offset_ns\":1,\"window_ns\":0,\"method\":\"precise\"},\"chrony\":{\"source\":\"KVM\","
		 "\"state\":\"*\",\"selected\":true,\"reach\":255,\"poll\":-1,\"last_rx_s\":1,\"offset_ns\":3,"
		 "\"measured_ns\":-4,\"error_ns\":150}}\n");
	has(out, "\"phc\":{\"error\":\"EOPNOTSUPP\"},\"chrony\":{");
	has(out, "{\"type\":\"summary\",\"schema\":1,\"device\":\"/dev/ptp9\",\"clock_name\":\"KVM virtual PTP\","
		 "\"interval_s\":0.05,\"ticks\":3,\"phc\":{\"n\":2,\"missed\":1,\"min_ns\":1,\"median_ns\":5,"
		 "\"mean_ns\":5,\"max_ns\":9,\"p99_abs_ns\":9,\"stddev_ns\":5.656854249492381,\"allan\":[]},");
}

static void test_no_chronyd(void **state)
{
	(void)state;
	fake.no_chronyd = true;
	assert_int_equal(run_watch(NULL, "-n", "4", "-i", "0.05", "--json", NULL), EXIT_GOOD);
	assert_int_equal(count_of(err, "Cannot talk to daemon; direct readings only"), 1);
	assert_int_equal(count_of(out, "\"chrony\":null"), 4);
	has(out, "\"chrony\":{\"n\":0,\"missed\":4,\"min_ns\":null");
	fake.no_chronyd = false;
	fake.no_refclock = true;
	assert_int_equal(run_watch(NULL, "-n", "4", "-i", "0.05", NULL), EXIT_GOOD);
	assert_int_equal(count_of(err, "no refclock"), 1);
	assert_int_equal(count_of(out, "precise              - -      -         -\n"), 4);
	has(out, "chronyd           0      4         -         -         -         -         -\n");
}

static void test_hostile(void **state)
{
	static char *const formats[] = { NULL, "--csv", "--json" };

	(void)state;
	fake.hostile = true;
	setenv("LC_ALL", "C.UTF-8", 1);
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		assert_int_equal(run_watch(NULL, "-n", "2", "-i", "0.05", "--device", "/dev/\033]0;x\a", formats[i], NULL),
				 EXIT_GOOD);
		harmless(out);
		harmless(err);
	}
	unsetenv("LC_ALL");
}

/* Neither direct readings nor the end wait for a chronyc that hangs. */
static void test_hanging_chronyd(void **state)
{
	(void)state;
	fake.hanging_chronyd = true;
	assert_int_equal(run_watch(NULL, "-n", "20", "-i", "0.05", "--json", NULL), EXIT_GOOD);
	assert_int_equal(count_of(out, "\"method\":\"precise\"},\"chrony\":null"), 20);
	assert_int_equal(run_watch(NULL, "-n", "3", "-i", "3600", "--json", NULL), EXIT_GOOD);
}

static void test_no_clock(void **state)
{
	(void)state;
	fake.fail_until = 100;
	assert_int_equal(run_watch(NULL, "-n", "3", "-i", "0.05", NULL), EXIT_BROKEN);
	assert_int_equal(count_of(err, "EOPNOTSUPP"), 1);
	assert_int_equal(count_of(out, "- EOPNOTSUPP"), 3);
}

/* What is late is not read later: the ticks after it are on time again. */
static void test_late(void **state)
{
	(void)state;
	fake.slow_at = 2;
	assert_int_equal(run_watch(NULL, "-n", "6", "-i", "0.05", "--json", NULL), EXIT_WARNINGS);
	assert_int_equal(count_of(out, "\"type\":\"tick\""), 6);
	/* The second took until 180 ms, the third's time ended at 150 ms, the fourth's is at 150 to 200 ms. */
	assert_int_equal(count_of(out, "\"error\":\"late\"},\"chrony\":null"), 1);
	*strstr(out, "\"tick\":4,") = 0;
	has(strstr(out, "\"tick\":3,"), "late");
}

static void test_signal(void **state)
{
	(void)state;
	fake.signal_at = 3;
	assert_int_equal(run_watch(NULL, "-n", "0", "-i", "0.05", "--json", NULL), EXIT_GOOD);
	assert_int_equal(count_of(out, "\"type\":\"tick\""), 3);
	has(out, "\"type\":\"summary\"");
	has(out, "\"ticks\":3,");
}

/* An interrupt while waiting for an hour */
static void test_interrupt(void **state)
{
	char buf[4096] = "";
	int fds[2], status;
	size_t used = 0;
	ssize_t n;
	pid_t pid;

	(void)state;
	fake.real_time = true;
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (!pid) {
		char *argv[] = { "watch", "-i", "3600", "-j", NULL };

		dup2(fds[1], 1);
		close(fds[0]);
		close(fds[1]);
		exit(finish(cmd_watch(4, argv)));
	}
	close(fds[1]);
	do {
		n = read(fds[0], buf + used, sizeof(buf) - 1 - used);
		assert_true(n > 0);
		used += n;
	} while (!strchr(buf, '\n'));
	kill(pid, SIGINT);
	while ((n = read(fds[0], buf + used, sizeof(buf) - 1 - used)) > 0)
		used += n;
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && !WEXITSTATUS(status));
	has(buf, "\"type\":\"summary\"");
}

static void test_broken_output(void **state)
{
	int fds[2], status;
	pid_t pid;

	(void)state;
	assert_int_equal(run_watch("/dev/full", "-n", "0", "-i", "0.05", NULL), EXIT_BROKEN);
	has(err, "cannot write standard output: No space left on device");
	assert_int_equal(pipe(fds), 0);
	close(fds[0]);
	pid = fork();
	if (!pid) {
		char *argv[] = { "watch", "-n", "0", "-i", "0.05", NULL };

		dup2(fds[1], 1);
		if (!freopen(in_dir("err"), "w", stderr))
			_exit(99);
		exit(finish(cmd_watch(5, argv)));
	}
	close(fds[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), EXIT_BROKEN);
	slurp(in_dir("err"), err, sizeof(err));
	has(err, "cannot write standard output: Broken pipe");
}

static void test_misuse(void **state)
{
	static char *const bad[][3] = {
		{ "-n", "-1" }, { "-n", "100001" }, { "-n", "1x" }, { "-i", "0.04" }, { "-i", "3601" }, { "-i", "nan" },
		{ "--csv", "--json" }, { "word" }, { "--plot", "a.pdf" }, { "--plot", ".svg" }, { "--nonsense" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(run_watch(NULL, bad[i][0], bad[i][1], NULL), EXIT_MISUSE);
		has(err, "Try '");
		assert_string_equal(out, "");
	}
	assert_int_equal(run_watch(NULL, "--help", NULL), EXIT_GOOD);
	has(out, "Usage: ptpkvm watch");
}

/* --- the terminal --- */

/* What watch draws on a terminal of that size, which becomes another one after the second tick */
static void on_terminal(char *const argv[], int argc, unsigned short columns, unsigned short later, const char *locale)
{
	struct winsize size = { .ws_row = 24, .ws_col = columns };
	size_t used = 0;
	int fd, status;
	ssize_t n;
	pid_t pid = forkpty(&fd, NULL, NULL, &size);

	assert_true(pid >= 0);
	if (!pid) {
		setenv("TERM", "xterm", 1);
		unsetenv("LC_ALL");
		setenv("LC_CTYPE", locale, 1);
		exit(finish(cmd_watch(argc, (char **)argv)));
	}
	while (used < sizeof(out) - 1 && (n = read(fd, out + used, sizeof(out) - 1 - used)) > 0) {
		used += n;
		out[used] = 0;
		if (later && count_of(out, "tick 2 of")) {
			size.ws_col = later;
			assert_int_equal(ioctl(fd, TIOCSWINSZ, &size), 0);
			later = 0;
		}
	}
	close(fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	/* In real time a busy machine can make a tick late. */
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) <= (fake.real_time ? EXIT_WARNINGS : EXIT_GOOD));
}

/* No line is longer than the terminal is wide, counted in characters and without escape sequences. */
static void fits(const char *text, int columns)
{
	int width = 0;

	for (const char *p = text; *p; p++) {
		if (*p == '\033') {
			p += strcspn(p, "ABCDHJKm");
		} else if (*p == '\n' || *p == '\r') {
			width = 0;
		} else if ((*p & 0xc0) != 0x80 && ++width > columns) {
			fail_msg("a line of more than %d characters in:\n%s", columns, text);
		}
	}
}

static void test_terminal(void **state)
{
	char *argv[] = { "watch", "-n", "6", "-i", "0.05", NULL };
	char *end;

	(void)state;
	on_terminal(argv, 5, 110, 0, "C.UTF-8");
	has(out, "/dev/ptp9, by precise; tick 6 of 6, 0.05 s apart");
	has(out, "PHC - system    +36 ns      0     +1 ns");
	has(out, "chronyd: KVM is selected (*), reach 377, poll -1, last sample 1 s ago, ± 150 ns");
	has(out, "▁▁▂▄▆█");
	has(out, "\033[9A\r");
	/* The summary comes after the table. */
	end = strstr(out, "6 ticks, 0.05 s apart");
	assert_non_null(end);
	assert_null(strstr(end, "\033"));
	*end = 0;
	fits(out, 110);
	assert_null(strstr(out, "\033[2J"));

	on_terminal(argv, 5, 40, 0, "C");
	has(out, "__.-+#");
	*strstr(out, "6 ticks") = 0;
	fits(out, 40);

	/* For the size to change in the meantime */
	fake.real_time = true;
	argv[2] = "40";
	on_terminal(argv, 5, 110, 60, "C.UTF-8");
	has(out, "\033[H\033[2J");
}

/* --- the plot --- */

static void program(const char *name, const char *text)
{
	FILE *f = fopen(in_dir(name), "w");

	fputs(text, f);
	fclose(f);
	chmod(in_dir(name), 0755);
}

static void test_plot(void **state)
{
	char *path = strdup(getenv("PATH")), name[300], data[300];
	struct stat st;

	(void)state;
	setenv("TMPDIR", dir, 1);
	snprintf(name, sizeof(name), "%s/it's one.svg", dir);
	setenv("PATH", dir, 1);
	assert_int_equal(run_watch(NULL, "-n", "1", "--plot", name, NULL), EXIT_BROKEN);
	has(err, "gnuplot: not installed\nType: sudo apt install gnuplot-nox");
	assert_string_equal(out, "");

	snprintf(data, sizeof(data), "%s:%s", dir, path);
	setenv("PATH", data, 1);
	program("gnuplot", "#!/bin/sh\n"
			   "[ \"$1\" = --version ] && exit\n"
			   "printf '%s\\n' \"$2\" >\"$TMPDIR/commands\"\n"
			   "cp \"$TMPDIR\"/ptpkvm-watch.* \"$TMPDIR/data\"\n"
			   "for image in \"$TMPDIR\"/it*; do echo drawn >\"$image\"; done\n");
	umask(022);
	fake.fail_from = 2;
	fake.fail_until = 3;
	assert_int_equal(run_watch(NULL, "-n", "3", "-i", "0.05", "--plot", name, NULL), EXIT_WARNINGS);
	slurp(name, out, sizeof(out));
	assert_string_equal(out, "drawn\n");
	assert_int_equal(stat(name, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	slurp(in_dir("data"), out, sizeof(out));
	assert_string_equal(out, "0.000 1 3\n0.050 ? 3\n0.100 9 3\n");
	slurp(in_dir("commands"), out, sizeof(out));
	has(out, "set terminal svg");
	has(out, "/it''s one.svg.");

	/* One that fails: the data are kept, the image that was there too, and nothing else. */
	program("gnuplot", "#!/bin/sh\n[ \"$1\" = --version ] && exit\necho 'no such terminal' >&2\nexit 1\n");
	fake.fail_until = 0;
	assert_int_equal(run_watch(NULL, "-n", "1", "--plot", name, NULL), EXIT_BROKEN);
	has(err, "gnuplot: exit status 1: no such terminal; the data are in ");
	snprintf(data, sizeof(data), "%s", strstr(err, "are in ") + 7);
	data[strcspn(data, "\n")] = 0;
	slurp(data, out, sizeof(out));
	assert_string_equal(out, "0.000 1 3\n");
	unlink(data);
	slurp(name, out, sizeof(out));
	assert_string_equal(out, "drawn\n");
	snprintf(data, sizeof(data), "ls -A '%s' | grep -q -e 'svg[.]' -e ptpkvm-watch", dir);
	assert_int_equal(WEXITSTATUS(system(data)), 1);

	assert_int_equal(run_watch(NULL, "-n", "1", "--plot", "/nonexistent/a.png", NULL), EXIT_BROKEN);
	has(err, "there is no folder /nonexistent; make it, or name another");
	setenv("PATH", path, 1);
	unsetenv("TMPDIR");
	free(path);
}

/* With an argument: only a plot into that file, by the real gnuplot; see tests/build/71-metrics.t. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_sparkline, reset),
		cmocka_unit_test_setup(test_long_enough, reset), cmocka_unit_test_setup(test_offset, reset),
		cmocka_unit_test_setup(test_text, reset), cmocka_unit_test_setup(test_csv, reset),
		cmocka_unit_test_setup(test_csv_string, reset), cmocka_unit_test_setup(test_json, reset),
		cmocka_unit_test_setup(test_no_chronyd, reset), cmocka_unit_test_setup(test_hanging_chronyd, reset),
		cmocka_unit_test_setup(test_no_clock, reset),
		cmocka_unit_test_setup(test_late, reset), cmocka_unit_test_setup(test_signal, reset),
		cmocka_unit_test_setup(test_interrupt, reset), cmocka_unit_test_setup(test_broken_output, reset),
		cmocka_unit_test_setup(test_misuse, reset), cmocka_unit_test_setup(test_hostile, reset), cmocka_unit_test_setup(test_terminal, reset),
		cmocka_unit_test_setup(test_plot, reset),
	};
	char command[100];
	int failed;

	progname = "ptpkvm";
	if (!mkdtemp(dir))
		return 2;
	if (argc > 1) {
		reset(NULL);
		failed = run_watch(NULL, "-n", "6", "-i", "0.05", "--plot", argv[1], NULL);
	} else {
		cmocka_set_message_output(CM_OUTPUT_TAP);
		failed = cmocka_run_group_tests(tests, NULL, NULL);
	}
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command) || failed;
}
