/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs of ptpkvm. */
#ifndef PTPKVM_H
#define PTPKVM_H

#include "cli/verbs.h"

enum { EXIT_NO_GUEST = 3 };	/* this machine is not a KVM guest */

int cmd_check(int argc, char **argv);
int cmd_time(int argc, char **argv);
int cmd_set(int argc, char **argv);
int cmd_chrony(int argc, char **argv);
int cmd_setup(int argc, char **argv);
int cmd_remove(int argc, char **argv);
int cmd_prestart(int argc, char **argv);
int cmd_watch(int argc, char **argv);
int cmd_bench(int argc, char **argv);
int cmd_metrics(int argc, char **argv);
int cmd_guard(int argc, char **argv);

#endif
