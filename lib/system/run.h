/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Other programs, run without a shell, for a bounded time. */
#ifndef SYSTEM_RUN_H
#define SYSTEM_RUN_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What run_result.status can be beside a program's own exit status, as in sh(1) and timeout(1). From
 * RUN_SIGNAL + NSIG on it is the program's own: 255 is the -1 of some.
 */
enum { RUN_TIMEOUT = 124, RUN_NOT_EXECUTABLE = 126, RUN_NOT_FOUND = 127, RUN_SIGNAL = 128 };

struct run_result {
	int status;		/* exit status; RUN_SIGNAL + number if a signal ended it; or one of the above */
	char *out;		/* standard output, always ended by a NUL, at most RUN_OUTPUT_MAX bytes */
	size_t len;
	char err[512];		/* the beginning of standard error, without the last newline */
};

#define RUN_OUTPUT_MAX (1 << 20)

/* Searched after PATH: an ordinary user's has no sbin, where chronyd and modprobe are. Tests set their own. */
extern const char *run_more_paths;

/*
 * Run argv[0], found on PATH, with the C locale and no standard input. After timeout_ms milliseconds it is
 * killed and status is RUN_TIMEOUT. Output beyond RUN_OUTPUT_MAX is thrown away. Returns true if it exited
 * with 0. res is always filled in and must be given to run_free().
 */
bool run(struct run_result *res, unsigned int timeout_ms, const char *const argv[]);
void run_free(struct run_result *res);

/* One line for people: "chronyc: no answer within 5 s", "chronyc: not installed", "chronyc: exit status 1: …". */
void run_explain(const struct run_result *res, const char *program, unsigned int timeout_ms, char *why, size_t len);

#endif
