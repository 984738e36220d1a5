// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../include/version.h"
#include "base/die.h"
#include "cli/verbs.h"
#include "output/text.h"

static void usage(const struct verb *verbs, size_t n, const char *statuses)
{
	char verb[24];

	print("Usage: %s [VERB] [OPTION]...\n\n", progname);
	for (size_t i = 0; i < n; i++) {
		snprintf(verb, sizeof(verb), "  %s", verbs[i].name);
		text_columns(stdout, 12, verb, verbs[i].summary);
	}
	print("\n'%s VERB --help' has a verb's options, %s(8) everything.\nExit status: %s.\n", progname, progname,
	      statuses);
}

static const struct verb *find(const struct verb *verbs, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(name, verbs[i].name))
			return &verbs[i];
	return NULL;
}

static int run_verb(const struct verb *verb, int argc, char **argv)
{
	progverb = verb->name;
	return finish(verb->run(argc, argv));
}

/* help VERB is VERB --help. */
static int help(const struct verb *verb)
{
	char *argv[] = { (char *)verb->name, "--help", NULL };

	return run_verb(verb, 2, argv);
}

/* A file that is opened must not get the number of a standard stream that is closed, and the text meant for that. */
static void keep_streams(void)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);	/* as useless as a closed one */
}

int verbs_main(const struct verb *verbs, size_t n, const char *statuses, int argc, char **argv)
{
	char *bare[] = { (char *)verbs[0].name, NULL };
	bool asks = argc > 1 && !strcmp(argv[1], "help");
	const struct verb *verb;

	keep_streams();
	if (argc < 2)
		return run_verb(&verbs[0], 1, bare);
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || (asks && argc == 2)) {
		usage(verbs, n, statuses);
		return finish(EXIT_GOOD);
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		print("%s " PTP_KVM_VERSION "\n", progname);
		return finish(EXIT_GOOD);
	}
	if (asks && argc > 3)
		misuse("unexpected argument '%s'", argv[3]);
	if (!asks && argv[1][0] == '-')
		return run_verb(&verbs[0], argc, argv);
	verb = find(verbs, n, argv[1 + asks]);
	if (!verb)
		misuse("unknown verb '%s'", argv[1 + asks]);
	return asks ? help(verb) : run_verb(verb, argc - 1, argv + 1);
}
