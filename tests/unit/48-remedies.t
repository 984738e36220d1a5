#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What check says to type about files is typed, in a tree of our own (--root), and then that finding is gone. sudo, systemctl
# and whatever acts on a running system are fakes that put down what they are asked: nothing is that is not about the tree.
# TOOLS names the folder of the built programs (default: build/tools of this tree).
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
tools=$(realpath "${TOOLS:-build/tools}")
[[ -x $tools/ptpkvm && -x $tools/ptpkvm-host ]] || bail "the tools are not in $tools (make tools)"
command -v jq >/dev/null || bail 'there is no jq (apt install jq)'

work=$(mktemp -d) || bail 'no folder'
trap 'rm -rf "$work"' EXIT
root="$work/an image's \$(root)"	# to be quoted
mkdir "$work/bin"
ln -s "$tools/ptpkvm" "$tools/ptpkvm-host" "$work/bin"
PATH=$work/bin:/usr/bin:/bin
export LC_ALL=C.UTF-8

# fake NAME [SCRIPT]: puts down how it is called
fake() {
	cat >"$work/bin/$1" <<-END
		#!/bin/sh
		printf '%s\n' "$1 \$*" >>"$work/log"
		${2-}
	END
	chmod +x "$work/bin/$1"
}

for name in chronyc chronyd modprobe rmmod dmesg udevadm journalctl apt dnf dkms mokutil reboot kill pmc tcpdump; do
	fake $name
done
fake sudo 'exec "$@"'
# shellcheck disable=SC2016 # of the fake
fake systemctl 'case "$1 $3" in
disable*)
	shift
	while [ "$1" != --root ]; do units="$units $1"; shift; done
	for unit in $units; do rm "$2/etc/systemd/system/"*.wants/"$unit" || exit; done ;;
unmask*--root) rm "$4/etc/systemd/system/$2.service" ;;
*) exit 1 ;;
esac'

# image [LINE]...: a Debian of systemd, with these lines in chrony.conf
image() {
	rm -rf "$root"
	mkdir -p "$root"/{sbin,usr/bin,etc/chrony/conf.d,etc/chrony/sources.d,etc/systemd/system,usr/lib/systemd/system}
	ln -s /lib/systemd/systemd "$root/sbin/init"
	touch "$root/usr/bin/ptpkvm" "$root/etc/debian_version"
	enabled chrony.service '/usr/sbin/chronyd $DAEMON_OPTS'
	sed -i '2iEnvironmentFile=-/etc/default/chrony' "$root/usr/lib/systemd/system/chrony.service"
	printf '%s\n' 'pool a iburst' 'confdir /etc/chrony/conf.d' 'sourcedir /etc/chrony/sources.d' "$@" >"$root/etc/chrony/chrony.conf"
}

set_up() {
	ptpkvm setup --root "$root" "$@" >/dev/null || diag 'setup failed'
}

# ours SCRIPT: sed for what setup wrote
ours() {
	sed -i -E "$1" "$root/etc/ptpkvm/chrony.conf"
}

# enabled UNIT PROGRAM
enabled() {
	mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
	printf '[Service]\nExecStart=%s\n[Install]\nWantedBy=multi-user.target\n' "$2" >"$root/usr/lib/systemd/system/$1"
	ln -s "/usr/lib/systemd/system/$1" "$root/etc/systemd/system/multi-user.target.wants/$1"
}

# process PID COMM WORD...: one of root's that runs there
process() {
	local dir=$root/proc/$1
	mkdir -p "$dir"
	echo "$2" >"$dir/comm"
	printf '%s\0' "${@:3}" >"$dir/cmdline"
	echo "0::/system.slice/$2.service" >"$dir/cgroup"
	printf 'Name:\tx\nPPid:\t1\nCapPrm:\t0\nCapEff:\t000001ffffffffff\n' >"$dir/status"
	echo '0 0 4294967295' >"$dir/uid_map"
	ln -sfn / "$dir/root"
}

check() {
	"$tool" check --root "$root" --json
}

# of WHAT CODE: that of the findings of a code, a line each
of() {
	check | jq -r --arg code "$2" ".checks[] | select(.code == \$code) | select(.verdict == \"warn\" or .verdict == \"fail\") | $1"
}

# mends DESC CODE...: they are found; what is said of them is typed; they are gone
mends() {
	local desc=$1 code commands
	shift
	for code in "$@"; do
		like "$(of .code "$code")" . "$desc: $code is found"
		commands=$(of '.commands[]' "$code")
		like "$commands" . "$desc: $code: there is a command"
		: >"$work/log"
		sh -c "$commands" >"$work/said" 2>&1
		is_empty "$(of .code "$code")" "$desc: $code is gone"
		is_empty "$(grep -v -e ' --root ' -e '^sudo \(sed\|tee\|mkdir\|cp\|rm\|install\) ' "$work/log")" "$desc: $code: nothing that runs is touched"
	done
}

# --- ptpkvm ---
tool=ptpkvm
step='makestep 0.001 -1'
line='refclock PHC /dev/ptp_kvm refid KVM poll -1'
image 'makestep 1 3'
mends 'nothing of this clock' refclock-none
image 'makestep 1 3'
rm "$root/usr/bin/ptpkvm"
mends 'nor of this program' refclock-none
like "$(head -n 1 "$work/log")" '^sudo install -D ' 'which is copied first'
image 'makestep 1 3' 'refclock PHC /dev/ptp0 poll 3 dpoll -2 offset 0'
mends 'as guides have it' refclock-other
for words in tai 'offset -37' 'offset  -37 delay 0.1' noselect; do
	image "$step" "$line $words"
	case $words in tai) code=config-tai ;; offset*) code=config-offset ;; *) code=refclock-noselect ;; esac
	mends "the admin's line: $words" $code
	image "$step" "$line $words"
	mends "the admin's line: $words" boot-race
	image "$step"
	set_up
	ours "s,^refclock.*,  Refclock	PHC /dev/ptp_kvm refid KVM	$words,"
	mends "setup's line: $words" $code
	like "$(<"$root/etc/ptpkvm/chrony.conf")" '  Refclock	PHC /dev/ptp_kvm refid KVM' 'the rest of it stays'
done
image
mkdir -p "$root/sys/class/ptp/ptp0"
echo 'KVM virtual PTP' >"$root/sys/class/ptp/ptp0/clock_name"
echo "refclock PHC /dev/ptp0 poll 0" >"$root/etc/chrony/conf.d/a b.conf"
mends "the admin's line: by number" config-number
rm "$root/etc/chrony/conf.d/a b.conf"
set_up
ours 's,/dev/ptp_kvm,/dev/ptp0,'
mends "setup's line: by number" config-number
image 'makestep 1 3' "$line optional"
mends "the admin's line: makestep" config-makestep
image 'makestep 1 3'
set_up --no-makestep
mends "setup's line: makestep" config-makestep
ours '/makestep/d'
printf %s "$(<"$root/etc/ptpkvm/chrony.conf")" >"$work/no-newline" && cp "$work/no-newline" "$root/etc/ptpkvm/chrony.conf"
mends 'edited, and without an end of its last line' config-makestep
image "$line optional" 'makestep 1 3'
set_up --adopt --only
echo 'maxchange 5 1 0' >>"$root/etc/chrony/chrony.conf"
ours 's/^/#/'
mends 'nothing left of it, --only' refclock-none
like "$(<"$root/etc/systemd/system/chrony.service.d/ptpkvm.conf")" 'prestart --only' 'which it stays'

for words in 'maxchange 5 1 0' '  MaxChange	5 1 0' 'minsources 2' 'leapsecmode slew'; do
	image "$step" "$words"
	set_up
	code=config-$(tr A-Z a-z <<<"${words}" | sed 's/^ *//; s/[[:space:]].*//; s/secmode//')
	mends "$words" "$code"
done
for words in require:config-require prefer:rival-prefer Prefer:rival-prefer; do
	image "$step" "server a iburst ${words%:*}" 'pool prefer minpoll 4'
	set_up
	mends "a server with ${words%:*}" "${words#*:}"
	is "$(grep -c -e '^server a iburst' -e '^pool prefer minpoll 4' "$root/etc/chrony/chrony.conf")" 2 'but for it all stays'
	image "$step"
	echo "server a ${words%:*} iburst" >"$root/etc/chrony/sources.d/it's.sources"
	set_up
	mends "the same in a file with an odd name" "${words#*:}"
done

image "$step" "$line optional"
mends 'the module' boot-no-driver
image "$step" "$line optional"
mkdir -p "$root/etc/other"
ln -s /etc/other "$root/etc/modules-load.d"
mends 'the module, its folder by a link' boot-no-driver
image "$step" 'minsources 2'
mv "$root/etc/chrony" "$root/etc/chrony-files"
ln -s /etc/chrony-files "$root/etc/chrony"
set_up
mends 'a file by a link that leads out for others' config-minsources
image "$step"
rm -r "$root/etc/chrony" "$root/etc/debian_version" "$root"/{usr/lib,etc}/systemd/system/*
enabled chronyd.service '/usr/sbin/chronyd $OPTIONS'
sed -i '2iEnvironmentFile=-/etc/sysconfig/chronyd' "$root/usr/lib/systemd/system/chronyd.service"
printf '%s\n' 'pool a iburst' 'makestep 1 3' 'maxchange 5 1 0' >"$root/etc/chrony.conf"
mends 'one of the RHEL family' refclock-none config-maxchange
image "$step"
set_up
enabled ntpsec.service /usr/sbin/ntpd
mends 'another daemon' rival-enabled
image "$step"
enabled ntpsec.service /usr/sbin/ntpd
enabled openntpd.service /usr/sbin/openntpd
mends 'other daemons, and no refclock' refclock-none
image "$step"
ln -s /dev/null "$root/etc/systemd/system/chrony.service"
mends 'chrony masked, and no refclock' refclock-none
image "$step"
set_up
ln -sfn /bin/busybox "$root/sbin/init"
mends 'set up, and another init' boot-init
image "$step"
ln -sfn /bin/busybox "$root/sbin/init"
mends 'no systemd' refclock-none

# --- ptpkvm-host ---
tool=ptpkvm-host
image 'leapseclist /etc/leap-seconds.list'
process 10 chronyd /usr/sbin/chronyd
enabled ntpsec.service /usr/sbin/ntpd
mends 'another daemon' steering-enabled
if [[ -e /usr/share/zoneinfo/leap-seconds.list ]]; then
	mends 'a list that is not there' leap-missing
fi
mkdir -p "$root"/{proc/sys/kernel,sys/kernel/debug/kvm/hypercalls,var/lib/ptpkvm}
echo 6.12.119+deb13-amd64 >"$root/proc/sys/kernel/osrelease"
echo 6.12.118-ptpkvm 2026-11-28 >"$root/var/lib/ptpkvm/host-quality"
mends 'a kernel without the series' quality-lost
mkdir -p "$root/etc/linuxptp"
printf '[global]\nuds_address /var/run/ptp4l\n[eno%d]\n' 1 >"$root/etc/linuxptp/eno1.conf"
printf '#\n[global]\nuds_address	/var/run/ptp4l\n[eno%d]\nlogSyncInterval 0\n' 2 >"$root/etc/linuxptp/eno 2.conf"
process 11 ptp4l /usr/sbin/ptp4l -f /etc/linuxptp/eno1.conf
process 12 ptp4l /usr/sbin/ptp4l -f '/etc/linuxptp/eno 2.conf'
mends 'two with one socket' ptp4l-shared-socket
is "$(grep -n uds_address "$root/etc/linuxptp/eno 2.conf")" '2:uds_address /var/run/ptp4l.1' 'in [global], in place of the other one'
done_testing
