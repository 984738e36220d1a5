#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each kernel: the four ways of reading, on both clocksources.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/lib/lab.sh
. tests/lib/clock.sh

# shellcheck disable=SC2206 # words
suites=(${SUITES:-bullseye bookworm trixie sid})
module_for "${suites[@]}"
lab_start
for suite in "${suites[@]}"; do
	guest_start g1 "$suite" smp=2
	clock_load g1
	is "$(guest g1 cat /sys/class/ptp/ptp0/clock_name)" 'KVM virtual PTP' \
		"$suite: the clock's name"
	is "$(guest g1 'cat /sys/class/ptp/ptp0/device/host_clock/pairing_type')" 0 \
		"$suite: a stock host answers type 0"
	is "$(guest g1 'ls /sys/class/ptp/ptp0/device/host_clock | tr "\n" " "')" 'pairing_type window_ns ' \
		"$suite: sysfs shows what is valid, and only that"
	pairs_are_exact g1 kvm-clock
	pairs_are_exact g1 tsc
	guest_stop g1
done
lab_check_consoles
done_testing
