#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# trueoffset's arithmetic, on clocks that are made up and therefore known. TAP.
# TOOLS names the folder of the built programs (default: build/tools of this tree).
set -u -o pipefail

here=$(cd "$(dirname "$0")" && pwd)
tool=${TOOLS:-$here/../../build/tools}/trueoffset
[ -x "$tool" ] || { echo "Bail out! $tool is not built (make -C tests/tools)"; exit 2; }
dir=$(mktemp -d) || { echo "Bail out! no temporary folder"; exit 2; }
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 2

n=0 failed=0
verdict() { # STATUS TEXT
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		failed=$((failed + 1))
		sed 's/^/#   /' out err
	fi
}

# Bash counts in 64 bits that wrap, as the counters do. Counter: 2.5 a nanosecond, from $tsc0 on.
epoch=1795449334123456789
tsc0=4000000000000
E9=1000000000

# gen FILE COUNT FIRST_NS REAL [WIDTH [COUNTER]]: a sample every 10 ms; the last three are expressions of the true
# time t and the ideal counter c, on the host's side.
gen() {
	local file=$1 count=$2 first=$3 real=$4 width=${5:-100} counter=${6:-c} i t c
	for ((i = 0; i < count; i++)); do
		t=$((first + i * 10000000))
		# shellcheck disable=SC2034 # used by the expressions
		c=$((tsc0 + t * 5 / 2))
		printf '%u %d %d\n' $((counter)) $((epoch + real)) $((width))
	done >"$file"
}

run() { # EXPECTED-EXIT-CODE TEXT ARGUMENT...
	local want=$1 text=$2
	shift 2
	"$tool" "$@" >out 2>err
	[ $? -eq "$want" ]
	verdict $? "$text: exit $want"
}

has() { # TEXT WORD...: words of the answer
	local text=$1 word
	shift
	for word; do
		grep -q -w -F -e "$word" out
		verdict $? "$text: $word"
	done
}

says() { # TEXT WORDS: on standard error
	grep -q -F -e "$2" err
	verdict $? "$1: says '$2'"
}

near() { # TEXT KEY VALUE TOLERANCE
	local got
	got=$(grep -o -w -e "$2=[-0-9.]*" out | cut -d= -f2)
	awk -v a="${got:-none}" -v b="$3" -v d="$4" 'BEGIN { exit !(a != "none" && a - b <= d && b - a <= d) }'
	verdict $? "$1: $2=$got is $3 within $4"
}

K=-12345678901234

# Known offsets.
gen host 1000 0 t
gen guest 900 3700000 't + 137' 100 "c + $K"
run 0 "constant" -H host -g guest -k $K
has "constant" n=900 median=137 median_abs=137 p99_abs=137 max_abs=137 min=137 max=137 settle_1us=0.000 \
	host_steps=0 last_step_at=- outside=0 gap=0 straddle=0 wide=0 host_wide=0 tsc_khz=2500000.000
run 0 "offset unsigned, as debugfs has it too" -H host -g guest -k "$(printf %u $K)"
has "offset unsigned" n=900 median=137
run 0 "one tick of offset less than a nanosecond" -H host -g guest -k $((K + 1))
has "one tick" median=137
run 0 "a thousand ticks are 400 ns" -H host -g guest -k $((K + 1000))
has "a thousand ticks" median=537

gen guest 900 3700000 't - 2500 + (t % 3) * 1' 100 "c + $K"
run 0 "negative" -H host -g guest -k $K
near "negative" median -2500 2
near "negative" median_abs 2500 2
has "negative" settle_1us=never

# Counters that pass 2^63 and 2^64 on either side.
tsc0=4000000000000
for start in 9223372036854775807 -1; do
	k=$((start - tsc0 - 12 * E9))
	gen guest 900 3700000 't + 42' 100 "c + $k"
	run 0 "the guest's counter passes $(printf %u "$start")" -H host -g guest -k $k
	has "the guest's counter passes $(printf %u "$start")" n=900 min=42 max=42
	tsc0=$((start - 12 * E9))
	gen host 1000 0 t
	gen guest 900 3700000 't + 42' 100 "c - 5"
	run 0 "the host's counter passes $(printf %u "$start")" -H host -g guest -k -5
	has "the host's counter passes $(printf %u "$start")" n=900 min=42 max=42
	tsc0=4000000000000
	gen host 1000 0 t
done

# Scaling: the guest's counter runs 1.5 times as fast (3 / 2^1), and by KVM's 32 fraction bits on AMD.
gen guest 900 3700000 't - 9' 100 "c * 3 / 2 + $K"
run 0 "scaled" -H host -g guest -k $K --scale 3:1
has "scaled" n=900 min=-9 max=-9 tsc_khz=3750000.000
run 0 "scaled by 32 bits" -H host -g guest -k $K --scale 6442450944:32
has "scaled by 32 bits" n=900 min=-9 max=-9

# Settling, and what --from leaves out.
gen guest 900 0 't + (t < 3000000000 ? 5000 : 1000)' 100 "c + $K"
run 0 "settles after 3 s" -H host -g guest -k $K --from 4
has "settles after 3 s" settle_1us=3.000 n=500 max=1000
run 0 "a limit of its own" -H host -g guest -k $K --limit-ns 999
has "a limit of its own" settle_1us=never
gen guest 900 0 't + (t == 5000000000 ? 1001 : 0)' 100 "c + $K"
run 0 "one relapse" -H host -g guest -k $K
has "one relapse" settle_1us=5.010 max_abs=1001 p99_abs=0

# A host step of 5 s after 4 s; the guest follows after 6.5 s.
gen host 1000 0 't + (t > 4003000000 ? 5 * E9 : 0)'
gen guest 900 3700000 't + (t > 6500000000 ? 5 * E9 : 0)' 100 "c + $K"
run 0 "host step" -H host -g guest -k $K --after-host-step
has "host step" host_steps=1 straddle=1 n=899 max=0 min=-5000000000 tsc_khz=2500000.000
near "host step" last_step_at 4.0013 0.006
near "host step" settle_after_step 2.5 0.011
near "host step" settle_1us 6.5 0.011
run 0 "known step" -H host -g guest -k $K --step-at 4
near "known step" settle_after_step 2.5 0.011

gen host 1000 0 't - (t > 4003000000 ? 5 * E9 : 0)'
gen guest 900 3700000 't - (t > 4003000000 ? 5 * E9 : 0)' 100 "c + $K"
run 0 "step back, followed at once" -H host -g guest -k $K --after-host-step
has "step back" host_steps=1 straddle=1 min=0 max=0 settle_1us=0.000

gen host 1000 0 't + (t > 4003000000 ? 60000 : 0)'
run 0 "60 us are a step" -H host -g guest -k $K --after-host-step
has "60 us are a step" host_steps=1
gen host 1000 0 't + (t > 4003000000 ? 40000 : 0)'
run 1 "40 us are none" -H host -g guest -k $K --after-host-step
has "40 us are none" host_steps=0 settle_after_step=never
says "40 us are none" "no step found"
gen host 1000 0 't + (t > 4003000000 ? 5 * E9 : 0)'
sed -i 391,420d host
run 0 "a step within a gap" -H host -g guest -k $K --after-host-step
has "a step within a gap" host_steps=1 gap=0 straddle=31

# A host that is 37 ppm off, then slews the other way: what follows it exactly is exact.
slew='t + (t < 5000000000 ? t * 37 / 1000000 : 370000 - t * 37 / 1000000)'
gen host 1000 0 "$slew"
gen guest 900 3700000 "$slew" 100 "c + $K"
run 0 "slewing host" -H host -g guest -k $K
near "slewing host" max_abs 0 1
has "slewing host" host_steps=0 n=900

# What can't be judged is dropped and counted.
gen host 1000 0 t
sed -i 301,400d host
gen guest 1100 3700000 t 100 "c + $K"
run 0 "gap and outside" -H host -g guest -k $K
has "gap and outside" gap=101 outside=101 n=898 max_abs=0
run 0 "a wider gap allowed" -H host -g guest -k $K --max-gap-ms 1100
has "a wider gap allowed" gap=0 n=999
gen host 1000 0 't + (t % 1000000000 ? 0 : 30000)' 't % 1000000000 ? 100 : 200000'
gen guest 900 3700000 't + (t % 500000000 == 3700000 ? 70000 : 0)' 't % 500000000 == 3700000 ? 300000 : 120' "c + $K"
run 0 "wide samples" -H host -g guest -k $K
has "wide samples" host_wide=10 wide=18 max_abs=0 host_width=100 guest_width=120 outside=0 n=882
run 0 "wide samples kept" -H host -g guest -k $K --max-width-ns 0
has "wide samples kept" host_wide=0 wide=0 n=900
near "wide samples kept" max_abs 70000 30000
run 0 "width in ns" -H host -g guest -k $K --max-width-ns 90000
has "width in ns" host_wide=0 wide=18
gen host 1000 0 t
gen guest 900 3700000 t 100 "c + $K"
run 1 "nothing left" -H host -g guest -k $((K + 100 * E9))
has "nothing left" n=0 median=- outside=900 settle_1us=never
says "nothing left" "none of 900 guest samples"

# Ways of output.
gen guest 900 3700000 't + (t / 10000000 % 21 - 10) * 10' 100 "c + $K"
run 0 "JSON" -H host -g guest -k $K --json
has "JSON" '"n": 900' '"last_step_at": null' '"host_steps": 0' '"max": 100' '"min": -100'
[ "$(wc -l <out)" -eq 1 ] && grep -q '^{.*}$' out
verdict $? "JSON: one object on one line"
run 0 "series and histogram" -H host -g guest -k $K --series series --histogram
[ "$(wc -l <series)" -eq 900 ] && [ "$(head -1 series)" = "0.000000 -100" ] && [ "$(tail -1 series)" = "8.990000 70" ]
verdict $? "series: every sample, seconds and ns"
[ "$(awk '/[.][.]|below|above/ { s += $($NF ~ /#/ ? NF - 2 : NF - 1) } END { print s }' out)" -eq 900 ]
verdict $? "histogram: the bars add up"

# Files and arguments.
gen guest 900 3700000 t 100 "c + $K"
printf '4000000' >>guest
sed -i '1i # clocksample 1' guest
run 0 "comment and torn last line" -H host -g guest -k $K
has "comment and torn last line" n=900
sed -i '10s/ /  /' guest
run 2 "bad line" -H host -g guest -k $K
says "bad line" "guest:10: not a line of clocksample"
gen guest 1 0 t
run 2 "one sample" -H host -g guest -k $K
says "one sample" "guest: 1 samples"
tac host >back
gen guest 900 3700000 t 100 "c + $K"
run 2 "counter backwards" -H back -g guest -k $K
says "counter backwards" "does not go forwards"
run 2 "no file" -H none -g guest -k $K
says "no file" "cannot read none"
for bad in 1x '' ' 1' 0x10 18446744073709551616 -9223372036854775809 1.5 +1; do
	run 2 "offset '$bad'" -H host -g guest -k "$bad"
	says "offset '$bad'" "--tsc-offset: '$bad'"
done
run 2 "no offset" -H host -g guest
says "no offset" "--tsc-offset is missing"
for bad in 1 1:64 0:1 :1 1:; do
	run 2 "scale '$bad'" -H host -g guest -k 0 --scale "$bad"
done
run 0 "help" --help
has "help" --tsc-offset

echo "1..$n"
[ "$failed" -eq 0 ]
