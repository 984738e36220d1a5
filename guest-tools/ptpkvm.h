/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs of ptpkvm: the table in main.c drives dispatch and help alike. */
#ifndef PTPKVM_H
#define PTPKVM_H

/* What every verb may exit with; documented in ptpkvm(8). */
enum {
	EXIT_GOOD = 0,
	EXIT_WARNINGS = 1,	/* works, but not as it should */
	EXIT_BROKEN = 2,	/* does not work, or misuse of the command line */
	EXIT_NO_GUEST = 3,	/* this machine is not a KVM guest */
};

struct verb {
	const char *name;
	int (*run)(int argc, char **argv);	/* argv[0] is the verb; the exit code */
	const char *summary;
};

int cmd_check(int argc, char **argv);
int cmd_time(int argc, char **argv);
int cmd_chrony(int argc, char **argv);
int cmd_setup(int argc, char **argv);
int cmd_remove(int argc, char **argv);
int cmd_prestart(int argc, char **argv);
int cmd_watch(int argc, char **argv);
int cmd_bench(int argc, char **argv);
int cmd_metrics(int argc, char **argv);
int cmd_guard(int argc, char **argv);

#endif
