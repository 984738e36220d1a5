/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemons asked, again and again: what takes a few milliseconds each time, and all of check's facts rarely. */
#ifndef SERVE_ASK_H
#define SERVE_ASK_H

#include "serve/bound.h"

/* A struct heard, for an asker (system/background.h) or once; from one thread only. */
void serve_ask(void *heard, void *unused);

#endif
