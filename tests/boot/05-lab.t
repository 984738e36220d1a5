#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The lab itself: what it reports when things go wrong.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"
# shellcheck source=tests/lib/lab.sh
. "$here/../lib/lab.sh"

# verdict CMD...: the first line of what a TAP function says, here kept from our own TAP
verdict() (
	# shellcheck disable=SC2034 # tap.sh's
	TAP_RUN=0
	"$@" 2>/dev/null | head -n 1 | sed 's/ 1 - .*//'
)

splat_log=$(mktemp)
allowed=$(mktemp)
found() {
	printf '%s\n' "$@" >"$splat_log"
	awk -v allowed="$allowed" -f "$here/../lib/splats.awk" "$splat_log"
}
block=('[    0.6] ------------[ cut here ]------------' '[    0.6] WARNING: CPU: 0 PID: 0 at a.c:1 f+0x1/0x2'
	'[    0.6] Call Trace:' '[    0.6]  g+0x1' '[    0.6] ---[ end trace 0000000000000000 ]---')
runs 'splats: nothing in a clean log' found '[    1.0] Speculative Return Stack Overflow: WARNING: See x'
fails 'splats: WARN' found "${block[@]}"
echo 'at a\.c:1 f' >"$allowed"
runs 'splats: a WARN that is allowed, with all its lines' found "${block[@]}"
fails 'splats: what follows one that is allowed' found "${block[@]}" '[  1.0] BUG: kernel NULL pointer dereference'
fails 'splats: a panic inside' found "${block[@]:0:3}" '[  1.0] Kernel panic - not syncing: x'
fails 'splats: soft lockup' found '[   9.0] watchdog: BUG: soft lockup - CPU#0 stuck for 23s!'
fails 'splats: RCU stall' found '[   9.0] rcu: INFO: rcu_preempt self-detected stall on CPU'
runs 'splats: the NMI watchdog says it is off' found 'NMI watchdog: Perf NMI watchdog permanently disabled'
rm -f "$splat_log" "$allowed"

lab_start
guest_start g1 bookworm
is "$(host 'echo $((6 * 7))')" 42 'host: runs a command'
is "$(guest g1 'grep -m 1 -o hypervisor /proc/cpuinfo')" hypervisor \
	'guest: runs a command, under a hypervisor'
isnt "$(host 'cat /proc/sys/kernel/random/boot_id')" "$(guest g1 'cat /proc/sys/kernel/random/boot_id')" \
	'guest: is another machine than the host'
like "$(host 'cat /proc/$(cat /run/lab/g1.pid)/cmdline | tr "\0" " "')" '-accel kvm' 'guest: runs on the host'\''s KVM'
status=0
guest g1 'exit 7' || status=$?
is "$status" 7 'guest: the exit status'
is "$(guest g1 'echo out; echo err >&2')" $'out\nerr' 'guest: both streams'
is "$(guest g1 'sleep 1000 & echo started')" started 'guest: a background job does not hold it up'
is "$(guest g1 'printf "HELLO 0 0\nGONE 0 0\n%s" x')" $'HELLO 0 0\nGONE 0 0\nx' 'guest: output like the protocol'
head -c 300000 /dev/urandom >"$LAB_DIR/random"
guest_put g1 "$LAB_DIR/random" /run/random
is "$(guest g1 cat /run/random | sha256sum)" "$(sha256sum <"$LAB_DIR/random")" 'guest_put and back, any byte'

status=0
said=$(LAB_TIMEOUT=10 guest g1 'echo before; sleep 300' 2>&1) || status=$?
is "$status" 124 'a timeout has status 124'
like "$said" 'before.*g1: no result after 10 s.*guest-g1.console.log' 'a timeout shows the output so far and names the log'
is "$(guest g1 echo still)" still 'the guest still answers after it'

guest g1 'modprobe ptp_kvm && udevadm settle && test -c /dev/ptp_kvm' &&
	pass 'udev makes /dev/ptp_kvm' || flunk 'udev makes /dev/ptp_kvm'
like "$(guest_tsc_offset g1)" '^-?[0-9]+ ' 'guest_tsc_offset'

guest_start g2 bookworm net=1
is "$(guest g2 hostname; guest g1 hostname)" $'g2\ng1' 'two guests at once'
runs 'net=1: the host reaches the guest' host "timeout 20 busybox ping -c 1 $(guest_address g2)"
runs 'guest_stop' guest_stop g2
status=0
guest g2 true 2>/dev/null || status=$?
is "$status" 125 'a stopped guest has status 125'
is "$(verdict lab_check_consoles)" ok 'the consoles are clean so far'

guest g1 'echo "<4>WARNING: CPU: 0 PID: 1 at selftest.c:1 f+0x1" >/dev/kmsg'
is "$(verdict lab_check_consoles)" 'not ok' 'a WARN on the console is seen'
status=0
said=$(guest g1 'echo c >/proc/sysrq-trigger' 2>&1) || status=$?
is "$status" 125 'a panic has status 125'
like "$said" 'g1 has ended: .*Kernel panic.*guest-g1.console.log' 'a panic is told from an end'
guest_kill g1
is "$(host echo alive)" alive 'the host outlives it'
rm "$LAB_LOGS/guest-g1.console.log"
is "$(verdict lab_check_consoles)" ok 'and its own console is clean'

if [[ -z ${DIRECT-} ]]; then
	host 'echo begun >/dev/console; sleep 2; seq 100000; echo old' >/dev/null 2>&1 &
	old=$!
	timeout 60 sh -c "until grep -q begun '$(_lab_log host)'; do :; done"
	_lab close host
	wait $old || true
	_lab_open host "$LAB_DIR/host.sock"
	is "$(host 'echo new')" new 'the agent survives a client that goes and comes back, and has no old reply for it'

	_lab_qmp stop
	status=0
	said=$(LAB_TIMEOUT=1 host true 2>&1) || status=$?
	is "$status" 124 'a host that hangs has status 124'
	like "$said" 'host: no result after 1 s: true.*answers nothing any more' 'and that it answers nothing is said'
	status=0
	said=$(host true 2>&1) || status=$?
	is "$status" 125 'it is not asked again'
	if _lab_emulated; then
		is "$(cut -d ' ' -f 2- "$LAB_LOGS/lost")" 'the emulated host hung' 'it counts as lost, so that its test runs again'
	fi
	rm -f "$LAB_LOGS/lost"
fi
lab_stop
done_testing
