#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A host of each other architecture answers, and so does a guest on its KVM: booted or restored, and then restored once
# more: stages of the images host-arm64 and host-riscv64. Arguments: architectures.
# check-all: arm64 riscv64
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/lib/lab.sh

archs=("$@")
((${#archs[@]})) || mapfile -t archs < <(tier_cases)
declare -A machine=([arm64]=aarch64 [riscv64]=riscv64) counter=([arm64]=arch_sys_counter [riscv64]=riscv_clocksource)
clocksource=/sys/devices/system/clocksource/clocksource0/current_clocksource

# answers ARCH WHEN
answers() {
	local arch=$1 when="$1, $2"
	is "$(host uname -m) $(guest g1 uname -m)" "${machine[$arch]} ${machine[$arch]}" "$when: host and guest answer"
	isnt "$(guest g1 cat /proc/sys/kernel/random/boot_id)" "$(host cat /proc/sys/kernel/random/boot_id)" "$when: they are two machines"
	like "$(host 'cat /proc/$(cat /run/lab/g1.pid)/cmdline | tr "\0" " "')" '-accel kvm' "$when: the guest is on the host's KVM"
	is "$(host cat $clocksource) $(guest g1 cat $clocksource)" "${counter[$arch]} ${counter[$arch]}" "$when: both have their clocksource"
	lab_console_speaks host
	lab_console_speaks g1
	# Timers go on where they were
	runs "$when: the host's timers go off" host 'sleep 0.1'
	runs "$when: the guest's, too" guest g1 'sleep 0.1'
	le "$(awk -v a="$(guest g1 date +%s.%N)" -v b="$EPOCHREALTIME" 'BEGIN { d = a - b; print int((d < 0 ? -d : d) * 1000) }')" 5000 \
		"$when: the guest's clock is near, ms"
}

for arch in "${archs[@]}"; do
	for when in first 'once more'; do
		lab_stage foreign "$arch"
		answers "$arch" "$when"
		[[ $when = first ]] || {
			runs "$arch: the guest stops" guest_stop g1
			guest_start g2 "host-$arch" mem=512
			is "$(guest g2 uname -n)" g2 "$arch: another one boots"
			guest_kill g2
			is "$(host echo alive)" alive "$arch: the host outlives it"
		}
		lab_check_consoles "$arch, $when: no kernel splats on the consoles"
		lab_stop
	done
done
done_testing
