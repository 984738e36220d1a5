# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# CPU time of ptpkvm's verbs with all that they start, beside what one types by hand
# without it. A loop of bash's runs on the machine itself, too: how many times slower
# the emulated guest calculates. What it does slower than that, an exit to its host
# or a page fault, counts against the verbs.

# cpu_ms COUNT COMMAND: what bash runs to print the mean
cpu_ms() {
	echo "TIMEFORMAT='%3U %3S'; { time for _ in {1..$1}; do $2; done >/dev/null 2>&1; } 2>&1 |" \
		"awk '{ print (\$1 + \$2) / $1 * 1e3 }'"
}

# tool_round WHAT COUNT COMMAND
tool_round() {
	local said
	said=$(cpu_ms "$2" "$3")
	said=$(LAB_TIMEOUT=300 guest g1 "bash -c ${said@Q}") || bail "tool: $3: $said"
	result round="$round" what="$1" cpu_ms="$said"
}

bench_tool() {
	local round loop='for ((i = 0; i < 200000; i++)); do :; done'
	part_start tool
	guest_start g1 bookworm systemd=1 mem=512 >&2
	clock_load g1
	guest g1 "cp /lab/ptpkvm /usr/bin/ && echo '$REFCLOCK_RECOMMENDED' >/etc/chrony/conf.d/ptpkvm.conf &&
		systemctl restart chrony" || bail 'tool: chrony does not start'
	chrony_selected g1 >&2 || bail 'tool: chronyd does not select the PHC'
	for round in $(seq "$TOOL_ROUNDS"); do
		tool_round check 5 'ptpkvm check'
		tool_round check-by-hand 5 'chronyc -n sources; chronyc -n tracking; systemctl is-active chrony'
		tool_round time 20 'ptpkvm time'
		tool_round time-by-hand 20 'phc_ctl /dev/ptp_kvm get'
		tool_round loop 1 "$loop"
		result round="$round" what=loop-native cpu_ms="$(bash -c "$(cpu_ms 1 "$loop")")"
	done
	guest_stop g1
	part_end
}
