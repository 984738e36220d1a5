// SPDX-License-Identifier: GPL-2.0-or-later
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/now.h"
#include "chrony/chronyc.h"
#include "chrony/conf.h"
#include "facts/ours.h"
#include "output/text.h"
#include "setup/selected.h"
#include "system/tree.h"

#define SOURCES_MAX 64
#define EVERY_MS 500

struct ours {
	char refid[8];		/* "" if the line has none: chronyd then calls it PHC and a number */
	bool noselect;
};

static int see_refclock(const struct chrony_directive *d, void *arg)
{
	struct ours *o = arg;

	if (strcmp(d->name, "refclock") || strncmp(d->args, "PHC ", 4))
		return 0;
	chrony_option(d->args, "refid", o->refid, sizeof(o->refid));
	o->noselect = chrony_option(d->args, "noselect", NULL, 0);
	return 1;
}

static bool is_ours(const struct chrony_source *s, const struct ours *o)
{
	if (s->mode != '#')
		return false;
	return o->refid[0] ? !strcmp(s->name, o->refid) : !strncmp(s->name, "PHC", 3);
}

static void explain_state(const struct chrony_source *ours, const struct chrony_source *list, int n,
			  char *why, size_t len)
{
	const char *selected = NULL;

	for (int i = 0; i < n; i++)
		if (list[i].state == '*')
			selected = list[i].name;
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
			 selected ? selected : "none so far");
		break;
	default:
		if (!ours->reach)
			snprintf(why, len, "%s: no reading of the clock so far", ours->name);
		else
			snprintf(why, len, "%s: too few readings so far, or too far off (reach %o)",
				 ours->name, ours->reach);
	}
}

bool setup_selected(char *why, size_t len)
{
	struct chrony_source list[SOURCES_MAX];
	struct ours o = { .refid = "" };
	char reason[200];
	int n;

	if (chrony_conf_walk(SETUP_DIRECTIVES, see_refclock, &o, why, len) < 0)
		return false;
	if (file_read_line(SETUP_REASON, reason, sizeof(reason))) {
		snprintf(why, len, "chronyd was started without the clock: %s", reason);
		return false;
	}
	n = chronyc_sources(list, SOURCES_MAX, why, len);
	if (n < 0)
		return false;
	for (int i = 0; i < n && i < SOURCES_MAX; i++) {
		if (!is_ours(&list[i], &o))
			continue;
		if (list[i].state == '*' || (o.noselect && list[i].reach)) {
			snprintf(why, len, "%s is %s, offset %+.0f ns", list[i].name,
				 o.noselect ? "there (noselect)" : "selected", list[i].offset * 1e9);
			return true;
		}
		explain_state(&list[i], list, n < SOURCES_MAX ? n : SOURCES_MAX, why, len);
		return false;
	}
	snprintf(why, len,
		 "chronyd has no source %s: its unit does not take " SETUP_ENV
		 "; see: journalctl -b -u chrony -u chronyd",
		 o.refid[0] ? o.refid : "PHC");
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
