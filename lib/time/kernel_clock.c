// SPDX-License-Identifier: GPL-2.0-or-later
#include <math.h>
#include <sys/timex.h>

#include "time/kernel_clock.h"

#define LIMIT_US 16000000	/* NTP_PHASE_LIMIT of the kernel */

void kernel_clock_read(struct kernel_clock *k)
{
	struct timex tx = { .modes = 0 };

	*k = (struct kernel_clock){ .max_error_ns = NAN, .est_error_ns = NAN };
	k->state = adjtimex(&tx);
	if (k->state < 0)
		return;
	k->known = true;
	k->status = tx.status;
	if (tx.maxerror > 0 && tx.maxerror < LIMIT_US) {
		k->max_error_ns = tx.maxerror * 1e3;
		k->est_error_ns = tx.esterror * 1e3;
	}
	k->tai_utc = tx.tai;
}
