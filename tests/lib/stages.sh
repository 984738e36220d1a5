# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2317
# The stages that tests begin with, by lab_stage NAME [ARG...]: machines, booted and at rest. snapshot.sh keeps them.
# Each costs its boots once, and about half a GB: one that suits several tests is better than one for each.

# guest SUITE: a stock host, and the guest g1 with 2 CPUs
stage_guest() {
	lab_start
	guest_start g1 "$1" smp=2 mem=512
}

# Two guests with a CPU each
stage_pair() {
	lab_start
	guest_start g1 bookworm
	guest_start g2 bookworm
}
