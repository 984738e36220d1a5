# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What a call costs the host: types 0 and 1 on a patched one, type 0 on a stock one with
# the same source and configuration. In instructions, of guest and host together from the
# call to its return: QEMU counts them as its TSC, so that no noise is in the least of many.

# host_cost KERNEL
host_cost() {
	local said
	said=$(LAB_TIMEOUT=600 host "/lab/pairvcpu --probe --count $HOST_CALLS") || bail "pairvcpu: $said"
	results kernel="$1" <<<"$said"
}

bench_host() {
	local ACCEL=tcg
	export ACCEL
	part_start host kernel=stock-6.12 smp=1 instructions=1
	host_cost stock
	lab_check_consoles >&2
	lab_stop
	lab_start kernel=patched-6.12 smp=1 instructions=1 >&2
	host_cost patched
	part_end
}
