#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every shell script of the project.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh

mapfile -t scripts < <(find . \( -name .git -o -name build \) -prune -o -type f \
	-exec grep -lE '^#!.*\b(ba)?sh\b|^# shellcheck shell=' {} + | sort)
((${#scripts[@]} > 10)) || bail "found only ${#scripts[@]} scripts"
plan "${#scripts[@]}"
for script in "${scripts[@]}"; do
	runs "$script" shellcheck -x -S warning "$script"
done
done_testing
