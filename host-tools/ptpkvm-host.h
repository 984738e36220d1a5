/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs of ptpkvm-host. */
#ifndef PTPKVM_HOST_H
#define PTPKVM_HOST_H

#include "cli/verbs.h"

enum { EXIT_NO_HOST = 3 };	/* this machine can run no KVM guests */

int cmd_check(int argc, char **argv);
int cmd_metrics(int argc, char **argv);
int cmd_probe(int argc, char **argv);
int cmd_config(int argc, char **argv);
int cmd_serve(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_watch(int argc, char **argv);

#endif
