#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# All CPUs read at once for 30 s each way; random calls for 15 s on each kernel. Arguments: suites, readers.
# check: readers bookworm
# check-all: sid
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/lib/lab.sh
. tests/lib/clock.sh

cases=("$@")
((${#cases[@]})) || mapfile -t cases < <(tier_cases)

# Only an exact reading has an offset that cannot change
readers() {
	local method bound said total
	for method in precise gettime; do
		bound=
		[[ $method != precise ]] || bound='--max-offset-change 100000'
		said=$(LAB_TIMEOUT=180 guest g1 "/lab/phcreaders --threads 4 --pin --method $method --seconds 30 $bound") ||
			diag "$said"
		total=$(tail -n 1 <<<"$said")
		note "$method: $total"
		is "$(field errors <<<"$total") $(field backwards <<<"$total") $(field inconsistent <<<"$total")" '0 0 0' \
			"$method: 4 threads on 2 CPUs for 30 s: no error, never backwards"
		cmp "$(field reads <<<"$total")" '>' 1000 "$method: readings"
	done
}

# fuzz SUITE
fuzz() {
	local suite=$1 said
	said=$(LAB_TIMEOUT=200 guest g1 '/lab/phcfuzz --seconds 15 2>&1')
	is $? 0 "$suite: random ioctls, clock calls and mmaps"
	note "$said"
	said=$(guest g1 '/lab/phcread --method precise --count 200 --interval-us 0')
	is "$(field ok <<<"$said") $(field bad <<<"$said")" '200 0' "$suite: the clock is as good as before"
}

for case in "${cases[@]}"; do
	suite=$case
	[[ $case != readers ]] || suite=bookworm
	module_for "$suite"
	lab_stage guest "$suite"
	clock_load g1
	if [[ $case = readers ]]; then
		readers
	else
		fuzz "$suite"
	fi
	guest_stop g1
	lab_check_consoles "$case: no kernel splats on the consoles"
	lab_stop
done
done_testing
