#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# `ptpkvm set` in two guests, one on kvm-clock, one on tsc, judged by the reference: alone, without any daemon; before chronyd starts,
# which then never lets the clock go; beside chronyd, when the host was set; and after a pause.
# The host's clock runs 37 ppm off, so that there is something to follow.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/lib/lab.sh
. tests/lib/clock.sh

module_for bookworm
lab_stage pair
host 'busybox adjtimex -f $((37 * 65536)) >/dev/null' || bail "the host's frequency cannot be set"
declare -A source=([g1]=kvm-clock [g2]=tsc)
for name in g1 g2; do
	clock_load $name
	clock_source $name "${source[$name]}"
done

# sets GUEST LABEL OPTION...: with all that is asked for done; in said what it said
sets() {
	local name=$1 label=$2 status=0
	shift 2
	said=$(guest "$name" "/lab/ptpkvm set $*" 2>&1) || status=$?
	is "$status" 0 "$label, ${source[$name]}: set $*"
	note "$said"
}

# As after a boot: some tenths of a second off, and of no particular frequency
unset_clock() {
	guest "$1" 'busybox adjtimex -f 0 >/dev/null && date -s "0.4 seconds" >/dev/null' || bail "$1: date fails"
}

# stays LABEL SECONDS: within 1 us of the host, all the time that was sampled
stays() {
	local name line
	for name in g1 g2; do
		line=$(truth $name "$CLOCK_DATA/$1")
		note "$1, ${source[$name]}: $line"
		cmp "$(field n <<<"$line")" '>' $((50 * $2)) "$1, ${source[$name]}: the reference has seen it"
		le "$(field max_abs <<<"$line")" 1000 "$1, ${source[$name]}: true offset, at most, ns"
	done
}

# --- alone ---

for name in g1 g2; do
	unset_clock $name
	status=0
	said=$(guest $name '/lab/ptpkvm set' 2>&1) || status=$?
	is "$status" 1 "${source[$name]}: a clock that is ahead is not set back unasked"
	like "$said" 'ptpkvm set --backward' "${source[$name]}: and it says what would"
	sets $name alone --frequency --backward
	like "$said" 'frequency .* ppm, set' "alone, ${source[$name]}: the frequency, too"
done
sampling_start g1 g2
# time itself is what is measured here
sleep 30
sampling_stop "$CLOCK_DATA/alone" g1 g2
stays alone 30

# --- before chronyd ---

for name in g1 g2; do
	unset_clock $name
	sets $name before -f -b
done
sampling_start g1 g2
for name in g1 g2; do
	chrony_start $name "$REFCLOCK_RECOMMENDED" "$MAKESTEP"
done
for name in g1 g2; do
	runs "before, ${source[$name]}: chronyd selects the PHC" chrony_selected $name
done
sleep 10
sampling_stop "$CLOCK_DATA/before" g1 g2
stays before 10

# --- beside chronyd, the host was set ---

host "date -s '+5 seconds' >/dev/null"
for name in g1 g2; do
	sets $name beside
done
sampling_start g1 g2
for name in g1 g2; do
	runs "beside, ${source[$name]}: chronyd selects the PHC" chrony_selected $name
done
sleep 5
sampling_stop "$CLOCK_DATA/beside" g1 g2
stays beside 5
fails 'beside: the frequency is chronyd'\''s' guest g1 '/lab/ptpkvm set --frequency'

# --- after a pause ---

for name in g1 g2; do
	chrony_stop $name
	host "qmp /run/lab/${LAB_RUN[$name]}.qmp stop" >/dev/null || bail "$name is not paused"
done
sleep 3
for name in g1 g2; do
	host "qmp /run/lab/${LAB_RUN[$name]}.qmp cont" >/dev/null || bail "$name does not go on"
	sets $name paused --backward
	le "$(guest $name '/lab/ptpkvm time --json' | jq '.offset_ns | fabs')" 1000 "paused, ${source[$name]}: off by, ns"
done
lab_check_consoles
done_testing
