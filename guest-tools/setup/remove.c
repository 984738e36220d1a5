// SPDX-License-Identifier: GPL-2.0-or-later
/* ptpkvm remove: what setup did, undone, by its journal; without one, by the first line of its files. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/die.h"
#include "base/text.h"
#include "chrony/conf.h"
#include "cli/options.h"
#include "facts/ours.h"
#include "ptpkvm.h"
#include "output/steps.h"
#include "output/text.h"
#include "setup/adopt.h"
#include "setup/journal.h"
#include "setup/units.h"
#include "system/init.h"
#include "system/tree.h"

struct removal {
	struct setup_record record;
	bool dry_run, offline, failed;
};

static void parse(struct removal *r, int argc, char **argv)
{
	const struct option_row rows[] = {
		{ 0, "dry-run", NULL, "print what would be done and do nothing", FLAG_TO(&r->dry_run) },
		{ 0, "root", "DIR", "in the image at DIR", ROOT_TO(&r->offline) },
		{ 0 },
	};

	options_parse(&(struct command){
		.about = "Takes away what 'ptpkvm setup' wrote, restarts chronyd as it was before, and enables again what setup "
			 "disabled. A file that was edited since is kept beside its place, as NAME" INSTALL_SAVED ".",
		.rows = rows, .statuses = "0 done, or nothing to do; 2 not all of it could be done, or misuse",
	}, argc, argv);
}

static void failed(struct removal *r, const char *why)
{
	complain("%s", why);
	r->failed = true;
}

/* The lines that were taken over. That one of them has gone is said, and no failure. */
static void restore_lines(struct removal *r)
{
	for (int i = 0; i < r->record.n_adopted; i++) {
		struct setup_adopted *line = &r->record.adopted[i];
		char why[700];
		int n = adopt_undo(line, r->dry_run, why, sizeof(why));

		if (n < 0) {
			add_text(why, sizeof(why), "; take " ADOPT_MARK "off that line yourself, then: sudo ptpkvm "
				 "remove%s", file_root_option());
			failed(r, why);
		} else if (n) {
			print("restore     %s%s: %s\n", file_root, line->file, line->text);
		} else {
			print("leave       %s%s, which has no more the line that setup commented out: %s\n",
			       file_root, line->file, line->text);
		}
	}
}

static void step(struct removal *r, unsigned int timeout_ms, const char *a, const char *b, const char *c)
{
	char why[700];

	print("run         %s %s%s%s\n", a, b, c ? " " : "", c ? c : "");
	fflush(stdout);
	if (!r->dry_run && !setup_run(timeout_ms, why, sizeof(why), (const char *const[]){ a, b, c, NULL }))
		failed(r, why);
}

static void remove_made(const struct chrony_layout *layout)
{
	const char *const made[] = { SETUP_ENV, SETUP_REASON, layout ? setup_generated(layout) : NULL };
	char why[400];

	for (size_t i = 0; i < ARRAY_SIZE(made); i++)
		if (made[i])
			file_remove(made[i], why, sizeof(why));
	file_rmdir(SETUP_RUN_DIR);
}

/* chronyd as it was, then what was there beside it. */
static void restore_services(struct removal *r)
{
	const struct chrony_layout *layout = chrony_layout();

	step(r, SETUP_SYSTEMCTL_MS, "systemctl", "daemon-reload", NULL);
	if (!r->dry_run)
		remove_made(layout);
	if (layout)
		step(r, SETUP_SYSTEMCTL_MS, "systemctl", "try-restart", layout->service);
	if (file_exists(SETUP_LATE_TIMER))
		step(r, SETUP_SYSTEMCTL_MS, "systemctl", "stop", SETUP_LATE ".timer");
	for (int i = 0; i < r->record.n_units; i++)
		print("restore     %s: %s, %s\n", r->record.units[i].name,
		       r->record.units[i].enabled ? "enabled" : "disabled",
		       r->record.units[i].active ? "active" : "inactive");
	if (!r->dry_run && !setup_restore_units(&r->record))
		r->failed = true;
	if (r->record.module && file_exists("/sys/module/ptp_kvm")) {
		bool failed = r->failed;

		step(r, SETUP_MODPROBE_MS, "modprobe", "-r", "ptp_kvm");
		r->failed = failed; /* said, but if somebody else uses the clock that is as it should be */
	}
}

int cmd_remove(int argc, char **argv)
{
	struct removal r = { .failed = false };
	struct install in = setup_install(&r.record);
	char why[FILE_PATH_MAX + 600];

	parse(&r, argc, argv);
	if (geteuid() && !r.offline && !r.dry_run)
		die("only root may do this; try: sudo ptpkvm remove (or --dry-run)");
	umask(022);
	if (!install_plan(&in, why, sizeof(why)))
		die("%s", why);
	if (!in.whole)
		adopt_find(&r.record);
	if (!in.n && !in.old && !r.record.n_adopted) {
		print("nothing to remove\n");
		install_free(&in);
		return EXIT_GOOD;
	}
	steps_print(&in, false);
	fflush(stdout);
	if (!r.dry_run && !install_do(&in, why, sizeof(why)))
		die("%s", why);
	for (int i = 0; i < in.n; i++)
		r.failed |= in.files[i].failed;
	restore_lines(&r);
	if (!r.offline && !init_other(true))
		restore_services(&r);
	/* The journal goes last: until then all of this can be done again. */
	if (!r.failed && !r.dry_run && !install_done(&in, why, sizeof(why)))
		failed(&r, why);
	install_free(&in);
	return r.failed ? EXIT_BROKEN : EXIT_GOOD;
}
