#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A reading of the driver's, on each shape that the kernel's snapshot of a clock has had since Linux 5.10.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh

for shape in 510 601 609 612 702; do
	if said=$(build/unit/reading_$shape 2>&1); then
		pass "Linux ${shape:0:1}.$((10#${shape:1})) on: $(grep -c '^ok' <<<"$said") kinds of readings"
	else
		flunk "Linux ${shape:0:1}.$((10#${shape:1})) on"
		diag "$said"
	fi
done
done_testing
