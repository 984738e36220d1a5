# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034
# What the commands here share: the series, their sources, the cache. Sourced.

HOST_PATCH=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
CACHE=${PTPKVM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ptp_kvm}
# A kernel's make and git are to hear nothing of the ones above
unset MAKEFLAGS MFLAGS MAKEOVERRIDES ARCH CROSS_COMPILE KBUILD_OUTPUT GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE

say() {
	echo "${0##*/}: $*" >&2
}

fail() {
	say "$@"
	exit 1
}

# The comment at the head of a command is its help
help() {
	sed -n '3,/^[^#]/s/^# \?//p' "$0"
}

need() {
	local tool
	for tool; do
		command -v "$tool" >/dev/null || fail "$tool is missing; make deps installs what is needed"
	done
}

# --- series ---

all_series() {
	local base
	for base in "$HOST_PATCH"/*/BASE; do
		base=${base%/BASE}
		echo "${base##*/}"
	done | sort -V | xargs
}

# series_load SERIES: sets PACKAGE, VERSION, SUITE, as BASE has them, and PATCHES
series_load() {
	[[ -n $1 ]] || fail "which series? There are: $(all_series)"
	[[ $1 != */* && -f $HOST_PATCH/$1/BASE ]] || fail "there is no series '$1'; there are: $(all_series)"
	# shellcheck source=host-patch/6.12/BASE
	. "$HOST_PATCH/$1/BASE"
	PATCHES=("$HOST_PATCH/$1"/*.patch)
	[[ -e ${PATCHES[0]} ]] || PATCHES=()
}

need_patches() {
	((${#PATCHES[@]})) || fail "series $1 has no patches"
}

# What these patches change: paths that the tree has before them
touched() {
	awk '/^diff --git / { head = 1 }
		/^@@/ { head = 0 }
		head && sub("^--- a/", "")' "$@" | sort -u
}

# --- trees ---

# unpack ARCHIVE TREE [PATH...]: all of it, or these files as far as they exist
unpack() {
	local archive=$1 tree=$2
	shift 2
	mkdir -p "$tree"
	if ! zstd -qdc "$archive" | tar -x -C "$tree" --strip-components=1 --no-same-owner \
		--wildcards --no-wildcards-match-slash "${@/#/*/}" 2>"$tree/.unpack" &&
		# What isn't there yet is what a patch makes
		grep -vE ': Not found in archive$|: Exiting with failure status due to previous errors$' "$tree/.unpack" >&2; then
		fail "$archive cannot be unpacked"
	fi
	rm "$tree/.unpack"
}

# tree_version TREE: VERSION.PATCHLEVEL, or nothing
tree_version() {
	[[ ! -f $1/Makefile ]] || sed -nE '1,8s/^(VERSION|PATCHLEVEL) *= *([0-9]+)$/\2/p' "$1/Makefile" | paste -sd.
}

# git that does the same whatever is configured, and whoever it is
plain_git() {
	GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 \
		GIT_COMMITTER_NAME=host-patch GIT_COMMITTER_EMAIL=host-patch@localhost \
		git -c gc.auto=0 -c init.defaultBranch=series "$@"
}

# series_tree ARCHIVE TREE: a git tree of the files that PATCHES change, tagged "base".
# If there is one already, its next commit, and the tag moves.
series_tree() {
	local archive=$1 tree=$2 files
	mapfile -t files < <(touched "${PATCHES[@]}")
	plain_git init -q "$tree"
	find "$tree" -mindepth 1 -maxdepth 1 ! -name .git -exec rm -rf {} +
	unpack "$archive" "$tree" Makefile Kbuild "${files[@]}"
	plain_git -C "$tree" add -A -f
	plain_git -C "$tree" -c user.name=host-patch -c user.email=host-patch@localhost \
		commit -q --allow-empty -m "${archive##*/}"
	plain_git -C "$tree" tag -f base >/dev/null
}

# series_export TREE DIR: the commits since "base", the same bytes on each machine
series_export() {
	plain_git -C "$1" format-patch -q --zero-commit --full-index --no-signature -N -o "$2" base
}

# tree_git TREE ARG...: for a tree that may be no git tree; the ceiling keeps git from
# finding one above it.
tree_git() {
	local tree=$1
	shift
	GIT_CEILING_DIRECTORIES=$(dirname "$(realpath "$tree")") git -C "$tree" \
		-c apply.ignoreWhitespace=no -c apply.whitespace=nowarn "$@"
}

# tree_apply TREE PATCH...: all or none onto a tree that is no git tree, as one input,
# since git apply checks several one by one
tree_apply() {
	cat "${@:2}" | tree_git "$1" apply
}

# tree_configure TREE FILE...: allnoconfig and what is in these files
tree_configure() {
	local tree=$1 line
	shift
	cat "$@" >"$tree/.allconfig"
	make -s -C "$tree" KCONFIG_ALLCONFIG=.allconfig allnoconfig
	find "$tree" -path "$tree/arch/[!x]*" -prune -o -name 'Kconfig*' -exec \
		sed -nE 's/^(menu)?config ([A-Z0-9_]+).*/\2/p' {} + >"$tree/.symbols"
	while IFS= read -r line; do
		line=${line#CONFIG_}
		if ! grep -qxF "CONFIG_$line" "$tree/.config" && grep -qxF "${line%%=*}" "$tree/.symbols"; then
			fail "Linux $(tree_version "$tree") has the option ${line%%=*}, but $line does not take effect"
		fi
	done < <(grep '^CONFIG_' "$tree/.allconfig")
}

# --- the cache ---

# series_key FILE...: of PACKAGE, VERSION, PATCHES, the compiler, and these files
series_key() {
	{
		echo "$PACKAGE $VERSION $(gcc -dumpfullversion)"
		cat "$HOST_PATCH/common.sh" "$@" "${PATCHES[@]}"
	} | sha256sum | cut -c1-12
}

# cached NAME KEY FUNCTION [ARG]...: sets CACHED to a directory in the cache. If it is not
# there, FUNCTION fills $WORK/result, which becomes it; whole or not at all, and one at
# a time. What FUNCTION says is kept in $WORK/log, whose last line is the progress told.
cached() {
	local name=$1 key=$2 began=$SECONDS lock old
	shift 2
	CACHED=$CACHE/kernels/$name-$key
	[[ ! -d $CACHED ]] || return 0
	mkdir -p "$CACHE/kernels"
	exec {lock}>"$CACHE/kernels/.$name.lock"
	flock "$lock"
	if [[ ! -d $CACHED ]]; then
		say "$name: building $CACHED"
		rm -rf "$CACHE/kernels/.$name-"*
		WORK=$(mktemp -d "$CACHE/kernels/.$name-XXXXXX")
		trap cached_cleanup EXIT
		trap 'exit 1' INT TERM HUP
		chmod 755 "$WORK"
		mkdir "$WORK/result"
		# A process group of its own, to be ended with all that it started
		set -m
		"$@" >"$WORK/log" 2>&1 &
		set +m
		cached_progress "$name" $! &
		wait %1 || {
			tail -n 60 "$WORK/log" >&2
			fail "$name: failed after $((SECONDS - began)) s"
		}
		old=("$CACHE/kernels/$name-"*)
		mv "$WORK/result" "$CACHED"
		[[ ! -e ${old[0]} ]] || rm -rf "${old[@]}"
		cached_cleanup
		say "$name: done in $((SECONDS - began)) s, $(du -sh "$CACHED" | cut -f1)"
	fi
	exec {lock}>&-
}

cached_cleanup() {
	trap - EXIT INT TERM HUP
	local pid
	for pid in $(jobs -p); do
		kill -- "-$pid" 2>/dev/null || kill "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	rm -rf "$WORK"
}

cached_progress() {
	local name=$1 start=$SECONDS
	while kill -0 "$2" 2>/dev/null; do
		# No program that would outlive this
		read -r -t 10 <> <(:) || true
		say "$name: $((SECONDS - start)) s: $(tail -n 1 "$WORK/log" | tr -s ' ' | cut -c1-70)"
	done
}
