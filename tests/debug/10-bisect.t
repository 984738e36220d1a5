#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each commit of each series builds without a warning. make check-all has the newest series alone: a minute and more each.
set -- bisect-6.1 bisect-6.12 bisect-7.2 bisect-7.3
# shellcheck source=tests/build/60-host-patch.t
. "$(dirname "$0")/../build/60-host-patch.t"
