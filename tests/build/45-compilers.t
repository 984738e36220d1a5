#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Both tools build with clang, too, and against musl, as on Alpine: there without libyaml, so that the host's is not linked.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh

dir=$PWD/build/compilers
rm -rf "$dir"
# musl comes without the kernel's headers; libyaml's is the same for every libc
mkdir -p "$dir/include"
ln -s /usr/include/{linux,asm-generic,yaml.h} "/usr/include/$(gcc -print-multiarch)/asm" "$dir/include/"

for compiler in clang musl-gcc; do
	command -v "$compiler" >/dev/null || bail "there is no $compiler; run: make deps"
done
for tool in guest host; do
	silent "clang: $tool-tools" make -s -C $tool-tools OUT="$dir/clang" CC=clang CFLAGS=-O1
	silent "musl: $tool-tools" make -s -C $tool-tools OUT="$dir/musl" CC=musl-gcc CFLAGS=-O0 STATIC=1 \
		CPPFLAGS="-isystem $dir/include" "$([[ $tool = guest ]] && echo "$dir/musl/ptpkvm" || echo objects)"
done
version="ptpkvm $(sed -n 's/.*PTP_KVM_VERSION "\(.*\)"/\1/p' include/version.h)"
is "$("$dir/clang/ptpkvm" --version)" "$version" 'clang: it runs'
is "$("$dir/clang/ptpkvm-host" --version)" "${version/ /-host }" 'clang: the other one, too'
is "$("$dir/musl/ptpkvm" --version)" "$version" 'musl: it runs'
mkdir -p "$dir/root/etc/chrony"
echo 'refclock PHC /dev/ptp_kvm poll 3' >"$dir/root/etc/chrony/chrony.conf"
is "$("$dir/musl/ptpkvm" check --root "$dir/root" --json | jq -c .chrony.refclock.device)" '"/dev/ptp_kvm"' \
	'musl: it reads a configuration'
done_testing
