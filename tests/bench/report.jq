# SPDX-License-Identifier: GPL-2.0-or-later
# The parts' measurements, read as one array with --slurpfile, to one result.

def median: sort | if length == 0 then null
	elif length % 2 == 1 then .[length / 2 | floor]
	else (.[length / 2] + .[length / 2 - 1]) / 2 end;
def round_to($digits): if type == "number" then . * $digits | round / $digits else . end;
# several rounds: median, least and greatest
def spread($digits): map(select(. != null)) | if length == 0 then null else
	{median: median, min: min, max: max, n: length} | map_values(round_to($digits)) end;
def group_on(f): group_by(f) | map({key: (.[0] | f), rows: .});

# Which calls work, the window that the reader is left with, the spread of the exact ones
def calls: map(select(.part == "calls")) | group_on({suite, source, driver}) | map(.key + (
	.rows | map({(.method): (if .errno == "-" then
		{works: true, window_median_ns: .window_median}
		+ (if .method == "precise" or .method == "extended" then {spread_ns: .spread} else {} end)
		else {works: false, errno} end)}) | add));

# Rows of ptpkvm bench --json: one for each of its results
def benched: map(if .bench then (.bench | fromjson) as $b | del(.bench) + ($b.results[] | {method, threads,
	reads_per_s: .calls_per_s, read_p10_cycles: .cycles.p10, read_median_cycles: .cycles.median}) else . end);

# Noise only ever adds cycles: the low decile of each round is what a read
# costs, the median what it cost here. Rounds of both drivers are paired.
def cost: map(select(.part == "cost")) | benched | group_on({suite, source, method}) | map(.key + (
	.rows | map(select(.read_p10_cycles)) |
	(map(select(.driver == "ours"))) as $ours | (map(select(.driver == "in-tree"))) as $theirs |
	{hypercall_cycles: (map(.hypercall_p10_cycles) | spread(1)),
	 ours_over_hypercall: ($ours | map(.read_p10_cycles / .hypercall_p10_cycles) | spread(1000)),
	 in_tree_over_hypercall: ($theirs | map(.read_p10_cycles / .hypercall_p10_cycles) | spread(1000)),
	 ours_over_in_tree: ([range([$ours, $theirs | length] | min) |
		$ours[.].read_p10_cycles / $theirs[.].read_p10_cycles] | spread(1000)),
	 ours_over_in_tree_medians: ([range([$ours, $theirs | length] | min) |
		$ours[.].read_median_cycles / $theirs[.].read_median_cycles] | spread(1000))}));

def per_second($what; $threads): map(select((.method // "exit") == $what and .threads == $threads)
	| .reads_per_s // .exits_per_s)[0];
def gain($what): per_second($what; 1) as $one | per_second($what; 2) as $two
	| if ($one // 0) > 0 and ($two // 0) > 0 then $two / $one else null end;
def rate: map(select(.part == "rate")) | benched | group_on({suite, source, driver}) | map(.key + (
	(.rows | group_by(.round)) as $rounds |
	{exit: {gain: ($rounds | map(gain("exit")) | spread(100))}} + ([("gettime", "precise") as $what | {($what): {
		one: ($rounds | map(per_second($what; 1)) | spread(1)),
		two: ($rounds | map(per_second($what; 2)) | spread(1)),
		gain: ($rounds | map(gain($what)) | spread(100)),
		gain_over_exit: ($rounds | map((gain($what) // empty) / (gain("exit") // empty)) | spread(1000))}}] | add)));

# Of a step forward and one back, the slower; any word (never) is slower than a number
def step_followed: [.["step+5"], .["step-5"]] | map(select(. != null)) | if length == 0 then null
	else sort_by(if type == "number" then . else infinite end) | last end;

def truth: map(.step_followed = step_followed | {suite, driver, source, host_ppm, median_abs, p99_abs, max_abs, median, settle_1us,
	step_followed, n});

# CPU time of a verb over that of the commands it replaces, and on a CPU that isn't emulated: by a loop
# that ran on both
def tool: group_by(.what) | map({(.[0].what): (map(.cpu_ms) | median)}) | add // {} | . as $ms |
	[("check", "time") as $verb | select($ms[$verb]) | {verb: $verb, cpu_ms: $ms[$verb], by_hand_ms: $ms[$verb + "-by-hand"],
		over_by_hand: ($ms[$verb] / $ms[$verb + "-by-hand"]), emulation: ($ms.loop / $ms["loop-native"]),
		native_cpu_ms: ($ms[$verb] / ($ms.loop / $ms["loop-native"]))} | map_values(round_to(100))];

# Instructions from a call to its return: the least, which nothing has interrupted
def host: map({(.kernel): .}) | add // {} | if .stock and .patched then
	.stock.type0_min as $base | [(.stock | {kernel: "stock", type: 0, instructions: .type0_min}),
		(.patched | {kernel: "patched", type: 0, instructions: .type0_min}),
		(.patched | {kernel: "patched", type: 1, instructions: .type1_min})]
	| map(. + {over_stock: (.instructions / $base | round_to(1000))}) else [] end;

# --- targets: worst over everything that was measured ---

def target($name; $bound; $least; $value): {name: $name, bound: $bound, value: $value,
	met: (if ($value | type) != "number" then false
		elif $least then $value >= $bound else $value <= $bound end)};
def at_most($name; $bound; f): [f] | if length == 0 then empty else
	target($name; $bound; false; if all(type == "number") then max else map(select(type != "number"))[0] end) end;
def at_least($name; $bound; f): [f] | if length == 0 then empty else
	target($name; $bound; true; if all(type == "number") then min else map(select(type != "number"))[0] end) end;

# How many times worse than ours another source is, in the same run
def times($rows; $ours): [$rows[] as $r | $ours[] |
	select(.source == $r.source and .host_ppm == $r.host_ppm) | $r.median_abs / .median_abs | floor];

def targets:
	(.truth | map(select(.driver == "ours"))) as $ours |
	(.truth | map(select(.driver == "in-tree" and .source == "tsc"))) as $theirs |
	at_most("window of PRECISE and EXTENDED, ns"; 0;
		.calls[] | select(.driver == "ours") | .precise, .extended | if .works then .window_median_ns else .errno end),
	at_most("one gettime over the in-tree driver's"; 1.05;
		.cost[] | select(.method == "gettime") | .ours_over_in_tree.median),
	at_most("one PRECISE over the in-tree driver's (kvm-clock)"; 1.05;
		.cost[] | select(.method == "precise" and .source == "kvm-clock") | .ours_over_in_tree.median),
	at_most("one PTP_SYS_OFFSET over the in-tree driver's"; 1.05;
		.cost[] | select(.method == "offset") | .ours_over_in_tree.median),
	at_least("2 CPUs, gettime: gain over a bare exit's"; 0.95;
		.rate[] | select(.driver == "ours") | .gettime.gain_over_exit.median),
	at_least("2 CPUs, PRECISE: gain over a bare exit's"; 0.85;
		.rate[] | select(.driver == "ours") | .precise.gain_over_exit.median),
	(("tsc", "kvm-clock") as $source | ($ours | map(select(.source == $source))) as $rows |
		at_most("true offset on \($source), median, ns"; 10; $rows[].median_abs),
		at_most("true offset on \($source), p99, ns"; 30; $rows[].p99_abs),
		at_most("settled within 1 us on \($source), s"; 5; $rows[].settle_1us),
		at_most("a stepped host followed on \($source), s"; 6; $rows[].step_followed)),
	at_least("in-tree driver on tsc, times worse"; 100; times($theirs; $ours)[]),
	at_least("NTP, times worse"; 10000; times(.ntp; $ours)[]),
	at_most("ptpkvm check, CPU, ms"; 200; .tool[] | select(.verb == "check") | .native_cpu_ms),
	at_most("ptpkvm time, CPU, ms"; 5; .tool[] | select(.verb == "time") | .native_cpu_ms),
	at_most("patched host, type 0 over stock"; 1.02; .host[] | select(.kernel == "patched" and .type == 0) | .over_stock),
	at_most("patched host, type 1 over stock's type 0"; 1.10; .host[] | select(.type == 1) | .over_stock);

{parts: ($meta | map({(.part): del(.part)}) | add),
 calls: ($reads | calls), cost: ($reads | cost), rate: ($reads | rate),
 truth: ($truth | truth), ntp: ($ntp | truth),
 settings: ($settings | {versions: (map(select(.part == "version")) | map({(.guest): .chrony}) | add),
	runs: map(select(.part == "run") | .step_followed = step_followed)}),
 tool: ($tool | tool), host: ($host | host),
 qemu11: {devices: ($qemu11 | map(select(.part == "device"))), calls: ($qemu11 | calls),
	truth: ($qemu11 | map(select(.part == "truth")) | truth)}}
| .targets = [targets]
