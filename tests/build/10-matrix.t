#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The driver builds for every kernel it claims, from clean, without a warning
# at W=1 (which also checks the kernel-doc comments).
# check: bullseye bookworm trixie sid
# check-all: trixie-backports trixie-backports:cloud trixie-backports:rt
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
cases=("$@")
((${#cases[@]})) || mapfile -t cases < <(tier_cases)

# The kernels' own remark about headers without vmlinux is none of ours.
remarks='Skipping BTF generation'

# hot IMAGE: where the last function that each reading needs ends, bytes into the module. After an exit of the guest each page is cold.
hot() {
	local at size kind name last=0
	while read -r at size kind name; do
		case $name in
		*.cold) ;;
		ptp_kvm_read_between | ptp_kvm_get*64 | ptp_kvm_getcrosststamp* | ptp_kvm_source | ptp_kvm_pair_* | ptp_kvm_pairing_call | \
			ptp_kvm_refusal_holds | ptp_kvm_point_between | ptp_kvm_arch_[rfcs]* | ptp_kvm_page_version | \
			ptp_kvm_get_snapshot_id | ptp_kvm_note)
			[[ $kind != [tT] ]] || ((16#$at + 16#$size <= last)) || last=$((16#$at + 16#$size))
			;;
		esac
	done < <(nm -S --defined-only "build/modules/$1/ptp_kvm.ko")
	echo "$last"
}

mkdir -p build/logs
for image in "${cases[@]}"; do
	rm -rf "build/modules/$image"
	if ! said=$(tests/build-module "$image" W=1 2>build/logs/build-"$image".log); then
		flunk "$image: builds"
		flunk "$image: no warning"
		diag "$(cat build/logs/build-"$image".log)"
		continue
	fi
	pass "$image: builds for Linux $(modinfo -F vermagic "build/modules/$image/ptp_kvm.ko" | cut -d' ' -f1)"
	said=$(grep -vE "$remarks|^build-image: " <<<"$said$(cat build/logs/build-"$image".log)")
	is_empty "$said" "$image: no warning"
	size=$(hot "$image")
	cmp "$size" '>' 2000 "$image: where what each reading needs is found"
	le "$size" 4096 "$image: and is in one page, bytes"
	note "$image: $(grep -c define "build/modules/$image/driver/conftest.h") features"
done
done_testing
