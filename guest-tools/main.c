// SPDX-License-Identifier: GPL-2.0-or-later
/* ptpkvm: does this guest keep its host's time, and what to do about it. */
#include <stdio.h>
#include <string.h>

#include "../include/version.h"
#include "ptpkvm.h"
#include "util.h"

static const struct verb verbs[] = {
	{ "check", cmd_check, "is this machine on its host's time, and if not, why (the default)" },
	{ "time", cmd_time, "the PTP clock's time, beside the system's" },
	{ "chrony", cmd_chrony, "print chrony's refclock line" },
	{ "setup", cmd_setup, "have chronyd keep the host's time, now and after every boot" },
	{ "remove", cmd_remove, "undo setup, to the byte" },
	{ "watch", cmd_watch, "offsets as they come, and their statistics" },
	{ "bench", cmd_bench, "cost and uncertainty of each way of reading the clock" },
	{ "metrics", cmd_metrics, "Prometheus text exposition" },
	{ "guard", cmd_guard, "keep chronyd off a host clock that is not to be trusted" },
	{ "prestart", cmd_prestart, "what chrony's unit runs before chronyd, see setup" },
};

static void usage(void)
{
	printf("Usage: ptpkvm [VERB] [OPTION]...\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		printf("  %-10s%s\n", verbs[i].name, verbs[i].summary);
	printf("\n'ptpkvm VERB --help' has a verb's options, ptpkvm(8) everything.\n"
	       "Exit status: 0 good, 1 warnings, 2 broken or misuse, 3 not a KVM guest.\n");
}

int main(int argc, char **argv)
{
	static char *bare[] = { "check", NULL };

	progname = "ptpkvm";
	if (argc < 2)
		return finish(cmd_check(1, bare));
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		usage();
		return finish(EXIT_GOOD);
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		puts("ptpkvm " PTP_KVM_VERSION);
		return finish(EXIT_GOOD);
	}
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (!strcmp(argv[1], verbs[i].name))
			return finish(verbs[i].run(argc - 1, argv + 1));
	if (argv[1][0] == '-')
		return finish(cmd_check(argc, argv));
	misuse("unknown verb '%s'", argv[1]);
}
