// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel's NTP state, by adjtimex(2): what a time daemon would set, for hosts of the lab. */
#include <errno.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>

#include "base/die.h"
#include "base/now.h"
#include "cli/options.h"
#include "shared.h"

static const char usage[] =
	"Usage: ntpstate [OPTION]...\n"
	"Change what is given of the kernel's NTP state, then print it as one line of key=value: state (adjtimex(2)'s\n"
	"result: 0 ok, 1 insert, 2 delete, 3 in the leap second, 4 has occurred, 5 not synchronized), status (STA_*),\n"
	"maxerror_us, esterror_us, tai (s), freq_ppm.\n"
	"\n"
	"      --synced yes|no    clear or set STA_UNSYNC\n"
	"      --leap none|insert|delete  at the end of this UTC day (STA_INS, STA_DEL)\n"
	"      --max-error-us N   --est-error-us N\n"
	"      --tai S            TAI - UTC\n"
	"      --step-ns N        add N to CLOCK_REALTIME at once (ADJ_SETOFFSET)\n"
	"      --slew-us N        let the kernel slew so much away (ADJ_OFFSET_SINGLESHOT)\n"
	"  -h, --help             this\n"
	"Exit: 0 done; 1 the kernel refuses; 2 misuse.\n";

/* Each change is a call of its own: of modes, ADJ_OFFSET_SINGLESHOT excludes all others. */
static void apply(const char *what, unsigned int modes, struct timex *tx)
{
	tx->modes = modes;
	if (adjtimex(tx) < 0) {
		fprintf(stderr, "ntpstate: %s: %s\n", what, strerror(errno));
		exit(EXIT_MEASURED);
	}
}

static int current_status(void)
{
	struct timex tx = { 0 };

	apply("adjtimex", 0, &tx);
	return tx.status;
}

static void set_status(const char *what, int clear, int set)
{
	struct timex tx = { .status = (current_status() & ~clear & ~STA_RONLY) | set };

	apply(what, ADJ_STATUS, &tx);
}

static void step(const char *arg)
{
	int64_t ns = opt_s64("--step-ns", arg, -1000000 * NSEC_PER_SEC, 1000000 * NSEC_PER_SEC);
	struct timex tx = { .time.tv_sec = ns / NSEC_PER_SEC, .time.tv_usec = ns % NSEC_PER_SEC };

	if (tx.time.tv_usec < 0) {
		tx.time.tv_sec--;
		tx.time.tv_usec += NSEC_PER_SEC;
	}
	apply("--step-ns", ADJ_SETOFFSET | ADJ_NANO, &tx);
}

enum { OPT_SYNCED = 256, OPT_LEAP, OPT_MAX, OPT_EST, OPT_TAI, OPT_STEP, OPT_SLEW };

static void change(int c)
{
	struct timex tx = { 0 };

	switch (c) {
	case OPT_SYNCED:
		if (strcmp(optarg, "yes") && strcmp(optarg, "no"))
			misuse("--synced: '%s' is neither yes nor no", optarg);
		set_status("--synced", STA_UNSYNC, strcmp(optarg, "yes") ? STA_UNSYNC : 0);
		break;
	case OPT_LEAP:
		if (strcmp(optarg, "none") && strcmp(optarg, "insert") && strcmp(optarg, "delete"))
			misuse("--leap: '%s' is none of none, insert, delete", optarg);
		set_status("--leap", STA_INS | STA_DEL,
			   !strcmp(optarg, "insert") ? STA_INS : !strcmp(optarg, "delete") ? STA_DEL : 0);
		break;
	case OPT_MAX:
		tx.maxerror = opt_s64("--max-error-us", optarg, 0, INT32_MAX);
		apply("--max-error-us", ADJ_MAXERROR, &tx);
		break;
	case OPT_EST:
		tx.esterror = opt_s64("--est-error-us", optarg, 0, INT32_MAX);
		apply("--est-error-us", ADJ_ESTERROR, &tx);
		break;
	case OPT_TAI:
		tx.constant = opt_s64("--tai", optarg, 0, 100000);
		apply("--tai", ADJ_TAI, &tx);
		break;
	case OPT_STEP:
		step(optarg);
		break;
	case OPT_SLEW:
		tx.offset = opt_s64("--slew-us", optarg, -500000, 500000);
		apply("--slew-us", ADJ_OFFSET_SINGLESHOT, &tx);
		break;
	default:
		misuse("bad option");
	}
}

int main(int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "synced", 1, NULL, OPT_SYNCED }, { "leap", 1, NULL, OPT_LEAP },
		{ "max-error-us", 1, NULL, OPT_MAX }, { "est-error-us", 1, NULL, OPT_EST },
		{ "tai", 1, NULL, OPT_TAI }, { "step-ns", 1, NULL, OPT_STEP },
		{ "slew-us", 1, NULL, OPT_SLEW }, { "help", 0, NULL, 'h' }, { 0 },
	};
	struct timex tx = { 0 };
	int c, state;

	progname = "ntpstate";
	while ((c = getopt_long(argc, argv, "h", longopts, NULL)) != -1) {
		if (c == 'h') {
			fputs(usage, stdout);
			return finish(EXIT_OK);
		}
		change(c);
	}
	opt_no_arguments(argc, argv);
	state = adjtimex(&tx);
	if (state < 0)
		die("adjtimex: %s", strerror(errno));
	printf("state=%d status=0x%x maxerror_us=%ld esterror_us=%ld tai=%d freq_ppm=%.3f\n", state, tx.status,
	       tx.maxerror, tx.esterror, tx.tai, tx.freq / 65536.0);
	return finish(EXIT_OK);
}
