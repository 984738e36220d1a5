#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What an ordinary user is told by verbs that read: what is for root only is said so, with what to type.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cp build/tools/ptpkvm "$work/"
touch "$work/ptp0"
chmod 000 "$work/ptp0"
as_user=()
((EUID != 0)) || as_user=(setpriv --reuid=65534 --regid=65534 --clear-groups)

for verb in time 'bench -s 0.2' 'watch -n 1'; do
	# shellcheck disable=SC2086 # words
	said=$("${as_user[@]}" "$work/ptpkvm" $verb --device "$work/ptp0" 2>&1)
	is $? 2 "$verb: may not read the clock"
	like "$said" "ptp0: Permission denied.*Only root may read it\\. Try the same with sudo\\." "$verb: says that root may"
done
like "$("${as_user[@]}" "$work/ptpkvm" metrics)" $'\nptpkvm_up [01]\n' 'metrics: what there is to see'
done_testing
