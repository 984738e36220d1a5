// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>
#include <sys/timex.h>

#include "time/kernel_clock.h"

void kernel_clock_read(struct kernel_clock *k)
{
	struct timex tx = { .modes = 0 };

	memset(k, 0, sizeof(*k));
	if (adjtimex(&tx) < 0)
		return;
	k->known = true;
	k->status = tx.status;
	k->maxerror_us = tx.maxerror;
	k->esterror_us = tx.esterror;
	k->tai_utc = tx.tai;
}
