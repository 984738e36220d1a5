#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Misuse of any verb of either tool: exit status 2, nothing on standard output, and the same two lines on standard error,
# which name what is wrong and where to look. Options may stand and be written as GNU's are.
# TOOLS names the folder of the built programs (default: build/tools of this tree).
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
tools=${TOOLS:-build/tools}
[[ -x $tools/ptpkvm && -x $tools/ptpkvm-host ]] || bail "the tools are not in $tools (make tools)"

empty=$(mktemp -d) || bail "no folder"
trap 'rmdir "$empty"' EXIT

# misuse TOOL VERB WANTED WORD...
misuse() {
	local tool=$1 verb=$2 wanted=$3 said
	said=$(timeout 10 "$tools/$tool" ${verb:+"$verb"} "${@:4}" 2>&1 >/dev/null </dev/null)
	is "$? $said" "2 $tool: $wanted"$'\n'"Try '$tool${verb:+ $verb} --help'." "$tool $verb ${*:4}"
}

for tool in ptpkvm ptpkvm-host; do
	misuse $tool '' "unknown verb 'nothing'" nothing
	misuse $tool '' "unknown verb 'nothing'" help nothing
	misuse $tool '' "unexpected argument 'more'" help check more
	mapfile -t verbs < <("$tools/$tool" --help | sed -nE 's/^  ([a-z]+) .*/\1/p')
	for verb in "${verbs[@]}"; do
		help=$("$tools/$tool" "$verb" --help)
		misuse $tool "$verb" "bad option '--no-such'" --no-such
		misuse $tool "$verb" "bad option '--no-such'" --no-such=5
		misuse $tool "$verb" "bad option '-Z'" -Z
		misuse $tool "$verb" "option '--help' takes no argument: 'x'" --help=x
		[[ $help = *'[IF]...'* ]] || misuse $tool "$verb" "unexpected argument 'word'" word
		[[ $help = *'[IF]...'* ]] || misuse $tool "$verb" "unexpected argument '--help'" -- --help
		while read -r option argument; do
			misuse $tool "$verb" "option '$option' requires an argument: $argument" "$option"
		done < <(sed -nE 's/^ +(-[a-zA-Z], )?(--[a-z-]+) ([^ ]+)($|  .*)/\2 \3/p' <<<"$help")
		! grep -q -e '--root DIR' <<<"$help" ||
			misuse $tool "$verb" '--root: /nonexistent: No such file or directory' --root /nonexistent
	done
	misuse $tool watch "--count: '1x' is not a whole number from 0 to 100000" --count 1x
	misuse $tool watch "--count: '100001' is not a whole number from 0 to 100000" -n100001
	misuse $tool watch "--count: '-1' is not a whole number from 0 to 100000" -n -1
	misuse $tool watch "--count: '' is not a whole number from 0 to 100000" --count=
	misuse $tool watch "--interval: 'nan' is not a number from 0.05 to 3600" -i nan
	misuse $tool watch "--interval: '0.04' is not a number from 0.05 to 3600" --interval 0.04
	misuse $tool watch '--csv and --json exclude each other' -cj
	misuse $tool metrics '--output: its argument is empty' -o ''
	misuse $tool check "--ignore: there is no warning or failure 'x'" --ignore x
	misuse $tool check "--ignore: there is no warning or failure ''" --ignore ,
	misuse $tool check "bad option '--'" --=x
done
misuse ptpkvm bench "--method: 'x' is none of precise, extended, offset, gettime" -m x
misuse ptpkvm bench "--threads: '0' is not a whole number from 1 to 256" -t 0
misuse ptpkvm time 'only one of --unix, --ns and --json' --unix --ns
misuse ptpkvm guard "bad option '--re'" --re x
misuse ptpkvm guard "--service: '-x' is no name of a unit" --service=-x
misuse ptpkvm setup "--timeout: '3601' is not a whole number from 1 to 3600" --timeout 3601
misuse ptpkvm setup "--tai: this clock is the host's CLOCK_REALTIME, that is UTC: with 'tai' it would be 37 s off" --tai
misuse ptpkvm-host check "there is no interface 'none', but there are none" none --root "$empty"
misuse ptpkvm-host probe "--tsc-khz: '0' is not a whole number from 1 to 100000000" --tsc-khz 0

# As getopt_long(3) has it
is "$("$tools/ptpkvm" check --roo / --qu --js --help)" "$("$tools/ptpkvm" check --help)" 'names may be shortened'
like "$("$tools/ptpkvm" chrony --no-check --poll=3 --refid TEST)" '^refclock PHC .* refid TEST .*poll 3' 'both ways to give an argument'
is "$("$tools/ptpkvm" watch -cn 5 -i0.5 -h)" "$("$tools/ptpkvm" watch --help)" 'letters together, and with their argument'

# Help is for terminals of 80 columns
for tool in ptpkvm ptpkvm-host; do
	is_empty "$("$tools/$tool" --help | perl -CSD -ne 'print if /^.{81}/')" "$tool: no line of more than 80 columns"
	mapfile -t verbs < <("$tools/$tool" --help | sed -nE 's/^  ([a-z]+) .*/\1/p')
	for verb in "${verbs[@]}"; do
		help=$("$tools/$tool" "$verb" --help)
		is_empty "$(perl -CSD -ne 'print if /^.{81}/' <<<"$help")" "$tool $verb: no line of more than 80 columns"
		like "$help" $'\nExit status: ' "$tool $verb: says what its exit statuses are"
	done
done
done_testing
