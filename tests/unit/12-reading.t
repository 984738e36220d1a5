#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A reading of the driver's, on each shape that the kernel's snapshot of a clock has had since Linux 5.10.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh

for shape in 510 601 609 612 702 704; do
	name="from Linux ${shape:0:1}.$((10#${shape:1})) on"
	[[ $shape != 704 ]] || name='with attributes, as proposed in July 2026'
	if said=$(build/unit/reading_$shape 2>&1); then
		pass "$name: $(grep -c '^ok' <<<"$said") kinds of readings"
	else
		flunk "$name"
		diag "$said"
	fi
done
done_testing
