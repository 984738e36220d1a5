#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each tool's completion offers what --help has, all of it and nothing else; and every option that is offered is one.
# TOOLS names the folder of the built programs (default: build/tools of this tree).
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
tools=${TOOLS:-build/tools}
[[ -x $tools/ptpkvm && -x $tools/ptpkvm-host ]] || bail "the tools are not in $tools (make tools)"
. guest-tools/completion/ptpkvm
. host-tools/completion/ptpkvm-host

# of TOOL: which one is meant by what follows
of() {
	name=$1 program=$tools/$1
}

# offered WORD...: what comes up for the last one, in a line
offered() {
	COMP_WORDS=("$name" "$@")
	COMP_CWORD=$#
	"_${name//-/_}" "$program" "${@: -1}" "${@: -2:1}"
	echo "${COMPREPLY[*]}"
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

for tool in ptpkvm ptpkvm-host; do
	of $tool
	mapfile -t verbs < <("$program" --help | sed -nE 's/^  ([a-z]+) .*/\1/p')
	cmp "${#verbs[@]}" '>=' 2 "$name: verbs in --help"
	for verb in "${verbs[@]}"; do
		like " $(offered '') " " $verb " "$verb: offered"
		# Whatever looks like a long option in the help, wherever it stands, but for the other programs' and its prose
		wanted=$("$program" "$verb" --help | sed -E "s/'[^']*'|systemctl .*//g" | grep -oE -e '--[a-z][a-z-]*' | sort -u)
		got=$(offered "$verb" '' | tr ' ' '\n')
		is "$(grep -e '^--' <<<"$got" | sort)" "$wanted" "$verb: the long options that --help has"
		like "$got" '(^|'$'\n'')-h($|'$'\n'')' "$verb: -h too"
		# Interfaces, too, where they can be named
		[[ $name:$verb = ptpkvm-host:check ]] || unlike "$got" '(^|'$'\n'')[^-]' "$verb: nothing but options"
		while IFS= read -r option; do
			is_option "$verb" "$option"
		done < <(grep -e '^-' <<<"$got")
	done
	is "$(complete -p $tool)" "complete -F _${tool//-/_} $tool" 'it is in force'
done

of ptpkvm
is "$(offered wat)" watch 'the beginning of a verb'
is "$(offered --ver)" --version 'the beginning of an option before a verb'
is "$(offered --js)" --json "check's options without the verb"
is "$(offered --json --qu)" --quiet "check's options after others"
is "$(offered watch --int)" --interval 'the beginning of an option'
is "$(offered bench --method g)" gettime 'the argument of --method'
is "$(offered bench --method = p)" precise 'the argument after an equals sign'
is "$(offered bench --method =)" 'precise extended offset gettime' 'right after an equals sign'
is "$(offered setup --delay '')" auto 'the argument of --delay'
is "$(offered watch --plot guest-tools/Mak)" guest-tools/Makefile 'a file'
is "$(offered metrics --root guest-t)" guest-tools 'a directory'
is "$(offered check --explain boot-r)" boot-race 'the beginning of a code'
is "$(offered metrics --ignore boot-no-d)" boot-no-driver 'the same for --ignore'
silent 'nothing for what is no verb' offered nonsense ''
of ptpkvm-host
is "$(offered pro)" probe 'the beginning of a verb'
is "$(offered probe --tsc)" --tsc-khz 'the beginning of an option'
is "$(offered check --root guest-t)" guest-tools 'a directory'
is "$(offered probe --ignore pair-w)" pair-wrong 'the beginning of a code of that verb'
done_testing
