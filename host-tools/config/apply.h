/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is done with the generated files: printed, written below a directory, installed, taken away. */
#ifndef CONFIG_APPLY_H
#define CONFIG_APPLY_H

#include <stdbool.h>

#include "config/generate.h"

#define CONFIG_JOURNAL "/etc/ptpkvm/host-state"

/* Each exits as the verb does, having said on standard error what went wrong. */
int config_print(const struct plan *plan);
/*
 * elsewhere: the files are for another machine, of which nothing is known here. image: what is to be typed is for that
 * of --root, and starts nothing.
 */
int config_output(const struct plan *plan, const char *dir, bool elsewhere);
int config_install(const struct plan *plan, bool dry_run, bool image);
int config_uninstall(bool dry_run, bool image);

#endif
