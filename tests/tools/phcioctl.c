// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every call of the PTP interface on a clock that can only be read, in TAP. The errors accepted are those that
 * Linux 5.10 to 7.3 give (drivers/ptp/ptp_chardev.c, ptp_clock.c, kernel/time/posix-clock.c), no others.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <unistd.h>

#include "base/array.h"
#include "base/die.h"
#include "base/now.h"
#include "base/text.h"
#include "shared.h"
#include "time/phc.h"

static const char usage[] =
	"Usage: phcioctl [OPTION]...\n"
	"Try every call of the PTP interface on the KVM PTP clock, good and bad, and judge the answers. Output: TAP.\n"
	"\n"
	"  -d, --device PATH        this PTP clock (default: the one named 'KVM virtual PTP'; no other is accepted)\n"
	"  -p, --precise ok|ERRNO   what PTP_SYS_OFFSET_PRECISE is to answer (default ok; the in-tree driver in a guest\n"
	"                           on tsc: ENODEV)\n"
	"  -e, --extended ok|ERRNO  what PTP_SYS_OFFSET_EXTENDED is to answer (default ok; the in-tree driver: EOPNOTSUPP)\n"
	"  -h, --help               this\n"
	"\n"
	"The device is opened for reading and for writing: to be told that it can't be set, one must be allowed to try.\n"
	"Nothing is changed. Exit: 0 all as it should be; 1 not; 2 misuse, or no such clock.\n";

/* Any of the interface's structures, in memory of its own so that a driver that writes too much is seen. */
union request {
	struct ptp_clock_caps caps;
	struct ptp_extts_request extts;
	struct ptp_perout_request perout;
	struct ptp_sys_offset offset;
	struct ptp_sys_offset_extended extended;
	struct ptp_sys_offset_precise precise;
	struct ptp_pin_desc pin;
	unsigned char bytes[4096];
};

enum access { RW, RO };
enum depends { ALWAYS, ON_PRECISE, ON_EXTENDED };

#define OK (-1)		/* in a list of errors, which ends with 0 */
#define MAX_ANSWERS 4

struct patch {
	unsigned short at;
	unsigned int val;
};

struct call {
	const char *what;
	unsigned long cmd;
	enum access access;
	enum depends depends;
	bool null;		/* the argument is no pointer but NULL */
	struct patch patch[2];	/* words that aren't 0 */
	int answers[MAX_ANSWERS];
};

#define AT(member, v) { offsetof(union request, member), v }
#define BOTH(cmd, text, ...) \
	{ #cmd ": " text, cmd, __VA_ARGS__ }, { #cmd "2: " text, cmd##2, __VA_ARGS__ }
#define ANSWERS(...) .answers = { __VA_ARGS__ }

/*
 * EACCES for a descriptor without FMODE_WRITE came later than Linux 6.12, and to its stable branches down to 5.10;
 * before, the call was judged by its content as for a writer.
 */
static const struct call calls[] = {
	BOTH(PTP_EXTTS_REQUEST, "no channel to enable",
	     .patch = { AT(extts.flags, PTP_ENABLE_FEATURE | PTP_RISING_EDGE) }, ANSWERS(EINVAL)),
	BOTH(PTP_EXTTS_REQUEST, "no channel to disable", ANSWERS(EINVAL)),
	BOTH(PTP_EXTTS_REQUEST, "huge index", .patch = { AT(extts.index, 0xffffffff) }, ANSWERS(EINVAL)),
	BOTH(PTP_EXTTS_REQUEST, "unknown flags", .patch = { AT(extts.flags, 0xffffffff) }, ANSWERS(EINVAL)),
	BOTH(PTP_EXTTS_REQUEST, "reserved field", .patch = { AT(extts.rsv[1], 1) }, ANSWERS(EINVAL)),
	BOTH(PTP_EXTTS_REQUEST, "no argument", .null = true, ANSWERS(EFAULT)),
	BOTH(PTP_EXTTS_REQUEST, "opened for reading", .access = RO, ANSWERS(EACCES, EINVAL)),

	BOTH(PTP_PEROUT_REQUEST, "no channel to enable", .patch = { AT(perout.period.sec, 1) },
	     ANSWERS(EINVAL)),
	BOTH(PTP_PEROUT_REQUEST, "no channel to disable", ANSWERS(EINVAL)),
	BOTH(PTP_PEROUT_REQUEST, "unknown flags", .patch = { AT(perout.flags, 0x80000000) },
	     ANSWERS(EINVAL)),
	BOTH(PTP_PEROUT_REQUEST, "reserved field", .patch = { AT(perout.rsv[3], 1) }, ANSWERS(EINVAL)),
	{ "PTP_PEROUT_REQUEST2: duty cycle above the period", PTP_PEROUT_REQUEST2,
	  .patch = { AT(perout.flags, PTP_PEROUT_DUTY_CYCLE), AT(perout.on.sec, 1) }, ANSWERS(ERANGE) },
	{ "PTP_PEROUT_REQUEST2: phase of a whole period", PTP_PEROUT_REQUEST2,
	  .patch = { AT(perout.flags, PTP_PEROUT_PHASE) }, ANSWERS(ERANGE) },
	BOTH(PTP_PEROUT_REQUEST, "no argument", .null = true, ANSWERS(EFAULT)),
	BOTH(PTP_PEROUT_REQUEST, "opened for reading", .access = RO, ANSWERS(EACCES, EINVAL)),

	BOTH(PTP_PIN_GETFUNC, "no pin", ANSWERS(EINVAL)),
	BOTH(PTP_PIN_GETFUNC, "huge index", .patch = { AT(pin.index, 0xffffffff) }, ANSWERS(EINVAL)),
	BOTH(PTP_PIN_GETFUNC, "reserved field", .patch = { AT(pin.rsv[4], 1) }, ANSWERS(EINVAL)),
	BOTH(PTP_PIN_GETFUNC, "no argument", .null = true, ANSWERS(EFAULT)),
	BOTH(PTP_PIN_SETFUNC, "no pin", .patch = { AT(pin.func, PTP_PF_EXTTS) }, ANSWERS(EINVAL)),
	BOTH(PTP_PIN_SETFUNC, "huge index", .patch = { AT(pin.index, 0xffffffff) }, ANSWERS(EINVAL)),
	BOTH(PTP_PIN_SETFUNC, "reserved field", .patch = { AT(pin.rsv[0], 1) }, ANSWERS(EINVAL)),
	BOTH(PTP_PIN_SETFUNC, "no argument", .null = true, ANSWERS(EFAULT)),
	BOTH(PTP_PIN_SETFUNC, "opened for reading", .access = RO, ANSWERS(EACCES, EINVAL)),

	/* No kernel looks at the reserved fields of PTP_SYS_OFFSET or reads anything of PRECISE's argument. */
	BOTH(PTP_SYS_OFFSET, "26 samples", .patch = { AT(offset.n_samples, 26) }, ANSWERS(EINVAL)),
	BOTH(PTP_SYS_OFFSET, "4294967295 samples", .patch = { AT(offset.n_samples, 0xffffffff) },
	     ANSWERS(EINVAL)),
	BOTH(PTP_SYS_OFFSET, "reserved field, ignored", .patch = { AT(offset.rsv[0], 1) }, ANSWERS(OK)),
	BOTH(PTP_SYS_OFFSET, "no argument", .null = true, ANSWERS(EFAULT)),

	BOTH(PTP_SYS_OFFSET_PRECISE, "reserved field, ignored", .depends = ON_PRECISE,
	     .patch = { AT(precise.rsv[0], 1) }, ANSWERS(OK)),
	BOTH(PTP_SYS_OFFSET_PRECISE, "no argument", .depends = ON_PRECISE, .null = true, ANSWERS(EFAULT)),

	/* The first reserved word is a clockid since Linux 6.12; 5 (REALTIME_COARSE) is none that may be asked for. */
	BOTH(PTP_SYS_OFFSET_EXTENDED, "26 samples", .depends = ON_EXTENDED,
	     .patch = { AT(extended.n_samples, 26) }, ANSWERS(EINVAL)),
	BOTH(PTP_SYS_OFFSET_EXTENDED, "4294967295 samples", .depends = ON_EXTENDED,
	     .patch = { AT(extended.n_samples, 0xffffffff) }, ANSWERS(EINVAL)),
	BOTH(PTP_SYS_OFFSET_EXTENDED, "clockid 5", .depends = ON_EXTENDED,
	     .patch = { AT(extended.n_samples, 1), AT(extended.rsv[0], CLOCK_REALTIME_COARSE) },
	     ANSWERS(EINVAL)),
	BOTH(PTP_SYS_OFFSET_EXTENDED, "clockid 0x7fffffff", .depends = ON_EXTENDED,
	     .patch = { AT(extended.n_samples, 1), AT(extended.rsv[0], 0x7fffffff) }, ANSWERS(EINVAL)),
	BOTH(PTP_SYS_OFFSET_EXTENDED, "second reserved field", .depends = ON_EXTENDED,
	     .patch = { AT(extended.n_samples, 1), AT(extended.rsv[1], 1) }, ANSWERS(EINVAL)),
	BOTH(PTP_SYS_OFFSET_EXTENDED, "third reserved field", .depends = ON_EXTENDED,
	     .patch = { AT(extended.n_samples, 1), AT(extended.rsv[2], 1) }, ANSWERS(EINVAL)),
	BOTH(PTP_SYS_OFFSET_EXTENDED, "no argument", .depends = ON_EXTENDED, .null = true,
	     ANSWERS(EFAULT)),

	BOTH(PTP_CLOCK_GETCAPS, "no argument", .null = true, ANSWERS(EFAULT)),

	/* Linux 6.7; this descriptor's own event queue only. */
	{ "PTP_MASK_CLEAR_ALL", PTP_MASK_CLEAR_ALL, ANSWERS(OK, ENOTTY) },
	{ "PTP_MASK_EN_SINGLE: channel 0", PTP_MASK_EN_SINGLE, ANSWERS(OK, ENOTTY) },
	{ "PTP_MASK_EN_SINGLE: channel 2048", PTP_MASK_EN_SINGLE,
	  .patch = { AT(bytes[0], 2048) }, ANSWERS(EFAULT, ENOTTY) },
	{ "PTP_MASK_EN_SINGLE: no argument", PTP_MASK_EN_SINGLE, .null = true, ANSWERS(EFAULT, ENOTTY) },
	/* Later than Linux 6.12; for clocks with a free-running counter beside them. */
	{ "PTP_SYS_OFFSET_PRECISE_CYCLES", PTP_SYS_OFFSET_PRECISE_CYCLES, ANSWERS(EOPNOTSUPP, ENOTTY) },
	{ "PTP_SYS_OFFSET_EXTENDED_CYCLES", PTP_SYS_OFFSET_EXTENDED_CYCLES, ANSWERS(EOPNOTSUPP, ENOTTY) },

	{ "unknown number 250", _IOWR(PTP_CLK_MAGIC, 250, struct ptp_clock_caps), ANSWERS(ENOTTY) },
	{ "number 0", _IO(PTP_CLK_MAGIC, 0), ANSWERS(ENOTTY) },
	{ "PTP_CLOCK_GETCAPS of another size", _IOR(PTP_CLK_MAGIC, 1, int), ANSWERS(ENOTTY) },
	{ "PTP_CLOCK_GETCAPS of another direction", _IOW(PTP_CLK_MAGIC, 1, struct ptp_clock_caps),
	  ANSWERS(ENOTTY) },
	{ "another driver's magic", _IOR('V', 1, struct ptp_clock_caps), ANSWERS(ENOTTY) },
};

static struct {
	int rw, ro;
	int precise, extended;	/* the answers expected: OK or an errno */
	unsigned int n, failed;
} t;

static const char *answer_name(int answer)
{
	return answer == OK ? "ok" : errname(answer);
}

static bool verdict(bool ok, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static bool verdict(bool ok, const char *fmt, ...)
{
	va_list ap;

	t.n++;
	t.failed += !ok;
	printf("%s %u - ", ok ? "ok" : "not ok", t.n);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	return ok;
}

static void print_expected(int got, const int *answers)
{
	printf("#   got %s, expected", answer_name(got));
	for (int i = 0; i < MAX_ANSWERS && answers[i]; i++)
		printf("%s %s", i ? " or" : "", answer_name(answers[i]));
	putchar('\n');
}

/* The answer to a call, in the terms of struct call. */
static int answer(int ret)
{
	return ret < 0 ? errno : OK;
}

static bool judge(const char *what, int got, const int *answers)
{
	bool ok = false;

	for (int i = 0; i < MAX_ANSWERS && answers[i]; i++)
		ok |= answers[i] == got;
	verdict(ok, "%s: %s", what, answer_name(got));
	if (!ok)
		print_expected(got, answers);
	return ok;
}

static bool judge1(const char *what, int got, int expected)
{
	const int answers[MAX_ANSWERS] = { expected };

	return judge(what, got, answers);
}

static void run_call(const struct call *c)
{
	int got, expect = OK, fd = c->access == RO ? t.ro : t.rw;
	union request req = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(c->patch); i++)
		if (c->patch[i].val)
			memcpy(req.bytes + c->patch[i].at, &c->patch[i].val, sizeof(c->patch[i].val));
	if (c->depends == ON_PRECISE)
		expect = t.precise;
	if (c->depends == ON_EXTENDED)
		expect = t.extended;

	got = answer(ioctl(fd, c->cmd, c->null ? NULL : &req));
	/* A driver that can't do it at all says so before it looks at the argument. */
	if (expect != OK)
		judge1(c->what, got, expect);
	else
		judge(c->what, got, c->answers);
}

static void check_caps(const char *what, unsigned long cmd)
{
	struct ptp_clock_caps caps, good = { .cross_timestamping = 1 };

	memset(&caps, 0xa5, sizeof(caps));
	if (!judge1(what, answer(ioctl(t.ro, cmd, &caps)), OK))
		return;
	if (!verdict(!memcmp(&caps, &good, sizeof(caps)), "%s: only cross_timestamping, all else 0", what))
		printf("#   max_adj=%d n_alarm=%d n_ext_ts=%d n_per_out=%d pps=%d n_pins=%d cross_timestamping=%d adjust_phase=%d\n",
		       caps.max_adj, caps.n_alarm, caps.n_ext_ts, caps.n_per_out, caps.pps, caps.n_pins,
		       caps.cross_timestamping, caps.adjust_phase);
}

/* PPS takes no structure: its argument is a number. */
static void check_pps(const char *what, unsigned long cmd)
{
	const int denied[MAX_ANSWERS] = { EOPNOTSUPP, EPERM }, reader[MAX_ANSWERS] = { EACCES, EOPNOTSUPP, EPERM };
	char text[80];

	snprintf(text, sizeof(text), "%s: on", what);
	judge(text, answer(ioctl(t.rw, cmd, 1)), denied);
	snprintf(text, sizeof(text), "%s: off", what);
	judge(text, answer(ioctl(t.rw, cmd, 0)), denied);
	snprintf(text, sizeof(text), "%s: opened for reading", what);
	judge(text, answer(ioctl(t.ro, cmd, 1)), reader);
}

static bool normal(const struct ptp_clock_time *time)
{
	return time->sec > 0 && time->nsec < NSEC_PER_SEC;
}

/* All of 0xff but the first word(s) before; only the timestamps asked for may differ after. */
static void check_offset(const char *what, unsigned long cmd, unsigned int samples)
{
	struct ptp_sys_offset o;
	unsigned int used = 2 * samples + 1;
	bool ok = true;

	memset(&o, 0xff, sizeof(o));
	memset(&o, 0, offsetof(struct ptp_sys_offset, ts));
	o.n_samples = samples;
	if (!verdict(!ioctl(t.ro, cmd, &o), "%s: %u samples", what, samples)) {
		printf("#   %s\n", errname(errno));
		return;
	}
	for (unsigned int i = 0; i < used; i++)
		ok &= normal(&o.ts[i]);
	for (unsigned int i = used; i < ARRAY_SIZE(o.ts); i++)
		ok &= o.ts[i].sec == -1;
	verdict(ok, "%s: %u samples: all times filled in, no others", what, samples);
}

static void check_extended(const char *what, unsigned long cmd, unsigned int samples)
{
	struct ptp_sys_offset_extended e;
	bool ok = true;

	memset(&e, 0xff, sizeof(e));
	memset(&e, 0, offsetof(struct ptp_sys_offset_extended, ts));
	e.n_samples = samples;
	if (!judge1(what, answer(ioctl(t.ro, cmd, &e)), t.extended) || t.extended != OK)
		return;
	for (unsigned int i = 0; i < ARRAY_SIZE(e.ts); i++)
		for (unsigned int k = 0; k < 3; k++)
			ok &= i < samples ? normal(&e.ts[i][k]) : e.ts[i][k].sec == -1;
	verdict(ok, "%s: %u samples: all times filled in, no others", what, samples);
}

/* Since Linux 6.12 the system's times can be those of other clocks. */
static void check_extended_clock(const char *what, clockid_t id)
{
	struct ptp_sys_offset_extended e = { .n_samples = 1, .rsv = { id } };
	const int answers[MAX_ANSWERS] = { OK, EINVAL };
	int64_t before, after, pre, post;
	int got;

	before = now_ns(id);
	got = answer(ioctl(t.ro, PTP_SYS_OFFSET_EXTENDED, &e));
	after = now_ns(id);
	if (t.extended != OK) {
		judge1(what, got, t.extended);
		return;
	}
	if (!judge(what, got, answers) || got != OK)
		return;
	pre = e.ts[0][0].sec * NSEC_PER_SEC + e.ts[0][0].nsec;
	post = e.ts[0][2].sec * NSEC_PER_SEC + e.ts[0][2].nsec;
	if (!verdict(before <= pre && pre <= post && post <= after, "%s: its own times, in order", what))
		printf("#   before=%lld pre=%lld post=%lld after=%lld\n", (long long)before, (long long)pre,
		       (long long)post, (long long)after);
}

static void check_precise(const char *what, unsigned long cmd)
{
	struct ptp_sys_offset_precise p;

	memset(&p, 0xff, sizeof(p));
	if (!judge1(what, answer(ioctl(t.ro, cmd, &p)), t.precise) || t.precise != OK)
		return;
	verdict(normal(&p.device) && normal(&p.sys_realtime) && p.sys_monoraw.nsec < NSEC_PER_SEC &&
		p.sys_monoraw.sec >= 0 && !p.rsv[0] && !p.rsv[3] && !p.device.reserved,
		"%s: three times, all else 0", what);
}

static void check_gettime(void)
{
	struct timespec ts;

	judge1("clock_gettime", answer(clock_gettime(phc_clockid(t.ro), &ts)), OK);
	judge1("clock_getres", answer(clock_getres(phc_clockid(t.ro), &ts)), OK);
	verdict(!ts.tv_sec && ts.tv_nsec == 1, "clock_getres: 1 ns");
	judge1("clock_gettime: a closed descriptor's clock",
	       answer(clock_gettime(phc_clockid(1023), &ts)), EINVAL);
}

/* Were one of these ever obeyed, the clock would be set to what it shows anyway. */
static void check_settime(void)
{
	const int reader[MAX_ANSWERS] = { EACCES, EOPNOTSUPP };
	struct timespec ts, bad = { 0, NSEC_PER_SEC };

	if (clock_gettime(phc_clockid(t.rw), &ts))
		clock_gettime(CLOCK_REALTIME, &ts);
	judge1("clock_settime", answer(clock_settime(phc_clockid(t.rw), &ts)), EOPNOTSUPP);
	judge("clock_settime: opened for reading", answer(clock_settime(phc_clockid(t.ro), &ts)), reader);
	judge1("clock_settime: 10^9 ns", answer(clock_settime(phc_clockid(t.rw), &bad)), EINVAL);
}

static int adjust(int fd, unsigned int modes, long freq, long usec)
{
	struct timex tx = { .modes = modes, .freq = freq, .time.tv_usec = usec };

	return answer(clock_adjtime(phc_clockid(fd), &tx));
}

static void check_adjtime(void)
{
	const int reader[MAX_ANSWERS] = { EACCES, EOPNOTSUPP };

	judge1("clock_adjtime: read", adjust(t.ro, 0, 0, 0), OK);
	judge1("clock_adjtime: ADJ_FREQUENCY 0", adjust(t.rw, ADJ_FREQUENCY, 0, 0), EOPNOTSUPP);
	judge1("clock_adjtime: ADJ_FREQUENCY 1 ppm, above max_adj", adjust(t.rw, ADJ_FREQUENCY, 65536, 0),
	       ERANGE);
	judge1("clock_adjtime: ADJ_SETOFFSET 0", adjust(t.rw, ADJ_SETOFFSET | ADJ_NANO, 0, 0), EOPNOTSUPP);
	judge1("clock_adjtime: ADJ_SETOFFSET of 10^9 ns", adjust(t.rw, ADJ_SETOFFSET | ADJ_NANO, 0, NSEC_PER_SEC),
	       EINVAL);
	judge1("clock_adjtime: ADJ_OFFSET", adjust(t.rw, ADJ_OFFSET, 0, 0), EOPNOTSUPP);
	judge1("clock_adjtime: ADJ_TAI, no matter of this clock", adjust(t.rw, ADJ_TAI, 0, 0), EOPNOTSUPP);
	judge("clock_adjtime: opened for reading", adjust(t.ro, ADJ_FREQUENCY, 0, 0), reader);
}

static void on_alarm(int sig)
{
	(void)sig;
}

/* No events ever come, so a read waits until a signal ends it. */
static void check_waiting(void)
{
	struct itimerval tick = { .it_value.tv_usec = 50000, .it_interval.tv_usec = 50000 }, off = { 0 };
	struct sigaction sa = { .sa_handler = on_alarm };
	struct ptp_extts_event ev;
	int got;

	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &tick, NULL);
	got = answer(read(t.ro, &ev, sizeof(ev)));
	setitimer(ITIMER_REAL, &off, NULL);
	judge1("read: waits for an event, a signal ends it", got, EINTR);
}

static void check_files(void)
{
	struct pollfd p = { .fd = t.ro, .events = POLLIN | POLLOUT | POLLPRI };
	char buf[64] = { 0 };
	void *map;

	judge1("read: not a multiple of an event", answer(read(t.ro, buf, 31)), EINVAL);
	verdict(poll(&p, 1, 0) == 0, "poll: nothing to read, nothing to write");
	judge1("write", answer(write(t.rw, buf, sizeof(buf))), EINVAL);
	judge1("lseek", answer(lseek(t.ro, 0, SEEK_SET)), ESPIPE);
	map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, t.ro, 0);
	judge1("mmap", map == MAP_FAILED ? errno : OK, ENODEV);
}

static void check_reading(void)
{
	check_caps("PTP_CLOCK_GETCAPS", PTP_CLOCK_GETCAPS);
	check_caps("PTP_CLOCK_GETCAPS2", PTP_CLOCK_GETCAPS2);
	for (unsigned int n = 0; n <= PTP_MAX_SAMPLES; n += n ? 24 : 1) {
		check_offset("PTP_SYS_OFFSET", PTP_SYS_OFFSET, n);
		check_offset("PTP_SYS_OFFSET2", PTP_SYS_OFFSET2, n);
		check_extended("PTP_SYS_OFFSET_EXTENDED", PTP_SYS_OFFSET_EXTENDED, n);
		check_extended("PTP_SYS_OFFSET_EXTENDED2", PTP_SYS_OFFSET_EXTENDED2, n);
	}
	check_extended_clock("PTP_SYS_OFFSET_EXTENDED: CLOCK_MONOTONIC", CLOCK_MONOTONIC);
	check_extended_clock("PTP_SYS_OFFSET_EXTENDED: CLOCK_MONOTONIC_RAW", CLOCK_MONOTONIC_RAW);
	check_precise("PTP_SYS_OFFSET_PRECISE", PTP_SYS_OFFSET_PRECISE);
	check_precise("PTP_SYS_OFFSET_PRECISE2", PTP_SYS_OFFSET_PRECISE2);
	check_gettime();
}

static int parse_answer(const char *opt, const char *s)
{
	int err;

	if (!strcmp(s, "ok"))
		return OK;
	err = errbyname(s);
	if (err < 0)
		misuse("%s: '%s' is neither ok nor the name of an error", opt, s);
	return err;
}

static const char *parse(int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "device", 1, NULL, 'd' }, { "precise", 1, NULL, 'p' }, { "extended", 1, NULL, 'e' },
		{ "help", 0, NULL, 'h' }, { 0 },
	};
	const char *device = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "d:p:e:h", longopts, NULL)) != -1) {
		switch (c) {
		case 'd':
			device = optarg;
			break;
		case 'p':
			t.precise = parse_answer("--precise", optarg);
			break;
		case 'e':
			t.extended = parse_answer("--extended", optarg);
			break;
		case 'h':
			opt_help(usage);
		default:
			misuse("bad option");
		}
	}
	opt_no_arguments(argc, argv);
	return device;
}

static void open_both(const char *device)
{
	struct phc ro, rw;
	char why[600];

	if (phc_open(&ro, device, O_RDONLY, why, sizeof(why)))
		die("%s", why);
	if (!phc_is_kvm(&ro))
		die("%s is '%s', not '%s': nothing may be tried on it", ro.path, ro.name, PHC_KVM_NAME);
	if (phc_open(&rw, ro.path, O_RDWR, why, sizeof(why)))
		die("%s", why);
	t.ro = ro.fd;
	t.rw = rw.fd;
}

int main(int argc, char **argv)
{
	progname = "phcioctl";
	t.precise = t.extended = OK;
	open_both(parse(argc, argv));

	check_reading();
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		run_call(&calls[i]);
	check_pps("PTP_ENABLE_PPS", PTP_ENABLE_PPS);
	check_pps("PTP_ENABLE_PPS2", PTP_ENABLE_PPS2);
	check_settime();
	check_adjtime();
	check_files();
	check_waiting();
	check_gettime();	/* still there after all that */
	printf("1..%u\n", t.n);
	return finish(t.failed ? EXIT_MEASURED : EXIT_OK);
}
