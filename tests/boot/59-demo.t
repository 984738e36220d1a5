#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# make demo, as the README has it: its verdict, and what it shows on the way there.
# check-all: bookworm
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh

status=0
said=$(GUEST=bookworm tests/demo 2>&1) || status=$?
is "$status" 0 'make demo: exit status'
like "$(tail -n 1 <<<"$said")" '^PASSED: .* median [0-9]+ ns, p99 [0-9]+ ns, a 5 s step followed in [0-9.]+ s' 'its last line is the verdict'
for shown in '# modinfo -n ptp_kvm' '/updates/ptp_kvm\.ko' '#\* KVM ' 'PASS  source ' 'The host.s clock is stepped by 5 s'; do
	like "$said" "$shown" "it shows $shown"
done
((TAP_FAILED == 0)) || diag "$said"
note "$(tail -n 1 <<<"$said")"
done_testing
