// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include "../../include/version.h"
#include "base/die.h"
#include "cli/verbs.h"

static void usage(const struct verb *verbs, size_t n, const char *statuses)
{
	printf("Usage: %s [VERB] [OPTION]...\n\n", progname);
	for (size_t i = 0; i < n; i++)
		printf("  %-10s%s\n", verbs[i].name, verbs[i].summary);
	printf("\n'%s VERB --help' has a verb's options, %s(8) everything.\nExit status: %s.\n", progname, progname,
	       statuses);
}

int verbs_main(const struct verb *verbs, size_t n, const char *statuses, int argc, char **argv)
{
	char *bare[] = { (char *)verbs[0].name, NULL };

	if (argc < 2)
		return finish(verbs[0].run(1, bare));
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		usage(verbs, n, statuses);
		return finish(EXIT_GOOD);
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		printf("%s " PTP_KVM_VERSION "\n", progname);
		return finish(EXIT_GOOD);
	}
	for (size_t i = 0; i < n; i++)
		if (!strcmp(argv[1], verbs[i].name))
			return finish(verbs[i].run(argc - 1, argv + 1));
	if (argv[1][0] == '-')
		return finish(verbs[0].run(argc, argv));
	misuse("unknown verb '%s'", argv[1]);
}
