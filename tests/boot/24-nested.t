#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Three levels: the host runs l2, a guest on kvm-clock, which is a KVM host itself and runs l3. A stock l2 refuses to
# pair its clock; a patched one's pairs are exact.
# Arguments: kernels of l2: stock (Debian's) or a name of host-patch/build.
# check: patched-6.12
# check-all: stock
cd "$(dirname "$0")/../.." || exit 1
# Each exit of l3 is several of l2's, and each of those an emulated one
export LAB_BOOT_TIMEOUT=600 LAB_FIRST_WORD_TIMEOUT=600 LAB_TIMEOUT=300
# l3's 200 readings take ten times as long as l2's, and there is more in which its CPU is taken away
export STEADIEST_TRIES=10
. tests/lib/tap.sh
. tests/lib/lab.sh
. tests/lib/clock.sh

kernels=("$@")
((${#kernels[@]})) || mapfile -t kernels < <(tier_cases)
clocksource=/sys/devices/system/clocksource/clocksource0/current_clocksource

# Of l3, as l2's KVM counts them
hypercalls() {
	guest l2 "cat /sys/kernel/debug/kvm/$(guest_pid l3)-*/hypercalls"
}

# asks_l2 CMD...: what l3 asks in CMD reaches l2's KVM
asks_l2() {
	local before
	before=$(hypercalls)
	"$@"
	cmp "$(hypercalls)" '>' "$before" "$kernel: l3's hypercalls are for l2's KVM"
}

refused() {
	local said
	said=$(guest l3 'modprobe ptp; dmesg -C; insmod /lab/ptp_kvm.ko')
	isnt $? 0 "$kernel: the driver does not load"
	like "$said" 'Operation not supported' "$kernel: with the right errno"
	said=$(guest l3 'dmesg | grep "ptp_kvm: " | grep -vE "taints kernel|module verification failed"')
	like "$said" 'host refuses clock pairing.*not the TSC \(-95\)' "$kernel: with a line that says why"
	is "$(grep -c . <<<"$said")" 1 "$kernel: with one line"
}

module_for bookworm
for kernel in "${kernels[@]}"; do
	lab_stage nested "$kernel"
	is "$(host cat $clocksource)" tsc 'the host is on tsc'
	if [[ $kernel = stock ]]; then
		release=$(cat "$(vm-images/build-image --print host)/kver")
	else
		release=$(cat "$(host-patch/build --print "$kernel")/kver")
	fi
	is "$(guest l2 uname -r)" "$release" "$kernel: that is l2's kernel"
	like "$(guest l2 cat /run/lab/l3.qemu.log)" 'accelerator kvm' "$kernel: l3 runs on l2's KVM"
	is "$(guest l2 cat $clocksource)" kvm-clock "$kernel: l2 is on kvm-clock"

	if [[ $kernel = stock ]]; then
		asks_l2 refused
		# It is l2's clocksource, and nothing else
		clock_source l2 tsc
		clock_load l3
		like "$(guest l3 '/lab/phcread --method precise --count 20')" 'ok=20 ' "$kernel: with l2 on tsc, it serves"
	else
		asks_l2 clock_load l3
		is "$(guest l3 'cd /sys/class/ptp/ptp0/device/host_clock && cat pairing_type window_ns' | tr '\n' ' ')" '1 0 ' \
			"$kernel: type 1, exact"
		for source in kvm-clock tsc; do
			pairs_are_exact l3 $source
		done
		is "$(guest l2 cat $clocksource)" kvm-clock "$kernel: l2 is on kvm-clock still"
	fi
	guest_stop l3
	guest_stop l2
	lab_check_consoles "$kernel: no kernel splats on the consoles"
	lab_stop
done
done_testing
