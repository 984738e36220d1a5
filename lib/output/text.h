/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text for people. */
#ifndef OUTPUT_TEXT_H
#define OUTPUT_TEXT_H

/* "-3 ns", "1.2 µs", "3.4 ms", "5.0 s"; NAN: "no measurement" */
#define NS_TEXT_LEN 24
const char *ns_text(char buf[static NS_TEXT_LEN], double ns);

/* "12 ns behind", "3.4 µs ahead of": of a clock, by ns = what it follows - the clock. NAN: "no measurement to" */
#define OFFSET_TEXT_LEN (NS_TEXT_LEN + 12)
const char *offset_text(char buf[static OFFSET_TEXT_LEN], double ns);

#endif
