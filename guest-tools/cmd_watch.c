// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "ptpkvm.h"
#include "util.h"
#include "watch.h"

static const char usage[] =
	"Usage: ptpkvm watch [OPTION]...\n"
	"How far the system's clock is from the PTP clock, tick by tick: read directly, and as chronyd sees it.\n"
	"Positive: the system's clock is behind. (chronyc prints the same with the other sign.)\n"
	"\n"
	"  -n, --count N         ticks (default 100; 0: until Ctrl-C, but at most 100000)\n"
	"  -i, --interval S      seconds from tick to tick, 0.05 to 3600 (default 1)\n"
	"  -c, --csv             a line of comma-separated values a tick; the summary goes to standard error\n"
	"  -j, --json            a JSON object a tick, and one for the summary; see ptpkvm(8)\n"
	"  -p, --plot FILE       also draw FILE.svg or FILE.png, by gnuplot\n"
	"  -d, --device PATH     this PTP clock (default: the one named 'KVM virtual PTP')\n"
	"  -h, --help            this\n"
	"\n"
	"On a terminal a table that is drawn anew, else a line a tick; statistics at the end or at Ctrl-C.\n"
	"Exit status: 0 all of the PTP clock's readings succeeded; 1 some did not; 2 none did, or misuse.\n";

#define COUNT_MAX 100000

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	if (sig != SIGWINCH)
		stop = 1;
}

/* Blocked but for the time of waiting, so that none comes between a look at stop and the wait. */
static void catch_signals(sigset_t *normal)
{
	static const int caught[] = { SIGINT, SIGTERM, SIGHUP, SIGWINCH };
	struct sigaction sa = { .sa_handler = on_signal };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(caught); i++) {
		sigaddset(&set, caught[i]);
		sigaction(caught[i], &sa, NULL);
	}
	sigprocmask(SIG_BLOCK, &set, normal);
	for (size_t i = 0; i < ARRAY_SIZE(caught); i++)
		sigdelset(normal, caught[i]);
	/* A reader that went away is an error of writing, which is told. */
	signal(SIGPIPE, SIG_IGN);
}

/* Until the time on CLOCK_MONOTONIC, or a signal. */
static void wait_for_tick(int64_t deadline, const sigset_t *normal)
{
	int64_t left;

	while (!stop && (left = deadline - now_ns(CLOCK_MONOTONIC)) > 0) {
		struct timespec ts = { left / NSEC_PER_SEC, left % NSEC_PER_SEC };

		ppoll(NULL, 0, &ts, normal);
	}
	/* One that came in the meantime; also where nothing was left to wait for */
	ppoll(NULL, 0, &(struct timespec){ 0, 0 }, normal);
}

/* What is missing is said when it begins, not at each tick. */
static void say_once(char *said, size_t len, const char *why)
{
	if (strcmp(said, why) && why[0])
		fprintf(stderr, "%s: %s\n", progname, why);
	snprintf(said, len, "%s", why);
}

/* Before the next tick's turn, but no longer than chronyc may take at all */
static void ask_chrony(struct watch_tick *t, int64_t next)
{
	static char said[400];
	int64_t now = now_ns(CLOCK_MONOTONIC), most = now + (CHRONYC_TIMEOUT_MS + 1000) * 1000000LL;
	int64_t deadline = now + (next - now) / 5 * 4;
	struct watch_answer a;
	char text[400] = "";

	if (!watch_chrony_ask(&a, deadline < most ? deadline : most))
		return;
	t->has_source = a.has_source;
	t->source = a.source;
	if (!a.has_source)
		snprintf(text, sizeof(text), "%s; direct readings only", a.why);
	say_once(said, sizeof(said), text);
}

static void read_phc(const struct watch *w, struct watch_tick *t)
{
	static char said[400];
	char text[400] = "";

	t->error = view_phc(w->phc.fd, &t->phc);
	if (t->error)
		snprintf(text, sizeof(text), "%s cannot be read: %s (%s); 'ptpkvm check' says more", w->phc.path,
			 strerror(t->error), errname(t->error));
	say_once(said, sizeof(said), text);
}

/* next: when it is the next one's turn, on CLOCK_MONOTONIC */
static void take_tick(struct watch *w, struct watch_tick *t, int64_t next)
{
	const bool late = now_ns(CLOCK_MONOTONIC) >= next;
	unsigned int i = w->ticks++;

	*t = (struct watch_tick){ .nth = w->ticks, .when_ns = now_ns(CLOCK_REALTIME), .late = late };
	if (!late) {
		read_phc(w, t);
		ask_chrony(t, next);
	}
	w->phc_ns[i] = late || t->error ? NAN : t->phc.offset_ns;
	w->chrony_ns[i] = t->has_source ? view_offset_ns(t->source.offset) : NAN;
}

static void watch(struct watch *w, const sigset_t *normal)
{
	int64_t start = now_ns(CLOCK_MONOTONIC), step = llround(w->interval * NSEC_PER_SEC);
	struct watch_tick t;

	watch_chrony_start(w->refid);
	watch_show_head(w);
	while (w->ticks < w->count) {
		int64_t deadline = start + w->ticks * step;

		wait_for_tick(deadline, normal);
		if (stop)
			break;
		take_tick(w, &t, deadline + step);
		watch_show_tick(w, &t);
		if (fflush(stdout))
			return;
	}
	watch_show_summary(w);
}

static void find_refid(char *refid, size_t len)
{
	static struct check_facts facts;
	const struct refclock_fact *r;

	check_gather(&facts);
	r = check_refclock(&facts.chrony);
	if (r)
		snprintf(refid, len, "%.*s", (int)sizeof(r->refid) - 1, r->refid);
}

static int result(const struct watch *w)
{
	unsigned int had = 0;

	for (unsigned int i = 0; i < w->ticks; i++)
		had += !isnan(w->phc_ns[i]);
	if (had == w->ticks)
		return EXIT_GOOD;
	return had ? EXIT_WARNINGS : EXIT_BROKEN;
}

static bool is_terminal(void)
{
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && term && term[0] && strcmp(term, "dumb");
}

static void set_format(struct watch *w, enum watch_format format)
{
	if (w->format != WATCH_TEXT && w->format != format)
		misuse("--csv and --json exclude each other");
	w->format = format;
}

static void parse(int argc, char **argv, struct watch *w, const char **device, const char **plot)
{
	static const struct option longopts[] = {
		{ "count", 1, NULL, 'n' }, { "interval", 1, NULL, 'i' }, { "csv", 0, NULL, 'c' },
		{ "json", 0, NULL, 'j' }, { "plot", 1, NULL, 'p' }, { "device", 1, NULL, 'd' },
		{ "help", 0, NULL, 'h' }, { 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "n:i:cjp:d:h", longopts, NULL)) != -1) {
		switch (c) {
		case 'n':
			w->count = opt_u64("--count", optarg, 0, COUNT_MAX);
			break;
		case 'i':
			w->interval = opt_decimal("--interval", optarg, 0.05, 3600);
			break;
		case 'c':
			set_format(w, WATCH_CSV);
			break;
		case 'j':
			set_format(w, WATCH_JSON);
			break;
		case 'p':
			*plot = optarg;
			break;
		case 'd':
			*device = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(finish(EXIT_GOOD));
		default:
			misuse("bad option");
		}
	}
	if (optind < argc)
		misuse("unexpected argument '%s'", argv[optind]);
	if (!w->count)
		w->count = COUNT_MAX;
}

int cmd_watch(int argc, char **argv)
{
	struct watch w = { .count = 100, .interval = 1 };
	const char *device = NULL, *file = NULL;
	struct watch_plot plot = { 0 };
	char why[PATH_MAX + 400];
	sigset_t normal;
	int code;

	parse(argc, argv, &w, &device, &file);
	code = view_open(&w.phc, device);
	if (code)
		return code;
	if (w.format == WATCH_TEXT && is_terminal())
		w.format = WATCH_LIVE;
	find_refid(w.refid, sizeof(w.refid));
	w.phc_ns = xcalloc(w.count, sizeof(*w.phc_ns));
	w.chrony_ns = xcalloc(w.count, sizeof(*w.chrony_ns));
	catch_signals(&normal);
	watch_plot_prepare(&plot, file);

	watch(&w, &normal);
	code = result(&w);
	if (file && !watch_plot_draw(&plot, &w, why, sizeof(why))) {
		fprintf(stderr, "%s: %s\n", progname, why);
		code = EXIT_BROKEN;
	}
	watch_plot_end(&plot);
	free(w.phc_ns);
	free(w.chrony_ns);
	close(w.phc.fd);
	return code;
}
