#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# It says to standard error what it provokes, which is shown if it fails.
said=$(mktemp)
trap 'rm -f "$said"' EXIT
"$(dirname "$0")/../../build/unit/guard" 2>"$said" && exit
status=$?
cat "$said" >&2
exit "$status"
