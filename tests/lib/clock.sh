# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What tests of the clock share. Sourced after lab.sh.
#
#     module_for SUITE...            builds the driver for these images' kernels
#     clock_load GUEST               loads it; clock_unload GUEST
#     clock_source GUEST NAME        the guest's clocksource from now on: tsc, kvm-clock …
#     clock_syntonize GUEST          the guest's frequency becomes its host's, or nearly so
#     field KEY                      the value of key=value in a line on standard input
#     sampling_start GUEST…          truth sampled on guests and their host from now on
#     sampling_stop FILE GUEST…      the samples in FILE.host and FILE.GUEST
#     truth GUEST FILE [OPTION…]     trueoffset's line for these samples
#     mutual GUEST OTHER FILE [OPTION…]   the same for OTHER - GUEST
#     chrony_start GUEST REFCLOCK [DIRECTIVE…]   real chronyd with one source
#     chrony_stop GUEST
#     chrony_selected GUEST          waits until chronyd has selected the PHC: seconds, or a failure
#     chronyd_takes GUEST            by which calls of the driver's it reads the clock now: precise, extended, or both
#     await_settled GUEST            waits until its clock has been within 1 us of the PHC for 3 s, or fails after a minute and more
#     loads_and_unloads GUEST TIMES HOTPLUGS   TAP lines: the driver comes and goes, idle and in use
#     precise_agrees GUEST WHAT      TAP lines: PRECISE agrees with the reference
#     pairs_are_exact GUEST SOURCE   TAP lines: what the four ways of reading give
#     ahead HOST                     its clock minus this machine's, in ms, and the uncertainty of that
#     machines_agree DESC HOST OTHER TOLD   TAP line: their clocks do, as far as can be known from this machine, within 5 ms; and
#                                    what is TOLD of it
#     hops DESC NS                   TAP lines: the guests g1 and g2 are, in the median, within NS ns of their host and each other
#     install_ptpkvm GUEST           driver and tool, as make install would have it
#     set_up GUEST…                  TAP lines: the same, and ptpkvm setup, on all at once

CLOCK_DATA=$LAB_TOP/build/data/$LAB_TEST
mkdir -p "$CLOCK_DATA"

# shellcheck disable=SC2034 # for the tests that source this
# The recommended line, and the one that guides have; Documentation/numbers.md has the reasons.
REFCLOCK_RECOMMENDED='refclock PHC /dev/ptp_kvm refid KVM poll -1 dpoll -3 maxsamples 8 offset 0'
# shellcheck disable=SC2034
MAKESTEP='makestep 0.001 -1'
# shellcheck disable=SC2034
REFCLOCK_GUIDES='refclock PHC /dev/ptp_kvm refid KVM poll 3 dpoll -2 offset 0'

module_for() {
	local image log=$LAB_TOP/build/logs/build
	mkdir -p "$LAB_TOP/build/logs"
	for image; do
		"$LAB_TOP/tests/build-module" "$image" >"$log-$image.log" 2>&1 ||
			bail "the driver does not build for $image: $(tail "$log-$image.log")"
	done
}

clock_load() {
	guest "$1" 'modprobe ptp && insmod /lab/ptp_kvm.ko && udevadm settle && test -c /dev/ptp_kvm' ||
		bail "$1: the driver does not load: $(guest "$1" 'dmesg | tail -n 5')"
}

clock_unload() {
	guest "$1" 'rmmod ptp_kvm'
}

clock_source() {
	local got
	got=$(guest "$1" "cd /sys/devices/system/clocksource/clocksource0
		echo $2 >current_clocksource
		cat current_clocksource")
	[[ $got = "$2" ]] || bail "$1: its clocksource is $got, not $2"
}

# A spread over milliseconds is to show the readings, not two clocks that drift
# apart: the drift is measured over a second and given to adjtimex(2).
clock_syntonize() {
	local frequency
	frequency=$(guest "$1" '/lab/phcread --method precise --count 2 --interval-us 1000000 --raw' |
		sed -nE 's/device=[0-9]{6}([0-9]+) .*offset=(-?[0-9]+) .*/\1 \2/p' |
		awk '{ device[NR] = $1; offset[NR] = $2 }
			END { printf "%d", (offset[2] - offset[1]) / (device[2] - device[1]) * 1e6 * 65536 }')
	guest "$1" "busybox adjtimex -f \$((\$(busybox adjtimex | sed -n 's/.*freq.adjust: *//p' |
		cut -d' ' -f1) + $frequency)) >/dev/null" || bail "$1: adjtimex fails"
}

field() {
	sed -nE "s/(^|.* )$1=([^ ]*).*/\2/p"
}

sampling_start() {
	local sample='rm -f /tmp/samples.end
		/lab/clocksample --until-file /tmp/samples.end >/tmp/samples 2>&1 &
		echo $! >/tmp/samples.pid'
	at_once "${LAB_ON[$1]}" "$*" "$sample"
}

# at_once HOST GUESTS COMMAND: on all of them; what each says is in $CLOCK_DATA/said.NAME
at_once() {
	local name jobs=() job failed=0
	on "$1" host "$3" >"$CLOCK_DATA/said.host" &
	jobs+=($!)
	for name in $2; do
		guest "$name" "$3" >"$CLOCK_DATA/said.$name" &
		jobs+=($!)
	done
	for job in "${jobs[@]}"; do
		wait "$job" || failed=1
	done
	return "$failed"
}

sampling_stop() {
	local file=$1 host=${LAB_ON[$2]} name
	shift
	LAB_TIMEOUT=180 at_once "$host" "$*" 'touch /tmp/samples.end
		tail --pid=$(cat /tmp/samples.pid) -f /dev/null
		gzip -c /tmp/samples | base64' || diag 'the samples cannot be had'
	for name in host "$@"; do
		base64 -d "$CLOCK_DATA/said.$name" | gunzip >"$file.$name"
	done
}

# The guest's counter is the host's plus this; DESIGN.md has the reference.
# Scaled counters (guests with another TSC frequency) are not for these tests.
_clock_offset() {
	local offset
	offset=$(guest_tsc_offset "$1") && [[ -n $offset ]] || bail "$1: KVM's debugfs has no tsc-offset"
	echo "${offset%% *}"
}

truth() {
	_clock_offset "$1" >"$2.$1.offset"
	"$LAB_TOP/build/tools/trueoffset" --host "$2.host" --guest "$2.$1" \
		--tsc-offset "$(cat "$2.$1.offset")" "${@:3}"
}

mutual() {
	"$LAB_TOP/build/tools/trueoffset" --host "$3.$1" --guest "$3.$2" \
		--tsc-offset $(($(_clock_offset "$2") - $(_clock_offset "$1"))) "${@:4}"
}

# Directives as arguments: no file, no profile that forbids to read it
chrony_start() {
	local name=$1 arguments=()
	shift
	for directive in "$@" 'bindcmdaddress /run/chrony/chronyd.sock' 'cmdport 323' \
		'pidfile /run/chrony/chronyd.pid'; do
		arguments+=("${directive@Q}")
	done
	guest "$name" "mkdir -p -m 0750 /run/chrony /var/lib/chrony && chown _chrony: /run/chrony /var/lib/chrony
		chronyd ${arguments[*]}" || bail "$name: chronyd does not start"
}

chrony_stop() {
	guest "$1" 'pid=$(cat /run/chrony/chronyd.pid) && kill "$pid" && tail --pid="$pid" -f /dev/null'
}

# chronyc waits, one poll a second, until a source is selected
chrony_selected() {
	local name=$1 began=$EPOCHREALTIME
	LAB_TIMEOUT=150 guest "$name" 'chronyc -h /run/chrony/chronyd.sock waitsync 120 0 0 1 >/dev/null &&
		chronyc -c sources | grep -q "^#,[*],KVM,"' || return
	awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f\n", b - a }'
}

# Counted by the kernel, where chronyd cannot see it
chronyd_takes() {
	guest "$1" 'test -e /sys/kernel/tracing/kprobe_events || mount -t tracefs tracefs /sys/kernel/tracing
		cd /sys/kernel/tracing
		echo "p:precise ptp_kvm:ptp_kvm_getcrosststamp" >kprobe_events &&
			echo "p:extended ptp_kvm:ptp_kvm_gettimex64" >>kprobe_events && echo 1 >events/kprobes/enable || exit
		until awk "{ n += \$2 } END { exit n < 20 }" kprobe_profile; do sleep 0.1; done
		awk "\$2 { print \$1 }" kprobe_profile | sort | tr "\n" " "
		echo 0 >events/kprobes/enable
		echo >kprobe_events'
}

# The system is where the clock is: off at first, or after a step or migration, until chronyd has seen to it. On its way there it
# may pass by: being there once is not enough.
await_settled() {
	LAB_TIMEOUT=150 guest "$1" 'there=
		for i in $(seq 300); do
			# In hundredths of a second, without another program
			read -r now _ </proc/uptime && now=${now%.*}${now#*.}
			if ! /lab/phcread --method precise --count 5 | grep -qE "offset_min=-?[0-9]{1,3} offset_max=-?[0-9]{1,3} "; then
				there=
			elif [ $((now - ${there:=$now})) -ge 300 ]; then
				exit
			fi
			sleep 0.2
		done
		exit 1'
}

# steadiest GUEST METHOD: 200 readings without a pause. Up to three times, or $STEADIEST_TRIES, until all lie within 10
# ns: where the guest's CPU is taken away in the middle of a reading and its kernel corrects its clock then, that is not
# the driver's doing. A reading that fails or is wrong is never tried again.
steadiest() {
	local said _
	for _ in $(seq "${STEADIEST_TRIES:-3}"); do
		said=$(guest "$1" "/lab/phcread --method $2 --count 200 --interval-us 0")
		if [[ $said != *'ok=200 bad=0 '* ]] || (($(field spread <<<"$said") <= 10)); then
			break
		fi
	done
	echo "$said"
}

# DESIGN.md has the reference
precise_agrees() {
	local name=$1 what=$2 file=$CLOCK_DATA/${2// /_} said true_offset
	sampling_start "$name"
	said=$(guest "$name" '/lab/phcread --method precise --count 300 --interval-us 10000')
	sampling_stop "$file" "$name"
	true_offset=$(truth "$name" "$file" | field median)
	note "$what: device - guest by PRECISE $(field offset_median <<<"$said") ns," \
		"host - guest by the reference $((-true_offset)) ns"
	le "$(($(field offset_median <<<"$said") + true_offset))" 500 "$what: PRECISE agrees with the reference, ns"
	le "$((-$(field offset_median <<<"$said") - true_offset))" 500 "$what: on the other side too"
}

# Exact on both clocksources
pairs_are_exact() {
	local name=$1 source=$2 said
	clock_source "$name" "$source"
	clock_syntonize "$name"

	said=$(steadiest "$name" precise)
	note "$source: $said"
	is "$(field ok <<<"$said") $(field bad <<<"$said")" '200 0' "$source: 200 PRECISE readings, none wrong"
	le "$(field spread <<<"$said")" 10 "$source: PRECISE: spread of device - sys_realtime, ns"

	said=$(steadiest "$name" extended)
	note "$source: $said"
	is "$(field ok <<<"$said") $(field bad <<<"$said")" '200 0' "$source: 200 EXTENDED readings, none wrong"
	is "$(field window_max <<<"$said")" 0 "$source: EXTENDED: pre and post are the same instant"
	le "$(field spread <<<"$said")" 10 "$source: EXTENDED: spread of the offset, ns"

	said=$(guest "$name" '/lab/phcread --method offset --count 50')
	note "$source: $said"
	is "$(field ok <<<"$said") $(field bad <<<"$said")" '50 0' "$source: PTP_SYS_OFFSET brackets the device"
	said=$(guest "$name" '/lab/phcread --method gettime --count 50')
	is "$(field ok <<<"$said") $(field bad <<<"$said")" '50 0' "$source: clock_gettime on the PHC is bracketed"

	precise_agrees "$name" "$source"
}

# The guest has two CPUs, and the driver is not loaded
loads_and_unloads() {
	local name=$1 times=$2 hotplugs=$3 said
	LAB_TIMEOUT=300 runs "loaded and unloaded $times times" guest "$name" '
		for i in $(seq '$times'); do
			insmod /lab/ptp_kvm.ko && test -e /sys/class/ptp/ptp0 && rmmod ptp_kvm || exit
		done'

	clock_load "$name"
	runs 'unloaded with the device held open' guest "$name" '
		exec 3</dev/ptp_kvm
		rmmod ptp_kvm && ! test -e /sys/class/ptp/ptp0'
	clock_load "$name"
	said=$(LAB_TIMEOUT=180 guest "$name" '/lab/phcreaders --threads 4 --method precise --until-file /tmp/unloaded >/tmp/readers 2>&1 &
		reader=$!
		udevadm settle
		until test $(ls /proc/$reader/task | wc -l) -ge 5; do :; done
		rmmod ptp_kvm; echo rmmod=$?
		touch /tmp/unloaded
		wait $reader
		tail -n 1 /tmp/readers')
	like "$said" 'rmmod=0' 'unloaded while four threads read'
	like "$said" 'errno=ENODEV' 'who are told that the device is gone'

	clock_load "$name"
	said=$(LAB_TIMEOUT=600 guest "$name" '
		/lab/phcreaders --threads 2 --pin --method precise --until-file /tmp/end >/tmp/readers 2>&1 &
		reader=$!
		for i in $(seq '$hotplugs'); do
			echo 0 >/sys/devices/system/cpu/cpu1/online && echo 1 >/sys/devices/system/cpu/cpu1/online || exit
		done
		touch /tmp/end
		wait $reader; echo "status=$?"
		tail -n 1 /tmp/readers')
	note "$said"
	like "$said" 'status=0' "CPU 1 taken away and brought back $hotplugs times under two readers"
	is "$(field errors <<<"$said") $(field backwards <<<"$said")" '0 0' 'no reading failed or went backwards'
}

# The sharpest of a few looks
ahead() {
	local before at after
	for _ in {1..10}; do
		before=$EPOCHREALTIME
		at=$(on "$1" host 'date +%s.%N')
		after=$EPOCHREALTIME
		echo "$before $at $after"
	done | awk '{
		# without the seconds that all have in common, for the sake of precision
		split($1, a, "."); split($2, b, "."); split($3, c, ".")
		width = (c[1] - a[1]) * 1e3 + (("0." c[2]) - ("0." a[2])) * 1e3
		if (NR == 1 || width < best) {
			best = width
			offset = (b[1] - a[1]) * 1e3 + (("0." b[2]) - ("0." a[2])) * 1e3 - width / 2
		}
	} END { printf "%.3f %.3f\n", offset, best / 2 }'
}

machines_agree() {
	local one other
	read -r -a one < <(ahead "$2")
	read -r -a other < <(ahead "$3")
	note "$1: $2 - $3: ${one[0]} - ${other[0]} ms (± ${one[1]} ± ${other[1]}); $4"
	cmp "$(jq -n "((${one[0]} - ${other[0]} | fabs) - ${one[1]} - ${other[1]} - 5) * 1000 | ceil")" '<=' 0 \
		"$1: $2 and $3 agree, in us beyond what can be known and 5 ms"
}

# A host that is steered by software timestamps of an emulated network changes its frequency all the time: guests can only follow.
hops() {
	local g said data=$CLOCK_DATA/${1// /_} limit=$2
	sampling_start g1 g2
	sleep 5
	sampling_stop "$data" g1 g2
	for g in g1 g2; do
		said=$(truth $g "$data")
		note "$1: $g - host: $said"
		le "$(field median_abs <<<"$said")" "$limit" "$1: $g - host, median, ns"
	done
	said=$(mutual g1 g2 "$data")
	note "$1: g2 - g1: $said"
	le "$(field median_abs <<<"$said")" "$limit" "$1: g2 - g1, median, ns"
}

install_ptpkvm() {
	guest "$1" 'dir=/lib/modules/$(uname -r)/updates
		mkdir -p "$dir" && cp /lab/ptp_kvm.ko "$dir/" && depmod && cp /lab/ptpkvm /usr/bin/ &&
		[ "$(modinfo -n ptp_kvm)" = "$dir/ptp_kvm.ko" ] && sync' || bail "$1: cannot install"
}

set_up() {
	local name status jobs=()
	for name; do
		{ install_ptpkvm "$name" && guest "$name" 'ptpkvm setup'; } >"$CLOCK_DATA/said.$name" 2>&1 &
		jobs+=($!)
	done
	for name; do
		status=0
		wait "${jobs[0]}" || status=$?
		ok "$status" "$name: setup"
		((status == 0)) || diag "$(<"$CLOCK_DATA/said.$name")"
		jobs=("${jobs[@]:1}")
	done
}
