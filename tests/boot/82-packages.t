#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The packages in fresh guests of Debian 12 and 13 with systemd, as people install them: apt install from a repository, a boot,
# ptpkvm setup, and ptpkvm check has nothing to complain of; purged, all is as it was. bookworm gets another of Debian's
# kernels meanwhile, and then boots that: again there is nothing to complain of. Arguments: suites.
# apt installs on a machine beside the host, from whose disk the guest then boots: compilers take too long in a guest of an
# emulated host. The guest has one CPU: with two, half of its time would go into waking the other. What needs no kernel is
# in tests/build/81-install.t.
# check: trixie
# check-all: bookworm
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/lib/lab.sh

export LAB_TIMEOUT=600 LAB_BOOT_TIMEOUT=240
work=$PWD/build/apt-booted
mkdir -p "$work"

# repositories SUITE: a disk with this commit's packages, and Debian's that they need and the guest lacks. Sets second, the
# release of another kernel.
repositories() {
	local suite=$1 debs
	rm -rf "${work:?}/$suite"
	vm-images/build-deb "$suite" "build/deb-$suite" >&2 || bail "$suite: no packages"
	mkdir -p "$work/$suite/ptp-kvm" && cp "build/deb-$suite"/*.deb "$work/$suite/ptp-kvm/"
	debs=$(vm-images/fetch-debs "$suite") || bail "$suite: no packages of Debian's"
	cp -r "$debs" "$work/$suite/debian"
	second=$(cat "$debs/kernel")
	(cd "$work/$suite/ptp-kvm" && dpkg-scanpackages . >Packages 2>/dev/null && cd .. &&
		tar -c debian ptp-kvm | tar2sqfs -q -c lz4 repositories) || bail "$suite: no repository"
}

# By size and mode: 81-install compares contents, natively. But for what apt, dpkg and programs that run keep for themselves,
# alternatives, DKMS's key, and the other kernel; and for what only compilers read, half of all files
files() {
	guest "$1" "cd / && find etc usr var boot -xdev \( -path var/lib/dpkg -o -path var/lib/apt -o -path var/lib/chrony \
		-o -path var/cache -o -path var/log -o -path var/tmp -o -path var/lib/systemd -o -path etc/ld.so.cache \
		-o -lname '/etc/alternatives/*' -o -path etc/alternatives -o -path 'var/lib/dkms/mok.*' \
		-o -path '*${second%-cloud-amd64}*' -o -name __pycache__ \
		-o -path 'usr/src/linux-*' -o -path usr/include -o -path usr/lib/gcc -o -path usr/share/perl \) -prune -o ! -type d -printf '%p %s %m %l\n'" | sort
}

# Files of the packages that are installed: named in files() as they are found below /usr
owned() {
	guest "$1" 'cat /var/lib/dpkg/info/*.list' | sed -E 's,^/((lib|lib64|bin|sbin)/),usr/\1,; s,^/,,' | sort -u
}

apt_get() {
	local name=$1
	shift
	# No initramfs for a kernel that the lab boots itself: to make one takes a minute or two
	guest "$name" "DEBIAN_FRONTEND=noninteractive INITRD=No apt-get -y -q -o Dpkg::Use-Pty=0 $*"
}

chosen() {
	guest "$1" "modinfo -k $2 -n ptp_kvm"
}

# installed SUITE: sets kernel and before
installed() {
	local suite=$1 g=$1
	guest_start "$g" "$suite" bare=1 systemd=1 mem=1536 smp=2 disk="$work/$suite/disk" data="$work/$suite/repositories"
	kernel=$(guest "$g" 'uname -r')
	guest "$g" 'mount -o ro /dev/disk/by-id/virtio-data /mnt && rm -f /etc/apt/sources.list.d/* &&
		printf "deb [trusted=yes] file:/mnt/%s ./\n" debian ptp-kvm >/etc/apt/sources.list && apt-get -q update' >/dev/null ||
		bail "$suite: apt-get update"
	before=$(files "$g")
	cmp "$(wc -l <<<"$before")" '>' 5000 "$suite: files before"
	like "$(chosen "$g" "$kernel")" '/kernel/drivers/ptp/ptp_kvm\.ko' "$suite: the in-tree driver at first"
	runs "$suite: apt install" apt_get "$g" --no-install-recommends install ptpkvm ptp-kvm-dkms openssl
	like "$(chosen "$g" "$kernel")" '/updates/dkms/ptp_kvm\.ko' "$suite: DKMS has built the module, and modprobe takes it"
	fails "$suite: nothing is loaded yet, nor will be" guest "$g" 'grep -q ^ptp_kvm /proc/modules || ls /etc/modules-load.d/*ptp*'
	if [[ $suite = bookworm ]]; then
		runs "$suite: apt install, another kernel" apt_get "$g" --no-install-recommends install "linux-image-$second" "linux-headers-$second"
		like "$(chosen "$g" "$second")" '/updates/dkms/ptp_kvm\.ko' "$suite: DKMS has built for that, too"
	fi
	silent "$suite: no unit has failed" guest "$g" 'systemctl --failed --no-legend --plain'
	guest_stop "$g"
}

# healthy SUITE RELEASE WHEN
healthy() {
	local g=$1 release=$2 when="$1: $3" said status=0
	is "$(guest "$g" 'uname -r')" "$release" "$when: Linux $release"
	runs "$when: chronyd selects the PHC" guest "$g" 'for i in $(seq 200); do
		chronyc -c sources | grep -q "^#,[*],KVM," && exit; sleep 0.5; done; chronyc sources; exit 1'
	is "$(guest "$g" 'cat /sys/module/ptp_kvm/version')" "$version" "$when: this version of the module is loaded"
	# A patched host that says it is synchronized, and just has been: then there is nothing left to warn of
	host '/lab/ntpstate --synced yes --max-error-us 100 --est-error-us 10' >/dev/null
	said=$(guest "$g" 'ptpkvm check') || status=$?
	is "$status" 0 "$when: ptpkvm check"
	unlike "$said" 'WARN|FAIL' "$when: has nothing to complain of"
	note "$said"
}

# As under Secure Boot, where DKMS's key is not enrolled
refused() {
	local g=$1 said
	said=$(guest "$g" 'systemctl stop chrony && modprobe -r ptp_kvm && echo 1 >/sys/module/module/parameters/sig_enforce &&
		! modprobe ptp_kvm && ptpkvm check')
	is $? 2 "$g: a kernel that does not know DKMS's key: ptpkvm check"
	like "$(unwrapped <<<"$said")" "FAIL  driver .*'DKMS module signing key'.*\[driver-key\]" "$g: says that it is that"
	note "$said"
	runs "$g: chronyd starts without the PHC" guest "$g" 'systemctl start chrony'
}

# other_kernel SUITE: its guest is booted with that. The lab is the boot loader.
other_kernel() {
	local suite=$1 boot=$work/$1/boot
	dpkg-deb -x "$work/$suite/debian/linux-image-${second}_"*.deb "$boot"
	[[ -e $boot/lib ]] || ln -s usr/lib "$boot/lib"
	vm-images/unpack-kernel "$boot/boot/vmlinuz-$second" "$boot/vmlinux" && PATH=$PATH:/usr/sbin depmod -b "$boot" "$second" ||
		bail "$suite: no kernel to boot"
	guest_start "$suite" "$suite" systemd=1 mem=512 disk="$work/$suite/disk" kernel="$boot/vmlinux" \
		modules="$boot/lib/modules/$second"
}

as_guest() {
	local suite=$1 g=$1 kernels=("$kernel") after k autoremove=()
	guest_start "$g" "$suite" systemd=1 mem=512 disk="$work/$suite/disk"
	runs "$suite: ptpkvm setup" guest "$g" 'ptpkvm setup'
	healthy "$g" "$kernel" 'set up'
	if [[ $suite = bookworm ]]; then
		guest_stop "$g"
		other_kernel "$suite"
		kernels+=("$second")
		healthy "$g" "$second" 'the other kernel'
	fi
	refused "$g"

	# Compilers go in the other suite: that takes a minute
	[[ $suite = trixie ]] || autoremove=(--autoremove)
	runs "$suite: apt purge, without ptpkvm remove" apt_get "$g" purge "${autoremove[@]}" ptpkvm ptp-kvm-dkms
	after=$(files "$g")
	cmp "$(wc -l <<<"$after")" '>' 5000 "$suite: files after"
	is_empty "$(comm -23 <(echo "$before") <(echo "$after"))" "$suite: no file is changed"
	is_empty "$(comm -13 <(echo "$before") <(echo "$after") | cut -d ' ' -f 1 | sort -u | comm -23 - <(owned "$g"))" \
		"$suite: and none is left but those of other packages"
	for k in "${kernels[@]}"; do
		like "$(chosen "$g" "$k")" '/kernel/drivers/ptp/ptp_kvm\.ko' "$suite: the in-tree driver again, for $k"
	done
	runs "$suite: which this kernel takes" guest "$g" 'modprobe ptp_kvm && ! test -e /sys/module/ptp_kvm/version && modprobe -r ptp_kvm'
	like "$(guest "$g" 'systemctl is-active chrony; chronyc -c sources')" '^active$' "$suite: chronyd runs without the PHC"
	silent "$suite: no unit has failed" guest "$g" 'systemctl --failed --no-legend --plain'
	guest_stop "$g"
}

version=$(sed -n 's/.*PTP_KVM_VERSION "\(.*\)"/\1/p' include/version.h)
suites=("$@")
((${#suites[@]})) || mapfile -t suites < <(tier_cases)
lab_stage host patched-6.12
for suite in "${suites[@]}"; do
	repositories "$suite"
	installed "$suite"
	as_guest "$suite"
done
lab_check_consoles
done_testing
