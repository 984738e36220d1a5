// SPDX-License-Identifier: GPL-2.0-or-later
/* chronyd is asked in a thread of its own: a chronyc that is slow or hangs takes no time of the direct readings. */
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "util.h"
#include "watch.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t asked, answered;
static bool busy;			/* from a question to its answer */
static bool fresh;			/* there is an answer that nobody has seen */
static struct watch_answer answer;
static const char *wanted;

static void get_answer(struct watch_answer *a)
{
	static struct chrony_source list[VIEW_SOURCES_MAX];
	const struct chrony_source *source;
	int n;

	memset(a, 0, sizeof(*a));
	n = chronyc_sources(list, VIEW_SOURCES_MAX, a->why, sizeof(a->why));
	source = view_source(list, n, wanted);
	if (source) {
		a->has_source = true;
		a->source = *source;
	} else if (n >= 0) {
		snprintf(a->why, sizeof(a->why), "chronyd has no refclock ('ptpkvm setup' adds it)");
	}
}

static void *answer_all(void *arg)
{
	struct watch_answer a;

	(void)arg;
	pthread_mutex_lock(&lock);
	for (;;) {
		while (!busy)
			pthread_cond_wait(&asked, &lock);
		pthread_mutex_unlock(&lock);
		get_answer(&a);
		pthread_mutex_lock(&lock);
		answer = a;
		busy = false;
		fresh = true;
		pthread_cond_signal(&answered);
	}
	return NULL;
}

void watch_chrony_start(const char *refid)
{
	pthread_condattr_t attr;
	pthread_t thread;
	int err;

	wanted = refid;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&asked, &attr);
	pthread_cond_init(&answered, &attr);
	err = pthread_create(&thread, NULL, answer_all, NULL);
	if (err)
		die("cannot start a thread: %s", strerror(err));
	pthread_detach(thread);
}

bool watch_chrony_ask(struct watch_answer *a, int64_t deadline)
{
	const struct timespec ts = { deadline / NSEC_PER_SEC, deadline % NSEC_PER_SEC };
	bool got;

	pthread_mutex_lock(&lock);
	if (!fresh && !busy) {
		busy = true;
		pthread_cond_signal(&asked);
	}
	while (!fresh)
		if (pthread_cond_timedwait(&answered, &lock, &ts) == ETIMEDOUT)
			break;
	got = fresh;
	if (got)
		*a = answer;
	fresh = false;
	pthread_mutex_unlock(&lock);
	return got;
}
