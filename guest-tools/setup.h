/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What setup, remove, prestart and guard share: the files that setup writes, those that prestart makes from
 * them before each start of chronyd, and the journal. All below file_root.
 */
#ifndef SETUP_H
#define SETUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chrony_conf.h"

/* Written by setup */
#define SETUP_DIR "/etc/ptpkvm"
#define SETUP_STATE SETUP_DIR "/state"		/* the journal, see struct setup_state */
#define SETUP_DIRECTIVES SETUP_DIR "/chrony.conf"	/* added to chrony's configuration; to be edited */
#define SETUP_MODULES "/etc/modules-load.d/ptpkvm.conf"
#define SETUP_SAVED ".ptpkvm-save" /* after the name of a file that was edited and then removed */
/* /etc/systemd/system/SERVICE.d/ptpkvm.conf */
const char *setup_drop_in(const struct chrony_layout *layout);

/* The beginning of each of them, by which they are known even without the journal */
#define SETUP_MARKER "# Written by ptpkvm setup"

/* Made by prestart, or by guard */
#define SETUP_RUN_DIR "/run/ptpkvm"
#define SETUP_ENV SETUP_RUN_DIR "/chronyd.env"	/* chronyd's options, read by systemd */
#define SETUP_REASON SETUP_RUN_DIR "/reason"	/* one line: why chronyd was started without the refclock */
#define SETUP_HOLD SETUP_RUN_DIR "/hold"	/* if it is there, prestart leaves the refclock out; why */

/*
 * The configuration that prestart makes, if chronyd was started with the refclock. It is read by root, so it
 * must not lie where another user could put something else in its place: not in /run/chrony, which belongs to
 * chronyd's user. Debian's AppArmor profile lets chronyd read /run/chrony-dhcp, which is root's.
 */
const char *setup_generated(const struct chrony_layout *layout);

/*
 * The KVM PHC's device: want (NULL: none wanted) if that is one, else the link by udev, else /dev/ptpN. False
 * with the reason if there is none, or none that answers.
 */
bool setup_phc(const char *want, char *path, size_t path_len, char *why, size_t len);

/* Of the 90 s that systemd gives a unit to start; a machine that boots is busy */
#define SETUP_MODPROBE_MS 20000
#define SETUP_CHRONYD_MS 20000
#define SETUP_SYSTEMCTL_MS 100000	/* more than systemd's own limit of a start, 90 s */

/* Run a program; false with the reason in why. */
bool setup_run(unsigned int timeout_ms, char *why, size_t len, const char *const argv[]);

/*
 * Does chronyd itself read that configuration, includes and all, as far as it says (chronyd -p)? True where
 * it can't be asked: an old one, or not as this user.
 */
bool setup_chronyd_reads(const char *conf, char *why, size_t len);

/* --- units, asked of systemctl --- */

struct setup_unit {
	char name[128];
	bool known, masked, enabled, active;
};

#define SETUP_UNITS_MAX 16

/*
 * Other daemons that steer the system's clock, running or enabled: their number, or -1 and the reason. Those
 * that were not started by a unit have the name "PROGRAM (process PID)" and known = false.
 */
int setup_rivals(struct setup_unit list[SETUP_UNITS_MAX], char *why, size_t len);
bool setup_unit_state(struct setup_unit *u, const char *name, char *why, size_t len);

/* --- the journal --- */

/*
 * Written before anything else is, so that remove knows after a power cut at any moment what may have been
 * done, and what was there before. A file may have several hashes: of each content that setup gave it.
 */
#define SETUP_FILES 4

struct setup_state {
	bool present;
	struct {
		uint64_t hash[8];
		int n;
	} files[SETUP_FILES];
	bool made[8];				/* the directories that were not there, by setup_dirs[] */
	struct setup_unit units[SETUP_UNITS_MAX];	/* as they were before */
	int n_units;
	bool module;				/* it was setup that loaded the module */
};

/* Every path that setup may ever write to, but for the journal; and the directories, parents first. */
extern const char *const setup_files[SETUP_FILES];
extern const char *const setup_dirs[];
extern const size_t setup_dirs_count;

int setup_file_index(const char *path);

/* False with the reason if it is there but damaged; without one state.present is false. */
bool setup_state_read(struct setup_state *st, char *why, size_t len);
bool setup_state_write(const struct setup_state *st, char *why, size_t len);
void setup_state_add_hash(struct setup_state *st, int file, uint64_t hash);
bool setup_state_has_hash(const struct setup_state *st, int file, uint64_t hash);
void setup_state_add_unit(struct setup_state *st, const struct setup_unit *u);

/* Remove the directories that setup made, where nothing is in them. */
void setup_remove_dirs(const struct setup_state *st);

/* Units back to what they were; each failure is said on standard error. False if there was one. */
bool setup_restore_units(const struct setup_state *st);

#endif
