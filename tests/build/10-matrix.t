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
	note "$image: $(grep -c define "build/modules/$image/driver/conftest.h") features"
done
done_testing
