# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A root to install packages in: a copy of an image's that can be written, with several users and without network.
# As an ordinary user by /etc/subuid, as mmdebstrap does. Sourced.
#
#     root_copy IMAGE DIR        DIR/.. is to exist
#     in_root DIR CMD...         with ROOT_BINDS, "SRC DST" each, read-only; nothing of it outlives CMD
#     root_remove DIR

ROOT_BINDS=()

_unshare() {
	local options=(--mount --pid --fork --kill-child --ipc --uts --net)
	((EUID == 0)) || options+=(--map-root-user --map-auto)
	unshare "${options[@]}" "$@"
}

root_copy() {
	local lock dir
	vm-images/build-image "$1"
	dir=$(vm-images/build-image --print "$1")
	# Nobody replaces the image meanwhile
	exec {lock}<"${dir%/*}/.$1.lock"
	flock -s "$lock"
	root_remove "$2"
	cp -a "$dir/root" "$2"
	exec {lock}<&-
	# The tests' own cost, and none of what they test
	echo force-unsafe-io >"$2/etc/dpkg/dpkg.cfg.d/unsafe-io"
}

# shellcheck disable=SC2016
in_root() {
	local root=$1
	shift
	_unshare sh -c 'set -e
		root=$1 binds=$2
		shift 2
		mount -t proc proc "$root/proc"
		mount --rbind /dev "$root/dev"
		mount -t tmpfs tmpfs "$root/run"
		mount -t tmpfs tmpfs "$root/tmp"
		echo "$binds" | while read -r src dst; do
			[ -z "$src" ] || { mkdir -p "$root$dst" && mount --rbind "$src" "$root$dst"; }
		done
		exec chroot "$root" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
			HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"' \
		sh "$root" "$(printf '%s\n' "${ROOT_BINDS[@]}")" "$@"
}

root_remove() {
	[[ ! -e $1 ]] || _unshare rm -rf --one-file-system "$1"
}
