// SPDX-License-Identifier: GPL-2.0-or-later
/* What guard decides, in sequences of observations; and what it does, with a chronyc and a systemctl of our own. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/array.h"
#include "base/die.h"
#include "base/now.h"
#include "guard/decide.h"
#include "ptpkvm.h"
#include "system/run.h"
#include "system/tree.h"
#include "time/host_told.h"

#define MS 1000000LL
#define S NSEC_PER_SEC

static struct guard_config config;
static struct guard g;
static struct guard_input in;
static struct guard_output out;
static unsigned int done;		/* all actions since the last look at it */
static int restarts, levels[8];
static char said[8192];
/* chronyd as it would be */
static char kvm_state;
static unsigned int kvm_reach;
static bool chronyd_noselect, has_refclock;
static struct chrony_source servers[3];
static int n_servers;

static struct chrony_source kvm(void)
{
	return (struct chrony_source){ .mode = '#', .state = kvm_state, .name = "KVM", .poll = -1,
				       .reach = kvm_reach };
}

static void one(void)
{
	bool ask = out.ask;

	in.now += out.wait ? out.wait : 1 * MS;
	in.chronyd = GUARD_NOT_ASKED;
	if (ask) {
		in.chronyd = has_refclock ? GUARD_REFCLOCK : GUARD_NO_REFCLOCK;
		in.n = 0;
		for (int i = 0; i < n_servers; i++)
			in.source[in.n++] = servers[i];
		in.phc = in.n;
		if (has_refclock)
			in.source[in.n++] = kvm();
		in.noselect = chronyd_noselect;
	}
	guard_step(&g, &in, &out);
	done |= out.actions;
	assert_true(out.lines <= GUARD_LINES);
	assert_true(out.wait >= 0 && (out.wait <= config.interval || in.host.from == HOST_BY_VSOCK));
	for (int i = 0; i < out.lines; i++) {
		assert_true(strlen(said) + strlen(out.line[i].text) + 2 < sizeof(said));
		strcat(strcat(said, out.line[i].text), "\n");
		levels[out.line[i].level]++;
	}
	if (out.actions & GUARD_TAKE_OUT) {
		in.recorded = true;
		if (config.selectopts)
			chronyd_noselect = true;
		else
			has_refclock = false;
	}
	if (out.actions & GUARD_PUT_BACK) {
		in.recorded = chronyd_noselect = false;
		has_refclock = true;
	}
	restarts += !!(out.actions & GUARD_RESTART) +
		    (!config.selectopts && out.actions & (GUARD_TAKE_OUT | GUARD_PUT_BACK));
}

static void seconds(double s)
{
	for (int64_t end = in.now + s * S; in.now < end;)
		one();
}

static unsigned int did(void)
{
	unsigned int actions = done;

	done = 0;
	return actions;
}

/* The text has been said once since the last time, and nothing else where alone. */
static void assert_said(const char *text)
{
	const char *at = strstr(said, text);

	if (!at)
		fail_msg("'%s' is not in: %s", text, said);
	if (strstr(at + 1, text))
		fail_msg("'%s' is twice in: %s", text, said);
}

static void forget(void)
{
	said[0] = 0;
	done = 0;
}

/* The host is set: all readings of the PHC move. */
static void host_step(int64_t ns)
{
	in.raw += ns;
	in.offset += ns;
}

/* The system's time is set, by whomever. */
static void guest_step(int64_t ns)
{
	in.set += ns;
	in.offset -= ns;
}

/* Restarted, that is; out of the blue */
static void begin(bool recorded)
{
	guard_init(&g, &config, recorded);
	memset(&out, 0, sizeof(out));
	out.ask = true;
}

static int setup(void **state)
{
	(void)state;
	memset(&config, 0, sizeof(config));
	config.interval = S / 2;
	config.jump = 1 * MS;
	config.selectopts = true;
	memset(&in, 0, sizeof(in));
	in.now = 1000 * S;
	in.raw = 1700000000 * S;
	in.offset = 3;
	in.host.present = true;
	kvm_state = '*';
	kvm_reach = 0377;
	chronyd_noselect = false;
	has_refclock = true;
	n_servers = 0;
	restarts = 0;
	memset(levels, 0, sizeof(levels));
	begin(false);
	forget();
	return 0;
}

static void test_calm(void **state)
{
	int asked = 0;

	(void)state;
	for (int i = 0; i < 200; i++) {
		asked += out.ask;
		in.raw += 250000;	/* 500 ppm */
		in.offset = i % 7 - 3;
		one();
	}
	assert_int_equal(did(), 0);
	assert_in_range(asked, 18, 22);
	assert_said("has the refclock KVM");
	assert_said("does not tell");
	assert_int_equal(levels[LOG_INFO], 2);
	assert_int_equal(levels[LOG_WARNING] + levels[LOG_ERR] + levels[LOG_NOTICE], 0);
}

/* What follows a disruption that chronyd has no other source for */
static void recovers(void)
{
	kvm_state = '?';
	kvm_reach = 0;
	assert_int_equal(did(), GUARD_RESET);
	seconds(1);
	assert_int_equal(did(), 0);
	kvm_state = '*';
	kvm_reach = 7;
	seconds(0.25);
	assert_int_equal(did(), GUARD_MAKESTEP);
	guest_step(in.offset);
	in.offset = -12;
	seconds(1);
	assert_said("back on the host's time after 1.");
	assert_said("off by 12 ns");
	kvm_reach = 0377;
	seconds(60);
	assert_int_equal(did(), 0);
}

static void test_host_steps(void **state)
{
	static const int64_t steps[] = { 5 * S, -5 * S, 130 * MS, -130 * MS, 1600000, 86400 * S };

	(void)state;
	seconds(20);
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		/* chronyd's word of the same moment is of before: the PHC is selected still */
		while (i & 1 && !out.ask)
			one();
		forget();
		host_step(steps[i]);
		one();
		if (!out.wait)
			one();
		assert_said("the host's clock has jumped by");
		recovers();
		assert_null(strstr(said, "left alone"));
	}
}

static void test_no_step(void **state)
{
	(void)state;
	seconds(20);
	forget();
	host_step(900000);	/* chronyd's to slew */
	seconds(20);
	/* The machine stood still for a while, or the counter drifts away meanwhile */
	in.now += 100 * S;
	host_step(50 * MS);
	seconds(20);
	/* A window as wide as the step says nothing */
	in.window = 3 * MS;
	host_step(2 * MS);
	seconds(20);
	in.window = 0;
	assert_int_equal(did(), 0);
	assert_string_equal(said, "");
}

static void test_chronyd_steps_and_slews(void **state)
{
	(void)state;
	in.offset = 900000;
	seconds(20);
	forget();
	/* 83 ms a second is the most it slews: no jump */
	in.offset = 0;
	for (int i = 0; i < 100; i++) {
		in.offset -= 41 * MS;
		one();
	}
	assert_int_equal(did(), 0);
	/* It steps to the PHC */
	guest_step(in.offset - 5);
	seconds(20);
	assert_int_equal(did(), 0);
	assert_string_equal(said, "");
}

static void test_system_time_is_set(void **state)
{
	(void)state;
	seconds(20);
	forget();
	guest_step(3600 * S);
	one();
	if (!out.wait)
		one();
	assert_said("something has set this machine's clock: it is off by 3600 s");
	recovers();
}

static void test_marker(void **state)
{
	(void)state;
	in.host.has_marker = true;
	in.host.marker = 1;
	seconds(20);
	forget();
	/* By so little that nothing else shows it */
	in.host.marker = 2;
	host_step(300000);
	one();
	if (!out.wait)
		one();
	assert_said("the host says that its clock was disrupted");
	recovers();
	/* A host that doesn't tell, and one that does again with another number: a jump would show */
	forget();
	in.host.has_marker = false;
	seconds(5);
	in.host.has_marker = true;
	in.host.marker = 9;
	seconds(5);
	assert_int_equal(did(), 0);
	/* One disruption is said once, though both tell it */
	in.host.marker = 10;
	host_step(-S);
	one();
	if (!out.wait)
		one();
	assert_said(", and the host says so");
	recovers();
	assert_null(strstr(said, "was disrupted"));
}

/* --- over vsock --- */

/* A record, as host_clock_read() has it; 0: nobody tells */
static void vsock_tells(uint64_t marker, const char *host_id)
{
	in.reachable = true;
	memset(&in.host, 0, sizeof(in.host));
	if (!marker)
		return;
	in.host.from = HOST_BY_VSOCK;
	in.host.has_status = in.host.has_marker = true;
	in.host.status = HOST_SYNCHRONIZED;
	in.host.marker = marker;
	strcpy(in.host.host_id, host_id);
}

/* A record a second, each of which is looked at: nothing else is to wake this machine. */
static void test_vsock_calm(void **state)
{
	int asked = 0;

	(void)state;
	vsock_tells(1, "a");
	one();
	for (int i = 0; i < 100; i++) {
		assert_true(out.wait == 3 * S / 2);
		out.wait = S;
		asked += out.ask;
		one();
	}
	assert_in_range(asked, 18, 26);
	assert_int_equal(did(), 0);
	assert_null(strstr(said, "does not tell"));
	config.interval = 10 * S;
	one();
	assert_true(out.wait == 10 * S);
}

static void test_vsock_marker(void **state)
{
	(void)state;
	vsock_tells(1, "a");
	seconds(20);
	forget();
	/* By so little that nothing else shows it */
	vsock_tells(2, "a");
	host_step(300000);
	one();
	assert_said("the host says that its clock was disrupted");
	recovers();
	/* The clock shows it first, and the record comes a moment later. */
	forget();
	host_step(5 * S);
	one();
	assert_said("the host's clock has jumped by");
	assert_int_equal(did(), GUARD_RESET);
	vsock_tells(3, "a");
	kvm_state = '?';
	out.wait = MS;
	one();
	assert_int_equal(did(), 0);
	assert_null(strstr(said, "disrupted"));
	/* But one that is about something else is another disruption. */
	seconds(20);
	forget();
	vsock_tells(4, "a");
	one();
	assert_said("disrupted");
}

/* Its service is restarted: the same host has the same marker. */
static void test_vsock_comes_back(void **state)
{
	(void)state;
	vsock_tells(1, "a");
	seconds(20);
	forget();
	for (int i = 0; i < 10; i++) {
		vsock_tells(0, "");
		seconds(4);
		vsock_tells(1, "a");
		seconds(4);
	}
	assert_int_equal(did(), 0);
	assert_string_equal(said, "");
	/* A service that does not know yet */
	vsock_tells(1, "a");
	in.host.has_marker = false;
	in.host.marker = 0;
	in.host.host_id[0] = 0;
	seconds(6);
	vsock_tells(1, "a");
	seconds(6);
	assert_int_equal(did(), 0);
	assert_string_equal(said, "");
	/* Not for long, then it is said, once */
	vsock_tells(0, "");
	seconds(60);
	assert_said("the host does not tell how good its clock is");
	vsock_tells(1, "a");
	seconds(10);
	assert_said("the host tells how good its clock is");
	assert_int_equal(did(), 0);
	/* Set meanwhile */
	vsock_tells(0, "");
	seconds(2);
	vsock_tells(2, "a");
	one();
	assert_said("the host says that its clock was disrupted");
	assert_int_equal(did(), GUARD_RESET);
}

static void test_vsock_another_host(void **state)
{
	(void)state;
	vsock_tells(1, "a");
	seconds(20);
	forget();
	/* A migration: the clock jumps, and the new host is connected to later */
	vsock_tells(0, "");
	host_step(20 * MS);
	one();
	assert_said("the host's clock has jumped by 20.0 ms");
	kvm_state = '?';
	seconds(2);
	vsock_tells(1, "b");
	seconds(1);
	assert_int_equal(did(), GUARD_RESET);
	assert_null(strstr(said, "disrupted"));
	kvm_state = '*';
	in.offset = 0;
	seconds(20);
	forget();
	/* Its clock is the same: that another one answers is all that shows it */
	vsock_tells(1, "c");
	one();
	assert_said("disrupted");
	assert_int_equal(did(), GUARD_RESET);
	/* A marker of the driver's is another number: not compared */
	kvm_state = '*';
	seconds(20);
	forget();
	in.host.from = HOST_BY_DRIVER;
	in.host.marker = 99;
	seconds(5);
	vsock_tells(1, "c");
	seconds(5);
	assert_int_equal(did(), 0);
}

static void test_vsock_bad_host(void **state)
{
	(void)state;
	vsock_tells(1, "a");
	seconds(20);
	in.host.status = HOST_FREE_RUNNING;
	seconds(20);
	assert_int_equal(did(), GUARD_TAKE_OUT);
	assert_said("free-running: the PTP clock is taken out");
	/* A restart of the service is not enough to trust it again */
	vsock_tells(0, "");
	seconds(3);
	vsock_tells(1, "a");
	in.host.status = HOST_FREE_RUNNING;
	seconds(20);
	assert_int_equal(did(), 0);
	in.host.status = HOST_SYNCHRONIZED;
	seconds(20);
	assert_int_equal(did(), GUARD_PUT_BACK);
}

static void test_off_at_start(void **state)
{
	(void)state;
	in.offset = 400 * MS;
	kvm_state = '?';
	kvm_reach = 1;
	seconds(1);
	assert_said("this machine's clock is off by -400 ms");
	assert_int_equal(did(), 0);	/* what a chronyd that has just started measured is right */
	kvm_state = '*';
	seconds(0.25);
	assert_int_equal(did(), GUARD_MAKESTEP);
	in.offset = 4;
	seconds(1);
	assert_said("back on the host's time");
}

/* The system's time moves before chronyc is asked again. */
static void test_slewing_is_seen(void **state)
{
	(void)state;
	seconds(20);
	forget();
	host_step(130 * MS);
	one();
	assert_int_equal(did(), GUARD_RESET);
	kvm_state = '?';
	for (int i = 0; i < 10; i++) {	/* what chronyd had begun before it was told to forget */
		in.offset -= 4 * MS;
		one();
	}
	assert_int_equal(did(), 0);
	seconds(1);
	assert_int_equal(did(), 0);
	in.offset -= 4 * MS;
	one();
	assert_int_equal(did(), GUARD_MAKESTEP);
}

static void test_step_is_repeated_but_not_for_ever(void **state)
{
	int steps = 0;

	(void)state;
	seconds(20);
	host_step(S);
	forget();
	for (int i = 0; i < 400; i++) {
		one();
		steps += !!(out.actions & GUARD_MAKESTEP);
	}
	assert_in_range(steps, 10, 30);
	assert_said("chronyd is left alone");
}

static void test_never_selected(void **state)
{
	(void)state;
	seconds(20);
	forget();
	host_step(S);
	kvm_state = 'x';
	seconds(60);
	assert_int_equal(did(), GUARD_RESET);
	assert_said("has not selected the PTP clock since (state 'x'");
	/* Another jump is another try */
	kvm_state = '*';
	host_step(S);
	seconds(1);
	assert_true(did() & GUARD_RESET);
}

static void test_again_while_it_recovers(void **state)
{
	(void)state;
	seconds(20);
	forget();
	host_step(S);
	kvm_state = '?';
	seconds(1);
	assert_int_equal(did(), GUARD_RESET);
	host_step(S);
	seconds(1);
	assert_int_equal(did(), GUARD_RESET);
	kvm_state = '*';
	one();
	assert_int_equal(did(), GUARD_MAKESTEP);
}

/* --- NTP servers --- */

static void serve(int n)
{
	n_servers = n;
	for (int i = 0; i < n; i++) {
		servers[i] = (struct chrony_source){ .mode = '^', .state = '-', .poll = 6, .reach = 0377,
						     .measured = 1e-4 * (i + 1), .offset = 1e-4, .error = 1e-2 };
		snprintf(servers[i].name, sizeof(servers[i].name), "192.0.2.%d", i);
	}
}

/* system - server */
static void answer(int i, double offset)
{
	servers[i].offset = -offset;
	servers[i].measured = -offset - 1e-9;
}

static void ask_servers(int64_t step)
{
	seconds(20);
	forget();
	host_step(step);
	one();
	if (!out.wait)
		one();
	assert_int_equal(did(), GUARD_BURST);
	one();
	assert_int_equal(did(), 0);
}

static void test_servers_agree(void **state)
{
	(void)state;
	serve(3);
	ask_servers(5 * S);
	answer(0, -5.001);
	answer(1, -4.98);
	seconds(0.25);
	assert_int_equal(did(), 0);
	answer(2, 0.0003);	/* one against two */
	seconds(0.25);
	assert_int_equal(did(), GUARD_RESET);
	seconds(0.7);
	assert_int_equal(did(), 0);	/* it is selected still, on measurements that are to be forgotten */
	kvm_state = '*';
	seconds(1);
	/* They lost their measurements too, and give new ones soon */
	assert_int_equal(did(), GUARD_MAKESTEP | GUARD_BURST);
}

/* A server of which chronyd has no sample any more has not answered. */
static void test_server_without_sample(void **state)
{
	(void)state;
	serve(3);
	ask_servers(5 * S);
	answer(0, -5.001);
	answer(1, 0.0003);
	answer(2, NAN);
	seconds(0.25);
	assert_int_equal(did(), 0);
	seconds(2);
	assert_int_equal(did(), GUARD_RESET);
}

static void test_servers_contradict(void **state)
{
	(void)state;
	serve(3);
	ask_servers(5 * S);
	answer(0, 0.001);
	answer(1, -0.001);
	answer(2, -5);
	seconds(60);
	assert_int_equal(did(), 0);
	assert_said("2 of 3 NTP servers that answer contradict");
}

static void test_servers_say_nothing(void **state)
{
	(void)state;
	serve(2);
	ask_servers(-130 * MS);
	kvm_state = '?';
	seconds(1.5);
	assert_int_equal(did(), 0);
	seconds(0.5);
	assert_int_equal(did(), GUARD_RESET);
	/* One that never answered is not waited for */
	setup(NULL);
	serve(2);
	servers[0].reach = servers[1].reach = 0;
	seconds(20);
	forget();
	host_step(S);
	seconds(0.6);
	assert_int_equal(did() & ~GUARD_MAKESTEP, GUARD_RESET);
}

/* --- the clock is set, and not by chronyd --- */

/* Done as told, the next look finds it right. */
static void test_sets(void **state)
{
	static const int64_t steps[] = { 5 * S, -5 * S, 130 * MS, -130 * MS, 86400 * S };

	(void)state;
	config.sets = true;
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		seconds(20);
		forget();
		host_step(steps[i]);
		one();
		assert_int_equal(did(), GUARD_SET);
		guest_step(in.offset - 2);
		kvm_state = '?';
		kvm_reach = 0;
		one();
		assert_said("back on the host's time after 0.1 s, off by -2 ns");
		seconds(3);
		kvm_state = '*';
		kvm_reach = 7;
		seconds(20);
		assert_int_equal(did(), 0);
		assert_int_equal(levels[LOG_ERR], 0);
	}
}

/* It could not be: chronyd steps, as it would have without. */
static void test_does_not_set(void **state)
{
	(void)state;
	config.sets = true;
	seconds(20);
	forget();
	host_step(5 * S);
	one();
	assert_int_equal(did(), GUARD_SET);
	kvm_state = '?';
	seconds(1);
	assert_int_equal(did(), 0);
	kvm_state = '*';
	seconds(0.3);
	assert_int_equal(did(), GUARD_MAKESTEP);
	guest_step(in.offset);
	seconds(1);
	assert_said("back on the host's time after 1.");
}

/* They vote, unless the host says that it is synchronized. */
static void test_sets_beside_servers(void **state)
{
	(void)state;
	config.sets = true;
	serve(2);
	ask_servers(5 * S);
	answer(0, 0.001);
	answer(1, 0.001);
	seconds(60);
	assert_int_equal(did(), 0);
	setup(NULL);
	config.sets = true;
	serve(2);
	ask_servers(5 * S);
	answer(0, -5);
	answer(1, -5);
	for (int i = 0; i < 10 && !done; i++)
		one();
	assert_int_equal(did(), GUARD_SET);
	guest_step(in.offset);
	one();
	assert_int_equal(did(), GUARD_BURST);
	setup(NULL);
	config.sets = true;
	in.host.has_status = true;
	in.host.status = HOST_SYNCHRONIZED;
	serve(2);
	seconds(20);
	forget();
	host_step(5 * S);
	one();
	assert_int_equal(did(), GUARD_SET);
	in.host.status = HOST_FREE_RUNNING;
	seconds(60);
	assert_true(did() & GUARD_TAKE_OUT);
}

/* A host that was set is not synchronized until its daemon has measured anew. It is followed, and left if it stays so. */
static void test_bad_for_a_moment(void **state)
{
	(void)state;
	for (int stays = 0; stays < 2; stays++) {
		setup(NULL);
		config.sets = true;
		in.host.has_status = in.host.has_marker = true;
		in.host.status = HOST_SYNCHRONIZED;
		seconds(20);
		forget();
		host_step(5 * S);
		in.host.marker++;
		in.host.status = HOST_FREE_RUNNING;
		one();
		assert_int_equal(did(), GUARD_SET);
		guest_step(in.offset);
		seconds(2);
		assert_int_equal(did(), 0);
		in.host.status = stays ? HOST_FREE_RUNNING : HOST_SYNCHRONIZED;
		seconds(20);
		assert_int_equal(did(), stays ? GUARD_TAKE_OUT : 0);
	}
}

/* Nor is one that is set again and again, and never good, followed for ever. */
static void test_bad_and_set_again(void **state)
{
	(void)state;
	config.sets = true;
	in.host.has_status = in.host.has_marker = true;
	in.host.status = HOST_SYNCHRONIZED;
	seconds(20);
	forget();
	in.host.status = HOST_FREE_RUNNING;
	for (int i = 0; i < 5; i++) {
		host_step(5 * S);
		in.host.marker++;
		one();
		guest_step(in.offset);
		seconds(1);
	}
	assert_true(did() & GUARD_TAKE_OUT);
}

/* Its timers run on the clock that was set back: that is no chronyd which gets nothing from the clock. */
static void test_polls_late(void **state)
{
	(void)state;
	config.sets = true;
	for (int i = 0; i < 2; i++) {
		seconds(20);
		forget();
		host_step(i ? 9 * S : -9 * S);
		one();
		guest_step(in.offset);
		kvm_state = '?';
		kvm_reach = 0;
		seconds(13);
		assert_int_equal(restarts, i);
		kvm_state = '*';
		kvm_reach = 7;
		seconds(20);
		assert_int_equal(restarts, i);
	}
	/* It does not come back at all */
	setup(NULL);
	config.sets = true;
	seconds(20);
	host_step(-3600 * S);
	one();
	guest_step(in.offset);
	kvm_reach = 0;
	seconds(25);
	assert_int_equal(restarts, 1);
}

static void test_another_source_is_followed(void **state)
{
	(void)state;
	serve(2);
	servers[1].state = '*';
	kvm_state = '-';
	seconds(20);
	forget();
	host_step(5 * S);
	seconds(20);
	assert_int_equal(did(), 0);
	assert_string_equal(said, "");
}

/* --- quality --- */

static void host_is(enum host_status status, uint64_t max_error_ns)
{
	in.host.pairing_type = 1;
	in.host.has_status = in.host.has_max_error = true;
	in.host.status = status;
	in.host.max_error_ns = max_error_ns;
}

static void test_bad_host(void **state)
{
	struct host_clock h = { 0 };
	char why[200];

	(void)state;
	assert_false(guard_bad_host(&h, 1, why, sizeof(why)));	/* doesn't tell */
	h.has_status = h.has_max_error = true;
	h.max_error_ns = 16000000000;
	h.status = HOST_UNKNOWN;
	assert_false(guard_bad_host(&h, 0, why, sizeof(why)));
	h.status = HOST_SYNCHRONIZED;
	assert_false(guard_bad_host(&h, 0, why, sizeof(why)));
	assert_false(guard_bad_host(&h, 16000000000, why, sizeof(why)));
	assert_true(guard_bad_host(&h, 15999999999, why, sizeof(why)));
	assert_string_equal(why, "the host's clock may be off by 16 s, more than 15.999999999 s");
}

static void test_names_of_bad(void **state)
{
	static const enum host_status bad[] = { HOST_INITIALIZING, HOST_FREE_RUNNING, HOST_UNRELIABLE };
	struct host_clock h = { .has_status = true };
	char why[200];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		h.status = bad[i];
		assert_true(guard_bad_host(&h, 0, why, sizeof(why)));
		assert_non_null(strstr(why, host_status_name(bad[i])));
	}
}

static void test_out_and_back(void **state)
{
	(void)state;
	host_is(HOST_SYNCHRONIZED, 1000);
	seconds(20);
	assert_null(strstr(said, "does not tell"));
	forget();
	host_is(HOST_FREE_RUNNING, 1000);
	seconds(60);
	assert_int_equal(did(), GUARD_TAKE_OUT);
	assert_true(chronyd_noselect);
	assert_said("free-running: the PTP clock is taken out");
	/* Steps of a host that isn't followed, and a chronyd that reads nothing, are not its business */
	host_step(5 * S);
	kvm_reach = 0;
	seconds(120);
	kvm_reach = 0377;
	assert_int_equal(did(), 0);
	/* Somebody restarts chronyd */
	chronyd_noselect = false;
	seconds(20);
	assert_int_equal(did(), GUARD_TAKE_OUT);
	assert_said("once more");
	/* Good for a moment only */
	host_is(HOST_SYNCHRONIZED, 1000);
	seconds(9);
	host_is(HOST_UNRELIABLE, 1000);
	seconds(9);
	host_is(HOST_SYNCHRONIZED, 1000);
	seconds(9);
	assert_int_equal(did(), 0);
	in.offset = 40;
	seconds(10);
	assert_int_equal(did(), GUARD_PUT_BACK);
	assert_said("synchronized: the PTP clock may be selected again");
	assert_said("taken out of selection");
	seconds(100);
	assert_int_equal(did(), 0);
	assert_int_equal(restarts, 0);
}

static void test_back_from_afar(void **state)
{
	(void)state;
	host_is(HOST_FREE_RUNNING, 0);
	seconds(20);
	host_step(130 * MS);
	host_is(HOST_SYNCHRONIZED, 0);
	seconds(15);
	assert_int_equal(did(), GUARD_TAKE_OUT | GUARD_PUT_BACK | GUARD_MAKESTEP);
	assert_said("off by -130 ms");
}

static void test_max_error(void **state)
{
	(void)state;
	config.max_error = 1000000;
	host_is(HOST_SYNCHRONIZED, 1000000);
	seconds(20);
	assert_int_equal(did(), 0);
	host_is(HOST_SYNCHRONIZED, 1000001);
	seconds(20);
	assert_int_equal(did(), GUARD_TAKE_OUT);
	host_is(HOST_SYNCHRONIZED, 950000);	/* hardly better */
	seconds(20);
	assert_int_equal(did(), 0);
	host_is(HOST_SYNCHRONIZED, 890000);
	seconds(20);
	assert_int_equal(did(), GUARD_PUT_BACK);
}

static void test_host_that_no_longer_tells(void **state)
{
	(void)state;
	host_is(HOST_UNRELIABLE, 0);
	seconds(20);
	assert_int_equal(did(), GUARD_TAKE_OUT);
	/* Nobody to ask: what was known stays */
	in.phc_error = EOPNOTSUPP;
	memset(&in.host, 0, sizeof(in.host));
	seconds(60);
	assert_int_equal(did(), 0);
	/* Another host, stock */
	in.phc_error = 0;
	seconds(20);
	assert_int_equal(did(), GUARD_PUT_BACK);
	assert_said("does not tell");
	assert_said("no longer called bad");
}

static void test_out_by_restart(void **state)
{
	(void)state;
	config.selectopts = false;
	host_is(HOST_SYNCHRONIZED, 0);
	seconds(20);
	host_is(HOST_FREE_RUNNING, 0);
	seconds(20);
	assert_int_equal(did(), GUARD_TAKE_OUT);
	assert_false(has_refclock);
	assert_null(strstr(said, "has no refclock"));	/* no wonder */
	host_is(HOST_SYNCHRONIZED, 0);
	seconds(55);
	assert_int_equal(did(), 0);
	seconds(20);
	assert_int_equal(did(), GUARD_PUT_BACK);
	assert_int_equal(restarts, 2);
	seconds(100);
	assert_int_equal(did(), 0);
}

/* An hour of flapping must not be an hour of restarts. */
static void test_flapping(void **state)
{
	(void)state;
	config.selectopts = false;
	for (int i = 0; i < 3600 / 20; i++) {
		host_is(i & 1 ? HOST_FREE_RUNNING : HOST_SYNCHRONIZED, 0);
		seconds(20);
	}
	assert_int_equal(restarts, 1);
	setup(NULL);
	config.selectopts = false;
	for (int i = 0; i < 3600 / 65; i++) {
		host_is(i & 1 ? HOST_FREE_RUNNING : HOST_SYNCHRONIZED, 0);
		seconds(65);
	}
	assert_in_range(restarts, 2, 12);
}

static void test_refclock_of_somebody_else(void **state)
{
	(void)state;
	config.selectopts = false;
	host_is(HOST_FREE_RUNNING, 0);
	for (int i = 0; i < 7200; i++) {
		one();
		has_refclock = true;	/* it stands in chrony.conf, where prestart can't leave it out */
	}
	assert_int_equal(restarts, 1);
	assert_said("only one that 'ptpkvm setup' has made");
}

static void test_hold_that_fails(void **state)
{
	(void)state;
	config.selectopts = false;
	host_is(HOST_FREE_RUNNING, 0);
	for (int i = 0; i < 1200; i++) {
		one();
		in.failed = out.actions;	/* systemctl does not do it */
		has_refclock = true;
	}
	assert_in_range(restarts, 9, 10);	/* once a minute */
	assert_null(strstr(said, "only one that"));
}

static void test_records(void **state)
{
	(void)state;
	/* A guard that died had taken it out */
	in.recorded = chronyd_noselect = true;
	host_is(HOST_SYNCHRONIZED, 0);
	begin(true);
	seconds(5);
	assert_int_equal(did(), 0);
	seconds(15);
	assert_int_equal(did(), GUARD_PUT_BACK);
	/* The administrator has */
	setup(NULL);
	chronyd_noselect = true;
	host_is(HOST_SYNCHRONIZED, 0);
	seconds(30);
	host_step(5 * S);
	seconds(30);
	host_is(HOST_UNRELIABLE, 0);
	seconds(30);
	host_is(HOST_SYNCHRONIZED, 0);
	seconds(30);
	assert_int_equal(did(), 0);
}

/* --- chronyd --- */

static void test_stuck(void **state)
{
	(void)state;
	seconds(20);
	forget();
	in.method = PHC_OFFSET;
	in.precise_error = ENODEV;
	for (int i = 0; i < 8; i++) {
		kvm_reach = kvm_reach << 1 & 0377;
		one();
	}
	seconds(20);
	assert_int_equal(did(), GUARD_RESTART);
	assert_said("can be read by 'offset', while 'precise' fails with ENODEV");
	kvm_reach = 7;
	seconds(60);
	assert_said("chronyd reads the PTP clock again");
	assert_int_equal(did(), 0);
}

static void test_restart_does_not_help(void **state)
{
	(void)state;
	seconds(20);
	kvm_reach = 0;
	seconds(3600);
	assert_in_range(restarts, 4, 7);	/* 1, 2, 4, 8, 16, 32 minutes apart */
	assert_said("is stuck on a call");
	seconds(36000);
	assert_in_range(restarts, 10, 18);
}

/* The clock can be read again; meanwhile the host's was stepped */
static void host_is_back(void)
{
	host_step(5 * S);
	in.phc_error = 0;
	kvm_reach = 0377;
	seconds(1);
	assert_said("can be read again (precise)");
	assert_said("this machine's clock is off by -5.00 s");
	in.offset = 0;
	seconds(30);
}

/* The host may serve it later, or this guest be moved to one that does. */
static void test_unserved(void **state)
{
	(void)state;
	in.phc_error = EOPNOTSUPP;
	snprintf(in.phc_why, sizeof(in.phc_why), "EOPNOTSUPP: the host refuses");
	kvm_reach = 0;
	seconds(100);
	assert_said("no host serves the PTP clock (EOPNOTSUPP: the host refuses)");
	assert_null(strstr(said, "in any way"));
	host_is_back();
	assert_int_equal(did() & (GUARD_RESTART | GUARD_TAKE_OUT), 0);
}

static void test_unreadable(void **state)
{
	(void)state;
	seconds(20);
	forget();
	in.phc_error = EIO;
	snprintf(in.phc_why, sizeof(in.phc_why), "EIO");
	one();
	assert_string_equal(said, "");	/* once is nothing */
	kvm_reach = 0;
	seconds(100);
	assert_said("cannot be read in any way (EIO)");
	host_is_back();
	assert_int_equal(restarts, 0);
	assert_false(did() & GUARD_RESTART);
}

static void test_slow_polls_are_not_stuck(void **state)
{
	(void)state;
	for (int i = 0; i < 40; i++) {
		one();
		/* A poll of 16 s that has just begun: nothing yet for three of them */
		in.n = 1;
		in.source[0] = kvm();
		in.source[0].poll = 4;
		in.source[0].reach = 0;
		in.phc = 0;
		in.chronyd = GUARD_REFCLOCK;
		in.now += S;
		guard_step(&g, &in, &out);
		assert_false(out.actions);
	}
}

static void test_no_refclock(void **state)
{
	(void)state;
	has_refclock = false;
	host_is(HOST_UNRELIABLE, 0);
	seconds(60);
	host_step(5 * S);
	seconds(60);
	assert_int_equal(did(), 0);
	assert_said("has no refclock for the KVM PTP clock");
}

static void silent(double s)
{
	for (int64_t end = in.now + s * S; in.now < end; in.now += S) {
		in.chronyd = GUARD_SILENT;
		snprintf(in.why, sizeof(in.why), "506 Cannot talk to daemon");
		guard_step(&g, &in, &out);
		assert_int_equal(out.actions, 0);
		for (int i = 0; i < out.lines; i++)
			strcat(strcat(said, out.line[i].text), "\n");
	}
}

static void test_silent(void **state)
{
	(void)state;
	seconds(20);
	forget();
	silent(1);		/* a restart */
	seconds(10);
	assert_string_equal(said, "");
	silent(10);
	assert_said("chronyd does not answer: 506");
	host_step(5 * S);
	silent(10);
	seconds(20);
	assert_said("has the refclock KVM");
}

/* Whatever it sees: few restarts, no more lines than there is room for, and calm in the end. */
static void test_anything(void **state)
{
	unsigned int seed = time(NULL);
	const char *given = getenv("TEST_SEED");

	(void)state;
	if (given)
		seed = strtoul(given, NULL, 10);
	printf("# seed %u\n", seed);
	srand(seed);
	for (int run_no = 0; run_no < 40; run_no++) {
		int64_t began;

		setup(NULL);
		began = in.now;
		config.selectopts = rand() % 2;
		config.max_error = rand() % 2 * 1000;
		serve(rand() % 4);
		for (int i = 0; i < 3000; i++) {
			if (rand() % 20 == 0)
				host_is(rand() % 5, rand() % 2000);
			if (rand() % 20 == 0)
				in.phc_error = rand() % 3 ? 0 : EIO;
			if (rand() % 20 == 0)
				host_step((rand() % 2001 - 1000) * MS);
			if (rand() % 20 == 0)
				guest_step((rand() % 2001 - 1000) * MS);
			if (rand() % 10 == 0)
				kvm_reach = rand() % 256;
			if (rand() % 10 == 0)
				kvm_state = "*+-x?~"[rand() % 6];
			if (rand() % 50 == 0)
				has_refclock = rand() % 4;
			if (n_servers && rand() % 10 == 0)
				answer(rand() % n_servers, rand() / 1e9);
			one();
			said[0] = 0;
		}
		assert_true(restarts <= 2 + (in.now - began) / (60 * S));
		host_is(HOST_SYNCHRONIZED, 0);
		in.phc_error = 0;
		has_refclock = has_refclock || config.selectopts || !in.recorded;
		kvm_state = '*';
		kvm_reach = 0377;
		in.offset = 0;
		seconds(7200);
		did();
		seconds(60);
		assert_int_equal(did(), 0);
		assert_false(g.out);
		assert_false(in.recorded);
		assert_true(has_refclock && !chronyd_noselect);
	}
}

/* --- what it does --- */

static char root[] = "/tmp/test_guard.XXXXXX";

static void put(const char *path, const char *content, mode_t mode)
{
	char why[200];

	assert_int_equal(file_write(path, content, strlen(content), mode, why, sizeof(why)), 0);
}

static void assert_file(const char *path, const char *content)
{
	char *text = file_read(path, NULL);

	assert_non_null(text);
	assert_string_equal(text, content);
	free(text);
}

static int make_root(void **state)
{
	char path[4096];

	(void)state;
	if (!mkdtemp(root))
		return -1;
	file_root = root;
	snprintf(path, sizeof(path), "%s/bin:/usr/bin:/bin", root);
	setenv("PATH", path, 1);
	return 0;
}

static int clean_root(void **state)
{
	struct run_result res;
	char path[100];

	setup(state);
	snprintf(path, sizeof(path), "%s/run", root);
	run(&res, 5000, (const char *const[]){ "rm", "-rf", path, NULL });
	run_free(&res);
	snprintf(path, sizeof(path), "%s/log", root);
	unlink(path);
	put("/bin/chronyc", "#!/bin/sh\necho \"chronyc $*\" >>${0%/bin/*}/log\n"
	    "case $* in\n"
	    "*sources) test \"$2\" = sources && printf '#,*,KVM,0,-1,377,1,0.0,0.0,0.0\\n^,-,192.0.2.1,2,6,17,3,0.1,0.1,0.2\\n' ;;\n"
	    "*selectdata) echo 'N,KVM,N,N,-,-,-,-,N,-,-,-,-,1,1.0,0.0,0.0,N'; echo '*,192.0.2.1,N,-,-,-,-,-,-,-,-,-,-,1,1.0,0.0,0.0,N' ;;\n"
	    "*) echo 200 OK ;;\n"
	    "esac\n", 0755);
	put("/bin/systemctl", "#!/bin/sh\necho \"systemctl $*\" >>${0%/bin/*}/log\n", 0755);
	return 0;
}

static int remove_root(void **state)
{
	struct run_result res;

	(void)state;
	run(&res, 5000, (const char *const[]){ "rm", "-rf", root, NULL });
	run_free(&res);
	return 0;
}

static bool act(unsigned int actions)
{
	struct guard_output o = { .actions = actions, .reason = "the reason" };

	return guard_act(&o, &config, "KVM", "chrony.service");
}

static void test_commands(void **state)
{
	(void)state;
	assert_true(act(0));
	assert_false(file_exists("/log"));
	assert_true(act(GUARD_BURST | GUARD_RESET | GUARD_MAKESTEP | GUARD_RESTART));
	assert_file("/log", "chronyc burst 4/8\nchronyc reset sources\nchronyc makestep\n"
		    "systemctl try-restart chrony.service\n");
	/* There is no clock here to set it by. */
	config.device = "/dev/null";
	assert_false(act(GUARD_SET));
}

static void test_selectopts(void **state)
{
	(void)state;
	assert_false(guard_recorded());
	assert_true(act(GUARD_TAKE_OUT));
	assert_true(guard_recorded());
	assert_file("/run/ptpkvm/noselect", "KVM\n");
	assert_true(act(GUARD_PUT_BACK));
	assert_false(guard_recorded());
	assert_file("/log", "chronyc selectopts KVM +noselect\nchronyc -c sources\n"
		    "chronyc selectopts KVM -noselect\n");
	assert_true(guard_release("chrony.service", false));
}

static void test_hold(void **state)
{
	(void)state;
	config.selectopts = false;
	assert_true(act(GUARD_TAKE_OUT));
	assert_file("/run/ptpkvm/hold", "the reason\n");
	assert_true(guard_recorded());
	assert_true(guard_release("chronyd.service", true));
	assert_false(guard_recorded());
	assert_file("/log", "systemctl try-restart chrony.service\nsystemctl try-restart chronyd.service --no-block\n");
	/* Not restarted, not put back */
	assert_true(act(GUARD_TAKE_OUT));
	put("/bin/systemctl", "#!/bin/sh\nkill -TERM $$\n", 0755);
	assert_false(guard_release("chronyd.service", true));
	assert_true(guard_recorded());
}

/* The record stays until it is done. */
static void test_failures(void **state)
{
	char why[200];

	(void)state;
	assert_true(act(GUARD_TAKE_OUT));
	put("/bin/chronyc", "#!/bin/sh\ncase $* in\n*sources) echo '#,*,KVM,0,-1,377,1,0.0,0.0,0.0' ;;\n"
	    "*) echo '501 Not authorised'; exit 1 ;;\nesac\n", 0755);
	assert_false(act(GUARD_PUT_BACK));
	assert_true(guard_recorded());
	assert_false(act(GUARD_MAKESTEP));
	put("/bin/systemctl", "#!/bin/sh\nexit 1\n", 0755);
	assert_false(act(GUARD_RESTART));
	/* It may be there */
	put("/bin/chronyc", "#!/bin/sh\nexit 1\n", 0755);
	assert_false(guard_release("chrony.service", false));
	assert_true(guard_recorded());
	/* A chronyd without such a source leaves nothing out, nor does one that isn't there */
	put("/bin/chronyc", "#!/bin/sh\ncase $* in\n*sources) ;;\n*) exit 1 ;;\nesac\n", 0755);
	assert_true(guard_release("chrony.service", false));
	assert_false(guard_recorded());
	put("/run/ptpkvm/noselect", "KVM\n", 0644);
	put("/bin/chronyc", "#!/bin/sh\necho '506 Cannot talk to daemon'\nexit 1\n", 0755);
	assert_true(guard_release("chrony.service", false));
	assert_false(guard_recorded());
	/* As it is said without a network: unless it is the socket that can't be used */
	put("/run/ptpkvm/noselect", "KVM\n", 0644);
	put("/run/chrony/chronyd.sock", "", 0644);
	put("/bin/chronyc", "#!/bin/sh\necho 'Could not open connection to daemon' >&2\nexit 1\n", 0755);
	assert_false(guard_release("chrony.service", false));
	assert_true(guard_recorded());
	assert_int_equal(file_remove("/run/chrony/chronyd.sock", why, sizeof(why)), 0);
	assert_true(guard_release("chrony.service", false));
	assert_false(guard_recorded());
}

static void test_chronyc_hangs(void **state)
{
	time_t began = time(NULL);

	(void)state;
	put("/bin/chronyc", "#!/bin/sh\nsleep 1000\n", 0755);
	assert_false(act(GUARD_MAKESTEP));
	assert_true(time(NULL) - began < 20);
}

static void test_ask(void **state)
{
	struct guard_input asked = { 0 };

	(void)state;
	guard_ask(&asked, &config, true);
	assert_int_equal(asked.chronyd, GUARD_REFCLOCK);
	assert_false(asked.noselect);
	guard_ask(&asked, &config, false);
	assert_int_equal(asked.chronyd, GUARD_REFCLOCK);
	assert_int_equal(asked.n, 2);
	assert_string_equal(asked.source[asked.phc].name, "KVM");
	assert_true(asked.noselect);
	config.selectopts = false;
	guard_ask(&asked, &config, false);
	assert_false(asked.noselect);
	config.refid = "GPS";
	guard_ask(&asked, &config, false);
	assert_int_equal(asked.chronyd, GUARD_NO_REFCLOCK);
	put("/bin/chronyc", "#!/bin/sh\necho '506 Cannot talk to daemon'\nexit 1\n", 0755);
	guard_ask(&asked, &config, false);
	assert_int_equal(asked.chronyd, GUARD_SILENT);
	assert_non_null(strstr(asked.why, "506"));
}

/* Datagrams until one has the text */
static bool notified(int fd, const char *text)
{
	char got[500];
	ssize_t n;

	while ((n = recv(fd, got, sizeof(got) - 1, 0)) > 0) {
		got[n] = 0;
		if (strstr(got, text))
			return true;
	}
	return false;
}

/* The whole of it, as under systemd; this machine has a KVM PTP clock or not. */
static void test_service(void **state)
{
	char *const argv[] = { "guard", "--root", root, "--interval", "0.05", NULL };
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const struct timeval patience = { .tv_sec = 30 };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0), status;
	char *text;
	pid_t pid;

	(void)state;
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/notify", root);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	put("/bin/chronyd", "#!/bin/sh\necho 'chronyd (chrony) version 4.6 (+CMDMON)'\n", 0755);
	put("/run/ptpkvm/noselect", "KVM\n", 0644);
	put(HOST_TOLD, "of an earlier guard\n", 0644);
	pid = fork();
	if (!pid) {
		char path[100];

		snprintf(path, sizeof(path), "%s/stderr", root);
		dup2(open(path, O_WRONLY | O_CREAT, 0600), STDERR_FILENO);
		setenv("NOTIFY_SOCKET", addr.sun_path, 1);
		_exit(cmd_guard(5, (char **)argv));
	}
	assert_true(notified(fd, "READY=1"));
	assert_false(file_exists(HOST_TOLD));
	assert_true(notified(fd, "STATUS="));
	assert_true(notified(fd, "WATCHDOG=1"));
	kill(pid, SIGTERM);
	assert_true(notified(fd, "STOPPING=1"));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(fd);
	assert_false(guard_recorded());
	text = file_read("/log", NULL);
	assert_non_null(strstr(text, "chronyc selectopts KVM -noselect\n"));
	free(text);
	text = file_read("/stderr", NULL);
	assert_non_null(strstr(text, "<6>chronyd has the refclock KVM\n"));
	free(text);
}

static int guard_of(const char *dir)
{
	char *const argv[] = { "guard", "--once", "--root", (char *)dir, NULL };
	int status;
	pid_t pid;

	put("/stderr", "", 0644);
	pid = fork();
	if (!pid) {
		char path[100];

		snprintf(path, sizeof(path), "%s/stderr", root);
		dup2(open(path, O_WRONLY | O_TRUNC), STDERR_FILENO);
		dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
		optind = 1;
		cmd_guard(4, (char **)argv);
		_exit(file_root[0] ? 77 : 76);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

/* No directory is misuse, and not looked at as an empty system; any number of slashes is this one. */
static void test_roots(void **state)
{
	char path[100], *text;

	(void)state;
	snprintf(path, sizeof(path), "%s/none", root);
	assert_int_equal(guard_of(path), EXIT_MISUSE);
	text = file_read("/stderr", NULL);
	assert_non_null(strstr(text, "/none: No such file or directory\nTry '"));
	free(text);
	assert_int_equal(guard_of(""), EXIT_MISUSE);
	assert_int_equal(guard_of("/dev/null"), EXIT_MISUSE);
	assert_int_equal(guard_of("//"), 76);
	assert_int_equal(guard_of(root), 77);
}

/* The files of a host that tells, as the driver shows them */
static void test_sysfs(void **state)
{
	struct phc phc = { .fd = -1, .path = "/dev/ptp3", .name = PHC_KVM_NAME };
	static const struct {
		const char *status, *max_error;
		unsigned int actions;
	} step[] = {
		{ "synchronized\n", "120000\n", 0 },
		{ "free-running\n", "120000\n", GUARD_TAKE_OUT },
		{ "synchronized\n", "120000\n", GUARD_PUT_BACK },
		{ "unknown\n", "120000\n", 0 },
		{ "nonsense\n", "nonsense\n", 0 },
		{ "synchronized\n", "1000001\n", GUARD_TAKE_OUT },
		{ "synchronized\n", "120000\n", GUARD_PUT_BACK },
		{ "unreliable\n", "120000\n", GUARD_TAKE_OUT },
	};

	(void)state;
	config.max_error = 1000000;
	for (size_t i = 0; i < ARRAY_SIZE(step); i++) {
		put("/sys/class/ptp/ptp3/device/host_clock/pairing_type", "1\n", 0644);
		put("/sys/class/ptp/ptp3/device/host_clock/status", step[i].status, 0644);
		put("/sys/class/ptp/ptp3/device/host_clock/max_error_ns", step[i].max_error, 0644);
		host_clock_read(&in.host, &phc);
		seconds(20);
		assert_int_equal(did(), step[i].actions);
	}
}

#define T(f) cmocka_unit_test_setup(f, setup)
#define TA(f) cmocka_unit_test_setup(f, clean_root)

int main(void)
{
	const struct CMUnitTest decides[] = {
		T(test_calm), T(test_host_steps), T(test_no_step), T(test_chronyd_steps_and_slews),
		T(test_system_time_is_set), T(test_marker), T(test_vsock_calm), T(test_vsock_marker),
		T(test_vsock_comes_back), T(test_vsock_another_host), T(test_vsock_bad_host), T(test_off_at_start), T(test_slewing_is_seen),
		T(test_step_is_repeated_but_not_for_ever), T(test_never_selected),
		T(test_again_while_it_recovers), T(test_servers_agree), T(test_server_without_sample),
		T(test_servers_contradict),
		T(test_servers_say_nothing), T(test_sets), T(test_does_not_set), T(test_sets_beside_servers), T(test_bad_for_a_moment), T(test_bad_and_set_again),
		T(test_polls_late),
		T(test_another_source_is_followed), T(test_bad_host),
		T(test_names_of_bad), T(test_out_and_back), T(test_back_from_afar), T(test_max_error),
		T(test_host_that_no_longer_tells), T(test_out_by_restart), T(test_flapping),
		T(test_refclock_of_somebody_else), T(test_hold_that_fails), T(test_records), T(test_stuck),
		T(test_restart_does_not_help), T(test_unserved), T(test_unreadable), T(test_slow_polls_are_not_stuck),
		T(test_no_refclock), T(test_silent), T(test_anything),
		TA(test_commands), TA(test_selectopts), TA(test_hold), TA(test_failures),
		TA(test_chronyc_hangs), TA(test_ask), TA(test_service), TA(test_roots), TA(test_sysfs),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(decides, make_root, remove_root);
}
