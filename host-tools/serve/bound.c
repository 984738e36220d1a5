// SPDX-License-Identifier: GPL-2.0-or-later
#include <math.h>
#include <string.h>
#include <sys/timex.h>

#include "base/now.h"
#include "ptp/ports.h"
#include "serve/bound.h"
#include "status/gather.h"

/* What was heard longer ago says nothing of now: the asker hangs. */
#define HEARD_OLD_NS (10 * NSEC_PER_SEC)

/* chronyd sets the clock right once an interval; so many of them without it, and its source is gone. */
#define UPDATES_MISSED 4
#define UPDATE_MIN_S 16.0

/* A bound that was set to 0 by phc2sys or others grows by 500 µs each second. */
#define NOT_TOLD_NS 1e6

double recent_max(struct recent *r, double val)
{
	double max = 0;

	r->val[r->n++ % RECENT] = val;
	for (unsigned int i = 0; i < r->n && i < RECENT; i++) {
		if (isnan(r->val[i]))
			return NAN;
		max = fmax(max, r->val[i]);
	}
	return max;
}

/* --- what is measured --- */

static bool steps_by_itself(const struct heard *h)
{
	return !h->hop.there;
}

/* Of software timestamps the last Sync came by the clock that was set; a PHC's is not. */
double heard_update(const struct heard *h)
{
	if (h->source == HOST_CLOCK_SOURCE_CHRONY)
		return h->answers ? h->tracking.ref_time : NAN;
	if (h->source == HOST_CLOCK_SOURCE_PTP4L && steps_by_itself(h))
		return h->ptp4l.data.ingress_ns;
	return NAN;
}

/* |offset| + the whole mean path delay, all of which may be one way, + |PHC − system|, + what the grandmaster is off */
static struct bound measure_ptp4l(const struct heard *h, double hop_ns, const struct bound_options *o)
{
	double accuracy = chain_accuracy(h->ptp4l.data.gm_accuracy) * 1e9;
	struct bound b;

	if (!isfinite(accuracy))
		accuracy = o->gm_accuracy_ns;
	b.ref = h->offset_ns + fabs(check_path_delay(&h->ptp4l.data)) + (h->hop.there ? hop_ns : 0);
	b.max = b.ref + accuracy;
	return b;
}

/* Root delay / 2 + root dispersion + |offset|: to UTC, and so no less than to the server on the way there */
static struct bound measure_chrony(const struct heard *h)
{
	double distance = h->answers ? status_root_distance(&h->tracking) * 1e9 : NAN;

	return (struct bound){ distance, distance };
}

struct bound bound_measure(const struct heard *h, double hop_ns, const struct kernel_clock *k,
			   const struct bound_options *o)
{
	if (h->source == HOST_CLOCK_SOURCE_PTP4L)
		return measure_ptp4l(h, hop_ns, o);
	if (h->source == HOST_CLOCK_SOURCE_CHRONY)
		return measure_chrony(h);
	if (h->source == HOST_CLOCK_SOURCE_KERNEL && k->known)
		return (struct bound){ k->max_error_ns, NAN };
	return (struct bound){ NAN, NAN };
}

/* --- who says that it is synchronized --- */

static bool ptp4l_follows(const struct heard *h)
{
	const struct pmc_port *port = check_slave_port(&h->ptp4l.data);

	return h->ptp4l.asked && h->ptp4l.result == PMC_ANSWERED && port && !strcmp(port->state, "SLAVE") &&
	       !isnan(h->offset_ns) && !isnan(check_offset(&h->ptp4l.data));
}

static bool chronyd_follows(const struct heard *h)
{
	const struct chrony_tracking *t = &h->tracking;
	double interval = fmax(t->update_interval, UPDATE_MIN_S);

	return h->answers && status_follows(t) && strcmp(t->leap, "Not synchronised") && !h->unheard &&
	       h->update_age <= UPDATES_MISSED * interval;
}

/* Is it of after the step? What the PHC is off is read each time anew. */
static bool newer(const struct heard *h, const struct stepped *s)
{
	double update = heard_update(h);

	if (!s->boot_ns)
		return true;
	if (h->boot_ns <= s->boot_ns)
		return false;
	if (isnan(update))
		return true;
	if (update == s->update)
		return false;
	/* One of before the clock was set back is in the future now. */
	return h->source != HOST_CLOCK_SOURCE_CHRONY || (update >= s->real_s - 1 && h->update_age >= -0.1);
}

bool bound_synchronized(const struct heard *h, const struct kernel_clock *k, const struct stepped *s, int64_t boot_ns)
{
	if (!h->boot_ns || boot_ns - h->boot_ns > HEARD_OLD_NS || !newer(h, s))
		return false;
	switch (h->source) {
	case HOST_CLOCK_SOURCE_PTP4L:
		return ptp4l_follows(h);
	case HOST_CLOCK_SOURCE_CHRONY:
		return chronyd_follows(h);
	case HOST_CLOCK_SOURCE_KERNEL:
		return k->known && !(k->status & STA_UNSYNC);
	case HOST_CLOCK_SOURCE_NONE:
		break;
	}
	return false;
}

/* --- holdover --- */

enum host_status bound_hold(struct holdover *h, struct bound *b, enum host_clock_source *source, bool synchronized,
			    int64_t boot_ns, const struct bound_options *o)
{
	double grown, worst;

	if (synchronized) {
		*h = (struct holdover){ true, *b, boot_ns, *source };
		return HOST_SYNCHRONIZED;
	}
	*b = (struct bound){ NAN, NAN };
	if (!h->was)
		return HOST_INITIALIZING;
	grown = (boot_ns - h->boot_ns) * o->drift_ppm * 1e-6;
	b->max = h->bound.max + grown;
	b->ref = h->bound.ref + grown;
	*source = h->source;
	worst = !isnan(b->max) ? b->max : !isnan(b->ref) ? b->ref : grown;
	return worst > o->holdover_limit_ns ? HOST_UNRELIABLE : HOST_FREE_RUNNING;
}

void bound_step(struct holdover *h, int64_t by_ns)
{
	h->bound.max += fabs((double)by_ns);
	h->bound.ref += fabs((double)by_ns);
}

bool kernel_told(struct kernel_told *t, double max_error_ns)
{
	/* It was set to that little, or has been since the last look. */
	if (isnan(max_error_ns) || ((!t->looked || max_error_ns < t->last_ns) && max_error_ns <= NOT_TOLD_NS))
		t->told = false;
	else if (!t->looked || max_error_ns < t->last_ns)
		t->told = true;
	t->looked = true;
	t->last_ns = max_error_ns;
	return t->told;
}

/* --- leap, smear, TAI --- */

/* In or after one, that is the kernel's alone; before it, whoever steers tells that it will be. */
static int leap_of(const struct heard *h, const struct kernel_clock *k)
{
	const bool deletes = k->status & STA_DEL;

	if (k->known && k->state == TIME_OOP)
		return KVM_CLOCK_PAIRING_LEAP_POS;
	if (k->known && k->state == TIME_WAIT)
		return deletes ? KVM_CLOCK_PAIRING_LEAP_POST_NEG : KVM_CLOCK_PAIRING_LEAP_POST_POS;
	if (k->known && k->state == TIME_INS)
		return KVM_CLOCK_PAIRING_LEAP_PRE_POS;
	if (k->known && k->state == TIME_DEL)
		return KVM_CLOCK_PAIRING_LEAP_PRE_NEG;
	if (h->source == HOST_CLOCK_SOURCE_CHRONY && h->answers) {
		if (!strcmp(h->tracking.leap, "Insert second"))
			return KVM_CLOCK_PAIRING_LEAP_PRE_POS;
		if (!strcmp(h->tracking.leap, "Delete second"))
			return KVM_CLOCK_PAIRING_LEAP_PRE_NEG;
		if (!strcmp(h->tracking.leap, "Normal"))
			return KVM_CLOCK_PAIRING_LEAP_NONE;
	}
	return k->known && k->state == TIME_OK ? KVM_CLOCK_PAIRING_LEAP_NONE : UNKNOWN;
}

/*
 * PTP's time is TAI. Of an NTP server nobody can tell whether it smears, but where chronyd is told of leap seconds by a
 * list, and has the clock step in them: whoever does that has servers of UTC.
 */
static bool is_utc(const struct heard *h)
{
	if (h->source == HOST_CLOCK_SOURCE_PTP4L)
		return h->ptp4l.data.ptp_timescale == 1;
	return h->source == HOST_CLOCK_SOURCE_CHRONY && h->leap_list;
}

void bound_scale(struct host_record *r, const struct heard *h, const struct kernel_clock *k)
{
	const struct pmc_data *d = &h->ptp4l.data;
	int leap = leap_of(h, k);

	r->has_leap = leap != UNKNOWN;
	if (r->has_leap)
		r->leap = leap;
	r->has_smear = is_utc(h);
	r->smear = KVM_CLOCK_PAIRING_SMEAR_NONE;
	r->has_tai_offset = k->known && k->tai_utc;
	r->tai_offset = k->tai_utc;
	if (!r->has_tai_offset && h->source == HOST_CLOCK_SOURCE_PTP4L && d->ptp_timescale == 1 &&
	    d->utc_offset_valid == 1 && d->utc_offset != UNKNOWN) {
		r->has_tai_offset = true;
		r->tai_offset = d->utc_offset;
	}
}
