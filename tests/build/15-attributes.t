#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The attributes operations that were proposed for PTP clocks in July 2026: no
# released kernel has them, so the driver is built against 7.2's header with
# what the proposal adds to it, and its own declarations of the two operations
# are what the compiler checks.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh

image=sid
tree=build/attributes
dir=$(vm-images/build-image --print $image)
kdir=/lib/modules/$(cat "$dir/kver")/build
headers=("$dir"/root/usr/src/linux-headers-*-common/include/linux/ptp_clock_kernel.h)
header=${headers[0]#"$dir/root"}
rm -rf $tree
mkdir -p $tree
cp -r Kbuild Makefile driver include $tree/

awk '/^struct ptp_clock_info \{/ {
	print "enum { PTP_CLOCK_STATUS_UNKNOWN, PTP_CLOCK_STATUS_INITIALIZING, PTP_CLOCK_STATUS_SYNCED,"
	print "\tPTP_CLOCK_STATUS_HOLDOVER, PTP_CLOCK_STATUS_FREE_RUNNING, PTP_CLOCK_STATUS_UNRELIABLE };"
	print "enum { PTP_TIMESCALE_UNKNOWN, PTP_TIMESCALE_TAI, PTP_TIMESCALE_TT, PTP_TIMESCALE_GPS, PTP_TIMESCALE_UTC,"
	print "\tPTP_TIMESCALE_POSIX, PTP_TIMESCALE_MONOTONIC, PTP_TIMESCALE_MONOTONIC_RAW, PTP_TIMESCALE_BOOTTIME,"
	print "\tPTP_TIMESCALE_PROPRIETARY };"
	print "enum { PTP_ATTRS_VALID_ERROR_BOUND = 1, PTP_ATTRS_VALID_TIMESCALE = 2, PTP_ATTRS_VALID_STATUS = 4 };"
	print "struct ptp_clock_attrs { u32 valid, error_bound, timescale, status, rsv[4]; };"
}
{ print }
/int \(\*gettime64\)/ {
	print "\tint (*gettimexattrs64)(struct ptp_clock_info *ptp, struct timespec64 *ts,"
	print "\t\tstruct ptp_system_timestamp *sts, struct ptp_clock_attrs *att);"
	print "\tint (*getcrosststampattrs)(struct ptp_clock_info *ptp,"
	print "\t\tstruct system_device_crosststamp *cts, struct ptp_clock_attrs *att);"
}' "${headers[0]}" >build/ptp_clock_kernel.h

said=$(vm-images/in-image $image --bind "$PWD/$tree" /src --ro-bind build/ptp_clock_kernel.h "$header" \
	make -s -C /src modules KDIR="$kdir" W=1 2>&1)
ok $? 'builds against the proposed header'
is_empty "$said" 'no warning'
like "$(cat $tree/driver/conftest.h)" HAVE_PTP_CLOCK_ATTRS 'the operations were found'
like "$(nm $tree/driver/ptp_kvm.ko 2>/dev/null || vm-images/in-image $image --bind "$PWD/$tree" /src nm /src/driver/ptp_kvm.ko)" \
	'ptp_kvm_set_attrs' 'and are in the module'
done_testing
