# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Which calls work, how wide their window is, what they cost, and how they scale.

hypercall_module() {
	local image=$1 out=$BENCH/module-$1 kver
	mkdir -p "$out"
	cp -u "$LAB_TOP"/tests/bench/hypercall/* "$out/"
	kver=$(cat "$("$LAB_TOP/vm-images/build-image" --print "$image")/kver")
	"$LAB_TOP/vm-images/in-image" "$image" --bind "$out" /src \
		make -s -C "/lib/modules/$kver/build" M=/src W=1 modules >"$out/log" 2>&1 ||
		bail "bench_hypercall does not build for $image: $(tail "$out/log")"
	lab_payload_add "$out/bench_hypercall.ko"
}

bench_reads() {
	local source
	lab_payload_add "$LAB_TOP/tests/bench/guest/bench-reads" "$LAB_TOP/build/tools/exitbench"
	part_start reads
	hypercall_module "$SUITE"
	guest_start g1 "$SUITE" smp=2 >&2
	for source in kvm-clock tsc; do
		clock_load g1
		clock_source g1 "$source"
		clock_syntonize g1
		clock_unload g1
		reads_of "$SUITE" "$source" calls 1
		reads_of "$SUITE" "$source" cost "$READS_COST_ROUNDS"
		reads_of "$SUITE" "$source" rate "$READS_ROUNDS" "$READS_SECONDS"
	done
	guest_stop g1
	part_end
}

# reads_of SUITE CLOCKSOURCE WHAT...
reads_of() {
	local said
	said=$(LAB_TIMEOUT=600 guest g1 bench-reads "${@:3}") || bail "bench-reads $3: $said"
	results "suite=$1" "source=$2" "part=$3" <<<"$said"
}
