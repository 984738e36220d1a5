#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What files, processes, programs and the command line say never reaches the output as it is: control characters, also
# C1's, and what is no UTF-8. In the C locale text is ASCII. Lines that are ours fit into 80 columns.
# TOOLS names the folder of the built programs (default: build/tools of this tree).
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
tools=$(readlink -f "${TOOLS:-build/tools}")
[[ -x $tools/ptpkvm && -x $tools/ptpkvm-host ]] || bail "the tools are not in $tools (make tools)"

# ESC and a sequence, BEL, DEL, a carriage return, C1 as UTF-8 and as a byte, what is no UTF-8, and a micro sign
raw=$'\e[31m\a\x7f\r\xc2\x9b2J\x9b\xff\xc2\xb5'
top=$(mktemp -d) || bail 'no folder for a tree'
trap 'rm -rf "$top"' EXIT
mkdir "$top/root" "$top/bin" "$top/empty"

# put FILE TEXT: in the tree, whose folders are made
put() {
	mkdir -p "$top/root$(dirname "$1")"
	printf '%b' "$2" >"$top/root$1"
}

# daemon PID NAME WORD...: as /proc shows it
daemon() {
	put "/proc/$1/comm" "$2\n"
	put "/proc/$1/cmdline" "$(printf '%s\\0' "${@:3}")"
	put "/proc/$1/cgroup" "0::/system.slice/$2$raw.service\n"
	put "/proc/$1/status" 'Uid:\t0\t0\t0\t0\nCapEff:\t000001ffffffffff\n'
	put "/proc/$1/uid_map" '         0          0 4294967295\n'
}

put /proc/sys/kernel/osrelease "6.1$raw\n"
put /proc/cpuinfo "flags\t\t: vmx constant_tsc$raw hypervisor\n"
put /proc/1/environ "container=$raw\\0"
put /sys/class/ptp/ptp0/clock_name 'KVM virtual PTP\n'
put /sys/class/ptp/ptp1/clock_name "other$raw\n"
put "/sys/class/ptp/ptp0/device/host_clock/status" "$raw\n"
put "/sys/class/ptp/ptp0/device/host_clock/leap_indicator" "$raw\n"
put /sys/devices/system/clocksource/clocksource0/current_clocksource "tsc$raw\n"
put /sys/devices/system/clocksource/clocksource0/available_clocksource "tsc $raw\n"
put /sys/module/ptp_kvm/version "0.1$raw\n"
put /sys/module/ptp_kvm/initstate 'live\n'
put /sys/class/net/eno1/address '00:00:00:00:00:01\n'
put /sys/class/net/eno1/operstate "up$raw\n"
put "/sys/class/net/e$raw/address" '00:00:00:00:00:02\n'
put "/sys/class/net/e$raw/operstate" "$raw\n"
put /sys/kernel/debug/kvm/300-11/hypercalls '7\n'
put /proc/300/comm "qemu$raw\n"
put /proc/300/cmdline "qemu\\0-name\\0guest=web$raw\n1\\0"
put /run/ptpkvm/hold "held$raw\n"
put /run/ptpkvm/reason "left out$raw\n"
put /run/ptpkvm/noselect "KVM$raw\n"
put /etc/debian_version '12\n'
put /etc/modules "$raw\nptp_kvm$raw\n"
put /etc/chrony/chrony.conf "pool a$raw iburst\nrefclock PHC /dev/ptp_kvm refid K$raw tai offset 1$raw\nrefclock PHC /dev/ptp1 refid $raw\nmakestep 1$raw 3\nconfdir /etc/chrony/$raw.d\nleapsectz right$raw\n"
put "/etc/chrony/$raw.d/a$raw.conf" "refclock PHC /dev/ptp_kvm:nocrossts refid KVM$raw offset 37\nserver b$raw prefer\n"
put /etc/linuxptp/ptp4l.conf "[global]\nutc_offset 36$raw\nclockIdentity $raw\n"
put "/etc/linuxptp/a$raw.conf" "[global]\nutc_offset 36\n"
put /etc/default/phc2sys "OPTIONS=\"-O -36 $raw\"\n"
put "/etc/systemd/system/phc2sys@$raw.service" "[Service]\nExecStart=/usr/sbin/phc2sys -O -36 -s $raw\n"
put /etc/os-release "ID=debian\n"
daemon 100 ntpd "ntpd$raw" -x
daemon 101 phc2sys phc2sys -s "eth$raw" -O -36 -c CLOCK_REALTIME
daemon 102 ptp4l ptp4l -i "eno1$raw" -f "/etc/a$raw.conf" --uds_address "/run/$raw" --leapfile "/x$raw"
daemon 103 chronyd chronyd -f "/etc/chrony$raw.conf"
daemon 104 chronyd chronyd

# Programs that a live look asks
program() {
	printf '#!/bin/sh\n%s\n' "$2" >"$top/bin/$1"
	chmod +x "$top/bin/$1"
}
said="printf '%s\n' '$raw'; printf '%s\n' '$raw' >&2"
for name in chronyc chronyd ptp4l pmc phc2sys systemctl gnuplot ethtool modinfo mokutil journalctl dmesg; do
	program "$name" "$said; exit 1"
done

# harmless FILE: it prints what is not, of what a tool has said
harmless() {
	LC_ALL=C grep -nP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' "$1"
	iconv -f UTF-8 -t UTF-8 "$1" >/dev/null 2>&1 || echo 'no UTF-8'
}

# Lines that are longer, but for those that are there to be copied
long() {
	perl -CSD -ne 'print if /^.{81}/ && !/^ {10}[^ ]/' "$1"
}

# said_by WHAT TOOL WORD...: in both locales
said_by() {
	local what=$1 locale
	for locale in C.UTF-8 C; do
		PATH=$top/bin:$PATH LC_ALL=$locale timeout 60 "$tools/$2" "${@:3}" >"$top/out" 2>"$top/err" </dev/null
		cmp $? '<=' 3 "$what, $locale: ends by itself"
		[[ -s $top/out || -s $top/err ]] || flunk "$what, $locale: says something"
		is_empty "$(harmless "$top/out"; harmless "$top/err")" "$what, $locale: nothing raw"
		[[ $locale = C && " $* " != *' --json '* && " $* " != *' metrics '* ]] &&
			is_empty "$(LC_ALL=C grep -nP '[^\x00-\x7f]' "$top/out" "$top/err")" "$what: ASCII"
		case " $* " in
		*' check '* | *' status '* | *' time '* | *--help*)
			[[ " $* " = *' --json '* ]] || is_empty "$(long "$top/out")" "$what, $locale: 80 columns"
			;;
		esac
	done
}

root=$top/root
for json in '' --json; do
	said_by "guest check $json" ptpkvm check $json --root "$root"
	said_by "host check $json" ptpkvm-host check $json --root "$root"
	said_by "host status $json" ptpkvm-host status $json --root "$root"
	said_by "live: host check $json" ptpkvm-host check $json
	said_by "live: host status $json" ptpkvm-host status $json
	said_by "live: guest check $json" ptpkvm check $json
done
LC_ALL=C.UTF-8 "$tools/ptpkvm-host" status --root "$root" >"$top/out"
like "$(<"$top/out")" 'web\?' 'what is there is shown: a guest'
LC_ALL=C.UTF-8 "$tools/ptpkvm" check --root "$root" >"$top/out"
like "$(<"$top/out")" 'µ' 'and a character that is none of those'
for tool in ptpkvm ptpkvm-host; do
	said_by "$tool metrics" $tool metrics --root "$root"
	said_by "live: $tool metrics" $tool metrics
	said_by "$tool: a verb" $tool "$raw"
	said_by "$tool: help of a verb" $tool help "$raw"
	mapfile -t verbs < <("$tools/$tool" --help | sed -nE 's/^  ([a-z]+) .*/\1/p')
	for verb in "${verbs[@]}"; do
		[[ $verb != prestart ]] || continue
		said_by "$tool $verb: an option" $tool "$verb" "--$raw"
		said_by "$tool $verb: a letter" $tool "$verb" $'-\e'
		said_by "$tool $verb: an operand" $tool "$verb" "x$raw"
		said_by "$tool $verb: a root" $tool "$verb" --root "/none$raw"
		# which keeps on trying
		[[ $verb = guard ]] ||
			said_by "$tool $verb: a device" $tool "$verb" --device "/none$raw"
		said_by "$tool $verb" $tool "$verb" --help
	done
done
said_by 'guest setup' ptpkvm setup --root "$root" --dry-run
said_by 'live: setup' ptpkvm setup --dry-run
rm -r "$root/etc/chrony" && put /etc/chrony/chrony.conf "pool a$raw\n" && put /usr/bin/ptpkvm ''
said_by 'guest setup, planned' ptpkvm setup --root "$root" --dry-run
said_by 'guest remove' ptpkvm remove --root "$root" --dry-run
put /etc/ptpkvm/state "# Written by ptpkvm setup\nfile $raw\n"
put /etc/modules-load.d/ptpkvm.conf "# Written by ptpkvm setup$raw\n"
said_by 'guest remove, a damaged journal' ptpkvm remove --root "$root" --dry-run
said_by 'guest chrony' ptpkvm chrony --no-check --refid "$raw"
said_by 'guard' ptpkvm guard --once --root "$root"
said_by 'live: guard' ptpkvm guard --once
said_by 'watch: a plot' ptpkvm-host watch --plot "$top/none$raw/a.svg"
said_by 'metrics: a file' ptpkvm metrics --root "$root" --output "$top/none$raw/a"
said_by 'ignored codes' ptpkvm check --ignore "$raw"
printf 'parameter_defaults:\n  PtpInterface: "eno1%s"\n  Ptp%s: 1\n' "$raw" "$raw" >"$top/a.yaml"
said_by 'host config: TripleO' ptpkvm-host config --tripleo "$top/a.yaml" --linuxptp-version 4.2
said_by 'host config: an interface' ptpkvm-host config --interface "eno1$raw" --linuxptp-version 4.2
said_by 'host config: a name' ptpkvm-host config --role-name "$raw"
said_by 'host config: installed' ptpkvm-host config --root "$root" --dry-run --linuxptp-version 4.2
done_testing
