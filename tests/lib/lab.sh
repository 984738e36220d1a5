# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The nested lab, for tests in bash: a host machine under emulation (or KVM)
# and guests on the host's own KVM. Sourced after tap.sh. See vm-images/README.md.
#
#     lab_stage NAME [ARG...]    the machines of a stage (stages.sh), all booted: from the cache within seconds, else
#                by its recipe, and then kept there. From then on all is as if lab_start and guest_start had been called
#     lab_payload_add FILE...    also put into /lab of the machines started from now on
#     lab_start [image=host] [smp=2] [mem=3072] [cpu=] [append=] [kernel=FILE [modules=DIR]] [name=host]
#                image=host-arm64, host-riscv64: of that architecture, and so are its guests
#                [link=listen] and then, on another one, [link=connect]: a network between those two
#                [nics=MODEL...]  network cards of these models of QEMU's, on PCI Express: then no guest can be started,
#                but with machine=pc, where cards have no virtual functions
#                [iommu=1]  with nics=, and not on pc: VFs can be given to vfio-pci
#                [instructions=1]  emulated, slow, and with a TSC that counts the instructions executed
#     on HOST CMD...             of several hosts, that one is meant by what follows: `on other guest_start
#         g1 bookworm`, `on other host date`. Without it the host is the one named host. HOST may be
#         a guest of the image host, too, which then runs guests on its own KVM; they end before it.
#     guest_start NAME SUITE [smp=1] [mem=320] [cpu=] [append=] [net=1] [kernel=FILE [modules=DIR]]
#                 kernel=NAME is one of host-patch/build: patched-6.12, stock-6.12, debug-6.12 …, or of
#         vm-images/debian-kernel: debian-6.18
#                 [systemd=1]    systemd is process 1 (SUITE: bookworm, trixie, sid), and the
#         guest's disk lasts, but for /lab; else the agent is, and all is in memory. Back when
#         the agent answers, after basic.target: `systemctl is-system-running --wait` if it matters.
#                 [disk=FILE]    with systemd=1: that disk is this file, made if it is not there, and outlives the guest:
#         another one of SUITE, anywhere, goes on from it. A kernel=FILE has to be installed there, if it was there before
#                 [bare=1 [nics=MODEL...] [data=FILE]]  a machine of its own beside any host: it has no KVM clock, and may
#         have network cards as a host may, and a disk to read from, /dev/disk/by-id/virtio-data
#                 [tools=NAMES]  of build/tools only these: where each byte costs, that is on a guest
#                 [migratable=1] its invariant TSC gets a frequency by number, as KVM wants it for migration
#     guest_migrate NAME [HOST]  the running guest goes on in another QEMU, on HOST or where it is. In
#         LAB_MIGRATION "seconds= total_ms= downtime_ms=": from outside until it answers, and QEMU's own
#     host CMD... ; guest NAME CMD...      as over ssh: joined by spaces, run by sh as root.
#         Prints the output (both streams), returns the status; 124 after LAB_TIMEOUT
#         (60 s) and 125 if the machine is gone, each with a message. Commands to
#         one machine run one at a time; what they leave in the background goes on.
#     host_put FILE PATH ; guest_put NAME FILE PATH
#     guest_stop NAME            an orderly end; guest_kill NAME pulls the plug
#     guest_reboot NAME          with systemd=1: as `systemctl reboot`, back when the agent answers
#     guest_power_cut NAME       the same after pulling the plug: what wasn't synced is lost
#     guest_tsc_offset NAME [VCPU]    from KVM's debugfs: "OFFSET [SCALING-RATIO]"
#     guest_pid NAME ; guest_address NAME
#     lab_check_consoles         a TAP line: no kernel splats, but for splats.allowed
#     lab_console_speaks NAME    a TAP line: what its kernel says comes into its log, after a restore, too
#     lab_stop                   also done at the end, whatever happens
#
# DIRECT=1: no host machine, guests on the machine's own KVM, `host` runs on the machine.

LAB_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
LAB_TEST=$(basename "${0%.t}")
LAB_LOGS=$LAB_TOP/build/logs/$LAB_TEST
LAB_BOOT_TIMEOUT=${LAB_BOOT_TIMEOUT:-180}
LAB_FIRST_WORD_TIMEOUT=${LAB_FIRST_WORD_TIMEOUT:-60}
LAB_DISK_SIZE=512M
# Each character on a nested console takes long; systemd's program for the BPF LSM, 2 s
LAB_SYSTEMD_APPEND="systemd.show_status=error systemd.log_color=0 TERM=dumb \
lsm=landlock,lockdown,yama,integrity,apparmor"
LAB_DIR=
LAB_HOST=host
LAB_PAYLOAD=()
LAB_SERIAL=0
LAB_LABS=0
LAB_SLOTS=0
LAB_MIGRATION=
# Of machines, by name. A guest's LAB_RUN is its QEMU's name in the host LAB_ON: at first its own.
declare -A LAB_PIDS LAB_PORTS LAB_DISKS LAB_NET LAB_SUITE LAB_OPTIONS LAB_LAUNCH LAB_SYSTEMD
declare -A LAB_HOSTS LAB_ON LAB_RUN LAB_MODULE LAB_TOOLS LAB_ARCH
# Of machines whose QEMU runs here, in this order: its run-vm's options, and its own for what was plugged in since
LAB_OUTERMOST=()
declare -A LAB_RUN_VM LAB_PLUGGED
# Machines are booted for a stage: tests' files are put in later
LAB_STAGING=

# shellcheck source=tests/lib/snapshot.sh
. "$LAB_TOP/tests/lib/snapshot.sh"
# shellcheck source=tests/lib/stages.sh
. "$LAB_TOP/tests/lib/stages.sh"

# --- channels ---

# Options to a function: name=value words into variables declared by the caller
_lab_options() {
	local allowed=" $1 " option
	shift
	for option; do
		[[ $option = *=* && $allowed = *" ${option%%=*} "* ]] ||
			bail "lab: unknown option '$option'"
		printf -v "${option%%=*}" %s "${option#*=}"
	done
}

_lab_log() {
	local name=$1
	[[ -n ${LAB_HOSTS[$name]-} ]] || name=guest-$name
	echo "$LAB_LOGS/$name.console.log"
}

# The channels are kept by a program of their own: tests/tools/lab.c
_lab() {
	"$LAB_TOP/build/tools/lab" "$LAB_DIR" "$@"
}

# _lab_open NAME SOCKET [PID]: a channel to NAME; it is gone when process PID is
_lab_open() {
	mkdir -p "$LAB_DIR/$1"
	rm -f "$LAB_DIR/$1/lost"
	_lab open "$@" || bail "lab: no channel to $1"
}

_lab_kill() {
	local pid=${LAB_PIDS[$1]-}
	if [[ -n $pid ]]; then
		kill "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
		unset "LAB_PIDS[$1]"
	fi
}

_lab_obituary() {
	local name=$1 log qemu_log said LAB_HOST=${LAB_ON[$1]-} _
	log=$(_lab_log "$name")
	if _lab_outermost "$name"; then
		qemu_log=$LAB_LOGS/$name.qemu.log
		# The channel closes a moment before QEMU has ended
		for _ in {1..50}; do
			! grep -aq 'QEMU ended' "$qemu_log" || break
			read -r -t 0.1 <> <(:) || true
		done
		said=$(tail -n 3 "$qemu_log")
	else
		qemu_log=$LAB_LOGS/guest-$name.qemu.log
		# What its QEMU said, and the host's KVM. Or is the host gone, too?
		if ! host "cat /run/lab/${LAB_RUN[$name]}.qemu.log; dmesg | tail -n 20" >"$qemu_log" 2>/dev/null &&
			[[ $(_lab state "$LAB_HOST") = gone ]]; then
			diag "lab: with $name has gone its host"
			_lab_obituary "$LAB_HOST"
			return
		fi
		said=$(grep -a 'ended with' "$qemu_log" | tail -n 1 || true)
	fi
	diag "lab: $name's QEMU: $said"
	if grep -aq 'Kernel panic' "$log" 2>/dev/null; then
		diag "lab: $name has ended: $(grep -a -m 1 'Kernel panic' "$log"); see $log"
		return
	fi
	diag "lab: $name has ended; see $log"
	if _lab_emulated && ! grep -aqE 'lab (init|agent): ' "$log" &&
		! grep -aqE 'terminating on signal|status 137' "$qemu_log"; then
		_lab_lost "the emulated $name ended by itself: ${said##*$'\n'}"
	fi
}

# _lab_lost REASON: the emulator's doing, so that tests/run may run the test again. Not where a patched kernel runs: it may be that.
_lab_lost() {
	if [[ " ${LAB_MODULE[*]} " = *' patched-'* || " ${LAB_MODULE[*]} " = *' debug-'* ]]; then
		diag "lab: with a patched kernel that counts as a failure"
	else
		tap_lost "$LAB_LOGS/lost" "$1"
	fi
}

_lab_emulated() {
	grep -qs 'accelerator tcg' "$LAB_LOGS"/*.qemu.log
}

# _lab_call call|put NAME WHAT ARGUMENT...
_lab_call() {
	local verb=$1 name=$2 what=$3 limit=${LAB_TIMEOUT:-60} status=0
	shift 3
	if [[ -e $LAB_DIR/$name/lost ]]; then
		diag "lab: $name has answered nothing any more, and is not asked again; console: $(_lab_log "$name")"
		return 125
	fi
	_lab "$verb" "$name" "$limit" "$@" || status=$?
	if ((status == 125)); then
		case $(_lab state "$name") in
		closed) diag "lab: $name is not running" ;;
		gone) _lab_obituary "$name" ;;
		esac
	elif ((status == 124)); then
		diag "lab: $name: no result after $limit s: $what; console: $(_lab_log "$name")"
		_lab_hung "$name"
	fi
	return "$status"
}

# _lab_hung NAME: after a request that timed out. Has its host hung, as emulated ones
# now and then do, guest and all? A host that answers nothing isn't asked again.
_lab_hung() {
	if [[ $(_lab state "$1") != silent || -n ${DIRECT-} ]]; then
		return
	elif [[ -n ${LAB_ON[$1]-} ]]; then
		LAB_TIMEOUT=15 on "${LAB_ON[$1]}" host true >/dev/null || true
		return
	fi
	diag "lab: $1 answers nothing any more"
	: >"$LAB_DIR/$1/lost"
	! _lab_emulated || _lab_lost "the emulated $1 hung"
}

_lab_await_agent() {
	local name=$1 status=0
	_lab await "$name" "$LAB_BOOT_TIMEOUT" || status=$?
	if ((status == 0)); then
		return
	fi
	diag "$(tail -n 15 "$(_lab_log "$name")" 2>/dev/null || true)"
	if ((status == 124)); then
		_lab_hung "$name"
		bail "lab: $name is not up after $LAB_BOOT_TIMEOUT s; see $(_lab_log "$name")"
	fi
	_lab_obituary "$name"
	bail "lab: $name ended while booting; see $(_lab_log "$name")"
}

on() {
	[[ -n ${LAB_HOSTS[$1]-}${LAB_ON[$1]-} ]] || bail "lab: there is no host '$1'"
	[[ -z ${DIRECT-} || $1 = host ]] || bail "lab: on $1: needs a host machine (DIRECT=1)"
	local LAB_HOST=$1
	"${@:2}"
}

host() {
	if [[ -n ${DIRECT-} ]]; then
		local status=0
		timeout -k 5 "${LAB_TIMEOUT:-60}" sh -c "$*" </dev/null 2>&1 || status=$?
		((status != 124)) || diag "lab: the machine: no result after ${LAB_TIMEOUT:-60} s: $*"
		return "$status"
	fi
	_lab_call call "$LAB_HOST" "$*" "$*"
}

guest() {
	_lab_call call "$1" "${*:2}" "${*:2}"
}

host_put() {
	[[ -z ${DIRECT-} ]] || bail 'lab: host_put would change the machine (DIRECT=1)'
	_lab_call put "$LAB_HOST" "put $2" "$1" "$2"
}

guest_put() {
	_lab_call put "$1" "put $3" "$2" "$3"
}

# The host is a guest itself
_lab_nested() {
	[[ -n $LAB_HOST && -n ${LAB_ON[$LAB_HOST]-} ]]
}

# _lab_outermost NAME: its QEMU runs on this machine
_lab_outermost() {
	[[ -n ${DIRECT-} || -z ${LAB_ON[$1]-} ]]
}

# _lab_qmp COMMAND [JSON-ARGUMENTS]: to the host's QEMU
_lab_qmp() {
	local said
	if _lab_nested; then
		said=$(on "${LAB_ON[$LAB_HOST]}" host "qmp /run/lab/${LAB_RUN[$LAB_HOST]}.qmp $1 '${2:-"{}"}'")
	else
		said=$("$LAB_TOP/build/tools/qmp" "$LAB_DIR/$LAB_HOST.qmp.sock" "$1" "${2:-"{}"}")
	fi || bail "lab: $LAB_HOST's QEMU refuses $1 ${2-}: $said"
}

# --- machines ---

lab_payload_add() {
	LAB_PAYLOAD+=("$@")
}

_lab_image() {
	local image=$1
	if [[ -n ${LAB_NO_BUILD-} ]]; then
		"$LAB_TOP/vm-images/build-image" --print "$image"
	else
		"$LAB_TOP/vm-images/build-image" "$image" >&2 &&
			"$LAB_TOP/vm-images/build-image" --print "$image"
	fi || bail "lab: there is no image '$image'"
}

# _lab_kernel NAME: the directory of a kernel that host-patch/build makes, or vm-images/debian-kernel has
_lab_kernel() {
	local build=$LAB_TOP/host-patch/build
	[[ $1 != debian-* ]] || build=$LAB_TOP/vm-images/debian-kernel
	if [[ -z ${LAB_NO_BUILD-} ]]; then
		"$build" "$1" >&2 || return
	fi
	"$build" --print "$1"
}

# _lab_initrd NAME IMAGE-NAME IMAGE-DIR KERNEL MODULES [TOOLS [DISK]]: makes initrd and kernel
# in $LAB_DIR/NAME. KERNEL and MODULES may be empty: then the image's own.
_lab_initrd() {
	local name=$1 suite=$2 image=$3 kernel=$4 modules=$5 disk=${7-} file
	local dir=$LAB_DIR/$name payload=$LAB_DIR/$name/payload options=() arch
	arch=$(_lab_arch_of_image "$suite")
	LAB_ARCH[$name]=$arch
	LAB_TOOLS[$name]='clocksample phcfuzz phcioctl phcread phcreaders ptpkvm'
	# As build-module has it: by the name of the image or of the kernel
	LAB_MODULE[$name]=$suite
	[[ -z $kernel || $kernel = */* ]] || LAB_MODULE[$name]=$kernel
	mkdir -p "$payload"
	if [[ -n $(compgen -G "$image/root/usr/bin/qemu-system-*") ]]; then
		LAB_TOOLS[$name]='clocksample ntpstate pairvcpu ptpkvm ptpkvm-host'
		cp "$LAB_TOP"/vm-images/{run-vm,guest/launch} "$payload/"
		install -D "$LAB_TOP/vm-images/ready/start" "$payload/ready/start"
		for file in $([[ $arch != amd64 ]] || echo kvmkeep) qmp; do
			cp "$(_lab_stripped "$file" "$arch")" "$payload/" || bail "lab: no $file"
		done
	fi
	# What is tested is amd64's alone so far
	[[ $arch = amd64 ]] || LAB_TOOLS[$name]=
	LAB_TOOLS[$name]=${6:-${LAB_TOOLS[$name]}}
	echo "$name" >"$payload/hostname"
	if [[ -n $kernel && $kernel != */* ]]; then
		kernel=$(_lab_kernel "$kernel") || bail "lab: $name: no kernel"
		modules=$kernel/lib/modules/$(cat "$kernel/kver")
		kernel=$kernel/vmlinux
	fi
	if [[ -z $kernel ]]; then
		kernel=$image/vmlinux
		[[ -e $kernel ]] || "$LAB_TOP/vm-images/unpack-kernel" \
			"$image"/root/boot/vmlinu[xz]-"$(cat "$image/kver")" "$kernel" || bail 'lab: no kernel'
		modules=$image/root/lib/modules/$(cat "$image/kver")
	elif [[ -n $modules && ! -e $disk ]]; then
		mkdir -p "$dir/tree/usr/lib/modules"
		cp -a "$modules" "$dir/tree/usr/lib/modules/"
		options+=(--tree "$dir/tree")
	fi
	[[ -f $kernel ]] || bail "lab: no kernel $kernel"
	if [[ -n $modules ]]; then
		options+=(--modules "$modules")
	fi
	if [[ -n ${LAB_SYSTEMD[$name]-} ]]; then
		options+=(--systemd)
	fi
	# A disk's size
	if (($(stat -c %s "$kernel") % 512)); then
		cp "$kernel" "$dir/kernel"
		truncate -s %512 "$dir/kernel"
	else
		ln -sf "$kernel" "$dir/kernel"
	fi
	"$LAB_TOP/vm-images/make-initrd" --agent "$(_lab_stripped agent "$arch")" --busybox "$image/root/bin/busybox" "${options[@]}" \
		--payload "$payload" "$dir/initrd" || bail "lab: no initrd for $name"
}

# _lab_stripped PROGRAM [ARCH]: of build/tools; prints the file. Each byte is copied several times on its way into a guest.
_lab_stripped() {
	local file=$LAB_DIR/stripped/$1 from=$LAB_TOP/build/tools strip=strip
	if [[ ${2-amd64} != amd64 ]]; then
		file=$LAB_DIR/stripped/$2/$1 from=$LAB_TOP/build/tools/$2 strip=$(_lab_triplet "$2")-strip
		mkdir -p "$from"
		flock "$from.lock" make -s -C "$LAB_TOP/tests/tools" OUT="$from" CC="$(_lab_triplet "$2")-gcc" "$from/$1" >&2 ||
			bail "lab: $1 does not build for $2; run: make deps TIER=all"
	fi
	if [[ ! -e $file ]]; then
		mkdir -p "${file%/*}"
		"$strip" -o "$file.$BASHPID" "$from/$1" && mv "$file.$BASHPID" "$file" ||
			bail "lab: no $1; run: make tools"
	fi
	echo "$file"
}

_lab_triplet() {
	case $1 in
	arm64) echo aarch64-linux-gnu ;;
	riscv64) echo riscv64-linux-gnu ;;
	esac
}

_lab_arch_of_image() (
	# shellcheck source=vm-images/recipe.sh
	. "$LAB_TOP/vm-images/recipe.sh"
	echo "${IMAGE_ARCH[$1]-amd64}"
)

# _lab_deliver NAME...: what is tested, into /lab of running machines, at once
_lab_deliver() {
	local name jobs=() job
	[[ -z $LAB_STAGING ]] || return 0
	for name; do
		_lab_fill "$name" &
		jobs+=($!)
	done
	for job in "${jobs[@]}"; do
		wait "$job" || bail "lab: the driver and the tools cannot be put into $*"
	done
}

_lab_fill() {
	local name=$1 file
	for file in ${LAB_TOOLS[$name]}; do
		guest_put "$name" "$(_lab_stripped "$file")" "/lab/$file" || return
	done
	file=$LAB_TOP/build/modules/${LAB_MODULE[$name]}/ptp_kvm.ko
	[[ ! -f $file ]] || guest_put "$name" "$file" /lab/ptp_kvm.ko || return
	for file in "${LAB_PAYLOAD[@]}"; do
		guest_put "$name" "$file" "/lab/${file##*/}" || return
	done
}

# _lab_took KIND SECONDS WHAT: for whoever wants to know where the time went
_lab_took() {
	echo "$* $LAB_TEST" | tee -a "$LAB_LOGS/times" >>"${TEST_TIMES:-/dev/null}"
}

# _lab_since EPOCHREALTIME: seconds
_lab_since() {
	awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }'
}

_lab_begin() {
	[[ -z $LAB_DIR ]] || return 0
	[[ $LAB_TOP != *,* ]] || bail "lab: QEMU's options cannot have the comma in $LAB_TOP: move this checkout"
	LAB_DIR=$(mktemp -d "${TMPDIR:-/tmp}/ptpkvm-lab.XXXXXX")
	trap lab_stop EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	_lab_log_folder
	"$LAB_TOP/build/tools/lab" "$LAB_DIR" serve </dev/null >"$LAB_LOGS/channels.log" 2>&1 {STAGE_LOCK}<&- &
	LAB_PIDS[channels]=$!
	until [[ -S $LAB_DIR/lab.socket ]]; do
		kill -0 "${LAB_PIDS[channels]}" 2>/dev/null || bail "lab: no channels: $(cat "$LAB_LOGS/channels.log"); run: make tools"
		read -r -t 0.01 <> <(:) || true
	done
}

# The logs of a test's earlier labs go into numbered folders
_lab_log_folder() {
	mkdir -p "$LAB_LOGS"
	if ((LAB_LABS++ == 0)); then
		rm -rf "$LAB_LOGS"/{*.log,lost,times,[0-9]*}
	else
		mkdir -p "$LAB_LOGS/$((LAB_LABS - 1))"
		mv "$LAB_LOGS"/*.log "$LAB_LOGS/$((LAB_LABS - 1))/"
	fi
}

# _lab_cards MODELS MACHINE: run-vm's options
_lab_cards() {
	[[ -z $1 ]] || echo "--machine ${2:-q35}$(printf ' --nic %s' $1)"
}

# shellcheck disable=SC2120 # tests pass arguments
lab_start() {
	local image=host smp=2 mem=3072 cpu='' append='' kernel='' modules='' name=host instructions='' nics='' link=''
	local machine='' iommu='' dir began=$EPOCHREALTIME LAB_HOST
	_lab_options 'image smp mem cpu append kernel modules name instructions nics link machine iommu' "$@"
	LAB_HOST=$name
	_lab_check_name "$name"
	_lab_begin
	LAB_HOSTS[$name]=yes
	if [[ -n ${DIRECT-} ]]; then
		[[ $name = host ]] || bail 'lab: a second host needs a host machine (DIRECT=1)'
		note 'lab: DIRECT: the host is the machine itself'
		return
	fi
	dir=$(_lab_image "$image")
	_lab_initrd "$name" "$image" "$dir" "$kernel" "$modules"
	# shellcheck disable=SC2046 # words
	_lab_run_vm "$name" --arch "${LAB_ARCH[$name]}" --kvm-host ${instructions:+--count-instructions} --smp "$smp" --mem "$mem" \
		$(_lab_cards "$nics" "$machine") ${iommu:+--iommu} ${link:+--link "$link,$LAB_DIR/link.sock"} --disk "$dir/root.sqfs,root" \
		${append:+--append "$append"} ${cpu:+--cpu "$cpu"}
	_lab_await_agent "$name"
	_lab_host_setup
	_lab_took boot "$(_lab_since "$began")" "$name"
	_lab_deliver "$name"
	note "lab: $name is up: $(host 'uname -r; cat /sys/devices/system/clocksource/*/current_clocksource' |
		tr '\n' ' ')"
}

_lab_host_setup() {
	local said
	said=$(host 'kvm=kvm
		! grep -qw svm /proc/cpuinfo || kvm=kvm-amd
		! grep -qw vmx /proc/cpuinfo || kvm=kvm-intel
		test -e /dev/kvm || modprobe $kvm || exit
		modprobe -a tun bridge || true
		test ! -e /lab/kvmkeep || /lab/kvmkeep') || bail "lab: the KVM of $LAB_HOST is not usable: $said"
}

# _lab_run_vm NAME OPTION...: a QEMU on the machine itself
_lab_run_vm() {
	local name=$1
	[[ " ${LAB_OUTERMOST[*]} " = *" $name "* ]] || LAB_OUTERMOST+=("$name")
	shift
	LAB_RUN_VM[$name]=${*@Q} LAB_PLUGGED[$name]=''
	_lab_start_qemu "$name"
}

# _lab_start_qemu NAME QEMU-ARGUMENT...: by what _lab_run_vm was told
_lab_start_qemu() {
	local name=$1 options
	eval "options=(${LAB_RUN_VM[$name]})"
	: >>"$LAB_LOGS/$name.qemu.log"
	_lab_qemu "$LAB_DIR/$name/pid" --name "$name" --kernel "$LAB_DIR/$name/kernel" \
		--initrd "$LAB_DIR/$name/initrd" --agent "unix:$LAB_DIR/$name.sock" \
		--console "file:$(_lab_log "$name")" --qmp "$LAB_DIR/$name.qmp.sock" "${options[@]}" -- "${@:2}" \
		</dev/null >>"$LAB_LOGS/$name.qemu.log" 2>&1 {STAGE_LOCK}<&- &
	LAB_PIDS[$name]=$!
	_lab_open "$name" "$LAB_DIR/$name.sock" $!
	_lab_await_accel "$name"
}

# _lab_qemu PIDFILE OPTION...: a job of its own, that says how QEMU has ended
_lab_qemu() {
	local pidfile=$1 pid='' status=0 stopped=''
	shift
	trap 'stopped=yes; [[ -z $pid ]] || kill "$pid"' TERM
	"$LAB_TOP/vm-images/run-vm" "$@" &
	pid=$!
	echo "$pid" >"$pidfile"
	wait "$pid" || status=$?
	if [[ -n $stopped ]]; then
		status=0
		wait "$pid" || status=$?
	fi
	echo "QEMU ended with status $status"
}

# Which accelerator, and why, is never left unsaid
_lab_await_accel() {
	local line=''
	while ! line=$(grep -a -m 1 '^run-vm: ' "$LAB_LOGS/$1.qemu.log"); do
		kill -0 "${LAB_PIDS[$1]}" 2>/dev/null || break
		read -r -t 0.02 <> <(:) || true
	done
	note "${line:-$(cat "$LAB_LOGS/$1.qemu.log")}"
}

_lab_check_name() {
	[[ $1 =~ ^[a-z][a-z0-9-]*$ ]] || bail "lab: bad name '$1'"
	[[ -z ${LAB_SUITE[$1]-}${LAB_HOSTS[$1]-} ]] || bail "lab: there is a machine $1 already"
}

guest_start() {
	local name=$1 suite=$2 smp=1 mem=320 cpu='' append='' net='' kernel='' modules='' systemd='' migratable='' tools=''
	local bare='' nics='' disk='' data='' dir
	shift 2
	_lab_options 'smp mem cpu append net kernel modules systemd migratable tools bare nics disk data' "$@"
	if [[ -n $bare ]]; then
		_lab_begin
		local LAB_HOST=
	elif [[ -z $LAB_DIR ]]; then
		bail 'lab: guest_start before lab_start'
	fi
	[[ -z $nics$data || -n $bare ]] || bail 'lab: nics= and data= need bare=1'
	[[ -z $disk || -n $systemd ]] || bail 'lab: disk= needs systemd=1'
	_lab_check_name "$name"
	! _lab_nested || _lab_host_setup
	dir=$(_lab_image "$suite")
	[[ -z $systemd || -e $dir/root/sbin/init || -L $dir/root/sbin/init ]] ||
		bail "lab: there is no systemd in $suite"
	append="$append $(_lab_suite_append "$suite")${systemd:+ $LAB_SYSTEMD_APPEND}"
	[[ -z $migratable ]] || cpu=${cpu:-host,migratable=off},tsc-frequency=$(_lab_tsc_frequency)
	LAB_SUITE[$name]=$suite LAB_SYSTEMD[$name]=$systemd LAB_ON[$name]=$LAB_HOST LAB_RUN[$name]=$name
	_lab_initrd "$name" "$suite" "$dir" "$kernel" "$modules" "$tools" "$disk"
	[[ -z $disk || -e $disk ]] || truncate -s $LAB_DISK_SIZE "$disk" || bail "lab: no disk $disk"
	local options=(--smp "$smp" --mem "$mem" --append "$append" ${cpu:+--cpu "$cpu"})
	LAB_OPTIONS[$name]=${options[*]@Q}
	if _lab_outermost "$name"; then
		[[ -z $net ]] || bail 'lab: net=1 needs a host machine'
		# shellcheck disable=SC2207 # words
		options+=($(_lab_cards "$nics" '') --disk "$dir/root.sqfs,root" ${data:+--disk "$data,data"})
		if [[ -n $systemd && -z $disk ]]; then
			disk=$LAB_DIR/$name/disk
			truncate -s $LAB_DISK_SIZE "$disk"
		fi
		[[ -z $disk ]] || options+=(--disk "$disk,disk,rw")
		LAB_LAUNCH[$name]=${options[*]@Q}
	else
		_lab_supply "$name" "$name" "$dir" "$net" "$disk"
	fi
	_lab_launch "$name"
}

# In Hz, as KVM there has it within the 250 ppm that it tolerates
_lab_tsc_frequency() {
	local khz
	khz=$(host "dmesg | sed -nE 's/.*tsc: .* ([0-9]+)[.]([0-9]{3}) MHz.*/\1\2/p' | tail -n 1")
	[[ -n $khz ]] || bail "lab: $LAB_HOST does not say its TSC's frequency"
	echo "${khz}000"
}

# _lab_supply NAME RUN IMAGE-DIR NET DISK: gives the host what the guest's QEMU starts from
_lab_supply() {
	local name=$1 run=$2 dir=$3 net=$4 disk=$5 options
	eval "options=(${LAB_OPTIONS[$name]})"
	LAB_SERIAL=$((LAB_SERIAL + 1))
	# By its own name, as far as it has one outside this lab
	_lab_plug "$run" "$dir/root.sqfs" "$(readlink -f "$LAB_DIR/$name/kernel")" "$disk"
	if [[ -n $net ]]; then
		options+=(--tap "tap$LAB_SERIAL,52:54:00:00:77:$(printf %02x "$LAB_SERIAL")")
		LAB_NET[$name]=192.168.77.$((10 + LAB_SERIAL))
		_lab_tap "tap$LAB_SERIAL" || bail "lab: no network for $name"
	fi
	options+=(--kernel "/run/lab/$run.kernel" --initrd "/run/lab/$run.initrd"
		--disk "/dev/disk/by-id/virtio-lab$LAB_SERIAL,root")
	if [[ -n $disk ]]; then
		options+=(--disk "/dev/disk/by-id/virtio-lab${LAB_SERIAL}d,disk,rw")
	elif [[ -n ${LAB_SYSTEMD[$name]} ]]; then
		host "truncate -s $LAB_DISK_SIZE /run/lab/$run.disk" || bail "lab: no disk for $name"
		options+=(--disk "/run/lab/$run.disk,disk,rw")
	fi
	host "cp /dev/disk/by-id/virtio-lab${LAB_SERIAL}k /run/lab/$run.kernel" &&
		host_put "$LAB_DIR/$name/initrd" "/run/lab/$run.initrd" ||
		bail "lab: cannot give $name what it starts from"
	LAB_LAUNCH[$name]=${options[*]@Q}
}

# The first time or again, with the same disks and devices
_lab_launch() {
	local name=$1 LAB_HOST=${LAB_ON[$1]} try log said began=$EPOCHREALTIME
	if _lab_outermost "$name"; then
		local options accel=${ACCEL-}
		eval "options=(${LAB_LAUNCH[$name]})"
		# Without KVM this would be no test of it: only on request
		[[ -z $LAB_HOST ]] || accel=${accel:-kvm}
		ACCEL=$accel _lab_run_vm "$name" "${options[@]}"
	else
		log=$(_lab_log "$name")
		for try in 1 2 3; do
			said=$(stat -c %s "$log" 2>/dev/null || echo 0)
			host "ACCEL=kvm launch ${LAB_RUN[$name]} ${LAB_LAUNCH[$name]}" || bail "lab: cannot launch $name"
			if ((try == 3)) || _lab_first_word "$name" "$said"; then
				break
			fi
			note "lab: the emulated $name hung before its first word; it starts again"
			_lab_plug_out "$name" || bail "lab: $name survives a power cut"
			_lab again "$name"
		done
	fi
	_lab_await_agent "$name"
	if [[ -n ${LAB_NET[$name]-} ]]; then
		_lab_guest_address "$name" || bail "lab: no network in $name"
	fi
	_lab_took boot "$(_lab_since "$began")" "$name"
	_lab_deliver "$name"
	note "lab: guest $name is up: ${LAB_SUITE[$name]} $(guest "$name" 'uname -r
		cat /sys/devices/system/clocksource/*/current_clocksource' | tr '\n' ' ')"
}

# _lab_first_word NAME SIZE: false if its console, of that size before, stays silent.
# Emulated guests now and then hang there, before anything of ours has run.
_lab_first_word() {
	local name=$1 said=$2 deadline=$((SECONDS + LAB_FIRST_WORD_TIMEOUT)) log
	_lab_emulated || return 0
	log=$(_lab_log "$name")
	while ((SECONDS < deadline)); do
		if _lab await "$name" 1 || (($(stat -c %s "$log" 2>/dev/null || echo 0) > said)); then
			return 0
		fi
	done
	return 1
}

# _lab_restarts NAME: how often its kernel has said that it restarts
_lab_restarts() {
	grep -ac 'reboot: Restarting system' "$(_lab_log "$1")" || true
}

guest_reboot() {
	local name=$1 before
	[[ -n ${LAB_SYSTEMD[$name]-} ]] || bail "lab: guest_reboot: $name was not started with systemd=1"
	before=$(_lab_restarts "$name")
	_lab end "$name" reboot
	_lab await-end "$name" "$LAB_BOOT_TIMEOUT" ||
		bail "lab: $name still runs $LAB_BOOT_TIMEOUT s after systemctl reboot; see $(_lab_log "$name")"
	if (($(_lab_restarts "$name") == before)); then
		_lab_obituary "$name"
		bail "lab: $name has ended instead of rebooting"
	fi
	_lab_again "$name"
}

guest_power_cut() {
	local name=$1
	[[ -n ${LAB_SYSTEMD[$name]-} ]] || bail "lab: guest_power_cut: $name has no disk (systemd=1)"
	[[ $(_lab state "$name") != gone ]] || { _lab_obituary "$name"; bail "lab: $name has ended before"; }
	_lab_plug_out "$name" || bail "lab: $name survives a power cut"
	_lab_again "$name"
}

_lab_again() {
	if _lab_outermost "$1"; then
		_lab close "$1"
		_lab_kill "$1"
	else
		_lab again "$1"
	fi
	_lab_launch "$1"
}

# Arguments that only emulated SVM makes necessary
_lab_suite_append() (
	if [[ -z ${DIRECT-} ]] && _lab_emulated; then
		# shellcheck source=vm-images/recipe.sh
		. "$LAB_TOP/vm-images/recipe.sh"
		echo "${IMAGE_APPEND[$1]-}"
	fi
)

# _lab_plugged QEMU-ARGUMENT...: what it takes to have that from the start
_lab_plugged() {
	_lab_nested || LAB_PLUGGED[$LAB_HOST]+=" ${*@Q}"
}

# _lab_plug_disk ID DRIVER FILE [false]: read-only but for that. A machine with PCI Express has slots for that (run-vm).
_lab_plug_disk() {
	local slot=
	_lab_qmp blockdev-add "{\"driver\":\"raw\",\"node-name\":\"node-$1\",\"read-only\":${4-true},\"file\":
		{\"driver\":\"$2\",\"filename\":\"$3\",\"locking\":\"off\"}}"
	if [[ ${LAB_ARCH[$LAB_HOST]} != amd64 ]]; then
		LAB_SLOTS=$((LAB_SLOTS % 8 + 1))
		slot=slot$LAB_SLOTS
	fi
	_lab_plugged -blockdev "driver=raw,node-name=node-$1,read-only=${4-true},file.driver=$2,file.filename=$3,file.locking=off" \
		-device "virtio-blk-pci,id=$1,drive=node-$1,serial=$1${slot:+,bus=$slot}"
	_lab_qmp device_add "{\"driver\":\"virtio-blk-pci\",\"id\":\"$1\",\"drive\":\"node-$1\",
		\"serial\":\"$1\"${slot:+,\"bus\":\"$slot\"}}"
}

# _lab_plug RUN SQFS KERNEL [DISK]: disks and two ports, plugged into the running host. If
# that is a guest, what its own host has of them goes on to it.
_lab_plug() {
	local run=$1 image=$2 kernel=$3 disk=${4-} n=$LAB_SERIAL socket=$LAB_DIR/$1.sock driver=file agent console
	if _lab_nested; then
		[[ -z $disk ]] || bail "lab: disk=$disk does not go on to the guest of a guest"
		on "${LAB_ON[$LAB_HOST]}" _lab_plug "$run" "$image" "$kernel"
		image=/dev/disk/by-id/virtio-lab$n kernel=${image}k driver=host_device
		agent="{\"type\":\"pipe\",\"data\":{\"device\":\"/dev/virtio-ports/$run\"}}"
		console="{\"type\":\"pipe\",\"data\":{\"device\":\"/dev/virtio-ports/$run.console\"}}"
	else
		agent="{\"type\":\"socket\",\"data\":
			{\"addr\":{\"type\":\"unix\",\"data\":{\"path\":\"$socket\"}},\"server\":true,\"wait\":false}}"
		console="{\"type\":\"file\",\"data\":{\"out\":\"$(_lab_log "${run%@*}")\",\"append\":true}}"
	fi
	_lab_plug_disk "lab$n" "$driver" "$image"
	_lab_plug_disk "lab${n}k" "$driver" "$kernel"
	[[ -z $disk ]] || _lab_plug_disk "lab${n}d" "$driver" "$disk" false
	_lab_plugged -chardev "socket,id=chan$n,path=$socket,server=on,wait=on" \
		-chardev "file,id=cons$n,path=$(_lab_log "${run%@*}"),append=on"
	_lab_qmp chardev-add "{\"id\":\"chan$n\",\"backend\":$agent}"
	_lab_qmp chardev-add "{\"id\":\"cons$n\",\"backend\":$console}"
	_lab_nested || _lab_open "$run" "$socket"
	_lab_plug_port "port$n" "chan$n" "$run"
	_lab_plug_port "cport$n" "cons$n" "$run.console"
	LAB_PORTS[$run]=$n LAB_DISKS[$run]="lab$n lab${n}k ${disk:+lab${n}d}"
	# Debian's kernel for riscv64 has no hotplug for PCI
	[[ ${LAB_ARCH[$LAB_HOST]} != riscv64 ]] || host 'echo 1 >/sys/bus/pci/rescan'
	# shellcheck disable=SC2086 # words
	LAB_TIMEOUT=120 host "udevadm wait --timeout=90 /dev/virtio-ports/$run /dev/virtio-ports/$run.console \
		$(printf '/dev/disk/by-id/virtio-%s ' ${LAB_DISKS[$run]})" || _lab_not_plugged $?
}

# _lab_not_plugged STATUS: 124 after 120 s, though udevadm itself stops waiting after 90? Then a timer of that machine
# never went off: which CPU's no longer do, tells the count of its timer's interrupts.
_lab_not_plugged() {
	if (($1 == 124)); then
		diag "$(host 'grep -E "CPU|LOC" /proc/interrupts; sleep 1; grep LOC /proc/interrupts' || true)"
		if _lab_emulated && [[ -z ${DIRECT-} ]]; then
			_lab_lost "in the emulated $LAB_HOST a timer never went off"
		fi
	fi
	bail "lab: nothing plugged into $LAB_HOST for a guest"
}

# _lab_plug_port ID CHARDEV NAME
_lab_plug_port() {
	_lab_plugged -device "virtserialport,id=$1,bus=serial.0,chardev=$2,name=$3"
	_lab_qmp device_add "{\"driver\":\"virtserialport\",\"id\":\"$1\",\"bus\":\"serial.0\",
		\"chardev\":\"$2\",\"name\":\"$3\"}"
}

_lab_unplug() {
	local run=$1 n=${LAB_PORTS[$1]} disks=${LAB_DISKS[$1]} device
	# Without hotplug for PCI disks stay where they are: there are slots for four guests
	[[ ${LAB_ARCH[$LAB_HOST]} != riscv64 ]] || disks=
	for device in "port$n" "cport$n" $disks; do
		_lab_qmp device_del "{\"id\":\"$device\"}"
	done
	# shellcheck disable=SC2086 # words
	host "udevadm wait --removed --timeout=50 /dev/virtio-ports/$run /dev/virtio-ports/$run.console \
		${disks:+$(printf '/dev/disk/by-id/virtio-%s ' $disks)} || exit
		rm -f /run/lab/$run.*" ||
		diag "lab: $run's devices stay plugged into $LAB_HOST"
	if _lab_nested; then
		on "${LAB_ON[$LAB_HOST]}" _lab_unplug "$run"
	fi
	unset "LAB_PORTS[$run]" "LAB_DISKS[$run]"
}

_lab_tap() {
	host "test -d /sys/class/net/lab0 ||
			{ ip link add lab0 type bridge && ip addr add 192.168.77.1/24 dev lab0 &&
			  ip link set lab0 up; }
		ip tuntap add $1 mode tap && ip link set $1 master lab0 up"
}

_lab_guest_address() {
	guest "$1" 'modprobe -q virtio_net
		udevadm settle --timeout=30
		for net in /sys/class/net/*; do
			test ! -e $net/device || card=${net##*/}
		done
		ip addr add '"${LAB_NET[$1]}"'/24 dev $card && ip link set $card up'
}

guest_address() {
	echo "${LAB_NET[$1]}"
}

guest_pid() {
	if _lab_outermost "$1"; then
		cat "$LAB_DIR/$1/pid"
	else
		on "${LAB_ON[$1]}" host "cat /run/lab/${LAB_RUN[$1]}.pid"
	fi
}

guest_tsc_offset() {
	local pid LAB_HOST=${LAB_ON[$1]}
	pid=$(guest_pid "$1") || return
	host "cd /sys/kernel/debug/kvm/$pid-*/vcpu${2:-0} || exit
		cat tsc-offset tsc-scaling-ratio 2>/dev/null | tr '\n' ' '"
}

_lab_guest_clean() {
	local name=$1
	_lab close "$name"
	if [[ -n ${LAB_PORTS[${LAB_RUN[$name]}]-} ]]; then
		on "${LAB_ON[$name]}" _lab_unplug "${LAB_RUN[$name]}"
	else
		_lab_kill "$name"
	fi
	unset "LAB_NET[$name]" "LAB_SUITE[$name]" "LAB_SYSTEMD[$name]" "LAB_OPTIONS[$name]" "LAB_LAUNCH[$name]" \
		"LAB_ON[$name]" "LAB_RUN[$name]"
}

guest_stop() {
	local name=$1 status=0
	_lab end "$name" poweroff
	# systemd gives its services their time
	if ! _lab await-end "$name" "${LAB_SYSTEMD[$name]:+1}30"; then
		diag "lab: $name does not power off, pulling the plug"
		status=1
		_lab_plug_out "$name" || true
	fi
	_lab_guest_clean "$name"
	return "$status"
}

_lab_plug_out() {
	if [[ $(_lab state "$1") = gone ]]; then
		return
	elif _lab_outermost "$1"; then
		kill -9 "$(guest_pid "$1")" || true
	else
		on "${LAB_ON[$1]}" host "kill -9 \$(cat /run/lab/${LAB_RUN[$1]}.pid)" || true
	fi
	_lab await-end "$1" 30
}

guest_kill() {
	_lab_plug_out "$1" || true
	_lab_guest_clean "$1"
}

guest_migrate() {
	local name=$1 from=${LAB_ON[$1]} to=${2:-${LAB_ON[$1]}} run=${LAB_RUN[$1]} next began said
	[[ -z ${DIRECT-}${LAB_NET[$name]-}${LAB_SYSTEMD[$name]} ]] ||
		bail "lab: guest_migrate: no network or disk moves with $name (net=1, systemd=1, DIRECT=1)"
	next=$name@$((LAB_SERIAL + 1))
	on "$to" _lab_supply "$name" "$next" "$(_lab_image "${LAB_SUITE[$name]}")" '' ''
	_lab_line "$LAB_SERIAL" "$from" "$to"
	on "$to" host "ACCEL=kvm launch $next ${LAB_LAUNCH[$name]} -- -incoming fd:9 9</dev/virtio-ports/in$LAB_SERIAL" ||
		bail "lab: cannot launch $next"
	began=$EPOCHREALTIME
	said=$(LAB_TIMEOUT=180 on "$from" host "qmp /run/lab/$run.qmp --migrate 'exec:cat >/dev/virtio-ports/out$LAB_SERIAL'") ||
		bail "lab: $name does not go from $from to $to: $said"$'\n'"$(on "$to" host "cat /run/lab/$next.qemu.log")"
	on "$from" host "qmp /run/lab/$run.qmp quit" >/dev/null || bail "lab: the QEMU that $name has left refuses to end"
	_lab await-end "$name" 30 || bail "lab: the QEMU that $name has left does not end"
	_lab close "$name"
	_lab rename "$next" "$name"
	LAB_ON[$name]=$to LAB_RUN[$name]=$next
	guest "$name" true || bail "lab: $name does not answer after its migration"
	LAB_MIGRATION="seconds=$(awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.2f", b - a }') $said"
	note "lab: guest $name has gone from $run on $from to $next on $to: $LAB_MIGRATION"
	on "$from" _lab_unplug "$run"
	on "$from" _lab_qmp device_del "{\"id\":\"out$LAB_SERIAL\"}"
	on "$to" _lab_qmp device_del "{\"id\":\"in$LAB_SERIAL\"}"
}

# _lab_line N FROM TO: what is written to port outN of one host is read from port inN of the other, or the same
_lab_line() {
	local address="\"addr\":{\"type\":\"unix\",\"data\":{\"path\":\"$LAB_DIR/line$1\"}}"
	on "$2" _lab_line_end "out$1" "$address,\"server\":true,\"wait\":false"
	on "$3" _lab_line_end "in$1" "$address,\"server\":false"
}

_lab_line_end() {
	_lab_qmp chardev-add "{\"id\":\"$1\",\"backend\":{\"type\":\"socket\",\"data\":{$2}}}"
	_lab_plug_port "$1" "$1" "$1"
	host "udevadm wait --timeout=50 /dev/virtio-ports/$1" || bail "lab: no line to $LAB_HOST"
}

lab_stop() {
	local status=$? name
	trap - EXIT INT TERM HUP
	_lab_stage_forget "$status"
	if [[ -n $LAB_DIR ]]; then
		for name in "${!LAB_PIDS[@]}"; do
			_lab_kill "$name"
		done
		rm -rf "$LAB_DIR"
		LAB_DIR=
		LAB_PORTS=() LAB_DISKS=() LAB_NET=() LAB_SUITE=() LAB_SYSTEMD=() LAB_OPTIONS=() LAB_LAUNCH=()
		LAB_HOSTS=() LAB_ON=() LAB_RUN=() LAB_MODULE=() LAB_TOOLS=() LAB_OUTERMOST=() LAB_RUN_VM=() LAB_PLUGGED=()
	fi
	return "$status"
}

# --- verdicts ---

# Every console must exist, say something only if it must, and hold no splat
lab_check_consoles() {
	local log found status=0 logs=("$LAB_LOGS"/*.console.log)
	for log in "${logs[@]}"; do
		if [[ ! -e $log ]]; then
			diag "there is no console log in $LAB_LOGS"
			status=1
		elif ! found=$(awk -v allowed="$LAB_TOP/tests/lib/splats.allowed" \
			-f "$LAB_TOP/tests/lib/splats.awk" "$log"); then
			diag "$log:"$'\n'"$found"
			status=1
		fi
	done
	ok "$status" "${1:-no kernel splats on the consoles}"
}

lab_console_speaks() {
	local name=$1 word status=1 try on=(guest "$1")
	word=console-$SRANDOM
	[[ -z ${LAB_HOSTS[$name]-} ]] || on=(on "$name" host)
	"${on[@]}" "echo '<4>$word' >/dev/kmsg"
	for try in {1..100}; do
		! grep -aq "$word" "$(_lab_log "$name")" || { status=0; break; }
		read -r -t 0.1 <> <(:) || true
	done
	ok "$status" "the console of $name reaches its log (looked $try times)"
}
