#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The ready image as people get it, on the lab's host, with QEMU's command line as they get it: once started by UEFI, its
# first boot, and then by BIOS. cloud-init sets a key and grows the disk, and ptpkvm check has nothing to complain of. In
# between by UEFI with Secure Boot, under which the kernel refuses its module, and ptpkvm check knows what to do.
# Argument: a suite instead of trixie, in all three ways.
# check: uefi
# check-all: secure bios
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/lib/lab.sh
. tests/lib/ready.sh

export LAB_TIMEOUT=180 READY_TIMEOUT=900
suite=${1:-trixie} ways=(uefi secure bios)
(($#)) || mapfile -t ways < <(tier_cases)

# healthy WHEN: with everything up
healthy() {
	local when=$1 said status=0

	is "$(ready g1 'sudo systemctl is-system-running --wait; systemctl --failed --no-legend --plain')" running \
		"$when: systemd is running, with nothing failed"
	like "$(ready g1 'sudo modinfo -n ptp_kvm')" '/updates/dkms/ptp_kvm\.ko' "$when: modprobe takes the module of DKMS"
	runs "$when: chronyd selects the PHC" ready g1 'for i in $(seq 100); do
		chronyc -c sources | grep -q "^#,[*],KVM," && exit; sleep 0.5; done; chronyc sources; exit 1'
	# A patched host that says it is synchronized, and just has been: then there is nothing left to warn of
	host '/lab/ntpstate --synced yes --max-error-us 100 --est-error-us 10' >/dev/null
	said=$(ready g1 'sudo env COLUMNS=1000 ptpkvm check') || status=$?
	is "$status" 0 "$when: ptpkvm check"
	unlike "$said" 'WARN|FAIL' "$when: has nothing to complain of"
	note "$said"
}

# shellcheck disable=SC2317 # by their names
by_uefi() {
	pass 'UEFI: the key that cloud-init has from its seed lets us in'
	is "$(ready g1 'test -d /sys/firmware/efi && echo UEFI')" UEFI 'UEFI: it is that'
	is "$(ready g1 'cloud-init status --wait >/dev/null; cloud-init status')" 'status: done' 'UEFI: cloud-init is done'
	is "$(ready g1 hostname)" g1 'UEFI: the host name is from the seed'
	cmp "$(ready g1 'df --output=size -k / | tail -n 1 | tr -d " "')" '>' 3600000 'UEFI: the root file system has grown'
	silent 'UEFI: nobody has a password' ready g1 'sudo awk -F: "\$2 !~ /^[!*]/" /etc/shadow'
	like "$(ready g1 'cat /etc/machine-id')" '^[0-9a-f]{32}$' 'UEFI: a machine-id of its own'
	like "$(ready g1 'ls /etc/ssh/ssh_host_*_key')" 'ed25519' "UEFI: ssh's keys, too"
	healthy 'UEFI'
	runs 'UEFI: update-grub, as after each upgrade of the kernel' ready g1 'sudo update-grub'
}

# shellcheck disable=SC2317
by_secure() {
	is "$(ready g1 'mokutil --sb-state')" 'SecureBoot enabled' 'Secure Boot: it is that'
	silent 'Secure Boot: no unit has failed' \
		ready g1 'sudo systemctl is-system-running --wait >/dev/null; systemctl --failed --no-legend --plain'
	said=$(ready g1 'sudo env COLUMNS=1000 ptpkvm check')
	is $? 2 'Secure Boot: ptpkvm check'
	like "$(unwrapped <<<"$said")" 'FAIL  driver .*Secure Boot.* is not signed \[driver-unsigned\].*sudo dkms build --force ptp_kvm/' \
		'Secure Boot: the module is refused, and what to do is said'
	note "$said"
	is "$(ready g1 'systemctl is-active chrony')" active 'Secure Boot: chronyd runs without the PHC'
}

# shellcheck disable=SC2317
by_bios() {
	is "$(ready g1 'test -d /sys/firmware/efi || echo BIOS')" BIOS 'BIOS: it is that'
	healthy 'BIOS'
	like "$(tr -d '\r' <"$(_lab_log g1)")" 'g1 login:' 'the serial console has a prompt'
}

ready_build "$suite"
lab_stage host patched-6.12
ready_plug g1 "$suite"
for way in "${ways[@]}"; do
	ready_boot g1 "$way"
	"by_$way"
	# As virt-install has it after the first boot
	ready g1 'sudo touch /etc/cloud/cloud-init.disabled'
	ready_off g1
done
ready_unplug g1
lab_check_consoles
done_testing
