// SPDX-License-Identifier: GPL-2.0-or-later
/* ptpkvm set, and what prestart sets: the clocks, the host and the daemons are made up, and run on as they are read. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/timex.h>

#include <cmocka.h>

#include "base/array.h"
#include "base/die.h"
#include "base/now.h"
#include "clock/adjust.h"
#include "clock/open.h"
#include "system/machine.h"
#include "time/host_clock.h"
#include "time/kernel_clock.h"
#include "time/steering.h"
#include "tree.h"

#define CALL_NS 100		/* of any of them */

/* Shared with the process that a verb runs in */
static struct world {
	long double raw, device, system;	/* what these clocks show, ns */
	double host_ppm, guest_ppm;		/* how much faster than raw */
	enum phc_method works;			/* the first that does */
	int64_t window;				/* of those that have one */
	int read_error;
	int64_t answers_from;			/* of raw: before that there is no clock */
	int64_t jump_at, jump;			/* the host's clock is set */
	int adjust_error;
	struct host_clock host;
	struct kernel_clock kernel;
	const char *daemon;
	char name[64];
	int sets;
	char log[400];				/* what was done, a word each */
} *w;

static void pass(int64_t ns)
{
	bool jumps = w->jump && w->raw < w->jump_at && w->raw + ns >= w->jump_at;

	w->raw += ns;
	w->device += ns * (1 + w->host_ppm * 1e-6L) + (jumps ? w->jump : 0);
	w->system += ns * (1 + w->guest_ppm * 1e-6L);
}

static int64_t off(void)
{
	return llroundl(w->device - w->system);
}

static void log_word(const char *word)
{
	strcat(w->log, word);
	strcat(w->log, " ");
}

/* What stands behind key in text is that, in ppm */
static void is_rate(const char *text, const char *key, double ppm)
{
	const char *at = strstr(text, key);

	if (!at || fabs(atof(at + strlen(key)) - ppm) > 0.01)
		fail_msg("'%s' is not followed by %.3f in '%s'", key, ppm, text);
}

static int64_t fake_now(clockid_t id)
{
	pass(CALL_NS);
	return id == CLOCK_REALTIME ? w->system : w->raw;
}

static void fake_sleep(int64_t until)
{
	if (until > w->raw)
		pass(until - w->raw);
}

static int fake_phc_read(int fd, enum phc_method m, struct phc_sample *s)
{
	(void)fd;
	pass(CALL_NS);
	if (w->read_error || m < w->works)
		return w->read_error ? w->read_error : EOPNOTSUPP;
	*s = (struct phc_sample){ .pre = w->system };
	if (m == PHC_PRECISE) {
		s->raw = w->raw;
		s->device = w->device;
		s->post = s->pre;
		return 0;
	}
	pass(w->window / 3);
	s->device = w->device;
	pass(w->window - w->window / 3);
	s->post = w->system;
	return 0;
}

/* As adjtimex(2) has it */
static int fake_adjtimex(struct timex *tx)
{
	pass(CALL_NS);
	if (w->adjust_error) {
		errno = w->adjust_error;
		return -1;
	}
	if (tx->modes == (ADJ_SETOFFSET | ADJ_NANO)) {
		assert_in_range(tx->time.tv_usec, 0, NSEC_PER_SEC - 1);
		w->system += tx->time.tv_sec * (long double)NSEC_PER_SEC + tx->time.tv_usec;
		w->sets++;
		log_word("step");
		return TIME_ERROR;
	}
	assert_int_equal(tx->modes, ADJ_TICK | ADJ_FREQUENCY);
	assert_in_range(tx->tick, 9000, 11000);
	assert_true(labs(tx->freq) <= 500L << 16);
	w->guest_ppm = (tx->tick - 10000) * 100 + tx->freq / 65536.0;
	log_word("rate");
	return TIME_OK;
}

static int fake_open(struct phc *phc, const char *path, int flags, char *why, size_t len)
{
	(void)flags;
	*phc = (struct phc){ .fd = open("/dev/null", O_RDONLY) };
	strcpy(phc->path, path ? path : "/dev/ptp9");
	strcpy(phc->name, w->name);
	pass(CALL_NS);
	if (w->raw >= w->answers_from)
		return 0;
	close(phc->fd);
	snprintf(why, len, "no PTP clock");
	return -1;
}

static int fake_view_open(struct phc *phc, const char *path)
{
	char why[100];

	return fake_open(phc, path, 0, why, sizeof(why)) ? EXIT_BROKEN : EXIT_GOOD;
}

static int fake_explain(const char *path, const char *why, int err)
{
	(void)path, (void)err;
	complain("%s", why);
	return EXIT_BROKEN;
}

static void fake_host(struct host_clock *hc, const struct phc *phc)
{
	(void)phc;
	*hc = w->host;
}

static int fake_find(struct steerer list[STEERERS_MAX], const struct processes *p)
{
	(void)p;
	if (!w->daemon)
		return 0;
	list[0] = (struct steerer){ .pid = 7, .elsewhere = NO };
	strcpy(list[0].name, w->daemon);
	return 1;
}

static bool fake_command(char *why, size_t len, const char *const words[])
{
	(void)why, (void)len;
	assert_string_equal(words[0], "reset");
	assert_string_equal(words[1], "sources");
	assert_null(words[2]);
	pass(5000000);
	log_word("reset");
	return true;
}

static bool fake_is_kvm(char name[static 13])
{
	name[0] = 0;
	return strcmp(w->name, PHC_KVM_NAME) == 0;
}

static void fake_kernel(struct kernel_clock *k)
{
	*k = w->kernel;
}

#define now_ns fake_now
#define sleep_until fake_sleep
#define phc_read fake_phc_read
#define adjtimex fake_adjtimex
#define phc_open fake_open
#define view_open fake_view_open
#define view_explain fake_explain
#define host_clock_read fake_host
#define steering_find fake_find
#define chronyc_command fake_command
#define hypervisor_is_kvm fake_is_kvm
#define kernel_clock_read fake_kernel
#include "../../guest-tools/clock/adjust.c"
#include "../../guest-tools/clock/set.c"
#undef SCHEMA
#undef RATE_PPM
#define set_rate setup_rate
#define set_offset setup_offset
#include "../../guest-tools/setup/clock.c"

static int call(void *arg)
{
	char **argv = arg;
	int argc = 0;

	while (argv[argc])
		argc++;
	return cmd_set(argc, argv);
}

#define set(...) apart(call, (char *[]){ "set", __VA_ARGS__, NULL })

static int begin(void **state)
{
	(void)state;
	*w = (struct world){
		.raw = 1e12L, .device = 1.8e18L, .system = 1.8e18L, .host_ppm = 37, .window = 2000, .name = PHC_KVM_NAME,
		.kernel = { .known = true, .status = STA_UNSYNC },
	};
	return 0;
}

/* --- set --- */

static void test_step(void **state)
{
	static const int64_t behind[] = { 1001, 400000000, 999999999, 1000000000, 5000000001, 86400000000000, -1001, -400000000,
					  -999999999, -1000000000, -5000000001, -86400000000000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(behind); i++) {
		begin(NULL);
		w->system -= behind[i];
		good(set("--backward"));
		assert_in_range(off() + 10, 0, 20);
		assert_int_equal(w->sets, 1);
		assert_string_equal(w->log, "step ");
		has(said_out, "/dev/ptp9 (KVM virtual PTP), by precise\n");
		has(said_out, behind[i] < 0 ? " ahead, " : " behind, ");
		has(said_out, "(an exact pair)");
		has(said_out, "unsynchronized until a daemon says otherwise");
	}
}

static void test_near_enough(void **state)
{
	(void)state;
	w->system -= 900;
	good(set("-b"));
	has(said_out, "step        none: that is near enough\n");
	good(set("-b", "--threshold", "0"));
	assert_int_equal(w->sets, 1);
	w->system -= 900000;
	good(set("-b", "--threshold", "0.001"));
	assert_int_equal(w->sets, 1);
	/* Within what the reading can tell */
	w->works = PHC_EXTENDED;
	w->window = 4000000;
	good(set("-b", "--threshold", "0"));
	assert_int_equal(w->sets, 1);
	w->window = 4000;
	good(set("-b", "--threshold", "0"));
	assert_int_equal(w->sets, 2);
	assert_in_range(off() + 2100, 0, 4200);
	has(said_out, ", by extended\n");
	has(said_out, ", ± 2000 ns\n");
}

static void test_backward(void **state)
{
	(void)state;
	w->system += 5000;
	assert_int_equal(set(NULL), EXIT_WARNINGS);
	has(said_err, "set back only if that is asked for: ptpkvm set --backward");
	assert_int_equal(w->sets, 0);
	good(set("--backward"));
	assert_int_equal(w->sets, 1);
}

static void test_dry_run(void **state)
{
	(void)state;
	w->system -= 400000000;
	w->daemon = "chronyd";
	good(set("--dry-run"));
	has(said_out, "step        would be +0.4000");
	lacks(said_out, "system now");
	w->daemon = NULL;
	good(set("-n", "--frequency"));
	is_rate(said_out, "frequency   ", 37);
	has(said_out, " ppm, would be set\n");
	assert_string_equal(w->log, "");
	assert_true(w->guest_ppm == 0);
}

static void test_frequency(void **state)
{
	static const double ppm[] = { 37, 0, -12.3456, 49.99, 50.01, -480, 499 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ppm); i++) {
		begin(NULL);
		w->host_ppm = ppm[i];
		w->guest_ppm = 15;
		w->system -= 300000000;
		good(set("-f"));
		assert_string_equal(w->log, "rate step ");
		assert_true(fabs(w->guest_ppm - ppm[i]) < 0.005);
		has(said_out, " ppm, set\n");
		pass(30 * NSEC_PER_SEC);
		assert_in_range(off() + 150, 0, 300);
	}
}

static void test_frequency_stays(void **state)
{
	char *text, *end;
	char seconds[20] = "";

	(void)state;
	/* The host's clock is set meanwhile */
	w->jump = 5000;
	w->jump_at = w->raw + 400000000;
	assert_int_equal(set("-f"), EXIT_WARNINGS);
	has(said_err, "the frequency stays: the host's clock did not run evenly");
	assert_string_equal(w->log, "step ");
	begin(NULL);
	w->host_ppm = 900;
	w->system += 50 * NSEC_PER_SEC;
	assert_int_equal(set("-f"), EXIT_WARNINGS);
	has(said_err, "the frequency stays: +900 ppm is no rate to follow");
	has(said_err, "; the system's clock is ahead");
	assert_true(w->guest_ppm == 0);
	/* By a window, and long enough then, as it says itself */
	begin(NULL);
	w->works = PHC_EXTENDED;
	w->system -= 300000000;
	assert_int_equal(set("-f"), EXIT_WARNINGS);
	has(said_err, "in 1 s, by extended, it is known to ");
	assert_string_equal(w->log, "step ");
	text = strstr(said_err, "--measure ");
	assert_non_null(text);
	end = strchr(text, '\n');
	snprintf(seconds, sizeof(seconds), "%.*s", (int)(end - text - 10), text + 10);
	good(set("-f", "--measure", seconds));
	assert_true(fabs(w->guest_ppm - 37) < 1);
}

static void test_bad_host(void **state)
{
	(void)state;
	w->system -= 5000;
	w->host = (struct host_clock){ .has_status = true, .status = HOST_FREE_RUNNING };
	assert_int_equal(set("-f"), EXIT_WARNINGS);
	has(said_err, "nothing is set: the host says that its clock is free-running; --force");
	assert_string_equal(w->log, "");
	good(set("-f", "--force"));
	assert_string_equal(w->log, "rate step ");
	w->host.status = HOST_SYNCHRONIZED;
	good(set("-f"));
	w->host.status = HOST_UNKNOWN;
	good(set("-f"));
}

static void test_daemons(void **state)
{
	(void)state;
	w->system -= 5000;
	w->daemon = "chronyd";
	good(set(NULL));
	assert_string_equal(w->log, "reset step reset ");
	assert_int_equal(set("--frequency"), EXIT_MISUSE);
	has(said_err, "chronyd runs, and sets the frequency itself: leave out --frequency");
	w->log[0] = 0;
	w->system -= 5000;
	w->daemon = "phc2sys";
	good(set(NULL));
	has(said_out, "phc2sys runs, and steers the clock, too\n");
	assert_string_equal(w->log, "step ");
}

static void test_faults(void **state)
{
	(void)state;
	w->system -= 5000;
	w->adjust_error = EPERM;
	assert_int_equal(set(NULL), EXIT_BROKEN);
	has(said_err, "may not set the clock (CAP_SYS_TIME)");
	w->adjust_error = 0;
	w->read_error = EOPNOTSUPP;
	assert_int_equal(set(NULL), EXIT_BROKEN);
	has(said_err, "/dev/ptp9: ");
	w->read_error = 0;
	strcpy(w->name, "mlx5_ptp");
	assert_int_equal(set("--device", "/dev/ptp1"), EXIT_BROKEN);
	has(said_err, "/dev/ptp1 is not set by without --force");
	assert_string_equal(w->log, "");
	good(set("--device", "/dev/ptp1", "--force"));
	assert_string_equal(w->log, "step ");
}

static void test_wait(void **state)
{
	(void)state;
	w->system -= 5000;
	w->answers_from = w->raw + 2 * NSEC_PER_SEC;
	assert_int_equal(set("--wait", "1"), EXIT_BROKEN);
	assert_true(w->raw < w->answers_from);
	good(set("--wait", "5"));
	assert_true(w->raw < w->answers_from + 100000000);
	assert_string_equal(w->log, "step ");
	/* There is nothing to wait for. */
	begin(NULL);
	strcpy(w->name, "no KVM");
	w->answers_from = w->raw + 2 * NSEC_PER_SEC;
	assert_int_equal(set("--wait", "5"), EXIT_BROKEN);
	assert_true(w->raw < w->answers_from);
}

static void test_json(void **state)
{
	(void)state;
	w->system -= 300000000;
	good(set("--json", "-f"));
	has(said_out, "\"schema\": 1");
	has(said_out, "\"method\": \"precise\"");
	has(said_out, "\"dry_run\": false");
	has(said_out, "\"offset_ns\": 30003");	/* 37 ppm of a second later */
	has(said_out, "\"stepped\": true");
	is_rate(said_out, "\"frequency_ppm\": ", 37);
	has(said_out, "\"frequency_set\": true");
	has(said_out, "\"left\": null");
	w->system += 50000;
	assert_int_equal(set("--json"), EXIT_WARNINGS);
	has(said_out, "\"stepped\": false");
	has(said_out, "\"frequency_ppm\": null");
	has(said_out, "\"left\": \"the system's clock is ahead");
}

/* --- what prestart sets --- */

static char said[300];

static void test_before_chronyd(void **state)
{
	(void)state;
	w->system -= 400000000;
	setup_set_clock(true, said, sizeof(said));
	is_rate(said, "frequency set to ", 37);
	has(said, " ppm, clock set by +0.400");
	assert_in_range(off() + 10, 0, 20);
	w->log[0] = 0;
	setup_set_clock(false, said, sizeof(said));
	assert_string_equal(said, "");
	assert_string_equal(w->log, "");
	w->system += 400000000;
	setup_set_clock(false, said, sizeof(said));
	has(said, "clock set by -0.400000");
	assert_string_equal(w->log, "step ");
}

static void test_not_before_chronyd(void **state)
{
	(void)state;
	/* Somebody vouches for it */
	w->system -= 400000000;
	w->kernel.status = 0;
	setup_set_clock(true, said, sizeof(said));
	assert_string_equal(w->log, "");
	assert_string_equal(said, "");
	w->kernel = (struct kernel_clock){ .known = false };
	setup_set_clock(true, said, sizeof(said));
	assert_string_equal(w->log, "");
	begin(NULL);
	w->system -= 400000000;
	w->host = (struct host_clock){ .has_status = true, .status = HOST_UNRELIABLE };
	setup_set_clock(true, said, sizeof(said));
	assert_string_equal(w->log, "");
	assert_string_equal(said, "clock not set: the host says that its own is unreliable");
	w->host.has_status = false;
	w->adjust_error = EPERM;
	setup_set_clock(false, said, sizeof(said));
	has(said, "clock not set: Operation not permitted");
	w->adjust_error = 0;
	/* A rate that is not well known is left to chronyd. */
	w->works = PHC_EXTENDED;
	setup_set_clock(true, said, sizeof(said));
	assert_string_equal(w->log, "step ");
}

#define T(name) cmocka_unit_test_setup(test_##name, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(step), T(near_enough), T(backward), T(dry_run), T(frequency), T(frequency_stays), T(bad_host), T(daemons),
		T(faults), T(wait), T(json), T(before_chronyd), T(not_before_chronyd),
	};

	progname = "ptpkvm";
	w = mmap(NULL, sizeof(*w), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (w == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("set", tests, NULL, NULL);
}
