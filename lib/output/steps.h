/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an installer will do, or has done, for people. */
#ifndef OUTPUT_STEPS_H
#define OUTPUT_STEPS_H

#include <stdbool.h>

#include "system/install.h"

/* A line for each file of the plan: "write       /etc/x"; with_text: and what will be in it */
void steps_print(const struct install *in, bool with_text);

#endif
