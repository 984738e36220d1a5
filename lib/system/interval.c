// SPDX-License-Identifier: GPL-2.0-or-later
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/die.h"
#include "base/now.h"
#include "system/interval.h"

volatile sig_atomic_t ticks_stop;

static void on_signal(int sig)
{
	if (sig != SIGWINCH)
		ticks_stop = 1;
}

static const int caught[] = { SIGINT, SIGTERM, SIGHUP, SIGWINCH };

void ticks_note_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	for (size_t i = 0; i < ARRAY_SIZE(caught); i++)
		sigaction(caught[i], &sa, NULL);
	/* A reader that went away is an error of writing, which is told. */
	signal(SIGPIPE, SIG_IGN);
}

void ticks_catch_signals(sigset_t *normal)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(caught); i++)
		sigaddset(&set, caught[i]);
	sigprocmask(SIG_BLOCK, &set, normal);
	for (size_t i = 0; i < ARRAY_SIZE(caught); i++)
		sigdelset(normal, caught[i]);
	ticks_note_signals();
}

void ticks_wait(int64_t deadline, const sigset_t *normal)
{
	int64_t left;

	while (!ticks_stop && (left = deadline - now_ns(CLOCK_MONOTONIC)) > 0) {
		struct timespec ts = { left / NSEC_PER_SEC, left % NSEC_PER_SEC };

		ppoll(NULL, 0, &ts, normal);
	}
	/* One that came in the meantime; also where nothing was left to wait for */
	ppoll(NULL, 0, &(struct timespec){ 0, 0 }, normal);
}

void ticks_say_once(char *said, size_t len, const char *why)
{
	if (strcmp(said, why) && why[0])
		complain("%s", why);
	snprintf(said, len, "%s", why);
}
