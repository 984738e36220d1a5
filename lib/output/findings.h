/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a check found: a verdict for each link of a chain, the reason, and what to type about it. */
#ifndef OUTPUT_FINDINGS_H
#define OUTPUT_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "output/json.h"
#include "output/metrics.h"

enum verdict_level { VERDICT_PASS, VERDICT_WARN, VERDICT_FAIL, VERDICT_UNKNOWN };

/* What can be found: a row for each code, which what is said, documented and ignored of it comes from */
struct finding_kind {
	const char *code, *link;	/* "driver-not-loaded", "driver", both stable; NULL at the end of a table */
	enum verdict_level level;	/* as a rule: VERDICT_WARN or VERDICT_FAIL */
	bool either;			/* now and then it is the other of these two */
	const char *about;		/* a few sentences of ASCII: what it means, why it is so, what mends it */
};

#define FINDING_WARN(code, link, about) { code, link, VERDICT_WARN, false, about }
#define FINDING_FAIL(code, link, about) { code, link, VERDICT_FAIL, false, about }
#define FINDING_EITHER(code, link, level, about) { code, link, level, true, about }

/* A line of what mends it: words; a line for sh, as it stands; or one that says where, elsewhere, it is typed */
struct remedy {
	enum { REMEDY_WORDS, REMEDY_COMMAND, REMEDY_ELSEWHERE } kind;
	char text[600];
};

#define REMEDIES_MAX 6

struct verdict {
	enum verdict_level level;
	bool ignored;			/* --ignore: shown, but doesn't count */
	const char *link;		/* "driver" */
	const char *code;		/* what was found, stable: "driver-not-loaded" */
	char text[360];
	struct remedy remedies[REMEDIES_MAX];	/* in order */
	int n_remedies;
};

struct verdicts {
	const struct finding_kind *kinds;
	bool offline;			/* --root: remedies are for the files below file_root */
	const char *outside;		/* this is a container: what is around it, "in the guest itself"; else NULL */
	struct verdict *list;
	int n, size;			/* size: for how many there is room now */
};

/* None, of kinds; zeroed before the first time. What was there is overwritten, its memory used again. */
void verdicts_begin(struct verdicts *v, const struct finding_kind *kinds);

/* One more, to be filled in by who knows all of it */
struct verdict *verdict_add(struct verdicts *v);

/* One more, of kinds: a code that is not there ends the program. What is too long is cut. */
void verdict_find(struct verdicts *v, const char *code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* At another level than is the rule, where the row has that */
void verdict_find_at(struct verdicts *v, enum verdict_level level, const char *code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* What is well (VERDICT_PASS), or not known (VERDICT_UNKNOWN), by a code of its own */
void verdict_say(struct verdicts *v, enum verdict_level level, const char *link, const char *code, const char *fmt,
		 ...) __attribute__((format(printf, 5, 6)));
/* "not looked at: WHY" */
void verdict_skip(struct verdicts *v, const char *link, const char *why);

/* How a command is meant */
enum {
	RUN_LIVE = 1,		/* it is about what runs: not said for --root */
	RUN_ROOT = 2,		/* it takes --root, which is put at its end */
	RUN_OUTSIDE = 4,	/* no container can do that: said of what is around it */
	RUN_ON_HOST = 8,	/* these are typed elsewhere */
	RUN_ON_MASTER = 16,
	RUN_IN_SOURCE = 32,
};

/*
 * A command that mends what was found last. fmt has %s and %d only. What is put in for %s is quoted for the shell; one
 * that begins with '/' is a file below --root, an empty one is left out with the space before it. Not said if it is too
 * long: half a command is none.
 */
void verdict_run(struct verdicts *v, unsigned int how, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* In words, what no command does. What is too long is cut. */
void verdict_advise(struct verdicts *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Where a finding begins, which an option sets to a whole number from min to max */
struct limit {
	const char *option;		/* "warn-offset"; NULL at the end of a list */
	int64_t value, min, max;
	const char *help;
};

#define LIMIT_NS 0, 1000000000000LL	/* ns, up to 1000 s */

/* What the command lines of verbs that give verdicts share */
struct verdict_options {
	const struct finding_kind *kinds;	/* what --ignore may name */
	bool json, quiet;
	const char *ignored[32];
	size_t n_ignored;
};

/* Of cli/options.h; page: of Documentation/ */
#define VERDICT_ROWS(o, page) \
	{ 0, "json", NULL, "for programs (Documentation/" page ")", FLAG_TO(&(o)->json) }, \
	{ 'q', "quiet", NULL, "warnings and failures only", FLAG_TO(&(o)->quiet) }, \
	IGNORE_ROW(o, "these, as shown in brackets, don't count"), \
	{ 0, "explain", "CODE", "what such a finding means, and what mends it; list: all of them", \
	  TAKE_BY(verdict_take_explained, o) }
#define IGNORE_ROW(o, about) { 0, "ignore", "CODE,...", about, TAKE_BY(verdict_take_ignored, o) }

/* "CODE,...", which is cut to pieces and kept. One that is none is misuse. */
void verdict_take_ignored(void *options, char *list);
/* Of one code, or of "list": printed, and the end of the program. One that is none is misuse. */
void verdict_take_explained(void *options, char *code);
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
