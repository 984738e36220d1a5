#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Debian's newest chronyc, told to drop root (as one built --with-chronyc-user does by itself), asks a chronyd over its
# socket, with no more than the capabilities of each unit that runs it.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/lib/root.sh

vm-images/build-image sid || bail 'no image'
root=$(vm-images/build-image --print sid)/root

# asked CAPABILITIES: what chronyc says, of a chronyd that keeps its hands off the clock. Written to is /run alone.
asked() {
	# shellcheck disable=SC2016
	in_root "$root" sh -c 'mkdir -m 750 /run/chrony && chown _chrony: /run/chrony || exit
		chronyd -x -u _chrony -f /dev/null "local stratum 5" "pidfile /run/chronyd.pid" "port 0" "cmdport 0" || exit
		until [ -S /run/chrony/chronyd.sock ]; do sleep 0.1; done
		timeout 30 setpriv --bounding-set="-all,$1" --no-new-privs chronyc -u _chrony -c tracking' - "$1" 2>&1
}

like "$(in_root "$root" chronyc --version)" 'version (4\.[89]|4\.[1-9][0-9]|[5-9])' 'a chronyc that can drop root'
for unit in guest-tools/systemd/ptpkvm-guard.service {guest,host}-tools/systemd/*-metrics.service; do
	caps=$(sed -nE 's/^CapabilityBoundingSet=//p' "$unit" | tr 'A-Z ' 'a-z,' | sed 's/cap_/+/g')
	like "$(asked "$caps")" '^7F7F0101,.*,Normal$' "${unit##*/}: chronyd answers"
done
like "$(asked +dac_override)" 'setgroups\(\) failed' 'without those capabilities chronyc gives up'
done_testing
