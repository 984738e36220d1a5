#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# host-patch: each series applies to its source, in form and commit by commit, and
# its export is reproducible; apply refuses whatever it must, and changes nothing then.
# The kernels' sources and the builds of each commit come from the cache, once made.
# check: 6.12
# check-all: 6.1 7.2 7.3 bisect-7.3
# make check-debug: the others' bisect
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. host-patch/common.sh
cases=("$@")
((${#cases[@]})) || mapfile -t cases < <(tier_cases)
mapfile -t chosen < <(printf '%s\n' "${cases[@]}" | grep -v ^bisect-)
is "$(TIER=all tier_cases | grep -v ^bisect- | sort -V | xargs)" "$(all_series)" 'the tiers have every series'

# - new files of the KVM selftests are in MAINTAINERS by their folder
# - TRACE_EVENT() is laid out as all of them are
ignore=FILE_PATH_CHANGES,OPEN_ENDED_LINE,PARENTHESIS_ALIGNMENT

scratch=$PWD/build/host-patch
rm -rf "$scratch"
mkdir -p "$scratch"
export GIT_AUTHOR_NAME=test GIT_AUTHOR_EMAIL=test@localhost GIT_COMMITTER_NAME=test GIT_COMMITTER_EMAIL=test@localhost

apply() {
	make -s -C host-patch apply SERIES="$1" TREE="$2" 2>&1
}

# state TREE: all that a refusal may not change. Of this project's own tree, that is
# what other tests leave alone, too.
state() (
	cd "${1:-.}" 2>/dev/null || { echo 'no tree'; return; }
	find . \( -path ./.git -o -path ./build -o -path ./.prove \) -prune -o -type f -exec sha256sum {} + | sort
	[[ ! -e .git ]] || git show-ref --head
)

# refused SERIES TREE REGEX DESC: it says so, and the tree stays as it is
refused() {
	local before after said
	before=$(state "$2")
	said=$(apply "$1" "$2")
	isnt $? 0 "refused: $4"
	like "$said" "$3" "$4: says what is wrong"
	after=$(state "$2")
	is "$after" "$before" "$4: nothing is changed"
}

# fresh NAME: a git tree of the source, with what makes it a kernel's
fresh() {
	rm -rf "${scratch:?}/$1"
	cp -r "$scratch/source" "$scratch/$1"
}

# checkpatch: standard input, since it would take a file that git tracks for a source. Silent if there is nothing to say.
checkpatch() {
	perl "$scratch/checkpatch-$series/scripts/checkpatch.pl" --no-tree --strict --terse --ignore "$ignore" - 2>&1
}

for series in $(all_series); do
	[[ " ${cases[*]} " != *" bisect-$series "* ]] ||
		runs "$series: each commit builds without a warning" host-patch/bisect "$series"
done

for series in "${chosen[@]}"; do
	series_load "$series"
	if ((${#PATCHES[@]} == 0)); then
		flunk "$series: there are patches"
		continue
	fi
	source=$(host-patch/fetch "$series") || bail "$series: no source"
	unpack "$source" "$scratch/checkpatch-$series" Makefile scripts/checkpatch.pl scripts/spelling.txt \
		scripts/const_structs.checkpatch
	for patch in "${PATCHES[@]}"; do
		said=$(checkpatch <"$patch")
		is "$?$said" 0 "$series: checkpatch: ${patch##*/}"
		like "$(sed '/^---$/q' "$patch")" $'\nSigned-off-by: [^\n]+ <[^\n]+>\n' "$series: signed off: ${patch##*/}"
	done

	like "$(sed 's/^+\t/+        /' "${PATCHES[0]}" | checkpatch)" 'ERROR: code indent' "$series: checkpatch finds what is wrong in a bad patch"

	rm -rf "$scratch/source"
	series_tree "$source" "$scratch/source"
	mkdir -p "$scratch/source/arch/x86/kvm"
	fresh git
	runs "$series: applies" apply "$series" "$scratch/git"
	is "$(git -C "$scratch/git" rev-list --count base..)" "${#PATCHES[@]}" "$series: a commit for each patch"
	mkdir "$scratch/export-$series"
	series_export "$scratch/git" "$scratch/export-$series"
	runs "$series: exported again, it is the same" diff -r -x BASE "host-patch/$series" "$scratch/export-$series"
done
((${#chosen[@]} && ${#PATCHES[@]})) || { done_testing; exit; }

# What follows is with the last of these series: $series, its source and the tree that has it

refused "$series" "$scratch/git" "has [0-9]{4}-.* already" 'already applied, git'
fresh plain
rm -rf "$scratch/plain/.git"
# Below a git tree of something else, where git would leave out all there is to do
git -C "$scratch" init -q
cp -r "$scratch/plain" "$scratch/before"
runs 'applies where there is no git' apply "$series" "$scratch/plain"
runs 'to the same effect' diff -r -x .git "$scratch/plain" "$scratch/git"
refused "$series" "$scratch/plain" "has [0-9]{4}-.* already" 'already applied, no git'

refused "$series" "$scratch/nowhere" 'there is no tree .*/nowhere' 'no tree'
refused "$series" '' 'which kernel tree' 'none said'
refused "$series" "$PWD/lib" 'lib is not a kernel' 'no kernel tree'
refused 2.6 "$scratch/before" "no series '2.6'; there are: $(all_series)" 'unknown series'
refused '' "$scratch/before" "which series. There are: $(all_series)" 'no series said'

fresh other
sed -i '1,8s/^PATCHLEVEL = .*/PATCHLEVEL = 99/' "$scratch/other/Makefile"
refused "$series" "$scratch/other" "is Linux ${series%%.*}\.99, and series $series is not for that" 'wrong version'
fresh dirty
echo '# mine' >>"$scratch/dirty/Kbuild"
refused "$series" "$scratch/dirty" 'not committed.*Kbuild' 'dirty tree'

# The last file that a patch changes becomes another, so that the first patches still fit
file=$(touched "${PATCHES[-1]}" | tail -n 1)
[[ -n $file ]] || file=$(touched "${PATCHES[@]}" | tail -n 1)
spoil() {
	sed -i '1~3s/$/ spoilt/' "$1/$file"
}
fresh spoilt
spoil "$scratch/spoilt"
git -C "$scratch/spoilt" commit -q -a -m spoilt
refused "$series" "$scratch/spoilt" "does not apply; nothing is changed:.*$file" 'another source, git'
silent 'and no git am is left behind' git -C "$scratch/spoilt" status --porcelain
rm -rf "$scratch/spoilt/.git"
refused "$series" "$scratch/spoilt" "does not apply; nothing is changed:.*$file" 'another source, no git'

fresh busy
mkdir "$scratch/busy/.git/rebase-apply"
refused "$series" "$scratch/busy" 'in the middle of a git am' 'git am going on'
fresh nobody
git -C "$scratch/nobody" config user.useConfigOnly true
unset GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL
HOME=$scratch refused "$series" "$scratch/nobody" 'set user.name and user.email' 'git knows no committer'

# Whoever this runs as
said=$(bwrap --dev-bind / / --ro-bind "$scratch/before" "$scratch/before" host-patch/apply "$series" "$scratch/before" 2>&1)
isnt $? 0 'refused: read-only tree'
like "$said" 'before/.* cannot be written' 'read-only tree: says so'
mkdir "$scratch/bin"
for tool in make sh bash env dirname sed sort xargs basename; do
	ln -s "$(command -v $tool)" "$scratch/bin/"
done
said=$(PATH=$scratch/bin apply "$series" "$scratch/before")
isnt $? 0 'refused: no git'
like "$said" 'git is missing; make deps' 'no git: says so'

# refresh, of a copy, to sources made for this: one where lines have moved, one spoilt
copy=$scratch/copy
cp -r host-patch "$copy"
export PTPKVM_CACHE=$scratch/cache
mkdir -p "$PTPKVM_CACHE/sources"
cp -l "$source" "$PTPKVM_CACHE/sources/" 2>/dev/null || cp "$source" "$PTPKVM_CACHE/sources/"
# archive VERSION TREE
archive() {
	tar -C "$2" -c --exclude=.git --transform='s,^\.,linux,' . | zstd -q >"$PTPKVM_CACHE/sources/${PACKAGE}_$1.tar.zst"
}
fresh moved
sed -i "1s,^,/* moved */\n," "$scratch/moved/$file"
git -C "$scratch/moved" commit -q -a -m moved
archive 99-1 "$scratch/moved"
archive 99-2 "$scratch/spoilt"
said=$("$copy/refresh" "$series" 99-2 2>&1)
isnt $? 0 'refresh: a conflict is a failure'
like "$said" "conflict in: .*$file.*stays as it was" 'refresh: says where'
runs 'refresh: nothing is changed then' diff -r host-patch "$copy"
runs 'refresh: lines that have moved' "$copy/refresh" "$series" 99-1
is "$(sed -n 's/^VERSION=//p' "$copy/$series/BASE")" 99-1 'refresh: BASE says so'
runs 'refresh: applies to that' make -s -C "$copy" apply SERIES="$series" TREE="$scratch/moved"
runs 'refresh: and back' "$copy/refresh" "$series" "$VERSION"
runs 'refresh: gives the same again' diff -r host-patch "$copy"
done_testing
