#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Real ptp4l and phc2sys, configured by ptpkvm-host config, and what ptpkvm-host check makes of them: a grandmaster in
# a network namespace of its own, a client on the host; the grandmaster goes, ptp4l hangs, two steer the clock.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/lib/lab.sh

# says DESC CODE-OR-WORDS... -- [OPTION]...: what check says, whatever its status
says() {
	local description=$1 said words=()
	shift
	while [[ $1 != -- ]]; do words+=("$1"); shift; done
	shift
	said=$(host "/lab/ptpkvm-host check $*" | unwrapped) || true
	for word in "${words[@]}"; do
		like "$said" "$word" "$description: $word"
	done
}

# until_port STATE: the client's
until_port() {
	host "until pmc -u -b 0 'GET PORT_DATA_SET' | grep -q 'portState *$1'; do sleep 0.2; done" ||
		diag "$(host 'cat /run/gm.log /run/client.log')"
}

lab_stage cards
host 'modprobe -a igb virtio_net && udevadm settle' >/dev/null || bail 'the host has no drivers for its network cards'
igb=$(host 'ls /sys/bus/pci/drivers/igb/*/net')
virtio=$(host 'ls /sys/bus/virtio/drivers/virtio_net/*/net')
host "ip netns add gm && ip link set $virtio netns gm && ip -n gm link set $virtio up && ip link set $igb up" ||
	bail 'no network namespace'

# --- a client, as TripleO's parameters want it ---
is "$(host "ip netns exec gm /lab/ptpkvm-host config --role grandmaster --interface $virtio --transport L2 \
	--timestamping software --output /run/gm >/run/gm.said; echo \$?; cat /run/gm.said" | head -n 1)" 0 \
	'config writes the grandmaster'
host "ip netns exec gm ptp4l -m -f /run/gm/etc/ptpkvm/ptp4l.conf --uds_address /run/gm.sock >/run/gm.log 2>&1 &
	echo \$! >/run/gm.pid"
host "printf '%s\n' 'parameter_defaults:' '  PtpInterface: $igb' '  PtpSlaveMode: 1' '  PtpMessageTransport: L2' \
	>/run/env.yaml"
etc='cd /etc && find . -type f -exec sha256sum {} + | sort -k 2'
before=$(host "$etc")
said=$(host '/lab/ptpkvm-host config --tripleo /run/env.yaml --timestamping software --install; echo $?')
is "${said##*$'\n'}" 0 'config installs the client'
note "$said"
like "$(host 'cat /etc/ptpkvm/ptp4l.conf')" "# /run/env.yaml:2:.*PtpInterface"$'\n'"\[$igb\]" \
	'each line says where it comes from'
host "ptp4l -m -f /etc/ptpkvm/ptp4l.conf >/run/client.log 2>&1 & echo \$! >/run/client.pid"
until_port SLAVE
identity=$(host "pmc -u -b 0 -s /run/gm.sock 'GET DEFAULT_DATA_SET'" | sed -nE 's/^.*clockIdentity +//p')
says 'a client' "ptp4l  .*$igb SLAVE; grandmaster $identity, class 248, 1 step, software timestamps" \
	'offset .* the master, path delay ' 'PASS  steering      ptp4l' "nic  .*$igb" --
json=$(host '/lab/ptpkvm-host check --json') || true
client=$(jq '.ptp.ptp4l[] | select(.conf == "/etc/ptpkvm/ptp4l.conf")' <<<"$json")
is "$(jq -r '"\(.answers) \(.grandmaster) \(.ports[0].state)"' <<<"$client")" "true $identity SLAVE" 'a client: JSON'
cmp "$(jq '.offset_ns | fabs | floor' <<<"$client")" '<' 100000000 'a client: an offset in ns that a busy machine may have'

# --- what goes wrong ---
host "kill -STOP \$(cat /run/client.pid)"
says 'ptp4l hangs' '\[ptp4l-silent\]' -- -q
host "kill -CONT \$(cat /run/client.pid)"
host "chronyd -n -f /dev/null 'port 0' & echo \$! >/run/chronyd.pid
	until chronyc tracking >/dev/null; do sleep 0.1; done" >/dev/null 2>&1
says 'chronyd and ptp4l' 'they fight .*chronyd.*\[steering-fight\]' -- -q
host "kill \$(cat /run/chronyd.pid)"
host "kill \$(cat /run/gm.pid)"
until_port LISTENING
says 'the grandmaster is gone' 'no grandmaster is heard \[ptp4l-listening\]' -- -q
host "kill \$(cat /run/client.pid)"

# --- the igb's own clock ---
host "phc2sys -m -s $igb -O -36 >/run/phc2sys.log 2>&1 & echo \$! >/run/phc2sys.pid
	until grep -q CLOCK_REALTIME /run/phc2sys.log || ! kill -0 \$!; do sleep 0.1; done"
says 'phc2sys with an old constant' "steering      phc2sys, from .*$igb" 'a constant of -36.*\[tai-constant\]' --
host "kill \$(cat /run/phc2sys.pid)"

said=$(host '/lab/ptpkvm-host config --uninstall; echo $?')
is "${said##*$'\n'}" 0 'config takes it away'
is "$(host "$etc")" "$before" 'and /etc is as it was, to the byte'
lab_check_consoles 'no kernel splats on the console'
done_testing
