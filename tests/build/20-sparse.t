#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# sparse finds nothing in the driver, on any of the kernels that guests have. That
# it would find something is shown by a fault put in on purpose.
# (Debian's headers of 7.2 lack the script that C=2 needs; what it sets is there. Debian 13's sparse is too old for 7.3.)
# check: sid
# check-all: bullseye bookworm trixie
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
cases=("$@")
((${#cases[@]})) || mapfile -t cases < <(tier_cases)

# sparse MODULE-TREE IMAGE: what it says about our own files
sparse() {
	local kdir
	kdir=/lib/modules/$(cat "$(vm-images/build-image --print "$2")/kver")/build
	vm-images/in-image "$2" --bind "$PWD/$1" /src \
		make -C /src modules KDIR="$kdir" KBUILD_CHECKSRC=2 2>&1
}

tree=build/sparse
for image in "${cases[@]}"; do
	rm -rf "$tree"
	mkdir -p "$tree"
	cp -r Kbuild Makefile driver include "$tree/"
	said=$(sparse "$tree" "$image") || { flunk "$image: builds"; diag "$said"; }
	like "$said" 'CHECK +.*ptp_kvm_main\.c' "$image: sparse ran"
	is_empty "$(grep -E '(driver|include)/[^:]*:[0-9]+:[0-9]+: (warning|error)' <<<"$said")" \
		"$image: sparse finds nothing"
done

sed -i 's/^static int ptp_kvm_failing;/int ptp_kvm_failing;/' "$tree/driver/ptp_kvm_main.c"
like "$(sparse "$tree" "$image")" 'ptp_kvm_failing.* was not declared. Should it be static' 'sparse finds a fault'
done_testing
