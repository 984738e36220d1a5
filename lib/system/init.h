/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What starts the daemons of a system. */
#ifndef SYSTEM_INIT_H
#define SYSTEM_INIT_H

#include <stdbool.h>

/*
 * NULL if that is systemd; else the other one's name, "" if it is not known. running: what runs here; else what will
 * run the tree below file_root, by what its /sbin/init leads to, or by systemd's program where there is no such file.
 */
const char *init_other(bool running);

#endif
