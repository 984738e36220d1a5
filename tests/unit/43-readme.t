#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The READMEs and Documentation hold together: the README's size, the same commands in both languages, links and their
# anchors, and that each verb and option that is named is one. TOOLS names the folder of the built programs.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
tools=${TOOLS:-build/tools}
[[ -x $tools/ptpkvm && -x $tools/ptpkvm-host ]] || bail "the tools are not in $tools (make tools)"
export LC_ALL=C.UTF-8
pages=(README.md README.zh-CN.md CONTRIBUTING.md CHANGELOG.md Documentation/*.md tests/README.md vm-images/README.md vm-images/ready/README.md
	host-patch/README.md tests/bench/README.md)

# The commands of FILE: what stands in its blocks of sh
commands() {
	awk '/^```$/ { inside = 0 } inside { print } /^```sh$/ { inside = 1 }' "$1"
}

# Lines of FILE that are longer than N characters
longer() {
	perl -CSD -ne 'chomp; print "$ARGV:$.\n" if length > '"$2" "$1"
}

cmp "$(wc -l <README.md)" '<=' 150 'README.md: lines'
silent 'README.md: no line has more than 100 characters' longer README.md 100
cmp "$(commands README.md | wc -l)" '>=' 10 'README.md: commands'
is "$(commands README.zh-CN.md)" "$(commands README.md)" 'README.zh-CN.md has the same commands'
version=$(sed -n 's/.*PTP_KVM_VERSION "\(.*\)"/\1/p' include/version.h)
like "$version" '^[0-9]+\.[0-9]+\.[0-9]+$' 'include/version.h has the version'
for page in README.md README.zh-CN.md; do
	is "$(grep -oE 'ptp_kvm[/-][0-9]+\.[0-9]+\.[0-9]+' $page | sort -u | tr '\n' ' ')" "ptp_kvm-$version ptp_kvm/$version " \
		"$page: its commands have this version"
done
like "$(<CHANGELOG.md)" "## ${version//./\\.}, 20[0-9]{2}-" 'CHANGELOG.md has this version'

# The blocks of the distributions differ in their first commands alone, and in where RHEL's sudo looks for programs;
# tests/build/83-readme.t types one of them
mapfile -t rests < <(awk '/^```$/ { if (inside && text ~ /dkms add/) print rest; inside = 0 }
	inside { text = text $0; if (n > 0) rest = rest $0 ";"; n += !/\\$/ } /^```sh$/ { inside = 1; text = rest = ""; n = 0 }' README.md |
	sed 's,_install PREFIX=/usr,_install,')
is "${#rests[@]}" 4 'README.md: four distributions'
for rest in "${rests[@]:1}"; do
	is "$rest" "${rests[0]}" 'after their first commands they have the same'
done
mapfile -t firsts < <(commands README.md | grep -E ' (apt|dnf) install ')
is "${#firsts[@]}" 4 'which install something each'
for first in "${firsts[@]}"; do
	like "$first" '^sudo (apt update && sudo apt|dnf) install "(linux-headers|kernel-devel)-\$\(uname -r\)"' 'headers of the running kernel first'
done

# --- links ---

# As GitHub makes them: small letters, no punctuation, a hyphen for each space
anchors() {
	perl -CSD -ne 'next unless s/^#+ //; chomp; $_ = lc; s/[^\w\- ]//g; tr/ /-/; print "$_\n"' "$1"
}

# links FILE: target a line
links() {
	perl -ne 's/`[^`]*`//g; print "$1\n" while /\]\(([^)\s]+)\)/g' "$1"
}

# resolves PAGE LINK: prints why not
resolves() {
	local page=$1 file=${2%%#*} anchor=''
	[[ $2 != *'#'* ]] || anchor=${2#*#}
	file=${file:+$(dirname "$page")/$file}
	[[ -e ${file:-$page} ]] || { echo "$page: there is no $2"; return; }
	[[ -z $anchor ]] || anchors "${file:-$page}" | grep -qxF -e "$anchor" || echo "$page: there is no heading $2"
}

count=0
for page in "${pages[@]}"; do
	wrong=
	while IFS= read -r link; do
		count=$((count + 1))
		[[ $link = https:* ]] || wrong+=$(resolves "$page" "$link")
	done < <(links "$page")
	is_empty "$wrong" "$page: links resolve"
done
cmp "$count" '>=' 60 'links'
like "$(resolves README.md Documentation/none.md)" 'there is no' 'a link to a page that is none is seen'
like "$(resolves README.md '#none')" 'no heading' 'so is one to a heading that is none'

# --- verbs and options ---

# named FILE: what it says is typed, a line each: in `…` and in blocks of sh
named() {
	{
		commands "$1"
		perl -0777 -ne 's/^```.*?^```//gms; print "$1\n" while /`([^`\n]+)`/g' "$1"
	} | sed -E 's/ (&&|\|\||;) /\n/g; s/\bsudo //g'
}

# understood LINE: prints what of a line that begins with one of the tools is no verb or option
understood() {
	local tool verb word help words
	read -r -a words <<<"$1"
	tool=${words[0]} verb=${words[1]-}
	case $verb in
	'' | -* | VERB) help=$("$tools/$tool" --help; "$tools/$tool" check --help) ;;
	*)
		verb=${verb%,}
		help=$("$tools/$tool" "$verb" --help 2>&1) || { echo "$1: $tool has no verb $verb"; return; }
		;;
	esac
	for word in "${words[@]:1}"; do
		[[ $word = -?* && $word != --help ]] || continue
		grep -qE -e "(^|[ ,])${word%%=*}([ ,=]|\$)" <<<"$help" || echo "$1: no option $word"
	done
}

count=0
for page in README.md README.zh-CN.md Documentation/*.md; do
	wrong=
	while IFS= read -r line; do
		count=$((count + 1))
		wrong+=$(understood "$line")
	done < <(named "$page" | grep -E '^ptpkvm(-host)?( |$)')
	is_empty "$wrong" "$page: verbs and options that are named are some"
done
cmp "$count" '>=' 50 'lines that begin with one of the tools'
like "$(understood 'ptpkvm chek')" 'no verb chek' 'a verb that is none is seen'
like "$(understood 'ptpkvm check --jsn')" 'no option --jsn' 'so is an option that is none'

# An option that stands alone is one of some verb of the page's tool
declare -A tool_of=([Documentation/guest.md]=ptpkvm [Documentation/host.md]=ptpkvm-host)
for page in "${!tool_of[@]}"; do
	tool=${tool_of[$page]}
	help=$(for verb in $("$tools/$tool" --help | sed -nE 's/^  ([a-z]+) .*/\1/p'); do "$tools/$tool" "$verb" --help; done)
	while IFS= read -r option; do
		grep -qE -e "(^|[ ,])$option([ ,=]|\$)" <<<"$help"
		ok $? "$page: $option"
	done < <(named "$page" | sed -nE 's/^(--[a-z-]+).*/\1/p' | sort -u)
done

# Make's targets
targets=$(make -s help | sed -nE 's/^  ([a-z_-]+) .*/\1/p')
for target in $(cat README.md Documentation/*.md | grep -oE '`(DIRECT=1 |GUEST=[a-z]+ )?make [a-z_-]+' | sed 's/.*make //' | sort -u); do
	grep -qxF -e "$target" <<<"$targets"
	ok $? "make $target"
done
done_testing
