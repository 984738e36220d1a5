#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Guests with systemd as process 1 and a disk that lasts: what is written stays
# over a reboot and a power cut, and Debian's own units do their work. Of three suites two
# are without KVM, on machines without a host, where there is no clock to look for. Arguments: suites.
# check: trixie
# check-all: bookworm sid
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/lib/lab.sh

# healthy NAME WHEN
healthy() {
	is "$(LAB_TIMEOUT=120 guest "$1" 'systemctl is-system-running --wait
		systemctl --failed --no-legend --plain')" running "$1, $2: systemd is running, with nothing failed"
	is "$(guest "$1" 'systemctl is-enabled chrony; systemctl is-active chrony')" $'enabled\nactive' \
		"$1, $2: chrony is enabled and active"
}

boot_id() {
	guest "$1" cat /proc/sys/kernel/random/boot_id
}

# Contents, modes and times
etc() {
	guest "$1" 'tar -C /etc --sort=name -c . | sha256sum'
}

# again NAME: what differs between a reboot and a power cut
again() {
	if [[ $1 != trixie ]]; then
		guest_reboot "$1"
		return
	fi
	guest "$1" 'sync && echo cached >/root/cached'
	guest_power_cut "$1"
	runs "$1: what was not synced is gone" guest "$1" '! test -s /root/cached'
	like "$(guest "$1" dmesg)" 'EXT4-fs .*recovery complete' "$1: and the rest is from ext4's journal"
}

suites=("$@")
((${#suites[@]})) || mapfile -t suites < <(tier_cases)
for name in "${suites[@]}"; do
	if [[ $name = trixie ]]; then
		module=ptp_kvm
		lab_stage systemd trixie
	else
		module=dummy
		guest_start $name $name bare=1 systemd=1
	fi
	is "$(guest $name cat /proc/1/comm)" systemd "$name: systemd is process 1"
	healthy $name 'first boot'
	like "$(guest $name 'cat /proc/$(cat /run/chrony/chronyd.pid)/attr/current')" 'chronyd \(enforce\)' \
		"$name: chronyd is confined by its AppArmor profile"
	guest $name "echo $module >/etc/modules-load.d/test.conf"'; echo kept >/root/kept; touch /lab/transient'
	id=$(boot_id $name) before=$(etc $name)

	again $name
	healthy $name 'second boot'
	isnt "$(boot_id $name)" "$id" "$name: it is another boot"
	is "$(guest $name cat /root/kept)" kept "$name: a file has outlived it"
	is "$(etc $name)" "$before" "$name: and booting has changed nothing in /etc"
	runs "$name: a module of modules-load.d is there" guest $name "grep -q '^$module ' /proc/modules"
	[[ $module != ptp_kvm ]] || runs "$name: and udev's link" guest $name test -c /dev/ptp_kvm
	runs "$name: /lab is made anew" guest $name 'test -x /lab/agent && ! test -e /lab/transient'
	runs "$name: guest_stop" guest_stop $name
	lab_check_consoles "$name: no kernel splats on the consoles"
	lab_stop
done
done_testing
