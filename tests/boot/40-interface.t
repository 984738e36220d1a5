#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The PTP interface, by three programs: our own list of every call, the
# kernel's testptp as it is, and linuxptp's phc_ctl and phc2sys. Arguments: suites.
# check: trixie
# check-all: bullseye bookworm trixie-backports
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/lib/lab.sh
. tests/lib/clock.sh

suites=("$@")
((${#suites[@]})) || mapfile -t suites < <(tier_cases)
module_for "${suites[@]}"

# testptp SUITE: compiled from that suite's kernel source
build_testptp() {
	local out=build/testptp-$1
	mkdir -p "$out"
	# shellcheck disable=SC2016 # expanded in the image
	vm-images/in-image "$1" --bind "$PWD/$out" /out sh -c '
		src=$(echo /usr/src/linux-selftests)
		gcc -O1 -I"$src/include/uapi" -I"$src/usr/include" -o /out/testptp-'"$1"' \
			"$src/tools/testing/selftests/ptp/testptp.c" -lrt' >"$out/log" 2>&1 ||
		bail "testptp of $1 does not compile: $(cat "$out/log")"
	lab_payload_add "$out/testptp-$1"
}
for suite in "${suites[@]}"; do
	build_testptp "$suite"
done

for suite in "${suites[@]}"; do
	lab_stage guest "$suite"
	clock_load g1
	for source in kvm-clock tsc; do
		clock_source g1 $source
		said=$(guest g1 '/lab/phcioctl 2>&1')
		is $? 0 "$suite, $source: every call of the PTP interface answers properly"
		bad=$(grep -c '^not ok' <<<"$said")
		cmp "$(grep -c '^ok' <<<"$said")" '>' 20 "$suite, $source: calls tried"
		((bad == 0)) || diag "$(grep -A3 '^not ok' <<<"$said")"
	done

	# testptp: every mode that applies to a clock that cannot be set
	t="/lab/testptp-$suite -d /dev/ptp_kvm"
	like "$(guest g1 "$t -c")" 'cross timestamping' "$suite: testptp -c"
	like "$(guest g1 "$t -g")" 'clock time: [0-9]+\.[0-9]+' "$suite: testptp -g"
	like "$(guest g1 "$t -k 5")" 'system and phc clock time offset request okay' "$suite: testptp -k 5"
	said=$(guest g1 "$t -x 5 2>&1")
	if [[ $said = *'invalid option'* ]]; then
		is "$suite" bullseye "$suite: testptp knows no -x"
	else
		like "$said" 'extended timestamp request returned 5 samples' "$suite: testptp -x 5"
	fi
	said=$(guest g1 "$t -X 2>&1")
	if [[ $said = *'invalid option'* ]]; then
		like "$suite" 'bullseye|bookworm' "$suite: testptp knows no -X"
	else
		like "$said" 'device time' "$suite: testptp -X"
	fi
	# Linux 6.12 has other system clocks; as old as the guest, both of them, but for MONOTONIC_RAW, which begins when
	# timekeeping does: seconds after MONOTONIC, where booting is slow
	for clock in monotonic monotonic-raw; do
		said=$(guest g1 "$t -x 1 -y $clock 2>&1; cut -d. -f1 /proc/uptime")
		if [[ $said = *'invalid option'* ]]; then
			like "$suite" 'bullseye|bookworm' "$suite: testptp knows no -y"
			continue
		fi
		before=$(sed -nE "s/.*: $clock time before: ([0-9]+)\..*/\1/p" <<<"$said")
		cmp "${before:--1}" '>=' "$(($(tail -n 1 <<<"$said") / 2))" "$suite: testptp -y $clock: not long ago"
		cmp "${before:-9999999999}" '<=' "$(($(tail -n 1 <<<"$said") + 1))" "$suite: testptp -y $clock: not ahead"
	done
	like "$(guest g1 "$t -l 2>&1")" '^$' "$suite: testptp -l: there are no pins"
	like "$(guest g1 "$t -f 100 2>&1")" 'not supported|out of range' "$suite: testptp -f 100: no"
	for change in -s '-t 1' '-T 1000000000'; do
		like "$(guest g1 "$t $change 2>&1")" 'not supported' "$suite: testptp $change: no"
	done

	# By number: before 4.0 linuxptp takes no other name. Its exit status lies.
	c="phc_ctl $(guest g1 readlink -f /dev/ptp_kvm)"
	like "$(guest g1 "$c get 2>&1")" 'clock time is [0-9]{10}\.' "$suite: phc_ctl get"
	like "$(guest g1 "$c cmp 2>&1")" 'offset from CLOCK_REALTIME is -?[0-9]+ns' "$suite: phc_ctl cmp"
	like "$(guest g1 "$c caps 2>&1")" '0 maximum frequency adjustment' "$suite: phc_ctl caps"
	for change in 'set 1' 'adj 1' 'freq 1'; do
		like "$(guest g1 "$c $change 2>&1")" 'failed|not supported|out of range' "$suite: phc_ctl cannot $change"
	done

	# Free running: the PHC as source, nothing is steered (phc2sys 3.1 steers even so)
	if [[ $suite != bullseye && $suite != bookworm ]]; then
		said=$(guest g1 'printf "[global]\nfree_running 1\n" >/tmp/free.conf
			before=$(busybox adjtimex | grep freq.adjust)
			timeout 50 phc2sys -f /tmp/free.conf -s $(readlink -f /dev/ptp_kvm) -c CLOCK_REALTIME \
				-O 0 -N 5 -R 2 -m -q 2>&1 | head -n 10
			test "$before" = "$(busybox adjtimex | grep freq.adjust)" && echo unsteered')
		note "$(tail -n 3 <<<"$said")"
		cmp "$(grep -cE 'phc offset +-?[0-9]+ s0 ' <<<"$said")" '>=' 8 "$suite: phc2sys, free running, reads the PHC"
		like "$said" unsteered "$suite: and leaves the system clock alone"
	fi
	guest_stop g1
	lab_check_consoles "$suite: no kernel splats on the consoles"
	lab_stop
done
done_testing
