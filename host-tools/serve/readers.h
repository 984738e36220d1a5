/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who reads, guest by guest, and whose place another one takes: no input and no output. */
#ifndef SERVE_READERS_H
#define SERVE_READERS_H

#include <stdbool.h>
#include <stdint.h>

#define READERS_MAX 4096
#define READERS_OF_GUEST 4	/* its guard, and who looks beside it */

struct reader {
	int fd;
	unsigned int cid;
	unsigned int of_guest;	/* how many that one has */
	uint64_t nth;		/* of all that came: the lowest is the oldest */
};

struct readers {
	int max;		/* at most READERS_MAX */
	int n;
	uint64_t came;
	struct reader list[READERS_MAX];
};

/*
 * A place for another of that guest: the newest takes that of its oldest, and where all places are taken, that of the
 * oldest of whoever has most. Its descriptor, which is to be closed, or -1 where there was room.
 */
int readers_make_place(struct readers *r, unsigned int cid);
/* Into the place that was made */
void readers_add(struct readers *r, int fd, unsigned int cid);
/* False if it is none of them */
bool readers_remove(struct readers *r, int fd);

#endif
