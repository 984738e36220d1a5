#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Two guests of one host, one on kvm-clock, one on tsc, with real chronyd: the
# PHC is selected, and the true offset, which chronyd cannot see, is small.
# First with the recommended line, then with the one that guides have.
# The host's clock runs 37 ppm off, so that there is something to follow. Arguments: those two, and in-tree.
# check: recommended
# check-all: guides in-tree
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/lib/lab.sh
. tests/lib/clock.sh

module_for bookworm
cases=("$@")
((${#cases[@]})) || mapfile -t cases < <(tier_cases)
lab_stage pair
host 'busybox adjtimex -f $((37 * 65536)) >/dev/null' || bail "the host's frequency cannot be set"
declare -A source=([g1]=kvm-clock [g2]=tsc)
for name in g1 g2; do
	clock_load $name
	clock_source $name "${source[$name]}"
done

# follow LABEL REFCLOCK FROM SECONDS MEDIAN P99: bounds in ns, from FROM seconds on
follow() {
	local label=$1 refclock=$2 from=$3 seconds=$4 median=$5 p99=$6 name said took
	for name in g1 g2; do
		chrony_start $name "$refclock" "$MAKESTEP"
	done
	# FROM counts from here: chronyd reads the clock by now
	sampling_start g1 g2
	for name in g1 g2; do
		took=$(chrony_selected $name)
		ok $? "$label, ${source[$name]}: chronyd selects the PHC (after $took s)"
	done
	# time itself is what is measured here
	sleep "$seconds"
	sampling_stop "$CLOCK_DATA/$label" g1 g2
	for name in g1 g2; do
		said=$(guest $name 'chronyc -c sources')
		like "$said" '^#,\*,KVM,' "$label, ${source[$name]}: the PHC is selected still"
		said=$(truth $name "$CLOCK_DATA/$label" --from "$from")
		note "$label, ${source[$name]}: true offset: $said"
		le "$(field median_abs <<<"$said")" "$median" "$label, ${source[$name]}: true offset, median, ns"
		le "$(field p99_abs <<<"$said")" "$p99" "$label, ${source[$name]}: true offset, p99, ns"
		chrony_stop $name
	done
	said=$(mutual g1 g2 "$CLOCK_DATA/$label" --from "$from")
	note "$label: g2 - g1: $said"
	le "$(field p99_abs <<<"$said")" $((2 * p99)) "$label: the two guests agree, p99, ns"
}

# What this driver is for: on tsc the in-tree one leaves chronyd a call whose answers are microseconds wide, and a bias
# in them that chronyd can't see. (If this fails, the Documentation/numbers.md is wrong.)
in_tree() {
	local said
	clock_unload g2
	guest g2 'modprobe ptp_kvm && udevadm settle' || bail 'the in-tree driver does not load'
	chrony_start g2 "$REFCLOCK_RECOMMENDED" "$MAKESTEP"
	runs 'in-tree, tsc: chronyd selects the PHC' chrony_selected g2
	sampling_start g2
	sleep 30
	sampling_stop "$CLOCK_DATA/in-tree" g2
	said=$(truth g2 "$CLOCK_DATA/in-tree" --from 10)
	note "in-tree, tsc: true offset: $said"
	note "in-tree, tsc: what chronyd believes: $(guest g2 'chronyc -c tracking | cut -d, -f5-7')"
	cmp "$(field median_abs <<<"$said")" '>' 1000 'in-tree, tsc: a hidden bias, ns'
	chrony_stop g2
}

for case in "${cases[@]}"; do
	case $case in
	recommended) follow recommended "$REFCLOCK_RECOMMENDED" 20 60 50 250 ;;
	guides) follow guides "$REFCLOCK_GUIDES" 40 70 1000 2000 ;;
	in-tree) in_tree ;;
	*) bail "there is no case $case" ;;
	esac
done

for name in g1 g2; do
	guest_stop $name
done
lab_check_consoles
done_testing
