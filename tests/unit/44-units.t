#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# make ptpkvm_install and ptpkvm-host_install: where a user finds the tools, and the units that call them. What the units may
# do: enough for a chronyc that drops root itself, and no more than systemd-analyze finds well. And what the packages say of
# a kernel without headers.
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

# RHEL's folder, given by the package
runs 'metrics for RHEL: install' make_in install /usr TEXTFILES=/var/lib/node_exporter/textfile_collector
for tool in ptpkvm ptpkvm-host; do
	unit=$work/root/usr/lib/systemd/system/$tool-metrics.service
	is "$(grep -c /var/lib/node_exporter/textfile_collector "$unit")" 2 "$tool-metrics: two lines have it"
	lacks "$tool-metrics: and none has Debian's" /var/lib/prometheus cat "$unit"
done
like "$(<rpm/ptp-kvm.spec)" ' TEXTFILES=/var/lib/node_exporter/textfile_collector' 'the RPM gives that'
like "$(<debian/rules)" ' TEXTFILES=/var/lib/prometheus/node-exporter' "Debian's package gives Debian's, whatever it is built on"
make_in uninstall /usr

# within LIMIT UNIT: the same or less is systemd's opinion of it
within() {
	local said
	said=$(systemd-analyze security --offline=yes --no-pager "$2" | sed -nE 's/.*exposure level for .*: ([0-9.]+) .*/\1/p')
	is "$(awk -v said="$said" -v limit="$1" 'BEGIN { print said != "" && said <= limit }')" 1 "${2##*/}: exposure $said, at most $1"
}

within 2.5 guest-tools/systemd/ptpkvm-guard.service
within 2.0 guest-tools/systemd/ptpkvm-metrics.service
# It reads the kernel's clock (adjtimex) and the host's network cards, and is to see who steers.
within 2.4 host-tools/systemd/ptpkvm-host-metrics.service
# The same, and no guest reaches it
within 2.4 host-tools/systemd/ptpkvm-host-gather.service
# What guests reach
within 1.5 host-tools/systemd/ptpkvm-host-serve.service

# chronyc from 4.8 on, built --with-chronyc-user, calls setgroups, setgid and setuid. setpriv does the same.
drop=(setpriv --reuid=1 --regid=1 --clear-groups)
as_root=()
((EUID == 0)) || as_root=(unshare --map-root-user --map-auto)
system_calls=$(systemd-analyze syscall-filter --no-pager @system-service @setuid | grep -oE '^    [@a-z0-9_-]+' | xargs)
for unit in guest-tools/systemd/ptpkvm-guard.service {guest,host}-tools/systemd/*-metrics.service \
	host-tools/systemd/ptpkvm-host-gather.service; do
	caps=$(sed -nE 's/^CapabilityBoundingSet=//p' "$unit" | tr 'A-Z ' 'a-z,' | sed 's/cap_/+/g')
	runs "${unit##*/}: chronyc may become chrony's user" "${as_root[@]}" setpriv --bounding-set="-all,$caps" --no-new-privs "${drop[@]}" true
	like "$(<"$unit")" $'\nSystemCallFilter=@system-service' "${unit##*/}: its calls are of @system-service"
	unlike "$(<"$unit")" $'\nSystemCallFilter=~[^\n]*@(privileged|setuid)' "${unit##*/}: and not taken away again"
	# What was there before is not enough
	like "$("${as_root[@]}" setpriv --bounding-set=-all,+dac_override --no-new-privs "${drop[@]}" true 2>&1)" \
		'Operation not permitted' "${unit##*/}: without the capabilities it may not"
	# A folder that is not there yet: not skipped in silence, and not for ever
	lacks "${unit##*/}: no condition on the folder" ConditionPath cat "$unit"
done
for call in @setuid setgid setgroups setuid; do
	like " $system_calls " " $call " "systemd's @system-service has $call"
done

# no_headers of the DKMS package: the running kernel's flavour, as "ptpkvm check" says it
eval "$(sed -n '/^no_headers() {/,/^}/p' debian/ptp-kvm-dkms.postinst)"
# shellcheck disable=SC2317 # no_headers' call: dpkg -s PACKAGE
dpkg() {
	[[ -e $work/dpkg/$2 ]]
}
mkdir "$work/dpkg"
while read -r kernel flavour; do
	touch "$work/dpkg/linux-image-$kernel"
	is "$(no_headers "$kernel")" "ptp-kvm-dkms: not for Linux $kernel yet, whose headers are missing. Type:
  sudo apt install linux-headers-$kernel
(linux-headers-$flavour, too, for the kernels to come)" "postinst: $kernel"
done <tests/unit/fixtures/flavours
like "$(no_headers 6.12.0-mine)" 'headers are missing. Install them from where it came' 'postinst: a kernel of no package'
done_testing
