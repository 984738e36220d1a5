#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# make ptpkvm_install and ptpkvm-host_install: where a user finds the tools, and the units that call them.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# This source, with tools that are built
mkdir -p "$work/source/build"
ln -s "$PWD"/{Makefile,guest-tools,host-tools} "$work/source/"
for tool in ptpkvm ptpkvm-host; do
	printf '#!/bin/sh\n' >"$work/source/build/$tool"
done
chmod +x "$work/source/build"/*

# make_in TARGET PREFIX [VARIABLE...]
make_in() {
	local target=$1 prefix=$2
	shift 2
	make -s -C "$work/source" "ptpkvm_$target" "ptpkvm-host_$target" DESTDIR="$work/root" PREFIX="$prefix" "$@"
}

# called PREFIX: the programs that the units there start
called() {
	cat "$work/root$1"/lib/systemd/system/*.service | sed -nE 's/^Exec[A-Za-z]+=[-+]*([^ ]+).*/\1/p' | sort -u | xargs
}

for prefix in /usr /usr/local /opt/ptpkvm; do
	runs "$prefix: install" make_in install $prefix
	for tool in ptpkvm ptpkvm-host; do
		runs "$prefix: $tool is where an ordinary user looks" test -x "$work/root$prefix/bin/$tool"
	done
	is "$(called $prefix)" "$prefix/bin/ptpkvm $prefix/bin/ptpkvm-host" "$prefix: the units call these"
	runs "$prefix: uninstall" make_in uninstall $prefix
	silent "$prefix: and all is gone" find "$work/root" ! -type d
done

# Units that setup of 0.1.0 wrote call the one in sbin: it is the new one then, too.
mkdir -p "$work/root/usr/sbin"
echo old >"$work/root/usr/sbin/ptpkvm"
runs 'over 0.1.0: install' make_in install /usr
is "$(readlink "$work/root/usr/sbin/ptpkvm")" ../bin/ptpkvm 'over 0.1.0: sbin leads to it'
fails 'over 0.1.0: where there was nothing, there is nothing' test -e "$work/root/usr/sbin/ptpkvm-host"
runs 'over 0.1.0: uninstall' make_in uninstall /usr
silent 'over 0.1.0: and all is gone' find "$work/root" ! -type d
# As Fedora has it
rmdir "$work/root/usr/sbin" && ln -s bin "$work/root/usr/sbin"
runs 'where sbin is bin: install' make_in install /usr
runs 'where sbin is bin: again' make_in install /usr
runs 'where sbin is bin: it is a file' test -f "$work/root/usr/bin/ptpkvm" -a ! -L "$work/root/usr/bin/ptpkvm"
make_in uninstall /usr
rm "$work/root/usr/sbin"
done_testing
