#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A hostile guest on each host: every case of bad arguments and random ones, by
# bare vCPUs on the host's KVM, while the host runs on the TSC and while it does not.
# The series' own KVM selftest, too. Arguments: kernels of the host, instead of these.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/lib/lab.sh

hosts=("$@")
((${#hosts[@]})) || hosts=(stock patched-6.12)
clocksource=/sys/devices/system/clocksource/clocksource0/current_clocksource

# pairvcpu DESC OPTION...: a run of it, with what it found wrong
pairvcpu() {
	local description=$1 status=0 said
	shift
	said=$(LAB_TIMEOUT=180 host "/lab/pairvcpu $* 2>&1") || status=$?
	((status != 125)) || bail "$description: the host is gone: $said"
	ok "$status" "$description"
	((status == 0)) || diag "$(grep -vE '^ok' <<<"$said" | head -n 40)"
	is "$(grep -cE '^ok' <<<"$said")" "$(sed -n 's/^1\.\.//p' <<<"$said")" "$description: all of what was planned"
	note "$(grep -E '^(# |1\.\.)' <<<"$said" | tail -n 5)"
}

# selftest DESC: of the series, which stock kernels don't have
selftest() {
	local said status=0
	[[ $kernel != stock ]] || return 0
	said=$(LAB_TIMEOUT=180 host /lab/clock_pairing_test -c) || status=$?
	ok "$status" "$1: the KVM selftest"
	((status == 0)) || diag "$said"
}

# hostile KERNEL
hostile() {
	local kernel=$1 expect probed refused
	if [[ $kernel = stock ]]; then
		lab_stage host
		expect='--type1 no --partial-ok' probed='type0=0 type1=-95' refused='type0=-95 type1=-95'
	else
		host-patch/build "$kernel" || bail "$kernel is not built"
		lab_payload_add "$(host-patch/build --print "$kernel")/clock_pairing_test"
		lab_stage host "$kernel"
		expect='--type1 yes' probed='type0=0 type1=0 .* window_ns=0 '
		refused='type0=-95 type1=0 .* window_ns=[1-9]'
	fi
	like "$(host '/lab/pairvcpu --probe --count 100')" "$probed" "$kernel: the answers to good calls"
	pairvcpu "$kernel: every case" "$expect"
	pairvcpu "$kernel: random calls by 2 vCPUs" "--fuzz 15 --vcpus 2 $expect"
	selftest "$kernel"

	host "echo hpet >$clocksource"
	like "$(host '/lab/pairvcpu --probe --count 100')" "$refused" "$kernel on hpet: the answers to good calls"
	pairvcpu "$kernel on hpet: every case" "--type0 refused $expect"
	selftest "$kernel on hpet"
	host "echo tsc >$clocksource"
	lab_check_consoles "$kernel: no kernel splats on the consoles"
	lab_stop
}

for kernel in "${hosts[@]}"; do
	hostile "$kernel"
done
done_testing
