// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/die.h"
#include "base/numbers.h"
#include "base/text.h"
#include "chrony/refclock.h"
#include "setup/adopt.h"
#include "system/tree.h"
#include "time/phc.h"

/* --- which lines --- */

enum whose { OTHERS, OURS, PERHAPS };

/* What a number will stand for can't be known of a system that does not run, nor of a device that is not there. */
static enum whose is_this_clock(const struct adoption *a, const char *device)
{
	char real[PATH_MAX], ours[PATH_MAX], path[PATH_MAX + 40], name[64];
	uint64_t number;

	if (!strcmp(device, REFCLOCK_LINK) || !strcmp(device, a->device) || (a->offline && phc_named_by_rule(device)))
		return OURS;
	if (!a->offline && realpath(device, real)) {
		if (realpath(a->device, ours) && !strcmp(real, ours))
			return OURS;
		device = real;
	}
	if (strncmp(device, "/dev/ptp", 8) || !parse_u64(device + 8, 0, UINT64_MAX, &number))
		return OTHERS;
	snprintf(path, sizeof(path), "/sys/class/ptp/%s/clock_name", device + 5);
	if (a->offline || !file_read_line(path, name, sizeof(name)))
		return PERHAPS;
	return strcmp(name, PHC_KVM_NAME) ? OTHERS : OURS;
}

/* The line as it stands in its file, without its end; false if it can't be on record as that. */
static bool read_raw(struct setup_adopted *line, const struct chrony_directive *d)
{
	size_t len, n;
	char *text = file_read(d->file, &len), *begin;
	bool good = false;

	if (text && d->at < len) {
		begin = text + d->at;
		n = strcspn(begin, "\n");
		good = n < sizeof(line->text) && (begin[n] == '\n' || begin + n == text + len) &&
		       (!d->at || begin[-1] == '\n') && strlen(d->file) < sizeof(line->file);
		for (const char *c = d->file; *c; c++)
			good &= !iscntrl((unsigned char)*c);
		if (good) {
			snprintf(line->text, sizeof(line->text), "%.*s", (int)n, begin);
			strcpy(line->file, d->file);
		}
	}
	free(text);
	return good;
}

/* What is in the way, and what is to be done instead of --adopt */
static const char *obstacle(const struct chrony_directive *d, struct setup_adopted *line)
{
	struct stat st;

	if (!strncmp(d->file, "/run/", 5) || !strncmp(d->file, "/var/run/", 9))
		return "that file is made anew at every boot, so whoever makes it has to leave that line out";
	if (file_lstat(d->file, &st) || !S_ISREG(st.st_mode))
		return "that file is a link, which --adopt does not follow: take the line out yourself";
	if (st.st_nlink != 1)
		return "that file has a second name, so --adopt leaves it alone: take the line out yourself";
	if (!read_raw(line, d))
		return "--adopt cannot put it on record: take the line out yourself";
	return NULL;
}

bool adopt_see(struct adoption *a, const struct chrony_directive *d, char *why, size_t len)
{
	struct setup_adopted line;
	const char *word = d->args + 4, *not;
	char device[300];
	enum whose ours;

	if (strcmp(d->name, "refclock") || strncmp(d->args, "PHC ", 4))
		return true;
	snprintf(device, sizeof(device), "%.*s", (int)strcspn(word, " :"), word);
	ours = is_this_clock(a, device);
	if (ours == OTHERS)
		return true;
	not = obstacle(d, &line);
	if (!not && a->wanted && a->n == SETUP_ADOPTED_MAX)
		not = "these are more than --adopt takes over: take the line out yourself";
	if (a->wanted && !not) {
		a->at[a->n] = d->line;
		a->lines[a->n++] = line;
		return true;
	}
	refuse(why, len, "%s%s:%d has a refclock for this clock%s already: '%s'; ", file_root, d->file, d->line,
	       ours == PERHAPS ? ", perhaps," : "", d->text);
	if (not)
		add_text(why, len, "%s", not);
	else
		add_text(why, len, "'sudo ptpkvm setup%s --adopt' comments it out, until remove", file_root_option());
	if (ours == PERHAPS)
		add_text(why, len, ". What %s will be cannot be known %s: if it is another clock, name it there by a "
			 "link of udev's, not by its number", device, a->offline ? "here" : "while it is not there");
	return false;
}

/* --- taking over, and back --- */

/* Each line of a file that is from becomes to. Their number, or -1 and the reason */
static int replace_lines(const char *file, const char *from, const char *to, bool try, char *why, size_t len)
{
	char *text, *new;
	size_t size, new_size, n;
	FILE *f;
	int found = 0;

	text = file_read(file, &size);
	if (!text && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (!text)
		return refuse(why, len, "cannot read %s%s: %s", file_root, file, strerror(errno)), -1;
	f = open_memstream(&new, &new_size);
	if (!f)
		die("out of memory");
	for (const char *line = text, *end = text + size; line < end; line += n) {
		const char *newline = memchr(line, '\n', end - line);
		size_t body = newline ? (size_t)(newline - line) : (size_t)(end - line);
		bool same = body == strlen(from) && !memcmp(line, from, body);

		n = body + (newline != NULL);
		found += same;
		fwrite(same ? to : line, 1, same ? strlen(to) : body, f);
		if (newline)
			fputc('\n', f);
	}
	if (fclose(f))
		die("out of memory");
	if (found && !try && file_rewrite(file, new, new_size, why, len))
		found = -1;
	free(new);
	free(text);
	return found;
}

static void marked(char buf[static sizeof(ADOPT_MARK) + SETUP_ADOPTED_LEN], const struct setup_adopted *line)
{
	strcpy(buf, ADOPT_MARK);
	strcat(buf, line->text);
}

bool adopt_do(struct adoption *a, char *why, size_t len)
{
	char to[sizeof(ADOPT_MARK) + SETUP_ADOPTED_LEN];

	for (; a->done < a->n; a->done++) {
		const struct setup_adopted *line = &a->lines[a->done];
		int n;

		marked(to, line);
		n = replace_lines(line->file, line->text, to, false, why, len);
		if (!n)
			n = adopt_undo(line, true, why, len);	/* its like may have been done with another */
		if (n < 0)
			return false;
		if (!n)
			return refuse(why, len, "%s%s:%d has changed meanwhile", file_root, line->file,
				      a->at[a->done]);
	}
	return true;
}

int adopt_undo(const struct setup_adopted *line, bool try, char *why, size_t len)
{
	char from[sizeof(ADOPT_MARK) + SETUP_ADOPTED_LEN];

	marked(from, line);
	return replace_lines(line->file, from, line->text, try, why, len);
}

static void find_in(struct setup_record *record, const char *file)
{
	struct setup_adopted line;
	char *text = file_read(file, NULL), *next;

	for (char *at = text; at && *at; at = next) {
		size_t n = strcspn(at, "\n"), mark = strlen(ADOPT_MARK);

		next = at + n + (at[n] == '\n');
		if (n <= mark || strncmp(at, ADOPT_MARK, mark) || n - mark >= sizeof(line.text) ||
		    strlen(file) >= sizeof(line.file))
			continue;
		strcpy(line.file, file);
		snprintf(line.text, sizeof(line.text), "%.*s", (int)(n - mark), at + mark);
		setup_record_adopted(record, &line);
	}
	free(text);
}

void adopt_find(struct setup_record *record)
{
	static const char *const usual[] = { "/etc/chrony.conf", "/etc/chrony.d/*.conf", "/etc/chrony/*.conf",
					     "/etc/chrony/conf.d/*.conf" };
	char **paths;

	for (size_t i = 0; i < ARRAY_SIZE(usual); i++) {
		int n = file_glob(usual[i], &paths);

		for (int k = 0; k < n; k++)
			find_in(record, paths[k]);
		file_glob_free(paths, n);
	}
}
