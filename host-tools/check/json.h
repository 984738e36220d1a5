/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The facts of check in JSON, as more than one verb has them. */
#ifndef CHECK_JSON_H
#define CHECK_JSON_H

#include "check/judge.h"
#include "facts/facts.h"
#include "output/json.h"

/* The members of ptp.ptp4l[], in an object that is open */
void check_json_ptp4l(struct json *j, const struct ptp4l_fact *p);
/* The array "steering" */
void check_json_steering(struct json *j, const struct check_report *r);

#endif
