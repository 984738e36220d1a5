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
#include "output/text.h"
#include "setup/adopt.h"
#include "setup/journal.h"
#include "setup/units.h"
#include "system/init.h"
#include "system/tree.h"

struct removal {
	struct setup_state state;
	bool dry_run, offline;
	bool journal, found, failed;
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
			 "disabled. A file that was edited since is kept beside its place, as NAME" SETUP_SAVED ".",
		.rows = rows, .statuses = "0 done, or nothing to do; 2 not all of it could be done, or misuse",
	}, argc, argv);
}

static void failed(struct removal *r, const char *why)
{
	complain("%s", why);
	r->failed = true;
}

/* Under another name before it goes. False: it stays. */
static bool save(struct removal *r, const char *path, const char *text, size_t len, mode_t mode)
{
	char to[200], why[400];

	snprintf(to, sizeof(to), "%s" SETUP_SAVED, path);
	print("keep        %s%s, which was edited, as %s%s\n", file_root, path, file_root, to);
	if (r->dry_run)
		return true;
	if (file_exists(to)) {
		snprintf(why, sizeof(why), "%s%s is there already; move it away first", file_root, to);
		failed(r, why);
		return false;
	}
	if (file_write(to, text, len, mode, why, sizeof(why))) {
		failed(r, why);
		return false;
	}
	return true;
}

static void remove_file(struct removal *r, int i)
{
	const char *path = setup_files[i];
	char full[FILE_PATH_MAX], why[400];
	bool ours, marked;
	struct stat st;
	size_t len;
	char *text;

	file_path(full, path);
	if (file_lstat(path, &st)) {
		if (!r->dry_run && r->journal)
			file_remove(path, why, sizeof(why));	/* half a file that a power cut left */
		return;
	}
	text = S_ISREG(st.st_mode) ? file_read(path, &len) : NULL;
	ours = text && setup_state_has_hash(&r->state, i, file_hash(text, len));
	marked = text && (r->state.files[i].n || !strncmp(text, SETUP_MARKER, strlen(SETUP_MARKER)));
	if (!ours && !marked) {
		print("leave       %s, which ptpkvm did not write\n", full);
	} else {
		r->found = true;
		/* Without a journal: if nothing else is in it, it was made for this. */
		for (size_t d = 0; d < setup_dirs_count && !r->journal; d++)
			r->state.made[d] |=
				!strcmp(setup_dirs[d], SETUP_DIR) || strstr(setup_dirs[d], ".service.d");
		if (ours || save(r, path, text, len, st.st_mode & 07777)) {
			print("remove      %s\n", full);
			if (!r->dry_run && file_remove(path, why, sizeof(why)))
				failed(r, why);
		}
	}
	free(text);
}

/* The lines that were taken over. That one of them has gone is said, and no failure. */
static void restore_lines(struct removal *r)
{
	for (int i = 0; i < r->state.n_adopted; i++) {
		struct setup_adopted *line = &r->state.adopted[i];
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
	for (int i = 0; i < r->state.n_units; i++)
		print("restore     %s: %s, %s\n", r->state.units[i].name,
		       r->state.units[i].enabled ? "enabled" : "disabled",
		       r->state.units[i].active ? "active" : "inactive");
	if (!r->dry_run && !setup_restore_units(&r->state))
		r->failed = true;
	if (r->state.module && file_exists("/sys/module/ptp_kvm")) {
		bool failed = r->failed;

		step(r, SETUP_MODPROBE_MS, "modprobe", "-r", "ptp_kvm");
		r->failed = failed; /* said, but if somebody else uses the clock that is as it should be */
	}
}

/* The journal goes last: until then all of this can be done again. */
static void remove_journal(struct removal *r)
{
	char full[FILE_PATH_MAX], why[400];

	if (r->journal)
		print("remove      %s\n", file_path(full, SETUP_STATE));
	if (r->dry_run)
		return;
	if (file_remove(SETUP_STATE, why, sizeof(why)))
		failed(r, why);
	setup_remove_dirs(&r->state);
}

int cmd_remove(int argc, char **argv)
{
	struct removal r = { .found = false };
	char why[400];
	bool whole;

	parse(&r, argc, argv);
	if (geteuid() && !r.offline && !r.dry_run)
		die("only root may do this; try: sudo ptpkvm remove (or --dry-run)");
	umask(022);
	whole = setup_state_read(&r.state, why, sizeof(why));
	if (!whole)
		complain("%s; going by the first line of each file", why);
	r.journal = r.state.present;
	if (!whole || !r.journal)
		adopt_find(&r.state);
	for (int i = 0; i < SETUP_FILES; i++)
		remove_file(&r, i);
	if (!r.found && !r.journal && !r.state.n_adopted) {
		print("nothing to remove\n");
		return EXIT_GOOD;
	}
	restore_lines(&r);
	if (!r.offline && !init_other(true))
		restore_services(&r);
	if (!r.failed)
		remove_journal(&r);
	return r.failed ? EXIT_BROKEN : EXIT_GOOD;
}
