#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each kernel: the four ways of reading, on both clocksources. Arguments: suites.
# check: bookworm
# check-all: bullseye trixie trixie-backports cold-bookworm
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/lib/lab.sh
. tests/lib/clock.sh

suites=("$@")
((${#suites[@]})) || mapfile -t suites < <(tier_cases)
module_for "${suites[@]#cold-}"
cold=${LAB_COLD-}
for suite in "${suites[@]}"; do
	# cold-SUITE: booted, never restored
	LAB_COLD=$cold
	[[ $suite != cold-* ]] || LAB_COLD=1
	suite=${suite#cold-}
	lab_stage guest "$suite"
	for name in host g1; do
		lab_console_speaks $name
	done
	clock_load g1
	is "$(guest g1 cat /sys/class/ptp/ptp0/clock_name)" 'KVM virtual PTP' \
		"$suite: the clock's name"
	is "$(guest g1 'cat /sys/class/ptp/ptp0/device/host_clock/pairing_type')" 0 \
		"$suite: a stock host answers type 0"
	is "$(guest g1 'cat /sys/class/ptp/ptp0/device/host_clock/window_ns')" 0 "$suite: and exactly"
	is "$(guest g1 'ls /sys/class/ptp/ptp0/device/host_clock | tr "\n" " "')" 'pair pairing_type window_ns ' \
		"$suite: sysfs shows what is valid, and only that"
	pairs_are_exact g1 kvm-clock
	pairs_are_exact g1 tsc
	guest_stop g1
	lab_check_consoles "$suite: no kernel splats on the consoles"
	lab_stop
done
done_testing
