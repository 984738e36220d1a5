# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034
# Stages: whole booted labs, kept in the cache. Sourced by lab.sh; the recipes are in stages.sh.
#
# A stage is a folder ~/.cache/ptp_kvm/stages/NAME-KEY: what each QEMU wrote of itself (the host's has its guests in its
# memory), what its machines started from, and what lab.sh knew. To go on from there is QEMU's migration: the same command
# line, and what had been plugged in as arguments. What is tested is not in it: _lab_deliver puts that in afterwards.
#
# LAB_COLD=1: everything boots, and nothing is kept. So it is without emulation, where it is not known to work.

# KiB that must be left on the disk
STAGE_ROOM=5000000
# A guest that has just booted is up to a second off, as its RTC counts
STAGE_GUEST_OFF_NS=400000000

# The lock of the stage that is made or read; else nothing of it
exec {STAGE_LOCK}</dev/null
# What lab_stop removes: a stage that is half made, and one that did not come to life
STAGE_WORK='' STAGE_DOUBTED=''

lab_stage() {
	local stage began=$EPOCHREALTIME calls key dir
	stage=$(IFS=-; echo "$*")
	[[ -z $LAB_DIR ]] || bail 'lab: a stage is what a lab begins with'
	declare -F "stage_$1" >/dev/null || bail "lab: there is no stage $1"
	if ! _lab_stage_possible; then
		"stage_$1" "${@:2}"
		return
	fi
	calls=$(_lab_stage_calls "$@")
	_lab_stage_images "$calls"
	key=$(_lab_stage_key "$calls") || bail "lab: no key for the stage $stage"
	dir=$STAGE_CACHE/$stage-$key
	exec {STAGE_LOCK}<&-
	exec {STAGE_LOCK}>"$STAGE_CACHE/.$stage.lock" || bail "lab: no lock for the stage $stage"
	_lab_stage_lock -s "$stage"
	if ! _lab_stage_fits "$dir"; then
		flock -u "$STAGE_LOCK"
		_lab_stage_lock -x "$stage"
	fi
	if _lab_stage_fits "$dir"; then
		STAGE_DOUBTED=$dir
		_lab_restore "$dir"
		_lab_took restore "$(_lab_since "$began")" "$stage"
		note "lab: stage $stage: restored in $(_lab_since "$began") s"
	else
		LAB_STAGING=yes
		"stage_$1" "${@:2}"
		LAB_STAGING=
		_lab_save "$stage" "$dir"
	fi
	exec {STAGE_LOCK}>&-
	exec {STAGE_LOCK}</dev/null
	_lab_wake
	STAGE_DOUBTED=
}

# _lab_stage_lock -s|-x STAGE: the longest that another test makes one, and more
_lab_stage_lock() {
	flock -w 1800 "$1" "$STAGE_LOCK" || bail "lab: somebody else makes the stage $2 for half an hour: $STAGE_CACHE/.$2.lock"
}

# At the end of a lab. A stage from which no machine came to life is not kept for the next test, unless somebody reads it.
_lab_stage_forget() {
	local lock
	[[ -z $STAGE_WORK ]] || rm -rf "$STAGE_WORK"
	if [[ -n $STAGE_DOUBTED && $1 != 130 && $1 != 143 ]]; then
		exec {lock}>"$STAGE_CACHE/.$(basename "${STAGE_DOUBTED%-*}").lock"
		! flock -n "$lock" || rm -rf "$STAGE_DOUBTED"
		exec {lock}>&-
	fi
	STAGE_WORK='' STAGE_DOUBTED=''
}

STAGE_CACHE=${PTPKVM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ptp_kvm}/stages

_lab_stage_possible() {
	[[ -z ${LAB_COLD-}${DIRECT-} && $("$LAB_TOP/vm-images/run-vm" --which) = tcg ]] &&
		mkdir -p "$STAGE_CACHE" 2>/dev/null && [[ -w $STAGE_CACHE ]]
}

# _lab_stage_calls NAME ARG...: what the recipe does, a line each. Nothing is done.
# shellcheck disable=SC2317 # by the recipe
_lab_stage_calls() (
	lab_start() { echo "on $LAB_HOST: lab_start ${*@Q}" >&3; }
	guest_start() { echo "on $LAB_HOST: guest_start ${*@Q}" >&3; }
	host() { echo "on $LAB_HOST: host ${*@Q}" >&3; }
	guest() { echo "guest ${*@Q}" >&3; }
	on() { local LAB_HOST=$1; "${@:2}"; }
	"stage_$1" "${@:2}" 3>&1 >/dev/null
)

# _lab_stage_images CALLS: what it needs is made before anything is locked. Sets images and kernels.
_lab_stage_images() {
	local image
	mapfile -t STAGE_KERNELS < <(grep -oE "'kernel=[^']*'" <<<"$1" | sed "s/'kernel=\(.*\)'/\1/" | sort -u)
	mapfile -t STAGE_IMAGES < <({
		sed -nE "s/.*: guest_start '[^']*' '([^']*)'.*/\1/p" <<<"$1"
		sed -nE "s/.*: lab_start.*'image=([^']*)'.*/\1/p; t; s/.*: lab_start.*/host/p" <<<"$1"
	} | sort -u)
	for image in "${STAGE_IMAGES[@]}"; do
		_lab_image "$image" >/dev/null
	done
}

# A machine reads its image again and again: it has to be the same file, byte by byte
_lab_stage_key() (
	set -o pipefail
	{
		echo "$1"
		for name in "${STAGE_IMAGES[@]}"; do
			dir=$(_lab_image "$name") && stat -c '%n %s %y' "$dir/root.sqfs" || return
		done
		for name in "${STAGE_KERNELS[@]}"; do
			dir=$(_lab_kernel "$name") && stat -c '%n %s %y' "$dir/vmlinux" || return
		done
		if [[ -n ${STOCK_QEMU-} ]]; then
			qemu-system-x86_64 --version
		else
			for name in "${STAGE_IMAGES[@]}"; do
				"$LAB_TOP/vm-images/fetch-qemu" "$(_lab_arch_of_image "$name")" || return
			done
		fi || return
		sed -n '/^model name/{p;q}' /proc/cpuinfo
		_lab_stage_programs || return
		cd "$LAB_TOP" && find vm-images/{run-vm,make-initrd,images.conf,guest,ready/start} tests/lib/{lab,snapshot}.sh \
			-type f -print0 | sort -z | xargs -0 sha256sum
	} | sha256sum | cut -c1-12
)

# As they are built, and not what they may once be built from; wherever that was
_lab_stage_programs() {
	local dir file status=0
	dir=$(mktemp -d) || return
	for file in agent kvmkeep qmp; do
		objcopy -S -R .note.gnu.build-id "$LAB_TOP/build/tools/$file" "$dir/$file" || status=1
	done
	(cd "$dir" && sha256sum -- *) || status=1
	rm -rf "$dir"
	return "$status"
}

# _lab_stage_fits DIR: it is there, and this machine's TSC runs as it did
_lab_stage_fits() {
	local khz was
	[[ -d $1 ]] || return
	khz=$(_lab_tsc_khz) was=$(cat "$1/tsc_khz")
	(((khz > was ? khz - was : was - khz) < was / 1000))
}

_lab_tsc_khz() {
	"$LAB_TOP/build/tools/lab" . tsc
}

# _lab_qmp_of NAME QMP-ARGUMENT...
_lab_qmp_of() {
	"$LAB_TOP/build/tools/qmp" "$LAB_DIR/$1.qmp.sock" "${@:2}" || bail "lab: $1's QEMU refuses: ${*:2}"
}

# What the machines said while they booted is not said again: it is judged now, or nobody would
_lab_booted_silently() {
	local log
	for log in "$LAB_LOGS"/*.console.log; do
		awk -v allowed="$LAB_TOP/tests/lib/splats.allowed" -f "$LAB_TOP/tests/lib/splats.awk" "$log" >/dev/null || return
	done
}

# _lab_save STAGE DIR: whole or not at all; a test does not need it
_lab_save() {
	local stage=$1 dir=$2 began=$EPOCHREALTIME name saved='' _
	if ! _lab_booted_silently; then
		note "lab: stage $stage: not kept, see the consoles"
		return
	fi
	if (($(df --output=avail -k "$STAGE_CACHE" | tail -n 1) < STAGE_ROOM)); then
		note "lab: stage $stage: not kept, there is little room in $STAGE_CACHE"
		return
	fi
	rm -rf "$STAGE_CACHE/.$stage-"??????
	if ! STAGE_WORK=$(mktemp -d "$STAGE_CACHE/.$stage-XXXXXX"); then
		note "lab: stage $stage: not kept"
		return
	fi
	for name in "${LAB_OUTERMOST[@]}"; do
		_lab_call call "$name" settle 'udevadm settle' >/dev/null || bail "lab: $name does not come to rest"
	done
	for _ in {1..10}; do
		! _lab_save_once "$STAGE_WORK" || ! _lab_comes_to_life "$STAGE_WORK" || { saved=yes; break; }
	done
	if [[ -n $saved ]] && rm -rf "$STAGE_CACHE/$stage"-???????????? && mv "$STAGE_WORK" "$dir"; then
		_lab_took save "$(_lab_since "$began")" "$stage"
		note "lab: stage $stage: saved in $(_lab_since "$began") s, $(du -sh "$dir" | cut -f1)"
	else
		rm -rf "$STAGE_WORK"
		note "lab: stage $stage: not kept, ten times it could not be written or not be restored: $STAGE_CACHE"
	fi
	STAGE_WORK=
}

# All machines stand still meanwhile
_lab_save_once() {
	local name status=0
	rm -rf "${1:?}"/*
	for name in "${LAB_OUTERMOST[@]}"; do
		_lab_qmp_of "$name" stop >/dev/null
	done
	_lab_save_all "$1" || status=$?
	for name in "${LAB_OUTERMOST[@]}"; do
		_lab_qmp_of "$name" cont >/dev/null
	done
	return "$status"
}

# _lab_comes_to_life DIR: it can be restored. Not always: where a CPU was stopped inside a guest, QEMU refuses to go on from there
# ("vCPU set in guest-mode"), since it asks for KVM's own state of that, even where it emulates.
_lab_comes_to_life() (
	mkdir -p "$LAB_DIR/trial"
	LAB_LOGS=$LAB_DIR/trial LAB_DIR='' LAB_LABS=0 LAB_PIDS=() STAGE_WORK='' STAGE_DOUBTED=''
	{
		_lab_restore "$1"
		lab_stop
	} >"$LAB_LOGS/said" 2>&1
)

# On the disk before it has its name
_lab_save_all() {
	local work=$1 name
	for name in "${LAB_OUTERMOST[@]}"; do
		_lab_save_machine "$name" "$work/$name" || return
	done
	for name in "${!LAB_HOSTS[@]}" "${!LAB_ON[@]}"; do
		mkdir -p "$work/$name" && cp -P "$LAB_DIR/$name"/{kernel,initrd} "$work/$name/" || return
	done
	(set -o pipefail && declare -p LAB_SERIAL LAB_PORTS LAB_DISKS LAB_NET LAB_SUITE LAB_OPTIONS LAB_LAUNCH LAB_SYSTEMD LAB_HOSTS LAB_ON \
		LAB_RUN LAB_MODULE LAB_TOOLS LAB_ARCH LAB_SLOTS LAB_OUTERMOST LAB_RUN_VM LAB_PLUGGED |
		sed "s,$LAB_LOGS,@LOGS@,g; s,$LAB_DIR,@DIR@,g" >"$work/known") &&
		_lab_tsc_khz >"$work/tsc_khz" && chmod 755 "$work" && sync -f "$work"
}

_lab_save_machine() {
	local name=$1 to=$2 qmp=("$LAB_TOP/build/tools/qmp" "$LAB_DIR/$1.qmp.sock")
	mkdir "$to" &&
		{ [[ ! -e $LAB_DIR/$name/disk ]] || cp --sparse=always "$LAB_DIR/$name/disk" "$to/"; } &&
		"${qmp[@]}" migrate-set-parameters '{"max-bandwidth": 100000000000}' >/dev/null &&
		"${qmp[@]}" --migrate "file:$to/state" >/dev/null
}

# _lab_restore DIR
_lab_restore() {
	local dir=$1 name plugged known guest
	_lab_begin
	known=$(sed "s,^declare -,declare -g -,; s,@LOGS@,$LAB_LOGS,g; s,@DIR@,$LAB_DIR,g" "$dir/known")
	eval "$known"
	# Not by links: the stage may be replaced before a machine starts again, or goes on elsewhere
	for name in "${!LAB_HOSTS[@]}" "${!LAB_ON[@]}"; do
		mkdir -p "$LAB_DIR/$name"
		cp -P "$dir/$name"/{kernel,initrd} "$LAB_DIR/$name/" || bail "lab: the stage has nothing for $name to start from: $dir"
	done
	for name in "${LAB_OUTERMOST[@]}"; do
		[[ ! -e $dir/$name/disk ]] || cp --sparse=always "$dir/$name/disk" "$LAB_DIR/$name/"
		eval "plugged=(${LAB_PLUGGED[$name]})"
		_lab_start_qemu "$name" "${plugged[@]}" -incoming defer
		# It waits for these: a guest's QEMU would not see one come back
		for guest in "${!LAB_ON[@]}"; do
			[[ $guest = "$name" || $(_lab_outermost_of "$guest") != "$name" ]] || _lab_open "$guest" "$LAB_DIR/$guest.sock"
		done
		_lab_qmp_of "$name" --incoming "file:$dir/$name/state" >/dev/null
	done
	for name in "${LAB_OUTERMOST[@]}"; do
		_lab_qmp_of "$name" cont >/dev/null
	done
}

# _lab_outermost_of NAME: the machine here whose memory it is in
_lab_outermost_of() {
	local name=$1
	while [[ -n ${LAB_ON[$name]-} ]]; do
		name=${LAB_ON[$name]}
	done
	echo "$name"
}

# After the rest: the time, fresh random numbers, and what is tested
_lab_wake() {
	local name off began=$EPOCHREALTIME
	for name in "${!LAB_HOSTS[@]}" "${!LAB_ON[@]}"; do
		off=$STAGE_GUEST_OFF_NS
		[[ -z ${LAB_HOSTS[$name]-} && " ${LAB_ON[*]} " != *" $name "* ]] || off=0
		LAB_TIMEOUT=60 _lab_call set "$name" 'set its clock' "$off" || bail "lab: the clock of $name cannot be set"
	done
	_lab_deliver "${!LAB_HOSTS[@]}" "${!LAB_ON[@]}"
	_lab_took wake "$(_lab_since "$began")" "${!LAB_HOSTS[*]} ${!LAB_ON[*]}"
}
