#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A patched host tells its guest how good its clock is (type 1): what time daemons and adjtimex(2) do to the host's
# NTP state is in the guest's sysfs at the next read. Steps change the disruption marker, slewing and leap seconds don't.
# The host's kernel is patched-6.12.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/lib/lab.sh
. tests/lib/clock.sh

# quality FILE: what the guest has of it
quality() {
	guest g1 "cat /sys/class/ptp/ptp0/device/host_clock/$1 2>&1"
}

# bounded: until the guest is told a bound of the host's error
bounded() {
	guest g1 'cd /sys/class/ptp/ptp0/device/host_clock
		until grep -q max_error_ns pair && test -e max_error_ns && test -e est_error_ns; do sleep 0.1; done' ||
		bail 'the guest is told no bound'
}

# ntp OPTION...: the host's NTP state
ntp() {
	host "/lab/ntpstate $*" >/dev/null || bail "ntpstate $*"
}

module_for trixie
lab_stage quality
clock_load g1

is "$(quality pairing_type) $(quality window_ns)" '1 0' 'type 1, and exact'
is "$(guest g1 'ls /sys/class/ptp/ptp0/device/host_clock | tr "\n" " "')" \
	'disruption_marker leap_indicator pair pairing_type status window_ns ' \
	'sysfs shows what is valid: no TAI offset and no bound, since nobody has set them'
is "$(guest g1 'cd /sys/class/ptp/ptp0/device/host_clock && tr " " "\n" <pair | sed "s/=.*//" | sort | tr "\n" " "')" \
	'counter disruption_marker leap_indicator pairing_type status time window_ns ' \
	'and so does the line that has all of one instant'
is "$(quality status)" initializing 'nobody has synchronized the host yet'

# --- adjtimex ---
ntp --tai 37
is "$(guest g1 'udevadm settle; cat /sys/class/ptp/ptp0/device/host_clock/status >/dev/null
	until test -e /sys/class/ptp/ptp0/device/host_clock/tai_offset; do :; done
	cat /sys/class/ptp/ptp0/device/host_clock/tai_offset')" 37 'TAI - UTC appears'
ntp --max-error-us 1500 --est-error-us 250 --synced yes
bounded
said=$(quality max_error_ns)
is "$(quality status) $(quality est_error_ns)" 'synchronized 250000' 'status and estimate'
# 500 us more for each second that has passed, a busy machine may need some
cmp "$said" '>=' 1500000 'error bound'
cmp "$said" '<' 31500000 'error bound, and it has not grown for more than a minute'
is "$((said % 500000))" 0 'error bound: it grows by 500 us a second'
ntp --max-error-us 20000000
unlike "$(quality pair)" 'max_error_ns|est_error_ns' 'error bound: at 16 s, where the kernel stops, there is none'
ntp --max-error-us 0
unlike "$(quality pair)" 'max_error_ns|est_error_ns' 'error bound: 0, as phc2sys leaves it, is none'
grown=$(host '/lab/ntpstate' | sed -n 's/.*maxerror_us=\([0-9]*\).*/\1/p')
host "until test \$(/lab/ntpstate | sed -n 's/.*maxerror_us=\([0-9]*\).*/\1/p') -gt $grown; do sleep 0.2; done"
unlike "$(quality pair)" 'max_error_ns|est_error_ns' 'error bound: nor is what the kernel adds to that'
ntp --max-error-us 1010 --leap insert
is "$(quality leap_indicator)" insert-pending 'a leap second is announced'
ntp --leap delete
is "$(quality leap_indicator)" delete-pending 'or to be left out'
ntp --leap none
is "$(quality leap_indicator)" none 'or neither'
ntp --est-error-us 10000000
bounded
is "$(quality est_error_ns)" 4294967295 'an estimate beyond 32 bits is the largest there is'
ntp --synced no
is "$(quality status)" free-running 'the host has lost its source'

# --- the marker ---
ntp --synced yes
marker=$(quality disruption_marker)
like "$marker" '^0x[0-9a-f]{16}$' 'a disruption marker'
ntp --slew-us 400000
host 'busybox adjtimex -f $((100 * 65536)) -t 10010 >/dev/null'
is "$(quality disruption_marker)" "$marker" 'slewed: the marker stays'
ntp --tai 38
is "$(quality disruption_marker) $(quality tai_offset)" "$marker 38" 'another TAI offset: the marker stays'
host 'busybox adjtimex -f 0 -t 10000 >/dev/null'
for step in "date -s '+5 seconds'" "/lab/ntpstate --step-ns 130000000" "/lab/ntpstate --step-ns -1"; do
	host "$step >/dev/null"
	said=$(quality disruption_marker)
	isnt "$said" "$marker" "stepped ($step): another marker"
	marker=$said
	is "$(quality status)" free-running "stepped ($step): the kernel takes it for unsynchronized"
done

# Its VMM sets its clocks again when it goes on
marker=$(quality disruption_marker)
host "qmp /run/lab/${LAB_RUN[g1]}.qmp stop && qmp /run/lab/${LAB_RUN[g1]}.qmp cont" >/dev/null || bail 'g1 is not paused'
isnt "$(quality disruption_marker)" "$marker" 'paused, and gone on: another marker'

# --- a leap second ---
# The guest looks as often as it can; what it has seen in order, each once
host "date -u -s '2029-12-31 23:59:50' >/dev/null; /lab/ntpstate --synced yes --leap insert >/dev/null"
marker=$(quality disruption_marker)
# A guest that never rests leaves its host, which has one CPU, no interrupt but its timer's, and that one emulation has been
# seen to lose: then no second passed there. A call each second brings another.
touch "$LAB_DIR/calling"
while [[ -e $LAB_DIR/calling ]]; do
	host true
	sleep 1
done &
calls=$!
said=$(LAB_TIMEOUT=120 guest g1 'cd /sys/class/ptp/ptp0/device/host_clock
	last= lasted=0
	while test $lasted -lt 20; do
		read -r leap <leap_indicator && read -r marker <disruption_marker || exit
		test "$leap" != inserted || lasted=$((lasted + 1))
		test "$leap $marker" = "$last" || echo "$leap $marker"
		last="$leap $marker"
	done')
rm "$LAB_DIR/calling"
wait "$calls"
note "$said"
is "$said" "insert-pending $marker
inserting $marker
inserted $marker" 'a leap second is inserted: pending, inserting, inserted; the marker stays'
is "$(host 'date -u +%F')" 2030-01-01 'that was at the end of the day'
ntp --leap none
guest g1 'cd /sys/class/ptp/ptp0/device/host_clock
	until read -r leap <leap_indicator && test "$leap" = none; do :; done' && pass 'and is over when the flag is cleared' ||
	flunk 'and is over when the flag is cleared'

# --- real chronyd on the host, with a server of its own, which can go away ---
host 'mkdir -p -m 0750 /run/chrony /var/lib/chrony && chown _chrony: /run/chrony /var/lib/chrony
	chronyd -x "local stratum 1" "port 1123" "bindaddress 127.0.0.1" "allow 127.0.0.0/8" "cmdport 0" \
		"bindcmdaddress /" "pidfile /run/chrony/server.pid" &&
	chronyd "server 127.0.0.1 port 1123 iburst minpoll 0 maxpoll 0" rtcsync "cmdport 0" \
		"bindcmdaddress /run/chrony/chronyd.sock" "pidfile /run/chrony/chronyd.pid"' || bail 'no chronyd on the host'
LAB_TIMEOUT=90 runs 'chronyd synchronizes the host' host 'chronyc -h /run/chrony/chronyd.sock waitsync 60 0 0 1'
runs 'and the guest sees that' guest g1 'cd /sys/class/ptp/ptp0/device/host_clock
	for i in $(seq 100); do
		read -r status <status && test "$status" = synchronized && exit
		sleep 0.1
	done
	exit 1'
bounded
le "$(quality max_error_ns)" 1000000000 'with an error bound that chronyd has set, ns'
said=$(quality max_error_ns)
host 'kill $(cat /run/chrony/chronyd.pid); tail --pid=$(cat /run/chrony/chronyd.pid) -f /dev/null'
guest g1 "cd /sys/class/ptp/ptp0/device/host_clock
	until test \$(cat max_error_ns) -gt $said || test \$(cat status) != synchronized; do sleep 0.2; done" &&
	pass 'chronyd is gone: the bound grows, or the host is no longer synchronized' ||
	flunk 'chronyd is gone: the bound grows, or the host is no longer synchronized'
note "after chronyd: $(quality status), $(quality max_error_ns) ns"

# --- the guest's tools, on such a host ---
ntp --max-error-us 1000 --synced yes
said=$(guest g1 '/lab/ptpkvm check --json')
is "$(jq -r '.checks[] | select(.code | startswith("quality")) | .code + " " + .verdict' <<<"$said")" 'quality pass' \
	'ptpkvm check: the host tells, and it is good'
ntp --synced no
said=$(guest g1 '/lab/ptpkvm check --json')
note "$(jq -c '.checks[] | select(.code | startswith("quality"))' <<<"$said")"
unlike "$(jq -r '.checks[] | select(.code | startswith("quality")) | .verdict' <<<"$said")" pass \
	'ptpkvm check: the host tells that it is not synchronized'

# guard, with an NTP server beside, which has the host's time too
ntp --max-error-us 1000 --synced yes
host 'chronyd -x "local stratum 9" "port 1124" "allow 192.168.77.0/24" "cmdport 0" "bindcmdaddress /" \
	"pidfile /run/chrony/beside.pid"' || bail 'no NTP server on the host'
chrony_start g1 "$REFCLOCK_RECOMMENDED" "$MAKESTEP" 'server 192.168.77.1 port 1124 iburst minpoll 0 maxpoll 0'
# selected MODE,STATE,SOURCE DESC
selected() {
	runs "$2" guest g1 "until chronyc -c sources | grep -q '^$1'; do sleep 0.2; done"
}
selected '#,[*],KVM,' 'chronyd selects the PHC beside an NTP server'
guest g1 '/lab/ptpkvm guard --max-error 0.5 >/tmp/guard.log 2>&1 &
	until grep -q "has the refclock" /tmp/guard.log; do sleep 0.2; done' || bail 'guard does not run'
ntp --synced no
selected '^,[*],192.168.77.1,' 'guard: the host says that it is not synchronized, so NTP carries on'
ntp --max-error-us 1000 --synced yes
selected '#,[*],KVM,' 'guard: the host says that it is again, and the PHC comes back'
ntp --max-error-us 600000
selected '^,[*],192.168.77.1,' 'guard: a host that may be off by more than --max-error is no source either'
ntp --max-error-us 1000
selected '#,[*],KVM,' 'guard: and the PHC comes back from that, too'
said=$(guest g1 'cat /tmp/guard.log')
note "$said"
is "$(grep -c 'taken out of selection' <<<"$said") $(grep -c 'may be selected again' <<<"$said")" '2 2' \
	'guard: each change is said once'
like "$said" 'clock is free-running: .*may be off by 0[.]6[0-9]* s, more than 0[.]5 s: ' 'guard: and why'
chrony_stop g1
guest_stop g1
lab_check_consoles
done_testing
