// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/die.h"
#include "base/text.h"
#include "chrony/conf.h"
#include "config/apply.h"
#include "system/install.h"
#include "system/run.h"
#include "system/tree.h"
#include "system/units.h"
#include "time/steering.h"

#define UNITS "/etc/systemd/system/"
#define DIFF_MS 10000

static volatile sig_atomic_t interrupted;

static void on_signal(int sig)
{
	interrupted = sig;
}

static int broken(const char *why)
{
	complain("%s", why);
	return EXIT_BROKEN;
}

/* --- what to type next --- */

/* A backslash that is in a unit's name is not the shell's. */
static void add_unit(char *list, size_t len, const char *unit)
{
	const char *quote = strchr(unit, '\\') ? "'" : "";

	add_text(list, len, " %s%s%s", quote, unit, quote);
}

static bool unit_exists(const char *unit)
{
	struct unit u;
	bool there;

	unit_read(&u, unit);
	there = u.file[0];
	unit_free(&u);
	return there;
}

/* What would steer the clock beside this, or take ptp4l's ports */
static void list_rivals(const struct plan *plan, bool elsewhere, char *list, size_t len)
{
	static const char *const ptp[] = { "ptp4l.service", "phc2sys.service" };
	enum chain chain = plan_chain(plan->params);
	char unit[UNIT_NAME_LEN];

	list[0] = 0;
	for (int i = 0; steering_unit(i, unit); i++)
		if ((chain != CHAIN_PTP4L || plan->params->role != ROLE_GRANDMASTER) &&
		    (elsewhere || unit_exists(unit)))
			add_unit(list, len, unit);
	if (chain == CHAIN_TIMEMASTER || (chain == CHAIN_PTP4L && plan->params->role != ROLE_GRANDMASTER))
		if (elsewhere || unit_exists(plan_chrony_unit(plan)))
			add_unit(list, len, plan_chrony_unit(plan));
	for (size_t i = 0; i < ARRAY_SIZE(ptp); i++)
		if (chain == CHAIN_TIMEMASTER && plan->distribution == DISTRIBUTION_RHEL &&
		    (elsewhere || unit_exists(ptp[i])))
			add_unit(list, len, ptp[i]);
	if (chain != CHAIN_TIMEMASTER && (elsewhere || unit_exists("timemaster.service")))
		add_unit(list, len, "timemaster.service");
}

#define CHRONY_OURS "/ptpkvm-host.conf"

static bool is_chrony_ours(const char *path)
{
	return strstr(path, "/chrony") && strstr(path, CHRONY_OURS);
}

static int see_ours(const struct chrony_directive *d, void *arg)
{
	(void)arg;
	return is_chrony_ours(d->file);
}

/* Does chrony.conf lead to our file, which is there already? */
static bool chrony_reads_ours(void)
{
	char why[200];

	return chrony_conf_walk("/etc/chrony.conf", see_ours, NULL, why, sizeof(why)) > 0;
}

static void print_next(const struct plan *plan, bool elsewhere, const char *old_units)
{
	char units[PLAN_UNITS_MAX][PLAN_UNIT_LEN], list[600];
	const char *include = plan_chrony_include(plan);
	int n = plan_units(plan, units);

	printf("\n%s.\nNext:\n  systemctl daemon-reload\n", plan_why(plan->params));
	if (old_units[0])
		printf("  systemctl disable --now%s\n", old_units);
	list_rivals(plan, elsewhere, list, sizeof(list));
	if (list[0])
		printf("  systemctl disable --now%s%s\n", list, elsewhere ? "    # those that are there" : "");
	if (include && (elsewhere || !chrony_reads_ours()))
		printf("  echo '%s' >>/etc/chrony.conf\n", include);
	for (int i = list[0] = 0; i < n; i++)
		add_unit(list, sizeof(list), units[i]);
	printf("  systemctl enable%s\n  systemctl restart%s\n", list, list);
	plan_firewall(plan, stdout);
}

/* Units whose file or drop-in this was */
static void add_unit_of(char *list, size_t len, const char *path)
{
	char unit[300], *slash;

	if (strncmp(path, UNITS, strlen(UNITS)))
		return;
	snprintf(unit, sizeof(unit), "%s", path + strlen(UNITS));
	slash = strstr(unit, ".d/");
	if (slash)
		*slash = 0;
	add_unit(list, len, unit);
}

/* Of what is taken away, those that are not wanted under the new plan, either */
static void list_old_units(const struct install *in, const struct plan *plan, char *list, size_t len)
{
	char units[PLAN_UNITS_MAX][PLAN_UNIT_LEN], one[320];
	int n = plan ? plan_units(plan, units) : 0;
	bool stays;

	list[0] = 0;
	for (int i = 0; i < in->n; i++) {
		if (in->steps[i].text)
			continue;
		one[0] = 0;
		add_unit_of(one, sizeof(one), in->steps[i].path);
		stays = !one[0] || strstr(list, one);
		for (int k = 0; k < n; k++)
			stays |= !strcmp(one + 1, units[k]);
		if (!stays)
			add_text(list, len, "%s", one);
	}
}

static bool chrony_goes(const struct install *in)
{
	for (int i = 0; i < in->n; i++)
		if (!in->steps[i].text && is_chrony_ours(in->steps[i].path))
			return true;
	return false;
}

/* --- without installing --- */

int config_print(const struct plan *plan)
{
	struct generated files[GENERATED_MAX];
	int n = generate(plan, files);

	for (int i = 0; i < n; i++)
		printf("==> %s <==\n%s\n", files[i].path, files[i].text);
	plan_firewall(plan, stdout);
	generated_free(files, n);
	return EXIT_GOOD;
}

/* Not over what somebody else has put there */
static bool may_write(const char *path, char *why, size_t len)
{
	struct stat st;
	char *text;
	bool ours;

	if (lstat(path, &st))
		return true;	/* if it can't be, writing tells */
	text = file_read(path, NULL);
	ours = text && !strncmp(text, GENERATE_MARKER, strlen(GENERATE_MARKER));
	free(text);
	return ours || refuse(why, len, "%s is there, and ptpkvm-host did not write it; choose another directory",
			      path);
}

int config_output(const struct plan *plan, const char *dir, bool elsewhere)
{
	struct generated files[GENERATED_MAX];
	int n = generate(plan, files), ret = EXIT_GOOD;
	const char *root = file_root;
	char why[FILE_PATH_MAX + 200], path[FILE_PATH_MAX];

	file_root = "";		/* it is where the user says */
	for (int i = 0; i < 2 * n && !ret; i++) {
		const struct generated *file = &files[i % n];

		snprintf(path, sizeof(path), "%s%s", dir, file->path);
		if (i < n ? !may_write(path, why, sizeof(why)) :
		    file_write(path, file->text, file->len, 0644, why, sizeof(why)))
			ret = broken(why);
		else if (i >= n)
			printf("write       %s\n", path);
	}
	file_root = root;
	if (!ret)
		print_next(plan, elsewhere, "");
	generated_free(files, n);
	return ret;
}

/* --- installing --- */

/* For diff to read, which has no view of a tree: in memory, by a path of this process. NULL: an empty file */
static bool for_diff(char path[static 32], int *fd, const char *text, size_t len, char *why, size_t why_len)
{
	strcpy(path, "/dev/null");
	*fd = -1;
	if (!text)
		return true;
	*fd = memfd_create("ptpkvm-host", 0);
	if (*fd < 0 || write(*fd, text, len) != (ssize_t)len)
		return refuse(why, why_len, "no memory for what diff compares: %s", strerror(errno));
	snprintf(path, 32, "/proc/self/fd/%d", *fd);
	return true;
}

static bool run_diff(const struct install_step *s, const char *old, const char *new, char *why, size_t len)
{
	char now[FILE_PATH_MAX], label[FILE_PATH_MAX + sizeof(INSTALL_SAVED)];
	struct run_result res;
	bool good;

	file_path(now, s->path);
	snprintf(label, sizeof(label), "%s%s", now, s->what == INSTALL_RESTORE ? INSTALL_SAVED : " (new)");
	run(&res, DIFF_MS,
	    (const char *const[]){ "diff", "-u", "--label", now, "--label", label, "--", old, new, NULL });
	good = res.status <= 1;		/* 1: they differ */
	tame(res.out, "\n\t");
	if (good)
		fputs(res.out, stdout);
	else
		run_explain(&res, "diff", DIFF_MS, why, len);
	run_free(&res);
	return good;
}

/* The unified difference between what is there and what would be, both as the tree has them */
static bool print_diff(const struct install_step *s, char *why, size_t len)
{
	char old[32], new[32], name[sizeof(s->path) + sizeof(INSTALL_SAVED)], *saved = NULL;
	size_t saved_len = 0;
	int old_fd, new_fd = -1;
	bool good;

	snprintf(name, sizeof(name), "%s" INSTALL_SAVED, s->path);
	if (s->what == INSTALL_RESTORE) {
		saved = file_read(name, &saved_len);
		if (!saved)
			return refuse(why, len, "cannot read %s%s: %s", file_root, name, strerror(errno));
	}
	good = for_diff(old, &old_fd, s->before, s->before_len, why, len) &&
	       for_diff(new, &new_fd, s->text ? s->text : saved, s->text ? s->len : saved_len, why, len) &&
	       run_diff(s, old, new, why, len);
	if (old_fd >= 0)
		close(old_fd);
	if (new_fd >= 0)
		close(new_fd);
	free(saved);
	return good;
}

static void print_steps(const struct install *in)
{
	for (int i = 0; i < in->n; i++) {
		const struct install_step *s = &in->steps[i];

		printf("%-11s %s%s", install_verb(s->what), file_root, s->path);
		if (s->what == INSTALL_REPLACE)
			printf(" (kept as %s" INSTALL_SAVED ")", base_name(s->path));
		putchar('\n');
	}
}

static void catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);	/* nobody reads the progress any more: the work goes on */
}

/* Plan and do it; 1: done, or nothing to do; 0: it was a dry run; -1: failed, and said */
static int change(struct install *in, bool dry_run)
{
	char why[FILE_PATH_MAX + 600];
	bool undone;

	if (!install_plan(in, why, sizeof(why))) {
		broken(why);
		return -1;
	}
	for (int i = 0; i < in->n && dry_run; i++) {
		if (!print_diff(&in->steps[i], why, sizeof(why))) {
			broken(why);
			return -1;
		}
	}
	if (dry_run)
		return 0;
	if (geteuid() && !file_root[0])
		die("only root may do this; try: sudo ptpkvm-host config … (or --dry-run)");
	umask(022);
	catch_signals();
	in->stop = &interrupted;
	print_steps(in);
	fflush(stdout);
	if (install_idle(in) || install_carry_out(in, &undone, why, sizeof(why)))
		return 1;
	broken(why);
	broken(undone ? "everything is as it was before" : "not all of it could be undone; run: ptpkvm-host config "
		"--uninstall");
	return -1;
}

int config_install(const struct plan *plan, bool dry_run)
{
	struct generated files[GENERATED_MAX];
	struct install in = { .n = 0 };
	char old[600];
	int n = generate(plan, files), done;

	for (int i = 0; i < n; i++)
		install_want(&in, files[i].path, files[i].text, files[i].len);
	done = change(&in, dry_run);
	if (done > 0) {
		list_old_units(&in, plan, old, sizeof(old));
		print_next(plan, false, old);
	}
	install_free(&in);
	generated_free(files, n);
	return done < 0 ? EXIT_BROKEN : EXIT_GOOD;
}

int config_uninstall(bool dry_run)
{
	struct install in = { .n = 0 };
	char old[600];
	int done = change(&in, dry_run);

	if (done > 0 && !in.n) {
		printf("nothing is installed\n");
	} else if (done > 0) {
		list_old_units(&in, NULL, old, sizeof(old));
		printf("\nNext:\n  systemctl daemon-reload\n");
		if (old[0])
			printf("  systemctl disable --now%s\n", old);
		if (chrony_goes(&in))
			printf("  systemctl try-restart %s\n",
			       chrony_layout() ? chrony_layout()->service : "chronyd.service");
		printf("and what kept the clock before, such as:\n"
		       "  systemctl enable --now systemd-timesyncd.service\n");
	}
	install_free(&in);
	return done < 0 ? EXIT_BROKEN : EXIT_GOOD;
}
