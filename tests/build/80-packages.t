#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Debian's packages of every suite, built in a clean root of it: no warning, lintian has nothing to say, the same
# bytes from another folder, and one version in module, tools and packages. And what rpmbuild makes.
# check: trixie wrong rpm
# check-all: bullseye bookworm sid again-bookworm again-trixie
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
cases=("$@")
((${#cases[@]})) || mapfile -t cases < <(tier_cases)

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

# build_elsewhere SUITE: the same source in another folder, at another time, with other settings, on one CPU
# shellcheck disable=SC2317 # by its name
build_elsewhere() {
	local tree=$PWD/build/packages/$1-again
	mkdir -p "$tree/deeper"
	tar -C "$tree/deeper" -xf "build/packages/$1/ptp-kvm_$version.tar.xz"
	vm-images/in-image "packaging-$1" --bind "$tree" /elsewhere \
		env TZ=Pacific/Apia LC_ALL=C HOME=/nonexistent sh -c '
			umask 027
			cd /elsewhere/deeper/* && exec dpkg-buildpackage -us -uc -j1'
}

# built SUITE: into build/packages/SUITE, if it isn't there
built() {
	local out=build/packages/$1
	[[ ! -e $out/ptp-kvm_$version.dsc ]] || return 0
	mkdir -p "$out"
	runs "$1: builds" vm-images/build-deb "$1" "$out"
	[[ -e $out/ptp-kvm_$version.dsc ]] || bail "$1: there are no packages"
}

# of_suite SUITE
of_suite() {
	local suite=$1 out=build/packages/$1 rules
	is "$(cd "$out" && find . -name '*.deb' ! -name '*-dbgsym_*' -printf '%f\n' | sort | xargs)" \
		"ptp-kvm-dkms_${version}_amd64.deb ptp-kvm-host-patch_${version}_all.deb ptpkvm-host_${version}_amd64.deb ptpkvm_${version}_amd64.deb" \
		"$suite: the packages, all of version $version"
	unlike "$(<"$out/log")" 'warning:|WARNING' "$suite: no warning"
	if [[ $suite != bullseye ]]; then
		silent "$suite: lintian" vm-images/in-image "packaging-$suite" --ro-bind "$out" /deb \
			lintian --allow-root --fail-on error,warning "/deb/ptp-kvm_${version}_amd64.changes"
	fi
	rules=("$(vm-images/build-image --print "$suite")"/root/{,usr/}lib/udev/rules.d/50-udev-default.rules)
	like "$(cat "${rules[@]}" 2>/dev/null)" 'KVM virtual PTP' "$suite: systemd has the udev rule, and no package of these"
	contents "$suite"
}

# contents SUITE: what is in its packages
contents() {
	local suite=$1 out=build/packages/$1 root=build/packages/$1-root scripts=build/packages/$1-scripts package unit units
	for package in ptp-kvm-dkms ptp-kvm-host-patch ptpkvm ptpkvm-host; do
		dpkg-deb -x "$out/${package}_$version"_*.deb "$root"
	done
	for package in ptpkvm ptpkvm-host; do
		is "$(vm-images/in-image "packaging-$suite" --ro-bind "$root" /mnt "/mnt/usr/bin/$package" --version)" "$package $version" \
			"$suite: $package says the version"
	done
	like "$(cat "$root/usr/src/ptp_kvm-$version/include/version.h")" "\"$version\"" "$suite: the module's source"
	like "$("$root/usr/share/ptp-kvm-host-patch/apply" 2>&1)" 'There are: 6.1 6.12 7.2 7.3' \
		"$suite: the patches are found where they are installed"
	runs "$suite: and are all of them" diff -r -x Makefile -x README.md "$root/usr/share/ptp-kvm-host-patch/6.12" host-patch/6.12
	units=("$root"/{,usr/}lib/systemd/system)
	[[ -d ${units[0]} ]] || units=("${units[1]}")
	for unit in guest-tools/systemd/* host-tools/systemd/*; do
		runs "$suite: ${unit##*/} as in the source" cmp "$unit" "${units[0]}/${unit##*/}"
	done
	silent "$suite: no module is loaded, no unit enabled, no udev rule" \
		find "$root" -name modules-load.d -o -name wants -o -name udev
	dpkg-deb -e "$out/ptpkvm_${version}_amd64.deb" "$scripts"
	like "$(cat "$scripts/prerm")" "deb-systemd-invoke stop '?ptpkvm-guard.service" "$suite: the guard is stopped before it is removed"
	like "$(cat "$scripts/postinst")" "debian-installed 'ptpkvm-guard.service'" \
		"$suite: and enabled again only where it was: debhelper with --no-enable"
}

again() {
	built "$1"
	runs "$1: builds again elsewhere" build_elsewhere "$1"
	is "$(hashes "build/packages/$1-again/deeper")" "$(hashes "build/packages/$1")" "$1: the same bytes"
}

rpm() {
	local out=build/packages/rpm files file
	runs 'rpmbuild' vm-images/build-rpm "$out"
	is "$(cd "$out" && find . -name '*.rpm' ! -name '*debug*' -printf '%f\n' | sort | xargs)" \
		"ptp-kvm-$version-1.src.rpm ptp-kvm-dkms-$version-1.noarch.rpm ptp-kvm-host-patch-$version-1.noarch.rpm ptpkvm-$version-1.x86_64.rpm ptpkvm-host-$version-1.x86_64.rpm" \
		'its packages'
	files=$(vm-images/in-image packaging-trixie --ro-bind "$out" /rpm \
		sh -c 'rpm -qpl --nosignature /rpm/*.x86_64.rpm /rpm/*.noarch.rpm 2>/dev/null')
	for file in /usr/bin/ptpkvm /usr/share/man/man8/ptpkvm-host.8.gz /usr/lib/systemd/system/ptpkvm-guard.service \
		/usr/share/bash-completion/completions/ptpkvm-host "/usr/src/ptp_kvm-$version/dkms.conf" \
		/usr/share/ptp-kvm-host-patch/apply; do
		like "$files" "(^|"$'\n'")${file//./\\.}("$'\n'"|$)" "$file"
	done
}

# Another version in the module than in the packages is noticed
wrong() {
	local tree=build/packages/wrong said
	built trixie
	mkdir -p $tree
	tar -C $tree --strip-components=1 -xf "build/packages/trixie/ptp-kvm_$version.tar.xz"
	sed -i 's/PTP_KVM_VERSION ".*"/PTP_KVM_VERSION "99.9"/' $tree/include/version.h
	said=$(vm-images/in-image packaging-trixie --bind $tree /src/wrong sh -c 'cd /src/wrong && dpkg-buildpackage -us -uc -b' 2>&1)
	isnt $? 0 'two versions are not built'
	like "$said" "debian/changelog has version $version, include/version.h 99.9" 'and both are named'
}

rm -rf build/packages
for case in "${cases[@]}"; do
	case $case in
	rpm | wrong) $case ;;
	again-*) again "${case#again-}" ;;
	*) built "$case" && of_suite "$case" ;;
	esac
done
done_testing
