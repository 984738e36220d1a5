// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "base/die.h"
#include "base/now.h"
#include "system/background.h"

static void *answer_all(void *arg)
{
	struct asker *a = arg;

	pthread_mutex_lock(&a->lock);
	for (;;) {
		while (!a->busy)
			pthread_cond_wait(&a->asked, &a->lock);
		pthread_mutex_unlock(&a->lock);
		a->get(a->next, a->arg);
		pthread_mutex_lock(&a->lock);
		memcpy(a->answer, a->next, a->size);
		a->busy = false;
		a->fresh = true;
		pthread_cond_signal(&a->answered);
	}
	return NULL;
}

void asker_start(struct asker *a, void (*get)(void *answer, void *arg), void *arg, size_t size)
{
	pthread_condattr_t attr;
	pthread_t thread;
	int err;

	*a = (struct asker){ .get = get, .arg = arg, .size = size };
	a->answer = xcalloc(1, size);
	a->next = xcalloc(1, size);
	pthread_mutex_init(&a->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&a->asked, &attr);
	pthread_cond_init(&a->answered, &attr);
	err = pthread_create(&thread, NULL, answer_all, a);
	if (err)
		die("cannot start a thread: %s", strerror(err));
	pthread_detach(thread);
}

void asker_ask(struct asker *a)
{
	pthread_mutex_lock(&a->lock);
	if (!a->fresh && !a->busy) {
		a->busy = true;
		pthread_cond_signal(&a->asked);
	}
	pthread_mutex_unlock(&a->lock);
}

bool asker_wait(struct asker *a, void *answer, int64_t deadline)
{
	const struct timespec ts = { deadline / NSEC_PER_SEC, deadline % NSEC_PER_SEC };
	bool got;

	pthread_mutex_lock(&a->lock);
	while (!a->fresh)
		if (pthread_cond_timedwait(&a->answered, &a->lock, &ts) == ETIMEDOUT)
			break;
	got = a->fresh;
	if (got)
		memcpy(answer, a->answer, a->size);
	a->fresh = false;
	pthread_mutex_unlock(&a->lock);
	return got;
}
