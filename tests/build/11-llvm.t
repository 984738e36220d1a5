#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The driver builds with LLVM alone (LLVM=1) for a kernel that is configured for it, link-time optimization and all, without
# a warning at W=1. Of that kernel there is what modules are built with. Arguments: series of host-patch.
# check-all: 6.12
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
series=("$@")
((${#series[@]})) || mapfile -t series < <(tier_cases)
export LLVM=1

# prepare SERIES TREE: the lab's kernel, as far as modules need it
prepare() (
	set -e
	# shellcheck source=host-patch/common.sh
	. host-patch/common.sh
	need clang ld.lld llvm-nm
	unpack "$(host-patch/fetch "$1")" "$2"
	echo CONFIG_LTO_CLANG_THIN=y >"$2/.llvm"
	tree_configure "$2" host-patch/config "$2/.llvm"
	make -s -C "$2" -j"$(nproc)" modules_prepare
)

# The kernel has no symbols yet
remarks='modpost: ("|suppressed)|Module\.symvers|unresolved symbol|KBUILD_MODPOST_WARN|at your own risk|may not have dependencies'

dir=build/llvm
for one in "${series[@]}"; do
	rm -rf $dir
	mkdir -p $dir/driver
	cp -r Kbuild Makefile driver include $dir/driver/
	said=$(prepare "$one" "$PWD/$dir/kernel" 2>&1) || { bail "$one: no kernel: $said"; }
	said=$(make -s -C $dir/driver modules KDIR="$PWD/$dir/kernel" W=1 KBUILD_MODPOST_WARN=1 2>&1)
	ok $? "$one: builds" || diag "$said"
	like "$(readelf -p .comment $dir/driver/driver/ptp_kvm.ko)" 'clang version' "$one: by clang"
	is "$(grep -cE '^CONFIG_(CC_IS_CLANG|LD_IS_LLD|LTO_CLANG_THIN)=y$' $dir/kernel/.config)" 3 "$one: for a kernel of LLVM's"
	is_empty "$(grep -vE "$remarks" <<<"$said")" "$one: no warning"
done
rm -rf $dir
done_testing
