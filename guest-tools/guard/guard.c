// SPDX-License-Identifier: GPL-2.0-or-later
/* ptpkvm guard: chronyd is kept off a host that is not to be trusted, and follows the host's steps at once. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "base/array.h"
#include "base/die.h"
#include "base/now.h"
#include "base/text.h"
#include "chrony/chronyc.h"
#include "chrony/service.h"
#include "cli/options.h"
#include "clock/adjust.h"
#include "guard/decide.h"
#include "guard/vsock.h"
#include "ptpkvm.h"
#include "output/text.h"
#include "system/run.h"
#include "system/tree.h"
#include "system/vsock.h"
#include "time/host_told.h"

#define RESTART_TIMEOUT_MS 60000
#define SOON (NSEC_PER_SEC / 100)	/* from one look to the next that the host asks for */

/* On record what was taken out: by chronyc (its name), or through `ptpkvm prestart` (the reason) */
static const char record_noselect[] = "/run/ptpkvm/noselect";
static const char record_hold[] = "/run/ptpkvm/hold";

struct opts {
	struct guard_config config;
	const char *service;
	bool once, release;
};

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

/* --- saying --- */

static void __attribute__((format(printf, 2, 3))) tell(int level, const char *fmt, ...)
{
	static int terminal = -1;
	va_list ap;
	char *line;

	if (terminal < 0)
		terminal = isatty(STDERR_FILENO);
	va_start(ap, fmt);
	line = tame(fmt, ap);
	va_end(ap);
	if (terminal)
		text(stderr, "%s\n", line);
	else
		text(stderr, "<%d>%s\n", level, line);
	free(line);
}

/* A failure that stays the same is said once. */
static bool result(bool good, const char *what, const char *why)
{
	static char last[600];
	char text[sizeof(last)];
	size_t n = strlen(what);

	if (good) {
		if (!strncmp(last, what, n) && last[n] == ':')
			last[0] = 0;
		return true;
	}
	snprintf(text, sizeof(text), "%s: %s", what, why);
	if (strcmp(text, last))
		tell(LOG_ERR, "%s", text);
	memcpy(last, text, sizeof(last));
	return false;
}

/* The protocol of sd_notify(3); without systemd there is nobody to tell. */
static void __attribute__((format(printf, 1, 2))) notify(const char *fmt, ...)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len = path ? strlen(path) : 0;
	va_list ap;
	char *lines;
	int fd;

	if (!len || len >= sizeof(addr.sun_path) || !strchr("/@", path[0]))
		return;
	memcpy(addr.sun_path, path, len);
	if (path[0] == '@')
		addr.sun_path[0] = 0;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	va_start(ap, fmt);
	lines = tame(fmt, ap);
	va_end(ap);
	sendto(fd, lines, strlen(lines), MSG_NOSIGNAL, (struct sockaddr *)&addr,
	       offsetof(struct sockaddr_un, sun_path) + len);
	free(lines);
	close(fd);
}

/* --- seeing --- */

/* The system's time and the machine's: the sharpest of a few readings. */
static void read_set(struct guard_input *in)
{
	int64_t best = INT64_MAX;

	for (int i = 0; i < 5 && best > 10000; i++) {
		int64_t before = now_ns(CLOCK_REALTIME), boot = now_ns(CLOCK_BOOTTIME);
		int64_t width = now_ns(CLOCK_REALTIME) - before;

		if (width < 0 || width >= best)
			continue;
		best = width;
		in->set = before + width / 2 - boot;
	}
	if (best != INT64_MAX)
		in->window += best;
}

static void read_phc(struct guard_input *in, const struct phc *phc)
{
	int64_t raw[2];
	struct phc_sample s;

	for (int m = 0; m < PHC_METHODS; m++) {
		raw[0] = now_ns(CLOCK_MONOTONIC_RAW);
		in->phc_error = phc_read(phc->fd, m, &s);
		raw[1] = now_ns(CLOCK_MONOTONIC_RAW);
		if (m == PHC_PRECISE)
			in->precise_error = in->phc_error;
		in->method = m;
		if (!in->phc_error)
			break;
	}
	if (in->phc_error) {
		snprintf(in->phc_why, sizeof(in->phc_why), "%s: %s", errname(in->phc_error),
			 host_clock_why(phc, in->phc_error));
		return;
	}
	in->offset = phc_offset(&s);
	if (in->method == PHC_PRECISE) {
		in->raw = s.device - s.raw;
	} else {
		in->raw = s.device - (raw[0] + (raw[1] - raw[0]) / 2);
		in->window = raw[1] - raw[0];
	}
}

void guard_ask(struct guard_input *in, const struct guard_config *config, bool brief)
{
	struct chrony_selectdata select[GUARD_SOURCES];
	const struct chrony_source *ours;
	int n;

	in->noselect = false;
	in->n = chronyc_sources(in->source, GUARD_SOURCES, in->why, sizeof(in->why));
	if (in->n < 0) {
		in->n = 0;
		in->chronyd = GUARD_SILENT;
		return;
	}
	ours = chrony_source_named(in->source, in->n, config->refid);
	if (!ours) {
		in->chronyd = GUARD_NO_REFCLOCK;
		return;
	}
	in->phc = ours - in->source;
	in->chronyd = GUARD_REFCLOCK;
	if (!config->selectopts || brief)
		return;
	n = chronyc_selectdata(select, GUARD_SOURCES, in->why, sizeof(in->why));
	if (n < 0)
		in->chronyd = GUARD_SILENT;
	for (int i = 0; i < n; i++)
		if (!strcmp(select[i].name, in->source[in->phc].name))
			in->noselect = strchr(select[i].effective, 'N');
}

/* What the host has said over vsock goes where everybody reads it, this guard too. phc: NULL if it can't be opened */
static void publish(const struct vsock *v, const struct phc *phc)
{
	static int strange;	/* in a row */
	int64_t made = v->heard;
	struct phc_sample s;
	bool good = v->told;
	char why[300];

	if (good && phc && phc_is_kvm(phc) && !phc_read(phc->fd, PHC_GETTIME, &s))
		good = vsock_made(&v->record, s.device, now_ns(CLOCK_BOOTTIME), &made);
	strange = good || !v->told ? 0 : strange + 1;
	result(strange < 3, "what the host says over vsock is not used", "it is of another time than the PTP clock's");
	result(good ? host_told_write(&v->record, made, why, sizeof(why)) : host_told_remove(why, sizeof(why)), HOST_TOLD,
	       why);
}

/* news: what is new of it; NULL: nothing */
static void observe(struct guard_input *in, const struct opts *o, bool ask, bool brief, const struct vsock *news)
{
	struct phc phc;
	bool opened;

	memset(in, 0, sizeof(*in));
	/* Opened each time: who holds it open keeps the module from being taken away */
	opened = !phc_open(&phc, o->config.device, O_RDONLY, in->phc_why, sizeof(in->phc_why));
	if (news)
		publish(news, opened ? &phc : NULL);
	if (opened) {
		host_clock_read(&in->host, &phc);
		read_phc(in, &phc);
		close(phc.fd);
	} else {
		in->phc_error = ENODEV;
	}
	read_set(in);
	in->recorded = guard_recorded();
	if (ask)
		guard_ask(in, &o->config, brief);
	in->now = now_ns(CLOCK_MONOTONIC);
}

/* --- acting --- */

bool guard_recorded(void)
{
	return file_exists(record_noselect) || file_exists(record_hold);
}

static bool forget(const char *record)
{
	char why[300];

	return result(!file_remove(record, why, sizeof(why)), record, why);
}

static bool write_record(const char *record, const char *text)
{
	char why[300], line[300];

	snprintf(line, sizeof(line), "%s\n", text);
	return result(!file_write(record, line, strlen(line), 0644, why, sizeof(why)), record, why);
}

static bool command(const char *what, const char *const words[])
{
	char why[300];

	return result(chronyc_command(why, sizeof(why), words), what, why);
}

static bool selectopts(const char *name, const char *option)
{
	const char *const words[] = { "selectopts", name, option, NULL };

	return command("chronyc selectopts", words);
}

/*
 * One that isn't running stays that way. While our own unit is being stopped, chronyd's, which comes before
 * it, is not restarted: that is then not waited for.
 */
static bool restart(const char *service, bool stopping)
{
	const char *const argv[] = { "systemctl", "try-restart", service, stopping ? "--no-block" : NULL, NULL };
	struct run_result res;
	char why[600];
	bool good = run(&res, RESTART_TIMEOUT_MS, argv);

	if (!good)
		run_explain(&res, "systemctl", RESTART_TIMEOUT_MS, why, sizeof(why));
	run_free(&res);
	return result(good, "chronyd is not restarted", why);
}

/*
 * A chronyd that is not there, or has no such refclock any more, leaves nothing out. Where chronyc may ask over the
 * network it says 506 then; in our unit, which has none, that there is nobody to connect to.
 */
static bool has_source(const char *name)
{
	struct chrony_source list[GUARD_SOURCES];
	char why[300];
	int n = chronyc_sources(list, GUARD_SOURCES, why, sizeof(why));

	for (int i = 0; i < n; i++)
		if (!strcmp(list[i].name, name))
			return true;
	return n < 0 && !strstr(why, "506 ") &&
	       (!strstr(why, "Could not open connection") || file_exists("/run/chrony/chronyd.sock"));
}

bool guard_release(const char *service, bool stopping)
{
	char name[256];
	bool good = true;

	if (file_read_line(record_noselect, name, sizeof(name)) && has_source(name))
		good = selectopts(name, "-noselect");
	if (good)
		good = forget(record_noselect);
	if (!file_exists(record_hold))
		return good;
	/* prestart looks for it; where that did not run it is kept, for the next that tries */
	if (forget(record_hold) && restart(service, stopping))
		return good;
	write_record(record_hold, "chronyd was not restarted");
	return false;
}

static bool take_out(const struct guard_output *out, const struct guard_config *config, const char *name,
		     const char *service)
{
	/* The record comes first: what is done is never without one */
	if (config->selectopts)
		return write_record(record_noselect, name) && selectopts(name, "+noselect");
	return write_record(record_hold, out->reason) && restart(service, false);
}

/*
 * Beside chronyd, which is told to forget before (that ends a slew, too) and after. The offset only: the frequency is chronyd's.
 * Its timers run on the clock that is set, so after a step back it polls later by as much, and the clock coasts.
 */
static bool set_clock(const struct guard_config *config)
{
	static const char *const reset[] = { "reset", "sources", NULL };
	struct adjust_reading was, now;
	char why[300] = "";
	struct phc phc;
	int err, steps;

	if (!command("chronyc reset sources", reset))
		return false;
	if (phc_open(&phc, config->device, O_RDONLY, why, sizeof(why)))
		return result(false, "the clock is not set", why);
	err = adjust_to_phc(phc.fd, GUARD_SETTLED_NS, &was, &now, &steps);
	close(phc.fd);
	return result(!err, "the clock is not set", strerror(err)) && command("chronyc reset sources", reset);
}

bool guard_act(const struct guard_output *out, const struct guard_config *config, const char *name,
	       const char *service)
{
	static const char *const burst[] = { "burst", "4/8", NULL };
	static const char *const reset[] = { "reset", "sources", NULL };
	static const char *const makestep[] = { "makestep", NULL };
	bool good = true;

	if (out->actions & GUARD_TAKE_OUT)
		good &= take_out(out, config, name, service);
	if (out->actions & GUARD_PUT_BACK)
		good &= guard_release(service, false);
	if (out->actions & GUARD_BURST)
		good &= command("chronyc burst", burst);
	if (out->actions & GUARD_RESET)
		good &= command("chronyc reset sources", reset);
	if (out->actions & GUARD_MAKESTEP)
		good &= command("chronyc makestep", makestep);
	if (out->actions & GUARD_RESTART)
		good &= restart(service, false);
	if (out->actions & GUARD_SET)
		good &= set_clock(config);
	return good;
}

/* --- the verb --- */

/* Not after fd, NULL or one without a number, has something. */
static void pause_for(int64_t ns, struct pollfd *fd, const sigset_t *unblocked)
{
	struct timespec ts = { ns / NSEC_PER_SEC, ns % NSEC_PER_SEC };

	if (ns > 0 && !stop)
		ppoll(fd, fd ? 1 : 0, &ts, unblocked);
}

static bool hear(struct vsock *v)
{
	bool news = vsock_step(v, now_ns(CLOCK_BOOTTIME));

	if (v->line[0])
		tell(v->level, "%s", v->line);
	v->line[0] = 0;
	return news;
}

/* Until it is time to look again, or the host has something to say: then true. */
static bool await(struct vsock *v, int64_t ns, const sigset_t *unblocked)
{
	int64_t begin = now_ns(CLOCK_BOOTTIME), now = begin;
	bool news;

	do {
		int64_t left = begin + ns - now, due = vsock_wait(v, now);
		struct pollfd host = vsock_poll(v);

		pause_for(left < due ? left : due, &host, unblocked);
		news = hear(v);
		now = now_ns(CLOCK_BOOTTIME);
	} while (!news && now - begin < ns && !stop);
	if (news)	/* A host that floods does not keep this machine busy. */
		pause_for(begin + SOON - now, NULL, unblocked);
	return news;
}

/* Signals are let in only while it waits, so that none comes between a look at stop and the wait. */
static void catch_signals(sigset_t *unblocked)
{
	struct sigaction sa = { .sa_handler = on_signal };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, unblocked);
	sigdelset(unblocked, SIGTERM);
	sigdelset(unblocked, SIGINT);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
}

static void status(const struct guard *g, const struct guard_input *in)
{
	static char last[300];
	char text[sizeof(last)];

	if (g->out)
		snprintf(text, sizeof(text), "The PTP clock is out of selection: %s", g->reason);
	else if (g->unreadable)
		snprintf(text, sizeof(text), "%s: %.200s", in->phc_error == EOPNOTSUPP ?
			 "Waiting for a host that serves the PTP clock" : "The PTP clock cannot be read", in->phc_why);
	else if (g->chronyd != GUARD_REFCLOCK)
		snprintf(text, sizeof(text), "chronyd has no refclock for the PTP clock");
	else
		snprintf(text, sizeof(text), g->stage == GUARD_CALM ? "Watching" : "Recovering");
	notify("WATCHDOG=1\n%s%s", strcmp(text, last) ? "STATUS=" : "", strcmp(text, last) ? text : "");
	memcpy(last, text, sizeof(last));
}

static int keep_guard(const struct opts *o)
{
	struct guard_input *in = xcalloc(1, sizeof(*in));
	char name[sizeof(in->source[0].name)] = "";
	struct guard_output out = { .ask = true };
	bool failed = false, news = true;	/* that nothing is told: an earlier guard may have left it */
	sigset_t unblocked;
	struct vsock v;
	struct guard g;
	char why[300];

	catch_signals(&unblocked);
	vsock_init(&v, file_root[0] ? NULL : VSOCK_DEVICE);
	guard_init(&g, &o->config, guard_recorded());
	hear(&v);
	while (!stop) {
		observe(in, o, out.ask, out.brief, news ? &v : NULL);
		in->reachable = v.present;
		in->failed = failed;
		guard_step(&g, in, &out);
		for (int i = 0; i < out.lines; i++)
			tell(out.line[i].level, "%s", out.line[i].text);
		if (in->chronyd == GUARD_REFCLOCK)
			memcpy(name, in->source[in->phc].name, sizeof(name));
		failed = !guard_act(&out, &o->config, name, o->service);
		notify("READY=1");
		status(&g, in);
		if (g.stage != GUARD_CALM)
			vsock_hurry(&v, now_ns(CLOCK_BOOTTIME));
		news = await(&v, out.wait, &unblocked);
	}
	free(in);
	vsock_end(&v);
	host_told_remove(why, sizeof(why));
	notify("STOPPING=1");
	return guard_release(o->service, true) ? EXIT_GOOD : EXIT_BROKEN;
}

static const char *const action_names[] = {
	"take the PTP clock out of selection", "put it back into selection", "chronyc burst 4/8",
	"chronyc reset sources", "chronyc makestep", "restart chronyd",
	"set the clock on the PTP clock",
};

static int look_once(const struct opts *o)
{
	struct guard_input *in = xcalloc(1, sizeof(*in));
	struct guard_output out;
	struct guard g;
	int worst = LOG_DEBUG;

	guard_init(&g, &o->config, guard_recorded());
	observe(in, o, true, false, NULL);
	guard_step(&g, in, &out);
	for (int i = 0; i < out.lines; i++) {
		print("%s\n", out.line[i].text);
		worst = out.line[i].level < worst ? out.line[i].level : worst;
	}
	for (size_t i = 0; i < ARRAY_SIZE(action_names); i++)
		if (out.actions & 1u << i)
			print("would %s\n", action_names[i]);
	free(in);
	if (g.unreadable) {
		text(stderr, "Try '%sptpkvm check'.\n", geteuid() ? "sudo " : "");
		return EXIT_BROKEN;
	}
	return worst <= LOG_WARNING || out.actions ? EXIT_WARNINGS : EXIT_GOOD;
}

static void parse(struct opts *o, int argc, char **argv)
{
	double max_error = 0, interval = o->config.interval * 1e-9, jump = o->config.jump * 1e-9;
	const struct option_row rows[] = {
		{ 'e', "max-error", "S", "also while the host's clock may be off by more than S seconds (default: any)",
		  DECIMAL_TO(&max_error, 1e-9, 1e9) },
		{ 'i', "interval", "S", "look every S seconds (0.05 to 60, default 0.5)",
		  DECIMAL_TO(&interval, 0.05, 60) },
		{ 'j', "jump", "S", "what is a step and no drift, in seconds (0.0001 to 3600, default 0.001)",
		  DECIMAL_TO(&jump, 1e-4, 3600) },
		{ 'r', "refid", "NAME", "the refclock's name in 'chronyc sources' (default: KVM, else the only PHC)",
		  TEXT_TO(&o->config.refid) },
		{ 'd', "device", "PATH", "the PTP clock (default: the one named '" PHC_KVM_NAME "')",
		  TEXT_TO(&o->config.device) },
		{ 's', "service", "UNIT", "chronyd's unit, for 'systemctl try-restart' (default: the distribution's)",
		  TEXT_TO(&o->service) },
		{ 0, "once", NULL, "look once, say what is found and would be done, and do nothing",
		  FLAG_TO(&o->once) },
		{ 0, "release", NULL, "put back into selection what a guard that is gone has left out",
		  FLAG_TO(&o->release) },
		{ 0, "root", "DIR", "look for the system's files below DIR", ROOT_TO(NULL) },
		{ 0 },
	};

	options_parse(&(struct command){
		.about = "Keep chronyd off the KVM PTP clock while the host says that its own clock is not synchronized, and "
			 "have chronyd step at once after the host was set or this guest was migrated. Runs until it is ended, "
			 "as ptpkvm-guard.service:\nsystemctl enable --now ptpkvm-guard",
		.rows = rows,
		.notes = "It acts only while chronyd has a refclock for this clock. SIGTERM and SIGINT end it, and put back "
			 "what it took out.",
		.statuses = "0; with --once also 1 something is wrong, 2 the clock cannot be read; 2 misuse",
	}, argc, argv);
	o->config.max_error = max_error * 1e9;
	o->config.interval = interval * 1e9;
	o->config.jump = jump * 1e9;
	if (o->service && o->service[0] == '-')
		misuse("--service: '%s' is no name of a unit", o->service);
	if (o->config.refid && o->config.refid[0] == '-')
		misuse("--refid: '%s' is no name of a refclock", o->config.refid);
}

int cmd_guard(int argc, char **argv)
{
	struct opts o = { .config = { .interval = NSEC_PER_SEC / 2, .jump = NSEC_PER_SEC / 1000 } };
	static struct chrony_service service;
	struct chrony_version version;
	char why[300];

	parse(&o, argc, argv);
	chrony_service_next(&service, NULL, false);
	if (!o.service)
		o.service = service.unit[0] ? service.unit : "chrony.service";
	if (!o.once && geteuid() && !file_root[0])
		die("guard: only root may command chronyd; 'sudo ptpkvm guard', or --once to look only");
	if (o.release)
		return guard_release(o.service, true) ? EXIT_GOOD : EXIT_BROKEN;
	if (chrony_version_installed(&version, why, sizeof(why))) {
		o.config.selectopts = chrony_at_least(&version, 4, 4) && !geteuid();
		o.config.sets = chrony_at_least(&version, 4, 3) && !geteuid();
	}
	return o.once ? look_once(&o) : keep_guard(&o);
}
