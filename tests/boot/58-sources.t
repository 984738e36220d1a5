#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Other sources of the host's time, with two guests. A network card's PHC, an igb's, which phc2sys -s copies to the host's clock:
# each hop's offset; then the PHC is stepped and made to run 20 ppm off, and all follow that. And timemaster, PTP with an NTP server
# beside: the grandmaster goes, the host is in holdover or goes on by NTP, the guests with it, and it comes back.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/lib/lab.sh
. tests/lib/clock.sh

export LAB_TIMEOUT=180 LAB_BOOT_TIMEOUT=240

# nic_to_host DESC: the PHC against the system's clock by PTP_SYS_OFFSET_EXTENDED, which an emulated bus makes wide and lopsided;
# and what phc2sys says, which takes the narrowest of five readings
nic_to_host() {
	local said offset
	said=$(host '/lab/phcread --device $(cat /run/phc) --method extended --count 200 --interval-us 20000')
	offset=$(field offset_median <<<"$said")
	note "$1: $said; $(host 'grep -a "offset" /run/phc2sys.log | tail -n 1')"
	cmp "${offset#-}" '<=' "$(($(field window_median <<<"$said") / 2 + 1000))" "$1: PHC - host, median, ns: within half the reading's width and 1 us"
}

# until_close: phc2sys has been within 1 µs ten times running
until_close() {
	host 'from=$(wc -l </run/phc2sys.log)
		for i in $(seq 600); do
			tail -n +$((from + 1)) /run/phc2sys.log | awk "{ for (i = 1; i < NF; i++) if (\$i == \"offset\") {
				n = (\$(i + 1) < 1000 && \$(i + 1) > -1000) ? n + 1 : 0; if (n >= 10) good = 1 } } END { exit !good }" && exit 0
			sleep 0.2
		done; tail -n 20 /run/phc2sys.log; exit 1'
}

# followed DESC: the guests have followed the host's step
followed() {
	local g
	for g in g1 g2; do
		runs "$1: $g is within 1 ms of the host" guest $g 'until [ "$(/lab/phcread --method precise --count 1 |
			sed -E "s/.* offset_median=-?([0-9]+) .*/\1/")" -lt 1000000 ]; do sleep 0.2; done'
	done
}

# until_source WHICH: chronyd of the host has selected PTP0, or the NTP server
until_source() {
	host "for i in \$(seq 600); do chronyc -n -c sources | grep -q '^$1' && exit; sleep 0.2; done
		chronyc -n sources; tail -n 20 /run/timemaster.log; exit 1"
}

gm_to_host() {
	machines_agree "$1" host gm "$(host 'chronyc -n tracking' |
		sed -nE 's/^(Reference ID|Last offset|RMS offset|Root delay) +: /\1 /p' | paste -sd ,)"
}

module_for bookworm
lab_payload_add build/tools/phcread
lab_stage chain nics=igb machine=pc
nic=$(host 'modprobe igb && udevadm settle && ls /sys/bus/pci/drivers/igb/*/net') || bail 'no igb'
host "ip link set $nic up; until [ \$(cat /sys/class/net/$nic/operstate) = up ]; do sleep 0.1; done
	echo /dev/\$(basename /sys/class/net/$nic/device/ptp/ptp*) >/run/phc"
like "$(host "/lab/ptpkvm-host check $nic" | unwrapped)" "PASS  nic           $nic .*PHC ptp" 'check: the card is fit for hardware PTP'
# -R: so often a second; -S: what is further off, in s, is stepped
host "phc2sys -m -s $nic -O 0 -R 4 -S 0.1 >/run/phc2sys.log 2>&1 & echo \$! >/run/phc2sys.pid"
runs 'phc2sys -s keeps the host by the PHC' until_close
set_up g1 g2
nic_to_host 'followed'
hops 'followed' 1000

host "phc_ctl $nic -- adj 5.0 freq 20000"
runs 'the PHC is 5 s ahead and 20 ppm fast: the host follows' until_close
nic_to_host 'ahead'
followed 'ahead'
hops 'ahead' 1000
host 'kill $(cat /run/phc2sys.pid)'

# --- timemaster, and an NTP server beside ---
ptp4l='ptp4l -f /run/gm/etc/ptpkvm/ptp4l.conf >/run/ptp4l.log 2>&1 & echo $! >/run/ptp4l.pid'
card='modprobe virtio_net && udevadm settle && basename /sys/bus/virtio/drivers/virtio_net/*/net/*'
gm_card=$(on gm host "$card") && card=$(host "$card") || bail 'no network between the two machines'
on gm host "ip link set $gm_card up && ip addr add 192.168.80.1/24 dev $gm_card && date -s '+100 seconds' >/dev/null &&
	chronyd -x -f /dev/null 'local stratum 5' 'allow' 'cmdport 0' 'bindcmdaddress /' 'pidfile /run/chronyd.pid' &&
	/lab/ptpkvm-host config --role grandmaster --interface $gm_card --transport L2 --timestamping software --output /run/gm" \
	>"$LAB_LOGS/gm.config.log" || bail "no grandmaster: $(<"$LAB_LOGS/gm.config.log")"
on gm host "$ptp4l"
host "ip link set $card up && ip addr add 192.168.80.2/24 dev $card"
runs 'config with an NTP server: timemaster' host \
	"/lab/ptpkvm-host config --interface $card --transport L2 --ntp-server 192.168.80.1 --install"
host 'mkdir -p -m 0750 /run/chrony && chown _chrony: /run/chrony
	timemaster -m -f /etc/ptpkvm/timemaster.conf >/run/timemaster.log 2>&1 & echo $! >/run/timemaster.pid'
runs "timemaster's chronyd follows PTP" until_source '#,[*],PTP0,'
said=$(host '/lab/ptpkvm-host check; chronyc -n sources') || true
like "$said" 'PASS  steering      chronyd, from refclock PTP0' 'timemaster: check says that chronyd alone steers, by PTP'
note "$said"
gm_to_host 'timemaster'
followed 'timemaster'
hops 'timemaster' 500000
on gm host 'kill $(cat /run/ptp4l.pid)'
# chronyd goes on by what it has heard until that has become worse than the NTP server
runs 'the grandmaster is gone: chronyd hears PTP no more' host \
	'until chronyc -n -c sources | grep -q "^#,.,PTP0,[^,]*,[^,]*,0,"; do sleep 0.2; done'
said=$(host '/lab/ptpkvm-host check' | unwrapped) || true
like "$said" 'steering-unheard|steering      chronyd, from NTP server 192.168.80.1' 'gone: check says so'
like "$said" 'LISTENING: no grandmaster is heard; chronyd has another source' 'gone: and that there is the NTP server'
note "$(host 'chronyc -n sources')"
gm_to_host 'gone'
hops 'gone' 500000
on gm host "$ptp4l"
runs 'the grandmaster is back: PTP again' until_source '#,[*],PTP0,'
hops 'PTP again' 500000
host 'kill $(cat /run/timemaster.pid)'
for g in g1 g2; do
	guest_stop $g
done
lab_check_consoles 'no kernel splats on the consoles'
done_testing
