// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include "system/background.h"
#include "watch/watch.h"

static struct asker asker;

static void get_answer(void *answer, void *refid)
{
	static struct chrony_source list[VIEW_SOURCES_MAX];
	const struct chrony_source *source;
	struct watch_answer *a = answer;
	int n;

	memset(a, 0, sizeof(*a));
	n = chronyc_sources(list, VIEW_SOURCES_MAX, a->why, sizeof(a->why));
	source = chrony_source_named(list, n, refid);
	if (source) {
		a->has_source = true;
		a->source = *source;
	} else if (n >= 0) {
		snprintf(a->why, sizeof(a->why), "chronyd has no refclock ('ptpkvm setup' adds it)");
	}
}

void watch_chrony_start(const char *refid)
{
	asker_start(&asker, get_answer, (char *)refid, sizeof(struct watch_answer));
}

bool watch_chrony_ask(struct watch_answer *a, int64_t deadline)
{
	asker_ask(&asker);
	return asker_wait(&asker, a, deadline);
}
