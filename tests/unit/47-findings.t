#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What can be found stands in one table of each verb: what the judges say, Documentation/ and the man pages have all of it
# and nothing else. That each row is found by some facts: test_check.c, test_host_check.c, test_host_probe.c.
# TOOLS names the folder of the built programs (default: build/tools of this tree).
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
tools=${TOOLS:-build/tools}
[[ -x $tools/ptpkvm && -x $tools/ptpkvm-host ]] || bail "the tools are not in $tools (make tools)"

# documented FILE: "CODE LINK LEVEL" of its table of links, a line each
documented() {
	awk -F '|' '/^\| link \|/ { inside = 1 } !/^\|/ { inside = 0 }
		inside && split($2, link, "`") == 3 {
			for (i = 4; i <= 5; i++)
				for (n = split($i, words, "`"); n > 1; n -= 2)
					print words[n - 1], link[2], i == 4 ? "WARN" : "FAIL"
		}' "$1" | sort
}

# in_manual FILE VERB: "CODE LINK", of the part of its section FINDINGS that is about the verb
in_manual() {
	awk -v verb="## $2" '/^# / { inside = $0 == "# FINDINGS" } /^## / { about = $0 == verb }
		inside && about && /^\*.*\*$/ { link = substr($0, 2, length($0) - 2) }
		inside && about && /^\t/ { gsub(",", ""); for (i = 1; i <= NF; i++) print $i, link }' "$1" | sort
}

# said FOLDER: the codes of all that its files find
said() {
	perl -0777 -ne 'while (/(?:judge_find|finding_add)(?:_at)?\((.*?);/gs) {
		($call = $1) =~ s/,\s*"[^"]*[ %][^"]*".*//s;
		print "$1\n" while $call =~ /"([a-z0-9-]+)"/g;
	}' "$@" | sort -u
}

# has_table TOOL VERB DOCUMENTATION MANUAL FILE...
has_table() {
	local program=$tools/$1 name="$1 $2" verb=$2 all code link level
	all=$("$program" "$verb" --explain list)
	cmp "$(wc -l <<<"$all")" '>' 15 "$name: has findings"
	is "$(documented "Documentation/$3")" \
		"$(awk '{ n = split($0, level, / (or )?/); print $1, $2, $3; if ($4) print $1, $2, $5 }' <<<"$all" | sort)" \
		"$name: Documentation/$3 has them, by link and level"
	is "$(in_manual "$4" "$verb")" "$(awk '{ print $1, $2 }' <<<"$all" | sort)" "$name: the man page has them, by link"
	is "$(said "${@:5}")" "$(awk '{ print $1 }' <<<"$all" | sort)" "$name: what the judges find"
	while read -r code link level; do
		said=$("$program" "$verb" --explain "$code")
		is "$? $(sed -n '1s/  */ /gp' <<<"$said")" "0 $code $link $level" "$name: --explain $code"
		cmp "$(sed 1,2d <<<"$said" | wc -w)" '>' 12 "$name: $code: in sentences"
		is_empty "$(grep -E '.{81}' <<<"$said")" "$name: $code: within 80 columns"
	done <<<"$all"
	said=$("$program" "$verb" --explain none-such 2>&1 >/dev/null)
	is "$? ${said%%$'\n'*}" "2 $1: --explain: there is no warning or failure 'none-such'; list: all of them" "$name: no such code"
}

has_table ptpkvm check ptpkvm-check.md guest-tools/man/ptpkvm.8.scd guest-tools/check/*.c
has_table ptpkvm-host check ptpkvm-host-check.md host-tools/man/ptpkvm-host.8.scd host-tools/check/*.c host-tools/status/*.c
has_table ptpkvm-host probe ptpkvm-host-probe.md host-tools/man/ptpkvm-host.8.scd host-tools/probe/*.c
like "$("$tools/ptpkvm" check --explain refclock-nun 2>&1)" "'refclock-nun', but refclock-none, refclock-noselect; list: all of them\\s" \
	'what is near is named'
like "$("$tools/ptpkvm" metrics --ignore boot-rase 2>&1)" "'boot-rase', but boot-race\\s" 'for --ignore, too'
is_empty "$(grep -rlI virtualisation guest-tools host-tools lib Documentation README.md)" 'one spelling of virtualization'
done_testing
