#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Kernels whose headers have a part only of what came together upstream, as distributions' backports do: the driver
# builds with what is there, or says what it does not know.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh

tree=build/conftest
mkdir -p $tree
cp -r Kbuild Makefile driver include $tree/

# in_kernel IMAGE HEADER SED [MAKE-ARGUMENT]...: make with that kernel, one of its headers changed by sed; "$said"
in_kernel() {
	local image=$1 dir found changed=build/conftest-header.h
	local -a bind=(--bind "$PWD/$tree" /src)
	dir=$(vm-images/build-image --print "$image")
	if [[ -n $3 ]]; then
		found=("$dir"/root/usr/src/linux-headers-*-common/"$2")
		sed -E "$3" "${found[0]}" >$changed
		bind+=(--ro-bind "$changed" "${found[0]#"$dir/root"}")
	fi
	shift 3
	said=$(vm-images/in-image "$image" "${bind[@]}" \
		make -C /src modules KDIR="/lib/modules/$(cat "$dir/kver")/build" "$@" 2>&1)
}

has() { grep -q "HAVE_$1 1" $tree/driver/conftest.h; }

in_kernel sid '' ''
ok $? "sid: builds"
has SNAPSHOT_HW_CYCLES
ok $? "its snapshots have the hardware's counter"
like "$said" ' CONF ' 'which was asked'
in_kernel sid '' ''
unlike "$said" ' CONF ' 'and is not asked again'

in_kernel sid include/linux/timekeeping.h '/hw_cycles;|hw_csid;/d' W=1
ok $? "no counter of the hardware's: builds"
unlike "$said" warning 'without a warning'
has KTIME_GET_SNAPSHOT_ID && ! has SNAPSHOT_HW_CYCLES
ok $? 'it is left out, the rest of the snapshot is used'

in_kernel sid include/linux/ptp_clock_kernel.h 's/(pre|post)_sts/\1_stamp/g'
is $? 2 'a timestamp of no known shape: does not build'
like "$said" 'ptp_kvm does not know the struct ptp_system_timestamp of this kernel' 'and says what it does not know'

in_kernel bullseye arch/x86/include/asm/kvmclock.h 's/this_cpu_hvclock/of_old/' W=1
ok $? 'this_cpu_hvclock() not there yet, as before 5.15: builds'
like "$said" 'exact on the TSC only, not on kvm-clock' 'and says what is missing'
! has THIS_CPU_HVCLOCK
ok $? 'it is left out'

in_kernel bullseye '' '' CONFIG_X86_64=
is $? 2 '32 bits: does not build'
like "$said" 'this kernel is not one of 64-bit x86' 'and says so'

said=$(CONFTEST_CC=false sh driver/conftest.sh $tree/none.h 2>&1)
is $? 1 'a compiler that says nothing: no answer'
like "$said" 'nothing can be compiled' 'and that is said'

# As Clang behind a wrapper is: it stops after 20 errors, where it is not asked in its own words
cat >$tree/wrapped-clang <<'EOF'
#!/bin/sh
for source; do :; done
! grep -q __clang__ "$source" || echo 'error: this is Clang'
case "$*" in
*-ferror-limit=0*) sed -n 's/^#line 1 "\(HAVE_.*\)"/\1:1:1: error: no/p' "$source" ;;
*) echo 'HAVE_CC_PLATFORM:1:1: error: no' ;;
esac
EOF
CONFTEST_CC="sh $tree/wrapped-clang" sh driver/conftest.sh $tree/none.h 2>/dev/null
ok $? 'Clang by another name: answers'
unlike "$(cat $tree/none.h)" '#define' 'and what it has not is not taken for there'
rm -f build/conftest-header.h
done_testing
