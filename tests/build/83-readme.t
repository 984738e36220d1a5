#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the README lets one type on Debian, typed: its lines as they stand there, in a Debian 12 and a Debian 13 with a
# kernel's headers. Only setup can't do its work here, without systemd and KVM: tests/boot/80-setup.t sees it do that.
# Arguments: suites.
# check: trixie
# check-all: bookworm
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/lib/root.sh

# block TEXT: the commands below the line of README.md that has TEXT
block() {
	awk -v text="$1" 'index($0, text) { found = 1 } found && /^```$/ { exit } inside { print } found && /^```sh$/ { inside = 1 }' \
		README.md
}

# typed TEXT: all of that block but its last line, as in a shell in the unpacked source; it ends with the first failure
typed() {
	in_root "$root" sh -e -c "cd /root/ptp_kvm; $(block "$1" | sed '/ptpkvm setup$/d')" 2>&1
}

files() {
	# shellcheck disable=SC2016
	in_root "$root" sh -c 'cd / && find etc usr var boot -xdev \( -path var/lib/dpkg -o -path var/lib/apt -o -path var/cache \
		-o -path var/log -o -path etc/ld.so.cache -o -path "var/lib/dkms/mok.*" \) -prune -o ! -type d -printf "%p %s %m %l\n"' | sort
}

# What stands in for what a guest has: sudo, a running kernel, and yes to apt's question
prepare() {
	printf '%s\n' '#!/bin/sh' 'exec "$@"' >"$root/usr/local/bin/sudo"
	printf '%s\n' '#!/bin/sh' "[ \"\$*\" != -r ] || { echo $kernel; exit; }" 'exec /usr/bin/uname "$@"' >"$root/usr/local/bin/uname"
	chmod 755 "$root"/usr/local/bin/{sudo,uname}
	echo 'APT::Get::Assume-Yes "true";' >"$root/etc/apt/apt.conf.d/yes"
	echo 'deb [trusted=yes] file:/tmp/debian ./' >"$root/etc/apt/sources.list"
	rm -f "$root"/etc/apt/sources.list.d/*
	# shellcheck disable=SC2034 # root.sh's
	ROOT_BINDS=("$debs /tmp/debian")
	in_root "$root" apt-get update -q >/dev/null || bail "$suite: apt-get update"
	in_root "$root" apt-get install -q --no-install-recommends dkms openssl scdoc >/dev/null 2>&1 || bail "$suite: apt-get install dkms"
	vm-images/source-tar ptp_kvm | tar -x -C "$root/root"
	# As a user's own clone
	in_root "$root" chown -R 1000:1000 /root/ptp_kvm
}

trap 'root_remove "$root"' EXIT
mkdir -p build/readme
version=$(sed -n 's/.*PTP_KVM_VERSION "\(.*\)"/\1/p' include/version.h)
suites=("$@")
((${#suites[@]})) || mapfile -t suites < <(tier_cases)
for suite in "${suites[@]}"; do
	root=$PWD/build/readme/$suite
	debs=$(vm-images/fetch-debs $suite) || bail "$suite: no packages of Debian's"
	root_copy $suite "$root"
	kernel=$(cat "$(vm-images/build-image --print $suite)/kver")
	prepare
	before=$(files)
	cmp "$(wc -l <<<"$before")" '>' 5000 "$suite: files before"

	runs "$suite: the block of the usual kernel" typed 'the usual kernel'
	like "$(in_root "$root" modinfo -k "$kernel" -n ptp_kvm)" '/updates/dkms/ptp_kvm\.ko' "$suite: modprobe takes our module"
	is "$(in_root "$root" modinfo -k "$kernel" -F version ptp_kvm)" "$version" "$suite: of this version"
	silent "$suite: none of what root will build from is somebody else's" in_root "$root" find "/usr/src/ptp_kvm-$version" ! -user root
	like "$(in_root "$root" find /usr/local/share/man -type f)" '/ptpkvm\.8$' "$suite: there is a man page"
	status=0
	said=$(in_root "$root" sh -c "$(block 'the usual kernel' | tail -n 1)" 2>&1) || status=$?
	is "$status" 2 "$suite: setup refuses, since no systemd runs here"
	like "$said" 'systemd does not run here' "$suite: and says so"

	runs "$suite: the block that takes it back" typed 'Get rid of it'
	like "$(in_root "$root" modinfo -k "$kernel" -n ptp_kvm)" '/kernel/drivers/ptp/ptp_kvm\.ko' "$suite: the in-tree driver is back"
	is "$(files)" "$before" "$suite: and all files are as before"
	root_remove "$root"
done
done_testing
