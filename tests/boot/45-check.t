#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# ptpkvm check and ptpkvm time in a real guest: without a driver, with the in-tree one, with ours, and through what
# goes wrong there. Where check says what to type, that is typed.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/lib/lab.sh
. tests/lib/clock.sh

CLOCKSOURCE=/sys/devices/system/clocksource/clocksource0/current_clocksource

# check [OPTION]...: its JSON in $said, its status in $status
check() {
	status=0
	said=$(guest g1 "/lab/ptpkvm check --json $*") || status=$?
	jq -e '.schema == 2' >/dev/null <<<"$said" || diag "no JSON: $said"
}

# found CODE VERDICT DESC
found() {
	is "$(jq -r --arg code "$1" '.checks[] | select(.code == $code) | .verdict' <<<"$said")" "$2" "$3"
}

# remedy CODE: types what check says, without sudo, which the guest lacks
# shellcheck disable=SC2317 # by runs
remedy() {
	local command
	command=$(jq -r --arg code "$1" '.checks[] | select(.code == $code) | .commands[]' <<<"$said")
	note "$1: $command"
	guest g1 "${command//sudo /}"
}

complaints() {
	jq -r '[.checks[] | select(.verdict == "warn" or .verdict == "fail") | .code] | join(" ")' <<<"$said"
}

# await CODE: asks until it is found, at most 30 times
# shellcheck disable=SC2317 # by runs
await() {
	local _
	for _ in {1..30}; do
		check
		[[ " $(complaints) " != *" $1 "* ]] || return 0
		guest g1 'sleep 1'
	done
	return 1
}

module_for bookworm
# The same tool for this guest, watched: an error of memory, undefined behaviour or a leak ends it with a message
make -s -C guest-tools OUT="$PWD/build/sanitized" \
	CFLAGS='-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -static-libasan -static-libubsan' >&2 ||
	bail 'no ptpkvm with sanitizers'
cp build/sanitized/ptpkvm build/sanitized/ptpkvm-sanitized
lab_payload_add build/sanitized/ptpkvm-sanitized
lab_stage guest bookworm
guest g1 'ip link set lo up'	# users who are not root ask chronyd through it

# --- no driver ---
check
is "$status" 2 'no driver: broken'
found kvm pass 'it is a KVM guest'
found driver-not-loaded fail 'the driver is not loaded'
is "$(grep -c '"not-looked-at"' <<<"$said")" 9 'what depends on it is not looked at'
status=0
time=$(guest g1 '/lab/ptpkvm time') || status=$?
is "$status" 2 'time: broken'
like "$time" "no PTP clock named 'KVM virtual PTP'" 'and says what is missing'

# --- the in-tree driver ---
runs 'the remedy is typed' remedy driver-not-loaded
guest g1 'udevadm settle'
clock_source g1 tsc
check
found driver-in-tree pass 'in-tree driver'
found methods-inexact warn 'on tsc: no exact call'
is "$(jq -r '.clock.chrony_method, .clock.methods.precise.error, .clock.methods.extended.error' <<<"$said" | tr '\n' ' ')" \
	'offset ENODEV EOPNOTSUPP ' 'which chronyd would take, and why'
like "$(guest g1 /lab/ptpkvm time)" '± [1-9][0-9]* ns .*offset\)' 'time: with the window of that call'
clock_source g1 kvm-clock
check
found methods pass 'on kvm-clock: exact'
is "$(jq -r .clock.chrony_method <<<"$said")" precise 'by PRECISE'

# chronyd's PRECISE ceases to work under it, and chronyd does not notice
chrony_start g1 "$REFCLOCK_GUIDES poll 0" "$MAKESTEP"
chrony_selected g1 >/dev/null || diag 'not selected'
check
found source pass 'selected'
found boot-by-hand warn 'and that only for now'
clock_source g1 tsc
runs 'chronyd stuck is seen' await source-stuck
chrony_stop g1
runs 'rmmod' guest g1 'rmmod ptp_kvm'

# --- ours ---
clock_load g1
check
found driver-ours pass 'our driver'
is "$(jq -r .driver.version <<<"$said")" "$(sed -n 's/.*VERSION "\(.*\)"/\1/p' include/version.h)" 'its version'
is "$(jq -r '.clock.chrony_method, .clock.uncertainty_ns' <<<"$said" | tr '\n' ' ')" 'precise 0 ' 'exact on tsc'
found chronyd-stopped fail 'chronyd is not running'
found refclock-none fail 'and has no refclock'

# --- a configuration as people have it ---
guest g1 "echo '${REFCLOCK_RECOMMENDED/ptp_kvm/ptp0} tai' >/etc/chrony/conf.d/kvm.conf
	echo 'server 192.0.2.1 iburst prefer' >/etc/chrony/sources.d/a.sources"
check
for code in config-tai:fail config-number:warn config-makestep:warn rival-prefer:warn boot-race:warn; do
	found "${code%:*}" "${code#*:}" "configuration: ${code%:*}"
done
guest g1 "echo '$REFCLOCK_RECOMMENDED' >/etc/chrony/conf.d/kvm.conf
	rm /etc/chrony/sources.d/a.sources; sed -i 's/^makestep.*/$MAKESTEP/' /etc/chrony/chrony.conf
	mkdir -p -m 0750 /run/chrony && chown _chrony: /run/chrony && chronyd"
chrony_selected g1 >/dev/null || diag 'not selected'
guest g1 'chronyc -h /run/chrony/chronyd.sock waitsync 60 0.00001 0 1' >/dev/null || diag 'chronyd is still slewing'
check
is "$status" 1 'healthy, but for what a stock host leaves open'
is "$(complaints)" 'quality-untold boot-race' 'namely'
note "$(guest g1 '/lab/ptpkvm check')"
check --ignore quality-untold,boot-race
is "$status" 0 'which can be ignored'
silent 'then there is nothing to say' guest g1 '/lab/ptpkvm check -q --ignore quality-untold,boot-race'
le "$(jq '.clock.offset_ns | fabs' <<<"$said")" 100000 'offset, ns'
is "$(jq -r '.chrony.source.state, .chrony.refclock.file' <<<"$said" | tr '\n' ' ')" '* /etc/chrony/conf.d/kvm.conf ' \
	'source and line'

for command in check 'check --json' time chrony 'watch -n 2' 'bench --seconds 0.2' metrics 'setup --dry-run'; do
	status=0
	said=$(LAB_TIMEOUT=180 guest g1 "/lab/ptpkvm-sanitized $command 2>&1") || status=$?
	cmp "$status" '<=' 2 "$command, with sanitizers: exit status"
	unlike "$said" 'Sanitizer|runtime error' "$command, with sanitizers: no leak, nothing wrong"
done

# --- time ---
read -r before ns after <<<"$(guest g1 'date +%s%N; /lab/ptpkvm time --ns; date +%s%N' | tr '\n' ' ')"
le "$before" $((ns + 100000)) 'time --ns: not before'
le "$ns" $((after + 100000)) 'nor after'
like "$(guest g1 '/lab/ptpkvm time --unix')" '^[0-9]{10}\.[0-9]{9}$' 'time --unix'
said=$(guest g1 '/lab/ptpkvm time')
note "$said"
like "$said" '^clock +20..-..-..T..:..:..\.[0-9]{9}Z  /dev/ptp0 \(KVM virtual PTP\)' 'time'
like "$said" '± 0 ns \(clock − system: the system is [a-z]*; precise, an exact pair\)' 'with its uncertainty'
is "$(guest g1 '/lab/ptpkvm time --json' | jq '.clock_ns - .system_ns - .offset_ns | fabs <= 1000')" true 'time --json'
is "$(guest g1 '/lab/ptpkvm time --device /dev/ptp_kvm --json' | jq -r .clock_name)" 'KVM virtual PTP' 'time --device'
status=0
said=$(guest g1 '/lab/ptpkvm time --device /dev/null') || status=$?
is "$status" 2 'time of what is no clock'
like "$said" '/dev/null is not a PTP clock' 'and why'

# --- what goes wrong ---
is "$(guest g1 '/lab/ptpkvm check >/dev/full 2>/tmp/said; echo $?; cat /tmp/said')" \
	$'2\nptpkvm: cannot write standard output: No space left on device' 'no room for the output'
is "$(guest g1 '/lab/ptpkvm time >&- 2>/dev/null; echo $?')" 2 'closed standard output'

guest g1 'rm /dev/ptp_kvm'
check
found clock-no-link warn 'no link'
runs 'the remedy is typed' remedy clock-no-link
check
found clock pass 'the link is back'

said=$(guest g1 'setpriv --reuid 65534 --regid 65534 --clear-groups /lab/ptpkvm check --json')
found access-denied warn 'not root'
found source pass 'not root: chronyd answers all the same'
like "$(guest g1 'setpriv --reuid 65534 --regid 65534 --clear-groups /lab/ptpkvm time')" 'Try the same with sudo' \
	'not root: time says what to type'

guest g1 'mkdir -p /run/systemd && echo lxc >/run/systemd/container'
check
found container warn 'in a container'
guest g1 'rm /run/systemd/container'

guest g1 'cp /bin/sleep /tmp/ntpd && { /tmp/ntpd 1000 >/dev/null 2>&1 & }'
check
found rival-daemon fail 'another daemon'
runs 'the remedy is typed' remedy rival-daemon
check
found rivals pass 'it is gone'
guest g1 '{ setpriv --reuid 65534 --regid 65534 --clear-groups /tmp/ntpd 1000 >/dev/null 2>&1 & }'
check
found rivals pass 'a process of that name that may not set the clock is none'

guest g1 'kill -STOP $(cat /run/chrony/chronyd.pid)'
check
found chronyd-silent fail 'chronyd does not answer: said within bounds'
guest g1 'kill -CONT $(cat /run/chrony/chronyd.pid)'

host "echo hpet >$CLOCKSOURCE"
check
found host-refuses fail 'the host refuses'
is "$(jq -r .host.error <<<"$said")" EOPNOTSUPP 'with'
runs 'chronyd has lost it' await source-lost
status=0
said=$(guest g1 '/lab/ptpkvm time') || status=$?
is "$status" 2 'time: broken'
like "$said" 'the host refuses' 'and why'
host "echo tsc >$CLOCKSOURCE"
check
found host-answers pass 'the host answers again'

if grep -q 'accelerator tcg' "$LAB_LOGS/host.qemu.log"; then
	status=0
	said=$(host '/lab/ptpkvm check') || status=$?
	is "$status" 3 'not a KVM guest'
	like "$said" "FAIL  guest .*the hypervisor says 'TCGTCGTCGTCG'" 'but'
	status=0
	host '/lab/ptpkvm time' >/dev/null || status=$?
	is "$status" 3 'time: not a KVM guest'
fi

guest_stop g1
lab_check_consoles
done_testing
