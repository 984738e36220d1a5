#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each tool's man page is well-formed, and has every verb and every option of --help, each in its verb's section.
# TOOLS names the folder of the built programs (default: build/tools of this tree).
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
tools=${TOOLS:-build/tools}
[[ -x $tools/ptpkvm && -x $tools/ptpkvm-host ]] || bail "the tools are not in $tools (make tools)"
command -v scdoc >/dev/null || bail 'there is no scdoc (apt install scdoc)'

# section NAME: its text
section() {
	awk -v name="# ${1^^}" '/^# / { inside = $0 == name } inside' "$page"
}

# is_option VERB OPTION: getopt knows it. Where it takes an argument that is left out, so that nothing is done.
is_option() {
	local said words=("$2" --help)
	if "$program" "$1" --help | grep -qE -e "(^ +|, )$2(, -[a-z-]+)* [A-Z]"; then
		words=("$2")
	fi
	said=$(timeout 10 "$program" "$1" "${words[@]}" 2>&1 </dev/null)
	like "$said" '^Usage: |requires an argument' "$1: $2 is an option"
}

formatted() {
	scdoc <"$page" | LC_ALL=C.UTF-8 groff -man -t -Kutf8 -ww -z
}

has_verb() {
	local verb=$1 text options option
	grep -qxF "*$verb*" <<<"$(section description)"
	ok $? "$verb: in the list of verbs"
	text=$(section "$verb")
	like "$text" . "$verb: has a section"
	[[ $text != *'REFCLOCK OPTION'* ]] || text+=$(section 'refclock options')
	is "$("$program" help "$verb")" "$("$program" "$verb" --help)" "$verb: help says what --help does"
	like "$("$program" "$verb" --no-such-option 2>&1)" "Try '$name $verb --help'\\.$" "$verb: misuse hints at its --help"
	# -h and --help are described once for all
	options=$("$program" "$verb" --help | sed -nE '/^ +-/s/  +[^- ].*//p' | grep -oE -e '(^|[ ,])--?[a-z][a-z-]*' |
		tr -d ' ,' | grep -vxE -e '-h|--help')
	for option in $options; do
		grep -qE "^[^	].*\*$option\*|^\*$option\*" <<<"$text"
		ok $? "$verb: $option"
	done
	# And what it describes is there
	for option in $(grep -E '^\*-' <<<"$text" | grep -oE -e '\*--?[a-z][a-z-]*\*' | tr -d '*'); do
		is_option "$verb" "$option"
	done
}

# has_page FOLDER TOOL
has_page() {
	local verbs verb code file name=$2 program=$tools/$2 page=$1/man/$2.8.scd
	runs "$2: scdoc takes it" scdoc <"$page"
	silent "$2: and groff has no complaint" formatted
	mapfile -t verbs < <("$program" --help | sed -nE 's/^  ([a-z]+) .*/\1/p')
	cmp "${#verbs[@]}" '>=' 2 "$2: verbs in --help"
	for verb in "${verbs[@]}"; do
		has_verb "$verb"
	done
	is "$("$program" help)" "$("$program" --help)" "$2: help is --help"
	fails "$2: no help of what is no verb" "$program" help nothing
	for code in 0 1 2 3; do
		grep -qxF "*$code*" <<<"$(section 'exit status')"
		ok $? "$2: exit status $code"
	done
	for file in "$1"/systemd/*; do
		[[ ! -e $file ]] || like "$(<"$page")" "${file##*/}" "$2: ${file##*/}"
	done
}

has_page guest-tools ptpkvm
has_page host-tools ptpkvm-host
done_testing
