/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a check found: what each link of a chain is like, the reason, and what to type about it. */
#ifndef OUTPUT_FINDINGS_H
#define OUTPUT_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "output/json.h"
#include "output/metrics.h"

enum finding_level { LEVEL_PASS, LEVEL_WARN, LEVEL_FAIL, LEVEL_UNKNOWN };

/* What can be found: a row for each code, which what is said, documented and ignored of it comes from */
struct finding_kind {
	const char *code, *link;	/* "driver-not-loaded", "driver", both stable; NULL at the end of a table */
	enum finding_level level;	/* as a rule: LEVEL_WARN or LEVEL_FAIL */
	bool either;			/* now and then it is the other of these two */
	const char *about;		/* a few sentences of ASCII: what it means, why it is so, what mends it */
};

#define FINDING_WARN(code, link, about) { code, link, LEVEL_WARN, false, about }
#define FINDING_FAIL(code, link, about) { code, link, LEVEL_FAIL, false, about }
#define FINDING_EITHER(code, link, level, about) { code, link, level, true, about }

/* A line of what mends it: words; a line for sh, as it stands; or one that says where, elsewhere, it is typed */
struct remedy {
	enum { REMEDY_WORDS, REMEDY_COMMAND, REMEDY_ELSEWHERE } kind;
	char text[600];
};

#define REMEDIES_MAX 6

struct finding {
	enum finding_level level;
	bool ignored;			/* --ignore: shown, but doesn't count */
	const char *link;		/* "driver" */
	const char *code;		/* what was found, stable: "driver-not-loaded" */
	char text[360];
	struct remedy remedies[REMEDIES_MAX];	/* in order */
	int n_remedies;
};

struct findings {
	const struct finding_kind *kinds;
	bool offline;			/* --root: remedies are for the files below file_root */
	const char *outside;		/* this is a container: what is around it, "in the guest itself"; else NULL */
	struct finding *list;
	int n, size;			/* size: for how many there is room now */
};

/* None, of kinds; zeroed before the first time. What was there is overwritten, its memory used again. */
void findings_begin(struct findings *v, const struct finding_kind *kinds);

/* One more, to be filled in by who knows all of it */
struct finding *finding_new(struct findings *v);

/* One more, of kinds: a code that is not there ends the program. What is too long is cut. */
void finding_add(struct findings *v, const char *code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* At another level than is the rule, where the row has that */
void finding_add_at(struct findings *v, enum finding_level level, const char *code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* What is well (LEVEL_PASS), or not known (LEVEL_UNKNOWN), by a code of its own */
void finding_say(struct findings *v, enum finding_level level, const char *link, const char *code, const char *fmt,
		 ...) __attribute__((format(printf, 5, 6)));
/* "not looked at: WHY" */
void finding_skip(struct findings *v, const char *link, const char *why);

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
void remedy_run(struct findings *v, unsigned int how, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* In words, what no command does. What is too long is cut. */
void remedy_say(struct findings *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Where a finding begins, which an option sets to a whole number from min to max */
struct limit {
	const char *option;		/* "warn-offset"; NULL at the end of a list */
	int64_t value, min, max;
	const char *help;
};

#define LIMIT_NS 0, 1000000000000LL	/* ns, up to 1000 s */

/* What the command lines of verbs that find something share */
struct findings_options {
	const struct finding_kind *kinds;	/* what --ignore may name */
	bool json, quiet;
	const char *ignored[32];
	size_t n_ignored;
};

/* Of cli/options.h; page: of Documentation/ */
#define FINDINGS_ROWS(o, page) \
	{ 0, "json", NULL, "for programs (Documentation/" page ")", FLAG_TO(&(o)->json) }, \
	{ 'q', "quiet", NULL, "warnings and failures only", FLAG_TO(&(o)->quiet) }, \
	IGNORE_ROW(o, "these, as shown in brackets, don't count"), \
	{ 0, "explain", "CODE", "what such a finding means, and what mends it; list: all of them", \
	  TAKE_BY(findings_take_explained, o) }
#define IGNORE_ROW(o, about) { 0, "ignore", "CODE,...", about, TAKE_BY(findings_take_ignored, o) }

/* "CODE,...", which is cut to pieces and kept. One that is none is misuse. */
void findings_take_ignored(void *options, char *list);
/* Of one code, or of "list": printed, and the end of the program. One that is none is misuse. */
void findings_take_explained(void *options, char *code);
void findings_ignore(struct findings *v, const struct findings_options *o);

/* 0 good, 1 if there is a warning, 2 if there is a failure; of those that count. */
int findings_exit_status(const struct findings *v);

/* For people; quiet: warnings and failures that count. */
void findings_print(const struct findings *v, bool quiet);
/* For programs: the array "checks" */
void findings_json(struct json *j, const struct findings *v);
/* A document's beginning, up to that; tool: the name of its version; none: what exit status 3 is called */
void findings_json_begin(struct json *j, int schema, const char *tool, const char *none, int status,
			 const struct findings *v);
/* How many there are of each level, and which warnings and failures; of those that count */
void findings_metrics(struct metrics *m, const char *help, const struct findings *v);

#endif
