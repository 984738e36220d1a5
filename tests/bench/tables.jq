# SPDX-License-Identifier: GPL-2.0-or-later
# results.json as tables: tab-separated lines, an empty line between tables.

def range_of: if . == null then "-" else "\(.median) (\(.min)..\(.max))" end;
def or_dash: if . == null then "-" else tostring end;
def table($head; rows): [rows] | if length == 0 then empty else ($head, .[], []) | map(or_dash) | join("\t") end;
def call: if .works then
	(if has("spread_ns") then "exact, spread \(.spread_ns)" else "window \(.window_median_ns)" end)
	+ (if has("spread_ns") and .window_median_ns > 0 then ", window \(.window_median_ns)" else "" end)
	else .errno end;

table(["CALLS (ns)", "clocksource", "driver", "PRECISE", "EXTENDED", "SYS_OFFSET", "gettime"];
	(.calls, .qemu11.calls)[] | [.suite, .source, .driver, (.precise, .extended, .offset, .gettime | call)]),
table(["COST OF ONE READ", "clocksource", "call", "hypercall, cycles", "ours / hypercall", "in-tree / hypercall", "ours / in-tree", "the same by medians"];
	.cost[] | [.suite, .source, .method, .hypercall_cycles.median, .ours_over_hypercall.median,
		.in_tree_over_hypercall.median, (.ours_over_in_tree | range_of), (.ours_over_in_tree_medians | range_of)]),
table(["READS PER SECOND", "clocksource", "driver", "call", "1 CPU", "2 CPUs", "gain", "exit's gain", "gain / exit's"];
	.rate[] | . as $r | ("gettime", "precise") as $m | select($r[$m].one.median > 0) | $r[$m] as $c |
	[$r.suite, $r.source, $r.driver, $m, $c.one.median, $c.two.median, $c.gain.median, $r.exit.gain.median,
		($c.gain_over_exit | range_of)]),
table(["TRUE OFFSET (ns)", "driver", "clocksource", "host ppm", "median", "p99", "max", "bias", "within 1 us after, s", "5 s step followed, s"];
	(.truth, .ntp, .qemu11.truth)[] | [.suite, .driver, .source, .host_ppm, .median_abs, .p99_abs, .max_abs, .median, .settle_1us, .step_followed]),
(.settings.versions as $v | table(["CHRONY", "refclock options | makestep", "reads/s", "median ns", "p99 ns", "max ns", "within 1 us after, s", "5 s step followed, s"];
	.settings.runs | sort_by([.guest])[] | [$v[.guest], .setting, .reads_per_s, .median_abs, .p99_abs, .max_abs,
		.settle_1us, .step_followed])),
table(["CPU TIME, ms", "emulated", "by hand", "ptpkvm / by hand", "emulated / native", "native"];
	.tool[] | ["ptpkvm \(.verb)", .cpu_ms, .by_hand_ms, .over_by_hand, .emulation, .native_cpu_ms]),
table(["COST TO THE HOST", "type", "instructions of a call", "over stock's type 0"]; .host[] |
	[.kernel, .type, .instructions, .over_stock]),
table(["QEMU 11: DEVICE", "driver", "PHC"]; .qemu11.devices[] | [.device, .driver, .phc]),
table(["TARGET", "bound", "measured", ""];
	.targets[] | [.name, .bound, .value, if .met then "met" else "NOT MET" end])
