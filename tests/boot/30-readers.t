#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# All CPUs read at once for 30 s; random calls for 30 s.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/lib/lab.sh
. tests/lib/clock.sh

module_for bookworm sid
lab_start
guest_start g1 bookworm smp=2
clock_load g1
for method in precise gettime; do
	# Only an exact reading has an offset that cannot change
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
for guest in 'g1 bookworm' 'g2 sid'; do
	read -r name suite <<<"$guest"
	if [[ $name != g1 ]]; then
		guest_stop g1
		guest_start "$name" "$suite" smp=2
		clock_load "$name"
	fi
	said=$(LAB_TIMEOUT=200 guest "$name" '/lab/phcfuzz --seconds 15 2>&1')
	is $? 0 "$suite: random ioctls, clock calls and mmaps"
	note "$said"
	said=$(guest "$name" '/lab/phcread --method precise --count 200 --interval-us 0')
	is "$(field ok <<<"$said") $(field bad <<<"$said")" '200 0' "$suite: the clock is as good as before"
done
lab_check_consoles
done_testing
