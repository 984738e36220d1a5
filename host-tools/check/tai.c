// SPDX-License-Identifier: GPL-2.0-or-later
/* What the facts mean, link by link, and what to type: TAI − UTC, and leap seconds to come. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "check/judge.h"

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
	judge_say(j, VERDICT_FAIL, "tai", "tai-ptp",
		  "grandmaster %s has TAI − UTC %d s%s, today it is %d s: UTC made of its time is wrong",
		  d->grandmaster, d->utc_offset,
		  d->utc_offset_valid ? "" : ", and says itself that this is not valid", j->r->tai_utc);
	judge_remedy(j, "on the grandmaster: sudo pmc -u -b 0 'GET GRANDMASTER_SETTINGS_NP'");
	return false;
}

static bool judge_constant(struct judge *j, const struct constant_fact *c)
{
	if (c->seconds == j->r->tai_utc)
		return true;
	judge_say(j, c->file[0] ? VERDICT_WARN : VERDICT_FAIL, "tai", "tai-constant",
		  "%s: a constant of %s, but TAI − UTC is %d s today", c->place, c->text, j->r->tai_utc);
	if (c->file[0])
		judge_remedy(j, "sudo sed -i '%ds/%s\\b/%s%d/' %s", c->line, c->text,
			     c->text[0] == '-' ? "-" : "", j->r->tai_utc, c->file);
	else
		judge_remedy(j, "start phc2sys with -w instead of -O: it has TAI − UTC from ptp4l then");
	return false;
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
		judge_say(j, VERDICT_WARN, "tai", "tai-unset",
			  "nobody has told the kernel TAI − UTC (%d s): its CLOCK_TAI is UTC", j->r->tai_utc);
		if (f->chrony.conf_why[0] && !f->root)
			judge_remedy(j, "sudo ptpkvm-host check");
		else if (f->chrony.conf_why[0])
			judge_remedy(j, "sudo chronyd -p -f %s", shell_word(f->chrony.conf));
		else if (f->chrony.leapsectz[0] || f->chrony.leapseclist[0])
			judge_remedy(j, "sudo systemctl restart %s", judge_chrony_service(f));
		else if (f->chrony.conf[0])
			judge_remedy(j,
				     "echo 'leapseclist " ZONES "leap-seconds.list' | sudo tee -a %s && sudo systemctl "
				     "restart %s", f->chrony.conf, judge_chrony_service(f));
		else
			judge_remedy(j, "sudo ptpkvm-host config --help");
	} else if (f->kernel.tai_utc != j->r->tai_utc) {
		judge_say(j, VERDICT_WARN, "tai", "tai-kernel",
			  "the kernel has TAI − UTC %d s, today it is %d s", f->kernel.tai_utc,
			  j->r->tai_utc);
		judge_remedy(j, "grep -rn -e leapsec -e utc_offset /etc/chrony* /etc/ptpkvm /etc/linuxptp /etc/ptp4l.conf");
	} else if (good) {
		judge_say(j, VERDICT_PASS, "tai", "tai", "TAI − UTC is %d s, in the kernel%s",
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
	const char *install = j->f->debian ? "apt install --only-upgrade" : "dnf upgrade";

	if (!strncmp(leap->path, ZONES "right/", strlen(ZONES "right/")) && j->f->debian)
		judge_remedy(j, "sudo apt install tzdata-legacy || sudo apt install tzdata");
	else if (!strncmp(leap->path, ZONES, strlen(ZONES)))
		judge_remedy(j, "sudo %s tzdata", install);
	else
		judge_remedy(j, "sudo cp /usr/share/zoneinfo/leap-seconds.list %s", leap->path);
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
		judge_say(j, VERDICT_WARN, "leap", "leap-missing", "%s, of %s's configuration: %s", leap->path,
			  leap->whose[0] ? leap->whose : "the system", strerror(leap->error));
		remedy_list(j, leap);
	} else if (expired(j->f, leap)) {
		judge_say(j, VERDICT_WARN, "leap", "leap-expired", "%s expired on %s%s%s", leap->path, date,
			  leap->whose[0] ? ": no leap second since then is known to " : "", leap->whose);
		remedy_list(j, leap);
	} else if (leap->expires) {
		judge_say(j, VERDICT_PASS, "leap", "leap", "%s holds until %s, %lld days", leap->path, date,
			  (long long)days);
	} else {
		judge_say(j, VERDICT_PASS, "leap", "leap", "%s is there%s%s", leap->path,
			  leap->whose[0] ? ", for " : "", leap->whose);
	}
}

void judge_leap(struct judge *j)
{
	for (int i = 0; i < j->f->n_leap_files; i++)
		judge_leap_file(j, &j->f->leap_files[i]);
	if (j->f->chrony.conf_why[0]) {
		judge_skip(j, "leap", j->f->chrony.conf_why);
		if (!j->f->root)
			judge_remedy(j, "sudo ptpkvm-host check");
	} else if (!j->f->n_leap_files) {
		judge_skip(j, "leap", "there is no leap-seconds.list here");
	}
}
