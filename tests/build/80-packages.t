#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Debian's packages of every suite, built in a clean root of it: no warning, lintian has nothing to say, the same
# bytes from another folder, and one version in module, tools and packages. And what rpmbuild makes.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh

version=$(sed -n 's/.*PTP_KVM_VERSION "\(.*\)"/\1/p' include/version.h)
like "$version" . 'include/version.h has the version'
is "$(sed -n '1s/^ptp-kvm (\([^)]*\)) .*/\1/p' debian/changelog)" "$version" 'debian/changelog has it, too'
is "$(bash -c '. ./dkms.conf && echo "$PACKAGE_VERSION"')" "$version" 'dkms.conf'
is "$(sed -n 's/^Version:[[:space:]]*//p' rpm/ptp-kvm.spec)" "$version" 'rpm/ptp-kvm.spec'
like "$(sed -n '/^%changelog/,$p' rpm/ptp-kvm.spec)" "^%changelog"$'\n'"[^"$'\n'"]* - ${version//./\\.}-" 'and its changelog'

# hashes DIR: of the packages in it
hashes() {
	(cd "$1" && sha256sum ./*.deb ./*.dsc ./*.tar.xz)
}

# again SUITE: the same source in another folder, at another time, with other settings, on one CPU
# shellcheck disable=SC2317 # by its name
again() {
	local tree=$PWD/build/packages/$1-again
	mkdir -p "$tree/deeper"
	tar -C "$tree/deeper" -xf "build/packages/$1/ptp-kvm_$version.tar.xz"
	vm-images/in-image "packaging-$1" --bind "$tree" /elsewhere \
		env TZ=Pacific/Apia LC_ALL=C HOME=/nonexistent sh -c '
			umask 027
			cd /elsewhere/deeper/* && exec dpkg-buildpackage -us -uc -j1'
}

rm -rf build/packages
for suite in bullseye bookworm trixie sid; do
	out=build/packages/$suite
	mkdir -p "$out"
	said=$(vm-images/build-deb $suite "$out" 2>&1)
	ok $? "$suite: builds" || diag "$said"
	[[ -e $out/ptp-kvm_$version.dsc ]] || { diag "$said"; continue; }
	is "$(cd "$out" && find . -name '*.deb' ! -name '*-dbgsym_*' -printf '%f\n' | sort | xargs)" \
		"ptp-kvm-dkms_${version}_amd64.deb ptp-kvm-host-patch_${version}_all.deb ptpkvm-host_${version}_amd64.deb ptpkvm_${version}_amd64.deb" \
		"$suite: the packages, all of version $version"
	unlike "$(<"$out/log")" 'warning:|WARNING' "$suite: no warning"
	if [[ $suite != bullseye ]]; then
		silent "$suite: lintian" vm-images/in-image packaging-$suite --ro-bind "$out" /deb \
			lintian --allow-root --fail-on error,warning "/deb/ptp-kvm_${version}_amd64.changes"
	fi
	case $suite in
	bookworm | trixie)
		runs "$suite: builds again elsewhere" again $suite
		is "$(hashes "build/packages/$suite-again/deeper")" "$(hashes "$out")" "$suite: the same bytes"
		;;
	esac
	rules=("$(vm-images/build-image --print $suite)"/root/{,usr/}lib/udev/rules.d/50-udev-default.rules)
	like "$(cat "${rules[@]}" 2>/dev/null)" 'KVM virtual PTP' "$suite: systemd has the udev rule, and no package of these"
done

# What is in them, by one suite's
out=build/packages/bookworm
for package in ptp-kvm-dkms ptp-kvm-host-patch ptpkvm ptpkvm-host; do
	dpkg-deb -x "$out/${package}_$version"_*.deb build/packages/root
done
is "$(build/packages/root/usr/sbin/ptpkvm --version)" "ptpkvm $version" 'ptpkvm says the version'
is "$(build/packages/root/usr/sbin/ptpkvm-host --version)" "ptpkvm-host $version" 'ptpkvm-host'
like "$(cat build/packages/root/usr/src/ptp_kvm-"$version"/include/version.h)" "\"$version\"" "the module's source"
like "$(build/packages/root/usr/share/ptp-kvm-host-patch/apply 2>&1)" 'There are: 6.1 6.12 7.2' \
	'the patches are found where they are installed'
runs 'and are all of them' diff -r -x Makefile -x README.md build/packages/root/usr/share/ptp-kvm-host-patch/6.12 host-patch/6.12
for unit in guest-tools/systemd/* host-tools/systemd/*; do
	runs "${unit##*/} as in the source" cmp "$unit" "build/packages/root/lib/systemd/system/${unit##*/}"
done
silent 'no module is loaded, no unit enabled, no udev rule' \
	find build/packages/root -name modules-load.d -o -name wants -o -name udev

dpkg-deb -e "$out/ptpkvm_${version}_amd64.deb" build/packages/scripts
like "$(cat build/packages/scripts/prerm)" "deb-systemd-invoke stop '?ptpkvm-guard.service" 'the guard is stopped before it is removed'
like "$(cat build/packages/scripts/postinst)" "debian-installed 'ptpkvm-guard.service'" \
	'and enabled again only where it was: debhelper with --no-enable'

# RPM
out=build/packages/rpm
runs 'rpmbuild' vm-images/build-rpm "$out"
is "$(cd "$out" && find . -name '*.rpm' ! -name '*debug*' -printf '%f\n' | sort | xargs)" \
	"ptp-kvm-$version-1.src.rpm ptp-kvm-dkms-$version-1.noarch.rpm ptp-kvm-host-patch-$version-1.noarch.rpm ptpkvm-$version-1.x86_64.rpm ptpkvm-host-$version-1.x86_64.rpm" \
	'its packages'
files=$(vm-images/in-image packaging-trixie --ro-bind "$out" /rpm sh -c 'rpm -qpl --nosignature /rpm/*.x86_64.rpm /rpm/*.noarch.rpm 2>/dev/null')
for file in /usr/sbin/ptpkvm /usr/share/man/man8/ptpkvm-host.8.gz /usr/lib/systemd/system/ptpkvm-guard.service \
	/usr/share/bash-completion/completions/ptpkvm-host "/usr/src/ptp_kvm-$version/dkms.conf" \
	/usr/share/ptp-kvm-host-patch/apply; do
	like "$files" "(^|"$'\n'")${file//./\\.}("$'\n'"|$)" "$file"
done

# It is noticed
rm -rf build/packages/wrong
mkdir -p build/packages/wrong
tar -C build/packages/wrong --strip-components=1 -xf "build/packages/trixie/ptp-kvm_$version.tar.xz"
sed -i 's/PTP_KVM_VERSION ".*"/PTP_KVM_VERSION "99.9"/' build/packages/wrong/include/version.h
said=$(vm-images/in-image packaging-trixie --bind build/packages/wrong /src/wrong sh -c 'cd /src/wrong && dpkg-buildpackage -us -uc -b' 2>&1)
isnt $? 0 'two versions are not built'
like "$said" "debian/changelog has version $version, include/version.h 99.9" 'and both are named'
done_testing
