#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# ptpkvm-host check on QEMU's network cards: igb (a PHC, SR-IOV), e1000e and virtio-net; VFs, some of them given
# away; a bond, a VLAN and a bridge over them. What it says of timestamps is what ethtool says. And what config makes of
# each.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/lib/lab.sh

# check_host OPTION...: its words; the status is in $status
check_host() {
	status=0
	said=$(host "/lab/ptpkvm-host check $*") || status=$?
	said=$(unwrapped <<<"$said")
}

# of NAME FIELD: what --json has of an interface
of() {
	jq -r ".nics[] | select(.name == \"$1\") | .$2" <<<"$json"
}

lab_stage cards
host 'modprobe bonding max_bonds=0 && modprobe -a igb e1000e virtio_net igbvf 8021q bridge uio_pci_generic vfio-pci && udevadm settle' >/dev/null ||
	bail 'the host has no drivers for its network cards'
card() {
	host "basename \$(dirname \$(dirname \$(grep -l '^DRIVER=$1\$' /sys/class/net/*/device/uevent)))"
}
igb=$(card igb) e1000e=$(card e1000e) virtio=$(card virtio_net)
note "$igb $e1000e $virtio"
host "ip link set $igb up; ip link set $e1000e up; ip link set $virtio up"
host "echo 3 >/sys/class/net/$igb/device/sriov_numvfs && udevadm settle" || bail 'no VFs'
vf=$(host "ls /sys/class/net/$igb/device/virtfn0/net")
# give_away N DRIVER: the PF's VF; prints its address
give_away() {
	host "cd /sys/bus/pci && away=\$(basename \$(readlink /sys/class/net/$igb/device/virtfn$1)) &&
		echo $2 >devices/\$away/driver_override && echo \$away >devices/\$away/driver/unbind &&
		echo \$away >drivers_probe && test -e drivers/$2/\$away && echo \$away"
}
away=$(give_away 1 uio_pci_generic) && passed=$(give_away 2 vfio-pci) || bail "no VF can be given away: $away $passed"
host "ip link add link $igb name vlan7 type vlan id 7; ip link add bond0 type bond mode active-backup;
	ip link set $e1000e down; ip link set $e1000e master bond0; ip link set bond0 up;
	ip link add br0 type bridge; ip link set $virtio master br0" || bail 'no bond, VLAN or bridge'

json=$(host '/lab/ptpkvm-host check --json') || true
is "$(jq -r .schema <<<"$json")" 2 'JSON'
for nic in "$igb" "$e1000e" "$virtio"; do
	told=$(host "ethtool -T $nic")
	phc=$(sed -nE 's/^(PTP Hardware Clock|Hardware timestamp provider index): //p' <<<"$told")
	is "$(of "$nic" 'phc // "none"')" "$phc" "$nic: the PHC that ethtool names"
	if [[ $told = *hardware-transmit* && $phc != none ]]; then
		is "$(of "$nic" fit)" hardware "$nic: hardware timestamps"
	elif [[ $told = *software-transmit* ]]; then
		is "$(of "$nic" fit)" software "$nic: software timestamps"
	else
		is "$(of "$nic" fit)" unfit "$nic: no timestamps"
	fi
done
is "$(of "$igb" fit) $(of "$igb" vfs) $(of "$igb" vfs_away)" 'hardware 3 2' 'igb: fit, three VFs, two of them given away'
is "$(of "$vf" vf) $(of "$vf" pf)" "true $igb" 'a VF, and whose'
is "$(of vlan7 kind) $(of vlan7 'real | join(" ")')" "vlan $igb" 'a VLAN, down to its card'
is "$(of bond0 kind) $(of bond0 'real | join(" ")')" "bond $e1000e" 'a bond, down to its card'
is "$(of br0 kind) $(of br0 'real | join(" ")')" "bridge $virtio" 'a bridge, down to its card'
is "$(jq -r '.nics_away[] | "\(.pci) \(.driver) \(.vf)"' <<<"$json")" \
	"$away uio_pci_generic true"$'\n'"$passed vfio-pci true" 'functions without an interface, and who has them'

check_host
note "$said"
like "$said" "PASS  nic           $igb .*PHC ptp" 'in words: fit for hardware PTP'
like "$said" 'a PF with 3 VFs, 2 of them given away' 'in words: what was given away'
like "$said" 'clocksource   tsc, ' 'in words: the clocksource'
like "$said" 'PASS  kvm ' 'in words: KVM'
check_host -q "$vf"
like "$said" "$vf .*no hardware timestamps.*\[nic-vf\]" 'a VF that somebody asks about'
cmp "$status" '>=' 1 'a VF that somebody asks about: exit status'
check_host -q br0
like "$said" 'PTP belongs on the port, not on the bridge \[nic-bridge\]' 'a bridge'
check_host nosuch
is "$status" 2 'an interface that is not there: exit status'
like "$said" "there is no interface 'nosuch', but there are .*$igb" 'an interface that is not there: those that are'

# config_host NAME OPTION...: config's words for that interface; the status is in $status
config_host() {
	status=0
	said=$(host "/lab/ptpkvm-host config --interface $*") || status=$?
}
config_host vlan7
is "$status" 0 'config on a VLAN: exit status'
like "$said" "\\(a VLAN over $igb\\)"$'\n'"\\[vlan7\\]" 'config on a VLAN: over what'
like "$said" $'\ntime_stamping hardware\n' "config on a VLAN: its driver hands on the igb's timestamps"
config_host bond0
is "$status" 0 'config on a bond: exit status'
like "$said" "\\(an active-backup bond of $e1000e\\)"$'\n'"\\[bond0\\]" 'config on a bond: of what'
config_host br0
is "$status" 2 'config on a bridge: refused'
like "$said" "br0 is a bridge, .*of $virtio, and --transport L2" 'config on a bridge: what to name'
config_host "$virtio"
like "$said" "$virtio is a port of a bridge \\(br0\\)" 'config on a port of a bridge, over UDP: refused'
config_host "$vf --role grandmaster"
is "$status" 2 'config of a grandmaster on a VF: refused'
like "$said" "$vf is a virtual function without a clock: no grandmaster" 'config of a grandmaster on a VF: why'
lab_check_consoles 'no kernel splats on the console'
done_testing
