// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdbool.h>
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

static const struct verb *find(const struct verb *verbs, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(name, verbs[i].name))
			return &verbs[i];
	return NULL;
}

/* help VERB is VERB --help. */
static int help(const struct verb *verb)
{
	char *argv[] = { (char *)verb->name, "--help", NULL };

	return verb->run(2, argv);
}

int verbs_main(const struct verb *verbs, size_t n, const char *statuses, int argc, char **argv)
{
	char *bare[] = { (char *)verbs[0].name, NULL };
	bool asks = argc > 1 && !strcmp(argv[1], "help");
	const struct verb *verb;

	if (argc < 2)
		return finish(verbs[0].run(1, bare));
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || (asks && argc == 2)) {
		usage(verbs, n, statuses);
		return finish(EXIT_GOOD);
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		printf("%s " PTP_KVM_VERSION "\n", progname);
		return finish(EXIT_GOOD);
	}
	if (asks && argc > 3)
		misuse("unexpected argument '%s'", argv[3]);
	if (!asks && argv[1][0] == '-')
		return finish(verbs[0].run(argc, argv));
	verb = find(verbs, n, argv[1 + asks]);
	if (!verb)
		misuse("unknown verb '%s'", argv[1 + asks]);
	return finish(asks ? help(verb) : verb->run(argc - 1, argv + 1));
}
