#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What ptpkvm-host config installs, under systemd, with each linuxptp of Debian's: 3.1.1, 4.2 and 4.4. What it says is
# typed as it says it. A client by ptp4l's unit, a grandmaster whose card has a PHC by ptp4l's and phc2sys', timemaster with
# an NTP server beside; each comes up again by itself after a reboot, and ends with config --uninstall. Arguments: suites.
# check: trixie
# check-all: bookworm sid
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/lib/lab.sh

export LAB_TIMEOUT=120 LAB_BOOT_TIMEOUT=240
lab_payload_add build/tools/ptpkvm-host

# Contents and link targets; not what systemctl enable and disable leave of an empty folder
manifest() {
	guest "$1" 'cd /etc && find . ! -type d -printf "%p %m %l\n" | sort
		find . -type f -exec sha256sum {} + | sort -k 2'
}

# with_network GUEST: cards up, the first virtio one in a namespace of its own, where the other end is. As after each boot.
with_network() {
	guest "$1" 'modprobe -a igb virtio_net && udevadm settle || exit
		cd /sys/bus/virtio/drivers/virtio_net && set -- $(ls -d */net/* | sort) || exit
		other=${1##*/} card=${2##*/} igb=$(ls /sys/bus/pci/drivers/igb/*/net)
		ip netns add other && ip link set "$other" netns other && ip -n other link set "$other" up &&
			ip -n other addr add 192.168.79.1/24 dev "$other" && ip addr add 192.168.79.2/24 dev "$card" &&
			ip link set "$card" up && ip link set "$igb" up && echo "$other $card $igb"' || bail "$1: no network"
}

# in_other GUEST UNIT COMMAND: in the namespace, until the next boot or in_other with the same unit. chronyd's profile knows
# no second chronyd's files.
in_other() {
	guest "$1" "systemctl stop -q $2 2>/dev/null; systemd-run -q -u $2 -p AppArmorProfile=unconfined -p NetworkNamespacePath=/run/netns/other $3" ||
		bail "$1: $3 does not start in the namespace"
}

# Asked at an address of its own
master="ptp4l -m -2 -S --priority1=100 --free_running=1 --uds_address=/run/other.sock -i"

# configured DESC GUEST OPTION...: installed, and what it says typed
configured() {
	local description=$1 name=$2 said status=0
	shift 2
	said=$(guest "$name" "/lab/ptpkvm-host config $* --install") || status=$?
	is "$status" 0 "$description: config"
	typed "$description" "$name" "$said"
}

typed() {
	local commands
	commands=$(sed -nE '/^and what kept/q; s/^  (systemctl .*)/\1 \&\&/p' <<<"$3")
	note "$3"
	runs "$1: what it says to type" guest "$2" "$commands true"
}

# until_so GUEST CONDITION DESC: within a minute
until_so() {
	runs "$3" guest "$1" "for i in \$(seq 300); do $2 && exit 0; sleep 0.2; done
		journalctl -b -q --no-pager -o cat -n 40; exit 1"
}

port='pmc -u -b 0 "GET PORT_DATA_SET" 2>/dev/null | grep -q'

# steady DESC GUEST UNIT...: active, and not started over and over
steady() {
	local description=$1 name=$2 ids="systemctl show -P InvocationID"
	shift 2
	runs "$description: $* active, and stays so for 3 s" guest "$name" "before=\$($ids $*); sleep 3
		[ \"\$(systemctl is-active $* | sort -u)\" = active ] && [ \"\$before\" = \"\$($ids $*)\" ] || { systemctl status --no-pager $*; exit 1; }"
}

a_client() {
	local g=$1 what="$1: a client" unit=ptp4l@$card.service
	in_other "$g" master "$master $other"
	configured "$what" "$g" --interface "$card" --transport L2 --timestamping software
	until_so "$g" "$port 'portState *SLAVE'" "$what: its port is a slave's"
	steady "$what" "$g" "$unit"
	like "$(guest "$g" "systemctl show -P ExecStart $unit")" 'ptp4l -f /etc/ptpkvm/ptp4l[.]conf ;' \
		"$what: of the package's unit and the drop-in, the latter says which configuration"
	guest "$g" "systemctl kill -s KILL $unit"
	until_so "$g" "systemctl is-active -q $unit && $port 'portState *SLAVE'" "$what: killed, it comes again"
	guest_reboot "$g"
	with_network "$g" >/dev/null
	in_other "$g" master "$master $other"
	until_so "$g" "$port 'portState *SLAVE'" "$what: after a reboot it is one again, without a hand"
	like "$(guest "$g" '/lab/ptpkvm-host check' | unwrapped)" "PASS  steering      ptp4l, from software timestamps of $card" "$what: check knows who steers"
}

# QEMU's igb loses the timestamps of what it receives, so a client never learns its delay; and its clock jumps whenever its
# frequency is set, so that phc2sys can't keep it. That both run as they should is what can be seen.
a_grandmaster() {
	local g=$1 what="$1: a grandmaster" said
	in_other "$g" master "ptp4l -m -2 -S -s --free_running=1 --uds_address=/run/other.sock -i $other"
	configured "$what" "$g" --role grandmaster --interface "$igb" --transport L2 --timestamping hardware
	until_so "$g" "$port 'portState *MASTER'" "$what: its port is a master's"
	said=$(guest "$g" 'pmc -u -b 0 "GET DEFAULT_DATA_SET"' | sed -nE 's/.*clockIdentity +//p')
	until_so "$g" "pmc -u -b 0 -s /run/other.sock 'GET PARENT_DATA_SET' | grep -q 'grandmasterIdentity *$said'" \
		"$what: and a client has chosen it"
	until_so "$g" "journalctl -q -o cat -u phc2sys@$igb | grep -qE '$igb sys offset +-?[0-9]+ s[0-2]'" \
		"$what: phc2sys takes the system's clock to the card's"
	steady "$what" "$g" "ptp4l@$igb.service" "phc2sys@$igb.service"
	said=$(guest "$g" '/lab/ptpkvm-host check' | unwrapped) || true
	note "$said"
	like "$said" "PASS  ptp4l         $igb MASTER: this host is the grandmaster" "$what: check says so"
	like "$said" 'nothing steers the system.s clock' "$what: and that somebody has to keep its time"
}

with_timemaster() {
	local g=$1 what="$1: timemaster" said
	in_other "$g" master "$master $other"
	in_other "$g" ntp "chronyd -n -x -f /dev/null 'local stratum 5' 'allow' 'cmdport 0' 'bindcmdaddress /' 'pidfile /run/other.pid'"
	configured "$what" "$g" --interface "$card" --transport L2 --ntp-server 192.168.79.1
	until_so "$g" "chronyc -c sources | grep -q '^#,[*],PTP0,'" "$what: chronyd has selected PTP"
	until_so "$g" "chronyc -c sources | grep -qE '^.,.,192[.]168[.]79[.]1,[0-9]+,[0-9]+,[1-9]'" "$what: and has the NTP server"
	steady "$what" "$g" timemaster.service
	is "$(guest "$g" 'systemctl is-active chrony')" inactive "$what: no other chronyd runs"
	said=$(guest "$g" 'chronyc -c sources; /lab/ptpkvm-host status') || true
	note "$said"
	like "$said" 'chronyd' "$what: status knows who steers"
}

with_suite() {
	local g=$1 before
	lab_stage units "$g"
	read -r other card igb <<<"$(with_network "$g")"
	note "$g: $other $card $igb, $(guest "$g" 'ptp4l -v; systemctl --version | head -n 1' | tr '\n' ' ')"
	before=$(manifest "$g")
	a_client "$g"
	a_grandmaster "$g"
	with_timemaster "$g"
	said=$(guest "$g" '/lab/ptpkvm-host config --uninstall')
	ok $? "$g: config --uninstall"
	typed "$g: config --uninstall" "$g" "$said"
	runs "$g: chrony again, who kept the clock before" guest "$g" 'systemctl enable -q --now chrony'
	is "$(manifest "$g")" "$before" "$g: /etc is as it was"
	silent "$g: no unit has failed" guest "$g" 'systemctl --failed --no-legend --plain'
	guest_stop "$g"
	lab_check_consoles "$g: no kernel splats on the console"
	lab_stop
}

suites=("$@")
((${#suites[@]})) || mapfile -t suites < <(tier_cases)
for suite in "${suites[@]}"; do
	with_suite "$suite"
done
done_testing
