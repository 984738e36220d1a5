#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What the target kernel's headers offer, as #defines for compat.h.
# usage: conftest.sh SRCTREE OUTPUT (rewritten only where it changes)
set -eu

include=$1/include/linux
output=$2

# have MACRO FILE PATTERN: define MACRO where FILE has a line with PATTERN
have() {
	if grep -qsE -e "$3" "$include/$2"; then
		echo "#define $1 1"
	fi
}

[ -e "$include/timekeeping.h" ] || {
	echo "conftest.sh: no kernel headers in $1" >&2
	exit 1
}

{
	echo "/* made by conftest.sh */"
	have HAVE_CC_PLATFORM cc_platform.h 'cc_platform_has'
	have HAVE_CLOCKSOURCE_IDS clocksource_ids.h 'CSID_GENERIC'
	have HAVE_CSID_X86_TSC clocksource_ids.h 'CSID_X86_TSC\>'
	have HAVE_FAUX_DEVICE device/faux.h 'faux_device_create\('
	have HAVE_KTIME_GET_SNAPSHOT_ID timekeeping.h 'ktime_get_snapshot_id\('
	have HAVE_PTP_STS_CLOCKID ptp_clock_kernel.h '^[[:space:]]clockid_t[[:space:]]+clockid;'
	have HAVE_PTP_CLOCK_ATTRS ptp_clock_kernel.h '\(\*gettimexattrs64\)'
} > "$output.tmp"

if cmp -s "$output.tmp" "$output"; then
	rm "$output.tmp"
else
	mv "$output.tmp" "$output"
fi
