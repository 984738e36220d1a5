#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Live migration of a guest that reads its clock all the while, under chronyd:
# between two QEMUs of a patched host (patched-6.12), to a stock host 7 s ahead, and back. And of one whose clock waits.
# Arguments: moves, and waits.
# check: moves
# check-all: waits
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/lib/lab.sh
. tests/lib/clock.sh

host_clock=/sys/class/ptp/ptp0/device/host_clock
# A migration is more than this, drift from one reading to the next is less
jump_ns=1000000

reader_start() {
	guest g1 'rm -f /tmp/reader.end
		/lab/phcread --method precise --raw --count 1000000 --interval-us 20000 --until-file /tmp/reader.end \
			>/tmp/readings 2>/tmp/reader.log &
		echo $! >/tmp/reader.pid
		until test -s /tmp/readings; do sleep 0.1; done'
}

# reader_stop FILE
reader_stop() {
	guest g1 'touch /tmp/reader.end
		tail --pid=$(cat /tmp/reader.pid) -f /dev/null'
	LAB_TIMEOUT=180 guest g1 'gzip -c /tmp/readings | base64' | base64 -d | gunzip >"$1"
}

# judge FILE: what the readings say, in one line of key=value. failing_s is the longest time between two good
# readings with a bad one in between. A jump is of device - CLOCK_MONOTONIC_RAW; settled_s is how long after the
# last one the guest came to be, and stayed, within 1 us of the clock. awk's numbers are doubles: without the first
# digits nanoseconds fit.
judge() {
	awk -F'[= ]' -v limit="$jump_ns" '
	$1 == "errno" { failures++; failing = 1; next }
	{
		raw = $8 + 0
		line = substr($2, 5) - raw
		if (n++ && (line - last > limit || last - line > limit)) {
			jumps++
			jump = line - last
			moved = raw
			since = ""
		}
		if (failing && raw - last_raw > longest)
			longest = raw - last_raw
		failing = 0
		if ($10 > 1000 || $10 < -1000)
			since = ""
		else if (since == "")
			since = raw
		last = line
		last_raw = raw
	}
	END {
		printf "readings=%d failures=%d failing_s=%.3f jumps=%d jump_ms=%.3f settled_s=%s stayed_s=%s\n", n,
			failures, longest / 1e9, jumps, jump / 1e6, since == "" ? "never" : (since - moved) / 1e9,
			since == "" ? 0 : (last_raw - since) / 1e9
	}' "$1"
}

# move HOST DIFFERENCE UNCERTAINTY SECONDS DESC: to a host ahead by so many ms; back within SECONDS
move() {
	local to=$1 difference=$2 uncertainty=$3 bound=$4 what=$5 file said seconds
	file=$CLOCK_DATA/${what// /_}.readings
	reader_start
	guest_migrate g1 "$to"
	runs "$what: the system follows" await_settled g1
	runs "$what: chronyd has the PHC selected" chrony_selected g1
	precise_agrees g1 "$what"
	reader_stop "$file"
	said=$(judge "$file")
	seconds=$(field seconds <<<"$LAB_MIGRATION")
	note "$what: $said"
	le "$(field failing_s <<<"$said")" "$seconds" "$what: no reading fails for longer than the migration, s"
	is "$(field jumps <<<"$said")" 1 "$what: the clock jumps once"
	cmp "$(field jump_ms <<<"$said")" '>=' "$(awk "BEGIN { print $difference - $uncertainty }")" \
		"$what: by no less than the hosts differ, ms"
	cmp "$(field jump_ms <<<"$said")" '<=' "$(awk "BEGIN { print $difference + $uncertainty + 1e3 * $seconds }")" \
		"$what: and no more than that and the time it took, ms"
	settled=$(field settled_s <<<"$said")
	le "$settled" "$bound" "$what: within 1 us after, s"
}

tells() {
	guest g1 "cat $host_clock/$1"
}

# marker_changes DESC: since it was asked for last
marker=
marker_changes() {
	local now
	now=$(tells disruption_marker)
	like "$now" '^0x[0-9a-f]{16}$' "$1: there is a disruption marker"
	isnt "$now" "$marker" "$1: and it is another one"
	marker=$now
}

moves() {
	# Or guard would not have chronyd follow it
	host '/lab/ntpstate --synced yes --max-error-us 1000' >/dev/null || bail 'ntpstate'
	on other host "date -s '+7 seconds' >/dev/null"
	clock_load g1
	read -r here here_uncertain <<<"$(ahead host)"
	read -r there there_uncertain <<<"$(ahead other)"
	difference=$(awk "BEGIN { print $there - $here }")
	back=$(awk "BEGIN { print $here - $there }")
	uncertain=$(awk "BEGIN { print $here_uncertain + $there_uncertain }")
	note "the stock host is ahead by $difference ms, give or take $uncertain"
	chrony_start g1 "$REFCLOCK_RECOMMENDED" "$MAKESTEP"
	runs 'chronyd selects the PHC' chrony_selected g1
	runs 'and the system follows' await_settled g1

	is "$(tells pairing_type)" 1 'on the patched host: type 1'
	marker=$(tells disruption_marker)
	move host 0 0 60 'from QEMU to QEMU on kvm-clock'
	is "$(tells pairing_type)" 1 'from QEMU to QEMU on kvm-clock: still type 1'
	marker_changes 'from QEMU to QEMU on kvm-clock'

	clock_source g1 tsc
	move other "$difference" "$uncertain" 60 'patched to stock'
	is "$(tells pairing_type)" 0 'patched to stock: type 0'
	like "$(guest g1 "ls $host_clock")" '^pair.pairing_type.window_ns$' \
		'patched to stock: what the host does not tell has no file'
	is "$(guest g1 'dmesg | grep -c "ptp_kvm: .*(-"')" 0 'patched to stock: the driver has no reason to complain'

	# As distributions have it, chronyd steps at its start only: now it is guard that makes it
	chrony_stop g1
	chrony_start g1 "$REFCLOCK_RECOMMENDED" 'makestep 1 3'
	runs 'chronyd selects the PHC' chrony_selected g1
	guest g1 '/lab/ptpkvm guard >/tmp/guard.log 2>&1 &
		until grep -q "has the refclock" /tmp/guard.log; do sleep 0.2; done' || bail 'guard does not run'
	# Two emulated hosts share the machine: 0.5 and 0.7 s were seen
	move host "$back" "$uncertain" 5 'stock to patched under guard'
	back_after=("$settled")
	# The CPU that reads has another pvclock page by then
	is "$(tells pairing_type)" 1 'stock to patched under guard: type 1 is there with the first reading'
	marker_changes 'stock to patched under guard'
	for time in 1st 2nd; do
		move host 0 0 5 "from QEMU to QEMU under guard, $time"
		back_after+=("$settled")
		marker_changes "from QEMU to QEMU under guard, $time"
		like "$(guest g1 'tail -n 2 /tmp/guard.log')" 'and the host says so' "the $time: guard had the host's word"
	done
	is "$(guest g1 'grep -c "back on the host" /tmp/guard.log')" 3 'guard says of all three that it is over'
	le "$(printf '%s\n' "${back_after[@]}" | sort -g | sed -n 2p)" 2 'back within 1 us under guard, median of the three, s'
	note "$(guest g1 'cat /tmp/guard.log')"
	chrony_stop g1
	guest_stop g1
}

# On a stock host that refuses, chronyd has been given the clock; it takes it up where the guest is served.
waits() {
	local pid
	guest_migrate g1 other
	on other host "echo hpet >$clocksource"
	is "$(on other host cat $clocksource)" hpet 'refused: the stock host is on hpet'
	guest g1 'modprobe ptp && insmod /lab/ptp_kvm.ko wait=1 && udevadm settle && test -c /dev/ptp_kvm'
	ok $? 'refused: the driver is loaded to wait'
	chrony_start g1 "$REFCLOCK_RECOMMENDED" "$MAKESTEP"
	pid=$(guest g1 'until chronyc -c sources | grep -q "^#,?,KVM,[0-9]*,-1,0,"; do sleep 0.1; done; cat /run/chrony/chronyd.pid')
	like "$pid" '^[0-9]+$' 'refused: chronyd has the PHC, and no reading of it'
	like "$(guest g1 '/lab/ptpkvm check -q')" 'KVM waits for a host that serves the clock \[source-unserved\]' 'refused: as check says'
	guest_migrate g1 host
	like "$(guest g1 '/lab/phcread --method precise --count 20')" 'ok=20 ' 'served after a migration: the clock answers at once'
	le "$(chrony_selected g1)" 10 'served: chronyd selects the PHC within seconds'
	is "$(guest g1 'pidof chronyd')" "$pid" 'served: the same chronyd'
	is "$(chronyd_takes g1)" 'precise ' 'served: by PRECISE alone'
	is "$(guest g1 'dmesg | grep ptp_kvm: | tail -n 1 | sed "s/.*ptp_kvm: //"')" 'the host answers clock pairing again' \
		'served: by the driver that was loaded then'
	runs 'served: and the system follows' await_settled g1
	chrony_stop g1
	guest_stop g1
}

clocksource=/sys/devices/system/clocksource/clocksource0/current_clocksource
cases=("$@")
((${#cases[@]})) || mapfile -t cases < <(tier_cases)
module_for bookworm
for case in "${cases[@]}"; do
	[[ $case = moves || $case = waits ]] || bail "there is no case $case"
	lab_stage migration
	"$case"
	lab_check_consoles
	lab_stop
done
done_testing
