// SPDX-License-Identifier: GPL-2.0-or-later
/* What the facts mean, link by link, and what to type: TAI − UTC, and leap seconds to come. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "check/judge.h"
#include "system/tree.h"

#define DAY_S 86400
#define ZONES "/usr/share/zoneinfo/"

static bool expired(const struct check_facts *f, const struct leap_file *leap)
{
	return leap->expires && leap->expires < f->now;
}

int judge_tai_utc(const struct check_facts *f)
{
	for (int i = 0; i < f->n_leap_files; i++)
		if (f->leap_files[i].tai_utc && f->leap_files[i].expires && !expired(f, &f->leap_files[i]))
			return f->leap_files[i].tai_utc;
	return CHECK_TAI_UTC_S;
}

static bool told_tai(const struct ptp4l_fact *p)
{
	return p->data.ptp_timescale == 1 && p->data.utc_offset != UNKNOWN;
}

/* ptp4l's of a slave on PTP's own timescale: the others' is arbitrary. True if it is right, or not told. */
static bool judge_ptp_tai(struct judge *j, const struct ptp4l_fact *p)
{
	const struct pmc_data *d = &p->data;

	if (!told_tai(p) || d->utc_offset == j->r->tai_utc)
		return true;
	judge_find(j, "tai-ptp",
		   "grandmaster %s has TAI − UTC %d s%s, today it is %d s: UTC made of its time is wrong",
		   d->grandmaster, d->utc_offset,
		   d->utc_offset_valid ? "" : ", and says itself that this is not valid", j->r->tai_utc);
	judge_run(j, RUN_ON_MASTER, "sudo pmc -u -b 0 'GET GRANDMASTER_SETTINGS_NP'");
	return false;
}

static bool judge_constant(struct judge *j, const struct constant_fact *c)
{
	if (c->seconds == j->r->tai_utc)
		return true;
	judge_find_at(j, c->file[0] ? LEVEL_WARN : LEVEL_FAIL, "tai-constant",
		      "%s: a constant of %s, but TAI − UTC is %d s today", c->place, c->text, j->r->tai_utc);
	if (c->file[0])
		judge_advise(j, "write %s%d there, in place of %s", c->text[0] == '-' ? "-" : "", j->r->tai_utc, c->text);
	else
		judge_advise(j, "start phc2sys with -w instead of -O: it has TAI − UTC from ptp4l then");
	return false;
}

/* Only who steers tells the kernel; another one that is started for it would steer, too. */
static void remedy_unset(struct judge *j)
{
	const struct chrony_facts *c = &j->f->chrony;

	if (j->r->n_steerers != 1 || j->r->steerers[0].pid != c->pid) {
		judge_advise(j, "phc2sys tells it, if the grandmaster says that its time is traceable; chronyd does by "
			     "leapseclist or leapsectz");
		return;
	}
	if (c->conf_why[0]) {
		if (j->f->root)
			judge_run(j, RUN_LIVE, "sudo chronyd -p -f %s", c->conf);
		else
			judge_run(j, RUN_LIVE, "sudo ptpkvm-host check");
		return;
	}
	if (!c->leapsectz[0] && !c->leapseclist[0] && (!c->conf[0] || !c->version.major)) {
		judge_advise(j, "leapseclist in chrony's configuration, or leapsectz for chrony before 4.6");
		return;
	}
	if (!c->leapsectz[0] && !c->leapseclist[0])
		judge_run(j, 0, chrony_at_least(&c->version, 4, 6) ? "sudo sed -i '$a leapseclist " ZONES "leap-seconds.list' %s" :
			  "sudo sed -i '$a leapsectz right/UTC' %s", c->conf);
	judge_run(j, RUN_LIVE, "sudo systemctl restart %s", judge_chrony_service(j->f));
}

static void judge_kernel_tai(struct judge *j, bool good)
{
	const struct check_facts *f = j->f;
	bool told = false;

	for (int i = 0; i < f->n_ptp4l; i++)
		told |= told_tai(&f->ptp4l[i]);

	if (!f->kernel.known) {
		if (good)
			judge_skip(j, "tai", f->offline ? "--root" : "adjtimex() is refused");
	} else if (!f->kernel.tai_utc) {
		judge_find(j, "tai-unset",
			   "nobody has told the kernel TAI − UTC (%d s): its CLOCK_TAI is UTC", j->r->tai_utc);
		remedy_unset(j);
	} else if (f->kernel.tai_utc != j->r->tai_utc) {
		judge_find(j, "tai-kernel", "the kernel has TAI − UTC %d s, today it is %d s", f->kernel.tai_utc,
			   j->r->tai_utc);
		judge_run(j, RUN_OUTSIDE | RUN_LIVE, "grep -rn -e leapsec -e utc_offset /etc/chrony* /etc/ptpkvm /etc/linuxptp /etc/ptp4l.conf");
	} else if (good) {
		judge_say(j, LEVEL_PASS, "tai", "tai", "TAI − UTC is %d s, in the kernel%s",
			  f->kernel.tai_utc, told ? " and in PTP" : "");
	}
}

void judge_tai(struct judge *j)
{
	bool good = true;

	for (int i = 0; i < j->f->n_ptp4l; i++)
		good &= judge_ptp_tai(j, &j->f->ptp4l[i]);
	for (int i = 0; i < j->f->n_constants; i++)
		good &= judge_constant(j, &j->f->constants[i]);
	judge_kernel_tai(j, good);
}

/* --- leap second lists --- */

static void remedy_list(struct judge *j, const struct leap_file *leap)
{
	if (!strncmp(leap->path, ZONES "right/", strlen(ZONES "right/")) && j->f->debian)
		judge_run(j, RUN_LIVE, "sudo apt install tzdata-legacy || sudo apt install tzdata");
	else if (!strncmp(leap->path, ZONES, strlen(ZONES)))
		judge_run(j, RUN_LIVE, j->f->debian ? "sudo apt install --only-upgrade tzdata" : "sudo dnf upgrade tzdata");
	else
		judge_run(j, 0, "sudo cp " ZONES "leap-seconds.list %s", leap->path);
}

static void judge_leap_file(struct judge *j, const struct leap_file *leap)
{
	int64_t days = (leap->expires - j->f->now) / DAY_S;
	struct tm tm;
	time_t t = leap->expires;
	char date[16] = "";

	if (leap->expires && gmtime_r(&t, &tm))
		strftime(date, sizeof(date), "%Y-%m-%d", &tm);
	if (leap->error) {
		judge_find(j, "leap-missing", "%s, of %s's configuration: %s", leap->path,
			   leap->whose[0] ? leap->whose : "the system", file_error(leap->error));
		remedy_list(j, leap);
	} else if (expired(j->f, leap)) {
		judge_find(j, "leap-expired", "%s expired on %s%s%s", leap->path, date,
			   leap->whose[0] ? ": no leap second since then is known to " : "", leap->whose);
		remedy_list(j, leap);
	} else if (leap->expires) {
		judge_say(j, LEVEL_PASS, "leap", "leap", "%s holds until %s, %lld days", leap->path, date,
			  (long long)days);
	} else {
		judge_say(j, LEVEL_PASS, "leap", "leap", "%s is there%s%s", leap->path,
			  leap->whose[0] ? ", for " : "", leap->whose);
	}
}

void judge_leap(struct judge *j)
{
	bool container = j->f->container[0];
	int n = 0;

	for (int i = 0; i < j->f->n_leap_files; i++) {
		if (container && !j->f->leap_files[i].whose[0])
			continue;	/* the container's, which no daemon of the host's reads */
		judge_leap_file(j, &j->f->leap_files[i]);
		n++;
	}
	if (j->f->chrony.conf_why[0]) {
		judge_skip(j, "leap", j->f->chrony.conf_why);
		if (!j->f->root)
			judge_run(j, RUN_LIVE, "sudo ptpkvm-host check");
	} else if (!n) {
		judge_skip(j, "leap", container ? "the host's lists are outside of the container" :
			   "there is no leap-seconds.list here");
	}
}
