// SPDX-License-Identifier: GPL-2.0-or-later
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/die.h"
#include "base/text.h"
#include "chrony/conf.h"
#include "config/apply.h"
#include "output/steps.h"
#include "output/text.h"
#include "system/install.h"
#include "system/interval.h"
#include "system/tree.h"
#include "system/units.h"
#include "time/steering.h"

#define UNITS "/etc/systemd/system/"

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

/* An image's units are enabled or not, and none of this system's is touched. */
static void print_disable(const char *units, bool image, const char *end)
{
	if (units[0] && image)
		print("  systemctl --root=%s disable%s%s\n", shell_word(file_root), units, end);
	else if (units[0])
		print("  systemctl disable --now%s%s\n", units, end);
}

static void print_enable(const char *units, bool image)
{
	if (image)
		print("  systemctl --root=%s enable%s\n", shell_word(file_root), units);
	else
		print("  systemctl enable%s\n  systemctl restart%s\n", units, units);
}

/* when: what comes before that */
static void print_head(bool image, const char *when)
{
	print("\nNext, as root%s:\n", when);
	if (!image)
		print("  systemctl daemon-reload\n");
}

static void print_next(const struct plan *plan, bool elsewhere, bool image, const char *old_units, const char *when)
{
	char units[PLAN_UNITS_MAX][PLAN_UNIT_LEN], list[600];
	const char *include = plan_chrony_include(plan);
	int n = plan_units(plan, units);

	print("\n%s.", plan_why(plan->params));
	print_head(image, when);
	print_disable(old_units, image, "");
	list_rivals(plan, elsewhere, list, sizeof(list));
	print_disable(list, image, elsewhere ? "    # those that are there" : "");
	if (include && (elsewhere || !chrony_reads_ours()))
		print("  echo '%s' >>%s/etc/chrony.conf\n", include, image ? shell_word(file_root) : "");
	for (int i = list[0] = 0; i < n; i++)
		add_unit(list, sizeof(list), units[i]);
	print_enable(list, image);
	plan_firewall(plan, stdout);
}

/* Those whose file or drop-in goes, and which are not wanted under the new plan, either */
static void list_old_units(const struct install *in, const struct plan *plan, char *list, size_t len)
{
	char units[PLAN_UNITS_MAX][PLAN_UNIT_LEN], unit[NAME_MAX + 1];
	int n = plan ? plan_units(plan, units) : 0, k;

	list[0] = 0;
	for (int i = 0; i < in->n; i++) {
		const char *name = in->files[i].path, *drop_in;

		if (in->files[i].text || in->files[i].what == INSTALL_LEAVE || strncmp(name, UNITS, strlen(UNITS)))
			continue;
		name += strlen(UNITS);
		drop_in = strstr(name, ".d/");
		snprintf(unit, sizeof(unit), "%.*s", drop_in ? (int)(drop_in - name) : NAME_MAX, name);
		for (k = 0; k < n && strcmp(unit, units[k]); k++)
			;
		if (k == n && !strstr(list, unit))
			add_unit(list, len, unit);
	}
}

static bool chrony_goes(const struct install *in)
{
	for (int i = 0; i < in->n; i++)
		if (!in->files[i].text && is_chrony_ours(in->files[i].path))
			return true;
	return false;
}

/* --- without installing --- */

int config_print(const struct plan *plan)
{
	struct generated files[GENERATED_MAX];
	int n = generate(plan, files);

	for (int i = 0; i < n; i++) {
		print("==> %s <==\n", files[i].path);
		text_lines(stdout, "", files[i].text);
		print("\n");
	}
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
			print("write       %s\n", path);
	}
	file_root = root;
	if (!ret)
		print_next(plan, elsewhere, false, "", ", when they are where they belong");
	generated_free(files, n);
	return ret;
}

/* --- installing --- */

static struct install new_install(void)
{
	static const char *const places[] = {
		"/etc/ptpkvm/ptp4l.conf", "/etc/ptpkvm/timemaster.conf", "/etc/chrony/conf.d/ptpkvm-host.conf",
		"/etc/chrony.d/ptpkvm-host.conf", "/etc/systemd/system/*.service.d/ptpkvm-host.conf",
		"/etc/systemd/system/phc2sys@*.service", NULL,
	};

	return (struct install){ .journal = CONFIG_JOURNAL, .marker = GENERATE_MARKER, .places = places };
}

/* Plan and do it; 1: done, or nothing to do; 0: it was a dry run; -1: failed, and said */
static int change(struct install *in, bool dry_run)
{
	char why[FILE_PATH_MAX + 600];
	bool undone, good = install_plan(in, why, sizeof(why));

	if (!good) {
		broken(why);
		return -1;
	}
	if (!dry_run && geteuid() && !file_root[0])
		die("only root may do this; try: sudo ptpkvm-host config … (or --dry-run)");
	steps_print(in, dry_run);
	fflush(stdout);
	if (dry_run)
		return 0;
	umask(022);
	ticks_note_signals();
	in->stop = &ticks_stop;
	good = install_carry_out(in, &undone, why, sizeof(why));
	if (!good) {
		broken(why);
		complain(undone ? "everything is as it was before" :
			 "not all of it could be undone; run: sudo ptpkvm-host config --uninstall%s",
			 file_root_option());
	}
	return good ? 1 : -1;
}

int config_install(const struct plan *plan, bool dry_run, bool image)
{
	struct generated files[GENERATED_MAX];
	struct install in = new_install();
	char old[600];
	int n = generate(plan, files), done;

	for (int i = 0; i < n; i++)
		install_want(&in, files[i].path, files[i].text, files[i].len, false);
	done = change(&in, dry_run);
	if (done > 0) {
		list_old_units(&in, plan, old, sizeof(old));
		print_next(plan, false, image, old, "");
	}
	install_free(&in);
	generated_free(files, n);
	return done < 0 ? EXIT_BROKEN : EXIT_GOOD;
}

int config_uninstall(bool dry_run, bool image)
{
	struct install in = new_install();
	char old[600];
	int done = change(&in, dry_run);
	bool all = done >= 0;

	for (int i = 0; i < in.n; i++)
		all &= !in.files[i].failed;
	if (done > 0 && !in.n) {
		print("nothing is installed\n");
	} else if (done > 0) {
		list_old_units(&in, NULL, old, sizeof(old));
		print_head(image, "");
		print_disable(old, image, "");
		if (chrony_goes(&in) && !image)
			print("  systemctl try-restart %s\n",
			       chrony_layout() ? chrony_layout()->service : "chronyd.service");
		print("and what kept the clock before, such as:\n  systemctl%s%s enable%s systemd-timesyncd.service\n",
		      image ? " --root=" : "", image ? shell_word(file_root) : "", image ? "" : " --now");
	}
	install_free(&in);
	return all ? EXIT_GOOD : EXIT_BROKEN;
}
