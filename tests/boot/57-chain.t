#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The whole chain: a grandmaster on a machine of its own, ptp4l on the host, configured by ptpkvm-host config from
# TripleO's parameters, two guests set up by ptpkvm setup. How far each hop is off; then the grandmaster goes, and comes back.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/lib/lab.sh
. tests/lib/clock.sh

export LAB_TIMEOUT=180 LAB_BOOT_TIMEOUT=240
ptp4l='ptp4l -m -f /etc/ptpkvm/ptp4l.conf >>/run/ptp4l.log 2>&1 & echo $! >/run/ptp4l.pid'

link_up() {
	on "$1" host 'modprobe virtio_net && udevadm settle && nic=$(ls /sys/bus/virtio/drivers/virtio_net/*/net) &&
		ip link set "$nic" up && echo "$nic"' || bail "$1: no network card"
}

# ptp FIELD: of what the host's ptp4l says through check
ptp() {
	host '/lab/ptpkvm-host check --json' | jq -r ".ptp.ptp4l[0].$1"
}

# until_following: the host's port is a slave's, and the servo has settled to within 1 ms
until_following() {
	host 'for i in $(seq 600); do
		pmc -u -b 0 "GET PORT_DATA_SET" | grep -q "portState *SLAVE" &&
			pmc -u -b 0 "GET CURRENT_DATA_SET" | awk "/offsetFromMaster/ { exit !(\$2 < 1e6 && \$2 > -1e6) }" && exit 0
		sleep 0.2
	done; tail -n 20 /run/ptp4l.log; exit 1'
}

hop_to_host() {
	machines_agree "$1" host gm "ptp4l says $(ptp offset_ns) ns, path delay $(ptp path_delay_ns) ns"
}

module_for bookworm
lab_stage chain kernel=patched-6.12
nic=$(link_up gm)
on gm host "date -s '+100 seconds' >/dev/null
	/lab/ptpkvm-host config --role grandmaster --interface $nic --transport L2 --timestamping software --install" \
	>"$LAB_LOGS/gm.config.log" || bail "no configuration of the grandmaster: $(<"$LAB_LOGS/gm.config.log")"
on gm host "$ptp4l"

nic=$(link_up host)
host "printf '%s\n' 'parameter_defaults:' '  PtpInterface: $nic' '  PtpSlaveMode: 1' '  PtpMessageTransport: L2' >/run/env.yaml"
runs "config takes TripleO's parameters" host \
	'/lab/ptpkvm-host config --tripleo /run/env.yaml --timestamping software --install'
host "$ptp4l"
runs 'the host follows the grandmaster' until_following
like "$(host '/lab/ptpkvm-host check')" 'ptp4l  .*SLAVE; grandmaster 5' 'ptpkvm-host check says so'
hop_to_host 'followed'

set_up g1 g2
hops 'followed' 500000
said=$(host '/lab/ptpkvm-host probe') || true
like "$said" 'PASS  pair ' 'probe: the pairs are right'
note "$said"
said=$(host '/lab/ptpkvm-host status') || true
like "$said" "ptp4l  .*$nic SLAVE" 'status: the port'
like "$said" $'\n  g1  .* served [1-9][0-9]* times, refused 0\n  g2  .* served [1-9][0-9]* times, refused 0' 'status: whom KVM serves'
note "$said"
said=$(host '/lab/ptpkvm-host watch -n 5 -i 0.5 --csv 2>/dev/null' | tr -d '\r')
# The lab keeps two VMs of its own
is "$(awk -F, '$14 == 4' <<<"$said" | wc -l)" 5 'watch: five ticks, with the guests'
cmp "$(awk -F, '$4 ~ /^-?[0-9]+$/' <<<"$said" | wc -l)" '>=' 1 'watch: and with an offset from the grandmaster'
note "$said"
like "$(host '/lab/ptpkvm-host metrics')" 'ptpkvm_host_guest_clock_pairings_total\{guest="g2",[^ ]* [1-9]' 'metrics: a guest that is served'

on gm host 'kill $(cat /run/ptp4l.pid)'
host 'until pmc -u -b 0 "GET PORT_DATA_SET" | grep -q "portState *LISTENING"; do sleep 0.2; done'
like "$(host '/lab/ptpkvm-host check -q')" '\[ptp4l-listening\]' 'the grandmaster is gone: check says so'
hops 'holdover' 1000
unlike "$(guest g1 'cat /sys/class/ptp/ptp0/device/host_clock/pair')" max_error_ns \
	'the grandmaster is gone: a guest is told no error bound, as ptp4l told the kernel none'

on gm host "$ptp4l"
runs 'the grandmaster is back: the host follows' until_following
hop_to_host 'back'
hops 'back' 500000
for g in g1 g2; do
	guest_stop $g
done
lab_check_consoles 'no kernel splats on the consoles'
done_testing
