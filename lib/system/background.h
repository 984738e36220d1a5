/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions answered in a thread of their own: a program that is slow or hangs takes none of the asker's time. */
#ifndef SYSTEM_BACKGROUND_H
#define SYSTEM_BACKGROUND_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct asker {
	void (*get)(void *answer, void *arg);	/* in its thread */
	void *arg;
	size_t size;			/* of an answer */
	void *answer, *next;
	pthread_mutex_t lock;
	pthread_cond_t asked, answered;
	bool busy;			/* from a question to its answer */
	bool fresh;			/* there is an answer that nobody has seen */
};

/* From now on questions are answered. What a and arg point to must stay where it is. */
void asker_start(struct asker *a, void (*get)(void *answer, void *arg), void *arg, size_t size);

/* Unless an earlier question is still under way, or its answer not seen yet */
void asker_ask(struct asker *a);
/*
 * The answer, or what an earlier question got that took too long. False if there is none at the deadline on
 * CLOCK_MONOTONIC: it will be the next one's.
 */
bool asker_wait(struct asker *a, void *answer, int64_t deadline);

#endif
