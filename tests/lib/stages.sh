# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2317
# The stages that tests begin with, by lab_stage NAME [ARG...]: machines, booted and at rest. snapshot.sh keeps them.
# Each costs its boots once, and a third to two thirds of a GB: one that suits several tests is better than one for each.

# host [KERNEL]: stock without it
stage_host() {
	lab_start ${1:+kernel="$1"}
}

# guest SUITE|KERNEL [KERNEL]: a host, and the guest g1 with 2 CPUs, of that suite or with that kernel of Debian's
stage_guest() {
	local guest=("$1")
	[[ $1 != debian-* ]] || guest=(bookworm kernel="$1")
	stage_host "${@:2}"
	guest_start g1 "${guest[@]}" smp=2 mem=512
}

# pair [KERNEL]: two guests with a CPU each
stage_pair() {
	stage_host "$@"
	guest_start g1 bookworm
	guest_start g2 bookworm
}

# systemd SUITE: a guest of that name with systemd, which has come to rest
stage_systemd() {
	lab_start
	guest_start "$1" "$1" systemd=1 mem=512 smp=2
	at_rest "$1"
}

at_rest() {
	local name
	for name; do
		LAB_TIMEOUT=300 guest "$name" 'systemctl is-system-running --wait' >/dev/null || bail "$name: systemd has not come up well"
	done
}

# A patched host and a guest that can ask it by NTP, too
stage_quality() {
	lab_start kernel=patched-6.12 smp=1
	guest_start g1 trixie net=1
}

# The oldest chrony with systemd's unit and the newest, which can ask each other by NTP
stage_guard() {
	lab_start
	guest_start old bookworm net=1
	guest_start new sid net=1
}

# Two hosts, and a guest that can go from one to the other
stage_migration() {
	lab_start kernel=patched-6.12
	lab_start name=other
	guest_start g1 bookworm migratable=1
}

# nested KERNEL: three levels, with that kernel on the middle one; stock is Debian's. Without vgif l2's every clgi and stgi
# are exits, two for each of l3's.
stage_nested() {
	local options=()
	[[ $1 = stock ]] || options=("kernel=$1")
	lab_start cpu=+vgif
	guest_start l2 host mem=1024 tools=clocksample "${options[@]}"
	on l2 guest_start l3 bookworm tools='clocksample phcread'
}

# A host with network cards, VFs of which can be given away
stage_cards() {
	lab_start nics='igb e1000e virtio-net-pci' iommu=1
}

# units SUITE: a machine with systemd and network cards, and no host
stage_units() {
	guest_start "$1" "$1" bare=1 systemd=1 mem=1024 smp=2 nics='igb virtio-net-pci virtio-net-pci'
	at_rest "$1"
}

# chain OPTION...: a machine for a grandmaster, a host at the other end of its line, and two guests of that
stage_chain() {
	lab_start name=gm smp=1 mem=512 link=listen
	lab_start link=connect "$@"
	guest_start g1 bookworm systemd=1 mem=512
	guest_start g2 bookworm systemd=1 mem=512
	at_rest g1 g2
}

# foreign ARCH: a host of another architecture, and a guest on its KVM
stage_foreign() {
	lab_start "image=host-$1" mem=2048
	guest_start g1 "host-$1" mem=512
}
