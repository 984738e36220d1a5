# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Which refclock options suit a paired clock, on three versions of chrony: a
# guest of each, at once, on the same host, so that they see the same steps.

# refclock options | makestep; BENCH_SETTINGS, such lines, instead
SETTINGS='
poll 3 dpoll -2           | 1 -1
poll 2                    | 1 -1
poll 0 dpoll -2           | 1 -1
poll 0 dpoll -2           | 0.001 -1
poll 0 dpoll 0 filter 1   | 0.001 -1
poll -1 filter 1          | 0.001 -1
poll -1 dpoll -3          | 0.001 -1
poll -2 dpoll -4 filter 4 | 0.001 -1
poll 0 dpoll -2 maxsamples 8 | 0.001 -1
poll -1 dpoll -3 maxsamples 8 | 0.001 -1
'

# How often the guest has called its host, as the host's KVM counts it
hypercalls() {
	host "cat /sys/kernel/debug/kvm/\$(cat /run/lab/$1.pid)-*/hypercalls"
}

bench_settings() {
	local suites suite options makestep
	read -r -a suites <<<"$SETTINGS_SUITES"
	part_start settings
	host_frequency 37
	for suite in "${suites[@]}"; do
		guest_start "$suite" "$suite" >&2
		clock_load "$suite"
		clock_source "$suite" tsc
		result part=version guest="$suite" \
			chrony="$(guest "$suite" 'chronyd --version' | sed -n 's/.*version \([^ ]*\).*/\1/p')"
	done
	while IFS='|' read -r options makestep; do
		[[ -n $options ]] || continue
		read -r options <<<"$options"
		read -r makestep <<<"$makestep"
		setting "$options | $makestep" \
			"$(chronyd_command "refclock PHC /dev/ptp_kvm refid KVM $options offset 0" "makestep $makestep")"
	done <<<"${BENCH_SETTINGS-$SETTINGS}"
	for suite in "${suites[@]}"; do
		guest_stop "$suite"
	done
	part_end
}

# setting NAME COMMAND: one line of the table, on all guests
setting() {
	local data=$CLOCK_DATA/${1//[^a-z0-9.-]/_} suite began seconds step
	local -A calls
	for suite in "${suites[@]}"; do
		clock_forget "$suite"
	done
	record_host
	for suite in "${suites[@]}"; do
		record_guest "$suite" "$2" || bail "$suite: chronyd does not start: $2"
	done
	sleep $((SETTINGS_SECONDS / 2))
	began=$EPOCHREALTIME
	for suite in "${suites[@]}"; do calls[$suite]=$(hypercalls "$suite"); done
	sleep $((SETTINGS_SECONDS / 2))
	for suite in "${suites[@]}"; do calls[$suite]=$(($(hypercalls "$suite") - calls[$suite])); done
	seconds=$(awk "BEGIN { print $EPOCHREALTIME - $began }")
	record_end "$data" "${suites[@]}"
	for step in +5 -5; do
		host_step "$data$step" "$step" "${suites[@]}"
	done
	for suite in "${suites[@]}"; do
		chrony_stop "$suite"
		# shellcheck disable=SC2046 # words
		result part=run guest="$suite" setting="$1" \
			step+5="$(followed "$suite" "$data+5")" step-5="$(followed "$suite" "$data-5")" \
			reads_per_s="$(awk "BEGIN { printf \"%.1f\", ${calls[$suite]} / $seconds }")" \
			$(judge "$suite" "$data" --from "$SETTINGS_FROM")
	done
}
