#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The in-tree driver and ours take turns in one guest, by make and modprobe as
# a user would; and what the in-tree driver cannot do, it can't here either
# (or the table in the Documentation/numbers.md is wrong). Of a kernel without headers, the in-tree driver alone.
# Arguments: bookworm, or a name of vm-images/debian-kernel.
# check: bookworm
# check-all: debian-6.18
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/lib/lab.sh
. tests/lib/clock.sh

guests=("$@")
((${#guests[@]})) || mapfile -t guests < <(tier_cases)

# works METHOD WHAT DESC
works() {
	like "$(guest g1 "/lab/phcread --method $1 --count 20 2>&1")" "$2" "$3"
}

in_tree() {
	local source
	runs "$1: modprobe ptp_kvm" guest g1 'modprobe ptp_kvm && udevadm settle'
	like "$(guest g1 modinfo -n ptp_kvm)" '/kernel/drivers/ptp/' "$1: which is the in-tree driver"
	clock_source g1 kvm-clock
	works precise 'ok=20 bad=0 ' "$1: in-tree, kvm-clock: PRECISE works"
	for source in kvm-clock tsc; do
		clock_source g1 $source
		works extended 'errno=EOPNOTSUPP' "$1: in-tree, $source: EXTENDED is EOPNOTSUPP"
		works offset 'ok=20 bad=0 ' "$1: in-tree, $source: PTP_SYS_OFFSET works"
		works gettime 'ok=20 bad=0 ' "$1: in-tree, $source: so does clock_gettime"
	done
	works precise 'errno=ENODEV' "$1: in-tree, tsc: PRECISE is ENODEV"
}

# The in-tree driver is loaded, and is in the end
ours() {
	local tree=build/tree-bookworm.tar
	tar -C build/modules/bookworm -cf $tree .
	guest_put g1 $tree /root/tree.tar
	# Where it was built: modules.order has that path before Linux 6.13
	runs 'the tree is in the guest' guest g1 'mkdir /src && tar -C /src -xf /root/tree.tar'
	rm $tree

	LAB_TIMEOUT=180 runs 'make modules_install' guest g1 'make -C /src modules_install'
	like "$(guest g1 modinfo -n ptp_kvm)" '/updates/.*ptp_kvm.ko' 'modinfo -n shows ours'
	runs 'rmmod and modprobe' guest g1 'rmmod ptp_kvm && modprobe ptp_kvm'
	is "$(guest g1 cat /sys/module/ptp_kvm/version)" "$(sed -n 's/.*VERSION "\(.*\)"/\1/p' include/version.h)" \
		'ours is loaded'
	works precise 'ok=20 ' 'ours, tsc: PRECISE works'
	works extended 'ok=20 ' 'ours, tsc: EXTENDED works'
	runs 'modprobe kvm_ptp, as guides spell it too' guest g1 'rmmod ptp_kvm && modprobe kvm_ptp && test -e /sys/module/ptp_kvm/version'

	LAB_TIMEOUT=180 runs 'make modules_uninstall' guest g1 'make -C /src modules_uninstall'
	runs 'rmmod and modprobe once more' guest g1 'rmmod ptp_kvm && modprobe ptp_kvm'
	is "$(guest g1 'cat /sys/module/ptp_kvm/version 2>/dev/null; modinfo -n ptp_kvm | grep -c kernel/drivers/ptp')" 1 \
		'the in-tree driver is back'
}

for kernel in "${guests[@]}"; do
	[[ $kernel != bookworm ]] || module_for bookworm
	lab_stage guest "$kernel"
	[[ $kernel = bookworm ]] || like "$(guest g1 uname -r)" "^${kernel#debian-}\." "$kernel: that is its kernel"
	in_tree "$kernel"
	[[ $kernel != bookworm ]] || ours
	guest_stop g1
	lab_check_consoles "$kernel: no kernel splats on the consoles"
	lab_stop
done
done_testing
