#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# ptpkvm setup and remove under systemd, with each chrony: 4.3, 4.6 and 4.9. After setup the PHC is selected, after a
# reboot too, without a hand; without a PHC chronyd still starts, on its own configuration; after remove /etc is as before.
# What does not depend on chrony's or systemd's version is tried on the first suite only. Arguments: suites; bookworm is set up
# in 82-packages.t.
# check: trixie
# check-all: sid
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/lib/lab.sh
. tests/lib/clock.sh

clocksource=/sys/devices/system/clocksource/clocksource0/current_clocksource
export LAB_TIMEOUT=180
export LAB_BOOT_TIMEOUT=240

# Names, kinds, modes, owners, link targets and contents
manifest() {
	guest "$1" 'cd /etc && find . -printf "%p %y %m %u:%g %l\n" | sort
		find . -type f -print0 | sort -z | xargs -0 sha256sum'
}

# selected GUEST: seconds until chronyd has selected the PHC
selected() {
	guest "$1" 'begin=$(cut -d. -f1 /proc/uptime)
		for i in $(seq 120); do
			if chronyc -c sources | grep -q "^#,[*],KVM,"; then
				echo $(($(cut -d. -f1 /proc/uptime) - begin))
				exit 0
			fi
			sleep 0.5
		done
		systemctl status chrony; chronyc -c sources; cat /run/ptpkvm/*; exit 1'
}

# The options that chronyd runs with, and its sources
chronyd_options() {
	guest "$1" 'xargs -0 </proc/$(cat /run/chrony/chronyd.pid)/cmdline'
}

# How many chronyd has; it may have no source at all
refclocks() {
	guest "$1" 'chronyc -c sources >/run/sources && grep -c "^#" /run/sources'
}

journal() {
	guest "$1" 'journalctl -b --no-pager -q -o cat -u chrony | tail -n 20'
}

# setup_fails GUEST MANIFEST: chronyd never sees the clock; all is put back
setup_fails() {
	local g=$1 suite=$1 before=$2 status said

	guest "$g" 'mkdir -p /run/ptpkvm; echo "for the test" >/run/ptpkvm/hold'
	status=0
	said=$(guest "$g" 'ptpkvm setup') || status=$?
	is "$status" 2 "$suite: setup fails while the clock is held"
	like "$said" 'for the test.*everything is as it was' "$suite: it says why, and undoes what it did"
	is "$(manifest "$g")" "$before" "$suite: /etc is as before"
	is "$(guest "$g" 'systemctl is-active chrony')" active "$suite: chronyd runs"
	guest "$g" 'rm /run/ptpkvm/hold'
}

# chronyd GUEST: which one it is, and since when
chronyd() {
	guest "$1" 'systemctl show -p MainPID,ExecMainStartTimestampMonotonic chrony'
}

# waits GUEST: set up on a host that refuses; when that serves the clock, chronyd takes it up without a restart
waits() {
	local g=$1 suite=$1 status=0 said one seconds

	host "echo hpet >$clocksource"
	is "$(host cat $clocksource)" hpet "$suite, refused: the host's clocksource is hpet"
	said=$(guest "$g" 'ptpkvm setup') || status=$?
	is "$status" 0 "$suite, refused: setup"
	like "$said" 'KVM waits: /dev/ptp0 does not answer: the host refuses' "$suite, refused: it says what is waited for"
	runs "$suite, refused: chronyd is started without the driver, as at boot" guest "$g" \
		'systemctl stop chrony && modprobe -r ptp_kvm && ! test -e /dev/ptp0 && systemctl start chrony'
	is "$(guest "$g" 'cat /sys/module/ptp_kvm/parameters/wait')" Y "$suite, refused: and has it loaded to wait"
	is "$(refclocks "$g")" 1 "$suite, refused: chronyd has the refclock"
	one=$(chronyd "$g")
	said=$(guest "$g" 'ptpkvm check --json' || true)
	is "$(jq -r '.clock.waits, (.checks[] | select(.link == "host" or .link == "source").code)' <<<"$said" | tr '\n' ' ')" \
		'true host-refuses source-unserved ' "$suite, refused: check tells that from a fault"
	is "$(guest "$g" 'systemctl is-active ptpkvm-late.timer || true')" inactive "$suite, refused: no timer looks for the clock"

	host "echo tsc >$clocksource"
	seconds=$(selected "$g")
	ok $? "$suite, served: selected, without a hand"
	le "$seconds" 10 "$suite, served: within seconds"
	is "$(chronyd "$g")" "$one" "$suite, served: by the same chronyd"
	is "$(chronyd_takes "$g")" 'precise ' "$suite, served: by PRECISE alone"
	said=$(guest "$g" 'ptpkvm check --json' || true)
	is "$(jq -r '.clock.waits, (.checks[] | select(.link == "host" or .link == "source").code)' <<<"$said" | tr '\n' ' ')" \
		'false host-answers source ' "$suite, served: and check says so"
}

with_suite() {
	local g=$1 suite=$1 again=$2 before after said status

	lab_stage systemd "$suite"
	install_ptpkvm "$g"
	guest "$g" 'systemctl is-active --quiet chrony || systemctl start chrony' || bail "$g: chronyd does not run"
	before=$(manifest "$g") || bail "$g: no manifest"
	note "$suite: $(guest "$g" 'chronyd --version; systemctl --version | head -n 1' | tr '\n' ' ')"
	note "$suite: chronyd before: $(chronyd_options "$g")"

	if [[ $suite = "${suites[0]}" ]]; then
		said=$(guest "$g" 'ptpkvm setup --dry-run')
		ok $? "$suite: setup --dry-run"
		is "$(manifest "$g")" "$before" "$suite: it changes nothing"
	fi

	status=0
	said=$(guest "$g" 'ptpkvm setup') || status=$?
	is "$status" 0 "$suite: setup"
	((status == 0)) || diag "$said"$'\n'"$(journal "$g")"
	like "$said" 'KVM is selected' "$suite: it waits until the PHC is selected"
	after=$(manifest "$g") || bail "$g: no manifest"
	is_empty "$(comm -23 <(sort <<<"$before") <(sort <<<"$after"))" "$suite: nothing that was in /etc is changed"
	note "$suite: chronyd now: $(chronyd_options "$g")"
	like "$(chronyd_options "$g")" ' -f /run/chrony-dhcp/ptpkvm.conf$' "$suite: chronyd reads what prestart made"
	like "$(chronyd_options "$g")" ' -F 1 ' "$suite: and has the options that it had"
	like "$(guest "$g" 'ptpkvm setup')" 'nothing to do' "$suite: setup once more: nothing to do"

	$again "$g"
	said=$(selected "$g")
	ok $? "$suite: selected after $again, without a hand ($said s after the agent was there)"
	like "$(chronyd_options "$g")" 'ptpkvm.conf$' "$suite: by its configuration"
	like "$(journal "$g")" 'chronyd starts with /dev/ptp_kvm; .*clock set by [-+]0\.' "$suite: on a clock that is set by it"
	like "$(guest "$g" 'systemctl show -p Before chrony')" 'time-set\.target' "$suite: before time-set.target"
	is "$(manifest "$g")" "$after" "$suite: /etc is as setup left it"

	# No PHC: neither module can be loaded
	guest "$g" "echo 'install ptp_kvm /bin/false' >/usr/lib/modprobe.d/no-ptp-kvm.conf; sync"
	guest_reboot "$g"
	guest "$g" 'systemctl is-system-running --wait >/dev/null'
	fails "$suite: without the PHC, after a reboot" guest "$g" 'test -e /dev/ptp0'
	is "$(guest "$g" 'systemctl is-active chrony')" active "$suite: chronyd runs all the same"
	lacks "$suite: on its own configuration" ' -f ' chronyd_options "$g"
	is "$(refclocks "$g")" 0 "$suite: without a refclock"
	like "$(journal "$g")" 'starts without the PTP clock: modprobe' "$suite: and the journal says why"
	silent "$suite: no unit has failed" guest "$g" 'systemctl --failed --no-legend --plain'
	is "$(guest "$g" 'systemctl is-active ptpkvm-late.timer')" active "$suite: a timer waits for the clock"
	runs "$suite: which finds none yet" guest "$g" 'systemctl start ptpkvm-late.service'
	is "$(refclocks "$g")" 0 "$suite: and leaves chronyd alone"

	guest "$g" 'rm /usr/lib/modprobe.d/no-ptp-kvm.conf; systemctl start ptpkvm-late.service'
	said=$(selected "$g")
	ok $? "$suite: with the PHC again, selected when the timer has its turn"
	fails "$suite: and that is over" guest "$g" 'systemctl is-active -q ptpkvm-late.timer'

	# Held, as by guard
	guest "$g" 'echo "the host is free-running" >/run/ptpkvm/hold; systemctl restart chrony'
	is "$(refclocks "$g")" 0 "$suite: held: chronyd starts without the refclock"
	is "$(guest "$g" 'systemctl is-active chrony')" active "$suite: and runs"
	guest "$g" 'rm /run/ptpkvm/hold'

	said=$(guest "$g" 'ptpkvm remove')
	ok $? "$suite: remove"
	note "$said"
	is "$(manifest "$g")" "$before" "$suite: /etc is as it was before setup, to the byte"
	is "$(guest "$g" 'systemctl is-active chrony')" active "$suite: chronyd runs"
	lacks "$suite: as before" ' -f ' chronyd_options "$g"
	fails "$suite: nothing is left in /run" guest "$g" 'test -e /run/ptpkvm -o -e /run/chrony-dhcp/ptpkvm.conf'

	if [[ $suite = "${suites[0]}" ]]; then
		setup_fails "$g" "$before"
		waits "$g"
	fi
	guest_stop "$g"
	lab_check_consoles "$suite: no kernel splats on the consoles"
	lab_stop
}

# How each comes up again after setup
declare -A again=([bookworm]=guest_reboot [trixie]=guest_power_cut [sid]=guest_reboot)
suites=("$@")
((${#suites[@]})) || mapfile -t suites < <(tier_cases)

module_for "${suites[@]}"
for suite in "${suites[@]}"; do
	with_suite "$suite" "${again[$suite]}"
done
done_testing
