#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# checkpatch.pl --strict, the newest kernel's, on every file that is the
# kernel's: nothing but the exceptions below, each with its reason.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh

# - an out-of-tree module must state the oldest kernel it is for
except='LINUX_VERSION_CODE should be avoided'
except+='|Comparisons should place the constant on the right side'
# - the hypercall is one, and a host without it is what the errno says
except+="|ENOSYS means 'invalid syscall nr' and nothing else"
# - the ABI headers are shared with user space, which has no BIT()
except+='|(kvm_clock_pairing|host_clock_record).h:[0-9]+: CHECK: Prefer using the BIT macro'
# - a macro that defines a file; its arguments are constants
except+='|ptp_kvm_sysfs.c:[0-9]+: CHECK: Macro argument reuse'

image=sid
root=$(vm-images/build-image --print "$image")/root
checkpatch=("$root"/usr/src/linux-selftests/scripts/checkpatch.pl)
[[ -e ${checkpatch[0]} ]] || bail "the $image image has no checkpatch.pl"

files=(driver/*.[ch] include/*.h)
plan $((${#files[@]} + 1))
for file in "${files[@]}"; do
	said=$(perl "${checkpatch[0]}" --no-tree --strict --terse -f "$file" 2>&1)
	# 1: it has found something
	like "$?:$(grep -vE "$except|^total: " <<<"$said")" '^[01]:$' "$file"
done

# It can fail
mkdir -p build
printf 'int x(void){ return 0; }\n' >build/bad.c
said=$(perl "${checkpatch[0]}" --no-tree --strict --terse -f build/bad.c 2>&1)
like "$said" 'ERROR|WARNING' 'checkpatch finds what is wrong in a bad file'
done_testing
