/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Our own files: those that setup writes, and those that prestart and guard make. All below file_root. */
#ifndef FACTS_OURS_H
#define FACTS_OURS_H

#include <stdbool.h>

#include "chrony/conf.h"
#include "chrony/service.h"

/* Written by setup */
#define SETUP_DIR "/etc/ptpkvm"
#define SETUP_STATE SETUP_DIR "/state"		/* the journal, see setup/journal.h */
#define SETUP_DIRECTIVES SETUP_DIR "/chrony.conf"	/* added to chrony's configuration; to be edited */
#define SETUP_MODULES "/etc/modules-load.d/ptpkvm.conf"	/* only by 0.1.0 */
/* /etc/systemd/system/SERVICE.d/ptpkvm.conf */
const char *setup_drop_in(const struct chrony_layout *layout);

/* Where this program may be installed, and systemd finds it by its name; NULL at the end */
extern const char *const setup_programs[];
/* One of them is there, below file_root. */
bool setup_program(void);

/* The beginning of each of them, by which they are known even without the journal */
#define SETUP_MARKER "# Written by ptpkvm setup"

/* Made by prestart, or by guard */
#define SETUP_RUN_DIR "/run/ptpkvm"
#define SETUP_ENV SETUP_RUN_DIR "/chronyd.env"	/* chronyd's options, read by systemd */
#define SETUP_REASON SETUP_RUN_DIR "/reason"	/* first line: why chronyd was started without the refclock */
#define SETUP_AGAIN "\nThe clock is tried again now and then.\n"	/* its second, if it is for want of a clock */
#define SETUP_HOLD SETUP_RUN_DIR "/hold"	/* if it is there, prestart leaves the refclock out; why */

/* A timer that prestart starts then: for systemd alone, so gone with the next boot */
#define SETUP_LATE "ptpkvm-late"
#define SETUP_LATE_TIMER "/run/systemd/transient/" SETUP_LATE ".timer"

/*
 * The configuration that prestart makes, if chronyd was started with the refclock. It is read by root, so it
 * must not lie where another user could put something else in its place: not in /run/chrony, which belongs to
 * chronyd's user. Debian's AppArmor profile lets chronyd read /run/chrony-dhcp, which is root's.
 */
const char *setup_generated(const struct chrony_layout *layout);

/* All of that as one, for chrony_service_next(); NULL without a layout. */
const struct chrony_addition *setup_addition(const struct chrony_layout *layout);

/* Every path that setup may ever write to, but for the journal; NULL at the end */
extern const char *const setup_files[];

#endif
