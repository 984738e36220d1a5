#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The driver in guest kernels with KASAN, UBSAN, lockdep and DEBUG_ATOMIC_SLEEP, on
# a host that serves both types: it comes and goes, is read, and gets random calls.
# Arguments: the guests' kernels.
(($#)) || set -- debug-6.12 debug-7.2 debug-7.3
kernels=("$@")
set --
cd "$(dirname "$0")/../.." || exit 1
export LAB_BOOT_TIMEOUT=600 LAB_TIMEOUT=180
. tests/lib/tap.sh
. tests/lib/lab.sh
. tests/lib/clock.sh

# random_calls KERNEL
random_calls() {
	local kernel=$1 source method said total
	lab_start kernel=patched-6.12
	guest_start g1 trixie kernel="$kernel" smp=2 mem=1024
	is "$(guest g1 'dmesg | grep -cE "KernelAddressSanitizer initialized|Lock dependency validator"')" 2 \
		"$kernel: the guest has KASAN and lockdep"
	loads_and_unloads g1 30 10
	is "$(guest g1 'cd /sys/class/ptp/ptp0/device/host_clock && cat pairing_type window_ns' | tr '\n' ' ')" '1 0 ' \
		"$kernel: type 1, exact"
	for source in kvm-clock tsc; do
		clock_source g1 $source
		for method in precise extended offset gettime; do
			said=$(guest g1 "/lab/phcread --method $method --count 50")
			is "$(field ok <<<"$said") $(field bad <<<"$said")" '50 0' "$kernel, $source: 50 readings by $method"
		done
	done
	runs "$kernel: every file in sysfs is read" guest g1 'cat /sys/class/ptp/ptp0/device/host_clock/* >/dev/null'
	said=$(guest g1 '/lab/phcreaders --threads 4 --pin --method precise --seconds 20') || diag "$said"
	total=$(tail -n 1 <<<"$said")
	is "$(field errors <<<"$total") $(field backwards <<<"$total") $(field inconsistent <<<"$total")" '0 0 0' \
		"$kernel: 4 threads on 2 CPUs for 20 s: no error, never backwards"
	said=$(guest g1 '/lab/phcfuzz --seconds 30 2>&1')
	is $? 0 "$kernel: random ioctls, clock calls and mmaps"
	note "$said"
	# From type 1 exact to a window, to type 1 exact
	host "echo hpet >$clocksource"
	said=$(guest g1 '/lab/phcread --method extended --count 50')
	is "$(field ok <<<"$said") $(field bad <<<"$said")" '50 0' "$kernel, host on hpet: 50 readings"
	host "echo tsc >$clocksource"
	guest g1 'rmmod ptp_kvm && insmod /lab/ptp_kvm.ko wait=1 && rmmod ptp_kvm'
	guest_stop g1
	lab_check_consoles "$kernel: no kernel splats on the consoles"
	lab_stop
}

clocksource=/sys/devices/system/clocksource/clocksource0/current_clocksource
module_for "${kernels[@]}"
for kernel in "${kernels[@]}"; do
	random_calls "$kernel"
done
done_testing
