/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A host's id and its disruption marker, which changes with each step and survives a restart of this program. */
#ifndef SERVE_MARKER_H
#define SERVE_MARKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Below /run, which no boot survives: what is in it needs to name no boot. */
#define MARKER_STATE "/run/ptpkvm-host/marker"

/* The clocks at one time */
struct clock_look {
	int64_t real_ns, boot_ns;
	int64_t low, high;	/* CLOCK_REALTIME − CLOCK_BOOTTIME is between: only a step or a leap second changes it */
	int64_t asleep;		/* CLOCK_BOOTTIME − CLOCK_MONOTONIC, or less by no more than these two are apart */
};

struct marker {
	uint8_t host_id[16];	/* random: the same as long as /run is */
	uint64_t value;
	int64_t low, high, asleep;	/* as the clocks were then */
};

void clock_look(struct clock_look *l);

/*
 * Was the clock stepped, or asleep, since? by: how far it has moved, ns, 0 for what is too little to be seen. leap: the
 * kernel is in a leap second or right behind it, whose own second is no step.
 */
bool marker_stepped(const struct marker *m, const struct clock_look *l, bool leap, int64_t *by);
/* The clocks as they are now; the value stays. */
void marker_note(struct marker *m, const struct clock_look *l);

/* False where text is none that marker_text() made */
bool marker_parse(struct marker *m, const char *text);
#define MARKER_TEXT_LEN 200
void marker_text(char buf[static MARKER_TEXT_LEN], const struct marker *m);

/* Another value, and another host's id where new_host */
void marker_change(struct marker *m, bool new_host);

/* As it was left in /run; false if it was not. False with the reason where it can't be left. */
bool marker_load(struct marker *m);
bool marker_save(const struct marker *m, char *why, size_t len);

#endif
