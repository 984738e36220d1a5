/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_ANSWER_H
#define BASE_ANSWER_H

/* To a question that can't always be answered */
enum answer { NO, YES, MAYBE };

#endif
