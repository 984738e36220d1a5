// SPDX-License-Identifier: GPL-2.0-or-later
#include "serve/readers.h"

static void count(struct readers *r, unsigned int cid, unsigned int of_guest)
{
	for (int i = 0; i < r->n; i++)
		if (r->list[i].cid == cid)
			r->list[i].of_guest = of_guest;
}

static void take_out(struct readers *r, int i)
{
	const struct reader gone = r->list[i];

	r->list[i] = r->list[--r->n];
	count(r, gone.cid, gone.of_guest - 1);
}

/* Has a less right to its place than b? */
static bool yields(const struct reader *a, const struct reader *b)
{
	return a->of_guest != b->of_guest ? a->of_guest > b->of_guest : a->nth < b->nth;
}

/* -1 if there is none. cid 0: of any guest */
static int first_to_yield(const struct readers *r, unsigned int cid)
{
	int found = -1;

	for (int i = 0; i < r->n; i++)
		if ((!cid || r->list[i].cid == cid) && (found < 0 || yields(&r->list[i], &r->list[found])))
			found = i;
	return found;
}

int readers_make_place(struct readers *r, unsigned int cid)
{
	int i = first_to_yield(r, cid), fd;

	if (i < 0 || r->list[i].of_guest < READERS_OF_GUEST)
		i = r->n < r->max ? -1 : first_to_yield(r, 0);
	if (i < 0)
		return -1;
	fd = r->list[i].fd;
	take_out(r, i);
	return fd;
}

void readers_add(struct readers *r, int fd, unsigned int cid)
{
	int i = first_to_yield(r, cid);
	unsigned int of_guest = i < 0 ? 1 : r->list[i].of_guest + 1;

	r->list[r->n++] = (struct reader){ .fd = fd, .cid = cid, .nth = r->came++ };
	count(r, cid, of_guest);
}

bool readers_remove(struct readers *r, int fd)
{
	for (int i = 0; i < r->n; i++)
		if (r->list[i].fd == fd) {
			take_out(r, i);
			return true;
		}
	return false;
}
