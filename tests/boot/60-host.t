#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What happens to a host: its clock is stepped, forward and back; its
# clocksource becomes unusable for pairing, and usable again.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/lib/lab.sh
. tests/lib/clock.sh

module_for bookworm
lab_stage guest bookworm
clock_load g1
clock_source g1 tsc
chrony_start g1 "$REFCLOCK_RECOMMENDED" "$MAKESTEP"
runs 'chronyd selects the PHC' chrony_selected g1

for step in +5 -5; do
	sampling_start g1
	# calm before it, and of staying there after
	sleep 2
	host "date -s '$step seconds' >/dev/null"
	await_settled g1 || diag "g1: not within 1 us"
	sampling_stop "$CLOCK_DATA/step$step" g1
	said=$(truth g1 "$CLOCK_DATA/step$step" --after-host-step)
	note "step of $step s: $said"
	is "$(field host_steps <<<"$said")" 1 "step of $step s: the reference has seen it"
	le "$(field settle_after_step <<<"$said")" 15 "step of $step s: within 1 us again after, s"
done

clocksource=/sys/devices/system/clocksource/clocksource0/current_clocksource
guest g1 'dmesg -C'
host "echo hpet >$clocksource"
for method in precise extended offset gettime; do
	like "$(guest g1 "/lab/phcread --method $method --count 20")" 'ok=0 .*errno=EOPNOTSUPP' \
		"host on hpet: $method fails with EOPNOTSUPP"
done
like "$(guest g1 'cat /sys/class/ptp/ptp0/device/host_clock/window_ns 2>&1')" 'not supported' \
	'host on hpet: so does sysfs'
# Until chronyd itself has missed a whole poll
guest g1 'until chronyc -c sources | grep -q "^#,.,KVM,[0-9]*,-*[0-9]*,[0-7]*[0246],"; do sleep 0.2; done' ||
	diag 'chronyd never missed a poll'
is "$(guest g1 'dmesg | grep -c "ptp_kvm: .*refuses clock pairing.*(-95)"')" 1 \
	'host on hpet: one line in the log, with the error as a negative number'
is "$(guest g1 'dmesg | grep -c ptp_kvm:')" 1 'host on hpet: and no other'

host "echo tsc >$clocksource"
sampling_start g1
like "$(guest g1 '/lab/phcread --method precise --count 20')" 'ok=20 ' 'host on tsc again: PRECISE works at once'
like "$(guest g1 'dmesg | grep ptp_kvm: | tail -n 1')" 'ptp_kvm: the host answers clock pairing again' \
	'host on tsc again: that is in the log'
runs 'host on tsc again: chronyd lives and selects the PHC' chrony_selected g1
await_settled g1 || diag "g1: not within 1 us"
sampling_stop "$CLOCK_DATA/again" g1
said=$(truth g1 "$CLOCK_DATA/again")
note "$said"
cmp "$(field settle_1us <<<"$said")" '<=' 15 'host on tsc again: within 1 us after, s'

# The guest's own clocksource may change under a running chronyd
clock_source g1 kvm-clock
like "$(guest g1 '/lab/phcread --method precise --count 20')" 'ok=20 ' 'guest from tsc to kvm-clock: PRECISE goes on'
clock_source g1 tsc
like "$(guest g1 '/lab/phcread --method precise --count 20')" 'ok=20 ' 'and back'
runs 'chronyd selects the PHC' chrony_selected g1
chrony_stop g1
guest_stop g1
lab_check_consoles
done_testing
