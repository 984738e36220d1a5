#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# ptpkvm-host probe on stock and patched hosts, on the TSC and off it, and on a machine that is no KVM host.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/lib/lab.sh

clocksource=/sys/devices/system/clocksource/clocksource0/current_clocksource

# probe DESC STATUS WHAT... -- [OPTION]...: its exit status, and what it says, in order
probe() {
	local description=$1 want=$2 status=0 said words=()
	shift 2
	while [[ $1 != -- ]]; do words+=("$1"); shift; done
	shift
	said=$(host "/lab/ptpkvm-host probe $*") || status=$?
	is "$status" "$want" "$description: exit status"
	said=$(unwrapped <<<"$said")
	for word in "${words[@]}"; do
		like "$said" "$word" "$description: $word"
	done
	note "$said"
}

# measured DESC TYPE: the pair is where the host's clock is, as far as that can be known
measured() {
	local said
	said=$(host '/lab/ptpkvm-host probe --json') || true
	is "$(jq -r "\"\(.schema) \(.host.vcpu_runs) \(.$2.result)\"" <<<"$said")" '2 true 0' "$1: JSON"
	cmp "$(jq "(.$2.offset_ns | fabs) - .$2.uncertainty_ns - (.$2.window_ns // 0) | ceil" <<<"$said")" '<=' 1000 \
		"$1: the pair is the host's clock, in ns beyond what is known of it"
	note "$(jq -c "[.$2.offset_ns, .$2.uncertainty_ns, .$2.window_ns, .took_ms]" <<<"$said")"
}

lab_stage host
probe stock 1 'PASS  kvm ' 'PASS  pairing ' 'PASS  pair ' '\[quality-untold\]' --
probe 'stock, all right so' 0 'skip  quality ' -- --ignore quality-untold
measured stock type0
probe 'a guest from a faster host' 2 '\[pairing-catchup\]' -- --tsc-khz 99000000
host 'chmod 600 /dev/kvm'
is "$(host 'setpriv --reuid=65534 --regid=65534 --clear-groups /lab/ptpkvm-host probe -q; echo $?')" \
	"FAIL  kvm           /dev/kvm may not be opened by this user [kvm-denied]
          sudo ptpkvm-host probe
          or join the group, and log in again: sudo usermod -aG kvm \"\$USER\"
2" 'an ordinary user is told so'
host "echo hpet >$clocksource"
probe 'stock on hpet' 2 'FAIL  pairing .* clocksource is hpet.*\[pairing-clocksource\]' 'tsc=reliable' '----  pair ' --
host "echo tsc >$clocksource"

# One without SVM
guest_start g1 bookworm bare=1 cpu=qemu64,-svm tools='ptpkvm-host'
said=$(guest g1 '/lab/ptpkvm-host probe; echo $?')
like "$(unwrapped <<<"$said")" 'CPU offers neither vmx nor svm \[kvm-no-virtualization\]' 'no KVM host: the reason'
is "${said##*$'\n'}" 3 'no KVM host: exit status'
guest_stop g1
lab_check_consoles 'stock: no kernel splats on the consoles'
lab_stop

lab_stage host patched-6.12
probe 'patched, unsynchronized' 1 'PASS  pairing ' 'PASS  pair ' 'guests are told: .*\[quality-unsynchronized\]' --
host '/lab/ntpstate --tai 37 --max-error-us 1500 --est-error-us 250 --synced yes' >/dev/null
probe patched 0 'PASS  quality .*synchronized, at most .*TAI − UTC 37 s' --
measured patched type1
host '/lab/ptpkvm-host check >/run/check'
like "$(host 'cat /var/lib/ptpkvm/host-quality')" '^6\.12\.[^ ]*-patched [0-9]{4}-[0-9]{2}-[0-9]{2}$' \
	'check puts down that this host serves quality'
like "$(host 'cat /run/check')" 'PASS  kvm .*guests are told how good its time is' 'and says so'
host "echo hpet >$clocksource"
probe 'patched on hpet' 1 '\[pairing-clocksource\]' 'PASS  pair .* window ' --
measured 'patched on hpet' type1
lab_check_consoles 'patched: no kernel splats on the consoles'
done_testing
