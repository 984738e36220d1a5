// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/array.h"
#include "base/die.h"
#include "series/screen.h"
#include "series/stats.h"

bool screen_possible(void)
{
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && term && term[0] && strcmp(term, "dumb");
}

static bool utf8_locale(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *val = getenv(names[i]);

		if (val && val[0])
			return strcasestr(val, "UTF-8") || strcasestr(val, "utf8");
	}
	return false;
}

void screen_begin(struct screen *s)
{
	struct screen last = *s;
	struct winsize size;

	*s = (struct screen){ .columns = 80, .rows = 24 };
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col && size.ws_row) {
		s->columns = size.ws_col;
		s->rows = size.ws_row;
	}
	/* In another width the terminal has broken the old lines anew: only a clean screen is sure. */
	if (last.lines && (s->columns != last.columns || s->rows != last.rows))
		fputs("\033[H\033[2J", stdout);
	else if (last.lines)
		printf("\033[%dA\r", last.lines);
}

void screen_end(void)
{
	fputs("\033[J", stdout);
}

void screen_line(struct screen *s, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	if (s->lines >= s->rows - 1)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	text[strcspn(text, "\n")] = 0;
	printf("%.*s\033[K\n", s->columns - 1, text);
	s->lines++;
}

static void sparkline(struct screen *s, const struct series *series, size_t n)
{
	char min[SERIES_NS_LEN], max[SERIES_NS_LEN], bar[4096];
	struct stats st;
	int width = s->columns - 13;
	size_t shown;

	if (width < 8 || s->lines >= s->rows - 2)
		return;
	shown = n > (size_t)width ? (size_t)width : n;
	stats_of(&st, series->ns + n - shown, shown);
	series_sparkline(bar, sizeof(bar), series->ns, n, width, utf8_locale());
	screen_line(s, "%-12s from %s to %s", series->title, series_ns(min, st.min, true),
		    series_ns(max, st.max, true));
	printf("%12s%s\033[K\n", "", bar);
	s->lines++;
}

void screen_sparklines(struct screen *s, const struct series_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		sparkline(s, &set->list[i], set->ticks);
}

/* Of a series, or the head of them all */
static void stats_line(struct screen *s, const char *now, const struct series *series, unsigned int ticks)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		die("out of memory");
	if (series)
		series_stats(f, series, ticks);
	else
		series_stats_head(f);
	fclose(f);
	screen_line(s, "%10s  %s", now, text);
	free(text);
}

void screen_stats(struct screen *s, const struct series_set *set)
{
	char now[SERIES_NS_LEN];

	stats_line(s, "now", NULL, 0);
	for (size_t i = 0; i < set->n; i++)
		stats_line(s, series_ns(now, set->list[i].ns[set->ticks - 1], true), &set->list[i], set->ticks);
}
