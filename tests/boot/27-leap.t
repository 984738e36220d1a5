#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A leap second is inserted on the host. A guest whose chronyd knows of it (leapsectz, recommended where the host steps)
# inserts it at the same time; one whose chronyd does not is a second off until chronyd steps.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/lib/lab.sh
. tests/lib/clock.sh

module_for bookworm
lab_stage pair patched-6.12
for name in g1 g2; do
	clock_load $name
	clock_source $name tsc
done

# The leap seconds there were (IERS Bulletin C), compiled as tzdata has them: chronyd checks that it is not fooled
leap_second() {
	local year
	for year in "${@:2}"; do
		printf 'Leap\t%s\t%s\t23:59:60\t+\tS\n' "$year" "$1"
	done
}
{
	leap_second $'Jun\t30' 1972 1981 1982 1983 1985 1992 1993 1994 1997 2012 2015
	leap_second $'Dec\t31' {1972..1979} 1987 1989 1990 1995 1998 2005 2008 2016
} | sort -k2,2n -k3,3r >"$CLOCK_DATA/leap-seconds"
guest_put g2 "$CLOCK_DATA/leap-seconds" /tmp/leap-seconds
guest g2 'echo "Zone UTC 0 - UTC" >/tmp/zone && zic -d /usr/share/zoneinfo/right -L /tmp/leap-seconds /tmp/zone' ||
	bail 'g2: zic'
host "date -u -s '2016-12-31 23:59:10' >/dev/null && /lab/ntpstate --synced yes --leap insert >/dev/null" ||
	bail "the host's clock cannot be set"
chrony_start g1 "$REFCLOCK_RECOMMENDED" "$MAKESTEP"
chrony_start g2 "$REFCLOCK_RECOMMENDED" "$MAKESTEP" 'leapsectz right/UTC'
for name in g1 g2; do
	runs "$name: chronyd selects the PHC" chrony_selected $name
done
is "$(host 'date -u +%F')" 2016-12-31 'there is time left before the leap second'
is "$(guest g2 'until chronyc -c tracking | grep -q "Insert second$"; do sleep 0.2; done; echo known')" known \
	"g2: chronyd knows of the leap second"
like "$(guest g1 'chronyc -c tracking')" ',Normal$' 'g1: chronyd does not'

sampling_start g1 g2
LAB_TIMEOUT=150 host 'while test $(date -u +%Y) = 2016; do sleep 0.2; done'
for name in g1 g2; do
	await_settled $name || diag "$name: not within 1 us"
done
sampling_stop "$CLOCK_DATA/leap" g1 g2
declare -A took
for name in g1 g2; do
	said=$(truth $name "$CLOCK_DATA/leap" --after-host-step --series "$CLOCK_DATA/leap.$name.series")
	note "$name: $said"
	is "$(field host_steps <<<"$said")" 1 "$name: the host went back by a second"
	took[$name]=$(field settle_after_step <<<"$said")
	# How long it was half a second off and more
	off=$(awk '$2 > 5e8 || $2 < -5e8 { if (!n++) first = $1; last = $1 } END { printf "%.3f", n ? last - first : 0 }' \
		"$CLOCK_DATA/leap.$name.series")
	note "$name: a second off for $off s, within 1 us ${took[$name]} s after the host's step"
	[[ $name != g2 ]] || le "$off" 0.5 'g2: it knew, and was a second off for no longer than, s'
	le "${took[$name]}" 12 "$name: within 1 us again after, s"
	like "$(guest $name 'chronyc -c sources')" '^#,\*,KVM,' "$name: the PHC is selected still"
done
like "$(guest g2 'dmesg | grep -i "leap second"')" 'inserting leap second' 'g2: its kernel inserted it'
is "$(guest g1 'dmesg | grep -ci "leap second"')" 0 'g1: its kernel did not'
for name in g1 g2; do
	chrony_stop $name
	guest_stop $name
done
lab_check_consoles
done_testing
