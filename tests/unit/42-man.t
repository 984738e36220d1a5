#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# ptpkvm(8) is well-formed, and has every verb and every option of --help, each in its verb's section.
# TOOLS names the folder of the built programs (default: build/tools of this tree).
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
ptpkvm=${TOOLS:-build/tools}/ptpkvm page=guest-tools/man/ptpkvm.8.scd
[[ -x $ptpkvm ]] || bail "$ptpkvm is not built (make tools)"
command -v scdoc >/dev/null || bail 'there is no scdoc (apt install scdoc)'

runs 'scdoc takes it' scdoc <"$page"
if command -v groff >/dev/null; then
	is "$(scdoc <"$page" | LC_ALL=C.UTF-8 groff -man -t -Kutf8 -ww -z 2>&1)" '' 'and groff has no complaint'
fi

# section NAME: its text
section() {
	awk -v name="# ${1^^}" '/^# / { inside = $0 == name } inside' "$page"
}

# is_option VERB OPTION: getopt knows it. Where it takes an argument that is left out, so that nothing is done.
is_option() {
	local said words=("$2" --help)
	if "$ptpkvm" "$1" --help | grep -qE -e "(^ +|, )$2(, -[a-z-]+)* [A-Z]"; then
		words=("$2")
	fi
	said=$(timeout 10 "$ptpkvm" "$1" "${words[@]}" 2>&1 </dev/null)
	like "$said" '^Usage: |requires an argument' "$1: $2 is an option"
}

mapfile -t verbs < <("$ptpkvm" --help | sed -nE 's/^  ([a-z]+) .*/\1/p')
cmp "${#verbs[@]}" '>=' 10 'verbs in --help'
refclock=$(section 'refclock options')
for verb in "${verbs[@]}"; do
	grep -qxF "*$verb*" <<<"$(section description)"
	ok $? "$verb: in the list of verbs"
	text=$(section "$verb")
	isnt "$text" '' "$verb: has a section"
	[[ $text != *'REFCLOCK OPTION'* ]] || text+=$refclock
	# -h and --help are described once for all
	options=$("$ptpkvm" "$verb" --help | sed -nE '/^ +-/s/  +[^- ].*//p' | grep -oE -e '(^|[ ,])--?[a-z][a-z-]*' |
		tr -d ' ,' | grep -vxE -e '-h|--help')
	for option in $options; do
		grep -qE "^[^	].*\*$option\*|^\*$option\*" <<<"$text"
		ok $? "$verb: $option"
	done
	# And what it describes is there
	for option in $(grep -E '^\*-' <<<"$text" | grep -oE -e '\*--?[a-z][a-z-]*\*' | tr -d '*'); do
		is_option "$verb" "$option"
	done
done

for code in 0 1 2 3; do
	grep -qxF "*$code*" <<<"$(section 'exit status')"
	ok $? "exit status $code"
done
for file in ptpkvm-metrics.service ptpkvm-metrics.timer ptpkvm-guard.service; do
	[[ -f guest-tools/systemd/$file ]] && grep -qF "$file" "$page"
	ok $? "$file"
done
done_testing
