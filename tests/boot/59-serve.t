#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# ptpkvm-host serve on a stock host whose chronyd follows an NTP server: what two guests read over vsock, each second and at once when the
# host's clock is set; when the gatherer hangs, dies, and comes back; when a guest connects as fast as it can, sends, or does
# not read. guard: what the tools of a guest with the in-tree driver know by it. holdover: when the NTP server goes.
# check: serve
# check-all: guard holdover
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/lib/lab.sh
. tests/lib/clock.sh

cases=("$@")
((${#cases[@]})) || mapfile -t cases < <(tier_cases)
lab_payload_add build/tools/hostrecord

# in a namespace of its own, over a line that is there with it
ntp_server() {
	host 'modprobe -a veth vhost_vsock && ip netns add ntp && ip link add here type veth peer name there netns ntp &&
		ip addr add 192.168.79.2/24 dev here && ip link set here up && ip -n ntp addr add 192.168.79.1/24 dev there &&
		ip -n ntp link set there up && ip -n ntp link set lo up &&
		ip netns exec ntp chronyd -x -f /dev/null "local stratum 3" "allow" "cmdport 0" "bindcmdaddress /" \
			"pidfile /run/ntp.pid"' || bail 'no NTP server'
}

# chronyd as a host has it
host_chronyd() {
	host 'mkdir -p -m 0750 /run/chrony /var/lib/chrony && chown _chrony: /run/chrony /var/lib/chrony
		chronyd -f /dev/null "server 192.168.79.1 iburst minpoll 0 maxpoll 0" "makestep 0.1 -1" rtcsync \
			"pidfile /run/chrony/chronyd.pid" && chronyc waitsync 60 0.01 0 0.2 >/dev/null' || bail 'chronyd does not come up'
}

# plug GUEST CID: a vsock device
plug() {
	host "qmp /run/lab/$1.qmp device_add '{\"driver\":\"vhost-vsock-pci\",\"id\":\"vsock\",\"guest-cid\":$2}'" >/dev/null ||
		bail "$1: no vsock device can be plugged in"
	guest "$1" 'modprobe vmw_vsock_virtio_transport && for i in $(seq 100); do
		ls /sys/bus/virtio/drivers/vmw_vsock_virtio_transport/virtio* >/dev/null 2>&1 && exit 0; sleep 0.1; done; exit 1' ||
		bail "$1: the vsock device does not come up"
}

start() {
	host "/lab/ptpkvm-host serve ${2-} >>/run/$1.log 2>&1 & echo \$! >/run/$1.pid"
}

# stop SIGNAL NAME
stop() {
	host "pid=\$(cat /run/$2.pid); kill -$1 \$pid; while [ $1 != STOP ] && kill -0 \$pid 2>/dev/null; do sleep 0.02; done"
}

# read_on GUEST: what comes, in /tmp/records from now on
read_on() {
	guest "$1" 'rm -f /tmp/records; /lab/hostrecord >/tmp/records 2>&1 & for i in $(seq 100); do
		grep -q at= /tmp/records && exit 0; sleep 0.05; done; cat /tmp/records; exit 1' || bail "$1: no record comes"
}

# until_record GUEST PATTERN [AFTER]: the first such line behind line AFTER, with its number; within 20 s
until_record() {
	guest "$1" "for i in \$(seq 400); do awk 'NR > ${3-0} && /$2/ { print NR, \$0; found = 1; exit } END { exit !found }' /tmp/records &&
		exit 0; sleep 0.05; done; tail -n 3 /tmp/records; exit 1"
}

lines() {
	guest "$1" 'wc -l </tmp/records'
}

# value KEY of a record
value() {
	sed -nE "s/.* $1=([^ ]*).*/\1/p"
}

# The longest time from one record to the next, in s
longest() {
	guest "$1" "awk -v from=${2-0} '/ time_ns=/ { sub(/^at=/, \"\"); if (last && NR > from + 1 && \$1 - last > most) most = \$1 - last; last = \$1 } END { printf \"%.3f\", most }' /tmp/records"
}

plain() {
	local said
	said=$(until_record g1 'status=synchronized source=chrony max_error_ns=[1-9][0-9]* ref_error_ns=[1-9]')
	ok $? 'a guest is told: synchronized, by chronyd, with a bound'
	note "$said"
	like "$said" ' drift_ppb=15000 tai_offset_s=- leap=none smear=- host=[0-9a-f]{32} marker=0x[0-9a-f]{16}$' 'and all else'
	id=$(value host <<<"$said") marker=$(value marker <<<"$said")
	runs 'another each second' guest g1 'sleep 3.2; [ $(wc -l </tmp/records) -ge 4 ]'
	cmp "$(longest g1)" '<' 1.5 'and none is missed, s'
	said=$(host '/lab/ptpkvm-host serve --once') || true
	note "$said"
	like "$said" 'status +synchronized, by chrony' 'serve --once says so, too'
	like "$said" "marker +$marker" 'serve --once: the same marker'
	is "$(host '/lab/ptpkvm-host serve --once --json' | jq -r '"\(.status) \(.bound_source) \(.host_id)"')" "synchronized chrony $id" \
		'serve --once --json'
}

# A step is told at once, by a new marker; and what was measured before it counts no more. The server has the same clock.
steps() {
	local said at by
	for by in +5 -2; do
		said=$(lines g1)
		at=$(host "date -s '$by seconds' >/dev/null; date +%s%N")
		said=$(until_record g1 'status=(unreliable|free-running)' "$said")
		ok $? "$by s: the next record is another"
		note "$said"
		isnt "$(value marker <<<"$said")" "$marker" "$by s: another marker"
		is "$(value host <<<"$said")" "$id" "$by s: the same host"
		cmp "$((($(value time_ns <<<"$said") - at) / 1000000))" '<' 100 "$by s: made at once, ms"
		# date takes some milliseconds to set what it has read
		cmp "$(value max_error_ns <<<"$said")" '>=' $((${by#?} * 1000000000 - 100000000)) "$by s: it may have been a false one, so much is the bound"
		marker=$(value marker <<<"$said")
		said=$(until_record g1 'status=synchronized' "${said%% *}")
		ok $? "$by s: synchronized again, when chronyd has measured"
		is "$(value marker <<<"$said")" "$marker" "$by s: with that marker"
	done
}

# told_unknown DESC: after the last record that was another, within a second or so; of the same host
told_unknown() {
	local said before
	said=$(until_record g1 'status=unknown' "$2")
	ok $? "$1: guests are told that nothing is known"
	note "$said"
	before=$(guest g1 "sed -n $((${said%% *} - 1))p /tmp/records" | sed -nE 's/^at=([^ ]*).*/\1/p')
	cmp "$(awk -v a="$before" -v b="$(sed -nE 's/.*at=([^ ]*).*/\1/p' <<<"$said")" 'BEGIN { print b - a }')" '<' 1.7 "$1: in time, s"
	is "$(value host <<<"$said") $(value marker <<<"$said")" "$id $marker" "$1: of the same host, whose clock was not set"
	like "$said" ' max_error_ns=- ref_error_ns=- ' "$1: without a bound"
}

back_again() {
	local said
	said=$(until_record g1 'status=synchronized' "$2")
	ok $? "$1: synchronized again"
	is "$(value host <<<"$said") $(value marker <<<"$said")" "$id $marker" "$1: the same host and marker"
}

gatherer() {
	local n
	n=$(lines g1)
	stop STOP gather
	told_unknown 'the gatherer hangs' "$n"
	n=$(lines g1)
	host 'kill -CONT $(cat /run/gather.pid)'
	back_again 'it goes on' "$n"
	n=$(lines g1)
	stop KILL gather
	told_unknown 'the gatherer is killed' "$n"
	n=$(lines g1)
	start gather --gather
	back_again 'it is started again' "$n"
	# A step while it was not there
	n=$(lines g1)
	stop KILL gather
	host "date -s '+3 seconds' >/dev/null"
	start gather --gather
	n=$(until_record g1 'status=synchronized' "$n")
	ok $? 'a step while it was down: synchronized again'
	isnt "$(value marker <<<"$n")" "$marker" 'a step while it was down is seen'
	marker=$(value marker <<<"$n")
}

serve() {
	local n
	stop TERM serve
	like "$(until_record g1 '^end=')" 'end=' 'serve ends: so do the connections'
	start serve
	read_on g1
	back_again 'serve is started again' 0
}

others() {
	local n said
	fails 'a port that any user may have is refused' guest g1 '/lab/hostrecord --port 1024 --count 1'
	like "$(guest g1 '/lab/hostrecord --send')" 'end=' 'who sends is disconnected'
	n=$(lines g1)
	said=$(guest g2 '/lab/hostrecord --deaf 1 >/dev/null & /lab/hostrecord --flood 1')
	note "flood of g2: $said"
	cmp "$(value connected <<<" $said")" '>=' 20 'a guest connects as fast as it can'
	like "$(guest g2 '/lab/hostrecord --count 1')" 'status=synchronized' 'and is answered afterwards'
	cmp "$(longest g1 "$n")" '<' 1.5 'the other one has not missed a record, s'
	unlike "$(guest g1 'cat /tmp/records')" end= 'nor been disconnected'
	note "$(host 'for p in serve gather; do
		awk "{ print FILENAME, (\$14 + \$15) / 100 \" s of CPU, of its children \" (\$16 + \$17) / 100 }" /proc/$(cat /run/$p.pid)/stat; done')"
}

case_serve() {
	plain
	steps
	gatherer
	serve
	others
}

told=/run/ptpkvm/host-clock

# knows PATTERN: guard of g1 comes to know such a line, within 20 s
knows() {
	guest g1 "for i in \$(seq 400); do grep -qxE '$1' $told 2>/dev/null && exit 0; sleep 0.05; done; cat $told; exit 1"
}

known() {
	guest g1 "sed -n 's/^$1=//p' $told"
}

case_guard() {
	local said marker id
	guest g1 'modprobe ptp_kvm && udevadm settle' || bail 'no in-tree driver'
	chrony_start g1 "$REFCLOCK_RECOMMENDED" 'makestep 1 3'
	runs 'guard: chronyd of the guest selects the PHC' chrony_selected g1
	guest g1 '/lab/ptpkvm guard >/tmp/guard.log 2>&1 & echo $! >/tmp/guard.pid'
	runs 'guard knows' knows status=synchronized
	note "$(guest g1 "cat $told")"
	is "$(known bound_source)" chrony 'guard: by chronyd'
	marker=$(known disruption_marker) id=$(known host_id)
	said=$(guest g1 '/lab/ptpkvm check --json') || true
	is "$(jq -r '.driver.kind, .host.told_by, .host.status, .host.host_id, (.host.age_ns < 5e9)' <<<"$said" | xargs)" \
		"in-tree vsock synchronized $id true" 'check has it, with the in-tree driver'
	unlike "$(jq -r '.checks[].code' <<<"$said")" quality- 'and nothing to say against it'
	like "$(guest g1 '/lab/ptpkvm metrics')" 'ptpkvm_host_clock_status\{status="synchronized"\} 1' 'metrics, too'
	like "$(guest g1 '/lab/ptpkvm chrony --stratum auto 2>&1')" ' stratum 1' 'chrony --stratum auto, too'

	host "date -s '+5 seconds' >/dev/null"
	runs 'the host is set: another marker' guest g1 "for i in \$(seq 400); do
		grep -q '^disruption_marker=' $told 2>/dev/null && ! grep -q $marker $told && exit 0; sleep 0.05; done; exit 1"
	is "$(known host_id)" "$id" 'guard: of the same host'
	runs 'guard follows it, though the host is not synchronized for a moment' guest g1 'for i in $(seq 200); do
		grep -q "back on the host" /tmp/guard.log && exit 0; sleep 0.05; done; exit 1'
	marker=$(known disruption_marker)
	runs 'until its chronyd has measured, it is not synchronized: then it is' knows status=synchronized

	stop TERM serve
	stop TERM gather
	runs 'the service ends: nothing is known' guest g1 "for i in \$(seq 100); do test ! -e $told && exit 0; sleep 0.05; done; exit 1"
	start serve
	start gather --gather
	runs 'it is back: so is what is known' knows "disruption_marker=$marker"
	is "$(known host_id)" "$id" 'guard: of the same host, again'
	note "$(guest g1 'cat /tmp/guard.log')"
	guest g1 'kill $(cat /tmp/guard.pid); while kill -0 $(cat /tmp/guard.pid) 2>/dev/null; do sleep 0.02; done'
	fails 'guard ends: and takes what it has left away' guest g1 "test -e $told"
	chrony_stop g1
	read_on g1	# anew: the service has ended what was read on
}

case_holdover() {
	local n said
	n=$(until_record g1 'status=synchronized')
	n=${n%% *}
	host 'kill $(cat /run/ntp.pid)'
	said=$(LAB_TIMEOUT=90 guest g1 "until awk 'NR > $n' /tmp/records | grep -m 1 status=free-running; do sleep 0.2; done")
	ok $? 'the NTP server is gone: free-running'
	note "$said"
	like "$said" 'source=chrony max_error_ns=[1-9]' 'with a bound, and whose it was'
	n=$(value max_error_ns <<<"$said")
	cmp "$(guest g1 'sleep 3.2; tail -n 1 /tmp/records' | value max_error_ns)" '>=' $((n + 2 * 15000)) 'which grows by 15 ppm'
}

lab_stage pair
ntp_server
host_chronyd
plug g1 3
plug g2 4
start serve
start gather --gather
read_on g1
for case in "${cases[@]}"; do
	"case_$case"
done
note "$(host 'cat /run/serve.log /run/gather.log')"
for g in g1 g2; do
	guest_stop $g
done
lab_check_consoles
done_testing
