// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/die.h"
#include "base/now.h"
#include "serve/marker.h"
#include "system/tree.h"

#define LOOKS 5
#define SLACK_NS 100		/* a step of less is none */
#define ASLEEP_NS 1000000	/* less than any sleep */
#define LEAP_NS 1000000		/* a leap second's step is a second by so much */

/* The narrowest of a few: what came between two readings widens it. */
void clock_look(struct clock_look *l)
{
	for (int i = 0; i < LOOKS; i++) {
		int64_t before = now_ns(CLOCK_BOOTTIME), real = now_ns(CLOCK_REALTIME);
		int64_t mono = now_ns(CLOCK_MONOTONIC), after = now_ns(CLOCK_BOOTTIME);

		if (i && after - before >= l->high - l->low)
			continue;
		*l = (struct clock_look){ real, before, real - after, real - before, before - mono };
	}
}

bool marker_stepped(const struct marker *m, const struct clock_look *l, bool leap, int64_t *by)
{
	int64_t moved = (l->low + l->high) / 2 - (m->low + m->high) / 2;
	int64_t width = (l->high - l->low) + (m->high - m->low);

	*by = l->low <= m->high + SLACK_NS && m->low <= l->high + SLACK_NS ? 0 : moved;
	if (llabs(l->asleep - m->asleep) > ASLEEP_NS + width)
		return true;
	return *by && !(leap && llabs(llabs(*by) - NSEC_PER_SEC) < LEAP_NS);
}

void marker_note(struct marker *m, const struct clock_look *l)
{
	m->low = l->low;
	m->high = l->high;
	m->asleep = l->asleep;
}

/* --- its text --- */

#define FORM "ptpkvm-host 1 "

void marker_text(char buf[static MARKER_TEXT_LEN], const struct marker *m)
{
	int n = snprintf(buf, MARKER_TEXT_LEN, FORM);

	for (size_t i = 0; i < sizeof(m->host_id); i++)
		n += snprintf(buf + n, MARKER_TEXT_LEN - n, "%02x", m->host_id[i]);
	snprintf(buf + n, MARKER_TEXT_LEN - n, " %016" PRIx64 " %" PRId64 " %" PRId64 " %" PRId64 "\n", m->value, m->low,
		 m->high, m->asleep);
}

/* What makes the same text again is what it says, and nothing else is. */
bool marker_parse(struct marker *m, const char *text)
{
	char again[MARKER_TEXT_LEN], id[33];

	memset(m, 0, sizeof(*m));
	if (sscanf(text, FORM "%32[0-9a-f] %16" SCNx64 " %20" SCNd64 " %20" SCNd64 " %20" SCNd64, id, &m->value, &m->low,
		   &m->high, &m->asleep) != 5 || strlen(id) != 32)
		return false;
	for (size_t i = 0; i < sizeof(m->host_id); i++)
		sscanf(id + 2 * i, "%2hhx", &m->host_id[i]);
	marker_text(again, m);
	return !strcmp(again, text) && m->low <= m->high;
}

/* --- as it is kept --- */

static void randomize(void *buf, size_t len)
{
	if (getrandom(buf, len, 0) != (ssize_t)len)
		die("getrandom: %s", strerror(errno));
}

void marker_change(struct marker *m, bool new_host)
{
	const uint64_t old = m->value;

	if (new_host)
		randomize(m->host_id, sizeof(m->host_id));
	while (m->value == old)
		randomize(&m->value, sizeof(m->value));
}

bool marker_load(struct marker *m)
{
	char *text = file_read(MARKER_STATE, NULL);
	bool good = text && marker_parse(m, text);

	free(text);
	return good;
}

bool marker_save(const struct marker *m, char *why, size_t len)
{
	char text[MARKER_TEXT_LEN];

	marker_text(text, m);
	return !file_write(MARKER_STATE, text, strlen(text), 0600, why, len);
}
