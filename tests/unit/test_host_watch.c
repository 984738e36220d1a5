// SPDX-License-Identifier: GPL-2.0-or-later
/* The host's watch; time, ptp4l, the PHC, chronyd, the kernel and the guests are made up. */
#include <errno.h>
#include <math.h>
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
#include <sys/timex.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/array.h"
#include "base/die.h"
#include "base/now.h"
#include "facts/guests.h"
#include "host_facts.h"
#include "ptp/hop.h"
#include "time/kernel_clock.h"
#include "tree.h"

/* --- what is made up --- */

static struct {
	int ticks;
	int silent_from, silent_until;	/* questions to ptp4l without an answer */
	int lost_from;			/* from then on no master is heard */
	int slow_at;			/* the reading of the PHC that takes 130 ms */
	int signal_at;			/* the one during which SIGTERM comes */
	int sync_until;			/* questions while which Sync comes; 0: always */
	bool no_sync, hanging_pmc, no_tracking, no_source, no_guests, stock;
	int64_t now_ns;			/* what the monotonic clock shows */
} fake;

static struct check_facts facts;
static int asked;			/* of ptp4l */

static int64_t fake_now(clockid_t id)
{
	return id == CLOCK_MONOTONIC ? fake.now_ns : now_ns(id);
}

/* Time flies, but signals come. */
static int fake_ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask)
{
	fake.now_ns += ts_ns(timeout);
	return ppoll(fds, n, &(struct timespec){ 0, 0 }, mask);
}

/* Answers take none of the time that is made up. */
static int fake_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *until)
{
	if (!fake.hanging_pmc)
		return pthread_cond_wait(cond, mutex);
	fake.now_ns = ts_ns(until);
	return ETIMEDOUT;
}

static void fake_gather(struct check_facts *f)
{
	*f = facts;
}

static void fake_ptp4l(const struct check_facts *f, struct ptp4l_fact *p)
{
	int nth = ++asked;

	(void)f;
	if (fake.hanging_pmc)
		pause();
	if (nth >= fake.silent_from && nth < fake.silent_until) {
		p->result = PMC_SILENT;
		snprintf(p->why, sizeof(p->why), "no answer from ptp4l");
		return;
	}
	p->result = PMC_ANSWERED;
	p->data.ingress_ns = fake.sync_until && nth > fake.sync_until ? 1e18 : 1e18 + 1e6 * nth;
	p->data.offset_ns = fake.no_sync ? NAN : nth * nth;
	if (fake.lost_from && nth >= fake.lost_from)
		strcpy(p->data.ports[0].state, "LISTENING");
}

static void fake_read(struct chain_hop *hop)
{
	int nth = ++fake.ticks;

	if (nth == fake.slow_at)
		fake.now_ns += 130000000;
	if (nth == fake.signal_at)
		raise(SIGTERM);
	hop->known = true;
	hop->offset_ns = -nth;
	hop->uncertainty_ns = 15;
}

static int fake_chrony(struct chrony_tracking *t, char *why, size_t len)
{
	if (fake.no_tracking) {
		snprintf(why, len, "chronyc: 506 Cannot talk to daemon");
		return -1;
	}
	*t = (struct chrony_tracking){
		.name = "PTP0", .stratum = !fake.no_source, .system = 2.5e-8, .root_delay = 2e-6, .root_dispersion = 1e-6,
	};
	return 0;
}

static void fake_kernel(struct kernel_clock *k)
{
	*k = facts.kernel;
}

static bool fake_guests(struct kvm_guests *all)
{
	static int looks;

	memset(all, 0, sizeof(*all));
	if (fake.no_guests) {
		strcpy(all->why, "only root may read it");
		return false;
	}
	all->n = 2;
	all->list[0] = (struct kvm_guest){ .pid = 10, .pairings = { !fake.stock, 100 + 3 * looks } };
	all->list[1] = (struct kvm_guest){ .pid = 20 + looks, .pairings = { !fake.stock, 1000 } };	/* always a new one */
	looks++;
	return true;
}

#define now_ns fake_now
#define ppoll fake_ppoll
#define pthread_cond_timedwait fake_timedwait
#include "../../lib/system/background.c"
#include "../../lib/system/interval.c"
#define check_gather fake_gather
#define check_ask_ptp4l fake_ptp4l
#define kernel_clock_read fake_kernel
#define chain_read fake_read
#define chronyc_tracking fake_chrony
#define kvm_guests_find fake_guests
#include "../../lib/cli/watch.c"
#include "../../host-tools/watch/watch.c"
#undef now_ns
#undef ppoll
#undef pthread_cond_timedwait
#undef check_gather
#undef check_ask_ptp4l
#undef kernel_clock_read
#undef chain_read
#undef chronyc_tracking
#undef kvm_guests_find

static int reset(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	host_facts(&facts);
	facts.chrony.pid = 498;
	facts.n_phc2sys = 0;
	unsetenv("TERM");
	return 0;
}

/* --- running it --- */

static int run(void *argv)
{
	char **end = argv;

	while (*end)
		end++;
	optind = 0;
	return cmd_watch(end - (char **)argv, argv);
}

#define run_watch(...) apart(run, (char *[]){ "watch", "-i", "0.05", __VA_ARGS__, NULL })

static int count_of(const char *text, const char *word)
{
	int n = 0;

	for (const char *at = text; (at = strstr(at, word)); at += strlen(word))
		n++;
	return n;
}

static void test_text(void **state)
{
	(void)state;
	assert_int_equal(run_watch("-n", "3"), EXIT_GOOD);
	assert_string_equal(said_err, "");
	has(said_out, "time, UTC         GM > NIC NIC > system      chronyd sync bound us guests served\n"
		      "ports         eno1 SLAVE\n");
	assert_int_equal(count_of(said_out, "ports"), 1);
	has(said_out, "Z           +1           -1          +25  yes       50      2      3\n");
	has(said_out, "Z           +9           -3          +25  yes       50      2      3\n");
	has(said_out, "\n3 ticks, 0.05 s apart\n");
	has(said_out, "GM > NIC          3      0     +1 ns     +4 ns     +9 ns      9 ns   4.04 ns\n");
	has(said_out, "NIC > system      3      0     -3 ns     -2 ns     -1 ns      3 ns      1 ns\n");
	has(said_out, "chronyd           3      0    +25 ns ");
	assert_null(strstr(said_out, "Allan"));
	assert_null(strstr(said_out, "\033"));

	assert_int_equal(run_watch("-n", "20"), EXIT_GOOD);
	has(said_out, "Allan deviation      GM > NIC NIC > system      chronyd\n");
	has(said_out, "          0.05 s     2.83e-08     0.00e+00     0.00e+00\n");
}

/* With software timestamps there is one hop; ptp4l and chronyd may each be missing, but not both. */
static void test_hops(void **state)
{
	(void)state;
	facts.ptp4l[0].process.software = true;
	strcpy(facts.ptp4l[0].data.ports[0].timestamping, "SOFTWARE");
	assert_int_equal(run_watch("-n", "2"), EXIT_GOOD);
	has(said_out, "   GM > system NIC > system ");
	has(said_out, "Z           +1            -          +25 ");

	facts.n_ptp4l = 0;
	assert_int_equal(run_watch("-n", "2"), EXIT_GOOD);
	has(said_out, "Z            -            -          +25  yes       50      2      3\n");
	fake.no_source = true;
	assert_int_equal(run_watch("-n", "2"), EXIT_BROKEN);
	assert_string_equal(said_err, "ptpkvm-host: chronyd follows no source\n");
	facts.chrony.pid = 0;
	assert_int_equal(run_watch("-n", "2"), EXIT_BROKEN);
	has(said_err, "neither ptp4l nor chronyd runs: there is nothing to watch\nType: ptpkvm-host check\n");
	facts.processes_hidden = true;
	assert_int_equal(run_watch("-n", "2"), EXIT_BROKEN);
	has(said_err, "neither ptp4l nor chronyd is seen: there");
	assert_string_equal(said_out, "");
}

static void test_choice(void **state)
{
	(void)state;
	facts.n_ptp4l = 2;
	facts.ptp4l[1] = facts.ptp4l[0];
	strcpy(facts.ptp4l[1].data.ports[0].interface, "eno2");
	strcpy(facts.ptp4l[0].data.ports[0].state, "LISTENING");
	assert_int_equal(run_watch("-n", "1"), EXIT_GOOD);
	has(said_out, "ports         eno2 SLAVE\n");
	facts.ptp4l[1].result = PMC_SILENT;
	assert_int_equal(run_watch("-n", "1"), EXIT_BROKEN);
	has(said_out, "ports         eno1 LISTENING\n");
}

/* The grandmaster goes: the PHC that ptp4l kept is measured on. ptp4l goes: it is said once. */
static void test_lost(void **state)
{
	(void)state;
	fake.lost_from = 3;
	assert_int_equal(run_watch("-n", "4"), EXIT_WARNINGS);
	has(said_out, "ports         eno1 LISTENING\n");
	has(said_out, "Z            -           -4          +25  yes       50      2      3\n");
	fake.lost_from = 0;
	fake.silent_from = 2;
	fake.silent_until = 4;
	assert_int_equal(run_watch("-n", "5", "--json"), EXIT_WARNINGS);
	assert_string_equal(said_err, "ptpkvm-host: ptp4l: no answer from ptp4l\n");
	assert_int_equal(count_of(said_out, "\"gm\":null"), 2);
	fake.silent_from = 0;
	fake.silent_until = 100;
	assert_int_equal(run_watch("-n", "3"), EXIT_BROKEN);
}

/* A master is heard, but no Sync: nothing is measured, and that is said once. */
static void test_no_sync(void **state)
{
	(void)state;
	fake.no_sync = true;
	strcpy(facts.ptp4l[0].data.ports[0].state, "UNCALIBRATED");
	assert_int_equal(run_watch("-n", "3"), EXIT_BROKEN);
	assert_string_equal(said_err, "ptpkvm-host: ptp4l: no measurement: it hears a master, but no Sync, or no answer of it\n");
	has(said_out, "Z            -           -1          +25  yes       50      2      3\n");
	has(said_out, "GM > NIC          0      3 ");
	assert_int_equal(run_watch("-n", "2", "--json"), EXIT_BROKEN);
	assert_int_equal(count_of(said_out, "\"gm\":{\"offset_ns\":null,"), 2);
	assert_int_equal(run_watch("-n", "1", "--csv"), EXIT_BROKEN);
	has(said_out, "Z,0,,1300,4e2367.fffe.f129c3,eno1 UNCALIBRATED,-1,15,");
}

/* Sync ceases to come: four intervals of it later the offset that stays counts for nothing. */
static void test_sync_ceases(void **state)
{
	(void)state;
	facts.ptp4l[0].data.ports[0].log_sync = -3;
	fake.sync_until = 5;
	assert_int_equal(run_watch("-n", "40"), EXIT_WARNINGS);
	assert_string_equal(said_err, "ptpkvm-host: ptp4l: no measurement: it hears a master, but no Sync, or no answer of it\n");
	has(said_out, "GM > NIC         26     14 ");
}

/* The kernel's bound beside phc2sys is none; what parts of an answer lack is no 0. */
static void test_unknown(void **state)
{
	(void)state;
	facts.n_phc2sys = 1;
	facts.chrony.pid = 0;
	host_steerers(&facts);
	pmc_unknown(&facts.ptp4l[0].data);
	assert_int_equal(run_watch("-n", "1", "--json"), EXIT_BROKEN);
	has(said_out, "\"gm\":{\"offset_ns\":null,\"path_delay_ns\":null,\"grandmaster\":null,\"gm_class\":null,"
		      "\"ports\":null},\"system\":null,");
	has(said_out, "\"synchronized\":true,\"max_error_us\":null,");
	assert_int_equal(run_watch("-n", "1"), EXIT_BROKEN);
	has(said_out, "Z            -            -            -  yes        -      2      3\n");
}

static void test_csv(void **state)
{
	static const char head[] =
		"tick,time,late,gm_offset_ns,path_delay_ns,grandmaster,ports,system_offset_ns,system_uncertainty_ns,"
		"chrony_offset_ns,chrony_root_distance_ns,synchronized,max_error_us,guests,served\r\n1,20";

	(void)state;
	facts.ptp4l[0].data.n_ports = 2;
	facts.ptp4l[0].data.ports[1] = (struct pmc_port){ "6e2bee.fffe.8fb69c-2", "MASTER", "eno2", "HARDWARE", 0 };
	fake.silent_from = 2;
	fake.silent_until = 3;
	assert_int_equal(run_watch("-n", "3", "--csv"), EXIT_WARNINGS);
	assert_memory_equal(said_out, head, strlen(head));
	assert_int_equal(count_of(said_out, "\r\n"), 4);
	has(said_out, "Z,0,1,1300,4e2367.fffe.f129c3,\"eno1 SLAVE, eno2 MASTER\",-1,15,25,2025,1,50,2,3\r\n2,");
	has(said_out, "Z,0,,,,,-2,15,25,2025,1,50,2,3\r\n3,");
	has(said_err, "GM > NIC          2      1 ");

	/* Every line has as many fields as the head. */
	facts.chrony.pid = facts.nics.n = 0;
	facts.kernel = (struct kernel_clock){ .max_error_ns = NAN, .est_error_ns = NAN };
	facts.ptp4l[0].data.n_ports = 1;
	fake.no_guests = true;
	run_watch("-n", "1", "--csv");
	has(said_out, "Z,0,1,1300,4e2367.fffe.f129c3,eno1 SLAVE,,,,,,,,\r\n");
	has(said_err, "guests are not known: only root may read it\n");
}

static void test_hostile(void **state)
{
	static char *const formats[] = { NULL, "--csv", "--json" };
	struct pmc_port *port = &facts.ptp4l[0].data.ports[0];

	(void)state;
	SPOIL(port->interface);
	SPOIL(facts.ptp4l[0].data.grandmaster);
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		assert_int_equal(run_watch("-n", "2", formats[i]), EXIT_GOOD);
		has(said_out, i == 2 ? "a\\u001b[31m\\u0007" : "a?[31m?");
	}
}

static char *man_page(void)
{
	char *page = xcalloc(1, 1 << 17);
	FILE *f = fopen("host-tools/man/ptpkvm-host.8.scd", "r");

	assert_non_null(f);
	assert_true(fread(page, 1, (1 << 17) - 1, f) > 0);
	fclose(f);
	return page;
}

/* Keys and columns are in the man page. */
static void in_page(const char *page, const char *word, size_t len)
{
	char name[60];

	snprintf(name, sizeof(name), "%.*s", (int)len, word);
	if (!strstr(page, name))
		fail_msg("not in the man page: %s", name);
}

static void test_json(void **state)
{
	char *page = man_page();

	(void)state;
	assert_int_equal(run_watch("-n", "3", "--json"), EXIT_GOOD);
	assert_int_equal(count_of(said_out, "\n"), 4);
	has(said_out, "{\"type\":\"tick\",\"tick\":1,\"time\":\"20");
	has(said_out, "Z\",\"late\":false,\"gm\":{\"offset_ns\":1,\"path_delay_ns\":1300,\"grandmaster\":"
		      "\"4e2367.fffe.f129c3\",\"gm_class\":6,\"ports\":\"eno1 SLAVE\"},\"system\":{\"phc\":\"/dev/ptp0\","
		      "\"offset_ns\":-1,\"uncertainty_ns\":15,\"error\":null},\"chrony\":{\"reference\":\"PTP0\","
		      "\"stratum\":1,\"offset_ns\":25,\"root_distance_ns\":2025},\"synchronized\":true,"
		      "\"max_error_us\":50,\"guests\":2,\"served\":3}\n");
	has(said_out, "{\"type\":\"summary\",\"schema\":2,\"interval_s\":0.05,\"ticks\":3,\"gm\":{\"n\":3,\"missed\":0,"
		      "\"min_ns\":1,\"median_ns\":4,");
	for (const char *key = said_out; (key = strchr(key, '"')); key++) {
		size_t len = strcspn(key + 1, "\"");

		if (key[len + 2] == ':')
			in_page(page, key + 1, len);
		key += len + 1;
	}
	run_watch("-n", "1", "--csv");
	for (const char *column = said_out; *column != '\r'; column += *column == ',') {
		size_t len = strcspn(column, ",\r");

		in_page(page, column, len);
		column += len;
	}
	free(page);

	facts.chrony.pid = facts.nics.n = 0;
	facts.kernel = (struct kernel_clock){ .max_error_ns = NAN, .est_error_ns = NAN };
	fake.stock = true;
	run_watch("-n", "1", "--json");
	has(said_out, "\"system\":null,\"chrony\":null,\"synchronized\":null,\"max_error_us\":null,\"guests\":2,"
		      "\"served\":null}\n");
	has(said_out, "\"system\":{\"n\":0,\"missed\":1,\"min_ns\":null");
}

/* Neither direct readings nor the end wait for a pmc that hangs; chronyc's absence is said once. */
static void test_hanging_pmc(void **state)
{
	(void)state;
	fake.no_tracking = true;
	assert_int_equal(run_watch("-n", "3", "--json"), EXIT_GOOD);
	assert_string_equal(said_err, "ptpkvm-host: chronyc: 506 Cannot talk to daemon\n");
	facts.chrony.pid = 0;
	fake.hanging_pmc = true;
	assert_int_equal(run_watch("-n", "20", "--json"), EXIT_BROKEN);
	assert_int_equal(count_of(said_out, "\"gm\":null,\"system\":{\"phc\":\"/dev/ptp0\",\"offset_ns\":-"), 20);
}

static void test_late(void **state)
{
	(void)state;
	fake.slow_at = 2;
	assert_int_equal(run_watch("-n", "6", "--json"), EXIT_WARNINGS);
	assert_int_equal(count_of(said_out, "\"type\":\"tick\""), 6);
	assert_int_equal(count_of(said_out, "\"late\":true,\"gm\":null,\"system\":null,\"chrony\":null"), 1);
}

static void test_signal(void **state)
{
	(void)state;
	fake.signal_at = 3;
	assert_int_equal(run_watch("-n", "0", "--json"), EXIT_GOOD);
	assert_int_equal(count_of(said_out, "\"type\":\"tick\""), 3);
	has(said_out, "\"type\":\"summary\"");
}

static int to_full(void *arg)
{
	if (!freopen("/dev/full", "w", stdout))
		return 99;
	return run(arg);
}

static void test_broken_output(void **state)
{
	(void)state;
	assert_int_equal(apart(to_full, (char *[]){ "watch", "-n", "0", NULL }), EXIT_BROKEN);
	has(said_err, "cannot write standard output: No space left on device");
}

static void test_misuse(void **state)
{
	static char *const bad[][2] = {
		{ "-n", "-1" }, { "-n", "100001" }, { "-i", "0.04" }, { "-i", "nan" }, { "--csv", "--json" }, { "word" },
		{ "--plot", "a.pdf" }, { "--plot", ".svg" }, { "--nonsense" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(run_watch(bad[i][0], bad[i][1]), EXIT_MISUSE);
		has(said_err, "Try '");
		assert_string_equal(said_out, "");
	}
	assert_int_equal(run_watch("--help"), EXIT_GOOD);
	has(said_out, "Usage: ptpkvm-host watch");
}

static void on_terminal(char **argv, unsigned short columns)
{
	struct winsize size = { .ws_row = 30, .ws_col = columns };
	size_t used = 0;
	int fd, status;
	ssize_t n;
	pid_t pid = forkpty(&fd, NULL, NULL, &size);

	assert_true(pid >= 0);
	if (!pid) {
		setenv("TERM", "xterm", 1);
		setenv("LC_ALL", "C", 1);
		exit(finish(run(argv)));
	}
	while (used < sizeof(said_out) - 1 && (n = read(fd, said_out + used, sizeof(said_out) - 1 - used)) > 0)
		used += n;
	said_out[used] = 0;
	close(fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), EXIT_GOOD);
}

/* No line is longer than the terminal is wide, without escape sequences. */
static void fits(const char *text, int columns)
{
	int width = 0;

	for (const char *p = text; *p; p++) {
		if (*p == '\033')
			p += strcspn(p, "ABCDHJKm");
		else if (*p == '\n' || *p == '\r')
			width = 0;
		else if (++width > columns)
			fail_msg("a line of more than %d characters in:\n%s", columns, text);
	}
}

static void test_terminal(void **state)
{
	char *argv[] = { "watch", "-n", "6", "-i", "0.05", NULL };
	char *end;

	(void)state;
	on_terminal(argv, 120);
	has(said_out, "tick 6 of 6, 0.05 s apart; Ctrl-C ends");
	has(said_out, "ptp4l: eno1 SLAVE; grandmaster 4e2367.fffe.f129c3, class 6, path delay 1.30 us");
	has(said_out, "GM > NIC        +36 ns      0     +1 ns");
	has(said_out, "NIC > system     -6 ns      0 ");
	has(said_out, "chronyd: to PTP0, stratum 1, at most 2.02 us off");
	has(said_out, "kernel: synchronized, at most 50.0 us off UTC");
	has(said_out, "guests: 2, served 3 times in this tick");
	has(said_out, "__.-+#");
	has(said_out, "\033[15A\r");
	end = strstr(said_out, "\n6 ticks, 0.05 s apart");
	assert_non_null(end);
	*end = 0;
	fits(said_out, 120);
	on_terminal(argv, 40);
	*strstr(said_out, "\n6 ticks") = 0;
	fits(said_out, 40);
}

/* A gnuplot of our own keeps what it is given. */
static void test_plot(void **state)
{
	char *path = strdup(getenv("PATH")), name[300], both[600];

	(void)state;
	tree_make();
	put_mode("/gnuplot",
		 "#!/bin/sh\n[ \"$1\" = --version ] && exit\nprintf '%s\\n' \"$2\" >\"$TMPDIR/commands\"\n"
		 "cp \"$TMPDIR\"/ptpkvm-watch.* \"$TMPDIR/data\"\nfor i in \"$TMPDIR\"/a.svg.*; do echo drawn >\"$i\"; done\n",
		 0755);
	setenv("TMPDIR", tree, 1);
	snprintf(both, sizeof(both), "%s:%s", tree, path);
	setenv("PATH", both, 1);
	snprintf(name, sizeof(name), "%s/a.svg", tree);
	fake.silent_from = 2;
	fake.silent_until = 3;
	facts.chrony.pid = 0;
	assert_int_equal(run_watch("-n", "3", "--plot", name), EXIT_WARNINGS);
	assert_string_equal(get("/a.svg"), "drawn\n");
	assert_string_equal(get("/data"), "0.000 1 -1 ?\n0.050 ? -2 ?\n0.100 9 -3 ?\n");
	has(get("/commands"), "set ylabel 'master - its clock, ns'; plot '");
	has(get("/commands"), " using 1:2 with linespoints pointtype 7 pointsize 0.4 title 'grandmaster to NIC', '");
	has(get("/commands"), " using 1:3 with linespoints pointtype 7 pointsize 0.4 title 'NIC to system'\n");
	setenv("PATH", path, 1);
	unsetenv("TMPDIR");
	tree_remove();
	file_root = "";
	free(path);
}

static void test_served(void **state)
{
	static struct kvm_guests before, now;
	uint64_t n;

	(void)state;
	before.n = now.n = 2;
	before.list[0] = (struct kvm_guest){ .pid = 1, .pairings = { true, 10 } };
	before.list[1] = (struct kvm_guest){ .pid = 3, .pairings = { true, 50 } };
	now.list[0] = (struct kvm_guest){ .pid = 2, .pairings = { true, 1000 } };	/* new */
	now.list[1] = (struct kvm_guest){ .pid = 3, .pairings = { true, 55 } };
	assert_true(kvm_guests_served(&before, &now, &n));
	assert_int_equal(n, 5);
	now.list[1].pairings.n = 3;	/* set to zero by hand */
	assert_true(kvm_guests_served(&before, &now, &n));
	assert_int_equal(n, 0);
	now.list[0].pairings.known = now.list[1].pairings.known = false;
	assert_false(kvm_guests_served(&before, &now, &n));
	now.n = 0;
	assert_true(kvm_guests_served(&before, &now, &n));
	strcpy(now.why, "x");
	assert_false(kvm_guests_served(&before, &now, &n));
}

/* With an argument: only a plot into that file, by the real gnuplot; see tests/build/71-metrics.t. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_text, reset), cmocka_unit_test_setup(test_hops, reset),
		cmocka_unit_test_setup(test_choice, reset), cmocka_unit_test_setup(test_lost, reset),
		cmocka_unit_test_setup(test_no_sync, reset),
		cmocka_unit_test_setup(test_sync_ceases, reset),
		cmocka_unit_test_setup(test_unknown, reset),
		cmocka_unit_test_setup(test_csv, reset), cmocka_unit_test_setup(test_json, reset),
		cmocka_unit_test_setup(test_hanging_pmc, reset), cmocka_unit_test_setup(test_late, reset),
		cmocka_unit_test_setup(test_signal, reset), cmocka_unit_test_setup(test_broken_output, reset),
		cmocka_unit_test_setup(test_misuse, reset), cmocka_unit_test_setup(test_hostile, reset), cmocka_unit_test_setup(test_terminal, reset),
		cmocka_unit_test_setup(test_plot, reset), cmocka_unit_test_setup(test_served, reset),
	};

	progname = "ptpkvm-host";
	if (argc > 1) {
		reset(NULL);
		return run_watch("-n", "6", "--plot", argv[1]);
	}
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
