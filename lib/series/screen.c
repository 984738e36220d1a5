// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/die.h"
#include "base/text.h"
#include "output/text.h"
#include "series/screen.h"
#include "series/stats.h"

bool screen_possible(void)
{
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && term && term[0] && strcmp(term, "dumb");
}

/* A control sequence (ECMA-48), which nothing else sends to a terminal */
static void control(const char *sequence)
{
	printf("\033[%s", sequence);
}

void screen_begin(struct screen *s)
{
	struct screen last = *s;
	struct winsize size;
	char up[16];

	*s = (struct screen){ .columns = 80, .rows = 24 };
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col && size.ws_row) {
		s->columns = size.ws_col;
		s->rows = size.ws_row;
	}
	/* In another width the terminal has broken the old lines anew: only a clean screen is sure. */
	if (last.lines && (s->columns != last.columns || s->rows != last.rows)) {
		control("H");
		control("2J");
	} else if (last.lines) {
		snprintf(up, sizeof(up), "%dA", last.lines);
		control(up);
		print("\r");
	}
}

void screen_end(void)
{
	control("J");
}

static void cut(char *line, int columns)
{
	while (text_width(line) > columns)
		line[strlen(line) - 1] = 0;
}

void screen_line(struct screen *s, const char *fmt, ...)
{
	va_list ap;
	char *line;

	if (s->lines >= s->rows - 1)
		return;
	va_start(ap, fmt);
	line = tame(fmt, ap);
	va_end(ap);
	cut(line, s->columns - 1);
	print("%s", line);
	control("K");
	print("\n");
	s->lines++;
	free(line);
}

static void sparkline(struct screen *s, const struct series *series, size_t n)
{
	char min[NS_TEXT_LEN], max[NS_TEXT_LEN], bar[4096];
	struct stats st;
	int width = s->columns - 13;
	size_t shown;

	if (width < 8 || s->lines >= s->rows - 2)
		return;
	shown = n > (size_t)width ? (size_t)width : n;
	stats_of(&st, series->ns + n - shown, shown);
	series_sparkline(bar, sizeof(bar), series->ns, n, width, utf8_locale());
	screen_line(s, "%-12s from %s to %s", series->title, text_ns(min, st.min, true),
		    text_ns(max, st.max, true));
	screen_line(s, "%12s%s", "", bar);
}

void screen_sparklines(struct screen *s, const struct series_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		sparkline(s, &set->list[i], set->ticks);
}

/* Of a series, or the head of them all */
static void stats_line(struct screen *s, const struct series_set *set, const struct series *series)
{
	char *line = NULL;
	size_t len;
	FILE *f = open_memstream(&line, &len);

	if (!f)
		die("out of memory");
	if (series)
		series_stats(f, series, set->ticks, true);
	else
		series_stats_head(f, true);
	fclose(f);
	line[strcspn(line, "\n")] = 0;
	screen_line(s, "%s", line);
	free(line);
}

void screen_stats(struct screen *s, const struct series_set *set)
{
	stats_line(s, set, NULL);
	for (size_t i = 0; i < set->n; i++)
		stats_line(s, set, &set->list[i]);
}
