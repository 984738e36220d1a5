#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every shell script of the project: alone, and if it sources something with that, which is read again for each, and takes long.
# check: alone
# check-all: with
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
ways=("$@")
((${#ways[@]})) || mapfile -t ways < <(tier_cases)

alone() {
	silent "$1" shellcheck -S warning "$1"
}

with() {
	! grep -qE '^[[:space:]]*(\.|source) ' "$1" || silent "$1, with what it sources" shellcheck -x -S warning "$1"
}

mapfile -t scripts < <(find . \( -name .git -o -path ./build \) -prune -o -type f \
	-exec grep -lE '^#!.*\b(ba)?sh\b|^# shellcheck shell=' {} + | sort)
((${#scripts[@]} > 10)) || bail "found only ${#scripts[@]} scripts"
for way in "${ways[@]}"; do
	for script in "${scripts[@]}"; do
		$way "$script"
	done
done

# It can fail, in a script like ours
mkdir -p build
bad=build/bad.t
{
	sed '/^done_testing/d' tests/boot/20-pairs.t
	printf '%s\n' 'echo "$nmae"' 'rm -rf $(ls build)'
} >$bad
said=$(shellcheck -S warning -f gcc $bad)
isnt $? 0 'faults are found'
like "$said" 'nmae is referenced but not assigned.*Quote this' 'and named'
done_testing
