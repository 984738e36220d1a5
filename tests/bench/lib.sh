# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the parts of the benchmark share. Sourced by run, after clock.sh.

BENCH=$LAB_TOP/build/bench

# part_start NAME [LAB-OPTION...]: a host of its own, and a fresh file for the results
part_start() {
	PART=$1
	LAB_LOGS=$LAB_TOP/build/logs/bench-$PART
	CLOCK_DATA=$BENCH/$PART
	rm -rf "$CLOCK_DATA"
	mkdir -p "$CLOCK_DATA"
	: >"$BENCH/$PART.jsonl"
	PART_BEGAN=$SECONDS
	# Somebody else on the machine? Then the numbers are not worth much.
	PART_LOAD=$(cut -d' ' -f1 /proc/loadavg)
	say "$PART: starting"
	lab_start "${@:2}" >&2
}

part_end() {
	lab_check_consoles >&2
	((TAP_FAILED == 0)) || bail "$PART: the consoles are not clean, so nothing was measured"
	lab_stop
	jq -nc --arg part "$PART" --argjson seconds "$((SECONDS - PART_BEGAN))" \
		--arg options "${BENCH_OPTIONS[*]}" --arg ended "$(date -u +%FT%TZ)" \
		--arg load "$PART_LOAD" --arg cpu "$(sed -n '0,/^model name/s/^model name.*: //p' /proc/cpuinfo)" \
		--arg accelerator "$(sed -n 's/^run-vm: host: accelerator //p' "$LAB_LOGS/host.qemu.log")" \
		--arg commit "$(git -C "$LAB_TOP" describe --always --dirty 2>/dev/null || true)" \
		'$ARGS.named' >>"$BENCH/meta.jsonl"
	say "$PART: $((SECONDS - PART_BEGAN)) s"
}

say() {
	printf '\nbench: %s\n' "$*" >&2
}

# result KEY=VALUE...: one measurement; numbers become numbers
result() {
	jq -nc '$ARGS.positional
		| map(capture("^(?<key>[^=]+)=(?<value>.*)$")
			| .value as $text | .value = (try ($text | tonumber) catch $text))
		| from_entries' --args "$@" >>"$BENCH/$PART.jsonl"
	echo "bench: $*" >&2
}

# results WORD...: each line on standard input a measurement, these words before it
results() {
	local line words
	while IFS= read -r line; do
		read -r -a words <<<"$line"
		((${#words[@]} == 0)) || result "$@" "${words[@]}"
	done
}

# driver_load GUEST ours|in-tree
driver_load() {
	guest "$1" 'rmmod ptp_kvm 2>/dev/null; true'
	case $2 in
	ours) clock_load "$1" ;;
	in-tree) guest "$1" 'modprobe ptp_kvm && udevadm settle && test -c /dev/ptp_kvm' ||
		bail "$1: the in-tree driver does not load" ;;
	esac
}

# --- true offset ---

# host_frequency PPM: how far the host's clock is off its usual rate
host_frequency() {
	host "busybox adjtimex -o 0 -t 10000 -f $(($1 * 65536)) >/dev/null" ||
		bail 'the host: adjtimex fails'
}

# Seconds that a guest is off which has just booted (its RTC counts whole ones)
START_OFF=0.4

# What an earlier run has taught this clock is forgotten: it runs at its own
# rate, and is as far off as guests are here that have just booted.
clock_forget() {
	local name=$1 off
	off=$(guest "$name" '/lab/phcread --method gettime' | field offset_median)
	guest "$name" "busybox adjtimex -o 0 -t 10000 -f 0 >/dev/null
		date -s '$(awk "BEGIN { printf \"%.6f\", $off / 1e9 + $START_OFF }") seconds' >/dev/null" ||
		bail "$name: cannot set its clock"
}

record_host() {
	host 'rm -f /tmp/samples.end
		/lab/clocksample --until-file /tmp/samples.end >/tmp/samples 2>&1 &
		echo $! >/tmp/samples.pid'
}

# record_guest NAME [CMD...]: the first sample is taken just before CMD
record_guest() {
	local name=$1
	shift
	guest "$name" "rm -f /tmp/samples.end
		/lab/clocksample --until-file /tmp/samples.end >/tmp/samples 2>&1 &
		echo \$! >/tmp/samples.pid
		sleep 0.05
		$*"
}

# record_end DATA-PREFIX GUEST...: in PREFIX.host and PREFIX.GUEST
record_end() {
	local data=$1 name
	for name in "${@:2}" host; do
		record_fetch "$name" touch /tmp/samples.end
	done
	for name in "${@:2}" host; do
		record_fetch "$name" 'tail --pid=$(cat /tmp/samples.pid) -f /dev/null
			gzip -c /tmp/samples | base64' | base64 -d | gunzip >"$data.$name"
	done
}

record_fetch() {
	local on=(guest "$1")
	[[ $1 != host ]] || on=(host)
	LAB_TIMEOUT=180 "${on[@]}" "${@:2}"
}

# judge GUEST DATA-PREFIX [OPTION...]: trueoffset's line
judge() {
	local offset
	offset=$(guest_tsc_offset "$1") || bail "$1: KVM's debugfs has no tsc-offset"
	echo "$offset" >"$2.$1.tsc-offset"
	"$LAB_TOP/build/tools/trueoffset" --host "$2.host" --guest "$2.$1" \
		--tsc-offset "${offset%% *}" "${@:3}"
}

# chronyd_command DIRECTIVE...: a command line for a guest
chronyd_command() {
	local arguments=("$@" 'bindcmdaddress /run/chrony/chronyd.sock' 'cmdport 323'
		'pidfile /run/chrony/chronyd.pid')
	echo "mkdir -p -m 0750 /run/chrony /var/lib/chrony && chown _chrony: /run/chrony /var/lib/chrony
		chronyd ${arguments[*]@Q}"
}
