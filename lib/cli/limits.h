/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options that set where findings begin. */
#ifndef CLI_LIMITS_H
#define CLI_LIMITS_H

#include "cli/options.h"
#include "output/findings.h"

/* Rows of limits, at most LIMIT_ROWS - 2, below a line that says what they are */
#define LIMIT_ROWS 8
void limit_rows(struct option_row to[static LIMIT_ROWS], struct limit *limits);

#endif
