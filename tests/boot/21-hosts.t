#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A patched host with both drivers, the in-tree one and ours, and both clocksources, kvm-clock and tsc; whoever knows
# only type 0 sees no difference. And a newer stock one; what the usual one does for them is in 20-pairs.t and 70-in-tree.t.
# Arguments: other hosts: stock (Debian's kernel), a name of host-patch/build or of vm-images/debian-kernel.
# check: patched-6.12
# check-all: debian-6.18
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/lib/lab.sh
. tests/lib/clock.sh

hosts=("$@")
((${#hosts[@]})) || mapfile -t hosts < <(tier_cases)

# reads METHOD WHAT: what phcread says, and what it must contain
reads() {
	like "$(guest g1 "/lab/phcread --method $1 --count 50 --interval-us 0 2>&1")" "$2" "$host, $driver, $source: $1: $2"
}

# in_tree and ours: what each driver can do on the clocksource $source
# shellcheck disable=SC2317 # by their names
in_tree() {
	reads extended 'errno=EOPNOTSUPP'
	reads offset 'ok=50 bad=0 '
	reads gettime 'ok=50 bad=0 '
	if [[ $source = tsc ]]; then
		reads precise 'errno=ENODEV'
	else
		reads precise 'ok=50 bad=0 '
	fi
}

# shellcheck disable=SC2317
ours() {
	local type=1
	[[ $host != stock* && $host != debian-* ]] || type=0
	pairs_are_exact g1 "$source"
	is "$(guest g1 'cd /sys/class/ptp/ptp0/device/host_clock && cat pairing_type window_ns' | tr '\n' ' ')" "$type 0 " \
		"$host, $driver, $source: type $type, exact"
}

module_for bookworm
for host in "${hosts[@]}"; do
	if [[ $host = stock ]]; then
		lab_stage guest bookworm
	else
		lab_stage guest bookworm "$host"
	fi
	[[ $host = stock ]] || like "$(host uname -r)" "^${host#*-}\." "$host: that is its kernel"
	for driver in in_tree ours; do
		if [[ $driver = ours ]]; then
			clock_load g1
		else
			guest g1 'modprobe ptp_kvm && udevadm settle' || bail "$host: the in-tree driver does not load"
		fi
		for source in kvm-clock tsc; do
			clock_source g1 $source
			$driver
		done
		clock_unload g1
	done
	guest_stop g1
	lab_check_consoles "$host: no kernel splats on the consoles"
	lab_stop
done
done_testing
