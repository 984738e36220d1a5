/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a check found: a verdict for each link of a chain, the reason, and what to type about it. */
#ifndef OUTPUT_FINDINGS_H
#define OUTPUT_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "output/json.h"
#include "output/metrics.h"

enum verdict_level { VERDICT_PASS, VERDICT_WARN, VERDICT_FAIL, VERDICT_UNKNOWN };

struct verdict {
	enum verdict_level level;
	bool ignored;			/* --ignore: shown, but doesn't count */
	const char *link;		/* "driver" */
	const char *code;		/* what was found, stable: "driver-not-loaded" */
	char text[360];
	char remedy[360];		/* a command to type; empty where there is nothing to do */
	bool words;			/* remedy is what no command does */
};

#define VERDICTS_MAX 128

struct verdicts {
	struct verdict list[VERDICTS_MAX];
	int n;
};

/* One more; what is too long is cut. More than VERDICTS_MAX end the program. */
void verdict_say(struct verdicts *v, enum verdict_level level, const char *link, const char *code, const char *fmt,
		 ...) __attribute__((format(printf, 5, 6)));
/* For the one said last. */
void verdict_remedy(struct verdicts *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same of what no command does: it is wrapped, in text. */
void verdict_advise(struct verdicts *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* "not looked at: WHY" */
void verdict_skip(struct verdicts *v, const char *link, const char *why);

/* Where a finding begins, which an option sets to a whole number from min to max */
struct limit {
	const char *option;		/* "warn-offset"; NULL at the end of a list */
	int64_t value, min, max;
	const char *help;
};

#define LIMIT_NS 0, 1000000000000LL	/* ns, up to 1000 s */

/* What the command lines of verbs that give verdicts share */
struct verdict_options {
	const char *const *codes;	/* what --ignore may name, NULL at the end */
	bool json, quiet;
	const char *ignored[32];
	size_t n_ignored;
};

/* Of cli/options.h; page: of Documentation/ */
#define VERDICT_ROWS(o, page) \
	{ 0, "json", NULL, "for programs (Documentation/" page ")", FLAG_TO(&(o)->json) }, \
	{ 'q', "quiet", NULL, "warnings and failures only", FLAG_TO(&(o)->quiet) }, \
	IGNORE_ROW(o, "these, as shown in brackets, don't count")
#define IGNORE_ROW(o, about) { 0, "ignore", "CODE,...", about, TAKE_BY(verdict_take_ignored, o) }

/* "CODE,...", which is cut to pieces and kept. One that is none is misuse. */
void verdict_take_ignored(void *options, char *list);
void verdicts_ignore(struct verdicts *v, const struct verdict_options *o);

/* 0 good, 1 if there is a warning, 2 if there is a failure; of those that count. */
int verdicts_exit_status(const struct verdicts *v);

/* For people; quiet: warnings and failures that count. */
void verdicts_print(const struct verdicts *v, bool quiet);
/* For programs: the array "checks" */
void verdicts_json(struct json *j, const struct verdicts *v);
/* A document's beginning, up to that; tool: the name of its version; none: what exit status 3 is called */
void verdicts_json_begin(struct json *j, int schema, const char *tool, const char *none, int status,
			 const struct verdicts *v);
/* How many there are of each level, and which warnings and failures; of those that count */
void verdicts_metrics(struct metrics *m, const char *help, const struct verdicts *v);

#endif
