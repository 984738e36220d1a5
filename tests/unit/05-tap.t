#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The TAP functions: what they pass, and that they pass nothing that is no proof.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# verdict CMD...: the first line of what a TAP function says, here kept from our own TAP
verdict() (
	# shellcheck disable=SC2034 # tap.sh's
	TAP_RUN=0
	"$@" 2>/dev/null | head -n 1 | sed 's/ 1 - .*//'
)

# passes DESC CMD..., refuses DESC CMD...: whole calls, without the description that TAP lines have
passes() {
	is "$(verdict "${@:2}")" ok "$1"
}
refuses() {
	is "$(verdict "${@:2}")" 'not ok' "$1"
}

# says TEXT STATUS
says() {
	printf '%s' "$1"
	return "$2"
}

passes 'cmp: nanoseconds since 1970' cmp 1795449731984419123 '<' 1795449731984419124 x
passes 'cmp: negative decimals' cmp -3.5 '<' -3.25 x
passes 'cmp: not as text' cmp 10 '>' 9 x
passes 'cmp: zero' cmp 0 '==' -0.0 x
refuses 'cmp: nothing is not a number' cmp '' '<=' 5 x
refuses 'le: above the bound' le 5.1 5 x

passes 'is' is a a x
refuses 'is: another' is a b x
refuses 'is: nothing instead' is '' b x
refuses 'is: both are empty' is '' '' x
passes 'isnt' isnt a b x
refuses 'isnt: the same' isnt a a x
refuses 'isnt: the first is empty' isnt '' b x
refuses 'isnt: the second is empty' isnt a '' x
passes 'is_empty' is_empty '' x
refuses 'is_empty: it is not' is_empty a x

passes 'like' like abc 'b.' x
refuses 'like: not found' like abc z x
refuses 'like: empty' like '' z x
passes 'unlike' unlike abc z x
refuses 'unlike: found' unlike abc b x
refuses 'unlike: empty' unlike '' z x

passes 'runs' runs x says abc 0
refuses 'runs: a failure' runs x says abc 1
passes 'fails' fails x says abc 1
refuses 'fails: it succeeds' fails x says abc 0
refuses 'fails: the lab is gone' fails x says abc 125
refuses 'fails: the lab is too slow' fails x says abc 124
passes 'silent' silent x says '' 0
refuses 'silent: it says something' silent x says abc 0
refuses 'silent: it says nothing, but fails' silent x says '' 1
passes 'lacks' lacks x z says abc 0
refuses 'lacks: found' lacks x b says abc 0
refuses 'lacks: it says nothing' lacks x z says '' 0
refuses 'lacks: it fails' lacks x z says abc 1

# ends CODE: the exit status of a test that consists of it
ends() {
	bash -c ". tests/lib/tap.sh; $1" >"$dir/said" 2>&1
	echo $?
}
is "$(ends 'pass x; done_testing')" 0 'done_testing: all passed'
is "$(ends 'flunk x; done_testing')" 1 'done_testing: one failed'
is "$(ends 'done_testing')" 1 'done_testing: no test was run'
is "$(ends 'skip 2 y; done_testing')" 1 'done_testing: all were skipped'
is "$(ends 'plan 2; pass x; done_testing')" 1 'done_testing: fewer than planned'
is "$(ends 'pass x; bail "y is missing"')" 255 'bail: the exit status'
is "$(grep -v '^#' "$dir/said")" $'ok 1 - x\nnot ok 2 - y is missing\n1..2' 'bail: is a failure'
is "$(ends 'pass x; y=$(bail "no z") || bail "no y: $y"')" 255 'bail in $(…): the exit status'
is "$(cat "$dir/said")" $'ok 1 - x\n# no z\nnot ok 2 - no y: \n# cannot go on: no y: \n1..2' 'bail in $(…): why is told, and who asked fails'

is "$(ends "pass x; tap_lost $dir/lost the machine; pass y; tap_lost $dir/lost again")" 0 'tap_lost'
is "$(cat "$dir/lost")" '1 the machine' 'tap_lost: after how many tests, the first time'

# cases TIER HEADER-LINE...: what the tier's are
cases() {
	printf '%s\n' '#!/bin/bash' "${@:2}" '. tests/lib/tap.sh' 'tier_cases' '# check: later' >"$dir/cases.t"
	TIER=$1 bash "$dir/cases.t" 2>/dev/null | xargs
}
header=('# check: bookworm  6.1' '# check-all: trixie sid')
is "$(cases '' "${header[@]}")" 'bookworm 6.1' 'tier_cases: check, unless said otherwise'
is "$(cases check "${header[@]}")" 'bookworm 6.1' 'tier_cases: check'
is "$(cases rest "${header[@]}")" 'trixie sid' 'tier_cases: rest'
is "$(cases all "${header[@]}")" 'bookworm 6.1 trixie sid' 'tier_cases: all'
is_empty "$(cases rest "${header[0]}")" 'tier_cases: nothing beyond check'
is_empty "$(cases al "${header[@]}")" 'tier_cases: no such tier'
done_testing
