# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# TAP 13 for tests in bash. Sourced.
#
#     plan N | done_testing      one of them; done_testing also sets the exit status
#     ok STATUS DESC             is GOT WANT DESC       isnt GOT UNWANTED DESC
#     like GOT REGEX DESC        unlike GOT REGEX DESC
#     cmp A OP B DESC            numbers, OP one of < <= == != >= >; any size, decimals
#     le A B DESC                A <= B
#     runs DESC CMD...           the command succeeds; its output is shown if not
#     silent DESC CMD...         it succeeds, and says nothing
#     lacks DESC REGEX CMD...    it succeeds, and says something, but nothing like that
#     fails DESC CMD...          it exits with another status than 0
#     is_empty GOT DESC          for what is empty only if all is well
#     skip N REASON              pass DESC              flunk DESC
#     diag TEXT (on failures)    note TEXT
#     unwrapped                  a filter: what ptpkvm check has wrapped, each in a line again
#     bail REASON                a precondition is missing: this file ends here, as a failure
#     tap_lost FILE REASON       the emulated machine is gone, and not by a fault of ours: see tests/run
#     tier_cases [FILE]          of the running (or this) file's header, the words that are for this tier, a line each
#
# Nothing is no proof: is, isnt and unlike fail where what they compare is empty, as it is when a command has failed.
#
# A file says by its header what it does in which tier (TIER=check, all, or rest: what all has beyond check), in words of
# its own, mostly suites. Without such a line it is the same in check and all.
#     # check: bookworm
#     # check-all: bullseye trixie sid
#
# A test that may never be skipped calls bail or flunk, not skip.

TAP_RUN=0
TAP_FAILED=0
TAP_SKIPPED=0
TAP_PLAN=

plan() {
	TAP_PLAN=$1
	echo "1..$1"
}

note() {
	printf '%s\n' "$*" | sed 's/^/# /'
}

diag() {
	printf '%s\n' "$*" | sed 's/^/# /' >&2
}

# Not TAP's "Bail out!": that would end the tests in other files, too
bail() {
	# In $(…) nobody would read it as TAP: the test that asked goes on to fail
	if [[ ! /proc/self/fd/1 -ef /proc/$$/fd/1 ]]; then
		diag "$*"
		exit 255
	fi
	TAP_RUN=$((TAP_RUN + 1))
	echo "not ok $TAP_RUN - ${*%%$'\n'*}"
	diag "cannot go on: $*"
	[[ -n $TAP_PLAN ]] || echo "1..$TAP_RUN"
	exit 255
}

# Since the step before, to where tests/lib/timed has its times
TAP_SINCE=${EPOCHREALTIME/[.,]/}
_tap_took() {
	local now=${EPOCHREALTIME/[.,]/} tenths
	tenths=$(((now - TAP_SINCE) / 100000)) TAP_SINCE=$now
	[[ -z ${TEST_TIMES-} ]] || echo "step $((tenths / 10)).$((tenths % 10)) ${0##*/}: $*" >>"$TEST_TIMES"
}

ok() {
	local status=$1
	shift
	TAP_RUN=$((TAP_RUN + 1))
	_tap_took "$*"
	if [[ $status = 0 ]]; then
		echo "ok $TAP_RUN - $*"
		return 0
	fi
	TAP_FAILED=$((TAP_FAILED + 1))
	echo "not ok $TAP_RUN - $*"
	diag "failed: $* (${BASH_SOURCE[-1]##*/})"
	return 0
}

pass() {
	ok 0 "$@"
}

flunk() {
	ok 1 "$@"
}

is() {
	local status=0
	[[ -n $1 && $1 = "$2" ]] || status=1
	ok "$status" "$3"
	((status == 0)) || diag "     got: $1"$'\n'"expected: $2"
	[[ -n $1$2 ]] || diag 'both are empty; silent and is_empty are for what is to be that'
}

isnt() {
	local status=0
	[[ -n $1 && -n $2 && $1 != "$2" ]] || status=1
	ok "$status" "$3"
	((status == 0)) || diag "         got: $1"$'\n'"must not be: $2"
}

is_empty() {
	local status=0
	[[ -z $1 ]] || status=1
	ok "$status" "$2"
	((status == 0)) || diag "got, instead of nothing: $1"
}

like() {
	local status=0
	[[ $1 =~ $2 ]] || status=1
	ok "$status" "$3"
	((status == 0)) || diag "          got: $1"$'\n'"doesn't match: $2"
}

unlike() {
	local status=0
	[[ -n $1 && ! $1 =~ $2 ]] || status=1
	ok "$status" "$3"
	((status == 0)) || diag "    got: $1"$'\n'"matches: $2 (or is empty)"
}

# Prints -1, 0 or 1. As text: nanoseconds since 1970 don't fit a double.
_tap_compare() {
	awk -v a="$1" -v b="$2" '
	function split_number(s, part,  dot) {
		part["minus"] = sub(/^-/, "", s)
		sub(/^[+]/, "", s)
		dot = index(s, ".")
		part["whole"] = dot ? substr(s, 1, dot - 1) : s
		part["rest"] = dot ? substr(s, dot + 1) : ""
		sub(/^0+/, "", part["whole"])
		sub(/0+$/, "", part["rest"])
		if (part["whole"] part["rest"] == "")
			part["minus"] = 0
	}
	function order(x, y) {
		return (x "" > y "") - (x "" < y "")
	}
	BEGIN {
		if (a a !~ /./ || a !~ /^[-+]?[0-9]*[.]?[0-9]+$/ || b !~ /^[-+]?[0-9]*[.]?[0-9]+$/)
			exit 1
		split_number(a, p)
		split_number(b, q)
		if (p["minus"] != q["minus"]) {
			print p["minus"] ? -1 : 1
			exit
		}
		r = length(p["whole"]) - length(q["whole"])
		r = r ? (r > 0) - (r < 0) : order(p["whole"], q["whole"])
		if (!r)
			r = order(p["rest"], q["rest"])
		print p["minus"] ? -r : r
	}'
}

cmp() {
	local order status=1
	if order=$(_tap_compare "$1" "$3"); then
		case $2 in
		'<') ((order < 0)) && status=0 ;;
		'<=') ((order <= 0)) && status=0 ;;
		'==') ((order == 0)) && status=0 ;;
		'!=') ((order != 0)) && status=0 ;;
		'>=') ((order >= 0)) && status=0 ;;
		'>') ((order > 0)) && status=0 ;;
		*) bail "cmp: unknown operator '$2'" ;;
		esac
	fi
	ok "$status" "$4 ($1 $2 $3)"
	[[ -n ${order-} ]] || diag 'not a number'
}

le() {
	cmp "$1" '<=' "$2" "$3"
}

runs() {
	local description=$1 output status=0
	shift
	output=$("$@" 2>&1) || status=$?
	ok "$status" "$description"
	((status == 0)) || diag "exit status $status of: $*"$'\n'"$output"
}

silent() {
	local description=$1 output status=0 wrong=0
	shift
	output=$("$@" 2>&1) || status=$?
	[[ $status = 0 && -z $output ]] || wrong=1
	ok "$wrong" "$description"
	((wrong == 0)) || diag "exit status $status of: $*"$'\n'"$output"
}

lacks() {
	local description=$1 regex=$2 output status=0 wrong=0
	shift 2
	output=$("$@" 2>&1) || status=$?
	[[ $status = 0 && -n $output && ! $output =~ $regex ]] || wrong=1
	ok "$wrong" "$description"
	((wrong == 0)) || diag "exit status $status of: $*"$'\n'"    got: $output"$'\n'"matches: $regex (or is empty)"
}

unwrapped() {
	sed -zE 's/\n {20}/ /g'
}

fails() {
	local description=$1 output status=0 wrong=0
	shift
	output=$("$@" 2>&1) || status=$?
	# A lab that is gone or too slow, a program that is not there or crashes: no proof that a command fails as it should
	if ((status == 0 || status >= 124)); then
		wrong=1
	fi
	ok "$wrong" "$description"
	((wrong == 0)) || diag "exit status $status of: $*"$'\n'"$output"
}

skip() {
	local count=$1
	shift
	while ((count-- > 0)); do
		TAP_RUN=$((TAP_RUN + 1))
		TAP_SKIPPED=$((TAP_SKIPPED + 1))
		echo "ok $TAP_RUN # SKIP $*"
	done
}

done_testing() {
	if [[ -z $TAP_PLAN ]]; then
		plan "$TAP_RUN"
	elif ((TAP_PLAN != TAP_RUN)); then
		diag "planned $TAP_PLAN tests, ran $TAP_RUN"
		exit 1
	fi
	if ((TAP_RUN == 0)); then
		diag 'no test was run'
		exit 1
	fi
	if ((TAP_FAILED > 0)); then
		diag "$TAP_FAILED of $TAP_RUN failed"
		exit 1
	fi
	if ((TAP_SKIPPED == TAP_RUN)); then
		diag 'all tests were skipped'
		exit 1
	fi
	exit 0
}

# With the number of tests that were judged before. What follows from it may lose the machine again, in its words.
tap_lost() {
	[[ -e $1 ]] || echo "$TAP_RUN ${*:2}" >"$1"
}

tier_cases() {
	local lines
	case ${TIER:-check} in
	check) lines='check' ;;
	rest) lines='check-all' ;;
	all) lines='check(-all)?' ;;
	*) diag "TIER is check, all or rest, not $TIER" ;;
	esac
	sed -nE "/^[^#]/q; s/^# ${lines-none}: *//p" "${1:-$0}" | tr -s ' ' '\n' | sed '/^$/d'
}
