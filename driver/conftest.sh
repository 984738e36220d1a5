#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What the target kernel offers, as #defines for compat.h, each found by compiling a use of it.
# usage: CONFTEST_CC="compiler and flags" conftest.sh OUTPUT
set -eu

output=$1
source=$output.c
log=$output.log

# compiles 'HEADER...' STATEMENTS
compiles() {
	{
		for header in $1; do
			echo "#include <$header>"
		done
		echo 'void conftest(void);'
		echo "void conftest(void) { $2 }"
	} > "$source"
	eval "$CONFTEST_CC $source" > "$log" 2>&1
}

# have MACRO 'HEADER...' STATEMENTS: define MACRO where that compiles
have() {
	if compiles "$2" "$3"; then
		echo "#define $1 1"
	fi
}

# either WHAT 'HEADER...' STATEMENTS STATEMENTS...: one of them has to compile
either() {
	what=$1
	headers=$2
	shift 2
	for use; do
		! compiles "$headers" "$use" || return 0
	done
	{
		echo "conftest.sh: ptp_kvm does not know the $what of this kernel:"
		sed 's/^/    /' "$log"
	} >&2
	exit 1
}

if ! compiles linux/types.h ''; then
	{
		echo 'conftest.sh: nothing can be compiled for this kernel:'
		cat "$log"
	} >&2
	exit 1
fi

time='linux/clocksource.h linux/timekeeping.h'
ptp="linux/ptp_clock_kernel.h $time"
snap='struct system_time_snapshot s;'
sts='struct ptp_system_timestamp t;'
cts='struct system_device_crosststamp c;'
get_id="$snap ktime_get_snapshot_id(0, &s); s.systime = s.monoraw; s.valid = s.cycles == s.cs_id;"

either 'struct system_time_snapshot' "$time" "$get_id" \
	"$snap ktime_get_snapshot(&s); s.real = s.raw; s.cycles = s.cs_was_changed_seq;"
either 'struct ptp_system_timestamp' "$ptp" \
	"$sts t.pre_sts = t.post_sts; $get_id" "$sts t.pre_ts = t.post_ts;"
either 'struct system_device_crosststamp' "$ptp" \
	"$cts c.sys_systime = c.sys_monoraw;" "$cts c.sys_realtime = c.sys_monoraw;"

{
	echo '/* made by conftest.sh */'
	have HAVE_CC_PLATFORM linux/cc_platform.h '(void)cc_platform_has(CC_ATTR_GUEST_MEM_ENCRYPT);'
	have HAVE_CLOCKSOURCE_IDS linux/clocksource_ids.h '(void)CSID_GENERIC;'
	have HAVE_CSID_X86_TSC "linux/clocksource_ids.h $time" \
		"$snap (void)(s.cs_id == CSID_X86_TSC || s.cs_id == CSID_X86_TSC_EARLY || s.cs_id == CSID_X86_KVM_CLK);"
	have HAVE_THIS_CPU_HVCLOCK 'linux/percpu.h asm/pvclock.h asm/kvmclock.h' '(void)this_cpu_hvclock()->pvti.version;'
	have HAVE_FAUX_DEVICE linux/device/faux.h '(void)faux_device_create("", NULL, NULL);'
	have HAVE_KTIME_GET_SNAPSHOT_ID "$time" "$get_id"
	have HAVE_SNAPSHOT_HW_CYCLES "$time" "$snap s.hw_cycles = s.hw_csid;"
	have HAVE_STS_SNAPSHOTS "$ptp" "$sts t.pre_sts.systime = t.post_sts.systime;"
	have HAVE_PTP_STS_CLOCKID "$ptp" "$sts t.clockid = 0;"
	have HAVE_CTS_SYSTIME "$ptp" "$cts c.sys_systime = 0;"
	have HAVE_CTS_CLOCK_ID "$ptp" "$cts c.clock_id = 0;"
	have HAVE_CTS_SYS_COUNTER "linux/clocksource_ids.h $ptp" \
		"$cts c.sys_counter.cycles = 0; c.sys_counter.cs_id = CSID_GENERIC; c.sys_counter.use_nsecs = false;"
	have HAVE_PTP_CLOCK_ATTRS "$ptp" \
		'struct ptp_clock_info i; struct ptp_clock_attrs a;
		i.gettimexattrs64 = NULL; i.getcrosststampattrs = NULL; a.error_bound = 0;
		a.valid = PTP_ATTRS_VALID_ERROR_BOUND | PTP_ATTRS_VALID_STATUS;
		a.status = PTP_CLOCK_STATUS_FREE_RUNNING;'
} > "$output.tmp"
grep -q HAVE_THIS_CPU_HVCLOCK "$output.tmp" ||
	echo 'conftest.sh: no this_cpu_hvclock() in this kernel: its guests are exact on the TSC only, not on kvm-clock' >&2

rm -f "$source" "$log"
mv "$output.tmp" "$output"
