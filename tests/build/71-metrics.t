#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What both tools write for other programs, from the unit tests' made-up facts, hostile ones too, and from this
# machine: Prometheus' promtool takes the metrics, gnuplot draws watch's data.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/lib/promtool.sh
units=build/unit
[[ -x $units/host_metrics ]] || bail "$units/host_metrics is not built (make tools)"
promtool_get
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

for tool in metrics host_metrics; do
	mkdir "$dir/$tool"
	runs "$tool: the unit test keeps what it made" env "EXPOSITIONS=$dir/$tool" "$units/$tool"
	files=("$dir/$tool/"*)
	cmp ${#files[@]} '>=' 4 "$tool: expositions"
	for file in "${files[@]}"; do
		runs "$tool: promtool accepts the one of $(grep -vc '^#' "$file") samples" promtool check metrics <"$file"
	done
done
for tool in ptpkvm ptpkvm-host; do
	said=$(build/tools/$tool metrics)
	is $? 0 "$tool metrics on this machine"
	runs "$tool metrics on this machine: promtool accepts them" promtool check metrics <<<"$said"
done
said=$(promtool check metrics <<<'ptpkvm_x{a="b} 1' 2>&1)
cmp $? '>' 0 "promtool refuses what is none: ${said%%$'\n'*}"

for unit in watch host_watch; do
	for suffix in svg png; do
		runs "$unit --plot: gnuplot draws a .$suffix" "$units/$unit" "$dir/$unit.$suffix"
	done
	is "$(head -c 8 "$dir/$unit.png" | od -An -tx1)" ' 89 50 4e 47 0d 0a 1a 0a' "$unit --plot: it is a PNG"
	is "$(tail -n 2 "$dir/$unit.svg")" '</svg>' "$unit --plot: it is a whole SVG"
done
for series in 'grandmaster to NIC' 'NIC to system'; do
	like "$(<"$dir/host_watch.svg")" ">$series<" "host_watch --plot: the series $series"
done
like "$(<"$dir/host_watch.svg")" '>master - its clock, ns<' 'host_watch --plot: the axis'
done_testing
