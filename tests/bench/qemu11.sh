# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What QEMU 11 offers a guest beside the hypercall: virtio-rtc and vmclock. Its
# userland is sid's; the host's kernel is the one of all other parts.

bench_qemu11() {
	local kernel node name
	lab_payload_add "$LAB_TOP/tests/bench/guest/qemu-system-x86_64"
	"$LAB_TOP/vm-images/build-image" host >&2
	kernel=$("$LAB_TOP/vm-images/build-image" --print host)
	part_start qemu11 image=host-sid kernel="$kernel/vmlinux" \
		modules="$kernel/root/lib/modules/$(cat "$kernel/kver")"
	host 'cp /lab/qemu-system-x86_64 /usr/local/bin/'
	host "/usr/bin/qemu-system-x86_64 --version | head -n 1
		/usr/bin/qemu-system-x86_64 -device help 2>&1 | grep -iE '\"(virtio-rtc|vmclock)'" >&2 || true
	host "for device in virtio-rtc-pci vmclock; do
			/usr/bin/qemu-system-x86_64 -device help 2>&1 | grep -q \"\\\"\$device\\\"\" &&
				printf '%s ' -device \$device
		done >/run/lab/qemu-arguments; cat /run/lab/qemu-arguments" >&2
	guest_start g1 sid >&2
	device_of_qemu virtio-rtc virtio_rtc
	device_of_qemu vmclock ptp_vmclock
	driver_load g1 ours
	host_frequency 37
	clock_source g1 tsc
	guest g1 'cd /sys/class/ptp && for node in ptp*; do echo "$node $(cat $node/clock_name)"; done' \
		>"$CLOCK_DATA/nodes"
	while read -r -u 3 node name; do
		phc_of_qemu "$node" "$name"
	done 3<"$CLOCK_DATA/nodes"
	guest_stop g1
	part_end
}

# device_of_qemu NAME MODULE: does this guest's kernel drive it, and is there a PHC?
device_of_qemu() {
	local phc
	phc=$(guest g1 "modprobe -q $2 && udevadm settle && cat /sys/class/ptp/ptp*/clock_name" 2>&1) ||
		phc=none
	result part=device device="$1" phc="${phc//$'\n'/,}" \
		driver="$(guest g1 "test -d /sys/module/$2 && echo $2 || echo 'none in this kernel'")"
}

phc_of_qemu() {
	local node=$1 name=${2// /_} method
	for method in precise extended offset gettime; do
		guest g1 "phcread --device /dev/$node --method $method --count 200 --interval-us 0 2>/dev/null" |
			results suite=sid source=tsc part=calls driver="$name" || true
	done
	steered "$name" g1 "+5 -5" "$(chronyd_command "${REFCLOCK_RECOMMENDED/ptp_kvm/$node}" "$MAKESTEP")" \
		suite=sid driver="$name" source=tsc host_ppm=37 part=truth
}
