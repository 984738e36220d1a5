#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# source-tar, where this source is in git, is not, and is in somebody else's repository; build-deb refuses what is no suite.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_CEILING_DIRECTORIES=$work

# source DIR: a few of this source's files
source_in() {
	mkdir -p "$1/vm-images" "$1/build"
	cp vm-images/source-tar "$1/vm-images/"
	echo text >"$1/file with a space"
	touch "$1/build/built"
}

# committed DIR
committed() {
	git -C "$1" add -A && git -C "$1" -c user.name=x -c user.email=x commit -qm x
}

# has DIR FILES DESC
has() {
	is "$("$1/vm-images/source-tar" name 2>&1 | tar -t 2>&1 | grep -v '/$' | sort | tr '\n' ,)" "$2" "$3"
}

all='name/file with a space,name/vm-images/source-tar,'
source_in "$work/plain"
has "$work/plain" "$all" 'no git: the tree, less build/'

git init -q "$work/other"
echo theirs >"$work/other/theirs"
source_in "$work/other/ptp_kvm"
has "$work/other/ptp_kvm" "$all" "in somebody else's repository, before its first commit"
echo ptp_kvm >"$work/other/.gitignore"
committed "$work/other"
has "$work/other/ptp_kvm" "$all" "in somebody else's repository, which does not have it"

rm "$work/other/.gitignore"
echo build >"$work/other/ptp_kvm/.gitignore"
committed "$work/other"
has "$work/other/ptp_kvm" "name/.gitignore,$all" "in somebody else's repository, which has it: the commit, of this folder alone"
echo changed >"$work/other/theirs"
silent 'what they have changed is no concern' sh -c '"$1" name >/dev/null' sh "$work/other/ptp_kvm/vm-images/source-tar"
echo changed >>"$work/other/ptp_kvm/file with a space"
like "$("$work/other/ptp_kvm/vm-images/source-tar" name 2>&1 >"$work/tar")" 'WARNING: what is not committed is left out' 'what is changed here is'
is "$(tar -xOf "$work/tar" 'name/file with a space')" text 'the commit is what it says'

mkdir "$work/out"
touch "$work/out/an-earlier.deb"
said=$(vm-images/build-deb bookwrm "$work/out" 2>&1)
isnt $? 0 'build-deb: no such suite'
like "$said" "no packages for 'bookwrm'; there are: .*bookworm trixie sid" 'build-deb: says which there are'
runs 'build-deb: and has removed nothing' test -e "$work/out/an-earlier.deb"
done_testing
