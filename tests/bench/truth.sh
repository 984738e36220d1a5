# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The true offset that real chronyd holds, by the reference that is independent
# of driver and chronyd (tests/tools/trueoffset.c).

# steered RUN-NAME GUEST STEPS COMMAND KEY=VALUE...: runs COMMAND, which starts
# chronyd, in a guest with a fresh clock; then the host's clock is stepped
steered() {
	local data=$CLOCK_DATA/$1 name=$2 steps=$3 command=$4 line step
	shift 4
	clock_forget "$name"
	record_host
	record_guest "$name" "$command" || bail "$name: chronyd does not start"
	sleep "$TRUTH_SECONDS"
	record_end "$data" "$name"
	line=$(judge "$name" "$data" --from "$TRUTH_FROM") || bail "no truth: $data"
	for step in $steps; do
		host_step "$data$step" "$step" "$name"
		line+=" step$step=$(followed "$name" "$data$step")"
	done
	guest "$name" 'chronyc -h /run/chrony/chronyd.sock -c sources; chronyc -c tracking' >"$data.chronyc" || true
	chrony_stop "$name"
	# shellcheck disable=SC2086 # words
	result "$@" $line
}

# host_step DATA-PREFIX SECONDS GUEST...: the host's clock is stepped under running chronyds
host_step() {
	local name
	record_host
	for name in "${@:3}"; do
		record_guest "$name" true
	done
	sleep 1
	host "date -s '$2 seconds' >/dev/null"
	sleep "$STEP_SECONDS"
	record_end "$1" "${@:3}"
}

# followed GUEST DATA-PREFIX: after so many seconds, or never
followed() {
	judge "$1" "$2" --after-host-step | field settle_after_step
}

bench_truth() {
	local ppm source driver
	part_start truth
	guest_start g1 "$SUITE" >&2
	for ppm in $TRUTH_PPM; do
		host_frequency "$ppm"
		for source in tsc kvm-clock; do
			clock_source g1 "$source"
			for driver in ours in-tree; do
				driver_load g1 "$driver"
				steered "$driver-$source-$ppm" g1 '+5 -5' \
					"$(chronyd_command "$REFCLOCK_RECOMMENDED" "$MAKESTEP")" \
					suite="$SUITE" driver="$driver" source="$source" host_ppm="$ppm"
			done
		done
	done
	guest_stop g1
	part_end
}

NTP_LINE='server 192.168.77.1 iburst xleave minpoll 0 maxpoll 0'

# -x: chronyd in the host serves its clock and does not touch it
bench_ntp() {
	local ppm source
	part_start ntp
	guest_start g1 bookworm net=1 >&2
	driver_load g1 ours	# not for chronyd: to set the clock wrong by
	host "$(chronyd_command 'local stratum 8' 'allow 192.168.77.0/24') -x" ||
		bail 'the host: chronyd does not start'
	for ppm in ${TRUTH_PPM##* }; do
		host_frequency "$ppm"
		for source in tsc kvm-clock; do
			clock_source g1 "$source"
			steered "$source-$ppm" g1 '' "$(chronyd_command "$NTP_LINE" 'makestep 1 -1')" \
				suite=bookworm driver=ntp source="$source" host_ppm="$ppm"
		done
	done
	guest_stop g1
	part_end
}
