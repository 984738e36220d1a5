#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What the target kernel offers, as #defines for compat.h: a use of each thing is a function of its own, all are compiled
# at once, and what has no error is there.
# usage: CONFTEST_CC="compiler and flags" conftest.sh OUTPUT
set -eu

output=$1
source=$output.c
log=$output.log

# asks NAME STATEMENTS: errors in these are of the file NAME
asks() {
	echo "#line 1 \"$1\""
	echo "void conftest_$1(void); void conftest_$1(void) { $2 }"
}

has() {
	! grep -q "^$1:[0-9:]* \(fatal \)\?error" "$log"
}

# either WHAT NAME NAME: one of them has no error
either() {
	if ! has "$2" && ! has "$3"; then
		{
			echo "conftest.sh: ptp_kvm does not know the $1 of this kernel:"
			grep "^$3:" "$log"
		} >&2
		exit 1
	fi
}

snap='struct system_time_snapshot s;'
sts='struct ptp_system_timestamp t;'
cts='struct system_device_crosststamp c;'
get_id="$snap ktime_get_snapshot_id(0, &s); s.systime = s.monoraw; s.valid = s.cycles == s.cs_id;"
# All errors, whatever KCFLAGS say. Which compiler it is it says itself: its name may be of a wrapper, "ccache clang".
all=-fmax-errors=0
printf '#ifdef __clang__\n#error this is Clang\n#endif\n' > "$source"
! eval "LC_ALL=C $CONFTEST_CC $source" 2>&1 | grep -q 'this is Clang' || all=-ferror-limit=0

{
	for header in cc_platform clocksource_ids clocksource timekeeping ptp_clock_kernel percpu device/faux; do
		printf '#if __has_include(<linux/%s.h>)\n#include <linux/%s.h>\n#endif\n' $header $header
	done
	printf '#include <asm/pvclock.h>\n#include <asm/kvmclock.h>\n'

	asks OLD_SNAPSHOT "$snap ktime_get_snapshot(&s); s.real = s.raw; s.cycles = s.cs_was_changed_seq;"
	asks OLD_STS "$sts t.pre_ts = t.post_ts;"
	asks OLD_CTS "$cts c.sys_realtime = c.sys_monoraw;"

	asks HAVE_CC_PLATFORM '(void)cc_platform_has(CC_ATTR_GUEST_MEM_ENCRYPT);'
	asks HAVE_CLOCKSOURCE_IDS '(void)CSID_GENERIC;'
	asks HAVE_CSID_X86_TSC \
		"$snap (void)(s.cs_id == CSID_X86_TSC || s.cs_id == CSID_X86_TSC_EARLY || s.cs_id == CSID_X86_KVM_CLK);"
	asks HAVE_THIS_CPU_HVCLOCK '(void)this_cpu_hvclock()->pvti.version;'
	asks HAVE_FAUX_DEVICE '(void)faux_device_create("", NULL, NULL);'
	asks HAVE_KTIME_GET_SNAPSHOT_ID "$get_id"
	asks HAVE_SNAPSHOT_HW_CYCLES "$snap s.hw_cycles = s.hw_csid;"
	asks HAVE_STS_SNAPSHOTS "$sts t.pre_sts.systime = t.post_sts.systime;"
	asks HAVE_PTP_STS_CLOCKID "$sts t.clockid = 0;"
	asks HAVE_CTS_SYSTIME "$cts c.sys_systime = c.sys_monoraw;"
	asks HAVE_CTS_CLOCK_ID "$cts c.clock_id = 0;"
	asks HAVE_CTS_SYS_COUNTER \
		"$cts c.sys_counter.cycles = 0; c.sys_counter.cs_id = CSID_GENERIC; c.sys_counter.use_nsecs = false;"
	asks HAVE_PTP_CLOCK_ATTRS \
		"struct ptp_clock_info i; struct ptp_clock_attrs a; \
		i.gettimexattrs64 = NULL; i.getcrosststampattrs = NULL; a.error_bound = 0; \
		a.valid = PTP_ATTRS_VALID_ERROR_BOUND | PTP_ATTRS_VALID_TIMESCALE | PTP_ATTRS_VALID_STATUS; \
		a.timescale = PTP_TIMESCALE_UTC; a.timescale = PTP_TIMESCALE_PROPRIETARY; \
		a.status = PTP_CLOCK_STATUS_FREE_RUNNING;"
} > "$source"
eval "LC_ALL=C $CONFTEST_CC -Wno-fatal-errors -fno-diagnostics-color $all $source" > "$log" 2>&1 || true

# An error that is in no use is one of the compiler, or of the headers; and without any nothing was compiled, since no
# kernel has all of this.
if grep -v '^HAVE_\|^OLD_' "$log" | grep ': \(fatal \)\?error: ' >&2 || ! grep -q '^OLD_.*error\|^HAVE_.*error' "$log"; then
	cat "$log" >&2
	echo 'conftest.sh: nothing can be compiled for this kernel' >&2
	exit 1
fi
either 'struct system_time_snapshot' HAVE_KTIME_GET_SNAPSHOT_ID OLD_SNAPSHOT
either 'struct ptp_system_timestamp' HAVE_STS_SNAPSHOTS OLD_STS
either 'struct system_device_crosststamp' HAVE_CTS_SYSTIME OLD_CTS
{
	echo '/* made by conftest.sh */'
	sed -n 's/^#line 1 "\(HAVE_.*\)"/\1/p' "$source" | while read -r name; do
		! has "$name" || echo "#define $name 1"
	done
} > "$output.tmp"
grep -q HAVE_THIS_CPU_HVCLOCK "$output.tmp" ||
	echo 'conftest.sh: no this_cpu_hvclock() in this kernel: its guests are exact on the TSC only, not on kvm-clock' >&2

rm -f "$source" "$log"
mv "$output.tmp" "$output"
