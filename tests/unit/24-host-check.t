#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# It reads Documentation/ and tests/unit/fixtures/.
cd "$(dirname "$0")/../.." && exec build/unit/host_check
