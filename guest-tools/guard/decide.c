// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/now.h"
#include "base/text.h"
#include "guard/decide.h"
#include "output/text.h"

#define SLEWING_NS 100000			/* from one reading to the next: chronyd does up to 83 ms a second */
#define DRIFT_PER_MILLE 1			/* of an unsteered counter, and more */
#define LOOK (5 * NSEC_PER_SEC)			/* between two questions to chronyd in calm */
#define LOOK_SOON (NSEC_PER_SEC / 5)		/* … and while it recovers */
#define STEP_SOON (NSEC_PER_SEC / 20)		/* between two readings while it does */
#define BURST_TIME (2 * NSEC_PER_SEC)		/* for NTP servers to answer in */
#define RECOVERY_TIME (10 * NSEC_PER_SEC)	/* for chronyd, and six polls */
#define LATE_MAX (10 * NSEC_PER_SEC)		/* a clock that was set back by more chronyd notices itself */
#define STEP_AGAIN (NSEC_PER_SEC / 10)		/* after the poll that shows what the step has left */
#define GRACE (3 * NSEC_PER_SEC)		/* for a host that was set, to be good again */
#define HOLD_DOWN (10 * NSEC_PER_SEC)		/* how long a host is good before it is followed again */
#define HOLD_DOWN_RESTART (60 * NSEC_PER_SEC)
#define TOLD_WAIT (3 * NSEC_PER_SEC / 2)	/* a record comes each second, and is looked at */
#define TOLD_LATE (5 * NSEC_PER_SEC)		/* a record about what the clock itself has shown, with a connection anew */
#define UNTOLD (5 * NSEC_PER_SEC)		/* with a host whose service is restarted, or is just being connected to */
#define RESTART_PAUSE (60 * NSEC_PER_SEC)
#define RESTART_PAUSE_MAX (3600 * NSEC_PER_SEC)

static void __attribute__((format(printf, 3, 4)))
say(struct guard_output *out, int level, const char *fmt, ...)
{
	struct guard_line *line = &out->line[out->lines];
	va_list ap;

	if (out->lines == GUARD_LINES)
		return;
	out->lines++;
	line->level = level;
	va_start(ap, fmt);
	vsnprintf(line->text, sizeof(line->text), fmt, ap);
	va_end(ap);
}

static int64_t poll_interval(const struct chrony_source *s)
{
	int poll = s->poll < -10 ? -10 : s->poll > 20 ? 20 : s->poll;

	return poll < 0 ? NSEC_PER_SEC >> -poll : NSEC_PER_SEC << poll;
}

static bool selected(const struct chrony_source *s)
{
	return (s->state == '*' || s->state == '+') && s->reach;
}

/* Not where another source is: then the PHC's jumps are none of chronyd's concern. */
static bool followed(const struct guard_input *in)
{
	bool other = false;

	for (int i = 0; i < in->n; i++)
		other |= i != in->phc && in->source[i].state == '*';
	return !other || selected(&in->source[in->phc]);
}

/* NTP servers that answer chronyd, with what they said last. */
static int note_servers(struct guard *g, const struct guard_input *in)
{
	int n = 0;

	for (int i = 0; i < in->n; i++) {
		if (in->source[i].mode == '#' || !in->source[i].reach)
			continue;
		memcpy(g->before[n].name, in->source[i].name, sizeof(g->before[n].name));
		g->before[n++].measured = in->source[i].measured;
	}
	return n;
}

static int64_t settled_within(const struct guard_input *in)
{
	return GUARD_SETTLED_NS + in->window;
}

void guard_init(struct guard *g, const struct guard_config *config, bool recorded)
{
	memset(g, 0, sizeof(*g));
	g->config = config;
	g->tells = true;
	g->followed = true;
	g->out = recorded;
	if (recorded)
		snprintf(g->reason, sizeof(g->reason), "taken out before guard was restarted");
}

bool guard_bad_host(const struct host_clock *host, uint64_t max_error, char *reason, size_t len)
{
	if (host_unsynchronized(host)) {
		snprintf(reason, len, "the host says that its clock is %s", host_status_name(host->status));
		return true;
	}
	if (max_error && host->has_max_error && host->max_error_ns > max_error) {
		snprintf(reason, len, "the host's clock may be off by %.11g s, more than %.11g s",
			 host->max_error_ns / 1e9, max_error / 1e9);
		return true;
	}
	return false;
}

/* --- restarts --- */

/* Twice as long from one to the next, up to an hour, unless it is urgent; an hour of peace starts anew. */
static bool may_restart(const struct guard *g, int64_t now, bool urgent)
{
	return !g->restarted || now - g->restarted >= (urgent ? RESTART_PAUSE : g->pause);
}

static void restarting(struct guard *g, int64_t now)
{
	if (!g->restarted || now - g->restarted > RESTART_PAUSE_MAX)
		g->pause = RESTART_PAUSE;
	else
		g->pause = g->pause < RESTART_PAUSE_MAX / 2 ? 2 * g->pause : RESTART_PAUSE_MAX;
	g->restarted = now;
	g->deaf_since = 0;
}

/* --- what is seen --- */

static void see_chronyd(struct guard *g, const struct guard_input *in, struct guard_output *out)
{
	if (in->chronyd == GUARD_NOT_ASKED)
		return;
	g->asked = in->now;
	if (in->chronyd == GUARD_REFCLOCK) {
		g->poll = poll_interval(&in->source[in->phc]);
		if (g->stage == GUARD_CALM) {
			g->followed = followed(in);
			g->servers = note_servers(g, in);
		}
	}
	/* Once may be a restart of somebody else's */
	g->silent = in->chronyd == GUARD_SILENT ? g->silent + 1 : 0;
	if (g->silent == 1 && g->chronyd != GUARD_NOT_ASKED)
		return;
	if (in->chronyd == g->chronyd)
		return;
	switch (in->chronyd) {
	case GUARD_SILENT:
		say(out, LOG_WARNING, "chronyd does not answer: %s", in->why);
		break;
	case GUARD_NO_REFCLOCK:
		if (!g->out)
			say(out, LOG_WARNING, "chronyd has no refclock for the KVM PTP clock%s%s: nothing is done "
			    "until it has", g->config->refid ? " by the name of " : "",
			    g->config->refid ? g->config->refid : "");
		break;
	default:
		say(out, LOG_INFO, "chronyd has the refclock %s", in->source[in->phc].name);
		/* A chronyd that has just started may be slewing what is to be stepped */
		g->read = false;
	}
	g->chronyd = in->chronyd;
}

static void see_reading(struct guard *g, const struct guard_input *in, struct guard_output *out)
{
	if (in->phc_error) {
		g->failures++;
		if (!g->unreadable && (g->failures > 1 || !g->read)) {
			g->unreadable = true;
			if (in->phc_error == EOPNOTSUPP)
				say(out, LOG_WARNING, "no host serves the PTP clock (%s): NTP keeps the time where chronyd has "
				    "it, until one does", in->phc_why);
			else
				say(out, LOG_ERR, "the PTP clock cannot be read in any way (%s): restarting chronyd would "
				    "not help, NTP takes over where chronyd has it", in->phc_why);
		}
		if (g->unreadable)
			g->read = false;
		return;
	}
	if (g->unreadable)
		say(out, LOG_NOTICE, "the PTP clock can be read again (%s)", phc_method_name(in->method));
	g->failures = 0;
	g->unreadable = false;
}

/* --- quality --- */

static void see_host(struct guard *g, const struct guard_input *in, struct guard_output *out)
{
	bool tells = in->host.has_status || in->host.has_max_error;

	if (tells)
		g->untold_since = 0;
	else if (!g->untold_since)
		g->untold_since = in->now;
	if (tells == g->tells || (!tells && in->reachable && in->now - g->untold_since < UNTOLD))
		return;
	g->tells = tells;
	say(out, LOG_INFO, "the host %s", tells ? "tells how good its clock is" :
	    "does not tell how good its clock is: it is followed wherever it goes");
}

/* By its marker, or since it is another. */
static bool host_says(const struct guard *g, const struct guard_input *in)
{
	const struct host_clock *host = &in->host;

	if (host->from != HOST_BY_VSOCK)
		return g->has_marker && host->has_marker && host->marker != g->marker;
	return g->told && host->has_marker && (host->marker != g->told_marker || strcmp(host->host_id, g->told_by)) &&
	       in->now - g->disrupted > TOLD_LATE;
}

/*
 * Its daemon has to measure anew before it is called synchronized again: whoever was set with it is right then. One that is set
 * again and again, and never good, is not waited for.
 */
static bool just_set(const struct guard *g, const struct guard_input *in)
{
	return in->now - g->bad_since < GRACE &&
	       (host_says(g, in) || (g->disrupted && in->now - g->disrupted < GRACE));
}

static void judge_host(struct guard *g, const struct guard_input *in, struct guard_output *out)
{
	const struct host_clock *host = &in->host;
	uint64_t limit = g->config->max_error;
	char reason[sizeof(g->reason)];

	if (in->phc_error)	/* nobody to ask: what was known last stays */
		return;
	see_host(g, in, out);
	if (guard_bad_host(host, g->out ? limit - limit / 10 : limit, reason, sizeof(reason))) {
		g->good_since = 0;
		if (!g->bad_since)
			g->bad_since = in->now;
		if (!g->out && g->chronyd == GUARD_REFCLOCK && !just_set(g, in)) {
			g->out = true;
			g->asked = 0;
			memcpy(g->reason, reason, sizeof(reason));
			say(out, LOG_WARNING, "%s: the PTP clock is taken out of selection", reason);
		}
		return;
	}
	g->bad_since = 0;
	if (!g->good_since)
		g->good_since = in->now;
	if (g->out && in->now - g->good_since >= (g->config->selectopts ? HOLD_DOWN : HOLD_DOWN_RESTART)) {
		g->out = false;
		g->asked = 0;
		say(out, LOG_NOTICE, "the host's clock is %s: the PTP clock may be selected again",
		    host->has_status ? host_status_name(host->status) : "no longer called bad");
	}
}

static void select_by_chronyc(struct guard *g, const struct guard_input *in, struct guard_output *out)
{
	if (in->chronyd != GUARD_REFCLOCK)
		return;
	if (g->out && !in->noselect) {
		if (g->noselect)
			say(out, LOG_NOTICE, "chronyd was restarted: the PTP clock is taken out once more, %s",
			    g->reason);
		out->actions |= GUARD_TAKE_OUT;
	} else if (!g->out && in->recorded) {
		out->actions |= GUARD_PUT_BACK;
	}
	g->noselect = in->noselect;
}

static void select_by_restart(struct guard *g, const struct guard_input *in, struct guard_output *out)
{
	if (g->out && in->chronyd == GUARD_REFCLOCK && !g->useless) {
		if (in->recorded && g->held) {
			g->useless = true;
			say(out, LOG_ERR, "chronyd has the refclock still, after its restart: only one that "
			    "'ptpkvm setup' has made can be taken out");
		} else if (may_restart(g, in->now, true)) {
			g->held = true;
			restarting(g, in->now);
			out->actions |= GUARD_TAKE_OUT;
		}
	} else if (!g->out && in->recorded && in->chronyd != GUARD_SILENT && may_restart(g, in->now, false)) {
		g->held = g->useless = false;
		restarting(g, in->now);
		out->actions |= GUARD_PUT_BACK;
	}
}

/* --- disruption --- */

static int64_t magnitude(int64_t v)
{
	return v < 0 ? -v : v;
}

static void enter(struct guard *g, enum guard_stage stage, int64_t now)
{
	g->stage = stage;
	g->since = now;
}

static void follow(struct guard *g, const struct guard_input *in, struct guard_output *out)
{
	out->actions |= g->config->sets ? GUARD_SET : GUARD_RESET;
	enter(g, g->config->sets ? GUARD_SETTING : GUARD_WAITING, in->now);
	g->late = !g->config->sets || in->offset > 0 ? 0 : -in->offset < LATE_MAX ? -in->offset : LATE_MAX;
}

enum disruption {
	NONE,
	OFF,		/* not a disruption, but more than is to be slewed away */
	BROKEN,		/* what chronyd has measured before is no longer true */
};

/* Says what happened. */
static enum disruption judge_reading(const struct guard *g, const struct guard_input *in, struct guard_output *out)
{
	int64_t limit = g->config->jump + in->window, drift = (in->now - g->now) * DRIFT_PER_MILLE / 1000;
	bool off = magnitude(in->offset) > limit && g->stage == GUARD_CALM;
	bool marker = host_says(g, in);
	char ns[NS_TEXT_LEN];

	if (!g->read) {
		if (off)
			say(out, LOG_WARNING, "this machine's clock is off by %s", text_ns(ns, -in->offset, false));
		return off ? OFF : NONE;
	}
	limit += g->window;
	if (magnitude(in->raw - g->raw) > limit + drift)
		say(out, LOG_WARNING, "the host's clock has jumped by %s against this machine's counter%s",
		    text_ns(ns, in->raw - g->raw, false), marker ? ", and the host says so" : "");
	else if (marker)
		say(out, LOG_WARNING, "the host says that its clock was disrupted: set, or another host answers");
	else if (off && magnitude(in->set - g->set) > limit)
		say(out, LOG_WARNING, "something has set this machine's clock: it is off by %s",
		    text_ns(ns, -in->offset, false));
	else
		return NONE;
	return BROKEN;
}

static void watch(struct guard *g, const struct guard_input *in, struct guard_output *out)
{
	enum disruption d;

	if (in->phc_error || g->out || g->noselect || g->chronyd != GUARD_REFCLOCK || !g->followed)
		return;
	d = judge_reading(g, in, out);
	if (d == NONE)
		return;
	g->disrupted = in->now;
	if (d == OFF) {		/* what chronyd has measured is right: it only is to be quicker */
		g->servers = 0;
		enter(g, GUARD_WAITING, in->now - 2 * g->poll);
	} else if (g->servers && !(in->host.has_status && in->host.status == HOST_SYNCHRONIZED)) {
		enter(g, GUARD_DISRUPTED, in->now);
	} else {
		follow(g, in, out);
	}
}

static void remember(struct guard *g, const struct guard_input *in, const struct guard_output *out)
{
	if (in->phc_error)
		return;
	g->read = g->chronyd == GUARD_REFCLOCK && !g->out && !g->noselect &&
		  !(out->actions & (GUARD_TAKE_OUT | GUARD_PUT_BACK | GUARD_RESTART));
	g->now = in->now;
	g->offset = in->offset;
	g->raw = in->raw;
	g->set = in->set;
	g->window = in->window;
	g->has_marker = in->host.has_marker && in->host.from != HOST_BY_VSOCK;
	g->marker = in->host.marker;
	if (in->host.from != HOST_BY_VSOCK || !in->host.has_marker)
		return;
	g->told = true;
	g->told_marker = in->host.marker;
	memcpy(g->told_by, in->host.host_id, sizeof(g->told_by));
}

static bool fresh(const struct guard *g, const struct chrony_source *s)
{
	if (s->mode == '#')
		return false;
	for (int i = 0; i < g->servers; i++)
		if (!strcmp(g->before[i].name, s->name))
			return !isnan(s->measured) && s->measured != g->before[i].measured;
	return false;
}

/*
 * A host that is set wrong is not followed where most NTP servers are nearer to the system's time than to the
 * PHC's. Only answers to the questions asked since count: older ones can be from before a migration.
 */
static void count_votes(struct guard *g, const struct guard_input *in, struct guard_output *out)
{
	int against = 0, answers = 0;

	for (int i = 0; i < in->n; i++) {
		double system = in->source[i].offset, phc = system - in->offset / 1e9;	/* server - each */

		if (!fresh(g, &in->source[i]))
			continue;
		answers++;
		against += fabs(phc) > fabs(system);
	}
	if (answers < g->servers && in->now - g->since < BURST_TIME)
		return;
	if (2 * against <= answers) {
		follow(g, in, out);
		return;
	}
	say(out, LOG_WARNING, "%d of %d NTP servers that answer contradict the PTP clock: chronyd is left to decide",
	    against, answers);
	enter(g, GUARD_CALM, in->now);
}

static void back(struct guard *g, const struct guard_input *in, struct guard_output *out)
{
	char ns[NS_TEXT_LEN];

	say(out, LOG_NOTICE, "back on the host's time after %.1f s, off by %s", (in->now - g->disrupted) / 1e9,
	    text_ns(ns, -in->offset, false));
	enter(g, GUARD_CALM, in->now);
}

/* What could not be set is left to chronyd. */
static void await_setting(struct guard *g, const struct guard_input *in, struct guard_output *out)
{
	if (in->now == g->since)	/* it is not done yet */
		return;
	if (magnitude(in->offset) > settled_within(in)) {
		enter(g, GUARD_WAITING, g->since);
		return;
	}
	/* They have lost their measurements too */
	out->actions |= g->servers ? GUARD_BURST : 0;
	back(g, in, out);
}

/* That chronyd has selected the PHC shows in the system's time, sooner than chronyc can say it. */
static bool slewing(const struct guard *g, const struct guard_input *in)
{
	return g->read && magnitude(in->offset - g->offset) >
	       SLEWING_NS + in->window + g->window + (in->now - g->now) * DRIFT_PER_MILLE / 1000;
}

static void await_selection(struct guard *g, const struct guard_input *in, struct guard_output *out)
{
	const struct chrony_source *s = in->chronyd == GUARD_REFCLOCK ? &in->source[in->phc] : NULL;

	/* It needs three measurements; before it has them its word is of the time before it was told to forget */
	if (in->now - g->since < 2 * g->poll)
		return;
	if ((s && selected(s)) || slewing(g, in)) {
		/* They have lost their measurements too */
		out->actions |= g->servers ? GUARD_BURST : 0;
		if (magnitude(in->offset) <= settled_within(in)) {
			back(g, in, out);
			return;
		}
		out->actions |= GUARD_MAKESTEP;
		g->stepped = in->now;
		enter(g, GUARD_STEPPED, in->now);
	} else if (s && in->now - g->since > RECOVERY_TIME + 6 * g->poll) {
		say(out, LOG_WARNING, "chronyd has not selected the PTP clock since (state '%c', reach %o): it is left "
		    "alone", s->state, s->reach);
		enter(g, GUARD_CALM, in->now);
	}
}

static void await_time(struct guard *g, const struct guard_input *in, struct guard_output *out)
{
	char ns[NS_TEXT_LEN];

	if (magnitude(in->offset) <= settled_within(in)) {
		back(g, in, out);
	} else if (in->now - g->since > RECOVERY_TIME + 6 * g->poll) {
		say(out, LOG_WARNING, "this machine's clock is off by %s still: chronyd is left alone",
		    text_ns(ns, -in->offset, false));
		enter(g, GUARD_CALM, in->now);
	} else if (in->now - g->stepped >= g->poll + STEP_AGAIN) {
		out->actions |= GUARD_MAKESTEP;
		g->stepped = in->now;
	}
}

static void recover(struct guard *g, const struct guard_input *in, struct guard_output *out)
{
	if (g->unreadable || g->out || g->chronyd != GUARD_REFCLOCK)
		g->stage = GUARD_CALM;
	if (in->phc_error)
		return;
	switch (g->stage) {
	case GUARD_CALM:
		break;
	case GUARD_DISRUPTED:
		if (in->chronyd != GUARD_REFCLOCK)
			break;
		/* Again, since the disruption: what they say then is no answer to the burst */
		g->servers = note_servers(g, in);
		out->actions |= GUARD_BURST;
		enter(g, GUARD_ASKING, in->now);
		break;
	case GUARD_ASKING:
		if (in->chronyd == GUARD_REFCLOCK)
			count_votes(g, in, out);
		break;
	case GUARD_SETTING:
		await_setting(g, in, out);
		break;
	case GUARD_WAITING:
		await_selection(g, in, out);
		break;
	case GUARD_STEPPED:
		await_time(g, in, out);
		break;
	}
}

/* --- a chronyd that is stuck --- */

/* chronyd keeps the first call that worked at its start, for ever. */
static void listen(struct guard *g, const struct guard_input *in, struct guard_output *out)
{
	const struct chrony_source *s;
	int64_t patience;

	if (in->chronyd == GUARD_NOT_ASKED)
		return;
	if (in->chronyd != GUARD_REFCLOCK || in->phc_error || g->out || in->noselect || g->stage != GUARD_CALM) {
		g->deaf_since = 0;
		return;
	}
	s = &in->source[in->phc];
	if (s->reach & 7) {
		if (g->deaf_said)
			say(out, LOG_NOTICE, "chronyd reads the PTP clock again");
		g->deaf_said = false;
		g->deaf_since = g->late = 0;
		return;
	}
	if (!g->deaf_since)
		g->deaf_since = in->now;
	patience = 4 * poll_interval(s) > LOOK ? 4 * poll_interval(s) : LOOK;
	if (in->now - g->deaf_since < patience + g->late)
		return;
	if (!g->deaf_said)
		say(out, LOG_ERR, "chronyd gets nothing from the PTP clock, which can be read by '%s'%s%s: it is "
		    "stuck on a call that no longer works, and is restarted", phc_method_name(in->method),
		    in->method == PHC_PRECISE ? "" : ", while 'precise' fails with ",
		    in->method == PHC_PRECISE ? "" : errname(in->precise_error));
	g->deaf_said = true;
	if (may_restart(g, in->now, false)) {
		restarting(g, in->now);
		out->actions |= GUARD_RESTART;
	}
}

/* Not before there can be anything new: a look at chronyd costs more than all the rest. */
static bool is_to_ask(const struct guard *g, int64_t then)
{
	switch (g->stage) {
	case GUARD_CALM:
	case GUARD_SETTING:
	case GUARD_STEPPED:
		return then - g->asked >= LOOK;
	case GUARD_ASKING:
		return then - g->asked >= LOOK_SOON;
	case GUARD_WAITING:
		return then - g->since >= 2 * g->poll && then - g->asked >= LOOK_SOON;
	default:
		return true;
	}
}

void guard_step(struct guard *g, const struct guard_input *in, struct guard_output *out)
{
	memset(out, 0, sizeof(*out));
	if (in->failed)		/* a restart that wasn't one proves nothing */
		g->held = false;
	see_chronyd(g, in, out);
	see_reading(g, in, out);
	judge_host(g, in, out);
	if (in->chronyd != GUARD_NOT_ASKED) {
		if (!g->config->selectopts)
			select_by_restart(g, in, out);
		else if (g->stage == GUARD_CALM)
			select_by_chronyc(g, in, out);
	}
	watch(g, in, out);
	recover(g, in, out);
	listen(g, in, out);
	remember(g, in, out);
	out->reason = g->reason;
	out->brief = g->stage != GUARD_CALM;
	out->wait = g->config->interval;
	if (in->host.from == HOST_BY_VSOCK && out->wait < TOLD_WAIT)
		out->wait = TOLD_WAIT;
	if (g->stage != GUARD_CALM && out->wait > STEP_SOON)
		out->wait = g->stage == GUARD_DISRUPTED ? 0 : STEP_SOON;
	out->ask = is_to_ask(g, in->now + out->wait) ||
		   out->actions & (GUARD_TAKE_OUT | GUARD_PUT_BACK);
}
