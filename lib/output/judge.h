/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a tool's struct judge *j finds goes to its report, j->r->said. */
#ifndef OUTPUT_JUDGE_H
#define OUTPUT_JUDGE_H

#include "output/findings.h"

#define judge_say(j, ...) finding_say(&(j)->r->said, __VA_ARGS__)
#define judge_find(j, ...) finding_add(&(j)->r->said, __VA_ARGS__)
#define judge_find_at(j, ...) finding_add_at(&(j)->r->said, __VA_ARGS__)
#define judge_run(j, ...) remedy_run(&(j)->r->said, __VA_ARGS__)
#define judge_advise(j, ...) remedy_say(&(j)->r->said, __VA_ARGS__)
#define judge_skip(j, ...) finding_skip(&(j)->r->said, __VA_ARGS__)

#endif
