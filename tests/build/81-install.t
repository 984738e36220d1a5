#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What apt and DKMS make of the packages in a Debian 12 and a Debian 13, each with two of Debian's kernels: over an
# older version, with a kernel that comes later, on kernels that nothing can be built for, interrupted, removed,
# purged. No kernel runs here, and no systemd.
# check: trixie
# check-all: bookworm
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/lib/root.sh
cases=("$@")
((${#cases[@]})) || mapfile -t cases < <(tier_cases)

version=$(sed -n 's/.*PTP_KVM_VERSION "\(.*\)"/\1/p' include/version.h)
older=0.0.1

# As a user types it, without what is only recommended
apt_get() {
	in_root "$root" apt-get -y -q -o Dpkg::Use-Pty=0 --no-install-recommends "$@" 2>&1
}

# chosen KERNEL: what modprobe would load there
chosen() {
	in_root "$root" modinfo -k "$1" -n ptp_kvm 2>&1
}

module_version() {
	in_root "$root" modinfo -k "$1" -F version ptp_kvm 2>&1
}

# is_ours KERNEL DESC
is_ours() {
	like "$(chosen "$1")" "^/lib/modules/${1//+/\\+}/updates/dkms/ptp_kvm\.ko" "$image: $2"
	is "$(module_version "$1")" "$version" "$image: of this version"
}

# All that there is, but for what apt and dpkg keep for themselves, and what is made anew at each change
files() {
	# shellcheck disable=SC2016
	in_root "$root" sh -c 'cd / && find . -xdev \( -path ./var/lib/dpkg -o -path ./var/lib/apt -o -path ./var/cache \
		-o -path ./var/log -o -path ./tmp -o -path ./run -o -path ./etc/ld.so.cache \) -prune -o \
		-type f -exec sha256sum {} + -o -printf "%y %p %l\n"' | sort -k 2
}

# An older version of ptp-kvm-dkms: this one under another name, which is all that apt and DKMS see of it
make_older() {
	local tree=$out/older
	dpkg-deb -R "$out/ptp-kvm-dkms_${version}_amd64.deb" "$tree"
	mv "$tree/usr/src/ptp_kvm-$version" "$tree/usr/src/ptp_kvm-$older"
	rm "$tree/DEBIAN/md5sums"
	find "$tree/DEBIAN" "$tree/usr/src" -type f -exec sed -i "s/${version//./\\.}/$older/g" {} +
	dpkg-deb --root-owner-group -b "$tree" "$out/ptp-kvm-dkms_${older}_amd64.deb" >"$out/older.log"
	rm -rf "$tree"
}

# dir_kernel NAME CONFIG BUILT-IN: a kernel that consists of headers without code
dir_kernel() {
	local dir=$root/usr/lib/modules/$1
	mkdir -p "$dir/build/include/config" "$dir/build/include/generated"
	echo "$1" >"$dir/build/include/config/kernel.release"
	printf '%s\n' "$2" | tr ' ' '\n' >"$dir/build/.config"
	cp "$dir/build/.config" "$root/boot/config-$1"
	touch "$dir/modules.order"
	echo "kernel/$3" >"$dir/modules.builtin"
}

# interrupted FILE: apt and all that it started are killed as soon as FILE is there
interrupted() {
	# The first process of a PID namespace takes all others with it, by SIGKILL
	in_root "$root" sh -c 'apt-get -y -q --no-install-recommends install ptp-kvm-dkms >/tmp/log 2>&1 &
		until [ -n "$(ls '"$1"' 2>/dev/null)" ]; do
			kill -0 $! || { cat /tmp/log; exit 1; }
			sleep 0.02
		done' 2>&1
}

# repaired DESC
repaired() {
	like "$(in_root "$root" dpkg-query -W -f '${Status}' ptp-kvm-dkms)" 'install ok half-configured' "$image: interrupted $1"
	runs "$image: dpkg --configure -a" in_root "$root" dpkg --configure -a
	is_ours "$kernel" "repaired: $1"
	silent "$image: dpkg has no more to say" in_root "$root" dpkg --audit
}

trap 'root_remove "$root"' EXIT
for suite in "${cases[@]}"; do
	image=$suite root=$PWD/build/apt/$suite-root out=$PWD/build/apt/$suite
	vm-images/build-deb $suite "build/deb-$suite" >"build/logs/deb-$suite.log" 2>&1 || bail "$suite: no packages: build/logs/deb-$suite.log"
	rm -rf "$out"
	mkdir -p "$out" && cp "build/deb-$suite"/*.deb "$out/"
	debs=$(vm-images/fetch-debs $image) || bail "$image: no packages of Debian's"
	root_copy $image "$root"
	kernel=$(cat "$(vm-images/build-image --print $image)/kver") second=$(cat "$debs/kernel")
	make_older
	(cd "$out" && dpkg-scanpackages --multiversion . >Packages 2>/dev/null)
	ROOT_BINDS=("$debs /tmp/debian" "$out /tmp/ptp-kvm")
	printf 'deb [trusted=yes] file:/tmp/%s ./\n' debian ptp-kvm >"$root/etc/apt/sources.list"
	rm -f "$root"/etc/apt/sources.list.d/*
	apt_get update >/dev/null || bail "$image: apt-get update"
	said=$(apt_get install dkms openssl libyaml-0-2) || bail "$image: apt-get install dkms: $said"
	files >"$out/before"
	like "$(chosen "$kernel")" kernel/drivers/ptp "$image: the in-tree driver at first"

	said=$(in_root "$root" apt-get -s install ptpkvm 2>&1)
	like "$said" 'Inst ptp-kvm-dkms .*Inst ptpkvm |Inst ptpkvm .*Inst ptp-kvm-dkms ' "$image: ptpkvm brings the module"
	like "$(in_root "$root" apt-get -s install ptp-kvm-host-patch 2>&1)" 'Conf ptp-kvm-host-patch' "$image: the patches can be installed"

	runs "$image: apt install, an older version" apt_get install ptp-kvm-dkms=$older ptpkvm ptpkvm-host
	like "$(chosen "$kernel")" updates/dkms "$image: which modprobe takes"
	is "$(module_version "$kernel")" $older "$image: and is that"
	runs "$image: apt install, over it" apt_get install ptp-kvm-dkms
	is_ours "$kernel" 'modprobe takes ours'
	like "$(in_root "$root" modinfo -k "$kernel" -F signer ptp_kvm)" 'DKMS' "$image: signed with DKMS's key"
	lacks "$image: nothing of the older one" "${older//./\\.}" in_root "$root" ls /usr/src /var/lib/dkms/ptp_kvm
	ROOT_BINDS+=("$PWD/debian/tests /tmp/tests")
	runs "$image: debian/tests/tools" in_root "$root" sh -c 'AUTOPKGTEST_TMP=/tmp exec /tmp/tests/tools'
	runs "$image: debian/tests/module" in_root "$root" /tmp/tests/module
	unset 'ROOT_BINDS[2]'

	runs "$image: ptpkvm setup" in_root "$root" ptpkvm setup --root /.
	runs "$image: apt purge" apt_get purge ptp-kvm-dkms ptpkvm ptpkvm-host
	files >"$out/after"
	# Of the machine, made by DKMS when it first signs
	is "$(diff "$out/before" "$out/after" | sed -nE 's/^([<>]) \S+ +/\1 /p' | xargs)" \
		'> ./var/lib/dkms/mok.key > ./var/lib/dkms/mok.pub' "$image: purged, all is as it was before, but for DKMS's key"

	interrupted /var/lib/dkms/ptp_kvm/$version/build/driver/ptp_kvm_main.o >"$out/log"
	repaired 'while make runs'

	runs "$image: apt install, a second kernel, of a flavour for clouds" apt_get install "linux-image-$second"
	said=$(apt_get install --reinstall ptp-kvm-dkms)
	is "$(grep -A 1 '^ptp-kvm-dkms: ' <<<"$said")" "ptp-kvm-dkms: not for Linux $second yet, whose headers are missing. Type:
  sudo apt install linux-headers-$second" "$image: which headers that needs is said"
	like "$said" $'\n''\(linux-headers-cloud-amd64, too, for the kernels to come\)' "$image: and which ones later kernels will"
	# shellcheck disable=SC2046 # words
	runs "$image: that, typed" apt_get $(sed -n 's/^  sudo apt //p' <<<"$said")
	is_ours "$second" 'DKMS has built for it'
	is_ours "$kernel" 'and left the first alone'
	runs "$image: apt remove" apt_get remove ptp-kvm-dkms
	for k in "$kernel" "$second"; do
		like "$(chosen "$k")" "^/lib/modules/${k//+/\\+}/kernel/drivers/ptp/ptp_kvm\.ko" "$image: $k has the in-tree driver again"
	done

	interrupted "/lib/modules/$kernel/updates/dkms/ptp_kvm.ko*" >"$out/log"
	repaired 'when the module is in its place'
	apt_get purge ptp-kvm-dkms >/dev/null
	like "$(chosen "$kernel")" kernel/drivers/ptp "$image: and the in-tree driver is not lost"

	dir_kernel 4.19.0-0-amd64 'CONFIG_PTP_1588_CLOCK=m CONFIG_KVM_GUEST=y' none.ko
	dir_kernel 6.1.0-0-bare-amd64 'CONFIG_PTP_1588_CLOCK=m' none.ko
	dir_kernel 6.1.0-0-builtin-amd64 'CONFIG_PTP_1588_CLOCK=y CONFIG_KVM_GUEST=y CONFIG_PTP_1588_CLOCK_KVM=y' drivers/ptp/ptp_kvm.ko
	said=$(apt_get install ptp-kvm-dkms)
	is $? 0 "$image: apt install where kernels cannot have it" || diag "$said"
	for k in 4.19.0-0-amd64 6.1.0-0-bare-amd64 6.1.0-0-builtin-amd64; do
		like "$said" "$k/x86_64/dkms\.conf.{0,80}BUILD_EXCLUSIVE directive" "$image: passed over: $k"
		silent "$image: nothing is built for it" in_root "$root" find /lib/modules/$k/ -name 'ptp_kvm*'
	done
	is "$(grep '^ptp-kvm-dkms: ' <<<"$said")" "ptp-kvm-dkms: not for Linux 4.19.0-0-amd64, which is older than 5.10.
ptp-kvm-dkms: not for Linux 6.1.0-0-bare-amd64, which is without CONFIG_KVM_GUEST.
ptp-kvm-dkms: not for Linux 6.1.0-0-builtin-amd64, which has ptp_kvm built in, which a module cannot replace." \
		"$image: and why"
	is_ours "$kernel" 'the others have it'
	is_ours "$second" 'the others have it'
	apt_get purge ptp-kvm-dkms >/dev/null

	rm -rf "$out/checkout"
	vm-images/source-tar checkout | tar -x -C "$out"
	ROOT_BINDS+=("$out/checkout /tmp/checkout")
	runs "$image: from a checkout, by dkms alone" \
		in_root "$root" sh -c "cd /tmp/checkout && dkms add . && dkms install ptp_kvm/$version -k $kernel"
	is_ours "$kernel" 'modprobe takes that'
	root_remove "$root"
done
done_testing
