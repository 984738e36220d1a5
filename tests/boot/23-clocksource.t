#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A patched host on a clocksource that is no function of the TSC: type 0 is refused as ever, type 1 is served with a
# window, and the truth lies in it. chronyd in the guest keeps the PHC while the host's clocksource goes back and forth.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/lib/lab.sh
. tests/lib/clock.sh

clocksource=/sys/devices/system/clocksource/clocksource0

# host_source NAME
host_source() {
	is "$(host "echo $1 >$clocksource/current_clocksource; cat $clocksource/current_clocksource")" "$1" "the host is on $1"
}

# window KEY: of phcread's 1000 readings against the reference, see windows()
windows_field() {
	field "$1" <<<"$windows"
}

# How far device - guest, by PTP_SYS_OFFSET_EXTENDED, is from the truth, host - guest, at that instant, for each reading;
# and how wide its window is, half of which lies on either side of the middle. Numbers of 64 bits: perl.
# windows READINGS SERIES SAMPLES-OF-GUEST
windows() {
	perl -e '
		my ($readings, $series, $samples) = @ARGV;
		open my $f, "<", $samples or die "$samples: $!\n";
		my $first;
		while (<$f>) { if (/^\d+ (\d+) /) { $first = $1; last } }
		my (@at, @ns);
		open $f, "<", $series or die "$series: $!\n";
		while (<$f>) { /^(\S+) (\S+)$/ and push(@at, $1) and push(@ns, $2) }
		# both clocks run freely: a straight line, which smooths the reference
		my ($n, $sx, $sy, $sxx, $sxy) = (scalar @at, 0, 0, 0, 0);
		my ($x0, $y0) = ($at[0], $ns[0]);
		for (0 .. $#at) { my ($x, $y) = ($at[$_] - $x0, $ns[$_] - $y0); $sx += $x; $sy += $y; $sxx += $x * $x; $sxy += $x * $y }
		my $slope = ($n * $sxy - $sx * $sy) / ($n * $sxx - $sx * $sx);
		my $level = ($sy - $slope * $sx) / $n;
		my ($count, $inside, $widest, $far, $part) = (0, 0, 0, 0, 0);
		open $f, "<", $readings or die "$readings: $!\n";
		while (<$f>) {
			/^device=(\d+) pre=(\d+) post=(\d+) / or next;
			my ($window, $middle) = (($3 - $2) / 2, $2 + int(($3 - $2) / 2));
			my $truth = $y0 + $level + $slope * (($middle - $first) / 1e9 - $x0);
			my $error = abs(($1 - $middle) + $truth);
			$count++;
			$inside++ if $error <= $window;
			$widest = $window if $window > $widest;
			$far = $error if $error > $far;
			$part = $error / $window if $window && $error / $window > $part;
		}
		printf "count=%d inside=%d widest=%d furthest=%.0f part=%.2f\n", $count, $inside, $widest, $far, $part' "$@"
}

module_for bookworm
lab_stage guest bookworm patched-6.12
like "$(host cat $clocksource/available_clocksource)" 'hpet.*acpi_pm' 'the host has other clocksources'
clock_load g1
clock_source g1 tsc

for source in hpet acpi_pm; do
	host_source $source
	is "$(host '/lab/pairvcpu --probe --count 20' | field type0)" -95 "$source: type 0 is refused"
	cmp "$(guest g1 cat /sys/class/ptp/ptp0/device/host_clock/window_ns)" '>' 0 "$source: type 1 has a window, ns"
	sampling_start g1
	guest g1 '/lab/phcread --method extended --count 1000 --interval-us 5000 --raw >/tmp/readings'
	sampling_stop "$CLOCK_DATA/$source" g1
	guest g1 cat /tmp/readings >"$CLOCK_DATA/$source.readings"
	note "$source: the reference: $(truth g1 "$CLOCK_DATA/$source" --series "$CLOCK_DATA/$source.series")"
	windows=$(windows "$CLOCK_DATA/$source".{readings,series,g1})
	note "$source: $windows"
	is "$(windows_field count)" 1000 "$source: 1000 readings"
	is "$(windows_field inside)" 1000 "$source: the truth is inside each window"
	cmp "$(windows_field widest)" '<' 100000000 "$source: and the window says something, ns"
done
host_source tsc
is "$(guest g1 cat /sys/class/ptp/ptp0/device/host_clock/window_ns)" 0 'on tsc again: exact'

chrony_start g1 "$REFCLOCK_RECOMMENDED" "$MAKESTEP"
runs 'chronyd selects the PHC' chrony_selected g1
guest g1 'until chronyc -c sources | grep -q "^#,[*],KVM,[0-9]*,-*[0-9]*,377,"; do sleep 0.5; done' || diag 'no eight readings'
for source in hpet tsc acpi_pm tsc; do
	host_source $source
	# six polls of chronyd's, and the PHC is selected at each of them
	said=$(guest g1 'for i in $(seq 6); do sleep 1; chronyc -c sources; done')
	is "$(grep -c '^#,[*],KVM,' <<<"$said")" 6 "host on $source: chronyd keeps the PHC selected"
	is "$(cut -d, -f6 <<<"$said" | sort -u)" 377 "host on $source: and misses no reading"
done
chrony_stop g1
is "$(guest g1 'dmesg | grep -c "ptp_kvm: the host refuses"')" 0 'nothing was ever refused'
guest_stop g1
lab_check_consoles
done_testing
