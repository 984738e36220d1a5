// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/die.h"
#include "cli/watch_options.h"

void watch_options_done(struct watch_options *o)
{
	if (o->csv && o->json)
		misuse("--csv and --json exclude each other");
	o->format = o->csv ? WATCH_CSV : o->json ? WATCH_JSON : WATCH_TEXT;
	if (!o->count)
		o->count = WATCH_COUNT_MAX;
}
