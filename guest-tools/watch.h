/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A series of readings, tick by tick: taken in cmd_watch.c and watch_chrony.c, shown in watch_show.c, drawn in watch_plot.c. */
#ifndef WATCH_H
#define WATCH_H

#include <limits.h>

#include "view.h"

struct watch_tick {
	unsigned int nth;		/* from 1 on */
	int64_t when_ns;		/* CLOCK_REALTIME */
	bool late;			/* it was the next one's turn already: nothing was read */
	int error;			/* errno of reading the PHC; where it is 0 phc holds */
	struct phc_reading phc;
	bool has_source;		/* chronyd has a source for the PHC, and answered */
	struct chrony_source source;
};

enum watch_format { WATCH_TEXT, WATCH_LIVE, WATCH_CSV, WATCH_JSON };

struct watch {
	struct phc phc;
	char refid[8];			/* that chrony's configuration gives to the PHC, empty if none */
	enum watch_format format;
	unsigned int count;		/* ticks that are wanted */
	unsigned int ticks;		/* ticks that have been */
	double interval;		/* seconds */
	double *phc_ns, *chrony_ns;	/* of each tick, NAN where there was none */
};

struct watch_answer {
	bool has_source;		/* of the PHC */
	struct chrony_source source;
	char why[300];			/* there is none */
};

/* From now on questions are answered; refid: of the PHC's source, see view_source(). It must stay where it is. */
void watch_chrony_start(const char *refid);
/*
 * chronyd's view now, or what an earlier question got that took too long. False if there is no answer at the
 * deadline on CLOCK_MONOTONIC: it will be the next one's.
 */
bool watch_chrony_ask(struct watch_answer *a, int64_t deadline);

/* Before the first tick, at each one, after the last one */
void watch_show_head(const struct watch *w);
void watch_show_tick(const struct watch *w, const struct watch_tick *t);
void watch_show_summary(const struct watch *w);

/* ticks * multiple seconds is long enough for an Allan deviation that says something. */
bool watch_long_enough(unsigned int ticks, unsigned int multiple);

/* A height of the last width values in UTF-8 blocks or in ASCII; a space where there is none. */
void watch_sparkline(char *line, size_t len, const double *v, size_t n, size_t width, bool utf8);

/* Nanoseconds for people: "+12 ns", "-3.4 us"; "-" for NAN. */
#define WATCH_NS_LEN 24
const char *watch_ns(char buf[static WATCH_NS_LEN], double ns, bool sign);

struct watch_plot {
	const char *file;		/* NULL: none is wanted */
	char data[PATH_MAX];		/* temporary */
	char image[PATH_MAX];		/* temporary, beside file */
};

/* Ends the program if there is no gnuplot, or if file can't be written or has another suffix than .svg, .png. */
void watch_plot_prepare(struct watch_plot *p, const char *file);
/* False with the reason in why; the data are then kept, and their place is in the reason too. */
bool watch_plot_draw(struct watch_plot *p, const struct watch *w, char *why, size_t len);
/* Whatever is left of the temporary files goes. */
void watch_plot_end(struct watch_plot *p);

#endif
