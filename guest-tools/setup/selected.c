// SPDX-License-Identifier: GPL-2.0-or-later
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/now.h"
#include "chrony/chronyc.h"
#include "chrony/conf.h"
#include "chrony/refclock.h"
#include "chrony/service.h"
#include "facts/ours.h"
#include "output/text.h"
#include "setup/phc.h"
#include "setup/selected.h"
#include "system/tree.h"

#define SOURCES_MAX 64
#define EVERY_MS 500

struct ours {
	struct refclock r;	/* its refid is set where the line has none, too */
	int index;
	bool found;
};

static int see_refclock(const struct chrony_directive *d, void *arg)
{
	struct ours *o = arg;

	if (strcmp(d->name, "refclock"))
		return 0;
	o->found = !strcmp(d->file, SETUP_DIRECTIVES) && refclock_read(&o->r, d) && !strcmp(o->r.driver, "PHC");
	refclock_name(&o->r, o->index++);
	return o->found;
}

static void explain_state(const struct chrony_source *ours, const struct chrony_source *list, int n,
			  char *why, size_t len)
{
	const struct chrony_source *selected = chrony_selected(list, n);

	switch (ours->state) {
	case 'x':
		snprintf(why, len, "%s: a falseticker to chronyd: the host's clock and the other sources disagree, and one "
			 "of them is wrong", ours->name);
		break;
	case '~':
		snprintf(why, len, "%s: too variable for chronyd", ours->name);
		break;
	case '+':
	case '-':
		snprintf(why, len, "%s: chronyd prefers %s; has that one 'prefer' in its line?", ours->name,
			 selected ? selected->name : "none so far");
		break;
	default:
		if (!ours->reach)
			snprintf(why, len, "%s: no reading of the clock so far", ours->name);
		else
			snprintf(why, len, "%s: too few readings so far, or too far off (reach %o)",
				 ours->name, ours->reach);
	}
}

/* chronyd has it. Does it wait for the host alone? */
static bool waits(const struct chrony_source *ours, char *why, size_t len)
{
	char device[300], reason[400];

	if (setup_phc(NULL, device, sizeof(device), reason, sizeof(reason)) != SETUP_PHC_WAITS)
		return false;
	snprintf(why, len, "%s waits: %s. chronyd takes it up as soon as a host serves it; 'sudo ptpkvm check' says "
		 "what to do on the host", ours->name, reason);
	return true;
}

bool setup_selected(char *why, size_t len)
{
	struct chrony_source list[SOURCES_MAX];
	static struct chrony_service next;
	const struct chrony_source *s;
	struct ours o = { .index = 0 };
	char reason[200], off[OFFSET_TEXT_LEN];
	int n;

	chrony_service_next(&next, setup_addition(chrony_layout()), false);
	if (chrony_service_walk(&next, see_refclock, &o, why, len) < 0)
		return false;
	if (file_read_line(SETUP_REASON, reason, sizeof(reason))) {
		snprintf(why, len, "chronyd was started without the clock: %s", reason);
		return false;
	}
	n = chronyc_sources(list, SOURCES_MAX, why, len);
	if (n < 0)
		return false;
	n = n < SOURCES_MAX ? n : SOURCES_MAX;
	s = chrony_source_named(list, n, o.found ? o.r.refid : NULL);
	if (s && (s->state == '*' || (o.r.noselect && s->reach))) {
		snprintf(why, len, "%s is %s, the system is %s it", s->name,
			 o.r.noselect ? "there (noselect)" : "selected", offset_text(off, rint(s->offset * 1e9)));
		return true;
	}
	if (s && waits(s, why, len))
		return true;
	if (s) {
		explain_state(s, list, n, why, len);
		return false;
	}
	snprintf(why, len,
		 "chronyd has no source %s: its unit does not take " SETUP_ENV
		 "; see: journalctl -b -u chrony -u chronyd",
		 o.found ? o.r.refid : "PHC");
	return false;
}

bool setup_wait(unsigned int timeout_ms, const volatile sig_atomic_t *stop, char *why, size_t len)
{
	int64_t begin = now_ns(CLOCK_MONOTONIC), end = begin + timeout_ms * 1000000LL, now;
	char said[700] = "";

	for (;;) {
		bool done = setup_selected(why, len);

		now = now_ns(CLOCK_MONOTONIC);
		if (done || strcmp(said, why)) {
			print("%5.1f s     %s\n", (now - begin) / 1e9, why);
			fflush(stdout);
			snprintf(said, sizeof(said), "%s", why);
		}
		if (done)
			return true;
		if (file_exists(SETUP_REASON))	/* final: prestart has had its turn */
			return false;
		if (*stop) {
			snprintf(why, len, "interrupted");
			return false;
		}
		if (now >= end) {
			snprintf(why, len, "not selected within %g s: %s", timeout_ms / 1000.0, said);
			return false;
		}
		sleep_until(now + EVERY_MS * 1000000LL);
	}
}
