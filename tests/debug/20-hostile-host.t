#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A hostile guest, as tests/boot has it, on host kernels with KASAN, UBSAN,
# lockdep and DEBUG_ATOMIC_SLEEP.
(($#)) || set -- debug-6.12 debug-7.2 debug-7.3
# shellcheck source=tests/boot/25-hostile.t
. "$(dirname "$0")/../boot/25-hostile.t"
